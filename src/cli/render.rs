//! `cookieproof report`: a saved scan once more.

use super::args;
use super::complaint::{Complaint, Failures};
use super::output::Outputs;
use super::{Exit, files, outcome};
use crate::audit::audit_with;
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Render) -> Result<Exit, Complaint> {
    let Some(scan) = &args.scan else { return Err(Complaint::usage("no saved scan is named")) };
    let outputs = Outputs::of(&args.print, None)?;
    outputs.spare(args.lists.files().chain([scan.as_path()]).chain(args.manifest.as_deref()))?;
    let scan = files::scan(scan)?;
    let manifest = args.manifest.as_deref().map(files::manifest).transpose()?;
    let knowledge = files::knowledge(None, &args.lists)?;
    let audit = manifest.as_ref().map(|manifest| audit_with(manifest, &scan, None, &knowledge));
    let mut report = Report::of(&scan, &knowledge);
    if let (Some(audit), Some(manifest)) = (&audit, &manifest) {
        report = report.judged(audit, manifest);
    }
    let mut failures = Failures::default();
    outputs.write(&report, &mut failures);
    Ok(failures.end(match &audit {
        Some(audit) => outcome::of_audit(&scan, audit, outcome::FailOn::default()),
        None => outcome::of_scan(&scan),
    }))
}
