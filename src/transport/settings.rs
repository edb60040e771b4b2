//! What a transport is built from: plain values, already read and checked elsewhere.

use crate::secret::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Limits and ways of a transport.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// Name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// From the start to the end of the response's head.
    pub head_timeout: Duration,
    /// From the start to the end of the body.
    pub total_timeout: Duration,
    /// Bytes of one response head.
    pub head_bytes: usize,
    /// Inflated bytes of one body.
    pub body_bytes: usize,
    /// `http://`, `https://` or `socks5://`, with user and password where it needs them.
    pub proxy: Option<Secret>,
    /// PEM texts of further CAs.
    pub extra_ca: Vec<Vec<u8>>,
    /// Host names to addresses; `*` is every other host. Port 0 is the URL's port; a port in the URL wins over one here.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// HTTP/2 where the server offers it.
    pub http2: bool,
}

/// A setting no transport can be built from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

impl Default for TransportSettings {
    fn default() -> Self {
        TransportSettings {
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(60),
            head_bytes: 1 << 20,
            body_bytes: 4 << 20,
            proxy: None,
            extra_ca: Vec::new(),
            resolve: BTreeMap::new(),
            http2: true,
        }
    }
}
