//! Tables that lost their borders: cells glued together, joined by a blank, by tabs, or one a line.
//!
//! The heading tells the order of the columns. Of a row, what has words of its own (a lifetime, a
//! category, a party, paths) is peeled off from the right and the left; the name is cut where the
//! next cell begins; what remains is the purpose.

use super::{Entry, Reader, heading_column, party, storage, table};
use crate::policy::document::{Block, Table};
use crate::policy::duration;
use crate::policy::name::{self, Names};
use crate::policy::words::{self, Column};
use crate::policy::{attributes, category, inline};
use std::collections::BTreeSet;

/// A heading of columns without borders.
struct Head {
    columns: Vec<Column>,
    glued: bool,
}

impl Reader<'_> {
    /// Reads a table whose cells are glued or joined by a blank.
    pub(super) fn glued_table(&mut self) -> bool {
        if self.aligned_table() {
            return true;
        }
        let Some(Block::Line(line)) = self.blocks.get(self.at) else { return false };
        let Some(head) = segmented(&inline::plain(line)) else { return false };
        let mut at = self.at + 1;
        let mut entries: Vec<Entry> = Vec::new();
        let mut notes: Vec<String> = Vec::new();
        loop {
            while matches!(self.blocks.get(at), Some(Block::Break)) {
                at += 1;
            }
            let Some(Block::Line(first)) = self.blocks.get(at) else { break };
            if segmented(first).is_some() {
                break;
            }
            let Some((row, taken)) = self.glued_row(&head, at) else {
                let token = first.split_whitespace().next().unwrap_or_default();
                if name::is_strong(token) && !entries.is_empty() {
                    notes.push(format!(
                        "a row of the table was not understood: \"{}\"",
                        super::shortened(first)
                    ));
                    at += 1;
                    continue;
                }
                break;
            };
            entries.push(row);
            at += taken;
        }
        if entries.is_empty() {
            return false;
        }
        for entry in entries {
            self.add(entry);
        }
        for note in notes {
            self.note(note);
        }
        self.at = at;
        true
    }

    /// One row, over as few lines as make it whole.
    fn glued_row(&self, head: &Head, at: usize) -> Option<(Entry, usize)> {
        const MOST_LINES: usize = 5;
        let mut text = String::new();
        for (taken, block) in self.blocks[at..].iter().take(MOST_LINES).enumerate() {
            let Block::Line(line) = block else { break };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
            if text.len() > 4_000 {
                break;
            }
            if let Some(entry) = self.row_of(head, &text) {
                return Some((entry, taken + 1));
            }
            // Only a table whose rows have a known end can tell that a row goes on.
            if head.columns.last().is_none_or(|column| !has_words(*column)) && taken >= 1 {
                break;
            }
        }
        None
    }

    fn row_of(&self, head: &Head, text: &str) -> Option<Entry> {
        let mut columns = head.columns.as_slice();
        let mut rest = text.trim();
        let mut entry = Entry::default();
        while let [before @ .., last] = columns
            && !before.is_empty()
            && has_words(*last)
        {
            let mut at = peel_right(&mut entry, *last, rest, head.glued)?;
            if *last == Column::Category && before.last() == Some(&Column::Party) {
                at = after_party(rest, at);
            }
            rest = rest[..at].trim_end();
            columns = before;
        }
        // A cell before the name.
        if let [first, rest_columns @ ..] = columns
            && *first != Column::Name
            && rest_columns.first() == Some(&Column::Name)
        {
            rest = self.after_first_cell(rest, head.glued)?;
            columns = rest_columns;
        }
        let [Column::Name, others @ ..] = columns else { return None };
        let (names, after) = self.names_at(rest, others.first().copied(), head.glued)?;
        rest = after.trim_start();
        let mut others = others;
        while let [first, more @ ..] = others
            && has_words(*first)
        {
            let at = peel_left(&mut entry, *first, rest, head.glued)?;
            rest = rest[before_party(rest, at, more)..].trim_start();
            others = more;
        }
        // Words of a column in the middle: everything before is one free cell, everything after others.
        while let Some(middle) = others.iter().position(|column| has_words(*column)) {
            if let Some((at, end)) = peel_middle(&mut entry, others[middle], rest, head.glued) {
                free(&mut entry, &others[..middle], rest[..at].trim());
                let more = &others[middle + 1..];
                let end = at + before_party(&rest[at..], end - at, more);
                (others, rest) = (more, rest[end..].trim());
                while let [first, more @ ..] = others
                    && has_words(*first)
                    && let Some(at) = peel_left(&mut entry, *first, rest, head.glued)
                {
                    (others, rest) = (more, rest[before_party(rest, at, more)..].trim());
                }
            } else if names.names.iter().any(|name| name::is_strong(name)) {
                free(&mut entry, &others[..middle], rest);
                (others, rest) = (&[], "");
            } else {
                return None;
            }
        }
        free(&mut entry, others, rest);
        let declared = self.entry(names, text);
        if declared.names.is_empty() {
            return None;
        }
        if entry.duration.is_none() && !head.columns.contains(&Column::Duration) {
            entry.duration = entry.purpose.as_deref().and_then(duration::within);
        }
        Some(Entry {
            names: declared.names,
            https_names: declared.https_names,
            is_label: declared.is_label,
            open: declared.open,
            storage: entry.storage.or(declared.storage),
            provider: entry.provider.or(declared.provider),
            duration: entry.duration.or(declared.duration),
            source: declared.source,
            ..entry
        })
    }

    /// The names a row begins with, and what follows them.
    fn names_at<'t>(&self, text: &'t str, next: Option<Column>, glued: bool) -> Option<(Names, &'t str)> {
        let mut end = 0;
        // A list of names goes on after a comma.
        loop {
            let start = end + (text[end..].len() - text[end..].trim_start().len());
            let token_end = text[start..].find(char::is_whitespace).map_or(text.len(), |at| start + at);
            let token = &text[start..token_end];
            if token.is_empty() {
                return None;
            }
            let bare = token.trim_end_matches([',', ';']);
            if bare.len() < token.len() && name::is_token(bare) {
                end = token_end;
                continue;
            }
            if matches!(token, "/" | "+" | "&") {
                end = token_end;
                continue;
            }
            let after = text[token_end..].trim_start();
            let goes_on = after.starts_with("/ ")
                && !glued
                && after[2..].split_whitespace().next().is_some_and(name::is_token);
            let line_ends = text[token_end..].starts_with('\n');
            let alone = line_ends
                && name::is_token(token)
                && (name::is_strong(token) || self.known.contains(token) || after.starts_with('('));
            if goes_on {
                end = token_end;
                continue;
            }
            end = if !glued || alone || text[token_end..].trim().is_empty() {
                if !name::is_token(token) {
                    return None;
                }
                token_end
            } else {
                start + boundary(token, &text[token_end..], next, &self.known)?
            };
            break;
        }
        // "(or __Secure-x over HTTPS)" belongs to the names.
        let after = text[end..].trim_start();
        if let Some(inner) = after.strip_prefix('(')
            && let Some(close) = inner.find(')')
        {
            let low = inline::folded(&inner[..close]);
            let first = low.split_whitespace().next().unwrap_or_default();
            if words::any(|language| language.or, first) || low.contains("https") {
                end = text.len() - inner.len() + close + 1;
            }
        }
        let names = name::read(&text[..end]);
        (!names.names.is_empty()).then(|| (names, &text[end..]))
    }

    /// Cuts off a cell before the name: what stands by itself elsewhere in the document, or a word.
    fn after_first_cell<'t>(&self, text: &'t str, glued: bool) -> Option<&'t str> {
        let token = text.split_whitespace().next()?;
        if !glued {
            return Some(text[token.len()..].trim_start());
        }
        let known = self
            .known
            .iter()
            .filter(|known| token.len() > known.len() && token.starts_with(known.as_str()))
            .max_by_key(|known| known.len());
        if let Some(known) = known {
            return Some(&text[known.len()..]);
        }
        // "Analytics_ga": the name begins where lower case ends or an underscore begins.
        let (at, _) = category::prefix(text, true)?;
        Some(text[at..].trim_start())
    }

    /// Cells between tabs or wide blanks.
    fn aligned_table(&mut self) -> bool {
        let cells = |at: usize| match self.blocks.get(at) {
            Some(Block::Line(line)) => aligned(line),
            _ => None,
        };
        let Some(head) = cells(self.at).filter(|head| super::is_head(head)) else { return false };
        let mut rows = Vec::new();
        let mut at = self.at + 1;
        loop {
            if matches!(self.blocks.get(at), Some(Block::Break)) && cells(at + 1).is_some() {
                at += 1;
            }
            let Some(row) = cells(at) else { break };
            rows.push(row);
            at += 1;
        }
        if rows.is_empty() {
            return false;
        }
        self.table(&Table { head, rows, caption: None });
        self.at = at;
        true
    }

    /// One cell a line, without any mark.
    pub(super) fn stacked_table(&mut self) -> bool {
        let lines = |from: usize| {
            self.blocks[from..].iter().enumerate().filter_map(move |(at, block)| match block {
                Block::Line(line) => Some((from + at, Some(line.as_str()))),
                Block::Break => None,
                _ => Some((from + at, None)),
            })
        };
        let mut head: Vec<(usize, &str)> =
            lines(self.at).map_while(|(at, line)| Some((at, line?))).take(50).collect();
        if head.first().is_none_or(|(_, line)| heading_column(line).is_none()) {
            return false;
        }
        let cells: Vec<&str> = head.iter().map(|(_, line)| *line).collect();
        let is_name = |at: usize| cells.get(at).and_then(|cell| heading_column(cell)) == Some(Column::Name);
        // "Cookies" above "Name": the first stands over the table.
        if is_name(0) && is_name(1) {
            return false;
        }
        head.truncate(super::head_width(&cells));
        let columns: Vec<Option<Column>> = head.iter().map(|(_, line)| heading_column(line)).collect();
        let Some(name_at) = columns.iter().position(|column| *column == Some(Column::Name)) else {
            return false;
        };
        let width = columns.len();
        let duration_at = columns.iter().position(|column| *column == Some(Column::Duration));
        if width < 2 || columns.iter().collect::<BTreeSet<_>>().len() < width.min(2) {
            return false;
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut next = head.last().map_or(self.at, |(at, _)| at + 1);
        loop {
            let row: Vec<(usize, &str)> =
                lines(next).map_while(|(at, line)| Some((at, line?))).take(width).collect();
            if row.len() < width {
                break;
            }
            let names = name::read(row[name_at].1);
            let lifetime = duration_at.is_none_or(|at| {
                let says = duration::read(row[at].1, None).duration.is_some() && !name::is_strong(row[at].1);
                says || name::is_nothing(row[at].1)
            });
            let named = names.names.iter().any(|name| name::is_strong(name))
                || duration_at.is_some() && !names.names.is_empty();
            if !named || !lifetime {
                break;
            }
            next = row.last().map_or(next, |(at, _)| at + 1);
            rows.push(row.iter().map(|(_, line)| (*line).to_owned()).collect());
        }
        if rows.is_empty() {
            return false;
        }
        let head = head.iter().map(|(_, line)| (*line).to_owned()).collect();
        self.table(&Table { head, rows, caption: None });
        self.at = next;
        true
    }
}

