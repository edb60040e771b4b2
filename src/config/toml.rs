//! TOML into a tree.

use super::source::MOST_LEVELS;
use super::{Entry, Node, Problem, Source, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// After a mistake the parser goes on: what it can still read is in the tree.
pub(super) fn parse(source: &Source) -> (Option<Node>, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(source.text());
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            Problem::error(source, error.span().unwrap_or(0..0), message)
        })
        .collect();
    let span = 0..source.text().len();
    let value = entries(table.get_ref(), source, &mut problems, 0);
    (Some(Node { value, span }), problems)
}

fn entries(table: &DeTable<'_>, source: &Source, problems: &mut Vec<Problem>, level: usize) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            node: node(value, source, problems, level + 1),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Value::Table(entries)
}

fn node(value: &Spanned<DeValue<'_>>, source: &Source, problems: &mut Vec<Problem>, level: usize) -> Node {
    let span = value.span();
    let mut refuse = |message: &str| {
        problems.push(Problem::error(source, span.clone(), message));
        Value::Null
    };
    let value = match value.get_ref() {
        _ if level > MOST_LEVELS => refuse("this is nested too deeply"),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => refuse("this number is too large"),
        },
        DeValue::Float(float) => match float.as_str().parse() {
            Ok(float) => Value::Number(float),
            Err(_) => refuse("this is not a number"),
        },
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(array) => {
            Value::List(array.iter().map(|value| node(value, source, problems, level + 1)).collect())
        }
        DeValue::Table(table) => entries(table, source, problems, level),
    };
    Node { value, span }
}
