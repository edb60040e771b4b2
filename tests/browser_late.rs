//! What pages put on the device long after they have loaded, with their clocks moved on: seen, with
//! its second, and no other than in real time.

use crate::support::chromium;
use crate::support::command::{Cookieproof, side_by_side};
use crate::support::hostile::{Answer, Asked, Hostile};
use crate::support::look::{look_with, plan};
use cookieproof::cookie::{Lifetime, StoredCookie};
use cookieproof::engine::browser::{BrowserEngine, BrowserSettings, Identity, Patience, Rendered};
use cookieproof::engine::{Ask, EngineContext};
use cookieproof::observation::{Cell, Consent, Engine, Phase, Site};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Writes a cookie of this name.
fn write(name: &str) -> String {
    format!("document.cookie='{name}=1; max-age=600';")
}

/// A page that runs this script after so many seconds.
fn after(seconds: u32, script: &str) -> String {
    format!("<script>setTimeout(()=>{{{script}}},{seconds}000)</script>")
}

/// A site whose start page links to these pages; `%` in them is the other host's address. What is empty
/// is answered by `more`.
fn site(pages: &[(&'static str, String)], more: fn(&Asked) -> Option<Answer>) -> Hostile {
    let pages: BTreeMap<&str, String> = pages.iter().cloned().collect();
    let links: String = pages.keys().map(|path| format!("<a href={path}>{path}</a> ")).collect();
    Hostile::http(move |asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        let host = asked.header("host").unwrap_or_default();
        let port = host.rsplit(':').next().unwrap_or_default();
        let other = match host.starts_with("localhost") {
            true => format!("http://127.0.0.1:{port}"),
            false => format!("http://localhost:{port}"),
        };
        if let Some(page) = pages.get(path).filter(|page| !page.is_empty()) {
            return Answer::page("", &format!("<!doctype html><body>{}", page.replace('%', &other)));
        }
        more(asked).unwrap_or_else(|| match path {
            "/" => Answer::page("", &links),
            _ => Answer::status("200 OK", "Content-Type: text/plain\r\n", ""),
        })
    })
}

/// A scan of every page.
struct Look {
    report: Value,
    /// As it was saved, where it was.
    scan: Value,
    base: String,
}

impl Look {
    fn of(site: &Hostile, browser: &str, more: &[&str]) -> Look {
        Look::ends(site, browser, more, 0)
    }

    /// The same where the run ends with this code.
    fn ends(site: &Hostile, browser: &str, more: &[&str], code: i32) -> Look {
        let folder = tempfile::tempdir().unwrap();
        let tabs = if browser.starts_with("tabs") { "" } else { "tabs = 3\n" };
        let plan = format!(
            "engine = \"browser\"\n[targets.site]\nurl = \"{}\"\n[browser]\nurl = \"{}\"\nrender = \"all\"\n{tabs}{browser}\n\
             [limits]\nrequest_timeout = \"5s\"\nretries = 0\nrate = \"unlimited\"\n",
            site.url("/"),
            chromium::shared_url()
        );
        std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        let args = ["scan", "cookieproof.toml", "-q", "--format", "json"];
        let report = Cookieproof::new(args.iter().chain(more)).within(folder.path()).run().code(code).json();
        let scan = std::fs::read(folder.path().join("scan.json")).ok();
        let scan = scan.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default();
        Look { report, scan, base: site.url("").to_string().trim_end_matches('/').to_owned() }
    }

    /// `NAME@SECONDS` of what browsers saw.
    fn seen(&self) -> Vec<String> {
        let things = self.report["inventory"].as_array().unwrap();
        let mut seen: Vec<String> = things
            .iter()
            .flat_map(|thing| thing["seen"].as_array().unwrap().iter().map(move |seen| (thing, seen)))
            .filter(|(_, seen)| seen["cell"]["engine"] == "browser")
            .map(|(thing, seen)| {
                let name = thing["name"].as_str().unwrap();
                match seen["seconds_after_load"].as_u64() {
                    Some(seconds) => format!("{name}@{seconds}"),
                    None => name.to_owned(),
                }
            })
            .collect();
        seen.sort();
        seen.dedup();
        seen
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.report["coverage"]["notes"].as_array().cloned().unwrap_or_default();
        let notes = notes.iter().map(|note| note.as_str().unwrap_or_default());
        notes.map(|note| note.replace(&self.base, "")).collect()
    }
}

fn late(asked: &Asked) -> Option<Answer> {
    let script = "Content-Type: text/javascript\r\n";
    let path = asked.target.split('?').next().unwrap_or_default();
    Some(match path {
        "/frame.html" => {
            Answer::page("", &after(4, &format!("fetch('/set?frame');{}", storage("frame_item"))))
        }
        "/own-frame.html" => Answer::page("", &after(4, &write("own_frame"))),
        "/worker.js" => Answer::status(
            "200 OK",
            script,
            // The page hears of it once its answer came: what went along with the request is no race.
            "setTimeout(()=>fetch('/set?by_worker').then(()=>postMessage('worker')),4000)",
        ),
        "/set" => {
            let name = asked.target.split('?').nth(1).unwrap_or_default();
            Answer::status("200 OK", &format!("Set-Cookie: {name}=1; Max-Age=600\r\n"), "")
        }
        "/slow" => {
            Answer::status("200 OK", "Content-Type: text/plain\r\n", "").after(Duration::from_millis(700))
        }
        "/events" => Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n")
            .then_wait(Duration::from_secs(60)),
        "/landed" => Answer::page("Set-Cookie: landed=1\r\n", &after(4, &write("after_landing"))),
        _ => return None,
    })
}

fn storage(name: &str) -> String {
    format!("localStorage.setItem('{name}',1);")
}

#[test]
fn what_comes_long_after_load_is_seen_with_its_second() {
    let times: String = [1, 4, 9, 13].iter().map(|at| after(*at, &write(&format!("after{at}")))).collect();
    let pages = [
        ("/times", times.clone()),
        ("/fetched", after(2, &format!("fetch('/slow').then(()=>setTimeout(()=>{{{}}},3000))", write("fetched")))),
        ("/frames", "<iframe src=%/frame.html></iframe><iframe sandbox=allow-scripts src=/blank></iframe><iframe src=/own-frame.html></iframe>".to_owned()),
        ("/worker", format!("<script>new Worker('/worker.js').onmessage=()=>{{{}}}</script>", write("worker"))),
        ("/idle", after(4, &format!("requestIdleCallback(()=>{{{}}})", write("idle")))),
        (
            "/animation",
            format!(
                "<style>@keyframes k{{to{{opacity:0}}}}</style><p id=p style='animation:k 4s'>x<script>p.onanimationend=()=>{{{}}};\
                 setTimeout(()=>requestAnimationFrame(()=>{{{}}}),4000)</script>",
                write("animation"),
                write("drawn")
            ),
        ),
        ("/events-open", format!("<script>new EventSource('/events')</script>{}", after(4, &write("events_open")))),
        ("/beacon", after(4, "navigator.sendBeacon('/set?beacon')")),
        ("/gone", after(3, "location.href='/landed'")),
    ];
    let (all, only_times) = (site(&pages, late), site(&[("/times", times)], late));
    let watched: [(&Hostile, &str, &[&str]); 2] =
        [(&all, "settle = \"10s\"", &[]), (&only_times, "", &["--watch-late", "16s"])];
    let [look, later] =
        side_by_side(watched.map(|(site, browser, more)| move || Look::of(site, browser, more)));
    let expected = [
        "after1@1",
        "after4@4",
        "after9@9",
        "after_landing@4",
        "beacon@4",
        "by_worker@4",
        "events_open@4",
        "fetched@5",
        "frame@4",
        "frame_item@4",
        "idle@4",
        "landed@3",
        "own_frame@4",
        "worker@4",
    ];
    // Pages are drawn in real time: what waits for that comes when it comes.
    let seen = look.seen();
    let (drawn, others): (Vec<&String>, Vec<&String>) =
        seen.iter().partition(|seen| seen.starts_with("animation") || seen.starts_with("drawn"));
    // On a busy machine a page is loaded a moment later, and all else a moment less after that.
    let near = |seen: &str, expected: &str| {
        let (name, at) = seen.split_once('@').unwrap_or((seen, "0"));
        let (same, then) = expected.split_once('@').unwrap_or_default();
        let number = |text: &str| text.parse::<i64>().unwrap_or_default();
        name == same && (number(at) - number(then)).abs() <= 1
    };
    let strange: Vec<&&String> =
        others.iter().filter(|seen| !expected.iter().any(|expected| near(seen, expected))).collect();
    let missed: Vec<&&str> =
        expected.iter().filter(|expected| !others.iter().any(|seen| near(seen, expected))).collect();
    assert!(strange.is_empty() && missed.is_empty(), "{strange:?} {missed:?} {:#?}", look.notes());
    assert_eq!(drawn.len(), 2, "{drawn:#?} {:#?}", look.notes());
    assert_eq!(
        look.notes(),
        ["the page went elsewhere by itself some time after it was loaded: /gone"],
        "{:#?}",
        look.notes()
    );
    assert!(later.seen().iter().any(|seen| near(seen, "after13@13")), "{:#?}", later.seen());
}

/// An answer that is awaited for a while, a second after load: which of the two writes. The page is patient, since
/// on a busy machine an answer may take a second in real time, too.
fn race(name: &str, answer: &str) -> String {
    const WAIT: u32 = 2500;
    let script = format!(
        "let over=0;const end=script=>()=>{{if(!over){{over=1;script()}}}};setTimeout(end(()=>{{{}}}),{WAIT});\
         ({answer}).then(end(()=>{{{}}}))",
        write(&format!("{name}_lost")),
        write(&format!("{name}_won"))
    );
    format!("<script>setTimeout(()=>{{{script}}},1000)</script>")
}

/// What a table of the ways in which a page's clock and ours come apart calls for: each page does in its
/// first three seconds what it does, and `Date.now()` and the timers are all that it has to go by.
fn pages_that_mind_their_clock() -> Vec<(&'static str, String)> {
    let now = |script: &str| format!("<script>{script}</script>");
    let until = |after: &str| format!("const end=Date.now()+{after};");
    let done = write;
    vec![
        // Connections.
        ("/stream", now(&format!("fetch('/endless');setTimeout(()=>{{{}}},2000)", done("stream")))),
        ("/long-poll", now(&format!("fetch('/slow').then(()=>{{{}}})", done("polled")))),
        (
            "/xhr",
            now(&format!(
                "const x=new XMLHttpRequest();x.open('GET','/slow');x.timeout=2500;x.ontimeout=()=>{{{}}};x.onload=()=>{{{}}};x.send()",
                done("xhr_lost"),
                done("xhr_won")
            )),
        ),
        (
            "/abort",
            now(&format!(
                "setTimeout(()=>fetch('/slow',{{signal:AbortSignal.timeout(2500)}}).then(()=>{{{}}},()=>{{{}}}),500)",
                done("fetch_won"),
                done("fetch_lost")
            )),
        ),
        ("/chain", now(&format!("let n=0;(function f(){{if(++n>10)return{{}},{};fetch('/'+'abcdefghij'[n-1]).then(()=>setTimeout(f,100))}})()", "document.cookie='chain=1; max-age=600'"))),
        // Loops.
        ("/frames-drawn", now(&format!("{}(function f(){{if(Date.now()>end){{{}}}else requestAnimationFrame(f)}})()", until("300"), done("drawn")))),
        ("/ticks", now(&format!("let n=0;const i=setInterval(()=>{{if(++n>10){{clearInterval(i);{}}}}},0)", done("ticks")))),
        (
            "/messages",
            now(&format!(
                "{}const c=new MessageChannel();c.port1.onmessage=()=>{{if(Date.now()>end){{{}}}else c.port2.postMessage(0)}};c.port2.postMessage(0)",
                until("300"),
                done("messages")
            )),
        ),
        ("/busy", now(&format!("setTimeout(()=>{{{}while(Date.now()<end);{}}},2000)", until("300"), done("busy")))),
        (
            "/promises",
            now(&format!("setTimeout(async()=>{{{}while(Date.now()<end)await 0;{}}},2000)", until("200"), done("promises"))),
        ),
        // Ways to go elsewhere.
        ("/href", now("setTimeout(()=>{location.href='/arrived?href'},2000)")),
        ("/meta", "<meta http-equiv=refresh content='2;url=/arrived?meta'>x".to_owned()),
        ("/other", now("setTimeout(()=>{location.href='%/arrived?other'},2000)")),
        ("/form", "<form id=f method=post action='/arrived?form'></form><script>setTimeout(()=>f.submit(),2000)</script>".to_owned()),
        ("/push", now(&format!("setTimeout(()=>{{history.pushState(0,'','/pushed');setTimeout(()=>{{{}}},500)}},1000)", done("pushed")))),
        ("/nothing", now(&format!("setTimeout(()=>{{location.href='/no-content'}},1000);setTimeout(()=>{{{}}},2000)", done("stayed")))),
        // Answers from other processes against the page's own patience.
        ("/database", race("database", "new Promise(r=>{indexedDB.open('x').onsuccess=r})")),
        ("/caches", race("caches", "caches.open('c')")),
        ("/worker-answers", race("worker", "new Promise(r=>{new Worker('/answer.js').onmessage=r})")),
        ("/frame-answers", race("frame", "new Promise(r=>{onmessage=r;const f=document.createElement('iframe');f.src='%/answer.html';document.body.append(f)})")),
        ("/script-answers", race("script", "import('/answer.js').catch(()=>0)")),
        ("/drawing", race("drawing", "new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)))")),
        // Dates by the page's clock.
        (
            "/dates",
            now(
                "document.cookie='undone=1';const date=s=>new Date(Date.now()+s*1000).toUTCString();\
                 setTimeout(()=>{document.cookie='hour=1; expires='+date(3600);document.cookie='undone=1; expires='+date(-1)},2500)",
            ),
        ),
    ]
}

/// More of the same, another time: of one visitor only so many pages are looked at once more.
fn more_pages_that_mind_their_clock() -> Vec<(&'static str, String)> {
    let now = |script: &str| format!("<script>{script}</script>");
    let done = write;
    vec![
        // Answers that come over the network, or when there is nothing else to do.
        ("/cookies-answer", race("cookies", "cookieStore.getAll()")),
        (
            "/socket-answers",
            race("socket", "new Promise(r=>{new WebSocket('ws://'+location.host+'/answering').onmessage=r})"),
        ),
        (
            "/events-answer",
            race(
                "events",
                "new Promise(r=>{const e=new EventSource('/events');e.onmessage=()=>{e.close();r()}})",
            ),
        ),
        (
            "/picture-answers",
            race("picture", "new Promise(r=>{const i=new Image;i.onload=i.onerror=r;i.src='/slow'})"),
        ),
        (
            "/own-frame-answers",
            race(
                "own_frame",
                "new Promise(r=>{onmessage=r;const f=document.createElement('iframe');f.src='/answer.html';document.body.append(f)})",
            ),
        ),
        ("/idle-answers", race("idle", "new Promise(r=>requestIdleCallback(r))")),
        (
            "/shared-worker",
            race("shared", "new Promise(r=>{const w=new SharedWorker('/shared.js');w.port.onmessage=r})"),
        ),
        // More of what was looked at one by one.
        (
            "/many-ticks",
            now(&format!(
                "let n=0;(function f(){{if(++n>50){{{}}}else setTimeout(f,0)}})()",
                done("many_ticks")
            )),
        ),
        (
            "/work",
            now(&format!(
                "let n=0;const i=setInterval(()=>{{for(let k=0;k<1e5;k++);if(++n>30){{clearInterval(i);{}}}}},16)",
                done("work")
            )),
        ),
        (
            "/counts",
            now(&format!(
                "setTimeout(()=>{{const end=performance.now()+300;while(performance.now()<end);{}}},2000)",
                done("counted")
            )),
        ),
        (
            "/messages-on-and-on",
            now(&format!(
                "const c=new MessageChannel();c.port1.onmessage=()=>c.port2.postMessage(0);c.port2.postMessage(0);setTimeout(()=>{{{}}},2000)",
                done("beside_messages")
            )),
        ),
        (
            "/polls",
            now(&format!(
                "let n=0;const i=setInterval(()=>{{navigator.sendBeacon('/x');fetch('/y');if(++n>8){{clearInterval(i);{}}}}},100)",
                done("polls")
            )),
        ),
        (
            "/window",
            now(&format!(
                "const w=window.open('/answer.html');setTimeout(()=>{{{}}},2000)",
                done("beside_window")
            )),
        ),
        (
            "/frames-later",
            now(&format!(
                "setTimeout(()=>{{const f=document.createElement('iframe');f.srcdoc=`<script>setTimeout(()=>{{{}}},1000)<\\/script>`;document.body.append(f)}},1000)",
                done("in_srcdoc")
            )),
        ),
        ("/at-once", now("location.href='/arrived?once'")),
        ("/header", String::new()),
        (
            "/hash",
            now(&format!(
                "setTimeout(()=>{{location.hash='x';setTimeout(()=>{{{}}},500)}},1000)",
                done("hashed")
            )),
        ),
        (
            "/short-lived",
            now(&format!(
                "document.cookie='brief=1; max-age=60';setTimeout(()=>{{document.cookie.includes('brief=')?{}:{}}},2500)",
                "document.cookie='brief_kept=1; max-age=600'", "document.cookie='brief_lost=1; max-age=600'"
            )),
        ),
    ]
}

fn answers(asked: &Asked) -> Option<Answer> {
    let path = asked.target.split('?').next().unwrap_or_default();
    Some(match path {
        "/arrived" => {
            let name = asked.target.split('?').nth(1).unwrap_or_default();
            Answer::page(
                "",
                &format!("<script>setTimeout(()=>{{{}}},1000)</script>", write(&format!("by_{name}"))),
            )
        }
        "/header" => Answer::page("Refresh: 2; url=/arrived?header\r\n", "x"),
        "/answering" => first_message(asked),
        "/shared.js" => Answer::status(
            "200 OK",
            "Content-Type: text/javascript\r\n",
            "onconnect=e=>setTimeout(()=>e.ports[0].postMessage(1),100)",
        ),
        "/no-content" => Answer::raw("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        "/answer.js" => Answer::status("200 OK", "Content-Type: text/javascript\r\n", "self.postMessage(1)")
            .after(Duration::from_millis(100)),
        "/answer.html" => Answer::page("", "<script>setTimeout(()=>parent.postMessage(1,'*'),100)</script>"),
        "/endless" => Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx")
            .then_wait(Duration::from_secs(60)),
        _ => return late(asked),
    })
}

/// Opens a WebSocket (RFC 6455 4.2.2), says one word 100 ms later, and closes it.
fn first_message(asked: &Asked) -> Answer {
    let key = asked.header("sec-websocket-key").unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    Answer::raw(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
    .then_wait(Duration::from_millis(100))
    .then(b"\x81\x02hi")
    .then_wait(Duration::from_secs(2))
    .then(b"\x88\x00")
}

/// These cookies are left by these pages, whichever way they are watched.
#[track_caller]
fn seen_both_ways(pages: &[(&'static str, String)], expected: &[&str]) {
    seen_both_ways_with(pages, answers, "", expected);
}

/// The same, with these answers and lines of the plan.
#[track_caller]
fn seen_both_ways_with(
    pages: &[(&'static str, String)],
    answers: fn(&Asked) -> Option<Answer>,
    plan: &str,
    expected: &[&str],
) {
    let site = &site(pages, answers);
    let ways = ["settle = \"10s\"", "settle = \"real\""];
    let looks = side_by_side(ways.map(|settle| move || Look::of(site, &format!("{plan}{settle}"), &[])));
    for (settle, look) in ways.iter().zip(looks) {
        let seen = look.seen();
        let mut names: Vec<&str> =
            seen.iter().map(|seen| seen.split('@').next().unwrap_or_default()).collect();
        names.dedup();
        assert_eq!(names, expected, "{settle}: {:#?}", look.notes());
    }
}

#[test]
fn both_ways_of_watching_see_the_same() {
    seen_both_ways(
        &pages_that_mind_their_clock(),
        &[
            "busy",
            "by_form",
            "by_href",
            "by_meta",
            "by_other",
            "c",
            "caches_won",
            "chain",
            "database_won",
            "drawing_won",
            "drawn",
            "fetch_won",
            "frame_won",
            "hour",
            "messages",
            "polled",
            "promises",
            "pushed",
            "script_won",
            "stayed",
            "stream",
            "ticks",
            "undone",
            "worker_won",
            "x",
            "xhr_won",
        ],
    );
}

#[test]
fn both_ways_of_watching_see_the_same_of_other_pages() {
    seen_both_ways(
        &more_pages_that_mind_their_clock(),
        &[
            "beside_messages",
            "beside_window",
            "brief",
            "brief_kept",
            "by_header",
            "by_once",
            "cookies_won",
            "counted",
            "events_won",
            "hashed",
            "idle_won",
            "in_srcdoc",
            "many_ticks",
            "own_frame_won",
            "picture_won",
            "polls",
            "shared_won",
            "socket_won",
            "work",
        ],
    );
}

/// What ends late or never, one thing on each page. Answers that take longer than the page is watched for in real
/// time are no matter of a clock that is moved on, either.
fn pages_that_take_their_time() -> Vec<(&'static str, String)> {
    let now = |script: &str| format!("<script>{script}</script>");
    let done = write;
    let loops = |wait: &str, name: &str| {
        format!("(async()=>{{const end=Date.now()+300;while(Date.now()<end)await {wait};{}}})()", done(name))
    };
    vec![
        ("/document", String::new()),
        (
            "/waiting-worker",
            now(&format!(
                // A request is open until the worker is there, however long a busy machine takes for that.
                "const held=new AbortController();fetch('/after?9',{{signal:held.signal}}).catch(()=>{{}});\
                 navigator.serviceWorker.oncontrollerchange=()=>{{fetch('/answered').then(()=>{{{}}});held.abort()}};\
                 navigator.serviceWorker.register('/-waiting.js',{{scope:'/waiting-worker'}})",
                done("worker_answered")
            )),
        ),
        (
            "/noopener",
            now(&format!(
                "setTimeout(()=>open('/popped','_blank','noopener'),500);setTimeout(()=>{{{}}},2500)",
                done("beside_noopener")
            )),
        ),
        (
            "/yields",
            format!("<script>setTimeout(()=>{{{}}},1000)</script>", loops("scheduler.yield()", "yielded")),
        ),
        ("/yields-at-once", now(&loops("scheduler.yield()", "yielded_at_once"))),
        ("/promises-at-once", now(&loops("0", "promised_at_once"))),
        (
            "/promises-without-end",
            now(&format!("{};setTimeout(async()=>{{for(;;)await 0}},1000)", done("before_promises"))),
        ),
        // A busy machine may watch for longer than the nine seconds.
        ("/poll-9", now(&format!("fetch('/after?9').catch(()=>0);{}", done("before_9")))),
        (
            "/poll-20",
            now(&format!("fetch('/after?20').then(()=>{{{}}});{}", done("polled_20"), done("before_20"))),
        ),
    ]
}

fn late_answers(asked: &Asked) -> Option<Answer> {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let in_browser = asked.header("sec-fetch-mode").is_some();
    Some(match path {
        "/document" if in_browser => Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<script>{}setTimeout(()=>{{{}}},1000)</script>{}",
            write("document"),
            write("document_later"),
            " ".repeat(2000)
        ))
        .then_wait(Duration::from_secs(60)),
        "/popped" => Answer::page("", &write_now("popped")),
        "/-waiting.js" => Answer::status(
            "200 OK",
            "Content-Type: text/javascript\r\n",
            "oninstall=()=>skipWaiting();onactivate=e=>e.waitUntil(clients.claim());\
             onfetch=e=>{if(e.request.url.endsWith('/answered'))\
             e.respondWith(new Promise(r=>setTimeout(()=>r(new Response('')),1000)))}",
        ),
        "/after" => Answer::status("200 OK", "Content-Type: text/plain\r\n", "")
            .after(Duration::from_secs(query.parse().unwrap_or_default())),
        _ => return None,
    })
}

#[test]
fn both_ways_of_watching_see_the_same_of_what_ends_late_or_never() {
    seen_both_ways_with(
        &pages_that_take_their_time(),
        late_answers,
        "load_timeout = \"10s\"\n",
        &[
            "before_20",
            "before_9",
            "before_promises",
            "beside_noopener",
            "document",
            "document_later",
            "popped",
            "promised_at_once",
            "worker_answered",
            "yielded",
            "yielded_at_once",
        ],
    );
}

/// A value without what is a time, and no two runs have in common.
fn timeless(value: &Value, site: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let times = ["time", "started", "seconds", "at_ms", "after_load_ms"];
            let kept = fields.iter().filter(|(name, _)| !times.contains(&name.as_str()));
            Value::Object(kept.map(|(name, field)| (name.clone(), timeless(field, site))).collect())
        }
        Value::Array(list) => list.iter().map(|one| timeless(one, site)).collect(),
        // A date that a page's script made is one, too.
        Value::String(text) => {
            let (line, date) = text.split_once("expires=").unwrap_or((text, ""));
            format!("{}{}", line.replace(site, ""), if date.is_empty() { "" } else { "expires" }).into()
        }
        other => other.clone(),
    }
}

#[test]
fn two_runs_with_late_writes_give_the_same_bytes() {
    let date = "document.cookie='dated=1; expires='+new Date(Date.now()+86400000).toUTCString();";
    let pages = [
        ("/now", write_now("now")),
        ("/late", after(4, &format!("{}fetch('/set?late_set')", write("late")))),
        ("/item", after(9, &format!("{}{date}", storage("late_item")))),
        (
            "/worker",
            format!("<script>new Worker('/worker.js').onmessage=()=>{{{}}}</script>", write("worker")),
        ),
        ("/frame", "<iframe src=%/frame.html></iframe>".to_owned()),
        ("/moved", after(3, "location.href='/landed'")),
    ];
    let site = site(&pages, late);
    let [first, second] = [(), ()].map(|()| {
        // Of several pages at once each may or may not send what the others just put there.
        let look = Look::of(&site, "tabs = 1", &["--save-scan", "scan.json"]);
        assert!(look.seen().iter().any(|seen| seen.starts_with("late_item@")), "{:?}", look.seen());
        [&look.report, &look.scan]
            .map(|value| serde_json::to_string_pretty(&timeless(value, &look.base)).unwrap())
    });
    for (first, second) in first.iter().zip(&second) {
        let same = first.lines().zip(second.lines()).take_while(|(first, second)| first == second).count();
        let around =
            |text: &str| text.lines().skip(same.saturating_sub(25)).take(50).collect::<Vec<_>>().join("\n");
        assert!(first == second, "{}\n\n{}", around(first), around(second));
    }
}

/// Looks at one page of a site on its own, with at most so many requests a second.
async fn open(site: &Hostile, path: &str, rate: Option<f64>) -> (Rendered, Vec<StoredCookie>) {
    let engine = BrowserEngine::start(&BrowserSettings::default()).await.unwrap();
    let run = EngineContext::new(Arc::new(Site::of_url(&site.url("/"))));
    let context = engine.context(Identity::default(), run).await.unwrap();
    let cell = Cell {
        persona: "anonymous".into(),
        engine: Engine::Browser,
        consent: Consent::Untouched,
        phase: Phase::Crawl,
        repeat: 1,
        third_party: None,
    };
    let patience = Patience { ahead: Some(Duration::from_secs(10)), rate, ..Patience::default() };
    let page = context.page(&Ask::page(cell, site.url(path)), patience).await.unwrap();
    let rendered = page.finish().await;
    let cookies = context.cookies().await;
    context.close().await;
    (rendered, cookies)
}

fn lifetime(rendered: &Rendered, name: &str) -> Lifetime {
    let sighting = rendered.visit.writes.iter().rfind(|write| write.name.to_string() == name);
    sighting.unwrap_or_else(|| panic!("{name} was not seen")).written.lifetime
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dates_are_counted_from_the_clock_that_wrote_them() {
    let script = "document.cookie='undone=1; max-age=600';document.cookie='stays=1; max-age=600';\
        const date=s=>new Date(Date.now()+s*1000).toUTCString();\
        setTimeout(()=>{document.cookie='hour=1; expires='+date(3600);document.cookie='undone=1; expires='+date(-1)},9000);\
        setTimeout(()=>{cookieStore.set({name:'day',value:'1',expires:Date.now()+86400000})},5000)";
    let site = site(&[("/dates", format!("<script>{script}</script>"))], |_| None);
    let (rendered, cookies) = open(&site, "/dates", None).await;
    assert_eq!(lifetime(&rendered, "hour"), Lifetime::Seconds(3600));
    assert_eq!(lifetime(&rendered, "undone"), Lifetime::Seconds(-1));
    let day = lifetime(&rendered, "day");
    assert!(matches!(day, Lifetime::Seconds(86_399..=86_400)), "{day:?}");
    let mut names: Vec<String> = cookies.iter().map(|cookie| cookie.name.to_string()).collect();
    names.sort();
    assert_eq!(names, ["day", "hour", "stays"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_page_on_a_moved_clock_asks_no_more_than_its_host_may_get() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let polls = "<script>setInterval(()=>fetch('/poll'),100)</script>";
    let reloads = "<script>setTimeout(()=>location.reload(),2000)</script>";
    let site = Hostile::http({
        let asked = asked.clone();
        move |request| {
            asked.lock().unwrap().push((Instant::now(), request.target.clone()));
            match request.target.as_str() {
                "/polls" => Answer::page("", polls),
                "/reloads" => Answer::page("", reloads),
                _ => Answer::status("200 OK", "", ""),
            }
        }
    });
    open(&site, "/polls", Some(5.0)).await;
    let times: Vec<Instant> = {
        let asked = asked.lock().unwrap();
        asked.iter().filter(|(_, target)| target == "/poll").map(|(at, _)| *at).collect()
    };
    // Ten a second is the page's own pace, and half of that the host's.
    let (first, last) = (times.first().unwrap(), times.last().unwrap());
    let pace = times.len() as f64 / (*last - *first).as_secs_f64().max(0.1);
    assert!(pace < 12.0, "{} requests at {pace:.1} a second", times.len());
    let (rendered, _) = open(&site, "/reloads", None).await;
    let reloads = asked.lock().unwrap().iter().filter(|(_, target)| target == "/reloads").count();
    assert!((2..=6).contains(&reloads), "{reloads} {:?} {:?}", rendered.visit.failure, rendered.remarks);
    assert!(rendered.remarks.iter().any(|remark| remark.contains(" time only")), "{:?}", rendered.remarks);
}

#[test]
fn what_cannot_be_moved_on_is_watched_in_real_time_and_said() {
    let beside = |name: &str| after(2, &write(name));
    let pages = [
        (
            "/socket",
            format!("<script>new WebSocket('ws://'+location.host+'/held')</script>{}", beside("by_socket")),
        ),
        (
            "/service",
            format!(
                "<script>navigator.serviceWorker.register('/-service.js',{{scope:'/service'}})</script>{}",
                beside("by_service")
            ),
        ),
        (
            "/waits",
            after(2, &format!("const end=Date.now()+300;while(Date.now()<end);{}", write("by_waiting"))),
        ),
        (
            "/reloads",
            format!("{}<script>setTimeout(()=>location.reload(),1000)</script>", write_now("by_reload")),
        ),
    ];
    let site = site(&pages, |asked| match asked.target.as_str() {
        "/held" => Some(Answer::raw("").then_wait(Duration::from_secs(60))),
        "/-service.js" => Some(Answer::status(
            "200 OK",
            "Content-Type: text/javascript\r\n",
            "addEventListener('fetch',()=>{})",
        )),
        _ => None,
    });
    let look = Look::of(&site, "", &[]);
    let seen = look.seen();
    for name in ["by_socket", "by_service", "by_waiting", "by_reload"] {
        assert!(seen.iter().any(|seen| seen.split('@').next() == Some(name)), "no {name} in {seen:?}");
    }
    let notes = look.notes();
    for said in [
        "watched in real time only, since the page holds a WebSocket open: /socket",
        "watched in real time only, since a service worker runs on the page: /service",
        "watched once more in real time, since the page waits on its clock: /waits",
    ] {
        assert!(notes.iter().any(|note| note == said), "no {said:?} in {notes:#?}");
    }
    // Whether it goes elsewhere too often or takes too long about it is the machine's affair.
    let left = |note: &String| note.contains(" time only") && note.ends_with(": /reloads");
    assert!(notes.iter().any(left), "{notes:#?}");
}

fn write_now(name: &str) -> String {
    format!("<script>{}</script>", write(name))
}

#[test]
fn what_comes_only_in_skipped_time_does_not_count() {
    // By its own clock five seconds are over, and by the site's they are not.
    let compares = "<script>const now=()=>fetch('/now').then(a=>a.text()).then(Number);now().then(then=>{const here=Date.now();\
        setTimeout(()=>now().then(now=>{if(Date.now()-here-(now-then)>2000)document.cookie='skewed=1; max-age=600'}),5000)})</script>";
    let pages = [("/compares", compares.to_owned()), ("/waits", after(5, &write("waited")))];
    let site = site(&pages, |asked| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        (asked.target == "/now")
            .then(|| Answer::status("200 OK", "Content-Type: text/plain\r\n", &since.as_millis().to_string()))
    });
    let look = Look::of(&site, "", &[]);
    let seen = look.seen();
    assert_eq!(seen, ["waited@5"], "{:#?}", look.notes());
    let said = "\u{201c}skewed\u{201d} came only with the page's clock moved on, not in real time, and does not count: /compares";
    assert_eq!(look.notes(), [said]);
}

#[test]
fn what_comes_late_with_the_privacy_signal_only_is_seen_with_its_second() {
    const CLAIM: &str = "[site]\nname = \"x\"\n[claims]\nhonours_gpc = true\n";
    let with_signal = |script: &str| after(4, &format!("if(navigator.globalPrivacyControl){{{script}}}"));
    let skewed = with_signal(
        "fetch('/now').then(a=>a.text()).then(at=>{if(Date.now()-at>2000)document.cookie='skewed=1; max-age=600'})",
    );
    let time: fn(&Asked) -> Option<Answer> = |asked| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        (asked.target == "/now")
            .then(|| Answer::status("200 OK", "Content-Type: text/plain\r\n", &since.as_millis().to_string()))
    };
    let late = with_signal(&format!("{}{}", write("signalled"), storage("item")));
    let sites =
        [site(&[("/late", late), ("/skewed", skewed.clone())], time), site(&[("/skewed", skewed)], time)];
    let audits = sites.each_ref().map(|site| {
        move || {
            let folder = tempfile::tempdir().unwrap();
            let plan = format!(
                "engine = \"browser\"\n[targets.site]\nurl = \"{}\"\n[browser]\nurl = \"{}\"\nrender = \"all\"\n\
                 [limits]\nrate = \"unlimited\"\n",
                site.url("/"),
                chromium::shared_url()
            );
            std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
            std::fs::write(folder.path().join("cookies.toml"), CLAIM).unwrap();
            let args = ["audit", "-q", "--format", "json"];
            let report = Cookieproof::new(args).within(folder.path()).run().json();
            Look { report, scan: Value::Null, base: site.url("").to_string().trim_end_matches('/').to_owned() }
        }
    });
    let [refuted, upheld] = side_by_side(audits);
    let said = "\u{201c}skewed\u{201d} came only with the page's clock moved on, not in real time, and does not count: /skewed";
    let verdict = |look: &Look| -> Value {
        let verdicts = look.report["verdicts"].as_array().unwrap();
        verdicts.iter().find(|verdict| verdict["claim"] == "claims.honours-gpc").unwrap().clone()
    };
    for look in [&refuted, &upheld] {
        assert_eq!(look.notes(), [said]);
    }
    assert_eq!(refuted.seen(), ["item@4", "signalled@4"]);
    let findings = refuted.report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "global-privacy-control").unwrap();
    assert!(finding.to_string().contains("the site still sets signalled\""), "{finding:#}");
    assert_eq!(verdict(&refuted)["verdict"], "refuted", "{:#}", verdict(&refuted));
    assert_eq!(upheld.seen(), [""; 0]);
    assert_eq!(verdict(&upheld)["verdict"], "upheld", "{:#}", verdict(&upheld));
}

#[test]
fn what_could_not_be_looked_at_in_real_time_upholds_nothing() {
    // HTTP and the browser get the page; who comes once more gets none.
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let site = site(&[], |asked| match asked.target.as_str() {
        "/" => Some(Answer::page("", "<a href=/once>once</a>")),
        "/once" if ASKED.fetch_add(1, Ordering::SeqCst) < 2 => {
            Some(Answer::page("", &after(5, &write("late"))))
        }
        "/once" => Some(Answer::raw("")),
        _ => None,
    });
    let look = Look::ends(&site, "", &["--save-scan", "scan.json"], 3);
    assert_eq!(look.seen(), [""; 0]);
    let said = "\u{201c}late\u{201d} came only with the page's clock moved on, and could not be looked at in real time: /once";
    assert!(look.notes().iter().any(|note| note == said), "{:#?}", look.notes());
    assert_eq!(look.scan["coverage"]["lost"], 1);
}

/// Kills the browsers that a process started.
#[cfg(target_os = "linux")]
fn kill_browsers_of(process: u32) {
    let of_process = |file: std::path::PathBuf| -> Option<String> {
        let number = file.file_name()?.to_str()?.parse::<u32>().ok()?;
        let status = std::fs::read_to_string(file.join("status")).ok()?;
        status.lines().any(|line| line == format!("PPid:\t{process}")).then(|| number.to_string())
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| of_process(entry.ok()?.path()));
    for browser in all {
        std::process::Command::new("kill").args(["-9", &browser]).status().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_that_dies_beneath_the_look_once_more_is_said_and_looked_with_again() {
    let audit = |dies: std::ops::RangeInclusive<usize>| {
        let process = Arc::new(AtomicUsize::new(0));
        let (killed, asked_late) = (Arc::clone(&process), AtomicUsize::new(0));
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/" => Answer::page("", "<a href=/late>late</a>"),
            "/late" => {
                // HTTP gets it, and the browser; then who looks once more.
                if dies.contains(&asked_late.fetch_add(1, Ordering::SeqCst)) {
                    kill_browsers_of(u32::try_from(killed.load(Ordering::SeqCst)).unwrap());
                }
                Answer::page("", &after(5, &write("late")))
            }
            _ => Answer::status("404 Not Found", "", ""),
        });
        let folder = tempfile::tempdir().unwrap();
        let plan = format!(
            "engine = \"browser\"\n[targets.site]\nurl = \"{}\"\n[browser]\nexecutable = \"{}\"\nrender = \"all\"\n\
             [limits]\nretries = 0\nrate = \"unlimited\"\n",
            site.url("/"),
            chromium::program()
        );
        std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        std::fs::write(
            folder.path().join("cookies.toml"),
            "[site]\nname = \"x\"\n[claims]\nadvertising = \"none\"\n",
        )
        .unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let run =
            Cookieproof::new(["audit", "-q", "--format", "json"]).within(folder.path()).env("PATH", &path);
        let ended = run.run_and(|id| process.store(id as usize, Ordering::SeqCst));
        let report = ended.json();
        let verdict = report["verdicts"][0]["verdict"].as_str().unwrap().to_owned();
        let base = site.url("").to_string().trim_end_matches('/').to_owned();
        (verdict, Look { report, scan: Value::Null, base })
    };
    let [(verdict, once), (open, always)] =
        side_by_side([2..=2, 2..=usize::MAX].map(|dies| move || audit(dies)));
    let died = "the browser ended while pages were looked at once more in real time; they were looked at again in a new one";
    assert_eq!(
        (once.seen(), once.notes(), verdict.as_str()),
        (vec!["late@5".to_owned()], vec![died.to_owned()], "upheld")
    );
    let lost = "\u{201c}late\u{201d} came only with the page's clock moved on, and could not be looked at in real time: /late";
    let died_again = "the browser ended again while pages were looked at once more in real time";
    let notes = always.notes();
    assert!([died, died_again, lost].iter().all(|said| notes.iter().any(|note| note == said)), "{notes:#?}");
    assert_eq!((always.seen(), open.as_str()), (Vec::new(), "not-verified"), "{notes:#?}");
}

const LOGIN_FORM: &str = "<form id=in method=post action=/login><input name=name></form>";
/// A plan's member that logs in by that form.
const MEMBER: &str = r##"
    engine = "browser"
    [personas.member]
    login = [{ open = "/login" }, { submit = { form = "#in", fields = { name = "ann" } } }]
    logged_in_when = { url = "/", text = "hello, ann" }
"##;

#[test]
fn the_look_once_more_goes_on_beside_the_next_state_but_never_beside_its_own_session() {
    const BANNER: &str = "<div id=cookie-banner role=dialog aria-label='Cookie consent'>We use cookies. <button id=yes>Accept all</button></div>\
        <script>const banner=document.getElementById('cookie-banner');if(document.cookie.includes('choice'))banner.remove();\
        document.getElementById('yes').onclick=()=>{document.cookie='choice=all';banner.remove()}</script>";
    let app = Hostile::http(|asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", "/login") => {
            Answer::redirect("303 See Other", "/", "Set-Cookie: session=member; HttpOnly\r\n")
        }
        (_, "/login") => Answer::page("", LOGIN_FORM),
        (_, "/") => Answer::page("", &format!("<p>hello, ann</p><a href=/slow>slow</a>{BANNER}")),
        (_, "/slow") => Answer::page("", &(after(7, "fetch('/beat')") + &after(8, &write("late")))),
        _ => Answer::status("200 OK", "Content-Type: text/plain\r\n", ""),
    });
    let accepted = "[[consent]]\nstate = \"accepted\"\nselector = \"#yes\"";
    let plan = plan(&app, &format!("{MEMBER}{accepted}"));
    let seen = look_with(&plan, None);
    assert!(seen.scan.observations.iter().any(|seen| seen.name.to_string() == "late"));
    // When somebody asked who is logged in or not, has answered or not.
    let asked = |target: &str, member: bool, answered: bool| -> Vec<usize> {
        let has = |asked: &Asked, what: &str| asked.header("cookie").is_some_and(|sent| sent.contains(what));
        let all = app.asked();
        let those = all.iter().enumerate().filter(|(_, asked)| {
            asked.target.starts_with(target)
                && has(asked, "session=") == member
                && has(asked, "choice=") == answered
        });
        those.map(|(at, _)| at).collect()
    };
    for (member, beside) in [(false, true), (true, false)] {
        let last = asked("/beat", member, false).pop().unwrap();
        let next = asked("/", member, true)[0];
        assert_eq!(next < last, beside, "a member: {member}");
    }
}

#[test]
fn a_session_that_was_renewed_in_the_look_once_more_goes_on() {
    // The slow page renews the session each time; the one before it is worth nothing any more.
    static CURRENT: AtomicUsize = AtomicUsize::new(0);
    let app = Hostile::http(|asked| {
        let current = CURRENT.load(Ordering::SeqCst);
        let renewed = |answer: fn(&str) -> Answer| {
            let next = CURRENT.fetch_add(1, Ordering::SeqCst) + 1;
            answer(&format!("Set-Cookie: session=number-{next}-of-a-member; HttpOnly\r\n"))
        };
        let is_member =
            asked.header("cookie").is_some_and(|sent| sent.contains(&format!("session=number-{current}-of")));
        match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", "/login") => renewed(|line| Answer::redirect("303 See Other", "/", line)),
            (_, "/login") => Answer::page("", LOGIN_FORM),
            (_, "/") if is_member => Answer::page("", "<p>hello, ann</p><a href=/slow>slow</a>"),
            (_, "/slow") if is_member => renewed(|line| Answer::page(line, &after(5, &write("late")))),
            (_, "/" | "/slow") => Answer::page("", "<p>hello, stranger</p><a href=/slow>slow</a>"),
            _ => Answer::status("404 Not Found", "", ""),
        }
    });
    let still_there = r#"logout = [{ open = "/" }, { expect = { text = "hello, ann" } }]"#;
    let plan = plan(&app, &format!("{MEMBER}{still_there}"));
    let seen = look_with(&plan, None);
    assert!(seen.scan.observations.iter().any(|seen| seen.name.to_string() == "late"));
    assert_eq!((seen.logins("member"), seen.warnings()), ((1, 0), Vec::new()));
}
