//! `consent-banner`

use super::date_follows_inventory;
use super::prelude::*;
use crate::manifest::BannerRule;
use crate::observation::BannerMoment;
use crate::vendors::Role;

pub(crate) static RULE: Rule = Rule {
    id: "consent-banner",
    sentence: "The consent banner is there when it should not be, or is not when it should.",
    short: "the consent banner is not as stated",
    page: "\
The browser engine looks for the banner at four moments: on a first visit, on the visit after consent was \
given, after the site's data was cleared, and with a choice that was made before the site was changed. The \
manifest says what should be seen: `consent_banner = \"none\"`, or shown, with `repeated` and \
`back_after_clearing`, and `consent_renewed_on_change`.

The last one takes an earlier scan (`--previous`), made after the day that the plan's recorded choice names \
(`given` of `[[consent]]`). If a cookie that needs consent has come since, that choice cannot have meant it, and \
the banner has to be there again.

Where no banner is promised, a page that loads a known consent platform is enough for plain HTTP, too.

**To do:** the evidence says what was looked for and what was seen.",
    checks: &[Check::Site(check)],
    claims: Claims::Others(standing),
};

/// The moments that speak for themselves, with what is claimed of them.
const MOMENTS: &[(BannerMoment, PolicyAspect, &str)] = &[
    (BannerMoment::FirstVisit, PolicyAspect::ConsentBanner, "on a first visit"),
    (BannerMoment::AfterConsent, PolicyAspect::BannerNotRepeated, "after consent was given"),
    (BannerMoment::AfterClearing, PolicyAspect::BannerBackAfterClearing, "after the site's data was cleared"),
];

const TO_BE_SEEN: &str = "whether a banner is shown is for a browser to see";

