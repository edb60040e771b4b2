//! Logging in, on applications as they are found: each test is one of them, and the plan that a
//! user would write for it.

use super::support::app::{html, page, to};
use super::support::hostile::{Answer, Asked, Hostile};
use super::support::look::{Seen, look, plan};
use cookieproof::observation::Phase;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const HTML: &str = "Content-Type: text/html\r\n";

fn refused(status: &str, body: &str) -> Answer {
    Answer::status(status, HTML, body)
}

/// An application whose private pages are /account and /account/orders, for those with the cookie
/// `sid=member`, which a POST to /login gives.
fn shop(login: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Hostile {
    Hostile::http(move |asked| {
        let member = asked.cookie("sid").as_deref() == Some("s3ss10n-0f-ann");
        match asked.route().as_str() {
            "GET /" => html("<a href=/login>Log in</a> <a href=/news>News</a>"),
            "GET /news" => html("News"),
            "GET /login" | "POST /login" => login(asked),
            path if path.starts_with("GET /account") && !member => to("/login", ""),
            "GET /account" => html(
                "<p id=user>ann</p><a href=/account/orders>Orders</a> <a href=/logout>Log out</a>\
                 <form method=post action=/account/close><button>Close the account</button></form>",
            ),
            "GET /account/orders" => html("Orders <a href=/account/orders/delete?id=1>Delete</a>"),
            "GET /logout" => to("/", "Set-Cookie: sid=; Path=/; Max-Age=0\r\n"),
            _ => refused("404 Not Found", "no"),
        }
    })
}

const SESSION: &str = "Set-Cookie: sid=s3ss10n-0f-ann; Path=/; HttpOnly\r\n";

const FORM: &str = "<form method=post><input type=hidden name=t value=T0k3n><input name=email>\
    <input type=password name=password><input type=checkbox name=remember value=1><button>In</button></form>";

const MEMBER: &str = r##"
[personas.member]
login = [
  { open = "/login" },
  { submit = { fields = { email = "ann@example.test", password = "pa55-w0rd" } } },
]
logged_in_when = { url = "/account", selector = "#user" }
logout = [{ open = "/logout" }]
"##;

/// The plan of most of them.
fn member() -> String {
    MEMBER.to_owned()
}

#[track_caller]
fn is_member(seen: &Seen) {
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    let pages = seen.pages("member", Phase::Crawl);
    assert!(pages.contains(&"200 /account/orders".to_owned()), "{pages:#?}");
}

#[test]
fn by_a_form_with_a_token_in_page_and_cookie() {
    let app = shop(|asked| {
        if asked.method == "GET" {
            return page("Set-Cookie: csrf=c00k1e; Path=/\r\n", FORM);
        }
        let fits = asked.cookie("csrf").as_deref() == Some("c00k1e")
            && asked.field("t").as_deref() == Some("T0k3n")
            && asked.field("password").as_deref() == Some("pa55-w0rd")
            && asked.field("remember").is_none()
            && asked
                .header("origin")
                .is_some_and(|origin| asked.header("host") == origin.strip_prefix("http://"))
            && asked.header("referer").is_some_and(|referer| referer.ends_with("/login"));
        if fits { to("/account", SESSION) } else { refused("403 Forbidden", "CSRF verification failed") }
    });
    let seen = look(&app, &member());
    is_member(&seen);
    assert_eq!(seen.logins("member"), (1, 0));
    // The links that log out or change something were left alone, until the declared logout.
    let asked: Vec<String> = app.asked().iter().map(Asked::route).collect();
    assert!(!asked.contains(&"GET /account/orders/delete".to_owned()));
    assert!(!asked.contains(&"POST /account/close".to_owned()));
    let logouts = asked.iter().filter(|route| *route == "GET /logout").count();
    assert_eq!(logouts, 1, "{asked:#?}");
    assert!(seen.pages("member", Phase::AfterLogout).contains(&"200 /account".to_owned()));
}

#[test]
fn remembered_or_not_as_the_persona_chooses() {
    let app = shop(|asked| match asked.field("remember").as_deref() {
        _ if asked.method == "GET" => html(FORM),
        Some("1") => to("/account", &format!("{SESSION}Set-Cookie: remember=yes; Max-Age=2592000\r\n")),
        _ => to("/account", SESSION),
    });
    let remembered = member()
        .replace("personas.member", "personas.remembered")
        .replace("} } },", "}, choose = { remember = true } } },");
    let seen = look(&app, &(member() + &remembered));
    assert_eq!((seen.reached("member"), seen.reached("remembered")), ("yes".into(), "yes".into()));
    assert_eq!(seen.cookies("member", Phase::Login), ["sid"]);
    assert_eq!(seen.cookies("remembered", Phase::Login), ["remember", "sid"]);
}

#[test]
fn a_wrong_password_is_told_with_what_was_sent_and_what_came_back() {
    let app = shop(|asked| match asked.method.as_str() {
        "GET" => html(FORM),
        _ => refused("401 Unauthorized", "<title>Log in</title>Wrong password for pa55-w0rd"),
    });
    let why = look(&app, &member()).reached("member");
    assert_eq!(
        why,
        "step 2 of the login (submit, cookieproof.toml:5): it was answered 401; sent: POST /login with t, email, \
         password; the answer was 401 at /login, titled \u{201c}Log in\u{201d}, saying \u{201c}Wrong password for \
         \u{2039}masked\u{203a}\u{201d}. Likely the credentials are wrong"
    );
}

#[test]
fn a_site_behind_http_basic_is_told_with_the_step_that_it_takes() {
    let app = shop(|_| refused("401 Unauthorized", "who are you?"));
    let why = look(&app, &member()).reached("member");
    assert!(
        why.starts_with("step 1")
            && why.ends_with("a `basic` step with its user and password comes before all others"),
        "{why}"
    );
}

#[test]
fn a_login_page_that_answers_200_with_an_error_is_no_login() {
    // It even sets a session cookie.
    let app = shop(|asked| match asked.method.as_str() {
        "GET" => html(FORM),
        _ => page("Set-Cookie: sid=anonymous-s3ss10n; Path=/\r\n", &format!("<p>Try again</p>{FORM}")),
    });
    let with_mark = look(&app, &member()).reached("member");
    assert!(with_mark.contains("without `#user`"), "{with_mark}");
    assert!(with_mark.contains("the same login form came again"), "{with_mark}");
    let text = member();
    let without_mark: String =
        text.lines().filter(|line| !line.contains("logged_in_when")).map(|l| format!("{l}\n")).collect();
    let why = look(&app, &without_mark).reached("member");
    assert!(why.contains("the same login form came again, so the login was turned away"), "{why}");
    assert!(why.contains("saying \u{201c}Try again"), "{why}");
}

#[test]
fn without_a_mark_a_login_is_unproven() {
    let app = shop(|asked| if asked.method == "GET" { html(FORM) } else { to("/account", SESSION) });
    let text = member();
    let without: String =
        text.lines().filter(|line| !line.contains("logged_in_when")).map(|l| format!("{l}\n")).collect();
    let seen = look(&app, &without);
    assert_eq!(seen.reached("member"), "unproven");
    assert!(
        seen.warnings()[0].contains("`logged_in_when` names a page and a mark on it"),
        "{:?}",
        seen.warnings()
    );
}

#[test]
fn a_mark_that_everybody_sees_proves_nothing() {
    let app = shop(|asked| if asked.method == "GET" { html(FORM) } else { to("/account", SESSION) });
    let plan =
        member().replace(r##"url = "/account", selector = "#user""##, r#"url = "/news", text = "News""#);
    let seen = look(&app, &plan);
    assert_eq!(seen.reached("member"), "unproven");
    assert!(
        seen.warnings()[0].contains("shows to everybody, so it proves no login"),
        "{:?}",
        seen.warnings()
    );
}

#[test]
fn a_missing_field_is_told_with_the_forms_of_the_page() {
    let app = shop(|_| html(FORM));
    let why = look(&app, &member().replace("email =", "e-mail =")).reached("member");
    assert!(why.contains("no form has the fields e-mail, password"), "{why}");
    assert!(
        why.contains("its forms: form POST /login: t (hidden), email, password, remember (checkbox)"),
        "{why}"
    );
    assert!(why.ends_with("Did you mean the field `email` instead of `e-mail`?"), "{why}");
}

#[test]
fn a_form_made_by_a_script_points_to_a_request() {
    let app = shop(|_| {
        html("<div><input name=email><input type=password name=password></div><script>x()</script>")
    });
    let why = look(&app, &member()).reached("member");
    assert!(why.contains("the page has input fields but no form: a script sends them"), "{why}");
    assert!(why.ends_with("say it with a `request` step, or use `--engine browser`"), "{why}");
}

#[test]
fn a_missing_variable_is_told_before_anything_is_asked() {
    let app = shop(|_| html(FORM));
    let plan = plan(&app, &member().replace("pa55-w0rd", "${env:COOKIEPROOF_TEST_NOT_SET}"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime
        .block_on(cookieproof::run::run(&plan, &plan.targets[0], None, &(), &Default::default()))
        .unwrap_err();
    assert_eq!(
        error.message,
        "cookieproof.toml:5: the environment variable COOKIEPROOF_TEST_NOT_SET is not set (persona `member`, login step 2)"
    );
    assert!(app.asked().is_empty());
}

#[test]
fn by_json_with_a_bearer_token_and_no_cookie_at_all() {
    let app = Hostile::http(|asked| {
        let member = asked.header("authorization") == Some("Bearer t0k3n-0f-ann-123");
        match asked.route().as_str() {
            "GET /" => html("<a href=/app>App</a>"),
            "POST /api/login"
                if asked.body
                    == br#"{"user":{"email":"ann@example.test","password":"pa55-w0rd"},"remember":true}"# =>
            {
                Answer::status(
                    "200 OK",
                    "Content-Type: application/json\r\n",
                    r#"{"data":{"token":"t0k3n-0f-ann-123"}}"#,
                )
            }
            "GET /app" if member => html("<p id=user>ann</p>"),
            "GET /app" => refused("401 Unauthorized", ""),
            _ => refused("404 Not Found", ""),
        }
    });
    let seen = look(
        &app,
        r##"
        [personas.member]
        login = [
          { request = { url = "/api/login", json = { user = { email = "ann@example.test", password = "pa55-w0rd" }, remember = true } } },
          { bearer = "${json:/data/token}" },
        ]
        logged_in_when = { url = "/app", selector = "#user" }
        "##,
    );
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    assert!(seen.pages("member", Phase::Crawl).contains(&"200 /app".to_owned()));
    assert!(!format!("{:?}{:?}", seen.events, seen.scan).contains("t0k3n-0f-ann-123"));
}

#[test]
fn a_session_in_the_address_is_followed_and_masked() {
    let app = Hostile::http(|asked| {
        let member = asked.query("sid").as_deref() == Some("0123456789abcdef0123456789abcdef");
        let sid = "sid=0123456789abcdef0123456789abcdef";
        match asked.route().as_str() {
            "GET /" => html("<a href=/login>Log in</a>"),
            "GET /login" => html(FORM),
            "POST /login" => to(&format!("/home?{sid}"), ""),
            "GET /home" if member => html(&format!("<p id=user>ann</p><a href='/orders?{sid}'>Orders</a>")),
            "GET /orders" if member => html("Orders"),
            _ => to("/login", ""),
        }
    });
    let seen = look(&app, &member().replace("/account", "/home").replace("logout = ", "# "));
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.events);
    let pages = seen.pages("member", Phase::Crawl);
    assert!(pages.iter().any(|page| page.starts_with("200 /orders?sid=")), "{pages:#?}");
    assert!(!format!("{:?}{:?}", seen.events, seen.scan).contains("0123456789abcdef0123456789abcdef"));
}

#[test]
fn a_session_bound_to_the_user_agent_is_taken_over_with_it() {
    let app = Hostile::http(|asked| {
        let bound = asked.header("user-agent") == Some("Browser/1.0")
            && asked.cookie("sid").as_deref() == Some("s3ss10n-0f-ann");
        match asked.route().as_str() {
            "GET /account" if bound => html("<p id=user>ann</p>"),
            "GET /account" => to("/", "Set-Cookie: sid=; Max-Age=0\r\n"),
            _ => html("<a href=/account>Account</a>"),
        }
    });
    let plan = r##"
        [personas.member]
        login = [{ import = { format = "header", source = "sid=s3ss10n-0f-ann; lang=en", user_agent = "Browser/1.0" } }]
        logged_in_when = { url = "/account", selector = "#user" }
    "##;
    assert_eq!(look(&app, plan).reached("member"), "yes");
    let other = look(&app, &plan.replace(", user_agent = \"Browser/1.0\"", "")).reached("member");
    assert!(other.starts_with("the proof of the login (cookieproof.toml:4): "), "{other}");
}

/// Serves a session that ends after so many private pages, without a word.
fn short_sessions(pages: usize) -> Hostile {
    let left = Arc::new(Mutex::new(0));
    Hostile::http(move |asked| {
        let mut left = left.lock().unwrap();
        let member = asked.cookie("sid").is_some() && *left > 0;
        match asked.route().as_str() {
            "GET /login" => html(FORM),
            "POST /login" => {
                *left = pages;
                to("/account", SESSION)
            }
            "GET /account" if member => html("<p id=user>ann</p>"),
            route if route.starts_with("GET /private/") => {
                *left = left.saturating_sub(1);
                // A page for anybody, which knows no member any more.
                html(if member { "yours" } else { "Please log in" })
            }
            "GET /" => {
                html(&(0..40).map(|n| format!("<a href=/private/{n}x{n}>{n}</a>")).collect::<String>())
            }
            _ => to("/login", ""),
        }
    })
}

#[test]
fn a_lost_session_is_noticed_and_its_pages_are_asked_again() {
    let app = short_sessions(30);
    let plan = format!("{}\n[limits]\nper_shape = 100\n", member().replace("logout = ", "# "));
    let seen = look(&app, &plan);
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.warnings());
    assert_eq!(seen.logins("member"), (2, 1));
    assert!(
        seen.warnings()[0].contains("member: the session was lost; logging in again"),
        "{:?}",
        seen.warnings()
    );
    // Each page was seen as a member in the end.
    let members: BTreeSet<String> = app
        .asked()
        .iter()
        .filter(|asked| asked.target.starts_with("/private/") && asked.cookie("sid").is_some())
        .map(|asked| asked.target.clone())
        .collect();
    assert_eq!(members.len(), 40);
}

#[test]
fn a_session_that_cannot_be_kept_is_lost_and_said_so() {
    let app = short_sessions(3);
    let plan =
        format!("{}\n[limits]\nper_shape = 100\n", member().replace("logout = ", "login_budget = 2 # "));
    let seen = look(&app, &plan);
    assert_eq!(seen.reached("member"), "lost: the session was lost and the budget of 2 logins is used up");
    // What was seen without a session is no member's page.
    assert!(seen.pages("member", Phase::Crawl).len() < 10, "{:?}", seen.pages("member", Phase::Crawl));
}

#[test]
fn a_page_that_ends_the_session_is_found_out_and_left_alone() {
    let trap = Hostile::http(|asked| {
        let member = asked.cookie("sid").is_some();
        match asked.route().as_str() {
            "GET /login" => html(FORM),
            "POST /login" => to("/account", SESSION),
            "GET /account" if member => {
                html("<p id=user>ann</p><a href=/switch>Switch</a> <a href=/account/a>A</a>")
            }
            "GET /switch" => to("/", "Set-Cookie: sid=; Path=/; Max-Age=0\r\n"),
            "GET /account/a" if member => html("A"),
            "GET /" => html("<a href=/account>Account</a>"),
            _ => to("/login", ""),
        }
    });
    let seen = look(&trap, &member().replace("logout = ", "# "));
    assert_eq!(seen.reached("member"), "yes", "{:#?}", seen.warnings());
    assert_eq!(seen.logins("member"), (2, 1));
    let skipped =
        seen.scan.coverage.skipped.iter().find(|skipped| skipped.example.as_str().ends_with("/switch"));
    assert!(skipped.is_some(), "{:#?}", seen.scan.coverage.skipped);
    assert!(seen.pages("member", Phase::Crawl).contains(&"200 /account/a".to_owned()));
}

#[test]
fn by_a_link_in_a_mail() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("mail");
    for sub in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(sub)).unwrap();
    }
    std::fs::write(
        maildir.join("new/0.old"),
        "To: ann@example.test\n\nhttp://127.0.0.1/magic?token=old-one\n",
    )
    .unwrap();
    let to_dir = maildir.clone();
    let app = shop(move |asked| {
        if asked.method == "GET" {
            return match asked.query("token").as_deref() {
                Some("m4g1c-t0k3n-once") => to("/account", SESSION),
                _ => html("<form method=post><input name=email><button>Send</button></form>"),
            };
        }
        let host = asked.header("host").unwrap();
        let mail = format!(
            "To: Ann <ann@example.test>\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n\
             <a href=3D\"http://{host}/login?from=3Dmail&amp;token=3Dm4g1c-t0k3n=\n-once\">Log in</a>\n"
        );
        std::fs::write(to_dir.join("new/1.new"), mail).unwrap();
        html("Look into your mailbox")
    });
    let plan = format!(
        r##"
        [personas.member]
        login = [
          {{ open = "/login" }},
          {{ submit = {{ fields = {{ email = "ann@example.test" }} }} }},
          {{ mail_link = {{ maildir = "{}", to = "ann@example.test", timeout = "10s" }} }},
        ]
        logged_in_when = {{ url = "/account", selector = "#user" }}
        "##,
        maildir.display()
    );
    let seen = look(&app, &plan);
    is_member(&seen);
    assert!(!format!("{:?}{:?}", seen.events, seen.scan).contains("m4g1c-t0k3n-once"));
    // The same plan again: the mail of the first run is old by now, and no other comes.
    let silent = shop(|_| html("<form method=post><input name=email></form>"));
    let why = look(&silent, &plan.replace("10s", "300ms")).reached("member");
    assert!(why.contains("no mail came within 0 s; is the mailbox"), "{why}");
}

