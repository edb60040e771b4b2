//! A line explained: what a browser does with it, attribute by attribute, in plain words and with
//! the source of each rule.

use super::browser::Ways;
use super::escape::escaped;
use super::line::{MAX_ATTRIBUTE_VALUE, Said, until};
use super::rfc::{Difference, differences};
use super::rules::MAX_LIFETIME;
use super::{
    Attribute, AttributeName, Browser, CookieLine, Decision, Effective, Elsewhere, Jar, Lifetime, Reason,
    RequestContext, SameSite, elsewhere, is_trustworthy,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// What happens to one line, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The line with its value masked.
    pub line: String,
    pub url: String,
    /// Whose behaviour it is.
    pub browser: Browser,
    #[serde(flatten)]
    pub decision: Decision,
    /// Why it was refused; empty where it was not.
    pub refusals: Vec<Refusal>,
    /// What each part of the line means, in its order, then what goes without saying.
    pub parts: Vec<Part>,
    /// Where Chromium and RFC 6265bis part over this line; empty for other browsers.
    pub differs_from_rfc: Vec<Difference>,
    /// What Firefox does, where Chromium was asked for and Firefox does otherwise.
    pub elsewhere: Option<Elsewhere>,
}

/// A reason in words.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// DevTools' name, or ours where it has none.
    pub reason: Reason,
    pub says: &'static str,
    pub source: &'static str,
    /// DevTools gives no reason for this refusal.
    pub silent: bool,
}

/// A part of the line, or something that it leaves unsaid.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// As written, values of cookies masked; none where the line leaves it unsaid.
    pub written: Option<String>,
    /// What a browser makes of it.
    pub means: String,
    pub source: &'static str,
    /// It has no effect: unknown, overruled by a later one, too long or unusable.
    pub ignored: bool,
}

/// Explains what a browser with an empty jar does with a line.
pub fn explain(line: &[u8], context: &RequestContext) -> Explanation {
    explain_in(&mut Jar::default(), line, context)
}

/// Explains what a browser does with a line, given what it has stored.
pub fn explain_in(jar: &mut Jar, line: &[u8], context: &RequestContext) -> Explanation {
    let browser = jar.browser();
    let (read, decision) = jar.receive(line, context);
    let chromium = browser == Browser::Chromium;
    let refusals = match &decision {
        Decision::Rejected { reasons } => reasons.iter().copied().map(Refusal::of).collect(),
        _ => Vec::new(),
    };
    Explanation {
        line: read.masked(),
        browser,
        url: context.url.to_string(),
        refusals,
        parts: parts(&read, decision.effective(), context, browser),
        differs_from_rfc: if chromium { differences(&read, context) } else { Vec::new() },
        elsewhere: if chromium { elsewhere(line, context, &decision) } else { None },
        decision,
    }
}

impl Explanation {
    /// Puts the value back in, for those who asked to see it.
    pub fn show_value(&mut self, line: &CookieLine) {
        let text = escaped(&line.to_bytes());
        if let Some(part) = self.parts.first_mut() {
            let value = escaped(line.value.reveal());
            part.written = Some(if line.name.is_empty() { value } else { format!("{}={value}", line.name) });
        }
        self.line = text;
    }
}

impl Refusal {
    fn of(reason: Reason) -> Self {
        Refusal { reason, says: reason.in_words(), source: reason.source(), silent: reason.is_silent() }
    }
}

fn parts(
    line: &CookieLine,
    effective: Option<&Effective>,
    context: &RequestContext,
    browser: Browser,
) -> Vec<Part> {
    let mut parts = vec![name_part(line)];
    let attributes: Vec<Attribute<'_>> = line.attributes().collect();
    let ways = browser.ways();
    let mut said = Said::default();
    attributes.iter().for_each(|attribute| said.hear(attribute, ways));
    let mut later = BTreeSet::new();
    let mut explained = Vec::new();
    for attribute in attributes.iter().rev() {
        let overruled = later.contains(&attribute.name);
        if attribute.name != AttributeName::Unknown
            && attribute.value.unwrap_or_default().len() <= MAX_ATTRIBUTE_VALUE
        {
            later.insert(attribute.name);
        }
        explained.push(attribute_part(attribute, overruled, &said, context, ways));
    }
    parts.extend(explained.into_iter().rev());
    if !line.cut().is_empty() {
        let written = escaped(&line.cut()[..1]);
        parts.push(Part::ignored(written, "everything from here on is not read", "Chromium"));
    }
    if let Some(effective) = effective {
        parts.extend(unsaid(&said, effective));
    }
    parts
}

