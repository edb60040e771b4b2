//! What a file is that is no saved scan: whoever names the wrong one of the many that a run can write is told
//! which it is, and which was meant.

use super::NotAScan;
use serde_json::Value;

const SAVE: &str = "`--save-scan FILE` writes one";
const MANIFEST: &str = "name it with `--manifest FILE`";
const PLAN: &str = "name it as the argument";
const STATE: &str = "name it with `--state FILE --resume`, or save the scan when the run is done";
const HISTORY: &str = "name it with `--history FILE`; `cookieproof history` lists what is in it";
const BASELINE: &str = "name it with `--baseline FILE`";
const SITES: &str = "name it with `--sites FILE`";
const UNPACK: &str = "unpack it first";

/// What a file is, and what to do with it.
type Told = (&'static str, &'static str);

/// The file as what it is, where that can be told.
pub(super) fn foreign(bytes: &[u8]) -> Option<NotAScan> {
    let (what, hint) = told(bytes)?;
    Some(NotAScan::Foreign { what, hint })
}

fn told(bytes: &[u8]) -> Option<Told> {
    if let Some((_, told)) = BINARIES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(*told);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Some(("no text", SAVE)) };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Some(("an empty file", SAVE));
    }
    // Of a file of many lines, each JSON, the first says what it is.
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) if value.is_object() || value.is_array() => of_json(&value),
        _ if text.starts_with(['{', '[']) && !is_table(text) => None,
        _ => Some(of_text(text)),
    }
}

/// Files that begin with bytes of their own.
const BINARIES: [(&[u8], Told); 8] = [
    (b"SQLite format 3\0", ("a history of nights", HISTORY)),
    (b"\x1f\x8b", ("a file packed with gzip", UNPACK)),
    (b"PK\x03\x04", ("a ZIP archive", UNPACK)),
    (b"\x28\xb5\x2f\xfd", ("a file packed with zstd", UNPACK)),
    (b"%PDF-", ("a PDF file", SAVE)),
    (b"\x89PNG", ("a picture", SAVE)),
    (b"\xff\xfe", ("text in UTF-16", "save it as UTF-8")),
    (b"\xfe\xff", ("text in UTF-16", "save it as UTF-8")),
];

/// The `format` of files of ours, without its version.
const OURS: [(&str, Told); 8] = [
    ("cookieproof-report", ("a JSON report", SAVE)),
    ("cookieproof-sites", ("a summary of many sites", SAVE)),
    ("cookieproof-evidence", ("what an evidence folder says of itself", "name the `scan.json` beside it")),
    ("cookieproof-history", ("an overview of nights", SAVE)),
    ("cookieproof-diff", ("a comparison of two nights", SAVE)),
    ("cookieproof-fleet-status", ("how a fleet's run stands", SAVE)),
    ("cookieproof-notice", ("a notice of a run", SAVE)),
    ("cookieproof-sites-notice", ("a notice of a run over many sites", SAVE)),
];

/// Members by which JSON is known, as pointers; all of them have to be there.
const MEMBERS: [(&[&str], Told); 16] = [
    (&["/log/entries"], ("a HAR file", "say as whom it was recorded with `--as PERSONA/STATE`")),
    (&["/runs/0/tool"], ("a SARIF report", SAVE)),
    (&["/cookieproof_state"], ("the state of a run", STATE)),
    (&["/job", "/scan"], ("what a fleet's worker sent", "`cookieproof fleet collect` reads it")),
    (&["/look", "/deliveries"], ("a fleet's job", "`cookieproof fleet collect` reads what came of it")),
    (
        &["/run", "/submitted", "/sites"],
        ("a fleet's record of a run", "`cookieproof fleet collect` reads it"),
    ),
    (&["/accepted"], ("a baseline", BASELINE)),
    (&["/cookies", "/origins"], ("Playwright's storageState", SAVE)),
    (&["/0/fingerprint", "/0/location"], ("a code quality report", SAVE)),
    (&["/$schema", "/properties"], ("a JSON Schema", SAVE)),
    (&["/sites/0/name"], ("a list of sites", SITES)),
    (&["/sites/0/plan"], ("a list of sites", SITES)),
    (&["/site"], ("a manifest", MANIFEST)),
    (&["/cookies/0/name"], ("a manifest", MANIFEST)),
    (&["/targets"], ("a plan", PLAN)),
    (&["/personas"], ("a plan", PLAN)),
];

