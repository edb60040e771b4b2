//! Finding, starting and ending Chromium.

use super::cdp::Connection;
use crate::cookie::ThirdPartyCookies;
use command_fds::{CommandFdExt, FdMapping};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use url::Url;

/// How the browser is to be had.
#[derive(Clone, Debug, Default)]
pub struct BrowserSettings {
    /// `--browser PATH`; none: `$CHROME`, then the usual names on the `PATH`.
    pub executable: Option<PathBuf>,
    /// `--browser-url`: one that already runs, by its `ws://` address, or by the `http://HOST:PORT`
    /// of its debugging port. Its third-party-cookie mode cannot be set.
    pub url: Option<String>,
    pub third_party: ThirdPartyCookies,
    /// Host to address; a port of 0 keeps the URL's.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// The plan names further CAs. Chromium's store cannot be extended from outside, so it takes any
    /// certificate then; the HTTP engine still checks them.
    pub accept_any_certificate: bool,
}

impl BrowserSettings {
    /// Whether there is a program to be started; of a browser that runs already nothing is known.
    pub fn check(&self) -> Result<(), LaunchError> {
        if self.url.is_none() {
            find(self)?;
        }
        Ok(())
    }
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
    child: Option<Child>,
    /// Deleted with the browser.
    profile: Option<Profile>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        // Gone already is as well. Its helpers end with it, and write into the profile until then.
        let _ = child.start_kill();
        for _ in 0..END_TRIES {
            if !matches!(child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(END_PAUSE);
        }
        self.profile = None;
    }
}

/// How often, and how long apart, the end of a browser is looked for.
const END_TRIES: u32 = 40;
const END_PAUSE: Duration = Duration::from_millis(25);

/// A folder that is removed when dropped, and marked as in use by a lock that the system lets go
/// of when our process ends, however it ends.
struct Profile {
    folder: PathBuf,
    _lock: File,
}

/// What profiles' folders are called in the system's temporary folder.
const PREFIX: &str = "cookieproof-profile-";
/// Longest temporary folder in which Chromium's socket still has a name that fits (108 bytes).
const MOST_TEMP: usize = 62;
const LOCK: &str = "cookieproof.lock";

impl Profile {
    /// A profile whose preferences say whether third-party cookies are kept: Chromium reads the mode
    /// there and nowhere else.
    fn fresh(mode: ThirdPartyCookies) -> io::Result<Profile> {
        let folder = std::env::temp_dir().join(format!("{PREFIX}{:016x}", unique_number()));
        // Sessions will be in it: for our own eyes. The lock is taken before it has its name, so that
        // nobody takes the folder for an abandoned one in between.
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let taking = folder.join("lock");
        let lock = File::create(&taking)?;
        lock.lock()?;
        fs::rename(taking, folder.join(LOCK))?;
        let profile = Profile { folder, _lock: lock };
        let default = profile.folder.join("Default");
        fs::create_dir(&default)?;
        let block = mode == ThirdPartyCookies::Block;
        let preferences = serde_json::json!({
            "profile": { "cookie_controls_mode": i32::from(block), "block_third_party_cookies": block }
        });
        fs::write(default.join("Preferences"), preferences.to_string())?;
        fs::create_dir(profile.temp())?;
        profile.sweep();
        Ok(profile)
    }

    /// The browser's own temporary folder.
    fn temp(&self) -> PathBuf {
        self.folder.join("t")
    }

