//! Logouts that are a link or a token made for this visitor, logouts that only ask, and steps that
//! fail: nothing is known of what comes of an act that was not done.

use super::support::app::{page, to};
use super::support::command::Cookieproof;
use super::support::hostile::{Answer, Hostile};
use super::support::look::{look_with, plan};
use cookieproof::config::Format;
use cookieproof::manifest;
use cookieproof::observation::Phase;
use std::sync::Mutex;

const MANIFEST: &str = r#"
[site]
name = "Wiki"
hosts = ["127.0.0.1"]
[[cookies]]
name = "sid"
category = "strictly-necessary"
purpose = "login"
cleared_on_logout = true
[[cookies]]
name = "lang"
category = "functional"
purpose = "language"
updated_by = ["language"]
"#;

const MEMBER: &str = r##"
[personas.member]
login = [
  { open = "/login" },
  { submit = { fields = { u = "ann", password = "pa55-w0rd" } } },
]
logged_in_when = { url = "/account", text = "Hello Ann" }
"##;

const NONCE: &str = "n0nce/+&=7c2f91";

/// A wiki: every way out needs what a page of this session gave, and `/way` names the kinds.
fn wiki() -> Hostile {
    let ended = Mutex::new(false);
    Hostile::http(move |asked| {
        let mut ended = ended.lock().unwrap();
        let route = asked.route();
        if route == "POST /login" {
            *ended = false;
            return to("/account", "Set-Cookie: sid=s3cr3t-0123456789abcdef; Path=/; HttpOnly\r\n");
        }
        let inside = asked.cookie("sid").is_some() && !*ended;
        let query = asked.target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
        let given = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "nonce")
            .map(|(_, value)| value.into_owned());
        let mut out = |nonce: Option<String>| {
            if nonce.as_deref() != Some(NONCE) {
                return page(
                    "",
                    "Do you really want to log out?<form method=post action=/out><button>Yes</button></form>",
                );
            }
            *ended = true;
            to("/", "Set-Cookie: sid=; Path=/; Max-Age=0\r\n")
        };
        match route.as_str() {
            "GET /login" => {
                page("", "<form method=post><input name=u><input type=password name=password></form>")
            }
            "GET /account" if !inside => to("/login", ""),
            "GET /account" => page(
                "",
                &format!(
                    "<p>Hello Ann</p><form method=post action=/search><input type=hidden name=csrf value='{NONCE}'></form>\
                     <ul><li id=bar-logout><a href='/out?action=logout&amp;nonce=n0nce%2F%2B%26%3D7c2f91'>Log out</a></ul>",
                ),
            ),
            "GET /api/session" if inside => Answer::status(
                "200 OK",
                "Content-Type: application/json\r\n",
                &format!(
                    "{{\"out\":{{\"nonce\":\"{NONCE}\",\"url\":\"/out?nonce=n0nce%2F%2B%26%3D7c2f91\"}}}}"
                ),
            ),
            "GET /out" => out(given),
            "GET /leave" => to("/out", ""),
            "POST /out" => out(asked.field("nonce").or(given)),
            "GET /lang" => page("Set-Cookie: lang=en; Path=/\r\n", "Choose"),
            "POST /lang" => Answer::status("405 Method Not Allowed", "Content-Type: text/html\r\n", "no"),
            "GET /broken" => Answer::status("500 Internal Server Error", "Content-Type: text/html\r\n", "oh"),
            "GET /" => page("", "<a href=/account>Account</a>"),
            _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
        }
    })
}

/// How the probes about `sid` end with this logout.
#[track_caller]
fn outcomes(logout: &str) -> Vec<String> {
    let wiki = wiki();
    let (manifest, problems) = manifest::read(MANIFEST, "cookies.toml", Format::Toml);
    let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
    let seen = look_with(&plan(&wiki, &format!("{MEMBER}logout = [{logout}]\n")), Some(&manifest));
    let scan = serde_json::to_string(&seen.scan).unwrap() + &format!("{:?}", seen.events);
    assert!(!scan.contains("7c2f91"), "the token is in the scan or the messages: {scan}");
    seen.outcomes().into_iter().filter(|outcome| outcome.contains("Logout")).collect()
}

#[track_caller]
fn logs_out(logout: &str) {
    assert_eq!(
        outcomes(logout),
        ["ClearedOnLogout member sid: holds", "EndedOnLogout member : holds"],
        "{logout}"
    );
}

#[track_caller]
fn is_not_done(logout: &str, why: &str) {
    let expected = [
        format!("ClearedOnLogout member sid: not done: {why}"),
        format!("EndedOnLogout member : not done: {why}"),
    ];
    assert_eq!(outcomes(logout), expected, "{logout}");
}

