//! The browser's cookie store.

use super::escape::unescaped;
use super::{CookieLine, CookieValue, Decision, Effective, Name, RequestContext};

/// One visitor's cookies, kept as Chromium keeps them.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<StoredCookie>,
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
    /// When it was last set or sent: the least recently used ones are evicted first.
    accessed: f64,
}

/// A cookie that goes along with a request.
#[derive(Clone, Debug)]
pub struct SentCookie {
    pub name: Name,
    pub value: CookieValue,
    /// Domain and path tell apart two cookies of one name.
    pub domain: String,
    pub path: String,
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
        StoredCookie { name, value, effective, path, created, expires, accessed: created }
    }

    /// The path as the bytes that requests are compared with.
    pub fn path(&self) -> &[u8] {
        &self.path
    }
}

impl Jar {
    /// A jar of these cookies, as they are.
    pub fn of(cookies: impl IntoIterator<Item = StoredCookie>) -> Self {
        let mut jar = Jar::default();
        cookies.into_iter().for_each(|cookie| jar.insert(cookie));
        jar
    }

    /// What a browser does with a `Set-Cookie` line; the jar is changed accordingly.
    pub fn receive(&mut self, line: &[u8], context: &RequestContext) -> (CookieLine, Decision) {
        let _ = (line, context);
        unreachable!()
    }

    /// The cookies that go along with a request, in the order of RFC 6265bis 5.8.3.
    pub fn cookies_for(&mut self, context: &RequestContext) -> Vec<SentCookie> {
        let _ = context;
        Vec::new()
    }

    /// Every cookie now in the jar, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &StoredCookie> {
        self.cookies.iter()
    }

    /// Takes the cookies away that `doomed` says; used by probes ("without this cookie").
    pub fn remove_where(&mut self, mut doomed: impl FnMut(&StoredCookie) -> bool) {
        self.cookies.retain(|cookie| !doomed(cookie));
    }

    /// Puts a cookie in as it is: imports and sessions carried over from a browser.
    pub fn insert(&mut self, cookie: StoredCookie) {
        self.cookies.push(cookie);
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
