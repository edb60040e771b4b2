//! The words that policies are written with, one table a language, and how they are looked up.
//!
//! A policy in one language borrows words of another (`Session` in a German table), so every lookup
//! asks all languages. All words are lower case; what is compared with them is made so first.

mod de;
mod en;
mod es;
mod fr;
mod nl;

use crate::manifest::Category;
use crate::observation::StorageKind;

/// What a column or a label of a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Column {
    Name,
    Purpose,
    Duration,
    Category,
    /// *Type*: a category, session or persistent, a kind of storage, or something else.
    Type,
    Provider,
    Service,
    Domain,
    Party,
    Storage,
    Attributes,
    Path,
    SetOn,
    Essential,
    /// Nothing that is read: a value, a country, a link, how to opt out.
    Other,
}

/// Units of time, the longest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// A month counts 30 days, a year 365.
    pub(super) fn seconds(self) -> i64 {
        const DAY: i64 = 86_400;
        match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 30 * DAY,
            Unit::Year => 365 * DAY,
        }
    }

    /// The manifest's word.
    pub(super) fn word(self, count: i64) -> &'static str {
        match (self, count == 1) {
            (Unit::Second, true) => "second",
            (Unit::Second, false) => "seconds",
            (Unit::Minute, true) => "minute",
            (Unit::Minute, false) => "minutes",
            (Unit::Hour, true) => "hour",
            (Unit::Hour, false) => "hours",
            (Unit::Day, true) => "day",
            (Unit::Day, false) => "days",
            (Unit::Week, true) => "week",
            (Unit::Week, false) => "weeks",
            (Unit::Month, true) => "month",
            (Unit::Month, false) => "months",
            (Unit::Year, true) => "year",
            (Unit::Year, false) => "years",
        }
    }
}

/// What a phrase in a lifetime means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Session,
    /// Persistent, without a bound.
    Unbounded,
    AtMost,
    LessThan,
    About,
    /// From one to another.
    Between,
    /// Depends on a choice.
    Conditional,
    /// Counted anew on activity.
    Rolling,
    /// Ends with an event.
    Event,
    Logout,
    /// Seconds or minutes that nobody counted.
    Few,
    /// Deleted at once.
    AtOnce,
    Or,
    And,
    To,
    /// Says nothing: *for*, *after*, *expires*.
    Filler,
}

/// What a sentence denies or states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// *not*, *no*, *never*.
    No,
    /// *only*.
    Only,
    /// *may*, *usually*: what holds where possible.
    Hedge,
    /// *if*, *when*: what follows holds on a condition.
    If,
    /// *tracking*.
    Tracking,
    /// *across websites*.
    AcrossSites,
    /// *third-party*.
    Third,
    /// *first-party*, *our own*.
    First,
    /// *we use*, *sets*.
    Use,
    /// *banner*, *popup*.
    Banner,
    /// *consent*.
    Consent,
    /// *every*, *all*, *the following*.
    Every,
    /// *examples*, *not exhaustive*.
    Examples,
    /// *table*, *list*.
    List,
}

