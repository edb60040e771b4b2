//! Starts a sample site on loopback that breaks its cookie policy in a few places, and audits it:
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! Nothing but Rust is needed. The manifest and the plan are those of `examples/prokken`.

mod sites;

use cookieproof::cli::{self, Exit};
use sites::{Authority, Password, Settings, Switches, Which, prepare};
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

/// A week instead of a day, a refresh cookie that scripts can read, a cookie that the policy does
/// not know, a lost link.
const DRIFT: [&str; 4] = ["P02", "P07", "P13", "P31"];

fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let authority = Authority::new()?;
    let settings = Settings { switches: Switches::from_iter(DRIFT), https: true, ..Settings::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let running = runtime.block_on(Which::Prokken.start(settings, &authority))?;
    let folder = tempfile::tempdir()?;
    prepare(folder.path(), Which::Prokken, &running, &authority, Password::File)?;
    // As a user would: in the folder with the plan, so that messages name `cookies.toml` and no more.
    std::env::set_current_dir(folder.path())?;
    let mut args: Vec<OsString> = ["cookieproof", "audit", "--rate", "0"].map(OsString::from).into();
    // Further arguments go to the audit: `-- --format markdown`, `-- -v`.
    args.extend(std::env::args_os().skip(1));
    let exit = cli::run(args);
    // The planted drift was found: that is this example's success.
    Ok(if exit == Exit::Findings { ExitCode::SUCCESS } else { exit.into() })
}
