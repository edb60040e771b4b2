//! What a browser shows of a page that does everything a page can do to leave something behind: the
//! server's own list of what it set, and what scripts write by every way there is, must all be seen.

use super::support::hostile::{Answer, Asked, Hostile};
use cookieproof::cookie::ThirdPartyCookies;
use cookieproof::engine::browser::{
    BrowserContext, BrowserEngine, BrowserSettings, Identity, Patience, Rendered,
};
use cookieproof::engine::{Ask, EngineContext};
use cookieproof::observation::{Cell, Channel, Consent, Engine, Phase, Sighting, StorageKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A whole minute: none of these may come to an end by itself.
const LONG: Duration = Duration::from_secs(60);

const EVERYTHING: &str = r#"<!doctype html><title>x</title>
<link rel=stylesheet href=/style.css><img src=/image.png><img src=//b.localhost:PORT/image.png>
<iframe src=/frame.html></iframe><iframe src=//b.localhost:PORT/frame.html></iframe>
<script src=/cached.js></script><link rel=prefetch href=/prefetched.html>
<script type=speculationrules>{"prefetch":[{"urls":["/speculated.html"],"eagerness":"immediate"}]}</script>
<button id=near onclick="window.open('/popup.html')">x</button>
<button id=far onclick="window.open('//b.localhost:PORT/popup.html','_blank','noopener')">x</button>
<script>
const there = 'http://b.localhost:PORT', script = (src) => { const s = document.createElement('script'); s.src = src; document.head.append(s) };
fetch('/fetch'); fetch('/redirect'); fetch('/redirect?to=there', {mode: 'no-cors', credentials: 'include'});
{ const x = new XMLHttpRequest(); x.open('GET', '/xhr'); x.send() }
navigator.sendBeacon('/beacon', 'x'); navigator.sendBeacon(there + '/beacon', 'x');
fetch('/keepalive', {method: 'POST', keepalive: true});
new WebSocket('ws://' + location.host + '/socket'); new WebSocket('ws://b.localhost:PORT/socket');
new EventSource('/events');
fetch(there + '/cors', {credentials: 'include'}); fetch(there + '/opaque', {mode: 'no-cors', credentials: 'include'});
fetch(there + '/no-cors', {credentials: 'include'}).catch(() => 0);
fetch(there + '/preflight', {method: 'PUT', headers: {'x-y': '1'}, credentials: 'include'});
script(there + '/blocked.html'); new Image().src = there + '/blocked.json';
fetch('/endless'); fetch('/error'); fetch('/nothing');
new Worker('/worker.js'); new SharedWorker('/shared.js'); navigator.serviceWorker.register('/service.js');
new Worker(URL.createObjectURL(new Blob(["fetch('" + location.origin + "/from-blob');indexedDB.open('blob_db')"])));
addEventListener('load', () => fetch('/cached.js', {cache: 'no-cache'}));
navigator.serviceWorker.ready.then(() => setTimeout(() => { fetch('/through'); fetch('/made-up') }, 300));
addEventListener('pagehide', () => navigator.sendBeacon('/left', 'x'));
</script>"#;

const SCRIPTS: &[(&str, &str)] = &[
    (
        "/worker.js",
        "importScripts('/worker-import.js');fetch('/worker-fetch');indexedDB.open('worker_db');new Worker('/nested.js')",
    ),
    ("/nested.js", "fetch('/nested-fetch')"),
    ("/shared.js", "importScripts('/shared-import.js');fetch('/shared-fetch');indexedDB.open('shared_db')"),
    (
        "/service.js",
        "importScripts('/service-import.js');fetch('/service-fetch');addEventListener('install',()=>skipWaiting());\
         addEventListener('activate',e=>e.waitUntil(Promise.all([clients.claim(),cookieStore.set('by_service','1'),caches.open('service_cache')])));\
         addEventListener('fetch',e=>{if(e.request.url.endsWith('/through'))e.respondWith(fetch('/really'));\
         if(e.request.url.endsWith('/made-up'))e.respondWith(new Response('x',{headers:{'Set-Cookie':'made_up=1'}}))})",
    ),
    ("/cached.js", "1"),
];

const PAGES: &[(&str, &str)] = &[
    ("/frame.html", "<script>fetch('/frame-fetch');new Worker('/frame-worker.js')</script>"),
    (
        "/popup.html",
        "<script>fetch('/popup-fetch');document.cookie='by_popup=1; path=/; SameSite=None; Secure'</script>",
    ),
];

/// The name of the cookie that an answer sets: whose, for what, by which method.
fn cookie_of(asked: &Asked) -> String {
    let host = asked.header("host").unwrap_or_default();
    let site = host.split('.').next().unwrap_or_default();
    let route = asked.route();
    let (method, path) = route.split_once(' ').unwrap();
    let method = if matches!(method, "GET" | "POST") { "" } else { method };
    format!("{site}{}{method}", path.replace('/', "-"))
}

fn everything(asked: &Asked) -> Answer {
    let host = asked.header("host").unwrap_or_default().to_owned();
    let port = host.rsplit(':').next().unwrap_or_default().to_owned();
    let route = asked.route();
    let path = route.split_once(' ').unwrap().1;
    let cookie = format!("Set-Cookie: {}=value; Path=/; SameSite=None; Secure\r\n", cookie_of(asked));
    let origin = asked.header("origin").filter(|_| path != "/no-cors");
    let allow = origin.map_or(String::new(), |origin| {
        format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n\
             Access-Control-Allow-Headers: x-y\r\nAccess-Control-Allow-Methods: PUT\r\n"
        )
    });
    let lines = format!("{cookie}{allow}");
    let open = |status: &str, more: &str, body: &str| {
        Answer::raw(format!("HTTP/1.1 {status}\r\n{more}{lines}\r\n{body}")).then_wait(LONG)
    };
    match path {
        "/" => return Answer::page(&lines, &EVERYTHING.replace("PORT", &port)),
        "/socket" => {
            let key = derive_accept_key(asked.header("sec-websocket-key").unwrap_or_default().as_bytes());
            let upgrade =
                format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n");
            return open("101 Switching Protocols", &upgrade, "");
        }
        "/events" => return open("200 OK", "Content-Type: text/event-stream\r\n", "data: x\n\n"),
        "/endless" => return open("200 OK", "Content-Type: text/plain\r\nContent-Length: 999999\r\n", "x"),
        "/redirect" if asked.target.contains('?') => {
            return Answer::redirect("302 Found", &format!("http://b.localhost:{port}/redirected"), &lines);
        }
        "/redirect" => return Answer::redirect("302 Found", "/redirected", &lines),
        "/error" => return Answer::status("500 Internal Server Error", &lines, "x"),
        "/nothing" => return Answer::status("204 No Content", &lines, ""),
        "/cached.js" if asked.header("if-none-match").is_some() => {
            return Answer::status("304 Not Modified", &format!("ETag: \"x\"\r\n{lines}"), "");
        }
        _ => {}
    }
    let ends = |end: &str| path.ends_with(end);
    let script = SCRIPTS.iter().find(|(known, _)| *known == path).map_or("/**/", |(_, script)| script);
    let page = PAGES.iter().find(|(known, _)| *known == path).map_or("x", |(_, page)| page);
    match path {
        "/cached.js" => {
            let cached = "ETag: \"x\"\r\nCache-Control: no-cache\r\nContent-Type: text/javascript\r\n";
            Answer::status("200 OK", &format!("{cached}{lines}"), script)
        }
        _ if ends(".js") => Answer::status(
            "200 OK",
            &format!("Content-Type: text/javascript\r\nCache-Control: no-store\r\n{lines}"),
            script,
        ),
        _ if ends(".html") => Answer::page(&format!("Cache-Control: no-store\r\n{lines}"), page),
        _ if ends(".css") => Answer::status("200 OK", &format!("Content-Type: text/css\r\n{lines}"), ""),
        _ if ends(".json") => {
            Answer::status("200 OK", &format!("Content-Type: application/json\r\n{lines}"), "{}")
        }
        _ => Answer::status("200 OK", &format!("Content-Type: text/plain\r\n{lines}"), "x"),
    }
}

