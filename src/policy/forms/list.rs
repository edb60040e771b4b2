//! Lists: bullets that begin with a name, definitions, alternating lines, lists within a sentence.

use super::{Entry, Reader, aside};
use crate::observation::StorageKind;
use crate::policy::document::Block;
use crate::policy::duration::Bound;
use crate::policy::name::{self, Names};
use crate::policy::words;
use crate::policy::{attributes, category, duration, inline};

impl Reader<'_> {
    pub(super) fn item(&mut self, text: &str, depth: usize) {
        if self.records() {
            return;
        }
        if self.labels_below(text, depth) || self.several_with_lifetimes(text) {
            return;
        }
        if let Some(names) = only_names(text).or_else(|| self.plain_before_lifetime(text)) {
            // A name alone: what it is for stands in the next item or line.
            if let Some((Block::Item { text: next, .. } | Block::Line(next), at)) =
                self.next_block(self.at + 1)
                && leading(next, self.about_cookies()).is_none()
                && only_names(next).is_none()
                && next.len() > 10
            {
                let next = next.clone();
                self.declare(names, &next, text);
                self.at = at + 1;
                return;
            }
            if names.names.iter().all(|name| name::is_strong(name)) {
                let entry = self.entry(names, text);
                self.add(entry);
                self.at += 1;
                return;
            }
        }
        if let Some((names, rest)) =
            leading(text, self.about_cookies()).or_else(|| self.beside_names(text, depth))
        {
            let rest = rest.to_owned();
            self.declare(names, &rest, text);
            self.at += 1;
            return;
        }
        let deeper = matches!(self.next_block(self.at + 1), Some((Block::Item { depth: next, .. }, _)) if *next > depth);
        if deeper && text.split_whitespace().count() <= 8 {
            let heading = text.trim_end_matches(':').to_owned();
            if category::of_heading(&heading).is_some() {
                self.heading(&heading, 9u8.saturating_add(depth as u8));
            }
        }
        if !self.inline_list(text) {
            self.prose(text, true);
        }
        self.at += 1;
    }

    /// A name alone in an item, and labels in the items below it.
    fn labels_below(&mut self, text: &str, depth: usize) -> bool {
        if only_names(text).is_none() {
            return false;
        }
        let mut pairs = Vec::new();
        let mut at = self.at + 1;
        let mut end = at;
        while let Some(block) = self.blocks.get(at) {
            match block {
                Block::Break => {}
                Block::Item { text, depth: below } if *below > depth => {
                    let found = super::record::labels(text);
                    if found.is_empty() || found.iter().any(|(column, _)| *column == words::Column::Name) {
                        return false;
                    }
                    pairs.extend(found);
                    end = at + 1;
                }
                _ => break,
            }
            at += 1;
        }
        if pairs.is_empty() || self.take_records(&pairs, Some(text)) == 0 {
            return false;
        }
        self.at = end;
        true
    }

    /// `a_b (13 months) and c_d (30 minutes): what for`.
    fn several_with_lifetimes(&mut self, text: &str) -> bool {
        let plain = inline::plain(text);
        let first = plain.split_whitespace().next().unwrap_or_default();
        let before = self.found.entries.len();
        let begins = name::is_strong(first) && plain[first.len()..].starts_with(" (");
        if !begins || plain.matches(" (").count() < 2 || !self.inline_list(text) {
            return false;
        }
        if self.found.entries.len() - before < 2 {
            self.found.entries.truncate(before);
            return false;
        }
        let purpose = plain.rsplit(')').next().unwrap_or_default();
        let purpose = purpose.trim_matches([':', ',', '-', '\u{2013}', '\u{2014}', ' ', '.']);
        for entry in self.found.entries.iter_mut().skip(before).filter(|_| !purpose.is_empty()) {
            entry.purpose = Some(purpose.to_owned());
        }
        self.at += 1;
        true
    }

    /// A word alone in an item, and a lifetime in the next.
    fn plain_before_lifetime(&self, text: &str) -> Option<Names> {
        let word = text.trim().trim_end_matches(':').trim_matches(['`', '*']);
        let (Block::Item { text: next, .. } | Block::Line(next), _) = self.next_block(self.at + 1)? else {
            return None;
        };
        if !is_plain(word) || next.split_whitespace().nth(1).is_none() {
            return None;
        }
        let names = name::read(text.trim().trim_end_matches(':'));
        let [name] = names.names.as_slice() else { return None };
        let alone = names.label.is_none() && names.aside.is_empty() && name.len() > 1;
        (alone && self.about_cookies() && only_names(next).is_none() && says_how_long(next)).then_some(names)
    }

    /// An ordinary word before a colon, in a list whose other items begin with names.
    fn beside_names<'t>(&self, text: &'t str, depth: usize) -> Option<(Names, &'t str)> {
        const FAR: usize = 30;
        let item = |block: &Block| match block {
            Block::Item { text, depth: other } if *other == depth => Some(text.clone()),
            _ => None,
        };
        let run = |blocks: &mut dyn Iterator<Item = &Block>| -> Vec<String> {
            blocks.filter(|block| **block != Block::Break).map_while(item).take(FAR).collect()
        };
        let mut others = run(&mut self.blocks[..self.at].iter().rev());
        others.extend(run(&mut self.blocks[self.at + 1..].iter()));
        let (names, rest) = word_before_colon(text)?;
        let like_it = others.iter().any(|other| {
            word_before_colon(other)
                .is_some_and(|(names, _)| names.names.iter().all(|name| name::is_strong(name)))
        });
        like_it.then_some((names, rest))
    }

    fn next_block(&self, from: usize) -> Option<(&Block, usize)> {
        self.blocks[from..]
            .iter()
            .enumerate()
            .find(|(_, block)| **block != Block::Break)
            .map(|(at, block)| (block, from + at))
    }

    /// Whether the section is one of cookies: then a plain word before a colon may be a name.
    fn about_cookies(&self) -> bool {
        self.headings.iter().any(|heading| {
            let low = inline::folded(&heading.text);
            heading.category.is_some()
                || ["cookie", "traceur", "storage", "opslag", "almacenamiento", "speicher"]
                    .iter()
                    .any(|word| low.contains(word))
        })
    }

    /// A term and its definition.
    pub(super) fn term(&mut self, term: &str, text: &str) {
        let names = name::read(term);
        let sure = term.contains('`')
            || names.names.iter().any(|name| name::is_strong(name))
            || !names.names.is_empty() && self.about_cookies();
        if names.names.is_empty() || names.label.is_some() || !sure || category::of_heading(term).is_some() {
            self.prose(&format!("{term}: {text}"), true);
            return;
        }
        let labelled = super::record::labels(text);
        if !labelled.is_empty() {
            let mut entry = self.entry(names, &format!("{term}: {text}"));
            for (column, value) in &labelled {
                super::table::take(&mut entry, *column, value, None);
            }
            self.add(entry);
            return;
        }
        self.declare(names, text, &format!("{term}: {text}"));
    }

    /// A name that stands alone on its line, and a sentence on the next.
    pub(super) fn pair_of_lines(&mut self) -> bool {
        let Some(Block::Line(line)) = self.blocks.get(self.at) else { return false };
        let Some(names) = only_names(line) else { return false };
        if !names.names.iter().all(|name| name::is_strong(name)) {
            return false;
        }
        let Some((Block::Line(next) | Block::Item { text: next, .. }, at)) = self.next_block(self.at + 1)
        else {
            return false;
        };
        if only_names(next).is_some() || next.split_whitespace().count() < 2 {
            return false;
        }
        let (line, next) = (line.clone(), next.clone());
        self.declare(names, &next, &format!("{line}: {next}"));
        self.at = at + 1;
        true
    }

    /// An entry from its names and the words after them.
    fn declare(&mut self, names: Names, text: &str, source: &str) {
        let mut entry = self.entry(names, source);
        let mut text = inline::plain(text).replace('\n', " ");
        let mut found = text.trim_start();
        // "(preference, up to one year)" right after the name or at the end.
        if let Some(inner) = found.strip_prefix('(')
            && let Some(close) = inner.find(')')
        {
            aside(&mut entry, &inner[..close]);
            found = &inner[close + 1..];
        }
        text = found.trim_start_matches([':', ',', '-', '\u{2013}', '\u{2014}', ' ', '.']).to_owned();
        if let Some(open) = text.rfind('(')
            && text.trim_end().trim_end_matches('.').ends_with(')')
        {
            let inner = text[open + 1..].trim_end().trim_end_matches('.').trim_end_matches(')').to_owned();
            let before = (entry.category, entry.duration.clone(), entry.party, entry.storage);
            aside(&mut entry, &inner);
            if before != (entry.category, entry.duration.clone(), entry.party, entry.storage) {
                text.truncate(open);
            }
        }
        if entry.duration.is_none() {
            entry.duration = duration::within(&text);
        }
        if entry.storage.is_none() {
            entry.storage = storage_of(&text);
        }
        if entry.category.is_none() {
            let sentence = text
                .split(['.', ';', ','])
                .map(str::trim)
                .find_map(|part| category::of_cell(part).map(|category| (category, part.to_owned())));
            if let Some((category, written)) = sentence {
                entry.category = Some(category);
                entry.category_as_written = Some(written);
            }
        }
        if entry.duration.is_none()
            && let Some(words) = labelled_lifetime(&text)
        {
            self.note(format!(
                "the lifetime of `{}` was not understood: \"{}\"",
                entry.names[0],
                super::shortened(words)
            ));
        }
        attributes::of_sentences(&mut entry, &text);
        let purpose = text.trim().trim_end_matches([',', ';']).trim();
        if !purpose.is_empty() && entry.purpose.is_none() {
            entry.purpose = Some(purpose.to_owned());
        }
        // "a, b: 24 hours / 1 minute": each its own.
        let count = entry.names.len();
        let own = entry.duration.as_ref().filter(|duration| count > 1 && duration.bound == Bound::Either);
        match own.and_then(|duration| super::table::by_place(&duration.written, count, None)) {
            Some(durations) => {
                for (name, duration) in entry.names.clone().into_iter().zip(durations) {
                    self.add(Entry { names: vec![name], duration, ..entry.clone() });
                }
            }
            None => self.add(entry),
        }
    }

    /// `a_b (24h), c_d (30 days)` within a sentence.
    pub(super) fn inline_list(&mut self, line: &str) -> bool {
        let text = inline::plain(line);
        let mut found: Vec<Entry> = Vec::new();
        let mut from = 0;
        while let Some(open) = text[from..].find(" (").map(|at| from + at) {
            let Some(close) = text[open..].find(')').map(|at| open + at) else { break };
            let token = text[..open]
                .rsplit(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';'))
                .next()
                .unwrap_or_default()
                .trim_matches(['`', '"']);
            let inner = &text[open + 2..close];
            let lifetime = duration::whole(inner);
            if let Some(lifetime) = lifetime
                && name::is_token(token)
                && (is_plain(token) || name::is_strong(token))
                && token.len() > 1
            {
                let names = Names { names: vec![token.to_owned()], ..Names::default() };
                let mut entry = self.entry(names, &text);
                entry.duration = Some(lifetime);
                found.push(entry);
            }
            from = close + 1;
        }
        let strong = found.iter().any(|entry| name::is_strong(&entry.names[0]));
        if !strong {
            // Capitals alone are an abbreviation of something else.
            found.retain(|entry| entry.names[0] == entry.names[0].to_lowercase());
        }
        if found.is_empty() || found.len() < 2 && !strong || !strong && found.len() < 3 {
            return false;
        }
        // "Essential: a (24h), b (30 days)"
        let lead = text.split(':').next().and_then(category::of_heading).filter(|_| text.contains(':'));
        for mut entry in found {
            if let Some(category) = lead {
                entry.category = Some(category);
                entry.category_as_written = text.split(':').next().map(|word| word.trim().to_owned());
            }
            self.add(entry);
        }
        true
    }
}

