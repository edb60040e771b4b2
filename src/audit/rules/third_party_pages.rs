//! `third-party-pages`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-pages",
    sentence: "A declared third party appears on other pages, or earlier, than declared.",
    short: "on other pages, or earlier, than declared",
    page: "\
`allowed_on` names the pages where a third party may appear, `after` what it waits for (`interaction`, a \
login, consent, a journey). It appears when its host is asked for something, or when something of its vendor \
is put on the device, also in the site's own name. A page that only links to it does not count, and neither \
does the third party's own page that the visitor was sent to, by a redirect or by a form.

Without `--assets` or a browser a script is only seen in the page's markup: a browser would load it, and the \
evidence says so.

**To do:** load it on the pages that need it, when it is needed.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::AllowedOn, ThirdPartyAspect::After], standing),
};

/// Something of a third party, on a page.
enum Trace<'c, 'a> {
    Thing(&'c Seen<'a>),
    Contact(&'a Contact),
}

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    let mut outside = Vec::new();
    let mut early = Vec::new();
    for seen in context.seen.iter().filter(|seen| seen.provider == Some(index) && seen.lands()) {
        if away(context, seen) {
            continue;
        }
        if !party.allowed_on.is_empty() && !context.page_in(seen.page(), &party.allowed_on) {
            outside.push(Trace::Thing(seen));
        }
        if party.after.as_ref().is_some_and(|trigger| too_early(context, seen, trigger)) {
            early.push(Trace::Thing(seen));
        }
    }
    for contact in context.foreign_contacts() {
        if contact.is_navigation() || context.provider_of_host(&contact.host) != Some(index) {
            continue;
        }
        let inside = context.url_in(&contact.page, &party.allowed_on);
        if !inside {
            outside.push(Trace::Contact(contact));
        }
        let interacts = !party.allowed_on.is_empty() && inside;
        if party.after.as_ref().is_some_and(|trigger| contact_too_early(context, contact, trigger, interacts))
        {
            early.push(Trace::Contact(contact));
        }
    }
    let claims = [(ThirdPartyAspect::AllowedOn, outside), (ThirdPartyAspect::After, early)];
    for (aspect, traces) in claims {
        found.extend(violation(context, index, aspect, &traces));
    }
}

fn violation(
    context: &Context<'_>,
    index: usize,
    aspect: ThirdPartyAspect,
    traces: &[Trace<'_, '_>],
) -> Option<Violation> {
    let party = context.third_party(index);
    traces.first()?;
    let pages: BTreeSet<String> = traces
        .iter()
        .map(|trace| match trace {
            Trace::Thing(seen) => words::path(&seen.page().asked),
            Trace::Contact(contact) => words::path(&contact.page),
        })
        .collect();
    let rest = match aspect {
        ThirdPartyAspect::AllowedOn => format!(", outside {}", party.allowed_on.join(", ")),
        _ => " before what it should wait for".to_owned(),
    };
    let mut causes: BTreeSet<Cause> = BTreeSet::from([Cause::Provider(index)]);
    let mut pieces = Vec::new();
    for trace in traces {
        match trace {
            Trace::Thing(seen) => {
                causes.extend(presence(context, seen));
                pieces.push(evidence::of_sighting(context, seen));
            }
            Trace::Contact(contact) => {
                causes.extend(of_host(context, &contact.host));
                pieces.push(evidence::of_contact(context, contact));
            }
        }
    }
    pieces.truncate(evidence::MOST);
    let surely = traces.iter().any(|trace| match trace {
        Trace::Thing(_) => true,
        Trace::Contact(contact) => contact.fetched,
    });
    Some(
        Violation::new(
            &RULE,
            &party.provider,
            format!("{} appears on {}{rest}", party.provider, words::and(pages)),
        )
        .refutes([About::ThirdParty(index, aspect)])
        .because(causes)
        .confidence(if surely { Confidence::High } else { Confidence::Medium })
        .evidence(pieces),
    )
}

fn contact_too_early(context: &Context<'_>, contact: &Contact, trigger: &Trigger, interacts: bool) -> bool {
    let cell = &contact.cell;
    match trigger {
        Trigger::Login => context.anonymous(cell),
        Trigger::ConsentAccepted => matches!(cell.consent, Consent::Untouched | Consent::Rejected),
        Trigger::ConsentGiven => cell.consent == Consent::Untouched,
        Trigger::Interaction if interacts => false,
        Trigger::Journey(_) | Trigger::Interaction => matches!(cell.phase, Phase::Login | Phase::Crawl),
    }
}

fn standing(context: &Context<'_>, _: usize) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "third parties are loaded by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty, ThirdPartyRule, Trigger};
    use crate::observation::{Phase, Resource};

    fn site() -> Site {
        let mut party = ThirdParty::named("Polar");
        party.domains = vec![Glob::new("polar.sh"), Glob::new("*.polar.sh")];
        party.allowed_on = vec!["checkout".into()];
        party.after = Some(Trigger::Interaction);
        Site::plain()
            .complete()
            .party(party)
            .pages("checkout", &["/checkout/**"])
            .claims(|policy| policy.third_party_cookies = stated(ThirdPartyRule::OnlyDeclared))
    }

    fn cookie() -> Line {
        line("polar_session=1; SameSite=None; Secure").from("https://api.polar.sh/v1").within("/pricing")
    }

    #[test]
    fn before_the_checkout_is_too_early_and_elsewhere() {
        site().when(cookie()).finds(
            "third-party-pages: claims.inventory, claims.third-party-cookies, \
             third_parties.polar.after, third_parties.polar.allowed-on",
        );
        site().when(cookie().within("/checkout/start")).finds_nothing();
        site().when(cookie().within("/checkout/start").phase(Phase::Journey)).finds_nothing();
    }

    #[test]
    fn a_script_in_the_markup_is_enough() {
        site()
            .contact("https://cdn.polar.sh/checkout.js", Resource::Script, "/")
            .finds("third-party-pages: third_parties.polar.after, third_parties.polar.allowed-on");
        site().contact("https://polar.sh/kropee/portal", Resource::Document, "/buy").finds_nothing();
    }

    /// A page that is there for the interaction has come to it.
    #[test]
    fn on_a_page_where_it_may_be_it_is_not_too_early() {
        let script = "https://polar.sh/embed.js";
        site().contact(script, Resource::Script, "/checkout/pay").finds_nothing();
        site()
            .contact(script, Resource::Script, "/")
            .finds("third-party-pages: third_parties.polar.after, third_parties.polar.allowed-on");
    }

    #[test]
    fn its_own_page_is_its_own() {
        site()
            .when(
                line("polar_session=1")
                    .on("/buy")
                    .shown("https://polar.sh/checkout")
                    .from("https://polar.sh/checkout"),
            )
            .finds_nothing()
            .leaves("third_parties.polar.allowed-on", "needs-browser");
    }
}
