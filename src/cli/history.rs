//! `cookieproof history`: the nights side by side.

use super::complaint::Complaint;
use super::diff::{Shape, Which};
use super::new_file::NewFile;
use super::nights::{KeepWord, complaint};
use super::{Exit, files, output};
use crate::history::overview::Overview;
use crate::report;
use crate::store::Store;
use clap::Args;
use std::path::PathBuf;

/// Shows the runs that `audit --history` kept: each night, and of each finding, cookie, storage item
/// and third party on which nights it was there and since when.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The history
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Take declared patterns as one thing
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Nights that are shown
    #[arg(long, value_name = "N", default_value_t = 30)]
    nights: usize,
    /// Write a page with the trend as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Take older runs out: keep only the last N, or those of the last N days, as in 400d
    #[arg(long, value_name = "N or Nd")]
    keep: Option<KeepWord>,
    /// The format on standard output
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Shape,
}

/// Runs the command.
pub(super) fn run(args: &HistoryArgs) -> Result<Exit, Complaint> {
    let html = args.html.as_deref().map(NewFile::at).transpose()?;
    if html.as_ref().is_some_and(|html| html.is(&args.file)) {
        return Err(Complaint::usage("the page would be written over the history"));
    }
    let manifest = args.manifest.as_deref().map(files::manifest).transpose()?;
    let mut store = Store::existing(&args.file).map_err(|error| complaint(&error))?;
    if let Some(KeepWord(keep)) = args.keep {
        let gone = store.clean(keep).map_err(|error| complaint(&error))?;
        output::say(&format!(
            "{gone} runs taken out of {}",
            crate::report::clean(&args.file.display().to_string())
        ));
    }
    let mut sites: Vec<Overview> = Vec::new();
    for known in store.known().map_err(|error| complaint(&error))? {
        if args.which.takes(&known) {
            let runs = store.runs(&known.site, &known.target, None).map_err(|error| complaint(&error))?;
            sites.extend(Overview::of(&runs, manifest.as_ref(), args.nights));
        }
    }
    if sites.is_empty() {
        return Err(Complaint::usage(format!("{} has no night of it yet", args.file.display()))
            .hint("`cookieproof audit --history FILE` adds one"));
    }
    let mut text = Vec::new();
    let written = match args.format {
        Shape::Json => report::overview_json(&sites, &mut text),
        Shape::Terminal => sites.iter().enumerate().try_for_each(|(at, site)| {
            if at > 0 {
                text.push(b'\n');
            }
            report::overview_text(site, &mut text)
        }),
    };
    written.map_err(|error| Complaint::usage(format!("cannot write the nights: {error}")))?;
    output::print(&String::from_utf8_lossy(&text));
    if let Some(html) = html {
        html.fill(|out| report::overview_html(&sites, out))?;
    }
    Ok(Exit::Clear)
}