/// The words of a language.
pub(super) struct Language {
    /// Words that stand over a column or before a value.
    pub(super) columns: &'static [(Column, &'static [&'static str])],
    pub(super) units: &'static [(Unit, &'static [&'static str])],
    pub(super) numbers: &'static [(i64, &'static [&'static str])],
    /// *half an hour*: an amount in words of its own.
    pub(super) halves: &'static [((i64, Unit), &'static [&'static str])],
    /// The browser, within any word.
    pub(super) browser: &'static [&'static str],
    /// *is deleted*, *expires*: within any word.
    pub(super) goes: &'static [&'static str],
    /// What turns *deleted when you close the browser* into something else: *even*, *unless*.
    pub(super) stays: &'static [&'static str],
    /// What a text speaks of that speaks of what is kept on a device, within any word.
    pub(super) kept: &'static [&'static str],
    /// Phrases in lifetimes.
    pub(super) marks: &'static [(Mark, &'static [&'static str])],
    pub(super) categories: &'static [(Category, &'static [&'static str])],
    pub(super) storage: &'static [(StorageKind, &'static [&'static str])],
    pub(super) first_party: &'static [&'static str],
    pub(super) third_party: &'static [&'static str],
    pub(super) yes: &'static [&'static str],
    pub(super) no: &'static [&'static str],
    /// *or* between two names.
    pub(super) or: &'static [&'static str],
    /// *and* between two names.
    pub(super) and: &'static [&'static str],
    /// Words that open what a cookie is for.
    pub(super) openers: &'static [&'static str],
    /// Phrases of sentences.
    pub(super) senses: &'static [(Sense, &'static [&'static str])],
    /// Phrases before a cookie's lifetime within a sentence: *expires after*.
    pub(super) lasting: &'static [&'static str],
    /// Words that stand over a section about something else: *browser settings*, *contact*.
    pub(super) elsewhere: &'static [&'static str],
}

/// Every language that is read.
pub(super) static LANGUAGES: [&Language; 5] = [&en::WORDS, &de::WORDS, &fr::WORDS, &es::WORDS, &nl::WORDS];

/// The language whose short words a text has most of.
pub(super) fn language_of(text: &str) -> &'static str {
    const SHORT: [(&str, &[&str]); 5] = [
        ("en", &["the", "and", "of", "to", "is", "we", "you", "your", "are", "for", "this"]),
        ("de", &["der", "die", "das", "und", "wir", "sie", "ist", "von", "werden", "nicht", "zur"]),
        ("fr", &["le", "les", "des", "et", "vous", "nous", "est", "pour", "du", "votre", "sur"]),
        ("es", &["el", "los", "las", "y", "que", "una", "para", "del", "por", "su", "se"]),
        ("nl", &["het", "een", "van", "en", "wij", "je", "voor", "niet", "worden", "deze", "zijn"]),
    ];
    let mut counts = [0usize; 5];
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(5_000) {
        let word = word.to_lowercase();
        for (count, (_, words)) in counts.iter_mut().zip(&SHORT) {
            *count += usize::from(words.contains(&word.as_str()));
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().position(|count| *count == most).map_or("en", |at| SHORT[at].0)
}

/// What a heading of a column or a label means.
pub(super) fn column(text: &str) -> Option<Column> {
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    LANGUAGES
        .iter()
        .flat_map(|language| language.columns)
        .find(|(_, words)| words.contains(&text))
        .map(|(column, _)| *column)
}

/// Every word for a column with what it means.
pub(super) fn column_words() -> impl Iterator<Item = (Column, &'static str)> {
    LANGUAGES
        .iter()
        .flat_map(|language| language.columns)
        .flat_map(|(column, words)| words.iter().map(move |word| (*column, *word)))
}

pub(super) fn unit(word: &str) -> Option<Unit> {
    let of = |word: &str| {
        LANGUAGES
            .iter()
            .flat_map(|language| language.units)
            .find(|(_, words)| words.contains(&word))
            .map(|(unit, _)| *unit)
    };
    of(word).or_else(|| of(word.strip_suffix("(s)").or_else(|| word.strip_suffix('.'))?))
}

pub(super) fn number(word: &str) -> Option<i64> {
    LANGUAGES
        .iter()
        .flat_map(|language| language.numbers)
        .find(|(_, words)| words.contains(&word))
        .map(|(number, _)| *number)
}

pub(super) fn marks() -> impl Iterator<Item = (Mark, &'static str)> {
    LANGUAGES
        .iter()
        .flat_map(|language| language.marks)
        .flat_map(|(mark, words)| words.iter().map(move |word| (*mark, *word)))
}

pub(super) fn categories() -> impl Iterator<Item = (Category, &'static str)> {
    LANGUAGES
        .iter()
        .flat_map(|language| language.categories)
        .flat_map(|(category, words)| words.iter().map(move |word| (*category, *word)))
}

pub(super) fn storage_words() -> impl Iterator<Item = (StorageKind, &'static str)> {
    LANGUAGES
        .iter()
        .flat_map(|language| language.storage)
        .flat_map(|(kind, words)| words.iter().map(move |word| (*kind, *word)))
}

/// Whether the kind of storage that a cell names is a pixel. The word is the same in all languages, with another
/// before or after it.
pub(super) fn is_pixel(text: &str) -> bool {
    const MOST_WORDS: usize = 4;
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words().count() <= MOST_WORDS
        && words()
            .any(|word| matches!(word, "pixel" | "pixels" | "p\u{ed}xel" | "p\u{ed}xeles" | "pixeltracker"))
}

/// Whether a text, in lower case, has a word of the list that is meant, also within another word.
pub(super) fn within(list: fn(&Language) -> &'static [&'static str], text: &str) -> bool {
    all(list).any(|word| text.contains(word))
}

