//! Lifetimes in people's words: `Up to 7 days; refreshed on activity`, `Session`, `13 mois`.
//!
//! A phrase is taken apart into amounts, marks and what is not understood; what the parts mean
//! together is decided once. How much was not understood is part of the answer, since the same
//! words mean nothing in the middle of a sentence.

use super::words::{self, Mark, Unit};
use crate::manifest::{LifetimeRule, Span};
use crate::observation::StorageKind;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longer texts are no lifetimes.
const LONGEST: usize = 400;

/// How a lifetime is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Exact,
    Max,
    About,
    Range,
    Session,
    Either,
    UntilLogout,
    Event,
    Unbounded,
}

/// Whether it ends with the browser session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    Yes,
    No,
    Either,
    Unstated,
}

/// A lifetime as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) bound: Bound,
    /// The upper bound, or the one that is stated; amounts in the units they were said in.
    pub(super) amount: Option<Amount>,
    /// The lower end of a range.
    pub(super) from: Option<Amount>,
    pub(super) session: Session,
    pub(super) rolling: bool,
    /// Two statements that exclude each other: `Session (1 day)`.
    pub(super) contradictory: bool,
    pub(super) written: String,
}

/// `1 month 29 days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amount(pub(super) Vec<(i64, Unit)>);

impl Amount {
    pub(super) fn seconds(&self) -> i64 {
        self.0
            .iter()
            .fold(0i64, |sum, (count, unit)| sum.saturating_add(count.saturating_mul(unit.seconds())))
    }

    /// As the manifest writes it.
    pub(super) fn span(&self) -> Option<Span> {
        let parts: Vec<String> =
            self.0.iter().map(|(count, unit)| format!("{count} {}", unit.word(*count))).collect();
        parts.join(" ").parse().ok()
    }
}

impl Duration {
    /// What the manifest says of it; none where it states nothing that can be checked.
    pub(super) fn rule(&self) -> Option<LifetimeRule> {
        let span = self.amount.as_ref().and_then(Amount::span);
        let persistent = |span: Option<Span>| span.map_or(LifetimeRule::Unbounded, LifetimeRule::Max);
        Some(match self.bound {
            Bound::Exact => LifetimeRule::Exact(span?),
            Bound::Max => LifetimeRule::Max(span?),
            Bound::About => LifetimeRule::About(span?),
            Bound::Range => match self.from.as_ref().and_then(Amount::span) {
                Some(from) => LifetimeRule::Range(from, span?),
                None => LifetimeRule::Max(span?),
            },
            Bound::Session => LifetimeRule::Session,
            Bound::Either if self.session == Session::Either => {
                LifetimeRule::Either(vec![LifetimeRule::Session, persistent(span)])
            }
            Bound::Either => LifetimeRule::Max(span?),
            Bound::UntilLogout => LifetimeRule::UntilLogout,
            Bound::Event => return None,
            Bound::Unbounded => LifetimeRule::Unbounded,
        })
    }

    /// The same where the policy says that all lifetimes are upper bounds.
    pub(super) fn into_maximum(mut self) -> Self {
        if matches!(self.bound, Bound::Exact | Bound::About) {
            self.bound = Bound::Max;
        }
        self
    }

    pub(super) fn seconds(&self) -> Option<i64> {
        self.amount.as_ref().map(Amount::seconds)
    }
}

/// A phrase, and how well it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    pub(super) duration: Option<Duration>,
    /// Another kind of storage that is named in its place.
    pub(super) storage: Option<StorageKind>,
    /// Words that are no part of a lifetime.
    pub(super) unknown: usize,
}

impl Phrase {
    /// A lifetime and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        self.unknown == 0 && self.duration.is_some()
    }
}

/// The lifetime a text states, where it states nothing else.
pub(super) fn whole(text: &str) -> Option<Duration> {
    let phrase = read(text, None);
    if phrase.is_whole() { phrase.duration } else { None }
}

