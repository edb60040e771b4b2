//! What a browser would not do is not done: cookies of requests without credentials, parts that the
//! page's own policy forbids, cookies that `Clear-Site-Data` took away.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Asked, Hostile};
use serde_json::Value;
use std::collections::BTreeSet;

/// A server of parts, of another origin: each answer sets a cookie of its path's name.
fn parts() -> Hostile {
    Hostile::http(|asked| {
        let name = asked.target.trim_start_matches('/');
        let origin = asked.header("origin").unwrap_or("*").to_owned();
        let allow = format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n\
             Access-Control-Allow-Headers: x-a\r\nCache-Control: no-store\r\n"
        );
        let name = if asked.method == "OPTIONS" { "preflight" } else { name };
        let lines = format!("{allow}Content-Type: text/javascript\r\nSet-Cookie: {name}=1; Path=/\r\n");
        Answer::status("200 OK", &lines, "/**/")
    })
}

fn page(asked: &Asked, parts: &str) -> Answer {
    match asked.target.as_str() {
        "/" => Answer::page(
            "Set-Cookie: first=1; Path=/\r\n",
            &format!(
                "<script src={parts}/classic></script><script src={parts}/anonymous crossorigin></script>\
                 <script src={parts}/used crossorigin=use-credentials></script>\
                 <script type=module src={parts}/module></script><img src={parts}/picture>\
                 <img crossorigin=anonymous src={parts}/anonymous-picture>\
                 <link rel=preload as=font crossorigin href={parts}/font>\
                 <script type=module src=/own-module></script>\
                 <script>addEventListener('load',async()=>{{const u='{parts}';\
                 await fetch(u+'/default').catch(()=>0);\
                 await fetch(u+'/omitted',{{credentials:'omit'}}).catch(()=>0);\
                 await fetch(u+'/included',{{credentials:'include'}}).catch(()=>0);\
                 await fetch(u+'/asked-first',{{credentials:'include',headers:{{'x-a':'1'}}}}).catch(()=>0);\
                 await fetch('/own-fetch').catch(()=>0);\
                 await fetch('/own-omitted',{{credentials:'omit'}}).catch(()=>0)}})</script>"
            ),
        ),
        path if path.starts_with("/own-") => {
            let line = format!("Set-Cookie: {}=1; Path=/\r\n", &path[1..]);
            Answer::status("200 OK", &format!("Content-Type: text/javascript\r\n{line}"), "/**/")
        }
        _ => Answer::status("404 Not Found", "", ""),
    }
}

fn scan(url: &str, more: &[&str]) -> Value {
    let args = ["scan", url, "--rate", "0", "--quiet", "--format", "json"];
    let path = std::env::var("PATH").unwrap_or_default();
    Cookieproof::new(args.iter().chain(more)).env("PATH", &path).run().code(0).json()
}

/// Names of what was kept, and of what was not since its request had no credentials.
fn kept_and_ignored(report: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut kept, mut ignored) = (BTreeSet::new(), BTreeSet::new());
    for thing in report["inventory"].as_array().unwrap() {
        let name = thing["name"].as_str().unwrap().to_owned();
        for seen in thing["seen"].as_array().unwrap() {
            assert_eq!(seen["disagreement"], Value::Null, "{seen}");
            match seen["decision"].as_str() {
                Some("stored" | "replaced") => kept.insert(name.clone()),
                _ => {
                    assert_eq!(seen["refused_because"], serde_json::json!(["without_credentials"]), "{seen}");
                    ignored.insert(name.clone())
                }
            };
        }
    }
    (kept, ignored)
}

fn names(words: &str) -> BTreeSet<String> {
    words.split(' ').map(str::to_owned).collect()
}

#[test]
fn answers_to_requests_without_credentials_set_nothing() {
    let parts = parts();
    // Another port: the same site, another origin.
    let of = parts.url_as("http", "localhost", "").to_string().trim_end_matches('/').to_owned();
    let site = Hostile::http(move |asked| page(asked, &of));
    let url = site.url_as("http", "localhost", "/");
    let by_http = scan(url.as_str(), &["--assets"]);
    assert_eq!(
        kept_and_ignored(&by_http),
        (names("first classic used picture own-module"), names("anonymous module anonymous-picture font"))
    );
    let by_browser = scan(url.as_str(), &["--engine", "browser"]);
    assert_eq!(
        kept_and_ignored(&by_browser),
        (
            names("first classic used picture own-module included asked-first own-fetch"),
            names("anonymous module anonymous-picture font default omitted own-omitted preflight")
        )
    );
}

#[test]
fn what_the_pages_own_policy_forbids_is_neither_embedded_nor_asked_for() {
    let parts = parts();
    let of = parts.url_as("http", "cdn.localhost", "").to_string().trim_end_matches('/').to_owned();
    let site = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page(
            "Content-Security-Policy: default-src 'self'; script-src 'unsafe-inline'\r\n",
            &format!(
                "<a href=/meta>x</a><img src={of}/a><script src={of}/b></script><iframe src={of}/c></iframe>"
            ),
        ),
        "/meta" => Answer::page(
            "",
            &format!("<meta http-equiv=Content-Security-Policy content=\"img-src 'self'\"><img src={of}/d>"),
        ),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let url = site.url_as("http", "localhost", "/");
    for more in [&["--assets"][..], &["--engine", "browser"]] {
        let report = scan(url.as_str(), more);
        assert_eq!(report["third_parties"].as_array().map(Vec::len), Some(0), "{more:?} {report:#}");
        assert_eq!(report["inventory"].as_array().map(Vec::len), Some(0), "{more:?} {report:#}");
    }
    assert_eq!(parts.asked().len(), 0);
}

#[test]
fn a_logout_may_clear_the_sites_data() {
    let case = |header: &'static str| {
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/login" => {
                Answer::redirect("302 Found", "/", "Set-Cookie: sid=a1b2c3d4e5f6a7; Path=/; HttpOnly\r\n")
            }
            "/logout" => Answer::redirect("302 Found", "/", &format!("Clear-Site-Data: {header}\r\n")),
            "/" => Answer::page("", if asked.cookie("sid").is_some() { "Hello member" } else { "Hello" }),
            _ => Answer::status("404 Not Found", "", ""),
        });
        let folder = tempfile::tempdir().unwrap();
        let plan = format!(
            "[targets.site]\nurl = \"{}\"\n[personas.member]\n\
             logged_in_when = {{ url = \"/\", text = \"Hello member\" }}\n\
             login = [{{ open = \"/login\" }}]\nlogout = [{{ open = \"/logout\" }}]\n",
            site.url_as("http", "localhost", "/")
        );
        let manifest = "[site]\nname = \"x\"\n[[cookies]]\nname = \"sid\"\ncleared_on_logout = true\n";
        std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
        let args = ["audit", "--rate", "0", "--quiet", "--format", "json"];
        let report = Cookieproof::new(args).within(folder.path()).run().json();
        let verdicts = report["verdicts"].as_array().unwrap().clone();
        let of = verdicts.into_iter().find(|verdict| verdict["claim"] == "cookies.sid.cleared-on-logout");
        of.unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(case("\"cookies\""), "upheld");
    assert_eq!(case("\"cache\", \"*\""), "upheld");
    assert_eq!(case("\"cache\""), "refuted");
}
