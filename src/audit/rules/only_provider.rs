//! `only-provider`

use super::prelude::*;
use crate::vendors::{Fact, Role};

pub(crate) static RULE: Rule = Rule {
    id: "only-provider",
    sentence: "Another company does what only a declared one should do.",
    short: "another company does what a declared one should",
    page: "\
`only_provider_of = \"analytics\"` (or `payment`, `advertising`, `chat`, `consent`, ...) says that nobody else \
does this for the site. Others are told by the table of well-known hosts and cookies, and by cookie databases \
that you point to (a filter list does not say what its hosts do, so it names no rival): a frame, script or \
request of another analytics vendor is enough, also when a page's markup only asks a browser to load it.

**To do:** remove the other one, or declare it.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::OnlyProvider], standing),
};

/// Another vendor of the same role.
#[derive(Default)]
struct Rival {
    causes: BTreeSet<Cause>,
    evidence: Vec<crate::audit::Evidence>,
    /// Really asked or set, not only mentioned.
    surely: bool,
    fact: Option<Fact>,
}

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    let Some(role) = party.only_provider_of.as_deref().and_then(Role::from_word) else { return };
    let mut others: BTreeMap<String, Rival> = BTreeMap::new();
    for contact in context.foreign_contacts() {
        let Some(fact) = context.fact_of(contact).filter(|fact| fact.role == role) else {
            continue;
        };
        if context.provider_of_host(&contact.host) == Some(index)
            || contact.resource == Resource::Document && !redirected(contact)
        {
            continue;
        }
        let other = others.entry(fact.vendor.to_string()).or_default();
        other.fact.get_or_insert_with(|| fact.clone());
        other.causes.extend(of_host(context, &contact.host));
        other.evidence.push(evidence::of_contact(context, contact));
        other.surely |= contact.fetched;
    }
    for seen in context.undeclared().filter(|seen| seen.provider != Some(index) && !away(context, seen)) {
        let fact = seen.fact.as_ref().filter(|fact| fact.third_party && fact.role == role);
        let Some(fact) = fact else { continue };
        let other = others.entry(fact.vendor.to_string()).or_default();
        other.fact.get_or_insert_with(|| fact.clone());
        other.causes.extend(presence(context, seen));
        other.evidence.push(evidence::of_sighting(context, seen));
        other.surely = true;
    }
    for (vendor, Rival { causes, evidence: mut pieces, surely, fact }) in others {
        pieces.truncate(evidence::MOST);
        let message = format!("{vendor} does {}, not only {}", role.word(), party.provider);
        found.push(
            Violation::new(&RULE, &vendor, message)
                .by_fact(fact.as_ref())
                .refutes([About::ThirdParty(index, ThirdPartyAspect::OnlyProvider)])
                .because(causes)
                .confidence(if surely { Confidence::High } else { Confidence::Medium })
                .evidence(pieces),
        );
    }
}

/// The site itself led there; a link that somebody may follow is not yet a use.
fn redirected(contact: &Contact) -> bool {
    contact.fetched
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    let party = context.third_party(index);
    let role = party.only_provider_of.as_deref()?;
    if Role::from_word(role).is_none() {
        return Some(Standing::open(
            Why::NotPlanned,
            format!("the table of well-known hosts knows nobody who does `{role}`"),
            "a role of the table in `only_provider_of`",
        ));
    }
    Some(super::third_party_sets::if_contacted(context, index, "others are loaded by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::audit;
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty, claims_of};
    use crate::observation::Resource;

    fn site(provider: &str, domain: &str, role: &str) -> Site {
        let mut party = ThirdParty::named(provider);
        party.domains = vec![Glob::new(domain)];
        party.only_provider_of = Some(role.into());
        Site::plain().complete().party(party)
    }

    #[test]
    fn another_payment_provider() {
        site("Polar", "polar.sh", "payment")
            .contact("https://js.stripe.com/v3/", Resource::Script, "/checkout")
            .finds("only-provider: third_parties.polar.only-provider");
        site("Polar", "polar.sh", "payment")
            .contact("https://polar.sh/x", Resource::Document, "/checkout")
            .in_browser()
            .finds_nothing()
            .upholds("third_parties.polar.only-provider");
    }

    /// Where the site sends its visitor to pay is a use; a link that nobody followed is none.
    #[test]
    fn a_redirect_to_another_provider() {
        let site = site("Polar", "polar.sh", "payment");
        let led = site.contact("https://checkout.stripe.com/c/pay", Resource::Document, "/checkout");
        led.finds("only-provider: third_parties.polar.only-provider");
        let mut manifest = led.manifest.clone();
        manifest.claims = claims_of(&manifest);
        let mut scan = led.scan();
        scan.contacts[0].fetched = false;
        assert!(audit(&manifest, &scan, None).findings.is_empty());
    }

    #[test]
    fn its_own_cookie_is_its_own() {
        let own = site("Google Analytics", "www.google-analytics.com", "analytics")
            .when(line("_ga=GA1.1.1.1").script("https://www.google-analytics.com/analytics.js"));
        assert!(own.audit().findings.iter().all(|finding| finding.rule != "only-provider"));
    }

    #[test]
    fn another_analytics_tool_and_its_cookie_are_one_finding() {
        site("Plausible", "plausible.io", "analytics")
            .contact("https://www.googletagmanager.com/gtag/js", Resource::Script, "/")
            .and_when(line("_ga=GA1.1.1.1").script("https://www.googletagmanager.com/gtag/js"))
            .finds("only-provider: claims.inventory, third_parties.plausible.only-provider");
    }
}
