//! Texts that others wrote, made fit for people's eyes. Escape codes would move the cursor,
//! bidirectional overrides would turn a host name around, zero-width characters would hide a second
//! name in a first, and an address that cannot be read may hold a password. One module decides what
//! is shown of such a text, for reports, complaints about files and drafts alike.

use std::borrow::Cow;

/// What stands where a credential was.
const MASK: &str = "\u{2039}masked\u{203a}";

/// The text with everything that a terminal or a reader would not show as itself written as an
/// escape: `\x1b`, `\u{202e}`.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_unsafe(c) => cleaned.push(c),
            c => cleaned.push_str(&escape(c)),
        }
    }
    Cow::Owned(cleaned)
}

/// A character as an escape.
pub(crate) fn escape(c: char) -> String {
    match c.is_ascii() {
        true => format!("\\x{:02x}", u32::from(c)),
        false => format!("\\u{{{:x}}}", u32::from(c)),
    }
}

/// Control characters (C0, DEL, C1), line separators, bidirectional marks and overrides (Unicode
/// TR 9), zero-width and other invisible format characters (TR 36), and tag characters.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text that should have been an address, without the name and password that may be in it. It is no
/// URL, so nobody knows where its host begins: everything up to its last `@` goes.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some(at) = text.rfind('@') else { return Cow::Borrowed(text) };
    let start = match (text.find("//"), text.find(':')) {
        (Some(slashes), _) if slashes < at => slashes + 2,
        // `user:password@host`; an e-mail address has no colon.
        (_, Some(colon)) if colon < at => text.find(char::is_alphanumeric).unwrap_or(0).min(colon),
        _ => return Cow::Borrowed(text),
    };
    Cow::Owned(format!("{}{MASK}{}", &text[..start], &text[at..]))
}

/// The same for a sentence with addresses in it.
pub(crate) fn without_credentials_within(sentence: &str) -> Cow<'_, str> {
    if !sentence.contains('@') {
        return Cow::Borrowed(sentence);
    }
    Cow::Owned(sentence.split_inclusive(char::is_whitespace).map(without_credentials).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for (text, cleaned) in [
            ("sid", "sid"),
            ("größe 日本", "größe 日本"),
            ("a\x1b[31mb", "a\\x1b[31mb"),
            ("a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("moc.\u{202e}evil", "moc.\\u{202e}evil"),
            ("si\u{200b}d\u{feff}", "si\\u{200b}d\\u{feff}"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("a\u{e0041}", "a\\u{e0041}"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn passwords_of_broken_addresses_are_masked() {
        for (text, shown) in [
            ("http://u:PW@[::/", "http://‹masked›@[::/"),
            ("http://u:P/W?x#y@[::/", "http://‹masked›@[::/"),
            ("http:///u:PW@host:99999/a b", "http://‹masked›@host:99999/a b"),
            ("htps:u:PW@host", "‹masked›@host"),
            ("me:PW@host/x", "‹masked›@host/x"),
            ("http://u:P W@[::/", "http://‹masked›@[::/"),
            ("http://[::/", "http://[::/"),
            ("ann@example.test", "ann@example.test"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
        }
        let sentence = "no `me:P@W@a.test:x/` and `//v:Q@b`, says ann@example.test";
        assert_eq!(
            without_credentials_within(sentence),
            "no `‹masked›@a.test:x/` and `//‹masked›@b`, says ann@example.test"
        );
    }
}
