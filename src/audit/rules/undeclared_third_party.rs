//! `undeclared-third-party`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "undeclared-third-party",
    sentence: "A page asks a third party for something, and nothing declares it.",
    page: "\
`third_parties = \"complete\"` says that whoever the site's pages load something from, or send something to, is \
listed under `[[third_parties]]`, cookie or not: a host that gets a request learns the visitor's address and which \
page it was. Links that a visitor may follow, and pages to which the site sends its visitors, are no requests of \
a page. Where a page's markup only mentions a host that no run asked, the finding is a guess.

**To do:** declare who it is (`domains`), or remove what asks it.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::ThirdParties, standing),
};

/// A site that pages ask.
#[derive(Default)]
struct Asked<'a> {
    contacts: Vec<&'a Contact>,
    causes: BTreeSet<Cause>,
    /// Not only mentioned in markup.
    surely: bool,
}

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    if context.manifest.policy.third_parties.is_none() {
        return;
    }
    let mut by_site: BTreeMap<String, Asked<'_>> = BTreeMap::new();
    for contact in context.foreign_contacts() {
        let by_own_page =
            contact.page.parsed().is_some_and(|page| context.hosts.own(page.host_str().unwrap_or_default()));
        // Where visitors are sent, and what a plan's step asks, is no request of a page.
        let by_page = !matches!(contact.resource, Resource::Document | Resource::Step | Resource::WellKnown);
        if !by_page || !by_own_page || context.provider_of_host(&contact.host).is_some() {
            continue;
        }
        let asked = by_site.entry(site(&contact.host)).or_default();
        asked.causes.extend(of_host(context, &contact.host));
        asked.surely |= contact.fetched;
        asked.contacts.push(contact);
    }
    for (host, asked) in by_site {
        let first = asked.contacts[0];
        let fact = context.fact_of(first);
        let who = fact.as_ref().map(|fact| format!(" ({})", fact.vendor)).unwrap_or_default();
        let pages: BTreeSet<String> =
            asked.contacts.iter().map(|contact| words::path(&contact.page)).collect();
        let message = format!("{} asks {host}{who}, and nothing declares it", words::and(pages));
        found.push(
            Violation::new(&RULE, &host, message)
                .by_fact(fact.as_ref())
                .refutes([About::Policy(PolicyAspect::ThirdParties)])
                .because(asked.causes)
                .confidence(if asked.surely { Confidence::High } else { Confidence::Medium })
                .evidence(
                    asked
                        .contacts
                        .iter()
                        .take(evidence::MOST)
                        .map(|contact| evidence::of_contact(context, contact)),
                ),
        );
    }
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
