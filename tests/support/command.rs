//! The real binary, run with nothing in its environment that a test did not put there.

use std::path::Path;
use std::process::{Command, Stdio};

/// A run in the making.
pub(crate) struct Cookieproof {
    command: Command,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cookieproof {
    /// `cookieproof ARGS...`
    pub(crate) fn new<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cookieproof"));
        command.args(args).env_clear().stdin(Stdio::null());
        Cookieproof { command }
    }

    /// In this folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With this environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.run_and(|_| {})
    }

    /// The same, with the process's id told to somebody once it is there.
    pub(crate) fn run_and(mut self, told: impl FnOnce(u32)) -> Ended {
        let child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        told(child.id());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Does all of these at the same time, since each waits most of the time; what came of them, in their order.
pub(crate) fn side_by_side<const N: usize, T: Send>(work: [impl FnOnce() -> T + Send; N]) -> [T; N] {
    std::thread::scope(|scope| {
        work.map(|one| scope.spawn(one))
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

impl Ended {
    /// The run must have ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}
