//! Whether a page still does something, and how long after its load by its own clock.

use super::Trace;
use std::time::{Duration, Instant};

/// Whether a page may still do something by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::browser) enum Stirs {
    No,
    /// A timer goes off by then.
    For(Duration),
    On,
}

impl Trace {
    /// Whether nothing is being loaded that began within this time.
    pub(in crate::engine::browser) fn idle(&self, within: Duration) -> bool {
        self.under_way.values().all(|since| since.elapsed() > within)
    }

    /// How long the oldest request has been under way that may still end within this time.
    pub(in crate::engine::browser) fn pending(&self, within: Duration) -> Option<Duration> {
        let finite = self.under_way.iter().filter(|(id, _)| !self.endless.contains(*id));
        finite.map(|(_, since)| since.elapsed()).filter(|since| *since < within).max()
    }

    /// Whether something is under way that will not end within this time.
    pub(in crate::engine::browser) fn has_endless(&self, within: Duration) -> bool {
        self.under_way.iter().any(|(id, since)| self.endless.contains(id) || since.elapsed() >= within)
    }

    /// Whether the document now shown is loaded, as far as it ever will be.
    pub(in crate::engine::browser) fn shows_loaded(&self) -> bool {
        self.shows_loaded || self.broken.is_some()
    }

    /// From here on the page's clock goes by what it is given.
    pub(in crate::engine::browser) fn clock_taken(&mut self) {
        self.clock = self.loaded_since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.skipped_from = Some((self.clock * 1000.0).round() as u64);
    }

    /// The page's clock was moved on.
    pub(in crate::engine::browser) fn clock_moved(&mut self, by: Duration) {
        self.clock += by.as_secs_f64();
    }

    /// The page is left: how long after its load is the visitor's choice, and tells nothing of it. Where its time was
    /// skipped, what it does then is doubted as all that came before.
    pub(in crate::engine::browser) fn page_is_left(&mut self) {
        if self.skipped_from.is_none() {
            self.loaded_at = None;
        }
    }

    /// Milliseconds from the load event to this moment, by the clock that the page sees.
    pub(super) fn after_load(&self, at: Option<f64>) -> Option<u64> {
        let after = at? - self.loaded_at?;
        (after >= 0.0).then(|| (after * 1000.0).round() as u64)
    }

    /// Whether a timer is still to go off. Once it has, it is forgotten.
    pub(in crate::engine::browser) fn timer_due(&mut self) -> bool {
        let due = self.timers_due.is_some_and(|due| due > Instant::now());
        if !due {
            self.timers_due = None;
        }
        due
    }

    /// Until when the page may still do something by itself: none where nothing is left that it waits for;
    /// beyond all bounds where nobody knows.
    pub(in crate::engine::browser) fn stirs_until(&self) -> Stirs {
        let sent = self.requests.iter().flat_map(|chain| &chain.hops);
        let mut media = sent.filter(|hop| hop.resource == "Media" || hop.resource == "EventSource");
        if self.restless || self.asks_others || self.service_worker || self.part_crashed || self.overflow {
            return Stirs::On;
        }
        if !self.under_way.is_empty() || self.sockets > 0 || media.next().is_some() {
            return Stirs::On;
        }
        match self.last_timer.map(|due| due.saturating_duration_since(Instant::now())) {
            Some(left) if !left.is_zero() => Stirs::For(left),
            _ => Stirs::No,
        }
    }

    /// How many timers were set so far.
    pub(in crate::engine::browser) fn timers(&self) -> u32 {
        self.timers
    }

    /// Whether another page may follow in the tab: this one came as a plain one, and nobody would hear of its end.
    pub(in crate::engine::browser) fn is_plain(&self) -> bool {
        let one = self.documents == 1 && self.loads == 1 && self.shows_loaded && self.broken.is_none();
        let nothing_else = self.dialogs == 0 && self.downloads == 0 && self.popups.is_empty();
        let there = !self.crashed && !self.closed && !self.minds_leaving && !self.minds_parting;
        let answered = self.document().is_some_and(|hop| (200..500).contains(&hop.status));
        one && nothing_else && there && answered && self.awaited == 0 && self.stirs_until() == Stirs::No
    }

    /// How much was seen so far: grows with every write, and every request that is not like others.
    pub(in crate::engine::browser) fn activity(&self) -> usize {
        self.news + self.writes.len() + self.storage.len()
    }
}
