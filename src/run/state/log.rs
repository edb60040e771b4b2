//! The lines of a run on their way to the file. What was committed is in the hands of the system, which a
//! killed process does not take with it. It is on the disk, which a power failure leaves, once a task ended,
//! and before something is done that must not be done twice.

use super::lines::{Entry, Line};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write as _};

/// What is not committed yet is not held back longer than this, in bytes.
const MOST_PENDING: usize = 1 << 20;

/// Where the lines go.
pub(in crate::run) struct Log {
    out: Option<File>,
    pending: Vec<u8>,
    failed: Option<String>,
}

impl Log {
    pub(in crate::run) fn new(out: File) -> Log {
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
        if matches!(line, Line::Done(_)) {
            self.sync();
        }
    }

    /// A line that counts at once, whatever becomes of those before it.
    pub(in crate::run) fn at_once(&mut self, line: &Line) {
        let pending = std::mem::take(&mut self.pending);
        self.add(line);
        self.send();
        self.sync();
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
        let sent = out.write_all(&self.pending);
        self.pending.clear();
        if let Err(error) = sent {
            self.fail(&error);
        }
    }

    /// Waits until the disk has what was sent.
    fn sync(&mut self) {
        let Some(out) = &self.out else { return };
        match out.sync_data() {
            // Some file systems cannot say.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => self.fail(&error),
            _ => {}
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.failed = Some(error.to_string());
        self.close();
    }
}
