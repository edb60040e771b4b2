//! One cause, one finding: violations that share a cause become one finding, named by the most
//! specific rule among them and carrying every claim that any of them refutes.

use super::context::Context;
use super::violation::{Cause, Violation};
use super::{Declared, Evidence, Finding, Severity, evidence, id, rules};
use crate::manifest::Claim;
use std::collections::{BTreeMap, BTreeSet};

/// Makes the findings, sorted by severity (errors first), rule and subject.
pub(crate) fn findings(context: &Context<'_>, violations: Vec<Violation>) -> Vec<Finding> {
    // A violation of nothing stated is none.
    let violations: Vec<Violation> = violations
        .into_iter()
        .filter(|violation| violation.claims.iter().any(|about| context.claim(*about).is_some()))
        .collect();
    let mut groups: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
    let roots = roots(&violations);
    for (violation, root) in violations.into_iter().zip(roots) {
        groups.entry(root).or_default().push(violation);
    }
    let mut findings: Vec<Finding> =
        groups.into_values().filter_map(|group| finding(context, group)).collect();
    sort(&mut findings);
    findings
}

/// The order of findings in an audit.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| a.rule.cmp(b.rule))
            .then_with(|| a.subject.cmp(&b.subject))
            .then_with(|| a.id.cmp(&b.id))
    });
}

/// For each violation the first one that it hangs together with (disjoint sets over causes).
fn roots(violations: &[Violation]) -> Vec<usize> {
    fn find(parents: &mut [usize], mut at: usize) -> usize {
        while parents[at] != at {
            parents[at] = parents[parents[at]];
            at = parents[at];
        }
        at
    }
    let mut parents: Vec<usize> = (0..violations.len()).collect();
    let mut first_with: BTreeMap<&Cause, usize> = BTreeMap::new();
    for (index, violation) in violations.iter().enumerate() {
        for cause in &violation.causes {
            let other = *first_with.entry(cause).or_insert(index);
            let (a, b) = (find(&mut parents, other), find(&mut parents, index));
            let (least, most) = (a.min(b), a.max(b));
            parents[most] = least;
        }
    }
    (0..violations.len()).map(|index| find(&mut parents, index)).collect()
}

fn finding(context: &Context<'_>, mut group: Vec<Violation>) -> Option<Finding> {
    group.sort_by(|a, b| {
        rules::rank(a.rule)
            .cmp(&rules::rank(b.rule))
            .then_with(|| a.subject.cmp(&b.subject))
            .then_with(|| a.message.cmp(&b.message))
    });
    let claims: BTreeSet<&str> = group
        .iter()
        .flat_map(|violation| &violation.claims)
        .filter_map(|about| context.claim(*about))
        .map(|claim| claim.id.as_str())
        .collect();
    let severity = group.iter().map(|violation| severity(context, violation)).max()?;
    let first = group.first()?;
    let main = first.claims.iter().find_map(|about| context.claim(*about))?;
    // Others of the same rule: `prokken_access` and `prokken_refresh`, both without Secure.
    let same_rule = || group.iter().filter(|violation| violation.rule == first.rule);
    let subjects: BTreeSet<&str> = same_rule().map(|violation| violation.subject.as_str()).collect();
    let mut message = first.message.clone();
    let others: Vec<&str> =
        subjects.iter().copied().filter(|subject| *subject != first.subject).take(5).collect();
    if !others.is_empty() {
        let others = others.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", ");
        message = format!("{message}; likewise {others}");
    }
    Some(Finding {
        predicted_for: None,
        id: id::short_id(&[first.rule, &first.subject, &main.id]),
        rule: first.rule,
        severity,
        confidence: first.confidence,
        subject: subjects.into_iter().collect::<Vec<_>>().join(", "),
        message,
        claims: claims.into_iter().map(str::to_owned).collect(),
        declared: Some(first.declared.clone().unwrap_or_else(|| declared(main))),
        evidence: pieces(&group),
        hint: group.iter().find_map(|violation| violation.hint.clone()),
    })
}

/// The hardest of the claims refuted decides, unless the rule holds back.
fn severity(context: &Context<'_>, violation: &Violation) -> Severity {
    let stated = violation
        .claims
        .iter()
        .filter_map(|about| context.claim(*about))
        .map(|claim| Severity::from(claim.strength))
        .max();
    stated.unwrap_or(Severity::Note).min(violation.at_most)
}

fn declared(claim: &Claim) -> Declared {
    Declared { place: claim.place, says: claim.text.clone() }
}

/// A few pieces of evidence: at least one of each rule first, no piece twice.
fn pieces(group: &[Violation]) -> Vec<Evidence> {
    let mut pieces: Vec<Evidence> = Vec::new();
    let rounds = group.iter().map(|violation| violation.evidence.len()).max().unwrap_or_default();
    for round in 0..rounds {
        for piece in group.iter().filter_map(|violation| violation.evidence.get(round)) {
            if pieces.len() < evidence::MOST && !pieces.contains(piece) {
                pieces.push(piece.clone());
            }
        }
    }
    pieces
}
