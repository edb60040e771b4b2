//! Declarations in data: OneTrust's and Cookiebot's lists, the TCF's device storage disclosures, the
//! Open Cookie Database, and other CSV or JSON of the same kind. A list of records with names is
//! read by its keys, which are the words that stand over columns, too.

use super::document::{Block, Table};
use super::forms;
use super::inline;
use super::words::{self, Column};
use serde_json::Value;

/// Records nest no deeper.
const DEPTH: usize = 12;

/// The blocks of a CSV or JSON declaration; none of a text that is neither.
pub(super) fn blocks(text: &str) -> Option<Result<Vec<Block>, ()>> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        return match serde_json::from_str::<Value>(text) {
            Ok(value) => Some(of_json(&value)),
            // A text may begin with a bracket.
            Err(_) => None,
        };
    }
    of_csv(text).map(Ok)
}

/// Whether a JSON text is a declaration that names nothing: `{"disclosures": []}`.
pub(super) fn is_empty(text: &str) -> bool {
    serde_json::from_str::<Value>(text)
        .is_ok_and(|value| value.get("disclosures").and_then(Value::as_array).is_some_and(Vec::is_empty))
}

/// A CSV whose first row is of headings.
fn of_csv(text: &str) -> Option<Vec<Block>> {
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
    let name = head.iter().position(|cell| forms::heading_column(cell) == Some(Column::Name));
    if head.len() < 3 || !forms::is_head(&head) {
        return None;
    }
    let wildcard = head.iter().position(|cell| inline::folded(cell) == "wildcard match");
    let mut rows = Vec::new();
    for record in records.take(super::document::MOST_BLOCKS) {
        let Ok(record) = record else { continue };
        let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
        let is_start = wildcard.and_then(|at| row.get(at)).is_some_and(|cell| cell.trim() == "1");
        if is_start
            && let Some(cell) = name.and_then(|at| row.get_mut(at))
            && !cell.ends_with('*')
        {
            cell.push('*');
        }
        rows.push(row);
    }
    Some(vec![Block::Table(Table { head, rows, caption: None })])
}

fn of_json(value: &Value) -> Result<Vec<Block>, ()> {
    let mut blocks = Vec::new();
    walk(value, None, 0, &mut blocks);
    if blocks.iter().any(|block| matches!(block, Block::Table(_))) { Ok(blocks) } else { Err(()) }
}

/// Every record with a name is a table of its own row; the names of groups are headings.
fn walk(value: &Value, key: Option<&str>, depth: usize, blocks: &mut Vec<Block>) {
    if depth > DEPTH || blocks.len() > super::document::MOST_BLOCKS {
        return;
    }
    match value {
        Value::Array(list) => {
            // The key of a list may be its category: `"analytics": [...]`.
            if let Some(key) = key.filter(|key| super::category::of_heading(&spoken(key)).is_some()) {
                blocks.push(Block::Heading { text: spoken(key), level: 2 });
            }
            for entry in list {
                walk(entry, None, depth + 1, blocks);
            }
        }
        Value::Object(fields) => {
            if let Some(table) = record(fields) {
                blocks.push(Block::Table(table));
                return;
            }
            let group = [
                "GroupName",
                "groupName",
                "Category",
                "category",
                "CategoryName",
                "categoryName",
                "title",
                "name",
            ];
            if let Some(name) = group.iter().find_map(|key| fields.get(*key)).and_then(Value::as_str) {
                blocks.push(Block::Heading { text: name.to_owned(), level: 2 });
            }
            for (key, value) in fields {
                walk(value, Some(key), depth + 1, blocks);
            }
        }
        _ => {}
    }
}

/// A record as a table of one row, where it has a name and something about it.
fn record(fields: &serde_json::Map<String, Value>) -> Option<Table> {
    let mut head = Vec::new();
    let mut row = Vec::new();
    let mut named = false;
    let mut about = false;
    let mut session = false;
    let mut refresh = false;
    for (key, value) in fields {
        let words = spoken(key);
        let column = match words.as_str() {
            "identifier" | "cookie name" | "cookie" | "name" | "key" => Some(Column::Name),
            "max age seconds" => Some(Column::Duration),
            // The TCF: the lifetime begins anew with each visit.
            "cookie refresh" if value.as_bool() == Some(true) => {
                refresh = true;
                continue;
            }
            "length" | "duration days" | "expiry days" | "retention period" | "expire" => {
                Some(Column::Duration)
            }
            "host" | "domains" | "domain" => Some(Column::Domain),
            "cookie category name" => Some(Column::Category),
            other => words::column(other),
        };
        let Some(column) = column else {
            session |= matches!(words.as_str(), "is session" | "session") && value.as_bool() == Some(true);
            continue;
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => match words.as_str() {
                // The TCF's word for a browser session.
                "max age seconds" if number.as_i64() == Some(0) => "Session".to_owned(),
                "max age seconds" => format!("{number} seconds"),
                _ if column == Column::Duration => format!("{number} days"),
                _ => number.to_string(),
            },
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            _ => continue,
        };
        // OneTrust writes days as a text.
        let text =
            if column == Column::Duration && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
                format!("{text} days")
            } else {
                text
            };
        let text = match (column, text.as_str()) {
            // The TCF's word for all storage of the web that is no cookie.
            (Column::Type, "web") => "local storage".to_owned(),
            (Column::Duration, "0 days") => continue,
            _ => text,
        };
        named |= column == Column::Name && !text.is_empty();
        about |= matches!(
            column,
            Column::Duration
                | Column::Purpose
                | Column::Type
                | Column::Domain
                | Column::Category
                | Column::Provider
        );
        head.push(heading(column).to_owned());
        row.push(text);
    }
    if refresh
        && let Some(cell) = head.iter().position(|head| head == "Duration").and_then(|at| row.get_mut(at))
    {
        cell.push_str("; refreshed on activity");
    }
    if session {
        about = true;
        head.push("Duration".to_owned());
        row.push("Session".to_owned());
    }
    (named && about).then_some(Table { head, rows: vec![row], caption: None })
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

/// `maxAgeSeconds`, `cookie_name` → words.
fn spoken(key: &str) -> String {
    let mut words = String::new();
    let mut before: Option<char> = None;
    for c in key.chars() {
        if c == '_' || c == '-' {
            words.push(' ');
        } else {
            if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.trim().to_owned()
}
