//! The command line: arguments as typed, settings as meant, one file per command. The only place
//! that prints, reads the environment and knows exit codes.

mod outcome;

pub use outcome::Exit;

use std::ffi::OsString;

/// Runs the tool: parses, does, and says how it ended. `main` and the examples call this.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let _ = args.into_iter().count();
    Exit::Usage
}
