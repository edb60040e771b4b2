//! A tab in which steps are made, as a person makes them: pages are opened, elements pressed and
//! filled in, forms sent. What happened is given out part by part, a part for each step.

use super::credentials::Witness;
use super::page::{Patience, kind_of};
use super::seen::visit_of;
use super::storage::{bounded, stored_items};
use super::tab::{Emulation, Loaded, Tab};
use super::trace::Trace;
use super::{BrowserContext, StoredItem};
use crate::engine::{Ask, Session, Visit};
use crate::observation::{Cell, Failed, FailureKind, StorageKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// What can be done in a page, as a function of what and with which arguments.
pub(super) const ACTS: &str = include_str!("acts.js");

/// An element that a script still makes is waited for so long.
const UNTIL_THERE: Duration = Duration::from_secs(5);
/// Until what an act set off has begun.
const MOMENT: Duration = Duration::from_millis(150);
/// How often a waiting step looks.
const LOOK: Duration = Duration::from_millis(100);
/// Seconds after which a page that leads on is no page of its own.
const SOON: f64 = 5.0;
/// A page that leads on by itself does so at most this often.
const MOST_REFRESHES: usize = 5;
/// Keys of items and origins remembered of one tab.
const MOST_ORIGINS: usize = 20;

/// A tab with a hand in it.
pub struct ActingTab<'a> {
    tab: Tab,
    patience: Patience,
    world: String,
    account: Account<'a>,
}

/// What is told of a tab, part by part.
struct Account<'a> {
    context: &'a BrowserContext,
    /// The address shown when the part under way began.
    before: Option<Url>,
    /// Of the document last loaded.
    status: u16,
    content_type: String,
    /// Of every document that was shown.
    origins: BTreeSet<String>,
    /// The window that the page opened last.
    window: Option<String>,
}

/// The page now in front.
#[derive(Clone, Debug)]
pub struct PageNow {
    pub url: Url,
    pub status: u16,
    pub content_type: String,
    /// The rendered document.
    pub html: String,
    /// What a person reads on it, with shadow roots and frames.
    pub text: String,
}

/// What a page has to offer, in words: labels and selectors, no values.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    pub buttons: Vec<String>,
    pub inputs: Vec<String>,
    pub links: Vec<String>,
}

/// A form to fill in and send.
pub struct Filling<'f> {
    pub form: Option<&'f str>,
    pub fields: Vec<(&'f str, &'f str)>,
    pub choose: Vec<(&'f str, Choosing<'f>)>,
    pub button: Option<&'f str>,
}

/// What to do with a checkbox, radio group or select.
#[derive(Clone, Copy, Debug)]
pub enum Choosing<'f> {
    On,
    Off,
    Value(&'f str),
}

/// A form that was sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// It takes a password.
    pub password: bool,
    /// Values of hidden inputs: to be masked.
    pub tokens: Vec<String>,
    /// Names that went along.
    pub names: Vec<String>,
}

