//! `rolling-renewal`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "rolling-renewal",
    sentence: "A cookie that is said to be renewed on activity is not, or beyond its lifetime.",
    short: "not renewed as declared",
    page: "\
`rolling = true` says that activity counts the lifetime anew. The scan waits (`probes.renewal_after` of the \
plan), asks a page again and looks for the cookie with a later expiry, to no more than its lifetime. \
Frameworks often renew only after a while (Better Auth: a day), so the interval belongs to the plan.

`rolling = false` is a statement, too. Unstated, renewal is never a finding.

**To do:** change the renewal, or the sentence in the policy.",
    checks: &[Check::ItemFailures(renews, word)],
    claims: Claims::Item(ItemAspect::Rolling, standing),
};

fn renews(probe: &ProbeKind) -> bool {
    *probe == ProbeKind::RollingRenewal
}

fn word(context: &Context<'_>, index: usize, item: &Item, what: &str) -> Option<Violation> {
    item.rolling?;
    // Renewed to too late an expiry: the lifetime is wrong for the same reason.
    let renewed = context.writes(index).any(|seen| seen.cell().phase == Phase::Probe);
    let message = format!("`{}` is not renewed as declared: {what}", item.key);
    let violation = Violation::new(&RULE, &item.key, message)
        .refutes([About::Item(index, ItemAspect::Rolling)])
        .because([Cause::Aspect(index, ItemAspect::Rolling)])
        .because(renewed.then_some(Cause::Aspect(index, ItemAspect::Lifetime)));
    Some(violation)
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let outcomes = context
        .outcomes(|probe| *probe == ProbeKind::RollingRenewal)
        .filter(|outcome| context.concerns(outcome, index));
    Some(standing::probed(context, index, outcomes, "`renewal_after` of [probes] in the plan"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, LifetimeRule, Span};
    use crate::observation::{Phase, ProbeKind};

    #[test]
    fn a_renewal_beyond_the_lifetime_is_one_finding() {
        let mut item = Item::named("sid");
        item.rolling = Some(true);
        item.lifetime = Some(LifetimeRule::Max(Span::seconds(604_800)));
        let site = Site::with(item).when(line("sid=1; Max-Age=604800").login()).site();
        let asked = || probe(ProbeKind::RollingRenewal).cookie("sid");
        site.probed(asked().holds()).finds_nothing().upholds("cookies.sid.rolling");
        site.probed(asked().fails("not issued again")).finds("rolling-renewal: cookies.sid.rolling");
        site.when(line("sid=1; Max-Age=1209600").by(member()).phase(Phase::Probe))
            .probed(asked().fails("issued for 14 days"))
            .finds("lifetime: cookies.sid.lifetime, cookies.sid.rolling");
    }
}
