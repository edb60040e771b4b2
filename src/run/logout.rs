//! The end of a session: the declared steps, what its probes ask of it, and some pages with what it
//! left.

use crate::cookie::{CookiePlace, StoredCookie};
use crate::crawl::Danger;
use crate::engine::{Ask, Session};
use crate::observation::{Cell, Consent, Outcome, Phase, ProbeKind, ProbeResult};
use crate::plan::{Action, Probe, Step};
use crate::run::context::{Ended, cell};
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::side_requests::danger_of;
use crate::run::steps::Halt;
use std::collections::BTreeSet;

impl Runner<'_> {
    /// Logs out, and looks at what that left. `probes` are those of this persona.
    pub(super) async fn log_out(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        probes: &[Probe],
    ) -> Result<Vec<Outcome>, Ended> {
        let crawl = cell(&who.persona.name, &Consent::Untouched, Phase::Logout, 1);
        // Another persona's logout may have ended this session, where they share an account.
        if !self.is_logged_in(browser, who, &crawl).await? {
            self.restore(browser, who, &crawl).await?;
        }
        let mut outcomes = Vec::new();
        if who.is_there() {
            for probe in probes {
                if !self.is_asked_at_logout(who, probe) {
                    continue;
                }
                let (result, evidence, page) = self.logout_needs_token(browser, who, probe).await?;
                outcomes.push(self.outcome(probe, result, evidence, page));
            }
        }
        let about: Vec<&Probe> = probes.iter().filter(|probe| probe.is_about_logout()).collect();
        if !who.is_there() {
            let why = format!("{} was not logged in any more", who.persona.name);
            outcomes.extend(about.into_iter().map(|probe| {
                self.outcome(probe, ProbeResult::Undecided { why: why.clone() }, Vec::new(), None)
            }));
            return Ok(outcomes);
        }
        let before = who.session.clone();
        let steps = who.persona.logout.clone();
        let failed = match self.perform(browser, who, &crawl, &steps, "the logout").await {
            Ok(()) => None,
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                self.warn(format!("{}: {} failed: {}", who.persona.name, failure.step, failure.why));
                Some(failure.in_short("the logout step"))
            }
        };
        let only_asked = self.only_asks(who, &steps, &before);
        let after = Cell { phase: Phase::AfterLogout, ..crawl.clone() };
        // Where nothing tells whether the session goes on, it may.
        let still = match who.persona.logged_in_when.clone() {
            Some(mark) => {
                let marked = self.ask_mark(browser, who, &after, &mark).await?;
                marked.holds || marked.unclear
            }
            None => true,
        };
        // A page that asks whether one is sure has ended nothing, and neither has a step that failed:
        // that is the plan's matter, not the site's.
        let not_done = failed.or_else(|| {
            let sent = only_asked.filter(|_| still)?;
            Some(format!(
                "the logout step failed, {sent} took no cookie away and led to a page with something to press; it \
                 may only ask whether one is sure (a further step can press it)"
            ))
        });
        if let Some(why) = &not_done {
            // What a logout that does not work leaves shows nothing of what it needs.
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.result == ProbeResult::Holds) {
                outcome.result = ProbeResult::NotDone { why: why.clone() };
            }
        }
        for probe in about {
            let (result, evidence) = match (&not_done, &probe.kind) {
                (Some(why), _) => (ProbeResult::NotDone { why: why.clone() }, Vec::new()),
                (None, ProbeKind::ClearedOnLogout) => {
                    self.cleared_by_logout(&before.jar, &who.session.jar, probe)
                }
                (None, _) => self.ended(browser, who, &before, &after).await?,
            };
            outcomes.push(self.outcome(probe, result, evidence, None));
        }
        if not_done.is_none() {
            self.look_after_logout(who, &after).await?;
        }
        Ok(outcomes)
    }

    /// What was sent last, where it led to a page that has something to press, and no cookie went
    /// away by it: a question rather than a logout. A page that it led on to is one only by its
    /// address (`/logout/confirm`): every page of a site may have a button for logging out.
    fn only_asks(&self, who: &PersonaSession, steps: &[Step], before: &Session) -> Option<String> {
        let acts = |step: &&Step| !matches!(step.action, Action::Expect(_) | Action::Wait { .. });
        let last = steps.iter().rev().find(acts)?;
        let shown = who.shown.as_ref()?;
        let sent = shown.sent.clone()?;
        let stayed = match &last.action {
            Action::Open { .. } | Action::Follow { .. } => {
                sent.strip_prefix("GET ") == Some(shown.url.path())
            }
            Action::Submit(_) | Action::Totp { .. } | Action::Click { .. } => false,
            _ => return None,
        };
        let places: BTreeSet<CookiePlace> = who.session.jar.iter().map(StoredCookie::place).collect();
        let kept = before.jar.iter().all(|cookie| places.contains(&cookie.place()));
        let text = shown.text.to_ascii_lowercase();
        let asks = ["<form", "<button"].iter().any(|tag| text.contains(tag));
        let by_name = danger_of(&shown.url) == Some(Danger::LogsOut);
        (kept && asks && (stayed || by_name)).then_some(sent)
    }

    /// Some pages again, with what the logout left.
    async fn look_after_logout(&mut self, who: &mut PersonaSession, after: &Cell) -> Result<(), Ended> {
        let mut pages = vec![self.target.url.clone()];
        pages.extend(who.some_pages.iter().filter(|page| **page != self.target.url).cloned());
        let engine = who.engine.clone();
        for page in pages {
            let ask = Ask::page(after.clone(), page);
            self.visit(&engine, &mut who.session, &ask, As::Look).await?;
        }
        Ok(())
    }
}
