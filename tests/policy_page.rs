//! The published policy page against the manifest and the site, through the binary.

use crate::support::chromium;
use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use crate::support::small_site::url;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const MANIFEST: &str = r#"
[site]
hosts = ["127.0.0.1"]
policy_url = "/cookies"

[[cookies]]
name = "sid"
lifetime = "1 day"

[[cookies]]
name = "basket"
expected = false
"#;

const TABLE: &str = "<table><tr><th>Name</th><th>Purpose</th><th>Duration</th></tr>\
    <tr><td>sid</td><td>Keeps you logged in</td><td>7 days</td></tr>\
    <tr><td>theme</td><td>Light or dark</td><td>1 year</td></tr></table>";

/// A site whose policy page has this body.
fn site(body: &str) -> Hostile {
    let body = body.to_owned();
    Hostile::http(move |asked| match asked.target.as_str() {
        "/" => Answer::page("Set-Cookie: sid=1; Max-Age=86400\r\n", "<a href=/cookies>Cookies</a>"),
        "/cookies" => Answer::page("", &body),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "gone"),
    })
}

fn audit(site: &Hostile, more: &[&str]) -> Value {
    let folder: TempDir = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), MANIFEST).unwrap();
    let args = ["audit", &url(site), "--manifest", "cookies.toml", "--format", "json"];
    Cookieproof::new(args.iter().chain(more)).within(folder.path()).run().json()
}

/// The findings about the policy page: message, line of the manifest, first piece of evidence.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let of_page = findings.filter(|finding| finding["rule"].as_str().unwrap().starts_with("policy-"));
    of_page
        .map(|finding| {
            let (line, evidence) = (&finding["declared"]["line"], &finding["evidence"][0]["line"]);
            let evidence = evidence.as_str().unwrap();
            let path = evidence.find("/cookies").unwrap_or_default();
            format!("{} | {line} | {}", finding["message"].as_str().unwrap(), &evidence[path..])
        })
        .collect()
}

fn verdict(report: &Value, claim: &str) -> String {
    let verdicts = report["verdicts"].as_array().unwrap();
    let of = verdicts.iter().find(|verdict| verdict["claim"] == claim).unwrap();
    format!("{} {}", of["verdict"].as_str().unwrap(), of["why"].as_str().unwrap_or_default())
}

#[test]
fn each_difference_is_told_with_both_of_its_ends() {
    let site = site(&format!("<h1>Cookies</h1>{TABLE}<p><a href=/imprint>Imprint</a></p>"));
    let report = audit(&site, &[]);
    assert_eq!(
        findings(&report),
        [
            "`basket` is declared in the manifest, and the published policy does not name it | 11 | \
             /cookies does not name it",
            "the published policy says that `sid` lives 7 days, and the manifest says 1 day | 8 | \
             /cookies: \"sid | Keeps you logged in | 7 days\"",
            "the published policy declares `theme`, and the manifest does not; it was not seen | 4 | \
             /cookies: \"theme | Light or dark | 1 year\"",
            &format!(
                "the policy page links to {}imprint, which answers 404 | 4 | /cookies: \"Imprint\" leads to {}imprint: 404",
                url(&site),
                url(&site)
            ),
        ]
    );
    let severities = report["findings"].as_array().unwrap().iter();
    assert!(severities.clone().all(|finding| finding["severity"] == "warning"), "{severities:#?}");
}

#[test]
fn a_table_that_only_a_script_writes_is_not_verified_over_http() {
    let platform = "<h1>Cookies</h1><p>We use cookies.</p><div id=CookieDeclaration></div>";
    let report = audit(&site(platform), &[]);
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(verdict(&report, "claims.policy-agrees"), "not-verified needs-browser");
}

#[test]
fn browser_reads_the_table_that_a_script_writes() {
    let script = format!(
        "<h1>Cookies</h1><div id=CookieDeclaration></div>\
         <script>document.getElementById('CookieDeclaration').innerHTML = {:?};</script>",
        TABLE.replace("7 days", "1 day")
    );
    let report = audit(&site(&script), &["--engine", "browser", "--browser", chromium::program()]);
    let found = findings(&report);
    assert!(found.iter().any(|line| line.contains("declares `theme`")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("`basket`")), "{found:#?}");
    assert!(!found.iter().any(|line| line.contains("`sid`")), "{found:#?}");
}
