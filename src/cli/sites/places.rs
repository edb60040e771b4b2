//! Where the summary and each site's own reports go. `{site}` in a path stands for the site's name.

use crate::cli::args::{self, Print};
use crate::cli::complaint::{Complaint, Failures};
use crate::cli::new_file::NewFile;
use crate::cli::output::{self, FormatWord, OutputSpec, Outputs};
use crate::report::sites::{self, Summary};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

const SITE: &str = "{site}";
/// What a step of a path keeps in an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Every place that a run over many sites writes to.
pub(in crate::cli) struct Places {
    format: FormatWord,
    summaries: Vec<(FormatWord, NewFile)>,
    of_each: Vec<OutputSpec>,
    scans: Option<PathBuf>,
}

impl Places {
    /// Looks whether the summaries can be written.
    pub(in crate::cli) fn of(args: &args::Audit) -> Result<Places, Complaint> {
        summarises(args.print.format)?;
        let scans = args.look.save_scan.clone();
        if let Some(scans) = scans.as_ref().filter(|scans| !has_site(scans)) {
            return Err(Complaint::usage(format!("every site's scan would be {}", scans.display()))
                .hint("put `{site}` into the path, as in `--save-scan 'scans/{site}.json'`"));
        }
        if let Some(dir) = args.evidence.evidence.as_ref().filter(|dir| !has_site(dir)) {
            return Err(Complaint::usage(format!("every site's evidence would be {}", dir.display()))
                .hint("put `{site}` into the path, as in `--evidence 'evidence/{site}'`"));
        }
        let (of_each, of_all): (Vec<OutputSpec>, Vec<OutputSpec>) =
            args.print.output.iter().cloned().partition(|spec| has_site(&spec.path));
        let mut summaries: Vec<(FormatWord, NewFile)> = Vec::new();
        for spec in of_all {
            summarises(spec.format)?;
            if summaries.iter().any(|(_, file)| file.is(&spec.path)) {
                return Err(Complaint::usage(format!("{} would be written twice", spec.path.display()))
                    .hint("give each summary a file of its own"));
            }
            summaries.push((spec.format, NewFile::at(&spec.path)?));
        }
        Ok(Places { format: args.print.format, summaries, of_each, scans })
    }

