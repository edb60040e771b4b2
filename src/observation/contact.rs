//! What went out: cookies sent, hosts asked, and what requests tell of their visitor.

use super::{Cell, Party, Resource, SafeUrl, Script};
use crate::cookie::Name;

/// Requests that carried a cookie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    pub name: Name,
    pub cell: Cell,
    pub count: u64,
    /// One of the requests, standing for its path shape.
    pub example: SafeUrl,
    pub method: String,
    /// The request was to another site than the document's.
    pub cross_site: bool,
}

/// A host that was asked for something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    pub host: String,
    pub party: Party,
    pub resource: Resource,
    pub cell: Cell,
    /// The document that asked, standing for its path shape.
    pub page: SafeUrl,
    pub example: SafeUrl,
    pub count: u64,
    /// Really asked, or only mentioned in the page's markup and left alone.
    pub fetched: bool,
    /// What the requests tell about their visitor beside cookies (browser engine), sorted.
    pub carried: Vec<Carried>,
    /// The script that asked, where one did (browser engine).
    pub script: Option<Script>,
}

/// One thing that a request tells about its visitor, and where in it; never the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Carried {
    pub what: Disclosure,
    /// The parameter or field that holds it; `path` for a segment of the URL's path.
    pub field: String,
    pub form: Form,
}

/// What tells about a visitor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disclosure {
    /// The value of this cookie of the visitor.
    Cookie(Name),
    /// The value of this storage item of the visitor.
    Storage(Name),
    /// A random value of its own: the same for one visitor, another for the next.
    Identifier,
    Email,
    /// A user's number or name.
    UserId,
}

/// How a value is written in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is, or percent-encoded.
    #[default]
    Plain,
    Base64,
    /// Only its SHA-256 sum, which whoever has the value recognises.
    Sha256,
}

impl Contact {
    /// The visitor was taken there: by a link, a redirect, or a form that they sent (the act of a step).
    /// Nothing of it is in the page that they came from.
    pub fn is_navigation(&self) -> bool {
        matches!(self.resource, Resource::Document | Resource::Step)
    }
}

impl Disclosure {
    /// Personal data, beside telling visitors apart.
    pub fn is_personal(&self) -> bool {
        matches!(self, Disclosure::Email | Disclosure::UserId)
    }
}

impl std::fmt::Display for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Disclosure::Cookie(name) => write!(f, "the value of the cookie `{name}`"),
            Disclosure::Storage(key) => write!(f, "the value of the storage item `{key}`"),
            Disclosure::Identifier => f.write_str("an identifier"),
            Disclosure::Email => f.write_str("an e-mail address"),
            Disclosure::UserId => f.write_str("a user's number or name"),
        }
    }
}

/// In words: `an identifier in `visitor``.
impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.form {
            Form::Plain => write!(f, "{} in `{}`", self.what, self.field),
            Form::Base64 => write!(f, "{} in `{}` (in base64)", self.what, self.field),
            Form::Sha256 => write!(f, "{} in `{}` (as its SHA-256 sum)", self.what, self.field),
        }
    }
}
