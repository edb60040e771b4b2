//! A `Set-Cookie` line taken apart, losing nothing: unknown, duplicate, empty and malformed
//! attributes are kept as written. What they *mean* is decided in [`super::accept`].
//!
//! RFC 6265bis 5.6, as Chromium does it: bytes are bytes (no charset), only space and TAB are
//! trimmed, quotes are ordinary characters, and a CR, LF or NUL ends the line.

use super::browser::Ways;
use super::escape::{escaped, unescaped, write_escaped};
use super::server_date::server_date;
use super::{Browser, CookieValue, SameSite};
use std::sync::Arc;

/// Longest attribute value a browser looks at, in bytes (RFC 6265bis 5.6).
pub(crate) const MAX_ATTRIBUTE_VALUE: usize = 1024;

/// A cookie's name: any bytes. Printed with control characters and non-UTF-8 escaped (`\x1b`),
/// so that a site's escape codes never reach a terminal; serialised as that same text, from which
/// the bytes come back exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name(Arc<[u8]>);

/// An attribute of a `Set-Cookie` line as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'line> {
    /// Which attribute the name means, compared without case.
    pub name: AttributeName,
    /// The name as written, trimmed.
    pub written: &'line [u8],
    /// The value as written, trimmed; none without a `=`.
    pub value: Option<&'line [u8]>,
}

/// The attributes that mean something to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeName {
    Expires,
    MaxAge,
    Domain,
    Path,
    Secure,
    HttpOnly,
    SameSite,
    Partitioned,
    Priority,
    Unknown,
}

/// How long a line asks to be kept, as the line says it and never capped (seconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifetime {
    /// Until the browser closes: no usable `Max-Age` or `Expires`.
    Session,
    /// `Max-Age` if usable, else `Expires` minus the response's `Date` (else minus the time of
    /// receipt). Zero or less is a deletion.
    Seconds(i64),
}

/// The attribute that gives a cookie its lifetime (RFC 6265bis 5.6.2: `Max-Age` before `Expires`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LifetimeBy {
    MaxAge,
    Expires,
}

/// What a line says in the end (last attribute of each kind), before a browser judges it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written {
    pub lifetime: Lifetime,
    /// None for a session's lifetime, and where a cookie was only found.
    pub lifetime_by: Option<LifetimeBy>,
    pub http_only: bool,
    pub secure: bool,
    /// None when absent or not one of the three words.
    pub same_site: Option<SameSite>,
    pub partitioned: bool,
    /// The `Path` attribute as written, if one was written (also an unusable one), escaped.
    pub path: Option<String>,
    /// The `Domain` attribute as written, if a non-empty one was written, escaped.
    pub domain: Option<String>,
}

/// A `Set-Cookie` line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieLine {
    /// Empty for a nameless cookie (`Set-Cookie: value`).
    pub name: Name,
    pub value: CookieValue,
    /// Everything after the first `;`.
    attributes: Vec<u8>,
    /// A CR, LF or NUL and what follows it, which browsers do not read.
    cut: Vec<u8>,
}