/// Cells between tabs, or between two blanks and more.
fn aligned(line: &str) -> Option<Vec<String>> {
    let cells: Vec<String> = if line.contains('\t') {
        line.split('\t').map(|cell| cell.trim().to_owned()).collect()
    } else {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    (cells.len() >= 2).then_some(cells)
}

/// A column whose content is known by its words.
fn has_words(column: Column) -> bool {
    matches!(
        column,
        Column::Duration
            | Column::Category
            | Column::Type
            | Column::Party
            | Column::Storage
            | Column::SetOn
            | Column::Essential
            | Column::Attributes
    )
}

/// A line that consists of headings of columns and nothing else.
fn segmented(line: &str) -> Option<Head> {
    let line = line.trim().trim_end_matches(':');
    if line.len() > 200 || line.ends_with(['.', '!']) {
        return None;
    }
    let folded = inline::folded(line);
    let (columns, glued) = segments(line, &folded, 0)?;
    let names = columns.iter().filter(|column| **column == Column::Name).count();
    let distinct: BTreeSet<Column> = columns.iter().copied().collect();
    let enough = if glued { columns.len() >= 2 } else { columns.len() >= 3 };
    let rows_of = |column| columns.contains(&column);
    let about = rows_of(Column::Purpose) || rows_of(Column::Duration) || rows_of(Column::Category);
    (names >= 1 && enough && distinct.len() + 1 >= columns.len() && about)
        .then_some(Head { columns: one_name(columns), glued })
}

/// A second column for names holds something else.
fn one_name(columns: Vec<Column>) -> Vec<Column> {
    let mut seen = false;
    columns
        .into_iter()
        .map(|column| {
            let is_name = column == Column::Name;
            let again = is_name && seen;
            seen |= is_name;
            if again { Column::Other } else { column }
        })
        .collect()
}

/// The columns from a place on, and whether any border is none. The first has to be a name, or the
/// whole hold one: `Cookie Provider` is two headings where no other is for names.
fn segments(line: &str, folded: &str, at: usize) -> Option<(Vec<Column>, bool)> {
    let rest = &folded[at..];
    let mut words: Vec<(Column, &str)> =
        words::column_words().filter(|(_, word)| rest.starts_with(word)).collect();
    words.sort_by_key(|(_, word)| std::cmp::Reverse(word.len()));
    for (column, word) in words {
        let end = at + word.len();
        let mut after = &line[end..];
        let mut end = end;
        // "Expires*", "Duration (days)"
        let trimmed = after.trim_start_matches(['*', ':', '.']);
        end += after.len() - trimmed.len();
        after = trimmed;
        if after.trim().is_empty() {
            return Some((vec![column], false));
        }
        if let Some(inner) = after.trim_start().strip_prefix('(')
            && let Some(close) = inner.find(')')
        {
            end = line.len() - inner.len() + close + 1;
            after = &line[end..];
            if after.trim().is_empty() {
                return Some((vec![column], false));
            }
        }
        let blank = after.starts_with(char::is_whitespace);
        let start = end + (after.len() - after.trim_start().len());
        let opens = line[start..].chars().next().is_some_and(char::is_uppercase);
        if (blank || opens)
            && let Some((mut columns, glued)) = segments(line, folded, start)
        {
            columns.insert(0, column);
            if at > 0 || columns.contains(&Column::Name) {
                return Some((columns, glued || !blank));
            }
        }
    }
    None
}

/// Where the last cell begins, with what it says put into the entry.
fn peel_right(entry: &mut Entry, column: Column, text: &str, glued: bool) -> Option<usize> {
    let spaced = || if glued { None } else { duration::suffix(text, false, None) };
    match column {
        Column::Duration => {
            let (at, duration) = duration::suffix(text, glued, None).or_else(spaced)?;
            entry.duration = Some(duration);
            Some(at)
        }
        Column::Category | Column::Type => {
            if let Some((at, category)) = category::suffix(text, glued) {
                entry.category = Some(category);
                entry.category_as_written = Some(text[at..].trim().to_owned());
                return Some(at);
            }
            let ends = words_at_end(text, glued);
            for at in ends {
                let tail = text[at..].trim();
                if let Some(found) = party(tail) {
                    entry.party = Some(found);
                    return Some(at);
                }
                if let Some(kind) = storage(tail) {
                    entry.storage = Some(kind);
                    return Some(at);
                }
                if let Some(found) = duration::whole(tail).filter(|found| found.amount.is_none()) {
                    entry.duration = entry.duration.take().or(Some(found));
                    return Some(at);
                }
            }
            None
        }
        Column::Party => words_at_end(text, glued).into_iter().find(|at| {
            let found = party(text[*at..].trim());
            entry.party = entry.party.or(found);
            found.is_some()
        }),
        Column::Storage => words_at_end(text, glued).into_iter().find(|at| {
            let found = storage(text[*at..].trim());
            entry.storage = entry.storage.or(found);
            found.is_some()
        }),
        Column::SetOn => {
            let at = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with('/')).find(
                |at| {
                    let tail = &text[*at..];
                    tail.split_whitespace().count() <= 4
                        && text[..*at]
                            .chars()
                            .next_back()
                            .is_none_or(|c| c.is_alphanumeric() || c.is_whitespace() || c == '.')
                },
            )?;
            entry.set_on = table::pages_of(&text[at..]);
            (!entry.set_on.is_empty()).then_some(at)
        }
        Column::Essential => {
            let word = text.split_whitespace().next_back()?;
            table::take(entry, column, word, None);
            words::any(|language| language.yes, &inline::folded(word)).then_some(text.len() - word.len())
        }
        Column::Attributes => {
            let at = attributes::suffix(text)?;
            attributes::of_cell(entry, &text[at..]);
            Some(at)
        }
        _ => None,
    }
}

