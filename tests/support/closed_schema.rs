//! A JSON schema that admits nothing it does not name: for values of our own, so that no member of theirs stays
//! undescribed.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// What in a value is not as a schema of `config/` says, or is not in it.
pub(crate) fn misfits(value: &Value, schema: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(schema);
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    close(&mut schema);
    let schema = jsonschema::validator_for(&schema).unwrap();
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// No member beyond those that are named.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members.insert("additionalProperties".into(), Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}
