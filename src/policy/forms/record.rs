//! Records: a label before each value (`Name: _ga`, `Purpose: …`), on lines, in one line, in items,
//! in tables of two columns, or under a heading that is the name.

use super::{Reader, heading_column, table};
use crate::policy::document::{Block, Table};
use crate::policy::words::{self, Column};
use crate::policy::{duration, inline, name};

/// A label and its value.
type Pair = (Column, String);

impl Reader<'_> {
    /// Reads records from here on; false where none begins.
    pub(super) fn records(&mut self) -> bool {
        let Some(text) = text_of(&self.blocks[self.at]) else { return false };
        let first = labels(text);
        if first.first().map(|(column, _)| *column) != Some(Column::Name) {
            return false;
        }
        let (pairs, end) = self.pairs(self.at);
        let taken = self.take_records(&pairs, None);
        if taken == 0 {
            return false;
        }
        self.at = end;
        true
    }

    /// Labels of the blocks from a place on, and where they end.
    fn pairs(&self, from: usize) -> (Vec<Pair>, usize) {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut at = from;
        let mut end = from;
        while let Some(block) = self.blocks.get(at) {
            if *block == Block::Break {
                at += 1;
                continue;
            }
            let Some(text) = text_of(block) else { break };
            let found = labels(text);
            if found.is_empty() {
                // The value may stand on the line after its label.
                match pairs.last_mut() {
                    Some((_, value)) if value.is_empty() => value.push_str(text),
                    // A label that is not known, between those that are.
                    Some(_) if at == end && is_label(text) => {}
                    Some((Column::Purpose, value))
                        if at == end
                            && value.len() < 2_000
                            && !matches!(self.blocks.get(at - 1), Some(Block::Break)) =>
                    {
                        value.push(' ');
                        value.push_str(text);
                    }
                    _ => break,
                }
            }
            pairs.extend(found);
            at += 1;
            end = at;
        }
        (pairs, end)
    }

    /// Makes entries of labels; each name begins one.
    pub(super) fn take_records(&mut self, pairs: &[Pair], heading: Option<&str>) -> usize {
        const ABOUT: &[Column] =
            &[Column::Purpose, Column::Duration, Column::Category, Column::Type, Column::Storage];
        let mut records: Vec<(String, Vec<&Pair>)> = Vec::new();
        if let Some(heading) = heading {
            records.push((heading.to_owned(), Vec::new()));
        }
        for pair in pairs {
            match pair {
                (Column::Name, value) => records.push((value.clone(), Vec::new())),
                pair => {
                    if let Some((_, values)) = records.last_mut() {
                        values.push(pair);
                    }
                }
            }
        }
        let mut taken = 0;
        for (name, values) in records {
            if !values.iter().any(|(column, _)| ABOUT.contains(column)) {
                continue;
            }
            let names = name::read(&name);
            let source = std::iter::once(name.as_str())
                .chain(values.iter().map(|(_, value)| value.as_str()))
                .map(|value| inline::plain(value).replace('\n', " "))
                .collect::<Vec<_>>()
                .join(" | ");
            let mut entry = self.entry(names, &source);
            for (column, value) in &values {
                table::take(&mut entry, *column, value, None);
                if *column == Column::Service {
                    // A service is who sets it, also where the provider is a host.
                    let service = inline::plain(value);
                    let service = service.split("  ").next().unwrap_or_default();
                    entry.provider =
                        Some(service.replace("View Service Privacy Policy", "").trim().to_owned())
                            .filter(|text| !text.is_empty() && text != "__________")
                            .or(entry.provider);
                }
            }
            if entry.duration.is_none() && !values.iter().any(|(column, _)| *column == Column::Duration) {
                entry.duration = entry.purpose.as_deref().and_then(duration::within);
            }
            taken += usize::from(!entry.names.is_empty());
            self.add(entry);
        }
        taken
    }

    /// A heading that is a name, and labels or a sentence under it.
    pub(super) fn record_under_heading(&mut self) {
        let Some(Block::Heading { text, .. } | Block::Line(text)) = self.blocks.get(self.at - 1) else {
            return;
        };
        // "Cookie: a_b" over the labels.
        let text = match labels(text).as_slice() {
            [(Column::Name, value)] if !value.is_empty() => value.clone(),
            _ => text.clone(),
        };
        let names = name::read(&text);
        if names.names.is_empty() || names.label.is_some() || !names.aside.is_empty() && names.names.len() > 1
        {
            return;
        }
        let mut at = self.at;
        while matches!(self.blocks.get(at), Some(Block::Break)) {
            at += 1;
        }
        let (pairs, end) = self.pairs(at);
        if pairs.first().is_some_and(|(column, _)| *column != Column::Name) {
            let own = pairs.iter().position(|(column, _)| *column == Column::Name).unwrap_or(pairs.len());
            let text = text.clone();
            if own == pairs.len() && self.take_records(&pairs, Some(&text)) > 0 {
                self.at = end;
            }
            return;
        }
        let Some(Block::Line(sentence)) = self.blocks.get(at) else { return };
        let (term, sentence) = (text.clone(), sentence.clone());
        // A sentence on what it is for, and labels after it.
        let (more, end) = self.pairs(at + 1);
        let has = |wanted: Column| more.iter().any(|(column, _)| *column == wanted);
        if has(Column::Duration) && !has(Column::Name) {
            let pairs: Vec<Pair> = std::iter::once((Column::Purpose, sentence)).chain(more).collect();
            if self.take_records(&pairs, Some(&term)) > 0 {
                self.at = end;
            }
        } else if names.names.iter().all(|name| name::is_strong(name)) {
            self.term(&term, &sentence);
            self.at = at + 1;
        }
    }

    /// A table of two columns, labels on the left.
    pub(super) fn record_table(&mut self, table: &Table) -> bool {
        let mut rows: Vec<&Vec<String>> = Vec::new();
        if !table.head.is_empty() {
            rows.push(&table.head);
        }
        rows.extend(&table.rows);
        if rows.is_empty() || rows.iter().any(|row| row.len() > 2) {
            return false;
        }
        let pairs: Vec<(Option<Column>, String)> = rows
            .iter()
            .filter(|row| row.len() == 2)
            .map(|row| (heading_column(&row[0]), row[1].clone()))
            .collect();
        let known = pairs.iter().filter(|(column, _)| column.is_some()).count();
        let named = pairs
            .iter()
            .any(|(column, value)| *column == Some(Column::Name) && heading_column(value).is_none());
        if known < 2 || known * 3 < pairs.len() * 2 || !named {
            return false;
        }
        let pairs: Vec<Pair> =
            pairs.into_iter().filter_map(|(column, value)| Some((column?, value))).collect();
        self.take_records(&pairs, None) > 0
    }
}

