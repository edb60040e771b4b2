//! Words of a page as a message may quote them: a page that answers a step says its tokens, codes and
//! links as readily as its title. What is masked in a URL is masked here, too.

use super::safe_url::{
    MASK, SafeUrl, has_token_shape, is_email, is_named_secret, names_a_credential, push_path,
};
use crate::secret::Secrets;
use url::Url;

/// Words after which a word with a digit in it is a code.
const BEFORE_CODES: &[&str] = &[
    "bearer",
    "code",
    "key",
    "kennwort",
    "otp",
    "passcode",
    "passphrase",
    "passwort",
    "password",
    "pin",
    "secret",
    "tan",
    "token",
];
/// How many words after it: `your code is 482913`.
const SOON: u8 = 4;

/// The text with what may be a credential taken out.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text;
    let mut name = "";
    let mut due = Due::Nothing;
    while let Some(first) = rest.chars().next() {
        if is_between(first) {
            let (between, after) = cut(rest, is_between);
            quoted.push_str(between);
            rest = after;
            due = due.after(name, between);
            // A value in quotes may have blanks in it.
            let quote = between.chars().last().filter(|c| matches!(c, '"' | '\''));
            if let (Due::Value, Some(quote)) = (due, quote) {
                let end = rest.find(quote).unwrap_or(rest.len());
                quoted.push_str(MASK);
                rest = &rest[end..];
                (name, due) = ("", Due::Nothing);
            }
            continue;
        }
        let is_address = ["http://", "https://"]
            .iter()
            .any(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        let (word, after) = cut(rest, |c| match is_address {
            true => !c.is_whitespace() && !is_quote(c),
            false => !is_between(c),
        });
        rest = after;
        match word {
            _ if is_address => match Url::parse(word) {
                Ok(url) => quoted.push_str(SafeUrl::new(&url, &Secrets::default()).as_str()),
                Err(_) => quoted.push_str(MASK),
            },
            _ if due.masks(word) || is_secret(word) => quoted.push_str(MASK),
            _ if word.contains('/') => push_path(&mut quoted, word),
            _ => quoted.push_str(word),
        }
        name = word.rsplit('/').next().unwrap_or(word);
        due = due.then(name);
    }
    quoted
}

/// What is to be masked next.
#[derive(Clone, Copy, PartialEq)]
enum Due {
    Nothing,
    /// What stands here is the value of a name that says whose it is.
    Value,
    /// The same, where it looks like one.
    Likely,
    /// One of the next words may be a code.
    Soon(u8),
}

impl Due {
    /// After a name and what separates it from what follows.
    fn after(self, name: &str, between: &str) -> Due {
        let assigned = between.contains('=') || between.contains(':') && between.contains('"');
        match () {
            () if assigned && names_a_credential(name) => Due::Value,
            () if assigned && is_named_secret(name) => Due::Likely,
            () => self,
        }
    }

    /// After a word.
    fn then(self, word: &str) -> Due {
        if BEFORE_CODES.iter().any(|before| word.eq_ignore_ascii_case(before)) {
            return Due::Soon(SOON);
        }
        match self {
            Due::Soon(left) if left > 1 => Due::Soon(left - 1),
            _ => Due::Nothing,
        }
    }

    fn masks(self, word: &str) -> bool {
        match self {
            Due::Nothing => false,
            Due::Value => true,
            Due::Likely | Due::Soon(_) => word.len() >= 4 && word.bytes().any(|byte| byte.is_ascii_digit()),
        }
    }
}

/// A word that is a credential, or somebody, wherever it stands.
fn is_secret(word: &str) -> bool {
    is_email(word) || has_token_shape(word)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}')
}

/// What separates words.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || is_quote(c)
        || matches!(c, '(' | ')' | '{' | '}' | '[' | ']' | ',' | ';' | ':' | '|' | '=' | '&' | '?' | '!')
}

fn cut(text: &str, inside: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !inside(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(quoted(text), expected.replace('*', MASK));
    }

    #[test]
    fn what_is_masked_in_a_url_is_masked_in_words() {
        case(
            "Go on at https://x.example/reset/8fj3kd93kd?a=1&token=abc.",
            "Go on at https://x.example/reset/*?a=1&token=*",
        );
        case("see /u/T1q8Lb5HsX0vN7cE4rWy2Kd9/x", "see /u/*/x");
        case("/reset?token=abc&page=2", "/reset?token=*&page=2");
        case("Signed in as anna@example.org (member)", "Signed in as * (member)");
        case("key T1q8Lb5HsX0vN7cE4rWy2Kd9 is new", "key * is new");
        case("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt *");
        case("id 9e107d9d372bb6826bd81d3542a419d6", "id *");
        case("http://[::/x?token=abc", "*");
    }

    #[test]
    fn values_of_names_that_say_so_and_codes_are_masked() {
        case(
            r#"{"access_token":"abc def","expires":3600,"user":"anna7"}"#,
            r#"{"access_token":"*","expires":3600,"user":"*"}"#,
        );
        case(r#"{"password": 12}"#, r#"{"password": *}"#);
        case("csrf=abc; theme=dark", "csrf=*; theme=dark");
        case("Your verification code is 482913.", "Your verification code is *");
        case("Password: hunter2", "Password: *");
        case("Authorization: Bearer a1b2c3", "Authorization: Bearer *");
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "Log in. User name: Password: Sign in, or register",
            r#"{"error":"invalid_grant","code":"E_AUTH","status":401}"#,
            "The answer of 2026-11-27 at 12:30 was 404: /docs/getting-started/2026-guide",
            "Error 500 in /_next/static/chunks/main-9e107d9d372bb682.js",
            "Order 12345, page 3 of 17",
            "„Zurück“ – Kenn\u{AD}wort vergessen? 日本語",
            "",
        ] {
            case(text, text);
        }
    }
}
