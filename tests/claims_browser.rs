//! The founding policies' rows that need a browser: each sentence broken gives one finding, with its
//! claim and the script or response that shows it; the conforming sites give none, and leave nothing
//! undecided but what takes two scans.
//!
//! The rows are in `tests/claims/SITE.toml`; `claims.rs` judges them over plain HTTP. Each run starts a
//! browser of its own, since the sites' hosts and certificates are flags of its command line; so some
//! sentences are broken together, and one by one only where their findings are not exactly theirs.

use crate::claims::{Case, all_clear, at_once, findings, is_of, judge, lines, only};
use crate::claims_table::{Assert, Row, rows};
use crate::support::command::Ended;
use crate::support::sites::Which;
use crate::support::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

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

/// So many sentences are broken at once, at most.
const TOGETHER: usize = 7;

/// What a claim is about: a cookie, a third party, or the site as a whole in one regard.
fn subject(claim: &str) -> &str {
    let end = claim.match_indices('.').nth(1).map_or(claim.len(), |(at, _)| at);
    &claim[..end]
}

/// Cases of one site and one visitor, about different subjects. Neighbours break similar sentences, often by
/// the same means: they come into different groups. What changes the banner, or who gets in, changes what the
/// others show.
fn groups(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let mut of_visitors: BTreeMap<_, Vec<Case>> = BTreeMap::new();
    for case in cases {
        of_visitors.entry((case.which.name(), visitor(&case.row).to_owned())).or_default().push(case);
    }
    let alone = |case: &Case| {
        let first = ["claims.consent-banner", "claims.login-without-consent"];
        let goes_first = case.row.claims.iter().any(|claim| first.contains(&subject(claim)));
        goes_first || case.row.edit.is_some() || AFTER_A_CHANGE.contains(&case.id.as_str())
    };
    let mut groups = Vec::new();
    for cases in of_visitors.into_values() {
        let (apart, cases): (Vec<_>, Vec<_>) = cases.into_iter().partition(alone);
        groups.extend(apart.into_iter().map(|case| vec![case]));
        let mut together: Vec<Vec<Case>> = vec![Vec::new(); cases.len().div_ceil(TOGETHER)];
        for (at, case) in cases.into_iter().enumerate() {
            let subjects: BTreeSet<&str> = case.row.claims.iter().map(|claim| subject(claim)).collect();
            let fits = |group: &Vec<Case>| {
                let mut others = group.iter().flat_map(|other| &other.row.claims);
                group.len() < TOGETHER && others.all(|claim| !subjects.contains(subject(claim)))
            };
            let count = together.len();
            match (0..count).map(|more| (at + more) % count).find(|group| fits(&together[*group])) {
                Some(group) => together[group].push(case),
                None => together.push(vec![case]),
            }
        }
        groups.extend(together);
    }
    groups
}

/// Whether each of these cases, all planted at once, has one finding, and there are no others.
fn each_has_its_finding(group: &[Case]) -> bool {
    let switches: Vec<&str> = group.iter().flat_map(|case| &case.switches).map(String::as_str).collect();
    let ended = World::new(group[0].which, &switches).audit(&with_visitor(&group[0]));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    ended.code == Some(1)
        && findings.len() == group.len()
        && each_has_one(group, &findings.iter().collect::<Vec<_>>())
}

/// Whether each case can be given a finding of its own: one may be about several claims.
fn each_has_one(cases: &[Case], findings: &[&Value]) -> bool {
    let Some((case, others)) = cases.split_first() else { return true };
    (0..findings.len()).any(|at| {
        let rest = [&findings[..at], &findings[at + 1..]].concat();
        is_of(case, findings[at]).is_ok() && each_has_one(others, &rest)
    })
}

fn with_visitor(case: &Case) -> Vec<&str> {
    [BROWSER, &["--persona", visitor(&case.row)]].concat()
}

fn only_finding(case: &Case) -> Result<(), String> {
    let more = with_visitor(case);
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
    // The page declares the new cookie, and so does the manifest.
    after.declare("katror_layout");
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
    let (all, apart) = (cases.len(), Mutex::new(Vec::new()));
    at_once(&groups(cases), |group| {
        if group.len() == 1 || !each_has_its_finding(group) {
            apart.lock().unwrap().extend(group.iter().cloned());
        }
        Ok(())
    });
    let apart = apart.into_inner().unwrap();
    println!("one by one: {}", apart.iter().map(Case::name).collect::<Vec<_>>().join(" "));
    let complaints = judge(&apart, only_finding);
    let (known, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        complaints.into_iter().partition(|(name, _)| NOT_YET.iter().any(|(known, _)| known == name));
    println!("{} of {all} ways are judged as they should be; not yet:", all - known.len());
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
