//! `consent-before`

use super::prelude::*;
use crate::manifest::Inventory;

pub(crate) static RULE: Rule = Rule {
    id: "consent-before",
    sentence: "A cookie or storage item that needs consent is set before anybody gave it.",
    short: "before any consent",
    page: "\
`consent_before` lists categories that wait for consent. A cookie or storage item belongs to a category by the \
manifest, or by the table of well-known cookies. Where `functional` waits, so does a cookie of the site's own that a \
complete inventory does not name and nothing classifies: nobody said that it is necessary. Before consent \
means: the visitor did not answer yet, refused, or took consent back.

**To do:** load the tag after the choice.",
    checks: &[Check::Things(Of::All, name, word)],
    claims: Claims::Sentence(PolicyAspect::ConsentBefore, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let waiting = &context.manifest.policy.consent_before.as_ref()?.value;
    let unasked = matches!(seen.cell().consent, Consent::Untouched | Consent::Rejected | Consent::Withdrawn);
    let declared = seen.item.and_then(|item| context.item(item).category);
    let category = declared.or_else(|| seen.fact.as_ref().map(|fact| fact.role.category()));
    let waits = match category {
        Some(category) => waiting.contains(&category),
        // Not said to be necessary, it is functional at the least.
        None => waiting.contains(&Category::Functional) && nobody_knows(context, seen),
    };
    // Recording the answer needs no consent, and comes with the answer.
    let records = seen.fact.as_ref().is_some_and(|fact| fact.role == crate::vendors::Role::Consent);
    let early = unasked && waits && !records && !seen.allowed && seen.lands() && !away(context, seen);
    early.then(|| seen.family.clone())
}

fn word(_: &Context<'_>, name: &str, things: &[&Seen<'_>]) -> Violation {
    let in_states: BTreeSet<&Consent> = things.iter().map(|seen| &seen.cell().consent).collect();
    let when = match (in_states.contains(&Consent::Untouched), in_states.contains(&Consent::Rejected)) {
        (true, _) => "before anybody gave consent",
        (false, true) => "after consent was refused",
        (false, false) => "after consent was taken back",
    };
    let kind = things.first().map_or(StorageKind::Cookie, |seen| seen.kind());
    let violation = Violation::new(&RULE, name, message(kind, name, things, when))
        .refutes([About::Policy(PolicyAspect::ConsentBefore)])
        .by_fact(things.iter().find_map(|seen| seen.fact.as_ref()));
    // Of what nobody knows, that nobody declared it is the more telling thing.
    let known = things.iter().any(|seen| seen.item.is_some() || seen.fact.is_some());
    if known { violation } else { violation.follows() }
}

/// `_ga` (Google Analytics) is set before anybody gave consent
fn message(kind: StorageKind, name: &str, sightings: &[&Seen<'_>], when: &str) -> String {
    let fact = sightings.iter().find_map(|seen| seen.fact.as_ref()).filter(|fact| fact.third_party);
    let whose = fact.map(|fact| format!(" ({})", fact.vendor)).unwrap_or_default();
    let place = match kind {
        StorageKind::Cookie => String::new(),
        kind => format!(" in {}", words::storage(kind)),
    };
    format!("`{name}`{whose} is set{place} {when}")
}

/// A cookie of the site's own outside a complete inventory, which nothing classifies: whoever set
/// it did not say that it is necessary. One that stands in for a declared cookie is that cookie.
fn nobody_knows(context: &Context<'_>, seen: &Seen<'_>) -> bool {
    let inventory = context.manifest.policy.inventory.as_ref().map(|stated| stated.value);
    let complete = matches!(inventory, Some(Inventory::Complete | Inventory::CompleteFirstParty));
    complete
        && seen.kind() == StorageKind::Cookie
        && seen.item.is_none()
        && !seen.foreign
        && context.anonymous(seen.cell())
        && !allowed_by_provider(context, seen)
        && matching::near_match(context.manifest, StorageKind::Cookie, &seen.family).is_none()
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "what waits for consent is set by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Category, Item};
    use crate::observation::Consent;

    fn site() -> Site {
        let mut item = Item::named("choice");
        item.category = Some(Category::Functional);
        Site::with(item).complete().claims(|policy| {
            policy.consent_before = stated(vec![Category::Functional, Category::Analytics]);
        })
    }

    #[test]
    fn what_nobody_classifies_waits_where_the_inventory_is_complete() {
        site().when(line("layout=wide")).finds("undeclared-cookie: claims.consent-before, claims.inventory");
        site()
            .when(line("choices=wide"))
            .finds("undeclared-cookie: claims.inventory, cookies.choice.name, cookies.choice.present");
        site().when(line("layout=wide").login()).finds("undeclared-cookie: claims.inventory");
        site().examples().when(line("layout=wide")).finds_nothing();
        site()
            .claims(|policy| policy.consent_before = stated(vec![Category::Analytics]))
            .when(line("layout=wide"))
            .finds("undeclared-cookie: claims.inventory");
    }

    #[test]
    fn nothing_that_waits_is_set_on_the_first_load() {
        site().when(line("choice=1")).finds("consent-before: claims.consent-before");
        site()
            .when(line("_ga=GA1.1.1.1"))
            .finds("consent-before: claims.consent-before, claims.inventory")
            .says("`_ga` (Google Analytics) is set before anybody gave consent; undeclared");
        site().when(line("choice=1").consent(Consent::Accepted)).finds_nothing();
        site()
            .when(line("choice=1").consent(Consent::Rejected))
            .finds("consent-before: claims.consent-before")
            .says("after consent was refused");
    }
}
