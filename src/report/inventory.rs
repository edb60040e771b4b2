//! What was seen, as rows: one for each distinct way in which a cookie or storage item was
//! written, with the browser's decision. Terminal and Markdown print the same rows.

use super::words;
use crate::cookie::{Browser, Decision, Effective, Elsewhere, Reason, Written};
use crate::observation::{Observation, Party, Scan, Sighting, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

/// Everything of one domain or origin.
pub(crate) struct Place<'a> {
    pub(crate) domain: &'a str,
    pub(crate) party: Party,
    pub(crate) rows: Vec<Row<'a>>,
}

/// One thing, written in one way.
pub(crate) struct Row<'a> {
    pub(crate) kind: StorageKind,
    pub(crate) name: String,
    pub(crate) path: &'a str,
    pub(crate) fate: Fate,
    /// `HttpOnly Secure Lax`, as written.
    pub(crate) attributes: String,
    /// As written, in words.
    pub(crate) lifetime: String,
    pub(crate) effective: Option<&'a Effective>,
    /// What another browser does, where that is something else.
    pub(crate) elsewhere: Option<&'a Elsewhere>,
    pub(crate) count: u64,
    /// Who got it, in the order of the personas' names.
    pub(crate) personas: Vec<&'a str>,
    /// One for each group, in the scan's order.
    pub(crate) examples: Vec<&'a Sighting>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Kept,
    Deleted,
    Refused(Vec<Reason>),
}

impl Row<'_> {
    /// Why browsers refuse it, and what the others do; none where it was not refused.
    pub(crate) fn refusal(&self) -> Option<String> {
        match &self.fate {
            Fate::Refused(reasons) => Some(words::refusal(reasons, self.elsewhere)),
            Fate::Kept | Fate::Deleted => None,
        }
    }

    /// How long it is kept, here and elsewhere.
    pub(crate) fn lifetimes(&self) -> String {
        match self.elsewhere {
            Some(elsewhere) => format!("{}; {}", self.lifetime, words::elsewhere(elsewhere)),
            None => self.lifetime.clone(),
        }
    }

    fn is_kept_elsewhere(&self) -> Option<Browser> {
        self.elsewhere
            .filter(|elsewhere| fate(&elsewhere.decision) == Fate::Kept)
            .map(|elsewhere| elsewhere.browser)
    }
}

/// The inventory by domain: first party first, then by name; what was kept before what was not.
pub(crate) fn places(scan: &Scan) -> Vec<Place<'_>> {
    let mut places: BTreeMap<(Party, &str), Vec<Row<'_>>> = BTreeMap::new();
    for observation in &scan.observations {
        places.entry((observation.party, &observation.domain)).or_default().extend(rows(observation));
    }
    places
        .into_iter()
        .map(|((party, domain), mut rows)| {
            rows.sort_by(|a, b| (a.kind, &a.name, a.path, &a.fate).cmp(&(b.kind, &b.name, b.path, &b.fate)));
            Place { domain, party, rows }
        })
        .collect()
}

/// Rows of one place, those of a family of names as one: for people who look at the whole.
pub(crate) fn gathered(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let name = |row: &Row<'_>| row.name.clone();
    let alike = |row: &Row<'_>| {
        let who: Vec<String> = row.personas.iter().map(|name| (*name).to_owned()).collect();
        (row.kind, row.path.to_owned(), row.fate.clone(), row.attributes.clone(), row.lifetimes(), who)
    };
    super::gathered::gathered(rows, name, alike)
        .into_iter()
        .map(|group| {
            let mut row = group.first;
            row.count += group.others.iter().map(|other| other.count).sum::<u64>();
            if let Some(name) = group.name {
                row.name = name;
            }
            row
        })
        .collect()
}

/// Distinct things that were kept: what a visitor would find on the device.
pub(crate) fn kept(scan: &Scan) -> usize {
    scan.observations.iter().filter(|seen| rows(seen).iter().any(|row| row.fate == Fate::Kept)).count()
}

