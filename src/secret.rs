//! Secrets that cannot be printed by accident, and the list of those known to a run.

use std::fmt;

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
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    known: Vec<Secret>,
}

impl Secrets {
    /// Remembers a secret. Texts under 4 bytes are too common to search for and are left out.
    pub fn add(&mut self, secret: &str) {
        if secret.len() >= 4 && !self.known.iter().any(|known| known.reveal() == secret) {
            self.known.push(Secret::new(secret));
        }
    }

    /// The text with every known secret replaced, also where it is percent- or form-encoded.
    pub fn mask(&self, text: &str) -> String {
        self.known
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.reveal(), "\u{2039}masked\u{203a}"))
    }
}
