//! `cookieproof import`: a published policy, read into a manifest.

use super::complaint::Complaint;
use super::{Exit, output};
use crate::policy::{self, MOST_BYTES, Policy};
use crate::{manifest, report};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is imported, and what comes of it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The policy: a file (HTML, Markdown, text, CSV, JSON), or `-` for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// Write the manifest to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "resolved")]
    pub(super) output: Option<PathBuf>,
    /// Print what was understood as one JSON object instead of a manifest
    #[arg(long)]
    pub(super) resolved: bool,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<Exit, Complaint> {
    let policy = read(&args.policy)?;
    if args.resolved {
        output::print(&format!("{:#}\n", policy.resolved()));
        return Ok(Exit::Clear);
    }
    let from = if args.policy == "-" { "standard input" } else { &args.policy };
    let (manifest, remarks) = policy.manifest(from);
    let text = manifest::write_with(&manifest, &remarks);
    match &args.output {
        Some(path) if path.exists() => {
            return Err(Complaint::usage(format!("{} is there already", path.display()))
                .hint("name another file, or move this one away"));
        }
        Some(path) => std::fs::write(path, text).map_err(|error| Complaint::file("write", path, &error))?,
        None => output::print(&text),
    }
    tell(&policy);
    Ok(Exit::Clear)
}

/// Reads a policy from a file or standard input, not more than a policy has.
pub(super) fn read(what: &str) -> Result<Policy, Complaint> {
    let bytes = if what == "-" {
        bounded(io::stdin().lock())
            .map_err(|error| Complaint::usage(format!("cannot read standard input: {error}")))?
    } else {
        let path = Path::new(what);
        std::fs::File::open(path).and_then(bounded).map_err(|error| Complaint::file("read", path, &error))?
    };
    policy::read_bytes(&bytes, "")
        .map_err(|why| Complaint::usage(format!("cannot read {what} as a policy: {why}")).hint(why.hint()))
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What came of it, on stderr: the manifest may be going into a file.
fn tell(policy: &Policy) {
    let entries = policy.entries();
    if entries == 0 {
        eprintln!("the policy declares no cookies that could be read");
        if let Some(platform) = policy.platform() {
            eprintln!(
                "  hint: its table is written by a script ({}); save the page from a browser and import that",
                report::clean(&platform.to_owned())
            );
        }
    } else {
        let cookies = if entries == 1 { "1 entry" } else { &format!("{entries} entries") };
        eprintln!("read {cookies}; lines that begin with `review:` are for you");
    }
}
