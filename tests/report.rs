//! Reports as users get them.

use crate::support::command::Cookieproof;
use crate::support::small_site::{small_site, url};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// docs/report-json.md names every member that a report has.
#[test]
fn every_member_of_the_json_report_is_documented() {
    let site = small_site();
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\nhttp_only = true\n\n\
                    [[cookies]]\nname = \"absent\"\nsame_site = \"lax\"\n";
    std::fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let args = ["audit", &url(&site), "--manifest", "cookies.toml", "--format", "json", "-q", "--rate", "0"];
    let report = Cookieproof::new(args).within(folder.path()).run().json();
    let mut members = BTreeSet::new();
    collect(&report, &mut members);
    assert!(members.len() > 60, "{members:?}");
    let docs =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report-json.md")).unwrap();
    let missing: Vec<&String> =
        members.iter().filter(|member| !docs.contains(&format!("`{member}`"))).collect();
    assert!(missing.is_empty(), "docs/report-json.md does not name {missing:?}");
}

/// Not on a terminal there is no colour, whatever the environment wishes.
#[test]
fn no_color_off_a_terminal() {
    let site = small_site();
    for (name, value) in [("TERM", "xterm-256color"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")] {
        let ended = Cookieproof::new(["scan", &url(&site), "--rate", "0"]).env(name, value).run().code(0);
        assert!(!ended.stdout.contains('\x1b'), "{}", ended.stdout);
        assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
    }
}

fn collect(value: &Value, members: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                members.insert(name.clone());
                collect(value, members);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, members)),
        _ => {}
    }
}
