//! What can be read from the text of the published policy page without understanding it: which
//! cookies it names, and what it says right next to a name. Everything here is careful: what
//! cannot be told is left out, because a misread page would be a false alarm.

use super::context::Context;
use crate::manifest::Category;
pub(crate) use crate::policy::{Shown, last_updated};
use std::collections::BTreeSet;

/// Whether a text names a cookie, as a word of its own.
pub(crate) fn names(text: &str, name: &str) -> bool {
    let clean = unbroken(text);
    position(&clean, name).is_some()
}

/// The passages that are about a cookie: from its name to the next known name, on one line; or,
/// where the name stands alone on its line (a cell), the few lines after it.
pub(crate) fn passages(text: &str, names: &[&str], all: &[&str]) -> Vec<String> {
    const CELLS: usize = 4;
    let clean = unbroken(text);
    let lines: Vec<&str> = clean.lines().map(str::trim).collect();
    let mut passages = Vec::new();
    for (number, line) in lines.iter().enumerate().take(20_000) {
        let Some((at, name)) =
            names.iter().filter_map(|name| position(line, name).map(|at| (at, *name))).min()
        else {
            continue;
        };
        let rest = &line[at + name.len()..];
        let end = all.iter().filter_map(|other| position(rest, other)).min().unwrap_or(rest.len());
        let mut passage = rest[..end].trim().to_owned();
        let stands_alone = line[..at].trim().is_empty() && passage.is_empty();
        if stands_alone {
            for cell in lines.iter().skip(number + 1).take(CELLS) {
                let heading = cell.to_lowercase().contains("cookie");
                if cell.is_empty() || heading || all.iter().any(|other| position(cell, other).is_some()) {
                    break;
                }
                passage.push('\n');
                passage.push_str(cell);
            }
        }
        if !passage.is_empty() {
            passages.push(passage.trim().to_owned());
        }
    }
    passages
}

/// The categories that a passage names in a place of their own: a cell, a bracket, a part between
/// commas. A word within a sentence ("remembers your preferences") names none.
pub(crate) fn categories(passage: &str) -> BTreeSet<Category> {
    passage
        .to_lowercase()
        .split([
            '\n', '\t', '|', ',', ';', '(', ')', '/', '\u{b7}', '\u{2022}', '\u{2013}', '\u{2014}', '[', ']',
        ])
        .filter_map(|part| {
            let part =
                part.trim().trim_end_matches('.').trim_end_matches(" cookies").trim_end_matches(" cookie");
            Some(match part {
                "essential" | "necessary" | "strictly necessary" | "required" => Category::StrictlyNecessary,
                "functional" | "functionality" | "preference" | "preferences" => Category::Functional,
                "analytics" | "analytical" | "statistics" | "performance" | "measurement" => {
                    Category::Analytics
                }
                "advertising" | "marketing" | "targeting" | "ads" => Category::Advertising,
                "social" | "social media" => Category::Social,
                _ => return None,
            })
        })
        .collect()
}

/// The page's address, for messages.
pub(crate) fn address(context: &Context<'_>) -> String {
    context.scan.policy.as_ref().map_or_else(String::new, |page| page.url.to_string())
}

/// Characters that browsers put into names to break them over lines are no part of them.
fn unbroken(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')).collect()
}

/// Where a name stands in a line as a word of its own.
fn position(line: &str, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = line[..*at].chars().next_back();
        let mut after = line[at + name.len()..].chars();
        let next = after.next();
        let open_end = name.ends_with(['_', '-', '.']);
        let dotted = next == Some('.') && after.next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        before.is_none_or(|c| !part_of_name(c) && c != '.')
            && (open_end || next.is_none_or(|c| !part_of_name(c)) && !dotted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_their_own() {
        assert!(names("the cookie sid.", "sid"));
        assert!(names("next-auth.\u{200b}session-token (or others)", "next-auth.session-token"));
        assert!(!names("an insider", "sid"));
        assert!(!names("x.sid", "sid"));
        assert!(!names("__Secure-next-auth.session-token", "next-auth.session-token"));
        assert!(names("_ga_ABC", "_ga_"));
    }

    #[test]
    fn passages_end_where_another_cookie_begins() {
        let all = ["a_one", "b_two"];
        let of = |text: &str| passages(text, &["a_one"], &all);
        assert_eq!(
            of("a_one\nKeeps you\nEssential\n24 hours\nb_two\nOther"),
            ["Keeps you\nEssential\n24 hours"]
        );
        assert_eq!(of("a_one | Keeps you | 7 days\nFunctional cookies\nb_two"), ["| Keeps you | 7 days"]);
        assert_eq!(of("a_one\nKeeps you\nFunctional cookies\nb_two"), ["Keeps you"]);
        assert_eq!(of("a_one (essential), b_two (analytics)"), ["(essential),"]);
    }

    #[test]
    fn categories_stand_in_places_of_their_own() {
        let of = |text: &str| categories(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("Keeps you\nEssential / Strictly Necessary\n24 hours"), ["strictly-necessary"]);
        assert_eq!(of("records your choice (preference, up to one year)"), ["functional"]);
        assert_eq!(of("Remembers your preferences and is necessary"), Vec::<String>::new());
        assert_eq!(of("Functional / Strictly necessary"), ["strictly-necessary", "functional"]);
    }
}
