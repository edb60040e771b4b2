//! Fields of DevTools' events, whatever is in them: one that is missing or of another kind is empty.

use serde_json::Value;

/// Longer addresses are nobody's link or route, and `data:` ones may hold a whole file.
pub(super) const LONGEST_URL: usize = 64 * 1024;

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// An address, but of what holds its content in itself no more than the beginning.
pub(super) fn address(value: &Value) -> String {
    let url = text(value);
    match url.char_indices().nth(LONGEST_URL) {
        Some((end, _)) => url[..end].to_owned(),
        None => url.to_owned(),
    }
}

pub(super) fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

pub(super) fn status(value: &Value) -> u16 {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}

pub(super) fn header(headers: &Value, name: &str) -> Option<String> {
    values(headers, name).into_iter().next()
}

/// All values of a header: DevTools joins those of one spelling by line feeds, and keeps spellings
/// (`Set-Cookie`, `set-cookie`) apart.
pub(super) fn values(headers: &Value, name: &str) -> Vec<String> {
    let fields = headers.as_object().into_iter().flatten();
    let found = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let texts = found.flat_map(|(_, value)| match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    texts.flat_map(|text| text.split('\n')).map(str::to_owned).collect()
}
