//! From blocks to entries: one reader for each form in which cookies are declared.
//!
//! A form is recognised by its own words (headings of columns, labels, brackets), never by the
//! document. What stands in a form and could not be read becomes a note; prose yields nothing here.

mod glued;
mod list;
mod record;
mod table;
#[cfg(test)]
mod tests;

pub(super) use table::is_host;

use super::category;
use super::document::Block;
use super::duration::Duration;
use super::words::{self, Column};
use super::{inline, name};
use crate::manifest::{Category, DeclaredParty, SecureRule};
use crate::observation::StorageKind;
use std::collections::BTreeSet;

/// A cookie or storage item as the document declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) names: Vec<String>,
    pub(super) https_names: Vec<String>,
    /// A description where a name should be: nothing can match it.
    pub(super) is_label: bool,
    /// A picture that is asked for, and nothing that is stored.
    pub(super) is_pixel: bool,
    /// The list names only some.
    pub(super) open: bool,
    pub(super) category: Option<Category>,
    pub(super) category_as_written: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) duration: Option<Duration>,
    pub(super) http_only: Option<bool>,
    pub(super) secure: Option<SecureRule>,
    pub(super) same_site: Option<crate::cookie::SameSite>,
    pub(super) path: Option<String>,
    pub(super) set_on: Vec<String>,
    pub(super) party: Option<DeclaredParty>,
    pub(super) provider: Option<String>,
    pub(super) domains: Vec<String>,
    pub(super) storage: Option<StorageKind>,
    /// The words it was read from.
    pub(super) source: String,
}

/// What the forms of a document declare.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// What looked like a declaration and could not be read.
    pub(super) notes: Vec<String>,
    /// Lines that are neither a heading nor part of a form, with the heading they stand under.
    pub(super) prose: Vec<Prose>,
    pub(super) headings: Vec<String>,
}

/// A line or item of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prose {
    pub(super) text: String,
    pub(super) heading: String,
    pub(super) is_item: bool,
    /// How many entries stood before it.
    pub(super) after_entries: usize,
    /// What it calls by a name that can hardly be anything but a cookie's.
    pub(super) names: Vec<String>,
}

/// Reads every form of a document.
pub(super) fn read(blocks: &[Block]) -> Found {
    let mut reader =
        Reader { blocks, at: 0, found: Found::default(), headings: Vec::new(), known: known_tokens(blocks) };
    while reader.at < blocks.len() {
        reader.step();
    }
    let mut found = reader.found;
    list::drop_repeated(&mut found.entries);
    tell_names_of_prose(&mut found);
    found
}

/// A name in a sentence is for a person, unless a form declares it: what a sentence says of it in passing, that it
/// is set or that it is not, is not guessed.
fn tell_names_of_prose(found: &mut Found) {
    const MOST: usize = 200;
    let declared: Vec<crate::manifest::NamePattern> = found
        .entries
        .iter()
        .filter(|entry| !entry.is_label)
        .flat_map(|entry| entry.names.iter().chain(&entry.https_names))
        .map(|name| name::pattern(name).0)
        .collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut notes = Vec::new();
    for prose in &found.prose {
        for name in &prose.names {
            let pattern = name::pattern(name).0;
            if told.insert(name) && !declared.iter().any(|known| known.may_mean(&pattern)) {
                notes.push(format!("a sentence names `{name}`: \"{}\"", shortened(&prose.text)));
            }
        }
    }
    let room = MOST.saturating_sub(found.notes.len());
    found.notes.extend(notes.into_iter().take(room));
}

/// The names in a text that speaks of cookies, or stands under a heading that does: code, or what can hardly be
/// anything else.
fn named(text: &str, heading: &str) -> Vec<String> {
    const MOST: usize = 50;
    const MARKS: &str = ".,;:()\"'!?\u{201c}\u{201d}\u{201e}\u{ab}\u{bb}";
    let about = |text: &str| words::within(|language| language.kept, &inline::folded(text));
    if !about(text) && !about(heading) {
        return Vec::new();
    }
    let plain = inline::plain(text);
    let code = name::code_spans(text);
    let strong = plain.split_whitespace().map(|word| word.trim_matches(|c| MARKS.contains(c)).to_owned());
    let mut names: Vec<String> = Vec::new();
    for (name, is_code) in code.into_iter().map(|name| (name, true)).chain(strong.map(|name| (name, false))) {
        let known = crate::vendors::is_known_name(&name);
        let is_name = name::is_strong(&name)
            || is_code && name::is_token(&name)
            || known && name.contains(char::is_uppercase);
        let is_address = name.contains(['/', '=']) || is_host(&name) && !known;
        if is_name && !is_address && !names.contains(&name) && names.len() < MOST {
            names.push(name);
        }
    }
    names
}

