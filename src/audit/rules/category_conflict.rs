//! `category-conflict`

use super::prelude::*;
use crate::audit::policy_text;
use crate::vendors::Fact;

pub(crate) static RULE: Rule = Rule {
    id: "category-conflict",
    sentence: "A cookie is something else than its declared category.",
    short: "not of its declared category",
    page: "\
A declared category is held against what can be known of the cookie: the table of well-known cookies (a \
strictly necessary `_ga` is none), the script that writes it (an analytics script does not write strictly \
necessary cookies), the moment it appears (what waits for consent is not strictly necessary, but for the record of the \
answer itself, which is written for those who refuse, too), the categories \
that `claims.categories` admits, and what the published policy page says next to its name.

The page is read with care: only a row or paragraph that names the cookie counts, and only if it names \
categories, none of which is the declared one.

**To do:** agree on one category in manifest, policy and code.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::Category, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    let Some(category) = item.category else { return };
    let own = [About::Item(index, ItemAspect::Category)];
    let violation = |message: String| {
        Violation::new(&RULE, &item.key, message)
            .refutes(own)
            .because([Cause::Aspect(index, ItemAspect::Category)])
    };

    let watched: Vec<&Seen<'_>> =
        context.sightings(index).filter(|seen| contradicts(category, seen.fact.as_ref())).collect();
    if let Some(fact) = watched.first().and_then(|seen| seen.fact.as_ref()) {
        let message =
            format!("`{}` is {}'s, for {}, not {category}", item.key, fact.vendor, fact.role.word());
        found.push(violation(message).by_fact(Some(fact)).seen(context, watched.iter().copied()));
    }

    let by_script: Vec<&Seen<'_>> = context
        .sightings(index)
        .filter(|seen| contradicts(category, script_fact(context, seen).as_ref()))
        .collect();
    if let Some(fact) = by_script.first().and_then(|seen| script_fact(context, seen)) {
        let message = format!(
            "`{}` is written by a script of {} ({}), not {category}",
            item.key,
            fact.vendor,
            fact.role.word()
        );
        let causes = by_script.iter().flat_map(|seen| crate::audit::causes::by_script(context, seen));
        found.push(
            violation(message).by_fact(Some(&fact)).because(causes).seen(context, by_script.iter().copied()),
        );
    }

    if category == Category::StrictlyNecessary
        && let Some(waited) = waits_for_consent(context, index)
    {
        found.push(waited);
    }

    let carried = context
        .foreign_contacts()
        .filter(|contact| contact.carried.iter().any(|one| is_value_of(item, &one.what)))
        .find(|contact| contradicts(category, context.fact_of(contact).as_ref()));
    if let Some(contact) = carried {
        let message = format!("`{}` is sent to {} as a measure, not {category}", item.key, contact.host);
        found.push(violation(message).evidence([evidence::of_contact(context, contact)]));
    }

    if let Some(admitted) = &context.manifest.policy.categories
        && !admitted.value.contains(&category)
        && context.sightings(index).next().is_some()
    {
        let message = format!("`{}` is declared {category}, which the policy does not admit", item.key);
        found.push(
            violation(message)
                .refutes([About::Policy(PolicyAspect::Categories)])
                .seen(context, context.sightings(index)),
        );
    }

    if let Some((page, said)) = said_on_page(context, index)
        && !said.is_empty()
        && !said.contains(&category)
    {
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        let message = format!("the policy page calls `{}` {}, not {category}", item.key, said.join(" and "));
        let cell = anonymous_cell(context);
        let line = format!("{}: {page}", policy_text::address(context));
        found.push(violation(message).evidence([evidence::of_words(cell, line)]));
    }
}

/// Whether a request told the value of this item.
fn is_value_of(item: &Item, told: &Disclosure) -> bool {
    let (name, is_cookie) = match told {
        Disclosure::Cookie(name) => (name, true),
        Disclosure::Storage(key) => (key, false),
        Disclosure::Identifier | Disclosure::Email | Disclosure::UserId => return false,
    };
    (item.kind == StorageKind::Cookie) == is_cookie
        && item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(name))
}

/// A category that harms nobody, on something that watches people.
fn contradicts(category: Category, fact: Option<&Fact>) -> bool {
    matches!(category, Category::StrictlyNecessary | Category::Functional)
        && fact.is_some_and(|fact| fact.role.tracks())
}

fn script_fact(context: &Context<'_>, seen: &Seen<'_>) -> Option<Fact> {
    seen.script_host().filter(|host| !context.hosts.own(host))?;
    let script = seen.example().script.as_ref()?;
    context.knowledge.request(&script.url, &seen.page().asked, Resource::Script)
}

/// A persona gets it with consent and not without, though both were looked at.
fn waits_for_consent(context: &Context<'_>, index: usize) -> Option<Violation> {
    let item = context.item(index);
    if keeps_the_answer(context, index) {
        return None;
    }
    let given = |cell: &Cell| cell.consent == Consent::Accepted;
    let with: Vec<&Seen<'_>> = context.sightings(index).filter(|seen| given(seen.cell())).collect();
    let first = with.first()?;
    let persona = &first.cell().persona;
    let same_visitor = |cell: &Cell| cell.persona == *persona && cell.consent == Consent::Untouched;
    let without = context.sightings(index).any(|seen| same_visitor(seen.cell()));
    let looked = context
        .scan
        .coverage
        .pages
        .iter()
        .any(|page| same_visitor(&page.cell) && page.cell.engine == first.cell().engine);
    (looked && !without && item.trigger != Some(Trigger::ConsentAccepted)).then(|| {
        Violation::new(
            &RULE,
            &item.key,
            format!("`{}` is only set once consent was given, so it is not strictly necessary", item.key),
        )
        .refutes([About::Item(index, ItemAspect::Category)])
        .because([Cause::Aspect(index, ItemAspect::Category), Cause::ConsentWall])
        .seen(context, with)
    })
}

