//! Whether a request was made with credentials (Fetch standard). What an answer sets without them is
//! not kept, and DevTools says nothing of it: it shows the lines as if nothing had been blocked. So
//! the request's own marks are read, and where these leave it open, the browser's jar decides. Pure.

use super::bytes::as_shown;
use super::trace::{Seen, Trace};
use crate::cookie::{CookieLine, Decision, Jar, Lifetime, Name, RequestContext, StoredCookie};
use std::collections::BTreeMap;

/// A cookie that may be gone by itself when the jar is read.
const SHORT_LIVED: i64 = 60;
/// Chromium takes cookies away where a site has 180; then absence says nothing.
const CROWDED: usize = 150;
/// Seconds by which the jar's expiry may differ from what is reckoned here.
const CLOCKS_DIFFER: f64 = 90.0;

/// The browser's jar after a visit, as a witness.
#[derive(Debug, Default)]
pub(super) struct Witness {
    jar: Vec<StoredCookie>,
    /// What the visitor had when the page was opened.
    before: Jar,
    /// Another page was open meanwhile: what it wrote, and when, is not known here.
    beside_others: bool,
    /// How many writes of the visit each name has: with several, the jar shows the last one only.
    writes: BTreeMap<Name, usize>,
    /// When the visit last wrote each name, by the browser's own clock in seconds; at an unknown moment: never over.
    written: BTreeMap<Name, f64>,
    /// An answer cleared the cookies.
    cleared: bool,
}

/// What the request's marks say; none where they leave it open.
pub(super) fn told(seen: &Seen) -> Option<bool> {
    let hop = &seen.hop;
    match hop.resource.as_str() {
        // Fetch, "CORS-preflight fetch".
        "Preflight" => return Some(false),
        "Document" | "WebSocket" => return Some(true),
        _ => {}
    }
    // What was blocked was looked at, too: without credentials the browser does neither.
    if seen.asked.associated > 0 || !seen.answer.blocked.is_empty() {
        return Some(true);
    }
    // Elements without `crossorigin`; scripts may ask without credentials in this mode, too.
    let of_element = matches!(hop.resource.as_str(), "Image" | "Media" | "Script" | "Stylesheet");
    let no_cors = match &seen.asked.mode {
        Some(mode) => mode == "no-cors",
        None => seen.asked.heard && !seen.asked.has_origin,
    };
    (of_element && no_cors).then_some(true)
}

impl Trace {
    /// Whether an answer set something that only the jar can tell of.
    pub(super) fn needs_witness(&self) -> bool {
        self.exchanges().iter().any(|seen| !seen.answer.lines.is_empty() && told(seen).is_none())
    }
}

impl Witness {
    /// The jar as it was after everything in the trace.
    pub(super) fn new(jar: Vec<StoredCookie>, trace: &Trace, before: Jar, beside_others: bool) -> Witness {
        let mut witness = Witness { jar, before, beside_others, ..Witness::default() };
        for seen in trace.exchanges() {
            witness.cleared |= !seen.answer.clears.is_empty();
            let at = if seen.hop.answered_at > 0.0 { seen.hop.answered_at } else { f64::INFINITY };
            for line in &seen.answer.lines {
                witness.count(CookieLine::parse(line).name, at);
            }
        }
        for write in &trace.writes {
            let name = match write.told.kind.as_str() {
                "document-cookie" => CookieLine::parse(write.told.line.as_bytes()).name,
                "cookie-store" => Name::new(write.told.name.as_str()),
                _ => continue,
            };
            witness.count(name, f64::INFINITY);
        }
        witness
    }

    fn count(&mut self, name: Name, at: f64) {
        *self.writes.entry(name.clone()).or_default() += 1;
        let last = self.written.entry(name).or_default();
        *last = last.max(at);
    }

