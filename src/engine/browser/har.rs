//! What a visitor's pages asked for, as a HAR 1.2 file. Pure: from a trace to JSON.
//!
//! A HAR usually holds every session and token of the one who made it. This one holds none: addresses
//! are safe ones, cookies are masked, and of all other headers only those are shown that say nothing
//! about anybody. Bodies are left out.

use super::trace::{Seen, Trace};
use crate::cookie::{CookieLine, CookieValue};
use crate::observation::head::{address, cut, shown};
use serde_json::{Value, json};
use url::Url;

/// Most entries, and most bytes of them, in one file.
const MOST_ENTRIES: usize = 20_000;
const MOST_BYTES: usize = 32 << 20;

/// Pages and what they asked for.
#[derive(Debug, Default)]
pub(super) struct Har {
    pages: Vec<Value>,
    entries: Vec<Value>,
    bytes: usize,
    full: bool,
}

impl Har {
    /// Adds a page. `safe` makes an address fit for a file; `asked` is one already.
    pub(super) fn add(&mut self, asked: &str, trace: &Trace, safe: impl Fn(&Url) -> String) {
        let id = format!("page_{}", self.pages.len() + 1);
        let exchanges = trace.exchanges();
        let began = exchanges.first().map_or(0.0, |seen| seen.hop.began);
        self.pages.push(json!({
            "id": id, "title": asked, "startedDateTime": moment(began),
            "pageTimings": {"onContentLoad": -1, "onLoad": -1},
        }));
        for seen in exchanges.iter().filter(|seen| !seen.hop.url.is_empty()) {
            let entry = entry(&id, seen, &safe);
            self.bytes = self.bytes.saturating_add(entry.to_string().len());
            self.full |= self.entries.len() >= MOST_ENTRIES || self.bytes > MOST_BYTES;
            if self.full {
                return;
            }
            self.entries.push(entry);
        }
    }

    /// The file.
    pub(super) fn json(&self, browser: &str) -> Value {
        let (name, version) = browser.split_once(' ').unwrap_or((browser, ""));
        let comment = match self.full {
            true => "Values are masked. More was asked for than is kept.",
            false => "Values are masked.",
        };
        json!({"log": {
            "version": "1.2",
            "creator": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
            "browser": {"name": name, "version": version},
            "pages": self.pages, "entries": self.entries, "comment": comment,
        }})
    }
}

