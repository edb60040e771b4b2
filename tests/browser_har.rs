//! HAR files on request, through the binary: everything that was asked for, and no secret.

use super::support::command::Cookieproof;
use super::support::devtools::Chromium;
use super::support::hostile::{Answer, Hostile};
use serde_json::Value;

const SECRET: &str = "pl4nted0s3cret0v4lue0123456789";

/// A page that carries a secret wherever one can be.
fn site() -> Hostile {
    Hostile::http(|asked| match asked.route().as_str() {
        "GET /" => Answer::page(
            &format!("Set-Cookie: sid={SECRET}; Path=/\r\nX-Echo: {SECRET}\r\n"),
            &format!(
                "<script>fetch('/api?token={SECRET}',{{method:'POST',body:'password={SECRET}',headers:{{'X-Api-Key':'{SECRET}',\
                 'Authorization':'Bearer {SECRET}','Content-Type':'application/x-www-form-urlencoded'}}}})</script>"
            ),
        ),
        "POST /api" => {
            Answer::redirect("303 See Other", &format!("/end?token={SECRET}"), "Set-Cookie: hop=1\r\n")
        }
        _ => Answer::page("", "x"),
    })
}

#[test]
fn what_pages_ask_for_is_kept_as_har_without_any_secret() {
    let (site, folder) = (site(), tempfile::tempdir().unwrap());
    let url = site.url("/").to_string();
    let args = ["scan", &url, "--engine", "browser", "--rate", "0", "--quiet", "--har", "hars"];
    let chromium = Chromium::installed().unwrap().to_str().unwrap();
    Cookieproof::new(args).within(folder.path()).env("CHROME", chromium).run().code(0);
    let text = std::fs::read_to_string(folder.path().join("hars/anonymous-untouched.har")).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    let har: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().unwrap();
    let told: Vec<String> = entries
        .iter()
        .filter(|entry| entry["request"]["url"].as_str().is_some_and(|url| !url.ends_with("favicon.ico")))
        .map(|entry| {
            let (request, response) = (&entry["request"], &entry["response"]);
            let path =
                request["url"].as_str().unwrap().splitn(4, '/').nth(3).unwrap().split('?').next().unwrap();
            let set: Vec<&str> = response["cookies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|set| set["name"].as_str().unwrap())
                .collect();
            assert!(
                entry["pageref"] == "page_1" && entry["startedDateTime"].as_str().unwrap().starts_with("20")
            );
            format!(
                "{} /{path} {} {}",
                request["method"].as_str().unwrap(),
                response["status"],
                set.join(",")
            )
        })
        .collect();
    assert_eq!(told, ["GET / 200 sid", "POST /api 303 hop", "GET /end 200 "]);
    assert_eq!(entries[1]["_initiator"]["type"], "script");
}
