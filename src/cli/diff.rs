//! `cookieproof diff`: two scans, or two runs of a history, against each other.

use super::args::Lists;
use super::complaint::Complaint;
use super::nights::{self, complaint};
use super::{Exit, files, output};
use crate::history::{self, RunRecord, Thresholds};
use crate::manifest::Manifest;
use crate::report;
use crate::store::{self, Store};
use crate::vendors::Knowledge;
use clap::{Args, ValueEnum};
use std::io;
use std::path::{Path, PathBuf};

/// Says what two runs have in common and what not: cookies, storage, third parties, the policy page,
/// the banner, and with a manifest claims and findings. Ends with 0 where nothing differs, with 1
/// where something does, with 3 where the second looked at nothing that the first did.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A saved scan; with --history a run: its day, its moment, `first` or `last`
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The later one
    #[arg(value_name = "AFTER")]
    after: String,
    /// Judge both by this manifest
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Take the runs from this history
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    lists: Lists,
    /// The format on standard output
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Shape,
}

/// Which site of a history.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Which {
    /// The site, where the history knows several
    #[arg(long, value_name = "URL")]
    pub(super) site: Option<String>,
    /// The target, where the history knows several
    #[arg(long, value_name = "NAME")]
    pub(super) target: Option<String>,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Shape {
    #[default]
    Terminal,
    Json,
}

impl Which {
    /// Whether this is asked for.
    pub(super) fn takes(&self, known: &store::Known) -> bool {
        let site = |site: &String| known.site.eq_ignore_ascii_case(site.trim_end_matches('/'));
        self.site.as_ref().is_none_or(site)
            && self.target.as_ref().is_none_or(|target| known.target == *target)
    }
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Result<Exit, Complaint> {
    let manifest = args.manifest.as_deref().map(files::manifest).transpose()?;
    let knowledge = files::knowledge(None, &args.lists)?;
    let (mut before, mut after) = match &args.history {
        Some(file) => recorded(file, args)?,
        None => {
            let scan = |name: &str| saved(Path::new(name), manifest.as_ref(), &knowledge);
            (scan(&args.before)?, scan(&args.after)?)
        }
    };
    let thresholds = Thresholds::default();
    history::assess(&mut before, &[], &thresholds);
    history::assess(&mut after, std::slice::from_ref(&before), &thresholds);
    let known = [before];
    let compared = history::compare(&known, &after, manifest.as_ref());
    let since = report::since_in_words(&compared, None, &knowledge, &[]);
    let [before] = known;
    let (was, is) = (title(&before), title(&after));
    let mut text = Vec::new();
    let written: io::Result<()> = match args.format {
        Shape::Terminal => report::difference_text(&was, &is, &since, &mut text),
        Shape::Json => report::difference_json(&was, &is, &since, &mut text),
    };
    written.map_err(|error| Complaint::usage(format!("cannot write the difference: {error}")))?;
    output::print(&String::from_utf8_lossy(&text));
    let comparable = compared
        .cells
        .iter()
        .any(|cell| cell.looked_at && cell.incomplete.is_none() && cell.compared_with.is_some());
    Ok(match (since.is_quiet(), comparable) {
        (false, _) => Exit::Findings,
        (true, true) => Exit::Clear,
        (true, false) => Exit::Inconclusive,
    })
}

fn saved(path: &Path, manifest: Option<&Manifest>, knowledge: &Knowledge) -> Result<RunRecord, Complaint> {
    let scan = files::scan(path)?;
    let sum =
        store::sum_of(&scan).map_err(|error| Complaint::usage(format!("cannot sum the scan up: {error}")))?;
    Ok(match manifest {
        Some(manifest) => nights::judged(manifest, &scan, &sum, knowledge, &Thresholds::default()),
        None => RunRecord::of(&scan, &sum, None),
    })
}

/// Two runs of a history.
fn recorded(file: &Path, args: &DiffArgs) -> Result<(RunRecord, RunRecord), Complaint> {
    let store = Store::existing(file).map_err(|error| complaint(&error))?;
    let known = store.known().map_err(|error| complaint(&error))?;
    let mut fitting = known.iter().filter(|known| args.which.takes(known));
    let (Some(one), None) = (fitting.next(), fitting.next()) else {
        let all: Vec<String> = known.iter().map(|one| format!("{} ({})", one.site, one.target)).collect();
        return Err(Complaint::usage("the history knows several sites or targets, or not the one asked for")
            .hint(format!("name one with `--site` and `--target`; it has: {}", all.join(", "))));
    };
    let runs = store.runs(&one.site, &one.target, None).map_err(|error| complaint(&error))?;
    let run = |name: &str| {
        let found = match name {
            "first" => runs.first(),
            "last" => runs.last(),
            moment => runs.iter().rev().find(|run| {
                run.made.started.starts_with(moment) || report::moment(&run.made.started).starts_with(moment)
            }),
        };
        found.cloned().ok_or_else(|| {
            let days: Vec<String> =
                runs.iter().rev().take(5).map(|run| report::moment(&run.made.started)).collect();
            Complaint::usage(format!("the history has no run of `{name}`"))
                .hint(format!("its last ones are {}", days.join(", ")))
        })
    };
    Ok((run(&args.before)?, run(&args.after)?))
}

fn title(run: &RunRecord) -> String {
    let pages: u64 = run.cells.iter().map(history::record::CellRecord::answered).sum();
    let noun = if pages == 1 { "page" } else { "pages" };
    let engine = if run.made.engines.len() > 1 { "browser" } else { "plain HTTP" };
    format!("{} {}, {engine}, {pages} {noun}", run.made.base_url, report::moment(&run.made.started))
}
