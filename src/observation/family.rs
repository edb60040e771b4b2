//! Families of names: what a name is called when the part of it that is random, or belongs to one
//! installation, is left out. `nonce.‹random›` is another cookie at every login and still one thing
//! to declare, to report and to compare with yesterday; `wordpress_logged_in_‹hash›` is another on
//! the staging site.
//!
//! A single name must be enough to tell, so that the answer never depends on what else was seen.
//! Words, versions and short numbers are therefore left as they are.

use super::safe_url::MASK;
use super::url_template::is_uuid;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What stands for the part that varies; as a pattern of the manifest it means any characters.
const VARYING: char = '*';
/// Names are the site's to choose: more of one is not looked at.
const LONGEST: usize = 512;
/// No name that a site has reason to choose needs more than two.
const MOST_LOOKS: usize = 16;

/// Beginnings after which everything is an installation's or a visit's own, by the documentation of
/// those who set them. Listed because what follows may be as short as a word.
const KNOWN: &[&str] = &[
    // ASP.NET Core: purpose hashes, and one cookie for each sign-in under way.
    ".AspNetCore.Antiforgery.",
    ".AspNetCore.Correlation.",
    ".AspNetCore.OpenIdConnect.Nonce.",
    "OpenIdConnect.nonce.",
    // Matomo: number of the site, and a hash of its domain.
    "_pk_id.",
    "_pk_ses.",
    "_pk_ref.",
    "_pk_cvar.",
    "_pk_hsr.",
    // Snowplow: a hash of the domain.
    "_sp_id.",
    "_sp_ses.",
    // Google Analytics: the measurement's id.
    "_ga_",
    // Active Server Pages: letters of one process.
    "ASPSESSIONID",
    // Apache modules for single sign-on.
    "_shibsession_",
    "_shibstate_",
    "mod_auth_openidc_state_",
    // WordPress: a hash of the site's address, or the user's number.
    "wordpress_logged_in_",
    "wordpress_sec_",
    "wp-settings-time-",
    "wp-settings-",
    "wp-postpass_",
];

/// The family of a cookie's or storage item's name: the name itself where nothing in it varies,
/// else a pattern with `*` for what does. Equal families are one thing under several names.
pub fn family(name: &str) -> Cow<'_, str> {
    let mut family = at_one_look(name);
    // What was left of a name may have parts that vary once others are out of the way.
    for _ in 0..MOST_LOOKS {
        let Cow::Owned(next) = at_one_look(&family) else { break };
        family = Cow::Owned(next);
    }
    family
}

fn at_one_look(name: &str) -> Cow<'_, str> {
    // Whose it was is another each time.
    if name.len() <= LONGEST && name.contains(MASK) {
        let pattern = name.replace(MASK, &VARYING.to_string());
        let tells = pattern.bytes().any(|byte| byte.is_ascii_alphanumeric());
        return if tells { Cow::Owned(pattern) } else { Cow::Borrowed(name) };
    }
    if name.len() > LONGEST || !name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Cow::Borrowed(name);
    }
    let known = KNOWN.iter().find(|start| name.len() > start.len() && name.starts_with(**start));
    let pattern = match known {
        Some(start) => format!("{start}{VARYING}"),
        None => by_its_parts(name),
    };
    // A pattern of nothing but stars would swallow every name.
    let tells = pattern.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if tells && pattern != name { Cow::Owned(pattern) } else { Cow::Borrowed(name) }
}

/// What is left of a name where there are thousands of them: its words, and what separates them. What is
/// random, and whatever follows the first digit of a word, is `*`. Other than a family it may be nothing
/// else.
pub(super) fn outline(name: &str) -> String {
    const LONGEST_OUTLINE: usize = 64;
    // Of the family only, or names of one family could have several outlines.
    let family = family(name);
    let family = &family[..family.floor_char_boundary(LONGEST)];
    if is_random_text(family, true) {
        return VARYING.to_string();
    }
    let mut outline = String::new();
    let mut rest = family;
    while let Some(first) = rest.chars().next().filter(|_| outline.len() < LONGEST_OUTLINE) {
        let same = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != same).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let first_digit = word.find(char::is_numeric);
        match first_digit {
            _ if same && word.len() >= 8 && (varies(word) || is_random(word)) => outline.push(VARYING),
            Some(at) => outline.extend([&word[..at], "*"]),
            None => outline.push_str(word),
        }
        rest = after;
    }
    outline
}