/// A request as a script of the page makes it.
pub struct Fetch<'f> {
    pub method: &'f str,
    pub url: &'f Url,
    pub headers: Vec<(&'f str, String)>,
    pub body: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub struct Fetched {
    pub url: Url,
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

/// Why an act was not done.
#[derive(Debug)]
pub enum NotDone {
    /// Nothing matches the selector.
    Missing,
    /// It is there and cannot be used.
    Disabled,
    /// In words.
    Because(String),
    /// The page or the browser ended.
    Gone(&'static str),
}

impl BrowserContext {
    /// Opens a tab for steps.
    pub async fn acting_tab(&self, patience: Patience) -> Result<ActingTab<'_>, String> {
        // Who takes steps means them.
        let emulation = Emulation { guard: None, ..self.emulation() };
        let tab = Tab::open(self.hub(), self.id(), emulation)
            .await
            .map_err(|error| format!("no tab could be opened: {error}"))?;
        // In the background a page would get no focus, and its timers would slow down.
        drop(tab.command("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await);
        let account = Account {
            context: self,
            before: None,
            status: 0,
            content_type: String::new(),
            origins: BTreeSet::new(),
            window: None,
        };
        let world = format!("w{:x}", super::launch::unique_number());
        Ok(ActingTab { tab, patience, world, account })
    }
}

impl ActingTab<'_> {
    /// Opens a page, and those that it leads on to by itself.
    pub async fn go(&mut self, url: &Url) -> Result<(), (FailureKind, String)> {
        let (loaded, error) = self.tab.go(url.as_str(), None, self.patience.load, false).await;
        match (loaded, error) {
            (_, Some(error)) if error == "net::ERR_ABORTED" => {
                Err((FailureKind::Other, "the browser did not show it: a download, or no content".into()))
            }
            (_, Some(error)) => Err((kind_of(&error), format!("the browser says {error}"))),
            (Loaded::Crashed, None) => Err((FailureKind::Crashed, "the page's process ended".into())),
            (Loaded::BrowserGone, None) => Err((FailureKind::Crashed, "the browser ended".into())),
            (Loaded::Closed, None) => Err((FailureKind::Other, "the page closed itself".into())),
            // What is there can be used all the same.
            (Loaded::Idle | Loaded::Busy | Loaded::Unfinished, None) => {
                self.led_on().await;
                Ok(())
            }
        }
    }

    /// Presses an element: with the mouse where it is in sight, else by a call.
    pub async fn click(&mut self, selector: &str) -> Result<(), NotDone> {
        let found = self.once_there("locate", json!({"selector": selector})).await?;
        self.press(&found).await?;
        self.calm().await
    }

    /// Types into an element. True: into one for a password.
    pub async fn fill(&mut self, selector: &str, value: &str) -> Result<bool, NotDone> {
        let found = self.once_there("focus", json!({"selector": selector})).await?;
        let how = match found["by"].as_str() {
            Some("type") => {
                // As by an input method: the page gets trusted events.
                self.send("Input.insertText", json!({"text": value})).await?;
                "typed"
            }
            _ => "set",
        };
        done(self.act(how, json!({"selector": selector, "value": value})).await?)?;
        Ok(found["password"] == true)
    }

    /// Fills in a form and sends it as a person would.
    pub async fn submit(&mut self, filling: &Filling<'_>) -> Result<Sent, NotDone> {
        let choose: Vec<Value> = filling
            .choose
            .iter()
            .map(|(name, choice)| match choice {
                Choosing::On => json!([name, {"on": true}]),
                Choosing::Off => json!([name, {"off": true}]),
                Choosing::Value(value) => json!([name, {"value": value}]),
            })
            .collect();
        let with = json!({
            "form": filling.form, "fields": filling.fields, "choose": choose, "button": filling.button
        });
        let found = self.once_there("form", with).await?;
        if found["sends"] == true {
            done(self.act("send", json!({})).await?)?;
        } else if found["enter"] == true {
            for kind in ["keyDown", "keyUp"] {
                let key = json!({"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"});
                self.send("Input.dispatchKeyEvent", key).await?;
            }
        } else {
            self.press(&found).await?;
        }
        self.calm().await?;
        let texts = |field: &str| {
            let listed = found[field].as_array().map(Vec::as_slice).unwrap_or_default();
            listed.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Ok(Sent { password: found["password"] == true, tokens: texts("tokens"), names: texts("names") })
    }

    /// Waits until an element and a text are there; false when the time is over.
    pub async fn wait(
        &self,
        selector: Option<&str>,
        text: Option<&str>,
        time: Duration,
    ) -> Result<bool, NotDone> {
        let until = Instant::now() + time;
        loop {
            let there = self.act("there", json!({"selector": selector, "text": text})).await;
            match there {
                Ok(answer) if answer["problem"].is_string() => return done(answer).map(|_| false),
                Ok(answer) if answer["found"] == true => return Ok(true),
                Err(NotDone::Gone(why)) => return Err(NotDone::Gone(why)),
                // A page on its way to another one does not answer.
                _ => {}
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether the selector matches something now.
    pub async fn has(&self, selector: &str) -> Result<bool, NotDone> {
        Ok(done(self.act("has", json!({"selector": selector})).await?)?["found"] == true)
    }

    /// A request by a script of the page.
    pub async fn fetch(&mut self, fetch: Fetch<'_>) -> Result<Fetched, NotDone> {
        if self.shown().is_none() {
            // Only a document may ask; an empty one, since no page is named.
            let origin = fetch.url.origin().ascii_serialization();
            self.tab.empty_document(&origin).await.map_err(|error| NotDone::Because(error.to_string()))?;
        }
        let headers: Vec<(&str, &str)> =
            fetch.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let with = json!({"method": fetch.method, "url": fetch.url, "headers": headers, "body": fetch.body});
        let answer = done(self.act("request", with).await?)?;
        self.calm().await?;
        Ok(Fetched {
            url: answer["url"]
                .as_str()
                .and_then(|url| Url::parse(url).ok())
                .unwrap_or_else(|| fetch.url.clone()),
            status: answer["status"]
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or_default(),
            content_type: answer["type"].as_str().unwrap_or_default().to_ascii_lowercase(),
            text: answer["text"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// How the visitor presents itself from here on: headers of requests to own hosts, user agent.
    pub async fn set_identity(&self, session: &Session) {
        let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
        let headers: Vec<(String, String)> =
            session.own_headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        if !headers.is_empty() {
            self.tab.set_own_headers(headers).await;
        }
        if let Some(agent) = &session.user_agent {
            let mut identity = json!({"userAgent": agent});
            if let Some(language) = &session.accept_language {
                identity["acceptLanguage"] = language.as_str().into();
            }
            // A tab that is gone shows itself at the next step.
            drop(self.tab.command("Emulation.setUserAgentOverride", identity).await);
        }
    }

    /// The status of the document last loaded.
    pub fn status(&self) -> u16 {
        self.tab.trace().document().map_or(self.account.status, |document| document.status)
    }

    /// The page as it is now; none where there is none, or it does not answer.
    pub async fn page(&self) -> Option<PageNow> {
        let page = self.act("page", json!({})).await.ok()?;
        let url = Url::parse(page["url"].as_str()?).ok().filter(|url| url.scheme().starts_with("http"))?;
        let text = |field: &str| page[field].as_str().unwrap_or_default().to_owned();
        Some(PageNow {
            url,
            status: self.status(),
            content_type: self.content_type(),
            html: text("html"),
            text: text("text"),
        })
    }

    /// What the page has to press and to fill in.
    pub async fn offer(&self) -> Offer {
        let Ok(offer) = self.act("offer", json!({})).await else { return Offer::default() };
        let texts = |field: &str| {
            let listed = offer[field].as_array().map(Vec::as_slice).unwrap_or_default();
            listed.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Offer { buttons: texts("buttons"), inputs: texts("inputs"), links: texts("links") }
    }

    /// Everything that happened since the last part, as a visit. None: nothing did.
    pub async fn part(&mut self, cell: &Cell) -> Option<Visit> {
        let trace = self.tab.trace().part();
        let witness = self.account.witness(&trace).await;
        self.account.visit(cell, &trace, &witness)
    }

    /// The address of the window that the page opened last, fit for a message.
    pub fn last_window(&self) -> Option<&str> {
        self.account.window.as_deref()
    }

    /// The visit of a page that could not be opened.
    pub fn failed(&self, cell: &Cell, url: &Url, kind: FailureKind, detail: &str) -> Visit {
        let failure = Failed::once(cell, self.account.context.safe(url), kind, detail);
        Visit { failure: Some(failure), ..Visit::unanswered(url) }
    }

    /// What the page now in front keeps in storage that belongs to this tab.
    pub async fn session_storage(&self) -> Vec<StoredItem> {
        let Ok(found) = self.act("storage", json!({})).await else { return Vec::new() };
        bounded(stored_items(&found).filter(|item| item.kind == StorageKind::SessionStorage).collect())
    }

    /// Closes the tab. Gives what was still under way, and the origins that were shown.
    pub async fn close(self, cell: &Cell) -> (Option<Visit>, BTreeSet<String>) {
        let ActingTab { tab, mut account, .. } = self;
        let trace = tab.close().await;
        let witness = account.witness(&trace).await;
        let visit = account.visit(cell, &trace, &witness);
        (visit, account.origins)
    }

    fn content_type(&self) -> String {
        let trace = self.tab.trace();
        trace.document().map_or(&self.account.content_type, |document| &document.content_type).clone()
    }

    fn shown(&self) -> Option<Url> {
        let shown = self.tab.trace().shown.clone()?;
        Url::parse(&shown).ok().filter(|url| url.scheme().starts_with("http"))
    }

    /// Repeats an act that looks for something until it is found.
    async fn once_there(&self, what: &str, with: Value) -> Result<Value, NotDone> {
        let until = Instant::now() + UNTIL_THERE.min(self.patience.load);
        loop {
            let (later, answer) = match self.act(what, with.clone()).await {
                Ok(answer) => (answer["later"] == true, done(answer)),
                Err(why) => (true, Err(why)),
            };
            match answer {
                Err(NotDone::Missing | NotDone::Disabled) if Instant::now() < until => {}
                Err(NotDone::Because(_)) if later && Instant::now() < until => {}
                other => return other,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Presses what the last act found.
    async fn press(&self, found: &Value) -> Result<(), NotDone> {
        if found["hit"] != true {
            return done(self.act("press", json!({})).await?).map(drop);
        }
        let at = |kind: &str, clicks: u8| {
            let button = if clicks > 0 { "left" } else { "none" };
            json!({"type": kind, "x": found["x"], "y": found["y"], "button": button, "clickCount": clicks})
        };
        for event in [at("mouseMoved", 0), at("mousePressed", 1), at("mouseReleased", 1)] {
            self.send("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// Waits for what an act set off.
    async fn calm(&mut self) -> Result<(), NotDone> {
        tokio::time::sleep(MOMENT).await;
        match self.tab.settle(self.patience.load).await {
            Loaded::Crashed => Err(NotDone::Gone("the page's process ended")),
            Loaded::BrowserGone => Err(NotDone::Gone("the browser ended")),
            Loaded::Closed => Err(NotDone::Gone("the page closed itself")),
            Loaded::Idle | Loaded::Busy | Loaded::Unfinished => {
                self.led_on().await;
                Ok(())
            }
        }
    }

    /// Waits for a page that leads on by itself within moments.
    async fn led_on(&self) {
        for _ in 0..MOST_REFRESHES {
            let seconds =
                self.act("refresh", json!({})).await.ok().and_then(|found| found["seconds"].as_f64());
            let Some(seconds) = seconds.filter(|seconds| *seconds <= SOON) else { return };
            let loads = self.tab.trace().loads;
            let until = Instant::now() + Duration::from_secs_f64(seconds) + MOMENT * 4;
            while self.tab.trace().loads == loads && Instant::now() < until {
                tokio::time::sleep(LOOK).await;
            }
            self.tab.settle(self.patience.load).await;
            if self.tab.trace().loads == loads {
                return;
            }
        }
    }

    /// Does something in the page, in a world of our own.
    async fn act(&self, what: &str, with: Value) -> Result<Value, NotDone> {
        let known = self.tab.trace().main_frame().map(str::to_owned);
        let frame = match known {
            Some(frame) => frame,
            None => {
                let tree = self.send("Page.getFrameTree", json!({})).await?;
                tree["frameTree"]["frame"]["id"].as_str().unwrap_or_default().to_owned()
            }
        };
        let world = json!({"frameId": frame, "worldName": self.world});
        let world = self.send("Page.createIsolatedWorld", world).await?;
        let params = json!({
            "expression": format!("({ACTS})({},{with})", json!(what)),
            "contextId": world["executionContextId"],
            "returnByValue": true, "awaitPromise": true, "userGesture": true,
        });
        let answer = self.send("Runtime.evaluate", params).await?;
        Ok(answer["result"]["value"].clone())
    }

    async fn send(&self, method: &str, params: Value) -> Result<Value, NotDone> {
        use super::cdp::CdpError;
        self.tab.command(method, params).await.map_err(|error| match error {
            CdpError::Closed => NotDone::Gone("the browser ended"),
            CdpError::Timeout { .. } => NotDone::Because("the page does not answer".into()),
            // The document was replaced meanwhile.
            CdpError::Refused { .. } => NotDone::Because("the page went away at that moment".into()),
        })
    }
}

impl Account<'_> {
    /// Acts go on in one tab: all that the visitor has by now is of what was told before.
    async fn witness(&self, trace: &Trace) -> Witness {
        let before = self.context.model().clone();
        self.context.witness(trace, &before, false).await
    }

    fn visit(&mut self, cell: &Cell, trace: &Trace, witness: &Witness) -> Option<Visit> {
        let opened = trace.popups.iter().rev().find_map(|url| Url::parse(url).ok());
        if let Some(opened) = opened {
            self.window = Some(self.context.safe(&opened).as_str().to_owned());
        }
        if let Some(document) = trace.document() {
            self.status = document.status;
            self.content_type.clone_from(&document.content_type);
        }
        let parse = |url: &str| Url::parse(url).ok().filter(|url| url.scheme().starts_with("http"));
        let documents = trace.exchanges();
        let documents = documents.iter().filter(|seen| {
            seen.hop.resource == "Document" && Some(seen.hop.frame.as_str()) == trace.main_frame()
        });
        let first = documents.clone().find_map(|seen| parse(&seen.hop.url));
        let shown = trace.shown.as_deref().and_then(parse);
        for url in documents.filter_map(|seen| parse(&seen.hop.url)).chain(shown.clone()) {
            if self.origins.len() < MOST_ORIGINS {
                self.origins.insert(url.origin().ascii_serialization());
            }
        }
        let before = std::mem::replace(&mut self.before, shown.clone());
        let url = first.clone().or_else(|| before.clone()).or(shown)?;
        if trace.exchanges().is_empty() && trace.writes.is_empty() && trace.storage.is_empty() {
            return None;
        }
        let started_by = before.filter(|_| first.is_some());
        let ask = Ask { started_by, ..Ask::page(cell.clone(), url) };
        Some(visit_of(self.context, &ask, trace, witness))
    }
}

/// An act's answer, unless it says what is wrong.
fn done(answer: Value) -> Result<Value, NotDone> {
    if answer["missing"] == true {
        return Err(NotDone::Missing);
    }
    if answer["disabled"] == true {
        return Err(NotDone::Disabled);
    }
    if let Some(wrong) = answer["invalid"].as_array() {
        let wrong: Vec<&str> = wrong.iter().filter_map(Value::as_str).collect();
        return Err(NotDone::Because(format!("the browser does not send the form: {}", wrong.join(", "))));
    }
    match answer["problem"].as_str() {
        Some(problem) => Err(NotDone::Because(problem.to_owned())),
        None => Ok(answer),
    }
}
