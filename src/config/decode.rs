//! From a tree to values, with every problem on the way.
//!
//! A record is read by one function that names its keys. The same function, run without a tree,
//! describes the record ([`Shape`]); so the keys that are known, the messages and the JSON Schema
//! come from one place. Such a function therefore asks for all of its keys before it gives up on
//! any.

use super::shape::{Field, RecordShape, Shape, one_of};
use super::{Node, Place, Problems, Value, lists, nearest};
use std::collections::BTreeMap;
use std::ops::Range;

/// A value that can be read from a node.
pub trait Decode: Sized {
    /// What its node may look like.
    fn shape() -> Shape;

    /// Reads it. None: a problem was added.
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self>;
}

/// A table with known keys.
pub trait Record: Sized {
    /// Its name in the schema and, with spaces, in messages: `third-party`.
    const NAME: &'static str;

    /// Reads it key by key.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A record's keys while they are read, or described.
#[derive(Debug)]
pub struct Fields<'a> {
    tree: Option<(&'a Node, &'a mut Problems)>,
    record: &'static str,
    known: Vec<&'static str>,
    described: Vec<Field>,
    exactly_one: bool,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// One, or a list of them.
#[derive(Clone, Debug)]
pub struct OneOrMore<T>(pub Vec<T>);

/// A table whose keys the user chose, in the file's order.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<'a> Fields<'a> {
    /// What a key holds, where it is there.
    pub fn optional<T: Decode>(&mut self, key: &'static str, about: &'static str) -> Option<T> {
        self.field(key, about, false)
    }

    /// What a key holds; that it is not there is a problem.
    pub fn required<T: Decode>(&mut self, key: &'static str, about: &'static str) -> Option<T> {
        let value = self.field(key, about, true);
        if !self.has(key) {
            self.problem(|span, record, problems| {
                problems
                    .error(span, format!("this {record} has no `{key}`"))
                    .fix(format!("add {key} = {}", sample(&T::shape())));
            });
        }
        value
    }

    /// What a key holds: one or a list; nothing where it is not there.
    pub fn many<T: Decode>(&mut self, key: &'static str, about: &'static str) -> Vec<T> {
        self.field::<OneOrMore<T>>(key, about, false).map(|list| list.0).unwrap_or_default()
    }

    /// A table of things that the user named.
    pub fn named<T: Decode>(&mut self, key: &'static str, about: &'static str) -> Vec<(Spanned<String>, T)> {
        self.field::<Named<T>>(key, about, false).unwrap_or_default().0
    }

    /// One key exactly must be there.
    pub fn exactly_one(&mut self) {
        self.exactly_one = true;
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    /// What stands under a key, as written.
    pub fn node(&self, key: &str) -> Option<&'a Node> {
        self.tree.as_ref().and_then(|(node, _)| node.get(key))
    }

    /// The whole record.
    pub fn span(&self) -> Range<usize> {
        self.tree.as_ref().map_or(0..0, |(node, _)| node.span.clone())
    }

    /// Where the record begins.
    pub fn place(&self) -> Place {
        self.tree.as_ref().map(|(node, problems)| problems.place(node.span.start)).unwrap_or_default()
    }

    /// Where each key's value is, of the keys that are there.
    pub fn spans(&self) -> BTreeMap<String, Range<usize>> {
        let entries = self.tree.as_ref().map(|(node, _)| node.entries()).unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                (entry.key.clone(), entry.key_span.start..entry.node.span.end.max(entry.key_span.end))
            })
            .collect()
    }

    /// Adds a problem of the record as a whole; does nothing while describing.
    pub fn problem(&mut self, add: impl FnOnce(&Range<usize>, &str, &mut Problems)) {
        if let Some((node, problems)) = &mut self.tree {
            add(&node.span, &in_words(self.record), problems);
        }
    }

    fn field<T: Decode>(&mut self, key: &'static str, about: &'static str, required: bool) -> Option<T> {
        self.known.push(key);
        let Some((node, problems)) = &mut self.tree else {
            self.described.push(Field { key, about, required, shape: T::shape() });
            return None;
        };
        let value = node.get(key)?;
        let of_many = std::mem::replace(&mut problems.is_one_of_many, false);
        let decoded = below(key, value, problems);
        problems.is_one_of_many = of_many;
        decoded
    }

    fn finish(self, shape: impl Fn() -> Shape) {
        let Some((node, problems)) = self.tree else { return };
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        for entry in node.entries() {
            let key = entry.key.as_str();
            if let Some(first) = seen.insert(key, &entry.key_span) {
                problems
                    .error(&entry.key_span, format!("`{key}` is there twice"))
                    .fix("keep one of them")
                    .label(first.clone(), "first here");
            }
            if !self.known.contains(&key) {
                let is_another = problems.is_one_of_many && matches!(entry.node.value, Value::Table(_));
                if is_another && !problems.is_full() && lists::another_by_name(entry, &shape(), problems) {
                    continue;
                }
                let near = (!problems.is_full()).then(|| nearest(key, self.known.iter().copied())).flatten();
                let fix = match near {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => format!("known here: {}", self.known.join(", ")),
                };
                let message = format!("unknown key `{}` in this {}", shortened(key), in_words(self.record));
                problems.error(&entry.key_span, message).fix(fix);
            }
        }
        let there: Vec<_> =
            node.entries().iter().filter(|entry| self.known.contains(&entry.key.as_str())).collect();
        if self.exactly_one && there.len() != 1 {
            let record = in_words(self.record);
            match there.get(1) {
                None if node.entries().is_empty() => {
                    let fix = format!("it must hold one of {}", self.known.join(", "));
                    problems.error(&node.span, format!("this {record} is empty")).fix(fix);
                }
                None => {}
                Some(second) => {
                    let message = format!("this {record} holds more than one thing");
                    problems
                        .error(&second.key_span, message)
                        .fix(format!("make `{}` another {record}", second.key));
                }
            }
        }
    }
}

