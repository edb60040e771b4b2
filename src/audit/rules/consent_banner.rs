//! `consent-banner`

use super::prelude::*;
use crate::manifest::BannerRule;
use crate::observation::BannerMoment;
use crate::vendors::Role;

pub(crate) static RULE: Rule = Rule {
    id: "consent-banner",
    sentence: "The consent banner is there when it should not be, or is not when it should.",
    page: "\
The browser engine looks for the banner at four moments: on a first visit, on the visit after consent was \
given, after the site's data was cleared, and after the site was changed so that it needs consent anew. The \
manifest says what should be seen: `consent_banner = \"none\"`, or shown, with `repeated` and \
`back_after_clearing`, and `consent_renewed_on_change`.

Where no banner is promised, a page that loads a known consent platform is enough for plain HTTP, too.

**To do:** the evidence says what was looked for and what was seen.",
    check,
    standing,
};

const MOMENTS: &[(BannerMoment, PolicyAspect, &str)] = &[
    (BannerMoment::FirstVisit, PolicyAspect::BannerShown, "on a first visit"),
    (BannerMoment::AfterConsent, PolicyAspect::BannerNotRepeated, "after consent was given"),
    (BannerMoment::AfterClearing, PolicyAspect::BannerBackAfterClearing, "after the site's data was cleared"),
    (
        BannerMoment::AfterPolicyChange,
        PolicyAspect::ConsentRenewedOnChange,
        "after what needs consent was changed",
    ),
];

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    for (moment, aspect, when) in MOMENTS {
        for outcome in context.outcomes(|probe| *probe == ProbeKind::Banner { moment: *moment }) {
            let ProbeResult::Fails { what } = &outcome.result else { continue };
            found.push(
                Violation::new(&RULE, "consent banner", format!("the consent banner {when}: {what}"))
                    .refutes([About::Policy(*aspect)])
                    .because([Cause::Banner])
                    .evidence(outcome_evidence(context, outcome)),
            );
        }
    }
    let none = context.manifest.policy.consent_banner.as_ref();
    if none.is_some_and(|stated| stated.value == BannerRule::None) {
        let platforms: Vec<&Contact> = context
            .foreign_contacts()
            .filter(|contact| contact.resource != Resource::Document)
            .filter(|contact| context.fact_of(contact).is_some_and(|fact| fact.role == Role::Consent))
            .collect();
        let Some(first) = platforms.first() else { return };
        let message = format!("{} loads a consent platform from {}", words::path(&first.page), first.host);
        found.push(
            Violation::new(&RULE, "consent banner", message)
                .refutes([About::Policy(PolicyAspect::BannerShown)])
                .because([Cause::Banner])
                .because(of_host(context, &first.host))
                .confidence(Confidence::Medium)
                .evidence(
                    platforms
                        .iter()
                        .take(evidence::MOST)
                        .map(|contact| evidence::of_contact(context, contact)),
                ),
        );
    }
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Policy(aspect) = about else { return None };
    let (moment, _, when) = MOMENTS.iter().find(|(_, of, _)| *of == aspect)?;
    if !context.has_browser() {
        return Some(Standing::needs_browser("whether a banner is shown is for a browser to see"));
    }
    let outcomes: Vec<&Outcome> =
        context.outcomes(|probe| *probe == ProbeKind::Banner { moment: *moment }).collect();
    if let Some(held) = outcomes.iter().find(|outcome| outcome.result == ProbeResult::Holds) {
        let seen = held.evidence.first().cloned();
        return Some(Standing::Upheld(seen.unwrap_or_else(|| format!("looked at {when}"))));
    }
    if let Err(open) = standing::reach(context, &Scope::default()) {
        return Some(open);
    }
    let why = outcomes.iter().find_map(|outcome| match &outcome.result {
        ProbeResult::Undecided { why } => Some(why.clone()),
        _ => None,
    });
    let why = why.unwrap_or_else(|| format!("nobody looked for it {when}"));
    let decided_by = match moment {
        BannerMoment::AfterPolicyChange => "a second scan, after the site asks for more",
        _ => "consent states in the plan",
    };
    Some(Standing::open(Why::NotPlanned, why, decided_by))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{BannerRule, Item};
    use crate::observation::{BannerMoment, ProbeKind, Resource};

    fn site(rule: BannerRule) -> Site {
        Site::with(Item::named("sid"))
            .expecting_nothing()
            .claims(|policy| policy.consent_banner = stated(rule))
    }

    #[test]
    fn what_a_browser_saw_decides() {
        let shown = site(BannerRule::Shown { repeated: Some(false), back_after_clearing: Some(true) });
        let at = |moment| probe(ProbeKind::Banner { moment });
        shown.looked_at().leaves("claims.consent-banner", "needs-browser");
        shown
            .probed(at(BannerMoment::FirstVisit).holds())
            .probed(at(BannerMoment::AfterConsent).fails("it was shown again"))
            .in_browser()
            .finds("consent-banner: claims.consent-banner.repeated")
            .upholds("claims.consent-banner")
            .leaves("claims.consent-banner.back-after-clearing", "not-planned");
    }

    #[test]
    fn a_consent_platform_where_none_is_promised() {
        site(BannerRule::None)
            .contact("https://consent.cookiebot.com/uc.js", Resource::Script, "/")
            .finds("consent-banner: claims.consent-banner");
    }
}
