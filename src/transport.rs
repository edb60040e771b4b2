//! One request, one response: the raw head and the inflated body, nothing decided. Below it are
//! reqwest and, for heads that hyper refuses, a tolerant HTTP/1.1 head reader.
//!
//! Redirects are not followed and cookies not kept here: who does that must see every head.

mod body;
mod client;
mod failure;
mod names;
mod refused;
mod settings;
mod tls;
mod tolerant;

pub use refused::Refused;
pub use settings::{SettingsError, TransportSettings};

use crate::observation::FailureKind;
use client::{Client, Trouble};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// A request, ready to go.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub url: Url,
    /// In the order to be sent; `Cookie` included. Values may hold any bytes but CR, LF and NUL.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
}

/// A response head, with every header line kept raw and in order.
#[derive(Clone, Debug)]
pub struct Head {
    pub status: u16,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub version: &'static str,
    /// Names in lower case; values as received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The ordinary reader refused this head; the tolerant one read it.
    pub tolerant: bool,
    /// A browser refuses the whole response, and every cookie of it, for this.
    pub refused: Option<Refused>,
    /// Seconds since the epoch, when the head had arrived.
    pub received_at: f64,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    pub head: Head,
    /// Inflated; empty where it was not wanted.
    pub body: Vec<u8>,
    /// The body was cut: at the limit, or because it broke off.
    pub cut: Option<FailureKind>,
}

/// Whether, and how much of, a body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Nothing,
    /// Only of HTML and XML documents.
    Documents,
    Everything,
}

/// A request that got no usable head.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    pub kind: FailureKind,
    /// In words, with the host, without query strings or header values.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The server asked to wait this long.
    pub retry_after: Option<Duration>,
}

/// Connections to servers, and the limits for them. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Transport {
    client: Arc<Client>,
}

impl Transport {
    /// Readies connections; none is made yet.
    pub fn new(settings: TransportSettings) -> Result<Self, SettingsError> {
        Ok(Transport { client: Arc::new(Client::new(settings)?) })
    }

    /// The limits in force.
    pub fn settings(&self) -> &TransportSettings {
        &self.client.settings
    }

    /// Makes one request. A head that the ordinary reader refuses is asked for once more, with the
    /// tolerant one, if asking twice does no harm.
    pub async fn send(&self, request: &Request, want: Want) -> Result<Response, Failure> {
        let client = &self.client;
        let deadline = Instant::now() + client.settings.total_timeout;
        let (why, http2) = match client.send(request, want, deadline).await {
            Ok(response) => return Ok(response),
            Err(Trouble::Slow(failure) | Trouble::Failed(failure)) => return Err(failure),
            Err(Trouble::Head { why, http2 }) => (why, http2),
        };
        let host = failure::host_of(&request.url);
        let unreadable = |then: &str| {
            let detail = format!("the head of {host}'s answer cannot be read ({why}), and {then}");
            Failure::new(FailureKind::UnreadableHead, detail)
        };
        if !is_safe(&request.method) {
            return Err(unreadable(&format!("a {} is not sent twice", request.method)));
        }
        if client.settings.proxy.is_some() {
            return Err(unreadable("through a proxy it is not asked for again"));
        }
        // Boxed: the room that it takes is not carried along by all who never need it.
        match Box::pin(tolerant::send(client, request, want, deadline)).await {
            Ok(mut response) if http2 && refused::holds_control(&response.head) => {
                response.head.refused = Some(Refused::ControlInHttp2);
                Ok(response)
            }
            Err(failure) if http2 && failure.kind == FailureKind::Tls => {
                Err(unreadable("HTTP/1.1 is not spoken there"))
            }
            outcome => outcome,
        }
    }
}

/// Whether the tolerant reader takes these bytes for the head of an answer.
pub fn is_head(raw: &[u8]) -> bool {
    tolerant::is_head(raw)
}

/// GET, HEAD and OPTIONS change nothing (RFC 9110, 9.2.1).
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

impl Failure {
    /// A failure of the first try.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Failure { kind, detail: detail.into(), attempts: 1, retry_after: None }
    }
}

impl Head {
    /// The first header of a name (lower case).
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// Every header of a name (lower case), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// The media type, lower case, without parameters; empty where there is none.
    pub fn content_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        let end = value.iter().position(|byte| matches!(byte, b';' | b',')).unwrap_or(value.len());
        String::from_utf8_lossy(&value[..end]).trim().to_ascii_lowercase()
    }

    /// The charset that goes with it, as written.
    pub fn charset(&self) -> Option<String> {
        charset_of(std::str::from_utf8(self.header("content-type")?).ok()?)
    }
}

/// The charset parameter of a `Content-Type` (MIME Sniffing, "parse a MIME type": the first one
/// counts, quotes come off).
fn charset_of(value: &str) -> Option<String> {
    let parameters = value.split(';').skip(1);
    let charset = parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').trim())
    });
    charset.filter(|charset| !charset.is_empty()).map(str::to_owned)
}

/// Header values are credentials more often than not: only their names are shown.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
