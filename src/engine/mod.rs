//! One visit: a document asked for with a session, and every exchange that followed. Both engines
//! give the same shape.

mod headers;
mod http;
mod redirect;
mod retry;
mod values;
mod wall;

pub use http::{Gate, HttpEngine, HttpSettings, USER_AGENT};
pub use values::Values;
pub use wall::bot_wall;
pub mod browser;
pub mod replay;

use crate::charset::PageText;
use crate::cookie::{Jar, SentCookie, ThirdPartyCookies};
use crate::observation::{
    Carried, Cell, Credentials, ExchangeRef, Failed, MaskedHead, Resource, SafeUrl, Script, Sighting, Site,
};
use crate::secret::Secrets;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;
use url::Url;

/// What all engines of one run share.
#[derive(Clone)]
pub struct EngineContext {
    /// What is the site's own.
    pub site: Arc<Site>,
    /// Every secret that the run has met, to be masked wherever it comes up.
    pub secrets: Arc<RwLock<Secrets>>,
    pub values: Values,
    /// When the run began.
    pub began: Instant,
    /// The heads of answers that put something on the device are kept, masked.
    pub keep_heads: bool,
}

impl EngineContext {
    /// A run that begins now.
    pub fn new(site: Arc<Site>) -> Self {
        EngineContext {
            site,
            secrets: Arc::default(),
            values: Values::default(),
            began: Instant::now(),
            keep_heads: false,
        }
    }

    /// A URL as reports may show it.
    pub(crate) fn safe(&self, url: &Url) -> SafeUrl {
        SafeUrl::new(url, &self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An answer's head as it may be kept, where heads are.
    pub(crate) fn head<'f>(
        &self,
        at: &Url,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    ) -> Option<Arc<MaskedHead>> {
        if !self.keep_heads {
            return None;
        }
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let safe = |url: &Url| SafeUrl::new(url, &secrets).as_str().to_owned();
        Some(Arc::new(MaskedHead::of(fields, at, safe, |line| secrets.mask(line))))
    }

    /// Milliseconds since the run began.
    pub(crate) fn at_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who a visit is made as: a jar and the headers of a persona.
#[derive(Clone, Default)]
pub struct Session {
    pub jar: Jar,
    /// Headers of every request to own hosts (`Authorization`, the plan's).
    pub own_headers: Vec<(String, Vec<u8>)>,
    pub user_agent: Option<String>,
    pub accept_language: Option<String>,
    pub third_party: ThirdPartyCookies,
    /// `Sec-GPC: 1`
    pub gpc: bool,
    /// Web storage of own origins that belongs to the session; only a browser has a use for it.
    pub storage: Vec<browser::StoredItem>,
}

/// What to ask for.
#[derive(Clone)]
pub struct Ask {
    pub cell: Cell,
    pub url: Url,
    pub method: String,
    /// Of this request only: `Content-Type`, a token. They follow redirects within the origin and
    /// among own hosts, no further.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    /// The document whose link or form started this.
    pub started_by: Option<Url>,
    /// A subresource of this document, or a request of its script, not a navigation.
    pub within: Option<Url>,
    pub resource: Resource,
    pub credentials: Credentials,
    /// Pages that came before, with 200: where redirects that change no cookie lead to one, it is not asked
    /// for again (HTTP engine).
    pub known: Option<Known>,
}

/// Whether a page came before.
pub type Known = Arc<dyn Fn(&Url) -> bool + Send + Sync>;

/// What an answer's head says of the document in its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentHead {
    /// The charset of `Content-Type`.
    pub charset: Option<String>,
    /// `Content-Security-Policy`, each header's value.
    pub policies: Vec<String>,
    /// `Refresh`
    pub refresh: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Visit {
    pub asked: Url,
    /// Where the redirects ended.
    pub shown: Url,
    /// Status of the last response; 0 without one, and where a browser shows none (a response it
    /// refuses, redirects without end).
    pub status: u16,
    /// Every request that was made, repeated ones too, in order.
    pub exchanges: Vec<Exchange>,
    /// The last response's content type, lower case, without parameters.
    pub content_type: String,
    /// What else the last response's head says of its body (HTTP engine).
    pub head: DocumentHead,
    /// The last response's body: of documents for [`Resource::Document`] and
    /// [`Resource::Frame`], of everything for steps, fetches and well-known files, else empty.
    pub body: Vec<u8>,
    /// What went wrong, if anything did; the rest of the visit tells what came all the same (a
    /// body over the limit is there up to the limit). A 4xx is none: whoever asked knows whether
    /// it was to be expected.
    pub failure: Option<Failed>,
    /// What scripts put on the device (browser engine).
    pub writes: Vec<Sighting>,
    /// What the page did beside it that a reader of the coverage should know, as sentences without
    /// anything that differs from run to run (browser engine).
    pub remarks: Vec<&'static str>,
    /// The last response asks to wait this long before the next try.
    pub retry_after: Option<std::time::Duration>,
    /// The redirects ended at a page of [`Ask::known`]: the status is its own, of then, and there is no body.
    pub ends_at_known: bool,
}

/// One request and its response, as an engine saw it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub at: ExchangeRef,
    pub url: Url,
    pub sent: Vec<SentCookie>,
    pub sightings: Vec<Sighting>,
    pub location: Option<Url>,
    /// What a request to another party may tell about its visitor (browser engine).
    pub carried: Vec<Carrying>,
    /// The script that made it, where one did (browser engine).
    pub script: Option<Script>,
}

/// What a request seems to tell about its visitor. Whether a value really tells visitors apart shows
/// only when several visitors were seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carrying {
    pub carried: Carried,
    /// The value's ordinal among the run's values, as [`Values::identity`] gives it.
    pub identity: u32,
}

impl Ask {
    /// A page asked for by navigation, as if its address had been typed in.
    pub fn page(cell: Cell, url: Url) -> Self {
        Ask {
            cell,
            url,
            method: "GET".into(),
            headers: Vec::new(),
            body: None,
            started_by: None,
            within: None,
            resource: Resource::Document,
            credentials: Credentials::Include,
            known: None,
        }
    }

    /// A subresource of a document.
    pub fn part(cell: Cell, url: Url, within: Url, resource: Resource) -> Self {
        Ask { within: Some(within), resource, ..Ask::page(cell, url) }
    }
}

impl Visit {
    /// Everything that was put on the device, or was tried to.
    pub fn sightings(&self) -> impl Iterator<Item = &Sighting> {
        self.exchanges.iter().flat_map(|exchange| &exchange.sightings).chain(&self.writes)
    }

    /// The body as a browser reads it.
    pub fn text(&self) -> PageText<'_> {
        PageText::read(&self.body, &self.content_type, self.head.charset.as_deref())
    }

    /// A visit that showed nothing.
    pub fn unanswered(url: &Url) -> Self {
        Visit {
            asked: url.clone(),
            shown: url.clone(),
            status: 0,
            exchanges: Vec::new(),
            content_type: String::new(),
            head: DocumentHead::default(),
            body: Vec::new(),
            failure: None,
            writes: Vec::new(),
            remarks: Vec::new(),
            retry_after: None,
            ends_at_known: false,
        }
    }
}
