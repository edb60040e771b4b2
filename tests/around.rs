//! What a run asks for beside the pages that links lead to.

use super::support::hostile::{Answer, Hostile, refused};
use super::support::look::{Seen, look_with, plan};
use cookieproof::config::Format;
use cookieproof::manifest;
use cookieproof::observation::{Consent, Phase, SkipReason};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

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

/// The notes of the coverage, with the application's address as `APP`.
fn notes(seen: &Seen, app: &Hostile) -> Vec<String> {
    let origin = app.url("/").to_string();
    let notes = seen.scan.coverage.notes.iter();
    notes.map(|note| note.replace(origin.trim_end_matches('/'), "APP")).collect()
}

fn xml(text: &str) -> Answer {
    Answer::status("200 OK", "Content-Type: application/xml\r\n", text)
}

#[test]
fn sitemaps_that_were_not_read_are_in_the_coverage() {
    let packed = |inflated: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"<urlset><url><loc>/-in-the-bomb</loc></url>").unwrap();
        packed.write_all(&vec![b' '; inflated]).unwrap();
        packed.finish().unwrap()
    };
    let bomb = packed(51 << 20);
    let app = Hostile::http(move |asked| match asked.target.as_str() {
        "/robots.txt" => {
            let named = ["gone.xml", "page.xml", "index.xml", "bomb.xml.gz", "broken.xml"];
            let named = named.map(|name| format!("Sitemap: /{name}\n")).concat();
            Answer::status(
                "200 OK",
                "Content-Type: text/plain\r\n",
                &format!("Sitemap: http://elsewhere.localhost/map.xml\n{named}"),
            )
        }
        "/page.xml" => Answer::page("", "<!doctype html><p>hello"),
        "/bomb.xml.gz" => {
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: {}\r\n\r\n", bomb.len());
            Answer::raw(head).then(&bomb)
        }
        "/broken.xml" => Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<urlset>"),
        "/index.xml" => {
            let parts = (0..60).map(|n| format!("<sitemap><loc>/part-{n}.xml</loc></sitemap>"));
            xml(&format!("<sitemapindex>{}</sitemapindex>", parts.collect::<String>()))
        }
        part if part.starts_with("/part-") => xml("<urlset><url><loc>/-from-a-part</loc></url></urlset>"),
        "/" => Answer::page("", "hello"),
        _ => Answer::status("404 Not Found", "", "no"),
    });
    let seen = look_with(&plan(&app, "[pages]\nfollow = [\"/-*\"]"), None);
    assert_eq!(
        notes(&seen, &app),
        [
            "the sitemap http://elsewhere.localhost/map.xml is on a host that is not the site's: pages that only it \
             lists were not looked at",
            "the sitemap APP/gone.xml was not to be had (it answered 404): pages that only it lists were not looked at",
            "the sitemap APP/page.xml was not read as a whole (an HTML page, not a sitemap): pages that only the rest \
             lists were not looked at",
            "the sitemap APP/bomb.xml.gz was not read as a whole (only its first 50 MiB were read): pages that only \
             the rest lists were not looked at",
            "the sitemap APP/broken.xml was not read as a whole (the body broke off; only its beginning was read): \
             pages that only the rest lists were not looked at",
            "there are more than 50 sitemaps: pages that only the rest lists were not looked at",
        ]
    );
    let asked: BTreeSet<String> = app.asked().iter().map(|asked| asked.target.clone()).collect();
    assert!(asked.contains("/-in-the-bomb") && asked.contains("/-from-a-part"), "{asked:?}");
}

/// Where so many requests meet before any of them is answered.
#[derive(Default)]
struct Meeting {
    came: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    /// Whether as many came in time.
    fn of(&self, all: usize) -> bool {
        let mut came = self.came.lock().unwrap();
        *came += 1;
        self.changed.notify_all();
        let wait = self.changed.wait_timeout_while(came, Duration::from_secs(10), |came| *came < all);
        !wait.unwrap().1.timed_out()
    }
}

