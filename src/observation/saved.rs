//! A scan as a file: JSON, with the version of its format.

use super::{SCAN_FORMAT, Scan};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;
use std::io;

/// Why a file is no saved scan.
#[derive(Debug, thiserror::Error)]
pub enum NotAScan {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error(
        "it is a JSON report, and a report does not hold all that a scan does. Keep the scan with `--save-scan`."
    )]
    AReport,
    #[error("it is not a saved scan: {0}")]
    Malformed(serde_json::Error),
    #[error("it is a report; a saved scan is what `--save-scan` writes")]
    Report,
    #[error("it has format {0}; this version reads format {SCAN_FORMAT}. Make the scan again.")]
    OtherFormat(String),
}

impl Scan {
    /// Writes it, one line of JSON.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// Reads one that was written by a version with the same format.
    pub fn read(mut input: impl io::Read) -> Result<Self, NotAScan> {
        #[derive(Deserialize)]
        struct Version {
            format: Value,
        }
        let mut text = String::new();
        input.read_to_string(&mut text)?;
        // The version first: a scan of another one may lack fields, and that would be no help.
        if is_report(&text) {
            return Err(NotAScan::AReport);
        }
        let Version { format } = serde_json::from_str(&text).map_err(NotAScan::Malformed)?;
        match &format {
            Value::Number(number) if number.as_u64() == Some(u64::from(SCAN_FORMAT)) => {}
            Value::String(word) if word.starts_with("cookieproof-report/") => return Err(NotAScan::Report),
            Value::Number(other) => return Err(NotAScan::OtherFormat(other.to_string())),
            _ => return Err(NotAScan::Malformed(serde_json::Error::custom("`format` is no number"))),
        }
        serde_json::from_str(&text).map_err(NotAScan::Malformed)
    }
}

/// Reports and other documents of ours name their format in words.
fn is_report(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Named {
        format: String,
    }
    serde_json::from_str::<Named>(text).is_ok_and(|named| named.format.starts_with("cookieproof-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_scan_says_why() {
        for (text, why) in [
            ("", "it is not a saved scan: EOF while parsing a value at line 1 column 0"),
            (
                "[]",
                "it is not a saved scan: invalid length 0, expected struct Version with 1 element at line 1 column 2",
            ),
            ("{}", "it is not a saved scan: missing field `format` at line 1 column 2"),
            (
                "{\"format\": \"cookieproof-report/1\", \"run\": {}}",
                "it is a JSON report, and a report does not hold all that a scan does. Keep the scan with `--save-scan`.",
            ),
            (
                "{\"format\": \"cookieproof-report/1\"}",
                "it is a report; a saved scan is what `--save-scan` writes",
            ),
            ("{\"format\": 7}", "it has format 7; this version reads format 1. Make the scan again."),
            ("{\"format\": 1}", "it is not a saved scan: missing field `run` at line 1 column 13"),
        ] {
            assert_eq!(Scan::read(text.as_bytes()).unwrap_err().to_string(), why);
        }
    }
}
