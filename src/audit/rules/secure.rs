//! `secure`

use super::prelude::*;
use crate::manifest::SecureRule;

pub(crate) static RULE: Rule = Rule {
    id: "secure",
    sentence: "A cookie lacks Secure where it was declared, or has it where it was excluded.",
    short: "Secure is not as stated",
    page: "\
`secure = \"on-https\"` asks for `Secure` on every line that comes over https and leaves plain http alone \
(development servers); `always` asks for it everywhere, `never` excludes it. Whether a line came over https \
is a matter of its own response, not of the site's address. A line that lacks it over http of this very machine \
(`localhost`, `127.0.0.1`), which Chromium trusts as it does https, is no evidence about the site in production: \
a note says so, and the statement is not verified.

Without `Secure` a browser also sends the cookie over plain http, where anybody on the way can read it. If \
that was seen, the same finding says so.

**To do:** add `Secure` where the line is written; frameworks often do so only in production mode.",
    checks: &[Check::Attribute(ItemAspect::Secure, wrong)],
    claims: Claims::Item(ItemAspect::Secure, standing),
};

fn wrong(item: &Item, seen: &Seen<'_>) -> Option<String> {
    let must = match item.secure? {
        SecureRule::Always if seen.on_loopback() && !seen.example().written.secure => return None,
        SecureRule::Always => true,
        SecureRule::OnHttps if seen.https => true,
        SecureRule::OnHttps => return None,
        SecureRule::Never => false,
    };
    match (must, seen.example().written.secure) {
        (true, false) if seen.https => Some("lacks Secure over https".to_owned()),
        (true, false) => Some("lacks Secure".to_owned()),
        (false, true) => Some("is Secure".to_owned()),
        _ => None,
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    if context.item(index).secure == Some(SecureRule::OnHttps) {
        if let Some(seen) = standing::amount(context.writes(index).filter(|seen| seen.https)) {
            return Some(Standing::Upheld(seen));
        }
        if context.writes(index).next().is_some() {
            let detail = "it was set over plain http only";
            return Some(Standing::open(Why::NotPlanned, detail, "a target with an https address"));
        }
    }
    let lacks = |seen: &Seen<'_>| seen.on_loopback() && !seen.example().written.secure;
    if context.item(index).secure == Some(SecureRule::Always) && context.writes(index).any(lacks) {
        let detail = "over this machine's own http it is set without, which says nothing of production";
        return Some(Standing::open(Why::NotPlanned, detail, "a target with an https address"));
    }
    Some(like_this(context, index))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, SecureRule};

    fn site(rule: SecureRule) -> Site {
        let mut item = Item::named("sid");
        item.secure = Some(rule);
        Site::with(item)
    }

    #[test]
    fn the_scheme_of_the_response_decides() {
        let site = site(SecureRule::OnHttps);
        site.when(line("sid=1; Secure").login()).finds_nothing().upholds("cookies.sid.secure");
        site.when(line("sid=1").login()).finds("secure: cookies.sid.secure");
        site.over_http()
            .when(line("sid=1").login())
            .finds_nothing()
            .leaves("cookies.sid.secure", "not-planned");
    }

    #[test]
    fn always_and_never_mean_it() {
        site(SecureRule::Always).over_http().when(line("sid=1").login()).finds("secure: cookies.sid.secure");
        site(SecureRule::Never).when(line("sid=1; Secure").login()).finds("secure: cookies.sid.secure");
    }

    #[test]
    fn this_machines_own_http_says_nothing_of_production() {
        let here = "http://localhost:3000/";
        let site = site(SecureRule::Always).at(here).when(line("sid=1").from(here).on(here));
        site.finds_nothing().leaves("cookies.sid.secure", "not-planned");
        let told = site.audit().notes;
        assert!(
            told.iter().any(|note| note.text.starts_with("is not Secure over this machine's own http")),
            "{told:#?}"
        );
    }

    #[test]
    fn two_cookies_of_a_group_without_secure_are_one_finding() {
        let auth = |name: &str| {
            let mut item = Item::named(name);
            item.secure = Some(SecureRule::OnHttps);
            item.group = Some("auth".into());
            item
        };
        Site::with(auth("access"))
            .and(auth("refresh"))
            .when(line("access=1").login())
            .when(line("refresh=1").login().from("/api/auth/refresh"))
            .finds("secure: cookies.access.secure, cookies.refresh.secure");
    }
}
