//! robots.txt (RFC 9309): Google's parser reads the file, with the misspellings it forgives; the
//! rules are kept and matched here, since parsing 500 KiB again for every link would be slow and
//! the library's wildcards lose matches (`/*.php$` does not match `/a.b.php`).

use super::{Address, Base};
use robotstxt::{RobotsParseHandler, parse_robotstxt};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;

/// What of a robots.txt is read (RFC 9309, 2.5 asks for at least 500 KiB).
const MAX_BYTES: usize = 500 * 1024;
/// A longer line is cut: no rule is that long.
const MAX_LINE: usize = 2000;
const MAX_RULES: usize = 10_000;
const MAX_SITEMAPS: usize = 100;

/// What a host's robots.txt lets us do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robots {
    pub state: RobotsState,
    pub crawl_delay: Option<Duration>,
    pub sitemaps: Vec<Address>,
    /// Of the group that speaks to us.
    rules: Vec<Rule>,
}

/// How a robots.txt was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobotsState {
    Read,
    /// 4xx: there is none, everything is allowed (RFC 9309, 2.3.1.3).
    Absent,
    /// 5xx, 429 or no answer: everything is disallowed (RFC 9309, 2.3.1.4).
    Unreachable,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    allow: bool,
    pattern: String,
}

impl Robots {
    /// From an answer, after its redirects; status 0 for none. `agent` is our product token.
    pub fn new(url: &Url, status: u16, body: &[u8], agent: &str) -> Robots {
        let state = match status {
            200..=299 => RobotsState::Read,
            429 => RobotsState::Unreachable,
            300..=499 => RobotsState::Absent,
            _ => RobotsState::Unreachable,
        };
        let mut groups = Groups::new(Base::new(url.clone()), agent);
        if state == RobotsState::Read {
            parse_robotstxt(&readable(body), &mut groups);
        }
        let group = if groups.ours_seen { groups.ours } else { groups.everybodys };
        Robots { state, crawl_delay: group.crawl_delay, sitemaps: groups.sitemaps, rules: group.rules }
    }

    /// Nothing is forbidden.
    pub fn allow_all() -> Robots {
        Robots { state: RobotsState::Absent, crawl_delay: None, sitemaps: Vec::new(), rules: Vec::new() }
    }

    /// Whether we may ask for the address: the longest matching rule decides, and of two as long
    /// the one that allows (RFC 9309, 2.2.2).
    pub fn allows(&self, address: &Address) -> bool {
        if self.state == RobotsState::Unreachable {
            return false;
        }
        let path = robotstxt::parser::escape_pattern(address.path_and_query());
        let longest = self
            .rules
            .iter()
            .filter(|rule| matches(&path, &rule.pattern))
            .max_by_key(|rule| (rule.pattern.len(), rule.allow));
        longest.is_none_or(|rule| rule.allow)
    }
}

