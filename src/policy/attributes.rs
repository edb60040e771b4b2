//! Attributes in words: a cell of flags, a sentence about one cookie, a list about a group.

use super::forms::Entry;
use super::inline;
use crate::cookie::SameSite;
use crate::manifest::SecureRule;

/// Attributes that a text states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) http_only: Option<bool>,
    pub(super) secure: Option<SecureRule>,
    pub(super) same_site: Option<SameSite>,
}

/// A cell that lists attributes.
pub(super) fn of_cell(entry: &mut Entry, text: &str) {
    let low = inline::folded(text);
    let said = |word: &str| low.split(|c: char| !c.is_alphanumeric() && c != '-').any(|part| part == word);
    if said("httponly") || said("http-only") || low.contains("http only") {
        entry.http_only = Some(true);
    }
    if said("secure") {
        entry.secure = Some(SecureRule::Always);
    }
    entry.same_site = same_site(&low).or(entry.same_site);
}

/// Sentences about one cookie.
pub(super) fn of_sentences(entry: &mut Entry, text: &str) {
    for sentence in inline::sentences(text) {
        let stated = stated(sentence);
        entry.http_only = entry.http_only.or(stated.http_only);
        entry.secure = entry.secure.or(stated.secure);
        entry.same_site = entry.same_site.or(stated.same_site);
    }
}

/// What a sentence or an item of a list says.
pub(super) fn stated(sentence: &str) -> Attributes {
    let low = inline::folded(sentence);
    let denies = [
        "not httponly",
        "not http-only",
        "not marked httponly",
        "without httponly",
        "isn't httponly",
        "non-httponly",
    ];
    let http_only = if denies.iter().any(|phrase| low.contains(phrase)) {
        Some(false)
    } else {
        (low.contains("httponly") || low.contains("http-only") || low.contains("http only")).then_some(true)
    };
    let flag = [
        "secure flag",
        "secure attribute",
        "secure-flag",
        "secure-attribut",
        "marked secure",
        "attribut secure",
        "atributo secure",
        "secure \u{2014}",
        "secure \u{2013}",
        "secure:",
        "secure -",
        "secure and",
        "secure,",
        "and secure",
        "and `secure`",
        "`secure`",
        "flag secure",
    ]
    .iter()
    .any(|phrase| low.contains(phrase) && !low.contains("securely"));
    let over_https = [
        "only transmitted over https",
        "only sent over https",
        "only over https",
        "nur \u{fc}ber https",
        "uniquement en https",
        "solo por https",
        "alleen via https",
    ]
    .iter()
    .any(|phrase| low.contains(phrase));
    let conditional = [
        "in production",
        "on https",
        "over https",
        "when served over https",
        "in produktion",
        "en production",
        "en producci\u{f3}n",
        "in productie",
    ]
    .iter()
    .any(|phrase| low.contains(phrase));
    let secure = (flag || over_https && low.starts_with("secure")).then_some(if conditional {
        SecureRule::OnHttps
    } else {
        SecureRule::Always
    });
    Attributes { http_only, secure, same_site: same_site(&low) }
}

/// `SameSite: Lax`, `samesite=strict`, `SameSite is set to None`.
fn same_site(low: &str) -> Option<SameSite> {
    let at = low.find("samesite").or_else(|| low.find("same-site"))?;
    low[at..].split(|c: char| !c.is_alphabetic()).take(8).find_map(|word| match word {
        "lax" => Some(SameSite::Lax),
        "strict" => Some(SameSite::Strict),
        "none" => Some(SameSite::None),
        _ => None,
    })
}

/// Where a run of attributes at the end of a text begins.
pub(super) fn suffix(text: &str) -> Option<usize> {
    let low = inline::folded(text);
    let is_word = |word: &str| {
        let word = word.trim_matches([',', ';', '`']);
        matches!(word, "secure" | "httponly" | "http-only" | "partitioned")
            || word.starts_with("samesite=")
            || word.starts_with("samesite:")
    };
    let mut at = low.len();
    loop {
        let before = low[..at].trim_end();
        let word = before.split_whitespace().next_back()?;
        if is_word(word) {
            at = before.len() - word.len();
            continue;
        }
        // The first may be glued to the cell before it.
        let glued = ["httponly", "http-only", "secure", "samesite="]
            .iter()
            .filter_map(|flag| word.rfind(flag).filter(|at| is_word(&word[*at..])))
            .min();
        return match glued {
            Some(inner) => Some(before.len() - word.len() + inner),
            None => (at < low.len()).then_some(at),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_state_attributes() {
        assert_eq!(stated("This cookie is httpOnly and cannot be read by scripts.").http_only, Some(true));
        assert_eq!(stated("It is not HttpOnly.").http_only, Some(false));
        assert_eq!(
            stated("Secure \u{2014} only transmitted over HTTPS in production").secure,
            Some(SecureRule::OnHttps)
        );
        assert_eq!(stated("set with the secure flag").secure, Some(SecureRule::Always));
        assert_eq!(stated("SameSite: Lax \u{2014} not sent").same_site, Some(SameSite::Lax));
        assert_eq!(stated("We keep your data secure."), Attributes::default());
        assert_eq!(stated("Not sent with cross-site requests."), Attributes::default());
    }

    #[test]
    fn a_run_of_flags_at_the_end() {
        assert_eq!(suffix("Frontend APIhttpOnly secure sameSite=lax"), Some(12));
        assert_eq!(suffix("API"), None);
    }
}