fn name_part(line: &CookieLine) -> Part {
    let name = line.name.as_bytes();
    let starts =
        |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let length = line.value.to_string();
    let (means, source) = if name.is_empty() {
        ("no name: it is sent as a bare value".to_owned(), "RFC 6265bis 5.6 step 4")
    } else if starts(b"__Host-Http-") {
        let means = "the prefix promises Secure, HttpOnly, Path=/ and no Domain, and is held to it";
        (means.into(), "layered-cookies, as in Chromium")
    } else if starts(b"__Http-") {
        (
            "the prefix promises Secure and HttpOnly, and is held to it".into(),
            "layered-cookies, as in Chromium",
        )
    } else if starts(b"__Host-") {
        ("the prefix promises Secure, Path=/ and no Domain, and is held to it".into(), "RFC 6265bis 4.1.3.2")
    } else if starts(b"__Secure-") {
        ("the prefix promises Secure, and is held to it".into(), "RFC 6265bis 4.1.3.1")
    } else {
        ("name and value".to_owned(), "RFC 6265bis 5.6 steps 3 to 5")
    };
    let written = if name.is_empty() { length } else { format!("{}={length}", line.name) };
    Part { written: Some(written), means, source, ignored: false }
}

fn attribute_part(
    attribute: &Attribute<'_>,
    overruled: bool,
    said: &Said<'_>,
    context: &RequestContext,
    ways: &Ways,
) -> Part {
    let value = attribute.value.unwrap_or_default();
    let written = attribute.masked();
    if attribute.name == AttributeName::Unknown {
        return Part::ignored(
            written,
            "no attribute that browsers know",
            "RFC 6265bis 5.6: unknown attributes are ignored",
        );
    }
    let counts = ways.long_flags_count && attribute.name.is_flag();
    if value.len() > MAX_ATTRIBUTE_VALUE && !counts {
        return Part::ignored(
            written,
            "longer than 1024 bytes",
            "RFC 6265bis 5.6: attribute values over 1024 octets",
        );
    }
    if overruled {
        return Part::ignored(
            written,
            "overruled by a later one",
            "RFC 6265bis 5.7; Chromium: even an unusable one",
        );
    }
    let host = context.url.host_str().unwrap_or_default();
    match attribute.name {
        AttributeName::MaxAge => match (ways.max_age)(value) {
            Some(seconds) => Part::of(written, kept(seconds), "RFC 6265bis 5.6.2 and 5.5"),
            None => Part::ignored(written, "no whole number of seconds", "RFC 6265bis 5.6.2"),
        },
        AttributeName::Expires if said.max_age.and_then(ways.max_age).is_some() => {
            Part::ignored(written, "Max-Age goes before it", "RFC 6265bis 5.7 step 6")
        }
        AttributeName::Expires => match (ways.expires)(value) {
            Some(expires) => {
                let seconds = until(expires, context.response_date.as_deref(), context.now);
                Part::of(written, kept(seconds), "RFC 6265bis 5.6.1 and 5.5")
            }
            None => Part::ignored(written, "no date that it can read", "RFC 6265bis 5.1.1"),
        },
        AttributeName::Domain if !ways.converts_domain && !value.is_ascii() => {
            Part::of(written, "a domain in Unicode is refused".into(), "Firefox")
        }
        AttributeName::Domain => match super::domain::cookie_domain(host, Some(value)) {
            Some((domain, false)) => Part::of(
                written,
                format!("sent to {domain} and every host below it"),
                "RFC 6265bis 5.6.3 and 5.1.3",
            ),
            Some((domain, true)) => {
                Part::of(written, format!("sent to {domain} alone"), "RFC 6265bis 5.7 steps 8 to 10")
            }
            None => Part::of(
                written,
                format!("{host} may not set cookies for this domain"),
                "RFC 6265bis 5.7 steps 8 to 10, Public Suffix List",
            ),
        },
        AttributeName::Path if value.starts_with(b"/") => {
            let means = match value {
                b"/" => "sent to every path".to_owned(),
                path => format!("sent to {} and what lies below it", escaped(path)),
            };
            Part::of(written, means, "RFC 6265bis 5.6.4 and 5.1.4")
        }
        AttributeName::Path => {
            Part::ignored(written, "does not begin with /: the default path counts", "RFC 6265bis 5.6.4")
        }
        AttributeName::Secure if is_trustworthy(&context.url) => {
            Part::of(written, "sent over https alone (and to localhost)".into(), "RFC 6265bis 5.6.5")
        }
        AttributeName::Secure => {
            Part::of(written, "cannot be set over plain http".into(), "RFC 6265bis 5.7 step 13")
        }
        AttributeName::HttpOnly => Part::of(written, "hidden from scripts".into(), "RFC 6265bis 5.6.6"),
        AttributeName::SameSite => match SameSite::read(value) {
            Some(same_site) => Part::of(written, same_site_in_words(same_site).into(), "RFC 6265bis 5.6.7"),
            None => Part::ignored(
                written,
                "not Strict, Lax or None: as if it were not there",
                "RFC 6265bis 5.6.7",
            ),
        },
        AttributeName::Partitioned => Part::of(
            written,
            "kept apart for each site that embeds this one; needs Secure".into(),
            "CHIPS as in Chromium",
        ),
        AttributeName::Priority => {
            Part::of(written, "matters when a site has more than 180 cookies".into(), "Chromium")
        }
        AttributeName::Unknown => {
            Part::ignored(written, "unknown", "RFC 6265bis 5.6: unknown attributes are ignored")
        }
    }
}

