//! A NATS server with JetStream for one test: on a port of its own, in a folder of its own, gone with the test.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer waits nobody for a condition, on the slowest machine.
const BOUND: Duration = Duration::from_secs(180);

pub(crate) struct Nats {
    folder: TempDir,
    port: u16,
    more: Vec<String>,
    child: Option<Child>,
}

impl Nats {
    /// Starts one that stores in its folder.
    pub(crate) fn new() -> Nats {
        Nats::with(&["-js"], "")
    }

    /// The same with other arguments, and a configuration file.
    pub(crate) fn with(arguments: &[&str], config: &str) -> Nats {
        let folder = tempfile::tempdir().unwrap();
        let mut more: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        if !config.is_empty() {
            let file = folder.path().join("nats.conf");
            std::fs::write(&file, config).unwrap();
            more.extend(["-c".to_owned(), file.display().to_string()]);
        }
        let mut nats = Nats { folder, port: 0, more, child: None };
        // Somebody else may have been quicker.
        let started = (0..20).any(|_| {
            nats.port = free_port();
            nats.try_start(Duration::from_secs(30))
        });
        assert!(started, "nats-server does not start: {}", nats.log());
        nats
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it stores.
    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again, with what it stored, at the same address.
    pub(crate) fn start(&mut self) {
        until("the server is back", || self.try_start(Duration::from_secs(30)));
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn try_start(&mut self, bound: Duration) -> bool {
        let child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-sd", &self.store().display().to_string()])
            .args(["-l", &self.folder.path().join("log").display().to_string()])
            .args(&self.more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is not installed: Debian's package is `nats-server`");
        let mut child = Some(child);
        let began = Instant::now();
        while began.elapsed() < bound {
            if child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some()) {
                return false;
            }
            if greets(self.port) {
                self.child = child;
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        if let Some(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
        false
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO")
}

/// Below those that the system gives to whoever asks for any: a server that comes back finds its own free.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = (std::process::id().wrapping_mul(61) % 12_000) as u16;
    loop {
        let next = NEXT.fetch_add(1, Ordering::SeqCst);
        let port = 20_000 + (own + next.wrapping_mul(7) % 12_000) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Waits for a condition.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < BOUND, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a text is in one of a folder's files, however deep.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => holds(&path, text),
            false => std::fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())),
        }
    })
}

/// The bytes of a folder's files, however deep.
pub(crate) fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.path().is_dir() {
            true => size(&entry.path()),
            false => entry.metadata().map_or(0, |metadata| metadata.len()),
        })
        .sum()
}
