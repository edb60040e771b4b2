//! Bodies within bounds: how much of one is read, and how it is inflated.

use super::{Head, Want};
use crate::observation::FailureKind;
use std::io::Read;

/// Bytes of an unwanted body read on, so that its connection can be used again.
const DRAINED: usize = 64 << 10;

/// Bytes made room for because the head says so; it may say anything.
const RESERVED: usize = 256 << 10;

/// A body as it comes in.
pub(super) struct Collected {
    pub(super) bytes: Vec<u8>,
    /// Keep what comes, or only let it pass.
    keep: bool,
    limit: usize,
    passed: usize,
}

impl Collected {
    /// For the body of this head.
    pub(super) fn new(head: &Head, want: Want, body_bytes: usize) -> Self {
        let keep = match want {
            Want::Nothing => false,
            Want::Documents => is_document(&head.content_type()),
            Want::Everything => true,
        };
        let length = head.header("content-length").filter(|_| keep);
        let length = length.and_then(|length| std::str::from_utf8(length).ok()?.parse().ok()).unwrap_or(0);
        let bytes = Vec::with_capacity(body_bytes.min(length).min(RESERVED));
        Collected { bytes, keep, limit: if keep { body_bytes } else { DRAINED }, passed: 0 }
    }

    /// Takes some in; false when no more is wanted.
    pub(super) fn take(&mut self, chunk: &[u8]) -> bool {
        let room = self.limit - self.passed;
        let taken = &chunk[..chunk.len().min(room)];
        if self.keep {
            self.bytes.extend_from_slice(taken);
        }
        self.passed += taken.len();
        chunk.len() <= room
    }

    /// What to say of a body that ended so; one that nobody wanted is never missed.
    pub(super) fn cut(&self, how: FailureKind) -> Option<FailureKind> {
        self.keep.then_some(how)
    }

    /// Whether its bytes are kept.
    pub(super) fn is_kept(&self) -> bool {
        self.keep
    }
}

/// HTML and XML; a body without a type may be either.
fn is_document(content_type: &str) -> bool {
    matches!(content_type, "" | "text/html" | "text/xml" | "application/xml")
        || content_type.ends_with("+xml")
}

/// Undoes a content coding, to at most `limit` bytes.
pub(super) fn inflate(coding: &[u8], body: Vec<u8>, limit: usize) -> (Vec<u8>, Option<FailureKind>) {
    let mut inflated = Vec::new();
    let coding = String::from_utf8_lossy(coding).trim().to_ascii_lowercase();
    let bound = limit as u64 + 1;
    let outcome = match coding.as_str() {
        "" | "identity" => return (body, None),
        "gzip" | "x-gzip" => {
            flate2::read::MultiGzDecoder::new(body.as_slice()).take(bound).read_to_end(&mut inflated)
        }
        // RFC 9110 8.4.1.2 means the zlib format; some servers send it without the wrapping.
        "deflate" if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
            flate2::read::ZlibDecoder::new(body.as_slice()).take(bound).read_to_end(&mut inflated)
        }
        "deflate" => {
            flate2::read::DeflateDecoder::new(body.as_slice()).take(bound).read_to_end(&mut inflated)
        }
        // Not asked for; what cannot be read is said to be missing.
        _ => return (Vec::new(), Some(FailureKind::Truncated)),
    };
    if inflated.len() > limit {
        inflated.truncate(limit);
        return (inflated, Some(FailureKind::BodyTooLarge));
    }
    (inflated, outcome.err().map(|_| FailureKind::Truncated))
}
