//! `cookieproof scan`: what a site leaves on a visitor's device, and what happens where there is no
//! site worth the name.

use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Hostile, TestCa, refused};
use crate::support::small_site::{masked, small_site, url};
use insta::assert_snapshot;
use std::time::{Duration, Instant};

fn scan(args: &[&str]) -> Ended {
    Cookieproof::new(["scan", "-q"].iter().chain(args)).run()
}

#[test]
fn the_inventory_of_a_small_site_at_once() {
    let site = small_site();
    let began = Instant::now();
    let ended = Cookieproof::new(["scan", &url(&site)]).run().code(0);
    let took = began.elapsed();
    assert_snapshot!(masked(&ended.stdout), @"
    http://127.0.0.1:PORT/ sets 4 cookies.

    Seen on 127.0.0.1
      cart  30 days, this host only, path /
        cart=‹2 bytes›; Max-Age=2592000
        by GET /shop -> 200 (anonymous)
      cart  30 days, this host only, path /shop
        cart=‹2 bytes›; Max-Age=2592000
        by GET /shop/checkout -> 200 (anonymous)
      moved  session, this host only, path /
        moved=‹1 byte›; Path=/
        by GET /old -> 302 (anonymous)
      sid  1 day, this host only, path /
        sid=‹12 bytes›; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax
        by GET / -> 200 (anonymous); 2 times in all
      track  browsers refuse it: SameSite=None needs Secure
        track=‹1 byte›; SameSite=None
        by GET /shop -> 200 (anonymous)

    Looked at
      anonymous   7 pages

    cookieproof 0.1.0, plain HTTP: no script ran, without pictures, scripts and
    styles (`--assets`).
    Made MOMENT in N second.
    ");
    assert_eq!(ended.stderr, "");
    // A fraction of a second at the default pace; a machine busy with other tests may take longer.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// "Browsers" are all of them: what one refuses and another keeps is told of each (CONFORMANCE.md).
#[test]
fn what_only_one_browser_refuses_is_told_of_each() {
    let lines = "Set-Cookie: trk=a\tb; Max-Age=31536000\r\nSet-Cookie: __Host-x=1; Secure\r\n\
                 Set-Cookie: old=1; Expires=Thu, 21 Oct 2027 07:28 GMT\r\nSet-Cookie: bad=1; SameSite=None\r\n";
    let site = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page(&format!("Date: Wed, 21 Oct 2026 07:28:00 GMT\r\n{lines}"), "Hello."),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    });
    let ended = scan(&[&url(&site)]).code(0);
    let text = masked(&ended.stdout);
    let upto = text.find("Looked at").unwrap();
    assert_snapshot!(&text[..upto], @"
    http://127.0.0.1:PORT/ sets 1 cookie, and 2 more in Firefox (predicted).

    Seen on 127.0.0.1
      __Host-x  Chromium refuses it: the name's prefix demands attributes that the
        line does not have; Firefox (predicted) keeps it: session
        __Host-x=‹1 byte›; Secure
        by GET / -> 200 (anonymous); 2 times in all
      bad  browsers refuse it: SameSite=None needs Secure
        bad=‹1 byte›; SameSite=None
        by GET / -> 200 (anonymous); 2 times in all
      old  session, this host only, path /
        old=‹1 byte›; Expires=Thu, 21 Oct 2027 07:28 GMT
        Firefox (predicted) keeps it: 1 year
        by GET / -> 200 (anonymous); 2 times in all
      trk  Chromium refuses it: the line has a control character in it; Firefox
        (predicted) keeps it: 1 year
        trk=‹3 bytes›; Max-Age=31536000
        by GET / -> 200 (anonymous); 2 times in all
    ");
    let (sid, markdown) = (url(&site), scan(&[&url(&site), "--format", "markdown"]).code(0).stdout);
    assert!(
        markdown.contains("Chromium refuses it: the line has a control character in it; Firefox"),
        "{markdown}"
    );
    let report = scan(&[&sid, "--format", "json"]).code(0).json();
    let elsewhere = |name: &str| {
        let things = report["inventory"].as_array().unwrap();
        things.iter().find(|thing| thing["name"] == name).unwrap()["seen"][0]["elsewhere"].clone()
    };
    assert_eq!(elsewhere("bad"), serde_json::Value::Null);
    assert_eq!(elsewhere("trk")["kept"]["lifetime_seconds"], 31_536_000);
    assert_eq!(elsewhere("old")["predicted_for"], "firefox");
}

#[test]
fn the_same_as_json() {
    let site = small_site();
    let report = scan(&[&url(&site), "--format", "json"]).code(0).json();
    assert_eq!(report["format"], "cookieproof-report/1");
    let seen: Vec<String> = report["inventory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|thing| {
            format!("{} {}", thing["name"].as_str().unwrap(), thing["seen"][0]["decision"].as_str().unwrap())
        })
        .collect();
    assert_eq!(seen, ["cart stored", "cart stored", "moved stored", "sid stored", "track refused"]);
}

#[test]
fn values_are_nowhere() {
    let site = small_site();
    for format in ["terminal", "json", "markdown"] {
        let ended = Cookieproof::new(["scan", &url(&site), "--format", format, "-vv"]).run().code(0);
        assert!(!ended.stdout.contains("a1b2c3d4e5f6"), "{format}");
        assert!(!ended.stderr.contains("a1b2c3d4e5f6"), "{format}");
    }
}

/// What is not there is said in words, and never passes for a site without cookies.
#[test]
fn a_site_that_cannot_be_reached_is_inconclusive() {
    let nobody = format!("http://{}/", refused());
    for (url, words) in
        [(nobody.as_str(), "connection refused"), ("http://nowhere.invalid/", "nowhere.invalid")]
    {
        let ended = scan(&[url]).code(3);
        assert!(ended.stdout.starts_with("INCONCLUSIVE"), "{}", ended.stdout);
        assert!(ended.stdout.to_lowercase().contains(words), "{}", ended.stdout);
    }
}

