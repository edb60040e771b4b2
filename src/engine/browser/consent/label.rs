//! What a button says. A label is an answer only if every word of it is known: "Accept all cookies" is,
//! "Accept order" and "I agree, subscribe" are not.

use super::words::{
    LANGUAGES, Language, Lexicon, Meaning, OTHER_SUBJECTS, Subject, TELLING, fold, is_joined, next_start,
};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Longer labels are texts.
const LONGEST: usize = 80;
/// Words that a label may have beside those that make plain what it is about (`Accept all and visit
/// Example`).
const MOST_UNKNOWN: usize = 2;

/// What is said by pressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    Accept,
    /// "OK", "Got it": an answer only to who clearly asks about cookies.
    Acknowledge,
    Reject,
    /// "No", "No thanks": the same.
    Decline,
    Settings,
    Save,
    Withdraw,
}

/// A label as it is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) says: Says,
    /// It says what is meant: all, cookies, what is necessary.
    pub(super) explicit: bool,
    /// It names cookies.
    pub(super) cookies: bool,
    /// It names cookies, privacy or consent, or is the usual name of the way back to the question.
    pub(super) reopens: bool,
    /// How much it says: the one that says most is pressed.
    pub(super) strength: u8,
}

/// Reads a label; none where it says nothing about consent, or something else besides. The languages
/// are tried in the order given first.
pub(super) fn read(label: &str, first: &[&'static str]) -> Option<Label> {
    let folded = fold(label);
    let text: Vec<char> = folded.chars().collect();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if TELLING.all_in(&text).is_empty() {
        return None;
    }
    let other = !subjects(&text).is_empty() || has_price(label);
    let rank =
        |language: &&Language| first.iter().position(|name| *name == language.name).unwrap_or(usize::MAX);
    let mut languages: Vec<&Language> = LANGUAGES.iter().collect();
    languages.sort_by_key(rank);
    let mut best: Option<((usize, usize), Label)> = None;
    for language in languages {
        let (meanings, unknown, written) = words_of(&language.labels, &text);
        let Some(label) = understood(&meanings) else { continue };
        let most = if label.explicit && !other { MOST_UNKNOWN } else { 0 };
        // Of two languages that know all of it, the one that knows it by longer words.
        let order = (unknown, usize::MAX - written);
        if unknown <= most && best.as_ref().is_none_or(|(best, _)| order < *best) {
            best = Some((order, label));
        }
    }
    best.map(|(_, label)| label)
}

/// Whether a label wants money: a price, or a subscription.
pub(super) fn pays(label: &str) -> bool {
    let text: Vec<char> = fold(label).chars().collect();
    has_price(label) || subjects(&text).contains(&Subject::Pay)
}

/// An amount with a currency.
pub(super) fn has_price(text: &str) -> bool {
    static PRICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"[€$£¥₽₴]\s?\d|\d([.,]\d{1,2})?\s?([€£¥₽₴]|eur\b|euro|usd\b|chf\b|gbp\b|pln\b|zł|kč\b|kr\b|ft\b|lei\b|円|元)",
        )
        .ok()
    });
    PRICE.as_ref().is_some_and(|price| price.is_match(&text.to_lowercase()))
}

/// What a text is about beside consent.
pub(super) fn subjects(text: &[char]) -> BTreeSet<Subject> {
    OTHER_SUBJECTS.all_in(text).into_iter().map(|(_, _, subject)| subject).collect()
}

/// The meanings of a label's words in one language, how many are not known, and how many letters of
/// those that are were written out.
fn words_of(lexicon: &Lexicon<Meaning>, text: &[char]) -> (Vec<Meaning>, usize, usize) {
    let (mut meanings, mut unknown, mut at, mut joined, mut letters) = (Vec::new(), 0, 0, 0, 0);
    while at < text.len() {
        if text[at] == ' ' {
            at += 1;
            continue;
        }
        if let Some((end, written, meaning)) = lexicon.at(text, at) {
            meanings.push(meaning);
            letters += written;
            at = end.max(at + 1);
            continue;
        }
        let next = next_start(text, at);
        match (is_joined(text[at]), next == at + 1) {
            // A character of a script without spaces is about half a word.
            (true, _) => joined += 1,
            // A letter joined to the word that follows.
            (false, true) if text.get(at + 1).is_some_and(|c| *c != ' ') => {}
            _ => unknown += 1,
        }
        at = next;
    }
    (meanings, unknown + usize::div_ceil(joined, 2), letters)
}

/// What these words say together.
fn understood(meanings: &[Meaning]) -> Option<Label> {
    let has = |meaning| meanings.contains(&meaning);
    let (all, cookies) = (has(Meaning::All), has(Meaning::Cookies));
    let about = all || cookies || has(Meaning::Necessary) || has(Meaning::Optional);
    let says = says(meanings)?;
    let strength = match says {
        Says::Accept | Says::Reject => 1 + u8::from(cookies) + 2 * u8::from(all),
        _ => 0,
    };
    let explicit = about && matches!(says, Says::Accept | Says::Reject | Says::Save | Says::Settings);
    let reopens = matches!(says, Says::Settings | Says::Withdraw)
        && (cookies
            || has(Meaning::Privacy)
            || has(Meaning::Again)
            || says == Says::Withdraw && has(Meaning::Accept));
    Some(Label { says, explicit, cookies, reopens, strength })
}

fn says(meanings: &[Meaning]) -> Option<Says> {
    let has = |meaning| meanings.contains(&meaning);
    let (accept, reject, not, all) =
        (has(Meaning::Accept), has(Meaning::Reject), has(Meaning::Not), has(Meaning::All));
    let choosing = has(Meaning::Settings) || has(Meaning::Choice);
    Some(match () {
        _ if has(Meaning::Withdraw) => Says::Withdraw,
        _ if has(Meaning::Again) => Says::Settings,
        // "Manage or reject", "Accept or decline": a way to a choice, if anything.
        _ if reject && (accept && !not || choosing) => return choosing.then_some(Says::Settings),
        _ if reject => Says::Reject,
        _ if not && accept => Says::Reject,
        _ if not && choosing => Says::Settings,
        // "Continue without consent", in languages that have another word for giving it.
        _ if not && has(Meaning::Privacy) => Says::Reject,
        _ if not && (has(Meaning::Cookies) || has(Meaning::Optional)) => Says::Reject,
        _ if has(Meaning::Necessary) => {
            let chosen = has(Meaning::Only) || accept || has(Meaning::Ok) || has(Meaning::Save);
            return chosen.then_some(Says::Reject);
        }
        _ if not => Says::Decline,
        _ if has(Meaning::Save) && all && !choosing => Says::Accept,
        _ if has(Meaning::Save) && accept && all => Says::Accept,
        _ if has(Meaning::Save) => Says::Save,
        _ if accept && all => Says::Accept,
        _ if accept && choosing || has(Meaning::Only) && has(Meaning::Choice) => Says::Save,
        _ if accept => Says::Accept,
        _ if choosing => Says::Settings,
        _ if has(Meaning::Ok) && (all || has(Meaning::Cookies)) => Says::Accept,
        _ if has(Meaning::Ok) => Says::Acknowledge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
