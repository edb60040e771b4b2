//! JSON into a tree, by serde_json: its raw values are slices of the text, and so tell their
//! place. (YAML's claim to contain JSON fails on escaped characters beyond 16 bits.)

use super::source::MOST_LEVELS;
use super::{Entry, Node, Problem, Source, Value};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

pub(super) fn parse(source: &Source) -> (Option<Node>, Vec<Problem>) {
    let result = serde_json::from_str::<&RawValue>(source.text())
        .map_err(|error| problem(source, 0, &error))
        .and_then(|raw| node(raw, source, 0));
    match result {
        Ok(node) => (Some(node), Vec::new()),
        Err(problem) => (None, vec![*problem]),
    }
}

fn node(raw: &RawValue, source: &Source, level: usize) -> Result<Node, Box<Problem>> {
    let text = raw.get();
    let span = span_of(text, source);
    if level > MOST_LEVELS {
        return Err(Box::new(Problem::error(source, span, "this is nested too deeply")));
    }
    let at = |error: serde_json::Error| problem(source, span.start, &error);
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(at)?;
            let mut entries = Vec::with_capacity(members.len());
            for (key, value) in members {
                entries.push(Entry {
                    key: serde_json::from_str(key.get())
                        .map_err(|error| problem(source, span_of(key.get(), source).start, &error))?,
                    key_span: span_of(key.get(), source),
                    node: node(value, source, level + 1)?,
                });
            }
            Value::Table(entries)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(at)?;
            Value::List(
                items.into_iter().map(|item| node(item, source, level + 1)).collect::<Result<_, _>>()?,
            )
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(at)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => match text.parse() {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Number(serde_json::from_str(text).map_err(at)?),
        },
    };
    Ok(Node { value, span })
}

/// Where a slice of the text lies in it.
fn span_of(slice: &str, source: &Source) -> Range<usize> {
    let start = (slice.as_ptr() as usize).saturating_sub(source.text().as_ptr() as usize);
    start..start + slice.len()
}

/// serde_json tells line and column, counted from where it began to read.
fn problem(source: &Source, base: usize, error: &serde_json::Error) -> Box<Problem> {
    let text = &source.text()[source.boundary(base)..];
    let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = base + line + error.column().saturating_sub(1);
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Box::new(Problem::error(source, at..at + 1, format!("this is not JSON: {message}")))
}

/// An object's members in their order, the same key twice included.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
