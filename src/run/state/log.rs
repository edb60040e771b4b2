//! The lines of a run on their way to the file. What was committed is in the hands of the system, which a
//! killed process does not take with it.

use super::lines::{Entry, Line};
use serde::Serialize;
use std::io::{self, Write};

/// What is not committed yet is not held back longer than this, in bytes.
const MOST_PENDING: usize = 1 << 20;

/// Where the lines go.
pub(in crate::run) struct Log {
    out: Option<Box<dyn Write + Send + Sync>>,
    pending: Vec<u8>,
    failed: Option<String>,
}

impl Log {
    pub(in crate::run) fn new(out: Box<dyn Write + Send + Sync>) -> Log {
        Log { out: Some(out), pending: Vec::new(), failed: None }
    }

    /// A line that counts once it is committed.
    pub(in crate::run) fn line(&mut self, line: &Line) {
        self.add(line);
    }

    pub(in crate::run) fn entry(&mut self, entry: &Entry) {
        #[derive(Serialize)]
        struct Of<'e> {
            e: &'e Entry,
        }
        self.add(&Of { e: entry });
    }

    /// All lines before count.
    pub(in crate::run) fn commit(&mut self, line: &Line) {
        self.add(line);
        self.send();
    }

    /// A line that counts at once, whatever becomes of those before it.
    pub(in crate::run) fn at_once(&mut self, line: &Line) {
        let pending = std::mem::take(&mut self.pending);
        self.add(line);
        self.send();
        self.pending = pending;
    }

    /// What comes from here on is not kept: the run ends early, and whoever goes on does it again.
    pub(in crate::run) fn close(&mut self) {
        self.out = None;
        self.pending = Vec::new();
    }

    /// Why it cannot be written, told once.
    pub(in crate::run) fn failure(&mut self) -> Option<String> {
        self.failed.take()
    }

    fn add(&mut self, line: &impl Serialize) {
        if self.out.is_none() {
            return;
        }
        let written = serde_json::to_writer(&mut self.pending, line);
        self.pending.push(b'\n');
        if let Err(error) = written {
            self.fail(&error.into());
        } else if self.pending.len() > MOST_PENDING {
            self.send();
        }
    }

    fn send(&mut self) {
        let Some(out) = &mut self.out else { return };
        let sent = out.write_all(&self.pending).and_then(|()| out.flush());
        self.pending.clear();
        if let Err(error) = sent {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.failed = Some(error.to_string());
        self.close();
    }
}
