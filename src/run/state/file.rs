//! The file itself: private, locked while a run uses it, and never written over.

use super::lines::{FORMAT, Header, Line};
use super::log::Log;
use super::read::NotAState;
use crate::run::RunError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// A file that keeps how far a run is, so that another can go on.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// What is there already, where a run goes on.
    before: Option<File>,
}

/// A state file at the start of a run.
pub(in crate::run) enum Opened {
    New(Log),
    Before(File),
}

impl StateFile {
    /// A new one; a file that is there is refused, since it may be a run that was interrupted.
    pub fn new(path: &Path) -> Result<StateFile, RunError> {
        match path.symlink_metadata() {
            Ok(_) => Err(RunError {
                message: format!("{} is there already", path.display()),
                hint: Some(
                    "to go on with the run that it is of, add `--resume`; to begin anew, remove the file"
                        .into(),
                ),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(StateFile { path: path.to_owned(), before: None })
            }
            Err(error) => Err(failed("looked at", path, &error)),
        }
    }

    /// The one of a run that was interrupted.
    pub fn resume(path: &Path) -> Result<StateFile, RunError> {
        let file =
            OpenOptions::new().read(true).append(true).open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => RunError {
                    message: format!("there is no run to go on with: {} is not there", path.display()),
                    hint: Some(
                        "it is removed when a run comes to its end; leave out `--resume` to begin one".into(),
                    ),
                },
                _ => failed("opened", path, &error),
            })?;
        locked(&file, path)?;
        Ok(StateFile { path: path.to_owned(), before: Some(file) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for a run. A new one gets its first line.
    pub(in crate::run) fn open(&self, header: &Header) -> Result<Opened, RunError> {
        if let Some(file) = &self.before {
            return file
                .try_clone()
                .map(Opened::Before)
                .map_err(|error| failed("opened", &self.path, &error));
        }
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        // Names of cookies and addresses of private pages are nobody else's.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).map_err(|error| failed("made", &self.path, &error))?;
        locked(&file, &self.path)?;
        let mut line = serde_json::to_vec(header).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line).map_err(|error| failed("written", &self.path, &error))?;
        // That there is a file is on the disk once the folder is.
        #[cfg(unix)]
        if let Some(folder) =
            std::path::absolute(&self.path).ok().and_then(|path| File::open(path.parent()?).ok())
        {
            let _ = folder.sync_all();
        }
        Ok(Opened::New(Log::new(file)))
    }

    /// That a run cannot go on from it, and why.
    pub(in crate::run) fn refused(&self, why: &NotAState) -> RunError {
        let hint = match why {
            NotAState::OfAnother { hint, .. } => hint,
            NotAState::Unbegun => "remove it and begin anew, without `--resume`",
            _ => "give the file that the interrupted run wrote, or remove it and begin anew",
        };
        RunError { message: format!("{}: {why}", self.path.display()), hint: Some(hint.to_owned()) }
    }

    /// The run came to its end, and its results are kept elsewhere.
    pub fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

impl Opened {
    /// Reads from the beginning.
    pub(in crate::run) fn reader(file: &File) -> io::Result<BufReader<File>> {
        file.try_clone().map(BufReader::new)
    }

    /// Goes on behind what is there, whose last line may be torn.
    pub(in crate::run) fn go_on(mut file: File) -> io::Result<Log> {
        // Whatever it was torn in, that line is none from now on, however well it may read.
        file.write_all(b"~\n")?;
        let mut log = Log::new(file);
        log.at_once(&Line::Resumed);
        Ok(log)
    }
}

impl Header {
    pub(in crate::run) fn new(
        of: String,
        started: String,
        browser: Option<crate::cookie::ThirdPartyCookies>,
    ) -> Header {
        Header {
            cookieproof_state: FORMAT,
            tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).to_owned(),
            of,
            started,
            browser,
        }
    }
}

fn locked(file: &File, path: &Path) -> Result<(), RunError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RunError {
            message: format!("another run is using {}", path.display()),
            hint: Some("wait for it, or end it first".into()),
        }),
        // Some file systems know no locks.
        Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> RunError {
    RunError {
        message: format!("the state file {} cannot be {doing}: {error}", path.display()),
        hint: Some("`--state` takes the path of a file in a folder that you may write to".into()),
    }
}
