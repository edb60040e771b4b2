//! The exit codes.

use std::process::ExitCode;

/// How a command ended. When several apply, the first of Usage, Findings, Inconclusive, Clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing to say.
    Clear,
    /// 1: findings at or above the chosen severity; for `diff`, differences.
    Findings,
    /// 2: wrong usage, manifest or plan.
    Usage,
    /// 3: the site, a persona or a page that a claim depends on could not be reached, or the run
    /// was interrupted.
    Inconclusive,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clear => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
        })
    }
}
