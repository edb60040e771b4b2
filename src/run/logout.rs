//! The end of a session: the declared steps, what its probes ask of it, and some pages with what it
//! left.

use crate::cookie::{CookiePlace, StoredCookie};
use crate::engine::{Ask, Session};
use crate::observation::{Cell, Consent, Outcome, Phase, ProbeKind, ProbeResult};
use crate::plan::{Action, Probe, Step};
use crate::run::context::{Ended, Runner, cell};
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::steps::Halt;
use std::collections::BTreeSet;

impl Runner<'_> {
    /// Logs out, and looks at what that left. `probes` are those of this persona.
    pub(super) async fn log_out(
        &mut self,
        who: &mut PersonaSession,
        probes: &[Probe],
    ) -> Result<Vec<Outcome>, Ended> {
        let crawl = cell(&who.persona.name, &Consent::Untouched, Phase::Logout, 1);
        // Another persona's logout may have ended this session, where they share an account.
        if !self.is_logged_in(who, &crawl).await? {
            who.lost += 1;
            self.log_in_again(who, &crawl).await?;
        }
        let mut outcomes = Vec::new();
        if who.is_there() {
            for probe in probes {
                if !self.is_asked_at_logout(who, probe) {
                    continue;
                }
                let (result, evidence, page) = self.logout_needs_token(who, probe).await?;
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
        let failed = match self.perform(who, &crawl, &steps, "the logout").await {
            Ok(()) => None,
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                let answer = refused(who).unwrap_or_else(|| format!("{}: {}", failure.step, failure.why));
                Some(format!("the logout step failed, {answer}"))
            }
        };
        let only_asked = self.only_shown(who, &steps, &before);
        if let Some(why) = &failed {
            self.warn(format!("{}: {why}", who.persona.name));
        }
        let after = Cell { phase: Phase::AfterLogout, ..crawl.clone() };
        let still = match who.persona.logged_in_when.clone() {
            Some(mark) => self.ask_mark(who, &after, &mark).await?.holds,
            None => false,
        };
        // A page that asks whether one is sure has ended nothing, and neither has a step that failed:
        // that is the plan's matter, not the site's.
        let not_done = failed.or_else(|| {
            let page = only_asked.filter(|_| still)?;
            Some(format!(
                "the logout step failed, GET {page} changed nothing and the session goes on; it may only ask whether one is sure"
            ))
        });
        for probe in about {
            let (result, evidence) = match (&not_done, &probe.kind) {
                (Some(why), _) => (ProbeResult::NotDone { why: why.clone() }, Vec::new()),
                (None, ProbeKind::ClearedOnLogout) => {
                    self.cleared_by_logout(&before.jar, &who.session.jar, probe)
                }
                (None, _) => self.ended(who, &before, &after).await?,
            };
            outcomes.push(self.outcome(probe, result, evidence, None));
        }
        if not_done.is_none() {
            self.look_after_logout(who, &after).await?;
        }
        Ok(outcomes)
    }

    /// The page that the logout's steps only opened, and that has something to press: nothing was
    /// sent, it stayed where it was, and no cookie went away. None where they did something.
    fn only_shown(&self, who: &PersonaSession, steps: &[Step], before: &Session) -> Option<String> {
        let opens = steps.iter().all(|step| matches!(step.action, Action::Open { .. } | Action::Expect(_)));
        let opened = steps.iter().rev().find_map(|step| match &step.action {
            Action::Open { url } => self.site.on_target(url),
            _ => None,
        })?;
        let shown = who.shown.as_ref()?;
        let places: BTreeSet<CookiePlace> = who.session.jar.iter().map(StoredCookie::place).collect();
        let kept = before.jar.iter().all(|cookie| places.contains(&cookie.place()));
        let asks = ["<form", "<button"].iter().any(|tag| shown.text.to_ascii_lowercase().contains(tag));
        (opens && kept && asks && shown.url.path() == opened.path()).then(|| opened.path().to_owned())
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

/// `GET /logout answered 405`, where that is why a step failed.
fn refused(who: &PersonaSession) -> Option<String> {
    let shown = who.shown.as_ref().filter(|shown| shown.status >= 400)?;
    Some(format!("{} answered {}", shown.sent.as_ref()?, shown.status))
}