/// "First party Advertising" are two cells, where a column is for each.
fn after_party(text: &str, at: usize) -> usize {
    let mut blanks = text[at..].match_indices(' ').map(|(blank, _)| at + blank + 1);
    blanks
        .rfind(|next| party(text[at..*next].trim()).is_some() && category::of_cell(&text[*next..]).is_some())
        .unwrap_or(at)
}

/// The same from the left: "Advertising First party".
fn before_party(text: &str, end: usize, more: &[Column]) -> usize {
    let blanks = text[..end].match_indices(' ').map(|(blank, _)| blank);
    let mut cells = blanks.filter(|blank| {
        category::of_cell(&text[..*blank]).is_some() && party(text[*blank..end].trim()).is_some()
    });
    if more.first() == Some(&Column::Party) { cells.next().unwrap_or(end) } else { end }
}

/// Where words begin near the end of a text, the farthest first.
fn words_at_end(text: &str, glued: bool) -> Vec<usize> {
    let far = text.len().saturating_sub(40);
    let mut before: Option<char> = None;
    let mut places = Vec::new();
    for (at, c) in text.char_indices() {
        let opens = match before {
            None => true,
            Some(before) if glued => {
                let begins_word = text[at..].chars().nth(1).is_some_and(char::is_lowercase);
                c.is_uppercase() && (!before.is_uppercase() || begins_word)
                    || c.is_ascii_digit() && !before.is_ascii_digit()
            }
            Some(before) => before.is_whitespace(),
        };
        if opens && at >= far {
            places.push(at);
        }
        before = Some(c);
    }
    places
}

