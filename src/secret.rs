//! Secrets that cannot be printed by accident, and the list of those known to a run.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

/// What stands where a secret was.
const MASK: &str = "\u{2039}masked\u{203a}";

/// Shorter names are found everywhere by chance.
const SHORTEST_NAME: usize = 4;
/// Longer ones are none.
const LONGEST_NAME: usize = 320;

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
    spellings: Vec<String>,
}

impl Secrets {
    /// Remembers a secret. Texts under 4 bytes are too common to search for and are left out.
    pub fn add(&mut self, secret: &str) {
        if secret.len() < 4 || !self.known.insert(secret.to_owned()) {
            return;
        }
        for spelling in spellings(secret) {
            let place = self.spellings.partition_point(|known| known.len() > spelling.len());
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
            if masked.contains(spelling.as_str()) {
                masked = masked.replace(spelling.as_str(), MASK);
            }
        }
        masked
    }
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
    fn secrets_do_not_print() {
        let mut secrets = Secrets::default();
        secrets.add("hunter2");
        assert!(!format!("{secrets:?} {}", Secret::new("hunter2")).contains("hunter2"));
    }
}
