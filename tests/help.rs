//! The help texts are documented as they are: docs/help.md is made from them.

use crate::support::command::Cookieproof;
use std::fmt::Write;
use std::path::Path;

const INTRODUCTION: &str = "\
# Help of every command

Made from the tool itself; a test compares. `COOKIEPROOF_BLESS=1 cargo test --test suite help` writes
it anew.
";

#[test]
fn every_command_is_documented_as_it_helps() {
    let top = help(&["--help"]);
    let mut text = format!("{INTRODUCTION}\n```console\n$ cookieproof --help\n{top}```\n");
    for command in commands(&top) {
        let help = help(&[&command, "--help"]);
        assert_eq!(help, self::help(&["help", &command]));
        let below = commands(&help);
        let _ = write!(text, "\n## {command}\n\n```console\n$ cookieproof {command} --help\n{help}```\n");
        for below in below {
            let help = self::help(&[&command, &below, "--help"]);
            let _ = write!(text, "\n```console\n$ cookieproof {command} {below} --help\n{help}```\n");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/help.md");
    if std::env::var_os("COOKIEPROOF_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(documented == text, "docs/help.md differs; COOKIEPROOF_BLESS=1 writes it anew\n{text}");
}

/// The README's table of commands is whole.
#[test]
fn the_readme_names_every_command() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for command in commands(&help(&["--help"])) {
        assert!(readme.contains(&format!("| `{command} ")), "README.md does not list `{command}`");
    }
}

fn help(args: &[&str]) -> String {
    Cookieproof::new(args).run().code(0).stdout
}

/// The words under "Commands:".
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(str::to_owned)
        .collect()
}