/// Reads a phrase; `unit` is that of bare numbers, where a heading says it.
pub(super) fn read(text: &str, unit: Option<Unit>) -> Phrase {
    if text.len() > LONGEST {
        return Phrase { duration: None, storage: None, unknown: usize::MAX };
    }
    let parts = parts(&super::inline::folded(text), unit);
    let storage = parts.iter().find_map(|part| match part {
        Part::Storage(kind) if *kind != StorageKind::Cookie => Some(*kind),
        _ => None,
    });
    let unknown = parts.iter().filter(|part| matches!(part, Part::Unknown)).count();
    Phrase { duration: meant(&parts, text.trim()), storage, unknown }
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Amount(Vec<(i64, Unit)>),
    /// `1-2 hours`.
    Range(Vec<(i64, Unit)>, Vec<(i64, Unit)>),
    Mark(Mark),
    Storage(StorageKind),
    Open,
    Close,
    Slash,
    Dash,
    Unknown,
}

fn meant(parts: &[Part], written: &str) -> Option<Duration> {
    let has = |mark: Mark| parts.contains(&Part::Mark(mark));
    let mut amounts: Vec<(usize, Amount)> = Vec::new();
    let mut from = None;
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Amount(amount) => amounts.push((at, Amount(amount.clone()))),
            Part::Range(least, most) => {
                from = Some(Amount(least.clone()));
                amounts.push((at, Amount(most.clone())));
            }
            _ => {}
        }
    }
    let session_at = parts.iter().position(|part| *part == Part::Mark(Mark::Session));
    let duration = |bound, amount: Option<Amount>, session| {
        Some(Duration {
            bound,
            amount,
            from: None,
            session,
            rolling: has(Mark::Rolling),
            contradictory: false,
            written: written.to_owned(),
        })
    };
    if amounts.is_empty() {
        let event = has(Mark::Event);
        return match (session_at.is_some(), has(Mark::Unbounded)) {
            (true, true) => duration(Bound::Either, None, Session::Either),
            (true, false) => duration(Bound::Session, None, Session::Yes),
            (false, true) if has(Mark::Logout) => duration(Bound::UntilLogout, None, Session::No),
            (false, true) => duration(Bound::Unbounded, None, Session::No),
            (false, false) if has(Mark::Logout) && event => {
                duration(Bound::UntilLogout, None, Session::Unstated)
            }
            (false, false) if has(Mark::Logout) => duration(Bound::UntilLogout, None, Session::Unstated),
            (false, false) if event => duration(Bound::Event, None, Session::Unstated),
            (false, false) if has(Mark::Few) => duration(Bound::Event, None, Session::No),
            (false, false) if has(Mark::AtOnce) => {
                duration(Bound::Max, Some(Amount(vec![(0, Unit::Second)])), Session::No)
            }
            (false, false) => None,
        };
    }
    let longest = amounts.iter().max_by_key(|(_, amount)| amount.seconds())?.clone();
    let shortest = amounts.iter().min_by_key(|(_, amount)| amount.seconds())?.clone();
    // `31536000s (1 year)` says one thing twice.
    let same = longest.1.seconds() - shortest.1.seconds() <= longest.1.seconds() / 20;
    if let Some(at) = session_at {
        // In brackets right after the word it contradicts; with `or`, a slash or `to` it is a choice.
        let first = amounts.first()?.0;
        let bracketed = parts.get(at + 1) == Some(&Part::Open) && first == at + 2
            || parts.get(first + 1) == Some(&Part::Open) && at == first + 2;
        if bracketed && !has(Mark::Or) && !has(Mark::AtMost) {
            let mut both = duration(Bound::Session, Some(longest.1), Session::Yes)?;
            both.contradictory = true;
            return Some(both);
        }
        return duration(Bound::Either, Some(longest.1), Session::Either);
    }
    let conditional = has(Mark::Conditional);
    if from.is_some() || (!same && !conditional && is_range(parts)) {
        let mut range = duration(Bound::Range, Some(longest.1), Session::No)?;
        range.from = from.or(Some(shortest.1));
        return Some(range);
    }
    if !same && conditional {
        return duration(Bound::Either, Some(longest.1), Session::No);
    }
    if !same {
        // `7 days or 30 days`, `30 minutes / 30 days`: any of them.
        let mut either = duration(Bound::Either, Some(longest.1), Session::No)?;
        either.from = Some(shortest.1);
        return Some(either);
    }
    let first = amounts.into_iter().next()?.1;
    // "0 days" of a list that counts whole days is less than one; none at all would be no cookie.
    let (first, under_one) = match first.0.as_slice() {
        [(0, unit)] if *unit > Unit::Second => (Amount(vec![(1, *unit)]), true),
        _ => (first, false),
    };
    let bound = if has(Mark::AtMost) || has(Mark::LessThan) || under_one {
        Bound::Max
    } else if has(Mark::About) {
        Bound::About
    } else {
        Bound::Exact
    };
    duration(bound, Some(first), Session::No)
}

