//! A thin DevTools-protocol client: commands and answers as JSON values, events by session.
//!
//! Nothing here knows the protocol's types, so an event, field or enum value that a newer Chromium
//! invents is only a value nobody reads; it can never fail to decode and take a cookie with it.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The beginning of what a page logs: nobody reads it, and a page can log without end.
const LOGGED: &[u8] = br#"{"method":"Runtime.consoleAPICalled""#;
/// How long any one command may take: a page in an endless loop never answers.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a browser that is only starting, on a machine that may be busy.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// One event of one session; the empty session is the browser's own.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) session: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// Why a command failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum CdpError {
    #[error("the browser is gone")]
    Closed,
    #[error("{method} got no answer in time")]
    Timeout { method: String },
    #[error("{method}: {message}")]
    Refused { method: String, message: String },
}

/// A connection to one browser; clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    next_id: AtomicU64,
    outgoing: mpsc::UnboundedSender<String>,
    /// Std mutex: held for map operations only, never across an await.
    state: Mutex<State>,
}

/// Who waits for what. Emptied, and marked closed, by the reader when the browser goes away.
#[derive(Default)]
struct State {
    closed: bool,
    answers: BTreeMap<u64, oneshot::Sender<Result<Value, String>>>,
    /// Session id to the tab that listens; children attached to a session listen with it.
    listeners: BTreeMap<String, mpsc::UnboundedSender<Event>>,
}

impl Connection {
    /// Over Chromium's `--remote-debugging-pipe`: messages end with a NUL byte.
    pub(super) fn over_pipe(
        write: impl AsyncWrite + Unpin + Send + 'static,
        read: impl AsyncRead + Unpin + Send + 'static,
    ) -> Connection {
        let (outgoing, mut messages) = mpsc::unbounded_channel::<String>();
        let connection = Connection::new(outgoing);
        let mut write = write;
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                let framed = [message.as_bytes(), b"\0"].concat();
                if write.write_all(&framed).await.is_err() || write.flush().await.is_err() {
                    break;
                }
            }
        });
        let reader = connection.clone();
        tokio::spawn(async move {
            let mut read = BufReader::with_capacity(1 << 16, read);
            let mut message = Vec::new();
            while let Ok(1..) = read.read_until(0, &mut message).await {
                message.pop();
                reader.incoming(&message);
                message.clear();
            }
            reader.close();
        });
        connection
    }

    /// Over a WebSocket, to a browser that somebody else started.
    pub(super) async fn over_websocket(url: &str) -> Result<Connection, String> {
        // As large as the pipe's: a picture, or a document in a data: URL, is one message.
        let limits = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(limits), true)
            .await
            .map_err(|error| error.to_string())?;
        let (mut write, mut read) = socket.split();
        let (outgoing, mut messages) = mpsc::unbounded_channel::<String>();
        let connection = Connection::new(outgoing);
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                if write.send(message.into()).await.is_err() {
                    break;
                }
            }
        });
        let reader = connection.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = read.next().await {
                reader.incoming(&message.into_data());
            }
            reader.close();
        });
        Ok(connection)
    }

    fn new(outgoing: mpsc::UnboundedSender<String>) -> Connection {
        let shared = Shared { next_id: AtomicU64::new(1), outgoing, state: Mutex::default() };
        Connection { shared: Arc::new(shared) }
    }

    /// Sends a command to a session (empty: the browser) and waits for the answer, for a bounded time.
    pub(super) async fn send(&self, session: &str, method: &str, params: Value) -> Result<Value, CdpError> {
        self.send_within(COMMAND_TIMEOUT, session, method, params).await
    }

    /// Waits for a browser that was just started, and gives out its version.
    pub(super) async fn started(&self) -> Result<Value, CdpError> {
        self.send_within(START_TIMEOUT, "", "Browser.getVersion", json!({})).await
    }

    /// The same, for a time of the caller's.
    pub(super) async fn send_within(
        &self,
        patience: Duration,
        session: &str,
        method: &str,
        params: Value,
    ) -> Result<Value, CdpError> {
        let answer = self.post(session, method, params)?;
        match tokio::time::timeout(patience, answer).await {
            Err(_) => Err(CdpError::Timeout { method: method.to_owned() }),
            Ok(Err(_)) => Err(CdpError::Closed),
            Ok(Ok(Err(message))) => Err(CdpError::Refused { method: method.to_owned(), message }),
            Ok(Ok(Ok(value))) => Ok(value),
        }
    }

    /// Sends a command whose answer nobody needs.
    pub(super) fn tell(&self, session: &str, method: &str, params: Value) {
        // A closed connection shows itself at the next command that matters.
        drop(self.post(session, method, params));
    }

    fn post(
        &self,
        session: &str,
        method: &str,
        params: Value,
    ) -> Result<oneshot::Receiver<Result<Value, String>>, CdpError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.state();
            if state.closed {
                return Err(CdpError::Closed);
            }
            state.answers.insert(id, sender);
        }
        self.shared.outgoing.send(message.to_string()).map_err(|_| CdpError::Closed)?;
        Ok(answer)
    }

    /// Events of a session, and of every session attached below it, from here on.
    pub(super) fn listen(&self, session: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        self.state().listeners.insert(session.to_owned(), sender);
        events
    }

    /// Has a session's events go where another's go, beginning with the one that told of it. False
    /// where nobody listens there.
    pub(super) fn hand(&self, child: &str, to: &str, first: Option<Event>) -> bool {
        let mut state = self.state();
        let Some(listener) = state.listeners.get(to).cloned() else { return false };
        state.listeners.insert(child.to_owned(), listener.clone());
        drop(state);
        first.is_none_or(|event| listener.send(event).is_ok())
    }

    /// Gives an event to whoever listens to this session.
    pub(super) fn pass(&self, to: &str, event: Event) -> bool {
        let listener = self.state().listeners.get(to).cloned();
        listener.is_some_and(|listener| listener.send(event).is_ok())
    }

    /// Stops listening; events of these sessions are dropped from here on.
    pub(super) fn forget(&self, sessions: impl IntoIterator<Item = String>) {
        let mut state = self.state();
        for session in sessions {
            state.listeners.remove(&session);
        }
    }

    /// Whether the browser went away.
    pub(super) fn closed(&self) -> bool {
        self.state().closed
    }

    fn incoming(&self, message: &[u8]) {
        if message.starts_with(LOGGED) {
            return;
        }
        let Some(Value::Object(mut message)) = read(message) else { return };
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            let Some(waiting) = self.state().answers.remove(&id) else { return };
            let answer = match message.remove("error") {
                Some(error) => Err(error["message"].as_str().unwrap_or("refused").to_owned()),
                None => Ok(message.remove("result").unwrap_or(Value::Null)),
            };
            // The waiter may have given up.
            let _ = waiting.send(answer);
            return;
        }
        let Some(Value::String(method)) = message.remove("method") else { return };
        let params = message.remove("params").unwrap_or(Value::Null);
        let session = message.get("sessionId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut state = self.state();
        let Some(listener) = state.listeners.get(&session).cloned() else { return };
        if method == "Target.attachedToTarget"
            && !session.is_empty()
            && let Some(child) = params["sessionId"].as_str()
        {
            // Here, before any event of the child can come, so that none is lost.
            state.listeners.insert(child.to_owned(), listener.clone());
        }
        drop(state);
        let _ = listener.send(Event { session, method, params });
    }

    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.answers.clear();
        state.listeners.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A message as JSON. What JSON cannot hold (half a surrogate pair, bytes that are no UTF-8) comes
