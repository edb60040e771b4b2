//! URLs fit for a report.

use super::anti_forgery::is_anti_forgery_name;
use super::url_template::{is_mixed, is_uuid, looks_random, path_template};
use crate::secret::Secrets;
use std::borrow::Cow;
use std::sync::Arc;
use url::{Position, Url};

/// A URL with what may be a credential taken out: user info, fragment, the values of query
/// parameters that are named like one or look like one, path segments that look like a token, and
/// everything in `Secrets`. A magic link is a credential. What is left is text for people and for
/// path patterns; it may not be asked again. Copies of one share its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeUrl(Arc<str>);

/// What stands where a credential was.
pub const MASK: &str = "\u{2039}masked\u{203a}";
/// The same, percent-encoded.
const MASK_IN_AN_ADDRESS: &str = "%E2%80%B9masked%E2%80%BA";

/// A longer value of a query is more than an option.
const LONGEST_VALUE: usize = 64;
const MOST_PARAMETERS: usize = 40;
const LONGEST: usize = 1500;

impl SafeUrl {
    /// Masks a URL.
    pub fn new(url: &Url, secrets: &Secrets) -> Self {
        let mut safe = String::with_capacity(url.as_str().len());
        safe.push_str(&url[..Position::BeforeUsername]);
        safe.push_str(&url[Position::BeforeHost..Position::BeforePath]);
        if url.cannot_be_a_base() {
            // `data:` and its like: what they are, not what they hold.
            let kind = url.path().split([',', ';']).next().unwrap_or_default();
            safe.push_str(if url.scheme() == "data" { kind } else { MASK });
            return SafeUrl(safe.into());
        }
        push_path(&mut safe, url.path());
        if let Some(query) = url.query() {
            push_query(&mut safe, query);
        }
        if safe.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| safe.is_char_boundary(*end)).unwrap_or_default();
            safe.truncate(end);
            safe.push('\u{2026}');
        }
        // What was masked before stays so, also where it went through an address.
        if safe.contains(MASK_IN_AN_ADDRESS) {
            safe = safe.replace(MASK_IN_AN_ADDRESS, MASK);
        }
        SafeUrl(secrets.mask(&safe).into())
    }

    /// One that was masked when it was written.
    pub(super) fn of_written(masked: String) -> Self {
        SafeUrl(masked.into())
    }

    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked path.
    pub fn path(&self) -> &str {
        let path = &self.0[self.origin_length()..];
        path.split('?').next().unwrap_or(path)
    }

    /// The folder of its path, where something in it was masked.
    pub fn masked_folder(&self) -> Option<String> {
        let path = self.path();
        let folder = &path[..path.rfind('/')?];
        folder.contains(MASK).then(|| folder.to_owned())
    }

    /// Scheme, host with port, and path, for patterns; none if the text is not a URL.
    pub fn parsed(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }

    /// Scheme, host and port, and the shape of the path.
    pub fn shape(&self) -> String {
        let (origin, path) = self.0.split_at(self.origin_length());
        format!("{origin}{}", path_template(path))
    }

    /// Scheme, host and port, and what the page's path has in common with its like.
    pub fn page_template(&self) -> String {
        let (origin, path) = self.0.split_at(self.origin_length());
        let path = path.split(['?', '#']).next().unwrap_or_default();
        format!("{origin}{}", super::page_template(path))
    }

    pub(super) fn origin_length(&self) -> usize {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        self.0[authority..].find(['/', '?']).map_or(self.0.len(), |at| authority + at)
    }
}

/// Copies a path, token by token masked where it looks like one.
pub(super) fn push_path(safe: &mut String, path: &str) {
    let mut after_a_word_for_it = false;
    let is_built = is_built(path);
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            safe.push('/');
        }
        let (name, parameters) = segment.split_at(segment.find(';').unwrap_or(segment.len()));
        let decoded = decoded(name);
        let is_token = is_token(&decoded, after_a_word_for_it) || !is_built && is_of_mixed_classes(&decoded);
        if is_token || is_email(&decoded) {
            safe.push_str(MASK);
        } else {
            safe.push_str(name);
        }
        // `;jsessionid=`, as servlets write it.
        for parameter in parameters.split(';').skip(1) {
            safe.push(';');
            push_parameter(safe, parameter);
        }
        after_a_word_for_it |= name.len() < 24
            && (is_anti_forgery_name(name) || words(name).any(|word| BEFORE_TOKENS.contains(&word.as_str())));
    }
}