#[test]
fn by_a_second_factor() {
    let app = shop(|asked| {
        if asked.method == "GET" {
            return html(FORM);
        }
        match (asked.field("password"), asked.field("code")) {
            (Some(_), None) => html("<form method=post action=/login><input name=code></form>"),
            (None, Some(code)) if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) => {
                to("/account", SESSION)
            }
            _ => refused("403 Forbidden", "no"),
        }
    });
    let plan = member().replace(
        "} } },\n]",
        "} } },\n  { totp = { secret = \"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\", field = \"code\" } },\n]",
    );
    is_member(&look(&app, &plan));
}

#[test]
fn over_an_identity_provider_that_is_not_crawled() {
    let port = Arc::new(Mutex::new(0));
    let own_port = Arc::clone(&port);
    let provider = Hostile::http(move |asked| match asked.route().as_str() {
        "GET /authorize" => page(
            "Set-Cookie: idp=s3ss10n; Path=/\r\n",
            "<form method=post action=/session><input type=hidden name=state value=S><input name=email>\
             <input type=password name=password></form> <a href=/about>About us</a>",
        ),
        "POST /session" => to(&format!("http://127.0.0.1:{}/login?code=c0d3", own_port.lock().unwrap()), ""),
        _ => html("Not to be crawled"),
    });
    let authorize = provider.url_as("http", "localhost", "/authorize");
    let app = shop(move |asked| match asked.query("code") {
        Some(_) => to("/account", SESSION),
        None => to(authorize.as_str(), "Set-Cookie: state=S; Path=/\r\n"),
    });
    *port.lock().unwrap() = app.address.port();
    let seen = look(&app, &member());
    is_member(&seen);
    let asked: BTreeSet<String> = provider.asked().iter().map(Asked::route).collect();
    assert_eq!(asked, BTreeSet::from(["GET /authorize".to_owned(), "POST /session".to_owned()]));
    let contact = seen.scan.contacts.iter().find(|contact| contact.host == "localhost").unwrap();
    assert_eq!(contact.party, cookieproof::observation::Party::Third);
}

