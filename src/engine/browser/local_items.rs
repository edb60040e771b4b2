//! Who wrote an item of local storage. The browser tells every tab of its origin that it is there, and each tab
//! of what its own scripts write; which of both comes first is not certain.

use super::locked;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

const MOST: usize = 10_000;

/// What the scripts of a visitor's tabs were seen to write.
#[derive(Default)]
pub(super) struct LocalItems {
    /// By origin and key.
    written: Mutex<BTreeSet<(String, String)>>,
    next_question: AtomicU64,
    /// Those who wait until a tab has taken in all that it was told, by the number of their question.
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<()>>>,
}

impl LocalItems {
    pub(super) fn write(&self, origin: String, key: String) {
        let mut written = locked(&self.written);
        if written.len() < MOST {
            written.insert((origin, key));
        }
    }

    pub(super) fn has(&self, origin: &str, key: &str) -> bool {
        locked(&self.written).contains(&(origin.to_owned(), key.to_owned()))
    }

    /// A question to a tab, to be passed to it behind all that it was told.
    pub(super) fn question(&self) -> (u64, oneshot::Receiver<()>) {
        let number = self.next_question.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        locked(&self.waiting).insert(number, answer);
        (number, answered)
    }

    /// The tab has come as far as this question.
    pub(super) fn answer(&self, number: u64) {
        if let Some(answer) = locked(&self.waiting).remove(&number) {
            // Whoever asked may have given up.
            let _ = answer.send(());
        }
    }
}
