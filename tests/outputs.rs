//! Where reports and scans go, and what is left when they cannot.

use crate::support::command::{Cookieproof, Ended};
use crate::support::small_site::{small_site, url};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with a manifest and a saved scan of the small site.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[site]\nhosts = [\"127.0.0.1\"]\n\n[[cookies]]\nname = \"sid\"\nlifetime = \"1h\"\n";
    fs::write(folder.path().join("cookies.toml"), manifest).unwrap();
    let site = small_site();
    run(&folder, &["scan", &url(&site), "-q", "--rate", "0", "--save-scan", "scan.json"]).code(0);
    folder
}

fn run(folder: &TempDir, args: &[&str]) -> Ended {
    Cookieproof::new(args).within(folder.path()).run()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const JUDGE: [&str; 5] = ["audit", "--from", "scan.json", "--manifest", "cookies.toml"];

#[test]
fn each_report_is_written_whatever_becomes_of_the_others() {
    let folder = folder();
    let args = ["--output", "json=/dev/full", "--output", "markdown=second.md", "--output", "third.txt"];
    let ended = run(&folder, &[&JUDGE[..], &args].concat()).code(2);
    assert!(ended.stderr.contains("/dev/full: No space left"), "{}", ended.stderr);
    assert!(ended.stdout.contains("Looked at"), "{}", ended.stdout);
    assert!(fs::read_to_string(folder.path().join("second.md")).unwrap().contains("## Looked at"));
    assert!(fs::read_to_string(folder.path().join("third.txt")).unwrap().contains("Looked at"));
}

#[test]
fn what_is_read_is_not_written_over_and_nothing_twice() {
    let folder = folder();
    fs::write(folder.path().join("list.txt"), "[Adblock Plus 2.0]\n||ads.test^\n").unwrap();
    fs::hard_link(folder.path().join("scan.json"), folder.path().join("other-name.json")).unwrap();
    std::os::unix::fs::symlink("cookies.toml", folder.path().join("link.md")).unwrap();
    let before = names(folder.path());
    for (args, why) in [
        (vec!["--output", "json=scan.json"], "scan.json is read by this run"),
        (vec!["--output", "json=./cookies.toml"], "cookies.toml is read by this run"),
        (vec!["--output", "link.md"], "link.md is read by this run"),
        (vec!["--output", "json=list.txt", "--list", "list.txt"], "list.txt is read by this run"),
        (vec!["--output", "json=a", "--output", "markdown=./a"], "a would be written twice"),
    ] {
        let ended = run(&folder, &[&JUDGE[..], &args].concat()).code(2);
        assert!(ended.stderr.contains(why), "{args:?}: {}", ended.stderr);
        assert_eq!(names(folder.path()), before, "{args:?}");
    }
    let ended = run(&folder, &["report", "scan.json", "--output", "json=scan.json"]).code(2);
    assert!(ended.stderr.contains("scan.json is read by this run"), "{}", ended.stderr);
}

#[test]
fn a_scan_that_cannot_be_saved_is_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let site = small_site();
    let ended = run(&folder, &["scan", &url(&site), "-q", "--rate", "0", "--save-scan", "/dev/full"]).code(2);
    assert!(ended.stdout.contains("Looked at"), "{}", ended.stdout);
    let [rescued] = &names(folder.path())[..] else { panic!("{:?}", names(folder.path())) };
    assert!(ended.stderr.contains(&format!("the scan is kept in {}", folder.path().join(rescued).display())));
    run(&folder, &["report", rescued]).code(0);
}

#[test]
fn yesterdays_scan_gives_way_to_todays() {
    let folder = folder();
    let site = small_site();
    let url = url(&site);
    let args = ["--manifest", "cookies.toml", "--previous", "scan.json", "--save-scan", "scan.json"];
    run(&folder, &[&["audit", &url, "-q", "--rate", "0"][..], &args].concat()).code(1);
    run(&folder, &["report", "scan.json"]).code(0);
}

#[test]
fn nothing_is_left_after_a_wrong_command() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cookies.toml"), "[site\n").unwrap();
    let args =
        ["audit", "http://127.0.0.1:9/", "--output", "json=r.json", "--save-scan", "s.json", "--har", "h"];
    run(&folder, &args).code(2);
    assert_eq!(names(folder.path()), ["cookies.toml"]);
}
