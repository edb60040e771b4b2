//! `cross-site-tracking`

use super::prelude::*;
use crate::vendors::Role;

pub(crate) static RULE: Rule = Rule {
    id: "cross-site-tracking",
    sentence: "Requests tell another company who visits, and the policy says that nobody is tracked across sites.",
    short: "another company is told who visits",
    page: "\
Two things refute `cross_site_tracking = \"none\"`: a request to another site that carries an identifier (for \
the browser engine to see), and a request to a host that is known for advertising, which exists to recognise \
visitors of many sites. A page's markup that makes a browser ask such a host counts; then the confidence is \
medium.

**To do:** remove the pixel or script.",
    checks: &[Check::Contacts(tracks, word)],
    claims: Claims::Sentence(PolicyAspect::CrossSiteTracking, standing),
};

fn advertises(context: &Context<'_>, contact: &Contact) -> bool {
    context.fact_of(contact).is_some_and(|fact| fact.role == Role::Advertising)
}

fn tracks(context: &Context<'_>, contact: &Contact) -> bool {
    let Some(stated) = &context.manifest.policy.cross_site_tracking else { return false };
    !contact.is_navigation()
        && covers_contact(context, &stated.value, contact)
        && (!contact.carried.is_empty() || advertises(context, contact))
}

fn word(context: &Context<'_>, host: &str, contacts: &[&Contact]) -> Violation {
    let carried: BTreeSet<&Carried> = contacts.iter().flat_map(|contact| &contact.carried).collect();
    let pages: BTreeSet<String> = contacts.iter().map(|contact| words::path(&contact.page)).collect();
    let pages = words::and(pages);
    let (message, confidence) = if carried.is_empty() {
        let by = contacts.iter().find_map(|contact| context.fact_of(contact));
        let by = by.map(|fact| format!(" (by `{}`)", fact.matched_by)).unwrap_or_default();
        let message = format!("{pages} makes a request to {host}, which is known for advertising{by}");
        (message, Confidence::Medium)
    } else {
        let carried = words::listed(&carried);
        (format!("{pages} makes a request to {host} that carries {carried}"), Confidence::High)
    };
    Violation::new(&RULE, host, message)
        .refutes([About::Policy(PolicyAspect::CrossSiteTracking)])
        .confidence(confidence)
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
