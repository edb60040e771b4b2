//! `covers-linking-hosts`

use super::prelude::*;
use crate::observation::SkipReason;
use url::Url;

pub(crate) static RULE: Rule = Rule {
    id: "covers-linking-hosts",
    sentence: "A host that the policy covers sets what the policy does not name.",
    short: "on a host that links to the policy",
    page: "\
A policy that speaks of *the websites and applications that link to it* covers more than one host. Every own \
host whose pages link to the policy page is part of the scan; a cookie of theirs that nothing declares refutes \
this sentence together with the inventory, in one finding named *undeclared-cookie*. It is upheld where every \
host that the manifest names was looked at: whether a host links to the policy is not known before. A frame that \
sets cookies from a domain with the site's own name in it is taken for an application of the site's; one of any \
other unknown host is a third party until the manifest says that the host is the site's.

**To do:** declare what the other host sets.",
    checks: &[Check::Things(Of::Undeclared, host, word)],
    claims: Claims::Sentence(PolicyAspect::CoversLinkingHosts, standing),
};

/// The host of an application that is shown within the site's pages.
fn host(context: &Context<'_>, seen: &Seen<'_>) -> Option<String> {
    let application = seen.kind() == StorageKind::Cookie
        && seen.foreign
        && seen.exchange().resource == Resource::Frame
        && seen.fact.is_none()
        && seen.provider.is_none()
        && !away(context, seen)
        && bears_the_sites_name(context, matching::host_of(seen.observation));
    application.then(|| matching::host_of(seen.observation).to_owned())
}

fn word(_: &Context<'_>, host: &str, cookies: &[&Seen<'_>]) -> Violation {
    let names: BTreeSet<String> = cookies.iter().map(|seen| seen.family.clone()).collect();
    let names = words::and(names);
    let message = format!("{host}, shown within the site's own pages, sets {names}, which nothing declares");
    Violation::new(&RULE, host, message)
        .refutes([About::Policy(PolicyAspect::CoversLinkingHosts)])
        .confidence(Confidence::Medium)
        .hint("declare it, name its owner under third_parties, or add the host to the site's")
}

/// `shop-work.example` of `shop.example`: an application of the site's own under another domain. Who
/// an unknown host without the name belongs to, nobody knows.
fn bears_the_sites_name(context: &Context<'_>, host: &str) -> bool {
    let label = |host: &str| site(host).split('.').next().unwrap_or_default().to_owned();
    let theirs = label(host);
    let own = context.scan.run.own_hosts.iter().map(|host| host.trim_start_matches("*."));
    own.map(label).any(|name| name.len() >= 4 && theirs.contains(&name))
}

fn standing(context: &Context<'_>) -> Option<Standing> {
    let Some(page) = &context.scan.policy else {
        return Some(standing::policy_not_looked_at(context));
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
    let named = context.manifest.site.hosts.iter().filter_map(|glob| glob.literal());
    let looked_at = |name: &str| {
        let name = name.split(':').next().unwrap_or(name);
        visited.iter().any(|host| context.hosts.names(host).any(|other| other.eq_ignore_ascii_case(name)))
    };
    if let Some(host) = named.into_iter().find(|name| !looked_at(name)) {
        let detail = format!("{host} is one of the site's hosts and was not looked at");
        return Some(Standing::open(Why::NotPlanned, detail, "this host among the plan's `hosts`"));
    }
    let left = context.scan.coverage.skipped.iter().find(|skipped| {
        let own = |url: Url| context.hosts.own(url.host_str().unwrap_or_default());
        skipped.reason == SkipReason::OutOfScope && skipped.example.parsed().is_some_and(own)
    });
    if let Some(left) = left {
        let detail = format!("{} is one of the site's and out of the plan's scope", left.example);
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
