//! The things of a draft: what was kept, by names that will still be theirs tomorrow. A name with the
//! hash of an installation, a deployment or a visit in it becomes a pattern, and so do several names
//! that differ in nothing but a number.

use crate::cookie::{Browser, Decision, Name};
use crate::manifest::NamePattern;
use crate::observation::{Families, Observation, Scan, Sighting, StorageKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One thing of the manifest: a name or pattern, and every sighting that was kept.
pub(super) struct Entry<'a> {
    pub(super) kind: StorageKind,
    pub(super) pattern: NamePattern,
    pub(super) https_pattern: Option<NamePattern>,
    /// The names a pattern was made from, where it was.
    pub(super) made_from: BTreeSet<String>,
    pub(super) seen: Vec<Seen<'a>>,
    pub(super) count: u64,
}

/// One way in which it was seen.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) thing: &'a Observation,
    pub(super) example: &'a Sighting,
    pub(super) count: u64,
}

/// Kind, whether the name is a regular expression, and the name: two things are told apart by these.
type Key = (StorageKind, bool, String);

pub(super) fn entries(scan: &Scan) -> Vec<Entry<'_>> {
    let kept: Vec<&Observation> =
        scan.observations.iter().filter(|thing| kept(thing).next().is_some()).collect();
    let names: BTreeSet<String> = kept.iter().map(|thing| thing.name.to_string()).collect();
    let families = Families::of(names.iter().map(String::as_str));
    let called: Vec<(&Observation, Called)> =
        kept.into_iter().map(|thing| (thing, Called::of(thing, &families))).collect();
    // Names of one skeleton are one thing whose name varies.
    let mut skeletons: BTreeMap<(StorageKind, &str), BTreeSet<&str>> = BTreeMap::new();
    for (thing, called) in &called {
        if let Some(skeleton) = &called.skeleton {
            skeletons.entry((thing.kind, skeleton)).or_default().insert(called.pattern.written());
        }
    }
    let mut entries: BTreeMap<Key, Entry<'_>> = BTreeMap::new();
    for (thing, called) in &called {
        let siblings = |skeleton: &&String| {
            skeletons.get(&(thing.kind, skeleton.as_str())).is_some_and(|names| names.len() > 1)
        };
        let pattern = match called.skeleton.as_ref().filter(siblings) {
            Some(skeleton) => NamePattern::glob(skeleton),
            None => called.pattern.clone(),
        };
        let key = (thing.kind, pattern.is_regex(), pattern.written().to_owned());
        let entry = entries.entry(key).or_insert_with(|| Entry {
            kind: thing.kind,
            pattern: pattern.clone(),
            https_pattern: None,
            made_from: BTreeSet::new(),
            seen: Vec::new(),
            count: 0,
        });
        if pattern.as_literal().is_none() && !pattern.is_regex() {
            entry.made_from.insert(thing.name.to_string());
            entry.pattern = pattern;
        }
        for group in thing.groups.iter().filter(|group| is_kept(&group.example)) {
            entry.seen.push(Seen { thing, example: &group.example, count: group.count });
            entry.count += group.count;
        }
    }
    join_schemes(&mut entries);
    entries.into_values().collect()
}

/// What only another browser keeps, by that browser, sorted: it was predicted, not seen.
pub(super) fn kept_elsewhere(scan: &Scan) -> BTreeMap<Browser, BTreeSet<String>> {
    let here: BTreeSet<&Name> = scan
        .observations
        .iter()
        .filter(|thing| thing.kind == StorageKind::Cookie && kept(thing).next().is_some())
        .map(|thing| &thing.name)
        .collect();
    let mut elsewhere: BTreeMap<Browser, BTreeSet<String>> = BTreeMap::new();
    for group in scan.observations.iter().flat_map(|thing| &thing.groups) {
        if let Some(other) = group.example.elsewhere.as_deref()
            && matches!(other.decision, Decision::Stored { .. } | Decision::Replaced { .. })
            && !here.contains(&other.name)
        {
            elsewhere.entry(other.browser).or_default().insert(other.name.to_string());
        }
    }
    elsewhere
}

