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
