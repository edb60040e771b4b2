//! A HAR file taken apart. Recorders differ in what they leave out, so everything but the address of a
//! request may be missing.

use crate::observation::{Resource, without_values};
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

/// Most requests read of one recording.
const MOST_ENTRIES: usize = 100_000;

/// Why a file is no recording to judge by.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotARecording {
    #[error("it is not a HAR file: {0}")]
    Malformed(String),
    #[error("it has more than {MOST_ENTRIES} requests")]
    TooLarge,
    #[error("its values are masked: cookieproof wrote it")]
    Masked,
    #[error("it holds no Cookie or Set-Cookie header: it was exported without them")]
    Sanitised,
    #[error("its answers name cookies, but the Set-Cookie headers that set them were left out")]
    WithoutLines,
}

/// The requests of a recording.
#[derive(Debug)]
pub(super) struct Recorded {
    /// In the order in which they were made.
    pub(super) entries: Vec<Entry>,
    pub(super) recorded_by: String,
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) page: Option<String>,
    /// Seconds since the epoch.
    pub(super) at: f64,
    pub(super) method: String,
    pub(super) url: Url,
    /// 0 where none is recorded.
    pub(super) status: u16,
    pub(super) resource: Resource,
    pub(super) content_type: String,
    pub(super) leads_to: Option<Url>,
    asked: Vec<Header>,
    answered: Vec<Header>,
    kind: String,
}

impl Entry {
    /// A header of the request.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        header(&self.asked, name)
    }

    /// A header of the answer.
    pub(super) fn answered(&self, name: &str) -> Option<&str> {
        header(&self.answered, name)
    }

    /// The answer's head, each cookie on a line of its own.
    pub(super) fn answer(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.answered
            .iter()
            .flat_map(|header| header.value.split('\n').map(|line| (header.name.as_str(), line.as_bytes())))
    }

    /// Every `Set-Cookie` line; some recorders write several into one header.
    pub(super) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        let named = self.answered.iter().filter(|header| header.name.eq_ignore_ascii_case("set-cookie"));
        named.flat_map(|header| header.value.split('\n')).filter(|line| !line.trim().is_empty())
    }

    /// Names and values of the cookies that went along.
    pub(super) fn sent_cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.asked.iter().filter(|header| header.name.eq_ignore_ascii_case("cookie"));
        let pairs = named.flat_map(|header| header.value.split(';')).map(str::trim);
        pairs.filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or(("", pair)))
    }

    /// Whether a document for the top of a tab was asked for.
    pub(super) fn is_navigation(&self) -> bool {
        match self.asked("sec-fetch-dest") {
            Some(dest) => dest.eq_ignore_ascii_case("document"),
            None if !self.kind.is_empty() => self.kind == "document",
            // A recorder that says neither: an answer in HTML, or a redirect of nobody's.
            None => self.content_type == "text/html" && self.asked("x-requested-with").is_none(),
        }
    }
}

/// Reads the text of a HAR file.
pub(super) fn read(text: &str) -> Result<Recorded, NotARecording> {
    let text = text.trim_start_matches('\u{feff}');
    let Har { log } =
        serde_json::from_str(text).map_err(|error| NotARecording::Malformed(without_values(&error)))?;
    if log.creator.name == env!("CARGO_PKG_NAME") {
        return Err(NotARecording::Masked);
    }
    if log.entries.len() > MOST_ENTRIES {
        return Err(NotARecording::TooLarge);
    }
    let names_cookies = log.entries.iter().any(|entry| !entry.response.cookies.is_empty());
    let mut entries: Vec<Entry> = log.entries.into_iter().filter_map(entry).collect();
    if !entries.iter().any(|entry| entry.set_cookies().next().or(entry.asked("cookie")).is_some()) {
        return Err(NotARecording::Sanitised);
    }
    // What a recorder makes of a line has lost whether it named a domain and how it put its lifetime.
    if names_cookies && !entries.iter().any(|entry| entry.answered("set-cookie").is_some()) {
        return Err(NotARecording::WithoutLines);
    }
    // Recorders write down what is through first.
    entries.sort_by(|a, b| a.at.total_cmp(&b.at));
    let Named { name, version } = log.creator;
    Ok(Recorded { entries, recorded_by: format!("{name} {version}").trim().to_owned() })
}