/// Where the first cell ends, with what it says put into the entry.
fn peel_left(entry: &mut Entry, column: Column, text: &str, glued: bool) -> Option<usize> {
    match column {
        Column::Duration => {
            let end =
                ends(text, glued).into_iter().rev().find(|end| duration::whole(&text[..*end]).is_some())?;
            entry.duration = duration::whole(&text[..end]);
            Some(end)
        }
        Column::Category | Column::Type => {
            if let Some((end, category)) = category::prefix(text, glued) {
                entry.category = Some(category);
                entry.category_as_written = Some(text[..end].trim().to_owned());
                return Some(end);
            }
            ends(text, glued).into_iter().rev().find(|end| {
                let head = text[..*end].trim();
                if let Some(found) = party(head) {
                    entry.party = Some(found);
                } else if let Some(kind) = storage(head) {
                    entry.storage = Some(kind);
                } else if let Some(found) = duration::whole(head) {
                    entry.duration = Some(found);
                } else {
                    return false;
                }
                true
            })
        }
        Column::Party => ends(text, glued).into_iter().rev().find(|end| {
            let found = party(text[..*end].trim());
            entry.party = entry.party.or(found);
            found.is_some()
        }),
        Column::Storage => ends(text, glued).into_iter().rev().find(|end| {
            let found = storage(text[..*end].trim());
            entry.storage = entry.storage.or(found);
            found.is_some()
        }),
        Column::Essential => ends(text, glued).into_iter().find(|end| {
            let word = inline::folded(text[..*end].trim());
            let yes = words::any(|language| language.yes, &word);
            if yes {
                table::take(entry, column, &word, None);
            }
            yes || words::any(|language| language.no, &word)
        }),
        Column::SetOn | Column::Attributes => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            table::take(entry, column, &text[..end], None);
            Some(end)
        }
        _ => None,
    }
}

