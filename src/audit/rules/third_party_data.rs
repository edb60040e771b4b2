//! `third-party-data`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-data",
    sentence: "Requests to a third party carry identifiers or personal data that they should not.",
    short: "it tells visitors apart",
    page: "\
`identifiers = false` says that requests to this third party carry nothing that tells visitors apart, \
`personal_data = false` that they carry no e-mail address and no user's id. The browser engine looks into URLs \
and bodies for values it knows (cookies, storage items, the name and address that a persona logs in with; plain, \
percent-encoded, in base64, and names and addresses also as their SHA-256 sums) and for random ones. A random \
value counts as an identifier when one visitor sends it on several page views and another visitor sends another: \
what is the same for everybody (an account's number, the hash of a build) or new each time (a cache buster, an \
event's number) tells nobody apart. Where all visitors send the same, another comes whose browser has another \
screen, time zone and version: what changes with them is a sum of the browser's traits, and counts. What is encrypted, compressed or summed up otherwise it cannot see.

**To do:** take the field out of the event.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::Identifiers, ThirdPartyAspect::PersonalData], standing),
};

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    let aspects = [
        (ThirdPartyAspect::Identifiers, party.identifiers),
        (ThirdPartyAspect::PersonalData, party.personal_data),
    ];
    for (aspect, stated) in aspects {
        if stated != Some(false) {
            continue;
        }
        let personal = aspect == ThirdPartyAspect::PersonalData;
        let carrying: Vec<&Contact> = context
            .foreign_contacts()
            .filter(|contact| context.provider_of_host(&contact.host) == Some(index))
            .filter(|contact| contact.carried.iter().any(|one| !personal || one.what.is_personal()))
            .collect();
        let what: BTreeSet<&Carried> = carrying
            .iter()
            .flat_map(|contact| &contact.carried)
            .filter(|one| !personal || one.what.is_personal())
            .collect();
        if carrying.is_empty() {
            continue;
        }
        found.push(
            Violation::new(
                &RULE,
                &party.provider,
                format!("requests to {} carry {}", party.provider, words::listed(what)),
            )
            .refutes([About::ThirdParty(index, aspect)])
            .because([Cause::Provider(index)])
            .confidence(Confidence::Medium)
            .evidence(
                carrying.iter().take(evidence::MOST).map(|contact| evidence::of_contact(context, contact)),
            ),
        );
    }
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    Some(super::third_party_sets::if_contacted(context, index, "its requests are made by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};
    use crate::observation::{Disclosure, Resource};

    #[test]
    fn an_event_with_a_user_in_it() {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.identifiers = Some(false);
        party.personal_data = Some(false);
        let site = Site::plain().party(party);
        let url = "https://plausible.io/api/event";
        site.contact(url, Resource::Fetch, "/").carrying(Disclosure::UserId).in_browser().finds(
            "third-party-data: third_parties.plausible.identifiers, third_parties.plausible.personal-data",
        );
        site.contact(url, Resource::Fetch, "/")
            .carrying(Disclosure::Identifier)
            .in_browser()
            .finds("third-party-data: third_parties.plausible.identifiers");
        site.contact(url, Resource::Fetch, "/").in_browser().upholds("third_parties.plausible.personal-data");
    }
}