/// Whether any language has the word in the list that is meant.
pub(super) fn any(list: fn(&Language) -> &'static [&'static str], word: &str) -> bool {
    LANGUAGES.iter().any(|language| list(language).contains(&word))
}

/// All words of the list that is meant.
pub(super) fn all(list: fn(&Language) -> &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().flat_map(move |language| list(language).iter().copied())
}

/// Whether a sentence, in lower case, says a thing.
pub(super) fn says(sentence: &str, sense: Sense) -> bool {
    LANGUAGES
        .iter()
        .flat_map(|language| language.senses)
        .filter(|(of, _)| *of == sense)
        .flat_map(|(_, phrases)| phrases.iter())
        .any(|phrase| find_phrase(sentence, phrase).is_some())
}

/// The end of a text as far back as a cell's words reach: where it begins in the text, each of its characters with
/// its place, and the character before each.
pub(super) fn ending(text: &str, far: usize) -> impl Iterator<Item = (usize, char, Option<char>)> {
    let start = text.ceil_char_boundary(text.len().saturating_sub(far));
    let mut before = text[..start].chars().next_back();
    text[start..].char_indices().map(move |(at, c)| (start + at, c, before.replace(c)))
}

/// Where a phrase stands in a text, as words of their own. A phrase that ends with `*` is the
/// beginning of a word.
pub(super) fn find_phrase(text: &str, phrase: &str) -> Option<usize> {
    let (phrase, open) = match phrase.strip_suffix('*') {
        Some(start) => (start, true),
        None => (phrase, false),
    };
    if phrase.is_empty() {
        return None;
    }
    text.match_indices(phrase).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        let starts =
            !phrase.starts_with(char::is_alphanumeric) || before.is_none_or(|c| !c.is_alphanumeric());
        let ends =
            open || !phrase.ends_with(char::is_alphanumeric) || after.is_none_or(|c| !c.is_alphanumeric());
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_trimmed() {
        let all = column_words()
            .map(|(_, word)| word)
            .chain(marks().map(|(_, word)| word))
            .chain(categories().map(|(_, word)| word))
            .chain(storage_words().map(|(_, word)| word));
        for word in all {
            assert_eq!(word, word.to_lowercase().trim(), "{word}");
        }
    }

    #[test]
    fn a_text_tells_its_language() {
        for (text, code) in [
            ("We use the cookies that are named below for you.", "en"),
            ("Wir verwenden Cookies, die von der Seite gesetzt werden und nicht das Ihre.", "de"),
            ("Nous utilisons des cookies pour vous et votre navigateur est le bienvenu.", "fr"),
            ("Esta web usa las cookies que se detallan para el usuario y su navegador.", "es"),
            ("Wij gebruiken een cookie voor het onthouden van je taal.", "nl"),
        ] {
            assert_eq!(language_of(text), code);
        }
    }

    #[test]
    fn phrases_are_words_of_their_own() {
        assert_eq!(find_phrase("a notebook", "no"), None);
        assert_eq!(find_phrase("there is no cookie", "no"), Some(9));
        assert_eq!(find_phrase("werbecookies", "werbe*"), Some(0));
    }
}
