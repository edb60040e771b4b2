//! `explain 'LINE' --url URL`: what a browser does with a `Set-Cookie` line and why.
//!
//! `--jsonl` answers recorded cases, one a line, in the fields of the corpus: text in which one
//! character is one byte.

mod cases;

use super::Exit;
use std::io::{BufRead, Write};

/// What `explain` is asked about a `Set-Cookie` line.
#[derive(Clone, Debug, clap::Args)]
pub struct LineArgs {
    /// A Set-Cookie line: NAME=VALUE; Path=/; …
    #[arg(value_name = "LINE", required_unless_present = "jsonl")]
    pub line: Option<String>,

    /// URL of the response that brings the line
    #[arg(long, value_name = "URL", required_unless_present = "jsonl")]
    pub url: Option<String>,

    /// Answer cases from stdin, one JSON object a line
    #[arg(long, conflicts_with_all = ["line", "url"])]
    pub jsonl: bool,

    /// Show values instead of their lengths
    #[arg(long)]
    pub show_values: bool,
}

/// Answers, and says how it ended: 0 where the line is stored, 1 where it is refused.
pub fn run(args: &LineArgs, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> std::io::Result<Exit> {
    if args.jsonl {
        return cases::run(args.show_values, stdin, stdout);
    }
    Ok(Exit::Usage)
}
