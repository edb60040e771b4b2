//! Session ids that a site writes into its addresses. They change with every answer, so that one page
//! has as many addresses as it was linked from; taken out, it is one page again.

use super::Address;
use memchr::{memchr, memchr_iter, memchr2};
use std::borrow::Cow;
use std::str::Split;

/// Shorter values are sections, sorts and pages: `?sid=12`.
const SHORTEST: usize = 8;
/// After a word that means other things, too (`/s/`), only what is as long as a token.
const SHORTEST_AFTER_S: usize = 16;
/// Letters and digits of a session's name; what has more is not called like one.
const LONGEST_NAME: usize = 64;

/// The address as a text without them; as it is where there is none.
pub(super) fn without_session(address: &Address) -> Cow<'_, str> {
    let text = address.as_str();
    let (path, query) = (address.path(), address.query());
    let has_one = may_have_one(path)
        && segments(path).any(|(_, is_token, mut parameters)| is_token || parameters.any(is_session))
        || query.is_some_and(|query| query.split('&').any(is_session));
    if !has_one {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    folded.push_str(address.origin());
    for (at, (name, is_token, parameters)) in segments(path).enumerate() {
        if at > 0 {
            folded.push('/');
        }
        folded.push_str(if is_token { "*" } else { name });
        for parameter in parameters.filter(|parameter| !is_session(parameter)) {
            folded.extend([";", parameter]);
        }
    }
    // `/a?sid=x` is `/a`.
    let query = query.into_iter().flat_map(|query| query.split('&'));
    let mut separator = "?";
    for pair in query.filter(|pair| !is_session(pair)) {
        folded.extend([separator, pair]);
        separator = "&";
    }
    Cow::Owned(folded)
}

/// Most paths have none of the marks of a place for one, and are done with at one look: parameters, or a
/// segment that is as long as a token behind one that is called like a session.
fn may_have_one(path: &str) -> bool {
    let mut before = 0;
    let is_behind_a_name = |slash: usize| {
        let name = &path[std::mem::replace(&mut before, slash + 1)..slash];
        let rest = &path[slash + 1..];
        memchr(b'/', rest.as_bytes()).unwrap_or(rest.len()) >= SHORTEST_AFTER_S && is_session_name(name)
    };
    memchr2(b';', b'(', path.as_bytes()).is_some() || memchr_iter(b'/', path.as_bytes()).any(is_behind_a_name)
}

/// A path's segments: the name, whether it is a token, and its parameters (`;jsessionid=`, as servlets write
/// it).
fn segments(path: &str) -> impl Iterator<Item = (&str, bool, Split<'_, char>)> {
    let mut before = "";
    let mut segments = path.split('/').peekable();
    std::iter::from_fn(move || {
        let segment = segments.next()?;
        let mut parameters = segment.split(';');
        let name = parameters.next().unwrap_or_default();
        let is_token = is_token_segment(before, name, segments.peek().is_some());
        before = segment;
        Some((name, is_token, parameters))
    })
}

/// A parameter that is called like a session and has a value like one.
fn is_session(pair: &str) -> bool {
    let Some((name, value)) = pair.split_once('=') else { return false };
    looks_like_an_id(value, SHORTEST) && is_session_name(name)
}

fn is_session_name(name: &str) -> bool {
    let mut room = [0; LONGEST_NAME];
    let mut length = 0;
    for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
        let Some(next) = room.get_mut(length) else { return false };
        *next = byte.to_ascii_lowercase();
        length += 1;
    }
    let name = &room[..length];
    NAMES.iter().any(|known| known.as_bytes() == name)
        || name.ends_with(b"sessionid")
        || name.ends_with(b"sessid")
        || name.starts_with(b"aspsessionid")
}

/// As frameworks and shops call them, without punctuation: PHP, servlets, ColdFusion, osCommerce,
/// xt:Commerce, Zen Cart, phpBB, vBulletin.
const NAMES: &[&str] = &[
    "cfid",
    "cftoken",
    "oscsid",
    "phpsession",
    "s",
    "sesid",
    "sess",
    "session",
    "sessionkey",
    "sessiontoken",
    "sid",
    "xtcsid",
    "zenid",
];