#[test]
fn steps_for_a_browser_are_told_as_such() {
    let app = shop(|_| html(FORM));
    let plan = member().replace("{ open = \"/login\" }", "{ click = \"#in\" }");
    let why = look(&app, &plan).reached("member");
    assert!(
        why.starts_with("step 1 of the login (click, cookieproof.toml:4): `click` needs a browser"),
        "{why}"
    );
}

#[test]
fn what_is_expected_must_be_true() {
    let app = shop(|asked| if asked.method == "GET" { html(FORM) } else { to("/account", SESSION) });
    let expecting =
        |what: &str| member().replace("} } },\n]", &format!("}} }} }},\n  {{ expect = {{ {what} }} }},\n]"));
    is_member(&look(&app, &expecting(r#"status = 200, url = "/account", text = "ann", cookie = "sid""#)));
    let why = look(&app, &expecting(r#"not_text = "ann", cookie = "other""#)).reached("member");
    assert!(why.contains("the page says \u{201c}ann\u{201d}, and there is no cookie other"), "{why}");
}

#[test]
fn too_many_logins_are_waited_out() {
    // The site turns the first try away, and says how long to wait.
    let tries = Arc::new(Mutex::new(0));
    let patient = shop(move |asked| {
        if asked.method == "GET" {
            return html(FORM);
        }
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        match *tries {
            1 => Answer::status("429 Too Many Requests", "Retry-After: 1\r\n", ""),
            _ => to("/account", SESSION),
        }
    });
    let seen = look(&patient, &member());
    is_member(&seen);
    assert_eq!(seen.logins("member"), (1, 0));
    assert!(seen.warnings()[0].contains("too many requests; waiting 1 s"), "{:?}", seen.warnings());
}
