//! `http-only`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "http-only",
    sentence: "A cookie is HttpOnly where it should not be, or is not where it should.",
    short: "HttpOnly is not as declared",
    page: "\
Every `Set-Cookie` line that writes the cookie is looked at, the ones of a refresh or a renewal included: \
one response that leaves `HttpOnly` out makes the cookie readable by every script of the page. A cookie \
that a script writes is never HttpOnly.

**To do:** add `HttpOnly` where the line is written; the evidence names the response.",
    checks: &[Check::Attribute(ItemAspect::HttpOnly, wrong)],
    claims: Claims::LikeThis(&[ItemAspect::HttpOnly]),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    match (item.http_only?, seen.example().written.http_only) {
        (true, false) => Some("lacks HttpOnly".to_owned()),
        (false, true) => Some("is HttpOnly".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    #[test]
    fn one_response_of_many_is_enough() {
        let mut item = Item::named("sid");
        item.http_only = Some(true);
        let site = Site::with(item);
        site.when(line("sid=1; HttpOnly").login()).finds_nothing().upholds("cookies.sid.http-only");
        site.when(line("sid=1; HttpOnly").login())
            .when(line("sid=2").login().from("/api/auth/refresh"))
            .finds("http-only: cookies.sid.http-only")
            .says("`sid` lacks HttpOnly in 1 of 2 responses");
    }

    /// A response that should not set it at all is one cause for all that is wrong with it there.
    #[test]
    fn what_is_wrong_only_where_it_should_not_be_is_one_finding() {
        let mut item = Item::named("sid");
        item.http_only = Some(true);
        item.set_on = vec!["login".into()];
        let site = Site::with(item).pages("login", &["/login"]);
        site.when(line("sid=1").on("/shop")).finds("http-only: cookies.sid.http-only, cookies.sid.set-on");
        site.when(line("sid=1; HttpOnly").on("/shop"))
            .when(line("sid=1").on("/login"))
            .finds("http-only: cookies.sid.http-only\nset-outside-pages: cookies.sid.set-on");
    }

    #[test]
    fn what_scripts_are_to_read_is_not_http_only() {
        let mut item = Item::named("theme");
        item.http_only = Some(false);
        let site = Site::with(item);
        site.when(line("theme=dark")).finds_nothing();
        site.when(line("theme=dark; HttpOnly"))
            .finds("http-only: cookies.theme.http-only")
            .says("`theme` is HttpOnly");
    }

    #[test]
    fn two_cookies_of_one_response_are_one_finding() {
        let mut access = Item::named("access");
        access.http_only = Some(true);
        let mut refresh = Item::named("refresh");
        refresh.http_only = Some(true);
        Site::with(access)
            .and(refresh)
            .when(line("access=1").login())
            .when(line("refresh=1").login())
            .finds("http-only: cookies.access.http-only, cookies.refresh.http-only");
    }
}
