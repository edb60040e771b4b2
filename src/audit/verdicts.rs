//! The state of every claim: refuted by findings, or what the rule that owns it says, where what the
//! claim needs is there.

use super::context::Context;
use super::standing::Standing;
use super::{Finding, State, Verdict, Why, needs, rules};
use std::collections::BTreeMap;

/// One verdict for each claim, in the order of their ids.
pub(crate) fn verdicts(context: &Context<'_>, findings: &[Finding]) -> Vec<Verdict> {
    let mut refuted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for finding in findings {
        for claim in &finding.claims {
            refuted.entry(claim).or_default().push(finding.id.clone());
        }
    }
    let mut verdicts: Vec<Verdict> = context
        .manifest
        .claims
        .iter()
        .map(|claim| {
            let state = match refuted.remove(claim.id.as_str()) {
                Some(mut findings) => {
                    findings.sort();
                    findings.dedup();
                    State::Refuted { findings }
                }
                None => standing(context, claim.about),
            };
            Verdict {
                claim: claim.id.clone(),
                text: claim.text.clone(),
                place: claim.place,
                source: claim.source.clone(),
                state,
            }
        })
        .collect();
    verdicts.sort_by(|a, b| a.claim.cmp(&b.claim));
    verdicts
}

fn standing(context: &Context<'_>, about: crate::manifest::About) -> State {
    let said = rules::RULES.iter().find_map(|rule| rule.standing(context, about));
    // A rule says what it saw; whether that is enough is one table's to say.
    let said = match said {
        Some(Standing::Upheld(seen)) => Some(needs::unmet(context, about).unwrap_or(Standing::Upheld(seen))),
        other => other,
    };
    match said {
        Some(Standing::Upheld(seen)) => State::Upheld { seen },
        Some(Standing::Open { why, detail, decided_by }) => State::NotVerified { why, detail, decided_by },
        // Every aspect has a rule (tested); were one forgotten, nothing would be claimed of it.
        None => State::NotVerified {
            why: Why::NotPlanned,
            detail: "no rule looks at this".to_owned(),
            decided_by: "a newer version".to_owned(),
        },
    }
}
