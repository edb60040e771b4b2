//! One sorted value in, one format out. Each format is a function into a writer, with wire structs
//! of its own; the same scan gives the same bytes.

mod answer;
pub(crate) mod cause;
mod consent;
mod coverage;
mod csv;
pub mod evidence;
mod gathered;
mod github;
mod gitlab;
mod html;
mod inventory;
mod json;
mod junit;
mod line;
mod markdown;
mod nights;
mod places;
mod sarif;
mod since;
pub mod sites;
mod terminal;
mod text;
mod third_parties;
mod words;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use coverage::inconclusive;
pub(crate) use inventory::left;
pub use inventory::sentence as inventory_in_words;
pub use json::FORMAT as JSON_FORMAT;
pub use nights::{difference_json, difference_text, overview_html, overview_json, overview_text};
pub use since::in_words as since_in_words;
pub(crate) use since::{moment, worse};
pub(crate) use text::{clean, cut};

use crate::audit::{Audit, Rounds};
use crate::history::{Accepted, Since};
use crate::manifest::{Manifest, Place};
use crate::observation::Scan;
use crate::vendors::Knowledge;
use std::collections::BTreeMap;
use std::io;

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub scan: &'a Scan,
    /// None for `scan`, which only looks.
    pub audit: Option<&'a Audit>,
    /// What it was judged by.
    pub manifest: Option<&'a Manifest>,
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
    /// Pictures that may be shown, by the name that the scan gives their files.
    pub pictures: &'a BTreeMap<String, Vec<u8>>,
}

impl<'a> Report<'a> {
    /// Only what was seen: no manifest, no earlier run.
    pub fn of(scan: &'a Scan, knowledge: &'a Knowledge) -> Self {
        static NONE: BTreeMap<String, Vec<u8>> = BTreeMap::new();
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
            pictures: &NONE,
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
    pub fn judged(self, audit: &'a Audit, manifest: &'a Manifest) -> Self {
        Report { audit: Some(audit), manifest: Some(manifest), ..self }
    }
}

impl Report<'_> {
    /// What the manifest is called in messages.
    fn manifest_file(&self) -> Option<&str> {
        self.manifest.map(|manifest| manifest.file.as_str())
    }

    /// Where the manifest's sentences about the whole site begin.
    fn claims_at(&self) -> Place {
        self.manifest.map(|manifest| manifest.claims_at).unwrap_or_default()
    }
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Terminal {
        color: bool,
        width: usize,
        verbose: bool,
    },
    Json,
    Html,
    Markdown,
    /// For code scanning.
    Sarif,
    /// For test viewers.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's Code Quality.
    Gitlab,
    /// The inventory for spreadsheets.
    Csv,
}

/// Writes a report.
pub fn write(report: &Report<'_>, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        Format::Terminal { color, width, verbose } => {
            terminal::write(report, terminal::Layout { color, width, verbose }, out)
        }
        Format::Json => json::write(report, out),
        Format::Html => html::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Csv => csv::write(report, out),
    }
}

/// Writes the summary of a step of GitHub Actions, beside the annotations.
pub fn write_github_summary(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    github::write_summary(report, out)
}