#[test]
fn a_link_or_token_of_the_page_logs_out() {
    logs_out("{ open = \"/account\" }, { follow = \"#bar-logout\" }");
    logs_out("{ open = \"/account\" }, { follow = \"a[href*='action=logout']\" }");
    logs_out("{ open = \"/account\" }, { open = \"/out?nonce=${page:input[name=csrf]}\" }");
    logs_out("{ open = \"/account\" }, { open = \"${page:#bar-logout a}\" }");
    logs_out(
        "{ open = \"/account\" }, { request = { method = \"POST\", url = \"/out\", form = { nonce = \"${page:input[name=csrf]}\" } } }",
    );
    logs_out(
        "{ request = { url = \"/api/session\" } }, { request = { method = \"POST\", url = \"/out?nonce=${json:/out/nonce}\" } }",
    );
    logs_out("{ request = { url = \"/api/session\" } }, { open = \"${json:/out/url}\" }");
}

#[test]
fn a_logout_that_failed_or_only_asked_shows_nothing() {
    let asks = |sent: &str| {
        format!(
            "the logout step failed, {sent} took no cookie away and led to a page with something to press; it may \
             only ask whether one is sure (a further step can press it)"
        )
    };
    is_not_done("{ open = \"/out\" }", &asks("GET /out"));
    // What the account's link is without its token, and a way there by a redirect.
    is_not_done("{ open = \"/account\" }, { open = \"/out?action=logout\" }", &asks("GET /out"));
    is_not_done("{ open = \"/signout\" }", "the logout step failed, GET /signout answered 404");
    is_not_done("{ open = \"/broken\" }", "the logout step failed, GET /broken answered 500");
    is_not_done(
        "{ request = { method = \"POST\", url = \"/lang\" } }",
        "the logout step failed, POST /lang answered 405",
    );
    let missing = outcomes("{ open = \"/account\" }, { follow = \"a#out\" }");
    let why = "not done: the logout step failed, step 2 of the logout (follow, cookieproof.toml:8): `a#out` is not on \
               the page; the answer was 200 at /account, titled \u{201c}App\u{201d}";
    assert!(missing[0].contains(why), "{missing:#?}");
}

#[test]
fn a_journey_whose_step_failed_refutes_nothing_and_upholds_nothing() {
    let wiki = wiki();
    let (manifest, _) = manifest::read(MANIFEST, "cookies.toml", Format::Toml);
    let journey = "[journeys.language]\nsteps = [{ open = \"/lang\" }, { request = { method = \"POST\", url = \"/lang\" } }]\n";
    let seen = look_with(&plan(&wiki, journey), manifest.as_ref());
    assert_eq!(seen.cookies("anonymous", Phase::Journey), ["lang"], "set on the way, not by the choice");
    assert_eq!(
        seen.outcomes(),
        [
            "UpdatedBy { journey: \"language\" } anonymous lang: not done: a step of the journey language failed, \
          POST /lang answered 405"
        ],
    );
}

#[test]
fn the_report_and_the_json_name_the_failed_step() {
    let wiki = wiki();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
    let plan = format!(
        "manifest = \"cookies.toml\"\n[targets.app]\nurl = \"{}\"\n{MEMBER}logout = [{{ open = \"/signout\" }}]\n",
        wiki.url("/")
    );
    std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    let ended = Cookieproof::new(["audit", "--output", "json=report.json"]).within(folder.path()).run();
    let why = "the logout step failed, GET /signout answered 404";
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(why), "{}", ended.stdout);
    assert!(!told.contains("not-cleared-on-logout"), "{}", ended.stdout);
    let json = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(json.contains(why), "{json}");
}

#[cfg(unix)]
#[test]
fn the_paths_of_a_command_are_relative_to_the_plan() {
    use std::os::unix::fs::PermissionsExt;
    let wiki = wiki();
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("bin")).unwrap();
    std::fs::write(site.join("session.txt"), "sid=s3cr3t-0123456789abcdef").unwrap();
    let program = site.join("bin/session");
    std::fs::write(&program, "#!/bin/sh\ncat \"$1\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    for step in [
        "{ command = { run = [\"bin/session\", \"session.txt\"], prints = \"header\" } }",
        "{ command = { run = [\"./bin/session\", \"./session.txt\"], prints = \"header\" } }",
        "{ import = { format = \"header\", source = \"${command:bin/session session.txt}\" } }",
    ] {
        let text = format!(
            "[targets.app]\nurl = \"{}\"\n[personas.member]\nlogin = [{step}]\nlogged_in_when = {{ url = \"/account\", \
             text = \"Hello Ann\" }}\n",
            wiki.url("/")
        );
        let file = site.join("cookieproof.toml");
        let (plan, problems) = cookieproof::plan::read(&text, file.to_str().unwrap(), Format::Toml);
        let seen = look_with(&plan.unwrap_or_else(|| panic!("{problems:#?}")), None);
        assert_eq!(seen.reached("member"), "yes", "{step}");
    }
}
