//! Facts about well-known cookies, storage keys and hosts: whose they are and what they are for.
//!
//! The table (`facts.txt`) is compiled in and read once; lists that the user points to say more
//! ([`Knowledge`]). A thing that is in none of them stays unknown: an unknown name is never guessed
//! at. Each classification says which line of which table decided.

mod cookie_database;
mod filters;
mod knowledge;
mod list;

pub use knowledge::{Knowledge, KnowledgeHere, Remark};
pub use list::NotAList;

use crate::manifest::Category;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of a cookie, storage key or host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Who it belongs to; a registrable domain where only a filter list knows it.
    pub vendor: Cow<'static, str>,
    pub role: Role,
    /// Another company's, also where the cookie is written in the site's own name; false for
    /// software that sites run themselves.
    pub third_party: bool,
    /// What decided: the table's line (`cookie _ga_*`), or a list's
    /// (`easyprivacy.txt:1234 ||tracker.test^`).
    pub matched_by: Cow<'static, str>,
}

/// What a vendor or thing is for, finer than a category of privacy practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Analytics,
    /// Watches people, and nobody says what for: what filter lists know.
    Tracking,
    /// Experiments: who sees which variant.
    Testing,
    Advertising,
    Social,
    /// Errors and speed of the site itself.
    Monitoring,
    Chat,
    Video,
    Maps,
    Fonts,
    /// Files served for others.
    Cdn,
    Payment,
    Consent,
    Security,
    Balancing,
    Authentication,
    Necessary,
    Functional,
}

/// The kinds of things the table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Cookie,
    Storage,
    Host,
}

/// What is known of a cookie of this name on this host. One of unknown name on a known vendor's host
/// is that vendor's.
pub fn classify_cookie(name: &str, host: &str) -> Option<Fact> {
    TABLE.named(Kind::Cookie, name, host).or_else(|| classify_host(host))
}

/// Whether a text is the very name of a cookie that somebody is known to set, wherever that is.
pub fn is_known_name(name: &str) -> bool {
    TABLE.exact.contains_key(&(Kind::Cookie, name))
}

/// What is known of a storage key of an origin's host.
pub fn classify_storage(key: &str, host: &str) -> Option<Fact> {
    TABLE.named(Kind::Storage, key, host).or_else(|| classify_host(host))
}

/// What is known of a host: the narrowest known host that it is, or is below of.
pub fn classify_host(host: &str) -> Option<Fact> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut rest = host.as_str();
    loop {
        if let Some(fact) = TABLE.hosts.get(rest) {
            return Some(fact.clone());
        }
        rest = rest.split_once('.')?.1;
    }
}

/// The hosts that are known to be a vendor's.
pub fn hosts_of(vendor: &str) -> Vec<&'static str> {
    LINES
        .iter()
        .filter(|line| line.kind == Kind::Host && line.fact.vendor.eq_ignore_ascii_case(vendor))
        .map(|line| line.pattern)
        .collect()
}

/// Every fact, in the table's order; for the inventory of facts and its tests.
pub fn all_facts() -> impl Iterator<Item = Fact> {
    LINES.iter().map(|line| line.fact.clone())
}

impl Role {
    const WORDS: &[(&str, Role)] = &[
        ("analytics", Role::Analytics),
        ("tracking", Role::Tracking),
        ("testing", Role::Testing),
        ("advertising", Role::Advertising),
        ("social", Role::Social),
        ("monitoring", Role::Monitoring),
        ("chat", Role::Chat),
        ("video", Role::Video),
        ("maps", Role::Maps),
        ("fonts", Role::Fonts),
        ("cdn", Role::Cdn),
        ("payment", Role::Payment),
        ("consent", Role::Consent),
        ("security", Role::Security),
        ("balancing", Role::Balancing),
        ("authentication", Role::Authentication),
        ("necessary", Role::Necessary),
        ("functional", Role::Functional),
    ];

    /// The word for it, as in the table and in `only_provider_of`.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }

    /// The role a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, role)| *role)
    }

    /// The category of privacy practice it falls into.
    pub fn category(self) -> Category {
        match self {
            Role::Analytics | Role::Testing | Role::Tracking => Category::Analytics,
            Role::Advertising => Category::Advertising,
            Role::Social => Category::Social,
            Role::Monitoring
            | Role::Chat
            | Role::Video
            | Role::Maps
            | Role::Fonts
            | Role::Cdn
            | Role::Functional => Category::Functional,
            Role::Payment
            | Role::Consent
            | Role::Security
            | Role::Balancing
            | Role::Authentication
            | Role::Necessary => Category::StrictlyNecessary,
        }
    }

    /// Whether it watches people: analytics, advertising, social networks.
    pub fn tracks(self) -> bool {
        matches!(self, Role::Analytics | Role::Tracking | Role::Advertising | Role::Social)
    }
}

/// One line of the table.
struct Line {
    kind: Kind,
    pattern: &'static str,
    host: Option<&'static str>,
    fact: Fact,
}

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| read(include_str!("facts.txt")));
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(&LINES));

/// The table ready for looking up: a name costs one lookup for each of its prefixes, however many
/// facts there are.
#[derive(Default)]
struct Table {
    hosts: HashMap<&'static str, Fact>,
    exact: HashMap<(Kind, &'static str), Vec<&'static Line>>,
    /// By what stands before the `*`.
    globs: HashMap<(Kind, &'static str), Vec<&'static Line>>,
    longest_prefix: usize,
}

impl Table {
    fn of(lines: &'static [Line]) -> Self {
        let mut table = Table::default();
        for line in lines {
            match (line.kind, line.pattern.split_once('*')) {
                (Kind::Host, _) => {
                    table.hosts.insert(line.pattern, line.fact.clone());
                }
                (kind, None) => table.exact.entry((kind, line.pattern)).or_default().push(line),
                (kind, Some((prefix, _))) => {
                    table.globs.entry((kind, prefix)).or_default().push(line);
                    table.longest_prefix = table.longest_prefix.max(prefix.len());
                }
            }
        }
        table
    }

    /// The fact for a name: an exact one, else the glob with the longest prefix.
    fn named(&self, kind: Kind, name: &str, host: &str) -> Option<Fact> {
        self.exactly(kind, name, host).or_else(|| self.like(kind, name, host))
    }

    fn exactly(&self, kind: Kind, name: &str, host: &str) -> Option<Fact> {
        let here = |line: &&&Line| line.host.is_none_or(|bound| is_below(host, bound));
        self.exact.get(&(kind, name)).and_then(|lines| lines.iter().find(here)).map(|line| line.fact.clone())
    }

    fn like(&self, kind: Kind, name: &str, host: &str) -> Option<Fact> {
        let here = |line: &&&Line| line.host.is_none_or(|bound| is_below(host, bound));
        (0..=self.longest_prefix.min(name.len())).rev().filter(|at| name.is_char_boundary(*at)).find_map(
            |at| {
                let lines = self.globs.get(&(kind, &name[..at]))?;
                let fits = |line: &&&Line| {
                    let suffix = line.pattern.split_once('*').map_or("", |(_, suffix)| suffix);
                    name[at..].ends_with(suffix)
                };
                lines.iter().filter(here).find(fits).map(|line| line.fact.clone())
            },
        )
    }
}

/// Whether a host is another, or below it.
fn is_below(host: &str, bound: &str) -> bool {
    let host = host.trim_start_matches('.').trim_end_matches('.');
    host.len() >= bound.len()
        && host.is_char_boundary(host.len() - bound.len())
        && host[host.len() - bound.len()..].eq_ignore_ascii_case(bound)
        && (host.len() == bound.len() || host.as_bytes()[host.len() - bound.len() - 1] == b'.')
}

/// Reads the table. It is part of the program: a line that cannot be read is left out here and
/// fails the test below.
fn read(text: &'static str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut section: Option<(&'static str, Role, bool)> = None;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            section = header(rest);
        } else if let Some(section) = section {
            lines.extend(entry(line, section));
        }
    }
    lines
}

fn header(rest: &'static str) -> Option<(&'static str, Role, bool)> {
    let (vendor, words) = rest.split_once(']')?;
    let words = words.trim();
    let (third_party, role) = words.strip_prefix("framework ").map_or((true, words), |role| (false, role));
    Some((vendor, Role::from_word(role.trim())?, third_party))
}

