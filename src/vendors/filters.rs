//! A filter list that the user points to, in the syntax of ad blockers or of hosts files. The engine
//! is that of Brave; here it only says which rule a request falls under, nothing is blocked.
//!
//! A list says that something watches people or advertises, seldom what for. Its title or name tells:
//! a list against advertising accuses of advertising, one against social networks of that, any other
//! of tracking.

use super::list::{Loaded, NotAList, Problem};
use super::{Fact, Role};
use crate::cookie::registrable_domain;
use adblock::lists::{FilterFormat, FilterSet, ParseOptions, RuleTypes, parse_filter, read_list_metadata};
use adblock::request::Request;
use adblock::url_parser::{ResolvesDomain, set_domain_resolver};
use std::fmt;
use std::sync::Once;

/// A rule longer than this is none.
const LONGEST_RULE: usize = 256 * 1024;
/// Most lines of one list.
const MOST_LINES: usize = 2_000_000;
/// Most characters of a rule that are shown.
const SHOWN: usize = 120;

/// What one list says.
pub(super) struct FilterList {
    file: String,
    role: Role,
    engine: adblock::Engine,
}

impl FilterList {
    /// Reads a list.
    pub(super) fn read(file: &str, text: &str) -> Result<Loaded<FilterList>, NotAList> {
        resolve_domains();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options = ParseOptions {
            format: if is_hosts_file(text) { FilterFormat::Hosts } else { FilterFormat::Standard },
            rule_types: RuleTypes::NetworkOnly,
            ..ParseOptions::default()
        };
        let (mut rules, mut passed_over) = (0, Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line_number = number + 1;
            let wrong =
                |what: &str| NotAList { file: file.to_owned(), line: line_number, what: what.to_owned() };
            if number >= MOST_LINES {
                return Err(wrong("too long for a list"));
            }
            if line.len() > LONGEST_RULE {
                return Err(wrong("longer than any rule"));
            }
            if line.bytes().any(|byte| byte < b' ' && byte != b'\t') {
                return Err(wrong("a control character: this is no text"));
            }
            let rule = line.trim();
            if rules + passed_over.len() == 0 && (rule.starts_with('<') || rule.starts_with('{')) {
                return Err(wrong("this is no filter list"));
            }
            if is_nothing(rule) {
                continue;
            }
            let read = match is_prose(rule, options.format) {
                true => Err("a rule has no spaces".to_owned()),
                false => parse_filter(rule, false, options).map(drop).map_err(|error| error.to_string()),
            };
            match read {
                Ok(()) => rules += 1,
                Err(what) => passed_over.push(Problem { line: line_number, what }),
            }
        }
        // Every list has rules that only some blockers know; but most of them are known.
        if let Some(first) = passed_over.first().filter(|_| passed_over.len() > rules) {
            return Err(NotAList {
                file: file.to_owned(),
                line: first.line,
                what: format!("this is no filter list: {}", first.what),
            });
        }
        if rules == 0 {
            return Err(NotAList { file: file.to_owned(), line: 1, what: "no rule about requests".into() });
        }
        let title = read_list_metadata(text).title.unwrap_or_default();
        let mut set = FilterSet::new(true);
        set.add_filter_list(text.to_owned(), options);
        // Not optimized: rules that were made one have no line of their own.
        let engine = adblock::Engine::new_with_filter_set_no_optimize(set);
        let value = FilterList { file: file.to_owned(), role: role_of(&title, file), engine };
        Ok(Loaded { value, rules, passed_over })
    }

    /// The rule that a request falls under.
    pub(super) fn matches(&self, url: &str, page: &str, kind: &str) -> Option<Fact> {
        let request = Request::new(url, page, kind, "get").ok()?;
        let result = self.engine.check_network_request(&request);
        if !result.should_block() {
            return None;
        }
        let rule = result.filter?;
        let line = rule.source_location.map(|at| format!(":{}", at.line_number + 1)).unwrap_or_default();
        let text: String = rule.raw_line.unwrap_or_default().chars().take(SHOWN).collect();
        Some(Fact {
            vendor: registrable_domain(&request.hostname).to_owned().into(),
            role: self.role,
            third_party: true,
            matched_by: format!("{}{line} {text}", self.file).into(),
        })
    }
}

impl fmt::Debug for FilterList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterList({}, {})", self.file, self.role.word())
    }
}

/// A blank, a comment, a header, or a rule about what pages show.
fn is_nothing(rule: &str) -> bool {
    let cosmetic = ["##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#%#", "#@%#", "$$", "$@$"];
    rule.is_empty()
        || rule.starts_with('!')
        || rule == "#"
        || rule.starts_with("# ")
        || rule.starts_with("#\t")
        || rule.starts_with("[Adblock")
        || rule.starts_with('[') && rule.ends_with(']')
        || cosmetic.iter().any(|mark| rule.contains(mark))
}

