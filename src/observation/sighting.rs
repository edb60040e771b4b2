//! One act of putting something on the visitor's device, where it happened, and all acts of one thing.

use super::tally::tally;
use super::{Cell, SafeUrl};
use crate::cookie::{CookiePlace, Decision, Elsewhere, Name, ValueFacts, Written};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where something lives on the visitor's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageKind {
    Cookie,
    LocalStorage,
    SessionStorage,
    IndexedDb,
    CacheStorage,
}

impl StorageKind {
    /// For people.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            StorageKind::Cookie => "cookie",
            StorageKind::LocalStorage => "local storage",
            StorageKind::SessionStorage => "session storage",
            StorageKind::IndexedDb => "IndexedDB",
            StorageKind::CacheStorage => "cache storage",
        }
    }
}

/// How something got onto the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A `Set-Cookie` line of a response.
    Header,
    /// The same, in a head that the ordinary HTTP reader refused; read by the tolerant one.
    TolerantHeader,
    /// `document.cookie`.
    DocumentCookie,
    /// `cookieStore.set`.
    CookieStore,
    /// A storage write.
    Storage,
    /// Found at the end without a sighting that explains it.
    Unexplained,
}

/// What a request was for (Fetch standard, "destination", and what the HTTP engine asks itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    Document,
    Frame,
    Image,
    Script,
    Style,
    Font,
    Manifest,
    Fetch,
    /// robots.txt, sitemaps, the favicon, the page that does not exist, the http:// twin.
    WellKnown,
    /// A declared step of a persona.
    Step,
    Other,
}

/// Whether a request is made with credentials (Fetch standard, "credentials mode"): without them no
/// cookie goes along, and what the answer sets is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credentials {
    #[default]
    Include,
    /// Only as long as the request stays within its document's origin.
    SameOrigin,
    Omit,
}

/// Whose domain a cookie belongs to, seen from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    First,
    Third,
}

/// The document in whose context something happened. `set_on` matches when any of the three is
/// in the class of pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page {
    /// The document asked for.
    pub asked: SafeUrl,
    /// The document finally shown, where it was another.
    pub shown: Option<SafeUrl>,
    /// The document whose link, form or script started the request, where there was one.
    pub started_by: Option<SafeUrl>,
}

/// One request and its response; a redirect hop is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExchangeRef {
    pub method: String,
    pub url: SafeUrl,
    /// 0 where no response came.
    pub status: u16,
    /// 0 for the first request of its chain.
    pub hop: u16,
    pub resource: Resource,
}

impl ExchangeRef {
    /// The method of a script's write, which is no request.
    pub(crate) const BY_SCRIPT: &'static str = "SCRIPT";
    /// The method of what was found in the end.
    pub(crate) const FOUND: &'static str = "JAR";

    /// The method of the request; none where no request did it.
    pub fn method(&self) -> Option<&str> {
        Some(self.method.as_str()).filter(|method| ![Self::BY_SCRIPT, Self::FOUND].contains(method))
    }

    /// How the thing came, with the address given in this form: `GET /a`, `a script on /a`.
    pub fn in_words(&self, url: &str) -> String {
        match self.method.as_str() {
            Self::BY_SCRIPT => format!("a script on {url}"),
            Self::FOUND => format!("found after all pages of {url}"),
            method => format!("{method} {url}"),
        }
    }
}

/// One act of putting something on the visitor's device, or trying to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    pub kind: StorageKind,
    pub name: Name,
    pub cell: Cell,
    pub page: Page,
    pub exchange: ExchangeRef,
    pub channel: Channel,
    pub party: Party,
    /// The raw line with its value masked and everything else printable: `sid=‹32 bytes›; Path=/`.
    pub line: String,
    pub written: Written,
    /// Predicted by our model, or observed in a browser where there is one.
    pub decision: Decision,
    pub value: ValueFacts,
    /// URL and line of the script that wrote it (browser engine).
    pub script: Option<Script>,
    /// Milliseconds since the run began.
    #[serde(deserialize_with = "tally")]
    pub at_ms: u64,
    /// Milliseconds after its page was loaded, by the page's own clock; none: before that, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_load_ms: Option<u64>,
    /// Where a browser did something else than our model expected, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
    /// What another browser does with the line, where that is something else; predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Box<Elsewhere>>,
}

impl Sighting {
    /// Where a cookie is kept that was stored; what a cookie in the jar is matched by.
    pub fn place(&self) -> Option<CookiePlace> {
        let kept = self.decision.effective().filter(|_| self.kind == StorageKind::Cookie)?;
        Some(CookiePlace::new(&self.name, kept))
    }
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Script {
    pub url: SafeUrl,
    pub line: u32,
    pub column: u32,
    /// What called it, the innermost first; a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called_from: Vec<Script>,
}

/// All sightings of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub kind: StorageKind,
    pub name: Name,
    /// Effective domain of a cookie (where rejected: the host asked), origin of a storage item.
    pub domain: String,
    /// Effective path; empty for storage.
    pub path: String,
    pub partition: Option<String>,
    pub party: Party,
    /// Distinct ways it was seen, sorted.
    pub groups: Vec<Group>,
}

/// Sightings of one thing that differ in nothing an audit could ask about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    #[serde(deserialize_with = "tally")]
    pub count: u64,
    /// The first of them in the order of their URLs; it stands for all: cell, written attributes, decision, channel, method,
    /// status and path shapes are the same in each.
    pub example: Sighting,
    /// Ordinals of its distinct values ([`ValueFacts::identity`]), the smallest 16.
    #[serde(default)]
    pub identities: BTreeSet<u32>,
    /// There were more than 16.
    #[serde(default)]
    pub more_identities: bool,
    /// There were too many pages to keep their shapes apart: the example stands for its folder,
    /// though never for another of the manifest's classes of pages.
    #[serde(default)]
    pub coarse: bool,
}
