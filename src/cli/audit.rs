//! `cookieproof audit`: look, or take a saved scan; judge; report.

use super::args;
use super::complaint::Complaint;
use super::output::Outputs;
use super::{Exit, files, live, outcome, settings};
use crate::audit::audit_with;
use crate::report::Report;

/// Runs the command.
pub(super) fn run(args: &args::Audit) -> Result<Exit, Complaint> {
    let outputs = Outputs::open(args.print.format, args.print.talk.verbose > 0, &args.print.output)?;
    let previous = args.previous.as_deref().map(files::scan).transpose()?;
    let (manifest, knowledge, scan) = match &args.from {
        Some(path) => {
            let scan = files::scan(path)?;
            let plan = match args.what.as_deref() {
                Some(what) => Some(settings::looking(Some(what), &args.look)?.plan),
                None => None,
            };
            let knowledge = files::knowledge(plan.as_ref().map(|plan| &plan.vendors), &args.lists)?;
            (settings::manifest(args.manifest.as_deref(), plan.as_ref())?, knowledge, scan)
        }
        None => {
            let looking = settings::looking(args.what.as_deref(), &args.look)?;
            let manifest = settings::manifest(args.manifest.as_deref(), Some(&looking.plan))?;
            let knowledge = files::knowledge(Some(&looking.plan.vendors), &args.lists)?;
            let scan = live::scan(looking, Some(&manifest), live::talk(&args.print.talk))?;
            (manifest, knowledge, scan)
        }
    };
    let audit = audit_with(&manifest, &scan, previous.as_ref(), &knowledge);
    let manifest = Some(manifest.file.as_str());
    outputs.write(&Report { scan: &scan, audit: Some(&audit), manifest, knowledge: &knowledge })?;
    Ok(outcome::of_audit(&scan, &audit, args.fail_on))
}
