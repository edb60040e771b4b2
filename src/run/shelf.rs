//! Where the addresses of a large site lie until it is their turn: in a temporary file that has no name, goes with
//! the run whatever ends it, and is made only for a site that has so many. An address may hold what nobody else
//! is to know, a session's id or a link that logs in; so every block is sealed with a key that is nowhere but in
//! this process.

use crate::crawl::Shelf;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes that stay in memory: a site that needs no more is not worth a file.
const IN_MEMORY: usize = 1 << 20;

/// A temporary file, once one is needed.
pub(super) struct TemporaryShelf {
    space: Mutex<Space>,
    /// Something that was put there could not be had again.
    lost: AtomicBool,
}

enum Space {
    /// So many bytes had to stay there.
    Memory(usize),
    File(Sealed),
    /// A file could not be made, or takes no more; what is in it can still be read.
    Full(Option<Sealed>),
}

impl Default for TemporaryShelf {
    fn default() -> Self {
        TemporaryShelf { space: Mutex::new(Space::Memory(0)), lost: AtomicBool::default() }
    }
}

impl TemporaryShelf {
    /// Whether something that was put there is gone.
    pub(super) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Shelf for TemporaryShelf {
    fn put(&self, block: &[u8]) -> Option<u64> {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        if let Space::Memory(kept) = &mut *space {
            *kept = kept.saturating_add(block.len());
            if *kept <= IN_MEMORY {
                return None;
            }
            *space = Sealed::new().map_or(Space::Full(None), Space::File);
        }
        let Space::File(file) = &mut *space else { return None };
        let put = file.put(block);
        if put.is_none()
            && let Space::File(file) = std::mem::replace(&mut *space, Space::Full(None))
        {
            *space = Space::Full(Some(file));
        }
        put
    }

    fn get(&self, at: u64) -> Option<Vec<u8>> {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        let block = match &mut *space {
            Space::File(file) | Space::Full(Some(file)) => file.get(at),
            Space::Memory(_) | Space::Full(None) => None,
        };
        if block.is_none() {
            self.lost.store(true, Ordering::Relaxed);
        }
        block
    }
}

impl fmt::Debug for TemporaryShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemporaryShelf")
    }
}

/// A file of sealed blocks, each known by its number.
struct Sealed {
    file: File,
    key: LessSafeKey,
    /// Where the first block begins, and where each ends.
    bounds: Vec<u64>,
}

impl Sealed {
    fn new() -> Option<Sealed> {
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).ok()?);
        Some(Sealed { file: tempfile::tempfile().ok()?, key, bounds: vec![0] })
    }

    /// One block, one number: with one key none is used twice.
    fn nonce(number: u64) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..size_of::<u64>()].copy_from_slice(&number.to_le_bytes());
        Nonce::assume_unique_for_key(nonce)
    }

    fn put(&mut self, block: &[u8]) -> Option<u64> {
        let number = self.bounds.len() as u64 - 1;
        let begin = *self.bounds.last()?;
        let mut sealed = block.to_vec();
        self.key.seal_in_place_append_tag(Sealed::nonce(number), Aad::empty(), &mut sealed).ok()?;
        self.file.seek(SeekFrom::Start(begin)).ok()?;
        self.file.write_all(&sealed).ok()?;
        self.bounds.push(begin + sealed.len() as u64);
        Some(number)
    }

    fn get(&mut self, number: u64) -> Option<Vec<u8>> {
        let at = usize::try_from(number).ok()?;
        let (begin, end) = (*self.bounds.get(at)?, *self.bounds.get(at + 1)?);
        let mut block = vec![0; usize::try_from(end - begin).ok()?];
        self.file.seek(SeekFrom::Start(begin)).ok()?;
        self.file.read_exact(&mut block).ok()?;
        let opened = self.key.open_in_place(Sealed::nonce(number), Aad::empty(), &mut block).ok()?.len();
        block.truncate(opened);
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> (TemporaryShelf, Vec<u64>) {
        let shelf = TemporaryShelf::default();
        let block = vec![b'x'; IN_MEMORY / 4];
        let kept = std::iter::repeat_with(|| shelf.put(&block)).take(4).filter(Option::is_none).count();
        assert_eq!(kept, 4, "a small site needs no file");
        let places = (0..20_u8).map(|n| shelf.put(&vec![n; 1000 + usize::from(n)]).unwrap()).collect();
        (shelf, places)
    }

    #[test]
    fn blocks_come_back_in_whatever_order_and_as_often_as_they_are_wanted() {
        let (shelf, places) = full();
        for (n, at) in (0..20_u8).zip(places).rev().cycle().take(50) {
            assert_eq!(shelf.get(at).unwrap(), vec![n; 1000 + usize::from(n)]);
        }
        assert!(!shelf.has_lost());
    }

    #[test]
    fn the_file_holds_nothing_that_can_be_read_and_a_broken_block_is_gone() {
        let (shelf, places) = full();
        if let Space::File(file) = &mut *shelf.space.lock().unwrap() {
            let mut all = Vec::new();
            file.file.rewind().unwrap();
            file.file.read_to_end(&mut all).unwrap();
            let run = all.windows(8).filter(|bytes| bytes.iter().all(|byte| *byte == bytes[0])).count();
            assert!(all.len() > 20_000 && run == 0);
            let at = file.bounds[3] + 7;
            file.file.seek(SeekFrom::Start(at)).unwrap();
            file.file.write_all(&[!all[usize::try_from(at).unwrap()]]).unwrap();
        }
        assert!(shelf.get(places[3]).is_none() && shelf.has_lost());
        assert!(shelf.get(places[2]).is_some() && shelf.get(places[4]).is_some());
        assert!(shelf.get(99).is_none());
    }
}
