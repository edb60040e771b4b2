//! The `cookieproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cookieproof::cli::run(std::env::args_os()).into()
}
