//! The main job with a browser, through the binary: what plain HTTP leaves open is decided.

use crate::support::chromium::shared_url;
use crate::support::command::{Cookieproof, side_by_side};
use crate::support::hostile::{Answer, Hostile};
use crate::support::sites::Which;
use crate::support::world::World;
use serde_json::Value;

const BROWSER: &[&str] = &["--engine", "browser", "--persona", "anonymous", "--format", "json"];

fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{} {}", finding["rule"], finding["subject"])).collect()
}

fn third_party<'a>(report: &'a Value, site: &str) -> &'a Value {
    let others = report["third_parties"].as_array().unwrap();
    others.iter().find(|other| other["site"] == site).unwrap_or_else(|| panic!("no {site}: {others:?}"))
}

#[test]
fn a_site_that_keeps_its_word_on_consent_is_upheld() {
    let report = World::new(Which::Katror, &[]).audit(BROWSER).code(0).json();
    assert_eq!(findings(&report), [""; 0]);
    let verdict = |id: &str| {
        let claims = report["verdicts"].as_array().unwrap();
        claims.iter().find(|claim| claim["claim"] == id).unwrap()["verdict"].clone()
    };
    for claim in [
        "claims.consent-banner",
        "claims.consent-banner.repeated",
        "claims.consent-banner.back-after-clearing",
        "cookies.katror_cookie_consent.trigger",
        "cookies.katror_cookie_consent.mirrored-in",
        "cookies.katror_cookie_consent.lifetime",
    ] {
        assert_eq!(verdict(claim), "upheld", "{claim}");
    }
}