/// A heading that what follows stands under.
struct Heading {
    level: u8,
    text: String,
    category: Option<Category>,
    storage: Option<StorageKind>,
}

struct Reader<'a> {
    blocks: &'a [Block],
    at: usize,
    found: Found,
    headings: Vec<Heading>,
    /// Names that stand by themselves somewhere in the document.
    known: BTreeSet<String>,
}

impl Reader<'_> {
    fn step(&mut self) {
        match &self.blocks[self.at] {
            Block::Break => self.at += 1,
            Block::Heading { text, level } => {
                self.heading(text, *level);
                self.at += 1;
                self.record_under_heading();
            }
            Block::Table(table) => {
                if let Some(caption) = &table.caption
                    && category::of_heading(caption).is_some()
                {
                    self.heading(caption, 6);
                }
                self.table(table);
                self.at += 1;
            }
            Block::Term { term, text } => {
                self.term(term, text);
                self.at += 1;
            }
            Block::Item { text, depth } => self.item(text, *depth),
            Block::Line(line) => self.line(line),
        }
    }

    fn line(&mut self, line: &str) {
        if self.glued_table() || self.stacked_table() || self.records() {
            return;
        }
        if self.pair_of_lines() {
            return;
        }
        if let Some(level) = self.guessed_heading(line) {
            self.heading(&inline::plain(line), level);
            self.at += 1;
            self.record_under_heading();
            return;
        }
        self.lead(line);
        if !self.inline_list(line) {
            self.prose(line, false);
        }
        self.at += 1;
    }

    fn prose(&mut self, text: &str, is_item: bool) {
        let heading = self.headings.last().map(|heading| heading.text.clone()).unwrap_or_default();
        let after_entries = self.found.entries.len();
        let names = named(text, &heading);
        self.found.prose.push(Prose { text: inline::plain(text), heading, is_item, after_entries, names });
    }

    fn note(&mut self, text: impl Into<String>) {
        const MOST: usize = 200;
        if self.found.notes.len() < MOST {
            self.found.notes.push(text.into());
        }
    }

    /// Takes a heading: what stands deeper ends with it.
    fn heading(&mut self, text: &str, level: u8) {
        let text = inline::plain(text);
        let level =
            numbered_level(&text).map_or(level, |numbered| if level >= 7 { 7 + numbered } else { level });
        self.headings.retain(|heading| heading.level < level);
        let low = inline::folded(&text);
        let storage = words::storage_words()
            .filter(|(kind, word)| {
                *kind != StorageKind::Cookie && *word != "html" && words::find_phrase(&low, word).is_some()
            })
            .map(|(kind, _)| kind)
            .next()
            .filter(|_| !low.contains("cookie"));
        self.found.headings.push(text.clone());
        self.headings.push(Heading { level, category: category::of_heading(&text), storage, text });
        if self.headings.len() > 12 {
            self.headings.remove(0);
        }
    }

    /// The category of the section.
    fn category(&self) -> Option<(Category, String)> {
        self.headings.iter().rev().find_map(|heading| Some((heading.category?, heading.text.clone())))
    }

    fn storage(&self) -> Option<StorageKind> {
        self.headings.last().and_then(|heading| heading.storage)
    }

    /// A sentence that ends with a colon and names a category stands over the list after it; so do
    /// bold words that a paragraph begins with.
    fn lead(&mut self, line: &str) {
        let next = self.blocks[self.at + 1..].iter().find(|block| **block != Block::Break);
        let before_list = matches!(next, Some(Block::Item { .. } | Block::Table(_) | Block::Term { .. }));
        if let Some(rest) = line.strip_prefix("**")
            && let Some((bold, _)) = rest.split_once("**")
            && category::of_heading(bold).is_some()
        {
            self.heading(bold, 8);
        } else if before_list
            && line.trim_end().ends_with(':')
            && line.len() < 200
            && line.split_whitespace().count() <= 12
        {
            let low = inline::folded(line);
            if low.contains("cookie") && !words::says(&low, words::Sense::No) {
                let mentioned = category::mentioned(line);
                if let [_] = mentioned.as_slice() {
                    let text = line.trim_end().trim_end_matches(':').to_owned();
                    self.headings.retain(|heading| heading.level < 8);
                    self.headings.push(Heading {
                        level: 8,
                        text,
                        category: mentioned.first().copied(),
                        storage: None,
                    });
                }
            }
        }
    }

    /// Whether a line of plain text stands over what follows, and how deep.
    fn guessed_heading(&self, line: &str) -> Option<u8> {
        let text = line.trim();
        let words_in = text.split_whitespace().count();
        if text.len() > 90 || words_in > 12 || text.contains(" | ") || text.contains('`') {
            return None;
        }
        let first = text.chars().next()?;
        if !(first.is_uppercase() || first.is_ascii_digit() || first == '\u{a7}') {
            return None;
        }
        let is_category = category::of_heading(text).is_some();
        let stands_apart = (self.at == 0 || matches!(self.blocks[self.at - 1], Block::Break))
            && matches!(self.blocks.get(self.at + 1), Some(Block::Break));
        if text.ends_with(['.', ',', ';', '!'])
            && numbered_level(text).is_none()
            && !(text.ends_with(',') && is_category && stands_apart)
        {
            return None;
        }
        if numbered_level(text).is_some() && !text.ends_with(',') {
            return Some(7);
        }
        let low = inline::folded(text);
        if text.ends_with(':') && !is_category {
            return None;
        }
        let about = low.contains("cookie")
            || low.contains("traceur")
            || low.ends_with('?')
            || words::all(|language| language.elsewhere).any(|word| words::find_phrase(&low, word).is_some());
        (is_category || (stands_apart && words_in <= 8) || (about && words_in <= 8)).then_some(7)
    }

    /// An entry as it stands in its section.
    fn entry(&self, names: name::Names, source: &str) -> Entry {
        let mut entry =
            Entry { source: inline::plain(source).replace('\n', " "), open: names.open, ..Entry::default() };
        match (&names.label, names.names.is_empty()) {
            (Some(label), true) => {
                entry.names = vec![label.clone()];
                entry.is_label = true;
            }
            _ => entry.names = names.names.clone(),
        }
        entry.https_names = names.https_names.clone();
        for aside in &names.aside {
            self::aside(&mut entry, aside);
        }
        if entry.storage.is_none() {
            entry.storage = self.storage();
        }
        entry
    }

    fn add(&mut self, mut entry: Entry) {
        const MOST: usize = 20_000;
        if entry.names.is_empty() || self.found.entries.len() >= MOST {
            return;
        }
        if entry.is_label && entry.names[0].contains("://") {
            return;
        }
        if entry.is_label && (entry.names[0].contains(['[', '<', '{']) || entry.names[0].len() > 120) {
            self.note(format!("not a name: \"{}\"", shortened(&entry.names[0])));
            return;
        }
        if entry.category.is_none()
            && let Some((category, written)) = self.category()
        {
            entry.category = Some(category);
            entry.category_as_written = Some(written);
        }
        if entry.category.is_none()
            && let Some((category, written)) = entry.purpose.as_deref().and_then(category::of_purpose)
        {
            entry.category = Some(category);
            entry.category_as_written = Some(written);
        }
        self.found.entries.push(entry);
    }
}

