//! What a visitor reads on a link, and what following it would then do.
//!
//! Words that mean one thing only bar an address wherever one link to it says so. Words with an
//! innocent reading ("Cancel" leads back to the settings) bar it only where every link with a text
//! says so; that is for the frontier to know, which meets all of them.

use super::verbs::{LABEL_CHANGES, LABEL_FILLERS, LABEL_MAY_ACT, LABEL_PERHAPS, LOGS_OUT};
use super::{Danger, words};
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What the words of a link say about following it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// No words: a picture without a text, a sign.
    #[default]
    Nothing,
    /// Words, and none that acts.
    Plain,
    /// An act for whoever may act: members leave it alone where every link says so.
    MayAct,
    /// An act, or only the way back: left alone where every link says so.
    Perhaps(Danger),
    /// An act, by its words.
    Acts(Danger),
    /// An act, by what a script would make of it.
    Sends,
    /// A file to keep, not a page.
    Download,
}

/// What is known of a link beside its address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// What is read on it.
    pub text: &'a str,
    /// What else names it: `aria-label`, `title`, the `alt` of its picture.
    pub names: [&'a str; 2],
    /// The method that a script would send it with (`data-method="delete"`).
    pub method: Option<&'a str>,
    /// It asks before it acts (`data-confirm`, `onclick="return confirm(...)"`).
    pub asks: bool,
    /// A file to keep (`download`).
    pub keeps: bool,
}

impl Words<'_> {
    /// What following the link would do, as far as it says.
    pub fn said(&self) -> Said {
        let sends = self.method.is_some_and(|method| {
            !method.is_empty() && !method.eq_ignore_ascii_case("get") && !method.eq_ignore_ascii_case("false")
        });
        if self.asks || sends {
            return Said::Sends;
        }
        if self.keeps {
            return Said::Download;
        }
        let named = || self.names.iter().map(|name| label(name));
        match label(self.text) {
            Said::Nothing => named().find(|said| *said != Said::Nothing).unwrap_or_default(),
            // A name says more than a sign or a short word, but takes nothing back.
            said @ (Said::Plain | Said::MayAct) => {
                named().find(|said| matches!(said, Said::Acts(_))).unwrap_or(said)
            }
            said => said,
        }
    }
}