    /// Refuses to write a summary over what the run reads.
    pub(in crate::cli) fn spare<'p>(
        &self,
        inputs: impl IntoIterator<Item = &'p Path>,
    ) -> Result<(), Complaint> {
        for input in inputs {
            if self.summaries.iter().any(|(_, file)| file.is(input)) {
                return Err(Complaint::usage(format!(
                    "{} is read by this run, and would be written over",
                    input.display()
                ))
                .hint("name another file to write to"));
            }
        }
        Ok(())
    }

    /// Where one site's reports go; folders are made as they are needed.
    pub(super) fn of_site(&self, site: &str, print: &Print) -> Result<Outputs, Complaint> {
        let named = |path: &Path| PathBuf::from(path.to_string_lossy().replace(SITE, site));
        let output: Vec<OutputSpec> = self
            .of_each
            .iter()
            .map(|spec| OutputSpec { format: spec.format, path: named(&spec.path) })
            .collect();
        let scan = self.scans.as_deref().map(named);
        for path in output.iter().map(|spec| &spec.path).chain(&scan) {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|error| Complaint::file("make the folder", folder, &error))?;
            }
        }
        let outputs = Outputs::of(&Print { output, ..print.clone() }, scan.as_deref())?;
        match self.summaries.iter().find(|(_, file)| outputs.holds(file.path())) {
            None => Ok(outputs),
            Some((_, file)) => Err(Complaint::usage(format!(
                "{} would be the summary and the report of this site",
                file.path().display()
            ))
            .hint("write the summary to another file, or the sites' reports to a folder of their own")),
        }
    }

    /// Where one site's evidence goes; the folder around it is made where it is not there.
    pub(super) fn evidence(&self, dir: &Path, site: &str) -> Result<PathBuf, Complaint> {
        let dir = PathBuf::from(dir.to_string_lossy().replace(SITE, site));
        if let Some(folder) = dir.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| Complaint::file("make the folder", folder, &error))?;
        }
        Ok(dir)
    }

    /// The files of one site's reports.
    pub(super) fn files_of(&self, site: &str) -> Vec<String> {
        let named = |path: &PathBuf| path.to_string_lossy().replace(SITE, site);
        self.of_each.iter().map(|spec| &spec.path).chain(&self.scans).map(named).collect()
    }

    /// The files of the summary.
    pub(in crate::cli) fn summaries(&self) -> Vec<&Path> {
        self.summaries.iter().map(|(_, file)| file.path()).collect()
    }

    /// Writes the summary to everywhere.
    pub(in crate::cli) fn write(&self, summary: &Summary, print: &Print, failures: &mut Failures) {
        for (format, file) in &self.summaries {
            failures.note(file.fill(|out| self.put(summary, *format, file.path(), 100, true, out)));
        }
        let width = print.width.map_or_else(output::width, usize::from);
        let mut text = Vec::new();
        let here = Path::new("summary.html");
        match self.put(summary, self.format, here, width, print.talk.verbose > 0, &mut text) {
            Ok(()) => output::print(&String::from_utf8_lossy(&text)),
            Err(error) => failures.add(Complaint::usage(format!("cannot write the summary: {error}"))),
        }
    }

    fn put(
        &self,
        summary: &Summary,
        format: FormatWord,
        file: &Path,
        width: usize,
        verbose: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        match format {
            FormatWord::Json => sites::json(summary, out),
            FormatWord::Html => sites::html(summary, &self.links(summary, file), out),
            _ => sites::text(summary, width, verbose, out),
        }
    }

    /// From the summary to each site's report.
    fn links(&self, summary: &Summary, from: &Path) -> BTreeMap<String, String> {
        let Some(spec) = self.of_each.iter().find(|spec| spec.format == FormatWord::Html) else {
            return BTreeMap::new();
        };
        let judged = summary.rows.iter().filter(|row| row.answer.is_some());
        judged
            .filter_map(|row| {
                let report = spec.path.to_string_lossy().replace(SITE, &row.site);
                Some((row.site.clone(), relative(from, Path::new(&report))?))
            })
            .collect()
    }
}

fn has_site(path: &Path) -> bool {
    path.to_string_lossy().contains(SITE)
}

/// Formats whose readers expect one site have no summary.
fn summarises(format: FormatWord) -> Result<(), Complaint> {
    match format {
        FormatWord::Terminal | FormatWord::Json | FormatWord::Html => Ok(()),
        other => Err(Complaint::usage(format!(
            "the summary of many sites is written as terminal, json or html, not as {}",
            other.word()
        ))
        .hint(format!("for a report of each site write `--output '{}=reports/{{site}}'`", other.word()))),
    }
}

/// The address of one file as seen from another.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to) = (std::path::absolute(from).ok()?, std::path::absolute(to).ok()?);
    let folder: Vec<Component<'_>> = from.parent()?.components().collect();
    let target: Vec<Component<'_>> = to.components().collect();
    let common = folder.iter().zip(&target).take_while(|(one, other)| one == other).count();
    // Another drive: there is no way from here.
    if common == 0 {
        return None;
    }
    let up = folder[common..].iter().map(|_| "..".to_owned());
    let down = target[common..]
        .iter()
        .map(|step| utf8_percent_encode(&step.as_os_str().to_string_lossy(), KEPT).to_string());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_reached_from_wherever_the_summary_lies() {
        let link = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).unwrap();
        assert_eq!(link("out/all.html", "out/sites/shop.html"), "sites/shop.html");
        assert_eq!(link("all.html", "./a folder/shop.html"), "a%20folder/shop.html");
        assert_eq!(link("/x/a/b/all.html", "/x/c/shop.html"), "../../c/shop.html");
        assert_eq!(link("all.html", "javascript:x/shop.html"), "javascript%3Ax/shop.html");
    }
}
