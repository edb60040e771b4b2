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
    let Some(patterns) = &*PATTERNS else { return Cow::Borrowed(text) };
    let named = patterns
        .pairs
        .captures_iter(text)
        .filter(|found| names_a_secret(&found[1]) || found[1].eq_ignore_ascii_case("cookie"));
    let values = named.filter_map(|found| found.get(2).or(found.get(3)).or(found.get(4)));
    let parameters = patterns.parameters.captures_iter(text).filter(|found| names_a_secret(&found[1]));
    let tokens = patterns.words.find_iter(text).filter(|word| looks_like_a_token(word.as_str()));
    let hidden = values
        .filter(|value| !value.as_str().contains("${"))
        .chain(patterns.credentials.captures_iter(text).filter_map(|found| found.get(1)))
        .chain(parameters.filter_map(|found| found.get(2)))
        .chain(tokens);
    let mut bytes: Option<Vec<u8>> = None;
    for value in hidden {
        bytes.get_or_insert_with(|| text.as_bytes().to_vec())[value.range()].fill(b'*');
    }
    match bytes.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a word is a token, whatever its key is called: long and of mixed classes, as nobody writes
/// words.
fn looks_like_a_token(word: &str) -> bool {
    const SHORTEST: usize = 16;
    const LONG: usize = 32;
    let count = |class: fn(&u8) -> bool| word.bytes().filter(class).count();
    let (digits, upper, lower) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let hex = word.len() >= LONG && digits >= 4 && word.bytes().all(|b| b.is_ascii_hexdigit());
    // A name with a number at its end changes from letters to digits once.
    let changes = word.as_bytes().windows(2).filter(|pair| match pair {
        [a, b] => {
            a.is_ascii_digit() && b.is_ascii_alphabetic() || a.is_ascii_alphabetic() && b.is_ascii_digit()
        }
        _ => false,
    });
    hex || upper >= 2 && lower >= 2 && digits >= 2 && word.len() >= SHORTEST && changes.count() >= 3
}

/// What secrets are found by.
struct Patterns {
    /// `key = "value"`, `"key": value`.
    pairs: Regex,
    /// `//user:password@`; what cannot be read may hold a slash before its `@`.
    credentials: Regex,
    /// `?key=value` of an address.
    parameters: Regex,
    /// What may be a token.
    words: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let pairs =
        r#"([\w-]+)["']?[ \t]*[=:][ \t]*(?:"((?:[^"\\\n]|\\.)*)|'([^'\n]*)|([^"'\s,}\]\[{#][^\r\n,}\]]*))"#;
    let credentials = r"://([^/\s\x22']*:[^\s\x22']*|[^/\s\x22']+)@";
    Some(Patterns {
        pairs: Regex::new(pairs).ok()?,
        credentials: Regex::new(credentials).ok()?,
        parameters: Regex::new(r"[?&;]([\w.-]+)=([^&;#\s\x22']+)").ok()?,
        words: Regex::new(r"[0-9A-Za-z_-]{16,}").ok()?,
    })
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
        case("url = \"https://me:p/w@[::/\"", "url = \"https://******@[::/\"");
        case("url = \"https://t0k3n@a.example/\"", "url = \"https://*****@a.example/\"");
        case("url = \"https://a.example/?x=1&token=abc#d\"", "url = \"https://a.example/?x=1&token=***#d\"");
        case(
            "headers = { X-Preview = \"T1q8Lb5HsX0vN7cE4rWy2Kd9\" }",
            "headers = { X-Preview = \"************************\" }",
        );
        case("headers = { Cookie = \"sid=1; a=2\" }", "headers = { Cookie = \"**********\" }");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "name = \"next-auth.csrf-token\"",
            "third_party_cookies = \"none\"",
            "lifetime = \"7 days\"",
            "[defaults.token]\nname = \"a\"",
            "name = \"AMCV_14215E3D5995C57C0A495C55%40AdobeOrg\"",
            "url = \"https://example.org/@someone\"",
            "name = \"_hjSessionUser_1234567\"",
            "third_party_cookies_of_the_year_2026 = true",
        ] {
            case(text, text);
        }
    }

    #[test]
    fn the_patterns_compile() {
        assert!(PATTERNS.is_some());
    }
}
