//! The browser engine against the installed Chromium.

use crate::support::hostile::{self, Hostile};
use cookieproof::cookie::{Decision, Initiator, Jar, RequestContext, ThirdPartyCookies};
use cookieproof::engine::browser::{Answer, BrowserEngine, BrowserSettings, Identity, Patience};
use cookieproof::engine::{Ask, EngineContext};
use cookieproof::observation::{Cell, Channel, Consent, Engine, FailureKind, Phase, Sighting, StorageKind};
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const HOME: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: head=1; Path=/; HttpOnly\r\n\
    Set-Cookie: refused=1; SameSite=None\r\nConnection: close\r\n\r\n<!doctype html><title>x</title>\
    <div id=\"banner\" role=dialog>We use cookies <button onclick=\"document.cookie='consent=yes; path=/; max-age=31536000';\
    localStorage.setItem('consent','yes');document.getElementById('banner').remove()\">Accept all</button></div>\
    <script>document.cookie='script=2; path=/';localStorage.plain='x';fetch('/api')</script><a href=/next>next</a>";

/// Tells another host who is visiting: in a beacon of a blob, whose body DevTools leaves out, and in a
/// picture's address.
const TELLS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!doctype html><title>x</title>\
    <script>document.cookie='sid=7f9c2ba4e88f827d; path=/';const other='http://127.0.0.1:'+location.port;\
    navigator.sendBeacon(other+'/beacon',new Blob([JSON.stringify({who:'ann@example.test'})]));\
    new Image().src=other+'/pixel?s='+btoa('7f9c2ba4e88f827d')+'&t='+Date.now()</script>";

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
                let answer = if head[..read].starts_with(b"GET /tells") {
                    TELLS
                } else if head[..read].starts_with(b"GET /api2") {
                    "HTTP/1.1 200 OK\r\nSet-Cookie: second=1\r\nConnection: close\r\n\r\n{}"
                } else if head[..read].starts_with(b"GET /api") {
                    "HTTP/1.1 302 Found\r\nSet-Cookie: hop=1\r\nLocation: /api2\r\nConnection: close\r\n\r\n"
                } else {
                    HOME
                };
                let path = |path: &str| head[..read].starts_with(format!("GET {path} ").as_bytes());
                let answer = match HOSTILE.iter().find(|(hostile, _, _)| path(hostile)) {
                    Some((_, lines, body)) => {
                        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
                        // One character, one byte: a header may hold any.
                        format!("{head}{lines}\r\n{body}").chars().map(|c| c as u8).collect()
                    }
                    None => answer.as_bytes().to_vec(),
                };
                let _ = stream.write_all(&answer);
            });
        }
    });
    Url::parse(&url).unwrap()
}

fn run() -> EngineContext {
    EngineContext::new(Arc::new(cookieproof::observation::Site::of_url(
        &Url::parse("http://localhost/").unwrap(),
    )))
}

