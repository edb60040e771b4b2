//! Categories of privacy practice in a document's own words: cells, headings, brackets.
//!
//! A word within a sentence names no category ("remembers your preferences"); a cell, a heading or
//! a bracket that consists of such words does. What is strictly necessary wins over any other word
//! beside it, since that is what the owner answers for.

use super::inline;
use super::words;
use crate::manifest::Category;

/// Words around a category that say nothing of it.
const AROUND: &[&str] = &[
    "cookie",
    "cookies",
    "storage",
    "technologies",
    "technology",
    "trackers",
    "traceurs",
    "we",
    "use",
    "used",
    "set",
    "our",
    "the",
    "these",
    "list",
    "of",
    "category",
    "kategorie",
    "type",
    "types",
    "first",
    "third",
    "party",
    "parties",
    "first-party",
    "third-party",
    "die",
    "der",
    "les",
    "des",
    "de",
    "del",
    "la",
    "las",
    "los",
    "le",
    "lijst",
    "van",
    "liste",
    "lista",
    "nos",
    "unsere",
    "onze",
    "nuestras",
    "website",
    "site",
    "scripts",
    "drittanbieter",
    "terceros",
    "propias",
    "tiers",
    "derden",
    "always",
    "active",
    "and",
    "und",
    "et",
    "y",
    "en",
    "or",
    "oder",
    "ou",
    "o",
    "e",
    "with",
    "purposes",
    "related",
    "only",
    "optional",
    "non-essential",
    "items",
    "no",
    "consent",
    "required",
];

/// The category that a cell, a bracket or a value names, where it names nothing else.
pub(super) fn of_cell(text: &str) -> Option<Category> {
    let clean = cleaned(text);
    if clean.is_empty() || clean.len() > 80 {
        return None;
    }
    if let Some(category) = word(&clean) {
        return Some(category);
    }
    let parts: Vec<&str> = clean
        .split(['/', '&', ',', ';', '+', '|', '\n', '(', ')'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let of_part = |part: &str| word(part).or_else(|| of_words(part));
    let found: Option<Vec<Category>> = parts.iter().map(|part| of_part(part)).collect();
    strictest(&found?)
}

/// The category that a heading gives to what stands under it.
pub(super) fn of_heading(text: &str) -> Option<Category> {
    let clean = cleaned(&without_number(text));
    if clean.is_empty()
        || clean.split_whitespace().count() > 14
        || clean.starts_with("no ")
        || clean.starts_with("non-")
    {
        return None;
    }
    let outside: String = without_brackets(&clean);
    let outside = outside.trim();
    if let Some(category) = word(outside).or_else(|| of_words(outside)) {
        return Some(category);
    }
    // "Analytics cookies (Google)", "Cookies that are strictly necessary for the shop".
    if !clean.contains("cookie")
        && !clean.contains("traceur")
        && !clean.contains("storage")
        && !clean.contains("kekse")
    {
        return None;
    }
    if outside.split_whitespace().count() > 9 || outside.ends_with(['.', '?']) {
        return None;
    }
    strictest(&mentioned(outside))
}

/// Categories that a text mentions anywhere, the longest phrases first.
pub(super) fn mentioned(text: &str) -> Vec<Category> {
    let mut rest = inline::folded(text).replace("cookies", " cookies").replace("-cookie", " cookie");
    let mut phrases: Vec<(Category, &str)> = words::categories().collect();
    phrases.sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
    let mut found: Vec<(usize, Category)> = Vec::new();
    for (category, phrase) in phrases {
        while let Some(at) = words::find_phrase(&rest, phrase) {
            found.push((at, category));
            rest.replace_range(at..at + phrase.len(), &" ".repeat(phrase.len()));
        }
    }
    found.sort();
    let mut categories: Vec<Category> = Vec::new();
    for (_, category) in found {
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    categories
}

/// What several words in one place mean together.
pub(super) fn strictest(found: &[Category]) -> Option<Category> {
    if found.contains(&Category::StrictlyNecessary) {
        return Some(Category::StrictlyNecessary);
    }
    let known: Vec<Category> =
        found.iter().copied().filter(|found| *found != Category::Unclassified).collect();
    match known.as_slice() {
        [] => found.first().copied(),
        [one] => Some(*one),
        // Marketing beside social media, analytics beside advertising: the graver word.
        many => many.iter().copied().max_by_key(|category| match category {
            Category::Advertising => 3,
            Category::Social => 2,
            Category::Analytics => 1,
            _ => 0,
        }),
    }
}

/// The longest category at the end of a text, with where it begins; for cells glued together.
pub(super) fn suffix(text: &str, glued: bool) -> Option<(usize, Category)> {
    const FAR: usize = 70;
    let text = text.trim_end();
    for (at, c, before) in words::ending(text, FAR) {
        let opens = match before {
            None => true,
            Some(before) if glued => {
                c.is_uppercase() && !before.is_whitespace() && !matches!(before, '/' | '-' | '&')
            }
            Some(before) => c.is_uppercase() && before.is_whitespace(),
        };
        if opens && let Some(category) = of_cell(&text[at..]) {
            return Some((at, category));
        }
    }
    None
}

/// The longest category at the beginning of a text, with where it ends.
pub(super) fn prefix(text: &str, glued: bool) -> Option<(usize, Category)> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).take(70);
    let found: Vec<(usize, Category)> = ends
        .filter(|end| {
            let before = text[..*end].chars().next_back();
            let next = text[*end..].chars().next();
            match next {
                None => true,
                Some(next) if glued => {
                    (next.is_uppercase() || next.is_ascii_digit()) && before.is_some_and(char::is_lowercase)
                        || next.is_whitespace()
                }
                Some(next) => next.is_whitespace(),
            }
        })
        .filter_map(|end| of_cell(&text[..end]).map(|category| (end, category)))
        .collect();
    found.last().copied()
}

/// The category that a description begins with: `Analytics (counts visits)`, `Advertising: ...`.
/// What is necessary is not said so: *Security* there is a purpose.
pub(super) fn of_purpose(text: &str) -> Option<(Category, String)> {
    let low = inline::folded(text);
    let (category, word) =
        words::categories().filter(|(_, word)| low.starts_with(word)).max_by_key(|(_, word)| word.len())?;
    let after = &low[word.len()..];
    let ends = after.is_empty()
        || [" (", ": ", " - ", " \u{2013} ", ". ", " used to", " cookie"]
            .iter()
            .any(|end| after.starts_with(end));
    let told = matches!(
        category,
        Category::Analytics | Category::Advertising | Category::Functional | Category::Social
    );
    (ends && told).then(|| (category, text[..word.len()].to_owned()))
}

fn cleaned(text: &str) -> String {
    let plain = inline::folded(&inline::plain(text));
    let plain = plain
        .replace("-cookies", " cookies")
        .replace("-cookie", " cookie")
        .replace("cookies", " cookies")
        .replace("speicherung", "");
    plain
        .trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, ':' | '.' | ',' | '*' | '-' | '\u{2013}' | '#')
        })
        .to_owned()
}

