//! What a value looks like: judged with care, because *identifier* is an accusation and a missed
//! one is a failure.

use super::escape::percent_decoded;
use super::{CharClass, UrlRelation, ValueShape};
use url::Url;

/// Values longer than this are not taken apart as JSON.
const MAX_JSON: usize = 64 * 1024;

/// How many random-looking characters tell visitors apart: 12 of 36 letters and digits are 62 bits.
const IDENTIFIER_LENGTH: usize = 12;

/// The narrowest class that holds every byte.
pub(crate) fn class(bytes: &[u8]) -> CharClass {
    let all = |belongs: fn(&u8) -> bool| bytes.iter().all(belongs);
    if bytes.is_empty() {
        CharClass::Empty
    } else if all(u8::is_ascii_digit) {
        CharClass::Digits
    } else if all(u8::is_ascii_hexdigit) {
        CharClass::Hex
    } else if all(u8::is_ascii_alphanumeric) {
        CharClass::Alphanumeric
    } else if all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=')) {
        CharClass::Base64Url
    } else if all(|byte| matches!(byte, b' '..=b'~')) {
        CharClass::Printable
    } else {
        CharClass::Bytes
    }
}

/// What the value looks like, after quotes and percent-encoding are undone.
pub(crate) fn shape(bytes: &[u8], asked: &Url) -> ValueShape {
    let decoded = decoded(bytes);
    let Ok(text) = std::str::from_utf8(&decoded) else {
        return if decoded.len() >= 2 * IDENTIFIER_LENGTH {
            ValueShape::Identifier
        } else {
            ValueShape::Other
        };
    };
    let text = text.trim();
    if text.is_empty() {
        ValueShape::Empty
    } else if is_flag(text) {
        ValueShape::Flag
    } else if is_number(text) {
        ValueShape::Number
    } else if is_language_tag(text) {
        ValueShape::LanguageTag
    } else if let Some(relation) = url_relation(text, asked) {
        ValueShape::Url(relation)
    } else if is_uuid(text) {
        ValueShape::Uuid
    } else if is_jwt(text) {
        ValueShape::Jwt
    } else if is_email(text) {
        ValueShape::Email
    } else if is_json(text) {
        ValueShape::Json
    } else if is_word(text) {
        ValueShape::Word
    } else if randomness(text) >= IDENTIFIER_LENGTH {
        ValueShape::Identifier
    } else {
        ValueShape::Other
    }
}

/// Quotes around the whole value and `%XX` undone (twice where a framework encoded twice).
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = bytes.to_vec();
    for _ in 0..2 {
        if let [b'"', inner @ .., b'"'] = decoded.as_slice() {
            decoded = inner.to_vec();
        }
        if !decoded.contains(&b'%') {
            break;
        }
        decoded = percent_decoded(&decoded);
    }
    decoded
}

fn is_flag(text: &str) -> bool {
    ["0", "1", "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "null", "undefined"]
        .iter()
        .any(|flag| text.eq_ignore_ascii_case(flag))
}

/// A count, a version, a time stamp; more digits than a time stamp in microseconds are a number
/// in name only.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    text.len() <= 17
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// BCP 47, with `_` for `-` as POSIX and Java write it. A bare primary tag has to be a language.
fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split(['-', '_']);
    let Some(primary) = subtags.next() else { return false };
    if !is_language(primary) {
        return false;
    }
    let mut subtags = subtags.peekable();
    let alphabetic = |subtag: &str| subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    let _script = subtags.next_if(|subtag| subtag.len() == 4 && alphabetic(subtag));
    let _region = subtags.next_if(|subtag| {
        (subtag.len() == 2 && alphabetic(subtag))
            || (subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit()))
    });
    subtags.take(4).all(|subtag| {
        let length = if subtag.starts_with(|first: char| first.is_ascii_digit()) { 4..=8 } else { 5..=8 };
        length.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }) && text.len() <= 35
}

/// ISO 639-1, and the three-letter codes that sites really use.
fn is_language(tag: &str) -> bool {
    const TWO: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr \
        cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho \
        hr ht hu hy hz ia id ie ig ii ik io is it iu iw ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw \
        ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny \
        oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st \
        su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";
    const THREE: &str = "ast bho ceb chr ckb cmn csb dsb fil fur gsw haw hmn hsb ilo kab kok lij lmo mai \
        mni nan nap nds nso pap pdc sat scn sco szl tet tok tpi tzm vec war yue zgh eng deu ger fra fre \
        spa ita por nld dut rus zho chi jpn kor ara";
    let tag = tag.to_ascii_lowercase();
    match tag.len() {
        2 => TWO.split(' ').any(|known| known == tag),
        3 => THREE.split(' ').any(|known| known == tag),
        _ => false,
    }
}

