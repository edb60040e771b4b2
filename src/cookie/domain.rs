//! Hosts, registrable domains and sites.

use std::net::{Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// A schemeful site: scheme and registrable domain (HTML standard, "obtain a site").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemefulSite {
    pub scheme: String,
    /// The registrable domain, or the host where there is none (an IP address, `localhost`).
    pub domain: String,
}

impl std::fmt::Display for SchemefulSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.domain)
    }
}

/// The site of a URL.
pub fn site_of(url: &Url) -> SchemefulSite {
    SchemefulSite {
        // A socket's scheme is that of the request which opens it (Fetch, "WebSocket connections").
        scheme: match url.scheme() {
            "ws" => "http".into(),
            "wss" => "https".into(),
            scheme => scheme.into(),
        },
        domain: url.host_str().map(|host| registrable_domain(host).to_owned()).unwrap_or_default(),
    }
}

/// The registrable domain (eTLD+1, private suffixes included) of a host; the host itself where
/// there is none: IP addresses, single labels, public suffixes.
pub fn registrable_domain(host: &str) -> &str {
    registrable(host).unwrap_or(host)
}

/// Same registrable domain, whatever the scheme ("schemelessly same site").
pub fn same_site(a: &str, b: &str) -> bool {
    registrable_domain(a) == registrable_domain(b)
}

/// https, or http on localhost, `*.localhost`, 127.0.0.0/8 or `[::1]`: what Chromium takes as
/// secure for cookies (RFC 6265bis 5.7 step 13 leaves it to the browser).
pub fn is_trustworthy(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss") || is_loopback(url)
}

/// Localhost by name or address.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The registrable domain where there is one (Public Suffix List; an unknown top level is a
/// public suffix by the list's default rule).
pub(crate) fn registrable(host: &str) -> Option<&str> {
    if is_ip(host) {
        return None;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let domain = psl::domain_str(name)?;
    // The list says `*.kawasaki.jp`, which leaves kawasaki.jp itself under `jp`; Chromium takes
    // the parent of a wildcard as a public suffix, too.
    if domain.len() == name.len() && has_wildcard_below(name) {
        return None;
    }
    // `example.org.` is another host than `example.org`, and keeps its dot.
    host.get(name.len() - domain.len()..)
}

/// An address rather than a name, as a URL's host is written.
pub(crate) fn is_ip(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.map_or_else(|| host.parse::<Ipv4Addr>().is_ok(), |inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// What a `Domain` attribute makes of a cookie: its domain, and whether only that very host gets
/// it back. None where a browser refuses the attribute. The order of the rules is Chromium's; they
/// are those of RFC 6265bis 5.7 steps 8 to 10, except that an IP address or public suffix named
/// as the host itself gives a host-only cookie.
pub(crate) fn cookie_domain(host: &str, attribute: Option<&[u8]>) -> Option<(String, bool)> {
    // An empty label before the last dot is no host name (RFC 6265bis 5.1.2).
    if host.ends_with("..") {
        return None;
    }
    let attribute = attribute.unwrap_or_default();
    let host_only = || Some((host.to_owned(), true));
    if attribute.is_empty() {
        return host_only();
    }
    // One leading dot means nothing (RFC 6265bis 5.6.3).
    let name = attribute.strip_prefix(b".").unwrap_or(attribute);
    let is_host = name.eq_ignore_ascii_case(host.as_bytes());
    let Some(site) = registrable(host) else {
        return if is_host { host_only() } else { None };
    };
    let domain = canonical(name)?;
    let parent = host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
    // Within the host's registrable domain, or it would be a public suffix.
    (parent && domain.len() >= site.len()).then_some((domain, false))
}

/// `host` is `domain` or below it (RFC 6265bis 5.1.3).
pub(crate) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
            && !is_ip(host)
            && !domain.is_empty())
}

/// A host name in lower case and punycode; none for what can be no name. Percent-escapes are
/// refused rather than decoded.
fn canonical(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    if name.contains('%') {
        return None;
    }
    idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::URL).ok().map(|name| name.into_owned())
}

