//! The addresses a crawl counts in: absolute http(s) URLs as one text, normalised as a browser
//! does it, without user info and fragment.
//!
//! A page has dozens of links and nearly all of them are plain paths. Those are joined here by
//! copying (40 ns instead of the 300 to 900 of `Url::join`); whatever is not plain goes through
//! `url`, and a test holds the two against each other.

use crate::charset::Charset;
use memchr::memchr;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// An absolute http or https URL: a normalised text that remembers where its parts are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: Box<str>,
    /// Length of `scheme://host[:port]`.
    origin: u32,
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.text.into()
    }
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Address::parse(&text).ok_or("no http or https address")
    }
}

/// What relative links of a page are joined to.
#[derive(Clone, Debug)]
pub struct Base {
    url: Url,
    /// The same as an address; none where it is not http(s).
    page: Option<Address>,
    /// The same, up to and with the last `/` of its path.
    folder: Option<Address>,
    /// In which the page's queries go back.
    charset: Charset,
}

impl Address {
    /// None for anything but http and https, and for URLs without a host.
    pub fn new(url: &Url) -> Option<Address> {
        let host = url.host_str().filter(|host| !host.is_empty())?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut text = String::with_capacity(url.scheme().len() + host.len() + path.len() + 10);
        text.push_str(url.scheme());
        text.push_str("://");
        text.push_str(host);
        if let Some(port) = url.port() {
            text.push(':');
            text.push_str(&port.to_string());
        }
        let origin = u32::try_from(text.len()).ok()?;
        text.push_str(path);
        Some(Address { text: text.into(), origin })
    }

    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Option<Address> {
        Address::new(&Url::parse(text).ok()?)
    }

    /// Reads the text of an address; none for what cannot be one. It is not looked at whether `url` would
    /// leave it as it is.
    pub(super) fn of_normal(text: &str) -> Option<Address> {
        let authority = text.find("://")? + 3;
        let origin = authority + memchr(b'/', &text.as_bytes()[authority..])?;
        Some(Address { text: text.into(), origin: u32::try_from(origin).ok()? })
    }

    /// Puts an address together again from an [`Address::origin`] and a [`Address::path_and_query`].
    pub(super) fn from_parts(origin: &str, path_and_query: &str) -> Address {
        let mut text = String::with_capacity(origin.len() + path_and_query.len());
        text.push_str(origin);
        text.push_str(path_and_query);
        Address { text: text.into(), origin: origin.len() as u32 }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `scheme://host[:port]`, the port only where it is not the scheme's own.
    pub fn origin(&self) -> &str {
        &self.text[..self.origin as usize]
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// The host in lower case, an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rfind(':') {
            Some(colon) if !authority.ends_with(']') => &authority[..colon],
            _ => authority,
        }
    }

    /// The port, also where it is the scheme's own.
    pub fn port(&self) -> u16 {
        let authority = self.authority();
        let written = authority.rfind(':').filter(|_| !authority.ends_with(']'));
        let default = if self.is_https() { 443 } else { 80 };
        written.and_then(|colon| authority[colon + 1..].parse().ok()).unwrap_or(default)
    }

    /// Whether the port is the scheme's own.
    pub fn has_default_port(&self) -> bool {
        self.port() == if self.is_https() { 443 } else { 80 }
    }

    fn authority(&self) -> &str {
        let origin = self.origin();
        &origin[origin.find("://").map_or(0, |at| at + 3)..]
    }

    /// Path and query, always beginning with `/`.
    pub fn path_and_query(&self) -> &str {
        &self.text[self.origin as usize..]
    }

    /// The path, always beginning with `/`.
    pub fn path(&self) -> &str {
        let both = self.path_and_query();
        &both[..memchr(b'?', both.as_bytes()).unwrap_or(both.len())]
    }

    /// The query without its `?`.
    pub fn query(&self) -> Option<&str> {
        let both = self.path_and_query();
        memchr(b'?', both.as_bytes()).map(|at| &both[at + 1..])
    }

