//! The main job with a browser, through the binary: what plain HTTP leaves open is decided.

use crate::support::sites::Which;
use crate::support::world::World;
use serde_json::Value;

const BROWSER: &[&str] = &["--engine", "browser", "--persona", "anonymous", "--format", "json"];

fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{} {}", finding["rule"], finding["subject"])).collect()
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
    assert_eq!(found(Which::Prokken, "P20"), [r#""analytics-cookies" "_ga""#]);
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
    };
    one(Which::Prokken, "P23", "claims.cross-site-tracking", "an identifier in `external_id`");
    one(Which::Dpokit, "D08", "third_parties.plausible.identifiers", "an identifier in `visitor`");
    one(Which::Dpokit, "D39", "third_parties.plausible.personal-data", "an e-mail address in `user`");
}

/// With every persona: nothing that a conforming site's scripts and third parties do is held against
/// it.
#[test]
fn conforming_sites_have_no_finding_with_a_browser() {
    for which in Which::ALL {
        let ended = World::new(which, &[]).audit(&["--engine", "browser", "--format", "json"]);
        assert_eq!(findings(&ended.json()), [""; 0], "{}", which.name());
        assert_eq!(ended.code, Some(0), "{}: {}", which.name(), ended.stderr);
    }
}
