//! A scan as a file: JSON, with the version of its format.

use super::foreign::foreign;
use crate::observation::Scan;
use serde::Deserialize;
use std::io::{self, Read as _};

/// Version of the saved scan's format; a file of another version is refused with a message.
pub const SCAN_FORMAT: u32 = 1;

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
    #[error("this is {what}, not a saved scan: {hint}")]
    Foreign { what: &'static str, hint: &'static str },
    #[error("it is not a saved scan: {0}")]
    Malformed(String),
    #[error("it has format {0}; this version reads format {SCAN_FORMAT}. {hint}", hint = what_to_do(*.0))]
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
        let mut bytes = Vec::new();
        if input.take(MOST_BYTES + 1).read_to_end(&mut bytes)? as u64 > MOST_BYTES {
            return Err(NotAScan::TooLarge);
        }
        // The version first: a scan of another one may lack fields, and that would be no help.
        let format = match serde_json::from_slice(&bytes) {
            Ok(Version { format }) => format,
            Err(error) => {
                return Err(foreign(&bytes).unwrap_or_else(|| NotAScan::Malformed(without_values(&error))));
            }
        };
        if format != u64::from(SCAN_FORMAT) {
            return Err(NotAScan::OtherFormat(format));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| foreign(&bytes).unwrap_or_else(|| NotAScan::Malformed(without_values(&error))))
    }
}

/// About a file of this other format.
fn what_to_do(format: u64) -> &'static str {
    if format > u64::from(SCAN_FORMAT) {
        "A newer version wrote it: update cookieproof, or make the scan again."
    } else {
        "Make the scan again."
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
            (
                "[]",
                "it is not a saved scan: invalid length 0, expected struct Version with 1 element at line 1 column 2",
            ),
            ("{}", "it is not a saved scan: missing field `format` at line 1 column 2"),
            (
                "{\"format\": 7}",
                "it has format 7; this version reads format 1. A newer version wrote it: update cookieproof, or \
                 make the scan again.",
            ),
            ("{\"format\": 0}", "it has format 0; this version reads format 1. Make the scan again."),
            ("{\"format\": 1}", "it is not a saved scan: missing field `run` at line 1 column 13"),
            ("{\"format\": 1, ", "it is not a saved scan: EOF while parsing a value at line 1 column 14"),
        ] {
            assert_eq!(Scan::read(text.as_bytes()).unwrap_err().to_string(), why);
        }
    }
}
