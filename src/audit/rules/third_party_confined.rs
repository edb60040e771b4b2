//! `third-party-confined`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-confined",
    sentence: "A third party's cookie leaves the domains it should stay on.",
    short: "outside its owner's domains",
    page: "\
`confined = true` says that a third party's cookies stay on its declared domains and never stand in the \
site's own name. Vendors' cookies in the site's own name are told by the table of well-known cookies \
(`__stripe_mid`), or by the script that writes them. A cookie of another of its hosts, set while the visitor \
is on the site's own pages, leaves them as well.

**To do:** load the vendor's script only where its cookies are expected, or declare them.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::Confined], standing),
};

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    if party.confined != Some(true) {
        return;
    }
    let out: Vec<&Seen<'_>> = context
        .cookies()
        .filter(|seen| super::third_party_sets::is_by(context, seen, index) && !away(context, seen))
        .filter(|seen| {
            let host = matching::host_of(seen.observation);
            let on_its_own =
                context.hosts.names(host).any(|name| party.domains.iter().any(|glob| glob.matches(name)));
            !seen.foreign || !on_its_own && !party.domains.is_empty()
        })
        .collect();
    let Some(first) = out.first() else { return };
    let names: BTreeSet<String> = out.iter().map(|seen| seen.family.clone()).collect();
    let causes: BTreeSet<Cause> =
        out.iter().flat_map(|seen| presence(context, seen)).chain([Cause::Provider(index)]).collect();
    let message = format!(
        "{}'s {} is set for {}",
        party.provider,
        words::and(names),
        matching::host_of(first.observation)
    );
    found.push(
        Violation::new(&RULE, &party.provider, message)
            .refutes([About::ThirdParty(index, ThirdPartyAspect::Confined)])
            .because(causes)
            .seen(context, out.iter().copied()),
    );
}

fn standing(context: &Context<'_>, _: usize) -> Option<Standing> {
    Some(standing::never(context, &Scope::default(), "its cookies are written by scripts"))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};

    #[test]
    fn a_vendors_cookie_in_the_sites_name() {
        let mut party = ThirdParty::named("Stripe");
        party.domains = vec![Glob::new("checkout.stripe.com")];
        party.confined = Some(true);
        let site = Site::plain().complete().party(party);
        site.when(line("__stripe_mid=1").script("https://js.stripe.com/v3/"))
            .when(line("__stripe_sid=1").script("https://js.stripe.com/v3/"))
            .finds("third-party-confined: claims.inventory, third_parties.stripe.confined");
        site.when(line("m=1; SameSite=None; Secure").from("https://m.stripe.com/6").within("/pricing"))
            .finds("third-party-confined: claims.inventory, third_parties.stripe.confined");
        site.in_browser().when(line("sid=1")).finds_nothing().upholds("third_parties.stripe.confined");
        let checkout = "https://checkout.stripe.com/c/pay";
        site.when(line("checkout-live=1").on("/buy").shown(checkout).from(checkout)).finds_nothing();
    }
}
