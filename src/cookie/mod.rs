//! What a cookie is and what a browser does with it.
//!
//! Pure: a raw `Set-Cookie` line, the request that brought it, a clock and a jar go in; what a
//! browser does comes out, with the reason. The rules are RFC 6265bis (draft 22) and, where
//! Chromium differs, Chromium; each rule names its source. Where another browser does otherwise, its
//! way is a row of a table (`browser`).

mod accept;
mod browser;
mod date;
mod domain;
mod elsewhere;
mod escape;
mod evict;
mod explain;
mod facts;
pub mod files;
mod jar;
mod line;
mod reason;
mod rfc;
mod rules;
mod server_date;
mod value;

pub use accept::{Decision, Effective, Initiator, Priority, RequestContext, SameSite, ThirdPartyCookies};
pub use browser::Browser;
pub use date::parse_cookie_date;
pub(crate) use domain::registrable;
pub use domain::{SchemefulSite, is_trustworthy, registrable_domain, same_site, site_of};
pub use elsewhere::{Elsewhere, elsewhere};
pub(crate) use escape::escaped;
pub use escape::unescaped;
pub use explain::{Explanation, Part, Refusal, duration, explain, explain_in};
pub use jar::{CookiePlace, Jar, SentCookie, StoredCookie, cookie_header};
pub use line::{Attribute, AttributeName, CookieLine, Lifetime, LifetimeBy, Name, Written};
pub use reason::{Reason, Reasons};
pub use rfc::Difference;
pub use value::{CharClass, CookieValue, UrlRelation, ValueFacts, ValueShape};
