//! Visits of the HTTP engine: what a browser's session would be after them, and what is told.

use crate::support::hostile::{Answer, Asked, Hostile, TestCa, refused};
use cookieproof::cookie::{Decision, Reason, ThirdPartyCookies};
use cookieproof::engine::{Ask, EngineContext, HttpEngine, HttpSettings, Session, Visit};
use cookieproof::observation::{
    Cell, Channel, Consent, Engine, FailureKind, Party, Phase, Resource, Sighting,
};
use cookieproof::transport::{Transport, TransportSettings};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// A visitor of `site.localhost`.
struct Visitor {
    engine: HttpEngine,
    session: Session,
}

fn visitor() -> Visitor {
    trusting(&[])
}

fn trusting(ca: &[&TestCa]) -> Visitor {
    let extra_ca = ca.iter().map(|ca| ca.pem.clone().into_bytes()).collect();
    let transport = Transport::new(TransportSettings { extra_ca, ..TransportSettings::default() }).unwrap();
    of_site(transport, &Url::parse("http://site.localhost/").unwrap())
}

fn of_site(transport: Transport, base: &Url) -> Visitor {
    let context = EngineContext::new(Arc::new(cookieproof::observation::Site::of_url(base)));
    let settings = HttpSettings { first_wait: Duration::from_millis(10), ..HttpSettings::new(context) };
    Visitor { engine: HttpEngine::new(transport, settings), session: Session::default() }
}

impl Visitor {
    async fn open(&mut self, url: Url) -> Visit {
        self.ask(Ask::page(cell(), url)).await
    }

    async fn ask(&mut self, ask: Ask) -> Visit {
        self.engine.visit(&mut self.session, &ask).await
    }

    fn jar(&self) -> Vec<String> {
        self.session.jar.iter().map(|cookie| cookie.name.to_string()).collect()
    }
}

fn cell() -> Cell {
    Cell {
        persona: "anonymous".into(),
        engine: Engine::Http,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 0,
        third_party: None,
    }
}

fn post(url: Url, body: &str) -> Ask {
    Ask {
        method: "POST".into(),
        headers: vec![("Content-Type".into(), b"application/x-www-form-urlencoded".to_vec())],
        body: Some(body.into()),
        started_by: Some(url.clone()),
        resource: Resource::Step,
        ..Ask::page(cell(), url)
    }
}

fn sightings(visit: &Visit) -> Vec<&Sighting> {
    visit.exchanges.iter().flat_map(|exchange| &exchange.sightings).collect()
}

/// `name: stored` and so on, in order.
fn decisions(visit: &Visit) -> Vec<String> {
    let words = |sighting: &&Sighting| {
        let decision = match &sighting.decision {
            Decision::Stored { .. } => "stored".to_owned(),
            Decision::Replaced { .. } => "replaced".to_owned(),
            Decision::Deleted { .. } => "deleted".to_owned(),
            Decision::Rejected { reasons } => {
                format!(
                    "rejected, {}",
                    reasons.iter().map(|reason| reason.name()).collect::<Vec<_>>().join(" ")
                )
            }
        };
        format!("{}: {decision}", sighting.name)
    };
    sightings(visit).iter().map(words).collect()
}

fn failure(visit: &Visit) -> (FailureKind, String) {
    let failed = visit.failure.clone().unwrap();
    (failed.kind, failed.detail)
}

/// The site: answers by path.
fn site(answer: impl Fn(&str, &Asked) -> Answer + Send + Sync + 'static) -> (Hostile, impl Fn(&str) -> Url) {
    let server = Hostile::http(move |asked| answer(&asked.target, asked));
    let port = server.address.port();
    (server, move |path| Url::parse(&format!("http://site.localhost:{port}{path}")).unwrap())
}

