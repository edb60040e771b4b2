//! What decoding gives and what it complains of, as its users see it.

use super::read;
use crate::config::{Format, Severity};
use crate::observation::Consent;
use crate::plan::*;
use insta::assert_snapshot;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[track_caller]
fn good(text: &str) -> Plan {
    let (plan, problems) = read(text, "site/cookieproof.toml", Format::Toml);
    let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    plan.unwrap()
}

/// One line per problem.
fn problems(text: &str) -> String {
    let (plan, problems) = read(text, "cookieproof.toml", Format::Toml);
    let errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(plan.is_none(), errors, "there is a plan exactly without errors");
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn a_url_and_nothing_else_is_a_plan() {
    let plan = good("[targets.production]\nurl = \"https://prokken.com\"\n");
    assert_eq!(plan.targets[0].name, "production");
    assert_eq!(plan.personas[0].name, "anonymous");
    assert_eq!(plan.limits, Limits::default());
    assert_eq!(plan.limits.rate, Some(5.0), "other people's servers are spared");
    assert_eq!(plan.engine, EngineChoice::Http);
}

#[test]
fn ones_own_machine_is_not_spared() {
    assert_eq!(good("targets.here.url = \"http://localhost:3000\"").limits.rate, None);
    let resolved =
        "targets.here.url = \"https://prokken.com\"\nhttp.resolve = { \"*\" = \"127.0.0.1:8443\" }";
    assert_eq!(good(resolved).limits.rate, None);
    let stated = "limits.rate = \"30/min\"\ntargets.here.url = \"http://localhost:3000\"";
    assert_eq!(good(stated).limits.rate, Some(0.5));
    let both = "targets.here.url = \"http://localhost\"\ntargets.live.url = \"https://prokken.com\"";
    assert_eq!(good(both).limits.rate, Some(5.0));
}

#[test]
fn everything_can_be_said() {
    let plan = good(
        r##"
manifest = "cookies.toml"
engine = "both"
third_party_cookies = ["block", "allow"]
robots = "ignore"
vantage = "Frankfurt"

[targets.production]
url = "https://prokken.com"
[targets.local]
url = "http://localhost:3000"
hosts = { "prokken.com" = "localhost" }
allowed_cookies = ["__next_hmr*"]

[personas.member]
remembered = true
login = [
  { open = "/login" },
  { submit = { form = "form#login", fields = { email = "a@b.example", password = "${env:PASSWORD}" }, choose = { remember = true, plan = "pro" }, button = "go" } },
  { totp = { secret = "${file:totp.txt}", field = "code", form = "form" } },
  { mail_link = { maildir = "mail", to = "a@b.example", link_contains = "/callback", timeout = "5s" } },
  { request = { url = "/api/login", json = { user = "a", password = "${env:P}", remember = true, tags = ["x", 1] }, headers = { X-CSRF = "${cookie:csrf}" } } },
  { request = { url = "/api/me" } },
  { basic = { user = "a", password = "${env:P}" } },
  { bearer = "${json:/token}" },
  { import = { format = "netscape", source = "${file:cookies.txt}", user_agent = "x" } },
  { export = { format = "storage-state", file = "state.json" } },
  { command = { run = ["./login", "--now"], prints = "bearer" } },
  { expect = { status = 200, url = "/dashboard", text = "Hello", not_text = "Error", selector = "nav", cookie = "sid" } },
  { click = "#go" },
  { fill = { selector = "#q", value = "x" } },
  { wait = { seconds = 0.5 } },
]
logged_in_when = { url = "/dashboard", text = "Sign out" }
logout = { open = "/logout" }
login_budget = 5
accept_language = "de"
time_zone = "Europe/Berlin"
user_agent = "x"
proxy = "http://127.0.0.1:3128"
headers = { X-Preview = "${env:PREVIEW}" }
start = ["/dashboard"]
refresh = { method = "post", url = "/api/auth/refresh" }

[journeys.language]
personas = ["member", "anonymous"]
steps = [{ submit = { form = "form.language", choose = { language = "de" } } }]

[pages]
start = ["/pricing"]
include = ["/**"]
exclude = ["/admin/**"]
sitemaps = false
hosts = ["cdn.prokken.com"]
assets = true
never_follow = ["/delete/**"]

[limits]
pages = 100
depth = 3
per_shape = 5
total_time = "10 minutes"
rate = 2.5
concurrency = 2
redirects = 5
body_size = "1 MiB"
head_size = "64 KiB"
connect_timeout = "1s"
head_timeout = "500ms"
request_timeout = "2s"
retries = 0
repeats = 2

[http]
user_agent = "cookieproof (audit)"
contact = "ops@prokken.com"
headers = { X-Scan = "1" }
proxy = "${env:PROXY}"
extra_ca = ["ca.pem", "/etc/ca.pem"]
resolve = { "prokken.com" = "10.0.0.1:8443", "www.prokken.com" = "::1" }
accept_language = "en"
http2 = false

[browser]
executable = "chromium"
render = 20
banner = "#consent"
load_timeout = "3s"
screenshots = "pictures"

[probes]
enabled = true
renewal_after = "3s"
gpc = true

[[consent]]
state = "accepted"
cookie = "consent=all"
[[consent]]
state = { category = "analytics" }
selector = "#analytics"
local_storage = { key = "consent", value = "analytics" }
"##,
    );
    let member = &plan.personas[1];
    assert!(member.visitor.logged_in);
    assert_eq!(member.visitor.remembered, Some(true));
    assert_eq!(member.login.len(), 15);
    assert_eq!(member.login[1].place.line, 19);
    let Action::Submit(submit) = &member.login[1].action else { panic!() };
    assert_eq!(submit.fields[1].1.parts, [RefPart::Env("PASSWORD".into())]);
    assert_eq!(submit.choose[0], ("remember".into(), Choice::On));
    let Action::Totp { secret, .. } = &member.login[2].action else { panic!() };
    assert_eq!(secret.parts, [RefPart::File("site/totp.txt".into())], "relative to the plan");
    let Action::Request(login) = &member.login[4].action else { panic!() };
    assert_eq!(login.method, "POST");
    let Action::Request(me) = &member.login[5].action else { panic!() };
    assert_eq!(me.method, "GET");
    assert_eq!(member.refresh.as_ref().unwrap().method, "POST");
    assert_eq!(plan.manifest.as_deref(), Some(Path::new("cookies.toml")));
    assert_eq!(plan.http.extra_ca, [PathBuf::from("site/ca.pem"), PathBuf::from("/etc/ca.pem")]);
    assert_eq!(plan.http.resolve["www.prokken.com"].port(), 0);
    assert_eq!(plan.limits.body_bytes, 1 << 20);
    assert_eq!(plan.limits.head_timeout, Duration::from_millis(500));
    assert_eq!(plan.browser.render, Render::Most(20));
    assert_eq!(plan.browser.executable.as_deref(), Some(Path::new("chromium")));
    assert_eq!(plan.consent[1].state, Consent::Category("analytics".into()));
    assert_eq!(plan.targets[1].hosts["prokken.com"], "localhost");
}

#[test]
fn every_problem_is_told_at_once_with_place_and_fix() {
    assert_snapshot!(problems(r#"
enginge = "http"
robots = "respect"
[targets.live]
url = "https://me:secret@prokken.com"
[personas.member]
login = [
  { opne = "/login" },
  { open = "login" },
  { open = "/a", click = "b" },
  {},
  { submit = { fields = { password = "hunter2", user = "${enw:USER}" } } },
]
remembered = "yes"
[personas.anonymous]
login = { open = "/x" }
[journeys.buy]
personas = ["membr"]
steps = []
[limits]
rate = "fast"
total_time = 30
body_size = "4 megs"
repeats = 0
[http]
resolve = { "a:80" = "example.org" }
headers = { "X Y" = "1", Authorization = "Bearer ${cookie:a}" }
"#), @r#"
cookieproof.toml:2:1: error: unknown key `enginge` in this plan (did you mean `engine`?)
cookieproof.toml:3:10: error: `robots` must be `honour`, `honor` or `ignore`, not `respect` (did you mean `honour`?)
cookieproof.toml:5:7: error: `url` must be a URL such as "https://example.org": it must not hold a user name or password
cookieproof.toml:6:11: warning: nothing proves that `member` is logged in (add logged_in_when = { url = "/account", text = "Sign out" }: status and cookies can lie)
cookieproof.toml:8:5: error: unknown key `opne` in this step (did you mean `open`?)
cookieproof.toml:9:12: error: `open` must be a path or URL such as "/login": it begins with `/` or `https://`
cookieproof.toml:10:3: warning: only the browser engine can make this step (write engine = "browser", or use `submit` or `request`)
cookieproof.toml:10:18: error: this step holds more than one thing (make `click` another step)
cookieproof.toml:11:3: error: this step is empty (it must hold one of open, follow, submit, request, basic, bearer, import, export, mail_link, totp, command, expect, click, fill, wait)
cookieproof.toml:12:38: error: `password` holds a secret in plain text (write "${env:NAME}" and set the variable, or "${file:PATH}")
cookieproof.toml:12:56: error: `user` must be text: `${enw...}` is none of ${env:NAME}, ${file:PATH}, ${command:...}, ${cookie:NAME}, ${json:/pointer}, ${page:SELECTOR}; for the text itself write `$${`
cookieproof.toml:14:14: error: `remembered` must be true or false, not text (write true, without quotes)
cookieproof.toml:15:11: error: `anonymous` is who does not log in (give this persona another name: [personas.member])
cookieproof.toml:18:13: error: there is no persona `membr` (did you mean `member`?)
cookieproof.toml:21:8: error: `rate` must be requests per second (write 5, "5/s", "30/min" or "unlimited")
cookieproof.toml:22:14: error: `total_time` must be a duration with its unit (for seconds write "30s")
cookieproof.toml:23:13: error: `body_size` must be a size such as "4 MiB": `megs` is not a unit
cookieproof.toml:24:11: error: `repeats` must be at least 1 (1 looks once)
cookieproof.toml:26:22: error: `a:80` must be an address such as "127.0.0.1:8443": this is no IP address
cookieproof.toml:27:13: error: `X Y` is no name of a header
cookieproof.toml:27:42: error: no step has been made here that a cookie, a page or a JSON answer could come from (use ${env:NAME}, ${file:PATH} or ${command:...})
"#);
}

#[test]
fn a_plan_without_a_target_looks_at_nothing() {
    assert_snapshot!(problems("engine = \"http\""), @r#"cookieproof.toml:1:1: error: this plan has no target (add [targets.production] with url = "https://...")"#);
    assert_snapshot!(problems(""), @r#"cookieproof.toml:1:1: error: this plan has no target (add [targets.production] with url = "https://...")"#);
}

#[test]
fn what_is_odd_is_a_warning() {
    assert_snapshot!(problems(r##"
targets.live.url = "https://prokken.com"
[personas.member]
login = [{ click = "#login" }]
[[consent]]
state = "accepted"
selector = "#accept"
"##), @r#"
cookieproof.toml:3:11: warning: nothing proves that `member` is logged in (add logged_in_when = { url = "/account", text = "Sign out" }: status and cookies can lie)
cookieproof.toml:4:10: warning: only the browser engine can make this step (write engine = "browser", or use `submit` or `request`)
cookieproof.toml:5:1: warning: plain HTTP can only reach a consent state by a recorded cookie (add cookie = "NAME=VALUE", or write engine = "browser")
"#);
}

#[test]
fn secrets_stand_in_a_plan_by_reference() {
    let plan = |url: &str, step: &str| {
        problems(&format!(
            "targets.t.url = \"{url}\"\n[personas.m]\nlogged_in_when = {{ url = \"/\", text = \"x\" }}\nlogin = [{{ {step} }}]"
        ))
    };
    let steps = [
        r#"submit = { fields = { password = "hunter2" } }"#,
        r#"request = { url = "/l", json = { data = { "api-key" = "hunter2" } } }"#,
        r#"request = { url = "/l", headers = { Cookie = "hunter2" } }"#,
        r#"basic = { user = "a", password = "hunter2" }"#,
        r#"bearer = "hunter2""#,
        r#"totp = { secret = "hunter2", field = "code" }"#,
        r#"import = { format = "header", source = "hunter2" }"#,
    ];
    for step in steps {
        let found = plan("https://prokken.com", step);
        assert!(found.contains("holds a secret in plain text (write \"${env:NAME}\""), "{step}: {found}");
        assert!(!found.contains("hunter2"), "{found}");
        assert_eq!(plan("http://127.0.0.1:8000", step), "", "a sample on this machine");
        assert_eq!(plan("https://prokken.com", &step.replace("hunter2", "${env:SECRET}")), "");
    }
}

#[test]
fn pages_settle_ahead_of_time_or_in_real_time() {
    let settle = |value: &str| {
        good(&format!("targets.here.url = \"http://localhost/\"\n[browser]\nsettle = \"{value}\""))
            .browser
            .settle
    };
    assert_eq!(settle("real"), Settle::RealTime);
    assert_eq!(settle("4s"), Settle::Ahead(Duration::from_secs(4)));
}

#[test]
fn another_host_is_a_host_with_a_port_and_no_more() {
    let told = |host: &str| {
        problems(&format!(
            "targets.here.url = \"http://localhost/\"\ntargets.here.hosts = {{ \"pay.example\" = \"{host}\" }}\n"
        ))
    };
    assert_eq!(told("pay.localhost:4001"), "");
    assert!(told("pay.localhost/x").contains("leave the path out"), "{}", told("pay.localhost/x"));
    assert!(told("http://pay.localhost").contains("leave the scheme out"));
    assert!(told("pay.localhost:99999").contains("this is no port"));
    assert!(told("*.localhost").contains("this is no host"));
}
