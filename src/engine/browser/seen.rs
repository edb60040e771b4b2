//! From a tab's trace to a visit: exchanges and sightings, with what the browser did beside what
//! our model predicted.

use super::bytes::as_shown;
use super::carried::{Known, People, Teller as Requests};
use super::credentials::{self, Witness};
use super::trace::{Mark, Position, Seen, StorageWrite, Trace, Write};
use super::{BrowserContext, storage_kind};
use crate::cookie::{
    CookieLine, CookieValue, Decision, Initiator, Lifetime, Name, Reason, Reasons, RequestContext,
    SentCookie, StoredCookie, ValueFacts, elsewhere, same_site,
};
use crate::engine::{Ask, DocumentHead, Exchange, Visit};
use crate::observation::{
    Circumstances, ExchangeRef, LineFrom, MaskedHead, Page, Party, Resource, SafeUrl, Script, Sighting,
    StorageKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use url::Url;

/// Everything a tab showed, as a visit.
pub(super) fn visit_of(context: &BrowserContext, ask: &Ask, trace: &Trace, witness: &Witness) -> Visit {
    visit_between(context, ask, trace, witness, Mark::default()..trace.mark())
}

/// What a tab showed between two moments, as a visit.
pub(super) fn visit_between(
    context: &BrowserContext,
    ask: &Ask,
    trace: &Trace,
    witness: &Witness,
    between: Range<Mark>,
) -> Visit {
    let Range { start: from, end: to } = between;
    // Where nothing could be shown the browser shows a page of its own.
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    let shown = [trace.shown.as_deref(), trace.document().map(|hop| hop.url.as_str())]
        .into_iter()
        .flatten()
        .find_map(|url| Url::parse(url).ok().filter(is_web))
        .unwrap_or_else(|| ask.url.clone());
    let mut known = context.known();
    known.refresh();
    for cookie in context.model().iter() {
        known.cookie(&cookie.name, &cookie.value);
    }
    learn(&mut known, trace);
    let people = context.people();
    let teller = Teller { context, ask, shown: &shown, known: &known, people, witness: Some(witness) };
    let main = trace.main_frame();
    let mut exchanges = Vec::new();
    let mut top = ask.url.clone();
    for seen in trace.exchanges() {
        let within = (from.requests..to.requests).contains(&seen.request);
        // An answer to a request that nothing was told of still belongs to the page.
        let url = if seen.hop.url.is_empty() { Ok(shown.clone()) } else { Url::parse(&seen.hop.url) };
        let Ok(url) = url else { continue };
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            continue;
        }
        let navigation = seen.hop.resource == "Document" && Some(seen.hop.frame.as_str()) == main;
        if navigation {
            top = url.clone();
        }
        if within {
            exchanges.push(teller.exchange(&seen, url, navigation, &top));
        }
    }
    let written = trace.writes.iter().take(to.writes).skip(from.writes);
    let mut writes: Vec<Sighting> = written.filter_map(|write| teller.write(write)).collect();
    let place = |write: &Sighting| {
        let origin = write.decision.effective().map(|kept| kept.domain.clone());
        (write.kind, write.name.clone(), origin)
    };
    let told: BTreeSet<_> = writes.iter().map(place).collect();
    // Items written as plain properties (`localStorage.x = 1`) pass the hooks by. What another tab was seen
    // to write is told here, too, if this one happened to be open.
    let stored = trace.storage.iter().take(to.storage).skip(from.storage);
    let stored = stored.filter(|item| !(item.local && context.saw_written(&item.origin, &item.key)));
    let silent = stored.filter_map(|item| teller.stored(item));
    writes.extend(silent.filter(|item| !told.contains(&place(item))));
    let document = trace.document();
    Visit {
        asked: ask.url.clone(),
        shown,
        status: document.map_or(0, |hop| hop.status),
        exchanges,
        content_type: document.map(|hop| hop.content_type.clone()).unwrap_or_default(),
        head: DocumentHead::default(),
        body: Vec::new(),
        failure: None,
        writes,
        remarks: Vec::new(),
        retry_after: None,
        ends_at_known: false,
    }
}

