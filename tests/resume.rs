//! A run that is killed goes on: nothing is lost, nothing is asked twice but what was under way, and the
//! report is that of a run that nobody killed.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PASSWORD: &str = "correct-horse-9Battery";
const SESSION: &str = "s3ss10n0f4nnWh1chN0b0dy5h0u1dKeep";
const VISIT: &str = "v151t0rZq8Xw2Lk7Tm4Rb9";
const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// Numbers that look random and are the same for the same seed (xorshift64*).
struct Lots(u64);

impl Lots {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % most.max(1) as u64) as usize
    }
}

/// A site that kills whoever asks it for something, at the n-th request.
struct Site {
    _server: Hostile,
    /// How many more requests; and whom.
    fuse: Arc<Fuse>,
    folder: PathBuf,
}

#[derive(Default)]
struct Fuse {
    left: AtomicUsize,
    process: AtomicUsize,
    /// What was asked when it burned down, and everything since then.
    asked: Mutex<Vec<String>>,
}

impl Fuse {
    fn burn(&self, asked: &Asked) {
        self.asked.lock().unwrap().push(format!("{} {}", asked.method, asked.target));
        // 0: it does not burn.
        if self.left.load(Ordering::SeqCst) > 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let process = loop {
                match self.process.load(Ordering::SeqCst) {
                    0 => std::thread::sleep(Duration::from_millis(1)),
                    process => break process.to_string(),
                }
            };
            Command::new("kill").args(["-9", &process]).status().unwrap();
        }
    }
}