#[tokio::test]
async fn a_cookie_set_on_one_hop_is_sent_on_the_next_and_each_is_told_with_where_it_ended() {
    let (server, url) = site(|path, _| match path {
        "/login?token=geheim" => {
            Answer::redirect("302 Found", "/in", "Set-Cookie: session=hush-hush; Path=/\r\n")
        }
        "/in" => Answer::redirect("302 Found", "/dashboard", "Set-Cookie: hop=1; Max-Age=5\r\n"),
        _ => Answer::page("Set-Cookie: hop=; Max-Age=0\r\nSet-Cookie: never=; Max-Age=0\r\n", "<p>hello"),
    });
    let mut visitor = visitor();
    let visit = visitor.open(url("/login?token=geheim")).await;
    let sent: Vec<_> = server.asked().iter().map(|asked| asked.header("cookie").map(str::to_owned)).collect();
    let both = Some("session=hush-hush; hop=1".to_owned());
    assert_eq!(sent, [None, Some("session=hush-hush".to_owned()), both]);
    assert_eq!(
        decisions(&visit),
        ["session: stored", "hop: stored", "hop: deleted", "never: rejected, already_expired"]
    );
    assert_eq!(
        (visit.status, visit.shown.path(), visit.body.as_slice()),
        (200, "/dashboard", &b"<p>hello"[..])
    );
    assert_eq!(visitor.jar(), ["session"]);

    let first = sightings(&visit)[0];
    assert_eq!(first.line, "session=\u{2039}9 bytes\u{203a}; Path=/");
    assert_eq!(first.page.shown.as_ref().unwrap().as_str(), url("/dashboard").as_str());
    assert_eq!((first.exchange.hop, first.exchange.status, first.party), (0, 302, Party::First));
    let told = format!("{:?}", (sightings(&visit), &visit.failure));
    assert!(!told.contains("hush-hush"));
    let sent: Vec<_> = visit.exchanges[2].sent.iter().map(|cookie| cookie.name.to_string()).collect();
    assert_eq!(sent, ["session", "hop"]);
}

#[tokio::test]
async fn redirects_change_the_method_as_in_the_fetch_standard() {
    for (status, then) in [
        ("301 Moved", "GET"),
        ("302 Found", "GET"),
        ("303 See Other", "GET"),
        ("307 Same", "POST"),
        ("308 Same", "POST"),
    ] {
        let (server, url) = site(move |path, _| match path {
            "/form" => Answer::redirect(status, "/done", ""),
            _ => Answer::page("", ""),
        });
        visitor().ask(post(url("/form"), "a=1")).await;
        let second = &server.asked()[1];
        let body: &[u8] = if then == "POST" { b"a=1" } else { b"" };
        assert_eq!((second.method.as_str(), second.body.as_slice()), (then, body), "{status}");
        assert_eq!(second.header("content-type").is_some(), then == "POST", "{status}");
    }
}

#[tokio::test]
async fn loops_are_noticed_and_checks_for_cookies_are_none() {
    let (server, url) = site(|path, asked| match (path, asked.header("cookie")) {
        ("/check", None) => Answer::redirect("302 Found", "/check", "Set-Cookie: seen=1\r\n"),
        ("/check", Some(_)) => Answer::page("", "in"),
        ("/loop", _) => {
            Answer::redirect("302 Found", "/loop", "Set-Cookie: bad=1; Domain=elsewhere.test\r\n")
        }
        _ => Answer::redirect("302 Found", &format!("/{}", asked.earlier), ""),
    });
    assert_eq!(visitor().open(url("/check")).await.body, b"in");
    let visit = visitor().open(url("/loop")).await;
    let detail = format!("{} redirects to itself in a loop", url("/loop"));
    assert_eq!(failure(&visit), (FailureKind::RedirectLoop, detail));
    assert_eq!(decisions(&visit)[0], "bad: rejected, InvalidDomain");
    let before = server.asked().len();
    assert_eq!(failure(&visitor().open(url("/onward")).await).0, FailureKind::TooManyRedirects);
    assert_eq!(server.asked().len() - before, 21);
}

