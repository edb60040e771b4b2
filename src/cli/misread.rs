//! What the parser of arguments complains of quotes what was typed; it goes to a terminal as
//! everything else does: without what a terminal acts on, and without a password in an address.

use super::args::Typed;
use crate::legible::{clean, is_unsafe, without_credentials};
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error};

/// The complaint, fit to be shown.
pub(super) fn shown(mut error: Error) -> Error {
    if !error.use_stderr() {
        return error;
    }
    let quoted: Vec<(ContextKind, ContextValue)> =
        error.context().filter_map(|(kind, value)| Some((kind, shown_value(kind, value)?))).collect();
    for (kind, value) in quoted {
        error.insert(kind, value);
    }
    let text = error.render().to_string();
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return error;
    }
    // It says more than its context: a parser of ours quoted what it read.
    let lines: Vec<_> = text.lines().map(clean).collect();
    let text = lines.join("\n").trim_start_matches("error: ").to_owned();
    Typed::command().error(error.kind(), text)
}

/// The value of a context where it is to be shown otherwise. Usage and styled tips are the parser's own
/// words, but for tips that repeat what was typed.
fn shown_value(kind: ContextKind, value: &ContextValue) -> Option<ContextValue> {
    let one = |text: &str| clean(&without_credentials(text)).into_owned();
    match value {
        ContextValue::String(text) => Some(ContextValue::String(one(text))),
        ContextValue::Strings(texts) => {
            Some(ContextValue::Strings(texts.iter().map(|text| one(text)).collect()))
        }
        ContextValue::StyledStr(text) if kind != ContextKind::Usage => {
            let plain = text.to_string();
            is_odd(&plain).then(|| ContextValue::StyledStr(one(&plain).into()))
        }
        ContextValue::StyledStrs(texts) => {
            let shown = |text: &clap::builder::StyledStr| match text.to_string() {
                plain if is_odd(&plain) => one(&plain).into(),
                _ => text.clone(),
            };
            Some(ContextValue::StyledStrs(texts.iter().map(shown).collect()))
        }
        _ => None,
    }
}

fn is_odd(text: &str) -> bool {
    text.contains('@') || text.chars().any(is_unsafe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn complaint(args: &[&str]) -> String {
        let typed = std::iter::once("cookieproof").chain(args.iter().copied());
        shown(Typed::try_parse_from(typed).unwrap_err()).render().to_string()
    }

    #[test]
    fn nothing_typed_reaches_the_terminal_raw() {
        for nasty in
            ["\x1b[2J", "\u{9b}31m", "a\u{202e}b", "a\u{200b}", "a\rb", "a\u{ad}", "a\u{e0041}", "a\nb"]
        {
            for args in [
                &["audit", &format!("--{nasty}")][..],
                &["scan", "http://127.0.0.1:1/", "--engine", nasty],
                &["scan", "http://127.0.0.1:1/", "--max-pages", nasty],
                &["scan", "a", nasty],
                &["audit", "--watch-late", nasty],
                &[nasty],
            ] {
                let text = complaint(args);
                assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)), "{args:?}: {text:?}");
                assert!(text.starts_with("error: "), "{text}");
            }
        }
    }

    #[test]
    fn a_password_that_was_typed_is_not_repeated() {
        let text = complaint(&["scan", "http://a.test/", "https://me:hunter2@b.test/"]);
        assert!(!text.contains("hunter2") && text.contains("@b.test/"), "{text}");
    }
}
