//! The headers a browser sends: for navigations, forms, fetches of scripts and sub-resources.

use super::{Ask, HttpSettings, Session, redirect};
use crate::cookie::{is_trustworthy, site_of};
use crate::observation::{Credentials, Resource, Site};
use url::{Origin, Url};

/// A request's mode (Fetch standard), as far as its headers show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Navigate,
    Cors,
    NoCors,
}

/// One request of a chain of redirects.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: String,
    pub(super) body: Option<Vec<u8>>,
    /// 0 for the first.
    pub(super) number: u16,
    /// The farthest any hop so far was from the document that started the chain.
    distance: Distance,
    /// A hop led from another origin than the document's to yet another ("redirect-taint").
    tainted: bool,
}

/// `Sec-Fetch-Site`, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    SameOrigin,
    SameSite,
    CrossSite,
}

/// A referrer longer than this is cut to its origin (Referrer Policy, "determine request's
/// referrer").
const LONGEST_REFERRER: usize = 4096;

impl Mode {
    pub(super) fn of(ask: &Ask) -> Self {
        match (ask.resource, &ask.within) {
            (Resource::Frame, _) => Mode::Navigate,
            (Resource::Fetch | Resource::Font | Resource::Manifest, _) | (Resource::Step, Some(_)) => {
                Mode::Cors
            }
            // `crossorigin`, and scripts that are modules.
            _ if ask.credentials != Credentials::Include => Mode::Cors,
            (Resource::Image | Resource::Script | Resource::Style, _) => Mode::NoCors,
            (Resource::Document | Resource::WellKnown | Resource::Step | Resource::Other, None) => {
                Mode::Navigate
            }
            (Resource::Document | Resource::WellKnown | Resource::Other, Some(_)) => Mode::NoCors,
        }
    }
}

impl Hop {
    /// The first request of a chain.
    pub(super) fn first(ask: &Ask) -> Self {
        let distance = document(ask).map_or(Distance::SameOrigin, |from| Distance::between(from, &ask.url));
        Hop {
            url: ask.url.clone(),
            method: ask.method.clone(),
            body: ask.body.clone(),
            number: 0,
            distance,
            tainted: false,
        }
    }

    /// Whether cookies go along and are kept (Fetch, "HTTP-network-or-cache fetch": a mode of
    /// `same-origin` ends where the first redirect leads out of the document's origin).
    pub(super) fn has_credentials(&self, ask: &Ask) -> bool {
        match ask.credentials {
            Credentials::Include => true,
            Credentials::SameOrigin => self.distance == Distance::SameOrigin,
            Credentials::Omit => false,
        }
    }

    /// Whether what a step says may be said here, too: the address it was written for, or both are the
    /// site's as the plan names it.
    pub(super) fn may_carry_secrets(&self, ask: &Ask, site: &Site) -> bool {
        let is_weaker = ask.url.scheme() == "https" && self.url.scheme() != "https";
        self.url.origin() == ask.url.origin()
            || !is_weaker && site.is_entrusted(&self.url) && site.is_entrusted(&ask.url)
    }

    /// The request after a redirect.
    pub(super) fn next(self, ask: &Ask, status: u16, target: Url) -> Self {
        let becomes_get = redirect::becomes_get(status, &self.method);
        let (distance, tainted) = match document(ask) {
            Some(from) => (
                self.distance.max(Distance::between(from, &target)),
                self.tainted || (self.url.origin() != target.origin() && self.url.origin() != from.origin()),
            ),
            None => (self.distance, false),
        };
        Hop {
            url: target,
            method: if becomes_get { "GET".into() } else { self.method },
            body: if becomes_get { None } else { self.body },
            number: self.number.saturating_add(1),
            distance,
            tainted,
        }
    }
}

impl Distance {
    fn between(from: &Url, to: &Url) -> Self {
        if from.origin() == to.origin() {
            Distance::SameOrigin
        } else if site_of(from) == site_of(to) {
            Distance::SameSite
        } else {
            Distance::CrossSite
        }
    }

    fn word(self) -> &'static str {
        match self {
            Distance::SameOrigin => "same-origin",
            Distance::SameSite => "same-site",
            Distance::CrossSite => "cross-site",
        }
    }
}

/// The document that started a request: the one it is a part of, or whose link was followed.
pub(super) fn document(ask: &Ask) -> Option<&Url> {
    ask.within.as_ref().or(ask.started_by.as_ref())
}

