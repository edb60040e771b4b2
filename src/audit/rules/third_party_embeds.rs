//! `third-party-embeds`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-embeds",
    sentence: "A page embeds a third party's frame or script, and the policy says there are none.",
    short: "a third party's content is embedded",
    page: "\
Frames and scripts of hosts that are not the site's own are embeds, whether or not they leave something. \
Third parties that the manifest declares for these pages are left out.

**To do:** host it yourself, show a picture that loads it on a click, or declare its provider.",
    checks: &[Check::Contacts(is_embedded, word)],
    claims: Claims::Sentence(PolicyAspect::ThirdPartyEmbeds, standing),
};

fn is_embedded(context: &Context<'_>, contact: &Contact) -> bool {
    let Some(stated) = &context.manifest.policy.third_party_embeds else { return false };
    let embeds = matches!(contact.resource, Resource::Frame | Resource::Script);
    let declared = || {
        context.provider_of_host(&contact.host).is_some_and(|index| {
            let party = context.third_party(index);
            party.embedded != Some(false) && context.url_in(&contact.page, &party.allowed_on)
        })
    };
    embeds && !declared() && covers_contact(context, &stated.value, contact)
}

fn word(_: &Context<'_>, host: &str, contacts: &[&Contact]) -> Violation {
    let pages: BTreeSet<String> = contacts.iter().map(|contact| words::path(&contact.page)).collect();
    let frame = contacts.iter().any(|contact| contact.resource == Resource::Frame);
    let what = if frame { "a frame" } else { "a script" };
    Violation::new(&RULE, host, format!("{} embeds {what} of {host}", words::and(pages)))
        .refutes([About::Policy(PolicyAspect::ThirdPartyEmbeds)])
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let stated = context.manifest.policy.third_party_embeds.as_ref()?;
    Some(standing::never(context, &scope_of(&stated.value), "scripts embed what the markup does not show"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Absence, ThirdPartyRule};
    use crate::observation::Resource;

    #[test]
    fn a_frame_and_its_cookies_are_one_finding() {
        Site::plain()
            .complete()
            .pages("marketing", &["/", "/blog/**"])
            .claims(|policy| {
                policy.third_party_embeds =
                    stated(Absence { pages: vec!["marketing".into()], ..Absence::default() });
                policy.third_party_cookies = stated(ThirdPartyRule::None);
            })
            .contact("https://www.youtube.com/embed/x", Resource::Frame, "/blog")
            .and_when(line("YSC=1; SameSite=None; Secure").from("https://www.youtube.com/embed/x").within("/blog"))
            .finds(
                "third-party-cookies: claims.inventory, claims.third-party-cookies, claims.third-party-embeds",
            );
    }

    #[test]
    fn other_pages_are_left_out() {
        Site::plain()
            .pages("marketing", &["/"])
            .claims(|policy| {
                policy.third_party_embeds =
                    stated(Absence { pages: vec!["marketing".into()], ..Absence::default() });
            })
            .contact("https://www.youtube.com/embed/x", Resource::Frame, "/app")
            .finds_nothing();
    }
}
