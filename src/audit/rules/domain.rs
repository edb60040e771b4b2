//! `domain`

use super::prelude::*;
use crate::manifest::{DeclaredParty, DomainRule};

pub(crate) static RULE: Rule = Rule {
    id: "domain",
    sentence: "A cookie belongs to another host, or to more hosts, than declared.",
    short: "for another domain than declared",
    page: "\
`domain = \"host-only\"` asks for a cookie without `Domain`: only the host that set it gets it back. A named \
domain asks for a `Domain` attribute that leads to it. `party = \"first\"` asks for a cookie of the site's own \
hosts, or of a parent of them; a line whose `Domain` names somebody else's host is wrong even though \
browsers refuse it (`InvalidDomain`).

The site's own hosts are `site.hosts` of the manifest, the hosts of the plan, and everything under the \
registrable domain of the address that was audited.

**To do:** remove or correct `Domain` where the cookie is written, or let the site set it itself.",
    checks: &[Check::Items(check)],
    claims: Claims::LikeThis(&[ItemAspect::Domain, ItemAspect::Party]),
};

fn wrong(context: &Context<'_>, item: &Item, seen: &Seen<'_>) -> Option<String> {
    match item.domain.as_ref()? {
        DomainRule::HostOnly => {
            let domain = seen.example().written.domain.as_ref()?;
            let host_only = seen.example().decision.effective().is_some_and(|effective| effective.host_only);
            (!host_only).then(|| format!("is for all of {domain}, not for one host,"))
        }
        DomainRule::Domain(declared) => {
            let effective = seen.example().decision.effective()?;
            let declared = declared.trim_start_matches('.');
            let same = context.hosts.names(&effective.domain).any(|name| name.eq_ignore_ascii_case(declared));
            (!same || effective.host_only).then(|| {
                let only = if effective.host_only { " only" } else { "" };
                format!("is for {}{only}, not for all of {declared},", effective.domain)
            })
        }
    }
}

fn check(context: &Context<'_>, index: usize, _: &Item, found: &mut Vec<Violation>) {
    let wrong = |item: &Item, seen: &Seen<'_>| wrong(context, item, seen);
    found.extend(attribute::of_item(context, &RULE, ItemAspect::Domain, index, wrong));
    found.extend(party(context, index));
}

fn party(context: &Context<'_>, index: usize) -> Option<Violation> {
    let item = context.item(index);
    let declared = item.party?;
    // Who says that a name is the site's own says that nobody else sets it.
    let instead = context.namesakes(index).filter(|_| declared == DeclaredParty::First);
    let failing: Vec<&Seen<'_>> = context
        .sightings(index)
        .chain(instead)
        .filter(|seen| {
            let domain = seen.example().written.domain.as_deref();
            let foreign = seen.foreign || domain.is_some_and(|domain| !context.hosts.own(domain));
            foreign == (declared == DeclaredParty::First)
        })
        .collect();
    let first = failing.first()?;
    let whose = first.example().written.domain.as_deref().unwrap_or(&first.observation.domain);
    let whose = whose.trim_start_matches('.');
    let message = match declared {
        DeclaredParty::First => format!("`{}` is set for {whose}, which is not this site", item.key),
        DeclaredParty::Third => format!("`{}` is set for {whose}, which is this site", item.key),
    };
    let how: Vec<_> = failing.iter().map(|seen| (*seen, whose.to_owned())).collect();
    Some(
        Violation::new(&RULE, &item.key, message)
            .refutes([About::Item(index, ItemAspect::Party)])
            .because([Cause::Origin(index), Cause::Aspect(index, ItemAspect::Domain)])
            .because(context.missing.contains(&index).then_some(Cause::Missing(index)))
            .because(whoever_sets(context, &failing))
            .because(attribute::alike(item, ItemAspect::Party, &how))
            .seen(context, failing),
    )
}

/// The foreign hosts that it is set for: what they are embedded for is the same matter.
fn whoever_sets(context: &Context<'_>, failing: &[&Seen<'_>]) -> BTreeSet<Cause> {
    let foreign = failing.iter().filter(|seen| seen.foreign);
    foreign.flat_map(|seen| of_host(context, matching::host_of(seen.observation))).collect()
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Absence, DeclaredParty, DomainRule, Item};
    use crate::observation::Resource;

    #[test]
    fn a_first_party_cookie_belongs_to_the_site() {
        let mut item = Item::named("locale");
        item.party = Some(DeclaredParty::First);
        let site = Site::with(item);
        site.when(line("locale=en")).finds_nothing().upholds("cookies.locale.party");
        site.when(line("locale=en; Domain=site.example").from("https://www.site.example/")).finds_nothing();
        site.when(line("locale=en").from("https://cdn.translate.example/t.js").within("/"))
            .finds("domain: cookies.locale.party");
        site.when(line("locale=en; Domain=.othersite.com"))
            .finds("domain: cookies.locale.accepted, cookies.locale.party");
    }

    #[test]
    fn the_script_of_whoever_sets_it_is_the_same_matter() {
        let mut item = Item::named("choice");
        item.party = Some(DeclaredParty::First);
        Site::with(item)
            .claims(|policy| policy.third_party_embeds = stated(Absence::default()))
            .contact("https://keep.consent.example/keep.js", Resource::Script, "/")
            .and_when(line("choice=1").from("https://keep.consent.example/keep.js").within("/"))
            .finds("domain: claims.third-party-embeds, cookies.choice.party");
    }

    #[test]
    fn host_only_means_without_domain() {
        let mut item = Item::named("sid");
        item.domain = Some(DomainRule::HostOnly);
        let site = Site::with(item);
        site.when(line("sid=1")).finds_nothing().upholds("cookies.sid.domain");
        site.when(line("sid=1; Domain=site.example")).finds("domain: cookies.sid.domain");
    }

    #[test]
    fn a_named_domain_needs_the_attribute() {
        let mut item = Item::named("sid");
        item.domain = Some(DomainRule::Domain("site.example".into()));
        let site = Site::with(item);
        site.when(line("sid=1; Domain=.site.example")).finds_nothing();
        site.when(line("sid=1")).finds("domain: cookies.sid.domain");
    }
}
