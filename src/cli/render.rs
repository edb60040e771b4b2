//! `cookieproof report`: a saved scan once more.

use super::args;
use super::complaint::Complaint;
use super::output::Outputs;
use super::{Exit, files, outcome};
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Render) -> Result<Exit, Complaint> {
    let outputs = Outputs::open(args.print.format, args.print.talk.verbose > 0, &args.print.output)?;
    let scan = files::scan(&args.scan)?;
    outputs.write(&Report { scan: &scan, audit: None, manifest: None })?;
    Ok(outcome::of_scan(&scan))
}
