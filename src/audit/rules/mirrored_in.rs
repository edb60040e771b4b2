//! `mirrored-in`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "mirrored-in",
    sentence: "What a cookie records is not also kept where the policy says.",
    short: "not mirrored as declared",
    page: "\
`mirrored_in = \"local-storage\"` says that the same choice is also kept there. The browser engine looks, after \
the choice was made, whether something in that storage changed together with the cookie.

**To do:** correct the policy, or write both.",
    checks: &[Check::Items(check), Check::ItemFailures(asks, not_copied)],
    claims: Claims::Item(ItemAspect::MirroredIn, standing),
};

fn check(context: &Context<'_>, index: usize, _: &Item, found: &mut Vec<Violation>) {
    found.extend(only_copied(context, index));
}

fn not_copied(context: &Context<'_>, index: usize, item: &Item, what: &str) -> Option<Violation> {
    let message = format!("`{}` is not mirrored as declared: {what}", item.key);
    (!item.mirrored_in.is_empty()).then(|| {
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::MirroredIn)])
            .because([Cause::Aspect(index, ItemAspect::MirroredIn)])
            .because(context.missing.contains(&index).then_some(Cause::Missing(index)))
    })
}

/// Kept in the storage and not in the cookie: what both should record is in one place only.
fn only_copied(context: &Context<'_>, index: usize) -> Option<Violation> {
    let item = context.item(index);
    let copies: Vec<&Seen<'_>> = context
        .seen
        .iter()
        .filter(|seen| item.mirrored_in.contains(&seen.kind()) && seen.lands())
        .filter(|seen| item.names.iter().any(|pattern| pattern.matches(&seen.example().name)))
        .collect();
    let copy = copies.first().filter(|_| context.missing.contains(&index))?;
    let place = words::storage(copy.kind());
    let message = format!("`{}` is kept in {place} only, not in the cookie", item.key);
    Some(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::MirroredIn)])
            .because([Cause::Aspect(index, ItemAspect::MirroredIn), Cause::Missing(index)])
            .seen(context, copies),
    )
}

fn asks(probe: &ProbeKind) -> bool {
    matches!(probe, ProbeKind::StorageMirror { .. })
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    if !context.has_browser() {
        return Some(Standing::needs_browser("plain HTTP has no storage"));
    }
    let outcomes = context.outcomes(asks).filter(|outcome| context.concerns(outcome, index));
    Some(standing::probed(context, index, outcomes, "a consent state in the plan"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, Trigger};
    use crate::observation::{Consent, ProbeKind, StorageKind};

    #[test]
    fn a_mirror_is_for_a_browser_to_see() {
        let mut item = Item::named("consent");
        item.mirrored_in = vec![StorageKind::LocalStorage];
        let site = Site::with(item).when(line("consent=1")).site();
        let asked =
            || probe(ProbeKind::StorageMirror { storage: StorageKind::LocalStorage }).cookie("consent");
        site.looked_at().leaves("cookies.consent.mirrored-in", "needs-browser");
        site.probed(asked().holds()).in_browser().finds_nothing().upholds("cookies.consent.mirrored-in");
        site.probed(asked().fails("nothing in local storage changed"))
            .in_browser()
            .finds("mirrored-in: cookies.consent.mirrored-in");
    }

    #[test]
    fn a_copy_without_its_cookie_is_one_finding() {
        let mut item = Item::named("consent");
        item.mirrored_in = vec![StorageKind::LocalStorage];
        item.trigger = Some(Trigger::ConsentAccepted);
        Site::with(item)
            .when(stored(StorageKind::LocalStorage, "consent", "all").consent(Consent::Accepted))
            .finds("mirrored-in: cookies.consent.mirrored-in, cookies.consent.present");
    }
}