/// What stands in brackets after a name: a lifetime, a category, a storage, who sets it.
fn aside(entry: &mut Entry, text: &str) {
    for part in text.split([',', ';', '\u{b7}']).map(str::trim).filter(|part| !part.is_empty()) {
        let phrase = super::duration::read(part, None);
        if phrase.is_whole() && entry.duration.is_none() {
            entry.duration = phrase.duration;
        } else if let Some(category) = category::of_cell(part).filter(|_| entry.category.is_none()) {
            entry.category = Some(category);
            entry.category_as_written = Some(part.to_owned());
        } else if let Some(party) = party(part) {
            entry.party = entry.party.or(Some(party));
        } else if let Some(kind) = storage(part) {
            entry.storage = entry.storage.or(Some(kind));
        } else if phrase.duration.is_some() && phrase.unknown <= 4 && entry.duration.is_none() {
            entry.duration = phrase.duration;
        } else if entry.provider.is_none()
            && part.starts_with(char::is_uppercase)
            && part.split_whitespace().count() <= 4
        {
            entry.provider = Some(part.to_owned());
        }
    }
}

/// The party that a cell names.
pub(super) fn party(text: &str) -> Option<DeclaredParty> {
    let low = inline::folded(&inline::plain(text)).replace("cookies", "").replace("cookie", "");
    let low = low.trim_matches(|c: char| !c.is_alphanumeric());
    if words::any(|language| language.third_party, low) {
        return Some(DeclaredParty::Third);
    }
    words::any(|language| language.first_party, low).then_some(DeclaredParty::First)
}

/// The kind of storage that a cell names.
pub(super) fn storage(text: &str) -> Option<StorageKind> {
    let low = inline::folded(&inline::plain(text));
    let low = low.trim_matches(|c: char| !c.is_alphanumeric());
    let low = low
        .strip_suffix(" entry")
        .or_else(|| low.strip_suffix(" item"))
        .or_else(|| low.strip_suffix(" key"))
        .unwrap_or(low);
    words::storage_words().find(|(_, word)| *word == low).map(|(kind, _)| kind)
}

