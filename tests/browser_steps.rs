//! Personas whose steps are made in a browser: applications that only work with scripts, as they
//! are found, and the plan that a user would write for each.

use super::support::hostile::{Answer, Asked, Hostile};
use super::support::look::{Seen, look};
use cookieproof::observation::{Engine, Phase, Scan};

fn html(body: &str) -> Answer {
    page("", body)
}

fn page(lines: &str, body: &str) -> Answer {
    Answer::page(lines, &format!("<!doctype html><title>App</title>{body}"))
}

fn to(path: &str, lines: &str) -> Answer {
    Answer::redirect("303 See Other", path, lines)
}

fn json(status: &str, lines: &str, body: &str) -> Answer {
    Answer::status(status, &format!("Content-Type: application/json\r\n{lines}"), body)
}

const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";
const PASSWORD: &str = "pa55-w0rd-0f-ann";

/// Nothing that a report is made of knows a password or token.
#[track_caller]
fn keeps_quiet(seen: &Seen) {
    let told = format!("{:?} {:?}", seen.scan, seen.events);
    for secret in [TOKEN, PASSWORD] {
        assert!(!told.contains(secret), "a secret was told");
    }
}

/// Names set in a phase, by the engine that saw it.
fn set_in(scan: &Scan, persona: &str, phase: Phase, engine: Engine) -> Vec<String> {
    let mut names: Vec<String> = scan
        .observations
        .iter()
        .filter(|seen| {
            seen.groups.iter().map(|group| &group.example.cell).any(|cell| {
                cell.persona == persona && cell.phase == phase && cell.engine == engine
            })
        })
        .map(|seen| seen.name.to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A shop whose login is a dialog in a shadow root, sent by a script; its session is a cookie.
fn script_shop() -> Hostile {
    Hostile::http(|asked| {
        let member = asked.cookie("sid").as_deref() == Some(TOKEN);
        match asked.route().as_str() {
            "GET /" => html(
                "<script>document.cookie='csrf=c00k1e-t0ken-12; path=/'</script>\
                 <button id=enter onclick=\"setTimeout(()=>document.body.append(document.createElement('log-in')),300)\">Log in</button>\
                 <script>customElements.define('log-in',class extends HTMLElement{connectedCallback(){\
                 const r=this.attachShadow({mode:'open'});\
                 r.innerHTML='<input id=email placeholder=Email><input type=password id=password><button id=go disabled>Go</button>';\
                 const [e,p,b]=['#email','#password','#go'].map(s=>r.querySelector(s));\
                 p.addEventListener('input',()=>{b.disabled=!(e.value&&p.value)});\
                 b.onclick=async ev=>{if(!ev.isTrusted)return;const a=await fetch('/api/login',{method:'POST',\
                 headers:{'Content-Type':'application/json','X-CSRF':document.cookie.match(/csrf=([^;]*)/)[1]},\
                 body:JSON.stringify({email:e.value,password:p.value})});\
                 if(a.ok)location='/account';else r.append('Wrong')}}})</script>",
            ),
            "POST /api/login" => {
                let body = String::from_utf8_lossy(&asked.body).into_owned();
                match body.contains(PASSWORD) && asked.header("x-csrf") == asked.cookie("csrf").as_deref() {
                    true => json("200 OK", &format!("Set-Cookie: sid={TOKEN}; Path=/; HttpOnly\r\n"), "{}"),
                    false => json("401 Unauthorized", "", "{}"),
                }
            }
            path if path.starts_with("GET /account") && !member => to("/", ""),
            "GET /account" => html(
                "<p id=user>ann</p><a href=/account/orders>Orders</a>\
                 <button id=out onclick=\"fetch('/api/logout',{method:'POST'}).then(()=>location='/')\">Log out</button>",
            ),
            "GET /account/orders" => page("Set-Cookie: orders=1; Path=/\r\n", "Orders"),
            "POST /api/logout" => json("200 OK", "Set-Cookie: sid=; Path=/; Max-Age=0\r\n", "{}"),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
        }
    })
}

fn script_member(login: &str) -> String {
    format!(
        r##"
engine = "browser"
[personas.member]
login = [{login}]
logged_in_when = {{ url = "/account", selector = "#user" }}
logout = [{{ open = "/account" }}, {{ click = "#out" }}, {{ wait = {{ selector = "#enter" }} }}]
"##
    )
}

#[test]
fn a_login_that_only_scripts_can_make_and_a_logout_by_click() {
    let app = script_shop();
    let login = format!(
        r##"{{ open = "/" }}, {{ click = "#enter" }}, {{ fill = {{ selector = "#email", value = "ann@example.test" }} }},
        {{ fill = {{ selector = "#password", value = "{PASSWORD}" }} }}, {{ click = "#go" }},
        {{ expect = {{ url = "/account", selector = "#user", cookie = "sid" }} }}"##
    );
    let seen = look(&app, &script_member(&login));
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert_eq!(set_in(&seen.scan, "member", Phase::Login, Engine::Browser), ["csrf", "sid"]);
    // The session went over to HTTP: it crawled the private pages.
    assert!(seen.pages("member", Phase::Crawl).contains(&"200 /account/orders".to_owned()));
    assert_eq!(seen.warnings(), Vec::<String>::new());
    // It was logged out for good: the account leads to the start, whoever asks.
    assert!(seen.pages("member", Phase::AfterLogout).contains(&"200 /account".to_owned()));
    assert!(app.asked().iter().any(|asked: &Asked| asked.route() == "POST /api/logout"));
    keeps_quiet(&seen);
}

#[test]
fn a_step_that_fails_says_what_the_page_has_to_offer() {
    let app = script_shop();
    let failing = |login: &str| {
        let seen = look(&app, &script_member(login));
        keeps_quiet(&seen);
        seen.reached("member")
    };
    insta::assert_snapshot!(failing(r##"{ open = "/" }, { click = "#entr" }"##), @"");
    insta::assert_snapshot!(failing(r##"{ open = "/" }, { click = "#enter" }, { click = "#go" }"##), @"");
    let wrong = r##"{ open = "/" }, { click = "#enter" }, { fill = { selector = "#email", value = "ann" } },
        { fill = { selector = "#password", value = "wr0ng-passw0rd" } }, { click = "#go" }, { wait = { selector = "#user", seconds = 1 } }"##;
    insta::assert_snapshot!(failing(wrong), @"");
}