/// Where a first cell may end.
fn ends(text: &str, glued: bool) -> Vec<usize> {
    let mut before: Option<char> = None;
    let mut places = Vec::new();
    for (at, c) in text.char_indices().take(80) {
        let ends = match before {
            None => false,
            Some(before) => {
                c.is_whitespace()
                    || glued && c.is_ascii_digit() && before.is_alphabetic()
                    || glued && c.is_uppercase() && !before.is_uppercase() && !before.is_whitespace()
            }
        };
        if ends {
            places.push(at);
        }
        before = Some(c);
    }
    if text.len() <= 80 {
        places.push(text.len());
    }
    places
}

/// Where a cell in the middle begins and ends: the last one of its words.
fn peel_middle(entry: &mut Entry, column: Column, text: &str, glued: bool) -> Option<(usize, usize)> {
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|(at, c)| {
            let before = text[..*at].chars().next_back();
            (c.is_uppercase() || c.is_ascii_digit() && before.is_some_and(|before| !before.is_ascii_digit()))
                && before.is_some_and(
                    |before| if glued { !before.is_whitespace() } else { before.is_whitespace() },
                )
        })
        .map(|(at, _)| at)
        .collect();
    const FAR: usize = 60;
    // Of a column that may say several things, a category is the surest.
    if matches!(column, Column::Category | Column::Type)
        && let Some(at) =
            starts.iter().rev().take(FAR).copied().find(|at| category::prefix(&text[*at..], glued).is_some())
    {
        return peel_left(entry, column, &text[at..], glued).map(|end| (at, at + end));
    }
    starts.into_iter().rev().take(FAR).find_map(|at| {
        peel_left(entry, column, &text[at..], glued).filter(|end| *end > 0).map(|end| (at, at + end))
    })
}