/// What the heading of a column says, where it is one of the words for it.
pub(super) fn heading_column(cell: &str) -> Option<Column> {
    let text = inline::folded(&inline::plain(cell));
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '.'));
    words::column(text).or_else(|| {
        let outside = text.split(['(', '[']).next().unwrap_or_default().trim();
        words::column(outside.trim_matches(|c: char| matches!(c, ':' | '*' | ' ')))
    })
}

/// The same, where it is certain that the cell is a heading: the longest word in it that is known.
pub(super) fn column_of_head(cell: &str) -> Option<Column> {
    heading_column(cell).or_else(|| {
        let text = inline::folded(&inline::plain(cell));
        let outside = text.split(['(', '[']).next().unwrap_or_default();
        words::column_words()
            .filter(|(column, word)| {
                // "Why we use these cookies" is no heading over names.
                let few = *column != Column::Name || outside.split_whitespace().count() <= 3;
                word.len() >= 3 && few && words::find_phrase(outside, word).is_some()
            })
            .max_by_key(|(_, word)| word.len())
            .map(|(column, _)| column)
    })
}

/// Whether a row is one of headings.
pub(super) fn is_head(row: &[String]) -> bool {
    let known = row.iter().filter(|cell| heading_column(cell).is_some()).count();
    row.len() >= 2 && known >= 2 && known * 2 > row.len()
}

/// How many of these cells are headings of columns. The words for some may not be known, if the rows after them
/// show how many there are.
pub(super) fn head_width(cells: &[&str]) -> usize {
    const WIDEST: usize = 10;
    let known = cells.iter().take_while(|cell| heading_column(cell).is_some()).count();
    if known == 0 || is_width(cells, known) {
        return known;
    }
    let may_be_heading = |cell: &&&str| {
        heading_column(cell).is_some()
            || cell.starts_with(char::is_uppercase)
                && cell.split_whitespace().count() <= 4
                && !cell.ends_with(['.', ',', ';'])
                && !cell.contains(|c: char| c.is_ascii_digit())
                && category::of_heading(cell).is_none()
                && !name::is_strong(cell)
    };
    let most = cells.iter().take_while(may_be_heading).count().min(WIDEST).min(cells.len() / 2);
    (known + 1..=most).find(|width| is_width(cells, *width)).unwrap_or(known)
}

/// Whether rows of so many cells have names and lifetimes where the headings say so.
fn is_width(cells: &[&str], width: usize) -> bool {
    const ROWS: usize = 3;
    let columns: Vec<Option<Column>> = cells[..width].iter().map(|cell| heading_column(cell)).collect();
    let of = |wanted: Column| columns.iter().position(|column| *column == Some(wanted));
    let (Some(name), Some(duration)) = (of(Column::Name), of(Column::Duration)) else { return false };
    let unknown = columns.iter().filter(|column| column.is_none()).count();
    let mut rows = cells[width..].chunks_exact(width).take(ROWS).peekable();
    let lives = |cell: &str| {
        super::duration::read(cell, None).duration.is_some() && !name::is_strong(cell)
            || name::is_nothing(cell)
    };
    unknown * 2 < width
        && rows.peek().is_some()
        && rows.all(|row| {
            let named = !name::read(row[name]).names.is_empty() && heading_column(row[name]).is_none();
            named && lives(row[duration])
        })
}

/// `4` is level 1, `4.1` level 2, `§4` level 1; none where there is no number.
fn numbered_level(text: &str) -> Option<u8> {
    let text = text.trim_start_matches(['\u{a7}', '#', ' ']);
    let number: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let rest = text[number.len()..].trim_start_matches(')');
    let digits = number.trim_end_matches('.');
    let opens = rest.trim_start().chars().next().is_some_and(char::is_uppercase);
    if digits.is_empty() || digits.len() > 6 || !opens || digits.split('.').any(|part| part.len() > 2) {
        return None;
    }
    Some(digits.split('.').count().min(6) as u8)
}

/// Tokens that stand by themselves and look like names.
fn known_tokens(blocks: &[Block]) -> BTreeSet<String> {
    const MOST: usize = 5_000;
    let mut known = BTreeSet::new();
    let mut take = |text: &str| {
        for word in text.split_whitespace() {
            let word = word.trim_matches(|c: char| {
                matches!(c, '.' | ',' | '(' | ')' | ':' | ';' | '"' | '\'' | '`' | '*')
            });
            if word.len() > 2
                && word.len() < 60
                && word.contains(['-', '_', '.'])
                && name::is_token(word)
                && known.len() < MOST
            {
                known.insert(word.to_owned());
            }
        }
    };
    for block in blocks {
        match block {
            Block::Line(text) | Block::Item { text, .. } => take(text),
            _ => {}
        }
    }
    known
}

/// For a note: not more than fits on a line.
fn shortened(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
