//! `set-outside-pages`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "set-outside-pages",
    sentence: "A cookie is set while the visitor is on a page outside those declared.",
    short: "on other pages than declared",
    page: "\
`set_on` is about the document the visitor is on. It is not the `Path` attribute, and not the URL of the \
response: a page at `/dashboard` may well call `/api/session`, which sets the cookie for `/`. The rule is \
content if the document asked for, the one finally shown, or the one that started the request is in the \
class. So a page of the class that redirects to a login is inside, and so is a magic link that ends there.

Set is not sent: a cookie that only goes along with requests elsewhere is no matter of this rule. Pages are \
those of the crawl and of journeys; the steps of a login are not judged.

**To do:** find out which component runs on the other pages (a session provider around the whole \
application, for instance), or declare them.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::SetOn, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.set_on.is_empty() {
        return;
    }
    let failing: Vec<(&Seen<'_>, String)> = context
        .writes(index)
        .filter(|seen| seen.lands() && matches!(seen.cell().phase, Phase::Crawl | Phase::Journey))
        .filter(|seen| !context.page_in(seen.page(), &item.set_on))
        .map(|seen| (seen, words::path(&seen.page().asked)))
        .collect();
    let pages: BTreeSet<&str> = failing.iter().map(|(_, page)| page.as_str()).collect();
    if failing.is_empty() {
        return;
    }
    let message =
        format!("`{}` is set on {}, outside {}", item.key, words::and(pages), item.set_on.join(", "));
    found.push(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::SetOn)])
            .because([Cause::Here(index)])
            .because(attribute::alike(item, ItemAspect::SetOn, &failing))
            .seen(context, failing.iter().map(|(seen, _)| *seen)),
    );
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let Some(seen) = standing::amount(context.writes(index)) else {
        return Some(standing::unseen(context, index));
    };
    Some(match standing::never(context, &Scope::default(), "scripts set cookies on other pages, too") {
        Standing::Upheld(_) => Standing::Upheld(seen),
        open => open,
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    fn site() -> Site {
        let mut item = Item::named("csrf");
        item.set_on = vec!["dashboard".into()];
        Site::with(item).pages("dashboard", &["/dashboard/**"])
    }

    #[test]
    fn the_document_visited_counts_and_not_the_response() {
        let api = |page: &str| line("csrf=1; Path=/").on(page).from("/api/auth/csrf");
        site().when(api("/dashboard/settings")).finds_nothing();
        site().when(api("/blog")).finds("set-outside-pages: cookies.csrf.set-on");
    }

    #[test]
    fn where_a_redirect_began_or_ended_is_inside() {
        site().when(line("csrf=1").on("/dashboard/x").shown("/login")).finds_nothing();
        site().when(line("csrf=1").on("/api/auth/callback").shown("/dashboard")).finds_nothing();
        site().when(line("csrf=1").on("/api/csrf").started_by("/dashboard")).finds_nothing();
    }

    #[test]
    fn a_browser_that_saw_it_only_there_upholds_it() {
        site().when(line("csrf=1").on("/dashboard")).leaves("cookies.csrf.set-on", "needs-browser");
        site()
            .when(line("csrf=1").on("/dashboard"))
            .in_browser()
            .finds_nothing()
            .upholds("cookies.csrf.set-on");
    }

    #[test]
    fn two_cookies_of_one_response_are_one_finding() {
        let mut other = Item::named("callback");
        other.set_on = vec!["dashboard".into()];
        site()
            .and(other)
            .when(line("csrf=1").on("/").from("/api/auth/csrf"))
            .when(line("callback=/").on("/").from("/api/auth/csrf"))
            .finds("set-outside-pages: cookies.callback.set-on, cookies.csrf.set-on");
    }
}
