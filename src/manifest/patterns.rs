//! Patterns for names, hosts and pages. All keep their text as written, for messages.

use crate::cookie::Name;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;
use url::Url;

/// A glob: `*` stands for any characters, also none. Used for hosts (`*.example.org` also means
/// `a.b.example.org`, not `example.org`), compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    written: String,
    tokens: Tokens,
}

/// A cookie or storage name: literal, glob (`_ga_*`) or regex. Compared with case, as browsers do.
#[derive(Clone, Debug)]
pub struct NamePattern {
    written: String,
    matcher: NameMatcher,
}

#[derive(Clone, Debug)]
enum NameMatcher {
    Literal,
    Glob(Tokens),
    Regex(Regex),
}

/// A page pattern: a path glob (`/docs/**` also means `/docs`; `*` stops at `/`), or host and path
/// (`app.example.org/login`; a host alone means all of its pages). The query counts only where the
/// pattern has a `?`. A last slash of the page may be there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePattern {
    written: String,
    host: Option<Glob>,
    port: Option<u16>,
    /// None: every path.
    path: Option<Tokens>,
    with_query: bool,
}

impl Glob {
    /// Reads a host glob. Hosts in Unicode are compared in punycode.
    pub fn new(written: &str) -> Self {
        let host = written.trim().trim_end_matches('.');
        let ascii = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_ascii_lowercase());
        Glob { written: written.to_owned(), tokens: Tokens::of_glob(ascii.as_bytes()) }
    }

    /// Whether a host is meant. Case and a last dot do not count.
    pub fn matches(&self, host: &str) -> bool {
        self.tokens.match_all(host.trim_end_matches('.').to_ascii_lowercase().as_bytes())
    }

    /// The one host it means, where it has no `*`.
    pub fn literal(&self) -> Option<&str> {
        (!self.written.contains('*')).then_some(self.written.as_str())
    }
}

impl NamePattern {
    /// Exactly this name.
    pub fn literal(name: &str) -> Self {
        NamePattern { written: name.to_owned(), matcher: NameMatcher::Literal }
    }

    /// `*` stands for any characters, also none; without a `*` it is a literal name.
    pub fn glob(glob: &str) -> Self {
        if glob.contains('*') {
            NamePattern {
                written: glob.to_owned(),
                matcher: NameMatcher::Glob(Tokens::of_glob(glob.as_bytes())),
            }
        } else {
            NamePattern::literal(glob)
        }
    }

    /// A regular expression that must match the whole name.
    pub fn regex(regex: &str) -> Result<Self, String> {
        let compile = |text: &str| RegexBuilder::new(text).size_limit(1 << 20).build();
        // First by itself, so that `a)(b` is refused rather than made whole by our brackets.
        let compiled = compile(regex).and_then(|_| compile(&format!("^(?:{regex})$")));
        match compiled {
            Ok(compiled) => {
                Ok(NamePattern { written: regex.to_owned(), matcher: NameMatcher::Regex(compiled) })
            }
            Err(regex::Error::Syntax(text)) => {
                Err(text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
            }
            Err(_) => Err("it is too large".to_owned()),
        }
    }

    /// Whether a name is meant.
    pub fn matches(&self, name: &Name) -> bool {
        self.matches_bytes(name.as_bytes())
    }

    /// The same for a name of the manifest or plan.
    pub fn matches_text(&self, name: &str) -> bool {
        self.matches_bytes(name.as_bytes())
    }

    /// The one name it means, where it is a literal.
    pub fn as_literal(&self) -> Option<&str> {
        matches!(self.matcher, NameMatcher::Literal).then_some(self.written.as_str())
    }

    /// Whether it is a regular expression.
    pub fn is_regex(&self) -> bool {
        matches!(self.matcher, NameMatcher::Regex(_))
    }

    /// As written, without the mark that tells a regex.
    pub fn written(&self) -> &str {
        &self.written
    }

    fn matches_bytes(&self, name: &[u8]) -> bool {
        match &self.matcher {
            NameMatcher::Literal => self.written.as_bytes() == name,
            NameMatcher::Glob(tokens) => tokens.match_all(name),
            NameMatcher::Regex(regex) => regex.is_match(name),
        }
    }
}

impl PagePattern {
    /// Reads a page pattern; the error says what is wrong with it.
    pub fn new(written: &str) -> Result<Self, String> {
        let text = written.trim();
        let pattern = |host, port, path, with_query| {
            Ok(PagePattern { written: written.to_owned(), host, port, path, with_query })
        };
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if matches!(text, "*" | "**" | "/**") {
            return pattern(None, None, None, false);
        }
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        if text.contains("://") {
            return Err("only http and https pages can be meant".into());
        }
        let (authority, path) = match text.find(['/', '?']) {
            Some(0) => (None, Some(text)),
            Some(at) => (Some(&text[..at]), Some(&text[at..])),
            None => (Some(text), None),
        };
        let (host, port) = match authority.map(split_port).transpose()? {
            Some((host, port)) => (Some(Glob::new(host)), port),
            None => (None, None),
        };
        let path = path.filter(|path| !matches!(*path, "/**" | "/**/*"));
        let with_query = path.is_some_and(|path| path.contains('?'));
        pattern(host, port, path.map(|path| Tokens::of_path(&normalised(path))), with_query)
    }

