//! `category-closed`

use super::prelude::*;
use crate::manifest::Inventory;

pub(crate) static RULE: Rule = Rule {
    id: "category-closed",
    sentence: "A cookie of a category occurs that the policy does not admit.",
    page: "\
`categories = [\"strictly-necessary\"]` says that no other kind of cookie occurs. A cookie that nothing \
declares belongs to none of them, unless the table of well-known cookies says that it does (a load \
balancer's cookie is necessary). Usually this is one finding with *undeclared-cookie*.

**To do:** declare the cookie with its category, or stop setting it.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::Categories, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(admitted) = &context.manifest.policy.categories else { return };
    let inventory = context.manifest.policy.inventory.as_ref().map(|stated| stated.value);
    let first_party_only = inventory == Some(Inventory::CompleteFirstParty);
    let mut by_name: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.undeclared().filter(|seen| seen.kind() == StorageKind::Cookie) {
        // A policy of first-party cookies says nothing of the categories of others'.
        let others = seen.foreign && first_party_only;
        let known = seen.fact.as_ref().map(|fact| fact.role.category());
        if known.is_some_and(|category| admitted.value.contains(&category))
            || allowed_by_provider(context, seen)
            || away(context, seen)
            || others
        {
            continue;
        }
        by_name.entry(seen.family.clone()).or_default().push(seen);
    }
    for (name, sightings) in by_name {
        let known = sightings.iter().find_map(|seen| seen.fact.as_ref()).map(|fact| fact.role.category());
        let what =
            known.map_or_else(|| "of no declared category".to_owned(), |category| category.to_string());
        let causes: BTreeSet<Cause> = sightings.iter().flat_map(|seen| presence(context, seen)).collect();
        found.push(
            Violation::new(&RULE, &name, format!("`{name}` is {what}"))
                .refutes([About::Policy(PolicyAspect::Categories)])
                .follows()
                .because(causes)
                .seen(context, sightings.iter().copied()),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "scripts set cookies, too"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Category, Item};

    fn site() -> Site {
        Site::with(Item::named("sid"))
            .complete()
            .claims(|policy| policy.categories = stated(vec![Category::StrictlyNecessary]))
    }

    #[test]
    fn other_categories_do_not_occur() {
        site().when(line("theme=dark")).finds("undeclared-cookie: claims.categories, claims.inventory");
        site().when(line("__cf_bm=1")).finds("undeclared-cookie: claims.inventory");
        site().when(line("sid=1")).in_browser().finds_nothing().upholds("claims.categories");
    }
}