#[tokio::test]
async fn a_redirect_to_another_application_ends_the_visit() {
    let (_, url) = site(|_, _| Answer::redirect("302 Found", "app://open", "Set-Cookie: a=1\r\n"));
    let visit = visitor().open(url("/")).await;
    assert_eq!((visit.status, visit.failure.is_none(), visit.shown.path()), (302, true, "/"));
    assert_eq!(decisions(&visit), ["a: stored"]);
    let (_, url) = site(|_, _| Answer::redirect("302 Found", "http://[", ""));
    assert_eq!(failure(&visitor().open(url("/")).await).1, "it redirects to an address that is no URL");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    let busy = |wait: &str| {
        Answer::status("503 Busy", &format!("Retry-After: {wait}\r\nSet-Cookie: wait=1\r\n"), "")
    };
    let (server, url) = site(move |path, asked| match path {
        "/soon" if asked.earlier == 0 => busy("1"),
        "/soon" => Answer::page("", "here"),
        "/later" => busy("3600"),
        _ => busy("0"),
    });
    let began = Instant::now();
    let visit = visitor().open(url("/soon")).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!((visit.body.as_slice(), visit.exchanges.len()), (&b"here"[..], 2));
    assert_eq!(decisions(&visit), ["wait: stored"]);

    let visit = visitor().open(url("/never")).await;
    let words = "site.localhost answered 503 (tried 3 times)";
    assert_eq!(failure(&visit), (FailureKind::ServerError, words.to_owned()));
    assert_eq!(server.asked().len(), 5);

    let visit = visitor().open(url("/later")).await;
    let words = "site.localhost answered 503 and asks to come back in 3600 s";
    assert_eq!(failure(&visit), (FailureKind::RateLimited, words.to_owned()));
    visitor().ask(post(url("/never"), "a=1")).await;
    assert_eq!(server.asked().len(), 7);
}

#[tokio::test]
async fn a_connection_that_fails_is_tried_again_where_that_does_no_harm() {
    let (server, url) = site(|_, asked| match asked.earlier {
        0 => Answer::default(),
        _ => Answer::page("", "here"),
    });
    let visit = visitor().open(url("/")).await;
    let statuses: Vec<_> = visit.exchanges.iter().map(|exchange| exchange.at.status).collect();
    assert_eq!((visit.body.as_slice(), statuses), (&b"here"[..], vec![0, 200]));

    let (dead, url) = site(|_, _| Answer::default());
    assert_eq!(failure(&visitor().ask(post(url("/"), "a=1")).await).0, FailureKind::Connect);
    assert_eq!((server.asked().len(), dead.asked().len()), (2, 1));

    let port = refused().port();
    let nobody = Url::parse(&format!("http://site.localhost:{port}/?token=geheim")).unwrap();
    let words = format!("site.localhost:{port} refuses connections (tried 3 times)");
    assert_eq!(failure(&visitor().ask(post(nobody, "a=1")).await), (FailureKind::Refused, words));
}

#[tokio::test]
async fn headers_of_the_plan_never_reach_strangers() {
    let (server, url) = site(|path, asked| match path {
        "/out" => {
            let port =
                asked.header("host").unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
            Answer::redirect("307 Elsewhere", &format!("http://other.localhost:{port}/"), "")
        }
        _ => Answer::page("Set-Cookie: foreign=1\r\n", ""),
    });
    let mut visitor = of_site(Transport::new(TransportSettings::default()).unwrap(), &url("/"));
    visitor.session.own_headers = vec![("Authorization".into(), b"Bearer geheim".to_vec())];
    let token = ("X-Token".to_owned(), b"geheim".to_vec());
    let mut ask = Ask { resource: Resource::Step, ..Ask::page(cell(), url("/out")) };
    ask.headers.push(token.clone());
    let visit = visitor.ask(ask).await;
    let asked = server.asked();
    for (name, own) in [("authorization", "Bearer geheim"), ("x-token", "geheim")] {
        assert_eq!((asked[0].header(name), asked[1].header(name)), (Some(own), None));
    }
    assert_eq!(sightings(&visit)[0].party, Party::Third);

    // What was filled in is not sent to a stranger at all.
    let mut ask = post(url("/out"), "a=1");
    ask.headers.push(token);
    let (kind, why) = failure(&visitor.ask(ask).await);
    assert_eq!((kind, server.asked().len()), (FailureKind::Other, 3));
    assert!(why.contains("it was not sent there"), "{why}");
}

/// A request's headers by name, as far as they were sent.
fn shows(asked: &Asked, names: &[&str]) -> Vec<String> {
    names.iter().filter_map(|name| Some(format!("{name}: {}", asked.header(name)?))).collect()
}

