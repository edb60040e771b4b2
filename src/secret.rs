//! Secrets that cannot be printed by accident, and the list of those known to a run.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

/// What stands where a secret was.
pub const MASK: &str = "\u{2039}masked\u{203a}";

/// Shorter names are found everywhere by chance.
const SHORTEST_NAME: usize = 4;
/// Longer ones are none.
const LONGEST_NAME: usize = 320;
/// A shorter secret is in the name of a cookie by chance.
const SHORTEST_IN_A_NAME: usize = 8;

/// A password, token, code or login field of the plan. `Debug` and `Display` print a mask; it
/// cannot be serialised.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the request that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\u{2039}secret\u{203a}")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\u{2039}secret\u{203a}")
    }
}

/// Every secret a run has met so far: the plan's, mail links, codes, bearer tokens, values of
/// cookies. Texts on their way to a report or log pass through [`Secrets::mask`].
#[derive(Clone, Default)]
pub struct Secrets {
    known: HashSet<String>,
    /// Who the visitors are: names and addresses they log in with. Looked for, never masked.
    visitors: BTreeSet<String>,
    /// Every way each of them may be written, longest first.
    spellings: Vec<Arc<str>>,
    /// The same in the order in which they became known.
    by_age: Vec<Arc<str>>,
}

/// How much was known at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownThen {
    spellings: usize,
    visitors: usize,
}

impl Secrets {
    /// Remembers a secret. Texts under 4 bytes are too common to search for and are left out.
    pub fn add(&mut self, secret: &str) {
        if secret.len() < 4 || !self.known.insert(secret.to_owned()) {
            return;
        }
        for spelling in spellings(secret) {
            let place = self.spellings.partition_point(|known| known.len() > spelling.len());
            let spelling: Arc<str> = spelling.into();
            self.by_age.push(Arc::clone(&spelling));
            self.spellings.insert(place, spelling);
        }
    }

    /// Remembers who a visitor is: what somebody logs in as.
    pub fn add_visitor(&mut self, name: &str) {
        let name = name.trim();
        if (SHORTEST_NAME..=LONGEST_NAME).contains(&name.len()) {
            self.visitors.insert(name.to_lowercase());
        }
    }

    /// Names and addresses that visitors log in with, in small letters.
    pub fn visitors(&self) -> impl Iterator<Item = &str> {
        self.visitors.iter().map(String::as_str)
    }

    /// The text with every known secret replaced, also where it is percent-, form- or
    /// HTML-encoded. Longer secrets go first, so that one inside another leaves nothing over.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for spelling in &self.spellings {
            if masked.contains(&**spelling) {
                masked = masked.replace(&**spelling, MASK);
            }
        }
        masked
    }
}

impl Secrets {
    /// The name of a cookie or storage item with every secret, login name and mail address in it hidden: a
    /// site may keep what belongs to a session, or to somebody, under that one's name.
    pub fn mask_name(&self, name: &str, hide: impl Fn(&str) -> String) -> String {
        let mut masked = name.to_owned();
        for spelling in self.spellings.iter().filter(|spelling| spelling.len() >= SHORTEST_IN_A_NAME) {
            if masked.contains(&**spelling) {
                masked = masked.replace(&**spelling, &hide(spelling));
            }
        }
        // Names without a digit or sign in them are words as well.
        let telling = |name: &&String| name.contains(|c: char| !c.is_alphabetic());
        for visitor in self.visitors.iter().filter(telling) {
            for spelling in spellings(visitor) {
                masked = without_word(&masked, &spelling, &hide);
            }
        }
        without_addresses(&masked, &hide)
    }

    /// How much is known by now.
    pub fn known_now(&self) -> KnownThen {
        KnownThen { spellings: self.by_age.len(), visitors: self.visitors.len() }
    }

    /// Whether a name in which nothing was to hide then may hold something by now.
    pub fn may_be_in_name(&self, name: &str, then: KnownThen) -> bool {
        let of_late = self.by_age.get(then.spellings..).unwrap_or_default();
        self.visitors.len() != then.visitors || of_late.iter().any(|spelling| name.contains(&**spelling))
    }
}

/// The text without a word, in whatever case, that stands by itself.
fn without_word(text: &str, word: &str, hide: impl Fn(&str) -> String) -> String {
    // Small letters of another length would shift what comes after.
    if !text.is_ascii() || word.is_empty() {
        return text.to_owned();
    }
    let small = text.to_ascii_lowercase();
    let word = word.to_ascii_lowercase();
    let beside = |part: Option<char>| part.is_none_or(|c| !c.is_ascii_alphanumeric());
    let mut masked = String::new();
    let mut kept = 0;
    for (at, found) in small.match_indices(&word) {
        let end = at + found.len();
        if beside(small[..at].chars().next_back()) && beside(small[end..].chars().next()) {
            masked.push_str(&text[kept..at]);
            masked.push_str(&hide(&text[at..end]));
            kept = end;
        }
    }
    masked + &text[kept..]
}

/// The text without mail addresses, also where their sign is percent-encoded.
fn without_addresses(text: &str, hide: impl Fn(&str) -> String) -> String {
    let is_local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '%');
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut masked = String::new();
    let mut rest = text;
    while let Some((at, sign)) = [(rest.find('@'), 1), (rest.find("%40"), 3)]
        .iter()
        .filter_map(|(at, sign)| Some(((*at)?, *sign)))
        .min()
    {
        let start = rest[..at]
            .rfind(|c| !is_local(c))
            .map_or(0, |before| before + rest[before..].chars().next().map_or(1, char::len_utf8));
        let host = &rest[at + sign..];
        let end = at + sign + host.find(|c| !is_host(c)).unwrap_or(host.len());
        let is_one = start < at && rest[at + sign..end].trim_matches('.').contains('.');
        masked.push_str(&rest[..start]);
        match is_one {
            true => masked.push_str(&hide(&rest[start..end])),
            false => masked.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    masked + rest
}

/// A text of the same letters, digits and signs that says nothing, for patterns that ask how long a part
/// is or of what it is made.
pub fn shape_of(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0'..='9' => '0',
            'a'..='f' => 'a',
            'A'..='F' => 'A',
            c if c.is_lowercase() => 'x',
            c if c.is_uppercase() => 'X',
            c => c,
        })
        .collect()
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\u{2039}{} secrets\u{203a}", self.known.len())
    }
}

