//! `third-party-cookies`

use super::prelude::*;
use crate::manifest::ThirdPartyRule;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-cookies",
    sentence: "A cookie of another site's domain is set from this site's pages.",
    short: "a third-party cookie",
    page: "\
Third-party is every cookie whose domain is not one of the site's own hosts. That this browser blocks such \
cookies does not help: another one keeps them (Firefox apart for each site around them, partitioned), so the \
attempt counts. What a provider declared under \
`third_parties` may do, where and when it may do it, is no finding; neither is what another site sets on its \
own page after the visitor has gone there.

**To do:** remove what is embedded, or declare its provider.",
    checks: &[Check::Things(Of::Cookies, whose, word)],
    claims: Claims::Sentence(PolicyAspect::ThirdPartyCookies, standing),
};

/// The site that sets it.
fn whose(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let stated = context.manifest.policy.third_party_cookies.as_ref()?;
    let declared = seen.item.is_some() && stated.value == ThirdPartyRule::OnlyDeclared;
    let wrong = seen.foreign && !declared && !away(context, seen) && !allowed_by_provider(context, seen);
    wrong.then(|| site(matching::host_of(seen.observation)))
}

fn word(_: &Context<'_>, site: &str, cookies: &[&Seen<'_>]) -> Violation {
    let names: BTreeSet<String> = cookies.iter().map(|seen| seen.family.clone()).collect();
    let pages: BTreeSet<String> = cookies.iter().map(|seen| words::path(&seen.page().asked)).collect();
    let message = format!("{site} sets {} in visitors of {}", words::and(names), words::and(pages));
    Violation::new(&RULE, site, message).refutes([About::Policy(PolicyAspect::ThirdPartyCookies)])
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
