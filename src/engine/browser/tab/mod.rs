//! One tab: a target with everything it starts (frames, workers, popups), every one attached and
//! watched before it runs its first line.

mod emulation;
mod events;
mod frames;
mod prepare;
mod requests;

pub(super) use emulation::Emulation;
pub use emulation::Guard;
pub(super) use frames::Frame;
pub(super) use requests::empty_answer;

use super::cdp::{CdpError, Connection, Event};
use super::clock::Clock;
use super::hub::Hub;
use super::locked;
use super::trace::{Stirs, Trace};
use events::pump;
use prepare::prepare;
use requests::held;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Without requests for this long, a page counts as idle.
const QUIET: Duration = Duration::from_millis(500);
/// The same for one whose clock is moved on next.
const QUIET_BEFORE: Duration = Duration::from_millis(300);
/// Until an empty document is there.
const EMPTY_LOADS: Duration = Duration::from_secs(2);
/// A page that was never quiet for so long after it has loaded will not be: it polls, or counts.
const AFTER_LOAD: Duration = Duration::from_secs(5);
/// A request that is under way for longer than this after the load event waits for news, or its
/// answer has no end.
const STALE: Duration = Duration::from_secs(2);
/// How long what a page sends when it is left is waited for, once it is left.
const LEAVING: Duration = Duration::from_millis(800);
/// Origins of frames whose storage is read; one that does not answer is given up after so long.
const MOST_ORIGINS: usize = 32;
const FRAME_ANSWERS: Duration = Duration::from_secs(3);
/// How often a waiting visit looks.
const LOOK: Duration = Duration::from_millis(25);
/// A page that does not answer the simplest question within this long hangs.
const ANSWERS: Duration = Duration::from_secs(10);
/// Without an answer within this, and nobody's script running, the browser itself is at work on the page:
/// it lays out or draws what is large. Scripts may have no end, this has: so many times longer is waited.
const AT_WORK: Duration = Duration::from_secs(2);
const LONGER: u32 = 3;
/// A timer that goes off so soon is waited for, where nothing else is left that a page may do, and so often.
const SOON: Duration = Duration::from_millis(400);
const SOON_TRIES: u32 = 3;
/// Nothing that goes by time and makes no use of a script: frames, refreshes, animations.
const IS_STILL: &str = include_str!("../still.js");
/// Told to a tab's own gatherer of events, which answers once it has come so far.
const CAUGHT_UP: &str = "caught up";
/// The same for a tab of somebody else's, with the number of a question.
pub(super) const HEARD_OF: &str = "heard of";
/// Windows closed after one page, at most in so many rounds: closing one may open another.
const ROUNDS: usize = 5;

/// How loading a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    Idle,
    /// Loaded, but never quiet within the time.
    Busy,
    /// Never finished loading within the time.
    Unfinished,
    Crashed,
    /// The page closed itself.
    Closed,
    BrowserGone,
}

/// An open tab.
pub(super) struct Tab {
    hub: Arc<Hub>,
    connection: Connection,
    context: String,
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
    /// The tab's own session, and the target, by which its main frame is called, too.
    main: String,
    target: String,
    /// Documents by frame: the session to ask them through, and their origin.
    frames: Mutex<BTreeMap<String, Frame>>,
    /// Sessions of frames and windows with a process of their own.
    parts: Mutex<BTreeSet<String>>,
    /// Windows that the page opened, by target.
    windows: Mutex<BTreeSet<String>>,
    /// Requests that a proxy wanted a login for.
    challenged: Mutex<BTreeSet<String>>,
    emulation: Emulation,
    /// Headers of requests to own hosts; a step may change them.
    own_headers: Mutex<Vec<(String, String)>>,
    /// Documents are answered here, empty.
    empties: AtomicBool,
    binding: String,
    hooks: String,
    /// Std mutex: as above.
    clock: Mutex<Clock>,
    /// A slice of somebody's time came to its end.
    ticks: Notify,
    /// All that had been told was taken in.
    caught_up: Notify,
    /// Our world in the document that is there, by the number that no other has.
    world: Mutex<Option<String>>,
}

