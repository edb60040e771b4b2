//! DevTools events gathered into exchanges and writes. Pure: values in, values out; an event that
//! is unknown, or lacks what it should have, is passed over.

mod fields;
mod quiet;
mod requests;
mod writes;

pub(super) use quiet::Stirs;
pub(super) use requests::{Hop, Seen};
pub(super) use writes::{Position, StorageWrite, Told, Write};

use super::cdp::read;
use crate::cookie::{CookieLine, Name};
use fields::{LONGEST_URL, text};
use requests::Chain;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use writes::positions_in;

/// Most exchanges and writes kept of one visit; a page that asks for more is cut there, and said so.
const MOST: usize = 20_000;

/// Most bytes of text kept of one visit: few writes may be large ones.
const MOST_BYTES: usize = 64 << 20;

/// Most characters looked at of a stored value; as much as the hooks tell.
const MOST_VALUE: usize = 5000;

/// Timers that go off sooner are not waited for, being over before a page counts as quiet, nor those that go off later.
const SHORTEST_TIMER: u64 = 400;

const LONGEST_TIMER: u64 = 3000;

/// Why a browser makes no request at all (DevTools, "BlockedReason").
const FORBIDDEN: &[&str] = &["csp", "mixed-content"];

/// Everything one tab showed so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// By request id, in order of the first event.
    requests: Vec<Chain>,
    index: BTreeMap<String, usize>,
    pub(super) writes: Vec<Write>,
    /// Requests under way and since when, for telling when the page is idle.
    under_way: BTreeMap<String, Instant>,
    /// Those among them that never end by their nature.
    endless: BTreeSet<String>,
    /// WebSockets that are open.
    pub(super) sockets: u32,
    /// Documents that the main frame has shown, and whether the last of them is loaded.
    pub(super) documents: u32,
    shows_loaded: bool,
    /// When it was, by the clock that pages see: seconds since the epoch.
    loaded_at: Option<f64>,
    /// From the browser's own clock to that one.
    epoch: f64,
    /// How far the page's clock is since then, at least, once it goes by what it is given.
    clock: f64,
    loaded_since: Option<Instant>,
    /// Milliseconds from the load event to where the clock was first moved on.
    pub(super) skipped_from: Option<u64>,
    /// Something was asked whose answer comes from another process.
    pub(super) asks_others: bool,
    /// How often each address was asked for: a stream of beacons is no news.
    repeats: BTreeMap<u64, u32>,
    news: usize,
    /// When the last timer that a page set for soon goes off.
    timers_due: Option<Instant>,
    /// When the last of all timers does, and how many were set.
    last_timer: Option<Instant>,
    timers: u32,
    /// The page may do more by and by, by means that are no timer.
    restless: bool,
    /// It wants to know what is in sight.
    pub(super) minds_scrolling: bool,
    /// The address that the tab was last sent to.
    pub(super) asked: String,
    /// It wants to know when the mouse moves.
    pub(super) minds_moving: bool,
    /// Heads are kept, for a file of what was asked for.
    keep_heads: bool,
    /// The page wants to know when it is left.
    pub(super) minds_leaving: bool,
    /// It may do something when it is left.
    minds_parting: bool,
    /// The page goes on in a tab that has shown others: until its document is there, what is not about this is
    /// theirs, and so is what belongs to their requests.
    succeeds: bool,
    before: Option<String>,
    strangers: BTreeSet<String>,
    /// A frame's or window's process ended.
    pub(super) part_crashed: bool,
    /// A service worker answers for the page, or was asked to.
    pub(super) service_worker: bool,
    pub(super) loaded: bool,
    /// How many documents were loaded so far.
    pub(super) loads: u32,
    pub(super) crashed: bool,
    /// What the browser says of a main document that broke off: it never counts as loaded.
    pub(super) broken: Option<String>,
    /// The page closed itself.
    pub(super) closed: bool,
    pub(super) dialogs: u32,
    pub(super) downloads: u32,
    /// Windows that the page opened, by URL.
    pub(super) popups: BTreeSet<String>,
    /// Storage items by DevTools' own events: (session?, origin, key, length).
    pub(super) storage: Vec<StorageWrite>,
    /// More came than is kept.
    pub(super) overflow: bool,
    /// Bytes of text kept so far.
    kept: usize,
    /// The URL shown in the main frame.
    pub(super) shown: Option<String>,
    /// The last of them that came over the network.
    pub(super) last_page: Option<String>,
    /// Requests of scripts that were held back: method and URL.
    held_back: Vec<(String, String)>,
    /// History routes a single-page application went to.
    pub(super) routes: BTreeSet<String>,
    main_frame: Option<String>,
    /// Bodies asked for, and those not yet answered.
    bodies: usize,
    awaited: usize,
}

