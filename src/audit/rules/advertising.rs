//! `advertising`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "advertising",
    sentence: "An advertising cookie is there, and the policy says there is none.",
    short: "an advertising cookie",
    page: "\
Advertising cookies are told by the table of well-known cookies and hosts: by name where the name is the \
vendor's own (`_fbp`, `_gcl_au`: first-party by domain, the vendor's all the same), by host where only \
the host tells (`IDE` of doubleclick.net). A name that is not in the table is not guessed at.

A request to an advertising host that leaves nothing on the device is no cookie; see *cross-site-tracking*.

**To do:** remove the tag, or correct the policy.",
    checks: &[Check::Things(Of::Cookies, name, word)],
    claims: Claims::Sentence(PolicyAspect::Advertising, standing),
};

fn name(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let absence = &context.manifest.policy.advertising.as_ref()?.value;
    of_category(context, absence, Category::Advertising, seen)
}

fn word(_: &Context<'_>, name: &str, cookies: &[&Seen<'_>]) -> Violation {
    is_of_category(&RULE, name, Category::Advertising, cookies)
        .refutes([About::Policy(PolicyAspect::Advertising)])
}

/// The name of a cookie of a category, by the table or by the manifest's own word.
pub(super) fn of_category(
    context: &Context<'_>,
    absence: &Absence,
    category: Category,
    seen: &Seen<'_>,
) -> Option<String> {
    let by_table = || seen.fact.as_ref().is_some_and(|fact| fact.role.category() == category);
    let by_manifest = || seen.item.is_some_and(|item| context.item(item).category == Some(category));
    let is = covers(context, absence, seen) && !away(context, seen) && (by_table() || by_manifest());
    is.then(|| seen.family.clone())
}

/// That cookies of one name are of a category, and who says so.
pub(super) fn is_of_category(
    rule: &Rule,
    name: &str,
    category: Category,
    cookies: &[&Seen<'_>],
) -> Violation {
    let fact = cookies.iter().find_map(|seen| seen.fact.as_ref());
    let why = fact.map_or_else(
        || "it is declared as one".to_owned(),
        |fact| format!("{}; by `{}`", fact.vendor, fact.matched_by),
    );
    let message = format!("`{name}` is {} {category} cookie ({why})", article(category));
    let declared = cookies.iter().filter_map(|seen| seen.item);
    Violation::new(rule, name, message)
        .because(declared.map(|item| Cause::Aspect(item, ItemAspect::Category)))
}

fn article(category: Category) -> &'static str {
    if matches!(category, Category::Advertising | Category::Analytics) { "an" } else { "a" }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.advertising.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "advertising cookies are set by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Absence;

    fn site() -> Site {
        Site::plain().complete().claims(|policy| {
            policy.advertising = stated(Absence { third_party_only: true, ..Absence::default() })
        })
    }

    #[test]
    fn a_vendors_cookie_in_the_sites_name_is_the_vendors() {
        site()
            .when(line("_fbp=fb.1.1.1").script("https://connect.facebook.net/en_US/fbevents.js"))
            .finds("advertising: claims.advertising, claims.inventory")
            .says("`_fbp` is an advertising cookie (Meta; by `cookie _fbp`)");
        site()
            .when(line("IDE=1; SameSite=None; Secure").from("https://ad.doubleclick.net/x").within("/"))
            .finds("advertising: claims.advertising, claims.inventory");
        site().when(line("IDE=1")).finds("undeclared-cookie: claims.inventory");
    }

    #[test]
    fn only_a_browser_upholds_it() {
        site().looked_at().leaves("claims.advertising", "needs-browser");
        site().looked_at().in_browser().leaves("claims.advertising", "upheld");
    }
}