impl Tab {
    /// Opens a tab in a browser context.
    pub(super) async fn open(hub: &Arc<Hub>, context: &str, emulation: Emulation) -> Result<Tab, CdpError> {
        let connection = &hub.connection;
        // Of the tabs of one window a single one is drawn (Chromium 156), and told what comes into sight.
        let asked = json!({"url": "about:blank", "browserContextId": context, "newWindow": true});
        let created = connection.send("", "Target.createTarget", asked).await?;
        let target = created["targetId"].as_str().unwrap_or_default().to_owned();
        let attached = connection
            .send("", "Target.attachToTarget", json!({"targetId": target, "flatten": true}))
            .await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        if !emulation.items.is_empty() {
            super::storage::seed(connection, &session, &emulation.items).await?;
        }
        let events = connection.listen(&session);
        let shared = Arc::new(Shared {
            trace: Mutex::new(Trace::keeping_heads(emulation.keep_heads)),
            sessions: Mutex::new(BTreeSet::from([session.clone()])),
            own_headers: Mutex::new(emulation.own_headers.clone()),
            empties: AtomicBool::new(false),
            main: session.clone(),
            target: target.clone(),
            frames: Mutex::default(),
            parts: Mutex::default(),
            windows: Mutex::default(),
            challenged: Mutex::default(),
            emulation,
            hooks: include_str!("../hooks.js").replace("BINDING", &hub.binding),
            binding: hub.binding.clone(),
            clock: Mutex::default(),
            ticks: Notify::new(),
            caught_up: Notify::new(),
            world: Mutex::default(),
        });
        let pump = tokio::spawn(pump(connection.clone(), shared.clone(), events));
        prepare(connection, &session, &shared, "page");
        // Commands are done in their order: with this one, all are.
        connection.send(&session, "Runtime.runIfWaitingForDebugger", json!({})).await?;
        hub.tab_opened(context, &target, &session);
        Ok(Tab {
            hub: hub.clone(),
            connection: connection.clone(),
            context: context.to_owned(),
            session,
            target,
            shared,
            pump,
            hangs: AtomicBool::new(false),
        })
    }

    /// Goes to a URL and waits until it is loaded and quiet, for at most `patience`. `before`: only
    /// until its clock may be moved on.
    pub(super) async fn go(
        &self,
        url: &str,
        referrer: Option<&str>,
        patience: Duration,
        before: bool,
    ) -> (Loaded, Option<String>) {
        if self.engaged() {
            // Another process, whose clock is right.
            drop(self.command("Page.navigate", json!({"url": "about:blank"})).await);
        }
        {
            let mut trace = self.trace();
            trace.loaded = false;
            trace.asked = url.to_owned();
        }
        let mut params = json!({"url": url});
        if let Some(referrer) = referrer {
            params["referrer"] = referrer.into();
        }
        let begun = Instant::now();
        let mut within = false;
        let answer = self.connection.send_within(patience, &self.session, "Page.navigate", params).await;
        let error = match answer {
            Ok(answer) => {
                within = answer["loaderId"].is_null();
                answer["errorText"].as_str().map(str::to_owned)
            }
            Err(CdpError::Closed) => return (Loaded::BrowserGone, None),
            // The answer comes with the commit; a head that never ends never commits.
            Err(CdpError::Timeout { .. }) => None,
            Err(error) => return (Loaded::Crashed, Some(error.to_string())),
        };
        if error.is_some() {
            return (Loaded::Idle, error);
        }
        if within {
            // Only the fragment changes: the document stays, and no load event comes.
            self.trace().loaded = true;
        }
        (self.settle_in_real_time(patience.saturating_sub(begun.elapsed()), before).await, None)
    }

