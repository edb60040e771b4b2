//! Heads of answers, as far as they may be shown. A head is full of sessions, tokens and addresses with
//! codes in them: cookies are masked, addresses are safe ones, and of all other headers only those are
//! shown that say nothing about anybody.

use super::{Cell, ExchangeRef, Observation, Sighting};
use crate::cookie::{CookieLine, CookieValue};
use std::collections::BTreeSet;
use url::Url;

/// Headers whose values are shown as they are, cut where they are long.
const SHOWN: &[&str] = &[
    "accept",
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
    "age",
    "cache-control",
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "expires",
    "host",
    "last-modified",
    "pragma",
    "referrer-policy",
    "retry-after",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-gpc",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "x-content-type-options",
    "x-frame-options",
];
/// Headers that are addresses.
const ADDRESSES: &[&str] =
    &["location", "origin", "referer", "content-location", "access-control-allow-origin"];
/// Longest name or value shown.
const LONGEST: usize = 500;
/// Most lines kept of one head.
const MOST_LINES: usize = 100;

/// The lines of a head, with nothing in them that may be secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaskedHead {
    /// `name: value`, in the order in which they came.
    pub lines: Vec<String>,
}

/// The head of an answer that put something on the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswerHead {
    pub cell: Cell,
    pub exchange: ExchangeRef,
    pub head: MaskedHead,
}

/// Most heads in one scan.
const MOST_HEADS: usize = 2000;

impl AnswerHead {
    /// The heads of what stands in the scan as an example, sorted, each once.
    pub fn of_examples(observations: &[Observation]) -> Vec<AnswerHead> {
        let groups = observations.iter().flat_map(|observation| &observation.groups);
        let heads: BTreeSet<AnswerHead> = groups
            .filter_map(|group| {
                let Sighting { cell, exchange, head, .. } = &group.example;
                let head = MaskedHead::clone(head.as_ref()?);
                Some(AnswerHead { cell: cell.clone(), exchange: exchange.clone(), head })
            })
            .collect();
        heads.into_iter().take(MOST_HEADS).collect()
    }
}

impl MaskedHead {
    /// A head's fields as they came. `at` is where it came from, for relative addresses; `safe` makes an
    /// address fit for a file, and `mask` takes out what is known to be secret.
    pub fn of<'f>(
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        at: &Url,
        safe: impl Fn(&Url) -> String,
        mask: impl Fn(&str) -> String,
    ) -> MaskedHead {
        let mut lines = Vec::new();
        for (name, value) in fields {
            if lines.len() == MOST_LINES {
                lines.push("\u{2026}".to_owned());
                break;
            }
            let text = String::from_utf8_lossy(value);
            let shown = if name.eq_ignore_ascii_case("set-cookie") {
                cut(&CookieLine::parse(value).masked())
            } else if let Some(to) = at.join(text.trim()).ok().filter(|_| is_address(name)) {
                address(to.as_str(), &safe)
            } else {
                shown(name, &text, &safe)
            };
            lines.push(mask(&format!("{}: {shown}", cut(name))));
        }
        MaskedHead { lines }
    }

    /// Whether it has this line of a cookie, as far as the line is shown.
    pub fn sets(&self, line: &str) -> bool {
        let of_cookies = self.lines.iter().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then_some(value)
        });
        let line = line.trim_end_matches('\u{2026}');
        of_cookies
            .into_iter()
            .any(|set| line.starts_with(set.trim_end_matches('\u{2026}')) || set.starts_with(line))
    }
}

/// What may be shown of a header's value.
pub(crate) fn shown(name: &str, value: &str, safe: impl Fn(&Url) -> String) -> String {
    if SHOWN.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        cut(value)
    } else if is_address(name) {
        address(value, safe)
    } else {
        CookieValue::new(value).to_string()
    }
}

/// An address fit for a file; relative ones and those that are no addresses of the web are masked.
pub(crate) fn address(text: &str, safe: impl Fn(&Url) -> String) -> String {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "ws" | "wss") => safe(&url),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => CookieValue::new(text).to_string(),
    }
}

/// A name or value without control characters, cut where it is long.
pub(crate) fn cut(text: &str) -> String {
    let mut plain = text.chars().filter(|c| !c.is_control());
    let start: String = plain.by_ref().take(LONGEST).collect();
    if plain.next().is_some() { start + "\u{2026}" } else { start }
}

fn is_address(name: &str) -> bool {
    ADDRESSES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&str, &str)]) -> MaskedHead {
        let at = Url::parse("https://shop.test/a/b?token=1").unwrap();
        let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        let safe = |url: &Url| format!("https://{}{}", url.host_str().unwrap(), url.path());
        MaskedHead::of(fields, &at, safe, |line| line.replace("hunter2", "***"))
    }

    #[test]
    fn a_head_is_shown_without_what_may_be_secret() {
        let secret = "s3cret-v4lue-0123456789";
        let told = head(&[
            ("Content-Type", "text/html"),
            ("set-cookie", &format!("sid={secret}; Path=/; Max-Age=60")),
            ("Location", &format!("/go?code={secret}")),
            ("location", &format!("data:{secret}")),
            ("x-csrf-token", secret),
            ("etag", secret),
            ("server", "nginx hunter2\u{1b}[31m"),
        ]);
        assert!(!told.lines.concat().contains(secret), "{told:?}");
        assert_eq!(told.lines[0], "Content-Type: text/html");
        assert!(
            told.lines[1].starts_with("set-cookie: sid=") && told.lines[1].ends_with("; Path=/; Max-Age=60")
        );
        assert_eq!(told.lines[2], "Location: https://shop.test/go");
        assert_eq!(told.lines[3], "location: data:");
        assert_eq!(told.lines[6], "server: nginx ***[31m");
    }

    #[test]
    fn what_is_long_is_cut() {
        let many = vec![("x", "y"); 500];
        assert_eq!(head(&many).lines.len(), 101);
        let long = "a".repeat(9000);
        assert_eq!(head(&[("server", &long)]).lines[0].chars().count(), "server: ".len() + 501);
    }

    #[test]
    fn a_line_is_found_in_its_head() {
        let line = "sid=abc; Path=/";
        let told = head(&[("set-cookie", line)]);
        assert!(told.sets(&CookieLine::parse(line.as_bytes()).masked()));
        assert!(!told.sets("other=1"));
        assert!(!head(&[("server", line)]).sets(line));
    }
}
