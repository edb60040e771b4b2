//! A file's text, its format, and the way to its tree.

use super::{Node, Place, Problem, json, toml, yaml};
use std::ops::Range;

/// Larger files are refused: nobody writes such a manifest or plan.
pub const MOST_BYTES: usize = 1 << 20;

/// Deeper nesting is refused, so that no file can exhaust the stack.
pub(super) const MOST_LEVELS: usize = 64;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is called in messages.
    pub file: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Toml,
    Yaml,
    Json,
}

impl Source {
    /// A byte order mark at the beginning is no part of the text.
    pub fn new(file: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { file: file.to_owned(), text: text.to_owned(), lines }
    }

    /// The text that all spans count in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column (in characters) of a byte of the text.
    pub fn place(&self, at: usize) -> Place {
        let at = self.boundary(at);
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines[line - 1];
        let column = self.text[start..at].chars().count() + 1;
        Place { line: line as u32, column: column as u32 }
    }

    /// Reads the tree. With problems in its syntax there may still be one, of what could be read.
    pub fn parse(&self, format: Format) -> (Option<Node>, Vec<Problem>) {
        if self.text.len() > MOST_BYTES {
            let message = format!("the file is larger than {} MiB", MOST_BYTES >> 20);
            return (None, vec![Problem::error(self, 0..0, message)]);
        }
        match format {
            Format::Toml => toml::parse(self),
            Format::Yaml => yaml::parse(self),
            Format::Json => json::parse(self),
        }
    }

    /// The nearest place at or before a byte where a character begins.
    pub(super) fn boundary(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// A span that can be sliced out of the text.
    pub(super) fn fit(&self, span: Range<usize>) -> Range<usize> {
        let start = self.boundary(span.start);
        start..self.boundary(span.end.max(start))
    }
}

impl Format {
    /// The format of a file: by its ending, else by its content.
    pub fn of(file: &str, text: &str) -> Self {
        Format::by_ending(file).unwrap_or_else(|| Format::of_text(text))
    }

    /// What a file's ending says it is.
    pub fn by_ending(file: &str) -> Option<Self> {
        match file.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "toml" => Some(Format::Toml),
            "yaml" | "yml" => Some(Format::Yaml),
            "json" => Some(Format::Json),
            _ => None,
        }
    }

    fn of_text(text: &str) -> Self {
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(first) = first else { return Format::Toml };
        let key = first.find(|c: char| !(c.is_alphanumeric() || "_-.\"'".contains(c)));
        match first.chars().next() {
            Some('{') => Format::Json,
            Some('[') => Format::Toml,
            _ if key.is_some_and(|at| first[at..].starts_with(':')) || first == "---" => Format::Yaml,
            _ => Format::Toml,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn format(file: &str, text: &str, expected: Format) {
        assert_eq!(Format::of(file, text), expected, "{file} {text}");
    }

    #[test]
    fn the_ending_tells_the_format_and_else_the_content() {
        format("cookies.toml", "{}", Format::Toml);
        format("cookies.YML", "", Format::Yaml);
        format("a.b/cookies.json", "", Format::Json);
        format("cookies", "# hello\n[site]", Format::Toml);
        format("cookies", "name = \"a\"", Format::Toml);
        format("-", "site:\n  name: a", Format::Yaml);
        format("-", "---\nsite: {}", Format::Yaml);
        format("-", " {\"site\": {}}", Format::Json);
        format("-", "", Format::Toml);
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = Source::new("a", "\u{feff}é = 1\r\nb = 2\n");
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(3), Place { line: 1, column: 3 });
        assert_eq!(source.place(8), Place { line: 2, column: 1 });
        assert_eq!(source.place(999), Place { line: 3, column: 1 });
    }
}
