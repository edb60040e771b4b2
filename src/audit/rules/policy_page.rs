//! `policy-page`

use super::prelude::*;
use crate::audit::policy_text::{self, Shown};

pub(crate) static RULE: Rule = Rule {
    id: "policy-page",
    sentence: "The policy page does not answer, shows no date, or leaves a cookie out.",
    short: "the policy page is not as stated",
    page: "\
Three sentences about the published page. `policy_reachable`: it answers. `last_updated_shown`: it shows when \
it was last changed, in a date that can be read, next to words such as *Last updated* or near its top; if the \
manifest states `last_updated`, the page is not older (a month agrees with all of its days). `policy_names_cookies`: \
every cookie that was seen, and every one that the manifest declares, is named on it.

**To do:** correct the page, or the manifest where it lags behind.",
    checks: &[Check::Site(check)],
    claims: Claims::Others(standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(page) = &context.scan.policy else { return };
    let cell = anonymous_cell(context);
    let address = policy_text::address(context);
    let violation = |aspect: PolicyAspect, message: String| {
        let line = format!("{address}: {message}");
        Violation::new(&RULE, "policy page", message)
            .refutes([About::Policy(aspect)])
            .because([Cause::PolicyPage])
            .evidence([evidence::of_words(cell.clone(), line)])
    };
    if matches!(page.status, 404 | 410 | 500 | 502) {
        let message = format!("the policy page answers {}", page.status);
        // A page that is gone agrees with nothing; where the whole site is, that tells of the site.
        let answered = context.scan.coverage.pages.iter().any(|page| (200..300).contains(&page.status));
        let gone = (matches!(page.status, 404 | 410) && answered)
            .then_some(About::Policy(PolicyAspect::PolicyAgrees));
        found.push(violation(PolicyAspect::PolicyReachable, message).refutes(gone));
    }
    if !(200..300).contains(&page.status) {
        return;
    }
    let stated = context.manifest.site.last_updated;
    let wrong = match policy_text::last_updated(&page.text) {
        Shown::Nothing => Some("the policy page does not show when it was last changed".to_owned()),
        Shown::LabelOnly => Some("the policy page says \"last updated\" and no date".to_owned()),
        // A page that is ahead of the manifest is a note: it shows a date, and a later one.
        Shown::Date(dates) => stated
            .filter(|stated| dates.iter().all(|date| !date.agrees_with(stated) && date < stated))
            .and_then(|stated| {
                let date = dates.first()?;
                Some(format!("the policy page is dated {date}, and the manifest says {stated}"))
            }),
    };
    if let Some(message) = wrong {
        let older = matches!(policy_text::last_updated(&page.text), Shown::Date(_));
        let violation = violation(PolicyAspect::LastUpdatedShown, message);
        found.push(violation.refutes(older.then_some(About::Policy(PolicyAspect::PolicyAgrees))));
    }
    if context.states(PolicyAspect::PolicyNamesCookies) {
        found.extend(unnamed(context, &page.text));
    }
}

fn unnamed(context: &Context<'_>, text: &str) -> Vec<Violation> {
    let claim = About::Policy(PolicyAspect::PolicyNamesCookies);
    let mut found = Vec::new();
    for (index, item) in context.manifest.items.iter().enumerate() {
        let names = item.names.iter().chain(&item.https_names);
        let seen = context.sightings(index).map(|seen| seen.name());
        let named = names
            .map(|name| name.written().trim_end_matches('*').to_owned())
            .chain(seen)
            .any(|name| policy_text::names(text, &name));
        if item.kind == StorageKind::Cookie && !named {
            found.push(
                Violation::new(&RULE, &item.key, format!("the policy page does not name `{}`", item.key))
                    .refutes([claim])
                    .because([Cause::PolicyPage])
                    .seen(context, context.sightings(index)),
            );
        }
    }
    let mut by_name: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.undeclared().filter(|seen| seen.kind() == StorageKind::Cookie && !seen.foreign) {
        let named = [seen.name().as_str(), seen.family.trim_end_matches('*')]
            .iter()
            .any(|name| policy_text::names(text, name));
        if !allowed_by_provider(context, seen) && !named {
            by_name.entry(seen.family.clone()).or_default().push(seen);
        }
    }
    for (name, sightings) in by_name {
        let causes: BTreeSet<Cause> = sightings.iter().flat_map(|seen| presence(context, seen)).collect();
        found.push(
            Violation::new(
                &super::undeclared_cookie::RULE,
                &name,
                format!("the policy page does not name `{name}`"),
            )
            .refutes([claim])
            .because(causes)
            .seen(context, sightings.iter().copied()),
        );
    }
    found
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Policy(
        aspect @ (PolicyAspect::PolicyReachable
        | PolicyAspect::LastUpdatedShown
        | PolicyAspect::PolicyNamesCookies),
    ) = about
    else {
        return None;
    };
    let Some(page) = context.scan.policy.as_ref().filter(|page| (200..300).contains(&page.status)) else {
        return Some(standing::policy_not_looked_at(context));
    };
    Some(match aspect {
        PolicyAspect::PolicyReachable => Standing::Upheld(format!("answers {}", page.status)),
        PolicyAspect::LastUpdatedShown => match policy_text::last_updated(&page.text) {
            Shown::Date(dates) => {
                Standing::Upheld(dates.first().map(|date| format!("dated {date}")).unwrap_or_default())
            }
            _ => standing::policy_not_looked_at(context),
        },
        _ => standing::never(context, &Scope::default(), "scripts set cookies, too"),
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, PartialDate};

    fn site() -> Site {
        Site::with(Item::named("sid")).expecting_nothing().claims(|policy| {
            policy.last_updated_shown = stated(true);
            policy.policy_reachable = stated(true);
        })
    }

    #[test]
    fn the_page_shows_its_date() {
        site()
            .policy_page("Cookie Policy\nLast updated: April 16, 2026\nThis policy")
            .finds_nothing()
            .upholds("claims.last-updated-shown")
            .upholds("claims.policy-reachable");
        site().policy_page("Cookie Policy\nThis policy").finds("policy-page: claims.last-updated-shown");
        site()
            .policy_page("Cookie policy.\nLast updated\nWhat are cookies?")
            .finds("policy-page: claims.last-updated-shown");
    }

    #[test]
    fn the_manifest_and_the_page_agree() {
        let dated = |text: &str| {
            let mut site = site();
            site.manifest.site.last_updated = PartialDate::new(2026, 4, Some(16));
            site.policy_page(text)
        };
        dated("Last updated: 16 April 2026").finds_nothing();
        dated("Last updated: April 2026").finds_nothing();
        dated("Last updated: 17 April 2026").finds_nothing();
        dated("Last updated: 15 April 2026").finds("policy-page: claims.last-updated-shown");
    }

    #[test]
    fn a_page_that_is_gone() {
        site()
            .policy_page("Last updated: April 16, 2026")
            .policy_status(404)
            .finds("policy-page: claims.policy-reachable")
            .leaves("claims.last-updated-shown", "not-reached");
        site().looked_at().leaves("claims.last-updated-shown", "not-planned");
    }

    #[test]
    fn the_page_names_every_cookie() {
        let site = Site::with(Item::named("sid")).complete().claims(|policy| {
            policy.policy_names_cookies = stated(true);
        });
        site.when(line("sid=1")).policy_page("sid keeps you logged in").finds_nothing();
        site.when(line("sid=1"))
            .policy_page("We use cookies")
            .finds("policy-page: claims.policy-names-cookies");
        site.when(line("theme=1"))
            .policy_page("sid keeps you logged in")
            .finds("undeclared-cookie: claims.inventory, claims.policy-names-cookies");
    }
}
