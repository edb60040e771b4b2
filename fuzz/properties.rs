//! What must hold for any bytes. Ordinary tests ask this with proptest (`tests/cookie_properties.rs`),
//! `cargo fuzz` asks it for as long as it is let.

#![allow(unreachable_pub, reason = "each fuzz target uses one of them")]

use cookieproof::cookie::{
    Attribute, CookieLine, Decision, Initiator, Jar, Lifetime, Name, RequestContext, SameSite,
    ThirdPartyCookies, cookie_header, explain, is_trustworthy, parse_cookie_date, registrable_domain,
};
use std::collections::BTreeMap;
use url::Url;

/// Where lines may come from.
const URLS: [&str; 8] = [
    "https://www.site.example/a/b",
    "http://www.site.example/a/b",
    "https://site.example/",
    "http://localhost:8080/x",
    "https://foo.github.io/",
    "https://co.uk/",
    "https://127.0.0.1/",
    "http://[::1]/a|b/c",
];

const NOW: f64 = 1_795_304_000.0;

/// A line: taken apart, put together and taken apart again it is the same; on paper it is
/// printable; whatever it says can be explained.
pub fn line(bytes: &[u8]) {
    let line = CookieLine::parse(bytes);
    let again = CookieLine::parse(&line.to_bytes());
    assert_eq!(line, again);
    let attributes = |line: &CookieLine| line.attributes().map(owned).collect::<Vec<_>>();
    assert_eq!(attributes(&line), attributes(&again));
    assert_eq!(line.written(Some(bytes), NOW), again.written(Some(bytes), NOW));

    assert!(!line.masked().contains(char::is_control));
    let name = serde_json::to_string(&line.name).unwrap();
    assert_eq!(serde_json::from_str::<Name>(&name).unwrap(), line.name);

    let explanation = explain(bytes, &request(bytes.first().copied().unwrap_or(0), None));
    assert!(!serde_json::to_string(&explanation).unwrap().contains(|c: char| c.is_control()));
}

/// A date: one that can be read is the same when written plainly; and it is a date of the calendar.
pub fn date(bytes: &[u8]) {
    let Some(seconds) = parse_cookie_date(bytes) else { return };
    let text = plainly(seconds);
    if text.split(' ').nth(2).is_some_and(|year| year.len() <= 4) {
        assert_eq!(parse_cookie_date(text.as_bytes()), Some(seconds), "{text}");
    }
}

/// Acceptance: responses apart by newlines, each a byte that chooses URL and circumstances and
/// then a line. What the jar holds keeps every rule.
pub fn acceptance(bytes: &[u8]) {
    let mut jar = Jar::default();
    for response in bytes.split(|byte| *byte == b'\n') {
        let Some((circumstances, line)) = response.split_first() else { continue };
        let context = request(*circumstances, Some(line));
        let mut twin = jar.clone();
        let (_, decision) = jar.receive(line, &context);
        let (_, same) = twin.receive(line, &context);
        assert_eq!(decision, same, "the same again");
        check(&decision, &context);
        let host = context.url.host_str().unwrap_or_default();
        for cookie in jar.clone().stored_for(&context) {
            let domain = cookie.effective.domain.as_str();
            assert!(host == domain || host.ends_with(&format!(".{domain}")), "{domain} to {host}");
        }
        let header = cookie_header(&jar.cookies_for(&context));
        assert!(!header.contains(&b'\n') && !header.contains(&b'\r') && !header.contains(&0));
    }
    let mut sites: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for cookie in jar.iter() {
        let key = (registrable_domain(&cookie.effective.domain), cookie.effective.partition.as_deref());
        *sites.entry(key).or_default() += 1;
    }
    assert!(sites.values().all(|count| *count <= 180));
}

fn check(decision: &Decision, context: &RequestContext) {
    let Some(effective) = decision.effective() else {
        let Decision::Rejected { reasons } = decision else { unreachable!() };
        return assert!(!reasons.is_empty());
    };
    let host = context.url.host_str().unwrap_or_default();
    let domain = effective.domain.as_str();
    assert!(host == domain || (!effective.host_only && host.ends_with(&format!(".{domain}"))));
    assert!(effective.host_only || domain.len() >= registrable_domain(host).len());
    assert!(effective.path.starts_with('/'));
    assert!(!effective.secure || is_trustworthy(&context.url));
    assert!(effective.same_site != Some(SameSite::None) || effective.secure);
    assert!(effective.partition.is_none() || effective.secure);
    if let Lifetime::Seconds(seconds) = effective.lifetime {
        assert!(seconds <= 34_560_000);
        assert_eq!(seconds <= 0, matches!(decision, Decision::Deleted { .. }));
    }
}

/// Three bits choose the URL, one the page around it, one the setting; the line is also its own
/// `Date` header.
fn request(circumstances: u8, date: Option<&[u8]>) -> RequestContext {
    let url = |number: u8| Url::parse(URLS[usize::from(number & 7)]).unwrap();
    RequestContext {
        url: url(circumstances),
        initiator: match circumstances >> 3 & 3 {
            0 | 1 => Initiator::Navigation,
            2 => Initiator::CrossSiteNavigation { unsafe_method: circumstances >> 6 & 1 == 1 },
            _ => Initiator::Subresource { top_url: url(circumstances >> 5) },
        },
        third_party: match circumstances >> 5 & 1 {
            0 => ThirdPartyCookies::Block,
            _ => ThirdPartyCookies::Allow,
        },
        response_date: date.map(<[u8]>::to_vec),
        now: NOW,
    }
}

fn owned(attribute: Attribute<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
    (attribute.written.to_vec(), attribute.value.map(<[u8]>::to_vec))
}

/// `3 Feb 2027 11:18:02`
fn plainly(seconds: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The year by guess, then the month by going on from its first day.
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |year: i64, month: usize| match month {
        1 if leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    let before = |year: i64| {
        let last = year - 1;
        last * 365 + last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400) - 719_162
    };
    let mut year = 1970 + days.div_euclid(366);
    while before(year + 1) <= days {
        year += 1;
    }
    while before(year) > days {
        year -= 1;
    }
    let mut day = days - before(year);
    let mut month = 0;
    while day >= length(year, month) {
        day -= length(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{} {} {year:04} {hour:02}:{minute:02}:{second:02}", day + 1, MONTHS[month])
}
