//! Where reports go. Files are tried before the long work, so that a wrong path hurts early; each is
//! written by itself, and one that fails takes nothing else with it.

use super::args::{ColorWord, Print};
use super::complaint::{Complaint, Failures};
use super::new_file::NewFile;
use crate::observation::Scan;
use crate::report::{self, Format, Report};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The formats as words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatWord {
    /// For people, at a terminal
    #[default]
    Terminal,
    /// For programs (docs/report-json.md)
    Json,
    /// For people, to hand on: one file with everything in it
    Html,
    /// For pull requests and wikis
    Markdown,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For test viewers: JUnit's XML, a test case for each claim
    Junit,
    /// Annotations of GitHub Actions; with GITHUB_STEP_SUMMARY a summary, too
    Github,
    /// GitLab's Code Quality
    Gitlab,
    /// The inventory for spreadsheets
    Csv,
}

impl FormatWord {
    /// What people write for it, and files are called.
    const WORDS: [(&str, FormatWord); 15] = [
        ("terminal", FormatWord::Terminal),
        ("text", FormatWord::Terminal),
        ("txt", FormatWord::Terminal),
        ("json", FormatWord::Json),
        ("html", FormatWord::Html),
        ("htm", FormatWord::Html),
        ("markdown", FormatWord::Markdown),
        ("md", FormatWord::Markdown),
        ("sarif", FormatWord::Sarif),
        ("junit", FormatWord::Junit),
        ("xml", FormatWord::Junit),
        ("github", FormatWord::Github),
        ("gitlab", FormatWord::Gitlab),
        ("csv", FormatWord::Csv),
        ("codequality", FormatWord::Gitlab),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, format)| *format)
    }

    /// Its own word.
    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, format)| *format == self).map_or("terminal", |(word, _)| word)
    }

    fn format(self, terminal: Format) -> Format {
        match self {
            FormatWord::Terminal => terminal,
            FormatWord::Json => Format::Json,
            FormatWord::Html => Format::Html,
            FormatWord::Markdown => Format::Markdown,
            FormatWord::Sarif => Format::Sarif,
            FormatWord::Junit => Format::Junit,
            FormatWord::Github => Format::Github,
            FormatWord::Gitlab => Format::Gitlab,
            FormatWord::Csv => Format::Csv,
        }
    }
}

/// `json=report.json`, or a path whose ending tells the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputSpec {
    pub(super) format: FormatWord,
    pub(super) path: PathBuf,
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((format, path)) = text.split_once('=')
            && let Some(format) = FormatWord::of(format)
            && !path.is_empty()
        {
            return Ok(OutputSpec { format, path: path.into() });
        }
        let ending = Path::new(text).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        FormatWord::of(ending).map(|format| OutputSpec { format, path: text.into() }).ok_or_else(|| {
            "say the format, as in `json=report.json`; there are terminal, json, html, markdown, sarif, junit, \
             github, gitlab and csv"
                .into()
        })
    }
}

/// Every place that a run writes to.
pub(super) struct Outputs {
    format: FormatWord,
    verbose: bool,
    color: ColorWord,
    width: Option<usize>,
    files: Vec<(FormatWord, NewFile)>,
    scan: Option<NewFile>,
}

impl Outputs {
    /// Looks whether all files can be written, and are different ones.
    pub(super) fn of(print: &Print, save_scan: Option<&Path>) -> Result<Self, Complaint> {
        let scan = save_scan.map(NewFile::at).transpose()?;
        let mut files: Vec<(FormatWord, NewFile)> = Vec::new();
        for spec in &print.output {
            let path = &spec.path;
            if scan.iter().chain(files.iter().map(|(_, file)| file)).any(|other| other.is(path)) {
                return Err(Complaint::usage(format!("{} would be written twice", path.display()))
                    .hint("give each report, and the scan, a file of its own"));
            }
            files.push((spec.format, NewFile::at(path)?));
        }
        Ok(Outputs {
            format: print.format,
            verbose: print.talk.verbose > 0,
            color: print.color,
            width: print.width.map(usize::from),
            files,
            scan,
        })
    }