impl Name {
    /// A name of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Name(bytes.into().into())
    }

    /// The name that is printed so: the way back from `Display`.
    pub(crate) fn of_printed(text: &str) -> Self {
        Name(unescaped(text).into())
    }

    /// The bytes as the site sent them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text, where it is text.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// No name: the cookie is sent as a bare value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl CookieLine {
    /// Takes a line apart as Chromium does; every line has a reading.
    pub fn parse(line: &[u8]) -> Self {
        CookieLine::parse_in(Browser::Chromium, line)
    }

    /// Takes a line apart as this browser does; every line has a reading.
    pub fn parse_in(browser: Browser, line: &[u8]) -> Self {
        let ways = browser.ways();
        let (read, cut) = split_at_terminator(line);
        let (pair, attributes) = read.split_at(find(read, b';'));
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None if ways.nameless => (&[][..], pair),
            None => (pair, &[][..]),
        };
        CookieLine {
            name: Name::new(trimmed(name)),
            value: CookieValue::new(trimmed(value)),
            attributes: attributes.strip_prefix(b";").unwrap_or_default().to_vec(),
            cut: cut.to_vec(),
        }
    }

    /// The attributes in the order of the line, duplicates included; empty ones (`;;`) are not.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.attributes.split(|byte| *byte == b';').filter_map(|piece| {
            let (written, value) = match piece.iter().position(|byte| *byte == b'=') {
                Some(equals) => (&piece[..equals], Some(trimmed(&piece[equals + 1..]))),
                None => (piece, None),
            };
            let written = trimmed(written);
            (!written.is_empty() || value.is_some()).then(|| Attribute {
                name: AttributeName::of(written),
                written,
                value,
            })
        })
    }

    /// What a browser did not read: a CR, LF or NUL and everything behind it.
    pub fn cut(&self) -> &[u8] {
        &self.cut
    }

    /// What the line says, as Chromium reads it. `response_date` is the `Date` header as received, against which
    /// `Expires` is measured; without a readable one `now` (seconds since the epoch) counts.
    pub fn written(&self, response_date: Option<&[u8]>, now: f64) -> Written {
        self.written_in(Browser::Chromium, response_date, now)
    }

    /// What the line says, as this browser reads it.
    pub fn written_in(&self, browser: Browser, response_date: Option<&[u8]>, now: f64) -> Written {
        let ways = browser.ways();
        let mut said = Said::default();
        for attribute in self.attributes() {
            said.hear(&attribute, ways);
        }
        Written {
            lifetime: said.lifetime(response_date, now, ways),
            lifetime_by: said.lifetime_by(ways),
            http_only: said.http_only,
            secure: said.secure,
            same_site: said.same_site,
            partitioned: said.partitioned,
            path: said.path.map(escaped),
            domain: said.domain.map(escaped),
        }
    }

    /// The line for a report: the value as its length, everything else printable.
    /// `sid=‹32 bytes›; Path=/; HttpOnly`. What only pretends to be an attribute may be the rest of
    /// a value that had a `;` in it, so it is told by its length, too.
    pub fn masked(&self) -> String {
        let mut text = String::new();
        if !self.name.is_empty() {
            let _ = write_escaped(self.name.as_bytes(), &mut text);
            text.push('=');
        }
        text.push_str(&self.value.to_string());
        for attribute in self.attributes() {
            text.push_str("; ");
            text.push_str(&attribute.masked());
        }
        if !self.cut.is_empty() {
            let _ = write_escaped(&self.cut[..1], &mut text);
            text.push_str(&CookieValue::new(&self.cut[1..]).to_string());
        }
        text
    }

    /// The line again, in its plainest spelling; taken apart it is the same line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.name.as_bytes().to_vec();
        if !self.name.is_empty() || self.value.reveal().contains(&b'=') {
            bytes.push(b'=');
        }
        bytes.extend_from_slice(self.value.reveal());
        if !self.attributes.is_empty() {
            bytes.push(b';');
            bytes.extend_from_slice(&self.attributes);
        }
        bytes.extend_from_slice(&self.cut);
        bytes
    }
}

impl Attribute<'_> {
    /// The attribute for a report, printable; of one that browsers do not know only the name, where
    /// it looks like a name.
    pub fn masked(&self) -> String {
        let unknown = self.name == AttributeName::Unknown;
        let mut text = if unknown && !is_plain_word(self.written) {
            CookieValue::new(self.written).to_string()
        } else {
            escaped(self.written)
        };
        if let Some(value) = self.value {
            text.push('=');
            text.push_str(&if unknown { CookieValue::new(value).to_string() } else { escaped(value) });
        }
        text
    }
}

/// The last attribute of each kind, as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'line> {
    pub(crate) max_age: Option<&'line [u8]>,
    pub(crate) expires: Option<&'line [u8]>,
    pub(crate) domain: Option<&'line [u8]>,
    pub(crate) path: Option<&'line [u8]>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) partitioned: bool,
    pub(crate) priority: Option<&'line [u8]>,
}