/// `/s/TOKEN/`, `/session/TOKEN`, and ASP.NET's `(S(TOKEN))`.
fn is_token_segment(before: &str, segment: &str, goes_on: bool) -> bool {
    if let Some(id) = segment.strip_prefix("(S(").and_then(|rest| rest.strip_suffix("))")) {
        return looks_like_an_id(id, SHORTEST);
    }
    if !looks_like_an_id(segment, SHORTEST_AFTER_S) {
        return false;
    }
    // A short link's id is its page: `/s/dQw4w9WgXcQ`.
    if before.eq_ignore_ascii_case("s") { goes_on } else { is_session_name(before) }
}

/// Letters and digits mixed, as nobody writes them; an all-digit number only where it is very long.
fn looks_like_an_id(value: &str, at_least: usize) -> bool {
    if value.len() < at_least {
        return false;
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b',' | b':');
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    value.bytes().all(plain)
        && (digits >= 2 && letters >= 1 || digits >= 16 || mixes_cases(value) && value.len() >= 16)
}

/// Capitals where no writer puts them, several times.
fn mixes_cases(value: &str) -> bool {
    let turns = value
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    turns.count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_is_one_page_whatever_its_session_id() {
        #[track_caller]
        fn case(address: &str, expected: &str) {
            let address = Address::parse(&format!("https://a.example{address}")).unwrap();
            assert_eq!(without_session(&address), format!("https://a.example{expected}"));
        }
        case("/", "/");
        case("/shop", "/shop");
        case("/shop;jsessionid=0A1B2C3D4E5F", "/shop");
        case("/shop;jsessionid=0A1B2C3D4E5F.node1?a=1", "/shop?a=1");
        case("/shop;v=2;jsessionid=0A1B2C3D4E5F/x", "/shop;v=2/x");
        case("/shop?sid=9f8e7d6c5b4a", "/shop");
        case("/shop?a=1&PHPSESSID=9f8e7d6c5b4a&b=2", "/shop?a=1&b=2");
        case("/shop?osCsid=9f8e7d6c5b4a", "/shop");
        case("/viewforum.php?f=3&s=8a7b6c5d4e3f2a1b8a7b6c5d4e3f2a1b", "/viewforum.php?f=3");
        case("/x?ASP.NET_SessionId=qyzr2zfm1ohyjb55u0vm2eqk", "/x");
        case("/x?CFID=1234567890123456&CFTOKEN=71a2b3c4d5", "/x");
        case("/(S(qyzr2zfm1ohyjb55u0vm2eqk))/x", "/*/x");
        case("/s/8a7b6c5d4e3f2a1b/x", "/s/*/x");
        case("/s/8a7b6c5d4e3f2a1b/", "/s/*/");
        case("/session/8a7b6c5d4e3f2a1b", "/session/*");
        case("/phpsessid/8a7b6c5d4e3f2a1b", "/phpsessid/*");
        case("/x/CFTOKEN/8a7b6c5d4e3f2a1b/y", "/x/CFTOKEN/*/y");
        // What is no session's.
        case("/s/8a7b6c5d4e3f2a1b", "/s/8a7b6c5d4e3f2a1b");
        case("/shop?sid=12", "/shop?sid=12");
        case("/shop?sid=products", "/shop?sid=products");
        case("/shop?sid=summer-sale", "/shop?sid=summer-sale");
        case("/shop?s=wireless+headphones", "/shop?s=wireless+headphones");
        case("/shop?id=9f8e7d6c5b4a", "/shop?id=9f8e7d6c5b4a");
        case("/shop?sid", "/shop?sid");
        case("/shop?", "/shop?");
        case("/s/about-our-long-history/", "/s/about-our-long-history/");
        case("/session/introduction-to-rust", "/session/introduction-to-rust");
        case("/item/8a7b6c5d4e3f2a1b/x", "/item/8a7b6c5d4e3f2a1b/x");
    }
}
