//! Hosts by their real names and under `.localhost`: whoever asks in one way gets links in that
//! way.

/// How the visitor calls the hosts.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// `.localhost` stands in for the last label.
    pub(crate) localhost: bool,
    pub(crate) port: Option<u16>,
    pub(crate) tls: bool,
}

impl Names {
    /// Reads a `Host` header: how hosts are called, and the real name of the one that was asked,
    /// the first of `known` where it is none of them.
    pub(crate) fn read(
        header: &str,
        tls: bool,
        known: impl Iterator<Item = &'static str>,
    ) -> (Names, &'static str) {
        let (host, port) = match header.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (header, None),
        };
        let host = host.to_ascii_lowercase();
        let mut known = known.peekable();
        let first = known.peek().copied().unwrap_or_default();
        let mut localhost = true;
        let mut found = first;
        for real in known {
            if host == real {
                (found, localhost) = (real, false);
            } else if host == under_localhost(real) {
                found = real;
            }
        }
        (Names { localhost, port, tls }, found)
    }

    /// The URL of a path on a host, given by its real name.
    pub(crate) fn url(&self, real_host: &str, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let host = self.host(real_host);
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }

    /// What this visitor calls a host.
    pub(crate) fn host(&self, real_host: &str) -> String {
        if self.localhost { under_localhost(real_host) } else { real_host.to_owned() }
    }
}

/// `checkout.stripe.com` is `checkout.stripe.localhost`.
pub(crate) fn under_localhost(real: &str) -> String {
    let stem = real.rsplit_once('.').map_or(real, |(stem, _)| stem);
    format!("{stem}.localhost")
}
