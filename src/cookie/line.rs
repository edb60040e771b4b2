//! A `Set-Cookie` line taken apart, losing nothing: unknown, duplicate, empty and malformed
//! attributes are kept as written. What they *mean* is decided in [`super::accept`].

use super::{CookieValue, SameSite};
use serde::{Deserialize, Serialize};

/// A cookie's name: any bytes. Printed with control characters and non-UTF-8 escaped (`\x1b`),
/// so that a site's escape codes never reach a terminal; serialised as that same text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name(Vec<u8>);

/// An attribute of a `Set-Cookie` line as written, in its order, duplicates included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Which attribute the name means, compared without case.
    pub name: AttributeName,
    /// The name as written, escaped for printing.
    pub written: String,
    /// The value as written, trimmed, escaped for printing; none without a `=`.
    pub value: Option<String>,
}

/// The attributes that mean something to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeName {
    Expires,
    MaxAge,
    Domain,
    Path,
    Secure,
    HttpOnly,
    SameSite,
    Partitioned,
    Priority,
    Unknown,
}

/// How long a line asks to be kept, as the line says it and never capped (seconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "seconds")]
pub enum Lifetime {
    /// Until the browser closes: no usable `Max-Age` or `Expires`.
    Session,
    /// `Max-Age` if usable, else `Expires` minus the response's `Date` (else minus the time of
    /// receipt). Zero or less is a deletion.
    Seconds(i64),
}

/// What a line says in the end (last usable attribute of each kind), before a browser judges it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Written {
    pub lifetime: Lifetime,
    pub http_only: bool,
    pub secure: bool,
    /// None when absent or not one of the three words.
    pub same_site: Option<SameSite>,
    pub partitioned: bool,
    /// The `Path` attribute as written, if one was written (also an unusable one), escaped.
    pub path: Option<String>,
    /// The `Domain` attribute as written, if a non-empty one was written, escaped.
    pub domain: Option<String>,
}

/// A `Set-Cookie` line taken apart.
#[derive(Clone, Debug)]
pub struct CookieLine {
    pub name: Name,
    pub value: CookieValue,
    pub attributes: Vec<Attribute>,
}

impl Name {
    /// The name as the bytes that were received.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Name(bytes.into())
    }

    /// The bytes, for matching.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Name(String::deserialize(deserializer)?.into_bytes()))
    }
}
