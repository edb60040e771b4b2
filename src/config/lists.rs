//! A list of tables that was written as a table of named ones, and the reverse: what is meant can be told,
//! and how it is written.

use super::shape::{Field, RecordShape, Shape};
use super::{Entry, Format, Node, Problems, Value, nearest, shortened};

/// Says so of a table whose keys are the names of what should be a list. False: it is none.
pub(super) fn written_by_name(node: &Node, shape: &Shape, problems: &mut Problems) -> bool {
    let Some((first, others)) = node.entries().split_first() else { return false };
    let Shape::Record(record) = shape else { return false };
    if problems.is_full() || !node.entries().iter().all(|entry| is_another(entry, record)) {
        return false;
    }
    let message = format!("{} must be a list, not a table with a name for each entry", problems.subject);
    let mut fix = as_entry(first, &problems.path, key_of(record), problems.format);
    if !others.is_empty() {
        fix.push_str(", and likewise for the others");
    }
    problems.error(&first.key_span, message).fix(fix);
    true
}

/// Says of a table below one of a list that it should be another one. False: it is something else.
pub(super) fn another_by_name(entry: &Entry, shape: &Shape, problems: &mut Problems) -> bool {
    let Shape::Record(record) = shape else { return false };
    if !is_another(entry, record) {
        return false;
    }
    let (key, one) = (shortened(&entry.key), record.name.replace('-', " "));
    let message = format!("`{key}` stands within the {one} before it, and is one of its own");
    let fix = as_entry(entry, &problems.path, key_of(record), problems.format);
    problems.error(&entry.key_span, message).fix(fix);
    true
}

/// Whether a key is the name of another record, and no mistyped key of this one.
fn is_another(entry: &Entry, record: &RecordShape) -> bool {
    let known = |field: &Field| field.key == entry.key;
    let with_tables = record.fields.iter().filter(|field| takes_table(&field.shape)).map(|field| field.key);
    matches!(entry.node.value, Value::Table(_))
        && !record.fields.iter().any(known)
        && nearest(&entry.key, with_tables).is_none()
}

fn takes_table(shape: &Shape) -> bool {
    match shape {
        Shape::Anything | Shape::Map { .. } | Shape::Record(_) => true,
        Shape::Either(shapes) => shapes.iter().any(takes_table),
        _ => false,
    }
}

/// How a list should have been written of which one table, or a table with names, is meant.
pub(super) fn written_as_list(node: &Node, shape: &Shape, problems: &Problems) -> Option<String> {
    let Value::List(nodes) = &node.value else { return None };
    let nodes = nodes.iter().all(|node| matches!(node.value, Value::Table(_))).then_some(nodes)?;
    let path = dotted(&problems.path);
    Some(match (shape, problems.format) {
        (Shape::Map { values, .. }, format) => {
            let named = nodes.first().and_then(|node| node.get("name")?.text());
            let name = quoted_if_needed(named.unwrap_or("NAME"));
            match format {
                Format::Toml if takes_table(values) => {
                    format!("write [{path}.{name}] instead of [[{path}]], with a name for each")
                }
                Format::Toml => format!("write [{path}], once, with `{name} = ...` for each"),
                Format::Yaml | Format::Json => {
                    format!("write a name for each, such as `{name}: ...`, instead of a list")
                }
            }
        }
        (Shape::Record(_), Format::Toml) => format!("write [{path}], once, instead of [[{path}]]"),
        (Shape::Record(_), _) => "leave out the list around it".to_owned(),
        _ => return None,
    })
}

/// How an entry is written, which was written by name.
fn as_entry(entry: &Entry, path: &[String], key: Option<&str>, format: Format) -> String {
    let name = serde_json::Value::from(shortened(&entry.key));
    let with = |sign: &str| key.map(|key| format!("{key}{sign}{name}"));
    match format {
        Format::Toml => {
            let (path, below) = (dotted(path), quoted_if_needed(&entry.key));
            let with = with(" = ").map(|with| format!(" with {with}")).unwrap_or_default();
            format!("write [[{path}]]{with} instead of [{path}.{below}]")
        }
        Format::Yaml => {
            format!("write `- {}` instead of `{}:`", with(": ").unwrap_or_else(|| "...".into()), entry.key)
        }
        Format::Json => {
            let with = key.map_or_else(|| "...".to_owned(), |key| format!("\"{key}\": {name}, ..."));
            format!("write [{{{with}}}] instead of {{{name}: ...}}")
        }
    }
}

/// The key whose text tells one entry from another.
fn key_of(record: &RecordShape) -> Option<&'static str> {
    let mut required = record.fields.iter().filter(|field| field.required).map(|field| field.key);
    let by_name = record.fields.iter().map(|field| field.key).find(|key| *key == "name");
    by_name.or_else(|| required.next())
}

fn dotted(path: &[String]) -> String {
    path.iter().map(|key| quoted_if_needed(key)).collect::<Vec<_>>().join(".")
}

/// A key as TOML wants it.
fn quoted_if_needed(key: &str) -> String {
    match !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        true => shortened(key),
        false => serde_json::Value::from(shortened(key)).to_string(),
    }
}