/// The families of one run's names: what one name alone does not tell, several do.
#[derive(Clone, Debug, Default)]
pub struct Families {
    /// Beginnings that two names or more have before a random part.
    starts: BTreeSet<String>,
}

impl Families {
    /// Learns from every name of a run; their order does not matter.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counted: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for name in names {
            if let Cow::Owned(pattern) = family(name)
                && let Some(start) = pattern.strip_suffix(VARYING).filter(|start| !start.contains(VARYING))
            {
                counted.entry(start.to_owned()).or_default().insert(name);
            }
        }
        Families {
            starts: counted
                .into_iter()
                .filter(|(_, names)| names.len() > 1)
                .map(|(start, _)| start)
                .collect(),
        }
    }

    /// A name's family. A random part that looks like a word by chance belongs to its siblings.
    pub fn family<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let sibling = |start: &&String| {
            name.strip_prefix(start.as_str()).is_some_and(|rest| rest.len() >= 12 && !one_case(rest))
        };
        let own = family(name);
        let tells = |text: &str| text.ends_with(VARYING) && text.matches(VARYING).count() == 1;
        match self.starts.iter().find(sibling) {
            Some(start) if !tells(&own) || own.len() > start.len() + 1 => {
                Cow::Owned(format!("{start}{VARYING}"))
            }
            _ => own,
        }
    }
}

/// A piece of a name.
#[derive(Clone, Debug, PartialEq)]
enum Piece<'a> {
    /// A word that stays.
    Word(&'a str),
    /// What separates words.
    Between(&'a str),
    Varies,
}

fn by_its_parts(name: &str) -> String {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for segment in segments(name) {
        match segment {
            Piece::Word(text) => words(text, &mut pieces),
            other => pieces.push(other),
        }
    }
    numbers_beside(&mut pieces);
    fragments_beside(&mut pieces);
    joined(&pieces)
}

/// The name cut at the separators that random texts do not hold.
fn segments(name: &str) -> Vec<Piece<'_>> {
    let mut segments = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '=' | '+' | '%' | '~');
        let same = inside(first);
        let end = rest.find(|c: char| inside(c) != same).unwrap_or(rest.len());
        let (segment, after) = rest.split_at(end);
        segments.push(if same { Piece::Word(segment) } else { Piece::Between(segment) });
        rest = after;
    }
    segments
}

/// One random text to the end, with the separators that base64url has in it: none of its parts is a
/// word. Short ones may be by chance, but before the rest of a segment they are its name.
fn is_random_text(text: &str, whole: bool) -> bool {
    let mut parts = text.split(['_', '-', '=', '+', '%', '~']);
    let bare = text.bytes().filter(u8::is_ascii_alphanumeric).count();
    let first = parts.clone().next().unwrap_or_default();
    bare >= 16
        && (whole || first.len() < 2 || !one_case(first))
        && !parts.any(|part| part.len() >= 4 && one_case(part))
        && is_random(&text.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
}

fn one_case(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_lowercase()) || part.bytes().all(|b| b.is_ascii_uppercase())
}

/// The words of a segment, those that vary told apart.
fn words<'a>(segment: &'a str, pieces: &mut Vec<Piece<'a>>) {
    let mut rest = segment;
    while let Some(first) = rest.chars().next() {
        // A UUID has separators of its own.
        if let Some((start, after)) = rest.split_at_checked(36)
            && is_uuid(start.as_bytes())
            && !after.starts_with(|c: char| c.is_alphanumeric())
        {
            pieces.push(Piece::Varies);
            rest = after;
            continue;
        }
        // So has base64url. A name that is random from its first letter has no family.
        let whole = rest.len() == segment.len();
        if !pieces.is_empty() && (whole || first.is_alphanumeric()) && is_random_text(rest, whole) {
            pieces.push(Piece::Varies);
            return;
        }
        let same = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != same).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match (same, tail(word)) {
            (false, _) => pieces.push(Piece::Between(word)),
            (true, Some(0)) => pieces.push(Piece::Varies),
            (true, Some(at)) => pieces.extend([Piece::Word(&word[..at]), Piece::Varies]),
            (true, None) => pieces.push(Piece::Word(word)),
        }
        rest = after;
    }
}