    /// As a URL, to be asked.
    pub fn to_url(&self) -> Url {
        match Url::parse(&self.text) {
            Ok(url) => url,
            Err(_) => unreachable!("made from a URL"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Base {
    /// The page's own URL, or what its `<base href>` makes of it.
    pub fn new(url: Url) -> Base {
        Base::in_charset(url, Charset::UTF_8)
    }

    /// The same for a page in this encoding (URL standard, "basic URL parser" with an encoding).
    pub fn in_charset(url: Url, charset: Charset) -> Base {
        let page = Address::new(&url);
        let folder = page.as_ref().map(|page| {
            let folder = page.path().rfind('/').map_or("/", |slash| &page.path()[..=slash]);
            Address::from_parts(page.origin(), folder)
        });
        Base { url, page, folder, charset }
    }

    /// The same page with `<base href>`; unchanged where that is no usable URL (HTML standard,
    /// "set the frozen base URL": `data:` and `javascript:` are refused).
    pub fn with(&self, href: &str) -> Base {
        match self.url.join(href.trim_matches(SPACE)) {
            Ok(url) if Address::new(&url).is_some() => Base::in_charset(url, self.charset),
            _ => self.clone(),
        }
    }

    /// The page's URL, or its base.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where a link leads; none where that is not http(s).
    pub fn join(&self, href: &str) -> Option<Address> {
        let href = href.trim_matches(SPACE);
        match self.join_plain(href) {
            Some(plain) => Some(plain.address()),
            None => Address::new(&self.charset.join(&self.url, href)?),
        }
    }

    /// Whether a link plainly leads to this origin (`https://example.org`); false where that takes a closer
    /// look.
    pub(super) fn stays_on(&self, origin: &str, href: &str) -> bool {
        self.join_plain(href.trim_matches(SPACE)).is_some_and(|plain| plain.origin == origin)
    }

    /// The fast path: what `url` would not change. None: not plain.
    fn join_plain<'t>(&'t self, href: &'t str) -> Option<Plain<'t>> {
        let (page, folder) = (self.page.as_ref()?, self.folder.as_ref()?);
        let origin = folder.origin();
        let here = |path| Some(Plain { origin, path });
        match href.as_bytes() {
            [] | [b'#', ..] => here([page.path_and_query(), "", ""]),
            [b'/', rest @ ..] if !rest.starts_with(b"/") => here([plain(href)?, "", ""]),
            // The same host, and so the same origin: the scheme is the page's.
            [b'/', b'/', ..] => {
                let rest = href[2..].strip_prefix(folder.authority()).filter(|rest| rest.starts_with('/'))?;
                here([plain(rest)?, "", ""])
            }
            [b'.', b'.', b'/', ..] => {
                let mut path = folder.path().strip_suffix('/')?;
                let mut rest = href;
                while let Some(below) = rest.strip_prefix("../") {
                    // Above the root is the root.
                    path = &path[..path.rfind('/').unwrap_or_default()];
                    rest = below;
                }
                here([path, "/", plain(rest).filter(|rest| !rest.starts_with('.'))?])
            }
            [first, ..] if first.is_ascii_alphanumeric() => {
                if let Some(rest) = href.strip_prefix(origin) {
                    return rest.starts_with('/').then(|| plain(rest))?.and_then(|rest| here([rest, "", ""]));
                }
                let first_segment = href.split(['/', '?', '#']).next().unwrap_or_default();
                if first_segment.contains(':') {
                    return plain_absolute(href);
                }
                here([folder.path(), plain(href)?, ""])
            }
            _ => None,
        }
    }
}

/// Where a plain link leads, before a text is made of it.
struct Plain<'t> {
    origin: &'t str,
    /// Path and query, in pieces.
    path: [&'t str; 3],
}

impl Plain<'_> {
    fn address(&self) -> Address {
        let [first, second, third] = self.path;
        let text = [self.origin, first, second, third].concat();
        Address { text: text.into(), origin: self.origin.len() as u32 }
    }
}

/// A link to another host, if `url` would keep that, too: in lower case, with a last label that is no
/// number (`1.2` is an IPv4 address) and none that stands for another alphabet.
fn plain_absolute(href: &str) -> Option<Plain<'_>> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| href.starts_with(scheme))?;
    let host = &href[scheme.len()..];
    let host = &host[..memchr(b'/', host.as_bytes())?];
    let is_kept = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let last = host.rsplit('.').next()?;
    if !host.bytes().all(is_kept)
        || !last.starts_with(|c: char| c.is_ascii_lowercase())
        || host.contains("xn--")
    {
        return None;
    }
    let (origin, path) = href.split_at(scheme.len() + host.len());
    Some(Plain { origin, path: [plain(path)?, "", ""] })
}

/// What the URL standard trims: C0 controls and space.
const SPACE: fn(char) -> bool = |c| c <= ' ';

/// The text up to its fragment if `url` would keep it byte for byte: no dot segments, nothing
/// that needs encoding, nothing encoded in the path (`%2e%2e` is `..`).
fn plain(text: &str) -> Option<&str> {
    let mut in_query = false;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            byte if IS_KEPT[usize::from(byte)] => {}
            b'.' if before != b'/' || in_query => {}
            b'%' if in_query => {}
            b'?' => in_query = true,
            b'#' => return Some(&text[..at]),
            _ => return None,
        }
        before = byte;
    }
    Some(text)
}

