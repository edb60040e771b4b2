//! `sent-only-to`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "sent-only-to",
    sentence: "A cookie goes along with requests outside those declared.",
    short: "sent elsewhere than declared",
    page: "\
`sent_only_to` names classes of URLs that a cookie may be sent to; `POST /login` in a class means what is sent \
there by that method alone. The requests of the run are looked at: \
what our own model of a browser sends, or what the browser sent. If the cookie's path is wider than declared, \
both are one finding.

**To do:** narrow `Path` (and `Domain`) where the cookie is written.",
    checks: &[Check::Items(check)],
    claims: Claims::Item(ItemAspect::SentOnlyTo, standing),
};

fn check(context: &Context<'_>, index: usize, item: &Item, found: &mut Vec<Violation>) {
    if item.sent_only_to.is_empty() {
        return;
    }
    let outside: Vec<_> = context
        .sent(index)
        .filter(|sent| !context.request_in(&sent.method, &sent.example, &item.sent_only_to))
        .collect();
    if outside.is_empty() {
        return;
    }
    let pages: BTreeSet<String> = outside.iter().map(|sent| words::path(&sent.example)).collect();
    let message =
        format!("`{}` is sent to {}, outside {}", item.key, words::and(pages), item.sent_only_to.join(", "));
    found.push(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::SentOnlyTo)])
            .because([Cause::Aspect(index, ItemAspect::SentOnlyTo), Cause::Aspect(index, ItemAspect::Path)])
            .evidence(outside.iter().take(evidence::MOST).map(|sent| evidence::of_sent(context, sent))),
    );
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let sent: u64 = context.sent(index).map(|sent| sent.count).sum();
    if sent == 0 && context.sightings(index).next().is_none() {
        return Some(standing::unseen(context, index));
    }
    Some(match standing::never(context, &Scope::default(), "scripts make requests, too") {
        Standing::Upheld(_) => Standing::Upheld(format!("sent with {}", standing::count(sent, "requests"))),
        open => open,
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, PathRule};

    fn site() -> Site {
        let mut item = Item::named("refresh");
        item.path = Some(PathRule::Within("/api/auth".into()));
        item.sent_only_to = vec!["auth".into()];
        Site::with(item).pages("auth", &["/api/auth/**"])
    }

    #[test]
    fn a_wide_path_and_where_it_leads_are_one_finding() {
        site()
            .when(line("refresh=1; Path=/").login())
            .sent("refresh", "https://site.example/dashboard")
            .finds("path: cookies.refresh.path, cookies.refresh.sent-only-to");
        site()
            .when(line("refresh=1; Path=/api/auth").login())
            .sent("refresh", "https://site.example/api/auth/refresh")
            .finds_nothing()
            .leaves("cookies.refresh.sent-only-to", "needs-browser");
    }

    #[test]
    fn sent_is_not_set() {
        let mut item = Item::named("sid");
        item.set_on = vec!["auth".into()];
        Site::with(item)
            .pages("auth", &["/api/auth/**"])
            .when(line("sid=1; Path=/").login())
            .sent("sid", "https://site.example/blog")
            .finds_nothing();
    }
}
