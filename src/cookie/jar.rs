//! The browser's cookie store.

use super::browser::Ways;
use super::domain::domain_matches;
use super::escape::unescaped;
use super::evict::make_room;
use super::rules::{is_blocked, is_cross_site, partition, path_matches, propose, request_path};
use super::{
    Browser, CookieLine, CookieValue, Decision, Effective, Initiator, Name, Reason, Reasons, RequestContext,
    SameSite, is_trustworthy, same_site,
};
use std::sync::Arc;
use url::Url;

/// Seconds in which a cookie without `SameSite` still goes along with a cross-site POST
/// (RFC 6265bis 5.6.7.2, "Lax-allowing-unsafe").
const LAX_ALLOWING_UNSAFE: f64 = 120.0;

/// Seconds after which sending a cookie counts as using it (Chromium).
const USE_COUNTS_AFTER: f64 = 60.0;

/// One visitor's cookies, kept as their browser keeps them: Chromium, unless said otherwise.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    /// In the order of their creation. Shared by the copies that visits under way begin with, until one
    /// of them changes something; even then each cookie is shared that stays as it is.
    cookies: Arc<Vec<Arc<StoredCookie>>>,
    /// Counts uses, so that equal times still have an order.
    uses: u64,
    browser: Browser,
}

/// What tells the cookies of one jar apart (RFC 6265bis 5.7); partitions are not told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CookiePlace {
    name: Name,
    domain: String,
    path: String,
}

impl CookiePlace {
    /// Where a cookie of this name is kept.
    pub fn new(name: &Name, kept: &Effective) -> Self {
        CookiePlace { name: name.clone(), domain: kept.domain.clone(), path: kept.path.clone() }
    }
}

/// A cookie in the jar.
#[derive(Clone, Debug)]
pub struct StoredCookie {
    pub name: Name,
    pub value: CookieValue,
    pub effective: Effective,
    /// The path's own bytes; `effective.path` is the same, escaped for printing.
    path: Vec<u8>,
    /// Seconds since the epoch; kept when the cookie is set again with the same value.
    pub created: f64,
    /// Seconds since the epoch; none for a session cookie.
    pub expires: Option<f64>,
    /// When it was last set or sent, in seconds and in uses of the jar: the least recently used
    /// ones are evicted first.
    used: f64,
    touched: u64,
}

/// A cookie that goes along with a request.
#[derive(Clone, Debug)]
pub struct SentCookie {
    pub name: Name,
    pub value: CookieValue,
}

impl StoredCookie {
    /// A cookie as it is, not one that a line proposes: for imports and recorded choices.
    /// `expires` is in seconds since the epoch.
    pub fn new(
        name: Name,
        value: CookieValue,
        effective: Effective,
        created: f64,
        expires: Option<f64>,
    ) -> Self {
        let path = unescaped(&effective.path);
        StoredCookie { name, value, effective, path, created, expires, used: created, touched: 0 }
    }

    /// Where it is kept.
    pub fn place(&self) -> CookiePlace {
        CookiePlace::new(&self.name, &self.effective)
    }