/// `Some words: a value`, and no sentence.
fn is_label(text: &str) -> bool {
    const MOST_WORDS: usize = 3;
    text.replace("**", "").split_once(':').is_some_and(|(label, value)| {
        let begins = label.trim_start().starts_with(char::is_uppercase);
        begins && label.split_whitespace().count() <= MOST_WORDS && !value.is_empty()
    })
}

fn text_of(block: &Block) -> Option<&str> {
    match block {
        Block::Line(text) | Block::Item { text, .. } => Some(text),
        _ => None,
    }
}

/// The labels of a text and what follows each; nothing where it does not begin with one.
pub(super) fn labels(text: &str) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    // A label on a line of its own, without a colon: `Duration` above `1 day`.
    if let Some((label, value)) = text.split_once('\n')
        && !label.contains(':')
        && let Some(column) = heading_column(label)
        && value.lines().all(|line| heading_column(line).is_none())
        && places(value).is_empty()
    {
        return vec![(column, value.trim().to_owned())];
    }
    for line in text.lines() {
        let line = line.replace("**", "").replace("__ ", " ");
        let line = line.trim();
        let places = places(line);
        if places.first().is_none_or(|(start, _, _)| *start > 0) {
            match pairs.last_mut() {
                Some((_, value)) => {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(line);
                }
                None => return Vec::new(),
            }
            continue;
        }
        for (index, (_, end, column)) in places.iter().enumerate() {
            let to = places.get(index + 1).map_or(line.len(), |(start, _, _)| *start);
            let value = line[*end..to].trim().trim_end_matches(['|', ';', ',']).trim();
            pairs.push((*column, value.to_owned()));
        }
    }
    pairs
}

/// Where labels begin and where their values do.
fn places(line: &str) -> Vec<(usize, usize, Column)> {
    let folded = inline::folded(line);
    let mut places: Vec<(usize, usize, Column)> = Vec::new();
    for (colon, _) in folded.match_indices(':') {
        let before = folded[..colon].trim_end();
        let found = words::column_words()
            .filter(|(_, word)| before.ends_with(word))
            .map(|(column, word)| (before.len() - word.len(), column))
            .filter(|(start, _)| {
                let previous = line[..*start].trim_end().chars().next_back();
                let apart = *start == 0 || line[..*start].ends_with([' ', '|', '.', ';', ',', '\u{2022}']);
                let first = line[*start..].chars().next();
                *start == 0 || apart && first.is_some_and(char::is_uppercase) && previous.is_some()
            })
            .min();
        if let Some((start, column)) = found
            && places.last().is_none_or(|(_, end, _)| *end <= start)
        {
            places.push((start, colon + 1, column));
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_in_one_line_and_on_several() {
        let told = |text: &str| {
            labels(text).into_iter().map(|(column, value)| format!("{column:?}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(
            told("Name: a_b Purpose: Keeps it. Expires in: 2 days"),
            ["Name=a_b", "Purpose=Keeps it.", "Duration=2 days"]
        );
        assert_eq!(told("**Name:** a_b\nDuration: 1 day"), ["Name=a_b", "Duration=1 day"]);
        assert_eq!(told("Nom : a_b"), ["Name=a_b"]);
        assert_eq!(told("Duration\n1 day"), ["Duration=1 day"]);
        assert!(told("We set this name: a_b").is_empty());
        assert!(told("How long\nName").is_empty());
    }
}
