//! One act of putting something on the visitor's device, where it happened, and all acts of one thing.

use super::{Cell, MaskedHead, SafeUrl};
use crate::cookie::{
    CookieLine, CookiePlace, CookieValue, Decision, Effective, Elsewhere, Lifetime, Name, Priority,
    StoredCookie, ValueFacts, Written,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where something lives on the visitor's device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageKind {
    #[default]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    First,
    Third,
}

/// The document in whose context something happened. `set_on` matches when any of the three is
/// in the class of pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Page {
    /// The document asked for.
    pub asked: SafeUrl,
    /// The document finally shown, where it was another.
    pub shown: Option<SafeUrl>,
    /// The document whose link, form or script started the request, where there was one.
    pub started_by: Option<SafeUrl>,
}

/// One request and its response; a redirect hop is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// A script's write in the document at `url`: no request did it.
    pub fn by_script(url: SafeUrl) -> Self {
        let method = Self::BY_SCRIPT.into();
        ExchangeRef { method, url, status: 0, hop: 0, resource: Resource::Document }
    }

    /// What was found on the device after the pages of `url`.
    pub fn found(url: SafeUrl) -> Self {
        ExchangeRef { method: Self::FOUND.into(), url, status: 0, hop: 0, resource: Resource::Other }
    }

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
#[derive(Clone, Debug, PartialEq)]
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
    pub at_ms: u64,
    /// Milliseconds after its page was loaded, by the page's own clock; none: before that, or not known.
    pub after_load_ms: Option<u64>,
    /// Where a browser did something else than our model expected, in words.
    pub disagreement: Option<String>,
    /// What another browser does with the line, where that is something else; predicted.
    pub elsewhere: Option<Box<Elsewhere>>,
    /// The whole head of the answer, where heads are kept; in a scan they stand by themselves.
    pub head: Option<Arc<MaskedHead>>,
    /// Nobody else can put one together: kind, channel and decision belong to each other.
    pub(super) made: Made,
}

/// The mark of [`Sighting`]'s constructor; beside it only a file gives one back (`wire`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Made;

/// In whose visit, where and when something was put on the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    pub cell: Cell,
    pub page: Page,
    pub exchange: ExchangeRef,
    pub party: Party,
    /// Milliseconds since the run began.
    pub at_ms: u64,
}

/// What wrote a cookie's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFrom {
    Header,
    TolerantHeader,
    DocumentCookie,
    CookieStore,
}

impl LineFrom {
    fn channel(self) -> Channel {
        match self {
            LineFrom::Header => Channel::Header,
            LineFrom::TolerantHeader => Channel::TolerantHeader,
            LineFrom::DocumentCookie => Channel::DocumentCookie,
            LineFrom::CookieStore => Channel::CookieStore,
        }
    }
}

/// A longer name or line is cut, in bytes.
const LONGEST_TOLD: usize = 8192;

impl Sighting {
    /// A cookie that a response or a script set, or tried to.
    pub fn of_line(
        at: Circumstances,
        from: LineFrom,
        line: &CookieLine,
        written: Written,
        decision: Decision,
        value: ValueFacts,
    ) -> Self {
        let told = (line.name.clone(), line.masked());
        Sighting::new(at, StorageKind::Cookie, from.channel(), told, written, decision, value)
    }

    /// An item that a script wrote to storage of this kind and origin.
    pub fn of_item(
        at: Circumstances,
        kind: StorageKind,
        origin: &str,
        name: &Name,
        item: &CookieValue,
        value: ValueFacts,
    ) -> Self {
        let kept = kept_by(origin);
        let written = Written { path: None, ..kept.as_written() };
        let told = (name.clone(), format!("{name} {item}"));
        Sighting::new(at, kind, Channel::Storage, told, written, Decision::Stored { effective: kept }, value)
    }

    /// A cookie that is there in the end, and that nothing that was seen explains.
    pub fn of_found_cookie(at: Circumstances, cookie: &StoredCookie, value: ValueFacts) -> Self {
        let kept = cookie.effective.clone();
        let told = (cookie.name.clone(), format!("{}={}", cookie.name, cookie.value));
        let (written, decision) = (kept.as_written(), Decision::Stored { effective: kept });
        Sighting::new(at, StorageKind::Cookie, Channel::Unexplained, told, written, decision, value)
    }

    /// The same of a storage item.
    pub fn of_found_item(
        at: Circumstances,
        kind: StorageKind,
        origin: &str,
        name: &Name,
        item: &CookieValue,
        value: ValueFacts,
    ) -> Self {
        Sighting { channel: Channel::Unexplained, ..Sighting::of_item(at, kind, origin, name, item, value) }
    }

    fn new(
        at: Circumstances,
        kind: StorageKind,
        channel: Channel,
        (name, line): (Name, String),
        written: Written,
        decision: Decision,
        value: ValueFacts,
    ) -> Self {
        let Circumstances { cell, page, exchange, party, at_ms } = at;
        Sighting {
            kind,
            name: shortened_name(name),
            cell,
            page,
            exchange,
            channel,
            party,
            line: shortened(line),
            written,
            decision,
            value,
            script: None,
            at_ms,
            after_load_ms: None,
            disagreement: None,
            elsewhere: None,
            head: None,
            made: Made,
        }
    }

    /// Where a cookie is kept that was stored; what a cookie in the jar is matched by.
    pub fn place(&self) -> Option<CookiePlace> {
        let kept = self.decision.effective().filter(|_| self.kind == StorageKind::Cookie)?;
        Some(CookiePlace::new(&self.name, kept))
    }
}

