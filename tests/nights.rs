//! Sixteen nights of a shop, through the binary: one small server that changes, and scans whose own
//! clocks say which night it is.

use crate::support::app::{html, page, to};
use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile, webhook};
use crate::support::small_site::{small_site, url};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// What the shop says of itself. `_ga` lives longer than this from the first night on.
const MANIFEST: &str = r#"
[site]
url = "https://shop.test"
hosts = ["shop.test", "127.0.0.1"]
policy_url = "/cookie-policy"

[[cookies]]
name = "lang"
lifetime = "90min"

[[cookies]]
name = "_ga"
lifetime = { max = "1y" }
category = "analytics"

[[cookies]]
name = "sid"
lifetime = "24h"
visitors = ["logged-in"]

[claims]
advertising = "none"
date_follows_inventory = true
"#;

const MEMBER: &str = r##"
[personas.member]
login = [
  { open = "/login" },
  { submit = { fields = { email = "ann@example.test", password = "${env:PASSWORD}" } } },
]
logged_in_when = { url = "/account", selector = "#user" }
"##;

const DAY: u32 = 86_400;

/// The shop on each night.
fn shop(night: Arc<AtomicU32>) -> Hostile {
    Hostile::http(move |asked| answer(night.load(Ordering::SeqCst), asked))
}