/// What the visit put on the device, by value.
fn learn(known: &mut Known, trace: &Trace) {
    for seen in trace.exchanges() {
        for line in &seen.answer.lines {
            let line = CookieLine::parse(line);
            known.cookie(&line.name, &line.value);
        }
    }
    for write in &trace.writes {
        let told = &write.told;
        match told.kind.as_str() {
            "document-cookie" => {
                let line = CookieLine::parse(told.line.as_bytes());
                known.cookie(&line.name, &line.value);
            }
            "cookie-store" => {
                known.cookie(&Name::new(told.name.as_str()), &CookieValue::new(told.value.as_str()))
            }
            _ => known.storage(&told.name, &CookieValue::new(told.value.as_str())),
        }
    }
    for item in &trace.storage {
        known.storage(&item.key, &CookieValue::new(item.value.as_str()));
    }
}

/// Cookies that came with answers whose heads DevTools does not show: of upgrades to another site's
/// sockets, of a service worker's script, of what shared workers ask for. They are in the jar, and
/// nothing else explains them.
pub(super) fn add_hidden(
    context: &BrowserContext,
    ask: &Ask,
    hidden: &[String],
    jar: &[StoredCookie],
    visit: &mut Visit,
) {
    let shown = visit.shown.clone();
    let held = context.known();
    let people = context.people();
    let teller = Teller { context, ask, shown: &shown, known: &held, people, witness: None };
    let told: BTreeSet<Name> = visit.sightings().map(|sighting| sighting.name.clone()).collect();
    let known: BTreeSet<_> = context.model().iter().map(StoredCookie::place).collect();
    for cookie in jar.iter().filter(|cookie| !told.contains(&cookie.name) && !known.contains(&cookie.place()))
    {
        let from = visit.exchanges.iter_mut().find(|exchange| {
            hidden.iter().any(|url| url == exchange.url.as_str()) && may_have_set(&exchange.url, cookie)
        });
        if let Some(exchange) = from {
            let sighting = teller.unexplained(cookie, exchange.at.clone(), &exchange.url);
            exchange.sightings.push(sighting);
            context.model().insert(cookie.clone());
        }
    }
}

/// Cookies that scripts deleted by a date of their clock, which the browser's has not reached: it keeps
/// them until then. By name, with that date in seconds since the epoch.
pub(super) fn deleted_ahead(trace: &Trace, now: f64) -> Vec<(Name, f64)> {
    let mut last: BTreeMap<Name, f64> = BTreeMap::new();
    for write in &trace.writes {
        let told = &write.told;
        let line = match told.kind.as_str() {
            "document-cookie" => CookieLine::parse(told.line.as_bytes()),
            "cookie-store" => CookieLine::parse(told.store_line().as_bytes()),
            _ => continue,
        };
        let Some(at) = told.at.map(|at| at / 1000.0) else { continue };
        match line.written(None, at).lifetime {
            Lifetime::Seconds(left) if left <= 0 && at + left as f64 > now => {
                last.insert(line.name, at + left as f64);
            }
            _ => {
                last.remove(&line.name);
            }
        }
    }
    last.into_iter().collect()
}

fn may_have_set(url: &Url, cookie: &StoredCookie) -> bool {
    let host = url.host_str().unwrap_or_default();
    let domain = cookie.effective.domain.as_str();
    let below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (!cookie.effective.host_only && below)
}

/// What all sightings of one visit share.
struct Teller<'a> {
    context: &'a BrowserContext,
    ask: &'a Ask,
    shown: &'a Url,
    /// What the device holds, also what this visit put there after it was sent.
    known: &'a Known,
    people: People,
    witness: Option<&'a Witness>,
}