/// What the line does not say, and browsers decide.
fn unsaid(said: &Said<'_>, effective: &Effective) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = |means: String, source| {
        parts.push(Part { written: None, means, source, ignored: false });
    };
    if said.domain.is_none() {
        part(format!("no Domain: sent to {} alone", effective.domain), "RFC 6265bis 5.7 step 10");
    }
    if !said.path.is_some_and(|path| path.starts_with(b"/")) {
        let means = match effective.path.as_str() {
            "/" => "no usable Path: sent to every path, as the URL has no folder".to_owned(),
            path => format!("no usable Path: sent to {path} and what lies below it, the URL's own folder"),
        };
        part(means, "RFC 6265bis 5.1.4");
    }
    if effective.lifetime == Lifetime::Session {
        part("no lifetime: kept until the browser closes".into(), "RFC 6265bis 5.7 step 6");
    }
    if said.same_site.is_none() {
        part(
            "no SameSite: Chromium counts it as Lax, but for two minutes also sends it with a form from \
             another site; Firefox sends it with such a form always"
                .into(),
            "RFC 6265bis 5.6.7.1 and 5.6.7.2; Firefox",
        );
    }
    if !said.secure {
        part("no Secure: sent over plain http, too".into(), "RFC 6265bis 5.6.5");
    }
    if !said.http_only {
        part("no HttpOnly: scripts can read it".into(), "RFC 6265bis 5.6.6");
    }
    parts
}

fn same_site_in_words(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "sent only with requests that this site itself starts",
        SameSite::Lax => "from other sites sent only when a link leads here",
        SameSite::None => "sent from within other sites, too; needs Secure",
    }
}

/// How long a cookie is kept that asks for so many seconds.
fn kept(seconds: i64) -> String {
    match seconds {
        ..=0 => "already expired: deletes the cookie".into(),
        _ if seconds > MAX_LIFETIME => {
            format!("asks for {}, kept for 400 days: browsers keep nothing longer", duration(seconds))
        }
        _ => format!("kept for {}", duration(seconds)),
    }
}

