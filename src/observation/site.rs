//! What is the site's own in a run, and what the manifest calls the hosts of this target. One value
//! decides it for everybody: the crawl, both engines, the recorder, the audit and the reports.
//!
//! Two questions are kept apart. *Own* is what may be visited and gets the plan's headers: the hosts
//! that plan and manifest name. *First party* is wider: whatever shares a registrable domain with an
//! own host is the same site to a browser (`static.example.org` beside `www.example.org`), and its
//! cookies are the site's.

use super::{Glob, Party};
use crate::cookie::{registrable, registrable_domain, same_site};
use std::collections::{BTreeMap, BTreeSet};
use url::{Host, Url};

/// A target's own hosts, its address, and the names that the manifest gives its hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// None where a scan's file has no address that can be read.
    base: Option<Url>,
    own: Vec<Glob>,
    /// Hosts of this target, with their ports where the map says them, that stand for somebody else.
    others: BTreeSet<String>,
    /// The manifest's hosts to this target's.
    map: BTreeMap<String, String>,
    /// This target's hosts to the manifest's; several may share one.
    declared: BTreeMap<String, Vec<String>>,
    /// Hosts that the plan names beside its target.
    entrusted: Vec<Glob>,
}

impl Site {
    /// A site at this address, with these own hosts beside the address's. `map` leads from the
    /// manifest's hosts to this target's; `others` are those of the latter that are not the site's.
    pub fn new(
        base: Option<Url>,
        mut own: Vec<Glob>,
        map: BTreeMap<String, String>,
        others: BTreeSet<String>,
    ) -> Self {
        let host = base.as_ref().and_then(Url::host_str).unwrap_or_default();
        if !own.iter().any(|glob| glob.matches(host)) {
            own.insert(0, Glob::new(host));
        }
        let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (from, to) in &map {
            declared.entry(to.to_ascii_lowercase()).or_default().push(from.clone());
        }
        let others = others.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        Site { base, own, others, map, declared, entrusted: Vec::new() }
    }

    /// The site of one address and nothing else.
    pub fn of_url(base: &Url) -> Self {
        Site::new(Some(base.clone()), Vec::new(), BTreeMap::new(), BTreeSet::new())
    }

    /// The same, where these hosts are the site's, too: for a manifest that the scan did not know.
    #[must_use]
    pub fn with_own(mut self, hosts: impl IntoIterator<Item = Glob>) -> Self {
        self.own.extend(hosts);
        self
    }

    /// The same, where the plan names these hosts beside its target.
    pub fn entrusting(mut self, hosts: impl IntoIterator<Item = Glob>) -> Self {
        self.entrusted.extend(hosts);
        self
    }

    /// Own hosts as globs, for those who read the scan.
    pub fn own_hosts(&self) -> Vec<String> {
        self.own.iter().map(ToString::to_string).collect()
    }

    /// The manifest's hosts to this target's.
    pub fn map(&self) -> &BTreeMap<String, String> {
        &self.map
    }

    /// Hosts of this target that the map gives to somebody else.
    pub fn others(&self) -> &BTreeSet<String> {
        &self.others
    }

    /// Whether a URL is on the site's own hosts: it may be visited as a page.
    pub fn is_own(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        !self.is_anothers(host, url.port_or_known_default()) && self.own.iter().any(|glob| glob.matches(host))
    }

