//! `covers-linking-hosts`

use super::prelude::*;

pub(crate) static RULE: Rule = Rule {
    id: "covers-linking-hosts",
    sentence: "A host that the policy covers sets what the policy does not name.",
    page: "\
A policy that speaks of *the websites and applications that link to it* covers more than one host. Every own \
host whose pages link to the policy page is part of the scan; a cookie of theirs that nothing declares refutes \
this sentence together with the inventory, in one finding named *undeclared-cookie*. So does a frame of a \
host that nobody knows and nothing declares: an application of the site's on a domain of its own.

**To do:** declare what the other host sets.",
    check,
    standing,
};

fn check(context: &Context<'_>, found: &mut Vec<Violation>) {
    let mut by_host: BTreeMap<String, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in context.undeclared().filter(|seen| seen.kind() == StorageKind::Cookie && seen.foreign) {
        let application = seen.exchange().resource == Resource::Frame
            && seen.fact.is_none()
            && seen.provider.is_none()
            && !away(context, seen);
        if application {
            by_host.entry(matching::host_of(seen.observation).to_owned()).or_default().push(seen);
        }
    }
    for (host, sightings) in by_host {
        let names: BTreeSet<String> = sightings.iter().map(|seen| seen.name()).collect();
        let causes: BTreeSet<Cause> = sightings.iter().flat_map(|seen| presence(context, seen)).collect();
        let message = format!(
            "{host}, shown within the site's own pages, sets {}, which nothing declares",
            words::and(names)
        );
        found.push(
            Violation::new(&RULE, &host, message)
                .refutes([About::Policy(PolicyAspect::CoversLinkingHosts)])
                .because(causes)
                .confidence(Confidence::Medium)
                .seen(context, sightings.iter().copied())
                .hint("declare it, name its owner under third_parties, or add the host to the site's"),
        );
    }
}

fn standing(context: &Context<'_>, about: About) -> Option<Standing> {
    let About::Policy(PolicyAspect::CoversLinkingHosts) = about else { return None };
    let Some(page) = &context.scan.policy else {
        return Some(super::policy_page::not_looked_at(context));
    };
    if let Err(open) = standing::reach(context, &Scope::default()) {
        return Some(open);
    }
    let visited: BTreeSet<String> = context
        .scan
        .coverage
        .pages
        .iter()
        .flat_map(|page| [Some(&page.example), page.shown.as_ref()])
        .flatten()
        .filter_map(|url| url.parsed()?.host_str().map(str::to_owned))
        .collect();
    if let Some(host) = page.linked_from.iter().find(|host| !visited.contains(host.as_str())) {
        let detail = format!("{host} links to the policy and was not looked at");
        return Some(Standing::open(Why::NotPlanned, detail, "this host among the plan's `hosts`"));
    }
    if page.linked_from.is_empty() {
        let detail = "no page was seen to link to the policy";
        return Some(Standing::open(Why::NeverSeen, detail, "pages that link to the policy"));
    }
    let hosts = standing::count(page.linked_from.len() as u64, "hosts");
    Some(Standing::Upheld(format!("{hosts} with links to the policy")))
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::Item;

    #[test]
    fn an_application_that_links_to_the_policy_is_covered() {
        let site = Site::with(Item::named("sid"))
            .complete()
            .claims(|policy| policy.covers_linking_hosts = stated(true));
        site.when(line("theme=1").on("https://app.site.example/"))
            .finds("undeclared-cookie: claims.covers-linking-hosts, claims.inventory");
        site.policy_page("Cookies")
            .linked_from("site.example")
            .finds_nothing()
            .upholds("claims.covers-linking-hosts");
        site.policy_page("Cookies")
            .linked_from("app.site.example")
            .leaves("claims.covers-linking-hosts", "not-planned");
    }
}