/// What stands after the word for a lifetime and a colon: `Duration: until we say so`.
fn labelled_lifetime(text: &str) -> Option<&str> {
    text.split(['.', ';', '(', ')', '\n']).find_map(|piece| {
        let (label, value) = piece.split_once(':')?;
        let label = label.rsplit([',', '\u{2013}', '\u{2014}']).next().unwrap_or_default().trim();
        let is_lifetime = words::column(&inline::folded(label)) == Some(words::Column::Duration);
        (is_lifetime && !name::is_nothing(value) && !value.trim().is_empty()).then(|| value.trim())
    })
}

/// What a definition says first: `localStorage entry that ...`.
fn storage_of(text: &str) -> Option<StorageKind> {
    let low = inline::folded(text);
    let start: String = low.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    words::storage_words()
        .filter(|(kind, word)| {
            *kind != StorageKind::Cookie
                && *word != "html"
                && *word != "browser storage"
                && words::find_phrase(&start, word).is_some()
        })
        .map(|(kind, _)| kind)
        .next()
}

/// A word in small letters only, or in capitals only: what a name without a sign of one looks like.
fn is_plain(name: &str) -> bool {
    let letters = |test: fn(char) -> bool| {
        name.chars().all(|c| test(c) || matches!(c, '-' | '.' | '_') || c.is_ascii_digit())
    };
    letters(|c| c.is_ascii_lowercase()) || letters(|c| c.is_ascii_uppercase())
}

