//! A Chromium of our own, spoken to over its DevTools pipe. Deliberately apart from the browser
//! engine: what checks the model must not share code with what uses it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Chromium {
    child: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    events: Vec<Value>,
    calls: u64,
    session: Option<String>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// The program, where one is installed.
    pub(crate) fn installed() -> Option<&'static Path> {
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
            .into_iter()
            .map(Path::new)
            .find(|path| path.exists())
    }

    /// Starts it with an empty profile and one page. `hosts` are rules of `--host-resolver-rules`.
    pub(crate) fn start(program: &Path, hosts: &str, third_party_cookies: bool) -> Self {
        let profile = tempfile::tempdir().unwrap();
        if third_party_cookies {
            std::fs::create_dir(profile.path().join("Default")).unwrap();
            let allow = r#"{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}"#;
            std::fs::write(profile.path().join("Default/Preferences"), allow).unwrap();
        }
        // The pipe wants file descriptors 3 and 4; a shell moves them there without unsafe code.
        let script = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // http is to stay http.
            .arg(
                "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,HttpsFirstBalancedMode,\
                 WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
            )
            .args(["--ignore-certificate-errors", "--remote-debugging-pipe"])
            .arg(format!("--host-resolver-rules={hosts}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while stdout.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                let text = message.strip_suffix(&[0]).unwrap_or(&message);
                let Ok(value) = serde_json::from_slice(text) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut chromium = Chromium {
            child,
            stdin,
            messages,
            events: Vec::new(),
            calls: 0,
            session: None,
            _profile: profile,
        };
        let page = chromium.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = chromium.call("Target.attachToTarget", attach);
        chromium.session = attached["sessionId"].as_str().map(str::to_owned);
        chromium.call("Page.enable", json!({}));
        chromium.call("Network.enable", json!({}));
        chromium.call("Network.setCacheDisabled", json!({"cacheDisabled": true}));
        chromium
    }

    /// Asks, and waits for the answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session
            && !method.starts_with("Target.")
            && !method.starts_with("Storage.")
        {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.stdin.write_all(&bytes).unwrap();
        let id = json!(self.calls);
        loop {
            let message =
                self.messages.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{method}: no answer"));
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Opens a URL; the events until the page has loaded, or what Chromium says why not.
    pub(crate) fn open(&mut self, url: &str) -> Result<Vec<Value>, String> {
        self.events.clear();
        let answer = self.call("Page.navigate", json!({"url": url}));
        if let Some(error) = answer["errorText"].as_str() {
            return Err(error.to_owned());
        }
        self.wait_until("the load event", |events| {
            events.iter().any(|event| event["method"] == "Page.loadEventFired")
        });
        // What was refused of a response may be told late, and of a picture that is none (and hence
        // blocked) nothing else is told at all. A request that failed has no response.
        let loader = answer["loaderId"].clone();
        self.wait_until("what belongs to the responses", |events| {
            let told = |method: &'static str| {
                events.iter().filter(move |event| event["method"] == method).map(|event| &event["params"])
            };
            told("Network.requestWillBeSent").all(|request| {
                let this = |other: &&Value| other["requestId"] == request["requestId"];
                request["loaderId"] != loader
                    || (request["type"] != "Document" && request["type"] != "Image")
                    || told("Network.responseReceivedExtraInfo").any(|extra| this(&extra))
                    || told("Network.loadingFailed")
                        .any(|failed| this(&failed) && failed["errorText"] != "net::ERR_BLOCKED_BY_ORB")
            })
        });
        Ok(std::mem::take(&mut self.events))
    }

    fn wait_until(&mut self, what: &str, there: impl Fn(&[Value]) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !there(&self.events) {
            let left = until.saturating_duration_since(Instant::now());
            let event = self
                .messages
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("{what} did not come: {:?}", self.events));
            self.events.push(event);
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