/// Whether a script asks the visitor before it goes on: `return confirm('Sure?')`,
/// `return confirmDelete(this)`.
pub fn asks_first(script: &str) -> bool {
    let lower = script.to_ascii_lowercase();
    lower.match_indices("confirm").any(|(at, word)| {
        let rest = lower[at + word.len()..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        rest.trim_start().starts_with('(')
    })
}

/// Judges the words that a visitor clicks on.
pub fn label(text: &str) -> Said {
    if !text.chars().any(char::is_alphanumeric) {
        return Said::Nothing;
    }
    if text.len() > 80 || !may_say_something(text.as_bytes()) {
        return Said::Plain;
    }
    let words = words::of_text(text);
    if let Some(said) = known(&words) {
        return said;
    }
    match logs_out_somebody(text) {
        true => Said::Acts(Danger::LogsOut),
        false => Said::Plain,
    }
}

/// Whether a text, as it stands in the page, is worth a closer look. Most are not.
pub(in crate::crawl) fn may_say_something(text: &[u8]) -> bool {
    STEMS.is_match(text)
}

fn known(words: &[String]) -> Option<Said> {
    if words.is_empty() || words.len() > 8 {
        return None;
    }
    let without_fillers = || {
        words
            .iter()
            .filter(|word| !LABEL_FILLERS.contains(&word.as_str()))
            .map(String::as_str)
            .collect::<String>()
    };
    PHRASES.get(&words.concat()).or_else(|| PHRASES.get(&without_fillers())).copied()
}

/// "Log out (Anna Smith)", "Logout: anna@example.org": the words, and behind a mark who it is.
fn logs_out_somebody(text: &str) -> bool {
    let Some(mark) = text.find(['(', '[', ':', '|', '\u{2013}', '\u{2014}', '\u{ab}', '@']) else {
        return false;
    };
    let said = match text[mark..].starts_with('@') {
        // The address' own first word is no word of the label.
        true => text[..mark].trim_end().rsplit_once(char::is_whitespace).map_or("", |(said, _)| said),
        false => &text[..mark],
    };
    known(&words::of_text(said)) == Some(Said::Acts(Danger::LogsOut))
        && words::of_text(&text[said.len()..]).len() <= 5
}

/// Every phrase, its words joined and without accents.
static PHRASES: LazyLock<HashMap<String, Said>> = LazyLock::new(|| {
    // The more telling meaning is put in last, and stays.
    let all = [
        (&LABEL_MAY_ACT, Said::MayAct),
        (&LABEL_PERHAPS, Said::Perhaps(Danger::ChangesData)),
        (&LABEL_CHANGES, Said::Acts(Danger::ChangesData)),
        (&LOGS_OUT, Said::Acts(Danger::LogsOut)),
    ];
    let mut phrases = HashMap::new();
    for (list, said) in all {
        phrases.extend(list.iter().map(|phrase| (words::of_text(phrase).concat(), said)));
    }
    phrases
});

/// Of each phrase the beginning of its longest word: one quick look spares most links the rest. What is
/// beyond ASCII, or written as a character reference, always gets the closer look.
static STEMS: LazyLock<Regex> = LazyLock::new(|| {
    let lists = [&LABEL_MAY_ACT, &LABEL_PERHAPS, &LABEL_CHANGES, &LOGS_OUT];
    let mut stems: Vec<String> = lists
        .into_iter()
        .flat_map(|list| list.iter())
        .map(|phrase| phrase.chars().map(words::without_accent).collect::<String>())
        .filter(|phrase| phrase.is_ascii())
        .filter_map(|phrase| phrase.split(' ').max_by_key(|word| word.len()).map(str::to_owned))
        .map(|word| word[..word.len().min(4)].to_owned())
        .collect();
    stems.sort();
    stems.dedup();
    #[expect(clippy::unwrap_used, reason = "made of constant letters, compiled in the tests")]
    Regex::new(&format!(r"(?i-u:[&\x80-\xff]|{}|log[\s<-]|sign[\s<-])", stems.join("|"))).unwrap()
});

#[cfg(test)]
mod tests {
    use super::*;
    use Danger::*;
    use Said::*;

    #[track_caller]
    fn case(text: &str, expected: Said) {
        assert_eq!(label(text), expected, "{text}");
    }

    #[test]
    fn logging_out() {
        for text in [
            "Log out",
            "LOGOUT",
            "LogOut",
            "Sign out »",
            "Click here to log out",
            "Log out (Anna Smith)",
            "Logout [ anna ]",
            "Logout anna.smith@example.org",
            "Not you? Log out",
            "Abmelden",
            "Déconnexion",
            "Se déconnecter",
            "Cerrar sesión",
            "Wyloguj się",
            "Выйти",
            "ログアウト",
            "Logga ut",
            "Log ud",
            "Logg av",
            "Kirjaudu ulos",
            "Odhlásit se",
            "Esci",
            "Uitloggen",
            "Terminar sessão",
            "Kijelentkezés",
        ] {
            case(text, Acts(LogsOut));
        }
        for text in [
            "How to log out of all your devices",
            "Log in",
            "Sign up",
            "Blog",
            "Checkout",
            "LogoutURL",
            "Logout URL",
            "$cfg['Servers'][$i]['LogoutURL']",
            "Logout handler",
            "What happens when you delete data",
            "Remove filter: blue",
            "Home",
            "Spam (2)",
            "Activation",
            "Delete key",
            "Installation guide",
        ] {
            case(text, Plain);
        }
        case("", Nothing);
        case("\u{d7}", Nothing);
    }

    #[test]
    fn changing() {
        for text in [
            "Delete",
            "Delete this comment",
            "Supprimer",
            "Konto löschen",
            "Add to cart",
            "In den Warenkorb",
            "Unsubscribe",
            "Move to Trash",
            "Activate",
            "Spam",
            "Install Now",
            "Dismiss",
            "Dismiss this notice",
            "Vote up",
            "Send password reset",
            "Approve",
            "Mark all as read",
            "Aktivieren",
            "Jetzt installieren",
            "Mettre à la corbeille",
            "Activer",
            "Mover a la papelera",
            "Sposta nel cestino",
            "Attiva",
            "Mover para a lixeira",
            "Activeren",
            "Ta bort",
            "Slet",
            "Godkjenn",
            "Poista",
            "Usuń",
            "Smazat",
            "Törlés",
            "Удалить",
            "削除",
            "删除",
            "삭제",
            "Remove",
            "Clear cache",
            "Run cron",
            "Build Now",
        ] {
            case(text, Acts(ChangesData));
        }
        for text in ["Cancel", "Reset", "Clear", "Close", "Abbrechen", "Annuler", "Отмена", "取消"] {
            case(text, Perhaps(ChangesData));
        }
        for text in ["Trash", "Follow", "Publish", "Restore", "Enable", "Lock"] {
            case(text, MayAct);
        }
    }

    #[test]
    fn what_stands_beside_the_words() {
        let link = Words { text: "Entry 5", ..Words::default() };
        let acts = Acts(ChangesData);
        assert_eq!(link.said(), Plain);
        assert_eq!(Words { method: Some("post"), ..link }.said(), Sends);
        assert_eq!(Words { method: Some("GET"), ..link }.said(), Plain);
        assert_eq!(Words { asks: true, ..link }.said(), Sends);
        assert_eq!(Words { keeps: true, ..link }.said(), Download);
        assert_eq!(Words { names: ["", "Delete this entry"], ..link }.said(), acts);
        assert_eq!(Words { text: "\u{d7}", names: ["Log out", ""], ..link }.said(), Acts(LogsOut));
        assert_eq!(Words { text: "\u{d7}", names: ["", "Photo"], ..link }.said(), Plain);
        for script in ["return confirm('Sure?')", "if(!confirmDelete(this))return false", "confirm ('x')"] {
            assert!(asks_first(script), "{script}");
        }
        for script in ["confirmed = true", "open(this)", ""] {
            assert!(!asks_first(script), "{script}");
        }
    }

    #[test]
    fn every_phrase_passes_the_quick_look() {
        for phrase in [&LABEL_MAY_ACT, &LABEL_PERHAPS, &LABEL_CHANGES, &LOGS_OUT]
            .into_iter()
            .flat_map(|list| list.iter())
        {
            assert!(may_say_something(phrase.as_bytes()), "{phrase}");
            assert!(may_say_something(phrase.to_uppercase().as_bytes()), "{phrase}");
        }
    }
}
