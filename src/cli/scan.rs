//! `cookieproof scan`: only look.

use super::args;
use super::complaint::{Complaint, Failures};
use super::output::Outputs;
use super::{Exit, files, live, outcome, settings, state};
use crate::report::Report;
use std::path::PathBuf;

/// Runs the command.
pub(super) fn run(args: &args::Scan) -> Result<Exit, Complaint> {
    let outputs = Outputs::of(&args.print, args.look.save_scan.as_deref())?;
    outputs.spare(args.lists.files())?;
    let looking = settings::looking(Some(&args.what), &args.look)?;
    outputs.spare(settings::inputs(&looking.plan).iter().map(PathBuf::as_path))?;
    let knowledge = files::knowledge(Some(&looking.plan.vendors), &args.lists)?;
    outputs.spare(args.state.state.as_deref())?;
    let state = state::opened(&args.state)?;
    let scan = live::scan(looking, None, live::talk(&args.print.talk), None, None, state.as_ref())?;
    let mut failures = Failures::default();
    outputs.save(&scan, &mut failures);
    outputs.write(&Report::of(&scan, &knowledge), &mut failures);
    state::settled(state, &scan, &mut failures);
    Ok(failures.end(outcome::of_scan(&scan)))
}
