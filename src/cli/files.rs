//! Files in: plans, manifests, saved scans. Problems of a file are all printed, each with its place.

use super::args::Lists;
use super::complaint::Complaint;
use super::{check, output};
use crate::config::{Format, Problem, Severity, Source};
use crate::history::baseline::{self, Baseline};
use crate::intake;
use crate::manifest::{self, Manifest};
use crate::observation::Scan;
use crate::plan::sites::{self, SiteEntry};
use crate::plan::{self, Plan, VendorLists};
use crate::vendors::{Knowledge, NotAList, Remark};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// Larger files are no lists.
const MOST_OF_A_LIST: u64 = 32 << 20;

/// A file's text, and what it is called in messages.
pub(super) fn source(path: &Path) -> Result<Source, Complaint> {
    let bytes = intake::file(path, crate::config::MOST_BYTES as u64)
        .map_err(|error| Complaint::file("read", path, &error))?;
    let name = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(&name, &text)),
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.split(|byte| *byte == b'\n').count();
            Err(Complaint::usage(format!("{name} is not UTF-8 text (line {line})")))
        }
    }
}

/// Reads a manifest.
pub(super) fn manifest(path: &Path) -> Result<Manifest, Complaint> {
    decoded("manifest", &source(path)?, manifest::read)
}

/// Reads a plan.
pub(super) fn plan(path: &Path) -> Result<Plan, Complaint> {
    decoded("plan", &source(path)?, plan::read)
}

/// Reads a file of sites.
pub(super) fn sites(path: &Path) -> Result<Vec<SiteEntry>, Complaint> {
    let source = source(path)?;
    let (tree, _) = source.parse(Format::of(&source.file, source.text()));
    if tree.is_some_and(|tree| !check::is_sites(&tree) && check::is_plan(&tree)) {
        return Err(Complaint::usage(format!(
            "{} is the plan of one site, and no list of sites",
            source.file
        ))
        .hint(
            "name it in a list, as in `[sites.shop]` and `plan = \"shop.toml\"`, or give the folder it is in",
        ));
    }
    decoded("sites file", &source, sites::read)
}

/// Reads what the lists of the plan and of the flags know, in this order. What of a list is not in
/// use is said.
pub(super) fn knowledge(planned: Option<&VendorLists>, typed: &Lists) -> Result<Knowledge, Complaint> {
    let mut knowledge = Knowledge::default();
    let of_plan = |of: fn(&VendorLists) -> &Vec<PathBuf>| planned.map(of).into_iter().flatten();
    for path in of_plan(|lists| &lists.lists).chain(&typed.list) {
        let (file, text) = list(path)?;
        tell_remark(knowledge.add_filters(&file, &text), "a filter list in the syntax of ad blockers")?;
    }
    for path in of_plan(|lists| &lists.cookie_databases).chain(&typed.cookie_database) {
        let (file, text) = list(path)?;
        tell_remark(knowledge.add_database(&file, &text), "the Open Cookie Database's CSV or JSON")?;
    }
    Ok(knowledge)
}

fn tell_remark(added: Result<Option<Remark>, NotAList>, expected: &str) -> Result<(), Complaint> {
    let remark =
        added.map_err(|error| Complaint::usage(error.to_string()).hint(format!("expected is {expected}")))?;
    if let Some(remark) = remark {
        output::say(&format!("warning: {}", crate::report::clean(&remark)));
    }
    Ok(())
}

/// A list's name for messages and reports, and its text.
fn list(path: &Path) -> Result<(String, String), Complaint> {
    let bytes = intake::file(path, MOST_OF_A_LIST).map_err(|error| Complaint::file("read", path, &error))?;
    let name = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => {
            // The same classification under whatever path the list lies.
            let file = path.file_name().map_or(name, |file| file.to_string_lossy().into_owned());
            Ok((file, text))
        }
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.split(|byte| *byte == b'\n').count();
            Err(Complaint::usage(format!("{name}:{line}: not UTF-8 text")))
        }
    }
}

/// Reads a baseline.
pub(super) fn baseline(path: &Path) -> Result<Baseline, Complaint> {
    decoded("baseline", &source(path)?, baseline::read)
}

/// Reads a saved scan.
pub(super) fn scan(path: &Path) -> Result<Scan, Complaint> {
    if path.is_dir() {
        let complaint = Complaint::file("read", path, &io::ErrorKind::IsADirectory.into());
        let scan = path.join("scan.json");
        return Err(match scan.is_file() {
            true => complaint.hint(format!("its scan is {}", scan.display())),
            false => complaint,
        });
    }
    let file = std::fs::File::open(path).map_err(|error| Complaint::file("read", path, &error))?;
    Scan::read(io::BufReader::new(file))
        .map_err(|error| Complaint::usage(format!("cannot read {} as a saved scan: {error}", path.display())))
}

/// The manifest of a text that came from elsewhere, under the name that it has there.
pub(super) fn manifest_of(file: &str, text: &str) -> Result<Manifest, Complaint> {
    decoded("manifest", &Source::new(file, text), manifest::read)
}

/// The plan of such a text.
pub(super) fn plan_of(file: &str, text: &str) -> Result<Plan, Complaint> {
    decoded("plan", &Source::new(file, text), plan::read)
}

/// A plan that is sent to other machines, with its source.
pub(super) fn plan_to_travel(path: &Path) -> Result<(Plan, Source), Complaint> {
    let source = source(path)?;
    decoded("plan", &source, plan::read_to_travel).map(|plan| (plan, source))
}

/// What a source means, with its problems printed; where it means nothing they were errors.
fn decoded<T>(
    what: &str,
    source: &Source,
    read: impl Fn(&str, &str, Format) -> (Option<T>, Vec<Problem>),
) -> Result<T, Complaint> {
    let format = Format::of(&source.file, source.text());
    let (value, problems) = read(source.text(), &source.file, format);
    print_problems(source, &problems);
    value.ok_or_else(|| {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        let noun = if errors == 1 { "error" } else { "errors" };
        let first = problems.iter().find(|problem| problem.severity == Severity::Error);
        Complaint::usage(format!("the {what} {} has {errors} {noun}", source.file))
            .because(first.map(ToString::to_string))
    })
}

/// Each problem with an excerpt of the file, on stderr.
pub(super) fn print_problems(source: &Source, problems: &[Problem]) {
    let color = io::stderr().is_terminal() && output::color_wanted();
    for problem in problems {
        output::say(&format!("{}\n", problem.excerpt(source, color, Some(output::width()))));
    }
}
