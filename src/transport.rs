//! One request, one response: the raw head and the inflated body, nothing decided. Below it are
//! reqwest and, for heads that hyper refuses, a tolerant HTTP/1.1 head reader.

use crate::observation::FailureKind;
use std::time::Duration;
use url::Url;

/// A request, ready to go.
#[derive(Clone, Debug)]
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

impl Head {
    /// The first header of a name (lower case).
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// Every header of a name (lower case), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_slice())
    }
}