/// A text without words of its own: a provider that is known, then the purpose.
fn free(entry: &mut Entry, columns: &[Column], text: &str) {
    let mut text = text.trim();
    if text.is_empty() {
        return;
    }
    match columns {
        [] => {}
        [one] => table::take(entry, *one, text, None),
        many => {
            if matches!(many.first(), Some(Column::Provider | Column::Service))
                && let Some(vendor) = vendor_at(text)
            {
                text = text[vendor.len()..].trim_start();
                entry.provider = Some(vendor);
            }
            if many.contains(&Column::Purpose) && entry.purpose.is_none() {
                entry.purpose = Some(text.replace('\n', " "));
            }
        }
    }
}

/// The well-known provider that a text begins with.
fn vendor_at(text: &str) -> Option<String> {
    let vendors = crate::vendors::all_facts().map(|fact| fact.vendor);
    vendors
        .filter(|vendor| text.starts_with(vendor.as_ref()))
        .max_by_key(|vendor| vendor.len())
        .map(|vendor| vendor.to_string())
}

/// Whether a word is the first of a well-known provider's name.
fn is_vendor(word: &str) -> bool {
    const SHORTEST: usize = 4;
    word.len() >= SHORTEST
        && crate::vendors::all_facts().any(|fact| fact.vendor.split_whitespace().next() == Some(word))
}

