//! A scan as a file: JSON, with the version of its format.

use super::{SCAN_FORMAT, Scan};
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, Read as _};

/// Larger files are no scans: what a run keeps of each kind is bounded, and far below this even where
/// every list is full.
const MOST_BYTES: u64 = 224 << 20;

/// Why a file is no saved scan.
#[derive(Debug, thiserror::Error)]
pub enum NotAScan {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// A file of another kind, and what to do with it.
    #[error("{what}, not a saved scan{}", hint.map(|hint| format!(": {hint}")).unwrap_or_default())]
    Foreign { what: &'static str, hint: Option<&'static str> },
    #[error("it is not a saved scan: {0}")]
    Malformed(String),
    #[error("it has format {0}; this version reads format {SCAN_FORMAT}. Make the scan again.")]
    OtherFormat(u64),
}

impl Scan {
    /// Writes it, one line of JSON.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// Reads one that was written by a version with the same format.
    pub fn read(input: impl io::Read) -> Result<Self, NotAScan> {
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let mut text = String::new();
        let read = input.take(MOST_BYTES + 1).read_to_string(&mut text)?;
        if read as u64 > MOST_BYTES {
            return Err(NotAScan::TooLarge);
        }
        // The version first: a scan of another one may lack fields, and that would be no help.
        let format = match serde_json::from_str(&text) {
            Ok(Version { format }) => format,
            Err(error) => {
                return Err(foreign(&text).unwrap_or_else(|| NotAScan::Malformed(without_values(&error))));
            }
        };
        if format != u64::from(SCAN_FORMAT) {
            return Err(NotAScan::OtherFormat(format));
        }
        serde_json::from_str(&text).map_err(|error| NotAScan::Malformed(without_values(&error)))
    }
}

/// What is wrong with a file of recorded things, without the thing itself: it may be anybody's.
pub fn without_values(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if !error.is_data() {
        return said;
    }
    let place = match error.line() {
        0 => String::new(),
        line => format!(" at line {line} column {}", error.column()),
    };
    let said = said.strip_suffix(&place).unwrap_or(&said);
    // These name only what was expected, or how many there were.
    let of_ours = ["missing field ", "duplicate field ", "invalid length ", "no run counts to "];
    if of_ours.iter().any(|start| said.starts_with(start)) {
        return format!("{said}{place}");
    }
    // `invalid type: string "it", expected u64`: a value may hold these words, too, so the last ones count.
    let kind = said.split(['"', '`']).next().unwrap_or_default().trim_end();
    match said.rsplit_once(", expected ") {
        Some((_, expected)) if said.starts_with("invalid ") || said.starts_with("unknown ") => {
            format!("{kind}, expected {expected}{place}")
        }
        _ => format!("a value that cannot be read{place}"),
    }
}

/// What a file is that is no scan, where that can be told.
fn foreign(text: &str) -> Option<NotAScan> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is = |what, hint| Some(NotAScan::Foreign { what, hint });
    let save = Some("`--save-scan FILE` writes one");
    if text.is_empty() {
        return is("this is an empty file", save);
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return match text {
            _ if text.starts_with("<?xml") || text.starts_with("<testsuite") => is("this is XML", save),
            _ if text.starts_with('<') => is("this is a web page", save),
            _ if text.starts_with('{') => None,
            _ if text.starts_with("# Cookie") || text.starts_with("# ") && text.contains("\n## ") => {
                is("this is a Markdown report", save)
            }
            _ => is("this is no JSON", save),
        };
    };
    let has = |pointer: &str| value.pointer(pointer).is_some();
    match value.get("format").and_then(Value::as_str) {
        Some(format) if format.starts_with("cookieproof-report/") => {
            return is("this is a JSON report", save);
        }
        Some(format) if format.starts_with("cookieproof-") => {
            return is("this is another file of cookieproof's", save);
        }
        _ => {}
    }
    if has("/log/entries") {
        return is("this is a HAR file", Some("say as whom it was recorded with `--as PERSONA/STATE`"));
    }
    if has("/runs/0/tool") {
        return is("this is a SARIF report", save);
    }
    if has("/cookies") && has("/origins") {
        return is("this is Playwright's storageState", None);
    }
    if has("/site") || has("/cookies/0/name") {
        return is("this is a manifest", Some("name it with `--manifest FILE`"));
    }
    if has("/targets") || has("/personas") {
        return is("this is a plan", Some("name it as the argument"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, why) in [
            (
                r#"{"format": "hunter2, expected \"x\""}"#,
                "it is not a saved scan: invalid type: string, expected u64 at line 1 column 36",
            ),
            (
                r#"{"format": -77123}"#,
                "it is not a saved scan: invalid value: integer, expected u64 at line 1 column 17",
            ),
            (
                r#"{"format": 1, "run": {"tool": "a", "target": "t", "base_url": 482913}}"#,
                "it is not a saved scan: invalid type: integer, expected a string at line 1 column 68",
            ),
            (
                r#"{"format": 1, "run": {"engines": ["hunter2"]}}"#,
                "it is not a saved scan: unknown variant, expected `http` or `browser` at line 1 column 43",
            ),
            (
                r#"{"format": 1, "run": "hunter2"}"#,
                "it is not a saved scan: invalid type: string, expected struct Run at line 1 column 30",
            ),
        ] {
            assert_eq!(Scan::read(text.as_bytes()).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn what_is_no_scan_says_why() {
        for (text, why) in [
            ("", "this is an empty file, not a saved scan: `--save-scan FILE` writes one"),
            (
                "[]",
                "it is not a saved scan: invalid length 0, expected struct Version with 1 element at line 1 column 2",
            ),
            ("{}", "it is not a saved scan: missing field `format` at line 1 column 2"),
            ("{\"format\": 7}", "it has format 7; this version reads format 1. Make the scan again."),
            ("{\"format\": 1}", "it is not a saved scan: missing field `run` at line 1 column 13"),
            (
                "{\"format\": \"cookieproof-report/1\"}",
                "this is a JSON report, not a saved scan: `--save-scan FILE` writes one",
            ),
            (
                "{\"log\": {\"entries\": []}}",
                "this is a HAR file, not a saved scan: say as whom it was recorded with `--as PERSONA/STATE`",
            ),
            (
                "{\"version\": \"2.1.0\", \"runs\": [{\"tool\": {}}]}",
                "this is a SARIF report, not a saved scan: `--save-scan FILE` writes one",
            ),
            ("{\"cookies\": [], \"origins\": []}", "this is Playwright's storageState, not a saved scan"),
            ("[site]\nname = 1", "this is no JSON, not a saved scan: `--save-scan FILE` writes one"),
            ("<!doctype html>", "this is a web page, not a saved scan: `--save-scan FILE` writes one"),
            ("{\"format\": 1, ", "it is not a saved scan: EOF while parsing a value at line 1 column 14"),
        ] {
            assert_eq!(Scan::read(text.as_bytes()).unwrap_err().to_string(), why);
        }
    }
}
