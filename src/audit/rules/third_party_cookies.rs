//! `third-party-cookies`

use super::prelude::*;
use crate::manifest::ThirdPartyRule;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-cookies",
    sentence: "A cookie of another site's domain is set from this site's pages.",
    page: "\
Third-party is every cookie whose domain is not one of the site's own hosts. That this browser blocks such \
cookies does not help: another one keeps them (Firefox apart for each site around them, partitioned), so the \
attempt counts. What a provider declared under \
`third_parties` may do, where and when it may do it, is no finding; neither is what another site sets on its \
own page after the visitor has gone there.

**To do:** remove what is embedded, or declare its provider.",
    check: Check::Site(check),
    claims: Claims::Sentence(PolicyAspect::ThirdPartyCookies, standing),
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let Some(stated) = &context.manifest.policy.third_party_cookies else { return };
    let mut by_host: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.cookies().filter(|seen| seen.foreign && !away(context, seen)) {
        let declared = seen.item.is_some() && stated.value == ThirdPartyRule::OnlyDeclared;
        if !declared && !allowed_by_provider(context, seen) {
            by_host.entry(site(matching::host_of(seen.observation))).or_default().push(seen);
        }
    }
    for (host, sightings) in by_host {
        let names: BTreeSet<String> = sightings.iter().map(|seen| seen.family.clone()).collect();
        let pages: BTreeSet<String> = sightings.iter().map(|seen| words::path(&seen.page().asked)).collect();
        let causes: BTreeSet<Cause> = sightings.iter().flat_map(|seen| presence(context, seen)).collect();
        let message = format!("{host} sets {} in visitors of {}", words::and(names), words::and(pages));
        found.push(
            Violation::new(&RULE, &host, message)
                .refutes([About::Policy(PolicyAspect::ThirdPartyCookies)])
                .because(causes)
                .seen(context, sightings.iter().copied()),
        );
    }
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "third parties are loaded by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Item, ThirdParty, ThirdPartyRule};

    fn embed() -> Line {
        line("YSC=1; SameSite=None; Secure").from("https://www.youtube.com/embed/x").within("/blog")
    }

    #[test]
    fn an_embed_brings_its_cookies() {
        let site = Site::with(Item::named("sid"))
            .claims(|policy| policy.third_party_cookies = stated(ThirdPartyRule::None));
        site.when(embed()).finds("third-party-cookies: claims.third-party-cookies");
        site.when(line("sid=1")).finds_nothing().leaves("claims.third-party-cookies", "needs-browser");
    }

    #[test]
    fn a_declared_provider_may_do_what_it_may() {
        let mut party = ThirdParty::named("YouTube");
        party.domains =
            vec![crate::manifest::Glob::new("*.youtube.com"), crate::manifest::Glob::new("youtube.com")];
        party.allowed_on = vec!["videos".into()];
        let site = Site::with(Item::named("sid"))
            .complete()
            .party(party)
            .pages("videos", &["/blog/**"])
            .claims(|policy| policy.third_party_cookies = stated(ThirdPartyRule::OnlyDeclared));
        site.when(embed()).finds_nothing();
        site.when(embed().within("/")).finds(
            "third-party-pages: claims.inventory, claims.third-party-cookies, third_parties.youtube.allowed-on",
        );
    }

    #[test]
    fn another_sites_own_page_is_its_own() {
        Site::with(Item::named("sid"))
            .complete()
            .claims(|policy| policy.third_party_cookies = stated(ThirdPartyRule::None))
            .when(
                line("session=1")
                    .on("/pay")
                    .shown("https://checkout.example/pay")
                    .from("https://checkout.example/pay"),
            )
            .finds_nothing();
    }
}
