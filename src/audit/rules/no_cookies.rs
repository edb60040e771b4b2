//! `no-cookies`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "no-cookies",
    sentence: "A cookie is set for visitors, on pages, where there should be none.",
    short: "where there should be no cookie",
    page: "\
`no_cookies = [{ visitors = [\"anonymous\"], pages = [\"public\"] }]` means: whoever is surely such a visitor and \
asks for such a page gets no cookie from any host, by no response (pictures, redirects and error pages \
included) and by no script. `except` names the items that may be there nonetheless.

A page outside the class that redirects into it is not inside: the visitor asked for something else. What a \
visitor brings along is no matter of this rule, only what is set.

**To do:** the evidence names the response or script that sets it.",
    checks: &[Check::Site(check)],
    claims: Claims::Others(standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    for (number, stated) in context.manifest.policy.no_cookies.iter().enumerate() {
        let rule = &stated.value;
        let mut by_name: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
        for seen in context.cookies() {
            let surely =
                rule.visitors.is_empty() || context.described(&rule.visitors, seen.cell()) == Some(true);
            if surely
                && inside(context, rule, seen)
                && !away(context, seen)
                && !allowed_by_provider(context, seen)
            {
                by_name.entry(seen.family.clone()).or_default().push(seen);
            }
        }
        for (name, sightings) in by_name {
            let pages: BTreeSet<String> =
                sightings.iter().map(|seen| words::path(&seen.page().asked)).collect();
            let causes: BTreeSet<Cause> = sightings.iter().flat_map(|seen| presence(context, seen)).collect();
            let whom = rule.visitors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let whom = if whom.is_empty() { String::new() } else { format!(" for {whom} visitors") };
            found.push(
                Violation::new(&RULE, &name, format!("`{name}` is set{whom} on {}", words::and(pages)))
                    .refutes([About::NoCookies(number)])
                    .because(causes)
                    .seen(context, sightings.iter().copied()),
            );
        }
    }
}

/// The page asked for is in the class; or the response is itself the page shown and in the class,
/// and the item was not set on behalf of a page that its own `set_on` admits.
fn inside(context: &Context<'_>, rule: &crate::manifest::NoCookies, seen: &Seen<'_>) -> bool {
    let page = seen.page();
    let excepted = seen.item.is_some_and(|index| rule.except.contains(&context.item(index).key));
    let asked = context.url_in(&page.asked, &rule.pages);
    let shown_itself = page.shown.as_ref() == Some(&seen.exchange().url)
        && context.url_in(&seen.exchange().url, &rule.pages)
        && seen.item.is_none_or(|index| {
            let set_on = &context.item(index).set_on;
            set_on.is_empty() || !context.page_in(page, set_on)
        });
    !excepted && (asked || shown_itself)
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::NoCookies(number) = about else { return None };
    let rule = &context.manifest.policy.no_cookies.get(number)?.value;
    let scope = Scope { visitors: rule.visitors.clone(), pages: rule.pages.clone(), trigger: None };
    Some(standing::never(context, &scope, "scripts set cookies, too"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, NoCookies, VisitorState};

    fn site() -> Site {
        let mut item = Item::named("callback");
        item.set_on = vec!["dashboard".into()];
        Site::with(item)
            .complete()
            .pages("public", &["/", "/docs/**", "/blog/**"])
            .pages("dashboard", &["/dashboard/**"])
            .claims(|policy| {
                policy.no_cookies = vec![plainly(NoCookies {
                    visitors: vec![VisitorState::Anonymous],
                    pages: vec!["public".into()],
                    except: Vec::new(),
                })];
            })
    }

    #[test]
    fn nothing_is_set_for_anonymous_visitors_of_public_pages() {
        site().when(line("callback=/").on("/dashboard/x").shown("/login")).finds_nothing();
        site()
            .when(line("callback=/").on("/blog").by(member()))
            .finds("set-outside-pages: cookies.callback.set-on");
        site()
            .when(line("callback=/").on("/blog"))
            .finds("set-outside-pages: claims.no-cookies.1, cookies.callback.set-on");
        site()
            .when(line("lb=1").on("/docs").from("/logo.png"))
            .finds("undeclared-cookie: claims.inventory, claims.no-cookies.1");
    }

    #[test]
    fn only_a_browser_upholds_it() {
        site().visited("/docs").leaves("claims.no-cookies.1", "needs-browser");
        site().visited("/docs").in_browser().finds_nothing().upholds("claims.no-cookies.1");
    }
}
