//! Reports as users get them.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Asked, Hostile};
use crate::support::small_site::{small_site, url};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// docs/report-json.md names every member that a report has.
#[test]
fn every_member_of_the_json_report_is_documented() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nhttp_only = true\n\n\
                    [[cookies]]\nname = \"absent\"\nsame_site = \"lax\"\n";
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let args = ["audit", &url(&site), "--manifest", "cookies.toml", "--format", "json", "-q", "--rate", "0"];
    let report = Cookieproof::new(args).within(folder.path()).run().json();
    let mut members = BTreeSet::new();
    collect(&report, &mut members);
    assert!(members.len() > 60, "{members:?}");
    let docs =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report-json.md")).unwrap();
    let missing: Vec<&String> =
        members.iter().filter(|member| !docs.contains(&format!("`{member}`"))).collect();
    assert!(missing.is_empty(), "docs/report-json.md does not name {missing:?}");
}

/// Not on a terminal there is no colour, whatever the environment wishes.
#[test]
fn no_color_off_a_terminal() {
    let site = small_site();
    for (name, value) in [("TERM", "xterm-256color"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")] {
        let ended = Cookieproof::new(["scan", &url(&site), "--rate", "0"]).env(name, value).run().code(0);
        assert!(!ended.stdout.contains('\x1b'), "{}", ended.stdout);
        assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
    }
}

fn collect(value: &Value, members: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                members.insert(name.clone());
                collect(value, members);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, members)),
        _ => {}
    }
}

/// Where it is wished for there is colour, and as many columns as are said.
#[test]
fn colour_and_columns_are_as_wished() {
    let site = small_site();
    let url = url(&site);
    let scan = |args: &[&str], environment: &[(&str, &str)]| {
        let mut run = Cookieproof::new([&["scan", &url, "-q", "--rate", "0"][..], args].concat());
        for (name, value) in environment {
            run = run.env(name, value);
        }
        run.run().code(0).stdout
    };
    for (args, environment, coloured) in [
        (vec!["--color", "always"], vec![], true),
        (vec![], vec![("FORCE_COLOR", "1")], true),
        (vec![], vec![("FORCE_COLOR", "0")], false),
        (vec![], vec![("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (vec!["--color", "never"], vec![("FORCE_COLOR", "1")], false),
    ] {
        assert_eq!(scan(&args, &environment).contains('\x1b'), coloured, "{args:?} {environment:?}");
    }
    let widest = |text: String| text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest(scan(&["--width", "200"], &[])) > 80);
    assert!(widest(scan(&[], &[("COLUMNS", "50")])) <= 50);
    assert!(widest(scan(&[], &[])) <= 80);
    Cookieproof::new(["scan", &url, "--width", "5"]).run().code(2);
}

/// A report is no scan, and the message says so.
#[test]
fn a_report_in_place_of_a_scan_is_called_one() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    let args = ["scan", &url(&site), "-q", "--rate", "0", "--output", "json=report.json"];
    Cookieproof::new(args).within(folder.path()).run().code(0);
    let ended = Cookieproof::new(["report", "report.json"]).within(folder.path()).run().code(2);
    assert!(ended.stderr.contains("this is a JSON report, not a saved scan"), "{}", ended.stderr);
}

/// A site with a family of cookies, whose login turns everybody away.
fn strict(asked: &Asked) -> Answer {
    let form = "<form method=post><input name=email><input type=password name=password></form>";
    match asked.route().as_str() {
        "GET /" => {
            let lines: String = (0..25)
                .map(|number| format!("Set-Cookie: help_seen_{number}=1; Path=/; Max-Age=3600\r\n"))
                .collect();
            Answer::page(&lines, "<a href=/login>in</a>")
        }
        "GET /login" => Answer::page("", form),
        "POST /login" => Answer::page("", &format!("<title>Log in</title>Call Eve \u{201d} at once. {form}")),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

#[test]
fn a_family_is_a_row_and_a_failed_login_is_told_once() {
    let (folder, site) = (tempfile::tempdir().unwrap(), Hostile::http(strict));
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("cookies.toml", "[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nvisitors = [\"logged-in\"]\n");
    let plan = format!(
        "manifest = \"cookies.toml\"\n[targets.a]\nurl = \"http://{}\"\n[personas.member]\n\
         login = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"ann@x.test\", password = \"pa55-w0rd\" }} }} }}]\n\
         logged_in_when = {{ url = \"/login\", text = \"Sign out\" }}\n",
        site.address
    );
    put("cookieproof.toml", &plan);
    let run = |args: &[&str]| Cookieproof::new(args).within(folder.path()).run();
    let ended = run(&["audit", "--save-scan", "scan.json"]);
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(told.matches("help_seen_* (25 names)").count(), 2, "a note and a row: {told}");
    assert!(!told.contains("help_seen_1"), "{told}");
    assert!(told.contains("member was not reached, likely the user name or password is wrong"), "{told}");
    assert_eq!(told.matches("the same login form came again").count(), 1, "{told}");
    assert!(!told.contains("Call Eve") && !ended.stderr.contains("Call Eve"), "{told}{}", ended.stderr);
    assert!(told.contains("NOT REACHED, the proof of the login (cookieproof.toml:6) failed"), "{told}");
    let all = run(&["audit", "-v", "--from", "scan.json"]);
    assert!(all.stdout.contains("help_seen_17  "), "{}", all.stdout);
    assert!(all.stdout.contains("Call Eve"), "{}", all.stdout);
    for (format, family, each) in
        [("markdown", true, false), ("html", true, false), ("json", false, true), ("csv", false, true)]
    {
        let report = run(&["audit", "--from", "scan.json", "--format", format]).stdout;
        assert_eq!(report.contains("help_seen_* (25 names)"), family, "{format}");
        assert!(!each || report.contains("help_seen_17"), "{format}");
    }
    let json = run(&["audit", "--from", "scan.json", "--format", "json"]).stdout;
    assert!(json.contains("\"untouched\"") && !json.contains("before an answer"));
    // What the start page leaves is told while the run goes on.
    let scan = run(&["scan", &format!("http://{}/", site.address), "-v"]);
    let lines: Vec<&str> = scan.stderr.lines().collect();
    let start = lines.iter().position(|line| line.starts_with("the start page leaves: help_seen_0 (1 h)"));
    let next = lines.iter().position(|line| line.contains("/login"));
    assert!(start.is_some() && start < next, "{}", scan.stderr);
    assert!(run(&["scan", &format!("http://{}/", site.address), "-q"]).stderr.is_empty());
}
