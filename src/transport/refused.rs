//! Heads that a browser refuses as a whole: nothing of the response is used, none of its cookies
//! is kept. Chromium's `HttpStreamParser::ParseResponseHeaders` and its HTTP/2 framer; measured
//! with Chromium 156.

use super::Head;
use std::fmt;

/// Why a browser refuses a response for its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// A NUL byte anywhere in the head (`ERR_INVALID_HTTP_RESPONSE`).
    Nul,
    /// A control character in HTTP/2 (`ERR_HTTP2_PROTOCOL_ERROR`); in HTTP/1.1 it only costs the
    /// cookie.
    ControlInHttp2,
    /// More than 256 KiB (`ERR_RESPONSE_HEADERS_TOO_BIG`).
    TooBig,
    /// Two different values of a header that may only have one
    /// (`ERR_RESPONSE_HEADERS_MULTIPLE_...`).
    Conflicting(&'static str),
}

/// Chromium's limit for a head.
const HEAD_BYTES: usize = 256 << 10;

/// Whether a browser refuses a head, by its headers and its length on the wire, where that is
/// known.
pub(super) fn refused(head: &Head, length: Option<usize>) -> Option<Refused> {
    if length.unwrap_or_else(|| least_length(head)) > HEAD_BYTES {
        return Some(Refused::TooBig);
    }
    let chunked = head.all("transfer-encoding").any(|value| value.eq_ignore_ascii_case(b"chunked"));
    let differ = |name: &'static str| {
        let mut values = head.all(name);
        let first = values.next()?;
        values.any(|value| value != first).then_some(Refused::Conflicting(name))
    };
    // HTTP/2 frames bodies itself.
    (if chunked || head.version == "HTTP/2.0" { None } else { differ("content-length") })
        .or_else(|| differ("content-disposition"))
        .or_else(|| differ("location"))
}

/// Bytes that no HTTP/2 field may hold, but a tab (RFC 9113 8.2.1, as Chromium has it).
pub(super) fn holds_control(head: &Head) -> bool {
    let is_control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
    head.headers.iter().any(|(_, value)| value.iter().any(is_control))
}

/// What the headers take at least: in HTTP/1.1 with a colon, a blank and a line end each.
fn least_length(head: &Head) -> usize {
    let around = if head.version == "HTTP/2.0" { 0 } else { 4 };
    head.headers.iter().map(|(name, value)| name.len() + value.len() + around).sum()
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Nul => f.write_str("there is a NUL byte in its head"),
            Refused::ControlInHttp2 => f.write_str("there is a control character in its HTTP/2 head"),
            Refused::TooBig => f.write_str("its head is over 256 KiB"),
            Refused::Conflicting(name) => write!(f, "its head has two different {name} lines"),
        }
    }
}
