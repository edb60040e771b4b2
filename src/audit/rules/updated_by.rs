//! `updated-by`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "updated-by",
    sentence: "A declared journey does not write the cookie anew.",
    short: "its journey does not write it",
    page: "\
`updated_by` names journeys of the plan (a change of language, say) after which the cookie must have been \
written with the new choice. If the journey writes something undeclared instead, that belongs to the same \
finding: it is where the choice is really kept.

**To do:** declare what the application really writes, or make it write the declared cookie.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::UpdatedBy, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    for outcome in context.outcomes(asks).filter(|outcome| context.concerns(outcome, index)) {
        let ProbeKind::UpdatedBy { journey } = &outcome.probe else { continue };
        if !item.updated_by.contains(journey) {
            continue;
        }
        let what = match &outcome.result {
            ProbeResult::Fails { what } => what.clone(),
            ProbeResult::Holds if only_anothers(context, outcome, index) => {
                "it writes only another site's cookie of that name".to_owned()
            }
            _ => continue,
        };
        // It was written, but for somebody else's domain.
        let mut written = context.sightings(index).chain(context.namesakes(index));
        let elsewhere = written.any(|seen| seen.cell().phase == Phase::Journey);
        let instead = context
            .undeclared()
            .filter(|seen| seen.cell().phase == Phase::Journey && seen.cell().persona == outcome.persona)
            .map(|seen| Cause::Thing(seen.kind(), seen.family.clone()));
        let message = format!("the journey `{journey}` does not write `{}` anew: {what}", item.key);
        found.push(
            Violation::new(&RULE, &item.key, message)
                .refutes([About::Item(index, ItemAspect::UpdatedBy)])
                .because([Cause::Aspect(index, ItemAspect::UpdatedBy), Cause::Missing(index)])
                .because(instead)
                .because(elsewhere.then_some(Cause::Origin(index)))
                .evidence(evidence::of_outcome(context, outcome)),
        );
    }
}

/// Whether the journey wrote the name, and only for another site's domain.
fn only_anothers(context: &Context<'_>, outcome: &Outcome, index: usize) -> bool {
    let there = |seen: &Seen<'_>| {
        seen.cell().phase == Phase::Journey && seen.cell().persona == outcome.persona && seen.lands()
    };
    context.namesakes(index).any(there) && !context.sightings(index).any(there)
}

fn asks(probe: &ProbeKind) -> bool {
    matches!(probe, ProbeKind::UpdatedBy { .. })
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let outcomes = context.outcomes(asks).filter(|outcome| context.concerns(outcome, index));
    let journeys = context.item(index).updated_by.join(", ");
    Some(standing::probed(context, index, outcomes, &format!("the journey `{journeys}` in the plan")))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;
    use crate::observation::{Phase, ProbeKind};

    #[test]
    fn another_cookie_in_its_place_is_the_same_finding() {
        let mut item = Item::named("locale");
        item.updated_by = vec!["language".into()];
        let site = Site::with(item).complete();
        let asked = || probe(ProbeKind::UpdatedBy { journey: "language".into() }).cookie("locale");
        site.when(line("locale=en"))
            .probed(asked().holds())
            .finds_nothing()
            .upholds("cookies.locale.updated-by");
        site.when(line("locale=en"))
            .when(line("NEXT_LOCALE=fr").by(member()).phase(Phase::Journey).on("/settings"))
            .probed(asked().fails("`locale` was not written"))
            .finds("updated-by: claims.inventory, cookies.locale.updated-by");
    }

    #[test]
    fn a_probe_of_one_cookie_tells_nothing_of_another() {
        let [locale, theme] = ["locale", "theme"].map(|name| {
            let mut item = Item::named(name);
            item.updated_by = vec!["settings".into()];
            item
        });
        let asked = probe(ProbeKind::UpdatedBy { journey: "settings".into() }).cookie("locale");
        Site::with(locale)
            .and(theme)
            .when(line("locale=en"))
            .when(line("theme=dark"))
            .probed(asked.fails("`locale` was not written"))
            .finds("updated-by: cookies.locale.updated-by")
            .leaves("cookies.theme.updated-by", "not-planned");
    }
}
