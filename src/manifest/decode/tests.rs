//! What decoding gives and what it complains of, as its users see it.

use super::read;
use crate::config::{Format, Severity, Source};
use crate::manifest::*;
use insta::assert_snapshot;

/// DESIGN's sketch, and every field once.
const SKETCH: &str = r#"
[site]
name = "Prokken"
url = "https://prokken.com"
policy_url = "/cookie-policy"
last_updated = 2026-04-16
hosts = ["prokken.com", "*.prokken.com"]

[pages]
public = ["/", "/docs/**", "/blog/**"]
auth = ["/api/auth/**"]
dashboard = ["/dashboard/**"]
checkout = ["/checkout/**"]

[defaults.auth]
http_only = true
secure = "on-https"
same_site = "lax"

[[cookies]]
name = "prokken_access"
group = "auth"
category = "strictly-necessary"
purpose = "Keeps you logged in"
lifetime = "24h"
visitors = ["logged-in"]
required_for = ["dashboard"]
source = "Stores your authentication access token ..."

[[cookies]]
name = "prokken_refresh"
group = "auth"
lifetime = "7d"
path = "/api/auth"
sent_only_to = ["auth"]

[[cookies]]
name = "next-auth.session-token"
https_name = "__Secure-next-auth.session-token"
lifetime = "30d"
set_on = ["dashboard"]

[[cookies]]
name = "katror_cookie_consent"
lifetime = { max = "1y" }
trigger = "consent-accepted"
mirrored_in = "local-storage"

[[third_parties]]
provider = "Stripe"
domains = ["checkout.stripe.com"]
allowed_on = ["checkout"]
after = "interaction"

[[third_parties]]
provider = "Plausible"
category = "analytics"
domains = ["plausible.io"]
sets_cookies = false
sets_storage = false

[claims]
inventory = "complete"
advertising = "none"
analytics_cookies = "none"
third_party_cookies = "only-declared"
consent_banner = { shown = "first-visit" }
no_cookies = [{ visitors = ["anonymous"], pages = ["public"] }]
"#;

#[track_caller]
fn good(text: &str) -> Manifest {
    let (manifest, problems) = read(text, "cookies.toml", Format::Toml);
    let errors: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    manifest.unwrap()
}

