//! The examples' manifests and plans are ones that the tool takes.

use crate::support::command::Cookieproof;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_manifest_and_plan_of_the_examples_is_sound() {
    let files = found(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"));
    assert!(files.len() >= 18, "{files:?}");
    for file in files {
        Cookieproof::new(["check".as_ref(), file.as_os_str()]).run().code(0);
    }
}

/// `cookies.toml` and `cookieproof.toml` in any folder below.
fn found(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(found(&path));
        } else if path.ends_with("cookies.toml") || path.ends_with("cookieproof.toml") {
            files.push(path);
        }
    }
    files.sort();
    files
}
