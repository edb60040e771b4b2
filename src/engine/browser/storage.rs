//! Web storage carried from one browser context into another: tokens in it are how single-page
//! applications keep a session.
//!
//! Only a document of an origin may touch its storage, and the site should neither be asked for a
//! page more nor run a script meanwhile: an empty document is answered in the site's place.

use super::acts::ACTS;
use super::cdp::{CdpError, Connection, Event};
use super::tab::empty_answer;
use super::{BrowserContext, StoredItem};
use crate::cookie::CookieValue;
use crate::observation::StorageKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Origins whose storage is carried; a login crosses few.
const MOST_ORIGINS: usize = 20;
/// Bytes of all items together: what storage of one origin can hold.
const MOST_BYTES: usize = 10 << 20;

impl BrowserContext {
    /// Puts items in: those of local storage at once, those of session storage into each tab that
    /// is opened from here on. None of it is anybody's write. Gives the number of those refused.
    pub async fn put_storage(&self, items: &[StoredItem]) -> Result<u64, String> {
        let session: Vec<StoredItem> =
            items.iter().filter(|item| item.kind == StorageKind::SessionStorage).cloned().collect();
        self.keep_for_tabs(session);
        let local: Vec<StoredItem> =
            items.iter().filter(|item| item.kind == StorageKind::LocalStorage).cloned().collect();
        if local.is_empty() {
            return Ok(0);
        }
        let empty = Empty::open(&self.connection, self.id()).await.map_err(|error| error.to_string())?;
        let refused = empty.store(&local).await;
        empty.close().await;
        refused.map_err(|error| error.to_string())
    }

    /// What these origins keep in local storage.
    pub async fn local_storage(&self, origins: &BTreeSet<String>) -> Vec<StoredItem> {
        let Ok(empty) = Empty::open(&self.connection, self.id()).await else { return Vec::new() };
        let mut items = Vec::new();
        for origin in origins.iter().take(MOST_ORIGINS) {
            if empty.go(origin).await.is_ok()
                && let Ok(found) = empty.act("storage", json!({})).await
            {
                items.extend(stored_items(&found).filter(|item| item.kind == StorageKind::LocalStorage));
            }
        }
        empty.close().await;
        bounded(items)
    }
}

/// Puts items into the session storage of a tab that has shown nothing yet.
pub(super) async fn seed(
    connection: &Connection,
    session: &str,
    items: &[StoredItem],
) -> Result<(), CdpError> {
    let empty = Empty::in_session(connection, session).await?;
    empty.store(items).await?;
    connection.send(session, "Fetch.disable", json!({})).await?;
    connection.send(session, "Page.navigate", json!({"url": "about:blank"})).await?;
    Ok(())
}

/// The items that a document told of, with its origin.
pub(super) fn stored_items(found: &Value) -> impl Iterator<Item = StoredItem> {
    let origin = found["origin"].as_str().unwrap_or_default().to_owned();
    let of = |field: &str, kind: StorageKind| {
        let pairs = found[field].as_array().map(Vec::as_slice).unwrap_or_default();
        pairs
            .iter()
            .filter_map(|pair| {
                let (key, value) = (pair[0].as_str()?, pair[1].as_str()?);
                let value = CookieValue::new(value);
                Some(StoredItem { kind, origin: origin.clone(), name: key.to_owned(), value })
            })
            .collect::<Vec<_>>()
    };
    of("local", StorageKind::LocalStorage).into_iter().chain(of("session", StorageKind::SessionStorage))
}

/// In a certain order, and no more than a session is made of.
pub(super) fn bounded(mut items: Vec<StoredItem>) -> Vec<StoredItem> {
    items.sort_by(|a, b| (a.kind, &a.origin, &a.name).cmp(&(b.kind, &b.origin, &b.name)));
    let mut bytes = 0;
    items.retain(|item| {
        bytes += item.name.len() + item.value.len();
        bytes <= MOST_BYTES
    });
    items
}

/// A tab in which every document is empty, whatever its address: nothing is asked of the site.
struct Empty {
    connection: Connection,
    session: String,
    /// None: somebody else's tab.
    target: Option<String>,
    answers: JoinHandle<()>,
}

impl Empty {
    async fn open(connection: &Connection, context: &str) -> Result<Empty, CdpError> {
        let params = json!({"url": "about:blank", "browserContextId": context, "background": true});
        let created = connection.send("", "Target.createTarget", params).await?;
        let target = created["targetId"].as_str().unwrap_or_default().to_owned();
        let params = json!({"targetId": target, "flatten": true});
        let attached = connection.send("", "Target.attachToTarget", params).await?;
        let session = attached["sessionId"].as_str().unwrap_or_default();
        let mut empty = Empty::in_session(connection, session).await?;
        empty.target = Some(target);
        Ok(empty)
    }

    async fn in_session(connection: &Connection, session: &str) -> Result<Empty, CdpError> {
        let events = connection.listen(session);
        let answers = tokio::spawn(answer_all(connection.clone(), events));
        let empty =
            Empty { connection: connection.clone(), session: session.to_owned(), target: None, answers };
        // A service worker would answer before us.
        empty.send("Network.enable", json!({})).await?;
        empty.send("Network.setBypassServiceWorker", json!({"bypass": true})).await?;
        empty.send("Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]})).await?;
        Ok(empty)
    }

    async fn go(&self, origin: &str) -> Result<(), CdpError> {
        self.send("Page.navigate", json!({"url": format!("{origin}/")})).await.map(drop)
    }

    async fn store(&self, items: &[StoredItem]) -> Result<u64, CdpError> {
        let origins: BTreeSet<&String> = items.iter().map(|item| &item.origin).collect();
        let mut refused = 0;
        for origin in origins.into_iter().take(MOST_ORIGINS) {
            let own: Vec<Value> = items
                .iter()
                .filter(|item| item.origin == *origin)
                .map(|item| {
                    let value = String::from_utf8_lossy(item.value.reveal());
                    json!([item.kind == StorageKind::LocalStorage, item.name, value])
                })
                .collect();
            let all = own.len() as u64;
            self.go(origin).await?;
            let stored = self.act("store", json!({"items": own})).await?;
            refused += stored["refused"].as_u64().unwrap_or(all);
        }
        Ok(refused)
    }

    async fn act(&self, what: &str, with: Value) -> Result<Value, CdpError> {
        let expression = format!("({ACTS})({},{with})", json!(what));
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.send("Runtime.evaluate", params).await?;
        Ok(answer["result"]["value"].clone())
    }

    async fn send(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        self.connection.send(&self.session, method, params).await
    }

    async fn close(self) {
        if let Some(target) = &self.target {
            // A browser that is gone has closed it, too.
            drop(self.connection.send("", "Target.closeTarget", json!({"targetId": target})).await);
            self.connection.forget(BTreeSet::from([self.session.clone()]));
        }
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

/// Answers every request with an empty document.
async fn answer_all(connection: Connection, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        if event.method == "Fetch.requestPaused" {
            let answer = empty_answer(&event.params["requestId"]);
            connection.tell(&event.session, "Fetch.fulfillRequest", answer);
        }
    }
}