#[test]
fn what_only_scripts_break_is_found() {
    let found = |which, switch: &str| findings(&World::new(which, &[switch]).audit(BROWSER).code(1).json());
    assert_eq!(found(Which::Katror, "T12"), [r#""trigger" "katror_cookie_consent""#]);
    let report = World::new(Which::Prokken, &["P20"]).audit(BROWSER).code(1).json();
    // Before any consent, which is the gravest of what is wrong with it.
    assert_eq!(findings(&report), [r#""consent-before" "_ga""#]);
    // First-party by domain, Google's by script.
    let google = third_party(&report, "googletagmanager.com");
    assert_eq!((&google["vendor"], &google["category"]), (&"Google Analytics".into(), &"analytics".into()));
    let left = &google["leaves"][0];
    assert_eq!(
        (&left["name"], &left["domain"], &left["for_site"]),
        (&"_ga".into(), &"prokken.com".into(), &true.into())
    );
}

/// Each is the only finding, about the row's claim: an identifier or an address that a third party is
/// sent.
#[test]
fn what_third_parties_are_told_is_found() {
    let one = |which, switch: &str, claim: &str, told: &str| {
        let report = World::new(which, &[switch]).audit(BROWSER).code(1).json();
        let [finding] = report["findings"].as_array().unwrap().as_slice() else {
            panic!("{switch}: {:?}", findings(&report));
        };
        let claims = finding["claims"].as_array().unwrap();
        assert!(claims.iter().any(|known| known == claim), "{switch}: {claims:?}");
        assert!(finding["message"].as_str().unwrap().contains(told), "{switch}: {}", finding["message"]);
        report
    };
    one(Which::Prokken, "P23", "claims.cross-site-tracking", "an identifier in `external_id`");
    one(Which::Dpokit, "D08", "third_parties.plausible.identifiers", "an identifier in `visitor`");
    let report =
        one(Which::Dpokit, "D39", "third_parties.plausible.personal-data", "an e-mail address in `user`");
    let plausible = third_party(&report, "plausible.io");
    assert!(
        plausible["script"]["url"].as_str().unwrap().ends_with("plausible.io/js/script.js"),
        "{plausible}"
    );
    assert_eq!(plausible["told"], serde_json::json!([{ "what": "email", "field": "user" }]));
}

/// What counters send of everybody alike, and what is new each time, tells nobody apart.
#[test]
fn counters_that_know_nobody_are_no_trackers() {
    let audit = |more: &'static str| {
        let site = Hostile::http(move |asked| match asked.target.split('?').next().unwrap_or_default() {
            "/" | "/more" => {
                Answer::page("", &format!("<a href=/more>More</a><script>{COUNTER}{more}</script>"))
            }
            "/lib.js" => Answer::status("200 OK", "Content-Type: text/javascript\r\n", "/* lib */"),
            _ => Answer::status("204 No Content", "Access-Control-Allow-Origin: *\r\n", ""),
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cookies.toml"), COUNTED).unwrap();
        let url = format!("http://127.0.0.1:{}/", site.address.port());
        let args = ["audit", &url, "-q", "--rate", "0", "--engine", "browser", "--format", "json"];
        let path = std::env::var("PATH").unwrap_or_default();
        let run = Cookieproof::new(args).within(folder.path()).env("PATH", &path).run();
        findings(&run.json())
    };
    assert_eq!(audit(""), [""; 0]);
    // The same with a visitor's own number.
    let own = "name=name||crypto.randomUUID();send('/e?visit='+name)";
    assert_eq!(audit(own), [r#""third-party-data" "Counter""#]);
}

const COUNTED: &str = r#"
[site]
hosts = ["127.0.0.1"]

[[third_parties]]
provider = "Counter"
domains = ["localhost"]
identifiers = false
personal_data = false
"#;

/// The number of an account, a build's hash, a cache buster, the number of an event (sent twice), a
/// cookie of one word, a mailbox of the office.
const COUNTER: &str = "const other='http://localhost:'+location.port;\
    const send=p=>fetch(other+p,{mode:'no-cors',method:'POST',body:JSON.stringify({u:location.href,to:'info@shop.test'})});\
    document.cookie='theme=dark-and-narrow';const event=crypto.randomUUID();\
    send('/e?cid=acct-5f0c2f3a9f1e4b7e&uid=7&t='+Date.now()+'&z='+Math.random()+'&event='+event);\
    send('/e?event='+event+'&theme=dark-and-narrow');\
    const s=document.createElement('script');s.src=other+'/lib.js?v=9f1e4b7e8c6d0a1b2c3d4e5f6a7b8c9d';document.head.append(s);";

/// What a client library leaves in storage when somebody logs in, by the script that sends the form.
#[test]
fn what_the_scripts_of_a_login_write_is_looked_for_where_its_form_was_used() {
    const MANIFEST: &str = "[site]\nname = \"x\"\n[[cookies]]\nname = \"sid\"\nvisitors = [\"logged-in\"]\nhttp_only = true\n\
        [[storage]]\nname = \"auth.message\"\nkind = \"local-storage\"\n[[storage]]\nname = \"draft\"\nkind = \"local-storage\"\n";
    const FORM: &str = "<form id=in method=post action=/login><input name=name><button id=go>Go</button></form><script>\
        document.getElementById('in').onsubmit=()=>localStorage.setItem('auth.message','signed in')</script>";
    let site = Hostile::http(|asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", "/login") => Answer::redirect("303 See Other", "/", "Set-Cookie: sid=member; HttpOnly\r\n"),
        (_, "/login") => Answer::page("", FORM),
        (_, "/") if asked.header("cookie").is_some_and(|sent| sent.contains("sid=")) => {
            Answer::page("", "<p>hello, ann</p>")
        }
        (_, "/") => Answer::page("", "<a href=/login>log in</a>"),
        _ => Answer::status("404 Not Found", "", ""),
    });
    let audit = |submit: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
        let plan = format!(
            "engine = \"browser\"\n[targets.x]\nurl = \"{}\"\n[browser]\nurl = \"{}\"\n[personas.anonymous]\n[personas.member]\n\
             login = [{{ open = \"/login\" }}, {submit}]\nlogged_in_when = {{ url = \"/\", text = \"hello, ann\" }}\n",
            site.url("/"),
            shared_url()
        );
        std::fs::write(folder.path().join("cookieproof.toml"), plan).unwrap();
        let args = ["audit", "-q", "--rate", "0", "--format", "json"];
        Cookieproof::new(args).within(folder.path()).run().json()
    };
    let [by_requests, by_form] = side_by_side(
        [
            r##"{ submit = { form = "#in", fields = { name = "ann" } } }"##,
            r##"{ fill = { selector = "[name=name]", value = "ann" } }, { click = "#go" }"##,
        ]
        .map(|submit| move || audit(submit)),
    );
    let verdict = |report: &Value, claim: &str| {
        let verdicts = report["verdicts"].as_array().unwrap();
        verdicts
            .iter()
            .find(|verdict| verdict["claim"] == claim)
            .unwrap_or_else(|| panic!("{verdicts:#?}"))
            .clone()
    };
    for name in ["auth.message", "draft"] {
        let verdict = verdict(&by_requests, &format!("storage.local-storage:{name}.present"));
        assert_eq!(verdict["verdict"], "not-verified", "{verdict:#}");
        assert!(verdict.to_string().contains("the login was made by requests"), "{verdict:#}");
    }
    assert_eq!(findings(&by_requests), [""; 0]);
    assert_eq!(verdict(&by_form, "storage.local-storage:auth.message.present")["verdict"], "upheld");
    assert_eq!(findings(&by_form), [r#""declared-never-seen" "local-storage:draft""#]);
}
