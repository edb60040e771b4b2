//! `global-privacy-control`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "global-privacy-control",
    sentence: "Global Privacy Control changes nothing, though the policy says that it is honoured.",
    page:
        "\
`honours_gpc = true` says that visitors who send `Sec-GPC: 1` get strictly necessary cookies only. The scan \
asks once more with that header and compares what is set.

**To do:** read the header (and `navigator.globalPrivacyControl`) before loading anything that needs consent.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::HonoursGpc, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    for outcome in context.outcomes(|probe| *probe == ProbeKind::GlobalPrivacyControl) {
        let ProbeResult::Fails { what } = &outcome.result else { continue };
        found.push(
            Violation::new(&RULE, "Sec-GPC", format!("Global Privacy Control is not honoured: {what}"))
                .refutes([About::Policy(PolicyAspect::HonoursGpc)])
                .because([Cause::Probe("gpc".to_owned())])
                .evidence(outcome_evidence(context, outcome)),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    if !context.has_browser() {
        return Some(Standing::needs_browser("scripts read the signal, too"));
    }
    let mut outcomes = context.outcomes(|probe| *probe == ProbeKind::GlobalPrivacyControl);
    Some(match outcomes.find(|outcome| outcome.result == ProbeResult::Holds) {
        Some(outcome) => {
            let seen = outcome.evidence.first().cloned();
            Standing::Upheld(seen.unwrap_or_else(|| "asked with Sec-GPC: 1".to_owned()))
        }
        None => match standing::reach(context, &Scope::default()) {
            Err(open) => open,
            Ok(_) => Standing::open(
                Why::NotPlanned,
                "nobody asked with Sec-GPC: 1",
                "`gpc` of [probes] in the plan",
            ),
        },
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;
    use crate::observation::ProbeKind;

    #[test]
    fn the_signal_is_tried() {
        let site = Site::with(Item::named("sid"))
            .expecting_nothing()
            .claims(|policy| policy.honours_gpc = stated(true));
        let asked = || probe(ProbeKind::GlobalPrivacyControl);
        site.probed(asked().fails("`_ga` is set all the same"))
            .finds("global-privacy-control: claims.honours-gpc");
        site.probed(asked().holds()).in_browser().upholds("claims.honours-gpc");
        site.probed(asked().holds()).leaves("claims.honours-gpc", "needs-browser");
        site.looked_at().in_browser().leaves("claims.honours-gpc", "not-planned");
    }
}