    /// Waits until the page is loaded and quiet, for at most `patience`.
    pub(super) async fn settle_in_real_time(&self, patience: Duration, before: bool) -> Loaded {
        let quiet = if before { QUIET_BEFORE } else { QUIET };
        let begun = Instant::now();
        let mut quiet_since = Instant::now();
        let mut loaded_since = None;
        let mut activity = 0;
        loop {
            if self.connection.closed() {
                return Loaded::BrowserGone;
            }
            let (loaded, idle, now, crashed, closed) = {
                let mut trace = self.trace();
                let loaded = trace.loaded || trace.broken.is_some();
                let stale = if loaded { STALE } else { patience };
                let idle = trace.idle(stale) && (!loaded || before || !trace.timer_due());
                (loaded, idle, trace.activity(), trace.crashed, trace.closed)
            };
            if crashed {
                return Loaded::Crashed;
            }
            if closed {
                return Loaded::Closed;
            }
            if now != activity || !idle {
                activity = now;
                quiet_since = Instant::now();
            }
            if loaded && quiet_since.elapsed() >= quiet {
                if before || !self.stirs_again(activity).await {
                    return Loaded::Idle;
                }
                quiet_since = Instant::now();
            }
            let loaded_for = match loaded {
                true => loaded_since.get_or_insert_with(Instant::now).elapsed(),
                false => Duration::ZERO,
            };
            if loaded_for >= AFTER_LOAD && begun.elapsed() < patience && self.starts_worker().await {
                loaded_since = Some(Instant::now());
                continue;
            }
            if begun.elapsed() >= patience || loaded_for >= AFTER_LOAD {
                if !loaded && begun.elapsed() < patience * LONGER && self.is_at_work().await {
                    continue;
                }
                return if loaded { Loaded::Busy } else { Loaded::Unfinished };
            }
            self.idle(LOOK).await;
        }
    }

    /// Whether a page that seems quiet is not: a busy machine is behind with its timers, a script lets none of
    /// them pass, a window or a service worker of its own is on its way. `activity`: what it has done so far.
    async fn stirs_again(&self, activity: usize) -> bool {
        if self.opens_windows().await || self.starts_worker().await {
            return true;
        }
        self.evaluate("new Promise(r=>setTimeout(()=>r(1)))").await;
        !self.hangs() && self.trace().activity() != activity
    }

    /// Whether a service worker that the page asked for is about to take up its work.
    async fn starts_worker(&self) -> bool {
        // One that was only just asked for has no script yet.
        const STARTS: &str = "(async()=>(await navigator.serviceWorker.getRegistrations()).some(r=>r.installing||\
                              !r.active||r.active.state==='activating'))()";
        self.trace().service_worker && self.evaluate(STARTS).await == Some(Value::Bool(true))
    }

    /// Evaluates an expression in the main frame; none when the page does not answer.
    ///
    /// In a world of our own: the document and its storage are the page's, but every object that the
    /// page's scripts may have replaced (`Array.prototype.map`, `JSON`, `Promise`) is pristine there.
    pub(super) async fn evaluate(&self, expression: &str) -> Option<Value> {
        self.ask(expression, false).await
    }

    /// The same as an act of the visitor, which lets the page open windows and the like.
    pub(super) async fn act(&self, expression: &str) -> Option<Value> {
        self.ask(expression, true).await
    }

    /// Whether the page's scripts still come to an end. One that hangs is not asked again.
    pub(super) async fn answers(&self) -> bool {
        self.ask("1", false).await.is_some()
    }

    /// Whether the page left a question unanswered.
    pub(super) fn hangs(&self) -> bool {
        self.hangs.load(Ordering::Relaxed)
    }

    async fn ask(&self, expression: &str, gesture: bool) -> Option<Value> {
        let gone = {
            let trace = self.trace();
            trace.crashed || trace.closed
        };
        if self.hangs() || gone {
            return None;
        }
        // A page that is just being replaced by the next has no world to ask in: once more then.
        for _ in 0..2 {
            let mut params = json!({
                "expression": expression, "returnByValue": true, "awaitPromise": true, "timeout": 5000,
                "userGesture": gesture
            });
            let known = locked(&self.shared.world).clone();
            match &known {
                Some(world) => params["uniqueContextId"] = world.as_str().into(),
                None => {
                    let world = json!({"frameId": self.target, "worldName": self.shared.binding});
                    let world = self.asked("Page.createIsolatedWorld", world).await?;
                    params["contextId"] = world?["executionContextId"].clone();
                }
            }
            let Some(answer) = self.asked("Runtime.evaluate", params).await? else {
                *locked(&self.shared.world) = None;
                continue;
            };
            if answer["exceptionDetails"].is_object() {
                return None;
            }
            return Some(answer["result"]["value"].clone());
        }
        None
    }

