//! What the plan says of a visitor reaches the browser, too.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use serde_json::Value;

/// Tells of itself in cookies, and asks a host that only the proxy knows.
const PAGE: &str = "<!doctype html><title>x</title><script>\
    document.cookie = 'tz-' + Intl.DateTimeFormat().resolvedOptions().timeZone.replace('/', '.') + '=1';\
    document.cookie = 'lang-' + navigator.language + '=1';\
    document.cookie = 'gpc-' + navigator.globalPrivacyControl + '=1'</script>";

/// A proxy that answers every site by itself, for those who log in.
fn proxy() -> Hostile {
    Hostile::http(|asked| {
        // scout:open sesame
        if asked.header("proxy-authorization") != Some("Basic c2NvdXQ6b3BlbiBzZXNhbWU=") {
            let lines = "Proxy-Authenticate: Basic realm=\"x\"\r\n";
            return Answer::status("407 Proxy Authentication Required", lines, "");
        }
        if asked.target.ends_with("/robots.txt") {
            return Answer::status("404 Not Found", "", "");
        }
        let language =
            asked.header("accept-language").unwrap_or_default().split(',').next().unwrap().to_owned();
        let gpc = asked.header("sec-gpc").map_or("", |_| "Set-Cookie: signalled=1\r\n");
        Answer::page(&format!("Set-Cookie: asked-{language}=1\r\n{gpc}"), PAGE)
    })
}

fn cookies(report: &Value, phase: &str) -> Vec<String> {
    let here = |group: &Value| group["cell"]["engine"] == "browser" && group["cell"]["phase"] == phase;
    let things = report["inventory"].as_array().unwrap().iter();
    let seen = things.filter(|thing| thing["seen"].as_array().unwrap().iter().any(here));
    let mut names: Vec<String> = seen.map(|thing| thing["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn proxy_language_time_zone_and_privacy_signal() {
    let proxy = proxy();
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "engine = \"browser\"\n[targets.shop]\nurl = \"http://shop.test/\"\n\
         [personas.anonymous]\naccept_language = \"fr-CH\"\ntime_zone = \"Asia/Tokyo\"\n\
         [http]\nproxy = \"http://scout:${{env:PROXY_PASSWORD}}@{}\"\n",
        proxy.address
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let manifest = "[site]\nname = \"Shop\"\nurl = \"http://shop.test\"\nhosts = [\"shop.test\"]\n\
                    [claims]\nhonours_gpc = true\n";
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let args = ["audit", "--rate", "0", "--quiet", "--format", "json"];
    let path = std::env::var("PATH").unwrap_or_default();
    let run = Cookieproof::new(args).within(folder.path()).env("PATH", &path);
    let ended = run.env("PROXY_PASSWORD", "open%20sesame").run();
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("sesame"));
    let report = ended.json();
    assert_eq!(cookies(&report, "crawl"), ["asked-fr-CH", "gpc-undefined", "lang-fr-CH", "tz-Asia.Tokyo"]);
    assert_eq!(
        cookies(&report, "probe"),
        ["asked-fr-CH", "gpc-true", "lang-fr-CH", "signalled", "tz-Asia.Tokyo"]
    );
    // The signal changes nothing here.
    let findings = report["findings"].as_array().unwrap().iter();
    let rules: Vec<&str> = findings.map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"global-privacy-control"), "{rules:?}");
}
