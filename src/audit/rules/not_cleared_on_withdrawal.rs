//! `not-cleared-on-withdrawal`

use super::prelude::*;
use crate::cookie::Name;
use crate::manifest::VisitorState;
use crate::observation::ConsentLook;

pub(crate) static RULE: Rule = Rule {
    id: "not-cleared-on-withdrawal",
    sentence: "A cookie is not as declared after consent was taken back.",
    short: "it is not as declared after consent was taken back",
    page: "\
`cleared_on_withdrawal = true` says that taking consent back takes the cookie away; `false`, that it stays. A browser \
gives consent, looks at some pages, takes it back as the site or the plan's `[[consent]]` of the state `withdrawn` \
offers, and looks at the pages: what its jar held before and holds still afterwards outlives the withdrawal, also \
where no script can read it, and where it belongs to a third party.

What was not there before consent was taken back is *not verified*.

**To do:** delete the cookie when consent is taken back, with the `Path` and `Domain` that it was set with; of an \
HttpOnly cookie, or one of another domain, only the server that set it can.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::ClearedOnWithdrawal, standing),
};

/// Visitors who took consent back, and whose jar was read afterwards.
fn withdrawals<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a ConsentLook> {
    let reached = |look: &&ConsentLook| look.not_reached.is_none() && look.answered_by.is_some();
    context.scan.consent.iter().filter(|look| look.cell.consent == Consent::Withdrawn).filter(reached)
}

/// Names of an item that the jar held before and still holds, and those that are gone.
fn fate<'a>(context: &Context<'_>, index: usize, look: &'a ConsentLook) -> (Vec<&'a Name>, Vec<&'a Name>) {
    let item = context.item(index);
    let named = |name: &&Name| item.is_named(name, true) || item.is_named(name, false);
    let cookies = look.survives.iter().filter(|(kind, _)| *kind == StorageKind::Cookie);
    (cookies.map(|(_, name)| name).filter(named).collect(), look.cleared.iter().filter(named).collect())
}

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    let Some(cleared) = item.cleared_on_withdrawal else { return };
    // The jar's names say not whose they are.
    if context.namesakes(index).next().is_some() {
        return;
    }
    for look in withdrawals(context) {
        let (stays, gone) = fate(context, index, look);
        let (wrong, what) = match cleared {
            true => (stays, "is still there"),
            false if stays.is_empty() => (gone, "is gone"),
            false => continue,
        };
        let Some(name) = wrong.first() else { continue };
        let line =
            format!("`{name}` was in the jar before consent was taken back, and {what} after all pages");
        let message = format!("`{}` {what} after consent was taken back", item.key);
        found.push(
            Violation::new(&RULE, &item.key, message)
                .refutes([About::Item(index, ItemAspect::ClearedOnWithdrawal)])
                .because([Cause::Probe("withdrawal".to_owned())])
                .evidence([evidence::of_words(look.cell.clone(), line)])
                .hint("delete it where consent is taken back, with the Path and Domain that it was set with"),
        );
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let scope = Scope { visitors: vec![VisitorState::ConsentWithdrawn], ..Scope::default() };
    if let Err(open) = standing::reach(context, &scope) {
        return Some(open);
    }
    if context.namesakes(index).next().is_some() {
        return Some(Standing::open(
            Why::NotReached,
            "another site has a cookie of this name in the same jar",
            "pages without it",
        ));
    }
    let fates: Vec<_> = withdrawals(context).map(|look| fate(context, index, look)).collect();
    let had = fates.iter().filter(|(stays, gone)| !stays.is_empty() || !gone.is_empty()).count();
    Some(match had {
        0 if fates.is_empty() => Standing::open(
            Why::NotReached,
            "the jar was not read after consent was taken back",
            "a run that takes consent back",
        ),
        0 => Standing::open(
            Why::NeverSeen,
            "it was not there before consent was taken back",
            "a page or consent state of the plan in which the site sets it",
        ),
        had => Standing::Upheld(format!("{} took consent back", standing::count(had as u64, "visitors"))),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::cookie::Name;
    use crate::manifest::Item;
    use crate::observation::{Consent, ConsentLook, StorageKind};

    const CLAIM: &str = "cookies._ga.cleared-on-withdrawal";

    fn site(cleared: bool) -> Site {
        let mut item = Item::named("_ga");
        item.cleared_on_withdrawal = Some(cleared);
        Site::with(item).in_browser().when(line("_ga=1").consent(Consent::Accepted))
    }

    fn withdrawn(site: &Site, change: impl FnOnce(&mut ConsentLook)) -> Site {
        site.visited_by(anonymous().consenting(Consent::Withdrawn)).met(Consent::Withdrawn, |look| {
            look.answered_by = Some("Reject all".into());
            change(look);
        })
    }

    fn stays(look: &mut ConsentLook) {
        look.survives = vec![(StorageKind::Cookie, Name::new("_ga"))];
    }

    fn goes(look: &mut ConsentLook) {
        look.cleared = vec![Name::new("_ga")];
    }

    #[test]
    fn what_outlives_the_withdrawal_of_consent() {
        let finding = format!("not-cleared-on-withdrawal: {CLAIM}");
        withdrawn(&site(true), goes).finds_nothing().upholds(CLAIM);
        withdrawn(&site(true), stays).finds(&finding).says("is still there after consent was taken back");
        withdrawn(&site(false), stays).finds_nothing().upholds(CLAIM);
        withdrawn(&site(false), goes).finds(&finding).says("is gone after consent was taken back");
    }

    #[test]
    fn what_was_not_there_before_or_not_looked_at_is_open() {
        withdrawn(&site(true), |_| {}).finds_nothing().leaves(CLAIM, "never-seen");
        // An item of storage is no cookie.
        let storage =
            |look: &mut ConsentLook| look.survives = vec![(StorageKind::LocalStorage, Name::new("_ga"))];
        withdrawn(&site(true), storage).finds_nothing().leaves(CLAIM, "never-seen");
        site(true).finds_nothing().leaves(CLAIM, "not-planned");
        let not_reached = |look: &mut ConsentLook| look.not_reached = Some("no way back is offered".into());
        site(true).met(Consent::Withdrawn, not_reached).finds_nothing().leaves(CLAIM, "not-reached");
        // Whose it is the jar's names do not say.
        let mut item = Item::named("locale");
        item.cleared_on_withdrawal = Some(true);
        let theirs = line("locale=1").from("https://cdn.other.example/x").within("/");
        let named_alike =
            |look: &mut ConsentLook| look.survives = vec![(StorageKind::Cookie, Name::new("locale"))];
        withdrawn(&Site::with(item).in_browser().when(theirs), named_alike)
            .leaves("cookies.locale.cleared-on-withdrawal", "not-reached");
    }
}
