//! Tables with a heading over each column.

use super::{Entry, Reader, aside, column_of_head, party, shortened, storage};
use crate::manifest::{Category, DeclaredParty};
use crate::policy::document::Table;
use crate::policy::duration::{self, Duration};
use crate::policy::name::{self, Names};
use crate::policy::words::{self, Column, Unit};
use crate::policy::{category, inline};

/// The columns of a table by what they say.
struct Columns {
    of: Vec<Option<Column>>,
    heads: Vec<String>,
    /// The unit of bare numbers, where the heading says it.
    unit: Option<Unit>,
    /// The unit's column says `Persistent` of storage.
    name: usize,
}

impl Reader<'_> {
    /// Reads a table, if it is one of cookies.
    pub(super) fn table(&mut self, table: &Table) {
        if self.record_table(table) {
            return;
        }
        let Some(columns) = columns(table) else {
            self.unread_table(table);
            return;
        };
        let mut section: Option<(Category, String)> = None;
        let mut carried: Option<String> = None;
        for row in &table.rows {
            if let Some(text) = lone(row) {
                if let Some(category) = category::of_heading(&text) {
                    section = Some((category, text));
                    continue;
                }
                if row.len() < columns.of.len() {
                    continue;
                }
            }
            let mut entries = self.row(&columns, row, &mut carried);
            for entry in &mut entries {
                if entry.category.is_none()
                    && let Some((category, written)) = &section
                {
                    entry.category = Some(*category);
                    entry.category_as_written = Some(written.clone());
                }
            }
            for entry in entries {
                self.add(entry);
            }
        }
    }

    /// A table that is none of cookies as far as its headings tell, and names some all the same.
    fn unread_table(&mut self, table: &Table) {
        const MOST: usize = 10;
        let mut names: Vec<String> = Vec::new();
        for cell in table.head.iter().chain(table.rows.iter().flatten()) {
            let read = name::read(cell);
            let alone = read.label.is_none() && read.names.iter().all(|name| name::is_strong(name));
            for name in read.names.into_iter().filter(|_| alone) {
                if names.len() < MOST && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if !names.is_empty() {
            self.note(format!("a table was not understood, in which these stand: `{}`", names.join("`, `")));
        }
    }

    fn row(&mut self, columns: &Columns, row: &[String], carried: &mut Option<String>) -> Vec<Entry> {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(at, cell)| {
                columns.heads.get(at).map_or_else(|| cell.clone(), |head| without_label(cell, head))
            })
            .collect();
        let Some(name_cell) = cells.get(columns.name) else { return Vec::new() };
        let names = name::read(name_cell);
        if names.names.is_empty() && names.label.is_none() {
            return Vec::new();
        }
        let source = cells
            .iter()
            .map(|cell| inline::plain(cell).replace('\n', " "))
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()
            .join(" | ");
        if names.names.is_empty()
            && names.label.as_deref().is_some_and(|label| {
                category::of_heading(label).is_some() || label.split_whitespace().count() > 8
            })
        {
            return Vec::new();
        }
        let mut entry = self.entry(names.clone(), &source);
        let mut duration_cell: Option<&String> = None;
        for (at, cell) in cells.iter().enumerate().filter(|(at, _)| *at != columns.name) {
            let Some(column) = columns.of.get(at).copied().flatten() else { continue };
            if column == Column::Duration {
                duration_cell = Some(cell);
            }
            if let Some(party) = columns.heads.get(at).and_then(|head| answered_party(head, cell)) {
                entry.party = Some(party);
                continue;
            }
            take(&mut entry, column, cell, columns.unit);
            if column == Column::Provider {
                if name::is_nothing(cell) && cell.trim().is_empty() && entry.provider.is_none() {
                    entry.provider.clone_from(carried);
                } else {
                    carried.clone_from(&entry.provider);
                }
            }
        }
        if entry.duration.is_none()
            && duration_cell.is_none_or(|cell| duration::read(cell, columns.unit).duration.is_none())
        {
            // A row that lost a cell: the lifetime stands in another column.
            entry.duration = cells
                .iter()
                .enumerate()
                .filter(|(at, _)| {
                    *at != columns.name && columns.of.get(*at).copied().flatten() != Some(Column::Duration)
                })
                .find_map(|(_, cell)| {
                    duration::whole(&inline::plain(cell)).filter(|found| found.amount.is_some())
                });
        }
        if entry.duration.is_none()
            && let Some(cell) =
                duration_cell.filter(|cell| !name::is_nothing(cell) && !cell.trim().is_empty())
            && (entry.storage.is_none() || duration::read(cell, columns.unit).storage.is_none())
        {
            self.note(format!(
                "the lifetime of `{}` was not understood: \"{}\"",
                entry.names[0],
                shortened(&inline::plain(cell))
            ));
        }
        for (at, cell) in cells.iter().enumerate() {
            // "How to opt out: not possible, necessary".
            let other = columns.of.get(at).copied().flatten() == Some(Column::Other);
            let optional = columns.heads.get(at).is_some_and(|head| inline::folded(head).contains("opt"));
            if other
                && optional
                && entry.category.is_none()
                && category::of_cell(cell) == Some(Category::StrictlyNecessary)
            {
                entry.category = Some(Category::StrictlyNecessary);
                entry.category_as_written = Some(inline::plain(cell));
            }
        }
        if entry.duration.is_none() && duration_cell.is_none() {
            entry.duration = entry.purpose.as_deref().and_then(duration::within);
        }
        by_name(entry, &names, duration_cell.map(|cell| inline::plain(cell)).as_deref(), columns.unit)
    }
}