/// Words with spaces between them: only options and expressions may have some.
fn is_prose(rule: &str, format: FilterFormat) -> bool {
    let pattern = rule.split('$').next().unwrap_or(rule);
    matches!(format, FilterFormat::Standard)
        && !rule.starts_with('/')
        && pattern.contains(char::is_whitespace)
}

/// `0.0.0.0 tracker.test`
fn is_hosts_file(text: &str) -> bool {
    let first =
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', '!', '[']));
    first
        .and_then(|line| line.split_whitespace().next())
        .is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

fn role_of(title: &str, file: &str) -> Role {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let words = format!("{title} {name}").to_ascii_lowercase();
    let words: Vec<&str> = words.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
    if any(&["easyprivacy", "privacy", "tracking", "trackers", "tracker", "telemetry", "analytics"]) {
        Role::Tracking
    } else if any(&["easylist", "ads", "ad", "adservers", "advertising", "advert", "adverts"]) {
        Role::Advertising
    } else if any(&["social"]) {
        Role::Social
    } else {
        Role::Tracking
    }
}

/// The engine asks for registrable domains, and is given ours.
fn resolve_domains() {
    struct Ours;
    impl ResolvesDomain for Ours {
        fn get_host_domain(&self, host: &str) -> (usize, usize) {
            let domain = registrable_domain(host);
            match host.ends_with(domain) {
                true => (host.len() - domain.len(), host.len()),
                false => (0, host.len()),
            }
        }
    }
    static ONCE: Once = Once::new();
    // Whoever was first set the same.
    ONCE.call_once(|| drop(set_domain_resolver(Box::new(Ours))));
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "[Adblock Plus 2.0]\n! Title: Little Privacy\n||tracker.test^$third-party\n\
        ###banner\n@@||tracker.test/ok.js\n/pixel.gif?\n||cdn.test^$image\n";

    #[track_caller]
    fn says(text: &str, url: &str, kind: &str, expected: &str) {
        let list = FilterList::read("lists/p.txt", text).unwrap().value;
        let fact = list.matches(url, "https://shop.test/", kind);
        let said = fact.map(|fact| format!("{} {} {}", fact.vendor, fact.role.word(), fact.matched_by));
        assert_eq!(said.unwrap_or_default(), expected, "{url}");
    }

    #[test]
    fn a_request_falls_under_a_rule() {
        let rule = "tracker.test tracking lists/p.txt:3 ||tracker.test^$third-party";
        says(LIST, "https://a.tracker.test/t.js", "script", rule);
        says(LIST, "https://tracker.test/ok.js", "script", "");
        says(LIST, "https://nottracker.test/t.js", "script", "");
        says(LIST, "https://x.test/pixel.gif?a=1", "image", "x.test tracking lists/p.txt:6 /pixel.gif?");
        says(LIST, "https://cdn.test/a.js", "script", "");
        let list = FilterList::read("p.txt", LIST).unwrap().value;
        assert_eq!(list.matches("https://tracker.test/t.js", "https://www.tracker.test/", "script"), None);
    }

    #[test]
    fn hosts_files_are_lists_too() {
        let text = "# blocked\n0.0.0.0 ads.test\n0.0.0.0 b.test # twice\n";
        says(text, "https://ads.test/x", "image", "ads.test tracking lists/p.txt:2 ||ads.test^");
    }

    #[test]
    fn the_title_or_the_name_tells_what_for() {
        for (title, file, role) in [
            ("EasyList", "x.txt", Role::Advertising),
            ("", "lists/easyprivacy.txt", Role::Tracking),
            ("Fanboy's Social Blocking List", "x.txt", Role::Social),
            ("", "mine.txt", Role::Tracking),
            ("", "ads/mine.txt", Role::Tracking),
        ] {
            assert_eq!(role_of(title, file), role, "{title} {file}");
        }
    }

    #[test]
    fn what_is_no_list_says_where_and_why() {
        for (text, expected) in [
            ("", "p:1: no rule about requests"),
            ("! only\n##.ad\n", "p:1: no rule about requests"),
            ("<!doctype html>\n<p>", "p:1: this is no filter list"),
            ("||a.test^\n\u{0}\n", "p:2: a control character: this is no text"),
            ("Dear reader,\nthis is a letter to you.\n", "p:1: this is no filter list: a rule has no spaces"),
        ] {
            assert_eq!(FilterList::read("p", text).err().unwrap().to_string(), expected, "{text:?}");
        }
        let long = format!("||{}^\n", "a".repeat(LONGEST_RULE));
        assert_eq!(FilterList::read("p", &long).err().unwrap().to_string(), "p:1: longer than any rule");
    }

    #[test]
    fn a_rule_that_is_not_understood_is_said() {
        let loaded = FilterList::read("p", "||a.test^\n||b.test^\n||c.test^$nonsense=1\n").unwrap();
        let remark = loaded.remark("p").unwrap();
        assert!(remark.starts_with("p: 1 of 3 rules are not used, the first in line 3: "), "{remark}");
    }
}
