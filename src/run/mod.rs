//! The run: the tasks of the schedule, one after the other, each persona with a session of its own;
//! pace, steps, probes. This is the one place that spawns.

mod answers;
mod context;
mod correlation;
mod crawl;
mod crawl_so_far;
mod html;
mod jars;
mod login;
mod login_check;
mod logout;
mod many;
mod pace;
mod persona;
mod plain_http;
mod probes;
mod recorder;
mod references;
mod render;
mod rendered_links;
mod replay;
mod runner;
mod session_files;
mod session_transfer;
mod shelf;
mod shown;
mod side_requests;
mod state;
mod steps;
mod tasks;
mod visits;

pub use many::{Came, Wanted, many};
pub(crate) use pace::Paces;
pub use replay::{RecordedAs, replay};
pub use state::{NotAState, StateFile};
pub use tasks::is_state_of;

use crate::manifest::Manifest;
use crate::observation::{Phase, Scan, Sighting};
use crate::plan::{Plan, Target};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Looks at a target as the plan says. `manifest` adds its pages, links and probes; without one
/// the run only looks.
pub async fn run(
    plan: &Plan,
    target: &Target,
    manifest: Option<&Manifest>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Result<Scan, RunError> {
    Look { manifest, watch, stop: stop.clone(), ..Look::at(plan, target) }.run().await
}

/// What a run is asked for: what to look at and how, who watches, and what it shares with others.
#[derive(Clone)]
pub struct Look<'a> {
    pub plan: &'a Plan,
    pub target: &'a Target,
    /// Adds its pages, links and probes; without one the run only looks.
    pub manifest: Option<&'a Manifest>,
    pub watch: &'a dyn Watch,
    pub stop: Stop,
    /// Keeps the run in this file while it goes on, so that another can go on where this one is killed; or
    /// goes on with one that was.
    pub state: Option<&'a StateFile>,
    /// The turns that it takes with other runs.
    pub(crate) paces: Paces,
}

impl<'a> Look<'a> {
    /// A look that nobody watches, by itself.
    pub fn at(plan: &'a Plan, target: &'a Target) -> Look<'a> {
        let (stop, paces) = (Stop::default(), Paces::default());
        Look { plan, target, manifest: None, watch: &(), stop, state: None, paces }
    }

    /// Makes the run.
    pub async fn run(self) -> Result<Scan, RunError> {
        tasks::look(self).await
    }
}

/// Tells a run to end early: what was seen is kept and the scan is marked partial.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    stopped: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Asks the run to end.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Whether it was asked to.
    pub fn stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Ready when it is asked to.
    pub async fn wait(&self) {
        loop {
            // Registered before the look, so that a stop in between is not missed.
            let notified = self.0.notify.notified();
            if self.stopped() {
                return;
            }
            notified.await;
        }
    }
}

/// What a run tells while it goes on. Never a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    PhaseBegan {
        persona: String,
        phase: Phase,
    },
    Progress(Progress),
    /// What the start page put on the device, as soon as it answered.
    Start(Vec<Sighting>),
    /// A line for `-v`: a request, a step, a retry.
    Detail(String),
    /// Something the user should know now: a login that failed, a session lost.
    Warning(String),
}

/// Where the run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Which task of the schedule is under way, from 1 on, and how many there are as far as is known.
    pub task: u32,
    pub tasks: u32,
    pub persona: String,
    pub pages: u64,
    pub queued: u64,
    /// Requests per second of the last seconds.
    pub rate: f64,
    /// Distinct cookies and storage items so far.
    pub found: u64,
    pub failed: u64,
}

/// Receives events; called from the run's own task, must not block.
pub trait Watch: Send + Sync {
    /// One event.
    fn event(&self, event: Event);
}

/// Nobody watches.
impl Watch for () {
    fn event(&self, _: Event) {}
}

/// Why a run could not even begin. What fails later is coverage, not an error.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RunError {
    pub message: String,
    pub hint: Option<String>,
}