/// Where the varying part of a word begins: 0 for all of it, its end for `SESS‹hash›` and
/// `visitor_id12345`.
fn tail(word: &str) -> Option<usize> {
    if !word.is_ascii() {
        return None;
    }
    let hex = word.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    if hex < word.len() {
        // A hash has its usual length, whatever letters stand before it.
        let hash = [64, 40, 32, 16].into_iter().find(|length| *length <= hex);
        let hash = hash.filter(|length| digits(&word[word.len() - length..]) >= 2);
        let number = word.bytes().rev().take_while(u8::is_ascii_digit).count();
        let letters = word.len() - number;
        let number = (number >= 5 && digits(&word[..letters]) == 0).then_some(number);
        if let Some(length) = hash.or(number) {
            return Some(word.len() - length);
        }
    }
    varies(word).then_some(0)
}

/// A word that no developer writes: a hash, a long number, a random text.
fn varies(word: &str) -> bool {
    let digits = digits(word);
    if digits == word.len() {
        word.len() >= 5
    } else if word.bytes().all(|b| b.is_ascii_hexdigit()) {
        word.len() >= 6 && digits >= 2 || word.len() >= 8 && digits >= 1 || word.len() >= 32
    } else {
        word.len() >= 8 && is_random(word)
    }
}

/// Letters and digits in turns, or capitals where no writer puts them (a random text changes at two
/// of three letters, camel case at one of four); or without the vowels that words need.
fn is_random(word: &str) -> bool {
    let class = |b: u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let turns = word.as_bytes().windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let digits = digits(word);
    let is_vowel = |b: u8| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let consonants =
        word.as_bytes().split(|b| is_vowel(*b) || b.is_ascii_digit()).map(<[u8]>::len).max().unwrap_or(0);
    let ends_in_letters = word.ends_with(|c: char| c.is_ascii_alphabetic());
    let vowels = word.bytes().filter(|b| is_vowel(*b)).count();
    digits >= 2 && turns * 4 >= word.len()
        || turns * 100 >= word.len() * 36
        || word.len() >= 12 && ends_in_letters && digits >= 1 && (digits >= 4 || consonants >= 5)
        || word.len() >= 16 && vowels * 6 < word.len()
}

fn digits(word: &str) -> usize {
    word.bytes().filter(u8::is_ascii_digit).count()
}

/// Short numbers and short hashes vary where they stand beside one another at the end
/// (`_pk_id.3.1fff`) or beside what varies (`UA-‹number›-1`).
fn numbers_beside(pieces: &mut [Piece<'_>]) {
    let hex =
        |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b.is_ascii_digit());
    let letters = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    for at in 2..pieces.len() {
        let after_varying = pieces[at - 2] == Piece::Varies;
        if let Piece::Word(text) = pieces[at]
            && after_varying
            && (hex(text) || letters(text))
        {
            pieces[at] = Piece::Varies;
        }
    }
    let last = pieces.len();
    if let [Piece::Word(first), Piece::Between("."), Piece::Word(second)] = pieces[last.saturating_sub(3)..]
        && digits(first) == first.len()
        && second.len() >= 4
        && (hex(second) || letters(second))
    {
        pieces[last - 1] = Piece::Varies;
        pieces[last - 3] = Piece::Varies;
    }
}

