//! Declarations in data, as consent platforms and lists publish them: OneTrust's and Termly's JSON, the
//! scripts that carry Cookiebot's declaration, the TCF's device storage disclosures, the Open Cookie
//! Database, and other CSV or JSON of the same kind.
//!
//! All become blocks, as a page does: a group is a heading, a record is a row of a table whose headings
//! are words that stand over columns, too.

mod record;
mod script;
mod tcf;
#[cfg(test)]
mod tests;

use super::document::{Block, MOST_BLOCKS, Table};
use super::forms;
use super::words::Column;
use serde_json::Value;

/// Records nest no deeper.
const DEPTH: usize = 12;

/// The blocks of a declaration in data; none of a text that is no data.
pub(super) fn blocks(text: &str) -> Option<Vec<Block>> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        // A text may begin with a bracket.
        let value = serde_json::from_str::<Value>(text).ok()?;
        return Some(of_json(&value)).filter(|blocks| !blocks.is_empty());
    }
    script::blocks(text).or_else(|| of_csv(text))
}

/// Whether a JSON text is a declaration, though nothing in it is declared: `{"disclosures": []}`.
pub(super) fn is_empty(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| tcf::disclosures(&value).is_some())
}

/// A CSV whose first row is of headings.
fn of_csv(text: &str) -> Option<Vec<Block>> {
    // What a spreadsheet writes for itself.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.trim_end().len() == 5 && first.starts_with("sep=") => rest,
        _ => text,
    };
    let first = text.lines().next()?;
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| first.bytes().filter(|byte| byte == delimiter).count())?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let head: Vec<String> = records.next()?.ok()?.iter().map(str::to_owned).collect();
    if head.len() < 3 || !forms::is_head(&record::known_heads(&head)) {
        return None;
    }
    let rows = records
        .take(MOST_BLOCKS)
        .filter_map(|record| Some(record.ok()?.iter().map(str::to_owned).collect()))
        .collect();
    let mut table = Table { head, rows, caption: None };
    record::settle(&mut table);
    Some(vec![Block::Table(table)])
}

fn of_json(value: &Value) -> Vec<Block> {
    let mut blocks = Vec::new();
    match tcf::disclosures(value) {
        Some(disclosures) => tcf::walk(disclosures, &mut blocks),
        None => walk(value, &Group::default(), 0, &mut blocks),
    }
    // Headings without a record are no declaration.
    if !blocks.iter().any(|block| matches!(block, Block::Table(_))) {
        blocks.clear();
    }
    blocks
}

/// What a record is told by where it stands.
#[derive(Clone, Debug, Default)]
struct Group {
    party: Option<&'static str>,
    provider: Option<String>,
}

impl Group {
    /// The group below a key of this one.
    fn below(&self, key: &str) -> Group {
        let party = match key {
            "first party cookies" | "first party" => Some("First party"),
            // OneTrust: the hosts of others, each with its cookies.
            "third party cookies" | "third party" | "hosts" => Some("Third party"),
            _ => self.party,
        };
        Group { party, ..self.clone() }
    }
}

/// Keys that hold the name of a group.
const GROUP_NAMES: &[&str] = &[
    "group name",
    "category name",
    "category title",
    "category",
    "title",
    "name",
    "slug",
    "cookie category",
    "display name",
    "host name",
];

/// Every record with a name is a table of its own row; the names of groups are headings.
fn walk(value: &Value, group: &Group, depth: usize, blocks: &mut Vec<Block>) {
    if depth > DEPTH || blocks.len() > MOST_BLOCKS {
        return;
    }
    match value {
        Value::Array(list) => {
            for entry in list {
                walk(entry, group, depth + 1, blocks);
            }
        }
        Value::Object(fields) => {
            let holds_records = fields.values().any(|value| match value {
                Value::Array(list) => list.iter().any(Value::is_object),
                Value::Object(inner) => record::of(inner, group).is_some(),
                _ => false,
            });
            if !holds_records && let Some(table) = record::of(fields, group) {
                blocks.push(Block::Table(table));
                return;
            }
            let before = blocks.len();
            groups(fields, group, depth, blocks);
            // A record may hold a list of something else.
            if !blocks[before..].iter().any(|block| matches!(block, Block::Table(_))) {
                blocks.truncate(before);
                blocks.extend(record::of(fields, group).map(Block::Table));
            }
        }
        _ => {}
    }
}

/// A group: its name, and what stands under each of its keys.
fn groups(fields: &serde_json::Map<String, Value>, group: &Group, depth: usize, blocks: &mut Vec<Block>) {
    let level = u8::try_from(depth.min(6)).unwrap_or(6).max(1);
    let named =
        |wanted: &&str| fields.iter().find(|(key, _)| record::spoken(key) == *wanted).map(|(_, value)| value);
    let name = GROUP_NAMES
        .iter()
        .find_map(|key| record::text(named(key)?))
        .or_else(|| name_in_languages(named(&"group language properties sets")?))
        .or_else(|| name_in_languages(named(&"parent")?.get("GroupLanguagePropertiesSets")?));
    let mut group = group.clone();
    let mut below_name = level;
    if let Some(name) = name {
        if group.party == Some("Third party") {
            group.provider = Some(name);
        } else {
            blocks.push(Block::Heading { text: name, level });
            below_name = level + 1;
        }
    }
    for (key, value) in fields {
        let key = record::spoken(key);
        let below = group.below(&key);
        // The key of a list may be its category (`"analytics": [...]`); what is no category ends the one before it.
        if matches!(value, Value::Array(list) if list.iter().any(Value::is_object))
            && below.party == group.party
        {
            blocks.push(Block::Heading { text: key.clone(), level: below_name });
        }
        walk(value, &below, depth + 1, blocks);
    }
}

/// OneTrust's older groups have their name in every language, or in those of the group above.
fn name_in_languages(sets: &Value) -> Option<String> {
    record::text(sets.as_array()?.first()?.get("GroupName")?)
}

/// A heading that is read as the column again.
fn heading(column: Column) -> &'static str {
    match column {
        Column::Name => "Cookie",
        Column::Purpose => "Purpose",
        Column::Duration => "Duration",
        Column::Category => "Category",
        Column::Type => "Type",
        Column::Provider => "Provider",
        Column::Service => "Service",
        Column::Domain => "Domain",
        Column::Party => "Party",
        Column::Storage => "Storage",
        Column::Attributes => "Attributes",
        Column::Path => "Path",
        Column::SetOn => "Set on",
        Column::Essential => "Essential",
        Column::Other => "Value",
    }
}
