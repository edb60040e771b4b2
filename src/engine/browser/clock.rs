//! A tab's clock: moved on slice by slice as [`Settling`] decides, with those of its frames and
//! workers beside it. Once moved it stands between the slices, for good: the tab is closed with it.

use super::settle::{End, Facts, Grant, Granted, Next, PENDING, Settling, Why};
use super::tab::{Loaded, Tab};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// After an act of the visitor's.
const AFTER_ACT: Duration = Duration::from_secs(2);
/// Without an answer for so long, something holds the clock that nobody was told of.
const SILENT: Duration = Duration::from_secs(2);
/// The same where a worker's slice may have come in between: it is given again.
const CROSSED: Duration = Duration::from_millis(700);
/// How long a worker's slice is waited for.
const WORKERS: Duration = Duration::from_millis(200);
/// How long the page's frames may be behind it; once they were, and asked again.
const FRAMES: Duration = Duration::from_millis(400);
const ANSWERS: Duration = Duration::from_secs(5);
/// How long whoever was left behind may take for its last slice.
const BEHIND: Duration = Duration::from_secs(1);
/// What the browser has told of comes to us within this.
const TOLD: Duration = Duration::from_millis(200);
/// How often a waiting slice looks at what tells nobody.
const LOOK: Duration = Duration::from_millis(20);
/// Tasks at one moment of the page's time before it goes on: a loop of messages never ends otherwise.
const TASKS: u32 = 1000;
/// Time for a page that is asked something and needs its timers for the answer: real, and its own.
const ASKED: Duration = Duration::from_millis(25);
const MEANWHILE: Duration = Duration::from_millis(50);
/// Animations go by the screen, not by the clock: how much faster, and for how long at most.
const FASTER: u32 = 20;
const ANIMATED: Duration = Duration::from_secs(3);
const ROUNDS: u32 = 3;

/// What is known of the clocks of a tab's targets.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// It was moved: from then on time passes only where it is given.
    pub(super) engaged: bool,
    /// Sessions of frames with a clock of their own, and of workers.
    timed: BTreeSet<String>,
    workers: BTreeSet<String>,
    /// Slices that came to their end, by session.
    ended: BTreeMap<String, u64>,
    /// Something holds their clocks for good.
    held: BTreeSet<String>,
    /// Frames and workers that are waited for no longer, and how many of their slices had ended by then.
    left: BTreeMap<String, u64>,
    /// Windows that are not loaded yet, by session, and since when.
    windows: BTreeMap<String, Instant>,
    /// How many windows the page wanted to open, and how many came.
    wanted: u32,
    came: u32,
    /// Requests to own hosts so far.
    pub(super) asked: u64,
    /// Requests a second that own hosts may get.
    pub(super) rate: Option<f64>,
}

impl Clock {
    /// A frame or worker came. Windows of the page's own site go by its clock, and others by none; a
    /// service worker's answers no command before it runs.
    pub(super) fn attached(&mut self, session: &str, kind: &str) -> bool {
        match kind {
            "iframe" => self.timed.insert(session.to_owned()),
            "worker" | "shared_worker" => self.workers.insert(session.to_owned()),
            _ => return false,
        };
        self.engaged
    }

    /// The page wants to open a window; it may be kept from it.
    pub(super) fn window_wanted(&mut self) {
        self.wanted = self.wanted.saturating_add(1);
    }

    /// A window came, and has yet to be loaded.
    pub(super) fn window_came(&mut self, session: &str) {
        self.came = self.came.saturating_add(1);
        self.windows.insert(session.to_owned(), Instant::now());
    }

    pub(super) fn window_loaded(&mut self, session: &str) {
        self.windows.remove(session);
    }

    /// A window has yet to be loaded, which is waited for a while.
    fn opens(&self) -> bool {
        self.windows.values().any(|since| since.elapsed() < PENDING)
    }

    pub(super) fn detached(&mut self, session: &str) {
        self.windows.remove(session);
        self.timed.remove(session);
        self.workers.remove(session);
        self.ended.remove(session);
        self.left.remove(session);
    }

    pub(super) fn slice_ended(&mut self, session: &str) {
        *self.ended.entry(session.to_owned()).or_default() += 1;
    }

    fn ends(&self, session: &str) -> u64 {
        self.ended.get(session).copied().unwrap_or_default()
    }

    /// It is not waited for any longer.
    fn leave(&mut self, session: &str) {
        self.left.insert(session.to_owned(), self.ends(session));
    }

