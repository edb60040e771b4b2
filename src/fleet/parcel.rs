//! Values into bytes and back. Results are packed: a scan's JSON is a tenth of itself then. What comes back is
//! bounded, for whoever may write to the server may write anything.

use super::job::FORMAT;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io::{self, Read};
use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

/// A scan of the largest size, with its manifest and plan.
const MOST_BYTES: u64 = 256 << 20;
/// The quickest of the usual levels.
const LEVEL: i32 = 1;
/// What is held in readiness for the next.
const MOST_KEPT: usize = 1 << 20;

thread_local! {
    /// Its tables and the text's room are larger than most results: made anew each time, they would cost more than
    /// the packing.
    static PACKER: RefCell<Option<(Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
}

/// Packs a value.
pub(super) fn packed(value: &impl Serialize) -> io::Result<Vec<u8>> {
    PACKER.with_borrow_mut(|kept| {
        let (mut packer, mut text) = match kept.take() {
            Some(kept) => kept,
            None => (Compressor::new(LEVEL)?, Vec::new()),
        };
        text.clear();
        serde_json::to_writer(&mut text, value)?;
        let bytes = packer.compress(&text)?;
        if text.capacity() <= MOST_KEPT {
            *kept = Some((packer, text));
        }
        Ok(bytes)
    })
}

/// Unpacks one; why not, in a word.
pub(super) fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut text = Vec::new();
    Decoder::new(bytes)
        .and_then(|packed| packed.take(MOST_BYTES + 1).read_to_end(&mut text))
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    read(&text)
}

/// Reads a value of a format that is known here.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let unreadable = |error: serde_json::Error| {
        format!("it is not readable: {}", crate::observation::without_values(&error))
    };
    let Version { format } = serde_json::from_slice(text).map_err(unreadable)?;
    if format != FORMAT {
        return Err(format!("it has format {format}, and this version reads format {FORMAT}"));
    }
    serde_json::from_slice(text).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::super::job::{RunRecord, Submitted};
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_other_formats_are_named() {
        let sites = vec![Submitted { site: "shop".into(), tag: "any".into(), errand: None, refused: None }];
        let mut record = RunRecord {
            format: FORMAT,
            run: "night".into(),
            submitted: "2026-11-27T03:00:00Z".into(),
            tool: "cookieproof 0".into(),
            sites,
        };
        assert_eq!(unpacked::<RunRecord>(&packed(&record).unwrap()).unwrap(), record);
        record.format = 9;
        let said = unpacked::<RunRecord>(&packed(&record).unwrap()).unwrap_err();
        assert_eq!(said, format!("it has format 9, and this version reads format {FORMAT}"));
        assert!(unpacked::<RunRecord>(b"not packed").unwrap_err().contains("cannot be unpacked"));
        let bare = format!("{{\"format\": {FORMAT}}}");
        assert!(read::<RunRecord>(bare.as_bytes()).unwrap_err().contains("missing field"));
    }
}
