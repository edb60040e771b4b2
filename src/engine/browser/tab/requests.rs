//! Requests that are held for a moment: which go on, with which headers, and which are answered here.

use super::{Emulation, Shared};
use crate::engine::browser::cdp::{Connection, Event};
use crate::engine::browser::locked;
use base64::Engine as _;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Every request is held for a moment, and a proxy's question for a login answered.
pub(super) fn held(emulation: &Emulation) -> Value {
    json!({"patterns": [{"urlPattern": "*"}], "handleAuthRequests": emulation.proxy_login.is_some()})
}

/// Only requests that scripts make are held, and what leads to another document.
pub(super) fn held_of_scripts() -> Value {
    let kinds = ["XHR", "Fetch", "Ping", "Document", "Other"];
    let patterns: Vec<Value> =
        kinds.iter().map(|kind| json!({"urlPattern": "*", "resourceType": kind})).collect();
    json!({ "patterns": patterns })
}

/// The plan's headers go where they may go only, so each request is held for a moment and sent on with
/// them. After a redirect Chromium still has those of the request before: there they are taken off.
pub(super) fn resume(connection: &Connection, shared: &Shared, event: &Event) {
    let request = &event.params["request"];
    if shared.empties.load(Ordering::Relaxed) {
        connection.tell(&event.session, "Fetch.fulfillRequest", empty_answer(&event.params["requestId"]));
        return;
    }
    let url = url::Url::parse(request["url"].as_str().unwrap_or_default());
    if let Some(answers) = shared.emulation.answers {
        let body = url.as_ref().map(answers).unwrap_or_default();
        let headers = json!([{"name": "Content-Type", "value": "text/html"}]);
        let answer = json!({
            "requestId": event.params["requestId"], "responseCode": 200, "responseHeaders": headers,
            "body": base64::engine::general_purpose::STANDARD.encode(body),
        });
        connection.tell(&event.session, "Fetch.fulfillRequest", answer);
        return;
    }
    if let Ok(url) = &url
        && is_held_back(shared, event, url)
    {
        let method = request["method"].as_str().unwrap_or_default();
        locked(&shared.trace).held_back(method, url.as_str());
        let refusal = json!({"requestId": event.params["requestId"], "errorReason": "BlockedByClient"});
        connection.tell(&event.session, "Fetch.failRequest", refusal);
        return;
    }
    let entrusted = url.is_ok_and(|url| (shared.emulation.entrusted)(&url));
    let mut params = json!({"requestId": event.params["requestId"]});
    let asked = request["headers"].as_object().into_iter().flatten();
    let asked = asked.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    if let Some(headers) =
        headers_sent_on(&asked.collect::<Vec<_>>(), &locked(&shared.own_headers), entrusted)
    {
        let headers = headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
        params["headers"] = headers.collect();
    }
    connection.tell(&event.session, "Fetch.continueRequest", params);
}

/// Whether the guard holds a request back. What leads on from a request that went out is no request
/// of the page's own.
fn is_held_back(shared: &Shared, event: &Event, url: &url::Url) -> bool {
    let Some(guard) = &shared.emulation.guard else { return false };
    let method = event.params["request"]["method"].as_str().unwrap_or_default();
    if !event.params["redirectedRequestId"].is_null() || !(shared.emulation.own)(url) {
        return false;
    }
    let page = locked(&shared.trace).last_page.as_deref().and_then(|page| url::Url::parse(page).ok());
    let body = event.params["request"]["postData"].as_str();
    page.is_some_and(|page| guard(&page, method, url, body))
}

/// An empty document, in a site's place.
pub(in crate::engine::browser) fn empty_answer(request: &Value) -> Value {
    let html = "<!doctype html><link rel=icon href=data:,>";
    json!({
        "requestId": request,
        "responseCode": 200,
        "responseHeaders": [{"name": "Content-Type", "value": "text/html"}],
        "body": base64::engine::general_purpose::STANDARD.encode(html),
    })
}

/// The headers of a request, where they are to be other ones. What the page's script itself says goes
/// before the plan's.
fn headers_sent_on<'a>(
    asked: &[(&'a str, &'a str)],
    own: &'a [(String, String)],
    entrusted: bool,
) -> Option<Vec<(&'a str, &'a str)>> {
    let mut headers = asked.to_vec();
    if entrusted {
        let further =
            own.iter().filter(|(name, _)| !asked.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)));
        headers.extend(further.map(|(name, value)| (name.as_str(), value.as_str())));
        return (!own.is_empty()).then_some(headers);
    }
    headers.retain(|(name, value)| {
        !own.iter().any(|(own, secret)| own.eq_ignore_ascii_case(name) && secret == value)
    });
    (headers.len() < asked.len()).then_some(headers)
}