/// Two amounts with `to` or a dash between them, or after `between`.
fn is_range(parts: &[Part]) -> bool {
    let amounts: Vec<usize> = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| matches!(part, Part::Amount(_)))
        .map(|(at, _)| at)
        .collect();
    let [first, second] = amounts.as_slice() else { return false };
    let between = &parts[first + 1..*second];
    between.iter().any(|part| matches!(part, Part::Mark(Mark::To) | Part::Dash))
        || parts[..*first].contains(&Part::Mark(Mark::Between))
}

/// Everything a phrase can hold, by its first character, the longest first.
static PHRASES: LazyLock<HashMap<char, Vec<(&'static str, Part)>>> = LazyLock::new(|| {
    let mut phrases: HashMap<char, Vec<(&'static str, Part)>> = HashMap::new();
    let marks = words::marks().map(|(mark, word)| (word, Part::Mark(mark)));
    let storage = words::storage_words().map(|(kind, word)| (word, Part::Storage(kind)));
    for (word, part) in marks.chain(storage) {
        let Some(first) = word.chars().next() else { continue };
        // A word for a time is more than a word for a place: `session`, `session cookie`.
        let list = phrases.entry(first).or_default();
        if !list.iter().any(|(known, _)| *known == word) {
            list.push((word, part));
        }
    }
    for list in phrases.values_mut() {
        list.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    }
    phrases
});

fn parts(text: &str, unit: Option<Unit>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let (part, after) = amount(rest, unit);
            parts.push(part);
            rest = after;
            continue;
        }
        if let Some((part, after)) = phrase(rest) {
            parts.push(part);
            rest = after;
            continue;
        }
        if let Some((half, after)) = half(rest) {
            parts.push(Part::Amount(vec![half]));
            rest = after;
            continue;
        }
        if c.is_alphabetic() {
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match words::number(word) {
                Some(number) => {
                    let unit_text = after.trim_start();
                    match unit_at(unit_text) {
                        Some((unit, after)) => {
                            parts.push(Part::Amount(vec![(number, unit)]));
                            rest = after;
                        }
                        None => {
                            // An article or a number of something else.
                            if number != 1 {
                                parts.push(Part::Unknown);
                            }
                            rest = after;
                        }
                    }
                }
                None => {
                    parts.push(Part::Unknown);
                    rest = after;
                }
            }
            continue;
        }
        match c {
            '(' | '[' => parts.push(Part::Open),
            ')' | ']' => parts.push(Part::Close),
            '/' | '|' => parts.push(Part::Slash),
            '-' | '\u{2013}' | '\u{2014}' => parts.push(Part::Dash),
            '<' => parts.push(Part::Mark(Mark::LessThan)),
            '\u{2264}' => parts.push(Part::Mark(Mark::AtMost)),
            '~' | '\u{2248}' | '\u{00b1}' => parts.push(Part::Mark(Mark::About)),
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    joined(parts)
}

/// `half an hour`.
fn half(text: &str) -> Option<((i64, Unit), &str)> {
    let halves = words::LANGUAGES.iter().flat_map(|language| language.halves);
    let mut phrases =
        halves.flat_map(|(amount, phrases)| phrases.iter().map(move |phrase| (*amount, *phrase)));
    phrases.find_map(|(amount, phrase)| {
        let after = text.strip_prefix(phrase)?;
        (!after.starts_with(char::is_alphanumeric)).then_some((amount, after))
    })
}

