//! A target before it runs its first line: everything that watches it, and that makes it what the visitor is.

use super::Shared;
use super::requests::{held, held_of_scripts};
use crate::engine::browser::cdp::Connection;
use serde_json::{Value, json};

/// Sets up a session before its target runs: network and storage events, hooks, language, and the
/// same for whatever it starts. Nothing is waited for: a target that has not begun answers some of
/// it only then, and not every kind knows every domain.
pub(super) fn prepare(connection: &Connection, session: &str, shared: &Shared, kind: &str) {
    let tell = |method: &str, params: Value| connection.tell(session, method, params);
    let page_like = matches!(kind, "page" | "iframe");
    let worker = matches!(kind, "worker" | "shared_worker" | "service_worker");
    tell("Network.enable", json!({"maxTotalBufferSize": 1 << 20, "maxResourceBufferSize": 1 << 20}));
    // Windows, shared and service workers come by way of the hub.
    let filter = json!([
        {"type": "browser", "exclude": true}, {"type": "tab", "exclude": true}, {"type": "page", "exclude": true},
        {"type": "service_worker", "exclude": true}, {"type": "shared_worker", "exclude": true}, {}
    ]);
    tell(
        "Target.setAutoAttach",
        json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": filter}),
    );
    if page_like || worker {
        tell("Runtime.enable", json!({}));
        tell("Runtime.addBinding", json!({"name": shared.binding}));
    }
    if page_like {
        tell("Page.enable", json!({}));
        tell("DOMStorage.enable", json!({}));
        tell("Inspector.enable", json!({}));
        // Of several tabs only one would be in front, and the others not drawn: many scripts wait until a
        // page is looked at.
        tell("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        // What waits has no document yet whose script could have run before.
        let at_once = session == shared.main;
        tell(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": shared.hooks, "runImmediately": at_once}),
        );
    }
    if worker {
        // A worker has no scripts for new documents, and a process in which a script is evaluated
        // before the worker begins ends. So it is stopped before its first line.
        tell("Debugger.enable", json!({}));
        tell("Debugger.pause", json!({}));
    }
    let emulation = &shared.emulation;
    if emulation.user_agent.is_some() || emulation.accept_language.is_some() {
        let mut identity = json!({"userAgent": emulation.user_agent.clone().unwrap_or_default()});
        if let Some(language) = &emulation.accept_language {
            identity["acceptLanguage"] = language.as_str().into();
        }
        tell("Emulation.setUserAgentOverride", identity);
    }
    if emulation.disguised {
        tell("Emulation.setTimezoneOverride", json!({"timezoneId": "Pacific/Auckland"}));
        tell("Emulation.setHardwareConcurrencyOverride", json!({"hardwareConcurrency": 3}));
        if page_like {
            let screen = json!({
                "width": 1117, "height": 731, "screenWidth": 1117, "screenHeight": 803,
                "deviceScaleFactor": 1.5, "mobile": false,
            });
            tell("Emulation.setDeviceMetricsOverride", screen);
        }
    } else if let Some(zone) = &emulation.time_zone {
        tell("Emulation.setTimezoneOverride", json!({"timezoneId": zone}));
    }
    if emulation.gpc {
        tell("Network.setExtraHTTPHeaders", json!({"headers": {"Sec-GPC": "1"}}));
        let property = "Object.defineProperty(Navigator.prototype,'globalPrivacyControl',{get:()=>true,configurable:true})";
        tell(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": property, "runImmediately": session == shared.main}),
        );
    }
    let holds =
        emulation.answers.is_some() || emulation.proxy_login.is_some() || !emulation.own_headers.is_empty();
    if holds && page_like {
        tell("Fetch.enable", held(emulation));
    } else if emulation.guard.is_some() {
        // Also in workers, whose requests are nobody else's.
        tell("Fetch.enable", held_of_scripts());
    }
}