/// Whether a text states a lifetime, and not only the word for a session.
fn says_how_long(text: &str) -> bool {
    duration::within(&inline::plain(text)).is_some_and(|found| found.amount.is_some())
}

/// Names and nothing else.
fn only_names(text: &str) -> Option<Names> {
    let trimmed = text.trim().trim_end_matches(':');
    if trimmed.len() > 200 || trimmed.contains('\n') {
        return None;
    }
    let names = name::read(trimmed);
    let marked = trimmed.starts_with('`') || trimmed.starts_with("**");
    let sure = names.names.iter().all(|name| name::is_strong(name)) || marked && trimmed.starts_with('`');
    (!names.names.is_empty() && names.label.is_none() && names.aside.is_empty() && sure).then_some(names)
}

/// The names an item begins with, and the rest of it.
fn leading(text: &str, about_cookies: bool) -> Option<(Names, &str)> {
    let trimmed = text.trim_start();
    for mark in ["**`", "`", "**"] {
        if !trimmed.starts_with(mark) {
            continue;
        }
        let (cell, rest) = marked(trimmed, mark)?;
        let names = name::read(cell);
        if names.names.is_empty() || names.label.is_some() {
            return None;
        }
        let strong = names.names.iter().all(|name| name::is_strong(name));
        let follows = rest.trim_start().starts_with([':', '-', '\u{2013}', '\u{2014}', '(', ',', '.'])
            || cell.ends_with(':');
        let code = mark.contains('`') || cell.contains('`');
        let plain_word = about_cookies
            && (follows && names.names.iter().all(|name| name.chars().all(|c| !c.is_uppercase()))
                || names.names.iter().all(|name| is_plain(name)) && says_how_long(rest));
        return (strong || code && (follows || about_cookies) || plain_word).then_some((names, rest));
    }
    // "a_b, c_d: what for", "a_b – what for", "a_b (1 day)"
    let ends = [": ", ":\n", " \u{2013} ", " \u{2014} ", " - ", " (", ", ", " \u{2192} ", " = "];
    let mut places: Vec<(usize, &str)> =
        ends.iter().filter_map(|end| trimmed.find(end).map(|at| (at, *end))).collect();
    places.sort_unstable();
    for (at, end) in &places {
        let (cell, rest) = (&trimmed[..*at], &trimmed[*at..]);
        // A comma may go on with more names.
        if *end == ", "
            && places.iter().any(|(later, other)| {
                later > at && *other != ", " && {
                    let names = name::read(&trimmed[..*later]);
                    names.names.len() > 1
                        && names.label.is_none()
                        && names.names.iter().all(|name| name::is_strong(name))
                }
            })
        {
            continue;
        }
        if cell.split_whitespace().count() > 12 {
            return None;
        }
        let names = name::read(cell);
        if names.names.is_empty() || names.label.is_some() {
            continue;
        }
        let strong = names.names.iter().all(|name| name::is_strong(name));
        if strong {
            return Some((names, rest));
        }
        // An ordinary word: only with a lifetime or category in brackets after it.
        let plain = names.names.len() == 1 && is_plain(&names.names[0]);
        let bracket =
            rest.rfind('(').map(|open| rest[open + 1..].trim_end_matches(['.', ' ']).trim_end_matches(')'));
        let mut told = Entry::default();
        aside(&mut told, bracket.unwrap_or_default());
        if plain && about_cookies && (told.duration.is_some() || told.category.is_some()) {
            return Some((names, rest));
        }
        return None;
    }
    None
}