/// Without `4.1`, `§4`, `02`, `a)` before it.
pub(super) fn without_number(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '\u{a7}' | '*'));
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = digits.trim_start_matches([')', ':', '-', '\u{2013}', ' ']);
    if digits.len() < text.len() && rest.chars().next().is_some_and(char::is_alphabetic) {
        return rest.to_owned();
    }
    match text.split_once(") ") {
        Some((letter, rest)) if letter.len() == 1 => rest.to_owned(),
        _ => text.to_owned(),
    }
}

fn without_brackets(text: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

fn word(text: &str) -> Option<Category> {
    let text = text.trim();
    words::categories().find(|(_, word)| *word == text).map(|(category, _)| category)
}

/// Categories, and around them only words that say nothing.
fn of_words(text: &str) -> Option<Category> {
    let found = mentioned(text);
    if found.is_empty() {
        return None;
    }
    let mut rest = format!(" {} ", text.replace("cookies", " cookies "));
    let mut phrases: Vec<&str> = words::categories().map(|(_, phrase)| phrase).collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    for phrase in phrases {
        while let Some(at) = words::find_phrase(&rest, phrase) {
            rest.replace_range(at..at + phrase.len(), " ");
        }
    }
    let only = rest
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | '&' | ':' | ';' | '.' | '+'))
        .filter(|word| !word.is_empty())
        .all(|word| AROUND.contains(&word));
    if only { strictest(&found) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cell(text: &str, expected: Option<Category>) {
        assert_eq!(of_cell(text), expected, "{text}");
    }

    #[track_caller]
    fn heading(text: &str, expected: Option<Category>) {
        assert_eq!(of_heading(text), expected, "{text}");
    }

    #[test]
    fn cells_name_a_category_and_nothing_else() {
        cell("Essential / Strictly Necessary", Some(Category::StrictlyNecessary));
        cell("Functional / Strictly necessary", Some(Category::StrictlyNecessary));
        cell("Performance and functionality", Some(Category::Functional));
        cell("Performance", Some(Category::Analytics));
        cell("Werbung", Some(Category::Advertising));
        cell("An\u{e1}lisis y medici\u{f3}n", Some(Category::Analytics));
        cell("Mesure d'audience", Some(Category::Analytics));
        cell("Marketing-Cookies", Some(Category::Advertising));
        cell("Remembers your preferences", None);
        cell("2 years", None);
    }

    #[test]
    fn headings_are_carried_down() {
        heading("4.1Strictly necessary cookies", Some(Category::StrictlyNecessary));
        heading("\u{a7}2 Functional cookies", Some(Category::Functional));
        heading("02Strictly Necessary Storage", Some(Category::StrictlyNecessary));
        heading("2.2 Third-Party Analytics Cookies (consent required)", Some(Category::Analytics));
        heading("Lijst van essenti\u{eb}le cookies", Some(Category::StrictlyNecessary));
        heading("Cookies strictement n\u{e9}cessaires", Some(Category::StrictlyNecessary));
        heading("Unbedingt erforderliche Cookies", Some(Category::StrictlyNecessary));
        heading("Werbecookies", Some(Category::Advertising));
        heading("What are cookies?", None);
        heading("Third-party cookies", None);
        heading("Security properties", None);
        heading("How to opt out of advertising", None);
    }

    #[test]
    fn a_category_glued_to_its_neighbours() {
        assert_eq!(
            suffix("keeps you logged in.Essential / Strictly Necessary", true),
            Some((20, Category::StrictlyNecessary))
        );
        assert_eq!(prefix("FunctionalStores the theme", true), Some((10, Category::Functional)));
        assert_eq!(suffix("for essential things", true), None);
    }
}