fn answer(night: u32, asked: &Asked) -> Answer {
    let member = asked.cookie("sid").as_deref() == Some("s3ss10n-0f-ann");
    let banner = if night < 3 { "We use cookies." } else { "We value your privacy." };
    let analytics = if night < 15 { 730 * DAY } else { 3650 * DAY };
    let lang = if night < 12 { 5_400 } else { DAY };
    let build = if night < 8 { "4f7xq" } else { "9zq1k" };
    let date = if night < 13 { "1 October 2026" } else { "13 November 2026" };
    match asked.route().as_str() {
        path if night == 6 && path.starts_with("GET /goods") => {
            Answer::status("503 Service Unavailable", "Content-Type: text/html\r\n", "Back soon.")
        }
        "GET /" => {
            let mut lines = format!(
                "Set-Cookie: lang=en; Path=/; Max-Age={lang}\r\nSet-Cookie: _ga=GA1.1.1.1; Path=/; Max-Age={analytics}\r\n\
                 Set-Cookie: shop_{build}_cart=1; Path=/; Max-Age=3600\r\n"
            );
            if (9..11).contains(&night) {
                lines.push_str("Set-Cookie: _fbp=fb.1.1.1; Path=/; Max-Age=7776000\r\n");
            }
            let goods: String = (1..=5)
                .map(|good| format!("<a href=/goods/tea-{}>Tea</a> ", ["a", "b", "c", "d", "e"][good - 1]))
                .collect();
            page(
                &lines,
                &format!("{banner} {goods}<a href=/cookie-policy>Cookies</a> <a href=/login>Log in</a>"),
            )
        }
        path if path.starts_with("GET /goods") => html("Tea."),
        "GET /cookie-policy" => {
            html(&format!("<h1>Cookies</h1><p>Last updated: {date}</p><p>lang, _ga and sid</p>"))
        }
        "GET /login" => html(
            "<form method=post><input name=email><input type=password name=password><button>In</button></form>",
        ),
        "POST /login" if night == 4 => {
            Answer::status("401 Unauthorized", "Content-Type: text/html\r\n", "no")
        }
        "POST /login" => {
            to("/account", &format!("Set-Cookie: sid=s3ss10n-0f-ann; Path=/; Max-Age={DAY}\r\n"))
        }
        "GET /account" if member => html("<p id=user>ann</p><a href=/account/orders>Orders</a>"),
        "GET /account/orders" if member => html("Orders"),
        path if path.starts_with("GET /account") => to("/login", ""),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

/// A folder with manifest and plans, and the shop.
struct Shop {
    folder: TempDir,
    night: Arc<AtomicU32>,
    site: Hostile,
}

impl Shop {
    fn new() -> Shop {
        let night = Arc::new(AtomicU32::new(1));
        let site = shop(Arc::clone(&night));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
        let head = format!(
            "[targets.production]\nurl = \"http://{}\"\n[limits]\nrate = \"unlimited\"\nretries = 0\n",
            site.address
        );
        fs::write(folder.path().join("cookieproof.toml"), format!("{head}{MEMBER}")).unwrap();
        let second = MEMBER.replace("personas.member", "personas.second");
        fs::write(folder.path().join("more.toml"), format!("{head}{MEMBER}{second}")).unwrap();
        Shop { folder, night, site }
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    fn run(&self, args: &[&str]) -> Ended {
        Cookieproof::new(args).within(self.folder.path()).env("PASSWORD", "pa55-w0rd").run()
    }

    /// Looks at the shop as it is on a night, and has the scan say so.
    fn scan(&self, night: u32) -> String {
        self.night.store(night, Ordering::SeqCst);
        let file = format!("scan-{night}.json");
        let plan = if night == 14 { "more.toml" } else { "cookieproof.toml" };
        self.run(&["audit", plan, "--manifest", "cookies.toml", "-q", "--save-scan", &file]);
        dated(&self.path(&file), &format!("2026-11-{night:02}T03:00:00Z"));
        file
    }

    fn audit(&self, scan: &str, args: &[&str]) -> Ended {
        self.run(&[&["audit", "--manifest", "cookies.toml", "--from", scan, "-q"][..], args].concat())
    }
}

/// Puts a saved scan's clock.
fn dated(file: &Path, moment: &str) {
    let mut scan: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    scan["run"]["started"] = moment.into();
    scan["run"]["seconds"] = 1.into();
    fs::write(file, scan.to_string()).unwrap();
}

/// A site that is closed on some nights: by a status, or by a page in the place of all others.
fn closed_on_some_nights(night: u32, asked: &Asked) -> Answer {
    let goods = ["a", "b", "c", "d", "e"];
    match asked.route().as_str() {
        _ if night == 2 => {
            Answer::status("503 Service Unavailable", "Content-Type: text/html\r\n", "Back soon.")
        }
        "GET /robots.txt" | "GET /sitemap.xml" => Answer::status("404 Not Found", "", ""),
        _ if night == 3 => html("We will be right back."),
        "GET /" => {
            let goods: String = goods.map(|good| format!("<a href=/goods/tea-{good}>Tea</a> ")).concat();
            page(
                "Set-Cookie: lang=en; Path=/; Max-Age=5400\r\n",
                &format!("{goods}<a href=/cookie-policy>C</a>"),
            )
        }
        "GET /cookie-policy" if night < 4 => html("<h1>Cookies</h1><p>lang is kept for 90 minutes</p>"),
        "GET /cookie-policy" => html("<h1>Cookies</h1><p>lang is kept for a day</p>"),
        path => match goods.iter().find(|good| path == format!("GET /goods/tea-{good}")) {
            Some(good) => html(&format!("Tea {good}, of its own kind: {}", good.repeat(40))),
            None => Answer::status("404 Not Found", "", ""),
        },
    }
}

#[test]
fn a_page_in_the_place_of_all_others_changes_no_policy_and_hides_no_change() {
    let night = Arc::new(AtomicU32::new(1));
    let tonight = Arc::clone(&night);
    let site = Hostile::http(move |asked| closed_on_some_nights(tonight.load(Ordering::SeqCst), asked));
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[site]\nurl = \"https://shop.test\"\nhosts = [\"shop.test\", \"127.0.0.1\"]\n\
                    policy_url = \"/cookie-policy\"\n[[cookies]]\nname = \"lang\"\n";
    let plan = format!(
        "[targets.production]\nurl = \"http://{}\"\n[limits]\nrate = \"unlimited\"\nretries = 0\n",
        site.address
    );
    fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let run = |args: &[&str]| Cookieproof::new(args).within(folder.path()).run();
    let mut said = Vec::new();
    for day in 1..=5 {
        night.store(day, Ordering::SeqCst);
        let file = format!("scan-{day}.json");
        run(&["audit", "cookieproof.toml", "--manifest", "cookies.toml", "-q", "--save-scan", &file]);
        dated(&folder.path().join(&file), &format!("2026-11-{day:02}T03:00:00Z"));
        let again = ["audit", "--manifest", "cookies.toml", "--from", &file, "-q", "--history", "audits.db"];
        said.push(run(&again));
    }
    for (night, closed) in said.iter().zip([false, true, true, false, false]) {
        assert_eq!(night.code == Some(3), closed, "{}{}", night.stdout, night.stderr);
        assert!(
            !night.stdout.contains("right back") && !night.stdout.contains("it answers"),
            "{}",
            night.stdout
        );
    }
    let (before, changed, after) = (&said[2].stdout, &said[3].stdout, &said[4].stdout);
    assert!(!before.contains("policy page: "), "{before}");
    assert!(changed.contains("policy page: - lang is kept for 90 minutes"), "{changed}");
    assert!(changed.contains("policy page: + lang is kept for a day"), "{changed}");
    assert!(!after.contains("policy page: "), "{after}");
}

/// A night, how the gate ends, what the report says and what it must not say.
type Row = (u32, i32, &'static [&'static str], &'static [&'static str]);

const GATE: &[&str] = &["--history", "audits.db", "--only-new"];

#[test]
fn sixteen_nights_of_a_shop() {
    let shop = Shop::new();
    let rows: [Row; 16] = [
        (1, 1, &["the first run", "`_ga` lives"], &["new finding"]),
        (2, 0, &["compared with 2026-11-01 03:00", "nothing changed", "since 2026-11-01"], &["new finding"]),
        // Another banner text is no change of cookies.
        (3, 0, &["nothing changed"], &["new finding"]),
        // The login fails: nothing of the member is gone.
        (
            4,
            3,
            &["not looked at  member", "not looked at this time  sid"],
            &["− sid", "gone finding", "new finding"],
        ),
        (
            5,
            0,
            &["anonymous compared with 2026-11-04", "member compared with 2026-11-03"],
            &["+ sid", "new finding"],
        ),
        // Half of the pages break.
        (6, 3, &["not looked at  anonymous: 5 of "], &["− ", "gone finding", "new finding"]),
        (7, 0, &["compared with 2026-11-05 03:00"], &["+ ", "new finding", "not made alike"]),
        // A deploy renames a hashed cookie.
        (
            8,
            0,
            &["probably renamed: shop_4f7xq_cart → shop_9zq1k_cart"],
            &["+ shop", "− shop", "new finding"],
        ),
        // A vendor appears.
        (9, 1, &["+ _fbp (Meta", "new finding  "], &["− "]),
        (10, 0, &["nothing changed"], &["+ _fbp", "new finding"]),
        (11, 0, &["− _fbp (Meta", "gone finding"], &["new finding"]),
        // A lifetime grows, under the old date.
        (12, 1, &["(Site preferences) 90 min → 1 day", "new finding  lifetime"], &[]),
        // The date moves: the claim about it is kept again, the lifetime is still wrong.
        (13, 0, &["policy page: its date: 2026-10-01, now 2026-11-13"], &["new finding"]),
        // A persona is added: nothing has appeared.
        (
            14,
            0,
            &[
                "visitors: anonymous, member, now anonymous, member, second",
                "second: nothing to compare with yet",
            ],
            &["+ ", "new finding"],
        ),
        // What was known gets worse.
        (15, 1, &["_ga (Google Analytics) 2 years → 10 years", "worse: 2 years → 10 years"], &["− "]),
        (16, 0, &["not looked at  second"], &["new finding", "− "]),
    ];
    for (night, code, says, says_not) in rows {
        let scan = shop.scan(night);
        let ended = shop.audit(&scan, GATE);
        assert_eq!(ended.code, Some(code), "night {night}\n{}\n{}", ended.stdout, ended.stderr);
        let since = ended.stdout.split("Since last time").nth(1).unwrap_or_default();
        let since = since
            .split("\nSeen on")
            .next()
            .unwrap_or_default()
            .replace("\n      ", " ")
            .replace("\n    ", " ");
        for words in says {
            assert!(since.contains(words), "night {night} lacks {words:?}:\n{since}");
        }
        for words in says_not {
            assert!(!since.contains(words), "night {night} has {words:?}:\n{since}");
        }
        // The same scan again is the same night.
        if night == 9 {
            let again = shop.audit(&scan, GATE).code(1);
            assert_eq!(again.stdout, ended.stdout);
        }
    }
    let history = shop.run(&["history", "audits.db", "--format", "json"]).code(0).json();
    let nights = history["sites"][0]["nights"].as_array().unwrap();
    assert_eq!(nights.len(), 16);
    assert_eq!(history["sites"][0]["site"], "https://shop.test");
    let fbp = history["sites"][0]["things"]
        .as_array()
        .unwrap()
        .iter()
        .find(|thing| thing["name"] == "_fbp")
        .unwrap();
    assert_eq!((fbp["since"].as_str(), fbp["seen"].as_u64()), (Some("2026-11-09T03:00:00Z"), Some(2)));
    let shown = shop.run(&["history", "audits.db", "--html", "nights.html"]).code(0).stdout;
    assert!(shown.contains("since 2026-11-09, seen 2 of 8 nights, last seen 2026-11-10"), "{shown}");
    let page = fs::read_to_string(shop.path("nights.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("2026-11-16 03:00"), "{page}");
    // Two nights of the history, and two scans, against each other.
    let ended = shop.run(&["diff", "2026-11-08", "2026-11-09", "--history", "audits.db"]).code(1);
    assert!(ended.stdout.contains("+ _fbp (Meta"), "{}", ended.stdout);
    let same = shop.run(&["diff", "scan-2.json", "scan-3.json"]).code(0);
    assert!(same.stdout.contains("the same"), "{}", same.stdout);
    let longer = shop.run(&["diff", "scan-11.json", "scan-12.json", "--format", "json"]).code(1).json();
    assert_eq!(longer["since"]["things"][0]["detail"], "90 min → 1 day");
    // By its own clock: an old scan judged late is compared with what was before it.
    fs::remove_file(shop.path("audits.db")).unwrap();
    for (scan, says) in [
        ("scan-10.json", "the first run"),
        ("scan-1.json", "the first run"),
        ("scan-3.json", "compared with 2026-11-01"),
        ("scan-11.json", "compared with 2026-11-10"),
    ] {
        let ended = shop.audit(scan, &["--history", "audits.db"]);
        assert!(ended.stdout.contains(says), "{scan}: {}", ended.stdout);
    }
    drop(shop.site);
}

#[test]
fn a_finding_is_accepted_until_its_day_and_no_worse() {
    let shop = Shop::new();
    shop.scan(1);
    shop.audit("scan-1.json", &[]).code(1);
    let accept =
        ["--update-baseline", "--owner", "ana", "--reason", "waiting for vendor", "--until", "2026-11-20"];
    let ended = shop.audit("scan-1.json", &accept).code(0);
    assert!(ended.stdout.contains("accepted  until 2026-11-20, ana: waiting for vendor"), "{}", ended.stdout);
    let written = fs::read_to_string(shop.path("baseline.toml")).unwrap();
    assert!(
        written.contains("lifetime = \"730 days\"") && written.contains("site = \"https://shop.test\""),
        "{written}"
    );
    let with =
        |scan: &str, args: &[&str]| shop.audit(scan, &[&["--baseline", "baseline.toml"][..], args].concat());
    with("scan-1.json", &[]).code(0);
    // Its day is past.
    fs::copy(shop.path("scan-1.json"), shop.path("late.json")).unwrap();
    dated(&shop.path("late.json"), "2026-11-21T03:00:00Z");
    let late = with("late.json", &[]).code(1);
    assert!(late.stdout.replace("\n    ", " ").contains("which is past: it counts again"), "{}", late.stdout);
    // It gets worse: 730 days to 10 years.
    shop.scan(15);
    let worse = with("scan-15.json", &[]).code(1);
    assert!(
        worse.stdout.replace("\n    ", " ").contains("it counts again, worse: 2 years → 10 years"),
        "{}",
        worse.stdout
    );
    // An incomplete run is refused, and the file stays as it is.
    shop.scan(4);
    let refused = with("scan-4.json", &["--update-baseline"]).code(3);
    assert!(
        refused.stderr.contains("stays as it is: the run did not look at everything: member"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(shop.path("baseline.toml")).unwrap(), written);
    // Another site's is refused before anything else.
    let other = MANIFEST.replace("shop.test", "other.test");
    fs::write(shop.path("cookies.toml"), other).unwrap();
    let refused = with("scan-1.json", &[]).code(2);
    assert!(refused.stderr.contains("is the baseline of https://shop.test"), "{}", refused.stderr);
    // Mended: the entry is unused; but not where nobody looked.
    fs::write(shop.path("cookies.toml"), MANIFEST.replace("max = \"1y\"", "max = \"2y\"")).unwrap();
    let mended = with("scan-1.json", &[]).code(0);
    assert!(
        mended.stdout.replace("\n    ", " ").contains("not found any more: take the entry out"),
        "{}",
        mended.stdout
    );
    let report = with("scan-1.json", &["--format", "json"]).json();
    assert!(report["baseline"][0].as_str().unwrap().contains("take the entry out"), "{report}");
}

#[test]
fn only_new_needs_something_to_compare_with() {
    let shop = Shop::new();
    shop.scan(1);
    shop.scan(9);
    let alone = shop.audit("scan-1.json", &["--only-new"]).code(2);
    assert!(alone.stderr.contains("--history audits.db"), "{}", alone.stderr);
    // An earlier scan is something; so is a baseline.
    shop.audit("scan-9.json", &["--only-new", "--previous", "scan-1.json"]).code(1);
    shop.audit("scan-1.json", &["--only-new", "--previous", "scan-1.json"]).code(0);
    shop.audit("scan-1.json", &["--only-new", "--baseline", "none.toml"]).code(2);
    shop.audit("scan-1.json", &["--update-baseline"]).code(0);
    shop.audit("scan-1.json", &["--only-new", "--baseline", "baseline.toml"]).code(0);
    shop.audit("scan-9.json", &["--only-new", "--baseline", "baseline.toml"]).code(1);
    // New means in neither: what the history knows passes, too.
    shop.audit("scan-9.json", &["--history", "audits.db"]).code(1);
    dated(&shop.path("scan-9.json"), "2026-11-10T03:00:00Z");
    shop.audit("scan-9.json", &["--only-new", "--baseline", "baseline.toml", "--history", "audits.db"])
        .code(0);
}

#[test]
fn what_is_no_scan_and_no_history_is_named() {
    let shop = Shop::new();
    shop.scan(1);
    shop.audit("scan-1.json", &["--output", "json=report.json"]).code(1);
    let ended = shop.audit("report.json", &[]).code(2);
    assert!(ended.stderr.contains("this is a JSON report"), "{}", ended.stderr);
    let ended = shop.audit("scan-1.json", &["--history", "report.json"]).code(2);
    assert!(ended.stderr.contains("report.json is not a history of cookieproof"), "{}", ended.stderr);
    let ended = shop.run(&["history", "none.db"]).code(2);
    assert!(ended.stderr.contains("there is no history none.db"), "{}", ended.stderr);
    assert!(!shop.path("none.db").exists());
}

#[test]
fn a_full_disk_is_said_and_harms_nothing() {
    let shop = Shop::new();
    shop.scan(1);
    shop.scan(2);
    shop.audit("scan-1.json", &["--history", "audits.db"]).code(1);
    let before = fs::read(shop.path("audits.db")).unwrap();
    // No file may become larger than the history is; that is an error, not a signal.
    let blocks = before.len() / 512;
    let script = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec '{}' audit --manifest cookies.toml --from scan-2.json -q --history audits.db",
        env!("CARGO_BIN_EXE_cookieproof")
    );
    let ended = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(shop.folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("the history audits.db"), "{stderr}");
    // The report is there all the same, and the history as it was.
    assert!(String::from_utf8(ended.stdout).unwrap().contains("Since last time"));
    let history = shop.run(&["history", "audits.db", "--format", "json"]).code(0).json();
    assert_eq!(history["sites"][0]["nights"].as_array().unwrap().len(), 1);
    shop.audit("scan-2.json", &["--history", "audits.db"]).code(1);
}

#[test]
fn a_run_that_is_killed_leaves_the_history_whole() {
    let shop = Shop::new();
    shop.scan(1);
    let scan = fs::read_to_string(shop.path("scan-1.json")).unwrap();
    let mut killed = 0;
    for round in 1..=12_u64 {
        let file = format!("night-{round}.json");
        fs::write(shop.path(&file), &scan).unwrap();
        dated(&shop.path(&file), &format!("2026-12-{round:02}T03:00:00Z"));
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cookieproof"))
            .args(["audit", "--manifest", "cookies.toml", "--from", &file, "-q", "--history", "audits.db"])
            .current_dir(shop.folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 7));
        let _ = child.kill();
        killed += u32::from(child.wait().unwrap().code().is_none());
    }
    let last = shop.audit("scan-1.json", &["--history", "audits.db"]);
    assert_eq!(last.code, Some(1), "killed {killed}: {}", last.stderr);
    shop.run(&["history", "audits.db"]).code(0);
}

#[test]
fn runs_at_once_share_a_history() {
    let shop = Shop::new();
    shop.scan(1);
    let scan = fs::read_to_string(shop.path("scan-1.json")).unwrap();
    std::thread::scope(|scope| {
        for night in 1..=6 {
            let file = format!("at-once-{night}.json");
            fs::write(shop.path(&file), &scan).unwrap();
            dated(&shop.path(&file), &format!("2026-12-{night:02}T03:00:00Z"));
            let shop = &shop;
            scope.spawn(move || shop.audit(&file, &["--history", "audits.db"]).code(1));
        }
    });
    let history = shop.run(&["history", "audits.db", "--format", "json"]).code(0).json();
    assert_eq!(history["sites"][0]["nights"].as_array().unwrap().len(), 6);
    // Retention: the last two, and what they are compared with.
    let kept = shop.run(&["history", "audits.db", "--keep", "2", "--format", "json"]).code(0).json();
    assert_eq!(kept["sites"][0]["nights"].as_array().unwrap().len(), 2);
}

#[test]
fn a_webhook_is_told_and_changes_nothing() {
    let shop = Shop::new();
    shop.scan(1);
    shop.scan(9);
    shop.audit("scan-1.json", &["--history", "audits.db"]).code(1);
    let (server, told) = webhook("200 OK");
    let address = format!("http://{}/services/T0p-S3cret", server.address);
    let notify = |address: &str, args: &[&str]| {
        let base = ["audit", "--manifest", "cookies.toml", "--from", "scan-9.json", "-q"];
        Cookieproof::new([&base[..], args].concat()).within(shop.folder.path()).env("HOOK", address).run()
    };
    let with = ["--history", "audits.db", "--notify", "${env:HOOK}", "--output", "markdown=report.md"];
    let ended = notify(&address, &with).code(1);
    assert!(!ended.stderr.contains("T0p-S3cret"));
    let heard = told.lock().unwrap().pop().unwrap();
    assert_eq!(heard["format"], "cookieproof-notice/1");
    assert_eq!((heard["site"].as_str(), heard["exit"].as_u64()), (Some("https://shop.test"), Some(1)));
    assert!(
        heard["new"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["message"].as_str().unwrap().contains("_fbp")),
        "{heard}"
    );
    assert_eq!((heard["still_there"].as_u64(), heard["reports"][0].as_str()), (Some(1), Some("report.md")));
    // As Slack reads it.
    fs::write(shop.path("hook"), format!("{address}\n")).unwrap();
    notify("", &["--notify", "file:hook", "--notify-as", "slack"]).code(1);
    let heard = told.lock().unwrap().pop().unwrap();
    assert!(heard["text"].as_str().unwrap().starts_with("https://shop.test (production): 2 new"), "{heard}");
    // One that fails is a warning.
    let (broken, tried) = webhook("500 Internal Server Error");
    let ended =
        notify(&format!("http://{}/T0p-S3cret", broken.address), &["--notify", "${env:HOOK}"]).code(1);
    assert!(ended.stderr.contains("nobody was told: the webhook answered 500"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("T0p-S3cret"), "{}", ended.stderr);
    assert_eq!(tried.lock().unwrap().len(), 3);
    // Its address is a secret.
    let ended = notify("", &["--notify", &address]).code(2);
    assert!(
        ended.stderr.contains("must not stand on the command line") && !ended.stderr.contains("T0p-S3cret"),
        "{}",
        ended.stderr
    );
    notify("no url", &["--notify", "${env:HOOK}"]).code(2);
    notify("", &["--notify", "${env:NOT_SET}"]).code(2);
}

#[test]
fn rounds_tell_always_from_sometimes() {
    let visits = AtomicU32::new(0);
    // An experiment that every other first page is part of, and a session that is set where it is
    // not there.
    let site = Hostile::http(move |asked| match asked.route().as_str() {
        "GET /" => {
            let round = visits.fetch_add(1, Ordering::SeqCst);
            let mut lines = String::from("Set-Cookie: sid=1; Path=/; Max-Age=86400\r\n");
            if round == 0 {
                lines.push_str("Set-Cookie: ab=1; Path=/; Max-Age=60\r\n");
            }
            page(&lines, "<a href=/a>A</a>")
        }
        "GET /a" => html("A"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"sid\"\nlifetime = \"24h\"\n[claims]\ninventory = \"complete\"\n";
    fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let run = |args: &[&str]| Cookieproof::new(args).within(folder.path()).run();
    run(&["scan", &url(&site), "-q", "--rate", "0", "--repeat", "3", "--save-scan", "scan.json"]);
    let audit = |args: &[&str]| {
        run(&[&["audit", "--manifest", "cookies.toml", "--from", "scan.json", "-q"][..], args].concat())
    };
    let ended = audit(&[]).code(1);
    assert!(ended.stdout.contains("once, in 1 of 3 rounds"), "{}", ended.stdout);
    audit(&["--gate", "always"]).code(0);
    let report = audit(&["--format", "json"]).json();
    assert_eq!(
        (report["rounds"]["of"].as_u64(), report["findings"][0]["rounds"].as_u64()),
        (Some(3), Some(1)),
        "{report}"
    );
    assert_eq!(report["rounds"]["unsteady"][0]["name"], "ab");
}

#[test]
fn repeats_of_a_conforming_site_give_the_same_bytes() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("cookies.toml"),
        "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"sid\"\nlifetime = \"24h\"\n",
    )
    .unwrap();
    let run = || {
        let base = [
            "audit",
            &url(&site),
            "--manifest",
            "cookies.toml",
            "-q",
            "--rate",
            "0",
            "--repeat",
            "2",
            "--format",
            "json",
        ];
        let mut report = Cookieproof::new(base).within(folder.path()).run().json();
        report["time"].take();
        report
    };
    let first = run();
    assert_eq!(first["rounds"]["unsteady"].as_array().unwrap().len(), 0, "{first}");
    assert_eq!(first, run());
}

#[test]
fn a_run_is_imagined_from_the_last_one_like_it() {
    let (folder, site) = (tempfile::tempdir().unwrap(), small_site());
    fs::write(folder.path().join("cookies.toml"), "[[cookies]]\nname = \"sid\"\n").unwrap();
    let url = url(&site);
    let first_line = |more: &[&str]| {
        let args = ["audit", &url, "--rate", "100", "--history", "audits.db"];
        let ended = Cookieproof::new(args.iter().chain(more)).within(folder.path()).run();
        ended.stderr.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first_line(&["-v"]), "at most 500 pages for 1 visitor at 100/s: up to 5 s");
    let again = first_line(&["-v"]);
    let (told, day) = again.split_once(", as on ").unwrap();
    assert!(told.starts_with("about 7 pages for 1 visitor at 100/s: ") && told.ends_with(" s"), "{again}");
    assert!(day.len() == 10 && day.starts_with("20"), "{again}");
    // Nobody watches a log from its beginning, and who wants quiet has it.
    assert_eq!(first_line(&[]), "");
    assert_eq!(first_line(&["-q"]), "");
}

#[test]
fn a_name_that_is_another_each_night_is_no_news_and_a_new_one_is() {
    let night = Arc::new(AtomicU32::new(1));
    let of_night = Arc::clone(&night);
    let site = Hostile::http(move |asked| {
        let night = of_night.load(Ordering::SeqCst);
        let mut lines = format!(
            "Set-Cookie: cart_{}=1; Path=/; Max-Age={}\r\nSet-Cookie: app_{:06x}=1; Path=/\r\n",
            980 + 7 * night,
            if night < 6 { 3_600 } else { DAY * 400 },
            0x3f9a2c + night * 0x10_1713,
        );
        if night > 3 {
            lines.push_str("Set-Cookie: extra=1; Path=/\r\n");
        }
        match asked.route().as_str() {
            "GET /" => page(&lines, "Shop"),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), "[claims]\ninventory = \"complete\"\n").unwrap();
    let run = |args: &[&str]| Cookieproof::new(args).within(folder.path()).run();
    for (number, code, says, says_not) in [
        (1, 1, &["the first run"][..], &["new finding"][..]),
        (2, 0, &["cart_987 → cart_994", "2 findings still there"], &["new finding", "gone finding"]),
        (3, 0, &["cart_994 → cart_1001", "2 findings still there"], &["new finding", "gone finding"]),
        (
            4,
            1,
            &["+ extra", "new finding  undeclared-cookie: `extra`"],
            &["finding  undeclared-cookie: `cart"],
        ),
        (5, 0, &["3 findings still there"], &["new finding", "gone finding"]),
        (6, 1, &["cart_1015 → cart_1022", "worse: 1 h → 400 days"], &["gone finding"]),
    ] {
        night.store(number, Ordering::SeqCst);
        let file = format!("{number}.json");
        run(&["audit", &url(&site), "--manifest", "cookies.toml", "-q", "--save-scan", &file]);
        dated(&folder.path().join(&file), &format!("2026-11-{number:02}T03:00:00Z"));
        let ended =
            run(&[&["audit", "--manifest", "cookies.toml", "--from", &file, "-q"][..], GATE].concat());
        let since = ended.stdout.split("Since last time").nth(1).unwrap_or_default();
        let since = since.split("\nFindings").next().unwrap_or_default().replace("\n      ", " ");
        assert_eq!(ended.code, Some(code), "night {number}\n{}", ended.stdout);
        for words in says {
            assert!(since.contains(words), "night {number} lacks {words:?}:\n{since}");
        }
        for words in says_not {
            assert!(!since.contains(words), "night {number} has {words:?}:\n{since}");
        }
        let json = run(&[
            "audit",
            "--manifest",
            "cookies.toml",
            "--from",
            &file,
            "--history",
            "audits.db",
            "-q",
            "--format",
            "json",
        ])
        .json();
        let findings = json["since"]["findings"].as_array().cloned().unwrap_or_default();
        let still: Vec<(&str, &str)> = findings
            .iter()
            .filter(|finding| finding["state"] == "still-there")
            .map(|finding| (finding["message"].as_str().unwrap(), finding["first_seen"].as_str().unwrap()))
            .collect();
        for (message, first_seen) in &still {
            let first = if message.contains("extra") { "2026-11-04" } else { "2026-11-01" };
            assert_eq!(*first_seen, first, "night {number}: {message}");
        }
        assert_eq!(still.len(), [0, 2, 2, 2, 3, 2][number as usize - 1], "night {number}: {findings:#?}");
    }
    // Side by side, each is one row from its first night on, and called what it is called now.
    let history = run(&["history", "audits.db", "--manifest", "cookies.toml", "--format", "json"]).json();
    let rows = history["sites"][0]["findings"].as_array().unwrap_or_else(|| panic!("{history:#}"));
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            format!("{} {} {}", row["message"].as_str().unwrap(), row["since"].as_str().unwrap(), row["seen"])
        })
        .collect();
    told.sort();
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].starts_with("`app_") && told[0].ends_with(" 2026-11-01T03:00:00Z 6"), "{told:#?}");
    assert!(told[1].starts_with("`cart_1022` ") && told[1].ends_with(" 2026-11-01T03:00:00Z 6"), "{told:#?}");
    assert!(told[2].starts_with("`extra` ") && told[2].ends_with(" 2026-11-04T03:00:00Z 3"), "{told:#?}");
}
