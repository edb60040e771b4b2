//! What goes wrong before a result: what happened, on what, then a hint.

use super::Exit;
use crate::report;
use std::path::Path;

/// The end of a command without a result.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Complaint {
    /// Something the user typed or wrote is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Complaint { exit: Exit::Usage, message: message.into(), hint: None }
    }

    /// A file that cannot be read or written.
    pub(super) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Complaint::usage(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// With what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints it.
    pub(super) fn print(&self) {
        eprintln!("error: {}", report::clean(&self.message));
        if let Some(hint) = &self.hint {
            eprintln!("  hint: {}", report::clean(hint));
        }
    }
}