/// Storage is kept by origin, for no stated time, where every script of the origin can read it.
fn kept_by(origin: &str) -> Effective {
    Effective {
        domain: origin.to_owned(),
        host_only: true,
        path: String::new(),
        secure: false,
        http_only: false,
        same_site: None,
        lifetime: Lifetime::Session,
        partition: None,
        priority: Priority::Medium,
    }
}

fn shortened(mut line: String) -> String {
    if line.len() > LONGEST_TOLD {
        line.truncate(line.floor_char_boundary(LONGEST_TOLD));
        line.push('\u{2026}');
    }
    line
}

fn shortened_name(name: Name) -> Name {
    match name.as_bytes().get(..LONGEST_TOLD) {
        Some(start) => Name::new(start),
        None => name,
    }
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Script {
    pub url: SafeUrl,
    pub line: u32,
    pub column: u32,
    /// What called it, the innermost first; a few.
    pub called_from: Vec<Script>,
}

/// All sightings of one thing.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub count: u64,
    /// The first of them in the order of their URLs; it stands for all: cell, written attributes, decision, channel, method,
    /// status and path shapes are the same in each.
    pub example: Sighting,
    /// Ordinals of its distinct values ([`ValueFacts::identity`]), the smallest 16.
    pub identities: BTreeSet<u32>,
    /// There were more than 16.
    pub more_identities: bool,
    /// There were too many pages to keep their shapes apart: the example stands for its folder,
    /// though never for another of the manifest's classes of pages.
    pub coarse: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{Initiator, Jar, LifetimeBy, RequestContext, ThirdPartyCookies};
    use crate::observation::{Consent, Engine, Phase};
    use crate::secret::Secrets;
    use url::Url;

    fn here(exchange: impl FnOnce(SafeUrl) -> ExchangeRef) -> Circumstances {
        let url = SafeUrl::new(&Url::parse("https://a.test/").unwrap(), &Secrets::default());
        Circumstances {
            cell: Cell {
                persona: "anonymous".into(),
                engine: Engine::Browser,
                consent: Consent::Untouched,
                phase: Phase::Crawl,
                repeat: 1,
                third_party: None,
            },
            page: Page { asked: url.clone(), shown: None, started_by: None },
            exchange: exchange(url),
            party: Party::First,
            at_ms: 0,
        }
    }

    fn seen(line: &str) -> Sighting {
        let url = Url::parse("https://a.test/").unwrap();
        let context = RequestContext {
            url: url.clone(),
            initiator: Initiator::Navigation,
            third_party: ThirdPartyCookies::Block,
            response_date: None,
            now: 784_111_777.0,
        };
        let (line, decision) = Jar::default().receive(line.as_bytes(), &context);
        let (written, facts) = (line.written(None, context.now), ValueFacts::of(&line.value, &url));
        let at = here(ExchangeRef::by_script);
        Sighting::of_line(at, LineFrom::DocumentCookie, &line, written, decision, facts)
    }

    #[test]
    fn the_attribute_that_gives_the_lifetime_is_known() {
        let date = "Expires=Thu, 01 Jan 2037 00:00:00 GMT";
        for (line, by) in [
            ("a=1".to_owned(), None),
            ("a=1; Max-Age=60".to_owned(), Some(LifetimeBy::MaxAge)),
            (format!("a=1; {date}"), Some(LifetimeBy::Expires)),
            (format!("a=1; {date}; Max-Age=60"), Some(LifetimeBy::MaxAge)),
            (format!("a=1; {date}; Max-Age=soon"), Some(LifetimeBy::Expires)),
            // Of two the last one counts, in Chromium also where it cannot be read.
            (format!("a=1; Max-Age=60; Max-Age=soon; {date}"), Some(LifetimeBy::Expires)),
        ] {
            assert_eq!(seen(&line).written.lifetime_by, by, "{line}");
        }
    }

    #[test]
    fn kind_channel_and_decision_belong_to_each_other() {
        let (name, value) = (Name::new("theme"), CookieValue::new("dark"));
        let facts = || ValueFacts::of(&value, &Url::parse("https://a.test/").unwrap());
        let (kind, origin) = (StorageKind::LocalStorage, "https://a.test");
        let item = Sighting::of_item(here(ExchangeRef::by_script), kind, origin, &name, &value, facts());
        assert_eq!((item.channel, item.line.as_str()), (Channel::Storage, "theme \u{2039}4 bytes\u{203a}"));
        assert_eq!((item.exchange.method(), item.place()), (None, None));
        let found = Sighting::of_found_item(here(ExchangeRef::found), kind, origin, &name, &value, facts());
        assert_eq!((found.channel, found.kind, found.decision), (Channel::Unexplained, kind, item.decision));
    }

    #[test]
    fn a_refusal_without_a_reason_cannot_be_read_either() {
        let refused = serde_json::to_value(seen("__Host-a=1").decision).unwrap();
        assert_eq!(serde_json::from_value::<Decision>(refused.clone()).unwrap(), seen("__Host-a=1").decision);
        let mut without = refused;
        without["reasons"] = serde_json::json!([]);
        let told = serde_json::from_value::<Decision>(without).unwrap_err().to_string();
        assert!(told.contains("a refusal without a reason"), "{told}");
    }

    #[test]
    fn what_is_endless_is_cut() {
        let long = seen(&format!("{}=1; Path=/{}", "n".repeat(10_000), "p".repeat(10_000)));
        assert_eq!((long.name.as_bytes().len(), long.line.chars().count()), (LONGEST_TOLD, LONGEST_TOLD + 1));
    }
}
