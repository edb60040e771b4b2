//! What lists of every kind have in common: what they are read into, and how they fail.

/// What a list was read into.
#[derive(Debug, Default)]
pub(super) struct Loaded<T> {
    pub(super) value: T,
    /// Rules or rows in use.
    pub(super) rules: usize,
    /// Those that cannot be used, in the file's order.
    pub(super) passed_over: Vec<Problem>,
}

/// A line that cannot be used.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) what: String,
}

/// A file that is no list of its kind: where that shows, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct NotAList {
    pub file: String,
    /// Counts from 1.
    pub line: usize,
    pub what: String,
}

impl<T> Loaded<T> {
    /// What is not in use, in a sentence.
    pub(super) fn remark(&self, file: &str) -> Option<String> {
        let first = self.passed_over.first()?;
        let (left, all) = (self.passed_over.len(), self.rules + self.passed_over.len());
        Some(format!(
            "{file}: {left} of {all} rules are not used, the first in line {}: {}",
            first.line, first.what
        ))
    }
}

/// Where lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The line, from 1, in which a part of the text begins.
    pub(super) fn line_of(&self, part: &str) -> usize {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.starts.partition_point(|start| *start <= at)
    }
}