/// All headers of a request but `Cookie`.
pub(super) fn headers(
    settings: &HttpSettings,
    session: &Session,
    ask: &Ask,
    hop: &Hop,
) -> Vec<(String, Vec<u8>)> {
    let mode = Mode::of(ask);
    let mut headers = Headers(Vec::with_capacity(16));
    if mode == Mode::Navigate {
        headers.set("Upgrade-Insecure-Requests", "1");
    }
    headers.set("User-Agent", session.user_agent.as_deref().unwrap_or(&settings.user_agent));
    headers.set("Accept", accept(ask.resource, mode));
    if let Some(contact) = &settings.contact {
        headers.set("From", contact);
    }
    if session.gpc {
        headers.set("Sec-GPC", "1");
    }
    // Fetch Metadata goes to potentially trustworthy URLs only.
    if is_trustworthy(&hop.url) {
        let site = if document(ask).is_some() { hop.distance.word() } else { "none" };
        headers.set("Sec-Fetch-Site", site);
        headers.set(
            "Sec-Fetch-Mode",
            match mode {
                Mode::Navigate => "navigate",
                Mode::Cors => "cors",
                Mode::NoCors => "no-cors",
            },
        );
        if mode == Mode::Navigate && ask.resource != Resource::Frame {
            headers.set("Sec-Fetch-User", "?1");
        }
        headers.set("Sec-Fetch-Dest", destination(ask.resource, mode));
    }
    if let Some(origin) = origin(ask, hop, mode) {
        headers.set("Origin", &origin);
    }
    if let Some(referrer) = document(ask).and_then(|document| referrer(document, &hop.url)) {
        headers.set("Referer", &referrer);
    }
    headers.set("Accept-Language", session.accept_language.as_deref().unwrap_or(&settings.accept_language));
    let site = &settings.context.site;
    // A token of the plan must not follow a redirect to strangers, nor leave https.
    if hop.may_carry_secrets(ask, site) {
        for (name, value) in &ask.headers {
            if hop.body.is_some() || ask.body.is_none() || !redirect::describes_body(name) {
                headers.set_bytes(name, value);
            }
        }
    } else if hop.body.is_some() {
        for (name, value) in ask.headers.iter().filter(|(name, _)| redirect::describes_body(name)) {
            headers.set_bytes(name, value);
        }
    }
    if site.is_entrusted(&hop.url) {
        for (name, value) in &session.own_headers {
            headers.set_bytes(name, value);
        }
    }
    headers.0
}

/// Header lines, one of each name.
struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    /// Takes the place of a line of the same name.
    fn set_bytes(&mut self, name: &str, value: &[u8]) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(line) => line.1 = value.to_vec(),
            None => self.0.push((name.to_owned(), value.to_vec())),
        }
    }
}

fn accept(resource: Resource, mode: Mode) -> &'static str {
    match (resource, mode) {
        (_, Mode::Navigate) => {
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
        }
        (Resource::Image, _) => "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        (Resource::Style, _) => "text/css,*/*;q=0.1",
        _ => "*/*",
    }
}

fn destination(resource: Resource, mode: Mode) -> &'static str {
    match resource {
        Resource::Frame => "iframe",
        Resource::Script => "script",
        Resource::Style => "style",
        Resource::Font => "font",
        Resource::Manifest => "manifest",
        Resource::Image => "image",
        _ if mode == Mode::Navigate => "document",
        // The favicon is asked for on behalf of a page.
        Resource::WellKnown => "image",
        _ => "empty",
    }
}

/// Fetch standard, "append a request `Origin` header": with CORS always, else with methods that
/// are not safe; `null` where the referrer policy or a foreign hop hides it.
fn origin(ask: &Ask, hop: &Hop, mode: Mode) -> Option<String> {
    let safe = matches!(hop.method.as_str(), "GET" | "HEAD");
    let from = document(ask)?;
    // A GET of one's own origin is no CORS request.
    if safe && (mode != Mode::Cors || hop.distance == Distance::SameOrigin) {
        return None;
    }
    let hidden = mode != Mode::Cors && is_downgrade(from, &hop.url);
    if hop.tainted || hidden {
        return Some("null".into());
    }
    Some(from.origin().ascii_serialization())
}

/// `strict-origin-when-cross-origin`, the default of every browser.
fn referrer(from: &Url, to: &Url) -> Option<String> {
    if !matches!(from.origin(), Origin::Tuple(..)) || is_downgrade(from, to) {
        return None;
    }
    let mut referrer = from.clone();
    referrer.set_fragment(None);
    let _ = referrer.set_username("");
    let _ = referrer.set_password(None);
    if from.origin() == to.origin() && referrer.as_str().len() <= LONGEST_REFERRER {
        return Some(referrer.into());
    }
    Some(format!("{}/", from.origin().ascii_serialization()))
}

fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && !is_trustworthy(to)
}
