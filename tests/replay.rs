//! `audit --from FILE.har`: what a person recorded in their own browser, judged.

use crate::support::command::{Cookieproof, Ended};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const MANIFEST: &str = r#"
[site]
hosts = ["shop.test"]

[[cookies]]
name = "sid"
lifetime = "24h"
http_only = true

[[storage]]
name = "theme"
kind = "local-storage"

[claims]
inventory = "complete"
"#;

const PLAN: &str = r#"
manifest = "cookies.toml"
[targets.shop]
url = "https://shop.test/"
[personas.member]
login = [{ open = "/login" }]
"#;

/// The values that must not be seen anywhere.
const SECRETS: [&str; 3] = ["4f9c2e7ab1d84e6f9a3b5c7d", "b7a1c3e5f7092b4d6f8a1c3e", "eine-andere-seite"];

fn request(page: &str, kind: &str, url: &str, cookie: Option<&str>, lines: &[&str]) -> Value {
    let asked: Vec<Value> = cookie.iter().map(|value| json!({"name": "Cookie", "value": value})).collect();
    let answered: Vec<Value> =
        lines.iter().map(|line| json!({"name": "Set-Cookie", "value": line})).collect();
    let mime = if kind == "document" { "text/html; charset=utf-8" } else { "image/png" };
    json!({
        "pageref": page, "_resourceType": kind, "startedDateTime": "2026-05-01T10:00:00.000Z",
        "request": {"method": "GET", "url": url, "headers": asked},
        "response": {"status": 200, "headers": answered, "content": {"mimeType": mime}}
    })
}

/// A recording of two pages of the shop and one of somebody else's.
fn recording() -> Value {
    let [session, token, other] = SECRETS;
    let line = format!("sid={session}; Path=/; HttpOnly; Secure; Max-Age=86400");
    json!({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": [
        request("page_1", "document", "https://shop.test/", None, &[&line]),
        request("page_1", "image", "https://pixel.test/p.png", None, &["uid=1; Secure; SameSite=None"]),
        request("page_2", "document", &format!("https://shop.test/account?key={token}"),
            Some(&format!("sid={session}; key={token}")), &["extra=1"]),
        request("page_3", "document", &format!("https://bank.test/{other}"), Some("konto=1"), &["konto=2"]),
    ]}})
}

fn audit(har: &str, args: &[&str]) -> (TempDir, Ended) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
    fs::write(folder.path().join("cookieproof.toml"), PLAN).unwrap();
    fs::write(folder.path().join("mine.har"), har).unwrap();
    let first = ["audit", "--from", "mine.har", "-q"];
    let ended = Cookieproof::new(first.iter().chain(args)).within(folder.path()).run();
    (folder, ended)
}

#[test]
fn a_recording_is_judged_without_the_site() {
    let (folder, ended) = audit(
        &recording().to_string(),
        &["--as", "anonymous/untouched", "--format", "json", "--output", "json=report.json"],
    );
    let ended = ended.code(1);
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap_or(ended.stdout.clone());
    let report: Value = serde_json::from_str(&text).unwrap();
    let findings: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert!(findings.contains(&"undeclared-cookie"), "{findings:?}");
    assert!(!findings.contains(&"lifetime"), "{findings:?}");
    let verdict = |claim: &str| {
        let verdicts = report["verdicts"].as_array().unwrap();
        let found = verdicts.iter().find(|verdict| verdict["claim"] == claim);
        found.unwrap_or_else(|| panic!("{verdicts:#?}"))["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("cookies.sid.lifetime"), "upheld");
    assert_eq!(verdict("storage.local-storage:theme.present"), "not-verified");
    let names: Vec<&str> =
        report["inventory"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["extra", "sid", "uid"]);
    let notes = report["coverage"]["notes"].to_string();
    assert!(notes.contains("recorded, not crawled: 2 pages of mine.har"), "{notes}");
    for secret in SECRETS {
        assert!(!text.contains(secret) && !ended.stderr.contains(secret), "{secret}");
    }
    assert!(!text.contains("bank.test"), "pages of others are nobody's business");
}

#[test]
fn a_member_recorded_is_a_member() {
    let (_folder, ended) =
        audit(&recording().to_string(), &["--as", "member/accepted", "--save-scan", "mine.json"]);
    assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
    let (_folder, ended) = audit(&recording().to_string(), &["--as", "member/accepted"]);
    let ended = ended.code(1);
    assert!(ended.stdout.contains("extra"), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_judged_is_said_with_what_to_do() {
    let mut bare = recording();
    for entry in bare["log"]["entries"].as_array_mut().unwrap() {
        entry["request"]["headers"] = json!([]);
        entry["response"]["headers"] = json!([]);
    }
    let mut ours = recording();
    ours["log"]["creator"]["name"] = json!("cookieproof");
    let elsewhere = recording().to_string().replace("shop.test", "else.test");
    let anonymous = ["--as", "anonymous/untouched"];
    for (har, args, code, told) in [
        (bare.to_string(), &anonymous[..], 3, "Export HAR (with sensitive data)"),
        (ours.to_string(), &anonymous[..], 2, "--save-scan"),
        ("{}".to_owned(), &anonymous[..], 2, "it is not a HAR file"),
        (recording().to_string(), &[][..], 2, "--as PERSONA/STATE"),
        (recording().to_string(), &["--as", "ann/untouched"][..], 2, "the plan has no persona `ann`"),
        (recording().to_string(), &["--as", "member"][..], 2, "names no state of consent"),
        (elsewhere, &anonymous[..], 3, "holds no page of"),
    ] {
        let (_folder, ended) = audit(&har, args);
        let ended = ended.code(code);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(all.contains(told), "{told}: {all}");
        assert!(SECRETS.iter().all(|secret| !all.contains(secret)), "{all}");
    }
}
