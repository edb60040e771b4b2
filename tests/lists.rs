//! Lists that the user points to, through the binary: what they classify, and how they fail.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Hostile};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const MANIFEST: &str = r#"
[site]
hosts = ["127.0.0.1"]

[claims]
analytics_cookies = "none"
tracking = "none"
cross_site_tracking = "none"
"#;

const FILTERS: &str =
    "[Adblock Plus 2.0]\n! Title: Little EasyList\n! Two rules\n||ads.pixels.test^\n##.banner\n";

const DATABASE: &str = "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,\
    Data Controller,User Privacy & GDPR Rights Portals,Wildcard match\n\
    1,Acme Metrics,Analytics,acme_,,,,Acme,,1\n";

/// A page that sets a cookie nobody knows but the database, with a pixel that only the list knows.
fn site() -> Hostile {
    Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("Set-Cookie: acme_7=x; Path=/\r\n", "<img src=http://ads.pixels.test/p.gif>"),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "Nothing here."),
    })
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("cookies.toml", MANIFEST), ("filters.txt", FILTERS), ("db.csv", DATABASE)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &TempDir, args: &[&str]) -> Ended {
    Cookieproof::new(args).within(folder.path()).run()
}

/// Each finding: rule, subject, and message with hint.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|f| format!("{} {} {} {}", f["rule"], f["subject"], f["message"], f["hint"]).replace('"', ""))
        .collect()
}

#[test]
fn lists_classify_and_say_which_line_decided() {
    let (site, folder) = (site(), folder());
    let url = format!("http://{}/", site.address);
    let look = ["audit", &url, "-q", "--rate", "0", "--format", "json", "--save-scan", "scan.json"];
    // Unknown stays unknown, and so nothing is decided.
    let report = run(&folder, &look).code(3).json();
    assert_eq!(findings(&report), [""; 0]);
    let lists = ["--list", "filters.txt", "--cookie-database", "db.csv", "--format", "json"];
    let again = [&["audit", "--from", "scan.json"], &lists[..]].concat();
    let report = run(&folder, &again).code(1).json();
    let found = findings(&report).join("\n");
    for decided in ["by `db.csv:2 acme_`", "by `filters.txt:4 ||ads.pixels.test^`"] {
        assert!(found.contains(decided), "{decided}: {found}");
    }
    let others = report["third_parties"].as_array().unwrap();
    let other = others.iter().find(|other| other["site"] == "pixels.test").unwrap();
    assert_eq!((&other["category"], &other["fetched"]), (&"advertising".into(), &false.into()));
    assert_eq!(other["known_by"], "filters.txt:4 ||ads.pixels.test^");
    // Only its name gives this one away.
    let metrics = others.iter().find(|other| other["vendor"] == "Acme Metrics").unwrap();
    assert_eq!((&metrics["site"], &metrics["leaves"][0]["name"]), (&Value::Null, &"acme_7".into()));
    // The same from the plan, by `report`, and where only looked at.
    let plan = format!(
        "[targets.here]\nurl = \"{url}\"\n[vendors]\nlists = [\"filters.txt\"]\ncookie_databases = [\"db.csv\"]\n"
    );
    fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let planned = run(&folder, &["audit", "cookieproof.toml", "-q", "--rate", "0", "--format", "json"]);
    assert_eq!(findings(&planned.code(1).json()).join("\n"), found);
    let rendered = [&["report", "scan.json", "--manifest", "cookies.toml"], &lists[..]].concat();
    assert_eq!(findings(&run(&folder, &rendered).code(1).json()).join("\n"), found);
    let text = run(&folder, &["report", "scan.json", "--list", "filters.txt"]).code(0).stdout;
    assert!(
        text.contains("Third parties") && text.contains("pixels.test  advertising; once mentioned"),
        "{text}"
    );
    let text = run(&folder, &["report", "scan.json", "--list", "filters.txt", "--format", "markdown"])
        .code(0)
        .stdout;
    assert!(
        text.contains("| `pixels.test` | advertising | `filters.txt:4 \\|\\|ads.pixels.test^` |"),
        "{text}"
    );
}

#[test]
fn what_is_no_list_ends_with_2_and_says_where() {
    let folder = folder();
    fs::write(folder.path().join("scan.json"), "{}").unwrap();
    let binary = [b"||a.test^\n".as_slice(), &[0xff, 0xfe]].concat();
    for (name, bytes) in [
        ("letter.txt", b"Dear reader,\nthis is a letter.\n".to_vec()),
        ("binary.txt", binary),
        ("zero.txt", b"||a.test^\n\0\n".to_vec()),
        ("columns.csv", b"a,b\n1,2\n".to_vec()),
        ("broken.json", b"{\"a\": [\n{\"cookie\": 7}]}".to_vec()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    #[rustfmt::skip]
    let cases = [
        ("--list", "letter.txt", "letter.txt:1: this is no filter list: a rule has no spaces"),
        ("--list", "binary.txt", "binary.txt:2: not UTF-8 text"),
        ("--list", "zero.txt", "zero.txt:2: a control character: this is no text"),
        ("--list", "gone.txt", "cannot read gone.txt"),
        ("--cookie-database", "columns.csv", "columns.csv:1: no cookie database: its first line has no column `Cookie / Data Key name`"),
        ("--cookie-database", "broken.json", "broken.json:2: "),
    ];
    let site = site();
    let url = format!("http://{}/", site.address);
    for (flag, file, expected) in cases {
        let ended = run(&folder, &["audit", &url, flag, file]).code(2);
        assert!(ended.stderr.contains(expected), "{file}: {}", ended.stderr);
    }
    let file = fs::File::create(folder.path().join("huge.txt")).unwrap();
    file.set_len(33 << 20).unwrap();
    let ended = run(&folder, &["scan", &url, "--list", "huge.txt"]).code(2);
    assert!(ended.stderr.contains("huge.txt: it is larger than 32 MiB"), "{}", ended.stderr);
}
