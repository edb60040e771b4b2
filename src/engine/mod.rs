//! One visit: a document asked for with a session, and every exchange that followed. Both engines
//! give the same shape.

use crate::cookie::{Jar, SentCookie, ThirdPartyCookies};
use crate::observation::{Cell, ExchangeRef, Failed, Sighting};
use url::Url;

/// Who a visit is made as: a jar and the headers of a persona.
#[derive(Clone, Debug, Default)]
pub struct Session {
    pub jar: Jar,
    /// Headers of every request to own hosts (`Authorization`, the plan's).
    pub own_headers: Vec<(String, Vec<u8>)>,
    pub user_agent: Option<String>,
    pub accept_language: Option<String>,
    pub third_party: ThirdPartyCookies,
    /// `Sec-GPC: 1`
    pub gpc: bool,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub cell: Cell,
    pub url: Url,
    pub method: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    /// The document whose link or form started this.
    pub started_by: Option<Url>,
    /// A subresource of this document, not a navigation.
    pub within: Option<Url>,
    pub resource: crate::observation::Resource,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Visit {
    pub asked: Url,
    /// Where the redirects ended.
    pub shown: Url,
    /// Status of the last response; 0 without one.
    pub status: u16,
    pub exchanges: Vec<Exchange>,
    /// The last response's content type, lower case, without parameters.
    pub content_type: String,
    /// The last response's body, where it is a document.
    pub body: Vec<u8>,
    pub failure: Option<Failed>,
    /// What scripts put on the device (browser engine).
    pub writes: Vec<Sighting>,
}

/// One request and its response, as an engine saw it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub at: ExchangeRef,
    pub url: Url,
    pub sent: Vec<SentCookie>,
    pub sightings: Vec<Sighting>,
    pub location: Option<Url>,
}
