//! `cookieproof completions` and `cookieproof man`: what a shell and `man` want to know of the
//! arguments, made from the arguments themselves.

use super::args::Typed;
use super::complaint::Complaint;
use super::new_file::NewFile;
use super::{Exit, output};
use clap::CommandFactory;
use std::path::{Path, PathBuf};

/// What `completions` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

/// What `man` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder, instead of printing the first
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

/// Prints the script that teaches a shell.
pub(super) fn completions(args: &Completions) -> Result<Exit, Complaint> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Typed::command(), "cookieproof", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(Exit::Clear)
}

/// Prints the manual page, or writes all of them.
pub(super) fn man(args: &Man) -> Result<Exit, Complaint> {
    let mut command = Typed::command();
    command.build();
    let Some(dir) = &args.dir else {
        output::print(&page(&command, "cookieproof")?);
        return Ok(Exit::Clear);
    };
    std::fs::create_dir_all(dir).map_err(|error| Complaint::file("write", dir, &error))?;
    write(dir, "cookieproof", &command)?;
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        write(dir, &format!("cookieproof-{}", one.get_name()), one)?;
    }
    Ok(Exit::Clear)
}

fn write(dir: &Path, name: &str, command: &clap::Command) -> Result<(), Complaint> {
    let page = page(command, name)?;
    NewFile::at(&dir.join(format!("{name}.1")))?.fill(|out| out.write_all(page.as_bytes()))
}

fn page(command: &clap::Command, name: &str) -> Result<String, Complaint> {
    let mut page = Vec::new();
    // A manual page is called as its file: `man cookieproof-audit`.
    clap_mangen::Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_ascii_uppercase())
        .render(&mut page)
        .map_err(|error| Complaint::usage(format!("cannot make the manual page of {name}: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
