//! Where Chromium and RFC 6265bis (draft 22) read one line differently, both are known: what the
//! RFC alone would make of it, and the list of differences.

use super::date::{days_in_month, days_since_epoch, is_delimiter, month_of};
use super::line::MAX_ATTRIBUTE_VALUE;
use super::server_date::server_date;
use super::{AttributeName, CookieLine, RequestContext, parse_cookie_date};
use serde::Serialize;

/// A point on which the two part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The attribute or part of the line it is about.
    pub about: &'static str,
    pub chromium: &'static str,
    pub rfc: &'static str,
}

/// The points on which Chromium and RFC 6265bis part over this line, if any.
pub(crate) fn differences(line: &CookieLine, context: &RequestContext) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |about, chromium, rfc| found.push(Difference { about, chromium, rfc });
    let (name, value) = (line.name.as_bytes(), line.value.reveal());

    match line.cut().first() {
        Some(0) => differ("line", "a NUL makes it refuse the whole response", "the one cookie is ignored"),
        Some(_) => differ(
            "line",
            "what follows the line break is not read, what stands before it counts",
            "the cookie is ignored",
        ),
        None => {}
    }
    let tabbed = |bytes: &[u8]| bytes.contains(&b'\t');
    if tabbed(name)
        || tabbed(value)
        || line.attributes().any(|attribute| tabbed(attribute.written) || attribute.value.is_some_and(tabbed))
    {
        differ("line", "a TAB within a name or value makes it refuse the cookie", "a TAB is allowed");
    }
    if name.is_empty() && value.contains(&b'=') {
        differ("name", "a nameless cookie with = in its value is dropped", "it is stored");
    }
    if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"__Http-"))
        || name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"__Host-Http-"))
    {
        differ(
            "name",
            "__Http- needs Secure and HttpOnly, __Host-Http- a host-only cookie with Path=/ as well",
            "these prefixes mean nothing (they are in layered-cookies)",
        );
    }

    let expires = last(line, AttributeName::Expires);
    let max_age = last(line, AttributeName::MaxAge);
    if max_age.is_some_and(|value| value.starts_with(b"+") && super::line::max_age(value).is_some()) {
        differ("Max-Age", "a leading + is taken", "the attribute is ignored");
    }
    let unusable = |value: &[u8]| super::line::max_age(value).is_none();
    if max_age.is_some_and(unusable) && rfc_max_age(line).is_some() {
        differ("Max-Age", "the last one stands, though unusable", "the last usable one stands");
    }
    if let Some(expires) = expires {
        if parse_cookie_date(expires) != rfc_date(expires) {
            differ(
                "Expires",
                "numbers with anything behind them are no numbers, years have one to five digits",
                "text may follow a number, years have two to four digits and none is before 1601",
            );
        }
        let unusable_by_both = parse_cookie_date(expires).is_none() && rfc_date(expires).is_none();
        if unusable_by_both && rfc_expires(line).is_some() {
            differ("Expires", "the last one stands, though unusable", "the last usable one stands");
        }
        let clock = context.response_date.as_deref().and_then(server_date);
        if clock.is_some_and(|clock| (clock as f64 - context.now).abs() > 60.0)
            && max_age.is_none_or(unusable)
        {
            differ("Expires", "measured against the response's Date", "measured against the browser's clock");
        }
    }
    let host = context.url.host_str().unwrap_or_default();
    if super::domain::is_ip(host) && last(line, AttributeName::Domain).is_some_and(|value| !value.is_empty())
    {
        differ("Domain", "an IP address naming itself stays host-only", "it counts as a Domain cookie");
    }
    if last(line, AttributeName::Domain).is_some_and(|value| !value.is_ascii()) {
        differ("Domain", "an international name is compared in punycode", "the cookie is ignored");
    }
    if last(line, AttributeName::Path).is_some_and(|value| !value.is_ascii()) {
        differ("Path", "stored byte by byte", "stored byte by byte; layered-cookies refuses the cookie");
    }
    if last(line, AttributeName::Partitioned).is_some() {
        differ("Partitioned", "kept apart by top-level site (CHIPS)", "unknown, ignored");
    }
    if last(line, AttributeName::Priority).is_some() {
        differ("Priority", "low priority is evicted first", "unknown, ignored");
    }
    found
}

/// The last `Max-Age` that RFC 6265bis 5.6.2 can use.
fn rfc_max_age(line: &CookieLine) -> Option<i64> {
    values(line, AttributeName::MaxAge)
        .filter(|value| !value.starts_with(b"+"))
        .filter_map(super::line::max_age)
        .last()
}

/// The last `Expires` that RFC 6265bis 5.6.1 can use.
fn rfc_expires(line: &CookieLine) -> Option<i64> {
    values(line, AttributeName::Expires).filter_map(rfc_date).last()
}

fn values(line: &CookieLine, name: AttributeName) -> impl Iterator<Item = &[u8]> {
    line.attributes()
        .filter(move |attribute| attribute.name == name)
        .map(|attribute| attribute.value.unwrap_or_default())
        .filter(|value| value.len() <= MAX_ATTRIBUTE_VALUE)
}

fn last(line: &CookieLine, name: AttributeName) -> Option<&[u8]> {
    values(line, name).last()
}

/// A cookie date by the letter of RFC 6265bis 5.1.1.
fn rfc_date(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = rfc_time(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = leading(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = leading(token, 2..=4)
        {
            year = Some(found);
        }
    }
    let (hour, minute, second) = time?;
    let (day, month) = (day?, month?);
    let year = match year? {
        short @ 0..=69 => short + 2000,
        short @ 70..=99 => short + 1900,
        year => year,
    };
    let exists = (1..=days_in_month(year, month)).contains(&day);
    if year < 1601 || hour > 23 || minute > 59 || second > 59 || !exists {
        return None;
    }
    Some(days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// `hh:mm:ss` of one or two digits each, then nothing or no digit.
fn rfc_time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let exact = |field: &[u8]| leading(field, 1..=2).filter(|_| field.iter().all(u8::is_ascii_digit));
    let (hour, minute) = (exact(fields.next()?)?, exact(fields.next()?)?);
    Some((hour, minute, leading(fields.next()?, 1..=2)?))
}

/// The number that a token begins with, of so many digits, then nothing or no digit.
fn leading(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let count = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits
        .contains(&count)
        .then(|| token[..count].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}