    fn is_awaited(&self, session: &str) -> bool {
        !self.left.contains_key(session)
    }

    /// The clock of one that was left has not moved since.
    fn is_behind(&self) -> bool {
        self.left.iter().any(|(session, ends)| self.ends(session) == *ends)
    }
}

impl Tab {
    /// Whether time passes only where it is given.
    pub(super) fn engaged(&self) -> bool {
        self.clock().engaged
    }

    /// Waits until the page is loaded and quiet, for at most `patience`; where the clock is in our
    /// hands, lets it pass the time that an act gets.
    pub(super) async fn settle(&self, patience: Duration) -> Loaded {
        if self.engaged() && self.run_ahead(AFTER_ACT).await == End::Passed {
            return Loaded::Idle;
        }
        self.settle_in_real_time(patience, false).await
    }

    /// Whether a window of the page's is on its way. The browser has made it, or refused to, before the page goes
    /// on behind the call: what answers a question has come that far.
    pub(super) async fn opens_windows(&self) -> bool {
        let lacks = || {
            let clock = self.clock();
            clock.came < clock.wanted
        };
        if lacks() && self.answers_at(&self.session, ANSWERS).await {
            let begun = Instant::now();
            while lacks() && begun.elapsed() < TOLD {
                tokio::time::sleep(LOOK).await;
            }
            let mut clock = self.clock();
            clock.wanted = clock.came;
        }
        self.clock().opens()
    }

    /// Lets so much of the page's time pass as fast as it may.
    pub(super) async fn run_ahead(&self, whole: Duration) -> End {
        let rate = self.clock().rate;
        let mut settling = Settling::new(whole, rate, &self.facts());
        let mut rounds = 0;
        loop {
            let opens = self.opens_windows().await;
            match settling.next(&Facts { opens, ..self.facts() }) {
                Next::End(End::Passed) if rounds < ROUNDS && self.drawn(whole, rounds == 0).await => {
                    // What their ends set off gets its time, too.
                    rounds += 1;
                    settling = Settling::new(AFTER_ACT.min(whole), rate, &self.facts());
                }
                Next::End(End::Passed) if self.is_behind().await => return End::Real(Why::Behind),
                Next::End(end) => return end,
                Next::Wait(time) => tokio::time::sleep(time).await,
                Next::Grant(grant) => {
                    let asked = Instant::now();
                    let became = self.grant(grant).await;
                    let crossed = asked.elapsed() < SILENT;
                    if became == Granted::Silent && !crossed && self.is_deaf().await {
                        return End::Real(Why::Deaf);
                    }
                    settling.granted(grant, became, &self.facts(), asked.elapsed());
                }
            }
            let trace = self.trace();
            if trace.crashed || trace.closed || self.gone() {
                return End::Passed;
            }
        }
    }

    /// Whether a frame or worker that nobody waits for any longer has not moved since, at the end of a
    /// little more time. What none of them did says nothing then.
    async fn is_behind(&self) -> bool {
        let begun = Instant::now();
        while self.clock().is_behind() {
            if begun.elapsed() > BEHIND {
                return true;
            }
            tokio::time::sleep(LOOK).await;
        }
        false
    }

    /// Real time passes; for the page, too.
    pub(super) async fn idle(&self, time: Duration) {
        let begun = Instant::now();
        if self.engaged() {
            self.grant(Grant { time, advance: true }).await;
        }
        tokio::time::sleep(time.saturating_sub(begun.elapsed())).await;
    }

