//! The model against the installed Chromium: generated lines and the vectors, served on loopback
//! over http and https, and what DevTools says was stored, refused and sent.
//!
//! `COOKIEPROOF_LIVE_LINES` sets how many lines are made (default 150; from 1000 on all vectors are
//! asked, too), `COOKIEPROOF_LIVE_SEED` repeats a run whose seed was printed.

use crate::support::devtools::Chromium;
use crate::support::hostile::TestCa;
use crate::support::vectors::vectors;
use cookieproof::cookie::{
    Decision, Initiator, Jar, Lifetime, RequestContext, SameSite, ThirdPartyCookies, cookie_header,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

#[test]
fn chromium_does_as_the_model_says() {
    let Some(program) = Chromium::installed() else {
        return println!("no Chromium installed: 0 lines");
    };
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let lines = given("COOKIEPROOF_LIVE_LINES").unwrap_or(150) as usize;
    let seed = given("COOKIEPROOF_LIVE_SEED").unwrap_or_else(|| now().to_bits() % 1_000_000);
    let allow = seed % 2 == 0;
    println!("seed {seed}: {lines} lines, third-party cookies {}", if allow { "allowed" } else { "blocked" });

    let mut random = Random(seed);
    let mut cases: Vec<Case> = Vec::new();
    let mut made = 0;
    while made < lines {
        let case = Case::random(&mut random);
        made += case.lines.len();
        cases.push(case);
    }
    // All of the vectors in a long run, a quarter of them in a short one.
    let share = |at: &usize| lines >= 1000 || (*at as u64) % 4 == seed % 4;
    let chosen = vectors().into_iter().enumerate().filter(|(at, _)| share(at)).map(|(_, vector)| vector);
    cases.extend(chosen.map(|vector| Case {
        url: vector.url,
        before: vector.before,
        lines: vec![vector.line],
        date: vector.date,
        within: vector.within,
        then: vector.sends.map(|(url, _)| url),
    }));

    let mut live = Live::start(program, allow);
    let differences: Vec<String> = cases.iter().filter_map(|case| live.difference(case)).collect();
    assert!(
        differences.is_empty(),
        "seed {seed}: {} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
    println!("{} responses, no difference", cases.len());
}

/// A response, and what was before and after.
struct Case {
    url: Url,
    before: Vec<(Url, Vec<u8>)>,
    lines: Vec<Vec<u8>>,
    date: Option<Vec<u8>>,
    within: Option<Url>,
    then: Option<Url>,
}

/// What a browser and the model can be compared by.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// Sorted.
    stored: Vec<Kept>,
    /// Line and reason, sorted; drops that DevTools does not report are left out.
    refused: Vec<String>,
    sent: Option<String>,
    /// The whole response was refused.
    failed: bool,
}

/// A cookie in words, and for how many seconds it is kept.
#[derive(Debug)]
struct Kept {
    told: String,
    life: Option<f64>,
}

impl PartialEq for Kept {
    /// The clocks are read at different moments; so many seconds are the same.
    fn eq(&self, other: &Self) -> bool {
        let lives = match (self.life, other.life) {
            (Some(one), Some(another)) => (one - another).abs() <= 8.0,
            (one, another) => one.is_none() && another.is_none(),
        };
        self.told == other.told && lives
    }
}

fn sort(stored: &mut [Kept]) {
    stored.sort_by(|one, another| one.told.cmp(&another.told));
}

struct Live {
    chromium: Chromium,
    server: Server,
    allow: bool,
}

impl Live {
    fn start(program: &std::path::Path, allow: bool) -> Self {
        let server = Server::start();
        let (plain, secure) = (server.plain, server.secure);
        let hosts = format!(
            "MAP *:80 127.0.0.1:{plain}, MAP *:443 127.0.0.1:{secure}, MAP *:8443 127.0.0.1:{secure}"
        );
        Live { chromium: Chromium::start(program, &hosts, allow), server, allow }
    }

    fn difference(&mut self, case: &Case) -> Option<String> {
        let at = now();
        let seen = self.seen(case);
        let expected = self.expected(case, at);
        (seen != expected).then(|| {
            let text = |line: &Vec<u8>| line.escape_ascii().to_string();
            let lines: Vec<String> = case.lines.iter().map(text).collect();
            format!("{} {lines:?}\n  Chromium {seen:?}\n  model    {expected:?}", case.url)
        })
    }

    fn seen(&mut self, case: &Case) -> Outcome {
        self.chromium.call("Storage.clearCookies", json!({}));
        for (url, line) in &case.before {
            self.server.answer(url, std::slice::from_ref(line), None);
            self.chromium.open(url.as_str()).unwrap();
        }
        self.server.answer(&case.url, &case.lines, case.date.as_deref());
        let opened = match &case.within {
            Some(page) => {
                self.server.embed(page, &case.url);
                self.chromium.open(page.as_str())
            }
            None => self.chromium.open(case.url.as_str()),
        };
        let mut outcome = Outcome { failed: opened.is_err(), ..Outcome::default() };
        for event in opened.unwrap_or_default() {
            if event["method"] == "Network.responseReceivedExtraInfo" {
                outcome.refused.extend(
                    event["params"]["blockedCookies"].as_array().into_iter().flatten().flat_map(blocked),
                );
            }
        }
        outcome.refused.sort();
        let asked = now();
        let cookies = self.chromium.call("Storage.getCookies", json!({}));
        outcome.stored =
            cookies["cookies"].as_array().into_iter().flatten().map(|cookie| stored(cookie, asked)).collect();
        sort(&mut outcome.stored);
        if let Some(url) = &case.then {
            self.server.clear();
            self.chromium.open(url.as_str()).unwrap();
            outcome.sent = Some(plain(&self.server.cookie_sent_to(url)));
        }
        outcome
    }

    fn expected(&self, case: &Case, at: f64) -> Outcome {
        let mut jar = Jar::default();
        let visit = |url: &Url| RequestContext {
            url: url.clone(),
            initiator: Initiator::Navigation,
            third_party: if self.allow { ThirdPartyCookies::Allow } else { ThirdPartyCookies::Block },
            response_date: None,
            now: at,
        };
        for (url, line) in &case.before {
            jar.receive(line, &visit(url));
        }
        let initiator = match &case.within {
            Some(page) => Initiator::Subresource { top_url: page.clone() },
            None => Initiator::Navigation,
        };
        let context = RequestContext { initiator, response_date: case.date.clone(), ..visit(&case.url) };
        let decisions = jar.receive_response(case.lines.iter().map(Vec::as_slice), &context);
        let mut outcome =
            Outcome { failed: case.lines.iter().any(|line| line.contains(&0)), ..Outcome::default() };
        for (line, (_, decision)) in case.lines.iter().zip(&decisions) {
            if let Decision::Rejected { reasons } = decision {
                let told = reasons.iter().filter(|reason| !reason.is_silent() && !outcome.failed);
                outcome.refused.extend(told.map(|reason| format!("{} {reason}", fingerprint(line))));
            }
        }
        outcome.refused.sort();
        outcome.stored = jar
            .iter()
            .map(|cookie| {
                let effective = &cookie.effective;
                let same_site = effective.same_site.map_or("unspecified", |word| match word {
                    SameSite::Strict => "Strict",
                    SameSite::Lax => "Lax",
                    SameSite::None => "None",
                });
                let life = match effective.lifetime {
                    Lifetime::Session => None,
                    Lifetime::Seconds(_) => cookie.expires.map(|expires| expires - at),
                };
                described(&Cookie {
                    name: plain(cookie.name.as_bytes()),
                    value: plain(cookie.value.reveal()),
                    domain: &format!("{}{}", if effective.host_only { "" } else { "." }, effective.domain),
                    path: plain(cookie.path()),
                    flags: [effective.secure, effective.http_only, effective.partition.is_some()],
                    same_site,
                    life,
                })
            })
            .collect();
        sort(&mut outcome.stored);
        outcome.sent = case.then.as_ref().map(|url| plain(&cookie_header(&jar.cookies_for(&visit(url)))));
        outcome
    }
}

/// A cookie in the terms of both sides.
struct Cookie<'a> {
    name: String,
    value: String,
    domain: &'a str,
    path: String,
    flags: [bool; 3],
    same_site: &'a str,
    life: Option<f64>,
}

