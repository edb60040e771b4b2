//! The arguments as typed.

use super::outcome::FailOn;
use super::output::{FormatWord, OutputSpec};
use crate::plan::Render as RenderPlan;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Proves whether a website keeps its cookie policy.
#[derive(Debug, Parser)]
#[command(name = "cookieproof", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all clear
  1  findings at or above --fail-on that are neither accepted nor, with --only-new, known;
     for `diff`, differences; for `report --verify`, a folder that was changed
  2  wrong usage, manifest or plan
  3  inconclusive: the site, a persona or a page that a claim needs was not reached, a bot wall
     answered, or the run was interrupted (1 beats 3)
Of many sites the worst counts, in the order 2, 1, 3, 0.";

const VERIFIED: &str = "\
With --verify the exit codes are:
  0  whole: every file is as it was written, and there is no other
  1  changed: files are missing, changed or surplus
  2  unreadable: no evidence folder, or one that cannot be read";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look at a site and judge every claim of its manifest: the main job
    Audit(Box<Audit>),
    /// Only look: the inventory, no manifest needed
    Scan(Scan),
    /// Look, then write a first manifest and plan
    Init(Init),
    /// Validate manifests and plans, no network: every problem at once
    Check(super::check::CheckArgs),
    /// What a rule checks; or what a browser does with a Set-Cookie line, and why
    Explain(super::explain::LineArgs),
    /// Read a published cookie policy into a manifest
    Import(super::import::ImportArgs),
    /// Write the cookie table to publish, from a manifest or a saved scan
    Policy(super::policy::PolicyArgs),
    /// Two scans, or two runs of a history, against each other
    Diff(super::diff::DiffArgs),
    /// The nights side by side, as `audit --history` kept them
    History(super::history::HistoryArgs),
    /// Many sites on many machines, on a NATS server with JetStream
    Fleet(Box<super::fleet::Fleet>),
    /// Render a saved scan again, in other formats or against another manifest
    Report(Render),
    /// The script that completes commands and flags in a shell
    Completions(super::shell::Completions),
    /// The manual page
    Man(super::shell::Man),
}

/// Scans a site as every persona of the plan and says of each claim of the manifest whether it is
/// upheld, refuted or not verified.
#[derive(Debug, Args)]
pub(super) struct Audit {
    /// A plan (cookieproof.toml) or the site's URL [default: cookieproof.toml, if it is there]
    #[arg(value_name = "PLAN or URL")]
    pub(super) what: Option<String>,
    /// Many sites in one run: a file of sites (sites.toml), or a folder of plans
    #[arg(long, value_name = "FILE or FOLDER", conflicts_with_all = ["what", "manifest", "policy", "from", "previous", "baseline", "update_baseline", "state"])]
    pub(super) sites: Option<PathBuf>,
    /// How many of the sites are looked at at the same time
    #[arg(long, value_name = "N", default_value_t = 4, requires = "sites", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) at_once: u32,
    /// The manifest [default: the plan's, or cookies.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<PathBuf>,
    /// The published policy instead of a manifest: a file, or its URL; it is imported on the way
    #[arg(long, value_name = "FILE or URL", conflicts_with = "manifest")]
    pub(super) policy: Option<String>,
    #[command(flatten)]
    pub(super) look: Look,
    #[command(flatten)]
    pub(super) state: State,
    /// Judge this saved scan instead of looking, or with --as a HAR file of your own browser
    #[arg(long, value_name = "SCAN", conflicts_with_all = ["save_scan", "state", "persona", "assets", "max_pages", "page", "rate", "engine", "repeat"])]
    pub(super) from: Option<PathBuf>,
    /// Whose recording the HAR file is and what was said about cookies before, as in
    /// anonymous/untouched or member/accepted
    #[arg(long = "as", value_name = "PERSONA/STATE", requires = "from")]
    pub(super) recorded_as: Option<String>,
    /// An older saved scan, for claims about changes over time
    #[arg(long, value_name = "SCAN")]
    pub(super) previous: Option<PathBuf>,
    /// What ends with exit code 1: errors, warnings too, or open claims too
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(super) fail_on: FailOn,
    #[command(flatten)]
    pub(super) nights: super::nights::Nights,
    #[command(flatten)]
    pub(super) evidence: super::evidence::EvidenceArgs,
    /// Answer how it goes on, to Prometheus (/metrics) and to health checks (/health), at this address
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) metrics: Option<std::net::SocketAddr>,
    #[command(flatten)]
    pub(super) lists: Lists,
    #[command(flatten)]
    pub(super) print: Print,
}

/// Where a run is kept while it goes on.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct State {
    /// Keep in this file how far the run is, to go on after a crash with --resume; removed in the end
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// Go on with the run that --state kept and that was interrupted
    #[arg(long, requires = "state")]
    pub(super) resume: bool,
}

/// Looks at a site and prints what it leaves on a visitor's device.
#[derive(Debug, Args)]
pub(super) struct Scan {
    /// The site's URL, or a plan (cookieproof.toml)
    #[arg(value_name = "URL or PLAN")]
    pub(super) what: String,
    #[command(flatten)]
    pub(super) look: Look,
    #[command(flatten)]
    pub(super) state: State,
    #[command(flatten)]
    pub(super) lists: Lists,
    #[command(flatten)]
    pub(super) print: Print,
}

