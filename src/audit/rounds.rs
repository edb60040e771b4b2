//! Always, sometimes, once: in how many of the rounds of a run each finding and each thing was
//! there. A round is judged as a run of its own, so that what a finding needs is what it needs
//! anywhere.

use super::{Audit, audit_with};
use crate::cookie::Decision;
use crate::manifest::Manifest;
use crate::observation::{Cell, Group, Phase, Scan, StorageKind, family};
use crate::vendors::Knowledge;
use std::collections::{BTreeMap, BTreeSet};

/// What the rounds of a run have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    /// How many there were.
    pub of: u64,
    /// In how many each finding was there, by id.
    pub findings: BTreeMap<String, u64>,
    /// Things that were not there in each, with in how many they were.
    pub unsteady: Vec<(StorageKind, String, u64)>,
}

/// A cell without its round.
type Key<'a> = (&'a str, &'a crate::observation::Consent, crate::observation::Engine);

impl Rounds {
    /// Takes a run apart; none where everything was looked at once.
    pub fn of(
        manifest: &Manifest,
        scan: &Scan,
        previous: Option<&Scan>,
        knowledge: &Knowledge,
        audit: &Audit,
    ) -> Option<Rounds> {
        let made = made(scan);
        let all: BTreeSet<u32> = made.values().flatten().copied().collect();
        if all.len() < 2 {
            return None;
        }
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for round in &all {
            let judged = audit_with(manifest, &part(scan, &made, *round), previous, knowledge);
            let ids: BTreeSet<String> = judged.findings.into_iter().map(|finding| finding.id).collect();
            for id in ids {
                *findings.entry(id).or_default() += 1;
            }
        }
        let of = all.len() as u64;
        // What only all rounds together show is no matter of rounds.
        let seen = |id: &String| findings.get(id).copied().unwrap_or(of);
        Some(Rounds {
            of,
            findings: audit.findings.iter().map(|finding| (finding.id.clone(), seen(&finding.id))).collect(),
            unsteady: unsteady(scan, &made),
        })
    }

    /// Whether a finding was there in each round.
    pub fn is_steady(&self, id: &str) -> bool {
        self.findings.get(id).is_none_or(|seen| *seen >= self.of)
    }

    /// `always`, `sometimes, in 2 of 3 rounds`, `once, in 1 of 3 rounds`.
    pub fn in_words(&self, seen: u64) -> String {
        match seen {
            seen if seen >= self.of => format!("always, in {} of {} rounds", self.of, self.of),
            1 => format!("once, in 1 of {} rounds", self.of),
            seen => format!("sometimes, in {seen} of {} rounds", self.of),
        }
    }
}

fn key(cell: &Cell) -> Key<'_> {
    (&cell.persona, &cell.consent, cell.engine)
}

/// The rounds that each cell made.
fn made(scan: &Scan) -> BTreeMap<Key<'_>, BTreeSet<u32>> {
    let mut made: BTreeMap<Key<'_>, BTreeSet<u32>> = BTreeMap::new();
    for tally in scan.coverage.pages.iter().filter(|tally| tally.cell.phase == Phase::Crawl) {
        made.entry(key(&tally.cell)).or_default().insert(tally.cell.repeat);
    }
    made
}

/// Whether something of this cell belongs to a round. What is no crawl, and a cell that did not
/// make the round, belong to each.
fn within(made: &BTreeMap<Key<'_>, BTreeSet<u32>>, cell: &Cell, round: u32) -> bool {
    cell.phase != Phase::Crawl
        || cell.repeat == round
        || made.get(&key(cell)).is_none_or(|rounds| rounds.len() < 2 || !rounds.contains(&round))
}

