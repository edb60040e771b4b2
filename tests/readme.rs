//! README.md shows what really happens: every marked block is run and compared.
//!
//! A block is marked by a comment before it, `<!-- run -->`; its first line is the command after
//! `$ `, the rest its output. Ports, moments and seconds are masked on both sides.

use crate::support::small_site::masked;
use std::path::Path;
use std::process::Command;

#[test]
fn every_marked_block_is_what_its_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("<!-- run -->\n```console\n$ ").skip(1).collect();
    assert!(!blocks.is_empty());
    let mut renewed = readme.clone();
    for block in blocks {
        let block = block.split("```").next().unwrap();
        let (command, expected) = block.split_once('\n').unwrap();
        let printed = run(root, command);
        renewed = renewed.replacen(block, &format!("{command}\n{printed}"), 1);
        if std::env::var_os("COOKIEPROOF_BLESS").is_none() {
            assert_eq!(masked(&printed), masked(expected), "$ {command}");
        }
    }
    if std::env::var_os("COOKIEPROOF_BLESS").is_some() {
        std::fs::write(root.join("README.md"), renewed).unwrap();
    }
}

/// Standard output of a command that begins with `cargo run`.
fn run(root: &Path, command: &str) -> String {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("cargo"), "$ {command}");
    let output = Command::new(env!("CARGO"))
        .args(words)
        .current_dir(root)
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.is_empty(), "$ {command}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}