/// How far a trace had come at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) requests: usize,
    pub(super) writes: usize,
    pub(super) storage: usize,
}

impl Trace {
    /// With or without both heads of each exchange.
    pub(super) fn keeping_heads(keep_heads: bool) -> Trace {
        Trace { keep_heads, ..Trace::default() }
    }

    /// Of the next page in the same tab.
    pub(super) fn succeeding(&self) -> Trace {
        let mut strangers = self.strangers.clone();
        strangers.extend(self.index.keys().cloned());
        Trace {
            main_frame: self.main_frame.clone(),
            epoch: self.epoch,
            keep_heads: self.keep_heads,
            succeeds: true,
            before: self.shown.clone(),
            strangers,
            ..Trace::default()
        }
    }

    /// The address of the page that was in the tab before.
    pub(super) fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// Whether an event is about a page that was in the tab before.
    fn is_strange(&self, method: &str, params: &Value) -> bool {
        if !self.succeeds {
            return false;
        }
        if self.strangers.contains(text(&params["requestId"])) {
            return true;
        }
        let arriving = match method {
            "Page.frameNavigated"
            | "Inspector.targetCrashed"
            | "Inspector.detached"
            | "Page.downloadWillBegin" => true,
            "Network.requestWillBeSent" => text(&params["type"]) == "Document",
            _ => method.starts_with("Network.") && params["requestId"].is_string(),
        };
        self.documents == 0 && !arriving
    }