    /// Awaits the answer to a question. A page whose time stands is given some for it.
    pub(super) async fn meanwhile<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        loop {
            if let Ok(answer) = tokio::time::timeout(ASKED, &mut answer).await {
                return answer;
            }
            if self.engaged() {
                self.tell_clocks(Grant { time: MEANWHILE, advance: true });
            }
        }
    }

    fn facts(&self) -> Facts {
        let (asked, workers) = {
            let clock = self.clock();
            (clock.asked, !clock.workers.is_empty())
        };
        let frames = self.has_parts();
        let trace = self.trace();
        Facts {
            loaded: trace.shows_loaded(),
            asked,
            activity: trace.activity(),
            pending: trace.pending(PENDING),
            streams: trace.has_endless(PENDING),
            documents: trace.documents,
            socket: trace.sockets > 0,
            service_worker: trace.service_worker,
            talks: frames || workers || trace.asks_others,
            workers,
            opens: false,
        }
    }

    /// Gives a slice to the page and to all that has a clock of its own.
    async fn grant(&self, grant: Grant) -> Granted {
        let documents = self.trace().documents;
        let awaited: Vec<(String, u64)> = {
            let clock = self.clock();
            let sessions = clock.timed.iter().filter(|session| clock.is_awaited(session));
            let sessions = sessions.chain([&self.session]);
            sessions.map(|session| (session.clone(), clock.ends(session))).collect()
        };
        let crossing = self.workers_pass(grant).await;
        self.tell_clocks(grant);
        let begun = Instant::now();
        let mut quiet_since = begun;
        let mut page_ended = None;
        loop {
            let ticked = self.ticks().notified();
            let (late, page) = {
                let clock = self.clock();
                let late: Vec<&String> = awaited
                    .iter()
                    .filter(|(session, ends)| clock.ends(session) == *ends)
                    .filter(|(session, _)| *session == self.session || clock.timed.contains(session))
                    .map(|(session, _)| session)
                    .collect();
                (
                    late.iter().map(|session| (*session).clone()).collect::<Vec<_>>(),
                    late.contains(&&self.session),
                )
            };
            if late.is_empty() {
                self.trace().clock_moved(grant.time);
                return Granted::Passed;
            }
            if !page {
                let ended = *page_ended.get_or_insert_with(Instant::now);
                if ended.elapsed() > FRAMES {
                    self.trace().clock_moved(grant.time);
                    return self.frames_are_late(&late).await;
                }
            }
            {
                let trace = self.trace();
                if trace.documents != documents {
                    return Granted::Moved;
                }
                if trace.crashed || trace.closed || self.gone() {
                    return Granted::Silent;
                }
                if page && !grant.advance && trace.pending(PENDING).is_some() {
                    quiet_since = Instant::now();
                } else if page && !grant.advance && trace.has_endless(PENDING) && begun.elapsed() > FRAMES {
                    return Granted::Pending;
                }
            }
            if page && quiet_since.elapsed() > if crossing { CROSSED } else { SILENT } {
                return Granted::Silent;
            }
            let _ = tokio::time::timeout(LOOK, ticked).await;
        }
    }

    /// Gives the workers their slice, before the page has its own: both at once get into each other's
    /// way. False: there are none.
    async fn workers_pass(&self, grant: Grant) -> bool {
        let workers: Vec<(String, bool, u64)> = {
            let clock = self.clock();
            let workers = clock.workers.iter();
            workers.map(|session| (session.clone(), clock.is_awaited(session), clock.ends(session))).collect()
        };
        if workers.is_empty() {
            return false;
        }
        self.engage();
        for (session, ..) in &workers {
            let held = self.clock().held.contains(session);
            self.tell(session, SET_POLICY, budget(grant, held));
        }
        let begun = Instant::now();
        loop {
            let ticked = self.ticks().notified();
            let late: Vec<&String> = {
                let clock = self.clock();
                let late = workers.iter().filter(|(_, awaited, _)| *awaited);
                late.filter(|(session, _, ends)| {
                    clock.ends(session) == *ends && clock.workers.contains(session)
                })
                .map(|(session, ..)| session)
                .collect()
            };
            if late.is_empty() {
                return true;
            }
            if begun.elapsed() > WORKERS {
                for session in late {
                    let mut clock = self.clock();
                    if !clock.held.insert(session.clone()) {
                        clock.leave(session);
                    }
                }
                return true;
            }
            let _ = tokio::time::timeout(LOOK, ticked).await;
        }
    }

    /// Frames that hold still from here on get their time whatever they wait for; those that do not
    /// move then either are left behind.
    async fn frames_are_late(&self, late: &[String]) -> Granted {
        for session in late {
            if self.clock().held.insert(session.clone()) {
                continue;
            }
            if self.is_deaf_at(session).await {
                return Granted::Silent;
            }
            self.clock().leave(session);
        }
        Granted::Passed
    }

    fn engage(&self) {
        if !std::mem::replace(&mut self.clock().engaged, true) {
            self.trace().clock_taken();
        }
    }

    fn tell_clocks(&self, grant: Grant) {
        self.engage();
        let (sessions, held) = {
            let clock = self.clock();
            let sessions: Vec<String> = clock.timed.iter().chain([&self.session]).cloned().collect();
            (sessions, clock.held.clone())
        };
        for session in sessions {
            let held = held.contains(&session);
            self.tell(&session, SET_POLICY, budget(grant, held));
        }
    }

    /// Whether the page, or one of its frames, never comes to an end while its time stands: its script
    /// is ended then.
    async fn is_deaf(&self) -> bool {
        let frames: Vec<String> = {
            let clock = self.clock();
            clock.held.iter().filter(|session| clock.timed.contains(*session)).cloned().collect()
        };
        for session in [&self.session].into_iter().chain(&frames) {
            if self.is_deaf_at(session).await {
                return true;
            }
        }
        false
    }

    async fn is_deaf_at(&self, session: &str) -> bool {
        if self.answers_at(session, ANSWERS).await {
            return false;
        }
        self.tell(session, "Runtime.terminateExecution", json!({}));
        true
    }

    /// Lets the page be drawn, which it is in real time: only then does it hear of an animation's end, also of
    /// one that ended while its clock was moved. Whether that set something off; without animations that is
    /// only asked for `at_first`.
    async fn drawn(&self, whole: Duration, at_first: bool) -> bool {
        let animated = self.animations(whole).await;
        let before = self.trace().activity();
        drop(tokio::time::timeout(ANIMATED, self.evaluate(DRAWN)).await);
        animated || at_first && self.trace().activity() != before
    }

    /// Lets animations that have an end come to it. False: there are none.
    async fn animations(&self, whole: Duration) -> bool {
        let longest = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
        let script = format!(
            "Math.max(0,...document.getAnimations().filter(a=>a.playState==='running'&&a.playbackRate>0).map(a=>\
             (a.effect.getComputedTiming().endTime-a.currentTime)/a.playbackRate).filter(left=>left>0&&left<={longest}))"
        );
        let left = async || self.evaluate(&script).await.as_ref().and_then(Value::as_f64).unwrap_or_default();
        let mut still = left().await;
        if still <= 0.0 {
            return false;
        }
        let rate = |rate: u32| json!({"playbackRate": rate});
        drop(self.command("Animation.setPlaybackRate", rate(FASTER)).await);
        // On a busy machine the page is drawn seldom.
        let begun = Instant::now();
        while still > 0.0 && begun.elapsed() < ANIMATED {
            let time = Duration::from_secs_f64(still / 1000.0 / f64::from(FASTER)) + MEANWHILE;
            tokio::time::sleep(time.min(ANIMATED)).await;
            still = left().await;
        }
        drop(self.command("Animation.setPlaybackRate", rate(1)).await);
        if still > 0.0 {
            // They do not go faster here; then as they are.
            self.idle((Duration::from_secs_f64(still / 1000.0) + MEANWHILE).min(whole)).await;
        }
        true
    }
}