#[tokio::test]
async fn requests_look_like_a_browsers() {
    let (server, url) = site(|_, _| Answer::page("", ""));
    let port = server.address.port();
    let page = url("/page?q#part");
    let elsewhere = Url::parse(&format!("http://other.localhost:{port}/deep/page")).unwrap();
    let fetch = Ask {
        method: "POST".into(),
        body: Some(b"{}".to_vec()),
        ..Ask::part(cell(), url("/api"), page.clone(), Resource::Fetch)
    };
    let asks = [
        Ask::page(cell(), page.clone()),
        Ask { started_by: Some(page.clone()), ..Ask::page(cell(), url("/next")) },
        Ask { started_by: Some(elsewhere.clone()), ..Ask::page(cell(), url("/next")) },
        Ask { started_by: Some(page.clone()), ..post(url("/form"), "a=1") },
        fetch,
        Ask::part(cell(), url("/picture"), elsewhere, Resource::Image),
    ];
    let mut visitor = visitor();
    for ask in asks {
        visitor.ask(ask).await;
    }
    let names = ["Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Origin", "Referer"];
    let shown: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| shows(asked, &names).join(" | ").replace(&port.to_string(), "1"))
        .collect();
    assert_eq!(
        shown,
        [
            "Sec-Fetch-Site: none | Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document",
            "Sec-Fetch-Site: same-origin | Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document | Referer: http://site.localhost:1/page?q",
            "Sec-Fetch-Site: cross-site | Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document | Referer: http://other.localhost:1/",
            "Sec-Fetch-Site: same-origin | Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document | Origin: http://site.localhost:1 | Referer: http://site.localhost:1/page?q",
            "Sec-Fetch-Site: same-origin | Sec-Fetch-Mode: cors | Sec-Fetch-Dest: empty | Origin: http://site.localhost:1 | Referer: http://site.localhost:1/page?q",
            "Sec-Fetch-Site: cross-site | Sec-Fetch-Mode: no-cors | Sec-Fetch-Dest: image | Referer: http://other.localhost:1/",
        ]
    );
}

#[tokio::test]
async fn from_https_nothing_is_told_to_plain_http() {
    let (server, _) = site(|_, _| Answer::page("", ""));
    let mut settings = TransportSettings::default();
    settings.resolve.insert("plain.test".into(), server.address);
    let engine = HttpEngine::new(
        Transport::new(settings).unwrap(),
        HttpSettings::new(EngineContext::new(Arc::new(cookieproof::observation::Site::of_url(
            &Url::parse("http://plain.test/").unwrap(),
        )))),
    );
    let secure = Url::parse("https://plain.test/page").unwrap();
    let ask = Ask { started_by: Some(secure), ..post(Url::parse("http://plain.test/").unwrap(), "a=1") };
    engine.visit(&mut Session::default(), &ask).await;
    let asked = &server.asked()[0];
    let names = ["Origin", "Referer", "Sec-Fetch-Site", "Host"];
    assert_eq!(shows(asked, &names), ["Origin: null", "Host: plain.test"]);
}

#[tokio::test]
async fn what_a_browser_refuses_as_a_whole_leaves_no_cookie() {
    let (_, url) = site(|_, _| {
        Answer::raw("HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\0\r\n\r\n")
    });
    let mut visitor = visitor();
    let visit = visitor.open(url("/")).await;
    assert_eq!(decisions(&visit), ["a: rejected, response_refused", "b: rejected, response_refused"]);
    assert!(visitor.jar().is_empty());
    let words = "a browser refuses the answer of site.localhost: there is a NUL byte in its head";
    assert_eq!(failure(&visit), (FailureKind::UnreadableHead, words.to_owned()));
}

#[tokio::test]
async fn cookies_with_odd_bytes_are_seen_and_judged() {
    let (_, url) = site(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=\x01\r\nSet-Cookie: b=\xe9\xff\r\nSet-Cookie: c=1\rjunk\r\n\r\n";
        Answer::raw(head)
    });
    let visit = visitor().open(url("/")).await;
    assert_eq!(decisions(&visit), ["a: rejected, DisallowedCharacter", "b: stored", "c: stored"]);
    assert!(sightings(&visit).iter().all(|sighting| sighting.channel == Channel::TolerantHeader));
}

#[tokio::test]
async fn equal_values_are_known_again_and_never_kept() {
    let (_, url) =
        site(|_, _| Answer::page("Set-Cookie: a=5f0c\r\nSet-Cookie: b=6e1d\r\nSet-Cookie: c=5f0c\r\n", ""));
    let visit = visitor().open(url("/")).await;
    let identities: Vec<_> = sightings(&visit).iter().map(|sighting| sighting.value.identity).collect();
    assert_eq!(identities, [1, 2, 1]);
}

