//! The command line: arguments as typed, settings as meant, one file per command. The only place
//! that prints, reads the environment and knows exit codes.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line is the one place that prints"
)]

mod args;
mod audit;
mod check;
mod complaint;
mod diff;
mod evidence;
pub mod explain;
mod files;
mod fleet;
mod history;
mod import;
mod init;
mod intake_of_pictures;
mod interrupt;
mod live;
mod metrics;
mod misread;
mod new_file;
mod nights;
mod notify;
mod outcome;
mod output;
mod policy;
mod progress;
mod recorded;
mod reference;
mod render;
mod scan;
mod settings;
mod shell;
mod sites;
mod state;
mod verify;

pub use outcome::Exit;

use args::{Command, Typed};
use clap::Parser;
use std::ffi::OsString;
use std::io;

/// Runs the tool: parses, does, and says how it ended. `main` and the examples call this.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let typed = match Typed::try_parse_from(args) {
        Ok(typed) => typed,
        Err(error) => {
            let error = misread::shown(error);
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Clear };
        }
    };
    let done = match typed.command {
        Command::Audit(args) => audit::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Report(args) => match &args.verify {
            Some(dir) => verify::run(dir),
            None => render::run(&args),
        },
        Command::Import(args) => import::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Fleet(args) => fleet::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::History(args) => history::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Explain(args) => {
            let mut stdout = io::BufWriter::new(io::stdout().lock());
            explain::run(&args, &mut io::stdin().lock(), &mut stdout)
        }
    };
    done.unwrap_or_else(|complaint| {
        complaint.print();
        complaint.exit
    })
}
