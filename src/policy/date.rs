//! When a policy says it was last changed: the date that it shows, in every form that can be told.
//! What cannot be told is left out, because a misread page would be a false alarm.

use crate::manifest::PartialDate;

/// What the page shows as its date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    /// Words such as *Last updated*, and no date after them.
    LabelOnly,
    /// Every reading of the date: 4/5/2026 has two.
    Date(Vec<PartialDate>),
}

/// Words that stand before the date, in the languages that policies are often written in.
const LABELS: &[&str] = &[
    "last updated",
    "last update",
    "last modified",
    "last revised",
    "last changed",
    "updated on",
    "effective date",
    "effective as of",
    "date of last revision",
    "zuletzt aktualisiert",
    "letzte aktualisierung",
    "letzte \u{e4}nderung",
    "zuletzt ge\u{e4}ndert",
    "stand:",
    "derni\u{e8}re mise \u{e0} jour",
    "mis \u{e0} jour le",
    "mise \u{e0} jour :",
    "\u{fa}ltima actualizaci\u{f3}n",
    "\u{fa}ltima modificaci\u{f3}n",
    "\u{fa}ltima atualiza\u{e7}\u{e3}o",
    "ultimo aggiornamento",
    "laatst bijgewerkt",
    "laatst gewijzigd",
    "laatste update",
    "senast uppdaterad",
    "sidst opdateret",
    "sist oppdatert",
];

/// Months by name: English, German, French, Spanish, Italian, Dutch, Portuguese.
const MONTHS: &[&[&str]] = &[
    &["january", "jan", "januar", "j\u{e4}nner", "janvier", "enero", "gennaio", "januari", "janeiro"],
    &["february", "feb", "februar", "f\u{e9}vrier", "febrero", "febbraio", "februari", "fevereiro"],
    &["march", "mar", "m\u{e4}rz", "mars", "marzo", "maart", "mar\u{e7}o"],
    &["april", "apr", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "mei", "maio"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "jul", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "aug", "ao\u{fb}t", "agosto", "augustus"],
    &["september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oct", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &["december", "dec", "dezember", "d\u{e9}cembre", "diciembre", "dicembre", "dezembro"],
];

/// How many lines from its top a page may show a date without any word for it.
const TOP: usize = 12;

/// The date the page shows: after a label, on its line or the next; else the first whole date near
/// the top.
pub fn last_updated(text: &str) -> Shown {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_lowercase())
        .filter(|line| !line.is_empty())
        .take(5_000)
        .collect();
    let mut label_seen = false;
    for (number, line) in lines.iter().enumerate() {
        let Some(after) = LABELS.iter().filter_map(|label| line.find(label).map(|at| at + label.len())).min()
        else {
            continue;
        };
        label_seen = true;
        let rest: String = line[after..].chars().take(80).collect();
        let next = lines.get(number + 1).map(|line| line.chars().take(60).collect::<String>());
        // The date may also stand before the words: "16 April 2026 (last updated)".
        let before = &line[..after];
        for part in [rest.as_str(), next.as_deref().unwrap_or_default(), before] {
            let dates = dates(part);
            if !dates.is_empty() {
                return Shown::Date(dates);
            }
        }
    }
    if label_seen {
        return Shown::LabelOnly;
    }
    let top = lines
        .iter()
        .take(TOP)
        .map(|line| dates(line))
        .find(|dates| dates.iter().any(|date| date.day.is_some()));
    top.map_or(Shown::Nothing, Shown::Date)
}

/// Every reading of the first date in a text.
fn dates(text: &str) -> Vec<PartialDate> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';' | '|'))
        .map(|word| word.trim_matches(|c: char| matches!(c, ':' | '*' | '"' | '\u{b7}')))
        .filter(|word| !word.is_empty() && !matches!(*word, "de" | "of" | "del" | "the"))
        .collect();
    for (at, word) in words.iter().enumerate() {
        let found = numeric(word);
        if !found.is_empty() {
            return found;
        }
        let Some(month) = month(word) else { continue };
        let before = at.checked_sub(1).and_then(|at| day(words[at]));
        let after = words.get(at + 1).copied();
        let (day, year) = match (after.and_then(day), words.get(at + 2).and_then(|word| year(word))) {
            (Some(day), Some(year)) => (Some(day), Some(year)),
            _ => (before, after.and_then(year)),
        };
        if let Some(date) = year.and_then(|year| PartialDate::new(year, month, day)) {
            return vec![date];
        }
    }
    Vec::new()
}

