//! The browser engine against the installed Chromium.

use cookieproof::engine::browser::{Answer, BrowserEngine, BrowserSettings, Disguise, Patience, RunContext};
use cookieproof::engine::{Ask, Values};
use cookieproof::observation::{Cell, Channel, Consent, Engine, Phase, Resource, Sighting, StorageKind};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;
use url::Url;

const HOME: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: head=1; Path=/; HttpOnly\r\n\
    Set-Cookie: refused=1; SameSite=None\r\nConnection: close\r\n\r\n<!doctype html><title>x</title>\
    <div id=\"banner\" role=dialog>We use cookies <button onclick=\"document.cookie='consent=yes; path=/; max-age=31536000';\
    localStorage.setItem('consent','yes');document.getElementById('banner').remove()\">Accept all</button></div>\
    <script>document.cookie='script=2; path=/';localStorage.plain='x';fetch('/api')</script><a href=/next>next</a>";

/// A server that answers `/api` with a cookie on a redirect, everything else with the home page.
fn server() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                let answer = if head[..read].starts_with(b"GET /api2") {
                    "HTTP/1.1 200 OK\r\nSet-Cookie: second=1\r\nConnection: close\r\n\r\n{}"
                } else if head[..read].starts_with(b"GET /api") {
                    "HTTP/1.1 302 Found\r\nSet-Cookie: hop=1\r\nLocation: /api2\r\nConnection: close\r\n\r\n"
                } else {
                    HOME
                };
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    Url::parse(&url).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn headers_hops_scripts_and_storage_are_all_seen() {
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let run = RunContext {
        own: Arc::new(|url| url.host_str() == Some("localhost")),
        secrets: Default::default(),
        values: Values::default(),
        began: Instant::now(),
    };
    let context = engine.context(Disguise::default(), run).await.unwrap();
    let ask = Ask {
        cell: Cell {
            persona: "anonymous".into(),
            engine: Engine::Browser,
            consent: Consent::Untouched,
            phase: Phase::Crawl,
            repeat: 0,
        },
        url: server(),
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        started_by: None,
        within: None,
        resource: Resource::Document,
    };
    let page = context.page(&ask, Patience::default()).await.unwrap();
    assert!(page.banner(None).await.unwrap().shown);
    let answered = page.answer(Answer::Accept, None, None).await.unwrap();
    assert_eq!(answered.clicked.as_deref(), Some("accept all"));
    assert!(!page.banner(None).await.unwrap().shown);
    let rendered = page.finish().await;
    assert_eq!(rendered.visit.failure, None);
    let seen = |name: &str| -> &Sighting {
        rendered
            .visit
            .exchanges
            .iter()
            .flat_map(|exchange| &exchange.sightings)
            .chain(&rendered.visit.writes)
            .find(|sighting| sighting.name.to_string() == name && sighting.kind == StorageKind::Cookie)
            .unwrap_or_else(|| panic!("{name} was not seen"))
    };
    assert!(seen("head").written.http_only);
    assert!(seen("refused").decision.effective().is_none());
    assert_eq!(seen("refused").disagreement, None);
    assert_eq!((seen("hop").exchange.status, seen("second").exchange.hop), (302, 1));
    assert_eq!(seen("script").channel, Channel::DocumentCookie);
    assert_eq!(seen("consent").script.as_ref().map(|script| script.line), Some(1));
    let stored: Vec<String> = rendered
        .visit
        .writes
        .iter()
        .filter(|write| write.kind == StorageKind::LocalStorage)
        .map(|write| write.name.to_string())
        .collect();
    assert_eq!(stored, ["consent", "plain"]);
    assert_eq!(rendered.links.len(), 1);
    assert_eq!(context.cookies().await.len(), 5);
    context.close().await;
}
