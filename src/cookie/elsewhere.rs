//! What another browser makes of a line, where it is not what Chromium makes of it.
//!
//! The other browser's store is taken to be empty: what a line finds there (a cookie to replace, one
//! to spare) is the visit's, and not a difference between browsers.

use super::line::{Said, trimmed};
use super::{Browser, CookieLine, Decision, Jar, Lifetime, Name, Reason, RequestContext, Written};

/// Seconds by which two readings of one lifetime may differ and be the same.
const CLOCKS: i64 = 2;

/// What another browser does with a line that Chromium treats otherwise; predicted, never observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Elsewhere {
    pub browser: Browser,
    /// The cookie's name there: `flag; Path=/` has none in Chromium and is called `flag` in Firefox.
    pub name: Name,
    /// What the line says there.
    pub written: Written,
    pub decision: Decision,
}

/// The first other browser that treats the line otherwise. `decision` is Chromium's.
pub fn elsewhere(line: &[u8], context: &RequestContext, decision: &Decision) -> Option<Elsewhere> {
    if matches!(decision, Decision::Rejected { reasons } if reasons.iter().any(is_of_the_visit)) {
        return None;
    }
    let others = Browser::ALL.into_iter().filter(|browser| *browser != Browser::Chromium);
    others.filter(|browser| may_differ(line, decision, *browser)).find_map(|browser| {
        let (read, theirs) = Jar::in_browser(browser).receive(line, context);
        let name = CookieLine::parse(line).name;
        let differs = name != read.name || !alike(decision, &theirs);
        differs.then(|| Elsewhere {
            browser,
            written: read.written_in(browser, context.response_date.as_deref(), context.now),
            name: read.name,
            decision: theirs,
        })
    })
}

/// What decided was the request or what the visitor had already, alike in every browser.
fn is_of_the_visit(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::OverwriteSecure | Reason::WithoutCredentials | Reason::ResponseRefused | Reason::Unlisted
    )
}

/// Whether anything in the line is a row of the table; most lines have nothing of it.
fn may_differ(line: &[u8], decision: &Decision, browser: Browser) -> bool {
    let odd = |byte: &u8| !byte.is_ascii() || byte.is_ascii_control();
    // Refusals come from what the tables are about, or from what is around the request.
    if line.len() > super::line::MAX_ATTRIBUTE_VALUE
        || matches!(decision, Decision::Rejected { .. })
        || line.iter().any(odd)
    {
        return true;
    }
    let read = CookieLine::parse(line);
    let mut said = Said::default();
    read.attributes().for_each(|attribute| said.hear(&attribute, Browser::Chromium.ways()));
    let (ours, theirs) = (Browser::Chromium.ways(), browser.ways());
    let max_age = |value: &[u8]| (ours.max_age)(value) != (theirs.max_age)(value);
    let expires = |value: &[u8]| (ours.expires)(value) != (theirs.expires)(value);
    let pair = line.split(|byte| *byte == b';').next().unwrap_or_default();
    trimmed(pair).first() == Some(&b'=')
        || !pair.contains(&b'=')
        || said.max_age.is_some_and(max_age)
        || said.expires.is_some_and(expires)
}

/// Nothing that an audit could ask about is different. Whether it is kept apart for each embedding site
/// (partitioned) is the browser's way with all third parties, not with this line.
fn alike(ours: &Decision, theirs: &Decision) -> bool {
    let gone = |decision: &Decision| match decision {
        Decision::Deleted { .. } => true,
        Decision::Rejected { reasons } => reasons.is_only(Reason::AlreadyExpired),
        _ => false,
    };
    match (ours, theirs) {
        _ if gone(ours) || gone(theirs) => gone(ours) == gone(theirs),
        (Decision::Rejected { .. }, Decision::Rejected { .. }) => true,
        (Decision::Rejected { .. }, _) | (_, Decision::Rejected { .. }) => false,
        (ours, theirs) => match (ours.effective(), theirs.effective()) {
            (Some(ours), Some(theirs)) => {
                ours.domain == theirs.domain
                    && ours.host_only == theirs.host_only
                    && ours.path == theirs.path
                    && ours.secure == theirs.secure
                    && ours.http_only == theirs.http_only
                    && ours.same_site == theirs.same_site
                    && same_lifetime(ours.lifetime, theirs.lifetime)
            }
            _ => false,
        },
    }
}

fn same_lifetime(ours: Lifetime, theirs: Lifetime) -> bool {
    match (ours, theirs) {
        (Lifetime::Seconds(ours), Lifetime::Seconds(theirs)) => ours.abs_diff(theirs) <= CLOCKS as u64,
        (ours, theirs) => ours == theirs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{Initiator, ThirdPartyCookies};
    use url::Url;

    const NOW: f64 = 1_795_304_000.0;

    /// Chromium's word, and Firefox's where it is another.
    fn both(line: &str, url: &str, top: Option<&str>) -> (String, Option<String>) {
        let context = RequestContext {
            url: Url::parse(url).unwrap(),
            initiator: match top {
                Some(top) => Initiator::Subresource { top_url: Url::parse(top).unwrap() },
                None => Initiator::Navigation,
            },
            third_party: ThirdPartyCookies::Block,
            response_date: None,
            now: NOW,
        };
        let (read, decision) = Jar::default().receive(line.as_bytes(), &context);
        let told = |name: &Name, decision: &Decision| match decision {
            Decision::Rejected { reasons } => format!("{} refused", reasons[0]),
            decision => {
                let kept = decision.effective().unwrap();
                let apart = if kept.partition.is_some() { " apart" } else { "" };
                format!("{name} {:?}{apart}", kept.lifetime)
            }
        };
        let other = elsewhere(line.as_bytes(), &context, &decision);
        (told(&read.name, &decision), other.map(|other| told(&other.name, &other.decision)))
    }

    #[test]
    fn where_firefox_does_otherwise() {
        let day = "https://site.example/";
        let within = Some("https://other.example/");
        for (line, url, top, chromium, firefox) in [
            ("sid=1; Path=/; Secure; HttpOnly", day, None, "sid Session", None),
            ("flag; Path=/", day, None, " Session", Some("flag Session")),
            ("=x", day, None, " Session", Some("NoCookieContent refused")),
            ("trk=a\tb", day, None, "DisallowedCharacter refused", Some("trk Session")),
            ("a=1\rb", day, None, "a Session", Some("DisallowedCharacter refused")),
            ("__Host-x=1; Secure", day, None, "InvalidPrefix refused", Some("__Host-x Session")),
            ("__Host-x=1; Secure", "https://site.example/a/b", None, "InvalidPrefix refused", None),
            ("v=1; Expires=Thu, 21 Oct 2027 07:28 GMT", day, None, "v Session", Some("v Seconds(28799680)")),
            ("v=1; Expires=Thu, 21 Oct 2027 07:28:00 GMT", day, None, "v Seconds(28799680)", None),
            ("v=1; Max-Age=+60", day, None, "v Seconds(60)", Some("v Session")),
            ("v=1; Max-Age=-x", day, None, "v Session", Some("already_expired refused")),
            ("v=1; Max-Age=0", day, None, "already_expired refused", None),
            ("v=1", day, within, "UserPreferences refused", Some("v Session apart")),
            ("v=1; SameSite=Lax", day, within, "UserPreferences refused", None),
            ("v=1; SameSite=None; Secure", day, within, "UserPreferences refused", Some("v Session apart")),
        ] {
            let found = both(line, url, top);
            assert_eq!((found.0.as_str(), found.1.as_deref()), (chromium, firefox), "{line:?} {top:?}");
        }
    }
}
