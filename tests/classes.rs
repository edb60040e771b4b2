//! Classes of pages in a manifest: what is not in them, requests by their method, and whose a login's
//! page is.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use crate::support::small_site::url;
use serde_json::Value;
use std::fs;

/// An application whose login lies within its dashboard. `strict`: the form needs its token.
fn dashboard(strict: bool) -> Hostile {
    Hostile::http(move |asked| {
        let cookies = asked.header("cookie").unwrap_or_default();
        let (member, token) = (cookies.contains("sid="), cookies.contains("csrf="));
        match (asked.method.as_str(), asked.target.split('?').next().unwrap_or_default()) {
            (_, "/") => {
                Answer::page("", "<a href=/dashboard>Dashboard</a> <a href=/dashboard/sign-in>Log in</a>")
            }
            (_, "/dashboard/sign-in") => Answer::page(
                "Set-Cookie: csrf=t0ken; Path=/\r\n",
                "<form method=post action=/session><input name=email><input type=password name=password></form>",
            ),
            ("POST", "/session") if strict && !token => Answer::status("403 Forbidden", "", "no token"),
            ("POST", "/session") => {
                Answer::redirect("303 See Other", "/dashboard", "Set-Cookie: sid=1; Path=/; HttpOnly\r\n")
            }
            (_, "/dashboard" | "/dashboard/reports") if member => Answer::page(
                "",
                "<h1 id=user>Ann</h1> <a href=/dashboard/reports>Reports of the last year</a>",
            ),
            (_, "/dashboard" | "/dashboard/reports") => {
                Answer::redirect("302 Found", "/dashboard/sign-in", "")
            }
            _ => Answer::status("404 Not Found", "", ""),
        }
    })
}

const MEMBER: &str = r##"
[personas.member]
login = [
  { open = "/dashboard/sign-in" },
  { submit = { fields = { email = "ann@example.test", password = "pa55-w0rd" } } },
]
logged_in_when = { url = "/dashboard", selector = "#user" }
"##;

/// The JSON report of an audit.
fn audited(site: &Hostile, personas: &str, manifest: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let plan = format!("[targets.local]\nurl = \"{}\"\n{personas}", url(site));
    fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
    fs::write(folder.path().join("cookies.toml"), format!("[site]\nname = \"A\"\n{manifest}")).unwrap();
    let ended = Cookieproof::new(["audit", "-q", "--format", "json"]).within(folder.path()).run();
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr))
}

/// The state of a claim, and why.
#[track_caller]
fn claim(report: &Value, id: &str) -> String {
    let verdicts = report["verdicts"].as_array().unwrap();
    let verdict = verdicts.iter().find(|verdict| verdict["claim"] == id);
    verdict.unwrap_or_else(|| panic!("no {id} in {verdicts:#?}"))["verdict"].as_str().unwrap().to_owned()
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["rule"].as_str()).collect()
}

