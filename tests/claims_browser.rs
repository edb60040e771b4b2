//! The founding policies' rows that need a browser: each sentence broken gives one finding, with its
//! claim and the script or response that shows it; the conforming sites give none, and leave nothing
//! undecided but what takes two scans.
//!
//! The rows are in `tests/claims/SITE.toml`; `claims.rs` judges them over plain HTTP. Each run starts a
//! browser of its own, since the sites' hosts and certificates are flags of its command line.

use crate::claims::{Case, all_clear, at_once, findings, judge, lines, only};
use crate::claims_table::{Assert, Row, rows};
use crate::support::command::Ended;
use crate::support::sites::Which;
use crate::support::world::World;
use std::collections::BTreeMap;

const BROWSER: &[&str] = &["--engine", "browser", "--format", "json", "--fail-on", "warning"];

/// Rows whose change takes two scans, the first of the site as it was.
const AFTER_A_CHANGE: &[&str] = &["T28"];

/// Rows that need a browser, and the ways to break other rows that only a browser can see.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for which in Which::ALL {
        let rows = rows(which).into_iter();
        for (id, row) in rows.filter(|(_, row)| row.assert == Assert::Finding && row.needs != "two-scans") {
            let mut ways = row.also.iter().map(|way| vec![way.clone()]).collect::<Vec<_>>();
            if row.needs.starts_with("browser") {
                ways.push(row.switches.clone().unwrap_or_else(|| vec![id.clone()]));
                ways.extend(row.more.iter().map(|way| vec![way.clone()]));
            }
            cases.extend(ways.into_iter().map(|switches| Case {
                which,
                id: id.clone(),
                row: row.clone(),
                switches,
            }));
        }
    }
    cases
}

/// One visitor is enough to see it, and takes a fraction of everybody's time.
fn visitor(row: &Row) -> &str {
    row.persona.as_deref().unwrap_or("anonymous")
}

fn only_finding(case: &Case) -> Result<(), String> {
    let more = [BROWSER, &["--persona", visitor(&case.row)]].concat();
    if AFTER_A_CHANGE.contains(&case.id.as_str()) {
        return only(case, &after_a_change(case, &more)?);
    }
    only(case, &case.world().audit(&more))
}

/// The site as it was, and then with its switches.
fn after_a_change(case: &Case, more: &[&str]) -> Result<Ended, String> {
    let (before, after) = (World::new(case.which, &[]), case.world());
    let scan = before.folder.path().join("scan.json");
    let scan = scan.to_str().unwrap_or_default();
    let ended = before.audit(&[more, &["--save-scan", scan]].concat());
    if ended.code != Some(0) {
        return Err(format!("before the change: {}{}", findings(&ended.json()).join("\n    "), ended.stderr));
    }
    Ok(after.audit(&[more, &["--previous", scan]].concat()))
}

/// Rows that a browser should judge and does not yet judge as it should, and why.
const NOT_YET: &[(&str, &str)] = &[];

#[test]
fn each_sentence_that_needs_a_browser_is_the_only_finding() {
    let mut cases = cases();
    // Some of them, for whoever works on a row: COOKIEPROOF_ROWS="T28 K02-script".
    let chosen = std::env::var("COOKIEPROOF_ROWS").ok();
    if let Some(chosen) = &chosen {
        cases.retain(|case| chosen.split(' ').any(|name| name == case.name()));
    }
    let complaints = judge(&cases, only_finding);
    let (known, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        complaints.into_iter().partition(|(name, _)| NOT_YET.iter().any(|(known, _)| known == name));
    println!("{} of {} ways are judged as they should be; not yet:", cases.len() - known.len(), cases.len());
    for (name, why) in NOT_YET.iter().filter(|(name, _)| known.contains_key(*name)) {
        println!("{name}: {why}");
    }
    assert!(new.is_empty(), "{}", lines(&new));
    let listed: Vec<&str> = NOT_YET.iter().map(|(name, _)| *name).collect();
    assert!(chosen.is_some() || known.keys().eq(&listed), "the list is to be exact: {known:?}");
}

#[test]
fn conforming_sites_are_all_clear_with_scripts_running() {
    let complaints = at_once(&Which::ALL, |which| {
        all_clear(&World::new(*which, &[]).audit(BROWSER), &["needs-previous-scan"])
    });
    let said = complaints.iter().map(|(at, complaint)| format!("{}: {complaint}\n", Which::ALL[*at].name()));
    assert!(complaints.is_empty(), "{}", said.collect::<String>());
}