    /// The answer to a question: none within where it was refused, none at all where none came.
    async fn asked(&self, method: &str, params: Value) -> Option<Option<Value>> {
        let answer = self.connection.send_within(ANSWERS * LONGER, &self.session, method, params);
        tokio::pin!(answer);
        let answer = loop {
            match tokio::time::timeout(ANSWERS, self.meanwhile(&mut answer)).await {
                Ok(answer) => break answer,
                // What is asked may take its time, where much is to be scrolled, say.
                Err(_) if self.answers_at(&self.session, AT_WORK).await || self.is_at_work().await => {}
                Err(_) => break Err(CdpError::Timeout { method: method.to_owned() }),
            }
        };
        match answer {
            Ok(answer) => Some(Some(answer)),
            Err(CdpError::Refused { .. }) => Some(None),
            Err(error) => {
                // A process that ended does not answer either, and is said to have ended.
                let hangs = matches!(error, CdpError::Timeout { .. }) && !self.trace().crashed;
                self.hangs.store(hangs, Ordering::Relaxed);
                None
            }
        }
    }

    /// Whether the browser is busy with the page for itself. A command of this kind is answered in between
    /// by a page that has nothing to do, and by one whose script never ends.
    async fn is_at_work(&self) -> bool {
        let asked = self.connection.send_within(AT_WORK, &self.session, "Performance.getMetrics", json!({}));
        matches!(asked.await, Err(CdpError::Timeout { .. })) && !self.trace().crashed
    }

    /// Evaluates an expression once in each origin that the page's frames have, in worlds of our own;
    /// the main frame's first.
    pub(super) async fn evaluate_everywhere(&self, expression: &str) -> Vec<Value> {
        let mut asked = BTreeSet::new();
        let mut found = Vec::new();
        let main = self.evaluate(expression).await;
        if self.hangs() {
            return found;
        }
        let frames = locked(&self.shared.frames).clone();
        if let Some(main) = frames.get(&self.target) {
            asked.insert(main.origin.clone());
        }
        found.extend(main);
        for Frame { id: frame, session, origin, .. } in frames.into_values() {
            if !origin.starts_with("http") || asked.len() >= MOST_ORIGINS || !asked.insert(origin) {
                continue;
            }
            let world = json!({"frameId": frame, "worldName": self.shared.binding});
            let world =
                self.connection.send_within(FRAME_ANSWERS, &session, "Page.createIsolatedWorld", world).await;
            let Ok(world) = world else { continue };
            let params = json!({
                "expression": expression, "returnByValue": true, "awaitPromise": true, "timeout": 2000,
                "contextId": world["executionContextId"]
            });
            let answer = self.connection.send_within(FRAME_ANSWERS, &session, "Runtime.evaluate", params);
            let answer = self.meanwhile(answer).await;
            // A frame that is gone, or hangs, has nothing to say.
            found.extend(answer.ok().map(|answer| answer["result"]["value"].clone()));
        }
        found
    }

    /// Says to a page that wants to know it that it is being left, and waits for what it sends then.
    /// Of what it sends while it really is left, the browser tells nothing.
    pub(super) async fn leave(&self) {
        let (minds, before) = {
            let mut trace = self.trace();
            trace.page_is_left();
            (trace.minds_leaving, trace.activity())
        };
        let said = "dispatchEvent(new PageTransitionEvent('pagehide',{persisted:false}));1";
        if !minds || self.evaluate(said).await.is_none() {
            return;
        }
        let begun = Instant::now();
        while begun.elapsed() < LEAVING {
            tokio::time::sleep(LOOK).await;
            let trace = self.trace();
            if trace.activity() != before && trace.idle(LEAVING) {
                return;
            }
        }
    }

    /// Whether the scripts of one of the page's targets still come to an end.
    pub(super) async fn answers_at(&self, session: &str, patience: Duration) -> bool {
        let asked = json!({"expression": "1", "returnByValue": true});
        let answer = self.connection.send_within(patience, session, "Runtime.evaluate", asked).await;
        !matches!(answer, Err(CdpError::Timeout { .. }))
    }

    /// Sends a command whose answer nobody needs to one of the page's targets.
    pub(super) fn tell(&self, session: &str, method: &str, params: Value) {
        self.connection.tell(session, method, params);
    }

    /// Whether the browser went away.
    pub(super) fn gone(&self) -> bool {
        self.connection.closed()
    }