fn of_json(value: &Value) -> Option<Told> {
    if let Some(format) = value.get("format").and_then(Value::as_str) {
        let name = format.split('/').next().unwrap_or_default();
        if let Some((_, told)) = OURS.iter().find(|(ours, _)| *ours == name) {
            return Some(*told);
        }
        if name.starts_with("cookieproof-") {
            return Some(("another file of cookieproof's", SAVE));
        }
    }
    let has_all = |pointers: &&[&str]| pointers.iter().all(|pointer| value.pointer(pointer).is_some());
    MEMBERS.iter().find(|(pointers, _)| has_all(pointers)).map(|(_, told)| *told)
}

/// Lines by whose start TOML and YAML are known.
const LINES: [(&[&str], Told); 4] = [
    (&["[[accepted]]", "accepted:"], ("a baseline", BASELINE)),
    (&["[[sites]]", "sites:"], ("a list of sites", SITES)),
    (&["[targets", "[personas", "targets:", "personas:"], ("a plan", PLAN)),
    (&["[site]", "[[cookies]]", "[cookies", "site:", "cookies:"], ("a manifest", MANIFEST)),
];

fn of_text(text: &str) -> Told {
    let head = &text[..text.floor_char_boundary(64)];
    if head.starts_with("<testsuite") || head.starts_with("<?xml") {
        return ("XML", SAVE);
    }
    if head.starts_with('<') {
        return ("a web page", SAVE);
    }
    let has_line =
        |starts: &&[&str]| text.lines().any(|line| starts.iter().any(|start| line.starts_with(start)));
    if let Some((_, told)) = LINES.iter().find(|(starts, _)| has_line(starts)) {
        return *told;
    }
    if head.starts_with("# Cookie") || head.starts_with("# ") && text.contains("\n## ") {
        return ("a Markdown report", SAVE);
    }
    if head.starts_with("\"kind\",\"name\",") {
        return ("a table of the inventory", SAVE);
    }
    if head.starts_with("::error ") || head.starts_with("::warning ") || head.starts_with("::notice ") {
        return ("GitHub's annotations", SAVE);
    }
    ("no JSON", SAVE)
}

/// A line of TOML that begins a table, rather than a list of JSON.
fn is_table(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim_end();
    let name = line.trim_start_matches('[').trim_end_matches(']');
    line.starts_with('[')
        && line.ends_with(']')
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '"')
}

#[cfg(test)]
mod tests {
    use crate::observation::Scan;

