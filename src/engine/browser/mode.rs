//! Which third-party cookies the browser really keeps: its settings are out of our sight where
//! somebody else started it, so it is tried, with two sites that are made up and answered here.

use super::cdp::Connection;
use super::hub::Hub;
use super::tab::{Emulation, Tab};
use crate::cookie::ThirdPartyCookies;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Names of no site anywhere (RFC 6761 6.2).
const FIRST: &str = "https://first.test/";
const SECOND: &str = "https://second.test/";

/// How often the first page is asked for the answer, and how long between.
const LOOKS: usize = 100;
const BETWEEN: Duration = Duration::from_millis(50);

/// Lets one site frame another that writes a cookie. None where the browser gives no answer.
pub(super) async fn tried(hub: &Arc<Hub>, connection: &Connection) -> Option<ThirdPartyCookies> {
    let context = connection.send("", "Target.createBrowserContext", json!({})).await.ok()?;
    let id = context["browserContextId"].as_str()?;
    let mode = in_context(hub, connection, id).await;
    connection.tell("", "Target.disposeBrowserContext", json!({"browserContextId": id}));
    mode
}

async fn in_context(hub: &Arc<Hub>, connection: &Connection, id: &str) -> Option<ThirdPartyCookies> {
    let tab = Tab::open(hub, id, Emulation::answering(page_of)).await.ok()?;
    // Not awaited as a visit is: the answer is in the title as soon as the frame has run.
    connection.tell(&tab.session, "Page.navigate", json!({"url": FIRST}));
    let mut mode = None;
    for _ in 0..LOOKS {
        mode = match tab.evaluate("document.title").await.as_ref().and_then(Value::as_str) {
            Some("kept") => Some(ThirdPartyCookies::Allow),
            Some("refused") => Some(ThirdPartyCookies::Block),
            _ => None,
        };
        if mode.is_some() || connection.closed() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    tab.close().await;
    mode
}

fn page_of(url: &Url) -> String {
    match url.host_str() {
        Some("second.test") => {
            "<script>document.cookie='tried=1; Secure; SameSite=None';parent.postMessage(document.cookie,'*')</script>"
                .to_owned()
        }
        _ => format!(
            "<script>onmessage=answer=>document.title=answer.data?'kept':'refused'</script><iframe src=\"{SECOND}\"></iframe>"
        ),
    }
}
