//! The answer in numbers and in one sentence, and the open claims gathered by what would decide
//! them.

use super::coverage::{NOT_ONE, decides_nothing, mostly_failed, what_would};
use super::{Report, words};
use crate::audit::{Audit, Severity, State, Verdict, Why};
use std::collections::BTreeMap;

/// How many claims came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) upheld: usize,
    pub(crate) refuted: usize,
    pub(crate) not_verified: usize,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Counts {
    pub(crate) fn of(audit: &Audit) -> Self {
        let mut counts = Counts::default();
        for verdict in &audit.verdicts {
            match verdict.state {
                State::Upheld { .. } => counts.upheld += 1,
                State::Refuted { .. } => counts.refuted += 1,
                State::NotVerified { .. } => counts.not_verified += 1,
            }
        }
        for finding in &audit.findings {
            match finding.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Note => counts.notes += 1,
            }
        }
        counts
    }

    /// `2 errors, 1 warning`; empty for none.
    pub(crate) fn findings(&self) -> String {
        [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| words::count_of(count as u64, noun))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// How the answer sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Unsure,
}

/// The first sentence of a report: what the scan says about the manifest, and that it says little where
/// most of the site was down.
pub(crate) fn sentence(report: &Report<'_>, audit: &Audit, counts: &Counts) -> (Tone, String) {
    let (tone, mut sentence) = in_full(report, audit, counts);
    if let Some(failed) = mostly_failed(report.scan) {
        sentence.push_str(&format!(" Most of the site was not to be seen: {failed}."));
    }
    (tone, sentence)
}

fn in_full(report: &Report<'_>, audit: &Audit, counts: &Counts) -> (Tone, String) {
    let site = &report.scan.run.base_url;
    let manifest = report.manifest_file().unwrap_or("its manifest");
    let all = counts.upheld + counts.refuted + counts.not_verified;
    let accepted = |id: &str| report.accepted.iter().any(|accepted| accepted.id == id);
    if counts.refuted > 0 && audit.findings.iter().all(|finding| accepted(&finding.id)) {
        return (
            Tone::Unsure,
            format!(
                "ACCEPTED: {site} breaks {} of the {} of {manifest}, and each finding is accepted for now.",
                counts.refuted,
                words::count_of(all as u64, "claim")
            ),
        );
    }
    if counts.refuted > 0 {
        return (
            Tone::Bad,
            format!(
                "NOT KEPT: {site} breaks {} of the {} of {manifest}.",
                counts.refuted,
                words::count_of(all as u64, "claim")
            ),
        );
    }
    if counts.errors + counts.warnings > 0 {
        return (
            Tone::Bad,
            format!("NOT CLEAR: no claim of {manifest} is refuted, but {site} has {}.", counts.findings()),
        );
    }
    let reasons = report.inconclusive();
    if reasons.len() == 1 && decides_nothing(audit) && reasons[0].starts_with(NOT_ONE) {
        return (
            Tone::Unsure,
            format!(
                "NOTHING DECIDED: of the {} of {manifest} not one was decided for {site}{}.",
                words::count_of(all as u64, "claim"),
                what_would(audit)
            ),
        );
    }
    if !reasons.is_empty() {
        return (Tone::Unsure, format!("INCONCLUSIVE: what was seen of {site} does not decide it."));
    }
    (
        Tone::Good,
        match counts.not_verified {
            0 => format!("KEPT: {site} does what {manifest} says, in every claim."),
            open => format!(
                "KEPT as far as seen: {site} breaks no claim of {manifest}; {open} could not be decided."
            ),
        },
    )
}

/// Claims that are open for the same reason and would be decided by the same thing.
pub(crate) struct Open<'a> {
    pub(crate) why: Why,
    pub(crate) decided_by: &'a str,
    pub(crate) claims: Vec<&'a Verdict>,
}

/// The open claims, those that should have been decided first, large groups before small.
pub(crate) fn open(audit: &Audit) -> Vec<Open<'_>> {
    let mut groups: BTreeMap<(Why, &str), Vec<&Verdict>> = BTreeMap::new();
    for verdict in &audit.verdicts {
        if let State::NotVerified { why, decided_by, .. } = &verdict.state {
            groups.entry((*why, decided_by)).or_default().push(verdict);
        }
    }
    let mut open: Vec<Open<'_>> =
        groups.into_iter().map(|((why, decided_by), claims)| Open { why, decided_by, claims }).collect();
    open.sort_by(|a, b| {
        let rank = |open: &Open<'_>| (open.why != Why::NotReached, std::cmp::Reverse(open.claims.len()));
        rank(a).cmp(&rank(b)).then_with(|| (a.why, a.decided_by).cmp(&(b.why, b.decided_by)))
    });
    open
}
