//! `cross-site-tracking`

use super::prelude::*;
use crate::vendors::Role;

pub(crate) static RULE: Rule = Rule {
    id: "cross-site-tracking",
    sentence: "Requests tell another company who visits, and the policy says that nobody is tracked across sites.",
    page: "\
Two things refute `cross_site_tracking = \"none\"`: a request to another site that carries an identifier (for \
the browser engine to see), and a request to a host that is known for advertising, which exists to recognise \
visitors of many sites. A page's markup that makes a browser ask such a host counts; then the confidence is \
medium.

**To do:** remove the pixel or script.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::CrossSiteTracking, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(stated) = &context.manifest.policy.cross_site_tracking else { return };
    let mut by_site: BTreeMap<String, Vec<&Contact>> = BTreeMap::new();
    for contact in context.foreign_contacts() {
        if contact.is_navigation() || !covers_contact(context, &stated.value, contact) {
            continue;
        }
        let advertises = context.fact_of(contact).is_some_and(|fact| fact.role == Role::Advertising);
        if advertises || !contact.carried.is_empty() {
            by_site.entry(site(&contact.host)).or_default().push(contact);
        }
    }
    for (host, contacts) in by_site {
        let carried: BTreeSet<&Carried> = contacts.iter().flat_map(|contact| &contact.carried).collect();
        let pages: BTreeSet<String> = contacts.iter().map(|contact| words::path(&contact.page)).collect();
        let pages = words::and(pages);
        let message = if carried.is_empty() {
            let by = contacts.iter().find_map(|contact| context.fact_of(contact));
            let by = by.map(|fact| format!(" (by `{}`)", fact.matched_by)).unwrap_or_default();
            format!("{pages} makes a request to {host}, which is known for advertising{by}")
        } else {
            format!("{pages} makes a request to {host} that carries {}", words::listed(&carried))
        };
        let causes: BTreeSet<Cause> =
            contacts.iter().flat_map(|contact| of_host(context, &contact.host)).collect();
        let confidence = if carried.is_empty() { Confidence::Medium } else { Confidence::High };
        found.push(
            Violation::new(&RULE, &host, message)
                .refutes([About::Policy(PolicyAspect::CrossSiteTracking)])
                .because(causes)
                .confidence(confidence)
                .evidence(
                    contacts
                        .iter()
                        .take(evidence::MOST)
                        .map(|contact| evidence::of_contact(context, contact)),
                ),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.cross_site_tracking.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "trackers are loaded by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Absence;
    use crate::observation::{Disclosure, Resource};

    #[test]
    fn a_pixel_tracks() {
        let site = Site::plain().claims(|policy| {
            policy.cross_site_tracking = stated(Absence::default());
        });
        let claim = "cross-site-tracking: claims.cross-site-tracking";
        site.contact("https://www.facebook.com/tr", Resource::Image, "/").finds(claim);
        site.contact("https://metrics.example/e", Resource::Fetch, "/")
            .carrying(Disclosure::Cookie("sid".into()))
            .finds(claim);
        site.contact("https://metrics.example/e", Resource::Fetch, "/").finds_nothing();
        site.looked_at().in_browser().upholds("claims.cross-site-tracking");
    }
}
