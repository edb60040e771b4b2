//! Addresses that answer the consent question when they are asked for: a site without scripts keeps the
//! answer so (`/cookies/accept`, `?cookie_consent=all`). Whoever follows such a link has answered, and is
//! no visitor any more who was not asked yet. Judged by whole words, and only where every word is known:
//! `/cookies` tells, `/how-to-accept-cookies` is an article.

/// Whether asking for an address answers the consent question: its path and query.
pub fn answers_consent(path: &str, query: &str) -> bool {
    let last = path.split('/').map(words).rfind(|words| !words.is_empty()).unwrap_or_default();
    let asks = has(&last, ABOUT) && last.iter().all(|word| is_known(word));
    let mut pairs = query.split(['&', ';']).take(100);
    by_path(path) || pairs.any(|pair| by_parameter(pair, asks))
}

/// `/cookies/accept`, `/accept-cookies`, `/set-consent/1`.
fn by_path(path: &str) -> bool {
    let mut segments: Vec<Vec<String>> =
        path.split('/').map(words).filter(|words| !words.is_empty()).collect();
    if segments
        .last()
        .is_some_and(|last| matches!(last.as_slice(), [one] if is_flag(one)) && segments.len() > 1)
    {
        segments.pop();
    }
    let Some((last, before)) = segments.split_last() else { return false };
    if !last.iter().all(|word| is_known(word)) {
        return false;
    }
    let about = has(last, ABOUT) || before.last().is_some_and(|words| has(words, ABOUT) && words.len() <= 3);
    // A page of that name has no words before it: `/consent`.
    about && (has(last, ANSWERS) || has(last, ABOUT) && has(last, SETS))
}

/// `consent=all`, `accept_cookies=1`, `action=accept-cookies`; of a page that is about it, `accept=1`, too.
fn by_parameter(pair: &str, asks: bool) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (words(name), words(value));
    if name.is_empty() || name.iter().any(|word| SEARCHES.contains(&word.as_str())) {
        return false;
    }
    let known = |words: &[String]| words.iter().all(|word| is_known(word) || is_flag(word));
    if asks && known(&value) && (has(&value, ANSWERS) || known(&name) && has(&name, ANSWERS)) {
        return true;
    }
    if known(&name) && has(&name, ABOUT) {
        let answer =
            has(&value, ANSWERS) || matches!(value.as_slice(), [one] if is_flag(one) || is_known(one));
        return known(&value) && (answer || value.is_empty() && has(&name, ANSWERS));
    }
    known(&value) && has(&value, ABOUT) && has(&value, ANSWERS)
}

/// Its words in lower case, cut at signs and at capitals (`acceptCookies`).
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in text.chars().take(100) {
        let cut = !c.is_alphanumeric() || c.is_uppercase() && before_lower;
        if cut && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        before_lower = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

fn is_flag(word: &str) -> bool {
    FLAGS.contains(&word)
}

fn is_known(word: &str) -> bool {
    [ABOUT, ANSWERS, SETS, FILLERS].iter().any(|list| list.contains(&word))
}

/// What the question is about.
const ABOUT: &[&str] = &[
    "acceptcookies",
    "cookie",
    "cookies",
    "consent",
    "consents",
    "cookieconsent",
    "cookiebanner",
    "cookielaw",
    "gdpr",
    "rgpd",
    "dsgvo",
    "avg",
    "ccpa",
    "einwilligung",
    "zustimmung",
    "consentement",
    "consentimiento",
    "consenso",
    "consentimento",
    "toestemming",
    "samtykke",
    "samtycke",
    "rodo",
];

/// Answers, in the languages of most policies.
const ANSWERS: &[&str] = &[
    "accept",
    "acceptall",
    "acceptcookies",
    "accepted",
    "accepts",
    "agree",
    "agreed",
    "allow",
    "allowall",
    "allowed",
    "approve",
    "confirm",
    "decline",
    "declined",
    "deny",
    "denied",
    "disagree",
    "dismiss",
    "grant",
    "granted",
    "optin",
    "optout",
    "refuse",
    "refused",
    "reject",
    "rejectall",
    "rejected",
    "revoke",
    "withdraw",
    "akzeptieren",
    "annehmen",
    "zustimmen",
    "erlauben",
    "ablehnen",
    "widerrufen",
    "accepter",
    "autoriser",
    "refuser",
    "retirer",
    "aceptar",
    "permitir",
    "rechazar",
    "accetta",
    "accettare",
    "consenti",
    "rifiuta",
    "rifiutare",
    "accepteren",
    "toestaan",
    "weigeren",
    "aceitar",
    "recusar",
    "akceptuj",
    "odrzuc",
    "godta",
    "acceptera",
    "neka",
    "avvisa",
];

/// What records an answer.
const SETS: &[&str] = &["set", "save", "store", "update", "submit", "give"];

const FILLERS: &[&str] = &[
    "all",
    "alle",
    "alles",
    "tout",
    "tous",
    "todas",
    "todos",
    "tutti",
    "only",
    "nur",
    "necessary",
    "notwendige",
    "essential",
    "required",
    "optional",
    "functional",
    "analytics",
    "statistics",
    "marketing",
    "tracking",
    "preferences",
    "law",
    "banner",
    "notice",
    "bar",
    "popup",
    "hint",
    "hinweis",
    "message",
    "policy",
    "eu",
    "privacy",
    "the",
    "our",
    "and",
    "les",
    "las",
    "los",
    "i",
    "cookiehinweis",
];

const FLAGS: &[&str] = &[
    "0", "1", "2", "true", "false", "yes", "no", "y", "n", "on", "off", "ok", "all", "none", "ja", "nein",
    "oui", "non", "si",
];

/// Parameters whose value is what somebody looks for.
const SEARCHES: &[&str] = &[
    "q", "s", "search", "query", "keyword", "keywords", "term", "tag", "title", "return", "redirect", "next",
    "url",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(address: &str, expected: bool) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        assert_eq!(answers_consent(path, query), expected, "{address}");
    }

    #[test]
    fn what_answers() {
        for address in [
            "/cookies/accept",
            "/cookies/accept-all",
            "/accept-cookies",
            "/acceptCookies",
            "/cookie-consent/reject",
            "/de/cookie-hinweis/akzeptieren",
            "/consent?accept=1&consent=1",
            "/set-consent/1",
            "/gdpr/consent/withdraw",
            "/?cookie_consent=accept",
            "/?acceptCookies=true",
            "/shop?accept-cookies",
            "/?consent=all",
            "/setcookie?consent=all",
            "/consent?accept=1",
            "/cookies?action=reject&back=home",
            "/index.php?action=accept_cookies",
        ] {
            case(address, true);
        }
    }

    #[test]
    fn what_only_tells() {
        for address in [
            "/",
            "/cookies",
            "/cookie-policy",
            "/consent",
            "/consent-management",
            "/privacy/cookies",
            "/cookies/settings",
            "/blog/how-to-accept-cookies",
            "/help/cookies-are-denied",
            "/jobs/accept",
            "/search?q=accept+cookies",
            "/shop?page=2&sort=all",
            "/recipes/cookies?tag=accept-cookies",
            "/docs?gdpr=article-7",
            "/jobs?accept=1",
            "/cookies?page=2",
            "/informed-consent/forms",
        ] {
            case(address, false);
        }
    }
}
