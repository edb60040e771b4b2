//! One cause, one finding: violations that share a cause become one finding. The gravest of them
//! names it, the most telling one of several; the others are told after it, and every claim that any
//! of them refutes is among its claims. Merging is only how it is shown: each violation keeps an id
//! of its own, by rule, subject and claim, whatever it is shown with.

use super::context::Context;
use super::violation::{Cause, Violation};
use super::{Declared, Evidence, Finding, Part, Severity, evidence, id, rules};
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
        a.follows
            .cmp(&b.follows)
            .then_with(|| severity(context, b).cmp(&severity(context, a)))
            .then_with(|| rules::rank(a.rule).cmp(&rules::rank(b.rule)))
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
    let also = also(&group);
    if !also.is_empty() {
        message = format!("{message}; {}", also.join("; "));
    }
    let parts: BTreeSet<Part> = group.iter().filter_map(|violation| part(context, violation)).collect();
    Some(Finding {
        predicted_for: None,
        id: part(context, first)?.id,
        parts: parts.into_iter().collect(),
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

/// What else is wrong, in a few words for each other rule.
fn also(group: &[Violation]) -> Vec<&'static str> {
    let Some(first) = group.first() else { return Vec::new() };
    let mut told = Vec::new();
    for violation in group.iter().filter(|violation| violation.rule != first.rule) {
        let words = rules::by_id(violation.rule).map_or("", |rule| rule.short);
        if !told.contains(&words) {
            told.push(words);
        }
    }
    told
}

/// A violation's own id: its rule, its subject and the first claim that it refutes.
fn part(context: &Context<'_>, violation: &Violation) -> Option<Part> {
    let claim = violation.claims.iter().find_map(|about| context.claim(*about))?;
    Some(Part {
        id: id::short_id(&[violation.rule, &violation.subject, &claim.id]),
        rule: violation.rule,
        subject: violation.subject.clone(),
        claim: claim.id.clone(),
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
