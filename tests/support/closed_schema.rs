//! A JSON schema that admits nothing it does not name: for values of our own, so that no member of theirs stays
//! undescribed.

use serde_json::Value;

/// No member beyond those that are named.
pub(crate) fn close(schema: &mut Value) {
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
