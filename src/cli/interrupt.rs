//! Ctrl-C and SIGTERM: the first asks the run to end and keep what it saw, the second ends at once.

use super::progress::Teller;
use crate::scan::Stop;
use std::sync::Arc;

/// Watches for signals until the runtime ends.
pub(super) fn watch(stop: Stop, teller: Arc<Teller>) {
    tokio::spawn(async move {
        signalled().await;
        stop.stop();
        teller.line("stopping: what was seen so far will be written; again to quit at once");
        signalled().await;
        #[expect(clippy::exit, reason = "the user asked twice; nothing is worth waiting for")]
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a handler there is nothing to wait for: the system's own behaviour stays.
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signalled() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