impl<'line> Said<'line> {
    /// Chromium lets the last attribute of a kind stand, usable or not (RFC 6265bis lets the last
    /// usable one stand); only a value over 1024 bytes does not count.
    pub(crate) fn hear(&mut self, attribute: &Attribute<'line>, ways: &Ways) {
        let value = attribute.value.unwrap_or_default();
        if value.len() > MAX_ATTRIBUTE_VALUE && !(ways.long_flags_count && attribute.name.is_flag()) {
            return;
        }
        match attribute.name {
            AttributeName::Expires => self.expires = Some(value),
            AttributeName::MaxAge => self.max_age = Some(value),
            AttributeName::Domain => self.domain = (!value.is_empty()).then_some(value),
            AttributeName::Path => self.path = Some(value),
            AttributeName::Secure => self.secure = true,
            AttributeName::HttpOnly => self.http_only = true,
            AttributeName::SameSite => self.same_site = SameSite::read(value),
            AttributeName::Partitioned => self.partitioned = true,
            AttributeName::Priority => self.priority = Some(value),
            AttributeName::Unknown => {}
        }
    }

    /// Which of the two attributes gives the lifetime; none: neither can be used.
    pub(crate) fn lifetime_by(&self, ways: &Ways) -> Option<LifetimeBy> {
        let max_age = self.max_age.and_then(ways.max_age).map(|_| LifetimeBy::MaxAge);
        max_age.or_else(|| self.expires.and_then(ways.expires).map(|_| LifetimeBy::Expires))
    }

    /// `Max-Age` where usable, else `Expires` against the server's clock (Chromium; RFC 6265bis
    /// knows only the browser's). What is left of a second is a second, so that zero is expired.
    pub(crate) fn lifetime(&self, response_date: Option<&[u8]>, now: f64, ways: &Ways) -> Lifetime {
        if let Some(seconds) = self.max_age.and_then(ways.max_age) {
            return Lifetime::Seconds(seconds);
        }
        match self.expires.and_then(ways.expires) {
            Some(expires) => Lifetime::Seconds(until(expires, response_date, now)),
            None => Lifetime::Session,
        }
    }
}

impl AttributeName {
    /// Its being there is all it says.
    pub(crate) fn is_flag(self) -> bool {
        matches!(self, AttributeName::Secure | AttributeName::HttpOnly | AttributeName::Partitioned)
    }

    /// The attribute of this name, in whatever case.
    pub fn of(name: &[u8]) -> Self {
        // By length first: most comparisons are then with one or two names.
        let known: &[(&[u8], AttributeName)] = match name.len() {
            4 => &[(b"path", AttributeName::Path)],
            6 => &[(b"secure", AttributeName::Secure), (b"domain", AttributeName::Domain)],
            7 => &[(b"expires", AttributeName::Expires), (b"max-age", AttributeName::MaxAge)],
            8 => &[
                (b"httponly", AttributeName::HttpOnly),
                (b"samesite", AttributeName::SameSite),
                (b"priority", AttributeName::Priority),
            ],
            11 => &[(b"partitioned", AttributeName::Partitioned)],
            _ => &[],
        };
        known
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map_or(AttributeName::Unknown, |(_, attribute)| *attribute)
    }
}

/// `Max-Age` in seconds, none where a browser takes it for absent. Any number of digits: overflow
/// saturates. Chromium also takes a leading `+` (RFC 6265bis 5.6.2 does not).
pub(crate) fn max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = digits
        .iter()
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -seconds } else { seconds })
}

/// `Max-Age` as Firefox reads it: no `+`, and what begins with a `-` expires at once, number or not.
pub(crate) fn max_age_of_digits(value: &[u8]) -> Option<i64> {
    match value {
        [b'-', ..] => Some(-1),
        [b'+', ..] => None,
        value => max_age(value),
    }
}

/// Seconds from the response, by its own clock where it can be read, to a time.
pub(crate) fn until(time: i64, response_date: Option<&[u8]>, now: f64) -> i64 {
    match response_date.and_then(server_date) {
        Some(date) => time.saturating_sub(date),
        None => (time as f64 - now).ceil() as i64,
    }
}

/// Short and of letters, as names of attributes are.
fn is_plain_word(bytes: &[u8]) -> bool {
    bytes.len() <= 16 && bytes.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
}

/// Without space and TAB at both ends.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// What is read, and the CR, LF or NUL with all behind it.
fn split_at_terminator(line: &[u8]) -> (&[u8], &[u8]) {
    line.split_at(line.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)).unwrap_or(line.len()))
}

/// Where the byte stands, or the end.
fn find(bytes: &[u8], byte: u8) -> usize {
    bytes.iter().position(|each| *each == byte).unwrap_or(bytes.len())
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_escaped(&self.0, f)
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Name::new(name)
    }
}
