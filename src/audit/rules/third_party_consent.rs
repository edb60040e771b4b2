//! `third-party-consent`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-consent",
    sentence: "A third party waits for consent and should not, or does not wait and should.",
    short: "consent is not waited for as declared",
    page: "\
`needs_consent = false` says that a third party acts without asking (a cookieless analytics tool): it is \
loaded for visitors who gave no answer. `needs_consent = true` says that it waits: nothing of it is loaded \
before. Visits with and without consent are compared, so this is for a browser.

**To do:** load it before, or after, the choice.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::NeedsConsent], standing),
};

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    let Some(needs) = party.needs_consent else { return };
    let contacts: Vec<&Contact> = context
        .foreign_contacts()
        .filter(|contact| !contact.is_navigation() && context.provider_of_host(&contact.host) == Some(index))
        .collect();
    let unasked = |cell: &Cell| matches!(cell.consent, Consent::Untouched | Consent::Rejected);
    let before: Vec<&&Contact> = contacts.iter().filter(|contact| unasked(&contact.cell)).collect();
    let after: Vec<&&Contact> =
        contacts.iter().filter(|contact| contact.cell.consent == Consent::Accepted).collect();
    let looked_before = context.scan.coverage.pages.iter().any(|page| {
        page.cell.consent == Consent::Untouched
            && after.iter().any(|contact| contact.cell.engine == page.cell.engine)
    });
    let (wrong, message) = if needs && !before.is_empty() {
        (before, format!("{} is loaded before anybody gave consent", party.provider))
    } else if !needs && before.is_empty() && !after.is_empty() && looked_before {
        (after, format!("{} is only loaded once consent was given", party.provider))
    } else {
        return;
    };
    let causes = [Cause::Provider(index)].into_iter().chain((!needs).then_some(Cause::Banner));
    found.push(
        Violation::new(&RULE, &party.provider, message)
            .refutes([About::ThirdParty(index, ThirdPartyAspect::NeedsConsent)])
            .because(causes)
            .evidence(
                wrong.iter().take(evidence::MOST).map(|contact| evidence::of_contact(context, contact)),
            ),
    );
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    Some(super::third_party_sets::if_contacted(context, index, "whether it is loaded shows when scripts run"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};
    use crate::observation::{Consent, Resource};

    fn site(needs: bool) -> Site {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.needs_consent = Some(needs);
        Site::plain().party(party)
    }

    const EVENT: &str = "https://plausible.io/api/event";

    #[test]
    fn with_and_without_consent() {
        let early = |site: Site| site.contact(EVENT, Resource::Fetch, "/").in_browser();
        let late =
            |site: Site| site.contact(EVENT, Resource::Fetch, "/").consented(Consent::Accepted).in_browser();
        early(site(false)).finds_nothing().upholds("third_parties.plausible.needs-consent");
        late(site(false)).finds("third-party-consent: third_parties.plausible.needs-consent");
        early(site(true)).finds("third-party-consent: third_parties.plausible.needs-consent");
        late(site(true)).finds_nothing().upholds("third_parties.plausible.needs-consent");
    }
}
