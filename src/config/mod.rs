//! A file the user wrote, as one tree whose every node knows its place: TOML, YAML and JSON alike.
//! Manifest and plan are read from it, with every problem of the file at once.

mod decode;
mod json;
mod lists;
mod mask;
mod node;
mod problem;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod toml;
mod words;
mod yaml;

pub use decode::{
    Decode, Fields, Lenient, Named, OneOrMore, Record, Spanned, parsed, shortened, unknown_word, word,
    wrong_type,
};
pub use mask::{SECRET_WORDS, names_a_secret};
pub use node::{Entry, Node, Value};
pub use problem::{Label, Problem, Problems, Severity};
pub use shape::{Field, RecordShape, Shape, json_schema, one_of};
pub use source::{Format, MOST_BYTES, Source};
pub(crate) use words::words;
pub use words::{Words, nearest};

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

/// Reads a file as a record, with every problem of the file. There may be a record in spite of
/// errors, of what could be read; [`Problems::has_errors`] tells.
pub fn read<T: Record>(source: Source, format: Format) -> (Option<T>, Problems) {
    let (tree, syntax) = source.parse(format);
    let mut problems = Problems::new(source);
    problems.format = format;
    problems.extend(syntax);
    let syntax_errors = problems.len();
    let record = tree.and_then(|mut tree| {
        if tree.value == Value::Null {
            tree.value = Value::Table(Vec::new());
        }
        T::decode(&tree, &mut problems)
    });
    problems.forgive_lines_of_first(syntax_errors);
    (record, problems)
}