impl<T: Record> Decode for T {
    fn shape() -> Shape {
        let mut fields = Fields {
            tree: None,
            record: T::NAME,
            known: Vec::new(),
            described: Vec::new(),
            exactly_one: false,
        };
        // Without a tree it has nothing to give; what counts is what it asked for.
        let _ = T::read(&mut fields);
        let Fields { described, exactly_one, .. } = fields;
        Shape::Record(RecordShape { name: T::NAME, fields: described, exactly_one })
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            return wrong_type::<Self>(node, problems);
        }
        let mut fields = Fields {
            tree: Some((node, problems)),
            record: T::NAME,
            known: Vec::new(),
            described: Vec::new(),
            exactly_one: false,
        };
        let value = T::read(&mut fields);
        fields.finish(T::shape);
        value
    }
}

/// Says what a value must be, and gives none.
pub fn wrong_type<T: Decode>(node: &Node, problems: &mut Problems) -> Option<T> {
    let shape = T::shape();
    let message = format!("{} must be {}, not {}", problems.subject, shape.expected(), node.found());
    let fix = match (&node.value, &shape) {
        (Value::Bool(_) | Value::Integer(_) | Value::Number(_), Shape::Text { called: "text", .. }) => {
            Some("put it in quotes".to_owned())
        }
        (Value::Text(text), Shape::Bool) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "always" => Some("write true, without quotes".to_owned()),
            "false" | "no" | "off" | "never" => Some("write false, without quotes".to_owned()),
            _ => None,
        },
        (Value::Text(text), Shape::Integer { .. } | Shape::Number) if text.parse::<f64>().is_ok() => {
            Some(format!("write {text} without quotes"))
        }
        _ => lists::written_as_list(node, &shape, problems),
    };
    let problem = problems.error(&node.span, message);
    if let Some(fix) = fix {
        problem.fix(fix);
    }
    None
}

/// Reads text by a function that says what is wrong with it.
pub fn parsed<T: Decode>(
    node: &Node,
    problems: &mut Problems,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let Some(text) = node.text() else { return wrong_type::<T>(node, problems) };
    match parse(text) {
        Ok(value) => Some(value),
        Err(why) => {
            let message = format!("{} must be {}: {why}", problems.subject, T::shape().expected());
            problems.error(&node.span, message);
            None
        }
    }
}

/// Reads one of a list of words.
pub fn word<T: Decode + super::Words>(node: &Node, problems: &mut Problems) -> Option<T> {
    let Some(text) = node.text() else { return wrong_type::<T>(node, problems) };
    T::from_word(text).or_else(|| {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        unknown_word(text, &words, T::HINTS, &node.span, problems);
        None
    })
}

/// Says that a word is none of a list.
pub fn unknown_word(
    text: &str,
    words: &[&str],
    hints: &[(&str, &str)],
    span: &Range<usize>,
    problems: &mut Problems,
) {
    let hint = hints.iter().find(|(said, _)| said.eq_ignore_ascii_case(text)).map(|(_, meant)| *meant);
    let near = || (!problems.is_full()).then(|| nearest(text, words.iter().copied())).flatten();
    let fix = match hint.or_else(near) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it is one of {}", words.join(", ")),
    };
    let message = format!("{} must be {}, not `{}`", problems.subject, one_of(words), shortened(text));
    problems.error(span, message).fix(fix);
}

impl Decode for bool {
    fn shape() -> Shape {
        Shape::Bool
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => wrong_type(node, problems),
        }
    }
}