/// Bytes that `url` keeps wherever they stand.
const IS_KEPT: [bool; 256] = {
    let mut kept = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        kept[byte] = matches!(byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'/' | b'=' | b'&' | b'+' | b',' | b';'
            | b'@' | b'!' | b'$' | b'*' | b'(' | b')' | b':');
        byte += 1;
    }
    kept
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn joins_like_url(base: &str, href: &str) {
        let url = Url::parse(base).unwrap();
        let expected = url.join(href).ok().and_then(|url| Address::new(&url));
        assert_eq!(Base::new(url).join(href), expected, "{base} + {href}");
    }

    #[test]
    fn the_fast_path_joins_like_url() {
        for base in [
            "https://example.org/a/b?c=d",
            "http://127.0.0.1:8080/",
            "http://[::1]:81/x/y/",
            "https://u:p@example.org/a",
        ] {
            for href in [
                "",
                "/",
                "//",
                "//other.org/x",
                "///x",
                "//example.org/x",
                "//example.org",
                "//example.orgx/x",
                "//example.org//x",
                "//example.org/../x",
                "//example.org:443/x",
                "//EXAMPLE.org/x",
                "//u@example.org/x",
                "//127.0.0.1:8080/x?y#z",
                "//127.0.0.1/x",
                "//[::1]:81/x",
                "/a/b",
                "/a//b",
                "/a/./b",
                "/a/../b",
                "/.well-known/x",
                "/..",
                "a",
                "a/b",
                "a/../b",
                "./a",
                "../a",
                "../",
                "..",
                "../../a",
                "../../../a?b#c",
                "..//a",
                ".././a",
                "../.a",
                "../a/..",
                "../?q",
                "../#f",
                "../c:d",
                "?q",
                "?q=/../x",
                "#f",
                "/a#f",
                "/a?b#c?d",
                "/a?b=%2e%2e",
                "/%2e%2e/a",
                "/a%2Fb",
                "a:b",
                "a/b:c",
                "mailto:x@y.z",
                "javascript:void(0)",
                "https:/a",
                "https://other.example/a?b#c",
                "http://other.example/a/../b",
                "https://other.example",
                "https://a..b/x",
                "https://-a-.b-/x",
                "https://.b/x",
                "https://b./x",
                "https://1.2/x",
                "https://1.2.3.a4/x",
                "https://0x7f.1/x",
                "https://b.0x7f/x",
                "https://xn--a/x",
                "https://xn--bcher-kva.example/x",
                "https:///x",
                "https:a",
                "https://example.org",
                "https://example.org/",
                "https://example.org/a/../b",
                "https://example.orgx/a",
                "https://EXAMPLE.org/a",
                "https://example.org:443/a",
                "https://example.org:444/a",
                "http://example.org/a",
                "/a b",
                "/a\tb",
                " /a ",
                "\n/a\n",
                "/\u{e4}",
                "/a'b",
                "/a?b='c'",
                "/a\"b",
                "/a<b>",
                "/a{b}",
                "/a|b",
                "/a\\b",
                "\\a",
                "/a^b",
                "/a`b",
                "/a[b]",
                "1",
                "1:2",
                "/a;b,c!$&()*+=@~",
                "http://127.0.0.1:8080/x",
                "http://[::1]:81/x/z",
                "http://u:p@127.0.0.1:8080/x",
                "data:text/html,x",
                "ftp://example.org/",
                "/a?b?c",
                "/a?/../b",
                "/a?b/.c",
                "c.html",
                "c.d/.e",
                ".hidden",
                "..a",
                "/...",
                "http://",
                "https://[",
                "/a\0b",
            ] {
                joins_like_url(base, href);
            }
        }
    }

    proptest! {
        #[test]
        fn the_fast_path_joins_like_url_whatever_the_text(href in "[a-z/.?#:%&=@\\\\ ~-]{0,12}") {
            joins_like_url("https://example.org/dir/page.html?x=y", &href);
            joins_like_url("http://example.org:8080/", &href);
        }

        #[test]
        fn the_fast_path_joins_like_url_whatever_the_host(host in "[a-z0-9.x-]{0,10}(\\.[a-z0-9-]{1,4})?") {
            joins_like_url("https://example.org/", &format!("https://{host}/x"));
        }
    }

    #[test]
    fn parts_of_an_address() {
        #[track_caller]
        fn case(text: &str, origin: &str, host: &str, port: u16, path: &str, query: Option<&str>) {
            let address = Address::parse(text).unwrap();
            let parts = (address.origin(), address.host(), address.port(), address.path(), address.query());
            assert_eq!(parts, (origin, host, port, path, query));
            assert_eq!(Address::new(&address.to_url()), Some(address));
        }
        case("https://a.org", "https://a.org", "a.org", 443, "/", None);
        case("http://A.org:80/x?y=z#f", "http://a.org", "a.org", 80, "/x", Some("y=z"));
        case("http://u:p@a.org:81/x?", "http://a.org:81", "a.org", 81, "/x", Some(""));
        case("https://[::1]/", "https://[::1]", "[::1]", 443, "/", None);
        case("https://[::1]:8/", "https://[::1]:8", "[::1]", 8, "/", None);
        assert_eq!(Address::parse("ftp://a.org/"), None);
        assert_eq!(Address::parse("/x"), None);
    }
}