fn described(cookie: &Cookie<'_>) -> Kept {
    let Cookie { name, value, domain, path, flags, same_site, life } = cookie;
    Kept { told: format!("{name:?}={value:?} {domain} {path:?} {flags:?} {same_site}"), life: *life }
}

fn stored(cookie: &Value, asked: f64) -> Kept {
    let text = |key: &str| cookie[key].as_str().unwrap_or_default();
    let yes = |key: &str| cookie[key].as_bool().unwrap_or_default();
    described(&Cookie {
        name: plain(text("name").as_bytes()),
        value: plain(text("value").as_bytes()),
        domain: text("domain"),
        path: plain(text("path").as_bytes()),
        flags: [yes("secure"), yes("httpOnly"), !cookie["partitionKey"].is_null()],
        same_site: cookie["sameSite"].as_str().unwrap_or("unspecified"),
        life: (!yes("session")).then(|| cookie["expires"].as_f64().unwrap_or_default() - asked),
    })
}

fn blocked(refusal: &Value) -> Vec<String> {
    let line = refusal["cookieLine"].as_str().unwrap_or_default();
    let reasons = refusal["blockedReasons"].as_array().into_iter().flatten();
    reasons
        .map(|reason| format!("{} {}", fingerprint(line.as_bytes()), reason.as_str().unwrap_or_default()))
        .collect()
}

