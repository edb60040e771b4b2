//! Finding, starting and ending Chromium.

use super::cdp::Connection;
use crate::cookie::ThirdPartyCookies;
use command_fds::{CommandFdExt, FdMapping};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// How the browser is to be had.
#[derive(Clone, Debug, Default)]
pub struct BrowserSettings {
    /// `--browser PATH`; none: `$CHROME`, then the usual names on the `PATH`.
    pub executable: Option<PathBuf>,
    /// `--browser-url ws://...`: one that already runs. Its third-party-cookie mode cannot be set.
    pub url: Option<String>,
    pub third_party: ThirdPartyCookies,
    /// Host to address; a port of 0 keeps the URL's.
    pub resolve: BTreeMap<String, SocketAddr>,
    pub proxy: Option<String>,
    /// The plan names further CAs. Chromium's store cannot be extended from outside, so it takes any
    /// certificate then; the HTTP engine still checks them.
    pub accept_any_certificate: bool,
}

/// No browser to be had.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct LaunchError {
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// A running browser. Dropping it ends it; so does our own end, since it lives by our pipe.
pub(super) struct Running {
    pub(super) connection: Connection,
    /// None for a browser that somebody else started.
    _child: Option<Child>,
    /// The profile, deleted with the browser.
    _profile: Option<Profile>,
}

/// A folder that is removed when dropped.
struct Profile(PathBuf);

impl Drop for Profile {
    fn drop(&mut self) {
        // Chromium may still be writing; what is left lies in the system's own temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// Flags that keep Chromium quiet: no first-run pages, no traffic of its own.
const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-dev-shm-usage",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
];

impl Running {
    /// Starts Chromium with a fresh profile, or connects to the one that is named.
    pub(super) async fn start(settings: &BrowserSettings) -> Result<Running, LaunchError> {
        if let Some(url) = &settings.url {
            let connection = Connection::over_websocket(url).await.map_err(|cause| LaunchError {
                message: format!("no browser answers at {url}: {cause}"),
                hint: "start it with --remote-debugging-port and give the ws:// URL that it prints".into(),
            })?;
            return Ok(Running { connection, _child: None, _profile: None });
        }
        let executable = find(settings)?;
        let failed = |cause: io::Error| LaunchError {
            message: format!("{} could not be started: {cause}", executable.display()),
            hint: "check that it runs with --headless on its own".into(),
        };
        let profile = Profile(fresh_profile(settings.third_party).map_err(failed)?);
        let (their_read, our_write) =
            tokio::net::unix::pipe::pipe().map(|(tx, rx)| (rx, tx)).map_err(failed)?;
        let (their_write, our_read) = tokio::net::unix::pipe::pipe().map_err(failed)?;
        let mut command = Command::new(&executable);
        command.args(FLAGS).args(flags_for(settings, &profile.0)).arg("about:blank");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mappings = vec![
            FdMapping { parent_fd: their_read.into_blocking_fd().map_err(failed)?, child_fd: 3 },
            FdMapping { parent_fd: their_write.into_blocking_fd().map_err(failed)?, child_fd: 4 },
        ];
        command.fd_mappings(mappings).map_err(|error| failed(io::Error::other(error)))?;
        let child = command.spawn().map_err(failed)?;
        // The command still holds our copies of its ends; without them the pipes close with Chromium.
        drop(command);
        let connection = Connection::over_pipe(our_write, our_read);
        let running = Running { connection, _child: Some(child), _profile: Some(profile) };
        running.connection.started().await.map_err(|cause| LaunchError {
            message: format!("{} started, but did not answer: {cause}", executable.display()),
            hint: "check that it runs with --headless on its own, and that it is Chromium 120 or later"
                .into(),
        })?;
        Ok(running)
    }
}

fn find(settings: &BrowserSettings) -> Result<PathBuf, LaunchError> {
    let missing = |message: String| LaunchError {
        message,
        hint: "install it (Debian: apt install chromium), name it with --browser PATH or CHROME=PATH, or \
               look without a browser: --engine http"
            .into(),
    };
    let named = settings.executable.clone().or_else(|| std::env::var_os("CHROME").map(PathBuf::from));
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(missing(format!("no browser at {}", path.display())))
        };
    }
    let folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| missing("no Chromium was found on the PATH".into()))
}

/// A profile whose preferences say whether third-party cookies are kept: Chromium reads the mode
/// there and nowhere else.
fn fresh_profile(mode: ThirdPartyCookies) -> io::Result<PathBuf> {
    let unique = format!("cookieproof-{}-{:x}", std::process::id(), unique_number());
    let folder = std::env::temp_dir().join(unique);
    let default = folder.join("Default");
    std::fs::create_dir_all(&default)?;
    let block = mode == ThirdPartyCookies::Block;
    let preferences = serde_json::json!({
        "profile": { "cookie_controls_mode": i32::from(block), "block_third_party_cookies": block }
    });
    std::fs::write(default.join("Preferences"), preferences.to_string())?;
    Ok(folder)
}

/// Not random for secrecy, only for not colliding: the standard library's hash keys.
pub(super) fn unique_number() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

fn flags_for(settings: &BrowserSettings, profile: &Path) -> Vec<String> {
    let mut flags = vec![format!("--user-data-dir={}", profile.display())];
    if running_as_root() {
        // Chromium's sandbox refuses to run as root, as in most containers.
        flags.push("--no-sandbox".into());
    }
    if let Some(proxy) = &settings.proxy {
        flags.push(format!("--proxy-server={proxy}"));
    }
    if settings.accept_any_certificate {
        flags.push("--ignore-certificate-errors".into());
    }
    let rules: Vec<String> = settings
        .resolve
        .iter()
        .map(|(host, address)| match address.port() {
            0 => format!("MAP {host} {}", address.ip()),
            _ => format!("MAP {host} {address}"),
        })
        .collect();
    if !rules.is_empty() {
        flags.push(format!("--host-resolver-rules={}", rules.join(",")));
    }
    flags
}

fn running_as_root() -> bool {
    std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0).unwrap_or(false)
}