async fn engine(third_party: ThirdPartyCookies) -> BrowserEngine {
    BrowserEngine::start(&BrowserSettings { third_party, ..BrowserSettings::default() }).await.unwrap()
}

async fn visitor(engine: &BrowserEngine) -> BrowserContext {
    let run = EngineContext::new(Arc::new(cookieproof::observation::Site::of_url(
        &url::Url::parse("http://a.localhost/").unwrap(),
    )));
    engine.context(Identity::default(), run).await.unwrap()
}

fn ask(site: &Hostile, path: &str) -> Ask {
    let cell = Cell {
        persona: "anonymous".into(),
        engine: Engine::Browser,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 1,
        third_party: None,
    };
    Ask::page(cell, site.url_as("http", "a.localhost", path))
}

async fn look(context: &BrowserContext, site: &Hostile, path: &str) -> Rendered {
    let page = context.page(&ask(site, path), Patience::default()).await.unwrap();
    page.finish().await
}

fn names(rendered: &Rendered, kind: StorageKind) -> BTreeSet<String> {
    rendered.visit.sightings().filter(|seen| seen.kind == kind).map(|seen| seen.name.to_string()).collect()
}

#[track_caller]
fn seen<'a>(rendered: &'a Rendered, name: &str) -> &'a Sighting {
    let found = rendered.visit.sightings().find(|seen| seen.name.to_string() == name);
    found.unwrap_or_else(|| panic!("{name} was not seen"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cookie_of_every_answer_to_every_target_is_seen() {
    let engine = engine(ThirdPartyCookies::Allow).await;
    let context = visitor(&engine).await;
    let site = Hostile::http(everything);
    let page = context.page(&ask(&site, "/"), Patience::default()).await.unwrap();
    // An act of the visitor's opens one window.
    assert!(page.click("#near").await && page.click("#far").await);
    let rendered = page.finish().await;
    assert_eq!(rendered.visit.failure, None, "{:?}", rendered.visit.remarks);
    let names = names(&rendered, StorageKind::Cookie);
    let asked = site.asked();
    let set: BTreeSet<String> = asked.iter().map(cookie_of).collect();
    // The page did what it was written to do.
    for expected in [
        "a-",
        "a-style.css",
        "a-frame-fetch",
        "b-frame-fetch",
        "b-frame-worker.js",
        "a-cached.js",
        "a-prefetched.html",
        "a-speculated.html",
        "a-redirect",
        "a-redirected",
        "b-redirected",
        "b-beacon",
        "a-keepalive",
        "a-socket",
        "b-socket",
        "a-events",
        "b-no-cors",
        "b-opaque",
        "b-preflightOPTIONS",
        "b-preflightPUT",
        "b-blocked.html",
        "b-blocked.json",
        "a-endless",
        "a-error",
        "a-nothing",
        "a-worker-import.js",
        "a-worker-fetch",
        "a-nested-fetch",
        "a-shared-import.js",
        "a-shared-fetch",
        "a-service.js",
        "a-service-import.js",
        "a-service-fetch",
        "a-really",
        "a-from-blob",
        "a-popup-fetch",
        "b-popup-fetch",
    ] {
        assert!(
            set.contains(expected),
            "{expected} was never asked for: {set:?} {:?}",
            rendered.visit.remarks
        );
    }
    assert!(asked.iter().any(|asked| asked.header("if-none-match").is_some()), "nothing was asked for again");
    let missed: Vec<&String> = set.difference(&names).collect();
    assert_eq!(missed, [""; 0]);
    // Nor is there anything in the jar that was not seen, by its place and not by its name alone.
    let places: BTreeSet<_> = rendered.visit.sightings().filter_map(Sighting::place).collect();
    let jar = context.cookies().await;
    let unseen: Vec<String> = jar
        .iter()
        .filter(|cookie| !places.contains(&cookie.place()))
        .map(|cookie| cookie.name.to_string())
        .collect();
    assert_eq!(unseen, [""; 0]);
    assert!(!names.contains("made_up"), "no answer of a server");
    // What DevTools hides is told as what it is.
    let hidden: BTreeSet<String> = rendered
        .visit
        .sightings()
        .filter(|seen| seen.channel == Channel::Unexplained)
        .map(|seen| seen.name.to_string())
        .collect();
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    assert_eq!(hidden, ["a-service.js", "a-shared-fetch", "a-shared-import.js", "b-socket"]);
    assert!(rendered.visit.remarks.contains(&"a service worker runs on the page"));
    // The next page, whose requests go through that worker, is seen as well.
    let again = look(&context, &site, "/frame.html").await;
    assert_eq!((again.visit.failure, again.visit.remarks.as_slice()), (None, &[][..]));
    assert!(again.visit.exchanges.iter().any(|exchange| exchange.url.path() == "/frame-fetch"));
    context.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_browser_refuses_is_told_with_its_reason_and_our_models_word() {
    let engine = engine(ThirdPartyCookies::Block).await;
    let context = visitor(&engine).await;
    let site = Hostile::http(everything);
    let rendered = look(&context, &site, "/").await;
    for (name, kept) in [
        ("a-fetch", true),
        ("b-cors", false),
        ("b-opaque", false),
        ("b-blocked.html", false),
        ("b-frame-fetch", false),
    ] {
        let seen = seen(&rendered, name);
        assert_eq!(seen.decision.effective().is_some(), kept, "{name}: {:?}", seen.decision);
        assert_eq!(seen.disagreement, None, "{name}");
    }
    context.close().await;
}

/// Writes of scripts: by every way, from every place.
const WRITES: &str = r#"<!doctype html><script src=/inner.js></script><script>
function outer() { inner('called=1') }
outer();
cookieStore.set('stored', '1').then(() => cookieStore.delete('stored'));
cookieStore.set({name: 'dated', value: '1', expires: Date.now() + 86400000, sameSite: 'lax'});
document.cookie = 'brief=1'; document.cookie = 'brief=; max-age=0';
localStorage.setItem('told', '1'); localStorage.plain = '1'; localStorage['index'] = '1'; delete localStorage.index;
localStorage.setItem('removed', '1'); localStorage.removeItem('removed');
sessionStorage.tab = '1'; sessionStorage.cleared = '1'; sessionStorage.clear();
{ const open = indexedDB.open('database', 3); open.onupgradeneeded = () => open.result.createObjectStore('shelf') }
{ const open = indexedDB.open('dropped'); open.onsuccess = () => { open.result.close(); indexedDB.deleteDatabase('dropped') } }
caches.open('cache'); caches.open('lost').then(() => caches.delete('lost'));
localStorage.setItem('half', '\ud83d'); document.cookie = 'half\ud83d=1';
new Worker('/worker.js'); new SharedWorker('/worker.js'); navigator.serviceWorker.register('/service.js');
</script><iframe src=/frame.html></iframe><iframe src=//b.localhost:PORT/frame.html></iframe>
<iframe srcdoc="<script>localStorage.inline='1'</script>"></iframe>"#;

fn writes(asked: &Asked) -> Answer {
    let host = asked.header("host").unwrap_or_default();
    let script = |text: &str| Answer::status("200 OK", "Content-Type: text/javascript\r\n", text);
    match asked.target.as_str() {
        "/" => Answer::page("", &WRITES.replace("PORT", host.rsplit(':').next().unwrap())),
        "/inner.js" => script("function inner(line) {\n  document.cookie = line;\n}"),
        "/worker.js" => script("indexedDB.open('first_line');\ncaches.open('by_worker');"),
        "/service.js" => script("cookieStore.set('by_service', '1');\ncaches.open('by_service');"),
        "/frame.html" => {
            let site = &host[..1];
            Answer::page(
                "",
                &format!(
                    "<script>localStorage.{site}_frame='1';sessionStorage.setItem('{site}_session','1');indexedDB.open('{site}_db')</script>"
                ),
            )
        }
        _ => Answer::page("", ""),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_of_every_script_is_seen_with_its_place() {
    let engine = engine(ThirdPartyCookies::Allow).await;
    let context = visitor(&engine).await;
    let site = Hostile::http(writes);
    let rendered = look(&context, &site, "/").await;
    let told = |kind| names(&rendered, kind).into_iter().collect::<Vec<_>>();
    assert_eq!(
        told(StorageKind::Cookie),
        ["brief", "by_service", "called", "dated", "half\u{fffd}", "stored"]
    );
    assert_eq!(
        told(StorageKind::LocalStorage),
        ["a_frame", "b_frame", "half", "index", "inline", "plain", "removed", "told"]
    );
    assert_eq!(told(StorageKind::SessionStorage), ["a_session", "b_session", "cleared", "tab"]);
    assert_eq!(told(StorageKind::IndexedDb), ["a_db", "b_db", "database", "dropped", "first_line"]);
    assert_eq!(told(StorageKind::CacheStorage), ["by_service", "by_worker", "cache", "lost"]);
    // Where, and called from where.
    let script = seen(&rendered, "called").script.as_ref().unwrap();
    assert!(script.url.as_str().ends_with("/inner.js"), "{script:?}");
    assert_eq!(script.line, 2);
    let callers: Vec<u32> = script.called_from.iter().map(|script| script.line).collect();
    assert_eq!(callers, [2, 3]);
    let by_worker = seen(&rendered, "first_line").script.as_ref().unwrap();
    assert!(by_worker.url.as_str().ends_with("/worker.js") && by_worker.line == 1, "{by_worker:?}");
    let store = rendered.visit.sightings().any(|seen| seen.line.contains("object store shelf"));
    assert!(store, "the object store is told of");
    // What is there in the end, by origin: what was removed is not.
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in &rendered.storage {
        let host = item.origin.trim_start_matches("http://").split('.').next().unwrap();
        kept.entry(host).or_default().push(&item.name);
    }
    kept.values_mut().for_each(|names| names.sort_unstable());
    assert_eq!(kept["b"], ["b_db", "b_frame", "b_session"]);
    assert_eq!(
        kept["a"],
        [
            "a_db",
            "a_frame",
            "a_session",
            "by_service",
            "by_worker",
            "cache",
            "database",
            "first_line",
            "half",
            "inline",
            "plain",
            "told"
        ]
    );
    context.close().await;
}

/// Writes that come late, while the page asks for news all the time.
const LATE: &str = r#"<!doctype html><script>
addEventListener('load', () => { setTimeout(() => { document.cookie = 'late=1' }, 1500); fetch('/poll') });
addEventListener('pagehide', () => { document.cookie = 'goodbye=1'; navigator.sendBeacon('/left', 'x') });
</script><div style="height:300px;overflow:auto"><div style="height:3000px"></div><img loading=lazy src=/inner.png></div>
<div style="height:9000px"></div><img loading=lazy src=/lazy.png>"#;

fn restless(asked: &Asked) -> Answer {
    match asked.target.split('?').next().unwrap() {
        "/late" => Answer::page("", LATE),
        "/left" => Answer::status("204 No Content", "Set-Cookie: left=1\r\n", ""),
        "/poll" => Answer::page("", "").after(LONG),
        "/beacons" => Answer::page(
            "",
            "<script>let i=0;setInterval(()=>navigator.sendBeacon('/b?'+i++,'x'),100)</script>",
        ),
        "/lazy.png" | "/inner.png" => {
            let name = &asked.target[1..5];
            Answer::status("200 OK", &format!("Set-Cookie: {name}=1\r\nContent-Type: image/png\r\n"), "")
        }
        _ => Answer::status("204 No Content", "", ""),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_writes_are_waited_for_and_endless_news_is_not() {
    let engine = engine(ThirdPartyCookies::Block).await;
    let context = visitor(&engine).await;
    let site = Hostile::http(restless);
    let rendered = look(&context, &site, "/late").await;
    assert_eq!(rendered.visit.failure, None);
    let names: Vec<String> = names(&rendered, StorageKind::Cookie).into_iter().collect();
    assert_eq!(names, ["goodbye", "inne", "late", "lazy", "left"]);
    let before = site.asked().len();
    let rendered = look(&context, &site, "/beacons").await;
    assert_eq!(rendered.visit.failure, None);
    // By the page's own clock: ten beacons a second, for as long as it was looked at.
    let beacons = site.asked().len() - before - 1;
    assert!((3..90).contains(&beacons), "{beacons} beacons: the whole time of 15 s was spent");
    context.close().await;
}