/// Those that only another browser keeps, and which it is.
fn kept_elsewhere(scan: &Scan) -> Option<(Browser, usize)> {
    let only_there = |seen: &Observation| {
        let rows = rows(seen);
        let here = rows.iter().any(|row| row.fate == Fate::Kept);
        rows.iter().find_map(Row::is_kept_elsewhere).filter(|_| !here)
    };
    let browsers: Vec<Browser> = scan.observations.iter().filter_map(only_there).collect();
    browsers.first().map(|browser| (*browser, browsers.len()))
}

/// What the site leaves, in a sentence.
pub fn sentence(scan: &Scan) -> String {
    let site = &scan.run.base_url;
    let there = kept_elsewhere(scan);
    let there = there.map(|(browser, count)| format!(", and {count} more in {browser} (predicted)"));
    let there = there.unwrap_or_default();
    match kept(scan) as u64 {
        0 if !there.is_empty() => format!("{site} sets no cookies{there}."),
        0 => format!("{site} sets no cookies, as far as seen."),
        kept if scan.observations.iter().all(|seen| seen.kind == StorageKind::Cookie) => {
            format!("{site} sets {}{there}.", words::count_of(kept, "cookie"))
        }
        kept => format!("{site} leaves {}{there}.", words::count_of(kept, "item")),
    }
}

/// What one page leaves, in a line.
pub(crate) fn left(sightings: &[Sighting]) -> String {
    const MOST: usize = 20;
    let told = |sighting: &Sighting| {
        let what = match fate(&sighting.decision) {
            Fate::Kept => words::lifetime(&sighting.written.lifetime),
            Fate::Deleted => "deleted".to_owned(),
            Fate::Refused(reasons) => words::refusal(&reasons, sighting.elsewhere.as_deref()),
        };
        format!("{} ({what})", sighting.name)
    };
    let things: BTreeSet<String> = sightings.iter().map(told).collect();
    let mut named: Vec<String> = things.iter().take(MOST).cloned().collect();
    if things.len() > MOST {
        named.push(format!("{} more", things.len() - MOST));
    }
    if named.is_empty() { "nothing".to_owned() } else { named.join(", ") }
}

/// The distinct ways in which one thing was written.
pub(crate) fn rows(observation: &Observation) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<(Fate, String, String, Option<String>), Row<'_>> = BTreeMap::new();
    for group in &observation.groups {
        let example = &group.example;
        let fate = fate(&example.decision);
        let lifetime = words::lifetime(&example.written.lifetime);
        // A deletion's attributes say nothing about the cookie, and its date may be any of the past.
        let attributes = attributes(&example.written);
        let elsewhere = example.elsewhere.as_deref();
        let key = (fate.clone(), attributes.clone(), lifetime.clone(), elsewhere.map(words::elsewhere));
        let row = rows.entry(key).or_insert_with(|| Row {
            kind: observation.kind,
            name: match observation.name.to_string() {
                name if name.is_empty() => "(no name)".into(),
                name => name,
            },
            path: &observation.path,
            fate,
            attributes,
            lifetime,
            effective: example.decision.effective(),
            elsewhere,
            count: 0,
            personas: Vec::new(),
            examples: Vec::new(),
        });
        row.count += group.count;
        row.examples.push(example);
        if let Err(at) = row.personas.binary_search(&example.cell.persona.as_str()) {
            row.personas.insert(at, &example.cell.persona);
        }
    }
    rows.into_values().collect()
}

fn fate(decision: &Decision) -> Fate {
    match decision {
        Decision::Stored { .. } | Decision::Replaced { .. } => Fate::Kept,
        Decision::Deleted { .. } => Fate::Deleted,
        // A deletion of what was never there.
        Decision::Rejected { reasons } if reasons.is_only(Reason::AlreadyExpired) => Fate::Deleted,
        Decision::Rejected { reasons } => Fate::Refused(reasons.to_vec()),
    }
}

/// The attributes beside lifetime and path, in the order people know them.
fn attributes(written: &Written) -> String {
    let mut words = Vec::new();
    if written.http_only {
        words.push("HttpOnly".to_owned());
    }
    if written.secure {
        words.push("Secure".to_owned());
    }
    if let Some(same_site) = written.same_site {
        words.push(words::same_site(same_site).to_owned());
    }
    if written.partitioned {
        words.push("Partitioned".to_owned());
    }
    if let Some(domain) = &written.domain {
        words.push(format!("Domain={domain}"));
    }
    words.join(" ")
}
