//! Manifests that `import` makes of the founding documents, held against the sample sites of these
//! documents: a conforming site gives no finding, and what the manifest written by hand catches over
//! plain HTTP is caught with the imported one, too, less what the text does not say.
//!
//! The documents are other people's texts and not here: they are in the folder COOKIEPROOF_SHARED.

use crate::claims::{Case, at_once, broken, findings};
use crate::support::command::Cookieproof;
use crate::support::sites::Which;
use crate::support::world::World;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows that an imported manifest does not catch, and what the text does not say.
const UNSAID: &[(&str, &str)] = &[
    ("D21", "where the forms for signing in and out are"),
    ("K09", "which pages the dashboard is: it is named in words only"),
    ("K17", "which pages the dashboard is: it is named in words only"),
    ("P18", "where the authenticated features are"),
    ("P31", "the address of Stripe's policy: the link is lost in this rendering"),
    ("T01", "that a workspace on another domain is covered"),
    ("T20", "which pages the marketing site is: it is named in words only"),
    ("T21", "which pages the workspace is: it is named in words only"),
];

/// A site and its document.
const DOCUMENTS: [(Which, &str); 4] = [
    (Which::Prokken, "prokken"),
    (Which::Dpokit, "dpokit"),
    (Which::Katror, "katror"),
    (Which::Kropee, "kropee-flattened"),
];

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("COOKIEPROOF_SHARED")?;
    Some(PathBuf::from(shared).join("policies/founding"))
}

/// What `import` makes of each document.
fn imported(folder: &Path) -> BTreeMap<&'static str, String> {
    let import = |document: &str| {
        let file = folder.join(format!("{document}.txt"));
        Cookieproof::new(["import", file.to_str().unwrap()]).run().code(0).stdout
    };
    DOCUMENTS.iter().map(|(which, document)| (which.name(), import(document))).collect()
}

/// Puts an imported manifest in the place of the one by hand. Where the site is, a text does not say: the
/// hosts and addresses are taken over, and nothing else.
fn replace_manifest(world: &World, imported: &str) {
    let file = world.folder.path().join("cookies.toml");
    let by_hand = fs::read_to_string(&file).unwrap();
    let places: Vec<&str> = ["url", "hosts", "policy_url"]
        .iter()
        .map(|key| by_hand.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap())
        .collect();
    let site_at = imported.find("[site]\n").unwrap() + "[site]\n".len();
    let (top, rest) = imported.split_at(site_at);
    let own = rest.lines().take_while(|line| !line.starts_with('[')).find(|line| line.starts_with("url = "));
    let rest = own.map_or(rest.to_owned(), |own| rest.replacen(&format!("{own}\n"), "", 1));
    fs::write(file, format!("{top}{}\n{rest}", places.join("\n"))).unwrap();
}

/// Whether the audit finds something.
fn catches(case: &Case, imported: &str) -> Result<(), String> {
    let world = case.world();
    replace_manifest(&world, imported);
    let ended = world.audit(&["--format", "json", "--fail-on", "warning"]);
    match ended.code {
        Some(1) if !findings(&ended.json()).is_empty() => Ok(()),
        code => Err(format!("exit code {code:?} {}", ended.stderr)),
    }
}

#[test]
fn an_imported_manifest_finds_nothing_on_the_conforming_sites() {
    let Some(folder) = folder() else {
        println!("COOKIEPROOF_SHARED not given: 0 cases");
        return;
    };
    let imported = imported(&folder);
    let complaints = at_once(&DOCUMENTS, |(which, _)| {
        let world = World::new(*which, &[]);
        replace_manifest(&world, &imported[which.name()]);
        let ended = world.audit(&["--format", "json", "--fail-on", "warning"]);
        if ended.code == Some(0) {
            return Ok(());
        }
        let found = if ended.stdout.is_empty() { Vec::new() } else { findings(&ended.json()) };
        Err(format!("{}: {:?} {}\n{}", which.name(), ended.code, ended.stderr, found.join("\n")))
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn an_imported_manifest_catches_what_the_text_says() {
    let Some(folder) = folder() else {
        println!("COOKIEPROOF_SHARED not given: 0 cases");
        return;
    };
    let imported = imported(&folder);
    // A row that is broken by a change of the manifest is no row of the text. One way of each row is enough:
    // the other ways break the same sentence.
    let cases: Vec<Case> =
        broken().into_iter().filter(|case| case.row.edit.is_none() && !case.is_other_way()).collect();
    let complaints = at_once(&cases, |case| catches(case, &imported[case.which.name()]));
    let missed: BTreeMap<&str, &String> =
        complaints.iter().map(|(at, complaint)| (cases[*at].id.as_str(), complaint)).collect();
    println!("{} of {} broken rows are caught; not caught:", cases.len() - missed.len(), cases.len());
    for (id, why) in UNSAID.iter().filter(|(id, _)| missed.contains_key(id)) {
        println!("{id}: {why}");
    }
    let listed: Vec<&str> = UNSAID.iter().map(|(id, _)| *id).collect();
    assert_eq!(missed.keys().copied().collect::<Vec<_>>(), listed, "the list is to be exact: {missed:#?}");
}