fn push_query(safe: &mut String, query: &str) {
    safe.push('?');
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            safe.push('&');
        }
        if at == MOST_PARAMETERS {
            safe.push('\u{2026}');
            break;
        }
        push_parameter(safe, pair);
    }
}

fn push_parameter(safe: &mut String, pair: &str) {
    match pair.split_once('=') {
        Some((name, value)) => {
            safe.push_str(if looks_secret(name) { MASK } else { name });
            safe.push('=');
            let masked = !value.is_empty()
                && (is_named_secret(&decoded(name)) || looks_secret(value) || busts_caches(name, value));
            safe.push_str(if masked { MASK } else { value });
        }
        None => safe.push_str(if looks_secret(pair) { MASK } else { pair }),
    }
}

/// Whether a value is there to be another each time: a random fraction, a clock's milliseconds, or a
/// number under a name for that. Kept, no two runs would show the same address.
fn busts_caches(name: &str, value: &str) -> bool {
    const NAMES: &[&str] = &[
        "_",
        "r",
        "rnd",
        "rand",
        "random",
        "ord",
        "cb",
        "z",
        "nocache",
        "cachebuster",
        "cache_buster",
        "ts",
    ];
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let fraction = value.strip_prefix("0.").or_else(|| value.strip_prefix('.'));
    let random = fraction.is_some_and(|rest| rest.len() >= 3 && rest.bytes().all(|b| b.is_ascii_digit()));
    let number = digits == value.len();
    // Milliseconds since 1970, from 2001 to 2286.
    let clock = number && digits == 13 && value.starts_with('1');
    let name = name.to_ascii_lowercase();
    random || clock || number && digits >= 5 && NAMES.contains(&name.as_str())
}

/// Whether a parameter's name says that its value is somebody's own.
pub(super) fn is_named_secret(name: &str) -> bool {
    name.len() > LONGEST_VALUE
        || is_anti_forgery_name(name)
        || words(name).any(|word| SECRET_NAMES.contains(&word.as_str()))
        || SECRET_ENDINGS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))
}

/// Whether a name says that its value lets somebody in, and not only who that is.
pub(super) fn names_a_credential(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "apikey",
        "assertion",
        "authorization",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "csrf",
        "jwt",
        "nonce",
        "otp",
        "passphrase",
        "passwd",
        "password",
        "pwd",
        "secret",
        "sess",
        "session",
        "sessionid",
        "sid",
        "signature",
        "ticket",
        "token",
        "xsrf",
    ];
    is_anti_forgery_name(name) || words(name).any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a word is random as only credentials are, wherever it stands.
pub(super) fn has_token_shape(word: &str) -> bool {
    is_token(word, false)
        || is_of_mixed_classes(word)
        || !is_uuid(word.as_bytes()) && looks_random(word) && !word.contains('.')
}

/// Whether a value looks like a credential or like somebody, whatever its name.
fn looks_secret(value: &str) -> bool {
    if value.len() < 6 {
        return false;
    }
    let value = decoded(value);
    value.len() > LONGEST_VALUE
        || is_email(&value)
        || is_token(&value, false)
        || !is_uuid(value.as_bytes()) && looks_random(&value)
        // A URL in a value: its own query counts.
        || value.split(['?', '&']).any(|pair| {
            pair.split_once('=').is_some_and(|(name, inner)| inner.len() >= 4 && is_named_secret(name))
        })
}