/// Base64url splits at its own `-` and `_`: short odd fragments beside what varies belong to it,
/// also between two such parts.
fn fragments_beside(pieces: &mut [Piece<'_>]) {
    let odd = |text: &str| text.len() == 1 || text.len() < 8 && !one_case(text) && !one_case(&text[1..]);
    let first = pieces.iter().position(|piece| *piece == Piece::Varies);
    let last = pieces.iter().rposition(|piece| *piece == Piece::Varies);
    let (Some(first), Some(last)) = (first, last) else { return };
    let within = |pieces: &[Piece<'_>], at: usize| {
        matches!(pieces[at], Piece::Between("-" | "_" | "--" | "__" | "-_" | "_-" | "~"))
    };
    for at in (last + 2..pieces.len()).step_by(2) {
        match pieces[at] {
            Piece::Word(text) if within(pieces, at - 1) && odd(text) => pieces[at] = Piece::Varies,
            _ => break,
        }
    }
    let mut at = first;
    while at >= 3 && within(pieces, at - 1) {
        match pieces[at - 2] {
            Piece::Word(text) if odd(text) => pieces[at - 2] = Piece::Varies,
            _ => break,
        }
        at -= 2;
    }
}

/// As text; what varies side by side varies once.
fn joined(pieces: &[Piece<'_>]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < pieces.len() {
        match pieces[at] {
            Piece::Word(word) => text.push_str(word),
            // A second separator may be the first letter of what varies.
            Piece::Between("__" | "_-") if at > 0 && pieces.get(at + 1) == Some(&Piece::Varies) => {
                text.push('_');
            }
            Piece::Between("--" | "-_") if at > 0 && pieces.get(at + 1) == Some(&Piece::Varies) => {
                text.push('-');
            }
            Piece::Between(separator) => text.push_str(separator),
            Piece::Varies => {
                text.push(VARYING);
                while let [Piece::Between(_), Piece::Varies, ..] | [Piece::Varies, ..] = pieces[at + 1..] {
                    at += if pieces[at + 1] == Piece::Varies { 1 } else { 2 };
                }
                // What base64 ends in.
                while pieces[at + 1..] == [Piece::Between("-")] || pieces[at + 1..] == [Piece::Between("_")] {
                    at += 1;
                }
            }
        }
        at += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn case(name: &str, expected: &str) {
        assert_eq!(family(name), expected);
    }

    #[test]
    fn installations_visits_and_deployments_are_left_out() {
        case("wordpress_logged_in_9e107d9d372bb6826bd81d3542a419d6", "wordpress_logged_in_*");
        case("wordpress_test_cookie", "wordpress_test_cookie");
        case("wp-settings-time-1", "wp-settings-time-*");
        case(".AspNetCore.Antiforgery.VyLW6ORzMgk", ".AspNetCore.Antiforgery.*");
        case(".AspNetCore.Correlation.x-_kdwqiLPXzkBZhdmYtw", ".AspNetCore.Correlation.*");
        case("_pk_id.3.1fff", "_pk_id.*");
        case("_pk_ses.12.dead", "_pk_ses.*");
        case("piwik_like.3.1fff", "piwik_like.*");
        case("piwik_like.1.dead", "piwik_like.*");
        case("SSESS9e107d9d372bb6826bd81d3542a419d6", "SSESS*");
        case("SESSeb107d9d372bb6826bd81d3542a419d6", "SESS*");
        case("phpbb3_4f7xq_sid", "phpbb3_4f7xq_sid");
        case("mp_9e107d9d372bb6826bd81d3542a419d6_mixpanel", "mp_*_mixpanel");
        case("nonce.Zk3Vb9xQ2LpW7rTn", "nonce.*");
        case("nonce.3b241101-e2bb-4255-8caf-4136c566a962", "nonce.*");
        case("state-3b241101-e2bb-4255-8caf-4136c566a962-x", "state-*");
        case("auth_state_aB3xK9_mQ2pLs7TvW1zY", "auth_state_*");
        case("_gat_UA-12345678-1", "_gat_UA-*");
        case("_ga_4XK2B7QZ1M", "_ga_*");
        case("_hjSession_3186453", "_hjSession_*");
        case("visitor_id981234-hash", "visitor_id*-hash");
        case("ASPSESSIONIDQARSTBAA", "ASPSESSIONID*");
        case("TS01a5b3c9d2", "TS01a5b3c9d2");
        case("app-build-3f2a9c81", "app-build-*");
        case("cart[9e107d9d372bb6826bd81d3542a419d6]", "cart[*]");
    }

    #[test]
    fn words_versions_and_short_numbers_stay() {
        for name in [
            "",
            "sid",
            "_ga",
            "_gid",
            "theme",
            "next-auth.session-token",
            "next-auth.session-token.0",
            "__Secure-next-auth.callback-url",
            "__Host-sid",
            "better-auth.session_token",
            "JSESSIONID",
            "ASP.NET_SessionId",
            "PHPSESSID",
            "NEXT_LOCALE",
            "userIdABTest",
            "consent.v1.0",
            "consent_v2",
            "oauth2_state",
            "banner_1",
            "banner-2026",
            "AWSALBTG",
            "AWSALBCORS",
            "__cf_bm",
            "cf_clearance",
            "CookieConsentBulkSetting-",
            "django_language",
            "csrf_refresh_token",
            "XSRF-TOKEN",
            "OptanonAlertBoxClosed",
            "decade",
            "facade",
            "acceptedCookies",
            "isEUVisitorLoggedIn",
            "9e107d9d372bb6826bd81d3542a419d6",
            "***",
            "\u{fc}ber",
        ] {
            case(name, name);
        }
    }

    #[test]
    fn a_long_name_is_left_alone() {
        let name = "1a".repeat(10_000);
        case(&name, &name);
    }

    /// Random texts of an alphabet, always the same ones (Marsaglia's xorshift).
    fn random(alphabet: &str, length: usize) -> impl Iterator<Item = String> {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut state: u64 = 88_172_645_463_325_252;
        std::iter::repeat_with(move || {
            let mut letter = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                letters[(state % letters.len() as u64) as usize]
            };
            (0..length).map(|_| letter()).collect()
        })
    }

    #[test]
    fn a_random_part_is_left_out_however_it_falls() {
        const HEX: &str = "0123456789abcdef";
        const BASE36: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
        const BASE62: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const BASE64URL: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
        // Alphabet, length, and how many in a hundred one name alone must tell.
        for (alphabet, length, at_least) in [
            (HEX, 32, 100),
            (HEX, 8, 99),
            ("0123456789", 9, 100),
            (BASE62, 22, 99),
            (BASE62, 16, 98),
            (BASE64URL, 43, 96),
            (BASE64URL, 22, 96),
            (BASE36, 16, 94),
        ] {
            for start in ["nonce.", "login_", "sso.state:"] {
                let names: Vec<String> =
                    random(alphabet, length).take(300).map(|text| format!("{start}{text}")).collect();
                let expected = format!("{start}*");
                let alone = names.iter().filter(|name| family(name) == expected).count();
                assert!(alone >= at_least * 3, "{start} {alphabet} {length}: {alone}");
                let families = Families::of(names.iter().map(String::as_str));
                let others: BTreeSet<_> =
                    names.iter().map(|name| families.family(name)).filter(|of| *of != expected).collect();
                assert!(others.len() <= 2, "{start} {alphabet} {length}: {others:?}");
            }
        }
    }

    #[test]
    fn words_have_no_siblings() {
        let names = ["app_3f2a9c81be7d", "app_9c81be7d3f2a", "app_preferences", "app_Settings", "app"];
        let families = Families::of(names);
        assert_eq!(
            names.map(|name| families.family(name).into_owned()),
            ["app_*", "app_*", "app_preferences", "app_Settings", "app"]
        );
    }

    proptest! {
        #[test]
        fn a_family_is_its_own_and_matches_its_names(name in "[a-z0-9A-Z_.:-]{0,60}") {
            let of = family(&name).into_owned();
            prop_assert!(family(&of) == of, "{}", of);
            let mut rest = name.as_str();
            for part in of.split('*').filter(|part| !part.is_empty()) {
                let at = rest.find(part);
                prop_assert!(at.is_some(), "{} of {}", of, name);
                rest = &rest[at.unwrap_or_default() + part.len()..];
            }
        }

        #[test]
        fn nothing_panics(name in "\\PC{0,40}") {
            let _ = family(&name);
        }
    }
}
