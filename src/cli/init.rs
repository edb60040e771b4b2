//! `cookieproof init`: look, then write a first manifest and plan.

use super::args;
use super::complaint::{Complaint, Failures};
use super::new_file::NewFile;
use super::output::Outputs;
use super::settings::{MANIFEST, PLAN};
use super::{Exit, files, live, outcome, output, settings};
use crate::crawl::{Address, back_office};
use crate::legible::without_credentials;
use crate::observation::{Scan, SkipReason};
use crate::{manifest, plan, report};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &args::Init) -> Result<Exit, Complaint> {
    if let Some(url) = &args.url
        && settings::url(url)?.is_none()
    {
        let shown = without_credentials(url);
        return Err(Complaint::usage(format!("`{shown}` is not a URL"))
            .hint(format!("say how to reach it, as in `https://{shown}`; a plan goes with `--plan`")));
    }
    let outputs = Outputs::of(&args::Print::default(), args.look.save_scan.as_deref())?;
    let looking = settings::looking(args.plan.as_deref().or(args.url.as_deref()), &args.look)?;
    let manifest_file = args.dir.join(MANIFEST);
    // Who brings a plan keeps it.
    let plan_file = args.plan.is_none().then(|| args.dir.join(PLAN));
    if !args.force {
        for file in [Some(&manifest_file), plan_file.as_ref()].into_iter().flatten() {
            if file.exists() {
                return Err(Complaint::usage(format!("{} is there already", file.display()))
                    .hint("`--force` overwrites it; `--dir` names another folder"));
            }
        }
    }
    let mut inputs = settings::inputs(&looking.plan);
    inputs.extend([Some(&manifest_file), plan_file.as_ref()].into_iter().flatten().cloned());
    outputs.spare(inputs.iter().map(PathBuf::as_path))?;
    let knowledge = files::knowledge(Some(&looking.plan.vendors), &args::Lists::default())?;
    let (drafted, target) = (looking.plan.clone(), looking.target.clone());
    let scan = live::scan(looking, None, live::talk(&args.talk), None, None, None)?;
    let mut failures = Failures::default();
    outputs.save(&scan, &mut failures);
    if outcome::of_scan(&scan) == Exit::Inconclusive {
        failures.end(Exit::Inconclusive);
        let reasons = report::inconclusive(&scan, None).join("; ");
        return Err(Complaint {
            exit: Exit::Inconclusive,
            ..Complaint::usage(format!("nothing is written, because too little was seen: {reasons}"))
        });
    }
    write(&manifest_file, &manifest::draft(&scan, &knowledge), args.force)?;
    if let Some(file) = &plan_file {
        let text = plan::draft(&drafted, &target, MANIFEST, &back_offices(&scan));
        write(file, &text, args.force)?;
    }
    tell(&scan, &manifest_file, plan_file.as_deref(), args);
    Ok(failures.end(Exit::Clear))
}

/// Page patterns of back offices among what was looked at and what was left out.
fn back_offices(scan: &Scan) -> BTreeSet<String> {
    let pages = scan.coverage.pages.iter().flat_map(|page| [Some(&page.example), page.shown.as_ref()]);
    let skipped = scan.coverage.skipped.iter().filter(|skipped| skipped.reason != SkipReason::OutOfScope);
    let known = pages.flatten().chain(skipped.map(|skipped| &skipped.example));
    let addresses = known.filter_map(|url| Address::new(&url.parsed()?));
    addresses.filter_map(|address| back_office(&address)).collect()
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Complaint> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Complaint::file("write", path, &error))?;
    }
    // Whoever made the file while we looked keeps it.
    if !force && path.exists() {
        return Err(Complaint::usage(format!("{} is there already", path.display())));
    }
    NewFile::at(path)?.fill(|out| out.write_all(text.as_bytes()))
}

fn tell(scan: &Scan, manifest: &Path, plan: Option<&Path>, args: &args::Init) {
    let written: Vec<String> =
        [Some(manifest), plan].into_iter().flatten().map(|path| path.display().to_string()).collect();
    let plan: PathBuf = match (plan, &args.plan) {
        (Some(plan), _) => plan.to_owned(),
        (None, plan) => plan.clone().unwrap_or_default().into(),
    };
    let mut audit = format!("cookieproof audit {}", plan.display());
    if args.plan.is_some() {
        audit.push_str(&format!(" --manifest {}", manifest.display()));
    }
    let lines = [
        format!("wrote {}: {}", written.join(" and "), report::inventory_in_words(scan)),
        format!("next: say in {} what each cookie is for, then `{audit}`", manifest.display()),
    ];
    for line in lines {
        output::print(&format!("{}\n", report::clean(&line)));
    }
}