/// Enough of a line to know it by: DevTools shows bytes in its own way and cuts at a CR.
fn fingerprint(line: &[u8]) -> String {
    let read = line.split(|byte| *byte == b'\r').next().unwrap_or_default();
    read.iter().filter(|byte| byte.is_ascii_graphic()).take(80).map(|byte| char::from(*byte)).collect()
}

/// The ASCII of it: DevTools drops bytes that are no UTF-8.
fn plain(bytes: &[u8]) -> String {
    bytes.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect()
}

/// One server for every host, on two ports.
struct Server {
    plain: u16,
    secure: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Head lines by host and path.
    heads: BTreeMap<(String, String), Vec<u8>>,
    bodies: BTreeMap<(String, String), String>,
    sent: BTreeMap<(String, String), Vec<u8>>,
}

impl Server {
    fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let config = TestCa::new().server(&["site.example"], &["http/1.1"]);
        let listen = |tls: bool| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let (state, config) = (state.clone(), config.clone());
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (state, config) = (state.clone(), config.clone());
                    std::thread::spawn(move || match tls {
                        false => serve(stream, &state),
                        true => {
                            let Ok(session) = rustls::ServerConnection::new(config) else { return };
                            serve(rustls::StreamOwned::new(session, stream), &state);
                        }
                    });
                }
            });
            port
        };
        Server { plain: listen(false), secure: listen(true), state: state.clone() }
    }

    fn answer(&self, url: &Url, lines: &[Vec<u8>], date: Option<&[u8]>) {
        let mut head = Vec::new();
        if let Some(date) = date {
            head.extend_from_slice(&[b"Date: ", date, b"\r\n"].concat());
        }
        for line in lines {
            head.extend_from_slice(&[b"Set-Cookie: ", line.as_slice(), b"\r\n"].concat());
        }
        let mut state = self.state.lock().unwrap();
        state.heads = BTreeMap::from([(key(url), head)]);
        state.bodies.clear();
    }

    fn embed(&self, page: &Url, picture: &Url) {
        let body = format!("<!doctype html><img src=\"{picture}\">");
        self.state.lock().unwrap().bodies.insert(key(page), body);
    }

    fn clear(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    fn cookie_sent_to(&self, url: &Url) -> Vec<u8> {
        self.state.lock().unwrap().sent.get(&key(url)).cloned().unwrap_or_default()
    }
}

/// Host with port and path with query, as a request names them. Chromium escapes `|` as well.
fn key(url: &Url) -> (String, String) {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = url.path().replace('|', "%7C").replace('^', "%5E");
    (format!("{}{port}", url.host_str().unwrap_or_default()), format!("{path}{query}"))
}

/// One request, one answer.
fn serve(mut stream: impl Read + Write, state: &Mutex<State>) {
    let mut head = Vec::new();
    let mut reader = BufReader::new(&mut stream);
    while !head.ends_with(b"\r\n\r\n") {
        if !reader.read_until(b'\n', &mut head).is_ok_and(|read| read > 0) {
            return;
        }
    }
    drop(reader);
    let text: String = head.iter().map(|byte| char::from(*byte)).collect();
    let header = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let key = (header("host").unwrap_or_default(), path);
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\n".to_vec();
    let body = {
        let mut state = state.lock().unwrap();
        if let Some(cookie) = header("cookie") {
            state.sent.insert(key.clone(), cookie.chars().map(|c| c as u8).collect());
        }
        answer.extend_from_slice(state.heads.get(&key).map(Vec::as_slice).unwrap_or_default());
        state.bodies.get(&key).cloned().unwrap_or_else(|| "<!doctype html><title>x</title>".into())
    };
    let end = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    answer.extend_from_slice(end.as_bytes());
    let _ = stream.write_all(&answer);
    let _ = stream.flush();
}

/// A small generator of our own, so that a seed is enough to repeat a run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const HOSTS: &[&str] = &[
    "https://home.example.org",
    "http://home.example.org",
    "https://www.example.org",
    "http://example.org",
    "https://foo.github.io",
    "https://co.uk",
    "http://localhost",
    "https://127.0.0.1",
    "http://a.localhost",
    "https://example.org.",
    "https://xn--bcher-kva.example",
    "https://foo.kawasaki.jp",
    "http://intranet",
];

