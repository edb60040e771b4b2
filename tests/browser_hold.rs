//! `cookieproof scan --engine browser` on pages that misbehave, in the installed Chromium: the run
//! ends within its bounds, what a page had set before it went wrong is in the report, what went wrong
//! is in the coverage, and the pages after it lose nothing.

use crate::support::chromium;
use crate::support::command::{Cookieproof, Ended};
use crate::support::hostile::{Answer, Asked, Hostile, TestCa};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What every page here does first, in its head and by script.
const FIRST: &str = "<!doctype html><script>document.cookie='before='+1</script>";

/// A page: what plain HTTP gets, which goes first, and what the browser gets.
struct Page {
    path: &'static str,
    plain: Answer,
    browser: Answer,
}

impl From<(&'static str, Answer)> for Page {
    fn from((path, answer): (&'static str, Answer)) -> Self {
        Page { path, plain: answer.clone(), browser: answer }
    }
}

/// A page that behaves as long as nobody runs its scripts.
fn in_browser(path: &'static str, answer: Answer) -> Page {
    Page { path, plain: body(""), browser: answer }
}

/// A site whose start page links to these pages and, last, to one that behaves.
fn site(pages: impl IntoIterator<Item = impl Into<Page>>) -> Hostile {
    Hostile::http(answers("", pages))
}

/// The same, with this on its start page as well.
fn answers(
    start: &str,
    pages: impl IntoIterator<Item = impl Into<Page>>,
) -> impl Fn(&Asked) -> Answer + Send + Sync + 'static {
    let pages: Vec<Page> = pages.into_iter().map(Into::into).collect();
    let shown = pages.iter().filter(|page| !page.path.starts_with("/-"));
    let links: String = shown.map(|page| format!("<a href={0}>{0}</a> ", page.path)).collect();
    let start = Answer::page("Set-Cookie: start=1\r\n", &format!("{start}{links}<a href=/zz>last</a>"));
    move |asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        if let Some(page) = pages.iter().find(|page| page.path == path) {
            return if is_browser(asked) { page.browser.clone() } else { page.plain.clone() };
        }
        match path {
            "/" => start.clone(),
            "/zz" => Answer::page(
                "Set-Cookie: last=1\r\n",
                "<script>document.cookie='last_script=1';localStorage.last_item=1</script>",
            ),
            "/found" => Answer::page("Set-Cookie: found=1\r\n", "found"),
            _ => Answer::status("404 Not Found", "", "nothing"),
        }
    }
}

/// A page that first sets cookies, then runs this script.
fn script(script: &str) -> Answer {
    body(&format!("<script>{script}</script>"))
}

/// A page that first sets cookies, then has this body.
fn body(body: &str) -> Answer {
    Answer::page("Set-Cookie: head=1\r\n", &format!("{FIRST}{body}"))
}

/// Whether this asks for a page in the browser; the crawl goes first.
fn is_browser(asked: &Asked) -> bool {
    asked.header("sec-fetch-mode").is_some()
}

/// Looks at every page of a site in the shared browser, for at most this long a page.
fn look(site: &Hostile, load_timeout: &str, more: &[&str]) -> Ended {
    let browser = format!("url = \"{}\"", chromium::shared_url());
    look_with(site, &browser, load_timeout, more)
}

fn look_with(site: &Hostile, browser: &str, load_timeout: &str, more: &[&str]) -> Ended {
    look_at(site.url("/").as_str(), browser, load_timeout, "", more)
}

fn look_at(url: &str, browser: &str, load_timeout: &str, plan: &str, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "engine = \"browser\"\n{plan}\n[targets.site]\nurl = \"{url}\"\n[browser]\n{browser}\n\
         render = \"all\"\nload_timeout = \"{load_timeout}\"\n\
         [limits]\nrequest_timeout = \"5s\"\nretries = 0\nrate = \"unlimited\"\n"
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let args = ["scan", "cookieproof.toml", "-q"];
    Cookieproof::new(args.iter().chain(more)).within(folder.path()).run()
}

const JSON: &[&str] = &["--format", "json"];

/// What a report says.
struct Told(Value);

impl Told {
    /// Looks and reads the report; the code must be 0.
    #[track_caller]
    fn of(site: &Hostile, load_timeout: &str) -> Told {
        Told(look(site, load_timeout, JSON).code(0).json())
    }