/// *Yes* or *no* under a heading that asks whether it is a third party's, or the site's own.
fn answered_party(head: &str, cell: &str) -> Option<DeclaredParty> {
    let low = inline::folded(&inline::plain(cell));
    let word = low.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let yes = words::any(|language| language.yes, word);
    // A dash may as well be a cell that nobody filled in.
    if !yes && (word == "-" || !words::any(|language| language.no, word)) {
        return None;
    }
    let head = inline::folded(head);
    let asks = |list: fn(&words::Language) -> &'static [&'static str]| {
        words::all(list).any(|word| word.len() > 3 && words::find_phrase(&head, word).is_some())
    };
    match (asks(|language| language.first_party), asks(|language| language.third_party)) {
        (true, false) => Some(if yes { DeclaredParty::First } else { DeclaredParty::Third }),
        (false, true) => Some(if yes { DeclaredParty::Third } else { DeclaredParty::First }),
        _ => None,
    }
}

/// Puts what a cell says into its entry.
pub(super) fn take(entry: &mut Entry, column: Column, cell: &str, unit: Option<Unit>) {
    let text = inline::plain(cell);
    if text.is_empty() {
        return;
    }
    let known = !name::is_nothing(&text);
    match column {
        Column::Name => {}
        Column::Purpose => {
            if known {
                put(&mut entry.purpose, &text.replace('\n', " "));
            }
        }
        Column::Duration => {
            let phrase = duration::read(&text, unit);
            if let Some(kind) = phrase.storage {
                entry.storage = entry.storage.or(Some(kind));
            }
            // Somebody else's sentence with a number in it is no lifetime.
            if phrase.unknown <= 30 && entry.duration.is_none() && known {
                entry.duration = phrase.duration;
            }
        }
        Column::Category => {
            if let Some(category) = category::of_cell(&text).or_else(|| category::of_heading(&text)) {
                entry.category = Some(category);
                entry.category_as_written = Some(text);
            } else {
                take_type(entry, &text);
            }
        }
        Column::Type => take_type(entry, &text),
        Column::Essential => {
            let low = inline::folded(&text);
            let word = low.trim_matches(|c: char| c == '.' || c.is_whitespace());
            if words::any(|language| language.yes, word)
                || category::of_cell(&text) == Some(Category::StrictlyNecessary)
            {
                entry.category = Some(Category::StrictlyNecessary);
                entry.category_as_written = Some(text);
            }
        }
        Column::Provider | Column::Service => {
            // A line to be filled in is nobody's name.
            if !known || !text.contains(char::is_alphanumeric) {
                return;
            }
            if let Some(party) = party(&text) {
                entry.party = entry.party.or(Some(party));
            } else if let Some(hosts) = hosts(&text).filter(|_| column == Column::Provider) {
                entry.domains.extend(hosts);
            } else {
                // "HubSpot (Third Party)"
                let (who, rest) = match text.split_once('(') {
                    Some((who, rest)) => (who.trim(), rest.trim_end_matches(')')),
                    None => (text.as_str(), ""),
                };
                if let Some(hosts) = hosts(rest) {
                    // A service's hosts are not those of all that its row names.
                    entry.domains.extend(hosts.into_iter().filter(|_| column == Column::Provider));
                    put(&mut entry.provider, who);
                } else if let Some(party) = party(rest) {
                    entry.party = entry.party.or(Some(party));
                    put(&mut entry.provider, who);
                } else {
                    put(&mut entry.provider, text.lines().next().unwrap_or_default());
                }
            }
        }
        Column::Domain => {
            let (first, third) = parties(&text);
            if first != third {
                entry.party =
                    entry.party.or(Some(if first { DeclaredParty::First } else { DeclaredParty::Third }));
            }
            // "The advertiser's own domain": hosts named beside it are not all.
            if !first {
                let hosts = text.split([',', ' ', '\n', ';']).map(str::trim).filter(|host| is_host(host));
                entry.domains.extend(hosts.map(str::to_owned));
            }
        }
        Column::Party => {
            if let Some(party) = party(&text) {
                entry.party = Some(party);
            }
        }
        Column::Storage => {
            if let Some(kind) = storage(&text) {
                entry.storage = Some(kind);
            } else if words::is_pixel(&inline::folded(&text)) {
                entry.is_pixel = true;
            }
        }
        Column::Attributes => super::super::attributes::of_cell(entry, &text),
        Column::Path => {
            if text.starts_with('/') && !text.contains(' ') {
                entry.path = Some(text);
            }
        }
        Column::SetOn => entry.set_on.extend(pages_of(&text)),
        Column::Other => {}
    }
}