/// `theme: ...`, `**theme**: ...`: names before a colon or dash.
fn word_before_colon(text: &str) -> Option<(Names, &str)> {
    let at = [":", " \u{2013} ", " \u{2014} ", " - "].iter().filter_map(|end| text.find(end)).min()?;
    let names = name::read(&text[..at]);
    let whole = names.label.is_none() && names.aside.is_empty() && !names.names.is_empty();
    (whole && at < 120).then_some((names, &text[at..]))
}

/// The marked names at the beginning, also several: `` `a`, `b` `` or `**a** + **b**`.
fn marked<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let close = if mark.starts_with("**") { "**" } else { "`" };
    let mut end = 0;
    loop {
        let opened = text[end..].strip_prefix(close)?;
        let mut at = opened.find(close)?;
        // `**name***`: the star before the mark is the name's.
        if close == "**" && opened[at + close.len()..].starts_with('*') {
            at += 1;
        }
        end = text.len() - opened.len() + at + close.len();
        let rest = &text[end..];
        let next = rest.trim_start_matches([' ', ',', '+', '/', '&']);
        let low = inline::folded(next);
        let word = low.split_whitespace().next().unwrap_or_default();
        let joint = words::any(|language| language.and, word) || words::any(|language| language.or, word);
        let after = if joint { next[word.len()..].trim_start() } else { next };
        if after.starts_with(close) && (joint || next.len() < rest.len()) && rest.len() - after.len() <= 8 {
            end = text.len() - after.len();
            continue;
        }
        return Some((&text[..end], &text[end..]));
    }
}

/// The same thing said twice is one entry.
pub(super) fn drop_repeated(entries: &mut Vec<Entry>) {
    let mut seen = std::collections::BTreeSet::new();
    entries.retain(|entry| {
        let key = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            entry.names,
            entry.https_names,
            entry.category,
            entry.duration.as_ref().map(|duration| (&duration.amount, duration.bound)),
            entry.domains
        );
        seen.insert(key)
    });
}
