//! `cookieproof audit`: look, or take a saved scan; judge; report.

use super::args;
use super::complaint::Complaint;
use super::output::Outputs;
use super::{Exit, files, live, outcome, settings};
use crate::audit::audit;
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Audit) -> Result<Exit, Complaint> {
    let outputs = Outputs::open(args.print.format, args.print.talk.verbose > 0, &args.print.output)?;
    let previous = args.previous.as_deref().map(files::scan).transpose()?;
    let (manifest, scan) = match &args.from {
        Some(path) => {
            let scan = files::scan(path)?;
            let plan = match args.what.as_deref() {
                Some(what) => Some(settings::looking(Some(what), &args.look)?.plan),
                None => None,
            };
            (settings::manifest(args.manifest.as_deref(), plan.as_ref())?, scan)
        }
        None => {
            let looking = settings::looking(args.what.as_deref(), &args.look)?;
            let manifest = settings::manifest(args.manifest.as_deref(), Some(&looking.plan))?;
            let scan = live::scan(looking, Some(&manifest), live::talk(&args.print.talk))?;
            (manifest, scan)
        }
    };
    let audit = audit(&manifest, &scan, previous.as_ref());
    outputs.write(&Report { scan: &scan, audit: Some(&audit), manifest: Some(&manifest.file) })?;
    Ok(outcome::of_audit(&scan, &audit, args.fail_on))
}
