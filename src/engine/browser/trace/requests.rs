//! Requests with their redirects and answers: DevTools tells of each in several events, which come in any order.

use super::fields::{address, header, status, text, values};
use super::writes::{Position, called};
use super::{MOST, Mark, Trace};
use crate::engine::browser::bytes::header_bytes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;

/// As often as this a request for one address is news.
const NEWS: u32 = 3;

/// Most characters looked at of a request's body.
const MOST_BODY: usize = 64 * 1024;

/// Most bodies asked for of one visit: those that DevTools does not tell with the request.
const MOST_BODIES: usize = 200;

/// A request and its redirects.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) hops: Vec<Hop>,
    /// Answers' extra info in the order of hops that have one.
    pub(super) answers: Vec<Answer>,
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
pub(in crate::engine::browser) struct Hop {
    pub(in crate::engine::browser) url: String,
    pub(in crate::engine::browser) method: String,
    pub(in crate::engine::browser) frame: String,
    pub(in crate::engine::browser) resource: String,
    /// The script that asked, and what called it.
    pub(in crate::engine::browser) initiator: Vec<Position>,
    pub(in crate::engine::browser) status: u16,
    pub(in crate::engine::browser) date: Option<String>,
    pub(in crate::engine::browser) content_type: String,
    /// The body that went along, as far as DevTools shows it.
    pub(in crate::engine::browser) body: String,
    /// Milliseconds after the page was loaded.
    pub(in crate::engine::browser) after_load: Option<u64>,
    /// When it began, in seconds since the epoch; asked, answered and ended by the browser's own clock.
    pub(in crate::engine::browser) began: f64,
    pub(in crate::engine::browser) asked_at: f64,
    pub(in crate::engine::browser) answered_at: f64,
    pub(in crate::engine::browser) ended_at: f64,
    /// Both heads, where they are to be kept.
    pub(in crate::engine::browser) headers: Vec<(String, String)>,
    pub(in crate::engine::browser) answer_headers: Vec<(String, String)>,
    has_extra: bool,
    /// It came from a cache or a service worker, not from the network.
    pub(super) kept: bool,
    /// What hop it is within its chain.
    pub(in crate::engine::browser) number: u16,
}

/// What came back, as only the network layer sees it.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::browser) struct Answer {
    pub(in crate::engine::browser) status: u16,
    pub(in crate::engine::browser) date: Option<String>,
    /// `Set-Cookie` lines as the bytes that came.
    pub(in crate::engine::browser) lines: Vec<Vec<u8>>,
    /// `Clear-Site-Data`
    pub(in crate::engine::browser) clears: Vec<String>,
    /// Line, as far as DevTools shows it, to DevTools' reasons.
    pub(in crate::engine::browser) blocked: Vec<(String, Vec<String>)>,
}

/// A finished exchange.
#[derive(Clone, Debug)]
pub(in crate::engine::browser) struct Seen {
    /// Which request it belongs to, counted from the first.
    pub(in crate::engine::browser) request: usize,
    pub(in crate::engine::browser) hop: Hop,
    pub(in crate::engine::browser) answer: Answer,
    pub(in crate::engine::browser) asked: Asked,
}

/// What a request took along, as only the network layer sees it.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::browser) struct Asked {
    /// Names of the cookies that went along.
    pub(in crate::engine::browser) sent: BTreeSet<String>,
    /// How many cookies there were for it, blocked ones too.
    pub(in crate::engine::browser) associated: usize,
    /// `Sec-Fetch-Mode`; sent to trustworthy addresses only.
    pub(in crate::engine::browser) mode: Option<String>,
    /// It had an `Origin`.
    pub(in crate::engine::browser) has_origin: bool,
    /// Its head was shown at all.
    pub(in crate::engine::browser) heard: bool,
}

impl Trace {
    /// All exchanges in the order in which they began.
    pub(in crate::engine::browser) fn exchanges(&self) -> Vec<Seen> {
        let numbered = self.requests.iter().enumerate();
        numbered.flat_map(|(request, chain)| chain.exchanges(request)).collect()
    }

    /// Addresses that answered over the network with a head that was not shown.
    pub(in crate::engine::browser) fn hidden(&self) -> Vec<String> {
        let unseen = self.requests.iter().filter(|chain| chain.answers.is_empty());
        let last = unseen.filter_map(|chain| chain.hops.last());
        last.filter(|hop| hop.status != 0 && !hop.kept && !hop.has_extra).map(|hop| hop.url.clone()).collect()
    }

    /// The status and type of the main document's last answer.
    pub(in crate::engine::browser) fn document(&self) -> Option<&Hop> {
        let main = self.main_frame.as_deref();
        self.requests
            .iter()
            .filter_map(|chain| chain.hops.last())
            .rfind(|hop| hop.resource == "Document" && (main.is_none() || Some(hop.frame.as_str()) == main))
    }

    /// Requests other than to read, and those that were held back, up to a mark: method, URL, and
    /// whether it was held back.
    pub(in crate::engine::browser) fn sent_by_scripts(&self, until: Mark) -> Vec<(String, String, bool)> {
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

    /// A request of a script was held back.
    pub(in crate::engine::browser) fn held_back(&mut self, method: &str, url: &str) {
        if self.held_back.len() < MOST && self.has_room(url.len()) {
            self.held_back.push((method.to_owned(), url.to_owned()));
        }
    }

    /// The request of an event whose body is to be asked for: DevTools leaves out long bodies, blobs
    /// and beacons. To be called after [`Trace::event`]; each is to be answered with [`Trace::body`].
    pub(in crate::engine::browser) fn lacks_body(&mut self, method: &str, params: &Value) -> Option<String> {
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
    pub(in crate::engine::browser) fn body(&mut self, id: &str, body: Option<&str>) {
        self.awaited = self.awaited.saturating_sub(1);
        if let Some(body) = body
            && let Some(hop) = self.known(id).and_then(|chain| chain.hops.last_mut())
        {
            hop.body = body.chars().take(MOST_BODY).collect();
        }
    }

    /// Whether bodies were asked for that are still to come.
    pub(in crate::engine::browser) fn awaits_bodies(&self) -> bool {
        self.awaited > 0
    }

    pub(super) fn request(&mut self, params: &Value) {
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
    pub(super) fn never_sent(&mut self, id: &str) {
        let Some(chain) = self.known(id) else { return };
        if chain.hops.last().is_some_and(|hop| hop.status == 0) && chain.answers.len() < chain.hops.len() {
            chain.hops.pop();
        }
    }

    pub(super) fn request_extra(&mut self, params: &Value) {
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

    pub(super) fn response_extra(&mut self, params: &Value) {
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

    pub(super) fn response(&mut self, params: &Value) {
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

    pub(super) fn web_socket(&mut self, params: &Value) {
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
    pub(super) fn web_socket_answer(&mut self, params: &Value) {
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

    fn chain(&mut self, id: &str) -> &mut Chain {
        let next = self.requests.len();
        let at = *self.index.entry(id.to_owned()).or_insert(next);
        if at == next {
            self.requests.push(Chain::default());
        }
        &mut self.requests[at]
    }

    pub(super) fn known(&mut self, id: &str) -> Option<&mut Chain> {
        let at = *self.index.get(id)?;
        self.requests.get_mut(at)
    }
}

/// One number for requests that differ in their query only.
fn key_of(method: &str, url: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (method, url.split(['?', '#']).next()).hash(&mut hasher);
    hasher.finish()
}
