//! `cookieproof policy`: the cookie table to publish, written from a manifest or from a saved scan.

use super::complaint::Complaint;
use super::{Exit, files, output};
use crate::config::Format;
use crate::policy::{self, Form, Language};
use crate::vendors::Knowledge;
use crate::{manifest, observation};
use std::path::PathBuf;

/// What is written, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// A manifest, or a scan saved with --save-scan: then the table is a draft of what was seen
    #[arg(value_name = "MANIFEST or SCAN")]
    pub(super) what: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    pub(super) format: FormWord,
    /// The language
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub(super) language: LanguageWord,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormWord {
    Markdown,
    Html,
    /// Device storage disclosures of IAB Europe's Transparency and Consent Framework, as JSON
    Tcf,
}

/// The languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LanguageWord {
    En,
    De,
    Fr,
    Es,
    Nl,
    ZhHant,
}

/// Runs the command.
pub(super) fn run(args: &PolicyArgs) -> Result<Exit, Complaint> {
    let form = match args.format {
        FormWord::Markdown => Form::Markdown,
        FormWord::Html => Form::Html,
        FormWord::Tcf => Form::Tcf,
    };
    let language = match args.language {
        LanguageWord::En => Language::English,
        LanguageWord::De => Language::German,
        LanguageWord::Fr => Language::French,
        LanguageWord::Es => Language::Spanish,
        LanguageWord::Nl => Language::Dutch,
        LanguageWord::ZhHant => Language::TraditionalChinese,
    };
    let (manifest, draft) = match scan_of(&args.what) {
        Some(scan) => (manifest::drafted(&scan, &Knowledge::default()).0, true),
        None => (files::manifest(&args.what)?, false),
    };
    output::print(&policy::write(&manifest, language, form, draft));
    Ok(Exit::Clear)
}

/// A saved scan, if the file is one.
fn scan_of(path: &std::path::Path) -> Option<observation::Scan> {
    match Format::by_ending(&path.to_string_lossy()) {
        Some(Format::Toml | Format::Yaml) => None,
        Some(Format::Json) | None => files::scan(path).ok(),
    }
}
