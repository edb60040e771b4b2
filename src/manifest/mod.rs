//! The declared policy: one spanned tree (TOML, JSON or YAML) in, a [`Manifest`] and every problem
//! of the file at once out.

mod ask;
mod blank;
mod claims;
mod classes;
mod date;
mod decode;
mod draft;
mod fields;
mod lifetime;
mod model;
mod patterns;
mod update;
mod words;
mod write;

pub use crate::config::Place;
pub use crate::observation::Glob;
pub use claims::{NAME_PREFIXES, claims_of, name_prefix};
pub use classes::{ClassPattern, RequestPattern};
pub use decode::{json_schema, read, shape, slug};
pub use draft::{KnownThing, KnownThings, draft, drafted};
pub use lifetime::{BROWSER_CAP, LifetimeRule, Span};
pub use model::*;
pub use patterns::{NamePattern, PagePattern};
pub use update::{NotUpdated, Updated, update};
pub(crate) use write::quoted;
pub use write::{Remarks, Spot, write, write_with};