    /// Takes in one event.
    pub(super) fn event(&mut self, method: &str, params: &Value) {
        if self.is_strange(method, params) {
            if method == "Network.requestWillBeSent" && self.strangers.len() < MOST {
                self.strangers.insert(text(&params["requestId"]).to_owned());
            }
            return;
        }
        match method {
            "Network.requestWillBeSent" => self.request(params),
            "Network.requestWillBeSentExtraInfo" => self.request_extra(params),
            "Network.responseReceivedExtraInfo" => self.response_extra(params),
            "Network.responseReceived" => self.response(params),
            "Network.loadingFinished" => {
                let id = text(&params["requestId"]);
                self.under_way.remove(id);
                self.endless.remove(id);
                if let Some(hop) = self.known(id).and_then(|chain| chain.hops.last_mut()) {
                    hop.ended_at = params["timestamp"].as_f64().unwrap_or_default();
                }
            }
            "Network.loadingFailed" => {
                let id = text(&params["requestId"]);
                self.under_way.remove(id);
                self.endless.remove(id);
                let canceled = params["canceled"].as_bool().unwrap_or_default();
                let main = self.main_frame.clone();
                let is_main = |hop: &Hop| hop.resource == "Document" && Some(&hop.frame) == main.as_ref();
                if FORBIDDEN.contains(&text(&params["blockedReason"])) {
                    self.never_sent(id);
                } else if !canceled && self.known(id).and_then(|chain| chain.hops.last()).is_some_and(is_main)
                {
                    self.broken = Some(text(&params["errorText"]).to_owned());
                }
            }
            "Network.webSocketCreated" => {
                self.sockets = self.sockets.saturating_add(1);
                self.web_socket(params);
            }
            "Network.webSocketClosed" => self.sockets = self.sockets.saturating_sub(1),
            "Network.webSocketHandshakeResponseReceived" => self.web_socket_answer(params),
            "Network.requestServedFromCache" => {
                if let Some(hop) =
                    self.known(text(&params["requestId"])).and_then(|chain| chain.hops.last_mut())
                {
                    hop.kept = true;
                }
            }
            "Page.loadEventFired" => {
                self.loaded = true;
                self.loads = self.loads.saturating_add(1);
                self.shows_loaded = true;
                // Frames of other sites have the time of day, too, but not each other's beginnings.
                self.loaded_at = params["timestamp"].as_f64().map(|at| at + self.epoch);
                self.clock = 0.0;
                self.loaded_since = Some(Instant::now());
            }
            "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
                self.main_frame = Some(text(&params["frame"]["id"]).to_owned());
                let shown = text(&params["frame"]["url"]);
                if shown.starts_with("http") {
                    self.last_page = Some(shown.to_owned());
                }
                self.shown = Some(shown.to_owned());
                self.documents = self.documents.saturating_add(1);
                self.shows_loaded = false;
            }
            "Page.navigatedWithinDocument" => {
                let url = text(&params["url"]).to_owned();
                if self.main_frame.as_deref() == params["frameId"].as_str() {
                    self.shown = Some(url.clone());
                }
                if self.routes.len() < MOST && url.len() <= LONGEST_URL && self.has_room(url.len()) {
                    self.routes.insert(url);
                }
            }
            // What goes on there is seen by its own hooks, and yet it is no part of a page that is still.
            "Page.frameAttached" => self.restless = true,
            "Page.windowOpen" => self.opened(text(&params["url"])),
            "Page.downloadWillBegin" => self.downloads = self.downloads.saturating_add(1),
            "Inspector.detached" => self.closed = true,
            "Inspector.targetCrashed" | "Target.targetCrashed" => self.crashed = true,
            "Page.javascriptDialogOpening" => self.dialogs = self.dialogs.saturating_add(1),
            "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated" => {
                self.storage_item(params)
            }
            _ => {}
        }
    }

    /// Takes in what a hook told. Gives the origin and key of an item of local storage, if it was one.
    pub(super) fn told(&mut self, payload: &str) -> Option<(String, String)> {
        if self.writes.len() >= MOST || !self.has_room(payload.len()) {
            self.overflow = true;
            return None;
        }
        if self.succeeds && self.documents == 0 {
            return None;
        }
        let told = read(payload.as_bytes()).map(|told| Told::of(&told))?;
        let of_the_page = match told.kind.as_str() {
            "restless" => Some(&mut self.restless),
            "scrolls" => Some(&mut self.minds_scrolling),
            "moves" => Some(&mut self.minds_moving),
            "parting" => Some(&mut self.minds_parting),
            "leaving" => Some(&mut self.minds_leaving),
            "service-worker" => Some(&mut self.service_worker),
            "drawing" => Some(&mut self.asks_others),
            _ => None,
        };
        if let Some(is_so) = of_the_page {
            *is_so = true;
            return None;
        }
        if told.kind == "timer" {
            let due = Instant::now() + Duration::from_millis(told.delay);
            self.timers = self.timers.saturating_add(1);
            self.last_timer = self.last_timer.max(Some(due));
            if (SHORTEST_TIMER..=LONGEST_TIMER).contains(&told.delay) {
                self.timers_due = self.timers_due.max(Some(due));
            }
            return None;
        }
        self.asks_others |= matches!(told.kind.as_str(), "indexed-db" | "cache-storage" | "cookie-store");
        let positions = positions_in(&told.stack);
        let after_load = self.after_load(told.at.map(|at| at / 1000.0));
        let item = (told.kind == "local-storage").then(|| (told.origin.clone(), told.name.clone()));
        self.writes.push(Write { told, positions, after_load });
        item
    }

    /// Whether there was a `Set-Cookie` line or a script's write.
    pub(super) fn left_something(&self) -> bool {
        let lines = |chain: &Chain| chain.answers.iter().any(|answer| !answer.lines.is_empty());
        !self.writes.is_empty() || !self.storage.is_empty() || self.requests.iter().any(lines)
    }

    /// Names of what was put on the device, or was to be.
    pub(super) fn written_names(&self) -> BTreeSet<Name> {
        let answers = self.requests.iter().flat_map(|chain| &chain.answers);
        let lines = answers.flat_map(|answer| &answer.lines).map(|line| CookieLine::parse(line).name);
        let writes = self.writes.iter().map(|write| match write.told.kind.as_str() {
            "document-cookie" => CookieLine::parse(write.told.line.as_bytes()).name,
            _ => Name::new(write.told.name.as_str()),
        });
        let stored = self.storage.iter().map(|item| Name::new(item.key.as_str()));
        lines.chain(writes).chain(stored).collect()
    }

    /// What is finished, taken out; what is still under way stays for the next part.
    pub(super) fn part(&mut self) -> Trace {
        let all = std::mem::take(self);
        let mut ids: BTreeMap<usize, String> = all.index.into_iter().map(|(id, at)| (at, id)).collect();
        let mut part = Trace {
            writes: all.writes,
            loaded: all.loaded,
            crashed: all.crashed,
            dialogs: all.dialogs,
            popups: all.popups,
            storage: all.storage,
            overflow: all.overflow,
            broken: all.broken,
            closed: all.closed,
            downloads: all.downloads,
            service_worker: all.service_worker,
            part_crashed: all.part_crashed,
            shown: all.shown.clone(),
            routes: all.routes,
            main_frame: all.main_frame.clone(),
            ..Trace::default()
        };
        self.loaded = all.loaded;
        self.loads = all.loads;
        self.crashed = all.crashed;
        self.closed = all.closed;
        self.shown = all.shown;
        self.main_frame = all.main_frame;
        self.under_way = all.under_way;
        self.endless = all.endless;
        self.sockets = all.sockets;
        self.documents = all.documents;
        self.shows_loaded = all.shows_loaded;
        self.loaded_at = all.loaded_at;
        self.epoch = all.epoch;
        self.clock = all.clock;
        self.loaded_since = all.loaded_since;
        self.timers_due = all.timers_due;
        self.keep_heads = all.keep_heads;
        self.minds_leaving = all.minds_leaving;
        for (at, chain) in all.requests.into_iter().enumerate() {
            let Some(id) = ids.remove(&at) else { continue };
            let rest = if self.under_way.contains_key(&id) { &mut *self } else { &mut part };
            rest.index.insert(id, rest.requests.len());
            rest.requests.push(chain);
        }
        part
    }

    /// Where it stands now.
    pub(super) fn mark(&self) -> Mark {
        Mark { requests: self.requests.len(), writes: self.writes.len(), storage: self.storage.len() }
    }

    /// A window was opened.
    pub(super) fn opened(&mut self, url: &str) {
        // What is too long to be kept was a window all the same.
        let kept = url.len() <= LONGEST_URL && self.popups.len() < MOST && self.has_room(url.len());
        if kept && !url.is_empty() {
            self.popups.insert(url.to_owned());
        } else if self.popups.is_empty() {
            self.popups.insert(String::new());
        }
    }

    /// The frame that the tab itself shows.
    pub(super) fn main_frame(&self) -> Option<&str> {
        self.main_frame.as_deref()
    }

    fn storage_item(&mut self, params: &Value) {
        let size = text(&params["key"]).len() + text(&params["newValue"]).len();
        if self.storage.len() >= MOST || !self.has_room(size) {
            self.overflow = true;
            return;
        }
        let place = &params["storageId"];
        let origin =
            place["securityOrigin"].as_str().or_else(|| place["storageKey"].as_str()).unwrap_or_default();
        // A storage key says after a caret in whose pages the storage is (`https://a.test/^0https://b.test`).
        let origin = origin.split('^').next().unwrap_or_default();
        self.storage.push(StorageWrite {
            origin: origin.trim_end_matches('/').to_owned(),
            local: place["isLocalStorage"].as_bool().unwrap_or_default(),
            key: text(&params["key"]).to_owned(),
            value: text(&params["newValue"]).chars().take(MOST_VALUE).collect(),
        });
    }

    /// Whether so many bytes more may be kept; then they count.
    fn has_room(&mut self, bytes: usize) -> bool {
        let kept = self.kept.saturating_add(bytes);
        let fits = kept <= MOST_BYTES;
        if fits {
            self.kept = kept;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trace(events: &[(&str, Value)]) -> Trace {
        let mut trace = Trace::default();
        for (method, params) in events {
            trace.event(method, params);
        }
        trace
    }

    fn request(id: &str, url: &str) -> Value {
        json!({"requestId": id, "type": "Document", "request": {"url": url, "method": "GET"}})
    }

    #[test]
    fn each_hop_gets_its_own_lines_whatever_order_the_events_come_in() {
        let mut second = request("1", "http://a.test/two");
        second["redirectResponse"] = json!({"status": 302, "headers": {}});
        second["redirectHasExtraInfo"] = json!(true);
        let trace = trace(&[
            ("Network.requestWillBeSent", request("1", "http://a.test/one")),
            (
                "Network.responseReceivedExtraInfo",
                json!({"requestId": "1", "statusCode": 302, "headers": {"Set-Cookie": "a=1\nb=2"}, "blockedCookies": []}),
            ),
            ("Network.requestWillBeSent", second),
            (
                "Network.responseReceived",
                json!({"requestId": "1", "hasExtraInfo": true, "response": {"status": 200}}),
            ),
            (
                "Network.responseReceivedExtraInfo",
                json!({"requestId": "1", "statusCode": 200, "headers": {"set-cookie": "c=3"},
                       "blockedCookies": [{"cookieLine": "c=3", "blockedReasons": ["SecureOnly"]}]}),
            ),
        ]);
        let seen = trace.exchanges();
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].hop.status, seen[0].answer.lines.len()), (302, 2));
        assert_eq!(seen[1].answer.blocked, [("c=3".to_owned(), vec!["SecureOnly".to_owned()])]);
    }

    #[test]
    fn what_is_kept_of_a_visit_has_a_bound() {
        let mut trace = Trace::default();
        let large = "x".repeat(10 << 20);
        for number in 0..10 {
            let place = json!({"securityOrigin": "http://a.test", "isLocalStorage": true});
            let item = json!({"storageId": place, "key": format!("k{number}"), "newValue": large});
            trace.event("DOMStorage.domStorageItemAdded", &item);
        }
        trace.event("Network.requestWillBeSent", &request("1", &format!("data:,{large}")));
        assert_eq!((trace.storage.len(), trace.overflow), (6, true));
        assert_eq!(trace.exchanges()[0].hop.url.len(), LONGEST_URL);
        for number in 0..MOST + 1 {
            trace.told(&json!({"kind": "document-cookie", "line": format!("c{number}=1")}).to_string());
        }
        assert!(trace.writes.len() <= MOST);
    }

    #[test]
    fn events_with_missing_parts_are_only_passed_over() {
        let nothing = trace(&[
            ("Network.responseReceived", json!(null)),
            ("Network.requestWillBeSent", json!({"type": 7})),
            ("Page.frameNavigated", json!({})),
            ("Something.new", json!({"requestId": []})),
        ]);
        assert_eq!(nothing.exchanges().len(), 1);
    }

    #[test]
    fn no_cookie_is_lost_to_what_is_odd_about_its_event() {
        let odd = |extra: Value| {
            let events = [
                ("Network.requestWillBeSent", request("1", "http://a.test/")),
                ("Network.responseReceivedExtraInfo", extra),
            ];
            let seen = trace(&events).exchanges();
            let lines = seen.iter().flat_map(|seen| seen.answer.lines.clone());
            lines.map(|line| String::from_utf8(line).unwrap()).collect::<Vec<_>>().join("|")
        };
        let cases = [
            // Enum values and fields from the future.
            json!({"requestId": "1", "headers": {"Set-Cookie": "a=1"}, "resourceIPAddressSpace": "Orbit",
                   "blockedCookies": [{"cookieLine": "a=1", "blockedReasons": ["FullMoon", 7, null]}, 3, null]}),
            json!({"requestId": "1", "headers": {"Set-Cookie": "a=1"}, "blockedCookies": "none", "statusCode": "ok"}),
            json!({"requestId": "1", "headers": {"Set-Cookie": ["a=1", 7]}, "statusCode": -1}),
            // Two spellings, and no answer told of.
            json!({"requestId": "1", "headers": {"X": {}, "Set-Cookie": "a=1", "SET-COOKIE": "b=2"}}),
            // Of a request that nothing was told of, or of none.
            json!({"requestId": "2", "headers": {"set-cookie": "a=1"}}),
            json!({"headers": {"set-cookie": "a=1"}}),
        ];
        let told: Vec<String> = cases.into_iter().map(odd).collect();
        assert_eq!(told, ["a=1", "a=1", "a=1", "a=1|b=2", "a=1", "a=1"]);
    }

    #[test]
    fn each_answer_is_kept_even_where_hops_and_answers_do_not_match() {
        let mut answered = vec![("Network.requestWillBeSent", request("1", "http://a.test/"))];
        for line in ["a=1", "b=2"] {
            let extra = json!({"requestId": "1", "headers": {"set-cookie": line}});
            answered.push(("Network.responseReceivedExtraInfo", extra));
        }
        let response = json!({"requestId": "1", "hasExtraInfo": false, "response": {"status": 304}});
        answered.push(("Network.responseReceived", response));
        let seen = trace(&answered).exchanges();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].answer.lines, [b"a=1", b"b=2"]);
    }

    #[test]
    fn a_write_with_half_a_character_is_still_a_write() {
        let mut trace = Trace::default();
        trace.told(r#"{"kind":"document-cookie","line":"a=\ud83d","stack":7}"#);
        trace.told(r#"{"kind":"local-storage","name":"\udc00","value":"x"}"#);
        assert_eq!(trace.writes.len(), 2);
    }

    #[test]
    fn the_writing_scripts_are_the_frames_with_an_address() {
        let stack = "Error\n    at report (<anonymous>:14:21)\n    at set (<anonymous>:30:5)\n    at accept (https://a.test/consent.js:3:12)\n    at async https://a.test/:7:1";
        let told = |stack: &str| {
            let places = positions_in(stack).into_iter();
            places.map(|place| format!("{}:{}:{}", place.url, place.line, place.column)).collect::<Vec<_>>()
        };
        assert_eq!(told(stack), ["https://a.test/consent.js:3:12", "https://a.test/:7:1"]);
        assert_eq!(told("Error\n at <anonymous>"), [""; 0]);
    }
}