fn entry(written: WrittenEntry) -> Option<Entry> {
    let url = Url::parse(&written.request.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let at = written.started.parse::<jiff::Timestamp>().ok();
    let at = at.map_or(0.0, |at| at.as_millisecond() as f64 / 1000.0);
    let content_type = written.response.content.mime_type.split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    let mut answered = written.response.headers;
    if written.from_cache.is_some() {
        answered.retain(|header| !header.name.eq_ignore_ascii_case("set-cookie"));
    }
    let location = header(&answered, "location").map(str::to_owned).unwrap_or(written.response.redirect_url);
    let redirects = (300..400).contains(&written.response.status) && !location.trim().is_empty();
    let leads_to = redirects.then(|| url.join(location.trim()).ok()).flatten();
    let asked = written.request.headers;
    let kind = written.resource_type.to_ascii_lowercase();
    let resource = resource(header(&asked, "sec-fetch-dest"), &kind, &content_type);
    Some(Entry {
        page: written.page.filter(|page| !page.is_empty()),
        at,
        method: written.request.method.to_ascii_uppercase(),
        status: u16::try_from(written.response.status).unwrap_or(0),
        resource,
        content_type,
        leads_to,
        asked,
        answered,
        kind,
        url,
    })
}

/// What a request was for: by what the browser said of it, by what the recorder says, by what came.
fn resource(dest: Option<&str>, kind: &str, content_type: &str) -> Resource {
    let dest = dest.map(str::to_ascii_lowercase);
    match dest.as_deref().unwrap_or(kind) {
        "document" => Resource::Document,
        "iframe" | "frame" | "embed" | "object" => Resource::Frame,
        "image" => Resource::Image,
        "script" | "worker" | "sharedworker" | "serviceworker" => Resource::Script,
        "style" | "stylesheet" => Resource::Style,
        "font" => Resource::Font,
        "manifest" => Resource::Manifest,
        "empty" | "xhr" | "fetch" | "ping" | "eventsource" => Resource::Fetch,
        _ => match content_type {
            "text/html" => Resource::Frame,
            "text/css" => Resource::Style,
            kind if kind.starts_with("image/") => Resource::Image,
            kind if kind.starts_with("font/") => Resource::Font,
            kind if kind.ends_with("javascript") => Resource::Script,
            _ => Resource::Other,
        },
    }
}

fn header<'h>(headers: &'h [Header], name: &str) -> Option<&'h str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    creator: Named,
    entries: Vec<WrittenEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct WrittenEntry {
    #[serde(default, rename = "pageref")]
    page: Option<String>,
    #[serde(default, rename = "startedDateTime")]
    started: String,
    #[serde(default, rename = "_resourceType")]
    resource_type: String,
    /// A cached answer's lines were acted upon when it first came.
    #[serde(default, rename = "_fromCache")]
    from_cache: Option<String>,
    request: WrittenRequest,
    #[serde(default)]
    response: WrittenResponse,
}

#[derive(Deserialize)]
struct WrittenRequest {
    #[serde(default)]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenResponse {
    status: i64,
    headers: Vec<Header>,
    cookies: Vec<IgnoredAny>,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    #[serde(rename = "mimeType")]
    mime_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    name: String,
    value: String,
}

/// Never a value.
impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn har(entries: &serde_json::Value) -> String {
        json!({"log": {"creator": {"name": "WebInspector", "version": "537.36"}, "entries": entries}})
            .to_string()
    }

    #[test]
    fn what_is_no_recording_says_why() {
        let read = |text: &str| read(text).map(|_| ()).unwrap_err();
        assert_eq!(read("{}").to_string(), "it is not a HAR file: missing field `log` at line 1 column 2");
        assert!(matches!(read("nonsense"), NotARecording::Malformed(_)));
        let bare =
            json!([{"request": {"url": "https://a.test/", "headers": []}, "response": {"headers": []}}]);
        assert_eq!(read(&har(&bare)), NotARecording::Sanitised);
        let only_named = json!([{
            "request": {"url": "https://example.org/", "headers": [{"name": "Cookie", "value": "a=1"}]},
            "response": {"status": 200, "cookies": [{"name": "sid", "value": "1", "httpOnly": true}]},
        }]);
        assert_eq!(read(&har(&only_named)), NotARecording::WithoutLines);
        let ours = json!({"log": {"creator": {"name": "cookieproof"}, "entries": bare}});
        assert_eq!(read(&ours.to_string()), NotARecording::Masked);
    }

    #[test]
    fn requests_are_in_their_order_with_every_line() {
        let written = json!([
            {"startedDateTime": "2026-05-01T10:00:01.500Z", "_resourceType": "image",
             "request": {"method": "get", "url": "https://a.test/b.png",
                         "headers": [{"name": "Cookie", "value": "sid=1; theme=dark"}]},
             "response": {"status": 200, "content": {"mimeType": "image/png"}}},
            {"startedDateTime": "2026-05-01T10:00:00.000Z", "_resourceType": "document",
             "request": {"method": "GET", "url": "https://a.test/"},
             "response": {"status": 302, "redirectURL": "/home",
                          "headers": [{"name": "set-cookie", "value": "sid=1\nb=2; Path=/"}]}},
            {"request": {"url": "data:text/plain,x"}}
        ]);
        let recorded = read(&har(&written)).unwrap();
        assert_eq!(recorded.recorded_by, "WebInspector 537.36");
        let [page, picture] = recorded.entries.as_slice() else { panic!("{recorded:?}") };
        assert_eq!((page.is_navigation(), page.status), (true, 302));
        assert_eq!(page.leads_to.as_ref().map(Url::as_str), Some("https://a.test/home"));
        assert_eq!(page.set_cookies().collect::<Vec<_>>(), ["sid=1", "b=2; Path=/"]);
        assert_eq!((picture.method.as_str(), picture.resource), ("GET", Resource::Image));
        assert_eq!(picture.sent_cookies().collect::<Vec<_>>(), [("sid", "1"), ("theme", "dark")]);
        assert!(!format!("{picture:?}").contains("dark"), "values stay out of messages");
    }
}
