//! Files that were written once are read and written the same for good, and the schema says all of it.

use crate::support::closed_schema::misfits;
use cookieproof::observation::Scan;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// With every member and every word of format 1. It stays as it is: who has to change it breaks everybody's files.
const EVERYTHING: &str = include_str!("vectors/scan/everything.json");
/// As one of the first versions wrote it: what came later is not there.
const PLAIN: &str = include_str!("vectors/scan/plain.json");
const SCHEMA: &str = include_str!("../config/scan.schema.json");

fn read(text: &str) -> Scan {
    Scan::read(text.as_bytes()).unwrap()
}

fn written(scan: &Scan) -> String {
    let mut out = Vec::new();
    scan.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_file_is_read_and_written_back_byte_by_byte() {
    let scan = read(EVERYTHING);
    assert_eq!(written(&scan), EVERYTHING);
    assert_eq!(serde_json::to_string(&scan).unwrap() + "\n", EVERYTHING);
}

#[test]
fn a_file_of_the_first_versions_is_read_and_what_it_lacks_has_its_default() {
    let scan = read(PLAIN);
    assert_eq!((scan.run.may_fail, scan.run.browser.as_ref(), scan.coverage.lost), (10, None, 0));
    assert!(scan.tasks.is_empty() && scan.heads.is_empty() && scan.consent.is_empty());
    assert_eq!(scan.observations[0].groups[0].example.disagreement, None);
    let again = written(&scan);
    assert_eq!(read(&again), scan);
    assert_eq!(written(&read(&again)), again);
    assert_eq!(misfits(&json(&again), "scan.schema.json"), Vec::<String>::new());
}

#[test]
fn what_is_written_is_as_the_schema_says_and_it_names_nothing_else() {
    assert_eq!(misfits(&json(EVERYTHING), "scan.schema.json"), Vec::<String>::new());
    assert_ne!(misfits(&json(&EVERYTHING.replace("\"coarse\"", "\"rough\"")), "scan.schema.json"), [""; 0]);
    let mut there = BTreeSet::new();
    words(&json(EVERYTHING), &mut there);
    let (mut named, mut bare) = (BTreeSet::new(), Vec::new());
    described(&json(SCHEMA), &mut named, &mut bare);
    assert_eq!(bare, Vec::<String>::new(), "members without a description");
    assert_eq!(named.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What the schema admits can be read: a member left out or null is refused by the schema wherever it is by us.
#[test]
fn what_the_schema_admits_is_read() {
    let schema = jsonschema::validator_for(&json(SCHEMA)).unwrap();
    let whole = json(EVERYTHING);
    let mut ways = BTreeMap::new();
    members(&whole, "", "", &mut ways);
    assert!(ways.len() > 200, "{} members", ways.len());
    for (kind, pointer) in ways {
        // Members of one record of several: which of them has it is said in words only.
        if kind.ends_with("carried/*/name") || ["/tasks/*/name", "/tasks/*/why"].contains(&kind.as_str()) {
            continue;
        }
        let (slim, pointer) = cut_to(&whole, &pointer);
        let (record, member) = pointer.rsplit_once('/').unwrap();
        for left_out in [true, false] {
            let mut value = slim.clone();
            let members = value.pointer_mut(record).unwrap().as_object_mut().unwrap();
            if left_out {
                members.remove(member);
            } else {
                members.insert(member.to_owned(), Value::Null);
            }
            let text = value.to_string();
            if let Err(error) = Scan::read(text.as_bytes()) {
                assert!(!schema.is_valid(&value), "{pointer}, left out: {left_out}: {error}");
            }
        }
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The file with no more in its lists than the element on the way to a member, and that way in it.
fn cut_to(whole: &Value, pointer: &str) -> (Value, String) {
    let mut value = whole.clone();
    let mut way = pointer.to_owned();
    for record in ["", "/coverage"] {
        for (key, list) in value.pointer_mut(record).unwrap().as_object_mut().unwrap() {
            let Value::Array(list) = list else { continue };
            let start = format!("{record}/{key}/");
            let rest = pointer.strip_prefix(&start).and_then(|rest| rest.split_once('/'));
            let kept = rest.map(|(number, rest)| {
                way = format!("{start}0/{rest}");
                list.swap_remove(number.parse().unwrap())
            });
            *list = kept.into_iter().collect();
        }
    }
    (value, way)
}

/// Every key and text of a value.
fn words(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            words(value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| words(value, found)),
        Value::String(text) => {
            found.insert(text.clone());
        }
        _ => {}
    }
}

/// Every member and word that a schema names, and the members of which it does not say what they are.
fn described(schema: &Value, named: &mut BTreeSet<String>, bare: &mut Vec<String>) {
    match schema {
        Value::Object(parts) => {
            if let Some(Value::Object(members)) = parts.get("properties") {
                for (member, what) in members {
                    named.insert(member.clone());
                    if what.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
                        bare.push(member.clone());
                    }
                }
            }
            if let Some(Value::String(word)) = parts.get("const") {
                named.insert(word.clone());
            }
            parts.values().for_each(|part| described(part, named, bare));
        }
        Value::Array(list) => list.iter().for_each(|part| described(part, named, bare)),
        _ => {}
    }
}

/// A pointer to one member of each kind: numbers of lists are `*` in the kind, and a script that called
/// another is a script.
fn members(value: &Value, kind: &str, at: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members_here) => {
            for (key, value) in members_here {
                let (kind, at) = (format!("{kind}/{key}"), format!("{at}/{key}"));
                if key != "a.test" && !kind.contains("/cell/") && !kind.contains("called_from/*") {
                    found.entry(kind.clone()).or_insert_with(|| at.clone());
                }
                members(value, &kind, &at, found);
            }
        }
        Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                members(value, &format!("{kind}/*"), &format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
}
