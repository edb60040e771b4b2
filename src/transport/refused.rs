//! Heads that a browser refuses as a whole: nothing of the response is used, none of its cookies
//! is kept. Chromium's `HttpStreamParser::ParseResponseHeaders`.

use super::Head;
use std::fmt;

/// Why a browser refuses a response for its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// A NUL byte anywhere in the head (`ERR_INVALID_HTTP_RESPONSE`).
    Nul,
    /// More than 256 KiB (`ERR_RESPONSE_HEADERS_TOO_BIG`).
    TooBig,
    /// Two different values of a header that may only have one
    /// (`ERR_RESPONSE_HEADERS_MULTIPLE_...`).
    Conflicting(&'static str),
}

/// Chromium's limit for a head.
pub(super) const BROWSER_HEAD_BYTES: usize = 256 << 10;

/// Whether a browser refuses a head, by its headers.
pub(super) fn refused(head: &Head) -> Option<Refused> {
    let chunked = head.all("transfer-encoding").any(|value| value.eq_ignore_ascii_case(b"chunked"));
    let differ = |name: &'static str| {
        let mut values = head.all(name);
        let first = values.next()?;
        values.any(|value| value != first).then_some(Refused::Conflicting(name))
    };
    (if chunked { None } else { differ("content-length") })
        .or_else(|| differ("content-disposition"))
        .or_else(|| differ("location"))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Nul => f.write_str("there is a NUL byte in its head"),
            Refused::TooBig => f.write_str("its head is over 256 KiB"),
            Refused::Conflicting(name) => write!(f, "its head has two different {name} lines"),
        }
    }
}
