//! Whether a member still is one: what it saw since the last good answer is held back until the next.

use super::{BETWEEN_CHECKS, Crawl, FEWER, Work};
use crate::cookie::{Decision, Jar, Name};
use crate::crawl::Next;
use crate::engine::Visit;
use crate::observation::{SkipReason, path_template};
use crate::run::answers::Likeness;
use crate::run::context::Ended;
use crate::run::state::Line;

/// Looks for a cause that was none, before causes are no longer trusted.
const MOST_ALARMS: usize = 20;

/// So often a page is asked for again after a new login. Each costs one of the logins.
const MOST_TRIES: u32 = 3;

pub(super) struct Held {
    pub(super) work: Work,
    pub(super) visit: Visit,
    /// It was asked for with a cookie of the login that another answer had replaced by then.
    pub(super) stale: bool,
    /// It looked as if the session were gone.
    pub(super) alarming: bool,
    pub(super) asks_for_password: bool,
    pub(super) likeness: Option<Likeness>,
}

impl Crawl<'_, '_> {
    /// Whether a visit looks as if the session were gone: its cookies taken away, a refusal, or
    /// the login page instead of the page.
    pub(super) fn is_alarming(&self, visit: &Visit, asks_for_password: bool) -> bool {
        if self.alarms >= MOST_ALARMS {
            return false;
        }
        let sightings = visit.exchanges.iter().flat_map(|exchange| &exchange.sightings);
        let mut deleted = sightings
            .filter(|sighting| matches!(sighting.decision, Decision::Deleted { .. }))
            .map(|sighting| &sighting.name);
        deleted.any(|name| self.who.login_cookies.contains(name))
            || visit.status == 401
            || visit.shown != visit.asked && self.who.is_login_page(&visit.shown)
            // The login form in the page's own place; hidden dialogs are everywhere, so that only
            // kinds of pages count that did not have one, and only the check decides.
            || asks_for_password && !self.with_password.contains(&path_template(visit.asked.path()))
    }

    /// Whether a visit replaced a cookie of the login by one of another value.
    pub(super) fn rotates(&self, visit: &Visit, after: &Jar) -> bool {
        let value = |jar: &Jar, name: &Name| {
            jar.iter().find(|cookie| cookie.name == *name).map(|cookie| cookie.value.clone())
        };
        self.who.persona.visitor.logged_in
            && visit.sightings().any(|sighting| {
                matches!(sighting.decision, Decision::Replaced { .. })
                    && self.who.login_cookies.contains(&sighting.name)
                    && value(&self.who.session.jar, &sighting.name) != value(after, &sighting.name)
            })
    }

    /// Asks whether the session is still there, once nothing is under way. True: the crawl is
    /// through.
    pub(super) async fn check(&mut self) -> Result<bool, Ended> {
        let through = !self.check_due;
        self.check_due = false;
        if self.held.is_empty() {
            return Ok(through);
        }
        self.since_check = 0;
        let held = std::mem::take(&mut self.held);
        if self.runner.is_logged_in(self.browser, self.who, self.cell).await? {
            self.alarms += usize::from(held.iter().any(|held| held.alarming));
            self.between_checks = BETWEEN_CHECKS.min(self.between_checks + 1);
            for held in held {
                let Held { work, visit, alarming, stale, likeness, .. } = &held;
                if let (true, Work::Page(next)) = (*alarming && *stale, work) {
                    // The session is there, and was asked for with a token that no longer counted.
                    self.ask_again(next.clone(), visit, false);
                    continue;
                }
                self.record(work, visit, *likeness);
                if held.asks_for_password {
                    let kind = path_template(held.visit.asked.path());
                    if self.with_password.insert(kind.clone()) && self.is_written(&held.visit.asked) {
                        self.lines.push(Line::WithPassword(kind));
                    }
                }
            }
            return Ok(through);
        }
        // Up to the first alarm the session was there, if there was one.
        let certain = held.iter().position(|held| held.alarming).unwrap_or(0);
        if certain == 0 {
            // A session that ends before the next look proves nothing of what it saw.
            self.between_checks = (held.len().min(self.between_checks) / FEWER).max(1);
        }
        for Held { work, visit, likeness, .. } in &held[..certain] {
            self.record(work, visit, *likeness);
        }
        // Backwards, since each goes to the front.
        for (index, Held { work, visit, alarming, .. }) in held.into_iter().enumerate().skip(certain).rev() {
            match work {
                Work::Page(next) => self.ask_again(next, &visit, alarming && index == certain),
                Work::Return(url) => self.comes_back_later(url),
                Work::Part(_) => {}
            }
        }
        let logins = self.who.logins;
        if !self.runner.restore(self.browser, self.who, self.cell).await? {
            return Ok(true);
        }
        self.came_anew |= self.who.logins > logins;
        Ok(false)
    }

    /// A page seen without a session is asked for once more, unless it is the one that ended it.
    fn ask_again(&mut self, next: Next, visit: &Visit, first: bool) {
        let deleted = visit.exchanges.iter().flat_map(|exchange| &exchange.sightings).any(|sighting| {
            matches!(sighting.decision, Decision::Deleted { .. })
                && self.who.login_cookies.contains(&sighting.name)
        });
        if first && deleted {
            self.asked_again.insert(next.address.clone(), MOST_TRIES);
            self.frontier.give_back(&next, SkipReason::LogsOut);
            return;
        }
        let tries = self.asked_again.entry(next.address.clone()).or_default();
        *tries += 1;
        if self.runner.recorder.is_kept() {
            let written = self.runner.masked(&next.address);
            self.lines.push(Line::Again(written.unwrap_or_else(|| next.address.clone())));
        }
        match *tries {
            0..=MOST_TRIES => self.again.push_front(next),
            _ => self.frontier.give_back(&next, SkipReason::SessionLost),
        }
    }

    /// The last good answer was a moment ago; until an alarm nothing says that the session is gone.
    pub(super) fn record_held(&mut self) {
        let held = std::mem::take(&mut self.held);
        let certain = held.iter().position(|held| held.alarming).unwrap_or(held.len());
        for (at, held) in held.into_iter().enumerate() {
            match at < certain {
                true => self.record(&held.work, &held.visit, held.likeness),
                false => self.held.push(held),
            }
        }
    }
}
