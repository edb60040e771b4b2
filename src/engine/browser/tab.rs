//! One tab: a target with everything it starts (frames, workers, popups), every one attached and
//! watched before it runs its first line.

use super::cdp::{CdpError, Connection, Event};
use super::launch::unique_number;
use super::trace::Trace;
use crate::engine::Own;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Without requests for this long, a page counts as idle.
const QUIET: Duration = Duration::from_millis(500);
/// How often a waiting visit looks.
const LOOK: Duration = Duration::from_millis(25);

/// How a tab presents itself.
#[derive(Clone)]
pub(super) struct Guise {
    pub(super) user_agent: Option<String>,
    pub(super) accept_language: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) gpc: bool,
    /// Headers of requests to own hosts.
    pub(super) own_headers: Vec<(String, String)>,
    pub(super) own: Own,
}

/// How loading a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    Idle,
    /// Loaded, but never quiet within the time.
    Busy,
    /// Never finished loading within the time.
    Unfinished,
    Crashed,
    BrowserGone,
}

/// An open tab.
pub(super) struct Tab {
    connection: Connection,
    pub(super) session: String,
    target: String,
    shared: Arc<Shared>,
    pump: JoinHandle<()>,
    /// The page left a question unanswered: it hangs, and asking again only costs time.
    hangs: AtomicBool,
}

struct Shared {
    /// Std mutex: held for one event, never across an await.
    trace: Mutex<Trace>,
    sessions: Mutex<BTreeSet<String>>,
    guise: Guise,
    binding: String,
    hooks: String,
}

impl Tab {
    /// Opens a tab in a browser context.
    pub(super) async fn open(connection: &Connection, context: &str, guise: Guise) -> Result<Tab, CdpError> {
        let created = connection
            .send("", "Target.createTarget", json!({"url": "about:blank", "browserContextId": context}))
            .await?;
        let target = created["targetId"].as_str().unwrap_or_default().to_owned();
        let attached = connection
            .send("", "Target.attachToTarget", json!({"targetId": target, "flatten": true}))
            .await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let events = connection.listen(&session);
        let binding = format!("_{:x}", unique_number());
        let shared = Arc::new(Shared {
            trace: Mutex::default(),
            sessions: Mutex::new(BTreeSet::from([session.clone()])),
            guise,
            hooks: include_str!("hooks.js").replace("BINDING", &binding),
            binding,
        });
        let pump = tokio::spawn(pump(connection.clone(), shared.clone(), events));
        prepare(connection, &session, &shared, "page").await?;
        Ok(Tab {
            connection: connection.clone(),
            session,
            target,
            shared,
            pump,
            hangs: AtomicBool::new(false),
        })
    }

    /// Goes to a URL and waits until it is loaded and quiet, for at most `patience`.
    pub(super) async fn go(
        &self,
        url: &str,
        referrer: Option<&str>,
        patience: Duration,
    ) -> (Loaded, Option<String>) {
        self.trace().loaded = false;
        let mut params = json!({"url": url});
        if let Some(referrer) = referrer {
            params["referrer"] = referrer.into();
        }
        let begun = Instant::now();
        let error = match self.connection.send(&self.session, "Page.navigate", params).await {
            Ok(answer) => answer["errorText"].as_str().map(str::to_owned),
            Err(CdpError::Closed) => return (Loaded::BrowserGone, None),
            // The answer comes with the commit; a head that never ends never commits.
            Err(CdpError::Timeout { .. }) => None,
            Err(error) => return (Loaded::Crashed, Some(error.to_string())),
        };
        if error.is_some() {
            return (Loaded::Idle, error);
        }
        (self.settle(patience.saturating_sub(begun.elapsed())).await, None)
    }

