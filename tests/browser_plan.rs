//! What the plan says of a visitor reaches the browser, too.

use crate::support::chromium::shared_url;
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

/// A shop with a frame of another site, which asks to be remembered, and says in its own host's log
/// whether it is.
fn shop_with_advertiser() -> Hostile {
    Hostile::http(|asked| {
        let host = asked.header("host").unwrap_or_default().to_owned();
        let port = host.rsplit_once(':').unwrap().1;
        match (host.starts_with("ads."), asked.target.as_str()) {
            (true, "/frame") => Answer::page("Set-Cookie: ad=1; SameSite=None; Secure\r\n", "buy"),
            (false, "/") => {
                Answer::page("", &format!("<iframe src=\"http://ads.localhost:{port}/frame\"></iframe>"))
            }
            _ => Answer::status("404 Not Found", "", ""),
        }
    })
}

/// What a run with this plan says of its browser, and of the frame's cookie: in which mode of
/// third-party cookies, and what became of it.
fn in_modes(site: &Hostile, plan: &str, args: &[&str]) -> (Value, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let url = site.url_as("http", "shop.localhost", "/");
    let plan = format!("engine = \"browser\"\n{plan}\n[targets.shop]\nurl = \"{url}\"\n");
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let args = [&["scan", "cookieproof.toml", "--rate", "0", "--quiet", "--format", "json"], args].concat();
    let path = std::env::var("PATH").unwrap_or_default();
    let report = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run().code(0).json();
    let things = report["inventory"].as_array().unwrap().iter();
    let ad = things.filter(|thing| thing["name"] == "ad").flat_map(|thing| thing["seen"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let decided =
        ad.map(|seen| (text(&seen["cell"]["third_party_cookies"]), text(&seen["decision"]))).collect();
    (report["run"]["browser"].clone(), decided)
}

#[test]
fn both_modes_of_third_party_cookies_are_looked_in() {
    let site = shop_with_advertiser();
    let (browser, ad) = in_modes(&site, "third_party_cookies = [\"block\", \"allow\"]", &[]);
    assert_eq!(browser["third_party_cookies"], serde_json::json!(["block", "allow"]));
    assert_eq!(browser["tried"], true);
    let expected = [("-", "refused"), ("allow", "stored")];
    assert_eq!(ad, expected.map(|(mode, decision)| (mode.to_owned(), decision.to_owned())));
}

#[test]
fn a_browser_that_somebody_else_started_is_asked_for_its_mode() {
    let site = shop_with_advertiser();
    for wanted in ["block", "allow"] {
        let plan = format!("third_party_cookies = [\"{wanted}\"]");
        let (browser, ad) = in_modes(&site, &plan, &["--browser-url", shared_url()]);
        assert_eq!(browser["tried"], true);
        let modes = browser["third_party_cookies"].as_array().unwrap();
        // Whatever is wanted, it does as it does.
        let really = if ad[0].1 == "stored" { "allow" } else { "block" };
        assert_eq!((modes.len(), &modes[0]), (1, &Value::from(really)), "{ad:?}");
    }
}