/// The scan as if there had been only this round.
fn part(scan: &Scan, made: &BTreeMap<Key<'_>, BTreeSet<u32>>, round: u32) -> Scan {
    let carried: BTreeSet<(&[u8], Key<'_>)> = scan
        .sent
        .iter()
        .filter(|sent| sent.cell.phase == Phase::Crawl && sent.cell.repeat == round)
        .map(|sent| (sent.name.as_bytes(), key(&sent.cell)))
        .collect();
    let set_here: BTreeSet<(&[u8], Key<'_>)> = groups(scan)
        .filter(|group| group.example.cell.repeat == round)
        .map(|group| (group.example.name.as_bytes(), key(&group.example.cell)))
        .collect();
    let mut part = scan.clone();
    for observation in &mut part.observations {
        observation.groups.retain(|group| {
            let cell = &group.example.cell;
            let which = (group.example.name.as_bytes(), key(cell));
            // Set only where it is absent: who still sends it has it.
            within(made, cell, round) || carried.contains(&which) && !set_here.contains(&which)
        });
    }
    part.observations.retain(|observation| !observation.groups.is_empty());
    part.sent.retain(|sent| within(made, &sent.cell, round));
    part.contacts.retain(|contact| within(made, &contact.cell, round));
    part.coverage.pages.retain(|tally| within(made, &tally.cell, round));
    part.coverage.failed.retain(|failed| within(made, &failed.cell, round));
    part
}

fn groups(scan: &Scan) -> impl Iterator<Item = &Group> {
    scan.observations.iter().flat_map(|observation| &observation.groups)
}

/// Things that some rounds of a cell left and others did not.
fn unsteady(scan: &Scan, made: &BTreeMap<Key<'_>, BTreeSet<u32>>) -> Vec<(StorageKind, String, u64)> {
    type Seen<'a> = BTreeMap<(StorageKind, String), BTreeMap<Key<'a>, BTreeSet<u32>>>;
    let mut seen: Seen<'_> = BTreeMap::new();
    for group in groups(scan) {
        let example = &group.example;
        let stays = matches!(example.decision, Decision::Stored { .. } | Decision::Replaced { .. });
        if !stays {
            continue;
        }
        let thing = (example.kind, family(&example.name.to_string()).into_owned());
        let rounds = seen.entry(thing).or_default().entry(key(&example.cell)).or_default();
        match example.cell.phase {
            Phase::Crawl => _ = rounds.insert(example.cell.repeat),
            _ => rounds.extend(made.get(&key(&example.cell)).into_iter().flatten()),
        }
    }
    for sent in scan.sent.iter().filter(|sent| sent.cell.phase == Phase::Crawl) {
        let thing = (StorageKind::Cookie, family(&sent.name.to_string()).into_owned());
        if let Some(rounds) = seen.get_mut(&thing).and_then(|cells| cells.get_mut(&key(&sent.cell))) {
            rounds.insert(sent.cell.repeat);
        }
    }
    seen.into_iter()
        .filter_map(|((kind, name), cells)| {
            let least = cells
                .iter()
                .filter_map(|(key, rounds)| {
                    let made = made.get(key)?;
                    (made.len() > 1 && rounds.len() < made.len()).then_some(rounds.len() as u64)
                })
                .min()?;
            Some((kind, name, least))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::*;
    use crate::manifest::claims_of;

    /// Rounds of which each sets these cookies; `sid` is declared.
    fn rounds(lines: &[&[&str]]) -> Option<Rounds> {
        let site = Site::plain().complete();
        let mut manifest = site.looked_at().manifest.clone();
        manifest.claims = claims_of(&manifest);
        let round = |(number, lines): (u32, &&[&str])| {
            let set = lines.iter().fold(site.looked_at(), |site, text| site.and_when(line(text)));
            let mut scan = set.scan();
            scan.coverage.pages.iter_mut().for_each(|page| page.cell.repeat = number);
            let groups = scan.observations.iter_mut().flat_map(|seen| &mut seen.groups);
            groups.for_each(|group| group.example.cell.repeat = number);
            scan
        };
        let mut all = (1..).zip(lines).map(round);
        let mut scan = all.next()?;
        for other in all {
            scan.coverage.pages.extend(other.coverage.pages);
            for seen in other.observations {
                match scan.observations.iter_mut().find(|known| known.name == seen.name) {
                    Some(known) => known.groups.extend(seen.groups),
                    None => scan.observations.push(seen),
                }
            }
        }
        let audit = crate::audit::audit(&manifest, &scan, None);
        Rounds::of(&manifest, &scan, None, &Knowledge::default(), &audit)
    }

    #[test]
    fn what_was_there_in_one_round_of_two_is_told_from_what_always_is() {
        let (sid, other, track) = ("sid=1; Path=/", "other=1; Path=/", "track=1; Path=/");
        let rounds = rounds(&[&[sid, other, track], &[sid, other]]).unwrap();
        assert_eq!(rounds.of, 2);
        assert_eq!(rounds.unsteady, [(StorageKind::Cookie, "track".to_owned(), 1)]);
        let mut found: Vec<u64> = rounds.findings.values().copied().collect();
        found.sort_unstable();
        assert_eq!(found, [1, 2], "{:?}", rounds.findings);
        assert_eq!(rounds.in_words(1), "once, in 1 of 2 rounds");
        assert_eq!(rounds.in_words(2), "always, in 2 of 2 rounds");
    }

    #[test]
    fn a_run_of_one_round_has_none() {
        assert_eq!(rounds(&[&["track=1; Path=/"]]), None);
    }
}