/// Hosts and nothing else, one a line or after a comma.
fn hosts(text: &str) -> Option<Vec<String>> {
    let hosts: Vec<&str> = text
        .split(['\n', ',', ';'])
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(|host| host.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/'))
        .collect();
    let mut each: Vec<String> = Vec::new();
    for host in &hosts {
        if !is_host(host) {
            return None;
        }
        if !each.iter().any(|known| known == host) {
            each.push((*host).to_owned());
        }
    }
    (!each.is_empty()).then_some(each)
}

/// Whether a text names first and third parties in brackets: `ads.example (3rd party)`.
fn parties(text: &str) -> (bool, bool) {
    let named = text.split('(').skip(1).filter_map(|rest| party(rest.split(')').next()?));
    named.fold((false, false), |(first, third), party| match party {
        DeclaredParty::First => (true, third),
        DeclaredParty::Third => (first, true),
    })
}

/// *Type* says what its content says.
fn take_type(entry: &mut Entry, text: &str) {
    for part in text.split(['\n', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        if let Some(category) = category::of_cell(part) {
            if entry.category.is_none() {
                entry.category = Some(category);
                entry.category_as_written = Some(part.to_owned());
            }
        } else if let Some(party) = party(part) {
            entry.party = entry.party.or(Some(party));
        } else if let Some(kind) = storage(part) {
            entry.storage = entry.storage.or(Some(kind));
        } else if words::is_pixel(&inline::folded(part)) {
            entry.is_pixel = true;
        } else {
            let phrase = duration::read(part, None);
            if let Some(kind) = phrase.storage.filter(|_| phrase.unknown == 0) {
                entry.storage = entry.storage.or(Some(kind));
            }
            if phrase.is_whole() && entry.duration.is_none() {
                entry.duration = phrase.duration;
            }
            if phrase.unknown > 0 {
                aside(entry, part);
            }
        }
    }
}

/// Paths that a cell names: `/dashboard/* pages only`.
pub(super) fn pages_of(text: &str) -> Vec<String> {
    text.split([' ', ',', '\n'])
        .map(|word| word.trim_end_matches(['.', ';', ')']).trim_start_matches('('))
        .filter(|word| {
            word.starts_with('/') && word.chars().all(|c| c.is_ascii_alphanumeric() || "/*-_.~".contains(c))
        })
        .map(str::to_owned)
        .collect()
}

/// One entry for each lifetime, where a cell gives several names their own.
fn by_name(entry: Entry, names: &Names, cell: Option<&str>, unit: Option<Unit>) -> Vec<Entry> {
    let Some(cell) = cell.filter(|_| names.names.len() > 1) else { return vec![entry] };
    let own = named(cell, &names.names, unit).or_else(|| by_place(cell, names.names.len(), unit));
    let Some(durations) = own else { return vec![entry] };
    names
        .names
        .iter()
        .zip(durations)
        .map(|(name, duration)| Entry {
            names: vec![name.clone()],
            duration: duration.or_else(|| entry.duration.clone()),
            ..entry.clone()
        })
        .collect()
}

/// `a: 1 year. b: 1 month`: what stands after each name.
fn named(cell: &str, names: &[String], unit: Option<Unit>) -> Option<Vec<Option<Duration>>> {
    let mut places: Vec<(usize, usize, usize)> = Vec::new();
    let mut by_length: Vec<usize> = (0..names.len()).collect();
    by_length.sort_by_key(|at| std::cmp::Reverse(names[*at].len()));
    let mut rest = cell.to_owned();
    for at in by_length {
        // Also where the cell leaves its underscores out.
        let short = names[at].trim_matches('_');
        let found =
            [names[at].as_str(), short].into_iter().find_map(|name| Some((rest.find(name)?, name.len())));
        if let Some((found, length)) = found {
            places.push((found, found + length, at));
            rest.replace_range(found..found + length, &"\u{1}".repeat(length));
        }
    }
    if places.len() < 2 {
        return None;
    }
    places.sort_unstable();
    let mut durations: Vec<Option<Duration>> = vec![None; names.len()];
    let mut next: Option<Duration> = None;
    for (index, (_, from, at)) in places.iter().enumerate().rev() {
        let to = places.get(index + 1).map_or(cell.len(), |(start, _, _)| *start);
        let found = duration::read(&cell[*from..to], unit).duration;
        // "a and b: 2 years": the first has the second's.
        durations[*at] = found.clone().or_else(|| next.clone());
        next = found.or(next);
    }
    Some(durations)
}

/// `30 minutes / 30 days` for two names.
pub(super) fn by_place(cell: &str, count: usize, unit: Option<Unit>) -> Option<Vec<Option<Duration>>> {
    [",", " / ", ";", "\n", " bzw. ", " bzw ", " respectively ", "/"].iter().find_map(|separator| {
        let parts: Vec<&str> = cell.split(separator).collect();
        if parts.len() != count {
            return None;
        }
        let durations: Vec<Option<Duration>> =
            parts.iter().map(|part| duration::read(part, unit).duration).collect();
        durations.iter().all(Option::is_some).then_some(durations)
    })
}

fn columns(table: &Table) -> Option<Columns> {
    let width = table.head.len().max(table.rows.iter().map(Vec::len).max().unwrap_or_default());
    let mut of: Vec<Option<Column>> = table.head.iter().map(|head| column_of_head(head)).collect();
    of.resize(width, None);
    let cells = |at: usize| table.rows.iter().filter_map(move |row| row.get(at)).take(200);
    let share = |at: usize, test: &dyn Fn(&str) -> bool| {
        let (mut all, mut fit) = (0usize, 0usize);
        for cell in cells(at).filter(|cell| !cell.trim().is_empty()) {
            all += 1;
            let cell = table.head.get(at).map_or_else(|| cell.clone(), |head| without_label(cell, head));
            fit += usize::from(test(&cell));
        }
        if all == 0 { 0.0 } else { fit as f64 / all as f64 }
    };
    let has_names = |cell: &str| !name::read(cell).names.is_empty();
    let has_strong = |cell: &str| name::read(cell).names.iter().any(|name| name::is_strong(name));
    let is_duration = |cell: &str| duration::whole(&inline::plain(cell)).is_some();
    let candidates: Vec<usize> = (0..width).filter(|at| of[*at] == Some(Column::Name)).collect();
    let name = match candidates.as_slice() {
        [one] => Some(*one),
        [] => (0..width).find(|at| of[*at] != Some(Column::Domain) && share(*at, &has_strong) >= 0.6),
        many => many.iter().copied().max_by(|a, b| {
            let strength = |at: usize| share(at, &has_strong) + share(at, &has_names) / 2.0;
            strength(*a).total_cmp(&strength(*b)).then(b.cmp(a))
        }),
    }?;
    for at in 0..width {
        if at != name && of[at] == Some(Column::Name) {
            of[at] = Some(Column::Provider);
        }
        // A heading that promises something else, and a column full of lifetimes.
        let vague =
            matches!(of[at], None | Some(Column::Category | Column::Type | Column::Other | Column::Storage));
        if at != name
            && vague
            && share(at, &is_duration) >= 0.6
            && !of.contains(&Some(Column::Duration))
            && share(at, &|cell| category::of_cell(cell).is_some()) < 0.3
        {
            of[at] = Some(Column::Duration);
        }
    }
    of[name] = Some(Column::Name);
    let about = [
        Column::Purpose,
        Column::Duration,
        Column::Category,
        Column::Type,
        Column::Provider,
        Column::Domain,
        Column::Party,
        Column::Storage,
        Column::Essential,
        Column::Service,
    ];
    let supported = of.iter().flatten().any(|column| about.contains(column));
    // A heading such as *Name* over words that are none, or a list of something else.
    let cookie_word = table.head.get(name).is_some_and(|head| {
        let head = inline::folded(head);
        head.contains("cookie") || head.contains("traceur")
    });
    let durations = of.contains(&Some(Column::Duration));
    let strong = share(name, &has_strong);
    if !supported && strong < 0.6
        || !durations
            && !cookie_word
            && strong < 0.25
            && !of.contains(&Some(Column::Category))
            && !of.contains(&Some(Column::Essential))
    {
        return None;
    }
    let unit = table.head.iter().zip(&of).filter(|(_, column)| **column == Some(Column::Duration)).find_map(
        |(head, _)| {
            let head = inline::folded(head);
            head.split(|c: char| !c.is_alphabetic())
                .find_map(|word| words::unit(word).filter(|_| word.len() > 2))
        },
    );
    Some(Columns { of, heads: table.head.iter().map(|head| inline::plain(head)).collect(), unit, name })
}

/// The one cell of a row that has only one, or the same text in all of them.
fn lone(row: &[String]) -> Option<String> {
    let filled: Vec<&String> = row.iter().filter(|cell| !cell.trim().is_empty()).collect();
    let first = filled.first()?;
    (filled.iter().all(|cell| cell == first) && (row.len() > 1 || filled.len() == 1))
        .then(|| inline::plain(first))
}

/// A cell without its column's heading, which tables for small screens repeat in it.
fn without_label(cell: &str, head: &str) -> String {
    let trimmed = cell.trim();
    if head.is_empty() {
        return trimmed.to_owned();
    }
    match trimmed.strip_prefix(head) {
        Some(rest) if rest.starts_with('\n') || rest.starts_with(':') => {
            rest.trim_start_matches([':', '\n', ' ']).to_owned()
        }
        _ => trimmed.to_owned(),
    }
}

/// `.example.com`, `www.example.com`.
pub(in crate::policy) fn is_host(text: &str) -> bool {
    let text = text.trim().trim_start_matches("*.").trim_start_matches('.');
    text.contains('.')
        && !text.ends_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        && text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.len() >= 2 && last.chars().all(|c| c.is_ascii_alphabetic()))
}

fn put(field: &mut Option<String>, text: &str) {
    if field.is_none() && !text.trim().is_empty() {
        *field = Some(text.trim().to_owned());
    }
}
