//! Claims that need an act: what the run does for them, and how it ends. One application that
//! keeps its policy, and switches for what it can do wrong.

use super::support::app::{page, to};
use super::support::hostile::{Answer, Asked, Hostile};
use super::support::look::{Seen, look_with, plan};
use cookieproof::config::Format;
use cookieproof::manifest::{self, Manifest};
use cookieproof::observation::{Phase, TaskEnd, TaskRecord};
use std::collections::BTreeSet;
use std::sync::Mutex;

const MANIFEST: &str = r#"
[site]
name = "App"

[pages]
account = ["/account/**"]
login = ["/login"]

[[cookies]]
name = "csrf"
category = "strictly-necessary"
required_for = ["login"]

[[cookies]]
name = "sid"
category = "strictly-necessary"
visitors = ["logged-in"]
lifetime = { until = "logout" }
required_for = ["account"]
rolling = true

[[cookies]]
name = "refresh"
category = "strictly-necessary"
visitors = ["logged-in"]
refreshes = "sid"
cleared_on_logout = true

[[cookies]]
name = "lang"
category = "functional"
updated_by = ["language"]

[claims]
honours_gpc = true
"#;

const PLAN: &str = r##"
[probes]
renewal_after = "50ms"

[personas.member]
login = [
  { open = "/login" },
  { submit = { fields = { email = "ann@example.test", password = "pa55-w0rd" } } },
]
logged_in_when = { url = "/account", selector = "#user" }
refresh = { method = "POST", url = "/refresh" }
logout = [{ open = "/account" }, { submit = { form = "#out" } }]

[journeys.language]
personas = ["anonymous"]
steps = [{ open = "/" }, { submit = { choose = { lang = "de" } } }]
"##;

/// The application; `wrong` names what it does wrong.
fn app(wrong: &'static str) -> Hostile {
    let ended = Mutex::new(BTreeSet::new());
    Hostile::http(move |asked| {
        let mut ended = ended.lock().unwrap();
        let sid = asked.cookie("sid").filter(|sid| !ended.contains(sid) || wrong == "replay");
        let member = sid.is_some() || wrong == "open" && asked.header("accept").is_some();
        let session = format!("Set-Cookie: sid=s3ss10n-{:08}; Path=/; HttpOnly\r\n", asked.earlier);
        match asked.route().as_str() {
            "GET /" => {
                let gpc = asked.header("sec-gpc") == Some("1");
                let visits = if gpc && wrong != "gpc" { "" } else { "Set-Cookie: visits=1; Path=/\r\n" };
                page(
                    visits,
                    "<form method=post action=/lang><select name=lang><option>en<option>de</select></form>\
                     <a href=/account>Account</a>",
                )
            }
            "POST /lang" if wrong != "lang" => to("/", "Set-Cookie: lang=de; Path=/\r\n"),
            "POST /lang" => to("/", ""),
            "GET /login" => page(
                "Set-Cookie: csrf=c5rf-c00k1e; Path=/\r\n",
                "<form method=post><input name=email><input type=password name=password></form>",
            ),
            "POST /login" if asked.cookie("csrf").is_some() || wrong == "token" => to(
                "/account",
                &format!("{session}Set-Cookie: refresh=r3fr35h-{}; Path=/refresh\r\n", asked.earlier),
            ),
            "POST /refresh" if asked.cookie("refresh").is_some() || wrong == "refresh" => {
                page(&session, "ok")
            }
            "GET /account" if member => page(
                if wrong == "renewal" { "" } else { &session },
                "<p id=user>Account of ann, who has been here for a long time and has bought a lot of useful things.\
                 <form id=out method=post action=/logout><button>Log out</button></form>",
            ),
            "POST /logout" => {
                // Every session of the account ends; cookies go, but for what is wrong.
                for earlier in 0..asked.earlier {
                    ended.insert(format!("s3ss10n-{earlier:08}"));
                }
                let cookies = "Set-Cookie: sid=; Path=/; Max-Age=0\r\nSet-Cookie: refresh=; Path=/refresh; Max-Age=0\r\n";
                to("/", if wrong == "logout" { "" } else { cookies })
            }
            "GET /account" => to("/login", ""),
            _ => Answer::status("403 Forbidden", "Content-Type: text/html\r\n", "no"),
        }
    })
}