/// Whether the list has `*.` before this name.
fn has_wildcard_below(name: &str) -> bool {
    let below = format!("x.{name}");
    psl::suffix_str(&below).is_some_and(|suffix| suffix.len() == below.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains() {
        for (host, domain) in [
            ("www.example.org", "example.org"),
            ("example.org", "example.org"),
            ("example.org.", "example.org."),
            ("a.b.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("foo.github.io", "foo.github.io"),
            ("a.foo.github.io", "foo.github.io"),
            ("localhost", "localhost"),
            ("a.localhost", "a.localhost"),
            ("b.a.localhost", "a.localhost"),
            ("site.test", "site.test"),
            ("www.ck", "www.ck"),
            ("a.foo.ck", "a.foo.ck"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("www.xn--55qx5d.cn", "www.xn--55qx5d.cn"),
            ("city.kawasaki.jp", "city.kawasaki.jp"),
            ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ] {
            assert_eq!(registrable_domain(host), domain, "{host}");
        }
        for host in ["co.uk", "localhost", "kawasaki.jp", "foo.kawasaki.jp", "10.0.0.1", "github.io"] {
            assert_eq!(registrable(host), None, "{host}");
        }
        assert!(same_site("a.example.org", "b.example.org"));
        assert!(!same_site("foo.github.io", "bar.github.io"));
    }

    #[test]
    fn the_domain_attribute() {
        let host_only = |host: &str| Some((host.to_owned(), true));
        let domain = |domain: &str| Some((domain.to_owned(), false));
        for (host, attribute, expected) in [
            ("www.example.org", "", host_only("www.example.org")),
            ("www.example.org", "example.org", domain("example.org")),
            ("www.example.org", ".Example.ORG", domain("example.org")),
            ("www.example.org", "www.example.org", domain("www.example.org")),
            ("www.example.org", "..example.org", None),
            ("www.example.org", ".", None),
            ("www.example.org", "org", None),
            ("www.example.org", "w.example.org", None),
            ("www.example.org", "xexample.org", None),
            ("www.example.org", "example.org:443", None),
            ("www.example.org", "example.org/", None),
            ("www.example.org", "\"example.org\"", None),
            ("www.example.org", "example.org.", None),
            ("www.example.org", "%65xample.org", None),
            ("www.example.org.", "example.org.", domain("example.org.")),
            ("foo.github.io", "github.io", None),
            ("foo.github.io", "foo.github.io", domain("foo.github.io")),
            ("github.io", "github.io", host_only("github.io")),
            ("foo.kawasaki.jp", "foo.kawasaki.jp", host_only("foo.kawasaki.jp")),
            ("localhost", "localhost", host_only("localhost")),
            ("localhost", ".LOCALHOST", host_only("localhost")),
            ("127.0.0.1", "127.0.0.1", host_only("127.0.0.1")),
            ("127.0.0.1", ".127.0.0.1", host_only("127.0.0.1")),
            ("127.0.0.1", "0.0.1", None),
            ("127.0.0.1", "2130706433", None),
            ("[::1]", "[::1]", host_only("[::1]")),
            ("[::1]", "::1", None),
            ("www.xn--bcher-kva.example", "b\u{fc}cher.example", domain("xn--bcher-kva.example")),
            ("www.example.org", "example\u{3002}org", domain("example.org")),
        ] {
            assert_eq!(cookie_domain(host, Some(attribute.as_bytes())), expected, "{host} {attribute}");
        }
    }

    #[test]
    fn what_counts_as_secure() {
        for (url, secure) in [
            ("https://example.org/", true),
            ("http://example.org/", false),
            ("http://localhost/", true),
            ("http://a.localhost:8080/", true),
            ("http://localhost./", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://0.0.0.0/", false),
            ("http://10.0.0.1/", false),
            ("http://notlocalhost/", false),
        ] {
            assert_eq!(is_trustworthy(&Url::parse(url).unwrap()), secure, "{url}");
        }
    }
}