/// How a URL or absolute path relates to the one asked for; none where it is neither.
fn url_relation(text: &str, asked: &Url) -> Option<UrlRelation> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let absolute = lower.starts_with("http://") || lower.starts_with("https://");
    if !absolute && !text.starts_with('/') {
        return None;
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let mut named = asked.join(text).ok()?;
    let mut asked = asked.clone();
    named.set_fragment(None);
    asked.set_fragment(None);
    // Who asks over http and is sent to https is still where they wanted to be.
    if (asked.scheme(), named.scheme()) == ("http", "https") && asked.port().is_none() {
        let _ = asked.set_scheme("https");
    }
    let bare = absolute && named.path() == "/" && named.query().is_none();
    Some(if named == asked {
        UrlRelation::Asked
    } else if named.origin() != asked.origin() {
        UrlRelation::External
    } else if bare {
        UrlRelation::BareOrigin
    } else {
        UrlRelation::SameOrigin
    })
}

fn is_uuid(text: &str) -> bool {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Three parts (signed) or five (encrypted) of which the first is a JSON object with `alg`.
fn is_jwt(text: &str) -> bool {
    let parts = text.split('.').count();
    (parts == 3 || parts == 5)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && text
            .split('.')
            .next()
            .and_then(base64_decoded)
            .and_then(|header| serde_json::from_slice::<serde_json::Value>(&header).ok())
            .is_some_and(|header| header.get("alg").is_some())
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    !local.is_empty()
        && local.bytes().all(plain)
        && domain.split('.').count() >= 2
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// A JSON object or array, plain, with Express's `j:` before it, or in base64.
fn is_json(text: &str) -> bool {
    let parses = |bytes: &[u8]| {
        bytes.len() <= MAX_JSON && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    };
    let plain = text.strip_prefix("j:").unwrap_or(text);
    if plain.starts_with(['{', '[']) {
        return parses(plain.as_bytes());
    }
    // `{"` and `[{`, `["` in base64.
    let encoded = text.starts_with("eyJ") || text.starts_with("W3s") || text.starts_with("WyJ");
    encoded && text.len() <= 2 * MAX_JSON && base64_decoded(text).is_some_and(|decoded| parses(&decoded))
}

/// One short word, or a few joined: `dark`, `accepted`, `dark-mode`.
fn is_word(text: &str) -> bool {
    text.len() <= 32
        && text.split(['-', '_', ' ', '.']).all(|word| {
            !word.is_empty()
                && word.len() <= 16
                && word.bytes().all(|byte| byte.is_ascii_alphabetic())
                && !looks_random(word)
        })
}

/// How many characters of the text look drawn at random.
fn randomness(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| looks_random(run)).map(run_weight).sum()
}

/// Nine digits of a counter are worth more than nine characters of the rest: that many make
/// Google's client id.
fn run_weight(run: &str) -> usize {
    if run.bytes().all(|byte| byte.is_ascii_digit()) { run.len() + 3 } else { run.len() }
}

/// A run of letters and digits that nobody would write: classes that alternate, consonants
/// without vowels, digits that are no time.
fn looks_random(run: &str) -> bool {
    let count = |belongs: fn(&u8) -> bool| run.as_bytes().iter().filter(|byte| belongs(byte)).count();
    let (digits, lower, upper) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    if run.len() < 6 || is_monotonous(run) {
        return false;
    }
    if digits == run.len() {
        return digits >= 9 && !is_time_stamp(run);
    }
    if run.bytes().all(|byte| byte.is_ascii_hexdigit()) && digits > 0 {
        return true;
    }
    // A capital after a small letter begins a word (camelCase); a change to or from a digit, or
    // a small letter after two capitals, happens in words too, but not again and again.
    let changes = run.as_bytes().windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    if digits > 0 || (lower > 0 && upper > 0) {
        return changes >= 3 && changes * 4 >= run.len();
    }
    let vowels = count(|byte| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y'));
    run.len() >= 10 && vowels * 5 < run.len()
}

/// One character makes up most of it: padding, or zeros.
fn is_monotonous(run: &str) -> bool {
    let mut counts = [0_usize; 256];
    for byte in run.bytes() {
        counts[usize::from(byte)] += 1;
    }
    counts.iter().max().is_some_and(|most| most * 5 >= run.len() * 3)
}

/// Seconds or milliseconds since 1970 in this century's first half, or a date written together.
fn is_time_stamp(digits: &str) -> bool {
    match digits.len() {
        10 | 13 | 16 => digits.starts_with(['1', '2']),
        12 | 14 => digits.starts_with("20"),
        _ => false,
    }
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        _ => 2,
    }
}

/// Base64 in either alphabet, padded or not; none where it is something else.
fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{CookieValue, ValueFacts};

    #[track_caller]
    fn looks(value: &str, shape: ValueShape) {
        let asked = Url::parse("https://site.test/dashboard/x?tab=2").unwrap();
        assert_eq!(ValueFacts::of(&CookieValue::new(value), &asked).shape, shape, "{value}");
    }

    #[test]
    fn values_of_real_cookies() {
        use UrlRelation::*;
        use ValueShape::*;
        for (value, shape) in [
            ("", Empty),
            ("\"\"", Empty),
            ("1", Flag),
            ("true", Flag),
            ("3", Number),
            ("1.25", Number),
            ("1717243200", Number),
            ("1717243200123", Number),
            ("en", LanguageTag),
            ("EN", LanguageTag),
            ("en_US", LanguageTag),
            ("zh-Hant", LanguageTag),
            ("zh_Hant_TW", LanguageTag),
            ("es-419", LanguageTag),
            ("fil", LanguageTag),
            ("de-DE-1996", LanguageTag),
            ("ok", Word),
            ("system", Word),
            ("dark-mode", Word),
            ("accepted", Word),
            ("necessary", Word),
            ("Traditional Chinese", Word),
            ("https%3A%2F%2Fsite.test%2Fdashboard%2Fx%3Ftab%3D2", Url(Asked)),
            ("https://site.test/dashboard/x?tab=2", Url(Asked)),
            ("/dashboard/x?tab=2", Url(Asked)),
            ("%2Fdashboard%2Fx%3Ftab%3D2", Url(Asked)),
            ("https%3A%2F%2Fsite.test", Url(BareOrigin)),
            ("https://site.test/", Url(BareOrigin)),
            ("/", Url(SameOrigin)),
            ("/other", Url(SameOrigin)),
            ("http://site.test/dashboard/x?tab=2", Url(External)),
            ("https://evil.test/dashboard/x", Url(External)),
            ("//evil.test/", Url(External)),
            ("f47ac10b-58cc-4372-a567-0e02b2c3d479", Uuid),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWJ5dGVz", Jwt),
            ("eyJ1c2VyX2lkIjoxfQ.ZkT2Xw.Qm9vbTk4N2Zn", Identifier),
            ("eyJ0aGVtZSI6ImRhcmsifQ==", Json),
            ("jo.doe%2Bx@example.org", Email),
            ("%7B%22a%22%3A1%7D", Json),
            ("j:{\"a\":1}", Json),
            ("9f86d081884c7d659a2feaa0c55ad015", Identifier),
            ("GA1.1.123456789.1717243200", Identifier),
            ("fb.1.1717243200123.987654321", Identifier),
            ("V1StGXR8_Z5jdHi6B-myT", Identifier),
            ("s%3Aq7PZkT2Xw0vB3nM9.c4R1t8", Identifier),
            ("38457283947562839475628394756283947562", Identifier),
            ("2024-05-01T10:00:00Z", Other),
            ("20240501100000", Number),
            ("00000000000000000000", Other),
            ("consentVersion2", Other),
            ("iPhone6", Other),
            ("analytics:1,marketing:0", Other),
            ("America/New_York", Other),
            ("Europe%2FBerlin", Other),
            ("1920x1080", Other),
            ("abc123", Other),
        ] {
            looks(value, shape);
        }
    }

    #[test]
    fn the_narrowest_class() {
        for (value, expected) in [
            ("", CharClass::Empty),
            ("42", CharClass::Digits),
            ("4f", CharClass::Hex),
            ("4g", CharClass::Alphanumeric),
            ("4g_-==", CharClass::Base64Url),
            ("4g.x", CharClass::Printable),
            ("gr\u{fc}n", CharClass::Bytes),
        ] {
            assert_eq!(class(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_have_a_shape_too() {
        let asked = Url::parse("https://site.test/").unwrap();
        assert_eq!(shape(b"\xff\xfe", &asked), ValueShape::Other);
        assert_eq!(shape(&[0xf0; 40], &asked), ValueShape::Identifier);
    }
}