    /// Waits until the page is loaded and quiet, for at most `patience`.
    pub(super) async fn settle(&self, patience: Duration) -> Loaded {
        let begun = Instant::now();
        let mut quiet_since = Instant::now();
        let mut activity = 0;
        loop {
            if self.connection.closed() {
                return Loaded::BrowserGone;
            }
            let (loaded, idle, now, crashed) = {
                let trace = self.trace();
                (trace.loaded, trace.idle(), trace.activity(), trace.crashed)
            };
            if crashed {
                return Loaded::Crashed;
            }
            if now != activity || !idle {
                activity = now;
                quiet_since = Instant::now();
            }
            if loaded && quiet_since.elapsed() >= QUIET {
                return Loaded::Idle;
            }
            if begun.elapsed() >= patience {
                return if loaded { Loaded::Busy } else { Loaded::Unfinished };
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Evaluates an expression in the main frame; none when the page does not answer.
    pub(super) async fn evaluate(&self, expression: &str) -> Option<Value> {
        let params = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true, "timeout": 5000
        });
        if self.hangs.load(Ordering::Relaxed) {
            return None;
        }
        let answer = match self.connection.send(&self.session, "Runtime.evaluate", params).await {
            Ok(answer) => answer,
            Err(error) => {
                self.hangs.store(matches!(error, CdpError::Timeout { .. }), Ordering::Relaxed);
                return None;
            }
        };
        if answer["exceptionDetails"].is_object() {
            return None;
        }
        Some(answer["result"]["value"].clone())
    }

    /// Sends a command to the tab.
    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        self.connection.send(&self.session, method, params).await
    }

    /// What was seen so far.
    pub(super) fn trace(&self) -> MutexGuard<'_, Trace> {
        locked(&self.shared.trace)
    }

    /// Closes the tab and gives out what it showed.
    pub(super) async fn close(self) -> Trace {
        let begun = Instant::now();
        while self.trace().awaits_bodies() && begun.elapsed() < QUIET && !self.connection.closed() {
            tokio::time::sleep(LOOK).await;
        }
        let closing = self.connection.send("", "Target.closeTarget", json!({"targetId": self.target})).await;
        // A browser that is gone has closed it, too.
        drop(closing);
        let sessions = std::mem::take(&mut *locked(&self.shared.sessions));
        self.connection.forget(sessions);
        self.pump.abort();
        std::mem::take(&mut *self.trace())
    }
}

/// Gathers a tab's events, and answers those that wait for an answer.
async fn pump(connection: Connection, shared: Arc<Shared>, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        match event.method.as_str() {
            "Runtime.bindingCalled" => {
                if event.params["name"] == shared.binding.as_str() {
                    let payload = event.params["payload"].as_str().unwrap_or_default();
                    locked(&shared.trace).told(payload);
                }
            }
            "Target.attachedToTarget" => {
                let child = event.params["sessionId"].as_str().unwrap_or_default().to_owned();
                let kind = event.params["targetInfo"]["type"].as_str().unwrap_or_default().to_owned();
                locked(&shared.sessions).insert(child.clone());
                let (connection, shared) = (connection.clone(), shared.clone());
                // Not awaited here: its answers come through this same loop's connection.
                tokio::spawn(async move {
                    // A child that is gone already needs nothing.
                    let _ = prepare(&connection, &child, &shared, &kind).await;
                });
            }
            "Page.javascriptDialogOpening" => {
                locked(&shared.trace).event(&event.method, &event.params);
                connection.tell(&event.session, "Page.handleJavaScriptDialog", json!({"accept": true}));
            }
            "Fetch.requestPaused" => resume(&connection, &shared, &event),
            "Fetch.authRequired" => {
                let id = &event.params["requestId"];
                let answer = json!({"requestId": id, "authChallengeResponse": {"response": "CancelAuth"}});
                connection.tell(&event.session, "Fetch.continueWithAuth", answer);
            }
            method => {
                let lacking = {
                    let mut trace = locked(&shared.trace);
                    trace.event(method, &event.params);
                    trace.lacks_body(method, &event.params)
                };
                if let Some(id) = lacking {
                    ask_for_body(&connection, &shared, &event.session, id);
                }
            }
        }
    }
}

