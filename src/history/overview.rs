//! The nights of a site side by side: what was found on each, and of everything that was ever there
//! on which of them.

use super::comparison::{Chains, compare, looked_for};
use super::difference::State;
use super::identity::Identities;
use super::record::{CellKey, FindingRecord, RunRecord};
use crate::audit::Severity;
use crate::manifest::Manifest;
use crate::observation::{Engine, StorageKind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Nights that a night is compared with.
const LOOK_BACK: usize = 40;

/// The nights of one site and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    pub site: String,
    pub target: String,
    /// The oldest first.
    pub nights: Vec<NightRow>,
    pub findings: Vec<FindingRow>,
    pub things: Vec<ThingRow>,
}

/// One night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NightRow {
    pub started: String,
    pub browser: bool,
    pub pages: u64,
    pub errors: u64,
    pub warnings: u64,
    pub things: u64,
    /// Findings that were new; none on the first night.
    pub new: Option<u64>,
    pub gone: Option<u64>,
    /// Cells that were not looked at completely, with why.
    pub incomplete: Vec<String>,
}

/// A finding over the nights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingRow {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub message: String,
    #[serde(flatten)]
    pub marks: Marks,
}

/// A cookie, storage item or other party over the nights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThingRow {
    /// None for another party.
    pub kind: Option<StorageKind>,
    pub name: String,
    pub host: String,
    #[serde(flatten)]
    pub marks: Marks,
}

/// On which nights something was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// One for each night.
    pub marks: Vec<Mark>,
    /// The first night it was there.
    pub since: String,
    /// The last one.
    pub last: String,
    pub seen: u64,
    /// Nights since the first that looked for it.
    pub of: u64,
}

/// One thing on one night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    There,
    Missing,
    NotLookedAt,
}

impl Overview {
    /// Puts the runs of one site and target side by side, the oldest first. Of the nights only the
    /// last `most` are shown; all count.
    pub fn of(runs: &[RunRecord], manifest: Option<&Manifest>, most: usize) -> Option<Overview> {
        let last = runs.last()?;
        let from = runs.len().saturating_sub(most.max(1));
        Some(Overview {
            site: last.site.clone(),
            target: last.target.clone(),
            nights: (from..runs.len()).map(|at| night(runs, at, manifest)).collect(),
            findings: findings(runs, from, manifest),
            things: things(runs, from, manifest),
        })
    }
}

fn night(runs: &[RunRecord], at: usize, manifest: Option<&Manifest>) -> NightRow {
    let run = &runs[at];
    let compared = (at > 0).then(|| compare(&runs[at.saturating_sub(LOOK_BACK)..at], run, manifest));
    let of = |severity| {
        let findings = run.judged.iter().flat_map(|judged| &judged.findings);
        findings.filter(|finding| finding.severity == severity).count() as u64
    };
    let count = |state| compared.as_ref().map(|compared| compared.findings_in(state).count() as u64);
    NightRow {
        started: run.made.started.clone(),
        browser: run.made.engines.contains(&Engine::Browser),
        pages: run.cells.iter().map(super::record::CellRecord::answered).sum(),
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        things: run.things.len() as u64,
        new: count(State::New),
        gone: count(State::Gone),
        incomplete: run
            .cells
            .iter()
            .filter_map(|cell| Some(format!("{}: {}", super::cell(&cell.cell), cell.incomplete.as_ref()?)))
            .collect(),
    }
}

/// One row for each; what was renamed is what it was before.
fn findings(runs: &[RunRecord], from: usize, manifest: Option<&Manifest>) -> Vec<FindingRow> {
    let mut latest: BTreeMap<&str, &FindingRecord> = BTreeMap::new();
    for finding in runs.iter().filter_map(|run| run.judged.as_ref()).flat_map(|judged| &judged.findings) {
        latest.insert(&finding.id, finding);
    }
    let has = |run: &RunRecord, id: &str| {
        run.judged.as_ref().is_some_and(|judged| judged.findings.iter().any(|one| one.id == id))
    };
    let mut chains = Chains::of(runs, manifest);
    let mut renamed: BTreeSet<&str> = BTreeSet::new();
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in latest.keys() {
        let before = chains.before(id);
        // What came back under its old name beside the new one is a finding of its own.
        renamed.extend(
            before
                .iter()
                .filter(|(earlier, came)| !runs[*came..].iter().any(|run| has(run, earlier)))
                .map(|(earlier, _)| *earlier),
        );
        names.insert(id, before.into_iter().map(|(earlier, _)| earlier).collect());
    }
    let mut rows: Vec<FindingRow> = latest
        .into_values()
        .filter(|finding| !renamed.contains(finding.id.as_str()))
        .filter_map(|finding| {
            let before = names.get(finding.id.as_str()).map_or(&[][..], Vec::as_slice);
            let there =
                |run: &RunRecord| has(run, &finding.id) || before.iter().any(|earlier| has(run, earlier));
            Some(FindingRow {
                id: finding.id.clone(),
                rule: finding.rule.clone(),
                severity: finding.severity,
                message: finding.message.clone(),
                marks: marks(runs, from, there, |run| looked_for(finding, run))?,
            })
        })
        .collect();
    rows.sort_by(|a, b| {
        (std::cmp::Reverse(a.severity), &a.rule, &a.id).cmp(&(std::cmp::Reverse(b.severity), &b.rule, &b.id))
    });
    rows
}