    #[test]
    fn a_file_of_another_kind_is_told_what_it_is() {
        for (file, what) in [
            ("", "an empty file"),
            (" \n", "an empty file"),
            ("SQLite format 3\0\u{1}", "a history of nights"),
            ("PK\u{3}\u{4}...", "a ZIP archive"),
            ("%PDF-1.7", "a PDF file"),
            (r#"{"format": "cookieproof-report/1"}"#, "a JSON report"),
            (r#"{"format": "cookieproof-report/2", "run": {}}"#, "a JSON report"),
            (r#"{"format": "cookieproof-sites/1"}"#, "a summary of many sites"),
            (r#"{"format": "cookieproof-evidence/1"}"#, "what an evidence folder says of itself"),
            (r#"{"format": "cookieproof-history/1"}"#, "an overview of nights"),
            (r#"{"format": "cookieproof-diff/1"}"#, "a comparison of two nights"),
            (r#"{"format": "cookieproof-fleet-status/1"}"#, "how a fleet's run stands"),
            (r#"{"format": "cookieproof-notice/1"}"#, "a notice of a run"),
            (r#"{"format": "cookieproof-sites-notice/1"}"#, "a notice of a run over many sites"),
            (r#"{"format": "cookieproof-thing/1"}"#, "another file of cookieproof's"),
            (r#"{"log": {"version": "1.2", "entries": []}}"#, "a HAR file"),
            (r#"{"version": "2.1.0", "runs": [{"tool": {}}]}"#, "a SARIF report"),
            ("{\"cookieproof_state\": 1, \"tool\": \"a\"}\n{\"commit\": 3}\n", "the state of a run"),
            (r#"{"format": 1, "worker": "a", "job": {}, "scan": {}}"#, "what a fleet's worker sent"),
            (r#"{"format": 1, "run": "n", "look": {}, "deliveries": 5}"#, "a fleet's job"),
            (r#"{"format": 1, "run": "n", "submitted": "", "sites": []}"#, "a fleet's record of a run"),
            (r#"{"site": "https://a.test", "accepted": []}"#, "a baseline"),
            ("site = \"https://a.test\"\n\n[[accepted]]\nid = \"1\"\n", "a baseline"),
            ("site: https://a.test\naccepted:\n  - id: 1\n", "a baseline"),
            (r#"{"cookies": [], "origins": []}"#, "Playwright's storageState"),
            (r#"[{"fingerprint": "1", "location": {}}]"#, "a code quality report"),
            (r#"{"$schema": "https://json-schema.org/", "properties": {}}"#, "a JSON Schema"),
            (r#"{"sites": [{"name": "a"}]}"#, "a list of sites"),
            ("[[sites]]\nname = \"a\"\n", "a list of sites"),
            (r#"{"site": {"name": "a"}}"#, "a manifest"),
            (r#"{"cookies": [{"name": "a"}]}"#, "a manifest"),
            ("[site]\nname = 1\n", "a manifest"),
            ("# the cookies\n[[cookies]]\nname = \"a\"\n", "a manifest"),
            ("cookies:\n  - name: a\n", "a manifest"),
            (r#"{"targets": {}}"#, "a plan"),
            ("[targets.a]\nurl = \"https://a.test/\"\n", "a plan"),
            ("personas:\n  a: {}\n", "a plan"),
            ("<?xml version=\"1.0\"?><testsuites/>", "XML"),
            ("<testsuites/>", "XML"),
            ("<!doctype html>", "a web page"),
            ("# Cookies of a.test\n\nSome.\n\n## Findings\n", "a Markdown report"),
            ("\"kind\",\"name\",\"domain\"\n", "a table of the inventory"),
            ("::error title=undeclared-cookie::sid\n", "GitHub's annotations"),
            ("sid=1; Path=/", "no JSON"),
        ] {
            let said = Scan::read(file.as_bytes()).unwrap_err().to_string();
            let start = format!("this is {what}, not a saved scan: ");
            assert!(said.starts_with(&start) && said.len() > start.len(), "{file:?}: {said}");
        }
        for (file, what) in [
            (&b"\x1f\x8b\x08\x00"[..], "a file packed with gzip"),
            (b"\x28\xb5\x2f\xfd\x04", "a file packed with zstd"),
            (b"\x89PNG\r\n", "a picture"),
            (b"\xff\xfe{\0", "text in UTF-16"),
            (b"\xfe\xff\0{", "text in UTF-16"),
            (b"{\xff}", "no text"),
        ] {
            let said = Scan::read(file).unwrap_err().to_string();
            assert!(said.starts_with(&format!("this is {what}, not a saved scan: ")), "{file:?}: {said}");
        }
    }

    /// A scan that is broken is one all the same.
    #[test]
    fn what_may_have_been_a_scan_is_not_said_to_be_another_thing() {
        for file in
            ["{\"format\": 1, ", "[1, 2", "{}", "{\"format\": 1}", "[]", "{\"format\": 1, \"run\": 3}"]
        {
            let said = Scan::read(file.as_bytes()).unwrap_err().to_string();
            assert!(said.starts_with("it is not a saved scan: "), "{file:?}: {said}");
        }
    }
}
