//! `category-closed`

use super::prelude::*;
use crate::manifest::Inventory;

pub(crate) static RULE: Rule = Rule {
    id: "category-closed",
    sentence: "A cookie of a category occurs that the policy does not admit.",
    short: "of no category that the policy admits",
    page: "\
`categories = [\"strictly-necessary\"]` says that no other kind of cookie occurs. A cookie that nothing \
declares belongs to none of them, unless the table of well-known cookies says that it does (a load \
balancer's cookie is necessary). Usually this is one finding with *undeclared-cookie*.

**To do:** declare the cookie with its category, or stop setting it.",
    checks: &[Check::Things(Of::Undeclared, name, word)],
    claims: Claims::Sentence(PolicyAspect::Categories, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let admitted = context.manifest.policy.categories.as_ref()?;
    let inventory = context.manifest.policy.inventory.as_ref().map(|stated| stated.value);
    // A policy of first-party cookies says nothing of the categories of others'.
    let others = seen.foreign && inventory == Some(Inventory::CompleteFirstParty);
    let known = seen.fact.as_ref().map(|fact| fact.role.category());
    let is_admitted = known.is_some_and(|category| admitted.value.contains(&category));
    let closed = seen.kind() == StorageKind::Cookie
        && !others
        && !is_admitted
        && !allowed_by_provider(context, seen)
        && !away(context, seen);
    closed.then(|| seen.family.clone())
}

fn word(_: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    let known = cookies.iter().find_map(|seen| seen.fact.as_ref()).map(|fact| fact.role.category());
    let what = known.map_or_else(|| "of no declared category".to_owned(), |category| category.to_string());
    Violation::new(&RULE, name, format!("`{name}` is {what}"))
        .refutes([About::Policy(PolicyAspect::Categories)])
        .follows()
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