#[test]
fn a_login_page_within_protected_pages_is_everybodys() {
    let site = dashboard(true);
    for class in [r#"["/dashboard/**", "/dashboard/sign-in"]"#, r#"["/dashboard/**", "!/dashboard/sign-in"]"#]
    {
        let manifest = format!(
            "[pages]\ndashboard = {class}\n[[cookies]]\nname = \"csrf\"\n[[cookies]]\nname = \"sid\"\n\
             visitors = [\"logged-in\"]\nrequired_for = [\"dashboard\"]\n"
        );
        let report = audited(&site, MEMBER, &manifest);
        assert_eq!(claim(&report, "cookies.sid.required-for"), "upheld", "{class}: {report:#}");
        assert_eq!(rules(&report), [""; 0], "{class}");
    }
}

/// An application whose links leave the language to redirects. `open`: the page is everybody's.
fn in_languages(open: bool) -> Hostile {
    Hostile::http(move |asked| {
        let member = asked.header("cookie").unwrap_or_default().contains("sid=");
        match (asked.method.as_str(), asked.target.split('?').next().unwrap_or_default()) {
            ("POST", "/session") => Answer::status("200 OK", "Set-Cookie: sid=1; Path=/; HttpOnly\r\n", "{}"),
            (_, "/en/profile") if member => Answer::page("", "<h1 id=user>Ann</h1>"),
            (_, "/en/reports") if member || open => Answer::page("", "<h1>Reports of the last year</h1>"),
            (_, "/en/profile" | "/en/reports") => {
                Answer::redirect("307 Temporary Redirect", "/en/sign-in", "")
            }
            (_, "/en" | "/en/sign-in") => Answer::page("", "<a href=/reports>Reports</a> Welcome."),
            (_, "/" | "/reports" | "/profile") => {
                let to = format!("/en{}", asked.target.trim_end_matches('/'));
                Answer::redirect("307 Temporary Redirect", &to, "")
            }
            _ => Answer::status("404 Not Found", "", ""),
        }
    })
}

#[test]
fn a_page_to_which_redirects_lead_is_one_of_its_class() {
    const MANIFEST: &str = "[pages]\nreports = [\"/*/reports/**\"]\n[[cookies]]\nname = \"sid\"\n\
                            visitors = [\"logged-in\"]\nrequired_for = [\"reports\"]\n";
    const MEMBER: &str = "[personas.member]\nlogin = [{ request = { method = \"POST\", url = \"/session\" } }]\n\
                          logged_in_when = { url = \"/en/profile\", selector = \"#user\" }\n";
    for (open, verdict) in [(false, "upheld"), (true, "refuted")] {
        let report = audited(&in_languages(open), MEMBER, MANIFEST);
        assert_eq!(claim(&report, "cookies.sid.required-for"), verdict, "{report:#}");
    }
}

#[test]
fn the_page_that_gives_a_token_does_not_prove_that_nothing_needs_it() {
    let manifest = "[pages]\nauth = [\"/dashboard/sign-in\"]\n[[cookies]]\nname = \"csrf\"\n\
                    required_for = [\"auth\"]\n[[cookies]]\nname = \"sid\"\n";
    let report = audited(&dashboard(true), "", manifest);
    assert_eq!(claim(&report, "cookies.csrf.required-for"), "not-verified", "{report:#}");
}

#[test]
fn what_a_form_is_sent_to_is_named_by_its_method() {
    let manifest = |endpoint: &str| {
        format!(
            "[pages]\nsession = [\"{endpoint}\"]\n[[cookies]]\nname = \"csrf\"\nrequired_for = [\"session\"]\n\
             [[cookies]]\nname = \"sid\"\nset_by = [\"session\"]\nvisitors = [\"logged-in\"]\n"
        )
    };
    let strict = audited(&dashboard(true), MEMBER, &manifest("POST /session"));
    assert_eq!(claim(&strict, "cookies.csrf.required-for"), "upheld", "{strict:#}");
    assert_eq!(claim(&strict, "cookies.sid.set-by"), "upheld");
    assert_eq!(rules(&strict), [""; 0]);
    let lax = audited(&dashboard(false), MEMBER, &manifest("POST /session"));
    assert_eq!(claim(&lax, "cookies.csrf.required-for"), "refuted", "{lax:#}");
    assert_eq!(claim(&lax, "cookies.sid.set-by"), "upheld");
    // Another method, or another endpoint, is not what the form is sent to.
    let put = audited(&dashboard(true), MEMBER, &manifest("PUT /session"));
    assert_eq!(claim(&put, "cookies.csrf.required-for"), "not-verified", "{put:#}");
    assert_eq!(claim(&put, "cookies.sid.set-by"), "refuted");
}

#[test]
fn a_cookie_is_sent_where_its_methods_say() {
    let manifest = |classes: &str| {
        format!(
            "[pages]\nsession = {classes}\n[[cookies]]\nname = \"csrf\"\nsent_only_to = [\"session\"]\n\
             [[cookies]]\nname = \"sid\"\n"
        )
    };
    let report = audited(&dashboard(true), MEMBER, &manifest(r#"["POST /session"]"#));
    assert_eq!(claim(&report, "cookies.csrf.sent-only-to"), "refuted");
    let report = audited(&dashboard(true), MEMBER, &manifest(r#"["POST /session", "/", "/dashboard/**"]"#));
    assert_ne!(claim(&report, "cookies.csrf.sent-only-to"), "refuted", "{report:#}");
}

#[test]
fn classes_that_mean_nothing_are_complained_about() {
    let folder = tempfile::tempdir().unwrap();
    let complaints = |pages: &str, cookie: &str| {
        let manifest =
            format!("[site]\nname = \"A\"\n[pages]\na = {pages}\n[[cookies]]\nname = \"c\"\n{cookie}\n");
        fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
        let ended = Cookieproof::new(["check", "cookies.toml"]).within(folder.path()).run();
        (ended.code, ended.stdout + &ended.stderr)
    };
    assert_eq!(complaints(r#"["*", "!/b"]"#, "set_on = [\"a\"]").0, Some(0));
    let (code, said) = complaints(r#"["!/b"]"#, "");
    assert!(code == Some(2) && said.contains("only says what is not in it"), "{said}");
    let (code, said) = complaints(r#"["post /b"]"#, "");
    assert!(code == Some(2) && said.contains("`POST /b`"), "{said}");
    let (code, said) = complaints(r#"["POST /b"]"#, "set_on = [\"a\"]");
    assert!(code == Some(2) && said.contains("nobody is on them"), "{said}");
    assert_eq!(complaints(r#"["POST /b"]"#, "set_by = [\"a\"]").0, Some(0));
}

#[test]
fn a_form_that_leads_to_a_third_party_takes_the_visitor_there() {
    let bank = Hostile::http(|_| Answer::page("Set-Cookie: pay=1; Path=/\r\n", "Pay here."));
    let to = format!("http://localhost:{}/pay", bank.address.port());
    let site = Hostile::http(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
        (_, "/") => Answer::page("", "<a href=/buy>Buy</a>"),
        (_, "/buy") => Answer::page(
            "",
            "<form method=post action=/buy/start><input name=n value=1><button>Buy</button></form>",
        ),
        ("POST", "/buy/start") => Answer::redirect("303 See Other", &to, ""),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let journey = r#"
        [journeys.buying]
        steps = [{ open = "/buy" }, { submit = { fields = { n = "1" } } }]
        [personas.anonymous]
        "#;
    let manifest = r#"
        [pages]
        checkout = ["/checkout/**"]
        [[third_parties]]
        provider = "Bank"
        domains = ["localhost"]
        allowed_on = ["checkout"]
        embedded = false
        [claims]
        cross_site_tracking = "none"
        "#;
    let report = audited(&site, journey, manifest);
    assert!(bank.asked().iter().any(|asked| asked.target == "/pay"), "{report:#}");
    assert_eq!(rules(&report), [""; 0], "{report:#}");
}

#[test]
fn this_machines_http_says_nothing_of_secure_in_production() {
    let site = Hostile::http(|asked| match asked.target.as_str() {
        "/" => Answer::page("Set-Cookie: sid=1; Path=/; HttpOnly\r\n", "Hello"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let report = audited(&site, "", "[[cookies]]\nname = \"sid\"\nsecure = \"always\"\nhttp_only = true\n");
    assert_eq!(claim(&report, "cookies.sid.secure"), "not-verified");
    assert_eq!(rules(&report), [""; 0]);
    assert!(report.to_string().contains("says nothing of the site in production"), "{report:#}");
}