/// One line per problem.
fn problems(text: &str) -> String {
    let (manifest, problems) = read(text, "cookies.toml", Format::Toml);
    let errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(manifest.is_none(), errors, "there is a manifest exactly without errors");
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn the_sketch_of_the_design_means_what_it_says() {
    let manifest = good(SKETCH);
    let access = manifest.item("prokken_access").unwrap();
    assert_eq!(access.http_only, Some(true), "from its group");
    assert_eq!(access.places["lifetime"].line, 25);
    assert_eq!(access.places["http_only"].line, 16, "where the group says it");
    assert_eq!(access.lifetime.as_ref().unwrap().to_string(), "24h");
    let refresh = manifest.item("prokken_refresh").unwrap();
    assert_eq!(refresh.path, Some(PathRule::Exact("/api/auth".into())));
    let session = manifest.item("next-auth.session-token").unwrap();
    assert_eq!(session.https_names[0].written(), "__Secure-next-auth.session-token");
    assert_eq!(session.http_only, None, "unstated is not false");
    assert_eq!(manifest.site.last_updated.unwrap().to_string(), "2026-04-16");
    assert_eq!(manifest.third_parties[1].sets_cookies, Some(false));
    assert!(!manifest.claims.is_empty());
}

#[test]
fn a_table_says_more_than_a_word() {
    let manifest = good(
        r#"
        pages = { marketing = "/" }
        [site]
        last_updated = "2026-06"
        [defaults.session]
        [[cookies]]
        name = ["sid", "_ga_*", { regex = "sid-[0-9]+" }, { literal = "a*" }]
        lifetime = { either = ["session", { max = "30 days" }] }
        lifetime_for = { remembered = "unbounded", not-remembered = "session" }
        group = "session"
        path = { within = "/api" }
        domain = ".Example.org"
        trigger = { journey = "checkout" }
        strength = { lifetime = "warning" }
        source = { lifetime = "Up to 30 days" }
        [[storage]]
        name = "theme"
        kind = "local-storage"
        [claims]
        undeclared_storage = { is = "no-identifiers", strength = "warning", source = "We may use local storage" }
        analytics_cookies = { is = "none", pages = ["marketing"], third_party_only = true }
        categories = { is = ["functional"], strength = "warning" }
        consent_banner = { shown = "first-visit", repeated = false, back_after_clearing = true }
        [[links]]
        url = "https://polar.sh/legal/privacy"
        on_policy_page = true
        "#
        .replace("\"unbounded\"", "{ max = \"1y\" }")
        .as_str(),
    );
    let item = &manifest.items[0];
    assert_eq!(item.key, "sid");
    assert_eq!(
        item.names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["sid", "_ga_*", "/sid-[0-9]+/", "a*"]
    );
    assert_eq!(item.lifetime.as_ref().unwrap().to_string(), "the browser session or at most 30 days");
    assert_eq!(item.lifetime_for[&VisitorState::NotRemembered], LifetimeRule::Session);
    assert_eq!(item.path, Some(PathRule::Within("/api".into())));
    assert_eq!(item.domain, Some(DomainRule::Domain("example.org".into())));
    assert_eq!(item.trigger, Some(Trigger::Journey("checkout".into())));
    assert_eq!(item.strength_of("lifetime"), Strength::Warning);
    assert_eq!(item.strength_of("path"), Strength::Error);
    assert_eq!(item.source_of("lifetime"), Some("Up to 30 days"));
    assert_eq!(manifest.items[1].key, "local-storage:theme");
    assert_eq!(manifest.links[0].key, "polar-sh-legal-privacy");
    let analytics = manifest.policy.analytics_cookies.unwrap();
    assert!(analytics.value.third_party_only);
    assert_eq!(manifest.policy.undeclared_storage.unwrap().strength, Strength::Warning);
    let banner = BannerRule::Shown { repeated: Some(false), back_after_clearing: Some(true) };
    assert_eq!(manifest.policy.consent_banner.unwrap().value, banner);
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = "site:\n  url: https://a.example\n  last_updated: 2026-04-16\npages:\n  all: ['/**']\ncookies:\n  - name: sid\n    http_only: true\n    lifetime: {max: 7 days}\n";
    let json = "{\"$schema\": \"x\", \"site\": {\"url\": \"https://a.example\", \"last_updated\": \"2026-04-16\"},\n\t\"pages\": {\"all\": [\"\\/**\"]}, \"cookies\": [{\"name\": \"sid\", \"http_only\": true, \"purpose\": \"\\uD83D\\uDE00\", \"lifetime\": {\"max\": \"7 days\"}}]}";
    for (text, file, format) in [(yaml, "a.yaml", Format::Yaml), (json, "a.json", Format::Json)] {
        let (manifest, problems) = read(text, file, format);
        assert_eq!(problems, [], "{file}");
        let manifest = manifest.unwrap();
        assert_eq!(manifest.items[0].lifetime.as_ref().unwrap().to_string(), "at most 7 days");
        assert_eq!(manifest.site.last_updated.unwrap().day, Some(16));
    }
    let (_, problems) = read(json, "a.json", Format::Json);
    assert_eq!(problems, []);
}

#[test]
fn every_problem_is_told_at_once_with_place_and_fix() {
    assert_snapshot!(problems(r#"
[site]
url = "prokken.com"
[[cookies]]
name = "a"
lifetme = "24h"
http_only = "yes"
same_site = "relaxed"
set_on = ["dashbord"]
category = "essential"
[[cookies]]
lifetime = { range = ["2h", "1h"] }
[pages]
dashboard = ["/dashboard/**"]
"#), @r#"
cookies.toml:3:7: error: `url` must be a URL such as "https://example.org": relative URL without a base
cookies.toml:6:1: error: unknown key `lifetme` in this cookie (did you mean `lifetime`?)
cookies.toml:7:13: error: `http_only` must be true or false, not text (write true, without quotes)
cookies.toml:8:13: error: `same_site` must be `strict`, `lax` or `none`, not `relaxed` (it is one of strict, lax, none)
cookies.toml:9:11: error: there is no page class `dashbord` (did you mean `dashboard`?)
cookies.toml:10:12: error: `category` must be `strictly-necessary`, `functional`, `analytics`, `advertising`, `social` or `unclassified`, not `essential` (did you mean `strictly-necessary`?)
cookies.toml:11:1: error: this cookie has no `name` (add name = "sid")
cookies.toml:12:22: error: this range is reversed: the longer duration comes first (write { range = ["1h", "2h"] })
"#);
}

#[test]
fn contradictions_are_errors() {
    assert_snapshot!(problems(r#"
[site]
url = "https://a.example"
hosts = ["b.example"]
[[cookies]]
name = "__Host-a"
domain = "a.example"
path = "/x"
secure = "never"
[[cookies]]
name = "b"
same_site = "none"
secure = "never"
partitioned = true
[[cookies]]
name = "c"
visitors = ["anonymous"]
trigger = "login"
only_with = ["c", "nobody"]
[[cookies]]
name = "c"
group = "auht"
script_readable = true
http_only = true
[[cookies]]
kind = "local-storage"
name = "d"
http_only = true
[defaults.auth]
[[third_parties]]
provider = "Nobody"
domains = []
[[third_parties]]
provider = "Stripe"
"#), @r#"
cookies.toml:4:1: error: `a.example` itself is not among the site's hosts (add "a.example")
cookies.toml:7:1: error: browsers refuse `__Host-a` like this: its prefix promises Secure, Path=/ and no Domain (write domain = "host-only", or drop the prefix)
cookies.toml:8:1: error: browsers refuse `__Host-a` like this: its prefix promises Secure, Path=/ and no Domain (write path = "/", or drop the prefix)
cookies.toml:9:1: error: browsers refuse `__Host-a` like this: its prefix promises Secure, Path=/ and no Domain (write secure = "always", or drop the prefix)
cookies.toml:12:1: error: browsers refuse SameSite=None without Secure (write secure = "always")
cookies.toml:14:1: error: browsers refuse Partitioned without Secure (write secure = "always")
cookies.toml:18:1: error: who has logged in is not anonymous any more (drop `trigger`, or add "logged-in" to `visitors`)
cookies.toml:19:14: error: a cookie cannot refer to itself here (name another one)
cookies.toml:19:19: error: there is no cookie or storage item `nobody` (known: __Host-a, b, c, c, local-storage:d; or declare it)
cookies.toml:20:1: error: `c` is declared twice (keep one of them; if both are meant, tell them apart by `path` or `hosts`)
cookies.toml:22:9: error: there is no group `auht` (did you mean `auth`?)
cookies.toml:23:1: error: no script can read a cookie with HttpOnly (drop one of the two)
cookies.toml:28:1: error: only cookies have `http_only` (leave it out of a storage item)
cookies.toml:30:1: error: this third party has no domains (name the provider's hosts)
cookies.toml:33:1: error: this third party has no `domains` (add domains = "*.example.org")
"#);
}

#[test]
fn what_is_odd_is_a_warning() {
    assert_snapshot!(problems(r#"
[pages]
dashboard = "/dashboard/**"
[[cookies]]
name = "a"
https_name = "a"
lifetime = "2 years"
set_on = "dashboard"
path = "/dashboard"
category = "advertising"
[[cookies]]
name = "b"
lifetime_for = { remembered = "unbounded", not-remembered = "session" }
category = "strictly-necessary"
trigger = "consent-accepted"
[claims]
advertising = "none"
categories = ["strictly-necessary"]
consent_banner = "none"
last_updated_shown = true
"#), @r#"
cookies.toml:6:1: warning: `https_name` says the same as `name` (leave it out: without it, the name is the same on https)
cookies.toml:7:1: warning: 2 years is longer than browsers keep a cookie: 400 days (the header's own number is compared; visitors have it for 400 days at most)
cookies.toml:9:1: warning: the pages it is set on are no reason for Path=/dashboard (drop `path`, unless the policy states the attribute itself)
cookies.toml:10:1: warning: the claims exclude advertising cookies (one of the two is wrong)
cookies.toml:10:1: warning: the claims say there are no advertising cookies (one of the two is wrong)
cookies.toml:13:1: warning: persistent, with no bound: any lifetime will do (if the policy has a maximum, write { max = "..." })
cookies.toml:15:1: warning: what is strictly necessary does not wait for consent (drop `trigger`, or choose another category)
cookies.toml:15:1: warning: it waits for consent, but no banner asks for it (one of the two is wrong)
cookies.toml:20:1: warning: `last_updated_shown` is about the policy page, and nothing says where that is (add policy_url to [site])
"#);
}

#[test]
fn an_ipv6_address_without_brackets_is_no_host_with_a_port() {
    let of = |host: &str| {
        problems(&format!("[site]\nname = \"a\"\nurl = \"http://[::1]/\"\nhosts = [\"{host}\"]\n"))
    };
    assert_eq!(of("[::1]"), "");
    assert!(of("::1").contains("4:10: error: ") && of("::1").contains("in brackets"), "{}", of("::1"));
    assert!(of("a.example:80").contains("leave the port out"), "{}", of("a.example:80"));
}

#[test]
fn mistakes_in_the_syntax_have_a_place_too() {
    assert_snapshot!(problems("[site]\nname = \"a\nurl = \"https://a.example\"\n[[cookies]]\nname = \"b\"\nhttp_only = ja\nlifetme = 3\n"), @r#"
cookies.toml:2:10: error: invalid basic string, expected `"`
cookies.toml:6:13: error: string values must be quoted, expected literal string
cookies.toml:7:1: error: unknown key `lifetme` in this cookie (did you mean `lifetime`?)
"#);
    let (_, found) = read("site: [a", "a.yaml", Format::Yaml);
    assert_snapshot!(found[0], @"a.yaml:1:9: error: this is not YAML: while parsing a flow sequence, expected ',' or ']'");
    let (_, found) = read("{\"site\": {\n  \"name\": nul}}", "a.json", Format::Json);
    assert_snapshot!(found[0], @"a.json:2:14: error: this is not JSON: expected ident");
    let (_, found) = read("a: &a [x]\nb: *a", "a.yaml", Format::Yaml);
    assert_snapshot!(found[0], @"a.yaml:2:4: error: aliases (`*name`) are not read (write the value out once more)");
}

#[test]
fn an_excerpt_shows_the_line() {
    let text = "[site]\n[[cookies]]\nname = \"a\"\nlifetme = \"24h\" # \u{1b}[31m red\n";
    let (_, found) = read(text, "cookies.toml", Format::Toml);
    let source = Source::new("cookies.toml", text);
    assert_snapshot!(found[0].excerpt(&source, false, None), @r#"
error: invalid comment character, expected printable characters
 --> cookies.toml:4:19
  |
4 | lifetme = "24h" # ␛[31m red
  |                   ^
"#);
    assert!(found[0].excerpt(&source, true, None).contains("\u{1b}["));
}

#[test]
fn hostile_files_are_refused_without_harm() {
    let deep = "[".repeat(100_000);
    for (text, format) in [
        (deep.clone(), Format::Json),
        (deep.clone(), Format::Yaml),
        (format!("a = {deep}"), Format::Toml),
        ("{\"a\":".repeat(100_000), Format::Json),
        ("a: &a [".repeat(1000), Format::Yaml),
        (format!("x = {}1{}", "{a=".repeat(500), "}".repeat(500)), Format::Toml),
        (format!("a{}.a = 1", ".a".repeat(500)), Format::Toml),
        ("\u{0}\u{1}\u{feff}".to_owned(), Format::Toml),
        ((0..5000).map(|at| format!("k{at} = 1\n")).collect(), Format::Toml),
    ] {
        let (manifest, problems) = read(&text, "x", format);
        assert!(manifest.is_none());
        assert!(!problems.is_empty() && problems.len() <= 600, "{}", problems.len());
    }
}
