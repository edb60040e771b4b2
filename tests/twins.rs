//! The site over plain http beside https, on ports of a machine for tests: what `pages.start` names is
//! looked at, and the login is sent there, too. A redirect of one page proves nothing of a form.

use super::support::app::{page, to};
use super::support::hostile::{Answer, Asked, Hostile, TestCa};
use super::support::look::{Seen, look_with};
use cookieproof::audit::audit;
use cookieproof::config::Format;
use cookieproof::{manifest, plan};

const MANIFEST: &str = r#"
[site]
name = "Shop"
hosts = ["localhost"]
[claims]
plain_http_cookies = "none"
[[cookies]]
name = "sid"
category = "strictly-necessary"
purpose = "login"
"#;

/// The shop as it is over https, or over http where that answers itself.
fn shop(asked: &Asked, secure: &str) -> Answer {
    let session = format!("Set-Cookie: sid=s3cr3t-0123456789abcdef; Path=/; HttpOnly{secure}\r\n");
    match asked.route().as_str() {
        "GET /login" => {
            page("", "<form method=post><input name=u><input type=password name=password></form>")
        }
        "POST /login" => to("/account", &session),
        "GET /account" if asked.cookie("sid").is_none() => to("/login", ""),
        "GET /account" => page("", "Hello Ann"),
        "GET /" => page("", "<a href=/about>About</a><a href=/account>Account</a>"),
        "GET /about" => page("", "About"),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "no"),
    }
}

/// How the claim ends where http answers like this, and what the http server was asked.
fn judged(http: impl Fn(&Asked, &str) -> Answer + Send + Sync + 'static) -> (String, Vec<String>, Seen) {
    judged_with(http, "")
}

/// The same with more said of the member.
fn judged_with(
    http: impl Fn(&Asked, &str) -> Answer + Send + Sync + 'static,
    more: &str,
) -> (String, Vec<String>, Seen) {
    let ca = TestCa::new();
    let https = Hostile::https(&ca, &["localhost"], |asked| shop(asked, "; Secure"));
    let at = https.url_as("https", "localhost", "").to_string();
    let plain = Hostile::http(move |asked| http(asked, at.trim_end_matches('/')));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &ca.pem).unwrap();
    let text = format!(
        "[targets.app]\nurl = \"{}\"\nextra_ca = [\"ca.pem\"]\n[pages]\nstart = [\"{}\"]\n\
         [personas.member]\nlogin = [{{ open = \"/login\" }}, {{ submit = {{ fields = {{ u = \"ann\", password = \"pa55-w0rd\" }} }} }}]\n\
         logged_in_when = {{ url = \"/account\", text = \"Hello Ann\" }}\n{more}\n",
        https.url_as("https", "localhost", "/"),
        plain.url_as("http", "localhost", "/"),
    );
    let file = folder.path().join("cookieproof.toml");
    let (plan, problems) = plan::read(&text, file.to_str().unwrap(), Format::Toml);
    let plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
    let (manifest, problems) = manifest::read(MANIFEST, "cookies.toml", Format::Toml);
    let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
    let seen = look_with(&plan, Some(&manifest));
    let audit = audit(&manifest, &seen.scan, None);
    let verdict = audit.verdicts.iter().find(|verdict| verdict.claim == "claims.plain-http-cookies").unwrap();
    let told = format!("{:?}", verdict.state);
    let asked = plain.asked().iter().map(Asked::route).collect();
    (told, asked, seen)
}

fn away(asked: &Asked, at: &str) -> Answer {
    Answer::redirect("301 Moved Permanently", &format!("{at}{}", asked.target), "")
}

#[test]
fn a_twin_that_sends_everything_away_upholds_the_claim() {
    let (told, asked, seen) = judged(away);
    assert!(told.starts_with("Upheld"), "{told}");
    for route in ["GET /", "GET /login", "POST /login"] {
        assert!(asked.contains(&route.to_owned()), "{route} of {asked:#?}");
    }
    assert!(seen.outcomes().contains(&"LoginOverHttp member : holds".to_owned()), "{:#?}", seen.outcomes());
}

#[test]
fn a_login_that_http_takes_refutes_it_though_every_page_redirects() {
    let (told, _, seen) =
        judged(|asked, at| if asked.route() == "POST /login" { shop(asked, "") } else { away(asked, at) });
    assert!(told.starts_with("Refuted"), "{told}");
    let expected = "LoginOverHttp member : fails: the login over plain http sets sid";
    assert!(seen.outcomes().contains(&expected.to_owned()), "{:#?}", seen.outcomes());
}

#[test]
fn a_twin_that_answers_itself_is_crawled_where_the_plan_names_it() {
    let (told, asked, _) = judged(|asked, _| match asked.route().as_str() {
        "GET /about" => page("Set-Cookie: seen=1; Path=/\r\n", "About"),
        _ => shop(asked, ""),
    });
    assert!(asked.contains(&"GET /about".to_owned()), "{asked:#?}");
    assert!(told.starts_with("Refuted"), "{told}");
}

#[test]
fn a_login_that_was_not_sent_in_the_clear_leaves_it_open() {
    let (told, asked, _) = judged_with(away, "login_budget = 1");
    assert!(told.contains("NotPlanned") && told.contains("raise `login_budget`"), "{told}");
    assert!(!asked.contains(&"POST /login".to_owned()), "{asked:#?}");
}