/// Text that Google's parser reads without trouble: no byte order mark, bounded lines.
fn readable(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_BYTES)]);
    let lines = text.split(['\n', '\r']).map(|line| match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => &line[..end],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `*` stands for any characters, `$` at the end for the end; otherwise a prefix. Linear in the
/// path for each `*`, whatever the pattern.
fn matches(path: &str, pattern: &str) -> bool {
    let (pattern, anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !anchored || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if anchored && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[derive(Default)]
struct Group {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

/// Collects the group for our token, and the one for everybody (`*`). Groups of the same agent
/// are one group (RFC 9309, 2.2.1).
struct Groups {
    base: Base,
    agent: String,
    ours: Group,
    ours_seen: bool,
    everybodys: Group,
    sitemaps: Vec<Address>,
    in_ours: bool,
    in_everybodys: bool,
    /// A rule came since the last user-agent line: the next one opens another group.
    closed: bool,
}

impl Groups {
    fn new(base: Base, agent: &str) -> Groups {
        Groups {
            base,
            agent: agent.to_ascii_lowercase(),
            ours: Group::default(),
            ours_seen: false,
            everybodys: Group::default(),
            sitemaps: Vec::new(),
            in_ours: false,
            in_everybodys: false,
            closed: false,
        }
    }

    fn current(&mut self) -> Option<&mut Group> {
        match (self.in_ours, self.in_everybodys) {
            (true, _) => Some(&mut self.ours),
            (_, true) => Some(&mut self.everybodys),
            _ => None,
        }
    }

    fn rule(&mut self, allow: bool, pattern: &str) {
        self.closed = true;
        let Some(group) = self.current() else { return };
        if pattern.is_empty() || group.rules.len() >= MAX_RULES {
            return;
        }
        group.rules.push(Rule { allow, pattern: pattern.to_owned() });
        // As Google does: allowing /index.html allows /.
        if allow
            && let Some((folder, file)) = pattern.rsplit_once('/')
            && file.starts_with("index.htm")
        {
            group.rules.push(Rule { allow, pattern: format!("{folder}/$") });
        }
    }
}

impl RobotsParseHandler for Groups {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, agent: &str) {
        if self.closed {
            (self.in_ours, self.in_everybodys, self.closed) = (false, false, false);
        }
        let token: String =
            agent.chars().take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_')).collect();
        if agent == "*" || agent.starts_with("* ") || agent.starts_with("*\t") {
            self.in_everybodys = true;
        } else if token.eq_ignore_ascii_case(&self.agent) {
            self.in_ours = true;
            self.ours_seen = true;
        }
    }

    fn handle_allow(&mut self, _line: u32, pattern: &str) {
        self.rule(true, pattern);
    }

    fn handle_disallow(&mut self, _line: u32, pattern: &str) {
        self.rule(false, pattern);
    }

    fn handle_sitemap(&mut self, _line: u32, sitemap: &str) {
        if self.sitemaps.len() < MAX_SITEMAPS
            && let Some(address) = self.base.join(sitemap)
            && !self.sitemaps.contains(&address)
        {
            self.sitemaps.push(address);
        }
    }

    fn handle_unknown_action(&mut self, _line: u32, action: &str, value: &str) {
        let seconds = value.parse().ok().filter(|seconds: &f64| (0.0..=86_400.0).contains(seconds));
        if action.eq_ignore_ascii_case("crawl-delay")
            && let Some(seconds) = seconds
            && let Some(group) = self.current()
        {
            group.crawl_delay = Some(Duration::from_secs_f64(seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn robots(status: u16, text: &[u8]) -> Robots {
        Robots::new(&Url::parse("https://example.org/robots.txt").unwrap(), status, text, "cookieproof")
    }

    fn allows(robots: &Robots, path: &str) -> bool {
        robots.allows(&Address::parse(&format!("https://example.org{path}")).unwrap())
    }

    #[test]
    fn rules() {
        #[track_caller]
        fn case(text: &str, path: &str, allowed: bool) {
            assert_eq!(allows(&robots(200, text.as_bytes()), path), allowed, "{text:?} {path}");
        }
        case("", "/", true);
        case("User-agent: *\nDisallow: /", "/x", false);
        case("User-agent: *\nDisallow:", "/x", true);
        case("User-agent: *\nDisallow: /a", "/ab", false);
        case("User-agent: *\nDisallow: /a\nAllow: /ab", "/abc", true);
        case("User-agent: *\nAllow: /a\nDisallow: /a", "/a", true);
        case("User-agent: *\nDisallow: /*.php$", "/a.b.php", false);
        case("User-agent: *\nDisallow: /*.php$", "/a.php?x", true);
        case("User-agent: *\nDisallow: /*?", "/a?b", false);
        case("User-agent: *\nDisallow: /a*b*c", "/axbxc", false);
        case("User-agent: *\nDisallow: /\u{e4}", "/%c3%a4", false);
        case("User-agent: *\nDisallow: /\n\nUser-agent: CookieProof/2.0\nDisallow: /a", "/b", true);
        case("User-agent: *\nDisallow: /\n\nUser-agent: cookieproof\nDisallow: /a", "/a", false);
        case("User-agent: other\nUser-agent: cookieproof\nDisallow: /a", "/a", false);
        case("User-agent: cookieproof\nDisallow: /a\nUser-agent: other\nDisallow: /b", "/b", true);
        case("User-agent: cookieproof\nDisallow:\nUser-agent: *\nDisallow: /", "/b", true);
        case("User-agent: cookieproofer\nDisallow: /", "/b", true);
        case("\u{feff}user agent: *\r\ndisalow: /a # no\r\n", "/a", false);
        case("User-agent: *\nDisallow: /\nAllow: /index.html", "/", true);
    }

    #[test]
    fn the_status_decides_where_there_is_no_file() {
        #[track_caller]
        fn case(status: u16, state: RobotsState, allowed: bool) {
            let robots = robots(status, b"User-agent: *\nDisallow: /private");
            assert_eq!((robots.state, allows(&robots, "/x")), (state, allowed), "{status}");
        }
        case(200, RobotsState::Read, true);
        case(404, RobotsState::Absent, true);
        case(403, RobotsState::Absent, true);
        case(429, RobotsState::Unreachable, false);
        case(500, RobotsState::Unreachable, false);
        case(0, RobotsState::Unreachable, false);
    }

    #[test]
    fn delay_and_sitemaps() {
        let robots = robots(
            200,
            b"Sitemap: /a.xml\nUser-agent: *\nCrawl-delay: 1.5\nsitemap: https://cdn.example.org/b.xml.gz\nSitemap: ftp://x/",
        );
        assert_eq!(robots.crawl_delay, Some(Duration::from_millis(1500)));
        let sitemaps: Vec<_> = robots.sitemaps.iter().map(Address::as_str).collect();
        assert_eq!(sitemaps, ["https://example.org/a.xml", "https://cdn.example.org/b.xml.gz"]);
    }

    #[test]
    fn hostile_files_are_read_in_time() {
        let long_line =
            ["Disallow: /".as_bytes(), "\u{e4}".repeat(400_000).as_bytes(), b"\nUser-agent: *\nDisallow: /a"]
                .concat();
        let stars = ["User-agent: *\nDisallow: /", &"*a".repeat(900), "$"].concat();
        assert!(!allows(
            &robots(200, &[b"User-agent: *\n", &b"Disallow: /a\n".repeat(30_000)[..]].concat()),
            "/a"
        ));
        assert!(allows(&robots(200, &long_line), "/x"));
        assert!(allows(&robots(200, stars.as_bytes()), &format!("/{}b", "a".repeat(5000))));
        assert!(allows(&robots(200, &[0xff; 1000]), "/x"));
    }
}
