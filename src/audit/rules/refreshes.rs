//! `refreshes`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "refreshes",
    sentence: "A refresh does not issue the other cookie anew, or does so without this one.",
    short: "the refresh does not issue it as declared",
    page: "\
`refreshes = \"access\"` says two things, and the scan tries both: with the access cookie dropped, a refresh \
(the persona's `refresh` request, or a page) issues it again; without the refresh cookie as well, it does not.

**To do:** look at the refresh endpoint; issuing sessions without the refresh cookie is a hole.",
    checks: &[Check::ItemFailures(asks, word)],
    claims: Claims::Item(ItemAspect::Refreshes, standing),
};

fn word(context: &Context<'_>, index: usize, item: &Item, what: &str) -> Option<Violation> {
    let never_issued = never_issued(context, index);
    let message = format!("a refresh with `{}` is not as declared: {what}", item.key);
    let violation = Violation::new(&RULE, &item.key, message)
        .refutes([About::Item(index, ItemAspect::Refreshes)])
        .because([Cause::Aspect(index, ItemAspect::Refreshes)])
        .because(never_issued.map(Cause::Missing));
    // What nobody ever sets is not the refresh's failure.
    let violation = if never_issued.is_some() { violation.follows() } else { violation };
    item.refreshes.is_some().then_some(violation)
}

/// The item that it should issue, where that was never seen at all.
fn never_issued(context: &Context<'_>, index: usize) -> Option<usize> {
    let issued = context.item_of_key(context.item(index).refreshes.as_deref()?)?;
    context.sightings(issued).next().is_none().then_some(issued)
}

fn asks(probe: &ProbeKind) -> bool {
    matches!(probe, ProbeKind::Refreshes { .. })
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let outcomes = context.outcomes(asks).filter(|outcome| context.concerns(outcome, index));
    Some(standing::probed(context, index, outcomes, "`refresh` of the persona in the plan"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;
    use crate::observation::ProbeKind;

    #[test]
    fn a_refresh_needs_its_cookie() {
        let mut item = Item::named("refresh");
        item.refreshes = Some("access".into());
        let site = Site::with(item).and(Item::named("access")).when(line("refresh=1").login()).site();
        let asked = || probe(ProbeKind::Refreshes { issues: "access".into() }).cookie("refresh");
        site.probed(asked().holds()).finds_nothing().upholds("cookies.refresh.refreshes");
        site.probed(asked().fails("issued without it")).finds("refreshes: cookies.refresh.refreshes");
        // What another probe found is no matter of it.
        let other = probe(ProbeKind::RequiredFor).cookie("refresh").page("/dashboard");
        site.probed(other.fails("200 as before")).finds_nothing();
        // What it should have issued is missing for the same reason: one finding.
        let issues = site.in_browser().probed(asked().fails("issued nothing"));
        issues.finds("declared-never-seen: cookies.access.present, cookies.refresh.refreshes");
        site.looked_at().leaves("cookies.refresh.refreshes", "not-planned");
    }
}