fn manifest() -> Manifest {
    let (manifest, problems) = manifest::read(MANIFEST, "cookies.toml", Format::Toml);
    manifest.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn seen(wrong: &'static str) -> Seen {
    let app = app(wrong);
    look_with(&plan(&app, PLAN), Some(&manifest()))
}

#[test]
fn an_application_that_keeps_its_policy() {
    let seen = seen("");
    assert_eq!(
        seen.outcomes(),
        [
            "RequiredFor member sid: holds",
            "ClearedOnLogout member refresh: holds",
            "ClearedOnLogout member sid: holds",
            "EndedOnLogout member : holds",
            "Refreshes { issues: \"sid\" } member refresh: holds",
            "RollingRenewal member sid: holds",
            "TokenRequired member csrf: holds",
            "UpdatedBy { journey: \"language\" } anonymous lang: holds",
            "GlobalPrivacyControl anonymous : holds",
        ],
        "{:#?}",
        seen.scan.outcomes
    );
    assert_eq!(seen.logins("member"), (2, 0), "one of them for the token");
    assert!(seen.pages("member", Phase::AfterLogout).contains(&"200 /account".to_owned()));
}

#[test]
fn every_task_leaves_a_record_of_how_it_ended() {
    let app = app("");
    let more = "[journeys.checkout]\nsteps = [{ open = \"/\" }, { submit = { form = \"#basket\" } }]\n\
                [personas.stranger]\nlogin = [{ open = \"/login\" }, { submit = { form = \"#none\" } }]\n";
    let seen = look_with(&plan(&app, &format!("{PLAN}{more}")), Some(&manifest()));
    let told = |task: &TaskRecord| {
        let end = match &task.end {
            TaskEnd::Done => "done".to_owned(),
            TaskEnd::NotDone { why } => why.split(" (").next().unwrap_or_default().to_owned(),
            TaskEnd::CutOff => "cut off".to_owned(),
        };
        format!("{} {}: {end}", task.cell.persona, task.job.in_words())
    };
    assert_eq!(
        seen.scan.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "anonymous robots.txt and sitemaps: done",
            "anonymous login: done",
            "anonymous crawl: done",
            "anonymous journey language: done",
            "anonymous journey checkout: step 2 of the journey checkout",
            "anonymous probes: done",
            "anonymous addresses beside the crawl: done",
            "member login: done",
            "member crawl: done",
            "member journey checkout: step 2 of the journey checkout",
            "member probes: done",
            "stranger login: step 2 of the login",
            "member logout: done",
        ]
    );
}

#[track_caller]
fn fails(wrong: &'static str, outcome: &str) {
    let outcomes = seen(wrong).outcomes();
    assert!(outcomes.iter().any(|seen| seen == outcome), "{outcomes:#?}");
}

#[test]
fn what_can_be_wrong_is_found() {
    fails("open", "RequiredFor member sid: fails: /account is shown without sid");
    fails("token", "TokenRequired member csrf: fails: the login form is accepted without csrf");
    fails("refresh", "Refreshes { issues: \"sid\" } member refresh: fails: sid is issued without refresh");
    fails("renewal", "RollingRenewal member sid: fails: no page issues it again after the interval");
    fails("lang", "UpdatedBy { journey: \"language\" } anonymous lang: fails: the journey did not write it");
    fails("gpc", "GlobalPrivacyControl anonymous : fails: with `Sec-GPC: 1` the site still sets visits");
    fails("logout", "ClearedOnLogout member refresh: fails: the logout leaves refresh");
    fails("replay", "EndedOnLogout member : fails: the old session still opens the page after the logout");
}

#[test]
fn the_same_site_gives_the_same_scan_whoever_answers_first() {
    let slow = |pause: fn(&Asked) -> u64| {
        Hostile::http(move |asked| {
            std::thread::sleep(std::time::Duration::from_millis(pause(asked)));
            let number: usize = asked.target.trim_start_matches("/p").parse().unwrap_or(0);
            let links: String = (1..6).map(|n| format!("<a href=/p{}>x</a>", number * 5 + n)).collect();
            page(&format!("Set-Cookie: seen={number}; Path=/\r\nSet-Cookie: p{}=1\r\n", number % 7), &links)
        })
    };
    let look = |app: &Hostile| {
        let mut scan = look_with(&plan(app, "[limits]\npages = 40\nper_shape = 30"), None).scan;
        scan.run.started.clear();
        scan.run.seconds = 0;
        for group in scan.observations.iter_mut().flat_map(|seen| &mut seen.groups) {
            group.example.at_ms = 0;
        }
        serde_json::to_string(&scan).unwrap().replace(&app.address.port().to_string(), "PORT")
    };
    let quick = look(&slow(|_| 0));
    let uneven = look(&slow(|asked| (asked.target.len() as u64 * 7 + asked.earlier as u64 * 3) % 11));
    assert_eq!(quick, uneven);
}
