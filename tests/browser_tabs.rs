//! Pages that follow one another in one tab, and those after which a fresh one is taken: a page finds
//! nothing of the one before, and says nothing else than in a tab of its own.

use crate::support::chromium;
use crate::support::command::{Cookieproof, side_by_side};
use crate::support::hostile::{Answer, Asked, Hostile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Writes a cookie of this name.
fn write(name: &str) -> String {
    format!("document.cookie='{name}=1; max-age=600';")
}

fn script(script: &str) -> String {
    format!("<script>{script}</script>")
}

/// Writes one of two cookies.
fn says(question: &str, yes: &str, no: &str) -> String {
    format!("if({question}){{{}}}else{{{}}}", write(yes), write(no))
}

/// The tabs that are open in the browser of all tests, and their addresses, of which one that is on its way is told.
fn open_tabs() -> Vec<(String, String)> {
    let host = chromium::shared_url().trim_start_matches("ws://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET /json/list HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    // The connection may be kept: what has come so far is looked at.
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if let Ok(Value::Array(tabs)) = serde_json::from_str::<Value>(body) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            return tabs.iter().map(|tab| (text(&tab["id"]), text(&tab["url"]))).collect();
        }
    }
    panic!("the browser does not list its tabs: {answer}")
}

/// A site, and after which of its pages another one was shown in the same tab.
struct Site {
    server: Hostile,
    followed: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// The start page links to these pages, in their order.
    fn of(pages: &[(&'static str, String)]) -> Site {
        let links: String = pages.iter().map(|(path, _)| format!("<a href={path}>{path}</a> ")).collect();
        let pages: BTreeMap<&str, String> = pages.iter().cloned().collect();
        let followed: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = followed.clone();
        let shown: Mutex<BTreeMap<String, String>> = Mutex::default();
        let server = Hostile::http(move |asked| {
            let path = asked.target.split('?').next().unwrap_or_default();
            let base = format!("http://{}", asked.header("host").unwrap_or_default());
            if asked.header("sec-fetch-dest") == Some("document") {
                let mut shown = shown.lock().unwrap();
                for (tab, url) in open_tabs() {
                    if url == format!("{base}{path}")
                        && let Some(before) = shown.insert(tab, path.to_owned())
                    {
                        seen.lock().unwrap().push(before);
                    }
                }
            }
            match pages.get(path) {
                Some(page) => {
                    Answer::page("", &format!("<!doctype html><link rel=icon href=data:,><body>{page}"))
                }
                None => other(path, asked, &links),
            }
        });
        Site { server, followed }
    }

    fn scan(&self, tabs: u32, settle: &str) -> Value {
        scan(&self.server, tabs, settle)
    }

    /// Pages after which another one was shown in the same tab, in order, each once.
    fn followed(&self) -> Vec<String> {
        let mut followed = std::mem::take(&mut *self.followed.lock().unwrap());
        followed.sort();
        followed.dedup();
        followed
    }
}

fn scan(server: &Hostile, tabs: u32, settle: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "engine = \"browser\"\n[targets.site]\nurl = \"{}\"\n[browser]\nurl = \"{}\"\nrender = \"all\"\n\
         tabs = {tabs}\nsettle = \"{settle}\"\n[limits]\nrequest_timeout = \"5s\"\nretries = 0\nrate = \"unlimited\"\n",
        server.url("/"),
        chromium::shared_url()
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let args = ["scan", "cookieproof.toml", "-q", "--format", "json"];
    Cookieproof::new(args).within(folder.path()).run().code(0).json()
}

fn other(path: &str, asked: &Asked, links: &str) -> Answer {
    let script = "Content-Type: text/javascript\r\n";
    match path {
        "/" => Answer::page("", links),
        "/set" => {
            let name = asked.target.split('?').nth(1).unwrap_or_default();
            Answer::status("200 OK", &format!("Set-Cookie: {name}=1; Max-Age=600\r\n"), "")
        }
        "/worker.js" => Answer::status("200 OK", script, "setTimeout(()=>fetch('/set?by_worker'),6000)"),
        "/shared.js" => {
            Answer::status("200 OK", script, "onconnect=()=>setInterval(()=>fetch('/set?by_shared'),50)")
        }
        "/header-refresh" => Answer::page("Refresh: 600\r\n", "x"),
        "/fails" => Answer::status("500 Internal Server Error", "Content-Type: text/html\r\n", "x"),
        "/missing" => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "x"),
        "/leads-on" => Answer::redirect("302 Found", "/landed", ""),
        "/landed" => Answer::page("", "<link rel=icon href=data:,>x"),
        "/endless" => Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx")
            .then_wait(Duration::from_secs(20)),
        _ => Answer::status("200 OK", "Content-Type: text/plain\r\n", ""),
    }
}

/// What browsers saw: name, lifetime, seconds after load, on which pages; each once.
fn seen(report: &Value) -> Vec<String> {
    let things = report["inventory"].as_array().unwrap();
    let mut seen: Vec<String> = things
        .iter()
        .flat_map(|thing| thing["seen"].as_array().unwrap().iter().map(move |seen| (thing, seen)))
        .filter(|(_, seen)| seen["cell"]["engine"] == "browser")
        .map(|(thing, seen)| {
            let page = seen["page"]["asked"].as_str().or(seen["page"].as_str()).unwrap_or_default();
            let page = url::Url::parse(page).map(|url| url.path().to_owned()).unwrap_or_default();
            let name = thing["name"].as_str().unwrap();
            match seen["seconds_after_load"].as_u64() {
                Some(seconds) => format!("{name}@{seconds} {page}"),
                None => format!("{name} {page}"),
            }
        })
        .collect();
    seen.sort();
    seen.dedup();
    seen
}

fn names(report: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        seen(report).iter().map(|seen| seen.split(['@', ' ']).next().unwrap().to_owned()).collect();
    names.dedup();
    names
}

fn pages_that_look_around() -> Vec<(&'static str, String)> {
    let date = "new Date(Date.now()+3600e3).toUTCString()";
    vec![
        ("/a1", script("window.name='first';sessionStorage.setItem('first',1);sessionStorage.plain=1")),
        (
            "/a2",
            script(&format!(
                "{}{}{}{}",
                says("window.name", "name_there", "name_none"),
                says("sessionStorage.length", "session_there", "session_none"),
                says("document.referrer", "referrer_there", "referrer_none"),
                "window.name='second';sessionStorage.setItem('second',1)"
            )),
        ),
        (
            "/a3",
            script(&format!(
                "{}{}document.cookie='hour=1; expires='+{date};document.cookie='undone=1';\
                 document.cookie='undone=1; expires='+new Date(Date.now()-1).toUTCString();{}",
                says("window.name||sessionStorage.length", "third_there", "third_none"),
                says("history.length>2", "history_there", "history_none"),
                says("document.cookie.includes('undone')", "undone_kept", "undone_gone"),
            )),
        ),
        ("/a4", script("fetch('/set?fetched').then(()=>localStorage.setItem('then',1))")),
        (
            "/a5",
            format!(
                "<div style='height:5000px'></div>{}",
                script("const until=Date.now()+50;while(Date.now()<until);document.cookie='busy=1'")
            ),
        ),
        (
            "/a6",
            script(&says(
                "performance.now()>1e5||Math.abs(performance.timeOrigin-Date.now())>6e4",
                "clock_wrong",
                "clock_right",
            )),
        ),
    ]
}

#[test]
fn a_page_finds_nothing_of_the_one_before_it_in_its_tab() {
    let site = Site::of(&pages_that_look_around());
    let report = site.scan(1, "10s");
    assert_eq!(site.followed(), ["/", "/a1", "/a2", "/a3", "/a4", "/a5"]);
    let found = names(&report);
    let expected = [
        "busy",
        "clock_right",
        "fetched",
        "first",
        "history_none",
        "hour",
        "name_none",
        "plain",
        "referrer_none",
        "second",
        "session_none",
        "then",
        "third_none",
        "undone",
        "undone_gone",
    ];
    assert_eq!(found, expected, "{:#?}", seen(&report));
    let hour = report["inventory"].as_array().unwrap().iter().find(|thing| thing["name"] == "hour").unwrap();
    let text = hour.to_string();
    assert!(text.contains("3600") || text.contains("3599"), "an hour is one: {hour:#}");
    // As in real time, each in a tab of its own.
    let real = site.scan(1, "real");
    assert_eq!(site.followed(), [""; 0]);
    assert_eq!(seen(&real), seen(&report));
}

/// What a page may leave behind, or hear of its end by; between these, pages that leave nothing.
fn pages_that_are_not_followed() -> Vec<(&'static str, String)> {
    let late = |name: &str| format!("setTimeout(()=>{{{}}},4000)", write(name));
    vec![
        ("/timer", script(&late("by_timer"))),
        ("/ticks", script("setInterval(()=>document.title+='x',600000)")),
        ("/many-timers", script("for(let i=0;i<60;i++)setTimeout(()=>0)")),
        ("/odd-timer", script("setTimeout(()=>0,{valueOf:()=>1})")),
        ("/drawn", script("requestAnimationFrame(()=>0)")),
        ("/posted", script("scheduler.postTask(()=>0,{delay:600000})")),
        ("/aborts", script("AbortSignal.timeout(600000)")),
        (
            "/messages",
            script(
                "const c=new MessageChannel();c.port1.onmessage=()=>c.port2.postMessage(0);c.port2.postMessage(0)",
            ),
        ),
        ("/worker", script("new Worker('/worker.js')")),
        ("/shared-worker", script("new SharedWorker('/shared.js')")),
        ("/frame", "<iframe src=/blank></iframe>".to_owned()),
        (
            "/frame-gone",
            script("const f=document.createElement('iframe');document.body.append(f);f.remove()"),
        ),
        ("/moves", "<style>@keyframes k{to{opacity:0}}</style><p style='animation:k 600s'>x".to_owned()),
        ("/svg", "<svg><rect><animate attributeName=x to=9 dur=600s /></rect></svg>".to_owned()),
        ("/shadow", "<p id=p>x".to_owned() + &script("p.attachShadow({mode:'closed'})")),
        ("/shadow-declared", "<p><template shadowrootmode=open>x</template></p>".to_owned()),
        ("/video", "<video></video>".to_owned()),
        ("/refresh", "<meta http-equiv=Refresh content='600;url=/blank'>x".to_owned()),
        ("/database", script("indexedDB.open('x')")),
        ("/hears", script("addEventListener('storage',()=>0)")),
        ("/channel", script("new BroadcastChannel('x').onmessage=()=>0")),
        (
            "/hides",
            script(
                "document.addEventListener('visibilitychange',()=>navigator.sendBeacon('/set?left_hides'))",
            ),
        ),
        ("/leaves", script("addEventListener('pagehide',()=>navigator.sendBeacon('/set?left_leaves'))")),
        ("/leaves-by-property", script("onpagehide=()=>navigator.sendBeacon('/set?left_property')")),
        ("/unloads", "<body onunload='1'>x".to_owned()),
        ("/asks", script("alert('x')")),
        ("/open-end", script("fetch('/endless')")),
        ("/goes-on", script("history.pushState(0,'','/elsewhere');location.hash='x'")),
    ]
}

#[test]
fn after_a_page_that_may_do_more_a_fresh_tab_is_taken() {
    let mut pages = pages_that_are_not_followed();
    let mut expected: Vec<String> = vec!["/".to_owned(), "/goes-on".to_owned()];
    let plain = ["/plain-1", "/plain-2", "/plain-3"];
    pages.extend(plain.iter().map(|path| (*path, "x".to_owned())));
    pages.push(("/timer-last", script("setTimeout(()=>0,6000)")));
    expected.extend(plain.iter().map(|path| (*path).to_owned()));
    let site = Site::of(&pages);
    let report = site.scan(1, "10s");
    let followed = site.followed();
    let strange: Vec<&String> = followed.iter().filter(|path| !expected.contains(path)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(plain.iter().all(|path| followed.iter().any(|before| before == path)), "{followed:?}");
    let found = names(&report);
    for name in ["by_timer", "by_worker", "left_leaves"] {
        assert!(found.iter().any(|seen| seen == name), "{name} in {found:?}");
    }
    // What is sent when a page is left is that page's.
    let left = seen(&report).into_iter().find(|seen| seen.starts_with("left_leaves")).unwrap();
    assert_eq!(left, "left_leaves /leaves", "when it was left is the visitor's choice");
}

#[test]
fn which_pages_share_a_tab_does_not_show() {
    let mut pages = pages_that_look_around();
    pages.push(("/late", script(&format!("setTimeout(()=>{{{}}},4000)", write("late")))));
    pages.push(("/leaves", script("addEventListener('pagehide',()=>navigator.sendBeacon('/set?left'))")));
    pages.push(("/plain", "x".to_owned()));
    let site = Site::of(&pages);
    // Moments, and how often things were asked, are the run's own, but for what waits for seconds.
    let without_seconds = |seen: Vec<String>| -> Vec<String> {
        let one = |seen: &String| match (seen.split_once('@'), seen.split_once(' ')) {
            (Some((name, _)), Some((_, page))) if name != "late" => format!("{name} {page}"),
            _ => seen.clone(),
        };
        seen.iter().map(one).collect()
    };
    let told = |report: &Value| {
        (
            without_seconds(seen(report)),
            report["coverage"]["pages"].clone(),
            report["coverage"]["notes"].clone(),
        )
    };
    let numbers = [1, 1, 3, 8];
    let [first, others @ ..] = side_by_side(numbers.map(|tabs| {
        let (site, told) = (&site, &told);
        move || told(&site.scan(tabs, "10s"))
    }));
    for (tabs, other) in numbers[1..].iter().zip(others) {
        assert_eq!(other, first, "{tabs} tabs");
    }
}

#[test]
fn what_another_tab_wrote_meanwhile_does_not_show_that_a_request_took_no_cookies_along() {
    let asked = Mutex::new(false);
    let left = Mutex::new(false);
    let until = |what: &Mutex<bool>| {
        let end = Instant::now() + Duration::from_secs(6);
        while !*what.lock().unwrap() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let page = |body: &str| Answer::page("", &format!("<!doctype html><link rel=icon href=data:,>{body}"));
    let server = Hostile::http(move |request| match request.target.as_str() {
        "/" => page("<a href=/asks>a</a> <a href=/writes>b</a>"),
        "/asks" => page(&script("fetch('/set')")),
        "/set" => {
            *asked.lock().unwrap() = true;
            until(&left);
            std::thread::sleep(Duration::from_millis(500));
            Answer::status("200 OK", "Set-Cookie: answered=1; Max-Age=600\r\n", "")
        }
        "/writes" => {
            until(&asked);
            let parting = "addEventListener('pagehide',()=>navigator.sendBeacon('/left'))";
            page(&script(&format!("{}{parting}", write("meanwhile"))))
        }
        "/left" => {
            *left.lock().unwrap() = true;
            Answer::status("204 No Content", "", "")
        }
        _ => Answer::status("404 Not Found", "", ""),
    });
    let report = scan(&server, 2, "10s");
    let decided = |name: &str| -> Vec<String> {
        let things = report["inventory"].as_array().unwrap().iter().filter(|thing| thing["name"] == name);
        let seen = things.flat_map(|thing| thing["seen"].as_array().unwrap());
        let seen = seen.filter(|seen| seen["cell"]["engine"] == "browser");
        seen.map(|seen| format!("{} {}", seen["decision"].as_str().unwrap(), seen["channel"])).collect()
    };
    assert_eq!(decided("meanwhile"), ["stored \"document-cookie\""]);
    assert_eq!(decided("answered"), ["stored \"header\""]);
}

#[test]
fn what_waits_for_being_drawn_is_seen_in_every_tab_at_the_same_time() {
    const PATHS: [&str; 12] = ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/11", "/12"];
    let page = |(number, path): (usize, &'static str)| {
        let write = write(&format!("drawn_{}", &path[1..]));
        let tall = "<div style='height:4000px'></div><p id=middle>x</p><div style='height:5000px'></div>";
        let act = match number % 3 {
            0 => format!(
                "new IntersectionObserver(seen=>{{if(seen.some(one=>one.isIntersecting)){{{write}}}}}).observe(middle)"
            ),
            1 => format!("addEventListener('scroll',()=>{{if(scrollY>2000){{{write}}}}})"),
            _ => format!(
                "let n=0;(function draw(){{if(++n>20){{{write}}}else requestAnimationFrame(draw)}})()"
            ),
        };
        (path, format!("{tall}{}", script(&act)))
    };
    let pages: Vec<(&str, String)> = PATHS.into_iter().enumerate().map(page).collect();
    let site = Site::of(&pages);
    let found = names(&site.scan(8, "10s"));
    let missing: Vec<&str> = PATHS
        .into_iter()
        .filter(|path| !found.iter().any(|name| *name == format!("drawn_{}", &path[1..])))
        .collect();
    assert_eq!(missing, [""; 0], "{found:?}");
}
