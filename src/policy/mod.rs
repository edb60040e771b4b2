//! The published policy: read into declarations and a manifest, and written back from one.
//!
//! ```text
//! bytes ─► text ─► blocks (html, text) ─► forms ─► entries and sentences ─► manifest with notes
//! ```
//!
//! Nothing is guessed: what is not stated stays unstated, and what looks like a statement but could
//! not be read is a note for a person. Words of five languages are in tables (`words/`).

mod attributes;
mod bytes;
mod category;
mod date;
mod declarations;
mod document;
mod duration;
mod forms;
mod groups;
mod html;
mod import;
mod inline;
mod name;
mod phrases;
mod resolved;
mod sentences;
mod text;
mod words;
mod write;

pub use bytes::{MOST_BYTES, Unreadable, text_of};
pub use date::{Shown, last_updated};
pub use phrases::Language;
pub use write::{Form, write};

use crate::manifest::Manifest;
use crate::observation::Published;
use document::Block;
use forms::Found;

/// What a published policy declares.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    found: Found,
    said: sentences::Said,
    platform: Option<&'static str>,
    language: &'static str,
}

/// Reads the bytes of a policy or of a declaration in data; `content_type` is a server's word on them.
pub fn read_bytes(bytes: &[u8], content_type: &str) -> Result<Policy, Unreadable> {
    let text = text_of(bytes, content_type)?;
    let policy = read(&text);
    let data = content_type.contains("json") || text.trim_start().starts_with('{');
    if data && policy.found.entries.is_empty() && serde_json::from_str::<serde_json::Value>(&text).is_ok() {
        let discloses = declarations::is_empty(&text);
        return if discloses { Ok(policy) } else { Err(Unreadable::UnknownDeclaration) };
    }
    if policy.found.entries.is_empty()
        && is_html(&text)
        && html::asks_for_password(&text)
        && policy.said.claims.is_empty()
    {
        return Err(Unreadable::LoginWall);
    }
    Ok(policy)
}

/// Reads a policy that is HTML, Markdown or plain text, or a declaration that is CSV or JSON.
pub fn read(text: &str) -> Policy {
    let (blocks, platform) = blocks(text);
    Policy { platform, ..of_blocks(&blocks) }
}

/// The text of a page, to be read later: at most so many bytes of it.
pub fn published(text: &str, most: usize) -> Published {
    let (blocks, platform) = blocks(text);
    Published { platform: platform.map(str::to_owned), ..Published::within(blocks, most) }
}

/// Reads what was kept of a page.
pub fn read_published(page: &Published) -> Policy {
    let known = |written: &String| PLATFORMS.iter().map(|(_, name)| *name).find(|name| name == written);
    Policy { platform: page.platform.as_ref().and_then(known), ..of_blocks(&page.blocks) }
}

fn blocks(text: &str) -> (Vec<Block>, Option<&'static str>) {
    if let Some(blocks) = declarations::blocks(text) {
        return (blocks, None);
    }
    let text = inline::normalised(text);
    match is_html(&text) {
        true => (html::blocks(&text), platform(&text)),
        false => (text::blocks(&text), None),
    }
}

/// Words in a page's markup that tell whose script writes a table into it.
const PLATFORMS: &[(&str, &str)] = &[
    ("CookieDeclaration", "Cookiebot"),
    ("ot-sdk-cookie-policy", "OneTrust"),
    ("cky-audit-table", "CookieYes"),
    ("cky-cookie-audit", "CookieYes"),
    ("iubenda-cookie-policy", "iubenda"),
    ("cmplz-cookies-overview", "Complianz"),
    ("uc-embed", "Usercentrics"),
    ("termly-embed", "Termly"),
    ("termly-code-snippet-support", "Termly"),
];

/// The consent platform whose script writes a table into the page.
fn platform(html: &str) -> Option<&'static str> {
    PLATFORMS.iter().find(|(mark, _)| html.contains(mark)).map(|(_, platform)| *platform)
}

fn of_blocks(blocks: &[Block]) -> Policy {
    let mut found = forms::read(blocks);
    let said = sentences::read(&found, &plain(blocks));
    groups::apply(&mut found, &said);
    let prose: String = found.prose.iter().take(400).map(|prose| format!("{} ", prose.text)).collect();
    Policy { language: words::language_of(&prose), found, said, platform: None }
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

    /// The consent platform whose script writes the table, where the page has none of its own.
    pub fn platform(&self) -> Option<&'static str> {
        self.platform.filter(|_| self.found.entries.is_empty())
    }

    /// The manifest without lifetimes that were understood in part only, and what these say.
    pub fn surely(&self, from: &str) -> (Manifest, Vec<String>) {
        let (mut manifest, _) = self.manifest(from);
        let unsure = self.unsure();
        let mut in_part = Vec::new();
        for item in &mut manifest.items {
            let words = unsure.iter().find(|(name, _)| {
                item.names.iter().any(|own| own.written() == *name || own.matches_text(name))
            });
            if let Some((name, words)) = words {
                in_part.push(format!("understood in part only: `{name}` lives \"{words}\""));
                item.lifetime = None;
            }
        }
        (manifest, in_part)
    }

    /// Names whose lifetime was understood in part only, each with the words.
    pub(crate) fn unsure(&self) -> Vec<(&str, &str)> {
        let whole = |written: &str| {
            written.trim().bytes().all(|byte| byte.is_ascii_digit()) || duration::whole(written).is_some()
        };
        let entries = self.found.entries.iter();
        let stated = entries.filter_map(|entry| Some((entry, entry.duration.as_ref()?.written.as_str())));
        stated
            .filter(|(_, written)| !whole(written))
            .flat_map(|(entry, written)| entry.names.iter().map(move |name| (name.as_str(), written)))
            .collect()
    }

    /// The consent platform whose script writes a table, whatever else the page has.
    pub(crate) fn has_platform(&self) -> Option<&'static str> {
        self.platform
    }

    /// The language it is in: `en`, `de`, `fr`, `es` or `nl`.
    pub fn language(&self) -> &'static str {
        self.language
    }
}

/// Whether a text can hardly be anything but the name of a cookie, also where nothing says so.
pub(crate) fn is_surely_a_name(text: &str) -> bool {
    name::is_strong(text)
}

/// The lines of a document, for what is found by its place in them.
fn plain(blocks: &[Block]) -> String {
    let lines = blocks.iter().take(2_000).map(|block| match block {
        Block::Heading { text, .. } | Block::Line(text) | Block::Item { text, .. } => inline::plain(text),
        Block::Term { term, text } => inline::plain(&format!("{term} {text}")),
        Block::Break | Block::Table(_) => String::new(),
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Whether a text is a page: it opens with markup, or has more of it than Markdown does.
fn is_html(text: &str) -> bool {
    let start: String = inline::folded(text.trim_start().get(..400).unwrap_or(text.trim_start()));
    if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<?xml") {
        return true;
    }
    const TAGS: &[&str] = &[
        "<p>", "<p ", "<div", "<table", "<h1", "<h2", "<h3", "<li>", "<li ", "<section", "<article", "<body",
        "<td", "<span",
    ];
    let start = &text[..text.floor_char_boundary(300_000)];
    let count: usize = TAGS.iter().map(|tag| start.matches(tag).count()).sum();
    count >= 10 && count * 6 > start.lines().count()
}