impl Teller<'_> {
    fn exchange(&self, seen: &Seen, url: Url, navigation: bool, top: &Url) -> Exchange {
        let at = ExchangeRef {
            method: seen.hop.method.clone(),
            url: self.safe(&url),
            status: if seen.hop.status == 0 { seen.answer.status } else { seen.hop.status },
            hop: seen.hop.number,
            resource: resource_of(&seen.hop.resource, navigation),
        };
        let context =
            self.request(&url, navigation, top, seen.answer.date.clone().or_else(|| seen.hop.date.clone()));
        let head = self.head(seen, &url);
        let sightings = seen
            .answer
            .lines
            .iter()
            .map(|line| {
                if !self.has_credentials(seen, line, &context, top) {
                    let decision = Decision::Rejected { reasons: Reasons::of(Reason::WithoutCredentials) };
                    let parsed = CookieLine::parse(line);
                    let mut sighting =
                        self.sighting(&parsed, &context, at.clone(), LineFrom::Header, decision);
                    sighting.script = self.script(&seen.hop.initiator);
                    sighting.head.clone_from(&head);
                    return sighting;
                }
                let refused = seen.answer.blocked.iter().find(|(blocked, _)| *blocked == as_shown(line));
                let (parsed, predicted) = self.context.model().receive(line, &context);
                let (decision, disagreement) =
                    judged(predicted, refused.map(|(_, reasons)| reasons.as_slice()));
                let other = elsewhere(line, &context, &decision);
                let mut sighting = self.sighting(&parsed, &context, at.clone(), LineFrom::Header, decision);
                sighting.elsewhere = other.map(Box::new);
                sighting.disagreement = disagreement;
                sighting.script = self.script(&seen.hop.initiator);
                sighting.after_load_ms = seen.hop.after_load;
                sighting.head.clone_from(&head);
                sighting
            })
            .collect();
        if credentials::told(seen) != Some(false) {
            for header in &seen.answer.clears {
                self.context.model().clear_site_data(header.as_bytes(), &context.url);
            }
        }
        // DevTools names what went along; values stay with the browser.
        let sent = seen.asked.sent.iter().map(|name| SentCookie::named(name)).collect();
        let requests = Requests { known: self.known, people: &self.people, values: &self.context.run.values };
        let carried = match self.context.run.site.party(&url) {
            Party::Third => requests.carried(&url, &seen.hop.body, at.resource),
            Party::First => Vec::new(),
        };
        let script = self.script(&seen.hop.initiator);
        Exchange { at, url, sent, sightings, location: None, carried, script }
    }

    /// The head of an answer that sets something, where heads are kept. Chromium tells its cookies apart
    /// from the rest.
    fn head(&self, seen: &Seen, url: &Url) -> Option<Arc<MaskedHead>> {
        if seen.answer.lines.is_empty() {
            return None;
        }
        let ordinary =
            seen.hop.answer_headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("set-cookie"));
        let ordinary = ordinary.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let cookies = seen.answer.lines.iter().map(|line| ("set-cookie", line.as_slice()));
        self.context.run.head(url, ordinary.chain(cookies))
    }

    /// Whether what the answer sets is kept at all.
    fn has_credentials(&self, seen: &Seen, line: &[u8], context: &RequestContext, top: &Url) -> bool {
        let same_origin = top.origin() == context.url.origin();
        match (credentials::told(seen), self.witness) {
            (Some(with), _) => with,
            (None, Some(witness)) => {
                let without = seen.asked.heard
                    && witness.held_for(&mut self.context.model(), context, seen.hop.asked_at);
                !without && witness.kept(line, context, same_origin)
            }
            (None, None) => true,
        }
    }

    /// A cookie or storage item that a script wrote.
    fn write(&self, write: &Write) -> Option<Sighting> {
        let told = &write.told;
        // A worker from a blob, or a frame without an address of its own, goes by its origin.
        let web = |text: &str| Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let page = web(&told.page).or_else(|| web(&told.origin)).unwrap_or_else(|| self.shown.clone());
        let mut sighting = match told.kind.as_str() {
            "document-cookie" => {
                self.script_cookie(told.line.as_bytes(), &page, LineFrom::DocumentCookie, told.at)
            }
            "cookie-store" => {
                self.script_cookie(told.store_line().as_bytes(), &page, LineFrom::CookieStore, told.at)
            }
            kind => {
                let mut item = self.item(storage_kind(kind)?, &told.origin, &told.name, &told.value, &page);
                if !told.detail.is_empty() {
                    item.line.push_str("; ");
                    item.line.push_str(&Name::new(told.detail.as_str()).to_string());
                }
                item
            }
        };
        sighting.script = self.script(&write.positions);
        sighting.after_load_ms = write.after_load;
        Some(sighting)
    }

    fn script_cookie(&self, line: &[u8], page: &Url, from: LineFrom, at: Option<f64>) -> Sighting {
        let mut context = self.request(page, same_site_urls(page, self.shown), self.shown, None);
        // A date is counted from the moment at which the script wrote it, by the clock that it saw.
        context.now = at.map_or(context.now, |at| at / 1000.0);
        let http_only = CookieLine::parse(line).written(None, context.now).http_only;
        let (parsed, decision) = if http_only {
            // RFC 6265bis 5.7 step 11: a non-HTTP API cannot set an HttpOnly cookie.
            (CookieLine::parse(line), Decision::Rejected { reasons: Reasons::of(Reason::HttpOnlyByScript) })
        } else {
            self.context.model().receive(line, &context)
        };
        let at = ExchangeRef::by_script(self.safe(page));
        let elsewhere = if http_only { None } else { elsewhere(line, &context, &decision) };
        let mut sighting = self.sighting(&parsed, &context, at, from, decision);
        sighting.elsewhere = elsewhere.map(Box::new);
        sighting
    }

    fn stored(&self, item: &StorageWrite) -> Option<Sighting> {
        let page = Url::parse(&item.origin).ok()?;
        let kind = if item.local { StorageKind::LocalStorage } else { StorageKind::SessionStorage };
        Some(self.item(kind, &item.origin, &item.key, &item.value, &page))
    }

    fn item(&self, kind: StorageKind, origin: &str, name: &str, value: &str, page: &Url) -> Sighting {
        let value = CookieValue::new(value);
        let here = self.here(ExchangeRef::by_script(self.safe(page)), page);
        Sighting::of_item(here, kind, origin, &Name::new(name), &value, self.facts(&value))
    }

    fn unexplained(&self, cookie: &StoredCookie, exchange: ExchangeRef, url: &Url) -> Sighting {
        Sighting::of_found_cookie(self.here(exchange, url), cookie, self.facts(&cookie.value))
    }

    fn sighting(
        &self,
        line: &CookieLine,
        context: &RequestContext,
        exchange: ExchangeRef,
        from: LineFrom,
        decision: Decision,
    ) -> Sighting {
        let here = self.here(exchange, &context.url);
        let written = line.written(context.response_date.as_deref(), context.now);
        Sighting::of_line(here, from, line, written, decision, self.facts(&line.value))
    }

    /// What happened now, at this address.
    fn here(&self, exchange: ExchangeRef, url: &Url) -> Circumstances {
        Circumstances {
            cell: self.ask.cell.clone(),
            page: self.page(),
            exchange,
            party: self.context.run.site.party(url),
            at_ms: self.at_ms(),
        }
    }

    fn request(&self, url: &Url, navigation: bool, top: &Url, date: Option<String>) -> RequestContext {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        RequestContext {
            url: as_http(url),
            initiator: if navigation {
                Initiator::Navigation
            } else {
                Initiator::Subresource { top_url: top.clone() }
            },
            third_party: self.context.third_party,
            response_date: date.map(String::into_bytes),
            now: now.as_secs_f64(),
        }
    }

    fn page(&self) -> Page {
        Page {
            asked: self.safe(&self.ask.url),
            shown: (*self.shown != self.ask.url).then(|| self.safe(self.shown)),
            started_by: self.ask.started_by.as_ref().map(|url| self.safe(url)),
        }
    }

    /// The innermost place, and what called it.
    fn script(&self, positions: &[Position]) -> Option<Script> {
        let mut places = positions.iter().filter_map(|position| {
            let url = Url::parse(&position.url).ok()?;
            let (line, column) = (position.line, position.column);
            Some(Script { url: self.safe(&url), line, column, called_from: Vec::new() })
        });
        let first = places.next()?;
        Some(Script { called_from: places.collect(), ..first })
    }

    fn facts(&self, value: &CookieValue) -> ValueFacts {
        ValueFacts {
            identity: self.context.run.values.identity(value.reveal()),
            ..ValueFacts::of(value, &self.ask.url)
        }
    }

    fn safe(&self, url: &Url) -> SafeUrl {
        self.context.safe(url)
    }

    fn at_ms(&self) -> u64 {
        self.context.run.at_ms()
    }
}

