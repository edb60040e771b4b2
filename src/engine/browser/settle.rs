//! How far a page's clock is moved on, and when not: a page that has loaded gets its next seconds at
//! once (`Emulation.setVirtualTimePolicy`), a slice at a time. Pure: what the page shows goes in, the
//! next step comes out.
//!
//! Slices are short, since answers from other processes (a frame of another site, a database) come in
//! real time: a page that gives up on them after a while would give up too early. They are paced, too:
//! requests to the site keep its host's rate.

use std::time::Duration;

/// The longest slice, and the one that follows on requests.
const LONG: Duration = Duration::from_millis(500);
const SHORT: Duration = Duration::from_millis(100);
/// The longest slice of a page that talks to other processes.
const TALKING: Duration = Duration::from_millis(250);
/// Real time after a slice of such a page, and after one in which something happened.
const BREATH: Duration = Duration::from_millis(20);
const ANSWER: Duration = Duration::from_millis(60);
/// How long a request that should end is waited for, while the page's clock stands.
pub(super) const PENDING: Duration = Duration::from_secs(4);
/// Real time for which a page may be waited for in all.
const BOUND: Duration = Duration::from_secs(8);
/// A page that goes elsewhere by itself is followed so often.
const MOST_MOVES: u32 = 3;
/// A slice that nothing is known to hold is given again so often.
const MOST_SILENT: u32 = 3;
/// Steps at the end, for what the last slices set off.
const LAST_STEPS: u32 = 2;
const LAST_STEP: Duration = Duration::from_millis(20);
/// How often a waiting step looks.
const LOOK: Duration = Duration::from_millis(20);

/// What a page shows at some moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) loaded: bool,
    /// Requests to the site's own hosts so far.
    pub(super) asked: u64,
    /// Grows with every write and request.
    pub(super) activity: usize,
    /// How long the oldest request that should end has been under way.
    pub(super) pending: Option<Duration>,
    /// Something is open that never ends.
    pub(super) streams: bool,
    /// Documents that the main frame has shown.
    pub(super) documents: u32,
    pub(super) socket: bool,
    pub(super) service_worker: bool,
    /// Answers come from other processes: frames of other sites, databases, caches.
    pub(super) talks: bool,
    /// Workers run beside the page.
    pub(super) workers: bool,
    /// A window that the page opened has yet to be loaded.
    pub(super) opens: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Grant(Grant),
    /// Real time, while the page's clock stands.
    Wait(Duration),
    End(End),
}

/// Time given to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) time: Duration,
    /// Also while requests are under way.
    pub(super) advance: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granted {
    Passed,
    /// A request held the clock.
    Pending,
    /// The main frame went elsewhere.
    Moved,
    /// Nothing is known to hold the clock, and yet it stands.
    Silent,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Passed,
    /// What is left is to be watched in real time.
    Real(Why),
}

/// Why a page is watched in real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    ServiceWorker,
    Socket,
    /// It keeps asking the site, or waiting for it.
    Busy,
    Moves,
    /// Its clock cannot be moved.
    Stuck,
    /// It waits for the clock to move without ever letting it.
    Deaf,
    /// The clock of a frame or worker never moved: what it did not do says nothing.
    Behind,
}

impl Why {
    /// For the coverage.
    pub(super) fn remark(self) -> &'static str {
        match self {
            Why::ServiceWorker => "watched in real time only, since a service worker runs on the page",
            Why::Socket => "watched in real time only, since the page holds a WebSocket open",
            Why::Busy => "watched for a part of its time only, since the page keeps sending requests",
            Why::Moves => "watched in real time only, since the page goes elsewhere again and again",
            Why::Stuck => "watched in real time only, since the page's clock could not be moved on",
            Why::Deaf => "watched once more in real time, since the page waits on its clock",
            Why::Behind => {
                "watched once more in real time, since the clock of a frame or worker could not be moved on"
            }
        }
    }
}

/// A page on its way.
#[derive(Debug)]
pub(super) struct Settling {
    whole: Duration,
    left: Duration,
    slice: Duration,
    /// Requests a second that the site may get; none: any number.
    rate: Option<f64>,
    advance: bool,
    asked: u64,
    activity: usize,
    documents: u32,
    moves: u32,
    /// Something happened in the slice before.
    lively: bool,
    /// Real time that is due before the next slice.
    owed: Duration,
    /// Real time that was waited so far.
    waited: Duration,
    last_steps: u32,
    silent: u32,
    failed: Option<Why>,
}

impl Settling {
    /// So much time is to pass from here on.
    pub(super) fn new(whole: Duration, rate: Option<f64>, now: &Facts) -> Settling {
        Settling {
            whole,
            left: whole,
            slice: TALKING,
            rate,
            advance: false,
            asked: now.asked,
            activity: now.activity,
            documents: now.documents,
            moves: 0,
            lively: true,
            owed: Duration::ZERO,
            waited: Duration::ZERO,
            last_steps: LAST_STEPS,
            silent: 0,
            failed: None,
        }
    }