/// Amounts of falling units in a row are one: `11 months 30 days`, `1 year and 1 month`.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        if let Part::Amount(next) = &part {
            let with_and = joined.last() == Some(&Part::Mark(Mark::And));
            let at = joined.len().checked_sub(1 + usize::from(with_and));
            if let Some(Part::Amount(last)) = at.and_then(|at| joined.get_mut(at))
                && let (Some((_, above)), Some((_, below))) = (last.last(), next.first())
                && below < above
            {
                last.extend(next.iter().copied());
                if with_and {
                    joined.pop();
                }
                continue;
            }
        }
        joined.push(part);
    }
    joined
}

fn phrase(text: &str) -> Option<(Part, &str)> {
    let first = text.chars().next()?;
    for (word, part) in PHRASES.get(&first)? {
        if let Some(after) = text.strip_prefix(word) {
            let ends = !word.ends_with(char::is_alphanumeric) || !after.starts_with(char::is_alphanumeric);
            if ends {
                return Some((part.clone(), after));
            }
        }
    }
    None
}

/// A number with its unit; a bare one has the unit of the heading.
fn amount(text: &str, unit: Option<Unit>) -> (Part, &str) {
    let (number, after) = number(text);
    let trimmed = after.trim_start();
    // `1-2 hours`, `1 to 2 hours`.
    let dashed = trimmed.strip_prefix(['-', '\u{2013}']).map(str::trim_start);
    if let Some(second) = dashed.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        let (most, after) = self::number(second);
        if let Some((unit, after)) = unit_at(after.trim_start()) {
            return (Part::Range(whole_units(number, unit), whole_units(most, unit)), after);
        }
    }
    if let Some((unit, after)) = unit_at(trimmed) {
        return (Part::Amount(whole_units(number, unit)), after);
    }
    let alone = trimmed.is_empty() || !trimmed.starts_with(char::is_alphanumeric);
    match unit.filter(|_| alone) {
        Some(unit) => (Part::Amount(whole_units(number, unit)), after),
        None => (Part::Unknown, after),
    }
}

/// A number in thousandths, and what follows it.
fn number(text: &str) -> (i64, &str) {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let end = digits(text);
    let mut value: i64 = text[..end].parse().unwrap_or(i64::MAX / 1_000_000_000);
    let mut rest = &text[end..];
    if let Some(after) = rest.strip_prefix([',', '.']) {
        let more = digits(after);
        match more {
            0 => {}
            3 => {
                value = value.saturating_mul(1_000).saturating_add(after[..3].parse().unwrap_or(0));
                rest = &after[3..];
            }
            _ if more < 3 => {
                let scale = if more == 1 { 100 } else { 10 };
                let part: i64 = after[..more].parse().unwrap_or(0);
                return (value.saturating_mul(1_000).saturating_add(part * scale), &after[more..]);
            }
            _ => {}
        }
    }
    (value.saturating_mul(1_000), rest)
}

/// `1.5 years` is so many days.
fn whole_units(thousandths: i64, unit: Unit) -> Vec<(i64, Unit)> {
    if thousandths % 1_000 == 0 {
        return vec![(thousandths / 1_000, unit)];
    }
    let seconds = thousandths.saturating_mul(unit.seconds()) / 1_000;
    [Unit::Day, Unit::Hour, Unit::Minute]
        .into_iter()
        .find(|unit| seconds % unit.seconds() == 0)
        .map_or_else(|| vec![(seconds, Unit::Second)], |unit| vec![(seconds / unit.seconds(), unit)])
}

fn unit_at(text: &str) -> Option<(Unit, &str)> {
    // `12-month`, `1 (one) year`.
    let text = text.strip_prefix('-').unwrap_or(text);
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if word.is_empty() {
        let inner = text.strip_prefix('(')?;
        let (word, after) = inner.split_once(')')?;
        words::number(word.trim())?;
        return unit_at(after.trim_start());
    }
    // A digit right after is another cell's.
    let unit = words::unit(word)?;
    let after = after
        .strip_prefix("(s)")
        .or_else(|| after.strip_prefix("(n)"))
        .or_else(|| after.strip_prefix("(en)"))
        .unwrap_or(after);
    Some((unit, after))
}

