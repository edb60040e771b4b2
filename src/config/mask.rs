//! What an excerpt of a file must not show: a secret that somebody wrote into it after all. Found
//! by its key, so that also a line that cannot be read gives nothing away.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Words in the names of keys, fields and headers whose values are secrets.
pub const SECRET_WORDS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "passcode",
    "pwd",
    "secret",
    "token",
    "otp",
    "apikey",
    "authorization",
    "bearer",
];

/// Whether a name is one of a secret.
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// The text with stars in place of secrets, byte for byte.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let Some((pairs, credentials)) = &*PATTERNS else { return Cow::Borrowed(text) };
    let named = pairs.captures_iter(text).filter(|found| names_a_secret(&found[1]));
    let values = named.filter_map(|found| found.get(2).or(found.get(3)).or(found.get(4)));
    let hidden = values
        .filter(|value| !value.as_str().contains("${"))
        .chain(credentials.captures_iter(text).filter_map(|found| found.get(1)));
    let mut bytes: Option<Vec<u8>> = None;
    for value in hidden {
        bytes.get_or_insert_with(|| text.as_bytes().to_vec())[value.range()].fill(b'*');
    }
    match bytes.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        _ => Cow::Borrowed(text),
    }
}

/// `key = "value"`, `"key": value`; and `//user:password@`.
static PATTERNS: LazyLock<Option<(Regex, Regex)>> = LazyLock::new(|| {
    let pairs =
        r#"([\w-]+)["']?[ \t]*[=:][ \t]*(?:"((?:[^"\\\n]|\\.)*)|'([^'\n]*)|([^"'\s,}\]\[{#][^\r\n,}\]]*))"#;
    let credentials = r"://([^/\s\x22'@]*:[^/\s\x22'@]*)@";
    Some((Regex::new(pairs).ok()?, Regex::new(credentials).ok()?))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(masked(text), expected);
    }

    #[test]
    fn secrets_become_stars_of_the_same_length() {
        case(r#"password = "hunter2""#, r#"password = "*******""#);
        case(r#"{ user = "a", password = "hunter2" }"#, r#"{ user = "a", password = "*******" }"#);
        case(r#""X-Api-Key": "abc""#, r#""X-Api-Key": "***""#);
        case(r#"a = { b = { otp = 'a"b', x = 1 } }"#, r#"a = { b = { otp = '***', x = 1 } }"#);
        case(r#"password = "a\"b" # x"#, r#"password = "****" # x"#);
        case("token: abc def", "token: *******");
        case("  token = \"abc", "  token = \"***");
        case(r#"password = "${env:P}""#, r#"password = "${env:P}""#);
        case("url = \"https://me:pw@a.example/\"", "url = \"https://*****@a.example/\"");
        case("password = \"pässword\"", "password = \"*********\"");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "name = \"next-auth.csrf-token\"",
            "third_party_cookies = \"none\"",
            "lifetime = \"7 days\"",
            "[defaults.token]\nname = \"a\"",
        ] {
            case(text, text);
        }
    }

    #[test]
    fn the_patterns_compile() {
        assert!(PATTERNS.is_some());
    }
}
