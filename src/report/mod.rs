//! One sorted value in, one format out. Each format is a function into a writer, with wire structs
//! of its own; the same scan gives the same bytes.

mod answer;
mod consent;
mod coverage;
mod inventory;
mod json;
mod markdown;
mod nights;
mod since;
mod terminal;
mod text;
mod third_parties;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub use coverage::inconclusive;
pub use inventory::sentence as inventory_in_words;
pub use json::FORMAT as JSON_FORMAT;
pub use nights::{difference_json, difference_text, overview_html, overview_json, overview_text};
pub use since::in_words as since_in_words;
pub(crate) use since::{moment, worse};
pub(crate) use text::{clean, cut};

use crate::audit::{Audit, Rounds};
use crate::history::{Accepted, Since};
use crate::observation::Scan;
use crate::vendors::Knowledge;
use std::io;

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub scan: &'a Scan,
    /// None for `scan`, which only looks.
    pub audit: Option<&'a Audit>,
    /// The manifest's file name, for messages that point into it.
    pub manifest: Option<&'a str>,
    /// What is known of cookies and hosts.
    pub knowledge: &'a Knowledge,
    /// What changed since the last time; none where no earlier run is at hand.
    pub since: Option<&'a Since>,
    /// Findings that somebody answers for.
    pub accepted: &'a [Accepted],
    /// What is to be said of the entries of the baseline.
    pub remarks: &'a [String],
    /// Who was not looked at completely, and why, where that keeps the run from being an answer.
    pub incomplete: &'a [String],
    /// What the rounds have in common, where everything was looked at several times.
    pub rounds: Option<&'a Rounds>,
}

impl<'a> Report<'a> {
    /// Only what was seen: no manifest, no earlier run.
    pub fn of(scan: &'a Scan, knowledge: &'a Knowledge) -> Self {
        Report {
            scan,
            audit: None,
            manifest: None,
            knowledge,
            since: None,
            accepted: &[],
            remarks: &[],
            incomplete: &[],
            rounds: None,
        }
    }

    /// Why the run gives no clear answer; empty where it does.
    pub(crate) fn inconclusive(&self) -> Vec<String> {
        let mut reasons = inconclusive(self.scan, self.audit);
        for why in self.incomplete {
            // A login that failed is said already, in words of its own.
            let gist = why.split_once(": not reached, ").map_or(why.as_str(), |(_, gist)| gist);
            if !reasons.iter().any(|reason| reason.contains(gist)) {
                reasons.push(why.clone());
            }
        }
        reasons
    }

    /// With what an audit says of it.
    pub fn judged(self, audit: &'a Audit, manifest: &'a str) -> Self {
        Report { audit: Some(audit), manifest: Some(manifest), ..self }
    }
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Terminal { color: bool, width: usize, verbose: bool },
    Json,
    Markdown,
}

/// Writes a report.
pub fn write(report: &Report<'_>, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        Format::Terminal { color, width, verbose } => {
            terminal::write(report, terminal::Layout { color, width, verbose }, out)
        }
        Format::Json => json::write(report, out),
        Format::Markdown => markdown::write(report, out),
    }
}
