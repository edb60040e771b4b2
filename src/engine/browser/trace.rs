//! DevTools events gathered into exchanges and writes. Pure: values in, values out; an event that
//! is unknown, or lacks what it should have, is passed over.

use super::bytes::header_bytes;
use super::cdp::read;
use crate::cookie::{CookieLine, Name};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Most exchanges and writes kept of one visit; a page that asks for more is cut there, and said so.
const MOST: usize = 20_000;

/// Most bytes of text kept of one visit: few writes may be large ones.
const MOST_BYTES: usize = 64 << 20;

/// Longer addresses are nobody's link or route, and `data:` ones may hold a whole file.
const LONGEST_URL: usize = 64 * 1024;

/// Most characters looked at of a stored value; as much as the hooks tell.
const MOST_VALUE: usize = 5000;

/// Most places told of one call.
const MOST_CALLS: usize = 6;

/// As often as this a request for one address is news.
const NEWS: u32 = 3;

/// Timers that go off sooner are not waited for, being over before a page counts as quiet, nor those that go off later.
const SHORTEST_TIMER: u64 = 400;
const LONGEST_TIMER: u64 = 3000;

/// Most characters looked at of a request's body.
const MOST_BODY: usize = 64 * 1024;

/// Why a browser makes no request at all (DevTools, "BlockedReason").
const FORBIDDEN: &[&str] = &["csp", "mixed-content"];

/// Most bodies asked for of one visit: those that DevTools does not tell with the request.
const MOST_BODIES: usize = 200;

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

/// A request and its redirects.
#[derive(Debug, Default)]
struct Chain {
    hops: Vec<Hop>,
    /// Answers' extra info in the order of hops that have one.
    answers: Vec<Answer>,
    asks: Vec<Asked>,
}

impl Chain {
    fn exchanges(&self, request: usize) -> Vec<Seen> {
        let last = self.hops.len().saturating_sub(1);
        // Extra info comes once for each hop that has it, in the hops' order. The last may have it before
        // its answer is shown: that waits for the first bytes of a body. Where there is one for each, no
        // flag is needed.
        let each = self.answers.len() == self.hops.len();
        let mut answers = self.answers.iter();
        let mut seen: Vec<Seen> = Vec::with_capacity(self.hops.len());
        for (number, hop) in self.hops.iter().enumerate() {
            let expected = each || hop.has_extra || number == last;
            let answer = if expected { answers.next().cloned() } else { None };
            let asked = self.asks.get(number).cloned().unwrap_or_default();
            seen.push(Seen { request, hop: hop.clone(), answer: answer.unwrap_or_default(), asked });
        }
        // What is left came all the same.
        for answer in answers {
            match seen.last_mut() {
                Some(last) => last.answer.add(answer),
                None => seen.push(Seen {
                    request,
                    hop: Hop::default(),
                    answer: answer.clone(),
                    asked: self.asks.first().cloned().unwrap_or_default(),
                }),
            }
        }
        seen
    }
}

impl Answer {
    fn add(&mut self, other: &Answer) {
        self.lines.extend(other.lines.iter().cloned());
        self.clears.extend(other.clears.iter().cloned());
        self.blocked.extend(other.blocked.iter().cloned());
    }
}

/// One request of a chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Hop {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) frame: String,
    pub(super) resource: String,
    /// The script that asked, and what called it.
    pub(super) initiator: Vec<Position>,
    pub(super) status: u16,
    pub(super) date: Option<String>,
    pub(super) content_type: String,
    /// The body that went along, as far as DevTools shows it.
    pub(super) body: String,
    /// Milliseconds after the page was loaded.
    pub(super) after_load: Option<u64>,
    /// When it began, in seconds since the epoch; asked, answered and ended by the browser's own clock.
    pub(super) began: f64,
    pub(super) asked_at: f64,
    pub(super) answered_at: f64,
    pub(super) ended_at: f64,
    /// Both heads, where they are to be kept.
    pub(super) headers: Vec<(String, String)>,
    pub(super) answer_headers: Vec<(String, String)>,
    has_extra: bool,
    /// It came from a cache or a service worker, not from the network.
    kept: bool,
    /// What hop it is within its chain.
    pub(super) number: u16,
}

