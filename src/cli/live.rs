//! A run from its plan to its scan, with progress told and signals heeded.

use super::args;
use super::complaint::Complaint;
use super::interrupt;
use super::metrics::{Counted, Metrics};
use super::progress::{Talk, Teller};
use super::settings::Looking;
use crate::manifest::Manifest;
use crate::observation::Scan;
use crate::plan::LastRun;
use crate::run::{Look, RunError, StateFile, Stop};
use std::sync::Arc;

/// How much is told, as the flags say.
pub(super) fn talk(typed: &args::Talk) -> Talk {
    match (typed.quiet, typed.verbose) {
        (true, _) => Talk::Quiet,
        (false, 0) => Talk::Normal,
        (false, _) => Talk::Verbose,
    }
}

/// Looks at the site.
pub(super) fn scan(
    looking: Looking,
    manifest: Option<&Manifest>,
    talk: Talk,
    last: Option<&LastRun>,
    metrics: Option<&Arc<Metrics>>,
    state: Option<&StateFile>,
) -> Result<Scan, Complaint> {
    let Looking { plan, target } = looking;
    // One thread: waking another for every answer costs more than it reads in the meantime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Complaint::usage(format!("cannot start: {error}")))?;
    let teller = Arc::new(Teller::new(talk));
    teller.beforehand(&plan.length_in_words(&target, last));
    let stop = Stop::default();
    let scanned = runtime.block_on(async {
        interrupt::watch(stop.clone(), Arc::clone(&teller));
        let watch = Counted::of(Arc::clone(&teller), metrics.cloned());
        Look { manifest, watch: &watch, stop, state, ..Look::at(&plan, &target) }.run().await
    });
    teller.end();
    // A name being resolved cannot be called back; nobody waits for it.
    runtime.shutdown_background();
    scanned.map_err(not_begun)
}

/// A run that could not begin.
pub(super) fn not_begun(error: RunError) -> Complaint {
    Complaint { hint: error.hint, ..Complaint::usage(error.message) }
}
