//! What a request tells about its visitor: parameters whose values tell visitors apart, by name
//! and kind, never the values.

use crate::cookie::{CookieValue, ValueFacts, ValueShape};
use serde_json::Value;
use std::collections::BTreeSet;
use url::Url;

/// Deepest level of a JSON body that is looked at.
const DEEPEST: usize = 12;

/// Identifiers and personal data in a request's query and body, sorted.
pub(super) fn carried(url: &Url, body: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (name, value) in url.query_pairs() {
        look(&name, &value, url, &mut found);
    }
    match serde_json::from_str::<Value>(body) {
        Ok(json) => walk("", &json, url, &mut found, 0),
        Err(_) => {
            for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
                look(&name, &value, url, &mut found);
            }
        }
    }
    found.into_iter().collect()
}

fn walk(name: &str, value: &Value, url: &Url, found: &mut BTreeSet<String>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::String(text) => look(name, text, url, found),
        Value::Array(items) => items.iter().for_each(|item| walk(name, item, url, found, depth + 1)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| walk(name, value, url, found, depth + 1));
        }
        Value::Number(number) if names_a_person(name) => look(name, &number.to_string(), url, found),
        _ => {}
    }
}

fn look(name: &str, value: &str, url: &Url, found: &mut BTreeSet<String>) {
    let what = match ValueFacts::of(&CookieValue::new(value), url).shape {
        ValueShape::Email => "an e-mail address",
        ValueShape::Jwt => "a signed token",
        ValueShape::Uuid | ValueShape::Identifier => "an identifier",
        _ if names_a_person(name) && !value.is_empty() => "a user's number or name",
        _ => return,
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    found.insert(format!("{what} in `{name}`"));
}

/// Parameters that are about one person by their very name.
fn names_a_person(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    matches!(
        plain.as_str(),
        "userid"
            | "uid"
            | "visitorid"
            | "vid"
            | "clientid"
            | "cid"
            | "customerid"
            | "username"
            | "anonymousid"
            | "deviceid"
            | "fbp"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_told_by_name_and_kind() {
        let carried = |url: &str, body: &str| carried(&Url::parse(url).unwrap(), body).join("; ");
        #[rustfmt::skip]
        let cases = [
            ("https://t.test/e?name=pageview", r#"{"n":"pageview","u":"https://a.test/","d":"a.test"}"#, ""),
            ("https://t.test/e", r#"{"props":{"user_id":42}}"#, "a user's number or name in `user_id`"),
            ("https://t.test/tr?id=1&fbp=fb.1.1700000000000.1234567890", "", "a user's number or name in `fbp`"),
            ("https://t.test/e?mail=ann@example.test", "", "an e-mail address in `mail`"),
            ("https://t.test/e", "v=1&x=7f9c2ba4e88f827d616045507605853e", "an identifier in `x`"),
        ];
        for (url, body, expected) in cases {
            assert_eq!(carried(url, body), expected, "{url} {body}");
        }
    }
}
