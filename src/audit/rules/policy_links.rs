//! `policy-links`

use super::prelude::*;
use crate::audit::policy_text;
use crate::observation::{Failed, SafeUrl, SkipReason};
use url::Url;

pub(crate) static RULE: Rule = Rule {
    id: "policy-links",
    sentence: "A link on the policy page leads to a page of the site that is gone.",
    short: "a link on the policy page leads nowhere",
    page: "\
The policy page's links to pages of the site are followed by the crawl like all others; one that answers 404 or \
410 leads nowhere. Other refusals (401, 403, 5xx) may pass or be meant for programs, and refute nothing. Links \
to other sites are asked for only where the manifest declares them under `[[links]]` (*link-reachable*).

With `policy_url` this is checked as a warning; `policy_links = true` under `[claims]` makes it an error, `false` \
switches it off. Where the plan's limits, robots.txt or the scope keep the crawl from a link, the claim is *not \
verified*.

**To do:** correct the link, or bring the page back.",
    checks: &[Check::Sentence(PolicyAspect::PolicyLinks, check)],
    claims: Claims::Sentence(PolicyAspect::PolicyLinks, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let broken: BTreeMap<String, (&str, u16)> = own_links(context)
        .filter_map(|(text, url)| {
            let status = gone(context, &url)?;
            Some((url.to_string(), (text, status)))
        })
        .collect();
    for (url, (text, status)) in broken {
        let message = format!("the policy page links to {url}, which answers {status}");
        let line = format!("{}: \"{text}\" leads to {url}: {status}", policy_text::address(context));
        found.push(
            Violation::new(&RULE, &url, message)
                .refutes([About::Policy(PolicyAspect::PolicyLinks)])
                .because(declared(context, &url).map(Cause::Link))
                .evidence([evidence::of_words(anonymous_cell(context), line)]),
        );
    }
}

/// The page's links to other pages of the site, without fragments.
fn own_links<'c>(context: &'c Context<'_>) -> impl Iterator<Item = (&'c str, Url)> {
    let page = context.scan.policy.as_ref().filter(|page| (200..300).contains(&page.status));
    let here = page.and_then(|page| without_fragment(page.shown.as_ref().unwrap_or(&page.url)));
    let links = page.map(|page| page.links.as_slice()).unwrap_or_default();
    links.iter().filter_map(move |(text, url)| {
        let url = without_fragment(url)?;
        let own = matches!(url.scheme(), "http" | "https") && context.hosts.own(url.host_str()?);
        (own && Some(&url) != here.as_ref()).then_some((text.as_str(), url))
    })
}

/// The declared link that leads there, too: one finding tells of both.
fn declared(context: &Context<'_>, url: &str) -> Option<usize> {
    let url = Url::parse(url).ok()?;
    let names = context.hosts.site().as_declared(&url);
    context.manifest.links.iter().position(|link| {
        let target = super::link_reachable::resolved(context, link);
        target.is_some_and(|target| names.iter().any(|url| super::link_reachable::same(url, &target)))
    })
}

fn without_fragment(url: &SafeUrl) -> Option<Url> {
    let mut url = url.parsed()?;
    url.set_fragment(None);
    Some(url)
}

/// The status of an address that is gone, as anybody saw it.
fn gone(context: &Context<'_>, url: &Url) -> Option<u16> {
    let is_it = |seen: &SafeUrl| without_fragment(seen).as_ref() == Some(url);
    let coverage = &context.scan.coverage;
    let answered =
        coverage.pages.iter().find(|page| is_it(&page.example) && matches!(page.status, 404 | 410));
    let refused = |failed: &&Failed| is_it(&failed.url) && context.anonymous(&failed.cell);
    answered.filter(|page| context.anonymous(&page.cell)).map(|page| page.status).or_else(|| {
        let failed = coverage.failed.iter().filter(refused);
        failed
            .filter_map(|failed| failed.detail.strip_prefix("answered ")?.parse().ok())
            .find(|status| matches!(status, 404 | 410))
    })
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    if context.scan.policy.as_ref().is_none_or(|page| !(200..300).contains(&page.status)) {
        return Some(standing::policy_not_looked_at(context));
    }
    let links: BTreeSet<String> = own_links(context).map(|(_, url)| url.to_string()).collect();
    if links.is_empty() {
        return Some(Standing::Upheld("it links to no other page of the site".to_owned()));
    }
    // A link is known to lead somewhere only where the crawl followed all of its like.
    let kept_from = context.scan.coverage.skipped.iter().find(|skipped| {
        let limit =
            !matches!(skipped.reason, SkipReason::Alike | SkipReason::NotHtml | SkipReason::SessionLost);
        let of_page = without_fragment(&skipped.example).is_some_and(|url| links.contains(url.as_str()));
        limit
            && (of_page
                || matches!(
                    skipped.reason,
                    SkipReason::PageLimit | SkipReason::TimeLimit | SkipReason::Interrupted
                ))
    });
    if kept_from.is_some() || !context.scan.coverage.sampled.is_empty() {
        let detail = "not every link of the policy page was followed";
        return Some(Standing::open(Why::NotPlanned, detail, "higher [limits], or [pages] in the plan"));
    }
    Some(match standing::never_by_any_engine(context, &Scope::default()) {
        Standing::Upheld(_) => {
            Standing::Upheld(format!("{} to pages of the site", standing::count(links.len() as u64, "links")))
        }
        open => open,
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    fn site() -> Site {
        Site::with(Item::named("sid")).expecting_nothing().claims(|policy| policy.policy_links = stated(true))
    }

    #[test]
    fn the_date_of_the_page_is_read_where_there_is_one() {
        let date = |text: &str| {
            crate::audit::policy_date(&site().policy_page(text).scan()).map(|date| date.to_string())
        };
        assert_eq!(date("# Cookies\n\nLast updated: 16 April 2026\n").as_deref(), Some("2026-04-16"));
        assert_eq!(date("# Cookies\n\nWe keep this page up to date.\n"), None);
    }

    #[test]
    fn a_link_to_a_page_that_is_gone() {
        let page = || {
            site()
                .policy_page("See our contact page")
                .linking("/contact")
                .linking("https://other.example/gone")
        };
        page().visited_with("/contact", 404).finds("policy-links: claims.policy-links");
        page().visited_with("/contact", 403).finds_nothing();
        page().visited_with("/elsewhere", 404).finds_nothing();
        page().visited_with("https://other.example/gone", 404).finds_nothing();
        page().looked_at().finds_nothing().upholds("claims.policy-links");
    }
}
