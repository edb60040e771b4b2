//! `trigger`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "trigger",
    sentence: "A cookie is set before what it should wait for.",
    short: "before what it should wait for",
    page: "\
`trigger` names what a cookie waits for: `login`, `consent-accepted`, `consent-given` (any answer), \
`interaction`, or a journey of the plan. Before consent means: in a visit whose visitor gave no answer yet, \
or refused. Before a journey means: in the crawl, before any journey was made.

Plain HTTP knows only visitors who have not answered (and recorded choices); that a cookie does appear after \
a click is for a browser to see.

**To do:** set the cookie in the handler of the choice, not when the page loads.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Trigger, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    let Some(trigger) = &item.trigger else { return };
    let failing: Vec<(&Seen<'_>, String)> = context
        .writes(index)
        .filter(|seen| seen.lands() && context.before(trigger, seen.example()))
        .map(|seen| (seen, words::path(&seen.page().asked)))
        .collect();
    let pages: BTreeSet<&str> = failing.iter().map(|(_, page)| page.as_str()).collect();
    if failing.is_empty() {
        return;
    }
    let what = match trigger {
        Trigger::Login => "a login",
        Trigger::ConsentAccepted => "consent",
        Trigger::ConsentGiven => "any answer to the consent question",
        Trigger::Journey(name) => &format!("the journey `{name}`"),
        Trigger::Interaction => "any interaction",
    };
    let message = format!("`{}` is set on {} before {what}", item.key, words::and(pages));
    found.push(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::Trigger)])
            .because([Cause::Here(index)])
            .because(attribute::alike(item, ItemAspect::Trigger, &failing))
            .seen(context, failing.iter().map(|(seen, _)| *seen)),
    );
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let login = context.item(index).trigger == Some(Trigger::Login);
    let before = if login && context.is_http_only(index) {
        standing::never_by_any_engine(context, &Scope::default())
    } else {
        standing::never(context, &Scope::default(), "a script may set it earlier")
    };
    Some(match (before, standing::amount(context.writes(index))) {
        (Standing::Upheld(_), Some(seen)) => Standing::Upheld(seen),
        (Standing::Upheld(_), None) => standing::unseen(context, index),
        (open, _) => open,
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, Trigger};
    use crate::observation::Consent;

    #[test]
    fn a_consent_cookie_waits_for_consent() {
        let mut item = Item::named("consent");
        item.trigger = Some(Trigger::ConsentAccepted);
        let site = Site::with(item);
        site.when(line("consent=1")).finds("trigger: cookies.consent.trigger");
        site.when(line("consent=1").consent(Consent::Rejected)).finds("trigger: cookies.consent.trigger");
        site.when(line("consent=1").consent(Consent::Accepted))
            .in_browser()
            .finds_nothing()
            .upholds("cookies.consent.trigger");
        site.looked_at().finds_nothing().leaves("cookies.consent.present", "needs-browser");
    }
}