    /// Whether the visitor had a cookie when this was asked, and has it still, that goes to this address: a
    /// request that took none along was made without credentials. What another answer or another page brought
    /// meanwhile could not go along.
    pub(super) fn held_for(&self, model: &mut Jar, context: &RequestContext, asked_at: f64) -> bool {
        let goes = model.stored_for(context);
        let before = |sent: &StoredCookie| match self.written.get(&sent.name) {
            Some(at) => *at < asked_at,
            None => self.before.iter().any(|held| held.place() == sent.place()),
        };
        goes.into_iter().filter(|sent| before(sent)).any(|sent| {
            self.jar.iter().any(|kept| {
                kept.name == sent.name
                    && kept.effective.domain == sent.effective.domain
                    && kept.effective.path == sent.effective.path
                    && as_shown(kept.value.reveal()) == as_shown(sent.value.reveal())
            })
        })
    }

    /// Whether the line was kept, if its request's own marks do not say so. `same_origin` is what
    /// holds where the jar cannot tell either: scripts' requests have credentials within the origin
    /// unless they say otherwise.
    pub(super) fn kept(&self, line: &[u8], context: &RequestContext, same_origin: bool) -> bool {
        let (parsed, alone) = Jar::default().receive(line, context);
        let own = match &alone {
            Decision::Stored { effective } | Decision::Replaced { effective } => effective,
            // Of a refusal the browser would have told.
            Decision::Rejected { reasons } if reasons.iter().any(|reason| !reason.is_silent()) => {
                return false;
            }
            // It keeps nothing anyway; a deletion is not worth the doubt.
            Decision::Deleted { .. } | Decision::Rejected { .. } => return true,
        };
        let place = crate::cookie::CookiePlace::new(&parsed.name, own);
        let expires = match own.lifetime {
            Lifetime::Seconds(seconds) => Some(context.now + seconds as f64),
            _ => None,
        };
        let here = self.jar.iter().find(|cookie| cookie.place() == place);
        if let Some(cookie) = here
            && as_shown(cookie.value.reveal()) == as_shown(parsed.value.reveal())
            && match (cookie.expires, expires) {
                (Some(a), Some(b)) => (a - b).abs() <= CLOCKS_DIFFER,
                (a, b) => a.is_none() == b.is_none(),
            }
        {
            return true;
        }
        let of_site = self.jar.iter().filter(|cookie| cookie.effective.domain == own.domain).count();
        let may_be_gone = self.cleared
            || self.writes.get(&parsed.name).is_some_and(|writes| *writes > 1)
            || matches!(own.lifetime, Lifetime::Seconds(seconds) if seconds <= SHORT_LIVED)
            || of_site >= CROWDED
            || here.is_some() && self.beside_others;
        may_be_gone && same_origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{Initiator, ThirdPartyCookies};
    use serde_json::json;
    use url::Url;

    /// One request with this type and these headers, whose answer sets `a=1`.
    fn trace(resource: &str, headers: serde_json::Value, sent: &[&str]) -> Trace {
        let mut trace = Trace::default();
        let cookies: Vec<_> =
            sent.iter().map(|name| json!({"blockedReasons": [], "cookie": {"name": name}})).collect();
        trace.event(
            "Network.requestWillBeSent",
            &json!({"requestId": "1", "type": resource, "frameId": "F", "request": {"url": "http://b.localhost/x", "method": "GET"}}),
        );
        trace.event(
            "Network.requestWillBeSentExtraInfo",
            &json!({"requestId": "1", "associatedCookies": cookies, "headers": headers}),
        );
        trace.event(
            "Network.responseReceivedExtraInfo",
            &json!({"requestId": "1", "headers": {"set-cookie": "a=1"}, "statusCode": 200}),
        );
        trace
    }

    #[test]
    fn the_requests_marks_tell_what_they_can() {
        let of = |resource: &str, headers: serde_json::Value, sent: &[&str]| {
            told(&trace(resource, headers, sent).exchanges()[0])
        };
        assert_eq!(of("Preflight", json!({}), &[]), Some(false));
        assert_eq!(of("Document", json!({}), &[]), Some(true));
        assert_eq!(of("WebSocket", json!({}), &[]), Some(true));
        assert_eq!(of("Script", json!({"Sec-Fetch-Mode": "no-cors"}), &[]), Some(true));
        assert_eq!(of("Script", json!({"Sec-Fetch-Mode": "cors"}), &[]), None);
        assert_eq!(of("Script", json!({"Origin": "http://a.test"}), &[]), None);
        assert_eq!(of("Image", json!({}), &[]), Some(true));
        assert_eq!(of("Fetch", json!({"sec-fetch-mode": "no-cors"}), &[]), None);
        assert_eq!(of("Fetch", json!({"sec-fetch-mode": "cors"}), &["sid"]), Some(true));
        assert_eq!(of("Manifest", json!({}), &[]), None);
    }

    fn jar(line: &[u8]) -> Vec<StoredCookie> {
        let mut jar = Jar::default();
        jar.receive(line, &context());
        jar.iter().cloned().collect()
    }

    fn context() -> RequestContext {
        RequestContext {
            url: Url::parse("http://b.localhost/x").unwrap(),
            initiator: Initiator::Navigation,
            third_party: ThirdPartyCookies::Allow,
            response_date: None,
            now: 1e9,
        }
    }

    #[test]
    fn where_they_leave_it_open_the_jar_decides() {
        let kept = |jar: Vec<StoredCookie>, line: &[u8], writes: usize, same_origin: bool| {
            let mut witness = Witness { jar, ..Witness::default() };
            witness.writes.insert(CookieLine::parse(line).name, writes);
            witness.kept(line, &context(), same_origin)
        };
        assert!(kept(jar(b"a=1"), b"a=1", 1, false));
        assert!(!kept(Vec::new(), b"a=1", 1, true));
        assert!(!kept(jar(b"a=2"), b"a=1", 1, true), "another value: an older one");
        assert!(!kept(jar(b"a=1; Max-Age=900"), b"a=1", 1, true), "the value of old, another life");
        assert!(kept(jar(b"a=2"), b"a=1", 2, true), "written once more: the jar cannot tell");
        assert!(!kept(jar(b"a=2"), b"a=1", 2, false));
        let beside = Witness { jar: jar(b"a=2"), beside_others: true, ..Witness::default() };
        assert!(beside.kept(b"a=1", &context(), true), "another page may have written it since");
        assert!(!beside.kept(b"b=1", &context(), true));
        assert!(kept(Vec::new(), b"a=1; Max-Age=5", 1, true), "it may have ended by itself");
        assert!(kept(Vec::new(), b"a=1; Max-Age=0", 1, false));
        assert!(!kept(Vec::new(), b"a=1; Domain=c.test", 1, true), "a refusal would have been told");
    }

    #[test]
    fn a_cookie_that_did_not_go_along_shows_that_none_could() {
        let mut witness = Witness { jar: jar(b"a=1"), before: Jar::of(jar(b"a=1")), ..Witness::default() };
        assert!(witness.held_for(&mut Jar::of(jar(b"a=1")), &context(), 5.0));
        assert!(
            !witness.held_for(&mut Jar::of(jar(b"a=2")), &context(), 5.0),
            "it may have come or gone meanwhile"
        );
        assert!(!witness.held_for(&mut Jar::default(), &context(), 5.0));
        let elsewhere = RequestContext { url: Url::parse("http://c.localhost/").unwrap(), ..context() };
        assert!(!witness.held_for(&mut Jar::of(jar(b"a=1")), &elsewhere, 5.0));
        witness.before = Jar::default();
        assert!(
            !witness.held_for(&mut Jar::of(jar(b"a=1")), &context(), 5.0),
            "another page brought it meanwhile"
        );
        witness.count(Name::new("a"), 4.0);
        assert!(witness.held_for(&mut Jar::of(jar(b"a=1")), &context(), 5.0));
        assert!(
            !witness.held_for(&mut Jar::of(jar(b"a=1")), &context(), 3.0),
            "another request under way brought it"
        );
    }
}