/// A path segment that is a token: very long and random, or random after a word such as `reset`.
fn is_token(segment: &str, after_a_word_for_it: bool) -> bool {
    if segment.len() < 6 {
        return false;
    }
    // A file with a hash in its name is public: /assets/9e107d9d372bb6826bd81d3542a419d6.js
    let is_file = segment.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.contains('.')
            && (2..=5).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if is_file && !after_a_word_for_it {
        return false;
    }
    let is_hex = segment.bytes().all(|b| b.is_ascii_hexdigit());
    let is_jwt = segment.starts_with("eyJ") && segment.contains('.');
    let very_long = segment.len() >= 32 && (is_hex || looks_random(segment)) && !is_uuid(segment.as_bytes());
    is_jwt
        || very_long
        || after_a_word_for_it
            && (segment.split(['-', '_', '.', ':']).any(is_mixed)
                || looks_random(segment)
                || is_hex && segment.len() >= 16
                || is_uuid(segment.as_bytes())
                || segment.bytes().all(|b| b.is_ascii_digit()))
}

pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !local.contains(['/', ' '])
            && domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty())
    })
}

/// From sixteen characters on: letters of both cases and digits in turns, as nobody writes words. What
/// ends in a number, or is written in camel case, changes now and then from letters to digits, what is
/// random all the time. Parts of a title are words.
fn is_of_mixed_classes(segment: &str) -> bool {
    const SHORTEST: usize = 16;
    let is_word = |part: &str| {
        let (first, rest) = part.split_at_checked(1).unwrap_or_default();
        let of = |text: &str, class: fn(&u8) -> bool| text.as_bytes().iter().all(class);
        part.len() >= 4
            && of(first, u8::is_ascii_alphabetic)
            && (of(rest, u8::is_ascii_lowercase) || of(part, u8::is_ascii_uppercase))
    };
    let separates = |c: char| matches!(c, '-' | '_');
    if segment.len() < SHORTEST
        || !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        || segment.split(separates).any(is_word)
    {
        return false;
    }
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    };
    let classes: Vec<u8> = segment.bytes().filter(u8::is_ascii_alphanumeric).map(class).collect();
    let at_least_two = |wanted: u8| classes.iter().filter(|class| **class == wanted).count() >= 2;
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let of_digits = classes.windows(2).filter(|pair| (pair[0] == 1) != (pair[1] == 1)).count();
    let often = of_digits * 4 >= classes.len() || of_digits >= 3 && changes * 2 >= classes.len();
    at_least_two(1) && at_least_two(2) && at_least_two(3) && often
}

/// What a site's build wrote: the hashes in it are public, and say which version it was.
fn is_built(path: &str) -> bool {
    const FOLDERS: &[&str] =
        &["_next", "_nuxt", "assets", "build", "bundles", "chunks", "dist", "packs", "static"];
    const FILES: &[&str] = &[
        "avif", "css", "gif", "ico", "jpeg", "jpg", "js", "map", "mjs", "png", "svg", "ttf", "wasm", "webp",
        "woff", "woff2",
    ];
    let is_file = path.rsplit_once('.').is_some_and(|(_, ending)| FILES.contains(&ending));
    is_file && path.split('/').any(|folder| FOLDERS.contains(&folder))
}

/// Percent-decoded, for judging only.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let plain: String = text.chars().map(|c| if c == '+' { ' ' } else { c }).collect();
    let bytes = plain.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The words of a name: `accessToken`, `access_token`, `access-token`; lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        let new = !c.is_ascii_alphabetic() || c.is_ascii_uppercase() && before_lower;
        if new && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        before_lower = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphabetic()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

/// Words of parameters whose values are somebody's own.
const SECRET_NAMES: &[&str] = &[
    "access",
    "address",
    "apikey",
    "assertion",
    "auth",
    "authorization",
    "bearer",
    "birthday",
    "challenge",
    "cfid",
    "cftoken",
    "code",
    "confirmation",
    "cookie",
    "credential",
    "credentials",
    "csrf",
    "email",
    "hash",
    "hint",
    "hmac",
    "invitation",
    "invite",
    "iban",
    "jwt",
    "key",
    "login",
    "magic",
    "mail",
    "nonce",
    "oauth",
    "otp",
    "pass",
    "passphrase",
    "password",
    "passwd",
    "phone",
    "pin",
    "pwd",
    "refresh",
    "relaystate",
    "reset",
    "samlart",
    "samlrequest",
    "samlresponse",
    "secret",
    "session",
    "sessionid",
    "sess",
    "sid",
    "sig",
    "sign",
    "signature",
    "ssn",
    "sso",
    "state",
    "tel",
    "ticket",
    "token",
    "uid",
    "user",
    "userid",
    "username",
    "verification",
    "verifier",
    "verify",
    "wpnonce",
    "xsrf",
];

