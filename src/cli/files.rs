//! Files in: plans, manifests, saved scans. Problems of a file are all printed, each with its place.

use super::complaint::Complaint;
use super::output;
use crate::manifest::{self, Manifest};
use crate::observation::Scan;
use crate::plan::{self, Plan};
use crate::tree::{Format, Problem, Severity, Source};
use std::io::{self, IsTerminal, Read};
use std::path::Path;

/// A file's text, and what it is called in messages.
pub(super) fn source(path: &Path) -> Result<Source, Complaint> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(crate::tree::MOST_BYTES as u64 + 1).read_to_end(&mut bytes))
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
    let source = source(path)?;
    let (manifest, problems) =
        manifest::read(source.text(), &source.file, Format::of(&source.file, source.text()));
    usable("manifest", &source, manifest, &problems)
}

/// Reads a plan.
pub(super) fn plan(path: &Path) -> Result<Plan, Complaint> {
    let source = source(path)?;
    let (plan, problems) = plan::read(source.text(), &source.file, Format::of(&source.file, source.text()));
    usable("plan", &source, plan, &problems)
}

/// Reads a saved scan.
pub(super) fn scan(path: &Path) -> Result<Scan, Complaint> {
    let file = std::fs::File::open(path).map_err(|error| Complaint::file("read", path, &error))?;
    Scan::read(io::BufReader::new(file))
        .map_err(|error| Complaint::usage(format!("cannot read {} as a saved scan: {error}", path.display())))
}

/// Prints the problems; without a value they were errors.
fn usable<T>(what: &str, source: &Source, value: Option<T>, problems: &[Problem]) -> Result<T, Complaint> {
    print_problems(source, problems);
    value.ok_or_else(|| {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        let noun = if errors == 1 { "error" } else { "errors" };
        Complaint::usage(format!("the {what} {} has {errors} {noun}", source.file))
    })
}

/// Each problem with an excerpt of the file, on stderr.
pub(super) fn print_problems(source: &Source, problems: &[Problem]) {
    let color = io::stderr().is_terminal() && output::color_wanted();
    for problem in problems {
        eprintln!("{}\n", problem.excerpt(source, color, Some(output::width())));
    }
}
