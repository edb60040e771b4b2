//! Which documents there are in a tab, and through which session each is reached.

use crate::engine::browser::cdp::Event;
use serde_json::Value;
use std::collections::BTreeMap;

const MOST_FRAMES: usize = 2000;

/// A document of a page.
#[derive(Clone)]
pub(in crate::engine::browser) struct Frame {
    pub(in crate::engine::browser) id: String,
    /// Through which it is reached.
    pub(in crate::engine::browser) session: String,
    /// No http origin in a sandbox, wherever it came from.
    pub(super) origin: String,
    /// Where it came from: one that the page wrote came from nowhere.
    pub(in crate::engine::browser) address: String,
}

/// A frame in a process of its own; what came there before it could be asked is told by nobody.
pub(super) fn frame_attached(frames: &mut BTreeMap<String, Frame>, session: &str, target: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (id, address) = (text(&target["targetId"]), text(&target["url"]));
    let origin = url::Url::parse(&address).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    if frames.len() < MOST_FRAMES {
        frames.insert(id.clone(), Frame { id, session: session.to_owned(), origin, address });
    }
}

/// Keeps account of which documents there are, and through which session each is reached.
pub(super) fn frame_changed(frames: &mut BTreeMap<String, Frame>, event: &Event) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let frame = &event.params["frame"];
    if event.method == "Page.frameNavigated" {
        if frames.len() < MOST_FRAMES {
            let (id, session) = (text(&frame["id"]), event.session.clone());
            let (origin, address) = (text(&frame["securityOrigin"]), text(&frame["url"]));
            frames.insert(id.clone(), Frame { id, session, origin, address });
        }
    } else if event.params["reason"] != "swap" {
        frames.remove(&text(&event.params["frameId"]));
    }
}
