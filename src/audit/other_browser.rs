//! The same audit for the visitors of another browser.
//!
//! A line that Chromium refuses may be kept in Firefox for a year. Where any sighting is treated
//! otherwise there, the scan is judged once more as that browser would have it, by the same rules: what
//! is wrong there alone is a finding, and a requirement holds only if it holds in both. The other
//! browser was not looked with, so its findings are predictions, and warnings unless the plan names the
//! browser among those that count.

use super::{Audit, Severity, State};
use crate::cookie::Browser;
use crate::observation::{Group, Observation, Scan, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

/// The scan as this browser would have it; none where it would be the same.
pub(super) fn scan_in(browser: Browser, scan: &Scan) -> Option<Scan> {
    let differs = |group: &Group| group.example.elsewhere.as_ref().is_some_and(|it| it.browser == browser);
    if !scan.observations.iter().any(|observation| observation.groups.iter().any(differs)) {
        return None;
    }
    let mut observations = Vec::new();
    for observation in &scan.observations {
        let (others, same): (Vec<_>, Vec<_>) = observation.groups.iter().cloned().partition(differs);
        if !same.is_empty() {
            observations.push(Observation { groups: same, ..observation.clone() });
        }
        observations.extend(others.into_iter().map(|group| moved(observation, group)));
    }
    Some(Scan { observations, ..scan.clone() })
}

/// The group on its own, as the other browser has it.
fn moved(observation: &Observation, mut group: Group) -> Observation {
    if let Some(elsewhere) = group.example.elsewhere.take() {
        group.example.name = elsewhere.name.clone();
        group.example.written = elsewhere.written.clone();
        group.example.decision = elsewhere.decision.clone();
    }
    let kept = group.example.decision.effective().filter(|_| observation.kind == StorageKind::Cookie);
    let (domain, path, partition) = match kept {
        Some(kept) => (kept.domain.clone(), kept.path.clone(), kept.partition.clone()),
        None => (observation.domain.clone(), observation.path.clone(), observation.partition.clone()),
    };
    Observation {
        name: group.example.name.clone(),
        domain,
        path,
        partition,
        groups: vec![group],
        ..observation.clone()
    }
}

/// Adds to an audit what is otherwise in the other browser.
pub(super) fn add(audit: &mut Audit, browser: Browser, counts: bool, theirs: Audit) {
    let known: BTreeSet<&str> = audit.findings.iter().map(|finding| finding.id.as_str()).collect();
    let refuted: BTreeSet<&str> =
        audit.findings.iter().flat_map(|finding| &finding.claims).map(String::as_str).collect();
    let mut only_there: Vec<_> = theirs
        .findings
        .into_iter()
        .filter(|finding| !known.contains(finding.id.as_str()))
        .filter(|finding| finding.claims.iter().any(|claim| !refuted.contains(claim.as_str())))
        .collect();
    for finding in &mut only_there {
        finding.message = format!("in {browser} (predicted): {}", finding.message);
        finding.predicted_for = Some(browser);
        if !counts {
            finding.severity = finding.severity.min(Severity::Warning);
        }
    }
    let mut there: BTreeMap<String, State> =
        theirs.verdicts.into_iter().map(|verdict| (verdict.claim, verdict.state)).collect();
    for verdict in &mut audit.verdicts {
        let against: Vec<String> = only_there
            .iter()
            .filter(|finding| finding.claims.contains(&verdict.claim))
            .map(|finding| finding.id.clone())
            .collect();
        let state = there.remove(&verdict.claim);
        match (&verdict.state, state) {
            (State::Refuted { .. }, _) => {}
            _ if !against.is_empty() => verdict.state = State::Refuted { findings: against },
            (State::Upheld { .. }, Some(State::NotVerified { why, detail, decided_by })) => {
                let detail = format!("it holds in Chromium, but in {browser} {detail}");
                verdict.state = State::NotVerified { why, detail, decided_by };
            }
            _ => {}
        }
    }
    audit.findings.extend(only_there);
    super::merge::sort(&mut audit.findings);
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, LifetimeRule};

    #[test]
    fn what_firefox_alone_keeps_is_a_warning() {
        let site = Site::with(Item::named("sid")).complete();
        site.when(line("sid=1"))
            .when(line("trk=a\tb; Max-Age=31536000"))
            .finds("undeclared-cookie: claims.inventory")
            .says("in Firefox (predicted): ")
            .warns();
        // Chromium alone would keep this one, and says so itself.
        site.when(line("sid=1")).when(line("trk=a\rb")).finds("undeclared-cookie: claims.inventory").errs();
    }

    #[test]
    fn a_requirement_holds_only_if_it_holds_in_both() {
        let site = Site::with(Item::named("__Host-sid"));
        site.when(line("__Host-sid=1; Secure; Path=/"))
            .finds_nothing()
            .upholds("cookies.__Host-sid.accepted");
        // Firefox takes the default path for the written one; Chromium keeps nothing.
        site.when(line("__Host-sid=1; Secure"))
            .finds("prefix-rules: cookies.__Host-sid.accepted, cookies.__Host-sid.prefix")
            .errs();
        let mut item = Item::named("pref");
        item.lifetime = Some(LifetimeRule::Session);
        let session = Site::with(item);
        session
            .when(line("pref=1; Expires=Thu, 21 Oct 2027 07:28 GMT"))
            .finds("lifetime: cookies.pref.lifetime")
            .says("in Firefox (predicted): ")
            .warns();
        session.when(line("pref=1; Expires=soon")).finds_nothing().upholds("cookies.pref.lifetime");
    }
}
