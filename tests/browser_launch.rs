//! Finding, starting, reaching and ending the browser, through the binary.

use super::browser_hold::processes_below;
use super::support::command::{Cookieproof, Ended};
use super::support::devtools::Chromium;
use super::support::hostile::{Answer, Hostile};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A page whose script sets a cookie.
fn site() -> Hostile {
    Hostile::always(Answer::page("", "<script>document.cookie='by_script=1'</script>"))
}

fn scan(site: &Hostile, temp: &TempDir, more: &[&str]) -> Cookieproof {
    let url = site.url("/").to_string();
    let args = ["scan", &url, "--engine", "browser", "--rate", "0", "--quiet"];
    Cookieproof::new([&args[..], more].concat()).env("TMPDIR", temp.path().to_str().unwrap())
}

fn chromium() -> &'static str {
    Chromium::installed().unwrap().to_str().unwrap()
}

fn entries(folder: &Path) -> usize {
    folder.read_dir().unwrap().count()
}

#[track_caller]
fn saw_the_script(ended: Ended) {
    let ended = ended.code(0);
    assert!(ended.stdout.contains("by_script"), "{}", ended.stdout);
}

#[test]
fn the_browser_is_found_by_flag_variable_and_path_and_leaves_no_profile_behind() {
    let (site, temp) = (site(), tempfile::tempdir().unwrap());
    saw_the_script(scan(&site, &temp, &["--browser", chromium()]).run());
    saw_the_script(scan(&site, &temp, &[]).env("CHROME", chromium()).run());
    let folder = Path::new(chromium()).parent().unwrap().to_str().unwrap();
    saw_the_script(scan(&site, &temp, &[]).env("PATH", &format!("/nowhere:{folder}")).run());
    assert_eq!(entries(temp.path()), 0, "{:?}", temp.path().read_dir().unwrap().collect::<Vec<_>>());
}

