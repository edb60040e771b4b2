//! One Chromium for all tests of this process that do not need one of their own: started by the
//! first that asks, reached by its DevTools address, ended with the process, however that ends.

use super::devtools::Chromium;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Chromium runs until the shell's standard input ends, which is a pipe of ours: the system closes
/// it even when the tests are killed. The profile goes last.
const SCRIPT: &str = r#"
    trap '' INT TERM HUP
    profile=$1; shift
    "$@" --user-data-dir="$profile" about:blank </dev/null >/dev/null 2>&1 &
    cat >/dev/null
    kill "$!"; wait "$!"
    rm -rf "$profile"
"#;

static SHARED: LazyLock<Shared> = LazyLock::new(Shared::start);

struct Shared {
    url: String,
    /// Holds the pipe by which the browser lives.
    _shell: Child,
}

/// The address for `--browser-url`.
pub(crate) fn shared_url() -> &'static str {
    &SHARED.url
}

/// The program, as a path for `--browser`.
pub(crate) fn program() -> &'static str {
    Chromium::installed().and_then(|path| path.to_str()).expect("Chromium is installed")
}

impl Shared {
    fn start() -> Shared {
        let profile = tempfile::tempdir().map(TempDir::keep).unwrap();
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(&profile)
            .arg(program())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--no-default-browser-check", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--disable-default-apps", "--disable-extensions"])
            .args(["--disable-dev-shm-usage", "--disable-renderer-backgrounding", "--mute-audio"])
            .args(["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows"])
            .arg("--enable-features=DisableProcessReuse")
            .arg("--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess")
            // Certificates of test CAs are as good as any.
            .args(["--ignore-certificate-errors", "--remote-debugging-port=0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = profile.join("DevToolsActivePort");
        let until = Instant::now() + PATIENCE;
        let url = loop {
            let text = std::fs::read_to_string(&told).unwrap_or_default();
            // The port, then the path; written in one piece, but read perhaps before that.
            if let Some((port, path)) = text.split_once('\n').filter(|(_, path)| path.len() > 1) {
                break format!("ws://127.0.0.1:{port}{path}");
            }
            assert!(Instant::now() < until, "Chromium did not say where it listens");
            std::thread::sleep(Duration::from_millis(20));
        };
        Shared { url, _shell: shell }
    }
}