    /// How much has passed.
    #[cfg(test)]
    fn passed(&self) -> Duration {
        self.whole - self.left
    }

    /// The next step.
    pub(super) fn next(&mut self, now: &Facts) -> Next {
        let next = self.decide(now);
        if let Next::Wait(time) = next {
            self.waited += time;
        }
        next
    }

    fn decide(&mut self, now: &Facts) -> Next {
        if let Some(why) = self.failed {
            return Next::End(End::Real(why));
        }
        if now.service_worker {
            return Next::End(End::Real(Why::ServiceWorker));
        }
        if now.socket {
            return Next::End(End::Real(Why::Socket));
        }
        if now.documents > self.documents {
            self.moves += now.documents - self.documents;
            self.documents = now.documents;
            if self.moves > MOST_MOVES {
                return Next::End(End::Real(Why::Moves));
            }
            // The new document is a page of its own. The clock of the old one's process stays held for
            // good by the request that brought it (Chromium 156): it is held here instead.
            self.left = self.whole;
            self.last_steps = LAST_STEPS;
            self.advance = true;
        }
        if self.waited >= BOUND {
            return Next::End(End::Real(Why::Busy));
        }
        if !self.owed.is_zero() {
            return Next::Wait(std::mem::take(&mut self.owed));
        }
        // A page and its workers share a process, and hold each other's clock where both mind requests
        // (Chromium 156): those are minded here.
        let advance = self.advance || now.workers;
        if !now.loaded || now.opens || (advance && now.pending.is_some_and(|since| since < PENDING)) {
            return Next::Wait(LOOK);
        }
        let advance = advance || now.streams;
        match (self.left.min(self.slice), self.last_steps) {
            (Duration::ZERO, 0) => Next::End(End::Passed),
            (Duration::ZERO, _) => Next::Grant(Grant { time: LAST_STEP, advance }),
            (time, _) => Next::Grant(Grant { time, advance }),
        }
    }

    /// Takes in what became of a slice, which took so much real time.
    pub(super) fn granted(&mut self, grant: Grant, became: Granted, now: &Facts, took: Duration) {
        match became {
            Granted::Passed => {
                self.silent = 0;
                self.passed_on(grant, now, took);
            }
            Granted::Moved => {}
            Granted::Pending => {
                self.waited += took;
                self.advance = true;
            }
            Granted::Silent => {
                self.advance = true;
                self.silent += 1;
                if self.silent >= MOST_SILENT {
                    self.failed = Some(Why::Stuck);
                }
            }
        }
    }

