//! The starter files and the JSON Schemas in `config/`, held against the decoders.

use cookieproof::config::{Format, RecordShape, Shape, Source};
use cookieproof::plan::sites;
use cookieproof::{manifest, plan};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a file is, and what knows it.
struct Kind {
    name: &'static str,
    schema: fn() -> Value,
    shape: fn() -> Shape,
    problems: fn(&str, &str) -> Vec<String>,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "cookies",
        schema: manifest::json_schema,
        shape: manifest::shape,
        problems: |text, file| told(&manifest::read(text, file, Format::of(file, text)).1),
    },
    Kind {
        name: "cookieproof",
        schema: plan::json_schema,
        shape: plan::shape,
        problems: |text, file| told(&plan::read(text, file, Format::of(file, text)).1),
    },
    Kind {
        name: "sites",
        schema: sites::json_schema,
        shape: sites::shape,
        problems: |text, file| told(&sites::read(text, file, Format::of(file, text)).1),
    },
];

fn told(problems: &[impl ToString]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn config(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file)
}

/// Breaks: `COOKIEPROOF_BLESS=1 cargo test schema` writes them anew.
#[test]
fn the_schemas_are_the_decoders() {
    for kind in KINDS {
        let path = config(&format!("{}.schema.json", kind.name));
        let made = serde_json::to_string_pretty(&(kind.schema)()).unwrap() + "\n";
        if std::env::var_os("COOKIEPROOF_BLESS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap() == made, "{} is not up to date", path.display());
    }
}

#[test]
fn the_starter_files_have_no_problems_as_they_are_and_with_everything_switched_on() {
    for kind in KINDS {
        let file = format!("{}.toml", kind.name);
        let text = fs::read_to_string(config(&file)).unwrap();
        let schema = jsonschema::validator_for(&(kind.schema)()).unwrap();
        for text in [text.clone(), switched_on(&text)] {
            assert_eq!((kind.problems)(&text, &file), Vec::<String>::new());
            assert_eq!(against(&schema, &file, &text), Vec::<String>::new());
        }
    }
}

#[test]
fn the_starter_files_show_every_key() {
    for kind in KINDS {
        let text = fs::read_to_string(config(&format!("{}.toml", kind.name))).unwrap();
        let words: BTreeSet<&str> =
            text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).collect();
        let records = records(&(kind.shape)(), Vec::new());
        let keys: BTreeSet<&str> =
            records.iter().flat_map(|(_, record)| record.fields.iter().map(|field| field.key)).collect();
        let missing: Vec<_> = keys.difference(&words).filter(|key| **key != "$schema").collect();
        assert_eq!(missing, Vec::<&&str>::new(), "{}", kind.name);
    }
}

#[test]
fn examples_fit_the_schemas() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut checked = 0;
    for kind in KINDS {
        let schema = jsonschema::validator_for(&(kind.schema)()).unwrap();
        for entry in fs::read_dir(&examples).unwrap() {
            let path = entry.unwrap().path().join(format!("{}.toml", kind.name));
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let file = path.display().to_string();
            assert_eq!(against(&schema, &file, &text), Vec::<String>::new(), "{file}");
            let errors: Vec<String> = (kind.problems)(&text, &file)
                .into_iter()
                .filter(|problem| problem.contains(": error: "))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{file}");
            checked += 1;
        }
    }
    assert!(checked >= 4, "{checked} examples");
}

/// Every key of every record is known to the decoder, and what is not in the schema is not.
#[test]
fn the_decoders_know_exactly_the_keys_of_the_schemas() {
    for kind in KINDS {
        for (path, record) in records(&(kind.shape)(), Vec::new()) {
            let keys: Vec<&str> = record.fields.iter().map(|field| field.key).collect();
            for key in keys.into_iter().chain(["no-such-key"]) {
                let text = document(&path, key);
                let unknown = (kind.problems)(&text, "x.json")
                    .iter()
                    .any(|problem| problem.contains(&format!("unknown key `{key}`")));
                assert_eq!(unknown, key == "no-such-key", "{text}");
            }
        }
    }
}

/// A way to a record: keys, names of the user's, and places in lists.
#[derive(Clone)]
enum Way {
    Key(&'static str),
    Name,
    Item,
}

/// Every record of a shape, with the way to it.
fn records(shape: &Shape, way: Vec<Way>) -> Vec<(Vec<Way>, RecordShape)> {
    let with = |more: Way| way.iter().cloned().chain([more]).collect::<Vec<_>>();
    match shape {
        Shape::Record(record) => {
            let inner =
                record.fields.iter().flat_map(|field| records(&field.shape, with(Way::Key(field.key))));
            std::iter::once((way.clone(), record.clone())).chain(inner).collect()
        }
        Shape::List(shape) => records(shape, with(Way::Item)),
        Shape::Map { keys: None, values } => records(values, with(Way::Name)),
        Shape::Map { keys: Some(keys), values } => records(values, with(Way::Key(keys[0]))),
        Shape::Either(shapes) => shapes.iter().flat_map(|shape| records(shape, way.clone())).collect(),
        _ => Vec::new(),
    }
}

/// A file in which this key stands at the end of the way.
fn document(way: &[Way], key: &str) -> String {
    let mut value = serde_json::json!({ key: null });
    for step in way.iter().rev() {
        value = match step {
            Way::Key(key) => serde_json::json!({ *key: value }),
            Way::Name => serde_json::json!({ "name": value }),
            Way::Item => serde_json::json!([value]),
        };
    }
    value.to_string()
}

/// The file without the `#` of lines that can be switched on.
fn switched_on(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with([' ', ':']) => rest.to_owned(),
        // The lines of a list.
        Some(rest) if rest.starts_with("  {") => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn json(file: &str, text: &str) -> Value {
    Source::new(file, text).parse(Format::of(file, text)).0.unwrap().to_json()
}

fn against(schema: &jsonschema::Validator, file: &str, text: &str) -> Vec<String> {
    schema.iter_errors(&json(file, text)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
