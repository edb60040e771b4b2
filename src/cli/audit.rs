//! `cookieproof audit`: look, or take a saved scan; judge; compare; report.

use super::args;
use super::complaint::{Complaint, Failures};
use super::evidence::Judged;
use super::metrics::Metrics;
use super::output::Outputs;
use super::{Exit, files, import, live, outcome, recorded, settings, sites, state};
use crate::history;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &args::Audit) -> Result<Exit, Complaint> {
    if let Some(list) = &args.sites {
        return sites::run(args, list);
    }
    let outputs = Outputs::of(&args.print, args.look.save_scan.as_deref())?;
    // What --previous names may be written over: yesterday's scan by today's.
    outputs.spare(args.lists.files().chain(args.manifest.as_deref()).chain(args.from.as_deref()))?;
    outputs.spare(args.nights.files())?;
    let spare_plans = |files: Vec<PathBuf>| outputs.spare(files.iter().map(PathBuf::as_path));
    let previous = args.previous.as_deref().map(files::scan).transpose()?;
    let nights = args.nights.prepare(previous.is_some())?;
    let bundle = args.evidence.prepare(
        outputs.paths().chain(args.nights.files()).chain(args.look.folders()),
        args.print.talk.quiet,
    )?;
    outputs.spare(args.state.state.as_deref())?;
    let state = state::opened(&args.state)?;
    let metrics = Metrics::served(args.metrics, Metrics::default())?;
    let mut failures = Failures::default();
    let (manifest, knowledge, scan) = match &args.from {
        Some(path) if let Some(who) = &args.recorded_as => {
            let mut looking = settings::looking(args.what.as_deref(), &args.look)?;
            spare_plans(settings::inputs(&looking.plan))?;
            let manifest = settings::manifest(args.manifest.as_deref(), Some(&looking.plan))?;
            outputs.spare([Path::new(&manifest.file)])?;
            let knowledge = files::knowledge(Some(&looking.plan.vendors), &args.lists)?;
            if let Some(bundle) = &bundle {
                bundle.wants(&mut looking.plan);
            }
            let scan = recorded::scan(path, who, &looking, &manifest)?;
            (manifest, knowledge, scan)
        }
        Some(path) => {
            let scan = files::scan(path)?;
            let plan = match args.what.as_deref() {
                Some(what) => Some(settings::looking(Some(what), &args.look)?.plan),
                None => None,
            };
            spare_plans(plan.as_ref().map(settings::inputs).unwrap_or_default())?;
            let knowledge = files::knowledge(plan.as_ref().map(|plan| &plan.vendors), &args.lists)?;
            let manifest = match (&args.policy, scan.run.base_url.parsed()) {
                (Some(policy), Some(site)) => import::manifest_of(policy, &site)?,
                _ => settings::manifest(args.manifest.as_deref(), plan.as_ref())?,
            };
            outputs.spare([Path::new(&manifest.file)])?;
            nights.fits(&manifest)?;
            (manifest, knowledge, scan)
        }
        None => {
            let mut looking = settings::looking(args.what.as_deref(), &args.look)?;
            spare_plans(settings::inputs(&looking.plan))?;
            let manifest = match &args.policy {
                Some(policy) => import::manifest_of(policy, &looking.target.url)?,
                None => settings::manifest(args.manifest.as_deref(), Some(&looking.plan))?,
            };
            outputs.spare([Path::new(&manifest.file)])?;
            nights.fits(&manifest)?;
            let knowledge = files::knowledge(Some(&looking.plan.vendors), &args.lists)?;
            if let Some(bundle) = &bundle {
                bundle.wants(&mut looking.plan);
            }
            let last = nights.last_run(&manifest, &looking.target, &looking.plan);
            let mut scan = live::scan(
                looking,
                Some(&manifest),
                live::talk(&args.print.talk),
                last.as_ref(),
                metrics.as_ref(),
                state.as_ref(),
            )?;
            if let Some(bundle) = &bundle {
                scan = bundle.at_home(scan);
            }
            outputs.save(&scan, &mut failures);
            (manifest, knowledge, scan)
        }
    };
    let (night, webhook) = nights.judge(&manifest, &scan, previous.as_ref(), &knowledge, &mut failures)?;
    let report = night.report(&manifest, &scan, &knowledge);
    outputs.write(&report, &mut failures);
    let answer = outcome::gated(&scan, &night.audit, args.fail_on, &night.gate);
    let site = history::site_of(&scan, Some(&manifest));
    if let Some(bundle) = bundle {
        let judged = Judged { manifest: &manifest, site: &site, answer, from: args.from.as_deref() };
        bundle.write(&report, &judged, &outputs, &mut failures);
    }
    state::settled(state, &scan, &mut failures);
    let exit = failures.end(answer);
    if let Some(webhook) = webhook {
        webhook.tell(&scan, &site, &night, exit, &args.print.files());
    }
    Ok(exit)
}
