//! The rows of the four founding policies: what each says, the manifest's claims that express it,
//! the switches that break it. The tables are in `tests/claims/SITE.toml`.

use crate::support::sites::Which;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[expect(dead_code, reason = "for whoever reads the table")]
    says: String,
    pub(crate) needs: String,
    pub(crate) assert: Assert,
    /// Who can see it broken; plain HTTP, where nothing is said.
    #[serde(default)]
    pub(crate) engine: Engine,
    /// The manifest's claims that express it.
    pub(crate) claims: Vec<String>,
    /// The response that shows it broken: method and beginning of the URL.
    pub(crate) at: Option<String>,
    /// Switches of the sample site that break it; the row's own id, where nothing is said.
    pub(crate) switches: Option<Vec<String>>,
    /// Other ways to break it.
    #[serde(default)]
    pub(crate) more: Vec<String>,
    /// Ways to keep it that tempt.
    #[serde(default)]
    pub(crate) fine: Vec<String>,
    /// Ways to break it that only a browser can see.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// A change of the manifest that breaks it: a text and what stands there instead.
    pub(crate) edit: Option<(String, String)>,
    /// For lint rows: what the note of `check` is about.
    pub(crate) note: Option<String>,
    pub(crate) alias_of: Option<String>,
    /// Whose visits show it in a browser; those of somebody without a login, where nothing is said.
    pub(crate) persona: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Assert {
    Finding,
    Silence,
    Lint,
    Alias,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    #[default]
    Http,
    Browser,
}

pub(crate) fn rows(which: Which) -> BTreeMap<String, Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/claims/{}.toml", which.name()));
    toml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn aliases_follow_their_twins() {
    for which in Which::ALL {
        let rows = rows(which);
        for (id, row) in rows.iter().filter(|(_, row)| row.assert == Assert::Alias) {
            let twin = &rows[row.alias_of.as_ref().unwrap()];
            let kind = |claim: &String| claim.rsplit('.').next().unwrap().to_owned();
            let kinds = |row: &Row| row.claims.iter().map(kind).collect::<BTreeSet<_>>();
            assert_eq!(kinds(row), kinds(twin), "{id}");
        }
    }
}

#[test]
fn every_row_is_expressed_by_claims_of_its_manifest() {
    for which in Which::ALL {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{}/cookies.toml", which.name()));
        let (manifest, problems) = cookieproof::manifest::read(
            &fs::read_to_string(file).unwrap(),
            "cookies.toml",
            cookieproof::config::Format::Toml,
        );
        let manifest = manifest.unwrap_or_else(|| panic!("{}: {problems:?}", which.name()));
        let known: BTreeSet<String> = manifest.claims.into_iter().map(|claim| claim.id).collect();
        for (id, row) in rows(which) {
            assert!(!row.claims.is_empty(), "{id} has no claims");
            for claim in row.claims {
                assert!(known.contains(&claim), "{id}: no claim {claim}");
            }
        }
    }
}

#[test]
fn every_switch_of_a_site_breaks_a_row() {
    for which in Which::ALL {
        let rows = rows(which);
        let used: BTreeSet<String> = rows
            .iter()
            .filter(|(_, row)| matches!(row.assert, Assert::Finding | Assert::Silence))
            .flat_map(|(id, row)| {
                let first = row.switches.clone().unwrap_or_else(|| vec![id.clone()]);
                first.into_iter().chain(row.more.clone()).chain(row.fine.clone()).chain(row.also.clone())
            })
            .collect();
        let there: BTreeSet<String> = which.switches().iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(used, there, "{}", which.name());
    }
}

/// Rows that plain HTTP cannot decide: a browser's.
const BROWSER_ONLY: &[&str] = &[
    "D01", "D02", "D04", "D07", "D08", "D09", "D20", "D28", "D31", "D34", "D35", "D39", "K13", "K16", "K23",
    "K24", "P03", "P04", "P09", "P20", "P21", "P22", "P23", "P30", "P32", "T02", "T11", "T12", "T13", "T14",
    "T15", "T16", "T17", "T18", "T19", "T22", "T23", "T24", "T25", "T28",
];

#[test]
fn the_list_of_rows_for_a_browser_is_exact() {
    let mut listed = BTreeSet::new();
    let mut total = 0;
    for which in Which::ALL {
        for (id, row) in rows(which) {
            total += 1;
            if row.engine == Engine::Browser {
                listed.insert(id);
            }
        }
    }
    println!("{} of {total} rows are judged over plain HTTP; for a browser:", total - listed.len());
    println!("{}", listed.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    assert_eq!(listed.iter().map(String::as_str).collect::<Vec<_>>(), BROWSER_ONLY);
    assert_eq!(total, 139);
}

/// The list the rows come from: with the folder COOKIEPROOF_SHARED, ours says the same.
#[test]
fn the_rows_are_those_of_the_list() {
    let Ok(folder) = std::env::var("COOKIEPROOF_SHARED") else {
        println!("COOKIEPROOF_SHARED not given: 0 cases");
        return;
    };
    let text = fs::read_to_string(Path::new(&folder).join("policies/claims.json")).unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut theirs = BTreeMap::new();
    for row in list["claims"].as_array().unwrap() {
        let needs = row["needs"].as_str().unwrap();
        let browser = needs.starts_with("browser") && row["http_can_refute"] != true;
        theirs.insert(
            row["id"].as_str().unwrap().to_owned(),
            format!("{needs} {} {} {browser}", row["assert"], row["alias_of"]),
        );
    }
    let ours: BTreeMap<String, String> = Which::ALL
        .into_iter()
        .flat_map(rows)
        .map(|(id, row)| {
            let assert = format!("{:?}", row.assert).to_lowercase();
            let alias = row.alias_of.map_or_else(|| "null".to_owned(), |of| format!("{of:?}"));
            let browser = row.engine == Engine::Browser;
            (id, format!("{} {assert:?} {alias} {browser}", row.needs))
        })
        .collect();
    assert_eq!(ours, theirs);
    println!("{} rows compared", ours.len());
}