#[test]
fn a_missing_browser_ends_with_2_and_how_to_install_one() {
    let (site, temp) = (site(), tempfile::tempdir().unwrap());
    let text = temp.path().join("text");
    std::fs::write(&text, "no program").unwrap();
    let text = text.to_str().unwrap().to_owned();
    let cases: [(&[&str], &str, &str); 4] = [
        (&[], "/nowhere", "no Chromium was found on the PATH"),
        (&["--browser", "/nowhere/chromium"], "", "no browser at /nowhere/chromium"),
        (&["--browser", "chromium"], "/nowhere", "no chromium was found on the PATH"),
        (&["--browser", &text], "", "is no program that can be run"),
    ];
    for (args, path, message) in cases {
        let ended = scan(&site, &temp, args).env("PATH", path).run().code(2);
        assert!(ended.stderr.contains(message), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("apt install chromium"), "{args:?}: {}", ended.stderr);
    }
    let nobody = format!("ws://{}/devtools/browser/x", super::support::hostile::refused());
    let ended = scan(&site, &temp, &["--browser-url", &nobody]).run().code(2);
    assert!(ended.stderr.contains("--remote-debugging-port"), "{}", ended.stderr);
    assert!(site.asked().is_empty(), "said before the long work");
    // A program that is no browser ends, or says nothing that could be understood.
    let ended = scan(&site, &temp, &["--browser", "/bin/false"]).run().code(2);
    assert!(ended.stderr.contains("did not answer"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

/// A site that leaves a file once it was asked for anything, and a browser that does this then.
fn browser_that_waits(temp: &TempDir, then: &str) -> (Hostile, String) {
    let (asked, program) = (temp.path().join("asked"), temp.path().join("browser"));
    let script = format!("#!/bin/sh\nuntil [ -e '{}' ]; do sleep 0.05; done\n{then}\n", asked.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let site = Hostile::http(move |_| {
        std::fs::write(&asked, "").unwrap();
        Answer::page("", "<script>document.cookie='by_script=1'</script>")
    });
    (site, program.to_str().unwrap().to_owned())
}

#[test]
fn the_site_is_asked_while_the_browser_starts() {
    let (temp, profiles) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = std::env::var("PATH").unwrap_or_default();
    let (site, browser) = browser_that_waits(&temp, &format!("exec '{}' \"$@\"", chromium()));
    saw_the_script(scan(&site, &profiles, &["--browser", &browser]).env("PATH", &path).run());
    // One that does not come ends the run, wherever that is.
    std::fs::remove_file(temp.path().join("asked")).unwrap();
    let (site, browser) = browser_that_waits(&temp, "exit 1");
    let ended = scan(&site, &profiles, &["--browser", &browser]).env("PATH", &path).run().code(2);
    assert!(ended.stderr.contains("did not answer") && ended.stdout.is_empty(), "{}", ended.stderr);
    assert_eq!(entries(profiles.path()), 0);
}

#[test]
fn a_run_that_is_stopped_early_leaves_no_browser_that_was_only_starting() {
    let (temp, profiles) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = std::env::var("PATH").unwrap_or_default();
    let (site, browser) = browser_that_waits(&temp, "exec sleep 600");
    let more = ["--browser", &browser, "--format", "json"];
    let mut started = None;
    let ended = scan(&site, &profiles, &more).env("PATH", &path).run_and(|run| {
        wait_for("the browser starts", || {
            let below = processes_below(run).into_iter();
            started =
                below.filter(|(_, command)| command.starts_with("sleep 600")).map(|(pid, _)| pid).next();
            started.is_some()
        });
        assert!(Command::new("kill").args(["-INT", &run.to_string()]).status().unwrap().success());
    });
    let report = ended.code(3).json();
    assert_eq!(report["run"]["partial"], "interrupted");
    let process = format!("/proc/{}", started.unwrap());
    wait_for("the browser ends", || !Path::new(&process).exists());
    assert_eq!(entries(profiles.path()), 0);
}

/// A Chromium that somebody else started, with a debugging port.
struct Running {
    child: Child,
    socket: String,
    _profile: TempDir,
}

impl Running {
    fn start() -> Running {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(chromium())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let socket = lines
            .find_map(|line| Some(line.ok()?.strip_prefix("DevTools listening on ")?.to_owned()))
            .expect("it says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, socket, _profile: profile }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_browser_that_runs_is_reached_by_either_address_and_left_running() {
    let (site, temp) = (site(), tempfile::tempdir().unwrap());
    let mut running = Running::start();
    saw_the_script(scan(&site, &temp, &["--browser-url", &running.socket]).run());
    let port = url::Url::parse(&running.socket).unwrap().port().unwrap();
    let port = format!("http://127.0.0.1:{port}");
    saw_the_script(scan(&site, &temp, &["--browser-url", &port]).run());
    assert_eq!(running.child.try_wait().unwrap(), None);
    assert_eq!(entries(temp.path()), 0);
}

/// Processes that name this text on their command line.
fn processes_with(text: &str) -> usize {
    let processes = Path::new("/proc").read_dir().unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

#[track_caller]
fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !there() {
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_killed_run_takes_its_browser_along_and_the_next_one_sweeps_the_profile() {
    let endless = Hostile::http(|asked| match asked.target.as_str() {
        // The browser's, not the crawl's.
        "/script" => Answer::page("", "").after(PATIENCE),
        _ => Answer::page("", "<script src=/script></script>"),
    });
    let temp = tempfile::tempdir().unwrap();
    let url = endless.url("/").to_string();
    let mut run = Command::new(env!("CARGO_BIN_EXE_cookieproof"))
        .args(["scan", &url, "--engine", "browser", "--rate", "0", "--quiet", "--browser", chromium()])
        .env_clear()
        .env("TMPDIR", temp.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the page is being loaded", || endless.asked().iter().any(|asked| asked.target == "/script"));
    let profile = temp.path().to_str().unwrap().to_owned();
    assert!(processes_with(&profile) > 0);
    run.kill().unwrap();
    run.wait().unwrap();
    wait_for("the browser ends", || processes_with(&profile) == 0);
    assert_eq!(entries(temp.path()), 1, "nobody was left to remove it");
    saw_the_script(scan(&site(), &temp, &["--browser", chromium()]).run());
    assert_eq!(entries(temp.path()), 0);
}
