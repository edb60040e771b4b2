//! Files of this machine, bounded while they are read. A name may be that of a device, a pipe or a file
//! that somebody is still writing: no more is taken in than such a file may have, whatever its size is
//! said to be.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// A secret that a plan refers to, or what a helper prints.
pub(crate) const MOST_OF_A_SECRET: u64 = 1 << 20;
/// Certificates of further CAs: the bundle of a whole system has a quarter of a megabyte.
pub(crate) const MOST_OF_CAS: u64 = 4 << 20;
/// One mail, with what is attached to it.
pub(crate) const MOST_OF_A_MAIL: u64 = 16 << 20;
/// A mailbox in one file.
pub(crate) const MOST_OF_A_MAILBOX: u64 = 64 << 20;

/// The whole file, if it is no larger.
pub(crate) fn file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(File::open(path)?, most)
}

/// Everything that comes, if it is no more.
pub(crate) fn bounded(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    }
}

/// The complaint about a file with more than this many bytes.
pub(crate) fn too_large(most: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20))
}

/// Why a file could not be read, in words.
pub(crate) fn why(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::FileTooLarge => error.to_string(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_a_file_may_have() {
        assert_eq!(bounded(&b"abc"[..], 3).unwrap(), b"abc");
        let error = bounded(io::repeat(b'x'), 2 << 20).unwrap_err();
        assert_eq!(why(&error), "it is larger than 2 MiB");
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(why(&file(folder.path(), 9).unwrap_err()), "is a directory");
        assert_eq!(why(&file(&folder.path().join("x"), 9).unwrap_err()), "entity not found");
    }
}