fn ask(url: Url) -> Ask {
    let cell = Cell {
        persona: "anonymous".into(),
        engine: Engine::Browser,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 0,
        third_party: None,
    };
    Ask::page(cell, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn headers_hops_scripts_and_storage_are_all_seen() {
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let context = engine.context(Identity::default(), run()).await.unwrap();
    let page = context.page(&ask(server()), Patience::default()).await.unwrap();
    assert!(page.banner(None).await.unwrap().shown);
    let answered = page.answer(&Answer::Accept, None).await.unwrap();
    assert_eq!(answered.clicked.as_deref(), Some("Accept all"));
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

/// Path, head lines and body of pages that misbehave.
const HOSTILE: &[(&str, &str, &str)] = &[
    ("/loop", "", "<script>document.cookie='before=1';while(true){}</script>"),
    ("/later", "", "<script>document.cookie='before=1';setTimeout(()=>{while(true){}},100)</script>"),
    ("/alert", "", "<script>document.cookie='before=1';for(let i=0;i<50;i++)alert(i)</script>"),
    (
        "/many",
        "",
        "<script>document.cookie='before=1';for(let i=0;i<10000;i++)document.cookie='c'+i+'=1'</script>",
    ),
    ("/popup", "", "<script>document.cookie='before=1';window.open('/other')</script>"),
    (
        "/unload",
        "",
        "<script>document.cookie='before=1';addEventListener('beforeunload',e=>{e.preventDefault();e.returnValue='x'})</script>",
    ),
    (
        "/quota",
        "",
        "<script>document.cookie='before=1';try{for(let i=0;;i++)localStorage['k'+i]='x'.repeat(100000)}catch{}</script>",
    ),
    (
        "/spoof",
        "",
        "<script>JSON.stringify=()=>{throw 1};Error=function(){throw 1};Reflect.apply=null;document.cookie='before=1'</script>",
    ),
    ("/bytes", "Set-Cookie: bad=\u{e9}\r\n", "<script>document.cookie='before=1'</script>"),
    (
        "/frame",
        "",
        "<script>document.cookie='before=1'</script><iframe srcdoc=\"<script>localStorage.inner='1'</script>\"></iframe>",
    ),
    (
        "/worker",
        "",
        "<script>document.cookie='before=1';new Worker(URL.createObjectURL(new Blob(['fetch(\"'+location.origin+'/api\")'])))</script>",
    ),
    ("/file", "Content-Disposition: attachment; filename=x.zip\r\n", ""),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pages_that_misbehave_neither_hang_nor_hide_what_they_did() {
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let quick =
        Patience { load: Duration::from_secs(4), late: Duration::from_millis(600), ..Patience::default() };
    let base = server();
    // Each by a visitor of its own.
    let visits = futures_util::stream::iter(HOSTILE).map(async |(path, _, _)| {
        let context = engine.context(Identity::default(), run()).await.unwrap();
        // Ten thousand writes take their time, and so do fifty dialogs.
        let long = Patience { load: Duration::from_secs(60), ..quick };
        let patience = if matches!(*path, "/many" | "/alert") { long } else { quick };
        let page = context.page(&ask(base.join(path).unwrap()), patience).await.unwrap();
        let rendered = page.finish().await;
        let seen = rendered.visit.writes.iter().any(|write| write.name.to_string() == "before");
        let failure = rendered.visit.failure.map_or("", |failed| match failed.kind {
            FailureKind::Timeout => "timeout",
            _ => "other",
        });
        let remarks = rendered.visit.remarks.join(", ");
        context.close().await;
        format!("{path} {} {failure}{remarks}", if seen { "seen" } else { "-" })
    });
    let told: Vec<String> = visits.buffered(3).collect().await;
    let expected = [
        "/loop seen timeout",
        "/later seen timeout",
        "/alert seen dialogs were opened and answered",
        "/many seen ",
        "/popup seen windows were opened; their addresses count as links",
        "/unload seen ",
        "/quota seen ",
        "/spoof seen ",
        "/bytes seen scripts read no cookie, since one holds bytes that are not UTF-8",
        "/frame seen ",
        "/worker seen ",
        "/file - a download was refused",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_missing_browser_says_how_to_get_one() {
    let settings =
        BrowserSettings { executable: Some("/nowhere/chromium".into()), ..BrowserSettings::default() };
    let error = BrowserEngine::start(&settings).await.err().unwrap();
    assert_eq!(error.message, "no browser at /nowhere/chromium");
    assert!(error.hint.contains("apt install chromium"), "{}", error.hint);
}

/// What a jar knows of each of its cookies.
fn described(jar: &Jar) -> Vec<String> {
    let mut lines: Vec<String> = jar
        .iter()
        .map(|cookie| {
            let kept = &cookie.effective;
            let value = String::from_utf8_lossy(cookie.value.reveal()).into_owned();
            format!(
                "{}={value} {} host-only {} {} secure {} http-only {} {:?} {:?} {:?} expires {:?}",
                cookie.name,
                kept.domain,
                kept.host_only,
                String::from_utf8_lossy(cookie.path()),
                kept.secure,
                kept.http_only,
                kept.same_site,
                kept.partition,
                kept.priority,
                cookie.expires.map(f64::round),
            )
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_jar_comes_back_from_the_browser_as_it_went_in() {
    let lines = [
        "plain=1",
        "__Host-a=1; Secure; Path=/",
        "__Secure-b=1; Secure; Domain=example.com",
        "lax=1; SameSite=Lax; HttpOnly",
        "strict=1; SameSite=Strict; Path=/deep/er",
        "none=1; SameSite=None; Secure",
        "domain=1; Domain=example.com; Max-Age=86400",
        "host=1; Max-Age=3600; Priority=High",
        "part=1; Secure; SameSite=None; Partitioned; Path=/",
        "__Host-part=1; Secure; SameSite=None; Partitioned; Path=/; HttpOnly",
        "empty=",
        "=nameless",
        "odd=a b\"c,d%20e=f; Priority=Low",
    ];
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let mut jar = Jar::default();
    let receive = |jar: &mut Jar, url: &str, initiator: Initiator, line: &str| {
        let context = RequestContext {
            url: Url::parse(url).unwrap(),
            initiator,
            third_party: ThirdPartyCookies::Allow,
            response_date: None,
            now: now.floor(),
        };
        let (_, decision) = jar.receive(line.as_bytes(), &context);
        assert!(matches!(decision, Decision::Stored { .. }), "{line}: {decision:?}");
    };
    for line in lines {
        receive(&mut jar, "https://app.example.com/deep/page", Initiator::Navigation, line);
    }
    // In a frame of another site.
    let top = Initiator::Subresource { top_url: Url::parse("https://top.test/").unwrap() };
    receive(&mut jar, "https://frame.test/", top, "framed=1; Secure; SameSite=None; Partitioned");
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let context = engine.context(Identity::default(), run()).await.unwrap();
    context.put(&jar).await.unwrap();
    let back = Jar::of(context.cookies().await);
    assert_eq!(described(&back), described(&jar));
    // And once more.
    let other = engine.context(Identity::default(), run()).await.unwrap();
    other.put(&back).await.unwrap();
    assert_eq!(described(&Jar::of(other.cookies().await)), described(&jar));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_others_are_looked_into() {
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let context = engine.context(Identity::default(), run()).await.unwrap();
    let page = context.page(&ask(server().join("/tells").unwrap()), Patience::default()).await.unwrap();
    let visit = page.finish().await.visit;
    // Which of two requests a busy browser sends first is nobody's promise.
    let told: BTreeSet<String> = visit
        .exchanges
        .iter()
        .flat_map(|exchange| {
            exchange.carried.iter().map(|one| format!("{} {}", exchange.url.path(), one.carried))
        })
        .collect();
    assert_eq!(
        told.iter().map(String::as_str).collect::<Vec<_>>(),
        ["/beacon an e-mail address in `who`", "/pixel the value of the cookie `sid` in `s` (in base64)"],
        "{visit:#?}"
    );
    let scripts = visit.exchanges.iter().filter_map(|exchange| exchange.script.as_ref());
    assert!(
        scripts.clone().count() > 0 && scripts.clone().all(|script| script.url.as_str().ends_with("/tells"))
    );
    context.close().await;
}

/// What an eye reads in a picture.
fn read_in(picture: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.png");
    std::fs::write(&file, picture).unwrap();
    let read = std::process::Command::new("tesseract").arg(&file).arg("-").output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8_lossy(&read.stdout).to_lowercase()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_picture_shows_neither_secrets_nor_who_is_logged_in() {
    let site = Hostile::always(hostile::Answer::page(
        "",
        "<!doctype html><body style='font:40px monospace'><p>Welcome, Ann@Example.Test</p><p>Your key: sesame-open-4711</p>\
         <p>Open sesame</p><p>Nothing here</p><div id=host></div>\
         <script>host.attachShadow({mode:'open'}).innerHTML='<b>sesame-open-4711</b>'</script>",
    ));
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let known = run();
    known.secrets.write().unwrap().add("sesame-open-4711");
    known.secrets.write().unwrap().add_visitor("ann@example.test");
    let context = engine.context(Identity::default(), known).await.unwrap();
    let url = site.url_as("http", "localhost", "/");
    let page = context.page(&ask(url), Patience::default()).await.unwrap();
    let picture = page.screenshot().await.unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    let read = read_in(&picture);
    assert!(read.contains("nothing here") && read.contains("open sesame"), "{read}");
    assert!(
        ["4711", "sesame-open", "ann@", "example.test"].iter().all(|told| !read.contains(told)),
        "{read}"
    );
    let html = page.html().await;
    assert!(html.contains("Nothing here"), "{html}");
    assert!(!html.contains("sesame-open-4711</p>") && !html.contains("Ann@"), "{html}");
    page.finish().await;
    context.close().await;
}
