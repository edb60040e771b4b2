//! The published policy: read into declarations and a manifest, and written back from one.
//!
//! ```text
//! bytes ─► text ─► blocks (html, text) ─► forms ─► entries and sentences ─► manifest with notes
//! ```
//!
//! Nothing is guessed: what is not stated stays unstated, and what looks like a statement but could
//! not be read is a note for a person. Words of five languages are in tables (`words/`).

mod attributes;
mod category;
mod document;
mod duration;
mod forms;
mod html;
mod inline;
mod name;
mod resolved;
mod text;
mod words;

use document::Block;
use forms::Found;

/// What a published policy declares.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    found: Found,
    language: &'static str,
}

/// Reads a policy that is HTML, Markdown or plain text.
pub fn read(text: &str) -> Policy {
    let text = inline::normalised(text);
    let blocks = if is_html(&text) { html::blocks(&text) } else { text::blocks(&text) };
    of_blocks(&blocks)
}

fn of_blocks(blocks: &[Block]) -> Policy {
    let found = forms::read(blocks);
    let prose: String = found.prose.iter().take(400).map(|prose| format!("{} ", prose.text)).collect();
    Policy { language: words::language_of(&prose), found }
}

impl Policy {
    /// How many cookies and storage items it declares.
    pub fn entries(&self) -> usize {
        self.found.entries.len()
    }

    /// What could not be read.
    pub fn notes(&self) -> &[String] {
        &self.found.notes
    }

    /// The language it is in: `en`, `de`, `fr`, `es` or `nl`.
    pub fn language(&self) -> &'static str {
        self.language
    }
}

/// Whether a text is a page: it opens with markup, or has more of it than Markdown does.
fn is_html(text: &str) -> bool {
    let start: String = inline::folded(text.trim_start().get(..400).unwrap_or(text.trim_start()));
    if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<?xml") {
        return true;
    }
    const TAGS: &[&str] = &["<p>", "<p ", "<div", "<table", "<h1", "<h2", "<h3", "<li>", "<li ", "<section", "<article", "<body", "<td", "<span"];
    let mut count = 0;
    for tag in TAGS {
        count += text.match_indices(tag).take(50).count();
    }
    let lines = text.lines().take(2_000).count().max(1);
    count >= 10 && count * 5 > lines
}
