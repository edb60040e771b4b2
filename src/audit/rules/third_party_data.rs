//! `third-party-data`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-data",
    sentence: "Requests to a third party carry identifiers or personal data that they should not.",
    page: "\
`identifiers = false` says that requests to this third party carry nothing that tells visitors apart, \
`personal_data = false` that they carry no e-mail address and no user's id. The browser engine looks into URLs \
and bodies for values it knows (cookies, storage items, the persona's own name and address) and for stable \
random ones. What is encrypted or hashed it cannot see.

**To do:** take the field out of the event.",
    check,
    standing,
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    for (index, party) in context.manifest.third_parties.iter().enumerate() {
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
                .filter(|contact| contact.carried.iter().any(|what| !personal || is_personal(what)))
                .collect();
            let what: BTreeSet<&String> = carrying
                .iter()
                .flat_map(|contact| &contact.carried)
                .filter(|what| !personal || is_personal(what))
                .collect();
            if carrying.is_empty() {
                continue;
            }
            found.push(
                Violation::new(
                    &RULE,
                    &party.provider,
                    format!("requests to {} carry {}", party.provider, words::and(what)),
                )
                .refutes([About::ThirdParty(index, aspect)])
                .because([Cause::Provider(index)])
                .confidence(Confidence::Medium)
                .evidence(
                    carrying
                        .iter()
                        .take(evidence::MOST)
                        .map(|contact| evidence::of_contact(context, contact)),
                ),
            );
        }
    }
}

fn is_personal(what: &str) -> bool {
    matches!(what, "email" | "user-id")
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::ThirdParty(index, ThirdPartyAspect::Identifiers | ThirdPartyAspect::PersonalData) = about
    else {
        return None;
    };
    Some(super::third_party_sets::if_contacted(context, index, "its requests are made by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};
    use crate::observation::Resource;

    #[test]
    fn an_event_with_a_user_in_it() {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.identifiers = Some(false);
        party.personal_data = Some(false);
        let site = Site::plain().party(party);
        let url = "https://plausible.io/api/event";
        site.contact(url, Resource::Fetch, "/").carrying("user-id").in_browser().finds(
            "third-party-data: third_parties.plausible.identifiers, third_parties.plausible.personal-data",
        );
        site.contact(url, Resource::Fetch, "/")
            .carrying("identifier")
            .in_browser()
            .finds("third-party-data: third_parties.plausible.identifiers");
        site.contact(url, Resource::Fetch, "/").in_browser().upholds("third_parties.plausible.personal-data");
    }
}