/// A request's body that was not told with it. Not awaited: the answer comes through the same loop.
fn ask_for_body(connection: &Connection, shared: &Arc<Shared>, session: &str, id: String) {
    let (connection, shared, session) = (connection.clone(), shared.clone(), session.to_owned());
    tokio::spawn(async move {
        let asked = connection.send(&session, "Network.getRequestPostData", json!({"requestId": id})).await;
        let answer = asked.unwrap_or_default();
        let text = answer["postData"].as_str().map(str::to_owned);
        let text = match answer["base64Encoded"].as_bool() {
            Some(true) => text
                .and_then(|text| super::base64_decode(&text))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            _ => text,
        };
        locked(&shared.trace).body(&id, text.as_deref());
    });
}

/// Own headers go to own hosts only, so each request is held for a moment and sent on with them.
fn resume(connection: &Connection, shared: &Shared, event: &Event) {
    let request = &event.params["request"];
    let url = url::Url::parse(request["url"].as_str().unwrap_or_default());
    let own = url.is_ok_and(|url| (shared.guise.own)(&url));
    let mut params = json!({"requestId": event.params["requestId"]});
    if own {
        let mut headers: Vec<Value> = request["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        headers.extend(
            shared.guise.own_headers.iter().map(|(name, value)| json!({"name": name, "value": value})),
        );
        params["headers"] = headers.into();
    }
    connection.tell(&event.session, "Fetch.continueRequest", params);
}

/// Sets up a session before its target runs: network and storage events, hooks, language, and the
/// same for whatever it starts.
async fn prepare(
    connection: &Connection,
    session: &str,
    shared: &Shared,
    kind: &str,
) -> Result<(), CdpError> {
    let page_like = matches!(kind, "page" | "iframe");
    let network = json!({"maxTotalBufferSize": 1 << 20, "maxResourceBufferSize": 1 << 20});
    let network = connection.send(session, "Network.enable", network);
    let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
    let attach = connection.send(session, "Target.setAutoAttach", attach);
    // Answers may be refusals: not every kind of target knows every domain.
    let _ = tokio::join!(network, attach);
    if page_like {
        let script = json!({"source": shared.hooks, "runImmediately": true});
        let _ = tokio::join!(
            connection.send(session, "Page.enable", json!({})),
            connection.send(session, "Runtime.enable", json!({})),
            connection.send(session, "DOMStorage.enable", json!({})),
            connection.send(session, "Inspector.enable", json!({})),
            connection.send(session, "Runtime.addBinding", json!({"name": shared.binding})),
            connection.send(session, "Page.addScriptToEvaluateOnNewDocument", script),
        );
    }
    let guise = &shared.guise;
    if guise.user_agent.is_some() || guise.accept_language.is_some() {
        let mut identity = json!({"userAgent": guise.user_agent.clone().unwrap_or_default()});
        if let Some(language) = &guise.accept_language {
            identity["acceptLanguage"] = language.as_str().into();
        }
        let _ = connection.send(session, "Emulation.setUserAgentOverride", identity).await;
    }
    if let Some(zone) = &guise.time_zone {
        let _ = connection.send(session, "Emulation.setTimezoneOverride", json!({"timezoneId": zone})).await;
    }
    if guise.gpc {
        let header = json!({"headers": {"Sec-GPC": "1"}});
        let _ = connection.send(session, "Network.setExtraHTTPHeaders", header).await;
        let property = "Object.defineProperty(Navigator.prototype,'globalPrivacyControl',{get:()=>true,configurable:true})";
        let script = json!({"source": property, "runImmediately": true});
        let _ = connection.send(session, "Page.addScriptToEvaluateOnNewDocument", script).await;
    }
    if !guise.own_headers.is_empty() && page_like {
        let _ = connection.send(session, "Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]})).await;
    }
    connection.tell(session, "Runtime.runIfWaitingForDebugger", json!({}));
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