    /// Names in the inventory that browsers saw, with the channel and what became of it.
    fn seen(&self) -> Vec<String> {
        let things = self.0["inventory"].as_array().unwrap().iter();
        let mut seen: Vec<String> = things
            .flat_map(|thing| thing["seen"].as_array().unwrap().iter().map(move |seen| (thing, seen)))
            .filter(|(_, seen)| seen["cell"]["engine"] == "browser")
            .map(|(thing, seen)| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                // The crawl over HTTP put most of them there before.
                let became = text(&seen["decision"]).replace("replaced", "kept").replace("stored", "kept");
                format!("{} {} {became}", text(&thing["name"]), text(&seen["channel"]))
            })
            .collect();
        seen.sort();
        seen.dedup();
        seen
    }

    #[track_caller]
    fn has(&self, expected: &[&str]) {
        let seen = self.seen();
        for thing in expected {
            assert!(seen.iter().any(|known| known == thing), "no {thing:?} in {seen:#?}");
        }
    }

    /// What the start page, every bad page before it went wrong, and the last page set.
    #[track_caller]
    fn lost_nothing(&self) {
        self.has(&[
            "before document-cookie kept",
            "head header kept",
            "last header kept",
            "last_item storage kept",
            "last_script document-cookie kept",
            "start header kept",
        ]);
        let odd: Vec<String> = self.seen().into_iter().filter(|seen| seen.contains("unexplained")).collect();
        assert_eq!(odd, [""; 0]);
        assert_eq!(self.disagreements(), [""; 0]);
    }

    /// A sighting by the thing's name, in the browser.
    #[track_caller]
    fn sighting(&self, name: &str) -> Value {
        let things = self.0["inventory"].as_array().unwrap().iter();
        things
            .filter(|thing| thing["name"] == name)
            .flat_map(|thing| thing["seen"].as_array().unwrap())
            .find(|seen| seen["cell"]["engine"] == "browser")
            .unwrap_or_else(|| panic!("no {name} in {:#?}", self.seen()))
            .clone()
    }

    /// Paths of the pages that the browser showed.
    fn pages(&self) -> Vec<String> {
        let pages = self.0["coverage"]["pages"].as_array().unwrap().iter();
        let browser = pages.filter(|page| page["cell"]["engine"] == "browser");
        browser.map(|page| path(page["example"].as_str().unwrap()).to_owned()).collect()
    }

    /// Where browser and model thought differently.
    fn disagreements(&self) -> Vec<String> {
        let things = self.0["inventory"].as_array().unwrap().iter();
        let seen = things.flat_map(|thing| thing["seen"].as_array().unwrap());
        seen.filter_map(|seen| seen["disagreement"].as_str().map(str::to_owned)).collect()
    }

    /// `PATH KIND: DETAIL` of what failed in the browser.
    fn failed(&self) -> Vec<String> {
        let failed = self.0["coverage"]["failed"].as_array().unwrap().iter();
        let mut failed: Vec<String> = failed
            .filter(|failed| failed["cell"]["engine"] == "browser")
            .map(|failed| {
                let text = |field: &str| failed[field].as_str().unwrap_or_default();
                format!("{} {}: {}", path(text("url")), text("kind"), text("detail"))
            })
            .collect();
        failed.sort();
        failed
    }

    /// These failed. Whether any other is loaded in so little time is the machine's affair.
    #[track_caller]
    fn failed_in_little_time(&self, expected: &[String]) {
        let failed = self.failed();
        let (known, others): (Vec<String>, Vec<String>) =
            failed.into_iter().partition(|failed| expected.contains(failed));
        assert_eq!(known, expected);
        let strange: Vec<&String> =
            others.iter().filter(|failed| !failed.contains(" timeout: not loaded within")).collect();
        assert!(strange.is_empty(), "{strange:#?}");
    }

    /// The coverage's notes, with paths only.
    fn notes(&self) -> Vec<String> {
        let notes = self.0["coverage"]["notes"].as_array().unwrap().iter();
        let of = |note: &Value| {
            let note = note.as_str().unwrap();
            let Some((text, pages)) = note.split_once(": ") else { return note.to_owned() };
            let pages: Vec<&str> = pages.split(", ").map(path).collect();
            format!("{text}: {}", pages.join(" "))
        };
        notes.map(of).collect()
    }
}

