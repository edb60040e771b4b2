//! `cookieproof report`: a saved scan once more.

use super::args;
use super::complaint::Complaint;
use super::output::Outputs;
use super::{Exit, files, outcome};
use crate::audit::audit_with;
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Render) -> Result<Exit, Complaint> {
    let outputs = Outputs::open(args.print.format, args.print.talk.verbose > 0, &args.print.output)?;
    let scan = files::scan(&args.scan)?;
    let manifest = args.manifest.as_deref().map(files::manifest).transpose()?;
    let knowledge = files::knowledge(None, &args.lists)?;
    let audit = manifest.as_ref().map(|manifest| audit_with(manifest, &scan, None, &knowledge));
    outputs.write(&Report {
        scan: &scan,
        audit: audit.as_ref(),
        manifest: manifest.as_ref().map(|manifest| manifest.file.as_str()),
        knowledge: &knowledge,
    })?;
    Ok(match &audit {
        Some(audit) => outcome::of_audit(&scan, audit, outcome::FailOn::default()),
        None => outcome::of_scan(&scan),
    })
}
