//! `cookieproof scan`: only look.

use super::args;
use super::complaint::Complaint;
use super::output::Outputs;
use super::{Exit, files, live, outcome, settings};
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Scan) -> Result<Exit, Complaint> {
    let outputs = Outputs::open(args.print.format, args.print.talk.verbose > 0, &args.print.output)?;
    let looking = settings::looking(Some(&args.what), &args.look)?;
    let knowledge = files::knowledge(Some(&looking.plan.vendors), &args.lists)?;
    let scan = live::scan(looking, None, live::talk(&args.print.talk))?;
    outputs.write(&Report { scan: &scan, audit: None, manifest: None, knowledge: &knowledge })?;
    Ok(outcome::of_scan(&scan))
}