    /// Whether the plan's own headers, a token or a password may go there: to the origin of the target
    /// (Fetch: credentials are an origin's), to https on the usual port of the same host, and to the hosts
    /// that the plan itself names. Never over plain http where the target has https.
    pub fn is_entrusted(&self, url: &Url) -> bool {
        let Some(base) = &self.base else { return false };
        if url.origin() == base.origin() {
            return true;
        }
        let is_weaker = url.scheme() != "https" && base.scheme() == "https";
        if is_weaker || !matches!(url.scheme(), "http" | "https") || !self.is_own(url) {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let usual_port = url.port().is_none() || url.scheme() == base.scheme() && url.port() == base.port();
        let mapped = self.map.values().filter(|to| !self.others.contains(*to)).any(|to| {
            let (mapped, port) = split_port(to);
            mapped.eq_ignore_ascii_case(host)
                && match port {
                    Some(port) => url.port_or_known_default() == Some(port),
                    None => usual_port && host != self.base_host(),
                }
        });
        if mapped {
            return true;
        }
        if host == self.base_host() {
            return base.port().is_none() && url.port().is_none();
        }
        usual_port && self.entrusted.iter().any(|glob| glob.matches(host))
    }

    /// Whose a URL is, seen from the site.
    pub fn party(&self, url: &Url) -> Party {
        let Some(host) = url.host_str() else { return Party::Third };
        match self.is_anothers(host, url.port_or_known_default()) {
            true => Party::Third,
            false => self.party_by_name(host),
        }
    }

    /// Whose a host is where no port is known: a cookie's domain.
    pub fn party_of_host(&self, host: &str) -> Party {
        let host = host.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        match self.is_anothers(&host, None) {
            true => Party::Third,
            false => self.party_by_name(&host),
        }
    }

    /// Whether it is the host of the target's address, with or without `www.`.
    pub fn is_base(&self, host: &str) -> bool {
        let bare = |host: &str| {
            let host = host.to_ascii_lowercase();
            host.strip_prefix("www.").map_or(host.clone(), str::to_owned)
        };
        bare(host) == bare(self.base_host())
    }

    /// An address of the manifest or plan (a path, or a URL on the declared site) on this target.
    pub fn on_target(&self, written: &str) -> Option<Url> {
        let base = self.base.as_ref()?;
        let mut url = base.join(written.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let mapped = self.map.get(&authority(&url)).or_else(|| self.map.get(url.host_str()?));
        if let Some(mapped) = mapped {
            let (host, port) = split_port(mapped);
            if url.set_host(Some(host)).is_err() {
                return None;
            }
            let beside = base.host_str() == Some(host) || (is_local(&url) && is_local(base));
            if beside && port.is_none_or(|port| Some(port) == base.port()) {
                // A host of the target is asked as the target is: its scheme, its port. On this
                // machine so is every other, as no port of its own is said.
                let _ = url.set_scheme(base.scheme());
                let _ = url.set_port(base.port());
            } else {
                let _ = url.set_port(port);
            }
        }
        url.set_fragment(None);
        Some(url)
    }

    /// A URL under the names that the manifest gives its host, and as it is.
    pub fn as_declared(&self, url: &Url) -> Vec<Url> {
        let mut urls = Vec::new();
        for name in self.declared_names(url.host_str().unwrap_or_default(), url.port_or_known_default()) {
            let (host, port) = split_port(name);
            let mut other = url.clone();
            if other.set_host(Some(host)).is_ok() {
                let _ = other.set_port(port);
                urls.push(other);
            }
        }
        urls.push(url.clone());
        urls
    }

    /// A host under the names that the manifest gives it, and as it is.
    pub fn names<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a str> {
        let declared = self.declared_names(host, None);
        declared.into_iter().map(|name| split_port(name).0).chain([host])
    }

    /// What the map calls a host, by host and port or, where it says no port, by the host alone.
    /// Without a port asked for, whatever stands under any of its ports.
    fn declared_names(&self, host: &str, port: Option<u16>) -> Vec<&str> {
        let host = host.to_ascii_lowercase();
        let exactly = port.and_then(|port| self.declared.get(&format!("{host}:{port}")));
        let found: Vec<&String> = match (exactly, port) {
            (Some(names), _) => names.iter().collect(),
            (None, Some(_)) => self.declared.get(&host).into_iter().flatten().collect(),
            (None, None) => self
                .declared
                .iter()
                .filter(|(to, _)| split_port(to).0 == host)
                .flat_map(|(_, names)| names)
                .collect(),
        };
        found.into_iter().map(String::as_str).collect()
    }

    /// Whether the map gives this host to somebody else. Where two ports of one host are two parties,
    /// a host without a port is the site's.
    fn is_anothers(&self, host: &str, port: Option<u16>) -> bool {
        if self.others.is_empty() {
            return false;
        }
        let host = host.to_ascii_lowercase();
        if self.others.contains(&host) {
            return true;
        }
        match port {
            Some(port) => self.others.contains(&format!("{host}:{port}")),
            None => {
                let is_there = |to: &&String| split_port(to).0 == host;
                self.others.iter().any(|other| is_there(&other))
                    && self.base_host() != host
                    && !self.map.values().filter(is_there).any(|to| !self.others.contains(to))
            }
        }
    }

    fn base_host(&self) -> &str {
        self.base.as_ref().and_then(Url::host_str).unwrap_or_default()
    }

    /// By registrable domain, and by the names of the map. A parent of an own host is the site's, too:
    /// the own host gets its cookies.
    fn party_by_name(&self, host: &str) -> Party {
        let is_first = host.is_empty()
            || same_site(host, self.base_host())
            || self.names(host).any(|name| {
                self.own.iter().any(|glob| {
                    glob.matches(name) || glob.literal().is_some_and(|own| is_of_one_site(own, name))
                })
            });
        if is_first { Party::First } else { Party::Third }
    }
}

/// Two hosts of one registrable domain; where there is none (`localhost`), only the same host.
fn is_of_one_site(own: &str, host: &str) -> bool {
    registrable(own).is_some_and(|domain| registrable(host) == Some(domain))
}

/// The same site under its other common name: `www.` taken away, or put before a bare domain.
pub fn www_twin(url: &Url) -> Option<Url> {
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
pub fn http_twin(url: &Url) -> Option<Url> {
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    let mut twin = url.clone();
    twin.set_scheme("http").ok()?;
    Some(twin)
}

/// Whether a URL leads to this machine.
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => {
            let domain = domain.trim_end_matches('.');
            domain == "localhost" || domain.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A host name that may have others below its domain, on no machine of ours.
pub(crate) fn has_subdomains(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if name.contains('.') && !is_local(url))
}

/// Host, and port where it is not the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `host:port` apart; the colons of an IPv6 address within brackets are its own.
pub(crate) fn split_port(authority: &str) -> (&str, Option<u16>) {
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

    fn site(base: &str, own: &[&str], map: &[(&str, &str)], others: &[&str]) -> Site {
        let map = map.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let others = others.iter().map(|other| (*other).to_owned()).collect();
        Site::new(Some(url(base)), own.iter().map(|glob| Glob::new(glob)).collect(), map, others)
    }

    #[test]
    fn credentials_stay_with_their_origin_and_the_hosts_that_the_plan_names() {
        let map =
            [("shop.test", "localhost:4000"), ("api.test", "localhost:4001"), ("pay.test", "localhost:4002")];
        let plain = site("https://www.example.org/", &["example.org", "*.example.org"], &[], &[]);
        let named = plain.clone().entrusting([Glob::new("app.example.org")]);
        let local = site("http://localhost:4000/", &["localhost"], &map, &["localhost:4002"]);
        let upgraded = site("http://example.org/", &[], &[], &[]);
        for (site, asked, entrusted) in [
            (&plain, "https://www.example.org/a", true),
            (&plain, "https://www.example.org:443/a", true),
            (&plain, "http://www.example.org/", false),
            (&plain, "http://www.example.org:443/", false),
            (&plain, "https://www.example.org:8443/", false),
            (&plain, "https://app.example.org/", false),
            (&plain, "https://example.org/", false),
            (&named, "https://app.example.org/", true),
            (&named, "http://app.example.org/", false),
            (&named, "https://app.example.org:8443/", false),
            (&named, "https://other.example.org/", false),
            (&named, "wss://www.example.org/", false),
            (&local, "http://localhost:4000/x", true),
            (&local, "http://localhost:4001/x", true),
            (&local, "http://localhost:4002/x", false),
            (&local, "http://localhost:4003/x", false),
            (&local, "http://127.0.0.1:4000/x", false),
            (&upgraded, "https://example.org/", true),
            (&upgraded, "https://example.org:8443/", false),
            (&upgraded, "https://www.example.org/", false),
        ] {
            assert_eq!(site.is_entrusted(&url(asked)), entrusted, "{asked}");
        }
    }

    #[test]
    fn a_host_of_the_same_domain_is_first_party_and_no_page_of_the_crawl() {
        let site = site("https://www.example.org/", &["www.example.org"], &[], &[]);
        for (asked, own, party) in [
            ("https://www.example.org/a", true, Party::First),
            ("https://static.example.org/a.png", false, Party::First),
            ("https://example.org/", false, Party::First),
            ("https://example.com/", false, Party::Third),
            ("https://notexample.org/", false, Party::Third),
        ] {
            assert_eq!((site.is_own(&url(asked)), site.party(&url(asked))), (own, party), "{asked}");
        }
        assert_eq!(site.party_of_host(".example.org"), Party::First);
        // Hosts of a public suffix are different sites.
        let pages = self::site("https://a.github.io/", &[], &[], &[]);
        assert_eq!(pages.party(&url("https://b.github.io/")), Party::Third);
        let local = self::site("http://a.localhost:4000/", &[], &[], &[]);
        assert_eq!(local.party(&url("http://b.localhost:4000/")), Party::Third);
    }

    #[test]
    fn the_map_leads_to_the_copy_and_back_by_host_and_port() {
        let map =
            [("shop.test", "localhost:4000"), ("pay.test", "localhost:4001"), ("js.test", "js.localhost")];
        let site = site("http://localhost:4000/", &["localhost"], &map, &["localhost:4001", "js.localhost"]);
        let declared = |asked: &str| site.as_declared(&url(asked))[0].to_string();
        assert_eq!(declared("http://localhost:4000/a"), "http://shop.test/a");
        assert_eq!(declared("http://localhost:4001/a"), "http://pay.test/a");
        assert_eq!(declared("http://js.localhost:4000/x.js"), "http://js.test/x.js");
        assert_eq!(declared("http://far.test/"), "http://far.test/");
        for (asked, own, party) in [
            ("http://localhost:4000/", true, Party::First),
            ("http://localhost:4001/", false, Party::Third),
            ("http://localhost:4002/", true, Party::First),
            ("http://js.localhost:4000/", false, Party::Third),
        ] {
            assert_eq!((site.is_own(&url(asked)), site.party(&url(asked))), (own, party), "{asked}");
        }
        // Cookies know no ports: what two ports share is the site's.
        assert_eq!(site.party_of_host("localhost"), Party::First);
        assert_eq!(site.party_of_host("js.localhost"), Party::Third);
        for (written, asked) in [
            ("https://shop.test/a", "http://localhost:4000/a"),
            ("https://pay.test/terms", "https://localhost:4001/terms"),
            ("/b", "http://localhost:4000/b"),
            ("https://far.test/", "https://far.test/"),
        ] {
            assert_eq!(site.on_target(written).unwrap().as_str(), asked);
        }
    }

    #[test]
    fn a_name_of_the_manifest_makes_its_copy_the_sites() {
        let site = site("http://127.0.0.1:8080/", &[], &[("shop.test", "shop.localhost")], &[])
            .with_own([Glob::new("shop.test")]);
        assert_eq!(site.party_of_host("shop.localhost"), Party::First);
        assert_eq!(site.party_of_host("pay.localhost"), Party::Third);
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
    fn ports_are_split_off() {
        assert_eq!(split_port("a.test:80"), ("a.test", Some(80)));
        assert_eq!(split_port("a.test"), ("a.test", None));
        assert_eq!(split_port("[::1]:80"), ("[::1]", Some(80)));
        assert_eq!(split_port("[::1]"), ("[::1]", None));
    }
}
