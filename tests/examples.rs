//! The examples' manifests and plans are ones that the tool takes.

use crate::support::command::Cookieproof;
use crate::support::hostile::{Answer, Hostile};
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

#[expect(dead_code, reason = "the example's own main")]
#[path = "../examples/embed.rs"]
mod embed;

#[test]
fn a_rust_program_audits_a_site_in_a_dozen_lines() {
    let site = Hostile::http(|_| Answer::page("Set-Cookie: sid=1; Path=/; Max-Age=604800\r\n", "hello"));
    let policy = "[site]\nname = \"Shop\"\n[[cookies]]\nname = \"sid\"\nlifetime = \"1d\"\n";
    let audited = |policy: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(embed::audited(site.url("/").as_str(), policy)).map_err(|error| error.to_string())
    };
    let audit = audited(policy).unwrap();
    assert_eq!(audit.findings.len(), 1);
    assert_eq!(audit.findings[0].claims, ["cookies.sid.lifetime"]);
    let refused = audited("[site]\nnmae = 1\n").unwrap_err();
    assert!(refused.contains("cookies.toml:2") && refused.contains("nmae"), "{refused}");
}

/// `cookies.toml`, `cookieproof.toml` and `sites.toml` in any folder below.
fn found(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(found(&path));
        } else if ["cookies.toml", "cookieproof.toml", "sites.toml"].iter().any(|file| path.ends_with(file)) {
            files.push(path);
        }
    }
    files.sort();
    files
}
