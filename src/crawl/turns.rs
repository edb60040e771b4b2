//! What waits in a crawl: queues that are emptied one after the other, the first few addresses of every
//! template before more of any. A value.

use super::packed::{BLOCK, Packed, Shelf};
use super::{Address, Next};
use std::collections::VecDeque;
use std::sync::Arc;

/// Pages of one template that have the first turn; with each further one twice as many had theirs.
const FIRST_TURN: u32 = 5;
const WIDER: u32 = 2;

/// An address that waits, beside its path.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Its number among the origins.
    pub(super) origin: u32,
    /// Clicks from the start.
    pub(super) depth: u32,
}

/// When the n-th address of its like has its turn.
pub(super) fn turn(number: u32) -> usize {
    let (mut turn, mut room) = (0, FIRST_TURN);
    while number > room {
        turn += 1;
        room = room.saturating_mul(WIDER);
    }
    turn
}

/// Queues that are emptied one after the other.
#[derive(Debug, Default)]
pub(super) struct Turns {
    queues: Vec<Queue>,
    /// Where what waits for long may lie.
    shelf: Option<Arc<dyn Shelf>>,
}

impl Turns {
    pub(super) fn on(shelf: Arc<dyn Shelf>) -> Turns {
        Turns { shelf: Some(shelf), ..Turns::default() }
    }

    pub(super) fn declare(&mut self, origin: u32, path: &str) {
        self.at(0).declare(origin, path);
    }

    pub(super) fn push(&mut self, turn: usize, entry: Entry, path: &str, from: Option<&Address>) {
        let shelf = self.shelf.clone();
        self.at(turn).push(entry, path, from, shelf.as_ref());
    }

    fn at(&mut self, turn: usize) -> &mut Queue {
        if self.queues.len() <= turn {
            self.queues.resize_with(turn + 1, Queue::default);
        }
        &mut self.queues[turn]
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> Option<usize> {
        self.queues.iter().position(|queue| queue.len > 0)
    }

    pub(super) fn pop(&mut self, origins: &[Box<str>]) -> Option<Next> {
        loop {
            let queue = self.queues.iter_mut().find(|queue| queue.len > 0)?;
            match queue.pop(origins) {
                Some(next) => return Some(next),
                // What was left of it is gone from its shelf.
                None => queue.len = 0,
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queues.iter().map(|queue| queue.len).sum()
    }
}

/// A queue of addresses as bytes in chunks: origin number, depth, path. The page that linked to
/// them is written once, before the first of its links.
#[derive(Debug, Default)]
struct Queue {
    /// Read first, from `read` on.
    first: Vec<u8>,
    read: usize,
    /// Between the two, packed, and how many addresses are in each.
    chunks: VecDeque<(Packed, usize)>,
    /// Written to.
    last: Vec<u8>,
    /// Addresses in it.
    last_len: usize,
    len: usize,
    declared: VecDeque<(u32, Box<str>)>,
    last_written: Option<Address>,
    last_read: Option<Address>,
}

/// Instead of an entry: the address of the linking page follows.
const FROM: u64 = 1;
const NO_FROM: u64 = 2;

impl Queue {
    fn declare(&mut self, origin: u32, path: &str) {
        self.declared.push_back((origin, path.into()));
        self.len += 1;
    }

    fn push(&mut self, entry: Entry, path: &str, from: Option<&Address>, shelf: Option<&Arc<dyn Shelf>>) {
        if self.last_written.as_ref() != from {
            match from {
                Some(from) => self.write(&[FROM, from.origin().len() as u64], from.as_str(), shelf),
                None => self.write(&[NO_FROM], "", shelf),
            }
            self.last_written = from.cloned();
        }
        self.write(&[u64::from(entry.depth) + 3, u64::from(entry.origin)], path, shelf);
        self.len += 1;
        self.last_len += 1;
    }

    /// Numbers as varints, then a text with its length. A record never crosses a chunk's end.
    fn write(&mut self, numbers: &[u64], text: &str, shelf: Option<&Arc<dyn Shelf>>) {
        let needed = (numbers.len() + 1) * 10 + text.len();
        if !self.last.is_empty() && self.last.len() + needed > BLOCK {
            self.chunks.push_back((Packed::new(&self.last, shelf), std::mem::take(&mut self.last_len)));
            self.last.clear();
        }
        for number in numbers.iter().copied().chain([text.len() as u64]) {
            let mut rest = number;
            while rest >= 0x80 {
                self.last.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            self.last.push(rest as u8);
        }
        self.last.extend_from_slice(text.as_bytes());
    }

    fn pop(&mut self, origins: &[Box<str>]) -> Option<Next> {
        if let Some((origin, path)) = self.declared.pop_front() {
            self.len -= 1;
            let address = Address::from_parts(origins.get(origin as usize)?, &path);
            return Some(Next { address, depth: 0, from: None, declared: true });
        }
        loop {
            if self.read >= self.first.len() {
                self.read = 0;
                self.first.clear();
                match self.chunks.pop_front() {
                    Some((chunk, len)) => match chunk.unpack() {
                        Some(chunk) => self.first = chunk,
                        // Who linked to the next ones may have stood in it.
                        None => (self.len, self.last_read) = (self.len.saturating_sub(len), None),
                    },
                    None => {
                        std::mem::swap(&mut self.first, &mut self.last);
                        self.last_len = 0;
                    }
                }
            }
            let mut at = self.read;
            let kind = number(&self.first, &mut at)?;
            let second = if kind == NO_FROM { 0 } else { number(&self.first, &mut at)? };
            let length = number(&self.first, &mut at)? as usize;
            let text = std::str::from_utf8(self.first.get(at..at + length)?).ok()?;
            self.read = at + length;
            match kind {
                FROM => {
                    let (origin, path) = text.split_at_checked(second as usize)?;
                    self.last_read = Some(Address::from_parts(origin, path));
                }
                NO_FROM => self.last_read = None,
                depth => {
                    let address = Address::from_parts(origins.get(second as usize)?, text);
                    let next = Next {
                        address,
                        depth: (depth - 3) as u32,
                        from: self.last_read.clone(),
                        declared: false,
                    };
                    self.len -= 1;
                    return Some(next);
                }
            }
        }
    }
}

fn number(chunk: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *chunk.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
