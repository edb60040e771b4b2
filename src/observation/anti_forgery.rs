//! Parameters that carry an anti-forgery token: what a site hands to its own pages, so that only
//! they can ask it to change something (OWASP, "Cross-Site Request Forgery Prevention"). A link with
//! one acts, whatever its words are. The value is somebody's own, so that it is masked, too.

use super::url_template::looks_random;

/// Whether a parameter is an anti-forgery token: by a name that nothing else has, or by one that
/// ends like one and a value that looks drawn by lot.
pub fn is_anti_forgery(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let name = plain(name);
    if NAMES.contains(&name.as_str()) || name.contains("csrf") || name.contains("xsrf") {
        return true;
    }
    // Joomla's form token is the name: 32 hex digits, with the value 1.
    if name.len() == 32 && value == "1" && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return true;
    }
    ENDINGS.iter().any(|ending| name.ends_with(ending))
        && !OTHER_TOKENS.iter().any(|other| name.contains(other))
        && is_drawn(value)
}

/// Whether a parameter of this name is masked whatever its value is.
pub(super) fn is_anti_forgery_name(name: &str) -> bool {
    let name = plain(name);
    NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Letters and digits only, in lower case: `__RequestVerificationToken`; of `_Token[key]` what stands
/// before the bracket.
fn plain(name: &str) -> String {
    let name = name.split('[').next().filter(|name| !name.is_empty()).unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect()
}

/// Drawn by lot, or counted from it; not a word (`token=bitcoin`) and not a plain number.
fn is_drawn(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = value.bytes().all(|b| b.is_ascii_hexdigit());
    match value.len() {
        0..6 => false,
        _ if is_hex => digits < value.len() || value.len() >= 8,
        length => length >= 16 || looks_random(value) || digits > 0 && digits < length,
    }
}

/// Letters and digits of the names, in lower case.
const NAMES: &[&str] = &[
    "ajaxnonce",
    "antiforgery",
    "antiforgerytoken",
    "atltoken",
    "authenticator",
    "authenticitytoken",
    "ccmtoken",
    "crumb",
    "csrf",
    "csrfkey",
    "csrfmiddlewaretoken",
    "csrfname",
    "csrftoken",
    "csrfvalue",
    "fkey",
    "formbuildid",
    "formhash",
    "formkey",
    "formnonce",
    "formtoken",
    "jenkinscrumb",
    "mypostkey",
    "pauth",
    "postkey",
    "requesttoken",
    "requestverificationtoken",
    "sectok",
    "securitykey",
    "securitytoken",
    "sesskey",
    "vtrftk",
    "wpnonce",
    "xftoken",
    "xsrf",
    "xsrftoken",
];

const ENDINGS: &[&str] = &["token", "nonce", "sectok"];

/// Tokens of other kinds: of sessions, which bar no link, and of the next page of a list.
const OTHER_TOKENS: &[&str] =
    &["session", "sess", "page", "next", "prev", "continuation", "cursor", "sync", "design"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_what_is_none() {
        #[track_caller]
        fn case(pair: &str, expected: bool) {
            let (name, value) = pair.split_once('=').unwrap();
            assert_eq!(is_anti_forgery(name, value), expected, "{pair}");
        }
        for acts in [
            "_wpnonce=abc",
            "csrf_token=abcdef",
            "authenticity_token=x",
            "sesskey=abc",
            "sectok=1234",
            "__RequestVerificationToken=CfDJ8",
            "form_key=aB3dE5fG7hJ9kL1m",
            "csrfKey=0a1b2c",
            "_csrf=1",
            "X-XSRF-Token=abc",
            "my_post_key=1f2e3d",
            "user_token=Ac4pYt9Q2mB7xKfZ",
            "token=9e107d9d372bb6826bd81d3542a419d6",
            "token=0b9f2d41c3a7+%5C",
            "_xfToken=1767225600,0f1e2d3c4b5a",
            "delete_nonce=f00ba7c0de",
            "_Token[key]=3f2a9c1b7d",
            "0123456789abcdef0123456789abcdef=1",
        ] {
            case(acts, true);
        }
        for harmless in [
            "sectok=",
            "token=",
            "token=bitcoin",
            "token=2026",
            "pageToken=CAUQAA9x8y7z6w5v",
            "session_token=9e107d9d372bb682",
            "sid=9e107d9d372bb6826bd81d3542a419d6",
            "PHPSESSID=9e107d9d372bb6826bd81d3542a419d6",
            "key=9e107d9d372bb6826bd81d3542a419d6",
            "code=9e107d9d372bb682",
            "state=9e107d9d372bb682",
            "hash=9e107d9d",
            "uid=17",
            "q=csrf",
        ] {
            case(harmless, false);
        }
    }
}