#[test]
fn what_does_not_depend_on_each_other_is_asked_for_at_the_same_time() {
    let (files, usual) = (Meeting::default(), Meeting::default());
    let app = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page("", "hello"),
        "/robots.txt" => Answer::status("404 Not Found", "", "no"),
        "/sitemap.xml" => {
            let parts = (0..4).map(|n| format!("<sitemap><loc>/part-{n}.xml</loc></sitemap>"));
            xml(&format!("<sitemapindex>{}</sitemapindex>", parts.collect::<String>()))
        }
        part if part.starts_with("/part-") && files.of(4) => {
            xml(&format!("<urlset><url><loc>/page-of{}</loc></url></urlset>", part.replace(".xml", "")))
        }
        "/favicon.ico" if usual.of(2) => Answer::status("200 OK", "Set-Cookie: icon=1\r\n", ""),
        page if page.starts_with("/page-of") => Answer::page("", "hello"),
        page if page.starts_with("/cookieproof-asks") && usual.of(2) => {
            Answer::status("404 Not Found", "Set-Cookie: nowhere=1\r\n", "no")
        }
        _ => Answer::status("500 Oh", "", ""),
    });
    let limits =
        "[pages]\nassets = true\n[limits]\nretries = 0\nrate = \"unlimited\"\nrequest_timeout = \"15s\"";
    let seen = look_with(&plan(&app, limits), None);
    let asked: BTreeSet<String> = app.asked().iter().map(|asked| asked.target.clone()).collect();
    assert!((0..4).all(|n| asked.contains(&format!("/page-of/part-{n}"))), "{asked:?}");
    let names: BTreeSet<String> = seen.scan.observations.iter().map(|seen| seen.name.to_string()).collect();
    assert_eq!(names, BTreeSet::from(["icon".to_owned(), "nowhere".to_owned()]));
}

#[test]
fn a_site_without_a_sitemap_is_not_blamed_for_it() {
    for answer in [Answer::page("", "<!doctype html><p>hello"), Answer::status("404 Not Found", "", "no")] {
        let app = Hostile::always(answer);
        assert_eq!(notes(&look_with(&plan(&app, ""), None), &app), [""; 0]);
    }
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/sitemap.xml" => Answer::status("500 Oh", "", ""),
        _ => Answer::page("", "hello"),
    });
    let notes = notes(&look_with(&plan(&app, ""), None), &app);
    assert!(notes[0].starts_with("the sitemap APP/sitemap.xml was not to be had"), "{notes:?}");
}

#[test]
fn a_crawl_delay_that_shaped_the_run_is_said() {
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/robots.txt" => Answer::status("200 OK", "", "User-agent: *\nCrawl-delay: 0.2\n"),
        "/" => Answer::page("", "hello"),
        _ => Answer::status("404 Not Found", "", "no"),
    });
    let said = "APP/robots.txt asks for 0.2 s between two requests (Crawl-delay): the run waited 0.2 s";
    for (plan_says, expected) in [
        ("[limits]\nrate = \"unlimited\"", vec![said]),
        ("[limits]\nrate = 4", vec![]),
        ("robots = \"ignore\"\n[limits]\nrate = \"unlimited\"", vec![]),
    ] {
        assert_eq!(notes(&look_with(&plan(&app, plan_says), None), &app), expected, "{plan_says}");
    }
}

#[test]
fn a_redirect_to_nowhere_is_a_failure_of_the_page_asked_for() {
    let nowhere = format!("http://{}/x", refused());
    let to = nowhere.clone();
    let app = Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page("", "<a href=/out>x</a><a href=/round>y</a><a href=/down>z</a>"),
        "/out" => Answer::redirect("302 Found", &to, ""),
        "/round" => Answer::redirect("302 Found", "/round", ""),
        "/down" => Answer::redirect("302 Found", "/there", ""),
        "/there" => Answer::status("500 Oh", "", ""),
        _ => Answer::status("404 Not Found", "", "no"),
    });
    let seen = look_with(&plan(&app, "[limits]\nretries = 0"), None);
    let origin = app.url("/").to_string();
    let failed = seen.scan.coverage.failed.iter().map(|failed| {
        let text = format!("{} {}", failed.url, failed.detail.replace(&nowhere, "NOWHERE"));
        text.replace(origin.trim_end_matches('/'), "APP")
    });
    let failed: Vec<String> = failed.collect();
    assert_eq!(failed.len(), 3, "{failed:#?}");
    assert_eq!(failed[0], "APP/down it redirects to APP/there: 127.0.0.1 answered 500");
    assert!(failed[1].starts_with("APP/out it redirects to NOWHERE: "), "{failed:#?}");
    assert!(failed[2].starts_with("APP/round "), "{failed:#?}");
    let share = seen.scan.share(|_, url| !url.as_str().starts_with("NOWHERE"));
    assert_eq!((share.asked, share.failed), (3, 2), "{share}");
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
