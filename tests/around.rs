//! What a run asks for beside the pages that links lead to.

use super::support::hostile::{Answer, Hostile};
use super::support::look::{look_with, plan};
use cookieproof::config::Format;
use cookieproof::manifest;
use cookieproof::observation::{Consent, Phase, SkipReason};
use std::collections::BTreeSet;

fn site() -> Hostile {
    Hostile::http(|asked| match asked.route().as_str() {
        "GET /" => Answer::page(
            "",
            "<a href=/policy>Cookies</a> <a href=/secret>Secret</a> <img src=/logo.png>\
             <iframe src=http://third.localhost:9/></iframe>",
        ),
        "GET /policy" => Answer::page("", "<h1>Cookies</h1><p>We use <b>sid</b>.<a href=/gone>More</a>"),
        "GET /logo.png" => {
            Answer::status("200 OK", "Content-Type: image/png\r\nSet-Cookie: pixel=1\r\n", "x")
        }
        "GET /robots.txt" => {
            Answer::status("200 OK", "Content-Type: text/plain\r\n", "User-agent: *\nDisallow: /secret\n")
        }
        "GET /sitemap.xml" => {
            let page = format!("http://{}/hidden", asked.header("host").unwrap());
            Answer::status(
                "200 OK",
                "Content-Type: application/xml\r\n",
                &format!("<urlset><url><loc>{page}</loc></url></urlset>"),
            )
        }
        "GET /hidden" if asked.cookie("choice").is_some() => {
            Answer::page("Set-Cookie: tracked=1\r\n", "Hidden")
        }
        "GET /hidden" => Answer::page("", "Hidden"),
        _ => {
            Answer::status("404 Not Found", "Content-Type: text/html\r\nSet-Cookie: lost=1; Path=/\r\n", "no")
        }
    })
}

const MANIFEST: &str = r#"
[site]
name = "App"
policy_url = "/policy"
[pages]
here = ["/declared"]
[[links]]
url = "/gone"
"#;

#[test]
fn robots_sitemaps_policy_links_parts_and_recorded_choices() {
    let app = site();
    let (manifest, problems) = manifest::read(MANIFEST, "cookies.toml", Format::Toml);
    let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
    let text = "[pages]\nassets = true\n[[consent]]\nstate = \"accepted\"\ncookie = \"choice=all\"";
    let seen = look_with(&plan(&app, text), Some(&manifest));
    let asked: BTreeSet<String> = app.asked().iter().map(|asked| asked.target.clone()).collect();
    for page in ["/robots.txt", "/sitemap.xml", "/hidden", "/declared", "/favicon.ico", "/logo.png"] {
        assert!(asked.contains(page), "{page} of {asked:#?}");
    }
    assert!(!asked.contains("/secret"));
    let skipped = seen.scan.coverage.skipped.iter().find(|skipped| skipped.reason == SkipReason::Robots);
    assert!(skipped.is_some_and(|skipped| skipped.example.as_str().ends_with("/secret")));

    let policy = seen.scan.policy.as_ref().unwrap();
    assert_eq!(policy.text, "Cookies\nWe use sid.More\n");
    assert_eq!(policy.linked_from, BTreeSet::from(["127.0.0.1".to_owned()]));
    assert_eq!(seen.scan.links[0].status, Some(404));

    assert_eq!(seen.cookies("anonymous", Phase::Crawl), ["lost", "pixel", "tracked"]);
    let tracked = seen.scan.observations.iter().find(|seen| seen.name.to_string() == "tracked").unwrap();
    assert!(tracked.groups.iter().all(|group| group.example.cell.consent == Consent::Accepted));
    let third = seen.scan.contacts.iter().find(|contact| contact.host == "third.localhost");
    assert!(third.is_some_and(|contact| contact.fetched), "frames of others are fetched, not crawled");
}

#[test]
fn without_parts_third_parties_are_only_mentioned() {
    let seen = look_with(&plan(&site(), ""), None);
    let third = seen.scan.contacts.iter().find(|contact| contact.host == "third.localhost").unwrap();
    assert!(!third.fetched);
    assert_eq!(seen.cookies("anonymous", Phase::Crawl), ["lost"], "from the page that does not exist");
}

#[test]
fn a_link_in_an_http_mailbox() {
    let mailbox = Hostile::http(|asked| {
        let json = |text: &str| Answer::status("200 OK", "Content-Type: application/json\r\n", text);
        match asked.target.as_str() {
            // Empty before the login, then with one mail.
            "/api/v1/messages" if asked.earlier == 0 => json(r#"{"messages":[]}"#),
            "/api/v1/messages" => json(r#"{"messages":[{"ID":"m1"}]}"#),
            _ => json(r#"{"To":[{"Address":"ann@example.test"}],"HTML":"","Text":"Go to /magic at MAGIC"}"#),
        }
    });
    let app = Hostile::http(|asked| match asked.route().as_str() {
        "GET /login" => Answer::page("", "<form method=post><input name=email></form>"),
        _ => Answer::page("", "<p>x"),
    });
    let text = format!(
        "[personas.member]\nlogin = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ email = \"a\" }} }} }}, \
         {{ mail_link = {{ mailbox = \"{}\", timeout = \"300ms\" }} }}]\n\
         logged_in_when = {{ url = \"/account\", selector = \"#user\" }}\n",
        mailbox.url("/")
    );
    let why = look_with(&plan(&app, &text), None).reached("member");
    assert!(
        why.contains("1 new mails came within 0 s, none to the right address with the right link"),
        "{why}"
    );
    assert!(mailbox.asked().iter().any(|asked| asked.target == "/api/v1/message/m1"));
    assert!(mailbox.asked().iter().all(|asked| asked.header("cookie").is_none()));
}
