//! Windows and shared workers: what belongs to no tab's own tree, and may outlive the page that
//! started it. Each is handed, before it runs, to the tab that it belongs to.

use super::cdp::{CdpError, Connection, Event};
use super::launch::unique_number;
use super::locked;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A tab that shows page after page keeps much of those before, until the browser believes that memory is short:
/// after so many pages it is told so. Others' browsers are not, since pages of theirs might go.
const PAGES_KEPT: u64 = 2;

/// One for each browser.
pub(super) struct Hub {
    pub(super) connection: Connection,
    /// What the hooks tell by; one name for all tabs, since a worker may go from one to another.
    pub(super) binding: String,
    /// Pages shown so far in tabs that go on to a next one; none: the browser is somebody else's.
    turned_over: Option<AtomicU64>,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// Std mutex: held for map operations only, never across an await.
#[derive(Default)]
struct State {
    /// A tab's or window's target to the tab's session.
    windows: BTreeMap<String, String>,
    /// By browser context.
    visitors: BTreeMap<String, Visitor>,
}

struct Visitor {
    /// Sessions of the open tabs, the newest last.
    tabs: Vec<String>,
    /// Sessions of shared and service workers.
    workers: Vec<String>,
    /// What workers do while no tab is open: kept for the next one.
    between: mpsc::UnboundedReceiver<Event>,
}

impl Hub {
    /// Has the browser hold every new window and shared worker until it is prepared.
    pub(super) async fn start(connection: &Connection, is_ours: bool) -> Result<Hub, CdpError> {
        let state: Arc<Mutex<State>> = Arc::default();
        let events = connection.listen("");
        let task = tokio::spawn(route(connection.clone(), state.clone(), events));
        let filter = json!([{"type": "page"}, {"type": "shared_worker"}, {"type": "service_worker"}]);
        let attach =
            json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": filter});
        connection.send("", "Target.setAutoAttach", attach).await?;
        let binding = format!("_{:x}", unique_number());
        let turned_over = is_ours.then(AtomicU64::default);
        Ok(Hub { connection: connection.clone(), binding, turned_over, state, task })
    }

    /// A new browser context; what runs in others is not ours.
    pub(super) fn visitor(&self, context: &str) {
        let between = self.connection.listen(&between(context));
        let visitor = Visitor { tabs: Vec::new(), workers: Vec::new(), between };
        locked(&self.state).visitors.insert(context.to_owned(), visitor);
    }

    pub(super) fn visitor_left(&self, context: &str) {
        locked(&self.state).visitors.remove(context);
        self.connection.forget([between(context)]);
    }

    /// A tab is open; workers that are there already are its own from here on, and so is what they did
    /// while there was none.
    pub(super) fn tab_opened(&self, context: &str, target: &str, session: &str) {
        let mut state = locked(&self.state);
        state.windows.insert(target.to_owned(), session.to_owned());
        let Some(visitor) = state.visitors.get_mut(context) else { return };
        while let Ok(event) = visitor.between.try_recv() {
            let worker = event.params["sessionId"].as_str().unwrap_or_default().to_owned();
            match event.method.as_str() {
                "Target.attachedToTarget" => self.connection.hand(&worker, session, Some(event)),
                _ => self.connection.pass(session, event),
            };
        }
        for worker in &visitor.workers {
            self.connection.hand(worker, session, None);
        }
        visitor.tabs.push(session.to_owned());
    }

    /// A tab is about to be closed: its workers go to another one. Gives out their sessions.
    pub(super) fn tab_closes(&self, context: &str, session: &str) -> Vec<String> {
        let mut state = locked(&self.state);
        state.windows.retain(|_, tab| tab != session);
        let Some(visitor) = state.visitors.get_mut(context) else { return Vec::new() };
        visitor.tabs.retain(|tab| tab != session);
        let next = visitor.tabs.last().cloned().unwrap_or_else(|| between(context));
        for worker in &visitor.workers {
            self.connection.hand(worker, &next, None);
        }
        visitor.workers.clone()
    }

    /// A tab is about to show its next page: of those before, nothing need be kept.
    pub(super) fn turns_over(&self, session: &str) {
        let Some(turned_over) = &self.turned_over else { return };
        if (turned_over.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(PAGES_KEPT) {
            let short = json!({"level": "critical"});
            self.connection.tell(session, "Memory.simulatePressureNotification", short);
        }
    }

    /// Sessions of the tabs that are open in this context.
    pub(super) fn tabs(&self, context: &str) -> Vec<String> {
        locked(&self.state).visitors.get(context).map(|visitor| visitor.tabs.clone()).unwrap_or_default()
    }

    /// Whether shared or service workers of this context run.
    pub(super) fn has_workers(&self, context: &str) -> bool {
        locked(&self.state).visitors.get(context).is_none_or(|visitor| !visitor.workers.is_empty())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Hands what was attached to whom it belongs, and lets go of the rest.
async fn route(connection: Connection, state: Arc<Mutex<State>>, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        let session = event.params["sessionId"].as_str().unwrap_or_default().to_owned();
        match event.method.as_str() {
            "Target.attachedToTarget" => {
                // What does not wait was attached to by name: a tab of ours, by itself.
                if event.params["waitingForDebugger"] == false && event.params["targetInfo"]["type"] == "page"
                {
                    continue;
                }
                let owner = locked(&state).owner(&session, &event.params["targetInfo"]);
                let handed = owner.is_some_and(|tab| connection.hand(&session, &tab, Some(event)));
                if !handed {
                    connection.tell(&session, "Runtime.runIfWaitingForDebugger", json!({}));
                    connection.tell("", "Target.detachFromTarget", json!({"sessionId": session}));
                }
            }
            "Target.detachedFromTarget" => {
                let mut state = locked(&state);
                for visitor in state.visitors.values_mut() {
                    visitor.workers.retain(|worker| *worker != session);
                }
                connection.forget([session]);
            }
            _ => {}
        }
    }
}

impl State {
    /// Whose it is: a window's is the tab that opened it, a worker's the newest tab of its context.
    fn owner(&mut self, session: &str, target: &Value) -> Option<String> {
        let context = target["browserContextId"].as_str().unwrap_or_default();
        if target["type"] == "page" {
            let tab = self.windows.get(target["openerId"].as_str()?)?.clone();
            self.windows.insert(target["targetId"].as_str()?.to_owned(), tab.clone());
            return Some(tab);
        }
        let visitor = self.visitors.get_mut(context)?;
        visitor.workers.push(session.to_owned());
        Some(visitor.tabs.last().cloned().unwrap_or_else(|| between(context)))
    }
}

/// Where events go while no tab is open; no session is called so.
fn between(context: &str) -> String {
    format!("between the tabs of {context}")
}
