//! DevTools events gathered into exchanges and writes. Pure: values in, values out; an event that
//! is unknown, or lacks what it should have, is passed over.

use super::cdp::read;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most exchanges and writes kept of one visit; a page that asks for more is cut there, and said so.
const MOST: usize = 20_000;

/// Most characters looked at of a request's body.
const MOST_BODY: usize = 64 * 1024;

/// Everything one tab showed so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// By request id, in order of the first event.
    requests: Vec<Chain>,
    index: BTreeMap<String, usize>,
    pub(super) writes: Vec<Write>,
    /// Requests under way, for telling when the page is idle.
    under_way: BTreeSet<String>,
    pub(super) loaded: bool,
    pub(super) crashed: bool,
    pub(super) dialogs: u32,
    /// Windows that the page opened, by URL.
    pub(super) popups: BTreeSet<String>,
    /// Storage items by DevTools' own events: (session?, origin, key, length).
    pub(super) storage: Vec<StorageWrite>,
    /// More came than is kept.
    pub(super) overflow: bool,
    /// The URL shown in the main frame.
    pub(super) shown: Option<String>,
    /// History routes a single-page application went to.
    pub(super) routes: BTreeSet<String>,
    main_frame: Option<String>,
}

/// A request and its redirects.
#[derive(Debug, Default)]
struct Chain {
    hops: Vec<Hop>,
    /// Answers' extra info in the order of hops that have one.
    answers: Vec<Answer>,
    asks: Vec<BTreeSet<String>>,
    failed: Option<String>,
}

impl Chain {
    fn exchanges(&self) -> Vec<Seen> {
        let last = self.hops.len().saturating_sub(1);
        // Extra info comes once for each hop that has it, in the hops' order. A request that failed
        // before its answer was shown may have it, too; and where there is one for each, no flag is
        // needed.
        let each = self.answers.len() == self.hops.len();
        let mut answers = self.answers.iter();
        let mut seen: Vec<Seen> = Vec::with_capacity(self.hops.len());
        for (number, hop) in self.hops.iter().enumerate() {
            let expected = each || hop.has_extra || (number == last && self.failed.is_some());
            let answer = if expected { answers.next().cloned() } else { None };
            let sent = self.asks.get(number).cloned().unwrap_or_default();
            seen.push(Seen { hop: hop.clone(), answer: answer.unwrap_or_default(), sent });
        }
        // What is left came all the same.
        for answer in answers {
            match seen.last_mut() {
                Some(last) => last.answer.add(answer),
                None => seen.push(Seen {
                    hop: Hop::default(),
                    answer: answer.clone(),
                    sent: self.asks.first().cloned().unwrap_or_default(),
                }),
            }
        }
        seen
    }
}

impl Answer {
    fn add(&mut self, other: &Answer) {
        self.lines.extend(other.lines.iter().cloned());
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
    pub(super) initiator: Option<Position>,
    pub(super) status: u16,
    pub(super) date: Option<String>,
    pub(super) content_type: String,
    /// The body that went along, as far as DevTools shows it.
    pub(super) body: String,
    has_extra: bool,
    /// What hop it is within its chain.
    pub(super) number: u16,
}

/// What came back, as only the network layer sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) date: Option<String>,
    pub(super) lines: Vec<String>,
    /// Line to DevTools' reasons.
    pub(super) blocked: Vec<(String, Vec<String>)>,
}