/// The longest lifetime that a text ends with, with where it begins; `glued`: the cell before it may
/// stand right before it.
pub(super) fn suffix(text: &str, glued: bool, unit: Option<Unit>) -> Option<(usize, Duration)> {
    const FAR: usize = 90;
    let text = text.trim_end();
    for (at, c, before) in words::ending(text, FAR) {
        let opens = match before {
            None => true,
            Some(before) if glued => {
                !before.is_whitespace()
                    && (c.is_uppercase()
                        && (!before.is_uppercase()
                            || text[at..].chars().nth(1).is_some_and(char::is_lowercase))
                        || c.is_ascii_digit() && !before.is_ascii_digit() && !before.is_ascii_punctuation()
                        || c.is_ascii_digit() && matches!(before, '.' | ')' | '*' | ']' | '!' | '?' | '"')
                        || matches!(c, '~' | '<' | '\u{2264}'))
            }
            Some(before) => {
                before.is_whitespace()
                    && (c.is_uppercase() || c.is_ascii_digit() || matches!(c, '~' | '<' | '\u{2264}'))
            }
        };
        if opens
            && let Some(duration) = whole(&text[at..]).or_else(|| {
                let phrase = read(&text[at..], unit);
                phrase.is_whole().then_some(phrase.duration).flatten()
            })
        {
            return Some((at, duration));
        }
    }
    None
}

/// The lifetime that a sentence states after words such as *expires after*, or in brackets, or as a
/// sentence of its own.
pub(super) fn within(text: &str) -> Option<Duration> {
    // The stop of an abbreviation ends no sentence.
    let folded = super::inline::folded(text).replace(" bzw. ", " bzw ");
    // A sentence or bracket that is nothing but a lifetime.
    for piece in folded.split(['.', ';', '(', ')', '[', ']', '\n', '|', '\u{2022}']) {
        let piece = piece.trim();
        // "Duration: 30 days"
        let piece = match piece.split_once(':') {
            Some((label, value)) if words::column(label.trim()) == Some(words::Column::Duration) => {
                value.trim()
            }
            _ => piece,
        };
        if piece.split_whitespace().count() <= 9
            && let Some(duration) = whole(piece)
            && (duration.amount.is_some() || piece.split_whitespace().count() <= 6)
        {
            return Some(duration);
        }
        for part in piece.split([',', '\u{2013}', '\u{2014}']).map(str::trim) {
            if let Some(duration) = whole(part).filter(|duration| duration.amount.is_some()) {
                return Some(duration);
            }
        }
    }
    for lead in words::all(|language| language.lasting) {
        let mut from = 0;
        while let Some(at) = folded.get(from..).and_then(|rest| words::find_phrase(rest, lead)) {
            let start = from + at + lead.len();
            let rest = &folded[start..];
            let end = rest.find(['.', ';', '\n']).unwrap_or(rest.len());
            if let Some(duration) = prefix(&rest[..end]) {
                return Some(duration);
            }
            from = start;
        }
    }
    folded.split(['.', ';', '\n']).find_map(with_the_browser)
}

/// A clause that says in a sentence's words that it goes when the browser is closed.
fn with_the_browser(sentence: &str) -> Option<Duration> {
    let has = |list: fn(&words::Language) -> &'static [&'static str]| words::within(list, sentence);
    let goes = has(|language| language.browser) && has(|language| language.goes);
    if !goes || has(|language| language.stays) || words::says(sentence, words::Sense::No) {
        return None;
    }
    let closes = |(mark, word): &(Mark, &str)| {
        *mark == Mark::Session
            && word.contains(' ')
            && words::within(|language| language.browser, word)
            && words::find_phrase(sentence, word).is_some()
    };
    words::marks().filter(closes).max_by_key(|(_, word)| word.len()).and_then(|(_, word)| whole(word))
}