/// Looks at a site and writes what it does as a manifest, to be corrected by people.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The site's URL
    #[arg(value_name = "URL", required_unless_present = "plan")]
    pub(super) url: Option<String>,
    /// Look as this plan says, as all its personas; it stays as it is
    #[arg(long, value_name = "PLAN", conflicts_with = "url")]
    pub(super) plan: Option<String>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) dir: PathBuf,
    /// Overwrite what is there
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) look: Look,
    #[command(flatten)]
    pub(super) talk: Talk,
}

/// Renders a saved scan, or checks an evidence folder.
#[derive(Debug, Args)]
#[command(after_help = VERIFIED)]
pub(super) struct Render {
    /// A scan saved with --save-scan
    #[arg(value_name = "SCAN", required_unless_present = "verify")]
    pub(super) scan: Option<PathBuf>,
    /// Check a folder that `audit --evidence` wrote: what is missing, changed or surplus
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scan", "manifest", "list", "cookie_database", "format", "output"])]
    pub(super) verify: Option<PathBuf>,
    /// Judge it by this manifest, too
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<PathBuf>,
    #[command(flatten)]
    pub(super) lists: Lists,
    #[command(flatten)]
    pub(super) print: Print,
}

/// What classifies cookies and hosts beside the built-in table, and the plan's lists.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Lists {
    /// A filter list in the syntax of ad blockers, or a hosts file (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) list: Vec<PathBuf>,
    /// A cookie database as the Open Cookie Database is, CSV or JSON (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) cookie_database: Vec<PathBuf>,
}

impl Lists {
    /// All of them.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().chain(&self.cookie_database).map(PathBuf::as_path)
    }
}

/// How to look.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Look {
    /// The plan's target [default: its first]
    #[arg(long, value_name = "NAME")]
    pub(super) target: Option<String>,
    /// Only these personas of the plan (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub(super) persona: Vec<String>,
    /// The engine [default: the plan's, or http]
    #[arg(long, value_name = "ENGINE")]
    pub(super) engine: Option<EngineWord>,
    /// Which pages the browser renders: one of each kind, all, or up to N [default: kinds]
    #[arg(long, value_name = "kinds|all|N")]
    pub(super) render: Option<RenderWord>,
    /// The browser [default: $CHROME, or a Chromium on the PATH]
    #[arg(long, value_name = "PATH")]
    pub(super) browser: Option<PathBuf>,
    /// A browser that already runs, by the ws:// address that it prints, or http://HOST:PORT
    #[arg(long, value_name = "URL", conflicts_with = "browser")]
    pub(super) browser_url: Option<String>,
    /// Let so much of every page's own time pass, for scripts that write late, as 60s
    #[arg(long, value_name = "TIME", value_parser = crate::plan::late_time)]
    pub(super) watch_late: Option<Duration>,
    /// Keep pictures of the first page of each visitor in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) screenshots: Option<PathBuf>,
    /// Keep what the browser's pages asked for in this folder, as HAR files with values masked
    #[arg(long, value_name = "DIR")]
    pub(super) har: Option<PathBuf>,
    /// Fetch pictures, scripts, styles and frames, too, once each
    #[arg(long)]
    pub(super) assets: bool,
    /// Pages per persona at most
    #[arg(long, value_name = "N")]
    pub(super) max_pages: Option<usize>,
    /// Only the page that is named, none that it links to
    #[arg(long, conflicts_with = "max_pages")]
    pub(super) page: bool,
    /// Look at everything so many times, to tell always from sometimes [default: the plan's, or 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) repeat: Option<u32>,
    /// Requests per second and host at most; 0: no pause
    #[arg(long, value_name = "R")]
    pub(super) rate: Option<f64>,
    /// Keep the scan, to be judged or rendered again
    #[arg(long, value_name = "FILE")]
    pub(super) save_scan: Option<PathBuf>,
}

impl Look {
    /// The folders that the run writes to.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.screenshots.iter().chain(&self.har).map(PathBuf::as_path)
    }
}

/// What is printed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Print {
    /// The format on standard output
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    pub(super) format: FormatWord,
    /// Write a report to a file as well, as in json=report.json (may be repeated); with --sites the
    /// summary, or where {site} is in the path a report for each site
    #[arg(short, long, value_name = "FORMAT=PATH")]
    pub(super) output: Vec<OutputSpec>,
    /// Colours, also by NO_COLOR and FORCE_COLOR: on terminals, always, never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorWord,
    /// Columns of the report [default: the terminal's or COLUMNS; 80 without]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(super) width: Option<u16>,
    #[command(flatten)]
    pub(super) talk: Talk,
}

impl Print {
    /// The files that reports go to.
    pub(super) fn files(&self) -> Vec<&std::path::Path> {
        self.output.iter().map(|spec| spec.path.as_path()).collect()
    }
}

/// When a report is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWord {
    #[default]
    Auto,
    Always,
    Never,
}

/// How much is told.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Talk {
    /// No progress; warnings and the report stay
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// More: every claim, all evidence, each request as it is made
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineWord {
    /// Plain HTTP, no browser, made for CI
    Http,
    /// Chromium on the pages that HTTP finds: scripts, storage, consent, third parties
    Browser,
    /// The same: HTTP always goes first
    Both,
}

/// Which pages the browser renders: `kinds`, `all` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RenderWord(pub(super) RenderPlan);

impl std::str::FromStr for RenderWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "kinds" => Ok(RenderWord(RenderPlan::Kinds)),
            "all" => Ok(RenderWord(RenderPlan::All)),
            number => match number.parse() {
                Ok(most) if most > 0 => Ok(RenderWord(RenderPlan::Most(most))),
                _ => Err("write kinds, all, or how many pages at most".into()),
            },
        }
    }
}
