//! A tab's events, one by one: each to whoever keeps account of it, and those that wait for an answer answered.

use super::frames::{frame_attached, frame_changed};
use super::prepare::prepare;
use super::requests::resume;
use super::{CAUGHT_UP, HEARD_OF, Shared};
use crate::engine::browser::cdp::{Connection, Event};
use crate::engine::browser::{base64_decode, locked};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Gathers a tab's events, and answers those that wait for an answer.
pub(super) async fn pump(
    connection: Connection,
    shared: Arc<Shared>,
    mut events: mpsc::UnboundedReceiver<Event>,
) {
    while let Some(event) = events.recv().await {
        let main = event.session == shared.main;
        match event.method.as_str() {
            "Runtime.bindingCalled" => {
                if event.params["name"] == shared.binding.as_str() {
                    let payload = event.params["payload"].as_str().unwrap_or_default();
                    let item = locked(&shared.trace).told(payload);
                    if let Some((origin, key)) = item {
                        shared.emulation.local_items.write(origin, key);
                    }
                }
            }
            "Runtime.executionContextCreated" if main => {
                let world = &event.params["context"];
                let id = world["uniqueId"].as_str().filter(|_| {
                    world["name"] == shared.binding.as_str()
                        && world["auxData"]["frameId"] == shared.target.as_str()
                });
                if let Some(id) = id {
                    *locked(&shared.world) = Some(id.to_owned());
                }
            }
            "Runtime.executionContextDestroyed" if main => {
                let mut world = locked(&shared.world);
                if world.as_deref() == event.params["executionContextUniqueId"].as_str() {
                    *world = None;
                }
            }
            "Runtime.executionContextsCleared" if main => *locked(&shared.world) = None,
            CAUGHT_UP => shared.caught_up.notify_one(),
            HEARD_OF => shared.emulation.local_items.answer(event.params.as_u64().unwrap_or_default()),
            "Target.attachedToTarget" => {
                let child = event.params["sessionId"].as_str().unwrap_or_default();
                let target = &event.params["targetInfo"];
                let kind = target["type"].as_str().unwrap_or_default();
                locked(&shared.sessions).insert(child.to_owned());
                if matches!(kind, "page" | "iframe") {
                    locked(&shared.parts).insert(child.to_owned());
                }
                if kind == "iframe" {
                    frame_attached(&mut locked(&shared.frames), child, target);
                }
                if kind == "page" {
                    locked(&shared.clock).window_came(child);
                    let window = target["targetId"].as_str().unwrap_or_default().to_owned();
                    locked(&shared.windows).insert(window);
                    locked(&shared.trace).opened(target["url"].as_str().unwrap_or_default());
                }
                prepare(&connection, child, &shared, kind);
                if locked(&shared.clock).attached(child, kind) {
                    connection.tell(child, "Emulation.setVirtualTimePolicy", json!({"policy": "pause"}));
                }
                connection.tell(child, "Runtime.runIfWaitingForDebugger", json!({}));
            }
            "Emulation.virtualTimeBudgetExpired" => {
                locked(&shared.clock).slice_ended(&event.session);
                shared.ticks.notify_waiters();
            }
            "Target.detachedFromTarget" => {
                let child = event.params["sessionId"].as_str().unwrap_or_default();
                locked(&shared.clock).detached(child);
                locked(&shared.parts).remove(child);
            }
            // A worker stops here before its first line, and nowhere else: see `prepare`.
            "Debugger.paused" => {
                let hooks = json!({"expression": shared.hooks});
                connection.tell(&event.session, "Runtime.evaluate", hooks);
                connection.tell(&event.session, "Debugger.disable", json!({}));
            }
            "Page.javascriptDialogOpening" => {
                locked(&shared.trace).event(&event.method, &event.params);
                connection.tell(&event.session, "Page.handleJavaScriptDialog", json!({"accept": true}));
            }
            "Fetch.requestPaused" => resume(&connection, &shared, &event),
            "Fetch.authRequired" => {
                let login = shared.emulation.proxy_login.as_ref();
                let login = login.filter(|_| event.params["authChallenge"]["source"] == "Proxy");
                let id = &event.params["requestId"];
                // Asked for again, it was the wrong one.
                let first = locked(&shared.challenged).insert(id.to_string());
                let response = match login.filter(|_| first) {
                    Some((name, password)) => json!({
                        "response": "ProvideCredentials", "username": name, "password": password.reveal()
                    }),
                    None => json!({"response": "CancelAuth"}),
                };
                let answer = json!({"requestId": id, "authChallengeResponse": response});
                connection.tell(&event.session, "Fetch.continueWithAuth", answer);
            }
            "Page.frameNavigated" | "Page.frameDetached" => {
                frame_changed(&mut locked(&shared.frames), &event);
                if main {
                    locked(&shared.trace).event(&event.method, &event.params);
                }
            }
            "Page.loadEventFired" if !main => locked(&shared.clock).window_loaded(&event.session),
            // Of windows, frames and workers that have a process of their own these say nothing about
            // the page.
            "Page.navigatedWithinDocument" | "Inspector.detached" if !main => {}
            "Inspector.targetCrashed" | "Target.targetCrashed" if !main => {
                // A worker that ends with its last page is told of in the same words.
                let part = locked(&shared.parts).contains(&event.session);
                locked(&shared.trace).part_crashed |= part;
            }
            method => {
                if method == "Page.windowOpen" {
                    locked(&shared.clock).window_wanted();
                }
                if method == "Network.requestWillBeSent" {
                    let url = url::Url::parse(event.params["request"]["url"].as_str().unwrap_or_default());
                    locked(&shared.clock).asked +=
                        u64::from(url.is_ok_and(|url| (shared.emulation.own)(&url)));
                }
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

/// A request's body that was not told with it. Not awaited: the answer comes through the same loop. A
/// blob's may not have reached the browser yet: it is asked for again.
fn ask_for_body(connection: &Connection, shared: &Arc<Shared>, session: &str, id: String) {
    const TRIES: u32 = 3;
    const BETWEEN: Duration = Duration::from_millis(150);
    let (connection, shared, session) = (connection.clone(), shared.clone(), session.to_owned());
    tokio::spawn(async move {
        let mut answer = Value::Null;
        for tried in 1..=TRIES {
            let asked =
                connection.send(&session, "Network.getRequestPostData", json!({"requestId": id})).await;
            answer = asked.unwrap_or_default();
            if tried == TRIES || answer["postData"].as_str().is_some_and(|text| !text.is_empty()) {
                break;
            }
            tokio::time::sleep(BETWEEN).await;
        }
        let text = answer["postData"].as_str().map(str::to_owned);
        let text = match answer["base64Encoded"].as_bool() {
            Some(true) => text
                .and_then(|text| base64_decode(&text))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            _ => text,
        };
        locked(&shared.trace).body(&id, text.as_deref());
    });
}