/// Where no list says what waits for consent.
const USUALLY_WAITS: &[Category] = &[Category::Analytics, Category::Advertising, Category::Social];

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    // Another site's banner is none of this one's.
    if standing::led_elsewhere(context).is_some() {
        return;
    }
    for (moment, aspect, when) in MOMENTS {
        for outcome in context.outcomes(|probe| *probe == ProbeKind::Banner { moment: *moment }) {
            let ProbeResult::Fails { what } = &outcome.result else { continue };
            found.push(
                Violation::new(&RULE, "consent banner", format!("the consent banner {when}: {what}"))
                    .refutes([About::Policy(*aspect)])
                    .because([Cause::Banner])
                    .because(forgotten(context, *moment))
                    .evidence(evidence::of_outcome(context, outcome)),
            );
        }
    }
    found.extend(not_renewed(context));
    let none = context.manifest.policy.consent_banner.as_ref();
    if none.is_some_and(|stated| stated.value == BannerRule::None) {
        let platforms: Vec<&Contact> = context
            .foreign_contacts()
            .filter(|contact| !contact.is_navigation())
            .filter(|contact| context.fact_of(contact).is_some_and(|fact| fact.role == Role::Consent))
            .collect();
        let Some(first) = platforms.first() else { return };
        let message = format!("{} loads a consent platform from {}", words::path(&first.page), first.host);
        found.push(
            Violation::new(&RULE, "consent banner", message)
                .refutes([About::Policy(PolicyAspect::ConsentBanner)])
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

/// An answer that is kept nowhere is asked for again: the cookie that should keep it is missing.
fn forgotten(context: &Context<'_>, moment: BannerMoment) -> Vec<Cause> {
    let keeps = |index: &usize| {
        let item = context.item(*index);
        let by_answer = matches!(item.trigger, Some(Trigger::ConsentAccepted | Trigger::ConsentGiven));
        let watches = |category: Category| USUALLY_WAITS.contains(&category);
        by_answer && !item.category.is_some_and(watches)
    };
    let missing = context.missing.iter().copied().filter(keeps);
    if moment == BannerMoment::AfterConsent { missing.map(Cause::Missing).collect() } else { Vec::new() }
}

/// An old choice is taken for what came later.
fn not_renewed(context: &Context<'_>) -> Option<Violation> {
    let new = to_be_asked(context).ok()?;
    let outcome =
        with_old_choice(context).find(|outcome| matches!(outcome.result, ProbeResult::Fails { .. }))?;
    let given = context.scan.run.consent_given.as_deref().unwrap_or_default();
    let are = if new.len() == 1 { "is new and needs" } else { "are new and need" };
    let message = format!(
        "the consent banner stays away with a choice of {given}, though {} {are} consent",
        words::and(new.keys())
    );
    let seen: Vec<&Seen<'_>> = new.into_values().flatten().collect();
    let causes: BTreeSet<Cause> = seen.iter().flat_map(|seen| presence(context, seen)).collect();
    Some(
        Violation::new(&RULE, "consent banner", message)
            .refutes([About::Policy(PolicyAspect::ConsentRenewedOnChange)])
            .follows()
            .because([Cause::Banner])
            .because(causes)
            .evidence(evidence::of_outcome(context, outcome))
            .seen(context, seen),
    )
}

fn with_old_choice<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Outcome> {
    let moment = BannerMoment::AfterPolicyChange;
    context.outcomes(move |probe| *probe == ProbeKind::Banner { moment })
}

/// What came after the recorded choice and needs consent; or what is to be said where nothing did, or
/// where that cannot be told.
fn to_be_asked<'c, 'a>(context: &'c Context<'a>) -> Result<BTreeMap<String, Vec<&'c Seen<'a>>>, Standing> {
    let open = |why, detail: &str, decided_by: &str| Err(Standing::open(why, detail, decided_by));
    let previous = match &context.previous {
        Ok(previous) => previous,
        Err(open) => return Err(open.clone()),
    };
    let Some(given) = &context.scan.run.consent_given else {
        return open(
            Why::NotPlanned,
            "no choice of an earlier day was put to the site",
            "a recorded choice of [[consent]] in the plan, with the day it was `given`",
        );
    };
    // A month without its day ends after every day of it.
    if previous.scan.run.started.get(..given.len()).is_none_or(|then| given.as_str() >= then) {
        return open(
            Why::NotPlanned,
            "the recorded choice is not older than the earlier scan",
            "an earlier scan, made after the day that the choice was `given`",
        );
    }
    let stated = context.manifest.policy.consent_before.as_ref();
    let waits = stated.map_or(USUALLY_WAITS, |stated| stated.value.as_slice());
    let closed = context.manifest.policy.categories.is_some();
    let mut new = date_follows_inventory::new_cookies(context, previous);
    new.retain(|_, sightings| {
        sightings.iter().any(|seen| {
            let declared = seen.item.and_then(|item| context.item(item).category);
            let category = declared.or_else(|| seen.fact.as_ref().map(|fact| fact.role.category()));
            // What nobody knows is of no category that a closed list admits: it needs consent.
            category.map_or(closed, |category| waits.contains(&category))
        })
    });
    if new.is_empty() {
        if let Some(less) = previous.less_than(context.scan) {
            return open(Why::NeedsPreviousScan, &less, "an earlier scan that looked as this one did");
        }
        let seen = format!("nothing that needs consent is new since {}", previous.scan.run.started);
        return Err(Standing::Upheld(seen));
    }
    Ok(new)
}

/// Whether consent was asked for anew.
fn renewed(context: &Context<'_>) -> Standing {
    if let Err(standing) = to_be_asked(context) {
        return standing;
    }
    if with_old_choice(context).any(|outcome| outcome.result == ProbeResult::Holds) {
        return Standing::Upheld("asked again, in spite of an old choice".to_owned());
    }
    let (reason, why) = with_old_choice(context)
        .find_map(left_open)
        .unwrap_or((Why::NotPlanned, "nobody looked for the banner with an old choice".to_owned()));
    Standing::open(reason, why, "a recorded choice of [[consent]] in the plan")
}

/// Why a look decided nothing.
fn left_open(outcome: &Outcome) -> Option<(Why, String)> {
    match &outcome.result {
        ProbeResult::NotDone { why } => Some((Why::NotReached, why.clone())),
        ProbeResult::Undecided { why } => Some((Why::NotPlanned, why.clone())),
        _ => None,
    }
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Policy(aspect) = about else { return None };
    if aspect == PolicyAspect::ConsentRenewedOnChange {
        let browser = context.has_browser();
        return Some(if browser { renewed(context) } else { Standing::needs_browser(TO_BE_SEEN) });
    }
    let (moment, _, when) = MOMENTS.iter().find(|(_, of, _)| *of == aspect)?;
    if !context.has_browser() {
        return Some(Standing::needs_browser(TO_BE_SEEN));
    }
    if let Some(open) = standing::led_elsewhere(context) {
        return Some(open);
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
    let (reason, why) = outcomes
        .into_iter()
        .find_map(left_open)
        .unwrap_or_else(|| (Why::NotPlanned, format!("nobody looked for it {when}")));
    Some(Standing::open(reason, why, "consent states in the plan"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{BannerRule, Item, Trigger};
    use crate::observation::{BannerMoment, Consent, ProbeKind, Resource};

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
        // Each moment is decided by its own look.
        shown
            .probed(at(BannerMoment::AfterConsent).not_done("nobody could accept"))
            .probed(at(BannerMoment::AfterClearing).holds())
            .in_browser()
            .finds_nothing()
            .upholds("claims.consent-banner.back-after-clearing")
            .leaves("claims.consent-banner.repeated", "not-reached");
    }

    #[test]
    fn an_old_choice_is_none_for_what_came_later() {
        let site = |lines: &[&str]| {
            let site = site(BannerRule::Shown { repeated: None, back_after_clearing: None })
                .claims(|policy| policy.consent_renewed_on_change = stated(true))
                .in_browser();
            lines.iter().fold(site, |site, text| site.when(line(text).consent(Consent::Accepted)))
        };
        let claim = "claims.consent-renewed-on-change";
        let (before, after) = (site(&["sid=1"]), site(&["sid=1", "_ga=GA1.1.1.1"]));
        let asked = || probe(ProbeKind::Banner { moment: BannerMoment::AfterPolicyChange });
        let taken = after.probed(asked().fails("no consent banner is shown"));
        taken.leaves(claim, "needs-previous-scan");
        taken.after(before.clone()).leaves(claim, "not-planned");
        taken.after(before.clone()).with_choice_of("2026-04-16").leaves(claim, "not-planned");
        taken.after(before.clone()).with_choice_of("2026-04").leaves(claim, "not-planned");
        taken
            .after(before.clone())
            .with_choice_of("2026-03")
            .finds("consent-banner: claims.consent-renewed-on-change")
            .says("with a choice of 2026-03, though `_ga` is new and needs consent");
        after
            .probed(asked().holds())
            .after(before.clone())
            .with_choice_of("2026-03-01")
            .finds_nothing()
            .upholds(claim);
        let same = before.probed(asked().fails("no consent banner is shown"));
        same.after(before.clone()).with_choice_of("2026-03-01").finds_nothing().upholds(claim);
    }

    #[test]
    fn an_answer_that_is_kept_nowhere_is_one_finding() {
        let mut item = Item::named("choice");
        item.trigger = Some(Trigger::ConsentAccepted);
        let shown = BannerRule::Shown { repeated: Some(false), back_after_clearing: None };
        Site::with(item)
            .claims(|policy| policy.consent_banner = stated(shown))
            .visited_by(anonymous().consenting(Consent::Accepted))
            .probed(probe(ProbeKind::Banner { moment: BannerMoment::AfterConsent }).fails("it is shown"))
            .in_browser()
            .finds("consent-banner: claims.consent-banner.repeated, cookies.choice.present");
    }

    #[test]
    fn a_consent_platform_where_none_is_promised() {
        site(BannerRule::None)
            .contact("https://consent.cookiebot.com/uc.js", Resource::Script, "/")
            .finds("consent-banner: claims.consent-banner");
    }
}
