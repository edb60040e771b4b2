//! `third-party-sets`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-sets",
    sentence: "A third party that is declared to leave nothing on the device leaves something.",
    short: "its owner should leave nothing",
    page: "\
`sets_cookies = false` and `sets_storage = false` are about everything that comes from a third party: what its \
responses set (also a cookie of the CDN in front of it), what its scripts write, in its own name or in the \
site's, and what stands in its own origin's storage.

**To do:** switch the tool to the mode its vendor promises, or correct the declaration.",
    checks: &[Check::Parties(check)],
    claims: Claims::Party(&[ThirdPartyAspect::SetsCookies, ThirdPartyAspect::SetsStorage], standing),
};

fn check(context: &Context<'_>, index: usize, party: &ThirdParty, found: &mut Vec<Violation>) {
    let aspects = [
        (ThirdPartyAspect::SetsCookies, party.sets_cookies, "the cookie"),
        (ThirdPartyAspect::SetsStorage, party.sets_storage, "the storage item"),
    ];
    for (aspect, stated, what) in aspects {
        if stated != Some(false) {
            continue;
        }
        let cookies = aspect == ThirdPartyAspect::SetsCookies;
        let left: Vec<&Seen<'_>> = context
            .seen
            .iter()
            .filter(|seen| (seen.kind() == StorageKind::Cookie) == cookies && seen.lands())
            .filter(|seen| is_by(context, seen, index))
            .collect();
        let names: BTreeSet<String> = left.iter().map(|seen| seen.family.clone()).collect();
        if left.is_empty() {
            continue;
        }
        let causes: BTreeSet<Cause> =
            left.iter().flat_map(|seen| presence(context, seen)).chain([Cause::Provider(index)]).collect();
        found.push(
            Violation::new(
                &RULE,
                &party.provider,
                format!("{} sets {what} {}", party.provider, words::and(names)),
            )
            .refutes([About::ThirdParty(index, aspect)])
            .because(causes)
            .seen(context, left.iter().copied()),
        );
    }
}

/// Set by a third party: on its domain, in its name, or by its script.
pub(super) fn is_by(context: &Context<'_>, seen: &Seen<'_>, index: usize) -> bool {
    seen.provider == Some(index)
        || seen
            .script_host()
            .filter(|host| !context.hosts.own(host))
            .is_some_and(|host| context.provider_of_host(&host) == Some(index))
}

fn standing(context: &Context<'_>, index: usize) -> Option<Standing> {
    Some(if_contacted(context, index, "its scripts were not run"))
}

/// A claim about what a third party does is upheld where it was there and did not.
pub(super) fn if_contacted(context: &Context<'_>, index: usize, what_a_browser_adds: &str) -> Standing {
    match standing::never(context, &Scope::default(), what_a_browser_adds) {
        Standing::Upheld(_) => Standing::Upheld(standing::count(context.requests_to(index), "requests")),
        open => open,
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, ThirdParty};
    use crate::observation::{Resource, StorageKind};

    fn site() -> Site {
        let mut party = ThirdParty::named("Plausible");
        party.domains = vec![Glob::new("plausible.io")];
        party.sets_cookies = Some(false);
        party.sets_storage = Some(false);
        Site::plain().complete().party(party)
    }

    #[test]
    fn a_cdn_in_front_of_it_counts() {
        site()
            .when(
                line("__cf_bm=1; SameSite=None; Secure")
                    .from("https://plausible.io/js/script.js")
                    .within("/"),
            )
            .finds("third-party-sets: claims.inventory, third_parties.plausible.sets-cookies");
    }

    #[test]
    fn what_its_script_writes_counts() {
        site()
            .when(stored(StorageKind::LocalStorage, "visit", "1").script("https://plausible.io/js/script.js"))
            .finds("third-party-sets: third_parties.plausible.sets-storage");
    }

    #[test]
    fn it_is_upheld_where_it_was_there() {
        site()
            .contact("https://plausible.io/api/event", Resource::Fetch, "/")
            .in_browser()
            .finds_nothing()
            .upholds("third_parties.plausible.sets-cookies");
        site().looked_at().in_browser().leaves("third_parties.plausible.sets-cookies", "never-seen");
        site().looked_at().leaves("third_parties.plausible.sets-cookies", "needs-browser");
    }
}