    pub(super) fn clock(&self) -> MutexGuard<'_, Clock> {
        locked(&self.shared.clock)
    }

    pub(super) fn ticks(&self) -> &Notify {
        &self.shared.ticks
    }

    /// The documents of the page, with where each can be asked.
    pub(super) fn frames(&self) -> Vec<Frame> {
        locked(&self.shared.frames).values().cloned().collect()
    }

    pub(super) fn main_frame(&self) -> &str {
        &self.target
    }

    /// Whether an address is the site's own.
    pub(super) fn is_own(&self, url: &url::Url) -> bool {
        (self.shared.emulation.own)(url)
    }

    /// Our world in a document, by its number.
    pub(super) async fn world(&self, session: &str, frame: &str) -> Option<Value> {
        let world = json!({"frameId": frame, "worldName": self.shared.binding});
        let world = self.sent_to(session, "Page.createIsolatedWorld", world).await?;
        Some(world["executionContextId"].clone())
    }

    /// The answer of one of the page's targets to a command; none where it refuses, or hangs.
    pub(super) async fn sent_to(&self, session: &str, method: &str, params: Value) -> Option<Value> {
        let answer = self.connection.send_within(FRAME_ANSWERS, session, method, params);
        self.meanwhile(answer).await.ok()
    }

    /// Whether frames or windows have processes of their own.
    pub(super) fn has_parts(&self) -> bool {
        !locked(&self.shared.parts).is_empty()
    }

    /// Sends a command to the tab.
    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        self.connection.send(&self.session, method, params).await
    }

    /// Other headers for requests to own hosts from here on.
    pub(super) async fn set_own_headers(&self, headers: Vec<(String, String)>) {
        *locked(&self.shared.own_headers) = headers;
        // Refused only by a tab that is gone, which the next step notices.
        drop(self.command("Fetch.enable", held(&self.shared.emulation)).await);
    }

    /// An empty document of this origin, without asking the site for one: for scripts of ours.
    pub(super) async fn empty_document(&self, origin: &str) -> Result<(), CdpError> {
        self.shared.empties.store(true, Ordering::Relaxed);
        let shown = self.answered_empty(origin).await;
        self.shared.empties.store(false, Ordering::Relaxed);
        if locked(&self.shared.own_headers).is_empty() && self.shared.emulation.proxy_login.is_none() {
            self.command("Fetch.disable", json!({})).await?;
        }
        // Nothing of this was the site's.
        drop(self.trace().part());
        shown
    }

    async fn answered_empty(&self, origin: &str) -> Result<(), CdpError> {
        self.command("Fetch.enable", held(&self.shared.emulation)).await?;
        self.command("Page.navigate", json!({"url": format!("{origin}/")})).await?;
        self.settle(EMPTY_LOADS).await;
        Ok(())
    }

    /// What was seen so far.
    pub(super) fn trace(&self) -> MutexGuard<'_, Trace> {
        locked(&self.shared.trace)
    }

    /// Whether nothing is left that the page will do by itself, so that its clock need not be moved to see it. With
    /// `forget`, what it left in the window is put away then.
    pub(super) async fn is_still(&self, forget: bool) -> bool {
        for _ in 0..SOON_TRIES {
            if self.engaged() || locked(&self.shared.sessions).len() > 1 {
                return false;
            }
            let (stirs, before) = {
                let trace = self.trace();
                (trace.stirs_until(), (trace.timers(), trace.activity()))
            };
            match stirs {
                Stirs::On => return false,
                Stirs::For(left) if left > SOON => return false,
                Stirs::For(left) => tokio::time::sleep(left).await,
                Stirs::No => {}
            }
            // Its answer comes behind every timer that is due.
            if self.evaluate(&format!("({IS_STILL})({forget})")).await != Some(Value::Bool(true)) {
                return false;
            }
            self.caught_up().await;
            let trace = self.trace();
            if trace.stirs_until() == Stirs::No && (trace.timers(), trace.activity()) == before {
                return true;
            }
        }
        false
    }

    /// Takes in all that the browser has told so far.
    async fn caught_up(&self) {
        let (session, params) = (self.session.clone(), Value::Null);
        if self.connection.pass(&self.session, Event { session, method: CAUGHT_UP.to_owned(), params }) {
            let _ = tokio::time::timeout(ANSWERS, self.shared.caught_up.notified()).await;
        }
    }

    /// Whether the next page may be shown here, as in a tab of its own. Nobody hears of the end of the one that is
    /// there, nothing of it goes on, and its clock is the right one.
    async fn may_go_on(&self) -> bool {
        let apart = locked(&self.shared.sessions).len() > 1
            || self.hub.has_workers(&self.context)
            || self.shared.emulation.guard.is_some()
            || self.shared.emulation.answers.is_some()
            || !self.shared.emulation.items.is_empty();
        !apart && !self.engaged() && !self.hangs() && self.trace().is_plain() && self.is_still(true).await
    }

    /// Gives out what the tab showed, and keeps it for a further page. None: only a fresh one will do.
    pub(super) async fn turn_over(&self) -> Option<Trace> {
        if !self.may_go_on().await {
            return None;
        }
        self.command("Page.resetNavigationHistory", json!({})).await.ok()?;
        self.caught_up().await;
        let shown = {
            let mut trace = self.trace();
            if !trace.is_plain() {
                return None;
            }
            let next = trace.succeeding();
            std::mem::replace(&mut *trace, next)
        };
        self.hub.turns_over(&self.session);
        self.hub.tab_closes(&self.context, &self.session);
        *self.clock() = Clock::default();
        locked(&self.shared.challenged).clear();
        Some(shown)
    }

    /// Whether going there leads to another document than the one that is there.
    pub(super) fn may_show(&self, url: &url::Url) -> bool {
        let before = self.trace().before().and_then(|shown| url::Url::parse(shown).ok());
        let without_fragment = |url: &url::Url| {
            let mut url = url.clone();
            url.set_fragment(None);
            url
        };
        before.is_some_and(|before| without_fragment(&before) != without_fragment(url))
    }

    /// A tab that was kept shows a further page. False: it cannot.
    pub(super) fn goes_on(&self) -> bool {
        let there = {
            let trace = self.trace();
            !trace.crashed && !trace.closed
        };
        if there && !self.hub.has_workers(&self.context) && locked(&self.shared.sessions).len() == 1 {
            self.hub.tab_opened(&self.context, &self.target, &self.session);
            return true;
        }
        false
    }

    /// Closes the tab, and the windows that it opened, and gives out what it showed.
    pub(super) async fn close(&self) -> Trace {
        let begun = Instant::now();
        while self.trace().awaits_bodies() && begun.elapsed() < QUIET && !self.connection.closed() {
            tokio::time::sleep(LOOK).await;
        }
        let workers = self.hub.tab_closes(&self.context, &self.session);
        if self.shared.emulation.guard.is_some() {
            // What a page sends while it really is left goes out unseen, past every guard.
            drop(self.command("Emulation.setScriptExecutionDisabled", json!({"value": true})).await);
        }
        // A browser that is gone has closed it, too.
        let _ = self.close_target(&self.target).await;
        let windows = std::mem::take(&mut *locked(&self.shared.windows));
        for window in &windows {
            let _ = self.close_target(window).await;
        }
        if !windows.is_empty() || !self.trace().popups.is_empty() {
            self.close_windows().await;
        }
        let mut sessions = std::mem::take(&mut *locked(&self.shared.sessions));
        sessions.retain(|session| !workers.contains(session));
        self.connection.forget(sessions);
        self.pump.abort();
        std::mem::take(&mut *self.trace())
    }

    /// Windows outlive the page that opened them, and their scripts would go on unseen.
    async fn close_windows(&self) {
        for _ in 0..ROUNDS {
            let targets = self.connection.send("", "Target.getTargets", json!({})).await.unwrap_or_default();
            let targets = targets["targetInfos"].as_array().map(Vec::as_slice).unwrap_or_default();
            let opened: Vec<&str> = targets
                .iter()
                .filter(|target| target["type"] == "page" && target["attached"] == false)
                .filter(|target| target["browserContextId"] == self.context.as_str())
                // A tab of ours that is just being made is blank, and not attached either.
                .filter(|target| target["url"] != "about:blank")
                .filter_map(|target| target["targetId"].as_str())
                .collect();
            if opened.is_empty() {
                return;
            }
            for target in opened {
                let _ = self.close_target(target).await;
            }
        }
    }

    async fn close_target(&self, target: &str) -> Result<Value, CdpError> {
        self.connection.send("", "Target.closeTarget", json!({"targetId": target})).await
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.pump.abort();
        self.connection.forget([self.session.clone()]);
    }
}