    /// Whether a page is meant.
    pub fn matches(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        if self.host.as_ref().is_some_and(|glob| !glob.matches(host)) {
            return false;
        }
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        let Some(path) = &self.path else { return true };
        let seen = url.path();
        if self.with_query {
            let seen = format!("{seen}?{}", url.query().unwrap_or_default());
            return path.match_all(seen.as_bytes());
        }
        path.match_all(seen.as_bytes())
            || seen
                .strip_suffix('/')
                .is_some_and(|short| !short.is_empty() && path.match_all(short.as_bytes()))
    }

    /// The host it is bound to, where it is.
    pub fn host(&self) -> Option<&Glob> {
        self.host.as_ref()
    }

    /// The path of the one page it means, where it has no `*`.
    pub fn literal_path(&self) -> Option<&str> {
        let text = self.written.trim();
        (text.starts_with('/') && !text.contains('*')).then_some(text)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.matcher {
            NameMatcher::Regex(_) => write!(f, "/{}/", self.written),
            _ => f.write_str(&self.written),
        }
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for NamePattern {}

impl fmt::Display for PagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// `host:port`, where the port is a number.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let Some((host, port)) = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) else {
        return Ok((authority, None));
    };
    let port = port.parse().map_err(|_| format!("`{port}` is not a port"))?;
    Ok((host, Some(port)))
}

/// Percent-encodes a path glob as the `url` crate does the paths it is compared with.
fn normalised(path: &str) -> String {
    let Ok(mut url) = Url::parse("http://h/") else { return path.to_owned() };
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    url.as_str()["http://h".len()..].to_owned()
}

/// A glob taken apart. Matched by following all its positions at once, so that no glob and no
/// text, however hostile, takes longer than their lengths multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tokens(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// Any bytes, also none.
    Any,
    /// Any bytes but `/`, also none.
    Segment,
    /// Nothing, or a `/` that the following `Any` goes on from: `/**`.
    MaybeSlash,
}

impl Tokens {
    /// `*` stands for anything.
    fn of_glob(glob: &[u8]) -> Self {
        Tokens(glob.iter().map(|&byte| if byte == b'*' { Token::Any } else { Token::Byte(byte) }).collect())
    }

    /// `*` stops at `/`, `**` does not, `/**` at the end or before a `/` may be nothing at all.
    fn of_path(mut path: &str) -> Self {
        let mut tokens = Vec::new();
        while let Some(&byte) = path.as_bytes().first() {
            let deep = path.strip_prefix("/**").filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = deep {
                tokens.extend([Token::MaybeSlash, Token::Any]);
                path = rest;
            } else if let Some(rest) = path.strip_prefix("**") {
                tokens.push(Token::Any);
                path = rest;
            } else if let Some(rest) = path.strip_prefix('*') {
                tokens.push(Token::Segment);
                path = rest;
            } else {
                tokens.push(Token::Byte(byte));
                // Encoded paths are ASCII; should one not be, its bytes are compared one by one.
                let next = (1..=path.len()).find(|&at| path.is_char_boundary(at)).unwrap_or(path.len());
                tokens.extend(path.as_bytes()[1..next].iter().map(|&byte| Token::Byte(byte)));
                path = &path[next..];
            }
        }
        Tokens(tokens)
    }

    fn match_all(&self, text: &[u8]) -> bool {
        let tokens = &self.0;
        if !tokens.iter().any(|token| !matches!(token, Token::Byte(_))) {
            return tokens.len() == text.len()
                && tokens.iter().zip(text).all(|(token, byte)| *token == Token::Byte(*byte));
        }
        let mut here = vec![false; tokens.len() + 1];
        let mut next = here.clone();
        here[0] = true;
        self.skip_empty(&mut here);
        for &byte in text {
            next.fill(false);
            for (at, token) in tokens.iter().enumerate().filter(|(at, _)| here[*at]) {
                match token {
                    Token::Byte(wanted) if *wanted == byte => next[at + 1] = true,
                    Token::Any => next[at] = true,
                    Token::Segment if byte != b'/' => next[at] = true,
                    Token::MaybeSlash if byte == b'/' => next[at + 1] = true,
                    _ => {}
                }
            }
            std::mem::swap(&mut here, &mut next);
            self.skip_empty(&mut here);
        }
        here[tokens.len()]
    }

