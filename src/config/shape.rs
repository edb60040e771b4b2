//! What a value may look like: the one description that messages and JSON Schemas are made from.
//! Decoders give it themselves ([`super::Decode::shape`]), so it cannot drift from them.

use serde_json::{Map, Value as Json, json};

/// What a value may look like.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Anything,
    Bool,
    Integer {
        least: i64,
        most: i64,
    },
    Number,
    /// Text of some form: what it is called, a pattern for the schema, an example for messages.
    Text {
        called: &'static str,
        pattern: Option<&'static str>,
        example: Option<&'static str>,
    },
    Words(Vec<&'static str>),
    List(Box<Shape>),
    /// A table with keys of the user's choice, or of a list.
    Map {
        keys: Option<Vec<&'static str>>,
        values: Box<Shape>,
    },
    Record(RecordShape),
    Either(Vec<Shape>),
}

/// A table with known keys.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordShape {
    pub name: &'static str,
    pub fields: Vec<Field>,
    /// Exactly one of its keys is there.
    pub exactly_one: bool,
}

/// A key of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub key: &'static str,
    /// One sentence for people.
    pub about: &'static str,
    pub required: bool,
    pub shape: Shape,
}

impl Shape {
    /// Any text.
    pub const TEXT: Shape = Shape::Text { called: "text", pattern: None, example: None };

    /// Text of some form.
    pub const fn text(called: &'static str, pattern: &'static str, example: &'static str) -> Shape {
        Shape::Text { called, pattern: Some(pattern), example: Some(example) }
    }

    /// One, or a list of them.
    pub fn one_or_more(self) -> Shape {
        Shape::Either(vec![self.clone(), Shape::List(Box::new(self))])
    }

    /// Completes "it must be ...".
    pub fn expected(&self) -> String {
        match self {
            Shape::Anything => "anything".to_owned(),
            Shape::Bool => "true or false".to_owned(),
            Shape::Integer { least, most } if *most > i64::from(u32::MAX) => {
                format!("a whole number from {least}")
            }
            Shape::Integer { least, most } => format!("a whole number from {least} to {most}"),
            Shape::Number => "a number".to_owned(),
            Shape::Text { called, example: None, .. } => (*called).to_owned(),
            Shape::Text { called, example: Some(example), .. } => format!("{called} such as \"{example}\""),
            Shape::Words(words) => one_of(words),
            Shape::List(_) => "a list".to_owned(),
            Shape::Map { .. } | Shape::Record(_) => "a table".to_owned(),
            Shape::Either(shapes) => {
                let mut kinds: Vec<String> = Vec::new();
                for kind in shapes.iter().map(Shape::expected) {
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
                kinds.join(", or ")
            }
        }
    }
}

/// "`a`, `b` or `c`".
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The JSON Schema (draft 2020-12) of a file.
pub fn json_schema(shape: &Shape, title: &str, description: &str) -> Json {
    let mut records = Map::new();
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), description.into());
    if let Shape::Record(record) = shape {
        schema.extend(record_schema(record, &mut records));
    }
    schema.insert("$defs".into(), Json::Object(records));
    Json::Object(schema)
}

fn schema(shape: &Shape, records: &mut Map<String, Json>) -> Map<String, Json> {
    let json = match shape {
        Shape::Anything => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Integer { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Number => json!({"type": "number"}),
        Shape::Text { pattern: None, .. } => json!({"type": "string"}),
        Shape::Text { pattern: Some(pattern), .. } => json!({"type": "string", "pattern": pattern}),
        Shape::Words(words) => json!({"enum": words}),
        Shape::List(items) => json!({"type": "array", "items": schema(items, records)}),
        Shape::Map { keys: None, values } => {
            json!({"type": "object", "additionalProperties": schema(values, records)})
        }
        Shape::Map { keys: Some(keys), values } => {
            let values = schema(values, records);
            let properties: Map<String, Json> =
                keys.iter().map(|key| ((*key).to_owned(), Json::Object(values.clone()))).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        Shape::Record(record) => {
            if !records.contains_key(record.name) {
                records.insert(record.name.to_owned(), Json::Null);
                let schema = record_schema(record, records);
                records.insert(record.name.to_owned(), Json::Object(schema));
            }
            json!({"$ref": format!("#/$defs/{}", record.name)})
        }
        Shape::Either(shapes) => {
            let shapes: Vec<_> = shapes.iter().map(|shape| schema(shape, records)).collect();
            json!({"anyOf": shapes})
        }
    };
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn record_schema(record: &RecordShape, records: &mut Map<String, Json>) -> Map<String, Json> {
    let mut properties = Map::new();
    for field in &record.fields {
        let mut schema = schema(&field.shape, records);
        schema.insert("description".into(), field.about.into());
        properties.insert(field.key.to_owned(), Json::Object(schema));
    }
    let required: Vec<&str> =
        record.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), Json::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if record.exactly_one {
        schema.insert("minProperties".into(), 1.into());
        schema.insert("maxProperties".into(), 1.into());
    }
    schema.insert("additionalProperties".into(), false.into());
    schema
}