/// Where the name ends in a token that has the next cell glued to it.
fn boundary(
    token: &str,
    after: &str,
    next_column: Option<Column>,
    known: &BTreeSet<String>,
) -> Option<usize> {
    let chars: Vec<(usize, char)> = token.char_indices().collect();
    let whole = format!("{token}{after}");
    // The next cell's own words decide.
    if let Some(column) = next_column.filter(|column| has_words(*column)) {
        let ends = |at: &usize| {
            name::is_token(&token[..*at])
                && !token[..*at].ends_with(|c: char| c.is_ascii_digit())
                    | token[*at..].starts_with(|c: char| !c.is_ascii_digit())
                && (token[*at..].starts_with(|c: char| {
                    c.is_uppercase() || c.is_ascii_digit() || matches!(c, '<' | '~' | '\u{2264}')
                }))
        };
        let places = || chars.iter().skip(1).map(|(at, _)| *at).filter(ends);
        // Of a column that may say several things, a category is the surest.
        let may_be_category = matches!(column, Column::Category | Column::Type);
        let found = places()
            .find(|at| may_be_category && category::prefix(&whole[*at..], true).is_some())
            .or_else(|| {
                places().find(|at| peel_left(&mut Entry::default(), column, &whole[*at..], true).is_some())
            });
        if found.is_some() {
            return found;
        }
    }
    if let Some(at) = token.find('(').filter(|at| *at > 0 && name::is_token(&token[..*at])) {
        return Some(at);
    }
    let mut best: Option<(i32, usize)> = None;
    let mut first_capital = true;
    for (index, (at, c)) in chars.iter().enumerate().skip(1) {
        let name = &token[..*at];
        let before = chars[index - 1].1;
        let known_name = known.contains(name) || crate::vendors::classify_cookie(name, "").is_some();
        let opens = c.is_uppercase()
            || *c == '"'
            || *c == '\u{201c}'
            || (c.is_ascii_digit() && before.is_alphabetic() && known_name);
        if !opens || !name::is_token(name) {
            continue;
        }
        let rest = &token[*at..];
        let word: String = rest
            .chars()
            .enumerate()
            .take_while(|(index, c)| {
                c.is_alphabetic()
                    && (*index == 0
                        || !c.is_uppercase()
                        || rest.chars().take(index + 1).all(char::is_uppercase))
            })
            .map(|(_, c)| c)
            .collect();
        let low = inline::folded(&word);
        let mut score = 0;
        // "cookieConsent" goes on with the next cell: *Consent* opens none there.
        let next = rest[word.len()..].chars().next();
        let opens_a_cell = next.is_none() || word.len() > 2 && next.is_some_and(|c| !c.is_uppercase());
        if opens_a_cell && words::any(|language| language.openers, &low) {
            score += 5;
        }
        if known_name {
            score += 6;
        }
        if next_column == Some(Column::Provider) && is_vendor(&word) {
            score += 12;
        }
        if !before.is_uppercase() && rest.chars().nth(1).is_none_or(|c| c.is_lowercase()) {
            score += 2;
        }
        if before.is_uppercase() && rest.chars().nth(1).is_some_and(char::is_lowercase) {
            score += 1;
        }
        if rest.contains(['_', '*', '{', '<']) {
            score -= 6;
        }
        if matches!(before, '-' | '.' | ':') || before == '_' {
            score -= 4;
        }
        let snake = name.contains(['_', '-', '.', '*']) && !name.chars().any(char::is_uppercase);
        if snake && first_capital {
            score += 3;
        }
        first_capital = false;
        if best.is_none_or(|(most, _)| score > most || score == most && !snake) {
            best = Some((score, *at));
        }
    }
    if let Some((score, at)) = best
        && score >= 0
    {
        return Some(at);
    }
    // Lower case on both sides: only what is known can tell.
    let longest = known
        .iter()
        .map(String::as_str)
        .filter(|name| token.len() > name.len() && token.starts_with(name) && name::is_strong(name))
        .max_by_key(|name| name.len());
    longest.map(str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cut(token: &str, after: &str, next: Option<Column>, expected: &str) {
        let at = boundary(token, after, next, &BTreeSet::new());
        assert_eq!(at.map(|at| &token[..at]), Some(expected), "{token}");
    }

    #[test]
    fn a_name_ends_where_the_next_cell_begins() {
        cut("shop_sessionKeeps", " you in", Some(Column::Purpose), "shop_session");
        cut("app.callback-urlRecords", " the URL", Some(Column::Purpose), "app.callback-url");
        cut("_gaGoogle", " Analytics", Some(Column::Purpose), "_ga");
        cut("colourStores", " the colour", Some(Column::Purpose), "colour");
        cut("remember_me_*Only", " when", Some(Column::Purpose), "remember_me_*");
        cut("deviceHistoryStores", " it", Some(Column::Purpose), "deviceHistory");
        cut("_pk_id13", " Monate", Some(Column::Duration), "_pk_id");
        cut("BasketIDAt", " the end of the session", Some(Column::Duration), "BasketID");
        cut("XSRF-TOKENCSRF", " protection", Some(Column::Purpose), "XSRF-TOKEN");
        cut("cookieConsentMisst", " die Zahl", Some(Column::Purpose), "cookieConsent");
        cut("_dc_gtm_UA-XXXXCuenta", " las visitas", Some(Column::Purpose), "_dc_gtm_UA-XXXX");
        cut("_gaThird-party", " counter", Some(Column::Purpose), "_ga");
    }

    #[test]
    fn headings_without_borders() {
        let columns = |line: &str| segmented(line).map(|head| (head.columns, head.glued));
        assert_eq!(
            columns("Cookie namePurposeTypeExpirySet on"),
            Some((vec![Column::Name, Column::Purpose, Column::Type, Column::Duration, Column::SetOn], true))
        );
        assert_eq!(
            columns("Cookie Provider Purpose Duration"),
            Some((vec![Column::Name, Column::Provider, Column::Purpose, Column::Duration], false))
        );
        assert_eq!(columns("NameZweckSpeicherdauer").map(|found| found.0.len()), Some(3));
        assert_eq!(columns("Cookie Policy"), None);
        assert_eq!(columns("Cookie use"), None);
        assert_eq!(columns("Cookies"), None);
    }
}