impl Decode for String {
    fn shape() -> Shape {
        Shape::TEXT
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.text().map(str::to_owned).or_else(|| wrong_type(node, problems))
    }
}

impl Decode for f64 {
    fn shape() -> Shape {
        Shape::Number
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match node.value {
            Value::Number(value) if value.is_finite() => Some(value),
            Value::Integer(value) => Some(value as f64),
            _ => wrong_type(node, problems),
        }
    }
}

macro_rules! whole_numbers {
    ($($type:ty: $least:expr, $most:expr;)+) => {$(
        impl Decode for $type {
            fn shape() -> Shape {
                Shape::Integer { least: $least, most: $most }
            }

            fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
                match node.value {
                    Value::Integer(value) if ($least..=$most).contains(&value) => Self::try_from(value).ok(),
                    _ => wrong_type(node, problems),
                }
            }
        }
    )+};
}

whole_numbers! {
    u16: 0, 65_535;
    u32: 0, 4_294_967_295;
    usize: 1, 1_000_000_000_000;
}

impl<T: Decode> Decode for Spanned<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        T::decode(node, problems).map(|value| Spanned { value, span: node.span.clone() })
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::List(nodes) => {
                let of_many = std::mem::replace(&mut problems.is_one_of_many, true);
                let values: Vec<T> = nodes.iter().filter_map(|node| T::decode(node, problems)).collect();
                problems.is_one_of_many = of_many;
                (values.len() == nodes.len()).then_some(values)
            }
            Value::Table(_) if lists::written_by_name(node, &T::shape(), problems) => None,
            _ => wrong_type(node, problems),
        }
    }
}

impl<T: Decode> Decode for OneOrMore<T> {
    fn shape() -> Shape {
        T::shape().one_or_more()
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match node.value {
            Value::List(_) => Vec::decode(node, problems).map(OneOrMore),
            Value::Table(_) if lists::written_by_name(node, &T::shape(), problems) => None,
            _ => {
                let of_many = std::mem::replace(&mut problems.is_one_of_many, true);
                let value = T::decode(node, problems);
                problems.is_one_of_many = of_many;
                value.map(|value| OneOrMore(vec![value]))
            }
        }
    }
}

impl<T: Decode> Decode for Named<T> {
    fn shape() -> Shape {
        Shape::Map { keys: None, values: Box::new(T::shape()) }
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            return wrong_type(node, problems);
        }
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        let mut named = Vec::new();
        for entry in node.entries() {
            if let Some(first) = seen.insert(&entry.key, &entry.key_span) {
                problems
                    .error(&entry.key_span, format!("`{}` is there twice", shortened(&entry.key)))
                    .fix("keep one of them")
                    .label(first.clone(), "first here");
            }
            let value = below(&entry.key, &entry.node, problems);
            let key = Spanned { value: entry.key.clone(), span: entry.key_span.clone() };
            named.extend(value.map(|value| (key, value)));
        }
        Some(Named(named))
    }
}

/// Reads what stands under a key.
fn below<T: Decode>(key: &str, node: &Node, problems: &mut Problems) -> Option<T> {
    let outer = std::mem::replace(&mut problems.subject, format!("`{}`", shortened(key)));
    problems.path.push(key.to_owned());
    let value = T::decode(node, problems);
    problems.path.pop();
    problems.subject = outer;
    value
}

/// An example of a value, for "add ...".
fn sample(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "true".to_owned(),
        Shape::Integer { least, .. } => least.to_string(),
        Shape::Text { example: Some(example), .. } => format!("\"{example}\""),
        Shape::Words(words) => format!("\"{}\"", words.first().unwrap_or(&"...")),
        Shape::List(items) => format!("[{}]", sample(items)),
        Shape::Map { .. } | Shape::Record(_) => "{ ... }".to_owned(),
        Shape::Either(shapes) => shapes.first().map(sample).unwrap_or_default(),
        _ => "\"...\"".to_owned(),
    }
}

/// `third-party` → `third party`.
fn in_words(record: &str) -> String {
    record.replace('-', " ")
}

/// Long texts are cut: a message is for reading.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Reads on after a mistake: a list whose one entry is wrong still has the others.
#[derive(Clone, Debug)]
pub struct Lenient<T>(pub Option<T>);

impl<T: Decode> Decode for Lenient<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        Some(Lenient(T::decode(node, problems)))
    }
}

/// An http or https URL without credentials.
impl Decode for url::Url {
    fn shape() -> Shape {
        Shape::text("a URL", "^[hH][tT][tT][pP][sS]?://", "https://example.org")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| {
            let url = url::Url::parse(text).map_err(|error| error.to_string())?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err("only http and https are read".to_owned());
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err("it must not hold a user name or password".to_owned());
            }
            Ok(url)
        })
    }
}
