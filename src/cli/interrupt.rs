//! Ctrl-C, SIGTERM and, when its terminal is closed, SIGHUP: the first asks the run to end and keep what
//! it saw, the second ends at once.

use super::progress::Teller;
use crate::run::Stop;
use std::sync::Arc;

/// Watches for signals until the runtime ends.
pub(super) fn watch(stop: Stop, teller: Arc<Teller>) {
    watch_saying(stop, teller, "stopping: what was seen so far will be written; again to quit at once");
}

/// The same in other words.
pub(super) fn watch_saying(stop: Stop, teller: Arc<Teller>, words: &'static str) {
    tokio::spawn(async move {
        // Without a handler there is nothing to wait for: the system's own behaviour stays.
        let Ok(mut signals) = Signals::new() else { return };
        signals.next().await;
        stop.stop();
        teller.line(words);
        signals.next().await;
        #[expect(clippy::exit, reason = "the user asked twice; nothing is worth waiting for")]
        std::process::exit(130);
    });
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where it is ignored: `nohup` means the run to go on.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

/// Whether we were started with SIGHUP ignored. Only Linux tells without asking to change it.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is signal 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
