//! `global-privacy-control`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "global-privacy-control",
    sentence: "Global Privacy Control changes nothing, though the policy says that it is honoured.",
    short: "in spite of Global Privacy Control",
    page:
        "\
`honours_gpc = true` says that visitors who send `Sec-GPC: 1` get strictly necessary cookies only. The scan \
asks once more with that header and compares what is set.

**To do:** read the header (and `navigator.globalPrivacyControl`) before loading anything that needs consent.",
    checks: &[Check::Failures(asks, word)],
    claims: Claims::Sentence(PolicyAspect::HonoursGpc, standing),
};

fn asks(probe: &ProbeKind) -> bool {
    *probe == ProbeKind::GlobalPrivacyControl
}

fn word(_: &Context<'_>, _: &Outcome, what: &str) -> Option<Violation> {
    let message = format!("Global Privacy Control is not honoured: {what}");
    let violation = Violation::new(&RULE, "Sec-GPC", message)
        .refutes([About::Policy(PolicyAspect::HonoursGpc)])
        .because([Cause::Probe("gpc".to_owned())]);
    Some(violation)
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    if !context.has_browser() {
        return Some(Standing::needs_browser("scripts read the signal, too"));
    }
    let mut outcomes = context.outcomes(asks);
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