/// The lifetime a text begins with, and no more words than belong to it.
fn prefix(text: &str) -> Option<Duration> {
    let words: Vec<(usize, &str)> = text
        .split_whitespace()
        .take(12)
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize + word.len(), word))
        .collect();
    words.iter().rev().find_map(|(end, _)| whole(&text[..*end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let phrase = read(text, None);
        let Some(duration) = phrase.duration else { return format!("none, {:?}", phrase.storage) };
        let rolling = if duration.rolling { " rolling" } else { "" };
        let rule = duration.rule().map_or("an event".to_owned(), |rule| rule.to_string());
        let odd = if duration.contradictory { " contradictory" } else { "" };
        let left = if phrase.unknown > 0 { " ..." } else { "" };
        format!("{rule}{rolling}{odd}{left}")
    }

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(told(text), expected, "{text}");
    }

    #[test]
    fn plain_amounts_in_five_languages() {
        case("24 hours", "24 hours");
        case("1year", "1 year");
        case("Five minutes", "5 minutes");
        case("11 months 30 days", "11 months 30 days");
        case("1 year and 1 month", "1 year 1 month");
        case("Expires after 30 days", "30 days");
        case("31536000s (1 year)", "31536000 seconds");
        case("Persistent (2 Years)", "2 years");
        case("13 Monate", "13 months");
        case("ein Jahr", "1 year");
        case("12 moi", "12 months");
        case("une semaine", "1 week");
        case("en un a\u{f1}o", "1 year");
        case("2 jaar", "2 years");
        case("24h", "24 hours");
        case("1.5 years", "13140 hours");
    }

    #[test]
    fn bounds_and_conditions() {
        case("Up to 7 days; refreshed on activity", "at most 7 days rolling");
        case("\u{2264} 30 minutes", "at most 30 minutes");
        case("< 1 day", "at most 1 day");
        case("Bis zu 2 Jahre", "at most 2 years");
        case("~2 years", "about 2 years");
        case("1-2 hours", "1 hour to 2 hours");
        case("7 days - 3 years", "7 days to 3 years");
        case("Entre 24 horas y 2 a\u{f1}os", "24 hours to 2 years");
        case("2 hours after last activity", "2 hours rolling");
        case("30 days if you tick the box, otherwise 1 day", "at most 30 days ...");
    }

    #[test]
    fn sessions_and_what_has_no_number() {
        case("Session", "the browser session");
        case("Session (expires when you quit browser)", "the browser session");
        case("Fin de la sesi\u{f3}n", "the browser session");
        case("Gebruikerssessie", "the browser session");
        case("Sitzungsende", "the browser session");
        case(
            "session or persistent depending on your sign-in choice",
            "the browser session or persistent, without a stated bound ...",
        );
        case("Session / up to 30 days", "the browser session or at most 30 days");
        case("Session (1 day)", "the browser session contradictory");
        case("Forever", "persistent, without a stated bound");
        case("Persistent, as long as user is logged in.", "until logout");
        case("next page view", "an event");
        case("quelques secondes", "an event");
        case("local storage", "none, Some(LocalStorage)");
        case("none of your business", "persistent, without a stated bound ...");
        case("Authentication", "none, None");
    }

    #[test]
    fn a_cell_glued_to_the_one_before() {
        let (at, found) = suffix("Keeps you logged in for 3 hours.Up to 7 days", true, None).unwrap();
        assert_eq!((at, found.written.as_str()), (32, "Up to 7 days"));
        assert_eq!(suffix("Strictly Necessary24 hours", true, None).unwrap().0, 18);
        assert_eq!(suffix("protection.Session", true, None).unwrap().0, 11);
        assert!(suffix("protection of your session", true, None).is_none());
        assert_eq!(suffix("Google Analytics Counts visits 2 years", false, None).unwrap().0, 31);
    }

    #[test]
    fn a_lifetime_within_a_sentence() {
        let told =
            |text: &str| within(text).and_then(|duration| duration.rule()).map(|rule| rule.to_string());
        assert_eq!(told("Remembers your name and expires after 30 days.").as_deref(), Some("30 days"));
        assert_eq!(
            told("Counts visits. Persistent, ~2 years. Only after consent.").as_deref(),
            Some("about 2 years")
        );
        assert_eq!(told("Shows what happened today"), None);
        assert_eq!(told("Garde la langue. Dur\u{e9}e de vie: 13 mois").as_deref(), Some("13 months"));
        assert_eq!(told("Wird nach 14 Tagen gel\u{f6}scht.").as_deref(), Some("14 days"));
    }
}