fn things(runs: &[RunRecord], from: usize, manifest: Option<&Manifest>) -> Vec<ThingRow> {
    let identities = Identities::by(manifest);
    let indices: Vec<_> = runs.iter().map(|run| identities.index(run)).collect();
    let all: BTreeSet<_> = indices.iter().flat_map(BTreeMap::keys).collect();
    let looked = |run: &RunRecord, cells: &BTreeSet<&CellKey>| {
        run.cells.iter().any(|record| record.incomplete.is_none() && cells.contains(&record.cell))
    };
    let mut rows = Vec::new();
    for identity in all {
        let seen = indices.iter().filter_map(|index| index.get(identity)).flatten();
        let cells: BTreeSet<&CellKey> = seen.flat_map(|thing| &thing.seen).map(|seen| &seen.cell).collect();
        let there = |run: &RunRecord| {
            let at = runs.iter().position(|other| std::ptr::eq(other, run)).unwrap_or_default();
            indices[at].contains_key(identity)
        };
        rows.extend(marks(runs, from, there, |run| looked(run, &cells)).map(|marks| ThingRow {
            kind: Some(identity.kind),
            name: identity.name.clone(),
            host: identity.host.clone(),
            marks,
        }));
    }
    let parties: BTreeSet<&str> =
        runs.iter().flat_map(|run| &run.parties).map(|party| party.domain.as_str()).collect();
    for domain in parties {
        let of = |run: &RunRecord| run.parties.iter().any(|party| party.domain == domain);
        let met = runs.iter().flat_map(|run| &run.parties).filter(|party| party.domain == domain);
        let cells: BTreeSet<&CellKey> = met.flat_map(|party| &party.seen).map(|met| &met.cell).collect();
        rows.extend(marks(runs, from, of, |run| looked(run, &cells)).map(|marks| ThingRow {
            kind: None,
            name: domain.to_owned(),
            host: String::new(),
            marks,
        }));
    }
    rows
}

/// None for what was not there on the nights shown, nor just before.
fn marks(
    runs: &[RunRecord],
    from: usize,
    there: impl Fn(&RunRecord) -> bool,
    looked: impl Fn(&RunRecord) -> bool,
) -> Option<Marks> {
    let all: Vec<Mark> = runs
        .iter()
        .map(|run| match (there(run), looked(run)) {
            (true, _) => Mark::There,
            (false, true) => Mark::Missing,
            (false, false) => Mark::NotLookedAt,
        })
        .collect();
    let first = all.iter().position(|mark| *mark == Mark::There)?;
    let last = all.iter().rposition(|mark| *mark == Mark::There)?;
    if last + 1 < from {
        return None;
    }
    Some(Marks {
        since: runs[first].made.started.clone(),
        last: runs[last].made.started.clone(),
        seen: all.iter().filter(|mark| **mark == Mark::There).count() as u64,
        of: all[first..].iter().filter(|mark| **mark != Mark::NotLookedAt).count() as u64,
        marks: all[from..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::night;
    use super::super::{Thresholds, assess};
    use super::*;

    #[test]
    fn nights_side_by_side() {
        let nights = [
            night(1).with("sid", "member", 60).finding("sid", "member", 60),
            night(2).without("member"),
            night(3).with("sid", "member", 60).with("_fbp", "anonymous", 60).finding("sid", "member", 60),
            night(4).with("_fbp", "anonymous", 60),
        ];
        let mut known: Vec<RunRecord> = Vec::new();
        for mut night in nights {
            assess(&mut night, &known, &Thresholds::default());
            known.push(night);
        }
        let overview = Overview::of(&known, None, 10).unwrap();
        let counts: Vec<_> =
            overview.nights.iter().map(|night| (night.errors, night.new, night.gone)).collect();
        assert_eq!(
            counts,
            [(1, None, None), (0, Some(0), Some(0)), (1, Some(0), Some(0)), (0, Some(0), Some(1))]
        );
        use Mark::{Missing, NotLookedAt, There};
        assert_eq!(overview.findings[0].marks.marks, [There, NotLookedAt, There, Missing]);
        let things: Vec<(&str, &[Mark])> =
            overview.things.iter().map(|row| (row.name.as_str(), row.marks.marks.as_slice())).collect();
        assert_eq!(
            things,
            [("_fbp", &[Missing, Missing, There, There][..]), ("sid", &[There, NotLookedAt, There, Missing])]
        );
        assert_eq!((overview.things[1].marks.seen, overview.things[1].marks.of), (2, 3));
        assert!(Overview::of(&[], None, 10).is_none());
        assert_eq!(Overview::of(&known, None, 1).unwrap().nights.len(), 1);
    }
}