/// `sid` on http and `__Secure-sid` on https are one cookie.
fn join_schemes(entries: &mut BTreeMap<Key, Entry<'_>>) {
    let only = |entry: &Entry<'_>, scheme: &str| {
        entry.seen.iter().all(|seen| seen.example.exchange.url.as_str().starts_with(scheme))
    };
    let pairs: Vec<(Key, Key)> = entries
        .iter()
        .filter(|((kind, _, _), entry)| *kind == StorageKind::Cookie && only(entry, "https:"))
        .filter_map(|(prefixed, _)| {
            let (kind, regex, name) = prefixed;
            let plain = ["__Secure-", "__Host-"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
            let plain = (*kind, *regex, plain.to_owned());
            entries.get(&plain).filter(|entry| only(entry, "http:"))?;
            Some((plain, prefixed.clone()))
        })
        .collect();
    for (plain, prefixed) in pairs {
        let Some(secure) = entries.remove(&prefixed) else { continue };
        let Some(entry) = entries.get_mut(&plain) else { continue };
        entry.https_pattern = Some(secure.pattern);
        entry.count += secure.count;
        entry.seen.extend(secure.seen);
        entry.made_from.extend(secure.made_from);
    }
}

fn kept(thing: &Observation) -> impl Iterator<Item = &Sighting> {
    thing.groups.iter().map(|group| &group.example).filter(|seen| is_kept(seen))
}

fn is_kept(seen: &Sighting) -> bool {
    matches!(seen.decision, Decision::Stored { .. } | Decision::Replaced { .. })
}

/// What one thing is called in a manifest.
struct Called {
    pattern: NamePattern,
    /// The name without whatever may vary, where it has siblings; none: it stands for itself.
    skeleton: Option<String>,
}

impl Called {
    fn of(thing: &Observation, families: &Families) -> Self {
        let alone = |pattern: NamePattern| Called { pattern, skeleton: None };
        match thing.name.as_str() {
            None => alone(exactly(thing.name.as_bytes())),
            // What a name of stars would mean, only its owner knows; none has no parts.
            Some(name) if name.contains('*') || name.trim().is_empty() => alone(NamePattern::literal(name)),
            Some(name) => {
                let family = families.family(name);
                Called { skeleton: Some(skeleton(&family)), pattern: NamePattern::glob(&family) }
            }
        }
    }
}

/// A name that is no text, byte by byte.
fn exactly(name: &[u8]) -> NamePattern {
    let mut regex = String::new();
    for chunk in name.utf8_chunks() {
        regex.push_str(&regex::escape(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(regex, "(?-u:\\x{byte:02X})");
        }
    }
    NamePattern::regex(&regex).unwrap_or_else(|_| NamePattern::glob(&String::from_utf8_lossy(name)))
}

/// The name with its varying parts as `*`: numbers, hashes, UUIDs and random words between
/// separators, and nothing else.
fn skeleton(name: &str) -> String {
    let mut skeleton = String::new();
    let mut part = String::new();
    let shortened = without_uuids(name);
    for c in shortened.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_alphanumeric() => part.push(c),
            between => {
                skeleton.push_str(if varies(&part) { "*" } else { &part });
                skeleton.extend(between);
                part.clear();
            }
        }
    }
    // A pattern of nothing but stars would swallow every name.
    if skeleton.chars().any(char::is_alphanumeric) { skeleton } else { name.to_owned() }
}

/// The name with every UUID in it as `*`.
fn without_uuids(name: &str) -> String {
    const LENGTH: usize = 36;
    let is_uuid = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut shortened = String::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        match rest.get(..LENGTH) {
            Some(start) if is_uuid(start) => {
                shortened.push('*');
                rest = &rest[LENGTH..];
            }
            _ => {
                shortened.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    shortened
}

pub(super) fn varies(part: &str) -> bool {
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let all_digits = digits == part.len() && digits > 0;
    let hex = part.len() >= 6 && digits > 0 && part.chars().all(|c| c.is_ascii_hexdigit());
    let random = part.len() >= 8 && digits >= 2 && part.chars().any(|c| c.is_ascii_alphabetic());
    all_digits || hex || random
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_vary_share_a_skeleton() {
        for (name, expected) in [
            ("sid", "sid"),
            ("_ga_AB12CD34EF", "_ga_*"),
            ("csrf_9f8e7d6c", "csrf_*"),
            ("cart_1042", "cart_*"),
            ("csrf.http%3A%2F%2Fa", "csrf.http%3A%2F%2Fa"),
            ("x-2f1c9a50-0b1e-4c0d-9b7c-8a6f2d3e4b5c", "x-*"),
            ("__Host-next-auth.csrf-token", "__Host-next-auth.csrf-token"),
            ("base64", "base64"),
            ("123456", "123456"),
            ("a\0b", "a\0b"),
        ] {
            assert_eq!(skeleton(name), expected, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_matched_as_they_are() {
        for name in [&b"\xff"[..], b"a.b\xfe*c", b"\xc3(", "\u{e9}\\x".as_bytes()] {
            let pattern = exactly(name);
            assert!(pattern.matches(&Name::new(name)), "{pattern}");
            assert!(!pattern.matches(&Name::new([name, b"x"].concat())), "{pattern}");
        }
    }
}
