//! The consent question through the binary: answered either way, by category, taken back, by a
//! choice recorded elsewhere; what is set in each state, and what is left of it.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
use serde_json::Value;

/// A banner with a way in, a way out, a choice by category and a way to come back. What follows the
/// answer is on every page: analytics with its consent, a preference cookie with its own; rejecting
/// does not keep `/late` from setting `sneaky`, and taking consent back forgets to delete `_ga`.
const PAGE: &str = r#"<!doctype html><title>Shop</title><p>Shop <a href="/late">late</a> <a href="/more">more</a></p>
<div id="bar" role="dialog" hidden>We use cookies.
  <button id="all">Accept all</button> <button id="none">Continue without accepting</button> <button id="how">Settings</button>
  <div id="choice" hidden><label><input type="checkbox" name="stats"> Statistics</label>
  <label><input type="checkbox" name="prefs" checked> Preferences</label> <button id="save">Save</button></div></div>
<button id="again">Cookie settings</button>
<script>
const bar = document.querySelector('#bar'), kept = () => (document.cookie.match(/(?:^|; )choice=([^;]*)/) || [])[1];
const act = () => {
  if ((kept() || '').includes('stats')) document.cookie = '_ga=GA1.1.1.1; max-age=9999; path=/';
  if ((kept() || '').includes('prefs')) document.cookie = 'theme=dark; max-age=9999; path=/';
};
const keep = (choice) => { document.cookie = 'choice=' + choice + '; max-age=9999; path=/'; localStorage.choice = choice; bar.hidden = true; act(); };
if (kept() === undefined && localStorage.choice === undefined) bar.hidden = false;
act();
document.querySelector('#all').onclick = () => keep('stats+prefs');
document.querySelector('#none').onclick = () => keep('no');
document.querySelector('#how').onclick = () => setTimeout(() => { document.querySelector('#choice').hidden = false; }, 200);
document.querySelector('#again').onclick = () => { bar.hidden = false; };
document.querySelector('#save').onclick = () => keep(['stats', 'prefs'].filter((name) => document.getElementsByName(name)[0].checked).join('+'));
</script>"#;

fn shop() -> Hostile {
    Hostile::http(|asked| match asked.target.as_str() {
        "/late" => {
            let lines =
                if asked.cookie("choice").as_deref() == Some("no") { "Set-Cookie: sneaky=1\r\n" } else { "" };
            Answer::page(lines, &format!("{PAGE}<i>late</i>"))
        }
        "/" | "/more" => Answer::page("", PAGE),
        _ => Answer::status("404 Not Found", "", ""),
    })
}

/// What a scan by this plan brings, as JSON.
fn scan(plan: &str) -> Value {
    let shop = shop();
    let folder = tempfile::tempdir().unwrap();
    let target = format!("\n[targets.shop]\nurl = \"{}\"\n", shop.url_as("http", "localhost", "/"));
    std::fs::write(folder.path().join("cookieproof.toml"), format!("engine = \"browser\"\n{plan}{target}"))
        .unwrap();
    let args = ["scan", "cookieproof.toml", "--rate", "0", "--quiet", "--format", "json"];
    let path = std::env::var("PATH").unwrap_or_default();
    Cookieproof::new(args).within(folder.path()).env("PATH", &path).run().code(0).json()
}

/// Cookies that a state of consent brought, sorted.
fn set_in(report: &Value, consent: &str) -> Vec<String> {
    left_in(report, consent, "cookie")
}

/// Names of what the browser's visitors in a state of consent were left with, sorted.
fn left_in(report: &Value, consent: &str, kind: &str) -> Vec<String> {
    let mut names = Vec::new();
    for thing in report["inventory"].as_array().unwrap() {
        let groups = thing["seen"].as_array().unwrap();
        let here =
            |group: &&Value| group["cell"]["consent"] == consent && group["cell"]["engine"] == "browser";
        if groups.iter().any(|group| here(&group)) && thing["kind"] == kind {
            names.push(thing["name"].as_str().unwrap().to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn look<'r>(report: &'r Value, consent: &str) -> &'r Value {
    let looks = report["consent"].as_array().unwrap();
    looks
        .iter()
        .find(|look| look["cell"]["consent"] == consent)
        .unwrap_or_else(|| panic!("no {consent} in {looks:#?}"))
}

fn names(things: &Value) -> Vec<&str> {
    things.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect()
}

#[test]
fn each_answer_is_given_by_a_visitor_of_its_own() {
    let report = scan("[[consent]]\nstate = { category = \"analytics\" }\n");
    assert_eq!(look(&report, "untouched")["shown"], true);
    assert_eq!(set_in(&report, "untouched"), [""; 0]);

    let accepted = look(&report, "accepted");
    assert_eq!(accepted["answered_by"], "Accept all");
    assert_eq!(accepted["shown_again"], false);
    assert_eq!(names(&accepted["kept_in"]), ["_ga", "choice", "theme", "choice"]);
    assert_eq!(set_in(&report, "accepted"), ["_ga", "choice", "theme"]);

    // Set on a later page, though it was refused.
    assert_eq!(look(&report, "rejected")["answered_by"], "Continue without accepting");
    assert_eq!(set_in(&report, "rejected"), ["choice", "sneaky"]);

    let category = look(&report, "accepted for analytics");
    assert_eq!(category["answered_by"], "Settings, Save");
    assert_eq!(set_in(&report, "accepted for analytics"), ["_ga", "choice"]);

    let withdrawn = look(&report, "withdrawn");
    assert_eq!(withdrawn["answered_by"], "Cookie settings, Continue without accepting");
    assert_eq!(set_in(&report, "withdrawn"), ["choice", "sneaky"]);
    // Nobody took these away.
    assert_eq!(names(&withdrawn["survives"]), ["_ga", "choice", "theme", "choice"]);
}

#[test]
fn a_plan_names_the_buttons_or_the_choice_itself() {
    let report = scan(
        "[[consent]]\nstate = { category = \"functional\" }\nselector = [\"#how\", \"#save\"]\n\
         [[consent]]\nstate = { category = \"social\" }\ncookie = \"choice=recorded\"\n\
         local_storage = { key = \"choice\", value = \"recorded\" }\n",
    );
    assert_eq!(look(&report, "accepted for functional")["answered_by"], "#how, #save");
    assert_eq!(set_in(&report, "accepted for functional"), ["choice", "theme"]);
    let recorded = look(&report, "accepted for social");
    assert_eq!(recorded["answered_by"], "a recorded choice");
    assert_eq!(recorded["not_reached"], Value::Null);
    assert_eq!(set_in(&report, "accepted for social"), [""; 0]);
    // What was put in is not the site's doing.
    assert_eq!(left_in(&report, "accepted for social", "local-storage"), [""; 0]);
}

#[test]
fn a_state_that_cannot_be_reached_is_said() {
    let report = scan("[[consent]]\nstate = \"rejected\"\nselector = \"#nowhere\"\n");
    assert_eq!(look(&report, "rejected")["not_reached"], "`#nowhere` is not on the start page");
    let failed = report["coverage"]["failed"].as_array().unwrap();
    assert!(
        failed.iter().any(|failed| failed["detail"].as_str().unwrap().contains("`#nowhere`")),
        "{failed:#?}"
    );
}
