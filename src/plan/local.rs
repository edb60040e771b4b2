//! What is on this very machine.

use super::{Http, Limits, is_local};
use std::net::SocketAddr;
use url::Url;

impl Http {
    /// The address stated for a host: by its name, else for all.
    pub fn address_of(&self, host: &str) -> Option<SocketAddr> {
        self.resolve.get(host).or_else(|| self.resolve.get("*")).copied()
    }

    /// Whether a URL leads to this machine, by itself or by a stated address.
    pub fn is_local(&self, url: &Url) -> bool {
        let stated = url.host_str().and_then(|host| self.address_of(host));
        stated.map_or_else(|| is_local(url), |address| address.ip().is_loopback())
    }
}

impl Limits {
    /// The defaults for a target: nobody's server needs sparing on one's own machine.
    pub fn default_for(url: &Url) -> Self {
        let limits = Limits::default();
        if is_local(url) { Limits { rate: None, ..limits } } else { limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(url: &str, expected: bool) {
        assert_eq!(is_local(&Url::parse(url).unwrap()), expected, "{url}");
    }

    #[test]
    fn this_machine_is_told_from_others() {
        case("http://localhost:3000", true);
        case("http://app.localhost", true);
        case("http://127.1.2.3", true);
        case("http://[::1]:80", true);
        case("https://prokken.com", false);
        case("http://localhost.example", false);
        case("http://10.0.0.1", false);
    }

    #[test]
    fn only_foreign_servers_are_spared() {
        assert_eq!(Limits::default_for(&Url::parse("http://127.0.0.1:1").unwrap()).rate, None);
        assert_eq!(Limits::default_for(&Url::parse("https://a.example").unwrap()).rate, Some(5.0));
    }
}
