//! Host names to addresses: the plan's own table, `localhost` and everything below it as browsers
//! have it, and the system.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The way names are looked up.
#[derive(Clone, Debug)]
pub(super) struct Names {
    fixed: Arc<BTreeMap<String, SocketAddr>>,
}

/// A name without an address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NameError(String);

impl Names {
    /// Names in `fixed` are never looked up; `*` in it stands for every name that is not.
    pub(super) fn new(fixed: &BTreeMap<String, SocketAddr>) -> Self {
        let fixed = fixed.iter().map(|(host, address)| (plain(host), *address)).collect();
        Names { fixed: Arc::new(fixed) }
    }

    /// The addresses of a host; port 0 where only the URL says which.
    pub(super) async fn look_up(&self, host: &str) -> Result<Vec<SocketAddr>, NameError> {
        let host = plain(host);
        if let Some(address) = self.fixed.get(&host).or_else(|| self.fixed.get("*")) {
            return Ok(vec![*address]);
        }
        // RFC 6761 6.3, and the Secure Contexts standard: `*.localhost` is this machine. The C
        // library only knows `localhost`.
        if host == "localhost" || host.ends_with(".localhost") {
            let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            return Ok(loopback.map(|address| SocketAddr::new(address, 0)).to_vec());
        }
        let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0))
            .await
            .map_err(|error| {
                let text = error.to_string();
                NameError(text.trim_start_matches("failed to lookup address information: ").to_owned())
            })?
            .collect();
        if found.is_empty() { Err(NameError("it has no address".into())) } else { Ok(found) }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Lower case, and without the dot that ends a full name.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}
