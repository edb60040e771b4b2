//! The report for merge requests of GitLab: its Code Quality JSON, an entry for each finding at its
//! line of the manifest. The finding's id is the fingerprint.

use super::{Report, places, text};
use crate::audit::{Finding, Severity};
use serde::Serialize;
use std::io;

/// Writes the report; an empty list where nothing was audited or found.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let findings = report.audit.map(|audit| audit.findings.as_slice()).unwrap_or_default();
    let entries: Vec<Entry> = findings.iter().map(|finding| entry(report, finding)).collect();
    super::json::pretty(&entries, out)
}

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn entry(report: &Report<'_>, finding: &Finding) -> Entry {
    let accepted = places::accepted(report, &finding.id);
    let mut description = text::clean(&finding.message).into_owned();
    if let Some(accepted) = accepted {
        description.push_str(&format!(" (accepted {})", text::clean(&accepted.in_words())));
    }
    Entry {
        description,
        check_name: finding.rule,
        fingerprint: finding.id.clone(),
        severity: match finding.severity {
            _ if accepted.is_some() => "info",
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location {
            path: places::path(report).into_owned(),
            lines: Lines { begin: places::of_finding(report, finding).line },
        },
    }
}