/// The same where words run together: `PHPSESSID`, `jsessionid`, `authtoken`, `useremail`.
const SECRET_ENDINGS: &[&str] = &[
    "email",
    "key",
    "nonce",
    "password",
    "secret",
    "sessid",
    "session",
    "sessionid",
    "sid",
    "signature",
    "ticket",
    "token",
    "username",
];

/// Words of a path after which a token may come.
const BEFORE_TOKENS: &[&str] = &[
    "activate",
    "activation",
    "auth",
    "callback",
    "confirm",
    "confirmation",
    "invitation",
    "invite",
    "invites",
    "join",
    "key",
    "login",
    "magic",
    "oauth",
    "optout",
    "otp",
    "passwd",
    "password",
    "recover",
    "recovery",
    "reset",
    "session",
    "sessions",
    "share",
    "shared",
    "signin",
    "sso",
    "token",
    "tokens",
    "unsubscribe",
    "validate",
    "verification",
    "verify",
];

impl std::fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `*` in the expectation stands for the mask.
    #[track_caller]
    fn case(url: &str, expected: &str) {
        let safe = SafeUrl::new(&Url::parse(url).unwrap(), &Secrets::default());
        assert_eq!(safe.as_str(), expected.replace('*', MASK), "{url}");
    }

    #[test]
    fn what_is_another_each_time_is_masked() {
        case("https://a.test/p.gif?r=0.70801", "https://a.test/p.gif?r=*");
        case("https://a.test/p.gif?_=1764188000123&page=2", "https://a.test/p.gif?_=*&page=2");
        case("https://a.test/p.gif?ord=81234567", "https://a.test/p.gif?ord=*");
        case("https://a.test/list?page=12345&price=0.5", "https://a.test/list?page=12345&price=0.5");
        case("https://a.test/list?r=2", "https://a.test/list?r=2");
    }

    #[test]
    fn what_is_harmless_stays() {
        for url in [
            "https://example.org/",
            "http://127.0.0.1:8080/a/b.html?page=2&sort=name&lang=de-AT&q=cookies",
            "https://example.org/blog/how-to-reset-a-password",
            "https://example.org/reset/",
            "https://example.org/password/reset/done",
            "https://example.org/auth/callback/google",
            "https://example.org/login/oauth2/code",
            "https://example.org/assets/9e107d9d372bb6826bd81d3542a419d6.js",
            "https://example.org/u/3b241101-e2bb-4255-8caf-4136c566a962",
            "https://example.org/?id=3b241101-e2bb-4255-8caf-4136c566a962",
            "https://example.org/@anna/2026/11",
            "https://example.org/?utm_source=news&empty=&flag",
            "https://example.org/?next=%2Fdocs%3Fpage%3D2",
            "https://example.org/%1B%5B31m?x=%1B",
        ] {
            case(url, url);
        }
    }

    #[test]
    fn credentials_are_masked() {
        case("https://anna:hunter2@example.org/x#access_token=abc", "https://example.org/x");
        case(
            "https://example.org/cb?code=abc&state=x&page=2",
            "https://example.org/cb?code=*&state=*&page=2",
        );
        case(
            "https://example.org/?accessToken=a&api_key=b&PHPSESSID=c&user-email=d",
            "https://example.org/?accessToken=*&api_key=*&PHPSESSID=*&user-email=*",
        );
        case(
            "https://example.org/?X-Amz-Signature=1&Expires=5",
            "https://example.org/?X-Amz-Signature=*&Expires=5",
        );
        case("https://example.org/?q=anna@example.org", "https://example.org/?q=*");
        case("https://example.org/?q=anna%40example.org", "https://example.org/?q=*");
        case("https://example.org/?x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "https://example.org/?x=*");
        case("https://example.org/?x=9e107d9d372bb6826bd81d3542a419d6", "https://example.org/?x=*");
        case("https://example.org/?x=aB3xK9mQ2pLs7TvW", "https://example.org/?x=*");
        case("https://example.org/?aB3xK9mQ2pLs7TvW1zY", "https://example.org/?*");
        case(
            "https://example.org/?next=https%3A%2F%2Fx.org%2F%3Ftoken%3Dabcd",
            "https://example.org/?next=*",
        );
        case(&format!("https://example.org/?x={}", "lorem-".repeat(20)), "https://example.org/?x=*");
        case("https://example.org/magic/aB3xK9mQ2p", "https://example.org/magic/*");
        case("https://example.org/reset/MQ/c8x2ab-9f3e5d7c1b2a/", "https://example.org/reset/MQ/*/");
        case(
            "https://example.org/verify-email/3b241101-e2bb-4255-8caf-4136c566a962",
            "https://example.org/verify-email/*",
        );
        case("https://example.org/otp/123456", "https://example.org/otp/*");
        case("https://example.org/s/aB3xK9mQ2pLs7TvW1zYaB3xK9mQ2pLs7TvW1zY", "https://example.org/s/*");
        case("https://example.org/u/T1q8Lb5HsX0vN7cE4rWy2Kd9/x", "https://example.org/u/*/x");
        case("https://example.org/d/aB3xK9mQ2pLs7TvW", "https://example.org/d/*");
        case("https://example.org/d/aB3x-9mQ2pL_7TvWx", "https://example.org/d/*");
        for readable in [
            "/p/iPhone15ProMax256Gold",
            "/TheLongTitleOf2026Part12",
            "/Guide-to-A1B2-and-C3D4-Parts-2026",
            "/blog/2026/11/27/how-to-bake-bread-in-7-steps",
            "/_next/static/T1q8Lb5HsX0vN7cE4rWy2/_buildManifest.js",
            "/assets/index-D4x9QzB2aK7w.js",
            "/o/550e8400-e29b-41d4-a716-446655440000",
            "/wiki/HTTP_404_ERROR_PAGES",
            "/products/SKU12345678ABCDEF",
        ] {
            let address = format!("https://example.org{readable}");
            case(&address, &address);
        }
        case("https://example.org/unsubscribe/anna@example.org", "https://example.org/unsubscribe/*");
        case("https://example.org/a;jsessionid=1A2B/b", "https://example.org/a;jsessionid=*/b");
        case("data:text/html;base64,PHA+", "data:text/html");
        case("mailto:anna@example.org", "mailto:*");
    }

    #[test]
    fn known_secrets_are_masked_wherever_they_are() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2");
        let safe = SafeUrl::new(&Url::parse("https://example.org/hunter2?q=xhunter2x").unwrap(), &secrets);
        assert_eq!(safe.as_str(), format!("https://example.org/{MASK}?q=x{MASK}x"));
    }

    #[test]
    fn nothing_unprintable_and_nothing_endless_is_left() {
        let url =
            format!("https://ex\u{e4}mple.org/\u{1b}[31m\u{7f}\n\u{202e}?\u{1b}={}", "\u{1b}".repeat(9));
        let safe = SafeUrl::new(&Url::parse(&url).unwrap(), &Secrets::default());
        assert!(safe.as_str().is_ascii() && !safe.as_str().bytes().any(|b| b.is_ascii_control()));
        let long = format!("https://example.org/{}?{}", "a/".repeat(9000), "a=b&".repeat(9000));
        assert!(SafeUrl::new(&Url::parse(&long).unwrap(), &Secrets::default()).as_str().len() < 1600);
    }

    #[test]
    fn shapes() {
        let shape = |url: &str| SafeUrl::new(&Url::parse(url).unwrap(), &Secrets::default()).shape();
        assert_eq!(
            shape("https://example.org:81/blog/12?token=x&page=3"),
            "https://example.org:81/blog/{n}?page&token"
        );
        assert_eq!(shape("https://example.org/magic/aB3xK9mQ2p"), "https://example.org/magic/{id}");
        assert_eq!(shape("data:text/html,x"), "data:text/html");
    }
}
