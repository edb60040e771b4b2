//! Where reports go. Files are opened before the long work, so that a wrong path hurts early; what
//! they held is kept until there is something to put in its place.

use super::complaint::Complaint;
use crate::report::{self, Format, Report};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The formats as words: for people, for programs (docs/report-json.md), for pull requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatWord {
    #[default]
    Terminal,
    Json,
    Markdown,
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
        let word = |word: &str| match word {
            "terminal" | "text" | "txt" => Some(FormatWord::Terminal),
            "json" => Some(FormatWord::Json),
            "markdown" | "md" => Some(FormatWord::Markdown),
            _ => None,
        };
        if let Some((format, path)) = text.split_once('=')
            && let Some(format) = word(format)
            && !path.is_empty()
        {
            return Ok(OutputSpec { format, path: path.into() });
        }
        let ending = Path::new(text).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        word(&ending.to_ascii_lowercase()).map(|format| OutputSpec { format, path: text.into() }).ok_or_else(
            || "say the format, as in `json=report.json`, `markdown=report.md`, `terminal=report.txt`".into(),
        )
    }
}

/// Every place a report goes to, ready to be written.
pub(super) struct Outputs {
    format: FormatWord,
    verbose: bool,
    files: Vec<(FormatWord, NewFile)>,
}

impl Outputs {
    /// Opens all files.
    pub(super) fn open(format: FormatWord, verbose: bool, specs: &[OutputSpec]) -> Result<Self, Complaint> {
        let files = specs.iter().map(|spec| Ok((spec.format, NewFile::open(&spec.path)?)));
        Ok(Outputs { format, verbose, files: files.collect::<Result<_, Complaint>>()? })
    }

    /// Writes every report.
    pub(super) fn write(self, report: &Report<'_>) -> Result<(), Complaint> {
        for (word, file) in self.files {
            // A file is read by people who were not there: everything, in 100 columns.
            let format = match word {
                FormatWord::Terminal => Format::Terminal { color: false, width: 100, verbose: true },
                FormatWord::Json => Format::Json,
                FormatWord::Markdown => Format::Markdown,
            };
            file.fill(|out| report::write(report, format, out))?;
        }
        let format = match self.format {
            FormatWord::Terminal => {
                Format::Terminal { color: color(), width: width(), verbose: self.verbose }
            }
            FormatWord::Json => Format::Json,
            FormatWord::Markdown => Format::Markdown,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        finish(report::write(report, format, &mut out).and_then(|()| out.flush()))
            .map_err(|error| Complaint::usage(format!("cannot write the report: {error}")))
    }
}

/// A file that is open for writing and still holds what it held.
pub(super) struct NewFile {
    path: PathBuf,
    file: File,
}

impl NewFile {
    /// Opens or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, Complaint> {
        // Not truncated yet: the run may never come to its end.
        match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
            Ok(file) => Ok(NewFile { path: path.to_owned(), file }),
            Err(error) => Err(Complaint::file("write", path, &error)),
        }
    }

    /// Puts the new content in place of the old.
    pub(super) fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Complaint> {
        let mut out = BufWriter::new(&self.file);
        // Devices and pipes have no length to set.
        let _ = self.file.set_len(0);
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|error| Complaint::file("write", &self.path, &error))
    }
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

/// Colour only on a terminal that can, and without NO_COLOR (no-color.org).
pub(super) fn color() -> bool {
    io::stdout().is_terminal() && color_wanted()
}

/// Whether the environment lets us colour.
pub(super) fn color_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The columns of the terminal, within what reads well; 80 where there is none.
pub(super) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(80, |(width, _)| usize::from(width.0).clamp(40, 100))
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
        ] {
            let spec: OutputSpec = text.parse().unwrap();
            assert_eq!((spec.format, spec.path.to_str().unwrap()), (format, path), "{text}");
        }
        assert!("report".parse::<OutputSpec>().is_err());
        assert!("pdf=a".parse::<OutputSpec>().is_err());
    }

    #[test]
    fn a_file_keeps_its_content_until_there_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        std::fs::write(&path, "a long old report").unwrap();
        let file = NewFile::open(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a long old report");
        file.fill(|out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }
}
