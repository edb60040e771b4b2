//! A cookie's value: a secret that masks itself, and the facts that may be told about it.

use super::facts;
use std::sync::Arc;
use url::Url;

/// The value of a cookie, token or storage item. `Debug` and `Display` print only its length;
/// it cannot be serialised. [`CookieValue::reveal`] is the one way to the bytes.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct CookieValue(Arc<[u8]>);

/// What may be said of a value without saying it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueFacts {
    /// Length in bytes.
    pub length: usize,
    pub class: CharClass,
    pub shape: ValueShape,
    /// Ordinal of this value among the distinct values of one scan, in order of appearance:
    /// equal numbers are equal values. 0: not compared (an empty value, or outside a scan).
    pub identity: u32,
}

/// The narrowest class that holds every byte of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CharClass {
    Empty,
    Digits,
    Hex,
    Alphanumeric,
    Base64Url,
    Printable,
    Bytes,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueShape {
    Empty,
    /// `0`, `1`, `true`, `false`, `yes`, `no`, ...
    Flag,
    Number,
    /// BCP 47, as in `en` or `zh-Hant`.
    LanguageTag,
    /// A URL or path, plain or percent-encoded.
    Url(UrlRelation),
    Uuid,
    Jwt,
    Email,
    Json,
    /// A short word of letters.
    Word,
    /// Long and random enough to tell visitors apart.
    Identifier,
    Other,
}

/// How a URL in a value relates to the document that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UrlRelation {
    /// The URL asked for.
    Asked,
    /// Only the origin of the URL asked for, without a path.
    BareOrigin,
    /// Another URL of the same origin.
    SameOrigin,
    /// Another origin.
    External,
}

impl CookieValue {
    /// Wraps the bytes of a value.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        CookieValue(bytes.into().into())
    }

    /// The bytes themselves, for the request that needs them.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ValueFacts {
    /// The facts of a value seen after `asked` was asked for. `identity` is left at 0: only a
    /// scan can compare.
    pub fn of(value: &CookieValue, asked: &Url) -> Self {
        ValueFacts {
            length: value.len(),
            class: facts::class(value.reveal()),
            shape: facts::shape(value.reveal(), asked),
            identity: 0,
        }
    }
}

impl std::fmt::Debug for CookieValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for CookieValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.0.len();
        write!(f, "\u{2039}{length} byte{}\u{203a}", if length == 1 { "" } else { "s" })
    }
}