    /// Refuses to write over what the run reads.
    pub(super) fn spare<'p>(&self, inputs: impl IntoIterator<Item = &'p Path>) -> Result<(), Complaint> {
        let all: Vec<&NewFile> = self.scan.iter().chain(self.files.iter().map(|(_, file)| file)).collect();
        for input in inputs {
            if let Some(file) = all.iter().find(|file| file.is(input)) {
                let file = file.path().display();
                return Err(Complaint::usage(format!(
                    "{file} is read by this run, and would be written over"
                ))
                .hint("name another file to write to"));
            }
        }
        Ok(())
    }

    /// Whether one of the files is at that path.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.scan.iter().chain(self.files.iter().map(|(_, file)| file)).any(|file| file.is(path))
    }

    /// Keeps the scan where the user wants it, or, where that fails, somewhere else: looking again
    /// would be another run.
    pub(super) fn save(&self, scan: &Scan, failures: &mut Failures) {
        let Some(file) = &self.scan else { return };
        let Err(complaint) = file.fill(|out| scan.write(out)) else { return };
        failures.add(match rescued(scan) {
            Some(place) => complaint.hint(format!("the scan is kept in {}", place.display())),
            None => complaint,
        });
    }

    /// Where the scan lies: where it was saved, or else where it is kept now.
    pub(super) fn place_of(&self, scan: &Scan) -> Option<PathBuf> {
        match &self.scan {
            Some(file) if file.path().is_file() => Some(file.path().to_owned()),
            _ => rescued(scan),
        }
    }

    /// Every file that is written to.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.scan.iter().chain(self.files.iter().map(|(_, file)| file)).map(NewFile::path)
    }

    /// Writes every report, whatever becomes of the others.
    pub(super) fn write(&self, report: &Report<'_>, failures: &mut Failures) {
        self.write_files(report, failures);
        self.print(report, failures);
    }

    /// The files alone.
    pub(super) fn write_files(&self, report: &Report<'_>, failures: &mut Failures) {
        for (word, file) in &self.files {
            // A file is read by people who were not there: everything, in 100 columns.
            let terminal = Format::Terminal { color: false, width: 100, verbose: true };
            let format = word.format(terminal);
            failures.note(file.fill(|out| report::write(report, format, out)));
        }
    }

    fn print(&self, report: &Report<'_>, failures: &mut Failures) {
        if self
            .files
            .iter()
            .map(|(word, _)| word)
            .chain([&self.format])
            .any(|word| *word == FormatWord::Github)
        {
            failures.note(add_step_summary(report));
        }
        let color = match self.color {
            ColorWord::Auto => color(),
            ColorWord::Always => true,
            ColorWord::Never => false,
        };
        let terminal =
            Format::Terminal { color, width: self.width.unwrap_or_else(width), verbose: self.verbose };
        let mut out = BufWriter::new(io::stdout().lock());
        let written =
            report::write(report, self.format.format(terminal), &mut out).and_then(|()| out.flush());
        failures.note(
            finish(written).map_err(|error| Complaint::usage(format!("cannot write the report: {error}"))),
        );
    }
}

/// Adds the summary to that of a step of GitHub Actions, where we are in one. Other commands of the
/// step may have written to it already.
fn add_step_summary(report: &Report<'_>) -> Result<(), Complaint> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let path = PathBuf::from(path);
    let mut summary = Vec::new();
    report::write_github_summary(report, &mut summary)
        .and_then(|()| OpenOptions::new().append(true).create(true).open(&path)?.write_all(&summary))
        .map_err(|error| Complaint::file("write", &path, &error))
}

/// Where a scan lies that could not be saved where it should: beside us, or among the system's
/// temporary files.
fn rescued(scan: &Scan) -> Option<PathBuf> {
    let folders = [std::env::current_dir().ok(), Some(std::env::temp_dir())];
    folders.into_iter().flatten().find_map(|folder| {
        let mut file = tempfile::Builder::new()
            .prefix("cookieproof-rescued-")
            .suffix(".json")
            .tempfile_in(folder)
            .ok()?;
        let mut out = BufWriter::new(file.as_file_mut());
        scan.write(&mut out).and_then(|()| out.flush()).ok()?;
        drop(out);
        file.keep().ok().map(|(_, path)| path)
    })
}

/// Prints to standard output; a reader that has gone (`| head`) is no error.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn finish(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Colour only on a terminal that can, and without NO_COLOR (no-color.org); FORCE_COLOR is for logs
/// that show it without being terminals (force-color.org).
pub(super) fn color() -> bool {
    (io::stdout().is_terminal() || color_forced()) && color_wanted()
}

/// A line on stderr. Where nobody can read it, a terminal that was closed, nothing is lost by it.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether the environment lets us colour.
pub(super) fn color_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && (color_forced() || std::env::var_os("TERM").is_none_or(|term| term != "dumb"))
}

fn color_forced() -> bool {
    std::env::var_os("FORCE_COLOR").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The columns to print in: what COLUMNS says, the terminal's, within what reads well; 80 where there
/// is none.
pub(super) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    said.or_else(terminal).map_or(80, |columns: usize| columns.clamp(40, 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_names_its_format_or_its_ending_does() {
        for (text, format, path) in [
            ("json=a.txt", FormatWord::Json, "a.txt"),
            ("markdown=out/a", FormatWord::Markdown, "out/a"),
            ("terminal=-", FormatWord::Terminal, "-"),
            ("a.json", FormatWord::Json, "a.json"),
            ("a=b.md", FormatWord::Markdown, "a=b.md"),
            ("a.TXT", FormatWord::Terminal, "a.TXT"),
            ("html=a", FormatWord::Html, "a"),
            ("a.sarif", FormatWord::Sarif, "a.sarif"),
            ("junit.xml", FormatWord::Junit, "junit.xml"),
            ("gitlab=gl.json", FormatWord::Gitlab, "gl.json"),
            ("a.csv", FormatWord::Csv, "a.csv"),
        ] {
            let spec: OutputSpec = text.parse().unwrap();
            assert_eq!((spec.format, spec.path.to_str().unwrap()), (format, path), "{text}");
        }
        assert!("report".parse::<OutputSpec>().is_err());
        assert!("pdf=a".parse::<OutputSpec>().is_err());
    }
}
