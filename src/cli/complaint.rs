//! What goes wrong beside the result: what happened, on what, then a hint.

use super::{Exit, output};
use crate::legible::without_credentials_within;
use crate::report;
use std::path::Path;

/// The end of a command without a result.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// What was printed of it before, for those who only read the summary.
    pub(super) because: Option<String>,
}

impl Complaint {
    /// Something the user typed or wrote is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Complaint { exit: Exit::Usage, message: message.into(), hint: None, because: None }
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

    /// With what was printed of it before.
    pub(super) fn because(mut self, because: Option<String>) -> Self {
        self.because = because;
        self
    }

    /// All of it in one sentence.
    pub(super) fn sentence(&self) -> String {
        let mut sentence = self.message.lines().collect::<Vec<_>>().join("; ");
        for more in self.because.iter().chain(&self.hint) {
            sentence.push_str(": ");
            sentence.push_str(more);
        }
        without_credentials_within(&sentence).to_string()
    }

    /// Prints it: nothing that a terminal acts on, and no password of an address that was typed.
    pub(super) fn print(&self) {
        let shown = |text: &str| report::clean(&without_credentials_within(text)).into_owned();
        let mut lines = self.message.lines();
        output::say(&format!("error: {}", shown(lines.next().unwrap_or_default())));
        for line in lines {
            output::say(&format!("       {}", shown(line)));
        }
        if let Some(hint) = &self.hint {
            output::say(&format!("  hint: {}", shown(hint)));
        }
    }
}

/// What went wrong on the way, with the rest done all the same.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<Complaint>);

impl Failures {
    /// Whether nothing went wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Remembers it.
    pub(super) fn add(&mut self, complaint: Complaint) {
        self.0.push(complaint);
    }

    /// Remembers what went wrong, if something did.
    pub(super) fn note(&mut self, done: Result<(), Complaint>) {
        self.0.extend(done.err());
    }

    /// As words about one of many sites.
    pub(super) fn of_site(self, site: &str) -> Failures {
        let named = |complaint: Complaint| Complaint {
            message: format!("{site}: {}", complaint.message),
            ..complaint
        };
        Failures(self.0.into_iter().map(named).collect())
    }

    /// Everything in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        self.0.iter().map(Complaint::sentence).collect()
    }

    /// Says all of it. A run whose results are not where they should be has not gone well, whatever
    /// it found.
    pub(super) fn end(self, exit: Exit) -> Exit {
        for complaint in &self.0 {
            complaint.print();
        }
        if self.0.is_empty() { exit } else { Exit::Usage }
    }
}
