//! `undeclared-third-party`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "undeclared-third-party",
    sentence: "A page asks a third party for something, and nothing declares it.",
    short: "nothing declares it",
    page: "\
`third_parties = \"complete\"` says that whoever the site's pages load something from, or send something to, is \
listed under `[[third_parties]]`, cookie or not: a host that gets a request learns the visitor's address and which \
page it was. Links that a visitor may follow, and pages to which the site sends its visitors, are no requests of \
a page. Where a page's markup only mentions a host that no run asked, the finding is a guess.

**To do:** declare who it is (`domains`), or remove what asks it.",
    checks: &[Check::Contacts(is_unnamed, word)],
    claims: Claims::Sentence(PolicyAspect::ThirdParties, standing),
};

fn is_unnamed(context: &Context<'_>, contact: &Contact) -> bool {
    let by_own_page = || {
        let page = contact.page.parsed();
        page.is_some_and(|page| context.hosts.own(page.host_str().unwrap_or_default()))
    };
    // Where visitors are sent, and what a plan's step asks, is no request of a page.
    let by_page = !matches!(contact.resource, Resource::Document | Resource::Step | Resource::WellKnown);
    context.states(PolicyAspect::ThirdParties)
        && by_page
        && by_own_page()
        && context.provider_of_host(&contact.host).is_none()
}

fn word(context: &Context<'_>, host: &str, contacts: &[&Contact]) -> Violation {
    let fact = contacts.first().and_then(|contact| context.fact_of(contact));
    let who = fact.as_ref().map(|fact| format!(" ({})", fact.vendor)).unwrap_or_default();
    let pages: BTreeSet<String> = contacts.iter().map(|contact| words::path(&contact.page)).collect();
    // Not only mentioned in markup.
    let surely = contacts.iter().any(|contact| contact.fetched);
    Violation::new(&RULE, host, format!("{} asks {host}{who}, and nothing declares it", words::and(pages)))
        .by_fact(fact.as_ref())
        .refutes([About::Policy(PolicyAspect::ThirdParties)])
        .confidence(if surely { Confidence::High } else { Confidence::Medium })
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    context.manifest.policy.third_parties.as_ref()?;
    Some(standing::never(
        context,
        &Scope::default(),
        "scripts ask third parties whom the markup does not show",
    ))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, PartyList, ThirdParty};
    use crate::observation::Resource;

    fn site() -> Site {
        let mut party = ThirdParty::named("Stripe");
        party.domains = vec![Glob::new("*.stripe.com")];
        Site::plain().party(party).claims(|policy| policy.third_parties = stated(PartyList::Complete))
    }

    #[test]
    fn whoever_is_asked_is_to_be_declared_cookie_or_not() {
        site()
            .contact("https://fonts.example/a.woff2", Resource::Font, "/")
            .finds("undeclared-third-party: claims.third-parties");
        site()
            .contact("https://js.stripe.com/v3/", Resource::Script, "/pricing")
            .in_browser()
            .finds_nothing()
            .upholds("claims.third-parties");
    }

    #[test]
    fn a_link_is_no_request_and_plain_http_does_not_see_all() {
        site()
            .contact("https://partner.example/", Resource::Document, "/")
            .finds_nothing()
            .leaves("claims.third-parties", "needs-browser");
    }
}
