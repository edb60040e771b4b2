//! `link-reachable`

use super::prelude::*;
use crate::manifest::DeclaredLink;
use crate::observation::LinkCheck;
use url::Url;

pub(crate) static RULE: Rule = Rule {
    id: "link-reachable",
    sentence: "A link that the policy needs is missing or leads nowhere.",
    short: "a link does not answer",
    page: "\
`links` of the manifest are asked for: the privacy policy, a processor's own policy. A link is reachable if \
its redirects end in an answer of success. 404 and 410 refute it; other refusals (403, 429, 5xx, a host that \
does not answer) leave it *not verified*, because they are often meant for programs, or pass. With \
`on_policy_page = true` the policy page must also have the link.

**To do:** correct the address.",
    checks: &[Check::Links(check)],
    claims: Claims::Others(standing),
};

fn check(context: &Context<'_>, index: usize, link: &DeclaredLink) -> Option<Violation> {
    let check = asked(context, link);
    let message = match check.and_then(|check| check.status) {
        Some(status @ (404 | 410)) => format!("{} answers {status}", link.url),
        // It answers, and yet the part that the link names is not there.
        Some(200..300) if check.is_some_and(|check| check.failure.is_some()) => {
            let lost = check.and_then(|check| check.failure.clone()).unwrap_or_default();
            format!("{}: {lost}", link.url)
        }
        _ if missing_on_page(context, link) => format!("the policy page does not link to {}", link.url),
        _ => return None,
    };
    let evidence = evidence::of_words(anonymous_cell(context), message.clone());
    let violation = Violation::new(&RULE, &link.key, message)
        .refutes([About::Link(index)])
        .because([Cause::Link(index)])
        .evidence([evidence]);
    Some(violation)
}

fn asked<'a>(context: &Context<'a>, link: &DeclaredLink) -> Option<&'a LinkCheck> {
    let declared = resolved(context, link)?;
    context
        .scan
        .links
        .iter()
        .find(|check| context.hosts.as_declared(&check.url).iter().any(|url| same(url, &declared)))
}

/// The declared address, made whole: relative to the policy page, or written without a scheme.
pub(super) fn resolved(context: &Context<'_>, link: &DeclaredLink) -> Option<Url> {
    let base = context.scan.run.base_url.parsed()?;
    let text = link.url.trim();
    if text.contains("://") {
        return Url::parse(text).ok();
    }
    let first = text.split('/').next().unwrap_or_default();
    if first.contains('.') && !text.starts_with('/') && !text.starts_with('.') {
        return Url::parse(&format!("https://{text}")).ok();
    }
    base.join(text).ok()
}

pub(super) fn same(a: &Url, b: &Url) -> bool {
    let plain = |url: &Url| {
        let host = url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
        (host, url.path().trim_end_matches('/').to_owned(), url.query().map(str::to_owned))
    };
    plain(a) == plain(b)
}

fn missing_on_page(context: &Context<'_>, link: &DeclaredLink) -> bool {
    let Some(page) = context.scan.policy.as_ref().filter(|page| link.on_policy_page && page.status == 200)
    else {
        return false;
    };
    let Some(declared) = resolved(context, link) else { return false };
    let linked = page
        .links
        .iter()
        .any(|(_, url)| context.hosts.as_declared(url).iter().any(|url| same(url, &declared)));
    let written = link.url.trim_start_matches("https://").trim_start_matches("http://");
    let written_out = written.len() > 4 && page.text.contains(written);
    !linked && !written_out
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Link(index) = about else { return None };
    let link = context.manifest.links.get(index)?;
    if link.on_policy_page && context.scan.policy.as_ref().is_none_or(|page| page.status != 200) {
        return Some(standing::policy_not_looked_at(context));
    }
    Some(match asked(context, link) {
        None => Standing::open(Why::NotPlanned, "the link was not asked for", "a scan with this manifest"),
        Some(LinkCheck { status: Some(status), .. }) if (200..300).contains(status) => {
            Standing::Upheld(format!("answers {status}"))
        }
        Some(LinkCheck { status: Some(status), .. }) => {
            let detail = format!("it answers {status}, which may be meant for programs");
            Standing::open(Why::NotReached, detail, "a look with a browser, or a run that it lets in")
        }
        Some(LinkCheck { failure, .. }) => {
            let detail = failure.clone().unwrap_or_else(|| "it does not answer".to_owned());
            Standing::open(Why::NotReached, detail, "a run that reaches it")
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    fn site() -> Site {
        Site::with(Item::named("sid"))
            .expecting_nothing()
            .link("polar", "polar.sh/legal/privacy", false)
            .link("privacy", "/privacy", true)
    }

    #[test]
    fn links_answer_and_are_linked() {
        let page = || site().policy_page("See our Privacy Policy").linking("https://site.example/privacy");
        page()
            .answers("https://polar.sh/legal/privacy", 200)
            .answers("https://site.example/privacy", 200)
            .finds_nothing()
            .upholds("links.polar")
            .upholds("links.privacy");
        page().answers("https://polar.sh/legal/privacy", 404).finds("link-reachable: links.polar");
        page()
            .answers("https://polar.sh/legal/privacy", 403)
            .finds_nothing()
            .leaves("links.polar", "not-reached");
        page().finds_nothing().leaves("links.polar", "not-planned");
    }

    #[test]
    fn an_address_that_is_written_out_is_there() {
        let site = Site::with(Item::named("sid")).expecting_nothing().link(
            "authority",
            "https://dpa.example/complain",
            true,
        );
        let answers = |text: &str| site.policy_page(text).answers("https://dpa.example/complain", 200);
        answers("Complain at dpa.example/complain.").finds_nothing().upholds("links.authority");
        answers("Complain to whom you like.").finds("link-reachable: links.authority");
    }

    #[test]
    fn a_link_that_the_page_lost() {
        site()
            .policy_page("See our Privacy Policy")
            .answers("https://site.example/privacy", 200)
            .finds("link-reachable: links.privacy");
    }
}