/// The ways a text may be written by those who encode it for a URL, a form or a page.
fn spellings(secret: &str) -> Vec<String> {
    let mut spellings = vec![secret.to_owned()];
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    // encodeURIComponent, encodeURI and form-urlencoding leave different characters alone.
    for kept in [&b""[..], b"!'()*", b"*", b"!'()*;/?:@&=+$,#", b"/", b"@:"] {
        let encode = |upper: bool, space: &str| -> String {
            secret
                .bytes()
                .map(|byte| match byte {
                    b' ' => space.to_owned(),
                    byte if unreserved(byte) || kept.contains(&byte) => char::from(byte).to_string(),
                    byte if upper => format!("%{byte:02X}"),
                    byte => format!("%{byte:02x}"),
                })
                .collect()
        };
        spellings.extend([encode(true, "%20"), encode(false, "%20"), encode(true, "+")]);
    }
    for (apostrophe, quote) in [("&#39;", "&quot;"), ("&#x27;", "&quot;"), ("&apos;", "&#34;"), ("'", "\"")] {
        let escaped = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        spellings.push(escaped.replace('\'', apostrophe).replace('"', quote));
    }
    // JSON and Rust's own `{:?}`.
    spellings.push(secret.replace('\\', "\\\\").replace('"', "\\\""));
    spellings.sort();
    spellings.dedup();
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn hidden(secret: &str, text: &str, masked: &str) {
        let mut secrets = Secrets::default();
        secrets.add(secret);
        assert_eq!(secrets.mask(text), masked);
    }

    #[test]
    fn a_secret_is_masked_however_it_is_encoded() {
        let secret = "p&s s/w\"o'rd";
        for text in [
            "p&s s/w\"o'rd",
            "p%26s%20s%2Fw%22o%27rd",
            "p%26s%20s%2fw%22o%27rd",
            "p%26s%20s%2Fw%22o'rd",
            "p%26s+s%2Fw%22o%27rd",
            "p%26s%20s/w%22o%27rd",
            "p&amp;s s/w&quot;o&#39;rd",
            "p&amp;s s/w&#34;o&apos;rd",
            "p&s s/w\\\"o'rd",
        ] {
            hidden(secret, &format!("q={text}!"), "q=\u{2039}masked\u{203a}!");
        }
    }

    #[test]
    fn of_two_secrets_the_longer_goes_first() {
        let mut secrets = Secrets::default();
        secrets.add("abcd");
        secrets.add("xabcdx");
        assert_eq!(secrets.mask("xabcdx abcd"), format!("{MASK} {MASK}"));
    }

    #[test]
    fn short_texts_are_no_secrets() {
        hidden("abc", "abc", "abc");
    }

    #[test]
    fn names_lose_secrets_and_people() {
        let mut secrets = Secrets::default();
        secrets.add("q7Zt2LmP0xWv9KdR4sBn");
        secrets.add("test");
        secrets.add_visitor("Ann77");
        secrets.add_visitor("ann@example.test");
        secrets.add_visitor("customer");
        let masked = |name: &str| secrets.mask_name(name, |_| "*".to_owned());
        for (name, expected) in [
            ("copy.q7Zt2LmP0xWv9KdR4sBn", "copy.*"),
            ("u_ANN77", "u_*"),
            ("Cognito.7abc.ann@example.test.idToken", "Cognito.7abc.*.idToken"),
            ("last_bob%40mail.example", "last_*"),
            ("cart:bob.smith@mail.example:2", "cart:*:2"),
            ("latest_seen", "latest_seen"),
            ("customer_id", "customer_id"),
            ("ann770", "ann770"),
            ("a@b", "a@b"),
            ("_ga_ABC123XYZ", "_ga_ABC123XYZ"),
            ("größe@", "größe@"),
            ("größe@x.example", "größ*"),
        ] {
            assert_eq!(masked(name), expected, "{name}");
        }
        assert_eq!(shape_of("q7Zb-9"), "x0Xa-0");
    }

    #[test]
    fn a_name_is_looked_at_again_for_what_became_known_since() {
        let mut secrets = Secrets::default();
        secrets.add("q7Zt2LmP0xWv9KdR4sBn");
        let then = secrets.known_now();
        assert!(!secrets.may_be_in_name("copy.W3rLx8Qe5Tn1Vb6Y", then));
        secrets.add("a-longer-one-before-it-W3");
        assert!(!secrets.may_be_in_name("copy.W3rLx8Qe5Tn1Vb6Y", then));
        secrets.add("W3rLx8Qe5Tn1Vb6Y");
        assert!(secrets.may_be_in_name("copy.W3rLx8Qe5Tn1Vb6Y", then));
        assert!(!secrets.may_be_in_name("copy.W3rLx8Qe5Tn1Vb6Y", secrets.known_now()));
        secrets.add_visitor("ann77");
        assert!(secrets.may_be_in_name("theme", then));
    }

    #[test]
    fn secrets_do_not_print() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2");
        assert!(!format!("{secrets:?} {}", Secret::new("hunter2")).contains("hunter2"));
    }
}
