//! YAML 1.2 (core schema) into a tree.
//!
//! Aliases are refused: a manifest has no need of them, and a few lines of them can stand for
//! gigabytes.

use super::source::MOST_LEVELS;
use super::{Entry, Node, Problem, Source, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};
use std::ops::Range;

pub(super) fn parse(source: &Source) -> (Option<Node>, Vec<Problem>) {
    let mut builder = Builder::new(source);
    for event in Parser::new_from_str(source.text()) {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let at = builder.byte(*error.marker());
                Err(Problem::error(source, at..at + 1, format!("this is not YAML: {}", error.info())).into())
            }
        };
        if let Err(problem) = step {
            return (None, vec![*problem]);
        }
    }
    let empty = Node { value: Value::Null, span: 0..0 };
    (Some(builder.root.unwrap_or(empty)), Vec::new())
}

/// Collects events into nodes.
struct Builder<'a> {
    source: &'a Source,
    /// Byte of every character, where they are not the same; the parser counts characters.
    bytes: Option<Vec<usize>>,
    open: Vec<Open>,
    root: Option<Node>,
}

/// A list or table whose end has not come yet.
struct Open {
    start: usize,
    value: Value,
    /// A table's key that waits for its value.
    key: Option<(String, Range<usize>)>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source) -> Self {
        let text = source.text();
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Builder { source, bytes, open: Vec::new(), root: None }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Problem>> {
        let span = self.byte(span.start)..self.byte(span.end);
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Alias(_) => Err(self
                .error(span, "aliases (`*name`) are not read")
                .fixed_by("write the value out once more")
                .into()),
            Event::Scalar(text, style, _, tag) => {
                let as_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                let value = if as_text { Value::Text(text.into_owned()) } else { plain(&text) };
                self.put(Node { value, span })
            }
            Event::SequenceStart(..) => self.begin(span, Value::List(Vec::new())),
            Event::MappingStart(..) => self.begin(span, Value::Table(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    self.put(Node { value: open.value, span: open.start..span.start.max(open.start) })
                }
                None => Ok(()),
            },
        }
    }

    fn begin(&mut self, span: Range<usize>, value: Value) -> Result<(), Box<Problem>> {
        if self.open.len() >= MOST_LEVELS {
            return Err(self.error(span, "this is nested too deeply").into());
        }
        self.open.push(Open { start: span.start, value, key: None });
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Box<Problem>> {
        let Some(open) = self.open.last_mut() else {
            if self.root.is_some() {
                return Err(self
                    .error(node.span, "this begins a second document")
                    .fixed_by("use a file of its own")
                    .into());
            }
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.value, open.key.take()) {
            (Value::List(nodes), _) => nodes.push(node),
            (Value::Table(entries), Some((key, key_span))) => entries.push(Entry { key, key_span, node }),
            (_, _) => match key_of(&node.value, &self.source.text()[self.source.fit(node.span.clone())]) {
                Some(key) => open.key = Some((key, node.span)),
                None => return Err(self.error(node.span, "a key must be text").into()),
            },
        }
        Ok(())
    }

    fn error(&self, span: Range<usize>, message: &str) -> Problem {
        Problem::error(self.source, span, message)
    }

    fn byte(&self, marker: Marker) -> usize {
        let end = self.source.text().len();
        match &self.bytes {
            Some(bytes) => bytes.get(marker.index()).copied().unwrap_or(end),
            None => marker.index().min(end),
        }
    }
}

/// Keys that look like numbers or words of YAML are text as written.
fn key_of(value: &Value, written: &str) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::List(_) | Value::Table(_) => None,
        _ => Some(written.trim().to_owned()),
    }
}

/// A plain scalar, as the core schema has it (YAML 1.2.2, 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok())
    };
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if let Some(integer) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        Value::Integer(integer)
    } else if !number {
        Value::Text(text.to_owned())
    } else if let Ok(integer) = text.parse() {
        Value::Integer(integer)
    } else if let Ok(float) = text.parse() {
        Value::Number(float)
    } else {
        Value::Text(text.to_owned())
    }
}