/// from the page: it is replaced, so that the rest of the message is not lost with it.
pub(super) fn read(message: &[u8]) -> Option<Value> {
    serde_json::from_slice(message)
        .or_else(|_| serde_json::from_str(&without_halves(&String::from_utf8_lossy(message))))
        .ok()
}

/// The text with escapes of single surrogates as U+FFFD.
fn without_halves(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let escape = at + found;
        whole.push_str(&text[at..escape]);
        let (length, half) = match (unit(escape), unit(escape + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, false),
            (Some(0xD800..=0xDFFF), _) => (6, true),
            (Some(_), _) => (6, false),
            (None, _) => (1 + text[escape + 1..].chars().next().map_or(0, char::len_utf8), false),
        };
        whole.push_str(if half { "\\ufffd" } else { &text[escape..escape + length] });
        at = escape + length;
    }
    whole.push_str(&text[at..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_puts_into_a_message_never_loses_it() {
        let cases = [
            (r#"{"a":"\ud83d\ude00"}"#, "\u{1f600}"),
            (r#"{"a":"\ud83d"}"#, "\u{fffd}"),
            (r#"{"a":"x\udc00\ud83dy"}"#, "x\u{fffd}\u{fffd}y"),
            (r#"{"a":"\\ud83d\n\ud83d"}"#, "\\ud83d\n\u{fffd}"),
        ];
        for (message, expected) in cases {
            assert_eq!(read(message.as_bytes()).unwrap()["a"], expected, "{message}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}").unwrap()["a"], "\u{fffd}");
        assert_eq!(read(br#"{"a":"\ud83d"#), None);
    }
}
