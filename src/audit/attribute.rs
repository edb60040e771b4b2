//! What rules about an item's attributes have in common: every written line is judged, also those
//! that a browser refuses, and one item with one wrong attribute is one violation.

use super::context::{Context, Seen};
use super::standing::count;
use super::violation::{Cause, Rule, Violation};
use crate::manifest::{About, Item, ItemAspect};
use crate::observation::Consent;
use std::collections::BTreeSet;

/// Judges every line of every item that makes the claim. `wrong` says how a line is wrong, to
/// follow the name: "lacks Secure".
pub(crate) fn check(
    context: &Context<'_>,
    rule: &Rule,
    aspect: ItemAspect,
    wrong: impl Fn(&Item, &Seen<'_>) -> Option<String>,
    found: &mut Vec<Violation>,
) {
    for index in 0..context.manifest.items.len() {
        found.extend(of_item(context, rule, aspect, index, &wrong));
    }
}

/// Judges every line of one item.
pub(crate) fn of_item(
    context: &Context<'_>,
    rule: &Rule,
    aspect: ItemAspect,
    index: usize,
    wrong: impl Fn(&Item, &Seen<'_>) -> Option<String>,
) -> Option<Violation> {
    context.claim(About::Item(index, aspect))?;
    let item = context.item(index);
    let failing: Vec<(&Seen<'_>, String)> =
        context.writes(index).filter_map(|seen| Some((seen, wrong(item, seen)?))).collect();
    let bad: u64 = failing.iter().map(|(seen, _)| seen.group.count).sum();
    // Of the visitors whom it concerns: what others rightly get is no share of it.
    let concerned: BTreeSet<(&str, &Consent)> = failing.iter().map(|(seen, _)| visitor(seen)).collect();
    let all: u64 = context
        .writes(index)
        .filter(|seen| concerned.contains(&visitor(seen)))
        .map(|seen| seen.group.count)
        .sum();
    let hows: BTreeSet<&str> = failing.iter().map(|(_, how)| how.as_str()).collect();
    let how = hows.iter().copied().take(3).collect::<Vec<_>>().join("; elsewhere it ");
    if failing.is_empty() {
        return None;
    }
    // What is wrong only in responses that should not set it at all has its cause there.
    let misplaced: BTreeSet<(&str, &str)> = context
        .sightings(index)
        .filter(|seen| context.misplaced(index, seen))
        .map(|seen| (seen.exchange().method.as_str(), seen.exchange().url.as_str()))
        .collect();
    let only_there = failing.iter().all(|(seen, _)| {
        misplaced.contains(&(seen.exchange().method.as_str(), seen.exchange().url.as_str()))
    });
    let message = if bad == all {
        format!("`{}` {how} in {}", item.key, each_time(all))
    } else {
        format!("`{}` {how} in {bad} of {}", item.key, count(all, "responses"))
    };
    Some(
        Violation::new(rule, &item.key, message)
            .refutes([About::Item(index, aspect)])
            .because([Cause::Aspect(index, aspect)])
            .because(only_there.then_some(Cause::Here(index)))
            .because(alike(item, aspect, &failing))
            .seen(context, failing.iter().map(|(seen, _)| *seen)),
    )
}

fn visitor<'a>(seen: &Seen<'a>) -> (&'a str, &'a Consent) {
    (&seen.cell().persona, &seen.cell().consent)
}

/// Several items of one group, or several lines of one response, that are wrong in the same way
/// have one cause: the code that writes them.
pub(crate) fn alike(item: &Item, aspect: ItemAspect, failing: &[(&Seen<'_>, String)]) -> Vec<Cause> {
    let aspect = aspect.word();
    let mut causes = Vec::new();
    for (seen, how) in failing {
        let at = seen.exchange();
        causes.push(Cause::Alike(format!("{aspect} {how} by {} {}", at.method, at.url)));
        if let Some(group) = &item.group {
            causes.push(Cause::Alike(format!("{aspect} {how} in {group}")));
        }
    }
    causes
}

fn each_time(all: u64) -> String {
    if all == 1 { "the one response that sets it".to_owned() } else { format!("each of {all} responses") }
}