    /// The path as the bytes that requests are compared with.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub(crate) fn touched(&self) -> u64 {
        self.touched
    }

    /// The two cannot be in the jar together (RFC 6265bis 5.7 step 23, with the partition).
    fn is_same_as(&self, other: &StoredCookie) -> bool {
        self.name == other.name
            && self.path == other.path
            && self.effective.domain == other.effective.domain
            && self.effective.host_only == other.effective.host_only
            && self.effective.partition == other.effective.partition
    }

    /// Plain http may not set `self` while this Secure cookie is there (RFC 6265bis 5.7 step 16):
    /// same name, one domain within the other, and the new path within the old one.
    fn would_overlay(&self, secure: &StoredCookie) -> bool {
        let (own, other) = (&self.effective.domain, &secure.effective.domain);
        self.name == secure.name
            && self.effective.partition == secure.effective.partition
            && (domain_matches(own, other) || domain_matches(other, own))
            && path_matches(&self.path, &secure.path)
    }

    fn is_expired(&self, now: f64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Jar {
    /// An empty jar of this browser.
    pub fn in_browser(browser: Browser) -> Self {
        Jar { browser, ..Jar::default() }
    }

    /// A jar of these cookies, as they are.
    pub fn of(cookies: impl IntoIterator<Item = StoredCookie>) -> Self {
        let mut jar = Jar::default();
        cookies.into_iter().for_each(|cookie| jar.insert(cookie));
        jar
    }

    /// What a browser does with the `Set-Cookie` lines of one response. A NUL in any of them and
    /// the browser refuses the whole response, so that none is kept.
    pub fn receive_response<'lines>(
        &mut self,
        lines: impl IntoIterator<Item = &'lines [u8]> + Clone,
        context: &RequestContext,
    ) -> Vec<(CookieLine, Decision)> {
        let refused = lines.clone().into_iter().any(|line| line.contains(&0));
        lines
            .into_iter()
            .map(|line| match refused {
                true => (
                    CookieLine::parse(line),
                    Decision::Rejected { reasons: Reasons::of(Reason::ResponseRefused) },
                ),
                false => self.receive(line, context),
            })
            .collect()
    }

    /// What a browser does with a `Set-Cookie` line; the jar is changed accordingly.
    pub fn receive(&mut self, line: &[u8], context: &RequestContext) -> (CookieLine, Decision) {
        let line = CookieLine::parse_in(self.browser, line);
        let decision = self.decide(&line, context);
        (line, decision)
    }

    fn decide(&mut self, line: &CookieLine, context: &RequestContext) -> Decision {
        let mut proposal = match propose(line, context, self.browser) {
            Ok(proposal) => proposal,
            Err(reasons) => return Decision::Rejected { reasons },
        };
        self.remove_where(|cookie| cookie.is_expired(context.now));
        let overlays =
            |secure: &StoredCookie| secure.effective.secure && proposal.cookie.would_overlay(secure);
        if !is_trustworthy(&context.url) && self.iter().any(overlays) {
            proposal.reasons.push(Reason::OverwriteSecure);
        }
        if let Some(reasons) = Reasons::new(std::mem::take(&mut proposal.reasons)) {
            return Decision::Rejected { reasons };
        }
        let effective = proposal.cookie.effective.clone();
        let place = self.cookies.iter().position(|cookie| cookie.is_same_as(&proposal.cookie));
        match (proposal.expired, place) {
            (true, Some(place)) => {
                Arc::make_mut(&mut self.cookies).remove(place);
                Decision::Deleted { effective }
            }
            (true, None) => Decision::Rejected { reasons: Reasons::of(Reason::AlreadyExpired) },
            (false, place) => {
                self.store(proposal.cookie, place);
                match place {
                    Some(_) => Decision::Replaced { effective },
                    None => Decision::Stored { effective },
                }
            }
        }
    }

    /// Puts a cookie in the place of another, or at the end, and makes room. RFC 6265bis keeps the
    /// creation time of a replaced cookie; Chromium does so only when the value is the same, Firefox
    /// only when it is another.
    fn store(&mut self, mut cookie: StoredCookie, place: Option<usize>) {
        let ways = self.browser.ways();
        self.uses += 1;
        cookie.touched = self.uses;
        let (domain, partition) = (cookie.effective.domain.clone(), cookie.effective.partition.clone());
        let value = cookie.value.clone();
        let keeps_creation = |other: &StoredCookie| (other.value == value) == ways.same_value_keeps_creation;
        let cookies = Arc::make_mut(&mut self.cookies);
        match place {
            Some(place) if keeps_creation(&cookies[place]) => {
                cookie.created = cookies[place].created;
                cookies[place] = Arc::new(cookie);
            }
            place => {
                if let Some(place) = place {
                    cookies.remove(place);
                }
                cookies.push(Arc::new(cookie));
            }
        }
        make_room(cookies, &domain, partition.as_deref(), ways);
    }

    /// The cookies that go along with a request, in the order of RFC 6265bis 5.8.3: longer paths
    /// first, then older ones.
    pub fn cookies_for(&mut self, context: &RequestContext) -> Vec<SentCookie> {
        self.stored_for(context).into_iter().map(SentCookie::from).collect()
    }

    /// The same, as they are kept.
    pub fn stored_for(&mut self, context: &RequestContext) -> Vec<&StoredCookie> {
        self.remove_where(|cookie| cookie.is_expired(context.now));
        self.uses += 1;
        let ways = self.browser.ways();
        let host = context.url.host_str().unwrap_or_default();
        let path = request_path(&context.url);
        let goes = |cookie: &StoredCookie| goes_along(cookie, host, &path, context, ways);
        let counts = |cookie: &StoredCookie| context.now - cookie.used >= USE_COUNTS_AFTER && goes(cookie);
        if self.iter().any(counts) {
            for cookie in Arc::make_mut(&mut self.cookies).iter_mut().filter(|cookie| counts(cookie)) {
                let cookie = Arc::make_mut(cookie);
                cookie.used = context.now;
                cookie.touched = self.uses;
            }
        }
        let mut sent: Vec<&StoredCookie> = self.iter().filter(|cookie| goes(cookie)).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        sent
    }

    /// Whose jar it is.
    pub fn browser(&self) -> Browser {
        self.browser
    }

    /// Every cookie now in the jar, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &StoredCookie> {
        self.cookies.iter().map(Arc::as_ref)
    }

    /// Takes the cookies away that `doomed` says; used by probes ("without this cookie").
    pub fn remove_where(&mut self, doomed: impl Fn(&StoredCookie) -> bool) {
        if self.iter().any(&doomed) {
            Arc::make_mut(&mut self.cookies).retain(|cookie| !doomed(cookie));
        }
    }

    /// `Clear-Site-Data: "cookies"` of an answer from this URL: everything of its registrable domain
    /// goes, its subdomains' too; over a connection that is not secure it counts for nothing
    /// (Clear Site Data 3.1 and 4.2.2).
    pub fn clear_site_data(&mut self, header: &[u8], url: &Url) -> bool {
        let clears = is_trustworthy(url) && clears_cookies(header);
        if clears {
            let host = url.host_str().unwrap_or_default();
            self.remove_where(|cookie| same_site(&cookie.effective.domain, host));
        }
        clears
    }

    /// Puts a cookie in as it is: imports and sessions carried over from a browser. It takes the
    /// place of the same cookie.
    pub fn insert(&mut self, mut cookie: StoredCookie) {
        self.uses += 1;
        cookie.touched = self.uses;
        let cookies = Arc::make_mut(&mut self.cookies);
        cookies.retain(|other| !other.is_same_as(&cookie));
        let place = cookies.partition_point(|other| other.created <= cookie.created);
        cookies.insert(place, Arc::new(cookie));
    }
}