    /// Positions that are reached without a byte.
    fn skip_empty(&self, here: &mut [bool]) {
        for (at, token) in self.0.iter().enumerate() {
            if here[at] {
                match token {
                    Token::Any | Token::Segment => here[at + 1] = true,
                    Token::MaybeSlash => here[at + 2] = true,
                    Token::Byte(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn page(pattern: &str, path: &str, expected: bool) {
        let url = Url::parse("https://example.org").unwrap().join(path).unwrap();
        assert_eq!(PagePattern::new(pattern).unwrap().matches(&url), expected, "{pattern} and {url}");
    }

    #[test]
    fn page_patterns_mean_what_they_say() {
        page("/", "/", true);
        page("/", "/docs", false);
        page("*", "/docs/a", true);
        page("/**", "/", true);
        page("/docs/**", "/docs", true);
        page("/docs/**", "/docs/", true);
        page("/docs/**", "/docs/a/b", true);
        page("/docs/**", "/docsearch", false);
        page("/docs/*", "/docs/a", true);
        page("/docs/*", "/docs/a/b", false);
        page("/docs/*", "/docs", false);
        page("/docs*", "/docsearch", true);
        page("/**/edit", "/edit", true);
        page("/**/edit", "/a/b/edit", true);
        page("/a/**/z", "/a/z", true);
        page("/a/**/z", "/a/b/c/z", true);
        page("/a/**/z", "/az", false);
        page("/pricing", "/pricing/", true);
        page("/pricing", "/Pricing", false);
        page("/pricing", "/pricing?plan=1", true);
        page("/search?q=*", "/search?q=tea", true);
        page("/search?q=*", "/search", false);
        page("/über/*", "/%C3%BCber/uns", true);
        page("example.org/login", "/login", true);
        page("example.org/**", "/login", true);
        page("*.example.org/login", "/login", false);
        page("example.org", "/anything/at/all", true);
        page("https://EXAMPLE.org/login", "/login", true);
        page("example.org:8080/login", "/login", false);
        page("example.org:443/login", "/login", true);
    }

    #[test]
    fn unusable_page_patterns_say_why() {
        assert_eq!(PagePattern::new(" ").unwrap_err(), "it is empty");
        assert_eq!(PagePattern::new("ftp://a/b").unwrap_err(), "only http and https pages can be meant");
        assert_eq!(PagePattern::new("a:b/c").unwrap_err(), "`b` is not a port");
    }

    #[track_caller]
    fn host(glob: &str, host: &str, expected: bool) {
        assert_eq!(Glob::new(glob).matches(host), expected, "{glob} and {host}");
    }

    #[test]
    fn host_globs_mean_what_they_say() {
        host("example.org", "Example.ORG", true);
        host("example.org", "example.org.", true);
        host("example.org", "a.example.org", false);
        host("*.example.org", "a.b.example.org", true);
        host("*.example.org", "example.org", false);
        host("*.example.org", "badexample.org", false);
        host("*stripe*", "m.stripe.com", true);
        host("bücher.example", "xn--bcher-kva.example", true);
        host("*.bücher.example", "www.xn--bcher-kva.example", true);
    }

    #[track_caller]
    fn name(pattern: &NamePattern, name: &str, expected: bool) {
        assert_eq!(pattern.matches(&Name::new(name)), expected, "{pattern} and {name}");
    }

    #[test]
    fn name_patterns_mean_what_they_say() {
        name(&NamePattern::literal("sid"), "sid", true);
        name(&NamePattern::literal("sid"), "SID", false);
        name(&NamePattern::literal("a*"), "ab", false);
        name(&NamePattern::glob("_ga_*"), "_ga_ABC123", true);
        name(&NamePattern::glob("_ga_*"), "_ga", false);
        name(&NamePattern::regex("_pk_id\\.\\d+\\.[0-9a-f]{4}").unwrap(), "_pk_id.1.1fff", true);
        name(&NamePattern::regex("a|b").unwrap(), "ab", false);
        assert_eq!(NamePattern::regex("a(").unwrap_err(), "unclosed group");
        assert!(NamePattern::regex("a)(b").is_err());
        assert_eq!(NamePattern::regex("(a{1000}){1000}").unwrap_err(), "it is too large");
    }

    #[test]
    fn a_hostile_glob_takes_no_longer_than_its_length() {
        let glob = Glob::new(&"*a".repeat(200));
        assert!(!glob.matches(&"a".repeat(20_000).replace("aa", "ab")));
    }
}
