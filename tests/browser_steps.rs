//! Personas whose steps are made in a browser: applications that only work with scripts, as they
//! are found, and the plan that a user would write for each.

use super::support::app::{html, page, to};
use super::support::hostile::{Answer, Asked, Hostile};
use super::support::look::{Seen, look, look_with, plan};
use cookieproof::config::Format;
use cookieproof::manifest::{self, Manifest};
use cookieproof::observation::{Engine, Phase, Scan, SkipReason};
use std::path::PathBuf;
use std::sync::Mutex;

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
            seen.groups
                .iter()
                .map(|group| &group.example.cell)
                .any(|cell| cell.persona == persona && cell.phase == phase && cell.engine == engine)
        })
        .map(|seen| seen.name.to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Outcomes of what was asked by an act.
fn acts(seen: &Seen) -> Vec<String> {
    seen.outcomes().into_iter().filter(|outcome| !outcome.starts_with("Banner")).collect()
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
    insta::assert_snapshot!(failing(r##"{ open = "/" }, { click = "#entr" }"##), @"step 2 of the login (click, cookieproof.toml:4): `#entr` is not on the page; the answer was 200 at /, titled “App”, saying “Log in”; its buttons: “Log in” (#enter). Did you mean `#enter`?");
    insta::assert_snapshot!(failing(r##"{ open = "/" }, { click = "#enter" }, { click = "#go" }"##), @"step 3 of the login (click, cookieproof.toml:4): `#go` is there, but disabled; the answer was 200 at /, titled “App”, saying “Log in Go”; its buttons: “Log in” (#enter), “Go” (#go); its inputs: “Email” (#email), #password. Likely something has to be filled in or chosen first");
    let wrong = r##"{ open = "/" }, { click = "#enter" }, { fill = { selector = "#email", value = "ann" } },
        { fill = { selector = "#password", value = "wr0ng-passw0rd" } }, { click = "#go" }, { wait = { selector = "#user", seconds = 1 } }"##;
    insta::assert_snapshot!(failing(wrong), @"step 6 of the login (wait, cookieproof.toml:5): `#user` did not come within 1 s; the answer was 200 at /, titled “App”, saying “Log in Go Wrong”; requests of its scripts: POST /api/login was answered 401; its buttons: “Log in” (#enter), “Go” (#go); its inputs: “Email” (#email), #password. Likely the step before was turned away, so that the page did not change");
}

/// A single-page application: every address is the same shell, the session is a token in local
/// storage, and the pages exist by history routes only.
fn single_page(revokes: bool) -> Hostile {
    const SHELL: &str = r"<div id=app></div><script>
const app=document.getElementById('app');
const token=()=>{try{return JSON.parse(localStorage.session).token}catch{}};
const api=(p,o={})=>fetch(p,{...o,headers:{Authorization:'Bearer '+token(),'X-Tab':sessionStorage.tab||''}});
const go=p=>{history.pushState({},'',p);show()};
async function show(){
  const p=location.pathname;
  if(p==='/login'){
    app.innerHTML='<form id=f><input name=email><input type=password name=password><label><input type=checkbox name=terms required>Terms</label><button>In</button></form>';
    f.onsubmit=async e=>{e.preventDefault();const a=await fetch('/api/token',{method:'POST',body:new URLSearchParams(new FormData(f))});
      if(!a.ok){app.append('Wrong password');return}
      localStorage.session=JSON.stringify(await a.json());sessionStorage.tab='t4b-0f-ann';go('/app')};
    return}
  if(p.startsWith('/app')){
    const me=await api('/api/me');
    if(!me.ok){history.replaceState({},'','/login');return show()}
    app.innerHTML='<p id=user>Ann</p><a href=/app/orders>Orders</a> <button id=out>Log out</button>';
    out.onclick=async()=>{await api('/api/logout',{method:'POST'});delete localStorage.session;go('/')};
    if(p==='/app/orders'){await api('/api/orders');history.replaceState({},'','/app/orders/open')}
    return}
  app.innerHTML='<a href=/login>Log in</a>';
}
show()</script>";
    let revoked = std::sync::atomic::AtomicBool::new(false);
    Hostile::http(move |asked| {
        use std::sync::atomic::Ordering::SeqCst;
        let known = asked.header("authorization") == Some(&format!("Bearer {TOKEN}"));
        let member =
            known && asked.header("x-tab") == Some("t4b-0f-ann") && !(revokes && revoked.load(SeqCst));
        match asked.route().as_str() {
            "POST /api/token" if asked.field("password").as_deref() == Some(PASSWORD) => {
                json("200 OK", "", &format!(r#"{{"token":"{TOKEN}","name":"ann"}}"#))
            }
            "POST /api/token" => json("401 Unauthorized", "", "{}"),
            "POST /api/logout" => {
                revoked.store(true, SeqCst);
                json("200 OK", "Set-Cookie: left=1; Path=/\r\n", "{}")
            }
            "GET /api/orders" if member => json("200 OK", "Set-Cookie: orders=1; Path=/\r\n", "[]"),
            path if path.contains("/api/") && !member => json("401 Unauthorized", "", "{}"),
            path if path.contains("/api/") => json("200 OK", "", "{}"),
            "GET /app/orders/open" => page("Set-Cookie: direct=1; Path=/\r\n", SHELL),
            path if path.starts_with("GET /favicon")
                || path.contains("robots")
                || path.contains("sitemap") =>
            {
                Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no")
            }
            _ => html(SHELL),
        }
    })
}

fn single_page_member() -> String {
    format!(
        r##"
engine = "browser"
[personas.member]
login = [
  {{ open = "/login" }},
  {{ wait = {{ selector = "#f" }} }},
  {{ submit = {{ fields = {{ email = "ann@example.test", password = "{PASSWORD}" }}, choose = {{ terms = true }} }} }},
  {{ expect = {{ selector = "#user" }} }},
]
logged_in_when = {{ url = "/app", selector = "#user" }}
logout = [{{ open = "/app" }}, {{ click = "#out" }}, {{ expect = {{ not_text = "Ann" }} }}]
"##
    )
}

fn manifest(text: &str) -> Manifest {
    let (manifest, problems) = manifest::read(text, "cookies.toml", Format::Toml);
    manifest.unwrap_or_else(|| panic!("{problems:#?}"))
}

#[test]
fn a_session_in_web_storage_is_carried_along_and_is_nobodys_write_there() {
    let app = single_page(true);
    let seen = look_with(&plan(&app, &single_page_member()), Some(&manifest("[site]\nname = \"App\"\n")));
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert_eq!(set_in(&seen.scan, "member", Phase::Login, Engine::Browser), ["session", "tab"]);
    // The crawl was a member's, wherever it looked, and nobody wrote the token anew.
    assert_eq!(set_in(&seen.scan, "member", Phase::Crawl, Engine::Browser), ["direct", "orders"]);
    // A route that only a script went to was asked for without a browser, too.
    assert_eq!(set_in(&seen.scan, "member", Phase::Crawl, Engine::Http), ["direct"]);
    assert_eq!(set_in(&seen.scan, "member", Phase::Logout, Engine::Browser), ["left"]);
    assert_eq!(seen.logins("member"), (1, 0));
    assert_eq!(acts(&seen), ["EndedOnLogout member : holds"]);
    assert_eq!(seen.warnings(), Vec::<String>::new());
    keeps_quiet(&seen);
}

#[test]
fn a_token_that_outlives_the_logout_is_found_out() {
    let app = single_page(false);
    let seen = look_with(&plan(&app, &single_page_member()), Some(&manifest("[site]\nname = \"App\"\n")));
    assert_eq!(
        acts(&seen),
        ["EndedOnLogout member : fails: the old session still opens the page after the logout"]
    );
    keeps_quiet(&seen);
}

#[test]
fn a_form_that_the_browser_would_not_send_says_why() {
    let app = single_page(true);
    let seen = look(&app, &single_page_member().replace(", choose = { terms = true }", ""));
    keeps_quiet(&seen);
    insta::assert_snapshot!(seen.reached("member"), @r#"step 3 of the login (submit, cookieproof.toml:7): the browser does not send the form: `terms` must be filled in; the answer was 200 at /login, titled “App”, saying “TermsIn”; its forms: form#f GET /login: email, password, terms (checkbox); its buttons: “In”; its inputs: [name="email"], [name="password"], “Terms” ([name="terms"])"#);
}

/// Pages that exist by scripts only: links made by a script, in a shadow root and in a frame,
/// history and hash routes. Each sets a cookie of its own.
fn routes_only() -> Hostile {
    const SHELL: &str = r"<div id=app></div><script>
const name=(location.pathname+location.hash).replace(/[^a-z0-9]+/g,'_').replace(/^_|_$/g,'')||'home';
document.cookie='c_'+name+'=1; path=/';
const link=(p,t)=>'<a href=\''+p+'\'>'+(t||p)+'</a> ';
const app=document.getElementById('app');
const route=location.pathname+location.hash;
if(route==='/')setTimeout(()=>{
  app.innerHTML=link('/made')+link('/#/hash')+link('#top')+link('https://elsewhere.test/x')+link('/x','Log out')+link('/logout');
  const host=document.createElement('div');app.append(host);host.attachShadow({mode:'open'}).innerHTML=link('/shadow');
  const frame=document.createElement('iframe');frame.srcdoc=link('/framed');app.append(frame);
  history.pushState({},'','/pushed');history.replaceState({},'','/replaced');
},50);
if(route==='/made')app.innerHTML=link('/made/deeper');
if(route==='/made/deeper')app.innerHTML=[1,2,3,4,5,6].map(n=>link('/item/'+n)).join('');
if(route==='/#/hash')app.innerHTML=link('#/hash/deeper')+link('#/logout');
</script>";
    Hostile::http(|asked| match asked.route().as_str() {
        path if path.contains("robots") || path.contains("sitemap") || path.contains("favicon") => {
            Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no")
        }
        _ => html(SHELL),
    })
}

#[test]
fn pages_that_exist_by_routes_only_are_all_found() {
    let app = routes_only();
    let seen = look(&app, "engine = \"browser\"\n[limits]\nper_shape = 3\n");
    let found = set_in(&seen.scan, "anonymous", Phase::Crawl, Engine::Browser);
    let expected = [
        "c_framed",
        "c_hash",
        "c_hash_deeper",
        "c_home",
        "c_item_1",
        "c_item_2",
        "c_item_3",
        "c_made",
        "c_made_deeper",
        "c_pushed",
        "c_replaced",
        "c_shadow",
    ];
    assert_eq!(found, expected);
    // Each was asked for without a browser once, too, and nothing that logs out at all.
    let asked: Vec<String> = app
        .asked()
        .iter()
        .filter(|asked| asked.header("user-agent").is_some_and(|agent| agent.contains("cookieproof")))
        .map(Asked::route)
        .collect();
    for path in ["/made", "/made/deeper", "/item/3", "/pushed", "/shadow", "/framed"] {
        let times = asked.iter().filter(|route| **route == format!("GET {path}")).count();
        assert_eq!(times, 1, "{path}: {asked:#?}");
    }
    let all: Vec<String> = app.asked().iter().map(Asked::route).collect();
    assert!(!all.iter().any(|route| route == "GET /logout" || route == "GET /x"), "{all:#?}");
    let skipped = &seen.scan.coverage.skipped;
    assert!(skipped.iter().any(|skipped| skipped.reason == SkipReason::ShapeLimit && skipped.count == 3));
}

/// A login over HTTP; in the browser the account's page changes the refresh token by a script. A
/// token used twice ends the session.
fn rotating() -> Hostile {
    let current = Mutex::new(Some(0));
    Hostile::http(move |asked| {
        let mut current = current.lock().unwrap();
        let sent =
            asked.cookie("refresh").and_then(|value| value.strip_prefix("r3fr35h-t0k3n-")?.parse().ok());
        let member = asked.cookie("sid").as_deref() == Some(TOKEN) && current.is_some();
        let issue = |number: i32| format!("Set-Cookie: refresh=r3fr35h-t0k3n-{number}; Path=/; HttpOnly\r\n");
        match asked.route().as_str() {
            "GET /" => html("<a href=/account>Account</a>"),
            "GET /login" => {
                html("<form method=post><input name=email><input type=password name=password></form>")
            }
            "POST /login" => to("/account", &format!("Set-Cookie: sid={TOKEN}; Path=/\r\n{}", issue(0))),
            "GET /account" if member => {
                html("<p id=user>ann</p><script>fetch('/api/refresh',{method:'POST'})</script>")
            }
            "POST /api/refresh" if member && sent == *current => {
                let next = sent.unwrap_or_default() + 1;
                *current = Some(next);
                json("200 OK", &issue(next), "{}")
            }
            "POST /api/refresh" => {
                *current = None;
                json("401 Unauthorized", "", "{}")
            }
            "POST /logout" if member && sent == *current => {
                *current = None;
                json(
                    "200 OK",
                    "Set-Cookie: sid=; Path=/; Max-Age=0\r\nSet-Cookie: refresh=; Path=/; Max-Age=0\r\n",
                    "{}",
                )
            }
            "POST /logout" => json("403 Forbidden", "", "{}"),
            _ => to("/login", ""),
        }
    })
}

#[test]
fn a_token_that_the_browsers_crawl_renewed_serves_the_logout() {
    let app = rotating();
    let text = format!(
        r##"
engine = "browser"
[personas.member]
login = [{{ open = "/login" }}, {{ submit = {{ fields = {{ email = "ann", password = "{PASSWORD}" }} }} }}]
logged_in_when = {{ url = "/account", selector = "#user" }}
logout = [{{ request = {{ method = "POST", url = "/logout" }} }}]
"##
    );
    let told = "[site]\nname = \"App\"\n[[cookies]]\nname = \"refresh\"\nvisitors = [\"logged-in\"]\ncleared_on_logout = true\n";
    let seen = look_with(&plan(&app, &text), Some(&manifest(told)));
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert!(app.asked().iter().any(|asked| asked.route() == "POST /api/refresh"));
    assert_eq!(seen.logins("member"), (1, 0));
    assert_eq!(seen.warnings(), Vec::<String>::new());
    assert_eq!(acts(&seen), ["ClearedOnLogout member refresh: holds", "EndedOnLogout member : holds"]);
    keeps_quiet(&seen);
}

#[test]
fn a_journey_by_clicks_writes_its_cookie_and_meets_whom_it_meets() {
    let elsewhere = Hostile::http(|_| page("Set-Cookie: paying=1\r\n", "Pay"));
    let pay = elsewhere.url("/pay").as_str().replace("127.0.0.1", "localhost");
    let body = format!(
        "<select id=lang onchange=\"document.cookie='lang='+this.value+'; path=/'\"><option>en<option>de</select>\
         <a id=buy target=_blank href=/checkout>Buy</a>\
         <script>if(location.pathname=='/checkout'){{const b=document.createElement('button');b.id='pay';\
         b.textContent='Pay';b.onclick=()=>{{const f=document.createElement('iframe');f.src='{pay}';document.body.append(f)}};\
         setTimeout(()=>document.body.append(b),200)}}</script>"
    );
    let app = Hostile::http(move |asked| match asked.route().as_str() {
        "GET /" | "GET /checkout" => html(&body),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    });
    let text = r##"
engine = "browser"
[journeys.language]
steps = [{ open = "/" }, { fill = { selector = "#lang", value = "de" } }]
[journeys.checkout]
steps = [{ open = "/" }, { click = "#buy" }, { click = "#pay" }]
[journeys.plain]
steps = [{ open = "/" }]
"##;
    let told =
        "[site]\nname = \"App\"\n[[cookies]]\nname = \"lang\"\nupdated_by = [\"language\", \"plain\"]\n";
    let seen = look_with(&plan(&app, text), Some(&manifest(told)));
    assert_eq!(seen.warnings(), Vec::<String>::new());
    assert_eq!(
        acts(&seen),
        [
            r#"UpdatedBy { journey: "language" } anonymous lang: holds"#,
            r#"UpdatedBy { journey: "plain" } anonymous lang: fails: the journey did not write it"#,
        ]
    );
    assert_eq!(set_in(&seen.scan, "anonymous", Phase::Journey, Engine::Browser), ["lang", "paying"]);
    let met: Vec<Phase> = seen
        .scan
        .contacts
        .iter()
        .filter(|contact| contact.host == "localhost")
        .map(|contact| contact.cell.phase)
        .collect();
    assert_eq!(met, [Phase::Journey]);
}

/// Every kind of step in one list.
fn everything(code: &'static Mutex<Vec<String>>, mail: PathBuf) -> Hostile {
    Hostile::http(move |asked| {
        let member = asked.cookie("sid").as_deref() == Some(TOKEN);
        match asked.route().as_str() {
            "GET /framed" => html(
                "<iframe srcdoc=\"<input id=inner oninput=&quot;parent.document.cookie='inner=1; path=/'&quot;>\
                 <button id=in onclick=&quot;parent.document.title='pressed';parent.document.body.append(' Pressed')&quot;>In</button>\"></iframe>",
            ),
            "POST /api/start" => {
                let body = String::from_utf8_lossy(&asked.body).into_owned();
                match body == r#"{"user":"ann"}"# && asked.header("x-inner") == Some("1") {
                    true => {
                        let host = asked.header("host").unwrap_or_default();
                        let link = format!("http://{host}/code?step=st3p-0f-the-l0gin");
                        std::fs::write(&mail, format!("To: ann@example.test\r\n\r\nLog in: {link}\r\n"))
                            .unwrap();
                        json("200 OK", "", r#"{"step":"st3p-0f-the-l0gin"}"#)
                    }
                    false => json("400 Bad Request", "", "{}"),
                }
            }
            "GET /code" if asked.query("step").as_deref() == Some("st3p-0f-the-l0gin") => html(
                "<form method=post action=/code><input type=hidden name=csrf value=t0k3n-0f-the-f0rm-1>\
                 <input name=otp><input type=checkbox name=trust value=yes></form>",
            ),
            "POST /code" => {
                code.lock().unwrap().extend(asked.field("otp"));
                let fits = asked.field("csrf").as_deref() == Some("t0k3n-0f-the-f0rm-1")
                    && asked.field("trust").as_deref() == Some("yes")
                    && asked.header("authorization") == Some("Bearer b34r3r-0f-ann")
                    && asked.cookie("brought").as_deref() == Some("fr0m-elsewhere");
                match fits {
                    true => to("/private", &format!("Set-Cookie: sid={TOKEN}; Path=/; HttpOnly\r\n")),
                    false => Answer::status("403 Forbidden", "Content-Type: text/html\r\n", "CSRF"),
                }
            }
            "GET /private" if member => html("<p id=user>ann</p>"),
            "GET /refused" => {
                Answer::status("418 I'm a teapot", "Content-Type: text/html\r\n", "Short and stout")
            }
            _ => html("Nobody"),
        }
    })
}

#[test]
fn every_kind_of_step_is_made_in_the_browser() {
    static CODES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let (mail, kept) = (folder.path().join("mail.eml"), folder.path().join("kept.txt"));
    let app = everything(&CODES, mail.clone());
    let text = format!(
        r##"
engine = "browser"
[personas.member]
login = [
  {{ open = "/refused" }},
  {{ expect = {{ status = 418, text = "stout" }} }},
  {{ open = "/framed" }},
  {{ fill = {{ selector = "#inner", value = "x" }} }},
  {{ click = "#in" }},
  {{ wait = {{ text = "Pressed", seconds = 5 }} }},
  {{ request = {{ method = "POST", url = "/api/start", json = {{ user = "ann" }}, headers = {{ X-Inner = "${{cookie:inner}}" }} }} }},
  {{ expect = {{ status = 200 }} }},
  {{ import = {{ format = "header", source = "brought=fr0m-elsewhere" }} }},
  {{ bearer = "b34r3r-0f-ann" }},
  {{ mail_link = {{ file = "{}", timeout = "5s" }} }},
  {{ totp = {{ secret = "JBSWY3DPEHPK3PXP", field = "otp", choose = {{ trust = true }} }} }},
  {{ expect = {{ url = "/private", selector = "#user", cookie = "sid" }} }},
  {{ export = {{ format = "netscape", file = "{}" }} }},
]
logged_in_when = {{ url = "/private", selector = "#user" }}
"##,
        mail.display(),
        kept.display()
    );
    let seen = look(&app, &text);
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert_eq!(CODES.lock().unwrap().iter().map(String::len).collect::<Vec<_>>(), [6]);
    assert!(std::fs::read_to_string(&kept).unwrap().contains(TOKEN));
    keeps_quiet(&seen);
}