fn path(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(at, _)| &url[at..])
}

/// How a page that was left alone in its time is said.
const KEPT: &str = "what it did until then is kept";

#[test]
fn dialogs_are_answered_and_said() {
    let site = site([
        ("/alert", script("for (let i = 0; i < 50; i++) alert(i)")),
        ("/confirm", script("document.cookie = 'yes=' + confirm('?')")),
        ("/prompt", script("document.cookie = 'said=' + prompt('?')")),
        ("/print", script("print(); document.cookie = 'printed=1'")),
        (
            "/unload",
            script("addEventListener('beforeunload', e => { e.preventDefault(); e.returnValue = 'stay' })"),
        ),
        ("/endless", script("for (;;) alert('again')")),
    ]);
    let told = Told::of(&site, "4s");
    told.lost_nothing();
    told.has(&["yes document-cookie kept", "said document-cookie kept", "printed document-cookie kept"]);
    assert_eq!(told.notes(), ["dialogs were opened and answered: /alert /confirm /endless /prompt"]);
    told.failed_in_little_time(&[format!("/endless timeout: not loaded within 4 s; {KEPT}")]);
}

#[test]
fn what_never_finishes_is_left_with_what_it_had_done() {
    let never = Duration::from_secs(120);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: head=1\r\n";
    let part = "<script>localStorage.part_item=1;document.write('<a href=/found>found</a>')</script>\
                <img src=/-slow>";
    let site = site([
        in_browser("/head", Answer::raw(head).then_wait(never)),
        in_browser("/body", Answer::raw(format!("{head}\r\n{FIRST}and then")).then_wait(never)),
        in_browser("/part", body(part)),
        in_browser("/-slow", Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: slow=1\r\n\r\n").then_wait(never)),
    ]);
    let told = Told::of(&site, "4s");
    told.lost_nothing();
    // All but the last part of the page was there to be read.
    told.has(&["part_item storage kept", "slow header kept", "found header kept"]);
    let late = |path: &str| format!("{path} timeout: not loaded within 4 s; {KEPT}");
    told.failed_in_little_time(&[late("/body"), late("/head"), late("/part")]);
}

#[test]
fn scripts_without_end_are_left_alone() {
    let site = site([
        ("/now", script("while (true) {}")),
        ("/later", script("onload = () => setTimeout(() => { while (true) {} }, 0)")),
        ("/debugger", script("debugger; document.cookie = 'behind=1'")),
    ]);
    let told = Told::of(&site, "4s");
    told.lost_nothing();
    told.has(&["behind document-cookie kept"]);
    told.failed_in_little_time(&[
        format!("/later timeout: its scripts never came to an end; {KEPT}"),
        format!("/now timeout: not loaded within 4 s; {KEPT}"),
    ]);
}

#[test]
fn pages_that_never_stay_end_in_their_time() {
    let site = site([
        ("/refresh", body("<meta http-equiv=refresh content=0>")).into(),
        ("/reload", script("onload = () => location.reload()")).into(),
        (
            "/push",
            script(
                "setInterval(() => { try { history.pushState(0, '', '?' + Math.random()) } catch {} }, 5)",
            ),
        )
            .into(),
        (
            "/routes",
            script("for (let i = 0; i < 1000; i++) try { history.pushState(0, '', '#' + i) } catch {}"),
        )
            .into(),
        ("/there", script("setTimeout(() => location = '/back', 10)")).into(),
        ("/back", script("setTimeout(() => location = '/there', 10)")).into(),
        (
            "/frames",
            script("document.write('<iframe src=/frames?' + (1 + +location.search.slice(1)) + '></iframe>')"),
        )
            .into(),
    ] as [Page; 7]);
    let told = Told(look(&site, "4s", &[JSON, &["--max-pages", "12"]].concat()).code(0).json());
    told.has(&["before document-cookie kept", "head header kept", "last_script document-cookie kept"]);
    assert_eq!(told.disagreements(), [""; 0]);
    // How often a page comes round within its time, and so what stops it, is the machine's affair.
    let known = [
        "the page was never quiet",
        "the page went elsewhere by itself",
        "watched in real time only, since the page goes elsewhere again and again",
        "watched for a part of its time only, since the page keeps sending requests",
    ];
    let strange: Vec<String> = told.notes();
    let strange: Vec<&String> =
        strange.iter().filter(|note| !known.iter().any(|known| note.starts_with(known))).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

#[test]
fn ten_thousand_cookies_are_counted() {
    let many = "for (let i = 0; i < 10000; i++) document.cookie = 'many' + i + '=1'";
    let told = Told::of(&site([("/many", script(many))]), "40s");
    told.lost_nothing();
    // Chromium keeps some 180 of them; what it dropped is no disagreement.
    let seen = told.seen();
    let many = seen.iter().filter(|seen| seen.starts_with("many")).count();
    assert_eq!((many, told.notes(), told.failed()), (10_000, vec![], vec![]));
}

#[test]
fn storage_may_be_full() {
    let quota = "try { for (let i = 0; ; i++) localStorage['k' + i] = 'x'.repeat(1000000) } catch {} \
                 document.cookie = 'full=1'; localStorage.removeItem('k0')";
    let large = "localStorage.setItem('large', '\\u0001'.repeat(1000000)); localStorage.removeItem('large')";
    let told = Told::of(&site([("/a-large", script(large)), ("/b-quota", script(quota))]), "60s");
    told.lost_nothing();
    told.has(&["k0 storage kept", "k1 storage kept", "full document-cookie kept", "large storage kept"]);
    assert_eq!((told.notes(), told.failed()), (vec![], vec![]));
}

#[test]
fn a_database_may_be_large() {
    let database = "const open = indexedDB.open('big'); open.onupgradeneeded = () => open.result.createObjectStore('s');\
                    open.onsuccess = () => { const t = open.result.transaction('s', 'readwrite'); \
                    for (let i = 0; i < 50; i++) t.objectStore('s').put(new Uint8Array(1 << 20), i); \
                    t.oncomplete = () => document.cookie = 'written=1' }";
    let told = Told::of(&site([("/database", script(database))]), "60s");
    told.lost_nothing();
    told.has(&["big storage kept"]);
    assert_eq!((told.notes(), told.failed()), (vec![], vec![]));
}

#[test]
fn downloads_and_windows_are_refused_and_said() {
    let blob = "const a = document.createElement('a'); a.href = URL.createObjectURL(new Blob(['x'])); \
                a.download = 'x.txt'; document.documentElement.append(a); a.click()";
    let blank = "const a = document.createElement('a'); a.href = '/found'; a.target = '_blank'; \
                 document.documentElement.append(a); a.click()";
    let attachment = "Content-Disposition: attachment; filename=x.zip\r\nSet-Cookie: file=1\r\n";
    let site = site([
        in_browser("/file", Answer::status("200 OK", attachment, "PK")),
        in_browser("/empty", Answer::status("204 No Content", "Set-Cookie: empty=1\r\n", "")),
        ("/blob", script(blob)).into(),
        ("/open", script("window.open('/found')")).into(),
        ("/opens", script("for (let i = 0; i < 200; i++) window.open('/found?' + i, '_blank')")).into(),
        ("/blank", script(blank)).into(),
        ("/close", script("window.close()")).into(),
    ]);
    let told = Told(look(&site, "20s", &[JSON, &["--max-pages", "12"]].concat()).code(0).json());
    told.lost_nothing();
    told.has(&["file header kept", "empty header kept", "found header kept"]);
    let notes = told.notes();
    assert_eq!(notes[0], "a download was refused: /blob /file");
    assert!(notes[1].starts_with("windows were opened; their addresses count as links: "), "{notes:#?}");
    assert!(notes[1].contains("/open /opens"), "{notes:#?}");
    assert_eq!(told.failed(), [""; 0]);
    // The same in the other reports.
    let terminal = look(&site, "5s", &["--max-pages", "12"]).code(0).stdout;
    assert!(terminal.contains("a download was refused"), "{terminal}");
}

#[test]
fn a_window_that_a_choice_opens_is_closed_with_the_page() {
    let banner = "<div role=dialog>We use cookies <button onclick=\"document.cookie='chosen=1';\
                  window.open('/-window');this.parentNode.remove()\">Accept all</button></div>";
    let window = ("/-window", Answer::page("", "<script>document.cookie='window=1'</script>"));
    let site = Hostile::http(answers(banner, [window]));
    let told = Told::of(&site, "10s");
    told.has(&["chosen document-cookie kept", "last header kept"]);
    assert_eq!(told.notes(), ["windows were opened; their addresses count as links: /"]);
}

/// What a page does to be overlooked; each then writes a cookie of its own.
const SPOOFS: &[(&str, &str)] = &[
    ("/s-stringify", "JSON.stringify = () => { throw 1 }; JSON = null; document.cookie = 'stringify=1'"),
    (
        "/s-stack",
        "Error.prepareStackTrace = () => 'Error\\n at x (http://spoof.test/x.js:7:7)'; document.cookie = 'stack=1'",
    ),
    (
        "/s-thrown",
        "Error.prepareStackTrace = () => { throw 1 }; Error.stackTraceLimit = 0; document.cookie = 'thrown=1'",
    ),
    (
        "/s-inherited",
        "Function.prototype.prepareStackTrace = Object.prototype.prepareStackTrace = \
         () => 'Error\\n at x (http://spoof.test/x.js:7:7)'; document.cookie = 'inherited=1'",
    ),
    (
        "/s-object",
        "for (const name of ['kind', 'line', 'page', 'stack', 'origin', 'get', 'set', 'value', 'toJSON', 'writable']) { \
         Object.prototype.__defineGetter__(name, () => 'x'); Object.prototype.__defineSetter__(name, () => {}) } \
         document.cookie = 'object=1'",
    ),
    (
        "/s-methods",
        "for (const of of [Array, String, Function, Object, RegExp, Map, Set, Promise]) \
         for (const name of Object.getOwnPropertyNames(of.prototype)) \
         if (name !== 'constructor') try { of.prototype[name] = null } catch {} \
         Array.prototype[Symbol.iterator] = null; Reflect.apply = Reflect.defineProperty = null; \
         document.cookie = 'methods=1'",
    ),
    (
        "/s-globals",
        "for (const name of ['String', 'Error', 'Object', 'Array', 'JSON', 'Reflect', 'Promise', 'self', 'origin', \
         'parent', 'setTimeout', 'URL', 'Document', 'Storage', 'caches', 'indexedDB']) \
         try { Object.defineProperty(window, name, { value: null, configurable: true, writable: true }) } catch {} \
         document.cookie = 'globals=1'",
    ),
    (
        "/s-document",
        "for (const name of ['querySelectorAll', 'querySelector', 'documentElement', 'URL', 'defaultView']) \
         Object.defineProperty(document, name, { value: null }); document.cookie = 'document=1'",
    ),
    ("/s-twice", "let n = 0; document.cookie = { toString() { return n++ ? 'real=1' : 'twice=1' } }"),
    (
        "/s-frame",
        "const f = document.createElement('iframe'); document.documentElement.append(f); \
         Object.getOwnPropertyDescriptor(f.contentWindow.Document.prototype, 'cookie').set.call(document, 'borrowed=1; path=/'); \
         f.contentDocument.cookie = 'framed=1; path=/'",
    ),
    (
        "/s-kept",
        "const set = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set; delete Document.prototype.cookie; \
         Object.defineProperty(document, 'cookie', { get: () => '', set() {} }); document.cookie = 'nowhere=1'; \
         set.call(document, 'kept=1')",
    ),
    (
        "/s-names",
        "document.cookie = '__proto__=1'; document.cookie = 'constructor=1'; \
         localStorage.setItem('__proto__', 1); sessionStorage.setItem('hasOwnProperty', 1)",
    ),
    (
        "/s-storage",
        "const set = localStorage.setItem.bind(localStorage); Storage.prototype.key = Storage.prototype.getItem = () => 'x'; \
         Object.defineProperty(window, 'sessionStorage', { value: localStorage }); self.origin = 'http://spoof.test'; \
         set('local_item', 1); localStorage.plain_item = 1",
    ),
    (
        "/s-frozen",
        "Object.freeze(Error); Object.freeze(JSON); Object.freeze(Document.prototype); document.cookie = 'frozen=1'",
    ),
];

#[test]
fn a_page_cannot_hide_what_it_writes() {
    let page = |(path, spoof): &(&'static str, &str)| {
        (*path, body(&format!("<p id=p></p><script>p.innerHTML = '<a href=/found>x</a>';\n{spoof}</script>")))
    };
    let site = site(SPOOFS.iter().map(page));
    let told = Told::of(&site, "10s");
    told.lost_nothing();
    for name in [
        "stringify",
        "stack",
        "thrown",
        "inherited",
        "object",
        "methods",
        "globals",
        "document",
        "twice",
        "kept",
        "frozen",
    ] {
        told.has(&[&format!("{name} document-cookie kept")]);
        let script = &told.sighting(name)["script"];
        assert_eq!(script["line"], 2, "{name}: {script}");
        assert!(script["url"].as_str().unwrap().contains("/s-"), "{name}: {script}");
    }
    told.has(&["borrowed document-cookie kept", "framed document-cookie kept"]);
    told.has(&["__proto__ document-cookie kept", "constructor document-cookie kept"]);
    told.has(&[
        "__proto__ storage kept",
        "hasOwnProperty storage kept",
        "local_item storage kept",
        "plain_item storage kept",
    ]);
    told.has(&["found header kept"]);
    let seen = told.seen().join("\n");
    assert!(!seen.contains("nowhere") && !seen.contains("real"), "{seen}");
    assert!(!told.0.to_string().contains("spoof.test"));
    assert_eq!((told.notes(), told.failed()), (vec![], vec![]));
}

#[test]
fn cookies_of_odd_bytes_keep_them_and_blank_the_page() {
    let head = |lines: &[u8]| {
        let head =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nSet-Cookie: head=1\r\n";
        let script = "<script>document.cookie='read='+(document.cookie===''?'none':'some')</script>";
        Answer::raw([head, lines, b"\r\n", FIRST.as_bytes(), script.as_bytes()].concat())
    };
    let api =
        Answer::raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: \xe9n=\x93q; HttpOnly\r\n\r\n");
    let site = site([
        ("/bytes", head(b"Set-Cookie: bad=\xe9\xff\r\nSet-Cookie: good=\xc3\xa9\r\n")),
        ("/fetch", body("<script>fetch('/-api')</script>")),
        ("/-api", api),
        ("/refused", head(b"Set-Cookie: no=\xe9; SameSite=None\r\n")),
    ]);
    let told = Told::of(&site, "10s");
    told.lost_nothing();
    told.has(&["bad header kept", "good header kept", "no header refused", "\\xe9n header kept"]);
    let bytes = |name: &str| told.sighting(name)["value"]["length"].clone();
    assert_eq!((bytes("bad"), bytes("good"), bytes("\\xe9n")), (2.into(), 2.into(), 2.into()));
    assert_eq!(
        told.notes(),
        ["scripts read no cookie, since one holds bytes that are not UTF-8: /bytes /fetch /refused /zz"]
    );
    assert_eq!(told.failed(), [""; 0]);
}

#[test]
fn floods_are_survived() {
    let console = "for (let i = 0; i < 20000; i++) console.log(i); console.log('x'.repeat(20000000))";
    let nodes = "document.write('<div>x</div>'.repeat(50000) + \
                 [...Array(20000).keys()].map(i => '<p><a href=#' + i + '>y</a>').join(''))";
    let workers = "const u = URL.createObjectURL(new Blob(['setInterval(() => {}, 1000)'])); \
                   for (let i = 0; i < 20; i++) { new Worker(u); new SharedWorker(u, 'w' + i) }";
    let service = "for (let i = 0; i < 20; i++) navigator.serviceWorker.register('/-sw.js?' + i, { scope: '/-' + i + '/' }).catch(() => {})";
    let requests = "for (let i = 0; i < 500; i++) fetch('/-missing?' + i)";
    let prompts = "navigator.geolocation.getCurrentPosition(() => {}, () => {}); Notification.requestPermission(); \
                   document.documentElement.requestFullscreen().catch(() => {}); \
                   navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {})";
    let worker = Answer::status("200 OK", "Content-Type: text/javascript\r\n", "");
    let text = "lorem ipsum dolor sit amet \n".repeat((50 << 20) / 27);
    let large = format!("{FIRST}<pre>{}</pre><script type=text/plain>{text}</script>", &text[..1 << 20]);
    let site = site([
        ("/console", script(console)).into(),
        ("/nodes", script(nodes)).into(),
        ("/workers", script(workers)).into(),
        ("/service", script(service)).into(),
        ("/-sw.js", worker).into(),
        ("/requests", script(requests)).into(),
        ("/prompts", script(prompts)).into(),
        in_browser("/large", Answer::page("Set-Cookie: head=1\r\n", &large)),
    ] as [Page; 8]);
    let told = Told::of(&site, "30s");
    told.lost_nothing();
    let mut pages = told.pages();
    pages.sort();
    assert_eq!(
        pages,
        ["/", "/console", "/large", "/nodes", "/prompts", "/requests", "/service", "/workers", "/zz"]
    );
    assert_eq!(told.failed(), [""; 0]);
}

#[test]
fn answers_that_are_none_are_failures_of_their_page() {
    let auth = "WWW-Authenticate: Basic realm=x\r\nSet-Cookie: auth=1\r\n";
    let site = site([
        in_browser("/auth", Answer::status("401 Unauthorized", auth, "no")),
        in_browser("/empty", Answer::raw("")),
        in_browser("/garbage", Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: nul=\0\r\n\r\n")),
        in_browser(
            "/short",
            Answer::raw("HTTP/1.1 200 OK\r\nSet-Cookie: short=1\r\nContent-Length: 99\r\n\r\nx"),
        ),
        in_browser("/gone", Answer::redirect("302 Found", "http://127.0.0.1:1/", "Set-Cookie: gone=1\r\n")),
        in_browser("/oops", Answer::status("500 Oops", "Set-Cookie: oops=1\r\n", "")),
        in_browser(
            "/later",
            Answer::status("503 Later", "Set-Cookie: later=1\r\nContent-Type: text/html\r\n", "later"),
        ),
        in_browser("/missing", Answer::status("404 Not Found", "Set-Cookie: missing=1\r\n", "")),
        in_browser("/round", Answer::redirect("302 Found", "/round", "Set-Cookie: round=1\r\n")),
    ]);
    let told = Told::of(&site, "10s");
    told.has(&["last header kept", "last_script document-cookie kept"]);
    told.has(&[
        "short header kept",
        "auth header kept",
        "oops header kept",
        "later header kept",
        "missing header kept",
        "gone header kept",
        "round header kept",
    ]);
    assert_eq!(
        told.failed(),
        [
            "/auth client-error: the browser says net::ERR_INVALID_AUTH_CREDENTIALS",
            "/empty other: the browser says net::ERR_EMPTY_RESPONSE",
            "/garbage unreadable-head: the browser says net::ERR_INVALID_HTTP_RESPONSE",
            "/gone other: the browser says net::ERR_UNSAFE_PORT",
            "/later server-error: answered 503",
            "/missing client-error: answered 404",
            "/oops server-error: answered 500",
            "/round too-many-redirects: the browser says net::ERR_TOO_MANY_REDIRECTS",
            &format!(
                "/short truncated: it broke off: the browser says net::ERR_CONTENT_LENGTH_MISMATCH; {KEPT}"
            ),
        ]
    );
}

#[test]
fn a_request_for_a_certificate_is_not_waited_on() {
    let ca = TestCa::new();
    let site = Hostile::https_asking_who(&ca, answers("", [("/page", body(""))]));
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, &ca.pem).unwrap();
    let plan = format!("http = {{ extra_ca = [{:?}] }}", pem.display().to_string());
    let browser = format!("url = \"{}\"", chromium::shared_url());
    let url = site.url_as("https", "localhost", "/");
    let told = Told(look_at(url.as_str(), &browser, "10s", &plan, JSON).code(0).json());
    told.lost_nothing();
    assert_eq!(told.failed(), [""; 0]);
}

#[test]
fn nothing_that_a_page_names_reaches_a_terminal_raw() {
    let evil = "\\u001b[31mred\\u0007\\u009b2J\\u202egnp.exe\\u2066\\u200b\\r\\nfake line";
    let site = site([(
        "/names",
        script(&format!(
            "const evil = '{evil}'; localStorage.setItem('a' + evil, 1); sessionStorage['b' + evil] = 1; \
             indexedDB.open('c' + evil); caches.open('d' + evil); document.cookie = 'e\\u202eevil=1'; \
             document.title = evil; console.log(evil); history.pushState(0, '', '?' + evil)"
        )),
    )]);
    let hidden = |text: &str| {
        text.chars()
            .filter(|c| {
                (c.is_control() && *c != '\n')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
            })
            .count()
    };
    for more in [&["-vv"][..], &["--format", "json"], &["--format", "markdown"]] {
        let more: Vec<&str> = more.iter().copied().filter(|flag| *flag != "-vv").collect();
        let ended = look(&site, "10s", &more).code(0);
        for start in ["a", "b", "c", "d"] {
            assert!(ended.stdout.contains(&format!("{start}\\")), "{start}: {}", ended.stdout);
        }
        assert!(ended.stdout.contains("gnp.exe"));
        assert_eq!((hidden(&ended.stdout), hidden(&ended.stderr)), (0, 0), "{}", ended.stdout);
        assert!(!ended.stdout.contains("\nfake line"));
    }
}

/// Processes of the browser that a run of ours started, told by the run's own id.
pub(crate) fn processes_below(ancestor: u32) -> Vec<(u32, String)> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    let is_below = |pid: u32| {
        std::iter::successors(Some(pid), |pid| parent(*pid)).take(10).skip(1).any(|above| above == ancestor)
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    all.filter(|pid| is_below(*pid))
        .filter_map(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Some((pid, String::from_utf8_lossy(&command).replace('\0', " ")))
        })
        .collect()
}

/// Seconds of work, in the system's ticks.
fn work(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Kills what the run has started and that is meant: of several, what has worked most.
fn kill(run: u32, is_meant: impl Fn(&str) -> bool) {
    let meant = processes_below(run).into_iter().filter(|(_, command)| is_meant(command));
    if let Some((pid, _)) = meant.max_by_key(|(pid, _)| work(*pid)) {
        let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
    }
}

/// A site whose page `/victim` asks for `/-kill` once it has set its cookies; then that is done.
fn deadly(times: usize, is_meant: fn(&str) -> bool) -> (Hostile, Arc<AtomicU32>) {
    let run = Arc::new(AtomicU32::new(0));
    let pid = run.clone();
    // It works enough to be known by it.
    let victim = (
        "/victim",
        script("for (let i = 0; i < 1e9; i++); fetch('/-kill').then(() => document.cookie = 'survived=1')"),
    );
    let rest = answers("", [victim]);
    let done = AtomicU32::new(0);
    let site = Hostile::http(move |asked| {
        if asked.target == "/-kill" && (done.fetch_add(1, Ordering::SeqCst) as usize) < times {
            kill(pid.load(Ordering::SeqCst), is_meant);
        }
        rest(asked)
    });
    (site, run)
}

/// Looks with a browser of the run's own.
fn look_alone(site: &Hostile, run: &AtomicU32) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let plan = format!(
        "engine = \"browser\"\n[targets.site]\nurl = \"{}\"\n[browser]\nexecutable = \"{}\"\nrender = \"all\"\n\
         load_timeout = \"20s\"\n[limits]\nrate = \"unlimited\"\n",
        site.url("/"),
        chromium::program()
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let args = ["scan", "cookieproof.toml", "--format", "json"];
    Cookieproof::new(args).within(folder.path()).run_and(|pid| run.store(pid, Ordering::SeqCst))
}

#[test]
fn a_renderer_that_is_killed_takes_only_its_page() {
    let (site, run) = deadly(1, |command| command.contains("--type=renderer"));
    let told = Told(look_alone(&site, &run).code(0).json());
    told.lost_nothing();
    assert_eq!(told.failed(), [format!("/victim crashed: the page's process ended; {KEPT}")]);
}

fn is_browser_itself(command: &str) -> bool {
    command.contains("--headless") && !command.contains("--type=")
}

#[test]
fn a_browser_that_is_killed_is_started_again() {
    let (site, run) = deadly(1, is_browser_itself);
    let ended = look_alone(&site, &run).code(0);
    assert!(ended.stderr.contains("the browser ended and is started again"), "{}", ended.stderr);
    let told = Told(ended.json());
    told.lost_nothing();
    // The page was tried again, and came through.
    told.has(&["survived document-cookie kept"]);
    assert_eq!(
        told.notes(),
        ["the browser ended during the run; the pages that were open then were looked at again in a new one"]
    );
    assert_eq!(told.failed(), [""; 0]);
}

#[test]
fn a_page_that_ends_the_browser_twice_is_given_up_and_keeps_what_it_had_set() {
    let (site, run) = deadly(2, is_browser_itself);
    let told = Told(look_alone(&site, &run).code(0).json());
    told.lost_nothing();
    assert_eq!(told.failed(), ["/victim crashed: the browser ended twice on this page"]);
}