    fn passed_on(&mut self, grant: Grant, now: &Facts, took: Duration) {
        if self.left.is_zero() {
            self.last_steps = self.last_steps.saturating_sub(1);
            self.owed = LAST_STEP;
        }
        self.left = self.left.saturating_sub(grant.time);
        let asked = now.asked.saturating_sub(self.asked);
        let lively = now.activity != self.activity;
        // At the pace of the host, but never slower than the page itself is.
        let pace = match self.rate {
            Some(rate) if asked > 0 => Duration::from_secs_f64(asked as f64 / rate.max(0.01)).min(grant.time),
            _ => Duration::ZERO,
        };
        let breath = match (now.talks, lively || self.lively) {
            (true, true) => ANSWER,
            (true, false) => BREATH,
            (false, _) => Duration::ZERO,
        };
        self.owed = self.owed.max(pace.saturating_sub(took)).max(breath);
        let longest = if now.talks { TALKING } else { LONG };
        self.slice = if asked > 1 { SHORT } else { (self.slice * 2).min(longest) };
        self.asked = now.asked;
        self.activity = now.activity;
        self.lively = lively;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn loaded() -> Facts {
        Facts { loaded: true, documents: 1, ..Facts::default() }
    }

    /// What a page takes: slices, real time, and how it ended. `act` shows what it does in each slice.
    fn run(
        whole: Duration,
        rate: Option<f64>,
        mut act: impl FnMut(u32, Grant, &mut Facts) -> Granted,
    ) -> Run {
        let mut facts = loaded();
        let mut settling = Settling::new(whole, rate, &facts);
        let mut run = Run::default();
        for _ in 0..10_000 {
            match settling.next(&facts) {
                Next::End(end) => {
                    run.end = Some(end);
                    run.passed = settling.passed();
                    return run;
                }
                Next::Wait(time) => run.real += time,
                Next::Grant(grant) => {
                    run.slices += 1;
                    run.advanced |= grant.advance;
                    let became = act(run.slices, grant, &mut facts);
                    settling.granted(grant, became, &facts, Duration::ZERO);
                }
            }
        }
        run
    }

    #[derive(Debug, Default)]
    struct Run {
        slices: u32,
        real: Duration,
        passed: Duration,
        advanced: bool,
        end: Option<End>,
    }

    #[test]
    fn a_window_on_its_way_is_waited_for_while_the_clock_stands() {
        let mut settling = Settling::new(SECOND, None, &loaded());
        assert_eq!(settling.next(&Facts { opens: true, ..loaded() }), Next::Wait(LOOK));
        assert!(matches!(settling.next(&loaded()), Next::Grant(_)));
    }

    #[test]
    fn a_page_that_does_nothing_gets_its_seconds_in_few_slices_and_no_time() {
        let run = run(10 * SECOND, Some(5.0), |_, _, _| Granted::Passed);
        assert_eq!((run.end, run.passed, run.advanced), (Some(End::Passed), 10 * SECOND, false));
        assert!(run.slices < 25 && run.real < Duration::from_millis(100), "{run:?}");
    }

    #[test]
    fn requests_to_the_site_keep_its_rate() {
        // Five requests a second of the page's time, at two a second: the page's own pace, but no faster.
        let mut asked = 0.0;
        let run = run(2 * SECOND, Some(2.0), |_, grant, facts| {
            asked += grant.time.as_secs_f64() * 5.0;
            facts.asked = asked as u64;
            Granted::Passed
        });
        assert_eq!(run.end, Some(End::Passed));
        assert!(run.real > SECOND && run.real < 3 * SECOND, "{run:?}");
    }

    #[test]
    fn a_page_that_keeps_asking_is_left_to_real_time() {
        let run = run(60 * SECOND, Some(1.0), |_, _, facts| {
            facts.asked += 3;
            Granted::Passed
        });
        assert_eq!(run.end, Some(End::Real(Why::Busy)));
        assert!(run.real < 10 * SECOND, "{run:?}");
    }

    #[test]
    fn a_page_that_talks_to_other_processes_gets_time_for_their_answers() {
        let quiet = run(10 * SECOND, None, |_, _, facts| {
            facts.talks = true;
            Granted::Passed
        });
        assert!(quiet.slices >= 40 && quiet.real > Duration::from_millis(400), "{quiet:?}");
        let lively = run(10 * SECOND, None, |_, _, facts| {
            (facts.talks, facts.activity) = (true, facts.activity + 1);
            Granted::Passed
        });
        assert!(lively.real > 2 * SECOND, "{lively:?}");
    }

    #[test]
    fn a_stream_does_not_hold_the_clock_and_a_request_does_for_a_while() {
        let stream = run(10 * SECOND, None, |_, _, facts| {
            facts.streams = true;
            Granted::Passed
        });
        assert_eq!((stream.end, stream.advanced), (Some(End::Passed), true));
        let mut settling = Settling::new(SECOND, None, &loaded());
        let grant = Grant { time: SECOND, advance: false };
        let pending = |seconds| Facts { pending: Some(seconds * SECOND), ..loaded() };
        settling.granted(grant, Granted::Pending, &pending(4), 4 * SECOND);
        assert!(matches!(settling.next(&pending(1)), Next::Wait(_)));
        assert!(matches!(settling.next(&pending(4)), Next::Grant(Grant { advance: true, .. })));
    }

    #[test]
    fn a_page_that_goes_elsewhere_gets_its_time_anew_three_times() {
        let mut settling = Settling::new(SECOND, None, &loaded());
        for documents in 2..=4 {
            let moved = Facts { loaded: false, documents, ..loaded() };
            assert!(matches!(settling.next(&moved), Next::Wait(_)));
            assert_eq!(settling.passed(), Duration::ZERO);
            let there = Facts { documents, ..loaded() };
            let Next::Grant(grant) = settling.next(&there) else { panic!("no time") };
            assert!(grant.advance);
            settling.granted(grant, Granted::Passed, &there, Duration::ZERO);
        }
        let again = Facts { documents: 5, ..loaded() };
        assert_eq!(settling.next(&again), Next::End(End::Real(Why::Moves)));
    }

    #[test]
    fn what_is_no_page_for_it_is_watched_in_real_time() {
        let mut settling = Settling::new(SECOND, None, &loaded());
        let worker = Facts { service_worker: true, ..loaded() };
        assert_eq!(settling.next(&worker), Next::End(End::Real(Why::ServiceWorker)));
        let socket = Facts { socket: true, ..loaded() };
        assert_eq!(settling.next(&socket), Next::End(End::Real(Why::Socket)));
        let silent = run(SECOND, None, |_, _, _| Granted::Silent);
        assert_eq!((silent.end, silent.slices, silent.advanced), (Some(End::Real(Why::Stuck)), 3, true));
    }
}