/// A finished exchange.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) hop: Hop,
    pub(super) answer: Answer,
    /// Names of the cookies that went along.
    pub(super) sent: BTreeSet<String>,
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
    pub(super) position: Option<Position>,
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
    /// Takes in one event.
    pub(super) fn event(&mut self, method: &str, params: &Value) {
        match method {
            "Network.requestWillBeSent" => self.request(params),
            "Network.requestWillBeSentExtraInfo" => self.request_extra(params),
            "Network.responseReceivedExtraInfo" => self.response_extra(params),
            "Network.responseReceived" => self.response(params),
            "Network.loadingFinished" => {
                self.under_way.remove(text(&params["requestId"]));
            }
            "Network.loadingFailed" => {
                let id = text(&params["requestId"]);
                self.under_way.remove(id);
                if let Some(chain) = self.known(id) {
                    chain.failed = Some(text(&params["errorText"]).to_owned());
                }
            }
            "Network.webSocketCreated" => self.web_socket(params),
            "Network.webSocketHandshakeResponseReceived" => {
                if let Some(hop) =
                    self.known(text(&params["requestId"])).and_then(|chain| chain.hops.last_mut())
                {
                    hop.status = status(&params["response"]["status"]);
                    hop.date = header(&params["response"]["headers"], "date");
                    hop.has_extra = true;
                }
            }
            "Page.loadEventFired" => self.loaded = true,
            "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
                self.main_frame = Some(text(&params["frame"]["id"]).to_owned());
                self.shown = Some(text(&params["frame"]["url"]).to_owned());
            }
            "Page.navigatedWithinDocument" => {
                let url = text(&params["url"]).to_owned();
                if self.main_frame.as_deref() == params["frameId"].as_str() {
                    self.shown = Some(url.clone());
                }
                if self.routes.len() < MOST {
                    self.routes.insert(url);
                }
            }
            "Page.windowOpen" if self.popups.len() < MOST => {
                self.popups.insert(text(&params["url"]).to_owned());
            }
            "Inspector.targetCrashed" | "Target.targetCrashed" => self.crashed = true,
            "Page.javascriptDialogOpening" => self.dialogs += 1,
            "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated" => {
                self.storage_item(params)
            }
            _ => {}
        }
    }

    /// Takes in what a hook told.
    pub(super) fn told(&mut self, payload: &str) {
        if self.writes.len() >= MOST {
            self.overflow = true;
            return;
        }
        let Some(told) = read(payload.as_bytes()).map(|told| Told::of(&told)) else { return };
        let position = position_in(&told.stack);
        self.writes.push(Write { told, position });
    }

    /// Whether nothing is being loaded.
    pub(super) fn idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// How much was seen so far: grows with every request and write.
    pub(super) fn activity(&self) -> usize {
        self.requests.len() + self.writes.len() + self.storage.len()
    }

    /// All exchanges in the order in which they began.
    pub(super) fn exchanges(&self) -> Vec<Seen> {
        self.requests.iter().flat_map(Chain::exchanges).collect()
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
        if self.requests.len() >= MOST {
            self.overflow = true;
            return;
        }
        let request = &params["request"];
        let stack = &params["initiator"]["stack"]["callFrames"][0];
        let initiator = (!stack.is_null()).then(|| Position {
            url: text(&stack["url"]).to_owned(),
            line: number(&stack["lineNumber"]) + 1,
            column: number(&stack["columnNumber"]) + 1,
        });
        let redirected = &params["redirectResponse"];
        let has_extra = params["redirectHasExtraInfo"].as_bool().unwrap_or(!redirected.is_null());
        let chain = self.chain(&id);
        if !redirected.is_null()
            && let Some(previous) = chain.hops.last_mut()
        {
            previous.status = status(&redirected["status"]);
            previous.date = header(&redirected["headers"], "date");
            previous.has_extra = has_extra;
        }
        let hop = Hop {
            url: text(&request["url"]).to_owned(),
            method: text(&request["method"]).to_owned(),
            frame: text(&params["frameId"]).to_owned(),
            resource: text(&params["type"]).to_owned(),
            initiator,
            body: text(&request["postData"]).chars().take(MOST_BODY).collect(),
            number: u16::try_from(chain.hops.len()).unwrap_or(u16::MAX),
            ..Hop::default()
        };
        chain.hops.push(hop);
        self.under_way.insert(id);
    }

    fn request_extra(&mut self, params: &Value) {
        let sent = params["associatedCookies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let sent = sent
            .iter()
            .filter(|cookie| cookie["blockedReasons"].as_array().is_none_or(Vec::is_empty))
            .map(|cookie| text(&cookie["cookie"]["name"]).to_owned())
            .collect();
        let id = text(&params["requestId"]).to_owned();
        if self.requests.len() < MOST {
            self.chain(&id).asks.push(sent);
        }
    }

    fn response_extra(&mut self, params: &Value) {
        let id = text(&params["requestId"]).to_owned();
        if self.requests.len() >= MOST {
            self.overflow = true;
            return;
        }
        let headers = &params["headers"];
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
            lines: values(headers, "set-cookie"),
            blocked,
        };
        self.chain(&id).answers.push(answer);
    }

    fn response(&mut self, params: &Value) {
        let response = &params["response"];
        let has_extra = params["hasExtraInfo"].as_bool().unwrap_or(true);
        let resource = text(&params["type"]).to_owned();
        if let Some(hop) = self.known(text(&params["requestId"])).and_then(|chain| chain.hops.last_mut()) {
            hop.status = status(&response["status"]);
            hop.date = header(&response["headers"], "date");
            hop.content_type = text(&response["mimeType"]).to_ascii_lowercase();
            hop.has_extra = has_extra;
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
            ..Hop::default()
        };
        self.chain(&id).hops.push(hop);
    }

    fn storage_item(&mut self, params: &Value) {
        if self.storage.len() >= MOST {
            self.overflow = true;
            return;
        }
        let place = &params["storageId"];
        let origin =
            place["securityOrigin"].as_str().or_else(|| place["storageKey"].as_str()).unwrap_or_default();
        self.storage.push(StorageWrite {
            origin: origin.trim_end_matches('/').to_owned(),
            local: place["isLocalStorage"].as_bool().unwrap_or_default(),
            key: text(&params["key"]).to_owned(),
            value: text(&params["newValue"]).to_owned(),
        });
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

/// The first frame of a V8 stack that is not one of the hooks' own: those are without a URL.
fn position_in(stack: &str) -> Option<Position> {
    stack.lines().skip(1).find_map(|frame| {
        let place = frame.trim().trim_start_matches("at ").trim_end_matches(')');
        let place = place.rsplit_once('(').map_or(place, |(_, place)| place);
        let (rest, column) = place.rsplit_once(':')?;
        let (url, line) = rest.rsplit_once(':')?;
        if !(url.starts_with("http:") || url.starts_with("https:") || url.starts_with("blob:")) {
            return None;
        }
        Some(Position { url: url.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
    })
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
            seen.iter().flat_map(|seen| seen.answer.lines.clone()).collect::<Vec<_>>().join("|")
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
        assert_eq!(seen[0].answer.lines, ["a=1", "b=2"]);
    }

    #[test]
    fn a_write_with_half_a_character_is_still_a_write() {
        let mut trace = Trace::default();
        trace.told(r#"{"kind":"document-cookie","line":"a=\ud83d","stack":7}"#);
        trace.told(r#"{"kind":"local-storage","name":"\udc00","value":"x"}"#);
        assert_eq!(trace.writes.len(), 2);
    }

    #[test]
    fn the_writing_script_is_the_first_frame_with_a_url() {
        let stack = "Error\n    at report (<anonymous>:14:21)\n    at set (<anonymous>:30:5)\n    at accept (https://a.test/consent.js:3:12)";
        let position = position_in(stack).unwrap();
        assert_eq!(
            (position.url.as_str(), position.line, position.column),
            ("https://a.test/consent.js", 3, 12)
        );
        assert_eq!(position_in("Error\n at <anonymous>"), None);
    }
}
