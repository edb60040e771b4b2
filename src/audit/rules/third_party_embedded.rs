//! `third-party-embedded`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-embedded",
    sentence: "A third party that visitors are only sent to is embedded in the site's own pages.",
    short: "it is embedded",
    page: "\
`embedded = false` says that visitors go to this third party by a redirect: its page opens in their window, \
and nothing of it is loaded into the site's own pages. A frame or a script of its in a page of the site \
refutes that, whether or not it leaves a cookie.

**To do:** redirect to the hosted page instead of embedding the form.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::Embedded], standing),
};

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    if party.embedded != Some(false) {
        return;
    }
    let embedded: Vec<&Contact> = context
        .foreign_contacts()
        .filter(|contact| context.provider_of_host(&contact.host) == Some(index))
        .filter(|contact| matches!(contact.resource, Resource::Frame | Resource::Script | Resource::Fetch))
        .filter(|contact| {
            contact.page.parsed().is_some_and(|page| context.hosts.own(page.host_str().unwrap_or_default()))
        })
        .collect();
    let Some(first) = embedded.first() else { return };
    let what = if first.resource == Resource::Frame { "a frame" } else { "a script" };
    let pages: BTreeSet<String> = embedded.iter().map(|contact| words::path(&contact.page)).collect();
    let causes: BTreeSet<Cause> = embedded
        .iter()
        .flat_map(|contact| of_host(context, &contact.host))
        .chain([Cause::Provider(index)])
        .collect();
    let surely = embedded.iter().any(|contact| contact.fetched);
    found.push(
        Violation::new(
            &RULE,
            &party.provider,
            format!("{} is embedded as {what} in {}", party.provider, words::and(pages)),
        )
        .refutes([About::ThirdParty(index, ThirdPartyAspect::Embedded)])
        .because(causes)
        .confidence(if surely { Confidence::High } else { Confidence::Medium })
        .evidence(embedded.iter().take(evidence::MOST).map(|contact| evidence::of_contact(context, contact))),
    );
}

fn standing(context: &Context<'_>, _: usize) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "scripts embed what the markup does not show"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};
    use crate::observation::Resource;

    #[test]
    fn a_frame_is_no_redirect() {
        let mut party = ThirdParty::named("Stripe");
        party.domains = vec![Glob::new("checkout.stripe.com")];
        party.embedded = Some(false);
        let site = Site::plain().party(party);
        site.contact("https://js.stripe.com/v3/", Resource::Script, "/pricing")
            .finds("third-party-embedded: third_parties.stripe.embedded");
        site.contact("https://checkout.stripe.com/c/pay", Resource::Document, "/buy")
            .finds_nothing()
            .leaves("third_parties.stripe.embedded", "needs-browser");
    }
}