#[tokio::test]
async fn a_bot_wall_is_called_one_and_its_cookies_are_seen() {
    let (server, url) = site(|_, _| {
        let lines = "cf-mitigated: challenge\r\nSet-Cookie: __cf_bm=x; HttpOnly\r\n";
        Answer::status("503 Service Unavailable", lines, "<title>Just a moment...</title>")
    });
    let visit = visitor().open(url("/")).await;
    let words = "site.localhost answered 503 with a bot wall (Cloudflare) instead of the page";
    assert_eq!(failure(&visit), (FailureKind::BotWall, words.to_owned()));
    assert_eq!(
        (decisions(&visit).as_slice(), server.asked().len()),
        (&["__cf_bm: stored".to_owned()][..], 1)
    );
}

#[tokio::test]
async fn secure_cookies_need_https_and_lax_ones_the_site() {
    let ca = TestCa::new();
    let lines = "Set-Cookie: __Host-s=1; Secure; Path=/\r\nSet-Cookie: x=1; SameSite=None\r\n";
    let server =
        Hostile::https(&ca, &["site.localhost", "other.localhost"], move |_| Answer::page(lines, ""));
    let page = server.url_as("https", "site.localhost", "/");
    let mut visitor = trusting(&[&ca]);
    visitor.session.third_party = ThirdPartyCookies::Allow;
    let visit = visitor.open(page.clone()).await;
    assert_eq!(decisions(&visit), ["__Host-s: stored", "x: rejected, SameSiteNoneInsecure"]);
    let there = server.url_as("https", "other.localhost", "/");
    let visit = visitor.ask(Ask::part(cell(), there, page, Resource::Image)).await;
    let Decision::Rejected { reasons } = &sightings(&visit)[0].decision else { panic!("{visit:?}") };
    assert!(reasons.contains(&Reason::SchemefulSameSiteUnspecifiedTreatedAsLax), "{reasons:?}");
    assert_eq!((sightings(&visit)[0].party, &sightings(&visit)[0].page.shown), (Party::Third, &None));
}

#[tokio::test]
async fn a_visit_may_be_dropped_and_what_it_received_stays() {
    let (_, url) = site(|path, _| match path {
        "/" => Answer::redirect("302 Found", "/slow", "Set-Cookie: a=1\r\n"),
        _ => Answer::default().then_wait(Duration::from_secs(5)),
    });
    let mut visitor = visitor();
    let ended = tokio::time::timeout(Duration::from_millis(500), visitor.open(url("/"))).await;
    assert!(ended.is_err());
    assert_eq!(visitor.jar(), ["a"]);
}

#[tokio::test]
async fn a_page_over_the_limit_is_there_up_to_it() {
    let (_, url) = site(|_, _| {
        Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\n\r\n")
            .then_for_ever("x".repeat(999))
    });
    let visit = visitor().open(url("/")).await;
    let words = "the body is longer than 4096 KiB; only its beginning was read";
    assert_eq!(failure(&visit), (FailureKind::BodyTooLarge, words.to_owned()));
    assert_eq!((decisions(&visit).as_slice(), visit.body.len()), (&["a: stored".to_owned()][..], 4 << 20));
}

#[tokio::test]
async fn memory_has_bounds_whatever_a_site_sets() {
    let long = format!("Set-Cookie: {}=1; Path=/{}\r\n", "n".repeat(99_000), "p".repeat(99_000));
    let many = "Set-Cookie:a\r\n".repeat(4_000);
    let (server, url) = site(move |path, _| match path {
        "/long" => Answer::page(&long, ""),
        _ => Answer::redirect("302 Found", &format!("{path}x"), &many),
    });
    let visit = visitor().open(url("/long")).await;
    assert_eq!(sightings(&visit)[0].name.as_bytes().len(), 8192);
    assert!(sightings(&visit)[0].line.len() < 9000);
    let visit = visitor().open(url("/many")).await;
    let words = "more than 10000 Set-Cookie lines on the way";
    assert_eq!(failure(&visit), (FailureKind::TooManyRedirects, words.to_owned()));
    assert_eq!(server.asked().iter().filter(|asked| asked.target.starts_with("/many")).count(), 6);
}
