//! Patterns for names, hosts and pages. All keep their text as written, for messages.

use crate::cookie::Name;
use crate::observation::{Glob, Tokens};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;
use url::Url;

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

    /// Whether a name is meant, be it of a part: what is too long for one cookie is cut into `session.0`,
    /// `session.1` by who sets it, and declared as one.
    pub fn matches(&self, name: &Name) -> bool {
        self.matches_whole(name)
            || !self.is_regex() && part_of(name.as_bytes()).is_some_and(|whole| self.matches_bytes(whole))
    }

    /// Whether a name is meant as it stands.
    pub fn matches_whole(&self, name: &Name) -> bool {
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

    /// Whether some name may be meant by both, as far as their texts show: without case, without
    /// leading underscores and dots, and without a prefix that only https has.
    pub fn may_mean(&self, other: &NamePattern) -> bool {
        let (own, others) = (bare(&self.written), bare(&other.written));
        if own == others || self.matches_text(&other.written) || other.matches_text(&self.written) {
            return true;
        }
        // A glob as one of the names that it stands for.
        let sample = |written: &str| written.replace('*', "0");
        let meant = |pattern: &NamePattern, name: &NamePattern| {
            !pattern.is_regex()
                && NamePattern::glob(&bare(&pattern.written)).matches_text(&sample(&bare(&name.written)))
                || pattern.is_regex() && !name.is_regex() && pattern.matches_text(&sample(&name.written))
        };
        meant(self, other) || meant(other, self)
    }

    fn matches_bytes(&self, name: &[u8]) -> bool {
        match &self.matcher {
            NameMatcher::Literal => self.written.as_bytes() == name,
            NameMatcher::Glob(tokens) => tokens.match_all(name),
            NameMatcher::Regex(regex) => regex.is_match(name),
        }
    }
}

/// The name of what a numbered part belongs to: `session` of `session.0`. More than twenty parts are no
/// cookie that browsers keep and servers take.
fn part_of(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    let is_number = matches!(&name[dot + 1..], [b'0'..=b'9'] | [b'1', b'0'..=b'9']);
    is_number.then_some(&name[..dot])
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

/// A name as people write it: without what some leave out.
fn bare(written: &str) -> String {
    let prefix = super::name_prefix(written).map_or(0, |(prefix, _)| prefix.len());
    written[prefix..].trim_start_matches(['_', '.']).to_lowercase()
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
    fn name(pattern: &NamePattern, name: &str, expected: bool) {
        assert_eq!(pattern.matches(&Name::new(name)), expected, "{pattern} and {name}");
    }

    #[test]
    fn two_patterns_may_mean_one_name() {
        let of = |text: &str| match text.strip_prefix('/') {
            Some(regex) => NamePattern::regex(regex).unwrap(),
            None => NamePattern::glob(text),
        };
        for (one, other, both) in [
            ("sid", "sid", true),
            ("sid", "theme", false),
            ("__Host-sid", "sid", true),
            ("__utma", "utma", true),
            ("PHPSESSID", "phpsessid", true),
            ("_ga_*", "_ga_ABC", true),
            ("_ga_*", "_ga", false),
            ("sess_*", "sess_*_x", true),
            ("/_pk_id\\..*", "_pk_id.1.ab", true),
            ("/_pk_id\\..*", "_pk_id.*", true),
            ("/_pk_id\\..*", "_pk_ses.*", false),
        ] {
            assert_eq!(of(one).may_mean(&of(other)), both, "{one} {other}");
            assert_eq!(of(other).may_mean(&of(one)), both, "{other} {one}");
        }
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
}
