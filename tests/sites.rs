//! `audit --sites`: several small sites at once, through the binary.

use crate::support::app::{html, page};
use crate::support::closed_schema::misfits;
use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile, refused, webhook};
use crate::support::nats::{free_port, until};
use crate::support::small_site::masked;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// A folder with plans, manifests and a file of sites.
struct Fleet {
    folder: TempDir,
    sites: String,
}

/// What every site declares of itself.
const MANIFEST: &str = "[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nhttp_only = true\n";

impl Fleet {
    fn new() -> Fleet {
        Fleet { folder: tempfile::tempdir().unwrap(), sites: String::new() }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    /// A site at an address, with more lines in its plan.
    fn with(mut self, name: &str, url: &str, more: &str) -> Fleet {
        self.write(&format!("{name}/cookies.toml"), &format!("[site]\nname = \"{name}\"\n{MANIFEST}"));
        let plan = format!("[targets.local]\nurl = \"{url}\"\n[limits]\nretries = 0\n{more}\n");
        self.write(&format!("{name}/cookieproof.toml"), &plan);
        self.sites.push_str(&format!("[sites.{name}]\nplan = \"{name}/cookieproof.toml\"\n"));
        self.write("sites.toml", &self.sites);
        self
    }

    fn command(&self, more: &[&str]) -> Cookieproof {
        let args = [&["audit", "--sites", "sites.toml", "-q"][..], more].concat();
        Cookieproof::new(args).within(self.folder.path())
    }

    fn audit(&self, more: &[&str]) -> Ended {
        self.command(more).run()
    }
}

fn url(site: &Hostile) -> String {
    site.url("/").to_string()
}

/// A site that keeps what it declares.
fn kept() -> Hostile {
    site("sid=1; Path=/; Max-Age=3600; HttpOnly")
}

/// A site with this cookie.
fn site(cookie: &'static str) -> Hostile {
    Hostile::http(move |asked| answer(cookie, asked))
}

fn answer(cookie: &str, asked: &Asked) -> Answer {
    match asked.target.as_str() {
        "/" => page(&format!("Set-Cookie: {cookie}\r\n"), "<a href=/a>A</a> <a href=/b>B</a>"),
        "/a" | "/b" => html("Something."),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

/// The sites of a summary with their verdicts, in its order.
fn verdicts(summary: &Value) -> Vec<String> {
    let row = |row: &Value| format!("{} {}", row["site"].as_str().unwrap(), row["verdict"].as_str().unwrap());
    summary["sites"].as_array().unwrap().iter().map(row).collect()
}

/// Without the moment it was made.
fn undated(summary: &str) -> String {
    let mut summary: Value = serde_json::from_str(summary).unwrap();
    summary["time"] = Value::Null;
    summary.to_string()
}

#[test]
fn sites_come_out_each_for_itself_and_the_worst_first() {
    let (docs, shop, blog) = (kept(), site("sid=1; Path=/; Max-Age=86400; HttpOnly"), kept());
    let fleet = Fleet::new()
        .with("docs", &url(&docs), "")
        .with("shop", &url(&shop), "")
        .with("gone", &format!("http://{}/", refused()), "")
        .with("broken", "https://example.test/", "[limit]\npages = 3")
        .with("blog", &url(&blog), "");
    let args = ["--format", "json", "--output", "html=out/all.html", "--output", "html=out/{site}.html"];
    fs::create_dir(fleet.path("out")).unwrap();
    let args = [&args[..], &["--output", "json=reports/{site}/report.json", "--output", "all.txt"]].concat();
    let ended = fleet.audit(&args).code(2);
    assert!(ended.stderr.contains("unknown key `limit`") && ended.stderr.contains("cookieproof.toml:5"));
    let summary = ended.json();
    assert_eq!(misfits(&summary, "sites-summary.schema.json"), Vec::<String>::new());
    let expected = ["broken not-set-up", "shop findings", "gone inconclusive", "docs clear", "blog clear"]
        .map(str::to_owned);
    assert_eq!(verdicts(&summary), expected);
    assert_eq!(summary["answer"]["clear"], 2);
    assert_eq!(summary["sites"][1]["findings"][0]["rule"], "lifetime");
    let why = |row: usize| summary["sites"][row]["why"][0].as_str().unwrap().to_owned();
    assert!(why(0).contains("broken/cookieproof.toml:5:2: error: unknown key `limit`"), "{}", why(0));
    assert!(why(2).contains("refuses connections"), "{}", why(2));
    // Each site that was looked at has its reports, as an audit of it alone writes them.
    let report: Value = serde_json::from_str(&fleet.read("reports/shop/report.json")).unwrap();
    assert_eq!(report["answer"]["errors"], 1);
    assert!(!fleet.path("reports/broken/report.json").exists());
    let page = fleet.read("out/all.html");
    assert!(page.contains("<a href=\"shop.html\">") && !page.contains("<a href=\"broken.html\">"));
    assert!(fleet.read("out/docs.html").contains("Cookies of"));
    let text = fleet.read("all.txt");
    assert!(text.starts_with("5 sites: 1 not set up, 1 with findings, 1 inconclusive, 2 clear."), "{text}");
    // The same once more: the same bytes, whoever answered first.
    let again = fleet.audit(&args).code(2);
    assert_eq!(undated(&again.stdout), undated(&ended.stdout));
    assert_eq!(again.stderr, ended.stderr);
}

#[test]
fn the_exit_code_is_that_of_the_worst_site() {
    let (docs, shop) = (kept(), site("sid=1; Path=/; Max-Age=3600"));
    let fleet = Fleet::new().with("docs", &url(&docs), "");
    let clear = fleet.audit(&[]).code(0);
    assert!(clear.stdout.starts_with("1 site: 1 clear."), "{}", clear.stdout);
    let fleet = fleet.with("gone", &format!("http://{}/", refused()), "");
    fleet.audit(&[]).code(3);
    let fleet = fleet.with("shop", &url(&shop), "");
    let found = masked(&fleet.audit(&[]).code(1).stdout);
    let told: Vec<&str> = found.lines().collect();
    assert_eq!(told[0], "3 sites: 1 with findings, 1 inconclusive, 1 clear.");
    assert!(found.contains("error[http-only] `sid` lacks HttpOnly"), "{found}");
    // A manifest that is not there is the site's own trouble.
    fs::remove_file(fleet.path("docs/cookies.toml")).unwrap();
    let ended = fleet.audit(&["--format", "json"]).code(2);
    assert_eq!(verdicts(&ended.json()), ["docs not-set-up", "shop findings", "gone inconclusive"]);
    // So is a secret that is not there; nobody else waits for it, and what it holds is never told.
    let fleet = fleet.with("club", &url(&shop), "[http]\nheaders = { x-key = \"${env:CLUB_KEY}\" }");
    let ended = fleet.audit(&["--format", "json"]).code(2);
    assert!(ended.json()["sites"][1]["why"][0].as_str().unwrap().contains("CLUB_KEY"), "{}", ended.stdout);
    let args =
        ["audit", "--sites", "sites.toml", "-v", "--output", "all.html", "--output", "html={site}.html"];
    let ended = Cookieproof::new(args).within(fleet.folder.path()).env("CLUB_KEY", "s3cr3t-0f-club").run();
    assert!(shop.asked().iter().any(|asked| asked.header("x-key") == Some("s3cr3t-0f-club")));
    for text in [&ended.stdout, &ended.stderr, &fleet.read("all.html"), &fleet.read("club.html")] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn one_host_is_asked_at_one_pace_whoever_asks() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let server = |times: Arc<Mutex<Vec<Instant>>>| {
        Hostile::http(move |asked| {
            times.lock().unwrap().push(Instant::now());
            answer("sid=1; Max-Age=3600; HttpOnly", asked)
        })
    };
    // Two servers of one host, each asked ten times a second at most.
    let (one, two) = (server(Arc::clone(&times)), server(Arc::clone(&times)));
    let fleet = Fleet::new().with("one", &url(&one), "rate = 10").with("two", &url(&two), "rate = 10");
    fleet.audit(&[]).code(0);
    let times = times.lock().unwrap();
    let turns = u32::try_from(times.len() - 1).unwrap();
    assert!(turns >= 7, "{turns}");
    // Whatever a busy machine adds, only makes it longer; each pace for itself would take half of it.
    let took = *times.last().unwrap() - times[0];
    assert!(took >= Duration::from_millis(70) * turns, "{turns} turns in {took:?}");
}

#[test]
fn one_origin_is_crawled_by_one_site_at_a_time() {
    let server = kept();
    let named = |name: &str| format!("[http]\nuser_agent = \"{name}\"");
    let fleet = Fleet::new()
        .with("one", &url(&server), &named("first"))
        .with("two", &url(&server), &named("second"))
        .with("three", &url(&server), &named("third"));
    fleet.audit(&["--at-once", "3"]).code(0);
    let mut turns: Vec<String> =
        server.asked().iter().map(|asked| asked.header("user-agent").unwrap().to_owned()).collect();
    turns.dedup();
    assert_eq!(turns, ["first", "second", "third"]);
}

#[test]
fn an_interrupted_run_keeps_what_it_saw_and_says_who_had_no_turn() {
    let pid = Arc::new(AtomicU32::new(0));
    let known = Arc::clone(&pid);
    let slow = Hostile::http(move |asked| {
        if asked.target == "/b" {
            let pid = std::iter::repeat_with(|| {
                std::thread::sleep(Duration::from_millis(5));
                known.load(Ordering::SeqCst)
            })
            .find(|pid| *pid != 0)
            .unwrap();
            let _ = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status();
            return html("Something.").after(Duration::from_secs(20));
        }
        answer("sid=1; Max-Age=3600", asked)
    });
    let docs = kept();
    // The third has the first's origin, so it waits for its turn.
    let fleet = Fleet::new().with("docs", &url(&docs), "").with("slow", &url(&slow), "").with(
        "after",
        &url(&slow),
        "",
    );
    let run = fleet.command(&["--at-once", "1", "--format", "json", "--save-scan", "scans/{site}.json"]);
    let ended = run.run_and(|id| pid.store(id, Ordering::SeqCst)).code(1);
    let summary = ended.json();
    assert_eq!(summary["interrupted"], true);
    assert_eq!(verdicts(&summary), ["slow findings", "after inconclusive", "docs clear"]);
    assert_eq!(summary["sites"][0]["why"][0], "the run ended early: interrupted");
    let why = "not looked at: the run was interrupted before its turn";
    assert_eq!(summary["sites"][1]["why"][0], why);
    assert!(fleet.read("scans/slow.json").contains("interrupted"));
    assert!(!fleet.path("scans/after.json").exists());
}

/// Two looks within one second at a site that stayed as it was are the same to the byte: one look.
fn await_another_second() {
    let second = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = second();
    while second() == now {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nights_of_many_sites_are_kept_in_one_history() {
    let (docs, shop) = (kept(), site("sid=1; Path=/; Max-Age=86400; HttpOnly"));
    let fleet = Fleet::new().with("docs", &url(&docs), "").with("shop", &url(&shop), "");
    for (site, address) in [("docs", "https://docs.test"), ("shop", "https://shop.test")] {
        let manifest =
            format!("[site]\nurl = \"{address}\"\nhosts = [\"{site}.test\", \"127.0.0.1\"]\n{MANIFEST}");
        fleet.write(&format!("{site}/cookies.toml"), &manifest);
    }
    let gate = ["--history", "audits.db", "--only-new", "--format", "json"];
    let first = fleet.audit(&gate).code(1).json();
    assert_eq!(first["sites"][0]["since"]["first"], true);
    await_another_second();
    let second = fleet.audit(&gate).code(0).json();
    assert_eq!(verdicts(&second), ["docs clear", "shop clear"]);
    assert_eq!(second["sites"][1]["since"]["still_there"], 1);
    assert_eq!(misfits(&second, "sites-summary.schema.json"), Vec::<String>::new());
    let nights = Cookieproof::new(["history", "audits.db"]).within(fleet.folder.path()).run().code(0);
    assert!(nights.stdout.contains("https://docs.test (local): 2 nights"), "{}", nights.stdout);
    assert!(nights.stdout.contains("https://shop.test (local): 2 nights"), "{}", nights.stdout);
    // Two that a history cannot tell apart would be compared with each other.
    fs::copy(fleet.path("docs/cookies.toml"), fleet.path("shop/cookies.toml")).unwrap();
    let ended = fleet.audit(&gate).code(2);
    let why = ended.json()["sites"][0]["why"][0].as_str().unwrap().to_owned();
    assert!(why.contains("this and docs are both https://docs.test (local)"), "{why}");
}

#[test]
fn a_webhook_is_told_once_of_all_sites() {
    let (docs, shop) = (kept(), site("sid=1; Path=/; Max-Age=86400; HttpOnly"));
    let fleet = Fleet::new().with("docs", &url(&docs), "").with("shop", &url(&shop), "").with(
        "gone",
        &format!("http://{}/", refused()),
        "",
    );
    let (server, told) = webhook("200 OK");
    let address = format!("http://{}/T0p-S3cret", server.address);
    let args = ["--notify", "${env:HOOK}", "--output", "html=all.html", "--format", "json"];
    let ended = fleet.command(&args).env("HOOK", &address).run().code(1);
    assert!(!(ended.stdout + &ended.stderr).contains("T0p-S3cret"));
    let told = told.lock().unwrap();
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(notice["format"], "cookieproof-sites-notice/1");
    assert_eq!((notice["exit"].as_u64(), notice["reports"][0].as_str()), (Some(1), Some("all.html")));
    assert_eq!(notice["answer"], "3 sites: 1 with findings, 1 inconclusive, 1 clear.");
    let of = |row: &Value| (row["site"].to_string(), row["errors"].as_u64().unwrap());
    let not_clear: Vec<_> = notice["not_clear"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(not_clear, [("\"shop\"".to_owned(), 1), ("\"gone\"".to_owned(), 0)]);
}

#[test]
fn whoever_watches_is_told_how_it_goes_on() {
    let is_open = Arc::new(AtomicBool::new(false));
    let door = Arc::clone(&is_open);
    let slow = Hostile::http(move |asked| {
        if asked.target == "/b" {
            until("somebody looked", || door.load(Ordering::SeqCst));
        }
        answer("sid=1; Path=/; Max-Age=3600; HttpOnly", asked)
    });
    let shop = site("sid=1; Path=/; Max-Age=86400; HttpOnly");
    let fleet = Fleet::new().with("shop", &url(&shop), "").with("slow", &url(&slow), "");
    let port = free_port();
    let asked = |path: &str| {
        let mut text = String::new();
        // Before it listens nobody answers.
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let _ = stream.read_to_string(&mut text);
        }
        text
    };
    let run = fleet.command(&["--metrics", &format!("127.0.0.1:{port}")]);
    run.run_and(|_| {
        let judged = "\ncookieproof_sites_total{verdict=\"findings\"} 1\n";
        until("the first site is counted", || asked("/metrics").contains(judged));
        let metrics = asked("/metrics");
        for line in ["sites_total{verdict=\"clear\"} 0", "findings_total{severity=\"error\"} 1"] {
            assert!(metrics.contains(&format!("\ncookieproof_{line}\n")), "{metrics}");
        }
        assert!(asked("/health").starts_with("HTTP/1.1 200") && asked("/ready").starts_with("HTTP/1.1 200"));
        is_open.store(true, Ordering::SeqCst);
    })
    .code(1);
}

#[test]
fn sites_are_looked_at_in_browsers_of_their_own() {
    let site = |name: &'static str| {
        Hostile::http(move |asked| match asked.target.as_str() {
            "/" => html(&format!("<script>document.cookie = '{name}=1; path=/'</script>")),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
        })
    };
    let (docs, shop) = (site("docs"), site("shop"));
    let fleet = Fleet::new().with("docs", &url(&docs), "").with("shop", &url(&shop), "");
    for name in ["docs", "shop"] {
        let manifest = format!(
            "[site]\nname = \"{name}\"\n[[cookies]]\nname = \"docs\"\n[claims]\ninventory = \"complete\"\n"
        );
        fleet.write(&format!("{name}/cookies.toml"), &manifest);
    }
    let ended = fleet.command(&["--engine", "browser", "--format", "json"]);
    let path = std::env::var("PATH").unwrap_or_default();
    let summary = ended.env("PATH", &path).run().code(1).json();
    assert_eq!(verdicts(&summary), ["shop findings", "docs clear"]);
    let finding = &summary["sites"][0]["findings"][0];
    assert_eq!(finding["rule"], "undeclared-cookie", "{summary}");
}

#[test]
fn what_a_site_says_is_text_in_the_summary() {
    let shop = site("<b>x</b>=1; Path=/; Max-Age=9");
    let fleet = Fleet::new().with("shop", &url(&shop), "");
    let manifest = format!("[site]\nname = \"shop\"\n{MANIFEST}[claims]\ninventory = \"complete\"\n");
    fleet.write("shop/cookies.toml", &manifest);
    fleet.audit(&["--output", "all.html"]).code(1);
    let page = fleet.read("all.html");
    assert!(page.contains("&#60;b&#62;x") && !page.contains("<b>x"), "{page}");
}

#[test]
fn a_folder_of_plans_is_a_list_of_sites() {
    let (docs, shop) = (kept(), kept());
    let fleet = Fleet::new().with("docs", &url(&docs), "").with("shop", &url(&shop), "");
    // Beside plans may lie what they need, and a plan may lie there itself.
    let plan = fleet.read("shop/cookieproof.toml");
    fleet.write("many/blog.toml", &format!("manifest = \"cookies.toml\"\n{plan}"));
    fleet.write("many/cookies.toml", &fleet.read("docs/cookies.toml"));
    fleet.write("many/torn.yaml", "targets: [");
    fleet.write("many/notes.txt", "nothing");
    fs::rename(fleet.path("docs"), fleet.path("many/docs")).unwrap();
    let run = |what: &str| {
        Cookieproof::new(["audit", "--sites", what, "-q", "--format", "json"])
            .within(fleet.folder.path())
            .run()
    };
    let ended = run("many").code(2);
    assert_eq!(verdicts(&ended.json()), ["torn not-set-up", "blog clear", "docs clear"]);
    fs::create_dir(fleet.path("none")).unwrap();
    assert!(run("none").code(2).stderr.contains("there is no plan in none"));
}

#[test]
fn what_is_wrong_with_the_list_or_the_flags_is_said_before_anybody_is_asked() {
    let docs = kept();
    let fleet = Fleet::new().with("docs", &url(&docs), "");
    let said = |args: &[&str]| fleet.audit(args).code(2).stderr;
    assert!(said(&["--output", "a.sarif"]).contains("not as sarif"));
    assert!(said(&["--save-scan", "scan.json"]).contains("put `{site}` into the path"));
    assert!(
        said(&["--output", "html=docs.html", "--output", "html={site}.html"])
            .contains("would be the summary")
    );
    assert!(said(&["--output", "json=sites.toml"]).contains("would be written over"));
    assert!(said(&["--manifest", "x.toml"]).contains("cannot be used with"));
    let submit = ["fleet", "submit", "docs/cookieproof.toml"];
    let audit = ["audit", "--sites", "docs/cookieproof.toml"];
    for args in [&submit[..], &audit] {
        let told = Cookieproof::new(args).within(fleet.folder.path()).run().code(2).stderr;
        assert!(
            told.contains("docs/cookieproof.toml is the plan of one site, and no list of sites"),
            "{told}"
        );
        assert!(told.contains("hint: name it in a list") && !told.contains("unknown key"), "{told}");
    }
    let told = Cookieproof::new(["fleet", "collect", "--wait", "5"]).run().code(2).stderr;
    assert!(told.contains("'--wait <TIME>': `5` has no unit; in seconds it is `5s`"), "{told}");
    fleet.write("sites.toml", "[sites.docs]\nplna = \"docs/cookieproof.toml\"\n");
    let told = said(&[]);
    assert!(told.contains("sites.toml:2:1") && told.contains("did you mean `plan`"), "{told}");
    let check = Cookieproof::new(["check", "sites.toml"]).within(fleet.folder.path()).run().code(2);
    assert!(check.stdout.contains("sites.toml: 2 errors"), "{}", check.stdout);
    assert_eq!(docs.asked().len(), 0);
}
