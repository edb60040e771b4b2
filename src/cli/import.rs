//! `cookieproof import`: a published policy, read.

use super::complaint::Complaint;
use super::{Exit, output};
use crate::policy;
use std::path::PathBuf;

/// What is imported, and what comes of it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The policy: a file, `-` for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// Print what was understood as one JSON object instead of a manifest
    #[arg(long)]
    pub(super) resolved: bool,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<Exit, Complaint> {
    let path = PathBuf::from(&args.policy);
    let text = std::fs::read_to_string(&path).map_err(|error| Complaint::file("read", &path, &error))?;
    let policy = policy::read(&text);
    output::print(&format!("{:#}\n", policy.resolved()));
    Ok(Exit::Clear)
}