/// Whether the header's list names the cookies, or everything: each word in quotes.
fn clears_cookies(header: &[u8]) -> bool {
    header.split(|byte| *byte == b',').any(|word| matches!(word.trim_ascii(), br#""cookies""# | br#""*""#))
}

/// Whether a request carries the cookie (RFC 6265bis 5.8.3 step 1).
fn goes_along(cookie: &StoredCookie, host: &str, path: &[u8], context: &RequestContext, ways: &Ways) -> bool {
    let effective = &cookie.effective;
    let of_host =
        if effective.host_only { effective.domain == host } else { domain_matches(host, &effective.domain) };
    of_host
        && path_matches(path, &cookie.path)
        && (!effective.secure || is_trustworthy(&context.url))
        && effective.partition.as_ref().is_none_or(|own| *own == partition(context))
        && !is_blocked(effective.partition.is_some(), context, ways)
        && same_site_allows(cookie, context, ways)
}

/// What `SameSite` says about sending (RFC 6265bis 5.8.3 step 1): Strict only within the site, Lax
/// also when a link leads here, neither with another site's subrequests.
fn same_site_allows(cookie: &StoredCookie, context: &RequestContext, ways: &Ways) -> bool {
    let effective = &cookie.effective;
    if effective.same_site == Some(SameSite::None) {
        return effective.secure;
    }
    if effective.same_site.is_none() && !ways.lax_by_default {
        return true;
    }
    match context.initiator {
        Initiator::Navigation => true,
        Initiator::Subresource { .. } => !is_cross_site(context, ways),
        Initiator::CrossSiteNavigation { unsafe_method } => match effective.same_site {
            Some(SameSite::Strict) => false,
            Some(_) => !unsafe_method,
            None => !unsafe_method || context.now - cookie.created <= LAX_ALLOWING_UNSAFE,
        },
    }
}

impl SentCookie {
    /// Of which nobody tells the value.
    pub fn named(name: &str) -> Self {
        SentCookie { name: Name::new(name), value: CookieValue::default() }
    }
}

impl From<&StoredCookie> for SentCookie {
    fn from(cookie: &StoredCookie) -> Self {
        SentCookie { name: cookie.name.clone(), value: cookie.value.clone() }
    }
}

/// The value of a `Cookie` header: `a=1; b=2`, nameless cookies as bare values.
pub fn cookie_header(cookies: &[SentCookie]) -> Vec<u8> {
    let mut header = Vec::new();
    for cookie in cookies {
        if !header.is_empty() {
            header.extend_from_slice(b"; ");
        }
        if !cookie.name.is_empty() {
            header.extend_from_slice(cookie.name.as_bytes());
            header.push(b'=');
        }
        header.extend_from_slice(cookie.value.reveal());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{Lifetime, Priority};

    fn cookie(name: &str, domain: &str) -> StoredCookie {
        let effective = Effective {
            domain: domain.into(),
            host_only: true,
            path: "/".into(),
            secure: false,
            http_only: false,
            same_site: None,
            lifetime: Lifetime::Session,
            partition: None,
            priority: Priority::Medium,
        };
        StoredCookie::new(Name::new(name), CookieValue::new("v"), effective, 0.0, None)
    }

    #[test]
    fn clear_site_data_takes_the_cookies_of_the_whole_site_and_of_no_other() {
        let left = |header: &str, url: &str| {
            let mut jar =
                Jar::of([cookie("a", "www.a.example"), cookie("b", "a.example"), cookie("c", "b.example")]);
            jar.clear_site_data(header.as_bytes(), &Url::parse(url).unwrap());
            jar.iter().map(|cookie| cookie.name.to_string()).collect::<String>()
        };
        assert_eq!(left("\"cookies\"", "https://www.a.example/"), "c");
        assert_eq!(left("\"cache\" , \"cookies\",\"storage\"", "https://a.example/"), "c");
        assert_eq!(left("\"*\"", "https://a.example/"), "c");
        for nothing in ["cookies", "*", "\"cache\"", "\"Cookies\"", "", "'cookies'"] {
            assert_eq!(left(nothing, "https://a.example/"), "abc", "{nothing}");
        }
        assert_eq!(left("\"cookies\"", "http://a.example/"), "abc", "only over a secure connection");
    }
}
