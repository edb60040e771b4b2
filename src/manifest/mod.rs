//! The declared policy: one spanned tree (TOML, JSON or YAML) in, a [`Manifest`] and every problem
//! of the file at once out.

mod model;
mod patterns;

pub use model::*;
pub use patterns::{Glob, NamePattern, PagePattern};

use serde::{Deserialize, Serialize};

/// A place in a file the user wrote; lines and columns count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}