/// What came back, as only the network layer sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) date: Option<String>,
    /// `Set-Cookie` lines as the bytes that came.
    pub(super) lines: Vec<Vec<u8>>,
    /// `Clear-Site-Data`
    pub(super) clears: Vec<String>,
    /// Line, as far as DevTools shows it, to DevTools' reasons.
    pub(super) blocked: Vec<(String, Vec<String>)>,
}

/// How far a trace had come at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) requests: usize,
    pub(super) writes: usize,
    pub(super) storage: usize,
}

/// Whether a page may still do something by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stirs {
    No,
    /// A timer goes off by then.
    For(Duration),
    On,
}

/// A finished exchange.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Which request it belongs to, counted from the first.
    pub(super) request: usize,
    pub(super) hop: Hop,
    pub(super) answer: Answer,
    pub(super) asked: Asked,
}

/// What a request took along, as only the network layer sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Names of the cookies that went along.
    pub(super) sent: BTreeSet<String>,
    /// How many cookies there were for it, blocked ones too.
    pub(super) associated: usize,
    /// `Sec-Fetch-Mode`; sent to trustworthy addresses only.
    pub(super) mode: Option<String>,
    /// It had an `Origin`.
    pub(super) has_origin: bool,
    /// Its head was shown at all.
    pub(super) heard: bool,
}

/// A position in a script; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) url: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A write that the hooks told of.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) told: Told,
    /// Where it was written, and from where that was called.
    pub(super) positions: Vec<Position>,
    /// Milliseconds after the page was loaded.
    pub(super) after_load: Option<u64>,
}

/// A write in the hooks' own words. Values are masked as soon as they leave this module's caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) kind: String,
    pub(super) page: String,
    pub(super) origin: String,
    stack: String,
    pub(super) line: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) domain: Option<String>,
    pub(super) path: Option<String>,
    pub(super) expires: Option<f64>,
    pub(super) same_site: String,
    pub(super) partitioned: bool,
    /// What of it: an object store of a database.
    pub(super) detail: String,
    /// By the clock that the page sees, in milliseconds since the epoch.
    pub(super) at: Option<f64>,
    /// Of a timer, in milliseconds.
    delay: u64,
}

/// A storage item that DevTools reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StorageWrite {
    pub(super) origin: String,
    pub(super) local: bool,
    pub(super) key: String,
    pub(super) value: String,
}

impl Told {
    fn of(told: &Value) -> Told {
        let field = |name: &str| text(&told[name]).to_owned();
        Told {
            kind: field("kind"),
            page: field("page"),
            origin: field("origin"),
            stack: field("stack"),
            line: field("line"),
            name: field("name"),
            value: field("value"),
            domain: told["domain"].as_str().map(str::to_owned),
            path: told["path"].as_str().map(str::to_owned),
            expires: told["expires"].as_f64(),
            same_site: field("sameSite"),
            partitioned: told["partitioned"].as_bool().unwrap_or_default(),
            detail: field("detail"),
            at: told["at"].as_f64(),
            delay: told["delay"].as_u64().unwrap_or_default(),
        }
    }

