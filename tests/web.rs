//! The web as browsers read it: encodings, refreshes, session ids in addresses, links without an end,
//! sessions that die, and start pages that lead nowhere.

use crate::support::app::html;
use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Asked, Hostile};
use crate::support::look::look;
use cookieproof::observation::{DeadEndKind, Phase, SkipReason};
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// `Привет` in windows-1251.
const HELLO: &[u8] = b"\xcf\xf0\xe8\xe2\xe5\xf2";

/// A page whose bytes are not UTF-8.
fn bytes(lines: &str, body: &[u8]) -> Answer {
    let length = body.len();
    Answer::raw(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n{lines}\r\n"
    ))
    .then(body)
}

fn nothing() -> Answer {
    Answer::status("404 Not Found", "", "")
}

#[test]
fn a_site_in_windows_1251_is_read_logged_in_to_and_followed() {
    let meta = b"<meta charset=windows-1251>";
    let app = Hostile::http(move |asked| {
        let member = asked.cookie("sid").is_some();
        match (asked.method.as_str(), asked.target.as_str()) {
            ("GET", "/login") => bytes("", &[meta, &b"<form method=post action=/login><input name=login><input type=hidden name=_charset_><input name=go type=submit value='"[..], HELLO, b"'></form>"].concat()),
            ("POST", "/login") if asked.body == b"login=%C0%ED%ED%E0&_charset_=windows-1251&go=%CF%F0%E8%E2%E5%F2" => {
                Answer::redirect("303 See Other", "/account", "Set-Cookie: sid=abcdef123456; Path=/\r\n")
            }
            ("GET", "/account") if member => bytes("", &[meta, HELLO, b" <a href='/find?q=", HELLO, b"'>x</a>"].concat()),
            ("GET", "/find?q=%CF%F0%E8%E2%E5%F2") => Answer::page("Set-Cookie: found=1; Path=/\r\n", "Found."),
            ("GET", "/") => Answer::page("", "<a href=/account>x</a>"),
            _ => nothing(),
        }
    });
    let seen = look(
        &app,
        "[personas.member]\nlogin = [{ open = \"/login\" }, { submit = { fields = { login = \"\u{410}\u{43d}\u{43d}\u{430}\" } } }]\n\
         logged_in_when = { url = \"/account\", text = \"\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}\" }\n",
    );
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert!(seen.cookies("member", Phase::Crawl).contains(&"found".to_owned()), "{:#?}", app.asked());
}

#[test]
fn a_refresh_header_leads_on() {
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("Refresh: 0;URL='/home'\r\n", ""),
        "/home" => Answer::page("Set-Cookie: home=1; Path=/\r\n", "<a href=/more>x</a>"),
        "/more" => Answer::page("Set-Cookie: more=1; Path=/\r\n", "x"),
        "/login" => Answer::page("Refresh: 0; url=/in\r\n", "A moment."),
        "/in" => Answer::page("Set-Cookie: sid=a1b2c3d4e5f6; Path=/\r\n", "In."),
        _ => nothing(),
    });
    let seen =
        look(&app, "[personas.member]\nlogin = [{ open = \"/login\" }, { expect = { text = \"In.\" } }]\n");
    assert_eq!(seen.cookies("anonymous", Phase::Crawl), ["home", "more"]);
    assert_eq!(seen.reached("member"), "unproven");
}

/// Ten pages that link to each other, every link with a session id of its own.
fn with_session_ids(address: fn(&str, usize) -> String) -> (usize, BTreeSet<String>) {
    let count = Mutex::new(0_usize);
    let app = Hostile::http(move |asked| {
        let mut count = count.lock().unwrap();
        let words = asked.target.split(['/', ';', '?', '&']);
        let Some(page) = words
            .clone()
            .find(|word| word.starts_with("page"))
            .or(words.clone().find(|_| asked.target == "/"))
        else {
            return nothing();
        };
        let links: String = (0..10)
            .map(|other| {
                *count += 1;
                format!("<a href='{}'>x</a>", address(&format!("page{other}"), *count))
            })
            .collect();
        Answer::page(&format!("Set-Cookie: of-{page}=1; Path=/\r\n"), &links)
    });
    let seen = look(&app, "");
    let names = seen.cookies("anonymous", Phase::Crawl).into_iter().collect();
    let asked = app.asked();
    (
        asked
            .iter()
            .filter(|asked| asked.target.contains("page") && !asked.target.contains("cookieproof"))
            .count(),
        names,
    )
}

