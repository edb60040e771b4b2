//! Which hosts are the site's own in this run, and where the manifest's addresses are on this
//! target.

use crate::cookie::registrable_domain;
use crate::manifest::{Glob, Manifest};
use crate::plan::{Plan, Target, is_local};
use std::collections::BTreeMap;
use url::{Host, Url};

/// The target's hosts.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    target: Url,
    own: Vec<Glob>,
    /// The manifest's hosts to this target's.
    map: BTreeMap<String, String>,
}

impl Hosts {
    /// The manifest's hosts where the target is one of them; else those they are mapped to, and
    /// the target's own in any case: a scan of a copy must not stray to the original.
    pub(super) fn new(plan: &Plan, target: &Target, manifest: Option<&Manifest>) -> Hosts {
        let host = target.url.host_str().unwrap_or_default();
        let declared = manifest.map(|manifest| manifest.site.hosts.as_slice()).unwrap_or_default();
        let mut map = target.hosts.clone();
        let mut own: Vec<Glob> = Vec::new();
        if !map.is_empty() {
            // A map may also say where third parties are; that makes nobody the site's own.
            let declared_own = |host: &str| {
                manifest.is_none_or(|manifest| manifest.covers_host(split_port(host).0))
                    || declared.iter().any(|glob| glob.matches(split_port(host).0))
            };
            let mapped = map.iter().filter(|(declared, _)| declared_own(declared));
            own.extend(mapped.map(|(_, mapped)| Glob::new(split_port(mapped).0)));
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
        if !own.iter().any(|glob| glob.matches(host)) {
            own.insert(0, Glob::new(host));
        }
        Hosts { target: target.url.clone(), own, map }
    }

    /// Whether a URL is on the site's own hosts.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.is_own_host(host))
    }

    pub(super) fn is_own_host(&self, host: &str) -> bool {
        self.own.iter().any(|glob| glob.matches(host))
    }

    /// An address of the manifest or plan (a path, or a URL on the declared site) on this target.
    pub(super) fn on_target(&self, written: &str) -> Option<Url> {
        let mut url = self.target.join(written.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let mapped = self.map.get(&authority(&url)).or_else(|| self.map.get(url.host_str()?));
        if let Some(mapped) = mapped {
            let (host, port) = split_port(mapped);
            if url.set_host(Some(host)).is_err() {
                return None;
            }
            let beside = self.target.host_str() == Some(host) || (is_local(&url) && is_local(&self.target));
            if beside && port.is_none_or(|port| Some(port) == self.target.port()) {
                // A host of the target is asked as the target is: its scheme, its port. On this
                // machine so is every other, as no port of its own is said.
                let _ = url.set_scheme(self.target.scheme());
                let _ = url.set_port(self.target.port());
            } else {
                let _ = url.set_port(port);
            }
        }
        url.set_fragment(None);
        Some(url)
    }

    pub(super) fn target(&self) -> &Url {
        &self.target
    }

    /// As globs, for those who read the scan.
    pub(super) fn own(&self) -> Vec<String> {
        self.own.iter().map(ToString::to_string).collect()
    }

    pub(super) fn map(&self) -> &BTreeMap<String, String> {
        &self.map
    }
}

/// The same site under its other common name: `www.` taken away, or put before a bare domain.
pub(super) fn www_twin(url: &Url) -> Option<Url> {
    if !has_subdomains(url) {
        return None;
    }
    let host = url.host_str()?;
    let other = match host.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None if registrable_domain(host) == host => format!("www.{host}"),
        None => return None,
    };
    let mut twin = url.clone();
    twin.set_host(Some(&other)).ok()?;
    Some(twin)
}

/// The plain `http://` twin of an https page, where the ports are the usual ones.
pub(super) fn http_twin(url: &Url) -> Option<Url> {
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    let mut twin = url.clone();
    twin.set_scheme("http").ok()?;
    Some(twin)
}

fn has_subdomains(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if name.contains('.') && !is_local(url))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `host:port` apart; the colons of an IPv6 address within brackets are its own.
fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn twins() {
        let twin = |text: &str| www_twin(&url(text)).map(String::from).unwrap_or_default();
        #[rustfmt::skip]
        let cases = [
            ("https://www.a.test/x", "https://a.test/x"),
            ("https://a.test/", "https://www.a.test/"),
            ("http://localhost:4000/", ""),
            ("http://a.localhost:4000/", ""),
            ("http://127.0.0.1/", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(twin(text), expected, "{text}");
        }
        assert_eq!(http_twin(&url("https://a.test/x")), Some(url("http://a.test/x")));
        assert_eq!(http_twin(&url("https://a.test:4143/x")), None);
        assert_eq!(http_twin(&url("http://a.test/x")), None);
    }

    #[test]
    fn a_map_leads_to_the_copy_and_makes_nobody_own() {
        let mut plan = Plan::for_url(url("http://shop.localhost:8080/"));
        plan.targets[0].hosts = [("shop.test", "shop.localhost"), ("pay.test", "pay.localhost")]
            .map(|(declared, mapped)| (declared.to_owned(), mapped.to_owned()))
            .into();
        let mut manifest = Manifest::default();
        manifest.site.hosts.push(Glob::new("shop.test"));
        let hosts = Hosts::new(&plan, &plan.targets[0], Some(&manifest));
        assert_eq!(hosts.own(), ["shop.localhost"]);
        for (written, asked) in [
            ("https://shop.test/a", "http://shop.localhost:8080/a"),
            ("https://pay.test/terms", "http://pay.localhost:8080/terms"),
            ("/b", "http://shop.localhost:8080/b"),
            ("https://far.test/", "https://far.test/"),
        ] {
            assert_eq!(hosts.on_target(written).unwrap().as_str(), asked);
        }
    }

    #[test]
    fn ports_are_split_off() {
        assert_eq!(split_port("a.test:80"), ("a.test", Some(80)));
        assert_eq!(split_port("a.test"), ("a.test", None));
        assert_eq!(split_port("[::1]:80"), ("[::1]", Some(80)));
        assert_eq!(split_port("[::1]"), ("[::1]", None));
    }
}
