//! `cookieproof scan` on sites whose bytes are meant to break it.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Name and decision of everything in the inventory, with its channel, and the exit code.
fn inventory(answer: Answer) -> (Vec<String>, Option<i32>, String) {
    let site = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => answer.clone(),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let site = site.url("/").to_string();
    let ended = Cookieproof::new(["scan", "-q", &site, "--format", "json"]).run();
    let report = ended.json();
    let seen = report["inventory"].as_array().unwrap().iter().map(|thing| {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {}", text(&thing["name"]), text(&thing["seen"][0]["decision"]))
    });
    (seen.collect(), ended.code, ended.stdout.clone())
}

#[test]
fn cookies_of_odd_bytes_are_judged_as_browsers_do() {
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=\x01\r\nSet-Cookie: b=\xe9\xff\r\n\
                 Set-Cookie: \xff=1\r\nSet-Cookie: c=1\rjunk\r\nSet-Cookie: d=1;\r\n Path=/\r\n\r\nhello";
    let (seen, code, _) = inventory(Answer::raw(head));
    assert_eq!(seen, ["a refused", "b stored", "c stored", "d stored", "\\xff stored"]);
    assert_eq!(code, Some(0));
}

#[test]
fn a_response_with_a_nul_is_none_to_browsers() {
    let (seen, code, report) =
        inventory(Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\0\r\n\r\n"));
    assert_eq!(seen, ["a refused", "b refused"]);
    assert_eq!(code, Some(3));
    assert!(report.contains("there is a NUL byte in its head"), "{report}");
}

#[test]
fn a_bomb_is_not_inflated() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b'<'; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nSet-Cookie: a=1\r\n\r\n";
    let (seen, code, report) = inventory(Answer::raw(head).then(bomb));
    assert_eq!(seen, ["a stored"]);
    assert_eq!(code, Some(0));
    assert!(report.contains("only its beginning was read"), "{report}");
}

#[test]
fn a_flood_of_cookies_hides_none() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => {
            let links = (0..3).map(|n| format!("<a href=/bad{n}>x</a>")).collect::<String>();
            Answer::page("", &format!("{links}<a href=/last>y</a>"))
        }
        "/last" => Answer::page("Set-Cookie: tracker=1\r\nSet-Cookie: sid=1; HttpOnly\r\n", "last"),
        page if page.starts_with("/bad") => {
            let lines = (0..7500).map(|n| format!("Set-Cookie: m{}_{n}=1; Path=/\r\n", &page[4..]));
            Answer::page(&lines.collect::<String>(), "bad")
        }
        _ => Answer::status("404 Not Found", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[claims]\ninventory = \"complete\"\n\
                    [[cookies]]\nname = \"sid\"\nhttp_only = true\n\
                    [[cookies]]\nname = \"ghost\"\nhttp_only = true\n";
    let audit = |more: &str| {
        std::fs::write(folder.path().join("cookies.toml"), format!("{manifest}{more}")).unwrap();
        let url = site.url("/").to_string();
        let args = ["audit", &url, "--manifest", "cookies.toml", "-q", "--rate", "0", "--format", "json"];
        Cookieproof::new(args).within(folder.path()).run()
    };
    let state = |report: &serde_json::Value, claim: &str| {
        let verdicts = report["verdicts"].as_array().unwrap();
        let verdict = verdicts.iter().find(|verdict| verdict["claim"] == claim).unwrap();
        verdict["verdict"].as_str().unwrap_or_default().to_owned()
    };
    let names = |report: &serde_json::Value| -> Vec<String> {
        let seen = report["inventory"].as_array().unwrap().iter();
        seen.map(|thing| thing["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let ended = audit("").code(1);
    let report = ended.json();
    assert!(names(&report).contains(&"tracker".to_owned()), "{:?}", names(&report));
    assert!(names(&report).contains(&"sid".to_owned()));
    assert_eq!(state(&report, "cookies.ghost.present"), "not-verified", "what was dropped may have been it");
    assert!(ended.stdout.contains("could not be kept one by one"), "{}", report["inconclusive"]);
    // What the manifest means by one pattern is one thing, of which nothing is lost.
    let ended = audit("[[cookies]]\nname = \"m*\"\n[[cookies]]\nname = \"tracker\"\n");
    let report = ended.json();
    assert!(!ended.stdout.contains("could not be kept one by one"), "{}", report["inconclusive"]);
    assert_eq!(state(&report, "cookies.ghost.present"), "refuted");
}