fn entry(page: &str, seen: &Seen, safe: &impl Fn(&Url) -> String) -> Value {
    let hop = &seen.hop;
    let url = address(&hop.url, safe);
    let query: Vec<Value> = Url::parse(&url).map_or_else(
        |_| Vec::new(),
        |url| url.query_pairs().map(|(name, value)| json!({"name": name, "value": value})).collect(),
    );
    let lines: Vec<CookieLine> = seen.answer.lines.iter().map(|line| CookieLine::parse(line)).collect();
    let ordinary = |(name, _): &&(String, String)| !name.eq_ignore_ascii_case("set-cookie");
    let mut answered: Vec<Value> =
        hop.answer_headers.iter().filter(ordinary).map(|field| header(field, safe)).collect();
    answered.extend(lines.iter().map(|line| json!({"name": "Set-Cookie", "value": line.masked()})));
    let set = lines
        .iter()
        .map(|line| json!({"name": line.name.to_string(), "value": line.value.to_string()}))
        .collect::<Vec<_>>();
    let sent: Vec<Value> =
        seen.asked.sent.iter().map(|name| json!({"name": name, "value": "\u{2039}masked\u{203a}"})).collect();
    let status = if hop.status == 0 { seen.answer.status } else { hop.status };
    let location = hop.answer_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let mut request = json!({
        "method": hop.method, "url": url, "httpVersion": "unknown", "cookies": sent,
        "headers": hop.headers.iter().map(|field| header(field, safe)).collect::<Vec<_>>(),
        "queryString": query, "headersSize": -1, "bodySize": if hop.body.is_empty() { 0 } else { -1 },
    });
    if !hop.body.is_empty() {
        let kind = hop.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = kind.map_or("", |(_, kind)| kind.split(';').next().unwrap_or_default());
        let text = CookieValue::new(hop.body.as_str()).to_string();
        request["postData"] = json!({"mimeType": cut(kind), "params": [], "text": text});
    }
    let wait = span(hop.asked_at, hop.answered_at);
    let receive = span(hop.answered_at, hop.ended_at);
    let initiator = match hop.initiator.first() {
        Some(place) => json!({"type": "script", "url": address(&place.url, safe), "lineNumber": place.line}),
        None => json!({"type": "other"}),
    };
    json!({
        "pageref": page,
        "startedDateTime": moment(hop.began),
        "time": wait + receive,
        "request": request,
        "response": {
            "status": status, "statusText": "", "httpVersion": "unknown", "cookies": set, "headers": answered,
            "content": {"size": -1, "mimeType": hop.content_type},
            "redirectURL": location.map_or(String::new(), |(_, to)| address(to, safe)),
            "headersSize": -1, "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        "_initiator": initiator,
        "_resourceType": hop.resource.to_ascii_lowercase(),
    })
}

fn header((name, value): &(String, String), safe: &impl Fn(&Url) -> String) -> Value {
    json!({"name": cut(name), "value": shown(name, value, safe)})
}

/// Milliseconds between two moments of the browser's clock; 0 where one is not known.
fn span(from: f64, to: f64) -> f64 {
    if from > 0.0 && to > from { ((to - from) * 1000.0 * 1000.0).round() / 1000.0 } else { 0.0 }
}

fn moment(seconds: f64) -> String {
    jiff::Timestamp::from_millisecond((seconds * 1000.0) as i64).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_secret_is_in_the_file() {
        let mut trace = Trace::keeping_heads(true);
        let secret = "s3cret-v4lue-0123456789";
        let request = json!({
            "requestId": "1", "type": "Fetch", "wallTime": 1.7e9, "timestamp": 10.0,
            "request": {
                "url": format!("https://a.test/api?token={secret}"), "method": "POST", "postData": secret,
                "headers": {"Authorization": secret, "X-Api-Key": secret, "Cookie": format!("sid={secret}"),
                            "Referer": format!("https://a.test/?token={secret}"), "Accept": "*/*", "Content-Type": "text/plain"},
            },
        });
        let extra = json!({"requestId": "1", "statusCode": 302,
            "headers": {"Set-Cookie": format!("sid={secret}; Path=/"), "X-Echo": secret, "Location": format!("/go/{secret}"), "Server": "x"}});
        let response = json!({"requestId": "1", "hasExtraInfo": true, "timestamp": 10.25,
            "response": {"status": 302, "mimeType": "text/html", "headers": {"X-Echo": secret, "Location": format!("/go/{secret}"), "Server": "x"}}});
        trace.event("Network.requestWillBeSent", &request);
        trace.event("Network.responseReceivedExtraInfo", &extra);
        trace.event("Network.responseReceived", &response);
        let mut har = Har::default();
        har.add("https://a.test/", &trace, |url| format!("https://{}/", url.host_str().unwrap()));
        let json = har.json("Chromium 156");
        assert!(!json.to_string().contains(secret), "{json:#}");
        let entry = &json["log"]["entries"][0];
        assert_eq!(entry["request"]["method"], "POST");
        assert_eq!(entry["response"]["cookies"][0]["name"], "sid");
        assert_eq!(entry["timings"]["wait"], 250.0);
        assert_eq!(entry["startedDateTime"], "2023-11-14T22:13:20Z");
        let shown = entry["response"]["headers"].as_array().unwrap();
        assert!(shown.iter().any(|header| header["name"] == "Server" && header["value"] == "x"));
    }
}