    /// A `cookieStore.set` call as the `Set-Cookie` line that means the same (Cookie Store API,
    /// "set a cookie": always Secure, Strict unless said otherwise).
    pub(super) fn store_line(&self) -> String {
        let mut line =
            format!("{}={}; Secure; Path={}", self.name, self.value, self.path.as_deref().unwrap_or("/"));
        line.push_str(match self.same_site.as_str() {
            "lax" => "; SameSite=Lax",
            "none" => "; SameSite=None",
            _ => "; SameSite=Strict",
        });
        if let Some(domain) = &self.domain {
            line.push_str(&format!("; Domain={domain}"));
        }
        if let Some(expires) = self.expires.and_then(|at| jiff::Timestamp::from_millisecond(at as i64).ok()) {
            line.push_str(&expires.strftime("; Expires=%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        if self.partitioned {
            line.push_str("; Partitioned");
        }
        line
    }
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

    /// The request of an event whose body is to be asked for: DevTools leaves out long bodies, blobs
    /// and beacons. To be called after [`Trace::event`]; each is to be answered with [`Trace::body`].
    pub(super) fn lacks_body(&mut self, method: &str, params: &Value) -> Option<String> {
        let request = &params["request"];
        let lacks = method == "Network.requestWillBeSent"
            && request["hasPostData"].as_bool().unwrap_or_default()
            && request["postData"].is_null();
        if !lacks || self.bodies >= MOST_BODIES {
            return None;
        }
        self.bodies += 1;
        self.awaited += 1;
        params["requestId"].as_str().map(str::to_owned)
    }

    /// Takes in a body that was asked for; none where it could not be had.
    pub(super) fn body(&mut self, id: &str, body: Option<&str>) {
        self.awaited = self.awaited.saturating_sub(1);
        if let Some(body) = body
            && let Some(hop) = self.known(id).and_then(|chain| chain.hops.last_mut())
        {
            hop.body = body.chars().take(MOST_BODY).collect();
        }
    }

    /// Whether bodies were asked for that are still to come.
    pub(super) fn awaits_bodies(&self) -> bool {
        self.awaited > 0
    }

    /// Where it stands now.
    pub(super) fn mark(&self) -> Mark {
        Mark { requests: self.requests.len(), writes: self.writes.len(), storage: self.storage.len() }
    }

    /// A request of a script was held back.
    pub(super) fn held_back(&mut self, method: &str, url: &str) {
        if self.held_back.len() < MOST && self.has_room(url.len()) {
            self.held_back.push((method.to_owned(), url.to_owned()));
        }
    }

    /// Requests other than to read, and those that were held back, up to a mark: method, URL, and
    /// whether it was held back.
    pub(super) fn sent_by_scripts(&self, until: Mark) -> Vec<(String, String, bool)> {
        let held =
            |method: &str, url: &str| self.held_back.iter().any(|(known, at)| known == method && at == url);
        let hops = self.requests.iter().take(until.requests).filter_map(|chain| chain.hops.first());
        let mut sent: Vec<(String, String, bool)> = hops
            .filter(|hop| !matches!(hop.method.as_str(), "GET" | "HEAD" | "OPTIONS" | ""))
            .map(|hop| (hop.method.clone(), hop.url.clone(), held(&hop.method, &hop.url)))
            .collect();
        // Those that act by their address alone.
        let reading = self.held_back.iter().filter(|(method, _)| method == "GET");
        sent.extend(reading.map(|(method, url)| (method.clone(), url.clone(), true)));
        sent
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

    /// Whether nothing is being loaded that began within this time.
    pub(super) fn idle(&self, within: Duration) -> bool {
        self.under_way.values().all(|since| since.elapsed() > within)
    }

    /// How long the oldest request has been under way that may still end within this time.
    pub(super) fn pending(&self, within: Duration) -> Option<Duration> {
        let finite = self.under_way.iter().filter(|(id, _)| !self.endless.contains(*id));
        finite.map(|(_, since)| since.elapsed()).filter(|since| *since < within).max()
    }

    /// Whether something is under way that will not end within this time.
    pub(super) fn has_endless(&self, within: Duration) -> bool {
        self.under_way.iter().any(|(id, since)| self.endless.contains(id) || since.elapsed() >= within)
    }

    /// Whether the document now shown is loaded, as far as it ever will be.
    pub(super) fn shows_loaded(&self) -> bool {
        self.shows_loaded || self.broken.is_some()
    }

    /// From here on the page's clock goes by what it is given.
    pub(super) fn clock_taken(&mut self) {
        self.clock = self.loaded_since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.skipped_from = Some((self.clock * 1000.0).round() as u64);
    }

    /// The page's clock was moved on.
    pub(super) fn clock_moved(&mut self, by: Duration) {
        self.clock += by.as_secs_f64();
    }

    /// The page is left: how long after its load is the visitor's choice, and tells nothing of it. Where its time was
    /// skipped, what it does then is doubted as all that came before.
    pub(super) fn page_is_left(&mut self) {
        if self.skipped_from.is_none() {
            self.loaded_at = None;
        }
    }

    /// Milliseconds from the load event to this moment, by the clock that the page sees.
    fn after_load(&self, at: Option<f64>) -> Option<u64> {
        let after = at? - self.loaded_at?;
        (after >= 0.0).then(|| (after * 1000.0).round() as u64)
    }

    /// Whether a timer is still to go off. Once it has, it is forgotten.
    pub(super) fn timer_due(&mut self) -> bool {
        let due = self.timers_due.is_some_and(|due| due > Instant::now());
        if !due {
            self.timers_due = None;
        }
        due
    }

    /// Until when the page may still do something by itself: none where nothing is left that it waits for;
    /// beyond all bounds where nobody knows.
    pub(super) fn stirs_until(&self) -> Stirs {
        let sent = self.requests.iter().flat_map(|chain| &chain.hops);
        let mut media = sent.filter(|hop| hop.resource == "Media" || hop.resource == "EventSource");
        if self.restless || self.asks_others || self.service_worker || self.part_crashed || self.overflow {
            return Stirs::On;
        }
        if !self.under_way.is_empty() || self.sockets > 0 || media.next().is_some() {
            return Stirs::On;
        }
        match self.last_timer.map(|due| due.saturating_duration_since(Instant::now())) {
            Some(left) if !left.is_zero() => Stirs::For(left),
            _ => Stirs::No,
        }
    }

    /// How many timers were set so far.
    pub(super) fn timers(&self) -> u32 {
        self.timers
    }

    /// Whether another page may follow in the tab: this one came as a plain one, and nobody would hear of its end.
    pub(super) fn is_plain(&self) -> bool {
        let one = self.documents == 1 && self.loads == 1 && self.shows_loaded && self.broken.is_none();
        let nothing_else = self.dialogs == 0 && self.downloads == 0 && self.popups.is_empty();
        let there = !self.crashed && !self.closed && !self.minds_leaving && !self.minds_parting;
        let answered = self.document().is_some_and(|hop| (200..500).contains(&hop.status));
        one && nothing_else && there && answered && self.awaited == 0 && self.stirs_until() == Stirs::No
    }

    /// How much was seen so far: grows with every write, and every request that is not like others.
    pub(super) fn activity(&self) -> usize {
        self.news + self.writes.len() + self.storage.len()
    }

    /// All exchanges in the order in which they began.
    pub(super) fn exchanges(&self) -> Vec<Seen> {
        let numbered = self.requests.iter().enumerate();
        numbered.flat_map(|(request, chain)| chain.exchanges(request)).collect()
    }

    /// Addresses that answered over the network with a head that was not shown.
    pub(super) fn hidden(&self) -> Vec<String> {
        let unseen = self.requests.iter().filter(|chain| chain.answers.is_empty());
        let last = unseen.filter_map(|chain| chain.hops.last());
        last.filter(|hop| hop.status != 0 && !hop.kept && !hop.has_extra).map(|hop| hop.url.clone()).collect()
    }

    /// The frame that the tab itself shows.
    pub(super) fn main_frame(&self) -> Option<&str> {
        self.main_frame.as_deref()
    }

    /// The status and type of the main document's last answer.
    pub(super) fn document(&self) -> Option<&Hop> {
        let main = self.main_frame.as_deref();
        self.requests
            .iter()
            .filter_map(|chain| chain.hops.last())
            .rfind(|hop| hop.resource == "Document" && (main.is_none() || Some(hop.frame.as_str()) == main))
    }

    fn request(&mut self, params: &Value) {
        let id = text(&params["requestId"]).to_owned();
        let request = &params["request"];
        let body: String = text(&request["postData"]).chars().take(MOST_BODY).collect();
        let url = address(&request["url"]);
        if self.requests.len() >= MOST || !self.has_room(body.len() + url.len() + id.len()) {
            self.overflow = true;
            return;
        }
        let initiator = called(&params["initiator"]["stack"]);
        if self.repeats.len() < MOST {
            let times = self.repeats.entry(key_of(text(&request["method"]), &url)).or_default();
            *times = times.saturating_add(1);
            self.news += usize::from(*times <= NEWS);
        }
        let redirected = &params["redirectResponse"];
        let headers = self.head(&request["headers"]);
        let answer_headers = self.head(&redirected["headers"]);
        let at = params["timestamp"].as_f64().unwrap_or_default();
        let has_extra = params["redirectHasExtraInfo"].as_bool().unwrap_or(!redirected.is_null());
        let began = params["wallTime"].as_f64().unwrap_or_default();
        let resource = text(&params["type"]).to_owned();
        // Documents are asked for by the browser, whose clock nobody moves.
        let of_browser = resource == "Document" || resource == "Other";
        if of_browser && began > 0.0 {
            self.epoch = began - at;
        }
        let since = match of_browser {
            true => began.max(self.loaded_at.unwrap_or_default() + self.clock),
            false => began,
        };
        let after_load = self.after_load(Some(since));
        if resource == "EventSource" {
            self.endless.insert(id.clone());
        }
        let chain = self.chain(&id);
        if !redirected.is_null()
            && let Some(previous) = chain.hops.last_mut()
        {
            previous.status = status(&redirected["status"]);
            previous.date = header(&redirected["headers"], "date");
            previous.has_extra = has_extra;
            previous.answer_headers = answer_headers;
            (previous.answered_at, previous.ended_at) = (at, at);
        }
        let hop = Hop {
            url,
            method: text(&request["method"]).to_owned(),
            frame: text(&params["frameId"]).to_owned(),
            resource,
            initiator,
            after_load,
            began,
            asked_at: at,
            headers,
            body,
            number: u16::try_from(chain.hops.len()).unwrap_or(u16::MAX),
            ..Hop::default()
        };
        chain.hops.push(hop);
        self.under_way.insert(id, Instant::now());
    }

    /// The page's own policy forbade it: the browser made no request.
    fn never_sent(&mut self, id: &str) {
        let Some(chain) = self.known(id) else { return };
        if chain.hops.last().is_some_and(|hop| hop.status == 0) && chain.answers.len() < chain.hops.len() {
            chain.hops.pop();
        }
    }

    fn request_extra(&mut self, params: &Value) {
        let associated = params["associatedCookies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let sent = associated
            .iter()
            .filter(|cookie| cookie["blockedReasons"].as_array().is_none_or(Vec::is_empty))
            .map(|cookie| text(&cookie["cookie"]["name"]).to_owned())
            .collect();
        let id = text(&params["requestId"]).to_owned();
        let headers = &params["headers"];
        let asked = Asked {
            sent,
            associated: associated.len(),
            mode: header(headers, "sec-fetch-mode"),
            has_origin: header(headers, "origin").is_some(),
            heard: true,
        };
        if self.requests.len() < MOST {
            self.chain(&id).asks.push(asked);
        }
    }

    fn response_extra(&mut self, params: &Value) {
        let id = text(&params["requestId"]).to_owned();
        if self.requests.len() >= MOST {
            self.overflow = true;
            return;
        }
        let headers = &params["headers"];
        let lines = values(headers, "set-cookie");
        if !self.has_room(lines.iter().map(String::len).sum()) {
            self.overflow = true;
            return;
        }
        let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| header_bytes(line)).collect();
        let blocked = params["blockedCookies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let blocked = blocked
            .iter()
            .map(|entry| {
                let reasons = entry["blockedReasons"].as_array().map(Vec::as_slice).unwrap_or_default();
                (
                    text(&entry["cookieLine"]).to_owned(),
                    reasons.iter().map(|reason| text(reason).to_owned()).collect(),
                )
            })
            .collect();
        let answer = Answer {
            status: status(&params["statusCode"]),
            date: header(headers, "date"),
            lines,
            clears: values(headers, "clear-site-data"),
            blocked,
        };
        self.chain(&id).answers.push(answer);
    }

    fn response(&mut self, params: &Value) {
        let response = &params["response"];
        let has_extra = params["hasExtraInfo"].as_bool().unwrap_or(true);
        let resource = text(&params["type"]).to_owned();
        let headers = self.head(&response["headers"]);
        self.restless |= header(&response["headers"], "refresh").is_some();
        if let Some(hop) = self.known(text(&params["requestId"])).and_then(|chain| chain.hops.last_mut()) {
            hop.status = status(&response["status"]);
            hop.date = header(&response["headers"], "date");
            hop.content_type = text(&response["mimeType"]).to_ascii_lowercase();
            hop.has_extra = has_extra;
            hop.answer_headers = headers;
            hop.answered_at = params["timestamp"].as_f64().unwrap_or_default();
            hop.kept |= response["fromDiskCache"] == true || response["fromServiceWorker"] == true;
            if hop.resource.is_empty() {
                hop.resource = resource;
            }
        }
    }

    fn web_socket(&mut self, params: &Value) {
        let id = text(&params["requestId"]).to_owned();
        if self.requests.len() >= MOST {
            self.overflow = true;
            return;
        }
        let hop = Hop {
            url: text(&params["url"]).to_owned(),
            method: "GET".into(),
            resource: "WebSocket".into(),
            initiator: called(&params["initiator"]["stack"]),
            ..Hop::default()
        };
        self.news += 1;
        self.chain(&id).hops.push(hop);
    }

    /// Of an upgrade there is no extra information, but its head, where the page may see it: of
    /// another site's the cookies are left out.
    fn web_socket_answer(&mut self, params: &Value) {
        let response = &params["response"];
        let lines = values(&response["headers"], "set-cookie");
        if !self.has_room(lines.iter().map(String::len).sum()) {
            self.overflow = true;
            return;
        }
        let Some(chain) = self.known(text(&params["requestId"])) else { return };
        let Some(hop) = chain.hops.last_mut() else { return };
        hop.status = status(&response["status"]);
        hop.date = header(&response["headers"], "date");
        if lines.is_empty() {
            return;
        }
        hop.has_extra = true;
        let lines = lines.iter().map(|line| header_bytes(line)).collect();
        let answer = Answer { status: hop.status, date: hop.date.clone(), lines, ..Answer::default() };
        chain.answers.push(answer);
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

    /// A head's fields, where they are to be kept.
    fn head(&mut self, headers: &Value) -> Vec<(String, String)> {
        let fields = headers.as_object().filter(|_| self.keep_heads).into_iter().flatten();
        let fields: Vec<(String, String)> =
            fields.map(|(name, value)| (name.clone(), text(value).to_owned())).collect();
        match self.has_room(fields.iter().map(|(name, value)| name.len() + value.len()).sum()) {
            true => fields,
            false => Vec::new(),
        }
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

    fn chain(&mut self, id: &str) -> &mut Chain {
        let next = self.requests.len();
        let at = *self.index.entry(id.to_owned()).or_insert(next);
        if at == next {
            self.requests.push(Chain::default());
        }
        &mut self.requests[at]
    }

    fn known(&mut self, id: &str) -> Option<&mut Chain> {
        let at = *self.index.get(id)?;
        self.requests.get_mut(at)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// An address, but of what holds its content in itself no more than the beginning.
fn address(value: &Value) -> String {
    let url = text(value);
    match url.char_indices().nth(LONGEST_URL) {
        Some((end, _)) => url[..end].to_owned(),
        None => url.to_owned(),
    }
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

fn status(value: &Value) -> u16 {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}

fn header(headers: &Value, name: &str) -> Option<String> {
    values(headers, name).into_iter().next()
}

/// All values of a header: DevTools joins those of one spelling by line feeds, and keeps spellings
/// (`Set-Cookie`, `set-cookie`) apart.
fn values(headers: &Value, name: &str) -> Vec<String> {
    let fields = headers.as_object().into_iter().flatten();
    let found = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let texts = found.flat_map(|(_, value)| match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    texts.flat_map(|text| text.split('\n')).map(str::to_owned).collect()
}

/// Places of a DevTools stack that have an address, the innermost first.
fn called(stack: &Value) -> Vec<Position> {
    let frames = stack["callFrames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let outer = stack["parent"]["callFrames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let places = frames.iter().chain(outer).map(|frame| Position {
        url: address(&frame["url"]),
        line: number(&frame["lineNumber"]).saturating_add(1),
        column: number(&frame["columnNumber"]).saturating_add(1),
    });
    places.filter(|place| is_address(&place.url)).take(MOST_CALLS).collect()
}

/// Frames of a V8 stack that are not the hooks' own: those are without an address.
fn positions_in(stack: &str) -> Vec<Position> {
    let places = stack.lines().skip(1).filter_map(|frame| {
        let place = frame.trim().trim_start_matches("at ").trim_end_matches(')');
        let place = place.rsplit_once('(').map_or(place, |(_, place)| place);
        let place = place.trim_start_matches("async ");
        let (rest, column) = place.rsplit_once(':')?;
        let (url, line) = rest.rsplit_once(':')?;
        let position =
            Position { url: url.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? };
        is_address(url).then_some(position)
    });
    places.take(MOST_CALLS).collect()
}

fn is_address(url: &str) -> bool {
    ["http:", "https:", "blob:"].iter().any(|scheme| url.starts_with(scheme))
}

/// One number for requests that differ in their query only.
fn key_of(method: &str, url: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (method, url.split(['?', '#']).next()).hash(&mut hasher);
    hasher.finish()
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