/// The browser's word, and where our model thought otherwise.
fn judged(predicted: Decision, refused: Option<&[String]>) -> (Decision, Option<String>) {
    let silent = |reasons: &[Reason]| reasons.iter().all(|reason| reason.is_silent());
    match (refused, predicted) {
        (Some(names), predicted) => {
            let mut observed: Vec<Reason> = names.iter().map(|name| Reason::from_name(name)).collect();
            observed.sort();
            observed.dedup();
            let agrees = matches!(&predicted, Decision::Rejected { reasons } if {
                let mut reasons = reasons.to_vec();
                reasons.sort();
                reasons == observed
            });
            let observed = Reasons::new(observed).unwrap_or(Reasons::of(Reason::Unlisted));
            let disagreement = (!agrees).then(|| {
                format!("the browser refused it ({}), our model did not expect that", names.join(", "))
            });
            (Decision::Rejected { reasons: observed }, disagreement)
        }
        (None, Decision::Rejected { reasons }) if !silent(&reasons) => {
            let names: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
            let disagreement =
                format!("our model expected a refusal ({}), the browser gave none", names.join(", "));
            (Decision::Rejected { reasons }, Some(disagreement))
        }
        (None, predicted) => (predicted, None),
    }
}

/// A socket is opened by a request of http (Fetch, "WebSocket connections"): to cookies and to what
/// is the site's own it is one of them.
fn as_http(url: &Url) -> Url {
    let mut http = url.clone();
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        _ => return http,
    };
    // Between special schemes this always works.
    let _ = http.set_scheme(scheme);
    http
}