#[test]
fn a_session_id_in_the_address_makes_no_further_page() {
    for address in [
        (|page, n| format!("/{page};jsessionid=A{n:011X}7F")) as fn(&str, usize) -> String,
        |page, n| format!("/{page}?sid=9f8e{n:08x}"),
        |page, n| format!("/{page}?a=1&PHPSESSID=9f8e7d6c{n:08x}"),
        |page, n| format!("/s/9f8e7d6c5b4a{n:06x}/{page}"),
    ] {
        let (requests, names) = with_session_ids(address);
        assert_eq!(requests, 10, "{}", address("page", 1));
        assert_eq!(names.iter().filter(|name| name.starts_with("of-page")).count(), 10, "{names:?}");
    }
}

#[test]
fn relative_links_without_an_end_are_a_trap() {
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/robots.txt" | "/sitemap.xml" => nothing(),
        "/real" => Answer::page("Set-Cookie: real=1; Path=/\r\n", "x"),
        // Without its leading slash: every page one deeper.
        _ => Answer::page(
            "",
            "<a href='shop/'>x</a> <a href='news/'>x</a> <a href='help/'>x</a> <a href='/real'>x</a>",
        ),
    });
    let seen = look(&app, "[limits]\nper_shape = 5\npages = 500\ndepth = 50\n");
    let asked = app.asked().iter().filter(|asked| asked.method == "GET").count();
    assert!(asked < 60, "{asked}");
    assert!(seen.scan.coverage.skipped.iter().any(|skipped| skipped.reason == SkipReason::ShapeLimit));
    assert!(seen.cookies("anonymous", Phase::Crawl).contains(&"real".to_owned()));
}

#[test]
fn a_page_where_the_sitemap_should_be_names_no_pages() {
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/style" => Answer::page("Set-Cookie: style=1; Path=/\r\n", "x"),
        _ => Answer::page(
            "",
            "<!doctype html><html><head><link rel=stylesheet href='/style'/></head><body>x</body></html>",
        ),
    });
    let seen = look(&app, "");
    assert!(!seen.cookies("anonymous", Phase::Crawl).contains(&"style".to_owned()));
}

/// Thirty pages for members. A session is good for so many of them; afterwards the login form comes in
/// every page's place, with 200.
fn short_sessions(good_for: usize) -> Hostile {
    let state = Mutex::new((0_usize, 0_usize));
    Hostile::http(move |asked: &Asked| {
        let mut state = state.lock().unwrap();
        let form = "<form method=post action=/login><input name=u><input type=password name=p><button>go</button></form>";
        match asked.route().as_str() {
            "POST /login" => {
                *state = (state.0 + 1, 0);
                Answer::redirect(
                    "303 See Other",
                    "/m/0",
                    &format!("Set-Cookie: sid=s{}; Path=/; HttpOnly\r\n", state.0),
                )
            }
            "GET /login" => Answer::page("", form),
            "GET /" => Answer::page("", "<a href=/m/0>x</a>"),
            route => match route.strip_prefix("GET /m/").and_then(|number| number.parse::<usize>().ok()) {
                Some(number) if number < 30 => {
                    let valid = asked.cookie("sid") == Some(format!("s{}", state.0)) && state.1 < good_for;
                    if !valid {
                        return Answer::page("", form);
                    }
                    state.1 += 1;
                    let links: String =
                        (1..=3).map(|next| format!("<a href=/m/{}>x</a>", number * 3 + next)).collect();
                    Answer::page(
                        &format!("Set-Cookie: m{number}=1; Path=/; HttpOnly\r\n"),
                        &format!("Hello member {links}"),
                    )
                }
                _ => nothing(),
            },
        }
    })
}

fn member(budget: u32) -> String {
    format!(
        "[personas.member]\nlogin = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ u = \"a\", p = \"pw-secret-77\" }} }} }}]\n\
         logged_in_when = {{ url = \"/m/0\", text = \"Hello member\" }}\nlogin_budget = {budget}\n[limits]\nper_shape = 100\n"
    )
}