    /// Removes what runs that were killed have left behind.
    fn sweep(&self) {
        let Ok(own) = fs::metadata(&self.folder).map(|folder| folder.uid()) else { return };
        let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
            let (folder, lock) = (entry.path(), entry.path().join(LOCK));
            let ours = |path: &Path| fs::symlink_metadata(path).ok().filter(|found| found.uid() == own);
            if ours(&folder).is_some_and(|found| found.is_dir())
                && ours(&lock).is_some_and(|found| found.is_file())
                && File::open(&lock).is_ok_and(|lock| lock.try_lock().is_ok())
            {
                // Another run may be at it, too.
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The browser's helpers may still be writing for a moment. What cannot be removed is swept by
        // a later run.
        for _ in 0..END_TRIES {
            match fs::remove_dir_all(&self.folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => std::thread::sleep(END_PAUSE),
                _ => return,
            }
        }
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
    // Frames of one site in several tabs would share a process, and with it a clock.
    "--enable-features=DisableProcessReuse",
    // Two documents of the browser's own in every window, for an address bar that nobody sees, and a
    // process kept ready for each visitor: most of what a short visit costs otherwise.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
];

impl Running {
    /// Nobody else has pages in it.
    pub(super) fn is_ours(&self) -> bool {
        self.child.is_some()
    }

    /// Starts Chromium with a fresh profile, or connects to the one that is named.
    pub(super) async fn start(settings: &BrowserSettings) -> Result<Running, LaunchError> {
        if let Some(url) = &settings.url {
            let connection = reach(url).await.map_err(|cause| LaunchError {
                message: format!("no browser answers at {url}: {cause}"),
                hint: "start it with --remote-debugging-port and give the ws:// URL that it prints".into(),
            })?;
            return Ok(Running { connection, child: None, profile: None });
        }
        let executable = find(settings)?;
        let failed = |cause: io::Error| LaunchError {
            message: format!("{} could not be started: {cause}", executable.display()),
            hint: "check that it runs with --headless on its own".into(),
        };
        let profile = Profile::fresh(settings.third_party).map_err(failed)?;
        let (their_read, our_write) =
            tokio::net::unix::pipe::pipe().map(|(tx, rx)| (rx, tx)).map_err(failed)?;
        let (their_write, our_read) = tokio::net::unix::pipe::pipe().map_err(failed)?;
        let mut command = Command::new(&executable);
        command.args(FLAGS).args(flags_for(settings, &profile.folder)).arg("about:blank");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        // What it leaves behind goes away with the profile.
        if std::env::var_os("HOME").is_none() {
            command.env("HOME", &profile.folder);
        }
        if profile.temp().as_os_str().len() <= MOST_TEMP {
            command.env("TMPDIR", profile.temp());
        }
        let mappings = vec![
            FdMapping { parent_fd: their_read.into_blocking_fd().map_err(failed)?, child_fd: 3 },
            FdMapping { parent_fd: their_write.into_blocking_fd().map_err(failed)?, child_fd: 4 },
        ];
        command.fd_mappings(mappings).map_err(|error| failed(io::Error::other(error)))?;
        let child = command.spawn().map_err(failed)?;
        // The command still holds our copies of its ends; without them the pipes close with Chromium.
        drop(command);
        let connection = Connection::over_pipe(our_write, our_read);
        let running = Running { connection, child: Some(child), profile: Some(profile) };
        running.connection.started().await.map_err(|cause| LaunchError {
            message: format!("{} started, but did not answer: {cause}", executable.display()),
            hint: "check that it runs with --headless on its own, and that it is Chromium 120 or later"
                .into(),
        })?;
        Ok(running)
    }
}

/// Connects to a browser that runs, by either of its addresses.
async fn reach(url: &str) -> Result<Connection, String> {
    let socket = match url.strip_prefix("http://") {
        None => url.to_owned(),
        Some(_) => tokio::time::timeout(REACH_TIMEOUT, socket_of(url))
            .await
            .map_err(|_| "no answer in time".to_owned())??,
    };
    let connection = tokio::time::timeout(REACH_TIMEOUT, Connection::over_websocket(&socket))
        .await
        .map_err(|_| "no answer in time".to_owned())??;
    connection.started().await.map_err(|error| error.to_string())?;
    Ok(connection)
}

const REACH_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of a debugging port's answer.
const MOST_ANSWER: u64 = 64 * 1024;

/// Asks a debugging port for the browser's socket. By hand: the port speaks the plainest HTTP, and
/// proxies or certificates are not for it.
async fn socket_of(url: &str) -> Result<String, String> {
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("it has no host")?;
    let port = url.port_or_known_default().unwrap_or(80);
    let failed = |error: io::Error| error.to_string();
    let mut stream = tokio::net::TcpStream::connect((host, port)).await.map_err(failed)?;
    let ask = format!("GET /json/version HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(failed)?;
    // It may keep the connection all the same: the object's end is the answer's.
    let mut answer = Vec::new();
    let mut stream = stream.take(MOST_ANSWER);
    while stream.read_buf(&mut answer).await.map_err(failed)? > 0 {
        if let Some(socket) = named_socket(&answer) {
            return Ok(socket);
        }
    }
    Err("it does not say where the browser is".into())
}

fn named_socket(answer: &[u8]) -> Option<String> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let version: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
    version["webSocketDebuggerUrl"].as_str().map(str::to_owned)
}

fn find(settings: &BrowserSettings) -> Result<PathBuf, LaunchError> {
    let missing = |message: String| LaunchError {
        message,
        hint: "install it (Debian: apt install chromium), name it with --browser PATH or CHROME=PATH, or \
               look without a browser: --engine http"
            .into(),
    };
    let folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let on_path = |name: &Path| folders.iter().map(|folder| folder.join(name)).find(|path| is_program(path));
    let named = settings
        .executable
        .clone()
        .or_else(|| std::env::var_os("CHROME").filter(|path| !path.is_empty()).map(PathBuf::from));
    if let Some(path) = named {
        let bare = path.components().count() == 1;
        return match if bare { on_path(&path) } else { None } {
            Some(found) => Ok(found),
            None if is_program(&path) => Ok(path),
            None if path.is_file() => {
                Err(missing(format!("{} is no program that can be run", path.display())))
            }
            None if bare => Err(missing(format!("no {} was found on the PATH", path.display()))),
            None => Err(missing(format!("no browser at {}", path.display()))),
        };
    }
    NAMES
        .iter()
        .find_map(|name| on_path(Path::new(name)))
        .ok_or_else(|| missing("no Chromium was found on the PATH".into()))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
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
    fs::metadata("/proc/self").map(|own| own.uid() == 0).unwrap_or(false)
}