/// Seconds in their two largest units: `2 days 4 hours`.
pub fn duration(seconds: i64) -> String {
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, length) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 && words.len() < 2 {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() { "0 seconds".into() } else { words.join(" ") }
}

impl Part {
    fn of(written: String, means: String, source: &'static str) -> Self {
        Part { written: Some(written), means, source, ignored: false }
    }

    fn ignored(written: String, means: &str, source: &'static str) -> Self {
        Part { written: Some(written), means: means.into(), source, ignored: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{Initiator, ThirdPartyCookies};
    use url::Url;

    fn at(url: &str) -> RequestContext {
        RequestContext {
            url: Url::parse(url).unwrap(),
            initiator: Initiator::Navigation,
            third_party: ThirdPartyCookies::Block,
            response_date: None,
            now: 1_795_304_000.0,
        }
    }

    #[track_caller]
    fn means(line: &str, written: &str, expected: &str) {
        let explanation = explain(line.as_bytes(), &at("https://www.example.org/shop/cart"));
        let part = explanation.parts.iter().find(|part| part.written.as_deref() == Some(written));
        assert_eq!(part.map(|part| part.means.as_str()), Some(expected), "{line}");
    }

    #[test]
    fn attributes_in_words() {
        for (line, written, expected) in [
            ("a=1; Max-Age=3600", "Max-Age=3600", "kept for 1 hour"),
            ("a=1; Max-Age=0", "Max-Age=0", "already expired: deletes the cookie"),
            ("a=1; Max-Age=1h", "Max-Age=1h", "no whole number of seconds"),
            ("a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=5", "kept for 5 seconds"),
            (
                "a=1; Max-Age=63072000",
                "Max-Age=63072000",
                "asks for 730 days, kept for 400 days: browsers keep nothing longer",
            ),
            ("a=1; Expires=soon", "Expires=soon", "no date that it can read"),
            ("a=1; Path=/", "Path=/", "sent to every path"),
            ("a=1; Path=cart", "Path=cart", "does not begin with /: the default path counts"),
            ("a=1; Path=/x; Path=/y", "Path=/x", "overruled by a later one"),
            (
                "a=1; domain=.Example.org",
                "domain=.Example.org",
                "sent to example.org and every host below it",
            ),
            ("a=1; Domain=org", "Domain=org", "www.example.org may not set cookies for this domain"),
            ("a=1; SameSite=\"Lax\"", "SameSite=\"Lax\"", "not Strict, Lax or None: as if it were not there"),
            ("a=1; Version=1", "Version=\u{2039}1 byte\u{203a}", "no attribute that browsers know"),
        ] {
            means(line, written, expected);
        }
    }

    #[test]
    fn values_are_never_in_an_explanation() {
        let line = b"sid=s3cr3t-value; note=s3cr3t-value; Path=/\rs3cr3t-value";
        let explanation = explain(line, &at("https://www.example.org/"));
        assert!(!serde_json::to_string(&explanation).unwrap().contains("s3cr3t"), "{explanation:?}");
    }

    #[test]
    fn where_chromium_is_not_the_rfc() {
        for (line, about) in [
            ("=a=b", &["name"][..]),
            ("a=1; Max-Age=+5", &["Max-Age"]),
            ("a=1; Max-Age=5; Max-Age=x", &["Max-Age"]),
            ("a=1; Expires=3rd Feb 2027 10:00:00", &["Expires"]),
            ("a=1; Partitioned; Secure", &["Partitioned"]),
            ("a\tb=1", &["line"]),
            ("a=1; Expires=Wed, 03 Feb 2027 10:00:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax", &[]),
        ] {
            let explanation = explain(line.as_bytes(), &at("https://www.example.org/"));
            let found: Vec<&str> = explanation.differs_from_rfc.iter().map(|each| each.about).collect();
            assert_eq!(found, about, "{line}");
        }
    }
}