/// The record of the answer waits for an answer by nature, and needs no consent: it was written
/// when the question was answered, it is written for those who refuse as well, or it is known for
/// that.
fn keeps_the_answer(context: &Context<'_>, index: usize) -> bool {
    let item = context.item(index);
    let is_it = |name: &crate::cookie::Name| {
        item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(name))
    };
    let refused = |cell: &Cell| matches!(cell.consent, Consent::Rejected | Consent::Withdrawn);
    // Where nobody refused, what the answer wrote may be its record or a tracker: it cannot be told.
    let nobody_refused = !context.scan.coverage.pages.iter().any(|page| refused(&page.cell));
    context.scan.consent.iter().any(|look| {
        (refused(&look.cell) || nobody_refused)
            && look.kept_in.iter().any(|(kind, name)| *kind == item.kind && is_it(name))
    }) || context.sightings(index).any(|seen| {
        refused(seen.cell())
            || seen.fact.as_ref().is_some_and(|fact| fact.role == crate::vendors::Role::Consent)
    })
}

/// The categories that the policy page names where it names the cookie, with the passage's start.
fn said_on_page(context: &Context<'_>, index: usize) -> Option<(String, BTreeSet<Category>)> {
    let item = context.item(index);
    let page = context.scan.policy.as_ref().filter(|page| page.status == 200)?;
    let names: Vec<&str> = item.names.iter().chain(&item.https_names).map(|name| name.written()).collect();
    let all: Vec<&str> = context
        .manifest
        .items
        .iter()
        .flat_map(|item| item.names.iter().chain(&item.https_names))
        .map(|name| name.written())
        .collect();
    let passages = policy_text::passages(&page.text, &names, &all);
    let mut categories = BTreeSet::new();
    for passage in &passages {
        categories.extend(policy_text::categories(passage));
    }
    let first = passages.into_iter().next()?;
    Some((first.chars().take(120).collect(), categories))
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let seen = standing::amount(context.sightings(index));
    Some(seen.map_or_else(|| standing::unseen(context, index), Standing::Upheld))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Category, Item};
    use crate::observation::{Consent, StorageKind};

    fn declared(name: &str, category: Category) -> Site {
        let mut item = Item::named(name);
        item.category = Some(category);
        Site::with(item)
    }

    #[test]
    fn a_well_known_cookie_has_its_category() {
        declared("_ga", Category::StrictlyNecessary)
            .when(line("_ga=GA1.1.1.1"))
            .finds("category-conflict: cookies._ga.category");
        declared("_ga", Category::Analytics).when(line("_ga=GA1.1.1.1")).finds_nothing();
        declared("sid", Category::StrictlyNecessary)
            .when(line("sid=1; HttpOnly"))
            .finds_nothing()
            .upholds("cookies.sid.category");
        // A script may write it, and send it somewhere.
        declared("sid", Category::StrictlyNecessary)
            .when(line("sid=1"))
            .finds_nothing()
            .leaves("cookies.sid.category", "needs-browser");
        declared("locale", Category::Functional)
            .when(line("locale=en"))
            .finds_nothing()
            .leaves("cookies.locale.category", "needs-browser");
    }

    #[test]
    fn an_analytics_script_writes_nothing_necessary() {
        declared("data", Category::StrictlyNecessary)
            .when(line("data=1").script("https://www.googletagmanager.com/gtag/js"))
            .finds("category-conflict: cookies.data.category");
    }

    #[test]
    fn what_waits_for_consent_is_not_necessary() {
        let site = declared("sid", Category::StrictlyNecessary);
        let given = || line("sid=1").login().by(member().consenting(Consent::Accepted));
        site.when(given()).visited_by(member()).finds("category-conflict: cookies.sid.category");
        site.when(given()).when(line("sid=1").login()).finds_nothing();
    }

    #[test]
    fn the_record_of_the_answer_waits_for_an_answer_by_nature() {
        let site = declared("choice", Category::StrictlyNecessary).in_browser();
        let kept = || line("choice=1").consent(Consent::Accepted);
        site.when(kept()).finds("category-conflict: cookies.choice.category");
        site.when(kept()).when(line("choice=0").consent(Consent::Rejected)).finds_nothing();
        let kept_in = |look: &mut crate::observation::ConsentLook| {
            look.kept_in = vec![(StorageKind::Cookie, "choice".into())];
        };
        // Nobody refused: it may be the record.
        site.when(kept()).met(Consent::Accepted, kept_in).finds_nothing();
        site.when(kept())
            .met(Consent::Accepted, kept_in)
            .visited_by(anonymous().consenting(Consent::Rejected))
            .finds("category-conflict: cookies.choice.category");
    }

    #[test]
    fn the_policy_page_says_another_category() {
        let site = declared("sid", Category::StrictlyNecessary).when(line("sid=1")).site();
        site.policy_page("Cookies\nsid\nKeeps you logged in\nEssential / Strictly Necessary\n24 hours")
            .finds_nothing();
        site.policy_page("Cookies\nsid\nKeeps you logged in\nFunctional\n24 hours")
            .finds("category-conflict: cookies.sid.category");
        site.policy_page(
            "Cookies\nsid, keeps you logged in (preference, one year)\nother, measures (analytics)",
        )
        .finds("category-conflict: cookies.sid.category");
        site.policy_page("We use functional cookies.\n\nsid keeps you logged in.").finds_nothing();
    }
}
