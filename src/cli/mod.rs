//! The command line: arguments as typed, settings as meant, one file per command. The only place
//! that prints, reads the environment and knows exit codes.

pub mod explain;
mod outcome;

pub use outcome::Exit;

use clap::Parser;
use std::ffi::OsString;
use std::io::{self, Write};

/// Proves whether a website keeps its cookie policy.
#[derive(Parser)]
#[command(name = "cookieproof", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// What a browser does with a Set-Cookie line, and why
    Explain(explain::LineArgs),
}

/// Runs the tool: parses, does, and says how it ended. `main` and the examples call this.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Clear };
        }
    };
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let done = match args.command {
        Command::Explain(args) => explain::run(&args, &mut io::stdin().lock(), &mut stdout),
    };
    // A reader that has gone away is no failure of ours.
    let _ = stdout.flush();
    done.unwrap_or(Exit::Usage)
}