const PATHS: &[&str] =
    &["/", "/app/page?q=1", "/app/", "/a//b", "/a|b/c", "/%61/b", "/login/en/x", "/a/../b/c"];

impl Case {
    fn random(random: &mut Random) -> Self {
        let url =
            |random: &mut Random| Url::parse(&format!("{}{}", random.of(HOSTS), random.of(PATHS))).unwrap();
        let own = url(random);
        let sibling = |random: &mut Random| {
            let mut sibling = own.clone();
            sibling.set_path(random.of(PATHS));
            sibling
        };
        let before = match random.chance(40) {
            true => vec![(Url::parse("https://home.example.org/login").unwrap(), line(random))],
            false => Vec::new(),
        };
        let within = random.chance(15).then(|| {
            let mut page = url(random);
            page.set_path("/page-around");
            // An https page asks for http pictures over https.
            if own.scheme() == "http" {
                let _ = page.set_scheme("http");
            }
            page
        });
        Case {
            before,
            lines: (0..=random.below(12)).map(|_| line(random)).collect(),
            date: random.chance(15).then(|| random.of(DATES).as_bytes().to_vec()),
            then: random.chance(50).then(|| sibling(random)),
            within,
            url: own,
        }
    }
}

const DATES: &[&str] = &[
    "Sat, 21 Nov 2026 10:00:00 GMT",
    "Thu, 01 Jan 2026 10:00:00 GMT",
    "31 Feb 2027 10:00:00",
    "x",
    "2027-02-03T10:00:00Z",
    "02/03/2027 10:00 pm",
    "Wed Feb  3 11:18:02 2027 EST",
];

const NAMES: &[&str] = &[
    "a",
    "b",
    "x",
    "sid",
    "__Host-a",
    "__Secure-a",
    "__Http-a",
    "__Host-Http-a",
    "__host-b",
    "",
    "a b",
    "\"a\"",
    "\u{20ac}",
];

const VALUES: &[&str] =
    &["1", "2", "", "\"q\"", "a=b", "a b", "\u{20ac}", "v,w", "=", "\t1\t", "a\tb", "a\x01b", "a\rb"];

fn line(random: &mut Random) -> Vec<u8> {
    let blank = |random: &mut Random| random.of(&["", "", "", " ", "\t", "  "]).to_owned();
    let mut text = match random.below(20) {
        0 => random.of(VALUES).to_owned(),
        _ => format!("{}{}={}{}", blank(random), random.of(NAMES), blank(random), random.of(VALUES)),
    };
    for _ in 0..random.below(6) {
        let (name, values) = ATTRIBUTES[random.below(ATTRIBUTES.len())];
        let cased = if random.chance(20) { name.to_ascii_uppercase() } else { name.to_owned() };
        text += &format!(";{}{cased}", blank(random));
        if !values.is_empty() && random.chance(95) {
            text += &format!("{}={}{}", blank(random), blank(random), random.of(values));
        }
    }
    text.into_bytes()
}

/// Attributes and their values; dates far enough from now that they stay on their side of it.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    (
        "Domain",
        &[
            "home.example.org",
            ".example.org",
            "example.org",
            "other.org",
            "",
            ".",
            "EXAMPLE.org",
            "\"example.org\"",
            "github.io",
            "co.uk",
            "localhost",
            "127.0.0.1",
            "b\u{fc}cher.example",
            "example.org.",
        ],
    ),
    ("Path", &["/", "/app", "/app/", "x", "", "\"/\"", "//", "/\u{e9}", "/app?x", "/login", "/a%7Cb"]),
    ("Secure", &[]),
    ("Secure", &["0"]),
    ("HttpOnly", &[]),
    ("SameSite", &["Lax", "Strict", "None", "none", "x", "", "\"Lax\""]),
    ("Max-Age", &["1000", "0", "-1", "x", "+5000", "34560001", "1.5", "", "00700", "99999999999999999999"]),
    (
        "Expires",
        &[
            "Wed, 03 Feb 2100 11:18:02 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "x",
            "",
            "3-Feb-70 11:18:02",
            "3 Feb 2100 24:00:00",
            "3rd Feb 2100 11:18:02",
            "3 Feb 02100 11:18:02",
            "30 Feb 2100 11:18:02",
        ],
    ),
    ("Partitioned", &[]),
    ("Priority", &["Low", "High", "x"]),
    ("Version", &["1"]),
];

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
