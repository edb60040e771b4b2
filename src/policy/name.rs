//! Names in cells and lists: several in one cell, the other name on https, placeholders in all their
//! spellings, and descriptions that stand where a name should.

use super::inline;
use super::words;
use crate::manifest::NamePattern;

/// What a cell for names holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    pub(super) https_names: Vec<String>,
    /// A description in place of a name.
    pub(super) label: Option<String>,
    /// *e.g.*, *and similar*: there are more.
    pub(super) open: bool,
    /// What stood in brackets and is no name.
    pub(super) aside: Vec<String>,
}

/// Reads a cell that is said to hold names.
pub(super) fn read(cell: &str) -> Names {
    let mut names = Names::default();
    let cell = &inline::hidden(cell);
    let marked = code_spans(cell);
    if !marked.is_empty() && only_code(cell) {
        for name in marked {
            put(&mut names, &name);
        }
        finish(&mut names);
        return names;
    }
    let mut text = without_counts(&inline::of_name(
        &cell.replace("<br>", "\n").replace("<br/>", "\n").replace("<br />", "\n"),
    ));
    take_brackets(&mut text, &mut names);
    let folded = inline::folded(&text);
    for lead in ["e.g.", "for example", "z.b.", "zb.", "par ex.", "p. ej.", "p.ej.", "bijv.", "such as"] {
        if folded.trim_start().starts_with(lead) {
            names.open = true;
            let at = text.len() - text.trim_start().len() + lead.len();
            text = text[at..].trim_start_matches([',', ':', ' ']).to_owned();
            break;
        }
    }
    for piece in pieces(&text) {
        let piece = piece
            .trim()
            .trim_matches(|c: char| {
                matches!(c, '"' | '\'' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' | ',' | ';')
            })
            .trim();
        let low = inline::folded(piece);
        if matches!(
            low.as_str(),
            "etc"
                | "etc."
                | "..."
                | "\u{2026}"
                | "similar"
                | "others"
                | "similares"
                | "usw."
                | "u. a."
                | "and others"
                | "entre otras"
                | "y similares"
        ) {
            names.open = true;
            continue;
        }
        put(&mut names, piece);
    }
    finish(&mut names);
    names
}

/// `name [x2]` → `name`: Cookiebot counts the hosts that set it.
fn without_counts(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(at) = rest.find(" [x") {
        let count = &rest[at + 3..];
        let digits = count.find(|c: char| !c.is_ascii_digit()).unwrap_or(count.len());
        plain.push_str(&rest[..at]);
        match count[digits..].strip_prefix(']').filter(|_| digits > 0) {
            Some(after) => rest = after,
            None => {
                plain.push_str(" [x");
                rest = count;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Adds a name, or remembers that the piece is none.
fn put(names: &mut Names, piece: &str) {
    let piece = piece.trim().trim_end_matches(':').trim();
    if piece.is_empty() || is_nothing(piece) {
        return;
    }
    if is_token(piece) {
        if !names.names.iter().any(|name| name == piece) {
            names.names.push(piece.to_owned());
        }
    } else if names.label.is_none() {
        names.label = Some(piece.to_owned());
    }
}

fn finish(names: &mut Names) {
    // A sentence with commas in it is no list.
    let words = names.label.as_ref().map_or(0, |label| label.split_whitespace().count());
    if words > 4 && !names.names.iter().any(|name| is_strong(name)) {
        names.names.clear();
    }
    if !names.names.is_empty() {
        // "_ga (Google Analytics)": the rest is no name of its own.
        if let Some(label) = names.label.take() {
            names.aside.push(label);
        }
    }
}

/// Takes what stands in brackets out: another name, the name on https, or a remark.
fn take_brackets(text: &mut String, names: &mut Names) {
    let mut from = 0;
    while let Some(open) = text[from..].find('(').map(|at| from + at) {
        let Some(close) = text[open..].find(')').map(|at| open + at) else { break };
        // `(s)` and brackets within a name stay.
        let before = text[..open].chars().next_back();
        let inner = text[open + 1..close].trim().to_owned();
        let glued = before.is_some_and(|c| !c.is_whitespace());
        if glued
            && !inner.contains(' ')
            && is_token(&inner)
            && text[close + 1..].chars().next().is_some_and(|c| c == '_' || c.is_alphanumeric())
        {
            from = close + 1;
            continue;
        }
        text.replace_range(open..=close, "\n");
        from = open;
        let low = inline::folded(&inner);
        let first = low.split_whitespace().next().unwrap_or_default();
        let https = low.contains("https");
        if words::any(|language| language.or, first) || https {
            let rest = if words::any(|language| language.or, first) {
                inner[first.len()..].trim()
            } else {
                inner.trim()
            };
            for word in rest.split([',', ' ', '/']).map(str::trim).filter(|word| !word.is_empty()) {
                let word = word.trim_matches(['`', '"', '\'']);
                if is_token(word) && (is_strong(word) || rest.split_whitespace().count() == 1) {
                    if https || has_prefix(word) {
                        names.https_names.push(word.to_owned());
                    } else {
                        names.names.push(word.to_owned());
                    }
                }
            }
        } else if !inner.is_empty() {
            let all_names = inner.split(',').map(str::trim).all(|part| is_token(part) && is_strong(part));
            if all_names {
                for part in inner.split(',').map(str::trim) {
                    put(names, part);
                }
            } else {
                names.aside.push(inner);
            }
        }
    }
}

/// `__Secure-` and `__Host-`: cookies that exist on https only.
pub(super) fn has_prefix(name: &str) -> bool {
    crate::manifest::name_prefix(name).is_some()
}

/// The parts of a list of names, however it is joined.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![text.to_owned()];
    for separator in ["\n", ", ", ";", " / ", " + ", " & ", " | ", " \u{b7} ", " \u{2022} "] {
        pieces = pieces
            .iter()
            .flat_map(|piece| piece.split(separator))
            .map(|piece| piece.trim().to_owned())
            .collect();
    }
    // A comma without a blank: only between two whole names.
    pieces = pieces
        .iter()
        .flat_map(|piece| {
            let parts: Vec<&str> = piece.split(',').collect();
            if parts.len() > 1 && parts.iter().all(|part| is_token(part.trim())) {
                parts.iter().map(|part| part.trim().to_owned()).collect()
            } else {
                vec![piece.clone()]
            }
        })
        .collect();
    let joined =
        |word: &str| words::any(|language| language.and, word) || words::any(|language| language.or, word);
    pieces
        .iter()
        .flat_map(|piece| {
            let parts: Vec<&str> = piece.split_whitespace().collect();
            let name_like = |word: &str| {
                is_token(word) && (is_strong(word) || word.chars().all(|c| c.is_ascii_lowercase()))
            };
            let names: Vec<&str> =
                parts.iter().copied().filter(|word| !joined(&inline::folded(word))).collect();
            let has_joint = names.len() < parts.len();
            if parts.len() > 1
                && has_joint
                && names.iter().all(|word| is_token(word))
                && names.iter().all(|word| name_like(word))
            {
                return names.iter().map(|name| (*name).to_owned()).collect();
            }
            // Names side by side with nothing but blanks between.
            if parts.len() > 1 && parts.iter().all(|word| is_token(word) && is_strong(word)) {
                return parts.iter().map(|name| (*name).to_owned()).collect();
            }
            vec![piece.clone()]
        })
        .collect()
}

/// `—`, `N/A`: nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    let low = inline::folded(text.trim());
    let bare = low.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '*' | '#' | '_'));
    bare.is_empty() && !text.contains(['*', '#', '_'])
        || matches!(
            low.as_str(),
            "n/a"
                | "na"
                | "none"
                | "keine"
                | "aucun"
                | "aucune"
                | "ninguna"
                | "ninguno"
                | "geen"
                | "no cookie"
                | "no cookies"
                | "-"
                | "(no cookies)"
                | "nil"
                | "tbd"
                | "todo"
                | "not applicable"
                | "nicht zutreffend"
                | "no aplica"
                | "sans objet"
        )
}

/// Whether a text can be a name: no blanks but in placeholders, no address, no sentence.
pub(super) fn is_token(text: &str) -> bool {
    if text.is_empty()
        || text.len() > 200
        || text.contains("://")
        || text.starts_with("www.")
        || text.starts_with("mailto:")
    {
        return false;
    }
    let mut closing: Option<char> = None;
    let mut outside = false;
    for (at, c) in text.char_indices() {
        let closes = match c {
            '{' => '}',
            '<' => '>',
            '[' => ']',
            _ => '\0',
        };
        match closing {
            Some(close) if c == close => closing = None,
            _ if c.is_control() => return false,
            Some(_) => {}
            // A bracket that nothing closes is a character like others.
            None if closes != '\0' && text[at..].contains(closes) => closing = Some(closes),
            None if c.is_whitespace() => return false,
            None if matches!(c, ',' | ';' | '"' | '\u{201c}' | '\u{201d}') => return false,
            None => outside |= c.is_alphanumeric(),
        }
    }
    // Nothing but a placeholder is a template somebody did not fill in, and would match anything.
    let is_sentence =
        text.ends_with(['!', '?']) || text.ends_with('.') && !text.contains('_') && text.len() > 6;
    outside && !is_sentence && !is_nothing(text)
}

/// Whether a text can hardly be anything but a name, also where no column says so.
pub(super) fn is_strong(text: &str) -> bool {
    const COMMON: &[&str] = &[
        "JavaScript",
        "YouTube",
        "LinkedIn",
        "HubSpot",
        "WordPress",
        "WooCommerce",
        "PayPal",
        "GitHub",
        "iPhone",
        "iPad",
        "macOS",
        "iOS",
        "AdSense",
        "DoubleClick",
        "OneTrust",
        "CookieYes",
        "Cookiebot",
        "reCAPTCHA",
        "CloudFlare",
        "LiveChat",
        "MailChimp",
        "SalesForce",
        "TikTok",
        "DuckDuckGo",
        "localStorage",
        "sessionStorage",
        "IndexedDB",
        "SameSite",
        "HttpOnly",
        "httpOnly",
        "ePrivacy",
        "eBay",
        "WhatsApp",
        "CloudFront",
        "PostHog",
        "GDPR",
        "HTTPS",
        "COOKIES",
        "COOKIE",
        "POLICY",
    ];
    if !is_token(text)
        || text.len() < 2
        || COMMON.contains(&text)
        || text.ends_with(".com")
        || text.ends_with(".html")
    {
        return false;
    }
    let letters = |test: fn(char) -> bool| text.chars().any(test);
    let core = text.trim_matches(|c: char| matches!(c, '*' | '_'));
    if core.is_empty() {
        return false;
    }
    if text.contains('_') && !text.contains('/')
        || text.contains('*') && text.len() > 2 && !text.starts_with("*.")
        || has_prefix(text)
    {
        return true;
    }
    if crate::vendors::classify_cookie(text, "").is_some() && text.chars().any(|c| !c.is_lowercase()) {
        return true;
    }
    // sessionId, PHPSESSID, XSRF-TOKEN, next-auth.csrf-token
    let inner_capital =
        core.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    if inner_capital && text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return true;
    }
    if text.len() >= 5
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
        && ["SESS", "TOKEN", "ID", "CSRF"].iter().any(|part| text.contains(part))
    {
        return true;
    }
    const PARTS: &[&str] = &[
        "cookie", "session", "sess", "token", "consent", "auth", "csrf", "xsrf", "sid", "lang", "locale",
        "theme", "cart", "uid", "jwt", "pref", "prefs", "settings",
    ];
    let parts: Vec<String> = text.split(['-', '.', ':', '/']).map(str::to_lowercase).collect();
    parts.len() > 1
        && letters(char::is_alphabetic)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'))
        && !text.ends_with('.')
        && text == text.to_lowercase()
        && parts.iter().any(|part| PARTS.contains(&part.as_str()))
        && !matches!(
            text,
            "session-based"
                | "cookie-free"
                | "cookie-based"
                | "token-based"
                | "session-cookie"
                | "auth-related"
                | "cookie-banner"
                | "consent-based"
        )
}