fn entry(line: &'static str, (vendor, role, third_party): (&'static str, Role, bool)) -> Option<Line> {
    let mut words = line.split_whitespace();
    let kind = match words.next()? {
        "cookie" => Kind::Cookie,
        "storage" => Kind::Storage,
        "host" => Kind::Host,
        _ => return None,
    };
    let pattern = words.next()?;
    let mut host = None;
    let mut role = role;
    for word in words {
        match word.strip_prefix('@') {
            Some(bound) => host = Some(bound),
            None => role = Role::from_word(word)?,
        }
    }
    let shown = line.split(" @").next().unwrap_or(line);
    let shown = shown.rfind(pattern).map_or(line, |at| &line[..at + pattern.len()]);
    Some(Line {
        kind,
        pattern,
        host,
        fact: Fact { vendor: vendor.into(), role, third_party, matched_by: shown.into() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cookie(name: &str, host: &str, expected: Option<(&str, Role)>) {
        let fact = classify_cookie(name, host);
        let said = fact.as_ref().map(|fact| (fact.vendor.as_ref(), fact.role));
        assert_eq!(said, expected, "{name} on {host}");
    }

    #[test]
    fn well_known_cookies_are_known_wherever_they_are_written() {
        cookie("_ga", "prokken.com", Some(("Google Analytics", Role::Analytics)));
        cookie("_ga_ABC123", "prokken.com", Some(("Google Analytics", Role::Analytics)));
        cookie("_gid", "a.example", Some(("Google Analytics", Role::Analytics)));
        cookie("_clck", "a.example", Some(("Microsoft Clarity", Role::Analytics)));
        cookie("_pk_id.1.1fff", "a.example", Some(("Matomo", Role::Analytics)));
        cookie("_fbp", "a.example", Some(("Meta", Role::Advertising)));
        cookie("_gcl_au", "a.example", Some(("Google Ads", Role::Advertising)));
        cookie("__stripe_mid", "a.example", Some(("Stripe", Role::Payment)));
        cookie("__cf_bm", "plausible.io", Some(("Cloudflare", Role::Security)));
        cookie("mp_0123_mixpanel", "a.example", Some(("Mixpanel", Role::Analytics)));
        cookie("theme", "a.example", Some(("Site preferences", Role::Functional)));
    }

    #[test]
    fn a_name_bound_to_a_host_is_unknown_elsewhere() {
        cookie("IDE", ".doubleclick.net", Some(("Google Ads", Role::Advertising)));
        cookie("IDE", "example.org", None);
        cookie("bcookie", "px.ads.linkedin.com", Some(("LinkedIn", Role::Advertising)));
        cookie("bcookie", "notlinkedin.com", None);
        cookie("fr", "facebook.com", Some(("Meta", Role::Advertising)));
    }

    #[test]
    fn unknown_stays_unknown_except_on_a_known_host() {
        cookie("vid", "example.org", None);
        cookie("katror_ab", "katror.com", None);
        cookie("anything", "m.stripe.com", Some(("Stripe", Role::Payment)));
        cookie("\u{e9}\u{1F36A}", "example.org", None);
        assert_eq!(classify_host("plausible.io.").unwrap().role, Role::Analytics);
        assert_eq!(classify_host("notplausible.io"), None);
        assert_eq!(classify_host(""), None);
        assert_eq!(classify_storage("ajs_anonymous_id", "a.example").unwrap().vendor, "Segment");
    }

    #[test]
    fn every_line_of_the_table_can_be_read_and_none_is_said_twice() {
        let written = include_str!("facts.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('['));
        assert_eq!(written.clone().count(), LINES.len());
        let mut seen = std::collections::BTreeSet::new();
        for line in LINES.iter() {
            let host = line.host.unwrap_or_default();
            assert!(
                seen.insert((line.kind as u8, line.pattern, host)),
                "{} @{host} is there twice",
                line.pattern
            );
            assert!(line.pattern.matches('*').count() <= 1, "{}", line.pattern);
        }
        let headers = include_str!("facts.txt").lines().filter(|line| line.starts_with('['));
        assert!(headers.clone().all(|line| header(&line[1..]).is_some()));
        assert!(all_facts().count() > 1000);
    }

    #[test]
    fn each_classification_says_what_decided() {
        assert_eq!(classify_cookie("_ga_X", "a.example").unwrap().matched_by, "cookie _ga_*");
        assert_eq!(classify_cookie("IDE", "doubleclick.net").unwrap().matched_by, "cookie IDE");
        assert_eq!(classify_host("m.stripe.com").unwrap().matched_by, "host stripe.com");
    }
}
