//! Which hosts are the site's own on a target, from plan and manifest.

use super::{Plan, Target};
use crate::cookie::registrable_domain;
use crate::manifest::Manifest;
use crate::observation::{Glob, Site, authority, has_subdomains, split_port};
use std::collections::BTreeSet;

/// The site at a target. The manifest's hosts are its own where the target is one of them; else those
/// they are mapped to, and the target's own in any case: a scan of a copy must not stray to the
/// original.
pub fn site(plan: &Plan, target: &Target, manifest: Option<&Manifest>) -> Site {
    let host = target.url.host_str().unwrap_or_default();
    let declared = manifest.map(|manifest| manifest.site.hosts.as_slice()).unwrap_or_default();
    let mut map = target.hosts.clone();
    let mut own: Vec<Glob> = Vec::new();
    let mut others = BTreeSet::new();
    if !map.is_empty() {
        // A map may also say where third parties are; that makes nobody the site's own.
        let declared_own = |host: &str| {
            manifest.is_none_or(|manifest| manifest.covers_host(split_port(host).0))
                || declared.iter().any(|glob| glob.matches(split_port(host).0))
        };
        let (ours, theirs): (Vec<_>, Vec<_>) = map.iter().partition(|(declared, _)| declared_own(declared));
        own.extend(ours.iter().map(|(_, mapped)| Glob::new(split_port(mapped).0)));
        let is_ours = |mapped: &String| {
            ours.iter().any(|(_, own)| *own == mapped) || *mapped == authority(&target.url) || mapped == host
        };
        others
            .extend(theirs.into_iter().map(|(_, mapped)| mapped).filter(|mapped| !is_ours(mapped)).cloned());
    } else if declared.iter().any(|glob| glob.matches(host)) {
        own.extend(declared.iter().cloned());
    } else {
        // Without a map, the declared site is meant to be what the target shows.
        let site = manifest.and_then(|manifest| manifest.site.url.as_ref()?.host_str());
        if let Some(site) = site.filter(|site| *site != host) {
            map.insert(site.to_owned(), authority(&target.url));
        }
        if declared.is_empty() && has_subdomains(&target.url) {
            let domain = registrable_domain(host);
            own.extend([Glob::new(domain), Glob::new(&format!("*.{domain}"))]);
        }
    }
    own.extend(plan.pages.hosts.iter().cloned());
    let named = plan.pages.hosts.iter().cloned();
    Site::new(Some(target.url.clone()), own, map, others).entrusting(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Party;
    use url::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_map_leads_to_the_copy_and_makes_nobody_own() {
        let mut plan = Plan::for_url(url("http://shop.localhost:8080/"));
        plan.targets[0].hosts = [("shop.test", "shop.localhost"), ("pay.test", "pay.localhost")]
            .map(|(declared, mapped)| (declared.to_owned(), mapped.to_owned()))
            .into();
        let mut manifest = Manifest::default();
        manifest.site.hosts.push(Glob::new("shop.test"));
        let site = site(&plan, &plan.targets[0], Some(&manifest));
        assert_eq!(site.own_hosts(), ["shop.localhost"]);
        assert_eq!(site.others().iter().collect::<Vec<_>>(), ["pay.localhost"]);
        for (written, asked) in [
            ("https://shop.test/a", "http://shop.localhost:8080/a"),
            ("https://pay.test/terms", "http://pay.localhost:8080/terms"),
            ("/b", "http://shop.localhost:8080/b"),
            ("https://far.test/", "https://far.test/"),
        ] {
            assert_eq!(site.on_target(written).unwrap().as_str(), asked);
        }
    }

    #[test]
    fn two_ports_of_one_host_are_two_parties() {
        let mut plan = Plan::for_url(url("http://localhost:4000/"));
        plan.targets[0].hosts = [("shop.test", "localhost:4000"), ("js.stripe.com", "localhost:4001")]
            .map(|(declared, mapped)| (declared.to_owned(), mapped.to_owned()))
            .into();
        let mut manifest = Manifest::default();
        manifest.site.hosts.push(Glob::new("shop.test"));
        let site = site(&plan, &plan.targets[0], Some(&manifest));
        assert_eq!(site.party(&url("http://localhost:4000/")), Party::First);
        assert_eq!(site.party(&url("http://localhost:4001/v3/")), Party::Third);
        assert!(!site.is_own(&url("http://localhost:4001/")));
    }

    #[test]
    fn a_host_beside_the_declared_one_is_first_party() {
        let plan = Plan::for_url(url("https://www.example.org/"));
        let mut manifest = Manifest::default();
        manifest.site.hosts.push(Glob::new("www.example.org"));
        let site = site(&plan, &plan.targets[0], Some(&manifest));
        let picture = url("https://static.example.org/a.png");
        assert_eq!((site.is_own(&picture), site.party(&picture)), (false, Party::First));
    }
}