/// `` `a`, `b` `` → a, b.
pub(super) fn code_spans(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('`').collect();
    parts
        .iter()
        .skip(1)
        .step_by(2)
        .take(parts.len() / 2)
        .map(|span| inline::of_code(span))
        .filter(|span| !span.is_empty())
        .collect()
}

/// Nothing but code and what joins it.
fn only_code(cell: &str) -> bool {
    cell.split('`')
        .step_by(2)
        .flat_map(|outside| {
            outside.split(|c: char| !c.is_alphabetic()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| !word.is_empty())
        .all(|word| {
            let word = word.to_lowercase();
            words::any(|language| language.and, &word)
                || words::any(|language| language.or, &word)
                || word == "br"
        })
}

/// A host in place of a name (`*.example.com`): whatever it sets.
pub(super) fn is_domain(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("*.") else { return false };
    rest.contains('.') && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
}

/// How a written name matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Exact,
    Glob,
    Regex,
}

/// The pattern a written name stands for: placeholders become `*`, and a name that ends with a
/// separator is the beginning of one.
pub(super) fn pattern(written: &str) -> (NamePattern, Match) {
    if let Some(regex) = as_regex(written)
        && let Ok(pattern) = NamePattern::regex(&regex)
    {
        return (pattern, Match::Regex);
    }
    let mut glob = without_placeholders(written);
    if glob.ends_with(['_', '-']) && glob.len() > 2 {
        glob.push('*');
    }
    if glob.contains('*') && glob.chars().any(char::is_alphanumeric) {
        (NamePattern::glob(&glob), Match::Glob)
    } else {
        (NamePattern::literal(written), Match::Exact)
    }
}

/// `UUID#[0-9a-f]{32}`: a bracket with a count after it.
fn as_regex(written: &str) -> Option<String> {
    let open = written.find('[')?;
    let close = open + written[open..].find(']')?;
    let counted = matches!(written[close + 1..].chars().next(), Some('{' | '+' | '*'));
    if !counted && !written.contains("\\d") {
        return None;
    }
    Some(format!("{}{}", regex::escape(&written[..open]), &written[open..]))
}

/// `{id}`, `<ID>`, `[hash]`, `$var`, `xxxx`, `####`, `…` → `*`.
fn without_placeholders(written: &str) -> String {
    let mut glob = String::new();
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        let close = match c {
            '{' => Some('}'),
            '<' => Some('>'),
            '[' => Some(']'),
            _ => None,
        };
        if let Some(close) = close
            && let Some(end) = rest.find(close)
        {
            glob.push('*');
            rest = &rest[end + close.len_utf8()..];
            continue;
        }
        let run = |of: fn(char) -> bool| rest.find(|c: char| !of(c)).unwrap_or(rest.len());
        let length = match c {
            'x' => run(|c| c == 'x'),
            'X' => run(|c| c == 'X'),
            '#' => run(|c| c == '#') + 2,
            '\u{2026}' => 3,
            '.' => run(|c| c == '.'),
            '$' if glob.ends_with(['_', '-', '.']) || glob.is_empty() => {
                1 + rest[1..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len() - 1)
            }
            _ => 1,
        };
        let is_placeholder = match c {
            'x' | 'X' | '.' => length >= 3,
            '#' => true,
            '\u{2026}' => true,
            '$' => length > 1 && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()),
            _ => false,
        };
        if is_placeholder {
            glob.push('*');
            let taken = if c == '#' { length - 2 } else { length };
            rest = &rest[taken..];
        } else {
            glob.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    while glob.contains("**") {
        glob = glob.replace("**", "*");
    }
    glob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(cell: &str, expected: &[&str]) {
        assert_eq!(read(cell).names, expected, "{cell}");
    }

    #[test]
    fn a_cell_may_hold_several_names() {
        case("`_a`, `_b`", &["_a", "_b"]);
        case(r"\_hj\*, \_hk", &["_hj*", "_hk"]);
        case("one / two / three", &["one", "two", "three"]);
        case("__m_sid / __m_mid", &["__m_sid", "__m_mid"]);
        case("_x_one\nsecond\n_y", &["_x_one", "second", "_y"]);
        case("A_1 y B_2", &["A_1", "B_2"]);
        case("e.g. sid, csrf", &["sid", "csrf"]);
        case("a_b c_d", &["a_b", "c_d"]);
        case("wp-{user id}", &["wp-{user id}"]);
        case("crumbs/detect/160", &["crumbs/detect/160"]);
        case("**player**", &["player"]);
        case("_ga (Google Analytics)", &["_ga"]);
        case("N/A", &[]);
        case("*", &[]);
        case("`a<b`, `c>d`", &["a<b", "c>d"]);
        case("SSESS&lt;ID&gt;", &["SSESS<ID>"]);
        case("consent_state [x2]", &["consent_state"]);
        case(r"a\_b \[x17\]", &["a_b"]);
        case("[Fill in the name]", &[]);
    }

    #[test]
    fn the_other_name_on_https() {
        let names = read("app.sid\n(or __Secure-app.sid over HTTPS)");
        assert_eq!(names.names, ["app.sid"]);
        assert_eq!(names.https_names, ["__Secure-app.sid"]);
        let names = read("app_sid (oder app_sid_alt)");
        assert_eq!(names.names, ["app_sid_alt", "app_sid"]);
    }

    #[test]
    fn a_description_is_no_name() {
        assert_eq!(read("Session cookie").label.as_deref(), Some("Session cookie"));
        assert!(read("Session cookie").names.is_empty());
    }

    #[test]
    fn placeholders_in_all_spellings() {
        for (written, expected) in [
            ("_ga_*", "_ga_*"),
            ("_ga_XXXXXX", "_ga_*"),
            ("comment_{HASH}", "comment_*"),
            ("SSESS<ID>", "SSESS*"),
            ("user[hash]", "user*"),
            ("{$prefix}Token", "*Token"),
            ("site_####", "site_*"),
            ("track_$id", "track_*"),
            ("opti-", "opti-*"),
            ("exact", "exact"),
            ("maxx", "maxx"),
        ] {
            assert_eq!(pattern(written).0.written(), expected, "{written}");
        }
        assert_eq!(pattern("U#[0-9a-f]{32}").1, Match::Regex);
    }

    #[test]
    fn strong_names_look_like_nothing_else() {
        for name in
            ["_ga", "csrf_token", "sessionId", "PHPSESSID", "next-auth.csrf-token", "XSRF-TOKEN", "__Host-a"]
        {
            assert!(is_strong(name), "{name}");
        }
        for word in
            ["session", "third-party", "YouTube", "example.com", "opt-out", "HTTPS", "cookie-based", "e-mail"]
        {
            assert!(!is_strong(word), "{word}");
        }
    }
}