/// `2026-04-16`, `2026-04`, `16.04.2026`, `16/04/2026`, `4/16/2026`, `2026/04/16`.
fn numeric(word: &str) -> Vec<PartialDate> {
    let word = word.trim_end_matches('.');
    let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
    let number = |text: &str| text.parse::<i16>().ok().filter(|_| text.len() <= 4);
    let numbers: Option<Vec<i16>> = parts.iter().map(|part| number(part)).collect();
    let date = |year: i16, month: i16, day: Option<i16>| {
        PartialDate::new(year, i8::try_from(month).ok()?, day.map(i8::try_from).transpose().ok()?)
    };
    match numbers.as_deref() {
        Some(&[year, month, day]) if parts[0].len() == 4 => {
            date(year, month, Some(day)).into_iter().collect()
        }
        Some(&[year, month]) if parts[0].len() == 4 && word.contains('-') => {
            date(year, month, None).into_iter().collect()
        }
        Some(&[first, second, year]) if parts[2].len() == 4 => {
            let mut readings = vec![date(year, second, Some(first))];
            if word.contains('/') && first != second {
                readings.push(date(year, first, Some(second)));
            }
            readings.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.');
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    i8::try_from(at + 1).ok()
}

/// `16`, `16.`, `16th`, `1er`.
fn day(word: &str) -> Option<i8> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &word[digits..];
    let fits = matches!(rest, "" | "." | "st" | "nd" | "rd" | "th" | "er" | "\u{ba}");
    word[..digits].parse().ok().filter(|day| fits && (1..=31).contains(day))
}

fn year(word: &str) -> Option<i16> {
    let word = word.trim_end_matches('.');
    word.parse().ok().filter(|year| word.len() == 4 && (1990..=2999).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, expected: &[&str]) {
        let dates = match last_updated(text) {
            Shown::Date(dates) => dates.iter().map(ToString::to_string).collect(),
            other => vec![format!("{other:?}")],
        };
        assert_eq!(dates, expected, "{text}");
    }

    #[test]
    fn dates_are_read_in_many_forms() {
        shows("Cookie Policy\nLast updated: April 16, 2026\nThis", &["2026-04-16"]);
        shows("Last updated: 15 March 2026", &["2026-03-15"]);
        shows("Last updated\n2026-03-15", &["2026-03-15"]);
        shows("Last updated: March 2026", &["2026-03"]);
        shows("Stand: 1. M\u{e4}rz 2026", &["2026-03-01"]);
        shows("Derni\u{e8}re mise \u{e0} jour : 1er avril 2026", &["2026-04-01"]);
        shows("\u{da}ltima actualizaci\u{f3}n: 3 de mayo de 2026", &["2026-05-03"]);
        shows("Laatst bijgewerkt op 16.04.2026", &["2026-04-16"]);
        shows("Last updated 4/5/2026", &["2026-05-04", "2026-04-05"]);
        shows("Last updated 16/04/2026.", &["2026-04-16"]);
        shows("Effective date: June 3rd, 2026", &["2026-06-03"]);
        shows("Cookie Policy\n16 April 2026\nWe", &["2026-04-16"]);
    }

    #[test]
    fn what_is_no_date_is_none() {
        shows("Last updated\nWhat are cookies?", &["LabelOnly"]);
        shows("Cookie policy\nWe may use cookies", &["Nothing"]);
        shows("Last updated: 31 February 2026", &["LabelOnly"]);
        shows("", &["Nothing"]);
        shows("We revise the \u{201c}Last updated\u{201d} date. May 2026", &["2026-05"]);
    }
}