impl Site {
    fn new(name: &str, plan: &str, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Site {
        let fuse = Arc::<Fuse>::default();
        let burning = fuse.clone();
        let server = Hostile::http(move |asked| {
            burning.burn(asked);
            answer(asked)
        });
        let folder = std::env::temp_dir().join(format!("cookieproof-resume-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let plan = plan.replace("SITE", &format!("http://{}/", server.address));
        fs::write(folder.join("cookieproof.toml"), plan).unwrap();
        fs::write(folder.join("cookies.toml"), MANIFEST).unwrap();
        Site { _server: server, fuse, folder }
    }

    /// Audits it; killed at the n-th request from now on, if any.
    fn audit(&self, flags: &[&str], kill_at: usize) -> Ended {
        self.fuse.process.store(0, Ordering::SeqCst);
        self.fuse.left.store(kill_at, Ordering::SeqCst);
        let args = ["audit", "--format", "json", "-q"].iter().chain(flags);
        let ended = Cookieproof::new(args)
            .within(&self.folder)
            .env("PASSWORD", PASSWORD)
            .run_and(|process| self.fuse.process.store(process as usize, Ordering::SeqCst));
        self.fuse.left.store(0, Ordering::SeqCst);
        ended
    }

    fn state(&self) -> PathBuf {
        self.folder.join("run.state")
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.fuse.asked.lock().unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const MANIFEST: &str = r#"
[site]
name = "Shop"

[[cookies]]
name = "visit"
category = "strictly-necessary"
http_only = true
path = "/"

[[cookies]]
name = "sid"
category = "strictly-necessary"
http_only = true
visitors = "logged-in"

[[cookies]]
name = "seen_*"
category = "functional"
lifetime = "1 day"
"#;

const PLAN: &str = r#"
[targets.shop]
url = "SITE"

[limits]
rate = "unlimited"
concurrency = 4

[personas.anonymous]

[personas.member]
login_budget = 30
login = [
  { open = "/login" },
  { submit = { fields = { user = "ann", password = "${env:PASSWORD}" } } },
]
logged_in_when = { url = "/account", text = "Hello Ann" }
"#;

/// Fifty pages, ten of them for members.
fn shop(asked: &Asked) -> Answer {
    let cookies = asked.header("cookie").unwrap_or_default();
    let member = cookies.contains(SESSION);
    let mut set = String::new();
    // As many frameworks do it: whoever has none gets one, wherever that is.
    if !cookies.contains("visit=") {
        set.push_str(&format!("Set-Cookie: visit={VISIT}; Path=/; HttpOnly\r\n"));
    }
    let target = asked.target.split('?').next().unwrap_or_default();
    let number = |of: &str| target.strip_prefix(of).and_then(|rest| rest.parse::<u32>().ok());
    let links = |list: &[String]| -> String {
        list.iter().map(|to| format!("<p><a href={to}>To {to}</a>")).collect()
    };
    match (asked.method.as_str(), target) {
        ("GET", "/") => {
            let mine = if member { vec!["/my/1".to_owned(), "/my/2".to_owned()] } else { Vec::new() };
            let all = ["/p/1", "/p/2", "/p/3", "/old/1", "/about", "/gone"].map(str::to_owned);
            Answer::page(&set, &links(&[all.to_vec(), mine].concat()))
        }
        ("GET", "/about") => Answer::page(&set, "About us."),
        ("GET", "/login") => Answer::page(
            &set,
            "<form method=post action=/login><input name=user><input type=password name=password></form>",
        ),
        ("POST", "/login") if String::from_utf8_lossy(&asked.body).contains(PASSWORD) => Answer::redirect(
            "302 Found",
            "/account",
            &format!("{set}Set-Cookie: sid={SESSION}; Path=/; HttpOnly\r\n"),
        ),
        ("GET", "/account") if member => Answer::page(&set, "Hello Ann. <a href=/my/1>Mine</a>"),
        _ if number("/old/").is_some() => {
            let to = number("/old/").unwrap_or_default();
            Answer::redirect("302 Found", &format!("/p/{}", to + 2), "Set-Cookie: moved=1; Path=/old\r\n")
        }
        _ if number("/p/").is_some_and(|number| number <= 40) => {
            let number = number("/p/").unwrap_or_default();
            if number % 7 == 0 {
                set.push_str(&format!("Set-Cookie: seen_{number}=1; Max-Age=86400; Path=/p\r\n"));
            }
            let mut to = vec![format!("/p/{}", number * 2), format!("/p/{}", number * 2 + 1), "/".to_owned()];
            if number % 10 == 0 {
                to.push(format!("/old/{number}"));
            }
            Answer::page(&set, &links(&to))
        }
        _ if member && number("/my/").is_some_and(|number| number <= 30) => {
            let number = number("/my/").unwrap_or_default();
            Answer::page(&set, &links(&[format!("/my/{}", number * 2), format!("/my/{}", number * 2 + 1)]))
        }
        _ => Answer::status("404 Not Found", &format!("Content-Type: text/html\r\n{set}"), "Nothing here."),
    }
}

/// A report without what differs by necessity: when it was made, how long it and its clicks took, how often
/// somebody logged in, and that the run was interrupted.
fn comparable(ended: &Ended) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["started", "seconds", "seconds_after_load", "logins", "made", "duration"] {
                    fields.remove(name);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => {
                items.retain(|item| {
                    !item.as_str().is_some_and(|text| text.starts_with("the run was interrupted"))
                });
                items.iter_mut().for_each(strip);
            }
            _ => {}
        }
    }
    let mut report = ended.json();
    strip(&mut report);
    serde_json::to_string_pretty(&report).unwrap()
}

/// The first line that differs, and what stands around it.
fn difference(one: &str, other: &str) -> String {
    let at = one.lines().zip(other.lines()).position(|(a, b)| a != b).unwrap_or_default();
    let around =
        |text: &str| text.lines().skip(at.saturating_sub(10)).take(25).collect::<Vec<_>>().join("\n");
    format!("{}\n--- and not\n{}", around(other), around(one))
}

fn counts(asked: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for one in asked {
        *counts.entry(one.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn killed_at_twenty_random_moments_a_run_goes_on() {
    let site = Site::new("moments", PLAN, shop);
    let state = ["--state", "run.state"];
    let whole = site.audit(&state, 0);
    assert!(!site.state().exists(), "{}", whole.stderr);
    let expected = comparable(&whole);
    let asked = site.asked();
    let usual = counts(&asked);
    assert!(asked.len() > 100, "{asked:?}");

    let seed = std::env::var("COOKIEPROOF_RESUME_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(17);
    println!("COOKIEPROOF_RESUME_SEED={seed}");
    let mut lots = Lots(seed);
    let mut kills = 0;
    while kills < 20 {
        // Once, or several times in one run.
        let mut times = 0;
        let mut end = site.audit(&state, 1 + lots.below(asked.len()));
        while end.code.is_none() {
            times += 1;
            kills += 1;
            let text = fs::read_to_string(site.state()).unwrap();
            for secret in [PASSWORD, SESSION, VISIT] {
                assert!(!text.contains(secret), "{secret} is in the state");
            }
            let again = if times < 3 { 1 + lots.below(asked.len()) } else { 0 };
            end = site.audit(&[&state[..], &["--resume"]].concat(), again);
        }
        assert_eq!(end.code, whole.code, "{}", end.stderr);
        assert!(!site.state().exists(), "{}", end.stderr);
        let found = comparable(&end);
        assert!(found == expected, "seed {seed}, kill {kills}:\n{}", difference(&expected, &found));
        let these = site.asked();
        for (page, count) in counts(&these) {
            // Once more for each kill, where it was under way. The way in is gone anew each time, too: the
            // front door by somebody without a login, a login with the page that proves it by a member.
            let usual = usual.get(page).copied().unwrap_or_default();
            let again = match page {
                "GET /" => 2,
                "GET /login" | "POST /login" | "GET /account" => 4,
                // One of two visitors, by each way to it: redirects lead to some.
                _ => usual.div_ceil(2),
            };
            let most = usual + again * times;
            assert!(
                count <= most,
                "{page} was asked {count} times, and {usual} as usual, with {times} kills"
            );
        }
        let more = these.len().saturating_sub(asked.len());
        let most = times * MOST_AGAIN;
        assert!(more <= most, "{more} requests more than usual after {times} kills");
    }
}

/// Requests that may be made again for each kill: what a member saw since the session was last looked at
/// (25 pages), what is under way (4), or a whole task of another kind; a login (4), and the front door.
const MOST_AGAIN: usize = 25 + 4 + 4 + 1;

#[test]
fn a_state_of_something_else_is_refused() {
    let site = Site::new("refused", PLAN, shop);
    let state = ["--state", "run.state"];
    let said = |ended: Ended, what: &str| {
        let ended = ended.code(2);
        assert!(ended.stderr.contains(what), "{what}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    };
    said(site.audit(&["--state", "run.state", "--resume"], 0), "there is no run to go on with");
    assert_eq!(site.audit(&state, 40).code, None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(site.state()).unwrap().permissions().mode() & 0o777, 0o600);
    }
    said(site.audit(&state, 0), "run.state is there already");
    let resume = ["--state", "run.state", "--resume"];
    said(site.audit(&[&resume[..], &["--max-pages", "7"]].concat(), 0), "another plan, target or manifest");
    let whole = fs::read_to_string(site.state()).unwrap();
    let with = |text: String, what: &str| {
        fs::write(site.state(), text).unwrap();
        said(site.audit(&resume, 0), what);
    };
    with(whole.replacen("\"cookieproof ", "\"cookieproof 0.", 1), "another version of cookieproof");
    with(whole.replacen("\"cookieproof_state\":1", "\"cookieproof_state\":9", 1), "of format 9");
    with("{\"format\":1}\n".into(), "it is no state file");
    with(String::new(), "it ends within its first line");
    with(whole.replacen("{\"commit\":", "{\"comet\":", 1), "line ");
    with(
        whole.replacen("\"job\":{\"job\":\"seeds\"}", "\"job\":{\"job\":\"login\"}", 1),
        "another task's turn had come",
    );
    fs::write(site.state(), &whole).unwrap();
    assert_ne!(site.audit(&resume, 0).code, Some(2));
}

/// Addresses that carry secrets are not written, which is said; and a stop by hand can be gone on from.
#[test]
fn an_address_that_carries_a_secret_is_dropped_and_said() {
    let site = Site::new("secrets", &PLAN.replace("concurrency = 4", "concurrency = 1"), |asked| match asked
        .target
        .as_str()
    {
        "/" => Answer::page("", &format!("<a href=/a>A</a> <a href=/b>B</a> <a href=/reset/{TOKEN}>R</a>")),
        _ => Answer::page("", "Here."),
    });
    // robots.txt, the sitemap, the start page, and then the first of the three.
    let asked = |site: &Site| site.asked().into_iter().filter(|asked| asked.contains("/reset/")).count();
    assert_eq!(site.audit(&["--state", "run.state", "--persona", "anonymous"], 4).code, None);
    assert_eq!(asked(&site), 0);
    assert!(!fs::read_to_string(site.state()).unwrap().contains(TOKEN));
    let end = site.audit(&["--state", "run.state", "--resume", "--persona", "anonymous"], 0);
    assert!(end.stdout.contains("1 address that carries a secret was not written"), "{}", end.stdout);
    assert_eq!(asked(&site), 0);
    let claims = end.json();
    assert!(claims.to_string().contains("was interrupted once"), "{claims}");
}

#[test]
fn a_run_that_is_stopped_says_how_it_goes_on() {
    let site = Site::new(
        "stopped",
        &PLAN.replace("rate = \"unlimited\"", "rate = \"unlimited\"\ntotal_time = \"2s\""),
        |asked| shop(asked).after(Duration::from_millis(60)),
    );
    let first = site.audit(&["--state", "run.state"], 0).code(3);
    assert!(first.stderr.contains("the same command with `--resume` goes on from there"), "{}", first.stderr);
    assert!(Path::exists(&site.state()));
    let mut end = first;
    for _ in 0..20 {
        end = site.audit(&["--state", "run.state", "--resume"], 0);
        if !site.state().exists() {
            break;
        }
    }
    assert!(!site.state().exists(), "{}", end.stderr);
    assert!(end.json()["partial"].is_null(), "{}", end.stdout);
    assert!(site.asked().iter().any(|asked| asked == "GET /my/30"));
}

/// As after a power failure: the file ends anywhere, also in the middle of a line, or the disk gave back a tail of
/// nothing. What is whole counts, and what was lost is done again.
#[test]
fn a_state_that_was_cut_goes_on_from_what_is_whole() {
    let site = Site::new("cut", PLAN, shop);
    let state = ["--state", "run.state"];
    let resume = ["--state", "run.state", "--resume"];
    let whole = site.audit(&state, 0);
    let expected = comparable(&whole);
    let all = site.asked().len();
    assert_eq!(site.audit(&state, all - 10).code, None);
    let bytes = fs::read(site.state()).unwrap();
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let kept = bytes.len() - first;
    let mut again = Vec::new();
    for part in 0..8 {
        // Seven parts and the whole, each cut in the middle of what it cuts.
        let cut = first + kept * part / 7 - usize::from(part > 0);
        let mut text = bytes[..cut].to_vec();
        if part % 2 == 1 {
            text.extend([0; 4096]);
        }
        fs::write(site.state(), text).unwrap();
        let _ = site.asked();
        let end = site.audit(&resume, 0);
        assert_eq!(end.code, whole.code, "cut at {cut} of {}: {}", bytes.len(), end.stderr);
        let found = comparable(&end);
        assert!(found == expected, "cut at {cut}:\n{}", difference(&expected, &found));
        again.push(site.asked().len());
    }
    // The more there is, the less is done again.
    assert!(again.windows(2).all(|pair| pair[1] <= pair[0] + MOST_AGAIN), "{again:?} of {all}");
    assert!(again[7] < MOST_AGAIN && again[0] > all / 2, "{again:?} of {all}");
    for begun in [0, 1, 30, first - 1] {
        fs::write(site.state(), &bytes[..begun]).unwrap();
        let ended = site.audit(&resume, 0).code(2);
        assert!(ended.stderr.contains("it ends within its first line"), "{begun}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: remove it and begin anew"), "{begun}: {}", ended.stderr);
    }
}

/// Pages that a browser sees differently: cookies and storage of scripts, a question for consent.
fn scripted(asked: &Asked) -> Answer {
    let target = asked.target.split('?').next().unwrap_or_default();
    let number = target.strip_prefix("/p/").and_then(|rest| rest.parse::<u32>().ok());
    let set = match asked.header("cookie").unwrap_or_default().contains("visit=") {
        true => String::new(),
        false => format!("Set-Cookie: visit={VISIT}; Path=/; HttpOnly\r\n"),
    };
    // The icon would be asked for by each browser once.
    let banner = "<link rel=icon href=data:,><h1>Shop</h1><script>
        if (!document.cookie.includes('consent=')) {
            const banner = document.createElement('div');
            banner.setAttribute('role', 'dialog');
            banner.innerHTML = 'We use cookies. <button>Accept all</button> <button>Reject all</button>';
            const answer = (at, said) => banner.children[at].onclick = () => {
                document.cookie = 'consent=' + said + '; path=/; max-age=86400';
                if (said === 'yes') localStorage.setItem('measured', '1');
                banner.remove();
            };
            answer(0, 'yes');
            answer(1, 'no');
            document.body.append(banner);
        }</script>";
    match (target, number) {
        ("/", _) => Answer::page(&set, &format!("{banner}<p><a href=/p/1>1</a> <a href=/p/2>2</a></p>")),
        (_, Some(number)) if number <= 5 => Answer::page(
            &set,
            &format!(
                "{banner}<script>document.cookie = 'seen_{number}=1; path=/p; max-age=86400'</script>\
                 <a href=/p/{}>on</a>",
                5.min(number + 2)
            ),
        ),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "Nothing here."),
    }
}

#[test]
fn browser_runs_that_are_killed_go_on() {
    let plan =
        "[targets.shop]\nurl = \"SITE\"\n[limits]\nrate = \"unlimited\"\n[browser]\nrender = \"all\"\n";
    let site = Site::new("browser", plan, scripted);
    let state =
        ["--engine", "browser", "--browser", crate::support::chromium::program(), "--state", "run.state"];
    let resume = [&state[..], &["--resume"]].concat();
    let whole = site.audit(&state, 0);
    assert!(!site.state().exists(), "{}", whole.stderr);
    let expected = comparable(&whole);
    for seen in ["seen_5", "consent", "measured"] {
        assert!(expected.contains(&format!("\"name\": \"{seen}\"")), "{seen} is not in the report");
    }
    let all = site.asked().len();
    let mut again = Vec::new();
    for quarters in 1..4 {
        let at = all * quarters / 4;
        assert_eq!(site.audit(&state, at).code, None, "it was to be killed at {at} of {all}");
        assert!(!fs::read_to_string(site.state()).unwrap().contains(VISIT), "a value is in the state");
        let _ = site.asked();
        let end = site.audit(&resume, 0);
        assert_eq!(end.code, whole.code, "{}", end.stderr);
        assert!(!site.state().exists(), "{}", end.stderr);
        let found = comparable(&end);
        assert!(found == expected, "killed at {at} of {all}:\n{}", difference(&expected, &found));
        again.push(site.asked().len());
    }
    // Tasks that had ended are not made again.
    assert!(again[0] < all && again[2] < again[0], "{again:?} of {all} requests");
}
