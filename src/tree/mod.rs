//! A file the user wrote, as one tree whose every node knows its place: TOML, YAML and JSON alike.

mod words;

pub use words::Words;
pub(crate) use words::words;

use serde::{Deserialize, Serialize};

/// A place in a file the user wrote; lines and columns count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
