//! Reading a state file, line by line and bounded. A last line that was torn is left out; whatever else is
//! not as it was written is said.

use super::lines::{FORMAT, Header, Line};
use crate::observation::without_values;
use std::io::{self, BufRead, Read as _};

/// A longer line is none of ours.
const LONGEST: u64 = 64 << 20;
/// What the first line begins with.
const BEGINNING: &[u8] = b"{\"cookieproof_state\":";
/// What one task left without a commit, in bytes.
const MOST_UNCOMMITTED: usize = 512 << 20;

/// Why a file is no state that a run can go on from.
#[derive(Debug, thiserror::Error)]
pub enum NotAState {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is no state file: `--state FILE` writes one")]
    Foreign,
    /// The machine went down before the first line was on the disk.
    #[error("it ends within its first line, so nothing of a run is in it")]
    Unbegun,
    #[error("it is of format {0}, and this version reads format {FORMAT}")]
    OtherFormat(u64),
    /// Of another run than the one that would go on.
    #[error("it is of {what}")]
    OfAnother { what: &'static str, hint: &'static str },
    #[error("line {line}: {why}")]
    Malformed { line: u64, why: String },
}

/// Reads the lines that count, in their order. What `take` refuses is said with its line.
pub(in crate::run) fn read(
    mut input: impl BufRead,
    begin: impl FnOnce(Header) -> Result<(), NotAState>,
    mut take: impl FnMut(Line) -> Result<(), String>,
) -> Result<(), NotAState> {
    let mut number = 1;
    let mut bytes = Vec::new();
    if next(&mut input, &mut bytes, number)? != Next::Line && BEGINNING.starts_with(start_of(&bytes)) {
        return Err(NotAState::Unbegun);
    }
    begin(header(&bytes)?)?;
    let mut waiting: Vec<(u64, Line)> = Vec::new();
    let mut size = 0;
    let mut torn: Option<NotAState> = None;
    loop {
        number += 1;
        match next(&mut input, &mut bytes, number)? {
            Next::Line => {}
            // Even if it reads well: what was meant to follow is not known.
            Next::Torn => bytes.clear(),
            Next::End => return Ok(()),
        }
        let line = match serde_json::from_slice::<Line>(&bytes) {
            Ok(line) => line,
            Err(error) => {
                if let Some(torn) = torn {
                    return Err(torn);
                }
                // Of a line in the middle nobody can say what it was.
                torn = Some(NotAState::Malformed { line: number, why: without_values(&error) });
                continue;
            }
        };
        if let Some(torn) = torn.take()
            && !matches!(line, Line::Resumed)
        {
            return Err(torn);
        }
        let mut take = |number, line| take(line).map_err(|why| NotAState::Malformed { line: number, why });
        match line {
            Line::Login(_) | Line::Sends => take(number, line)?,
            Line::Resumed => {
                waiting.clear();
                size = 0;
                take(number, line)?;
            }
            Line::Commit(_) | Line::Done(_) => {
                for (number, line) in waiting.drain(..) {
                    take(number, line)?;
                }
                size = 0;
                take(number, line)?;
            }
            line => {
                size += bytes.len();
                if size > MOST_UNCOMMITTED {
                    return Err(NotAState::Malformed { line: number, why: "too much for one task".into() });
                }
                waiting.push((number, line));
            }
        }
    }
}

#[derive(PartialEq)]
enum Next {
    Line,
    /// A line without an end.
    Torn,
    End,
}

/// The next line without its end.
fn next(input: &mut impl BufRead, bytes: &mut Vec<u8>, number: u64) -> Result<Next, NotAState> {
    bytes.clear();
    input.take(LONGEST).read_until(b'\n', bytes)?;
    if bytes.len() as u64 >= LONGEST {
        return Err(NotAState::Malformed { line: number, why: "it is too long".into() });
    }
    Ok(match bytes.pop_if(|last| *last == b'\n') {
        Some(_) => Next::Line,
        None if bytes.is_empty() => Next::End,
        None => Next::Torn,
    })
}

/// As many bytes as the first line begins with.
fn start_of(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(BEGINNING.len())]
}

fn header(bytes: &[u8]) -> Result<Header, NotAState> {
    let first: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| NotAState::Foreign)?;
    let format = first.get("cookieproof_state").and_then(serde_json::Value::as_u64);
    match format {
        None => Err(NotAState::Foreign),
        Some(format) if format != u64::from(FORMAT) => Err(NotAState::OtherFormat(format)),
        Some(_) => serde_json::from_value(first)
            .map_err(|error| NotAState::Malformed { line: 1, why: without_values(&error) }),
    }
}