#[test]
fn a_certificate_nobody_trusts_is_inconclusive() {
    let site = Hostile::https(&TestCa::new(), &["localhost"], |_| Answer::page("Set-Cookie: a=1\r\n", ""));
    let ended = scan(&[&format!("https://localhost:{}/", site.address.port())]).code(3);
    assert!(ended.stdout.contains("TLS failed"), "{}", ended.stdout);
}

#[test]
fn a_site_of_nothing_but_errors_is_inconclusive() {
    let site = Hostile::always(Answer::status("500 Internal Server Error", "", ""));
    scan(&[&url(&site)]).code(3);
}

#[test]
fn a_redirect_loop_ends() {
    let site = Hostile::http(|asked| {
        let next = if asked.target == "/" { "/b" } else { "/" };
        Answer::redirect("302 Found", next, "Set-Cookie: hop=1\r\n")
    });
    let ended = scan(&[&url(&site)]).code(3);
    assert!(ended.stdout.contains("redirect"), "{}", ended.stdout);
    assert!(ended.stdout.contains("hop"), "{}", ended.stdout);
}

#[test]
fn five_hundred_cookies_in_one_response_are_all_seen() {
    let lines: String = (0..500).map(|number| format!("Set-Cookie: cookie-{number}=1\r\n")).collect();
    let site = Hostile::always(Answer::page(&lines, ""));
    let report = scan(&[&url(&site), "--format", "json"]).code(0).json();
    assert_eq!(report["inventory"].as_array().unwrap().len(), 500);
}

#[test]
fn escape_codes_and_direction_marks_reach_nobody() {
    let site = Hostile::always(Answer::page(
        "Set-Cookie: \u{1b}[31mred=1\r\nSet-Cookie: moc.\u{202e}live=1\r\nSet-Cookie: a\u{200b}b=1\r\n",
        "",
    ));
    for format in ["terminal", "json", "markdown"] {
        let ended = scan(&[&url(&site), "--format", format]);
        let raw =
            ended.stdout.chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{200b}".contains(*c));
        assert_eq!(raw, None, "{}", ended.stdout);
        assert!(ended.stdout.contains("live"), "{}", ended.stdout);
    }
}

/// A body, head or stream without end is cut, and the run comes to its own end.
#[test]
fn what_never_ends_is_cut() {
    let endless_body = Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\n\r\n")
        .then_for_ever("<p>more</p>");
    let endless_head =
        Answer::raw("HTTP/1.1 200 OK\r\n").then_for_ever("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
    let large_head = Answer::page(&format!("X-Large: {}\r\n", "x".repeat(10 << 20)), "");
    for (name, answer, code) in
        [("body", endless_body, 0), ("head", endless_head, 3), ("10 MB head", large_head, 3)]
    {
        let site = Hostile::always(answer);
        let ended = scan(&[&url(&site), "--max-pages", "1"]);
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.stdout);
    }
}

#[test]
fn an_interrupted_run_writes_what_it_saw() {
    let site = Hostile::http(|asked| {
        let number: u32 = asked.target.trim_start_matches("/p").parse().unwrap_or(0);
        Answer::page("Set-Cookie: sid=1\r\n", &format!("<a href=/p{}>next</a>", number + 1))
    });
    let folder = tempfile::tempdir().unwrap();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_cookieproof"))
        .args(["scan", &url(&site), "--rate", "2", "--format", "json", "--save-scan", "scan.json"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let waiting = Instant::now();
    while site.asked().len() < 4 && waiting.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["run"]["partial"].is_string(), "{report}");
    assert_eq!(report["inventory"][0]["name"], "sid");
    let saved = Cookieproof::new(["report", "scan.json"]).within(folder.path()).run().code(3);
    assert!(saved.stdout.contains("PARTIAL"), "{}", saved.stdout);
    let cut_off = "crawl (anonymous) and 1 more: the run ended before they were done";
    assert!(saved.stdout.contains(cut_off), "{}", saved.stdout);
}

#[test]
fn wrong_usage_says_what_to_do() {
    for (args, words) in [
        (&["scan"][..], "URL or PLAN"),
        (&["scan", "example.org"], "https://example.org"),
        (&["scan", "nowhere.toml"], "name a plan or a URL"),
        (&["scan", "https://u:p@example.org"], "env:NAME"),
        (&["scan", "http://a.test", "--rate=-1"], "--rate"),
        (&["scan", "http://a.test", "--max-pages", "0"], "--max-pages"),
        (&["scan", "http://a.test", "--persona", "member"], "anonymous"),
        (&["scan", "http://a.test", "--save-scan", "/nowhere/at/all"], "/nowhere/at/all"),
        (&["scan", "http://a.test", "--output", "report"], "json=report.json"),
        (&["report", "/nowhere"], "/nowhere"),
        (&["audti"], "audit"),
    ] {
        let ended = Cookieproof::new(args).run().code(2);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
}

#[test]
fn one_page_may_be_looked_at_alone() {
    let site = small_site();
    let report = scan(&[&url(&site), "--page", "--format", "json"]).code(0).json();
    let pages = report["coverage"]["pages"].as_array().unwrap();
    let crawled: Vec<&str> = pages
        .iter()
        .filter(|page| page["cell"]["phase"] == "crawl")
        .map(|page| page["example"].as_str().unwrap())
        .collect();
    assert_eq!(crawled, [url(&site)]);
    // It leads to others, which nobody wanted to see.
    assert!(report["coverage"]["dead_ends"].as_array().is_none_or(Vec::is_empty), "{:#}", report["coverage"]);
}