fn same_site_urls(a: &Url, b: &Url) -> bool {
    same_site(a.host_str().unwrap_or_default(), b.host_str().unwrap_or_default())
}

/// DevTools' resource types in our words.
fn resource_of(word: &str, navigation: bool) -> Resource {
    match word {
        "Document" if navigation => Resource::Document,
        "Document" => Resource::Frame,
        "Image" | "Media" => Resource::Image,
        "Script" => Resource::Script,
        "Stylesheet" => Resource::Style,
        "Font" => Resource::Font,
        "Manifest" => Resource::Manifest,
        "XHR" | "Fetch" | "EventSource" | "WebSocket" | "Ping" | "Preflight" => Resource::Fetch,
        _ => Resource::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_word_stands_and_a_disagreement_is_said() {
        let refused = |names: &[&str], predicted| {
            judged(predicted, Some(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()))
        };
        let rejected =
            |reasons: &[Reason]| Decision::Rejected { reasons: Reasons::new(reasons.to_vec()).unwrap() };
        assert_eq!(
            refused(&["SecureOnly"], rejected(&[Reason::SecureOnly])),
            (rejected(&[Reason::SecureOnly]), None)
        );
        assert!(refused(&["SecureOnly"], rejected(&[Reason::InvalidDomain])).1.is_some());
        assert_eq!(judged(rejected(&[Reason::AlreadyExpired]), None).1, None);
        assert!(judged(rejected(&[Reason::SecureOnly]), None).1.is_some());
    }
}