/// Comes when the page has been drawn twice.
const DRAWN: &str = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))";

const SET_POLICY: &str = "Emulation.setVirtualTimePolicy";

/// A slice; where something holds the clock for good, requests are no reason to wait.
fn budget(grant: Grant, held: bool) -> Value {
    json!({
        "policy": if grant.advance || held { "advance" } else { "pauseIfNetworkFetchesPending" },
        "budget": u64::try_from(grant.time.as_millis()).unwrap_or(u64::MAX),
        "maxVirtualTimeTaskStarvationCount": TASKS,
    })
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn whoever_is_left_is_behind_until_its_clock_moves() {
        let mut clock = Clock::default();
        clock.attached("frame", "iframe");
        clock.attached("worker", "worker");
        clock.slice_ended("frame");
        assert!(!clock.is_behind());
        clock.leave("frame");
        clock.leave("worker");
        assert!(clock.is_behind() && !clock.is_awaited("frame") && !clock.is_awaited("worker"));
        clock.slice_ended("frame");
        assert!(clock.is_behind());
        clock.slice_ended("worker");
        assert!(!clock.is_behind());
        clock.leave("worker");
        assert!(clock.is_behind());
        clock.detached("worker");
        assert!(!clock.is_behind(), "one that is gone does nothing any more");
    }

    #[test]
    fn a_window_opens_until_it_is_loaded_or_gone() {
        let mut clock = Clock::default();
        assert!(!clock.opens());
        clock.window_came("one");
        clock.window_came("other");
        clock.window_loaded("one");
        assert!(clock.opens());
        clock.detached("other");
        assert!(!clock.opens());
    }
}