#[test]
fn pages_lost_with_the_session_are_asked_for_again_as_often_as_logins_last() {
    // The last pages of a session are followed by such as tell nothing; of sessions good for one page
    // and one look, no two pages may be under way at once.
    for (good_for, budget) in [(12, 12), (5, 40), (4, 60)] {
        let seen = look(&short_sessions(good_for), &member(budget));
        let pages = seen.cookies("member", Phase::Crawl);
        assert_eq!(pages.len(), 30, "{good_for}: {pages:?} {:#?}", seen.scan.coverage.skipped);
        assert_eq!(seen.reached("member"), "yes");
        assert!(seen.logins("member").1 >= 2);
    }
}

#[test]
fn pages_that_nobody_saw_as_a_member_are_told_and_make_the_run_inconclusive() {
    let app = short_sessions(8);
    let folder = tempfile::tempdir().unwrap();
    let plan = format!("{}[targets.app]\nurl = \"{}\"\n", member(2), app.url("/"));
    let manifest = "[site]\nname = \"x\"\n[[cookies]]\nname = \"m29\"\nhttp_only = true\nvisitors = [\"logged-in\"]\nexpected = true\n";
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let args = ["audit", "--rate", "0", "--quiet", "--format", "json"];
    let report = Cookieproof::new(args).within(folder.path()).run().code(3).json();
    let skipped = report["coverage"]["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|skipped| skipped["reason"] == "session-lost"), "{skipped:#?}");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{:#}", report["findings"]);
}

#[test]
fn a_start_page_that_leads_nowhere_is_said_with_what_would_lead_on() {
    let case = |answer: fn(&Asked) -> Answer, kind: DeadEndKind, code: i32| {
        let app = Hostile::http(answer);
        let seen = look(&app, "");
        let ends: Vec<_> = seen.scan.coverage.dead_ends.iter().map(|end| end.kind).collect();
        assert_eq!(ends, [kind]);
        let url = app.url("/").to_string();
        let ended = Cookieproof::new(["scan", &url, "--rate", "0", "--quiet"]).run().code(code);
        assert!(ended.stdout.contains("start page"), "{}", ended.stdout);
    };
    case(
        |asked| match asked.target.as_str() {
            "/robots.txt" => {
                Answer::status("200 OK", "Content-Type: text/plain\r\n", "User-agent: *\nDisallow: /\n")
            }
            "/" => Answer::page("", "<a href=/a>x</a>"),
            _ => nothing(),
        },
        DeadEndKind::Robots,
        3,
    );
    case(
        |asked| match asked.target.as_str() {
            "/" => Answer::page("", "<script>document.cookie='door=1';location.reload()</script>"),
            _ => nothing(),
        },
        DeadEndKind::Script,
        3,
    );
    case(
        |asked| match asked.target.as_str() {
            "/" => Answer::page("", "<p>One page, and that is all."),
            _ => nothing(),
        },
        DeadEndKind::NoLinks,
        0,
    );
}

#[test]
fn a_redirect_to_nowhere_is_a_page_and_a_logins_request_is_none() {
    let app = Hostile::http(|asked| match asked.route().as_str() {
        "GET /" => Answer::page("", "<a href=/empty>x</a>"),
        "GET /empty" => Answer::status("302 Found", "Location:\r\nSet-Cookie: once=1; Path=/\r\n", "x"),
        "POST /api/login" => Answer::status(
            "200 OK",
            "Content-Type: application/json\r\nSet-Cookie: sid=a1b2c3d4e5f6; Path=/\r\n",
            "{}",
        ),
        "GET /api/login" => Answer::page("Set-Cookie: wrong=1; Path=/\r\n", "x"),
        _ => nothing(),
    });
    let seen = look(
        &app,
        "[personas.member]\nlogin = [{ request = { method = \"POST\", url = \"/api/login\", json = { u = \"a\" } } }]\n",
    );
    assert_eq!(seen.reached("member"), "unproven");
    assert_eq!(app.asked().iter().filter(|asked| asked.route() == "GET /api/login").count(), 0);
    let empties = app.asked().iter().filter(|asked| asked.target == "/empty").count();
    assert!(empties <= 2, "{empties}");
}

#[test]
fn one_bad_line_of_an_imported_session_is_said_and_the_rest_is_taken() {
    let app = Hostile::http(|asked| match asked.target.as_str() {
        "/" if asked.cookie("sid").is_some() => Answer::page("", "Hello member"),
        "/" => Answer::page("", "Hello"),
        _ => nothing(),
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cookies.txt");
    std::fs::write(&file, "\u{feff}127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\ta1b2c3d4e5f6\nthis is no line\n")
        .unwrap();
    let plan = format!(
        "[personas.member]\nlogin = [{{ import = {{ format = \"netscape\", source = \"${{file:{}}}\" }} }}]\nlogged_in_when = {{ url = \"/\", text = \"Hello member\" }}\n",
        file.display()
    );
    let seen = look(&app, &plan);
    assert_eq!(seen.reached("member"), "yes");
    let said = seen.warnings();
    assert!(said.iter().any(|warning| warning.contains("line 2 has 1 of 7 fields")), "{said:?}");
}

#[test]
fn one_page_at_every_address_is_no_look_at_the_site() {
    const CLOSED: &str = "<h1>Back soon</h1><p>We are mending the shop since 04:1";
    let look = |pages: fn(&str) -> String, code| {
        let site = Hostile::http(move |asked| match asked.target.as_str() {
            "/robots.txt" | "/sitemap.xml" => Answer::status("404 Not Found", "", ""),
            target => html(&pages(target)),
        });
        let folder = tempfile::tempdir().unwrap();
        let plan = format!(
            "manifest = \"cookies.toml\"\n[targets.site]\nurl = \"{}\"\n[pages]\nstart = [\"/a\", \"/b\", \"/c\", \"/d\", \"/e\"]\n",
            site.url("/")
        );
        fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"sid\"\nhttp_only = true\n[claims]\ninventory = \"complete\"\n";
        fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
        let args = ["audit", "cookieproof.toml", "-q", "--rate", "0", "--format", "json"];
        let report = Cookieproof::new(args).within(folder.path()).run().code(code).json();
        report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].to_string()).collect()
    };
    let nothing: Vec<String> = Vec::new();
    // The time on it is another one each time.
    let closed: Vec<String> = look(|target| format!("{CLOSED}{}", target.len() % 10), 3);
    assert_eq!(closed, nothing);
    // Pages that are alike, and lead on, are pages.
    let catalogue: Vec<String> =
        look(|target| format!("{CLOSED}{}<a href=/a>a</a><a href=/b>b</a>", target.len()), 0);
    assert_eq!(catalogue, ["\"declared-never-seen\""]);
}

#[test]
fn a_site_that_closes_while_it_is_looked_at_was_not_looked_at() {
    const CLOSED: &str = "<h1>Back soon</h1><a href=/status>What we are doing</a>";
    const PAGES: usize = 80;
    let look = |is_closed: fn(usize) -> bool, leaf: fn(&str) -> String, code| {
        let asked = Arc::new(AtomicUsize::new(0));
        let site = Hostile::http(move |asking| match asking.target.as_str() {
            "/robots.txt" | "/sitemap.xml" => Answer::status("404 Not Found", "", ""),
            _ if is_closed(asked.fetch_add(1, Ordering::SeqCst)) => html(CLOSED),
            "/" => html(&(0..PAGES).map(|n| format!("<a href=/page/{n}>{n}</a>")).collect::<String>()),
            target => html(&leaf(target)),
        });
        let folder = tempfile::tempdir().unwrap();
        let plan = format!("manifest = \"cookies.toml\"\n[targets.site]\nurl = \"{}\"\n", site.url("/"));
        fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n[[cookies]]\nname = \"sid\"\nhttp_only = true\n[claims]\ninventory = \"complete\"\n";
        fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
        let args = ["audit", "cookieproof.toml", "-q", "--rate", "0", "--format", "json"];
        let report = Cookieproof::new(args).within(folder.path()).run().code(code).json();
        let rules = report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].to_string());
        (rules.collect::<Vec<_>>(), report["inconclusive"].to_string())
    };
    // Digits tell no pages apart.
    let each = |target: &str| {
        let n: usize = target.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        format!("<p>All about {}</p>", "x".repeat(n + 1))
    };
    let (rules, inconclusive) = look(|asked| asked > 6, each, 3);
    assert_eq!(rules, Vec::<String>::new());
    assert!(inconclusive.contains("showed one and the same page"), "{inconclusive}");
    // It opened again before anybody looked back.
    let (rules, inconclusive) = look(|asked| (7..60).contains(&asked), each, 3);
    assert_eq!(rules, Vec::<String>::new());
    assert!(inconclusive.contains("showed one and the same page"), "{inconclusive}");
    // Pages that are alike, while the first one stays what it is, are pages.
    let (rules, _) = look(|_| false, |_| "<p>Sold out</p>".to_owned(), 0);
    assert_eq!(rules, ["\"declared-never-seen\""]);
}
