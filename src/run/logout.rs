//! The end of a session: the declared steps, what its probes ask of it, and some pages with what it
//! left.

use crate::engine::Ask;
use crate::observation::{Cell, Consent, Outcome, Phase, ProbeKind, ProbeResult};
use crate::plan::Probe;
use crate::run::context::{Ended, Runner, cell};
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::steps::Halt;

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
            Err(Halt::Failed(failure)) => Some(format!("{} failed: {}", failure.step, failure.why)),
        };
        if let Some(why) = &failed {
            self.warn(format!("{}: {why}", who.persona.name));
        }
        let after = Cell { phase: Phase::AfterLogout, ..crawl.clone() };
        let still = match who.persona.logged_in_when.clone() {
            Some(mark) => self.ask_mark(who, &after, &mark).await?.holds,
            None => false,
        };
        let how_failed = failed.or_else(|| still.then(|| "after the logout the mark still shows".to_owned()));
        for probe in about {
            let (result, evidence) = match (&how_failed, &probe.kind) {
                (Some(why), ProbeKind::ClearedOnLogout) if !still => {
                    (ProbeResult::Undecided { why: why.clone() }, Vec::new())
                }
                (_, ProbeKind::ClearedOnLogout) => {
                    self.cleared_by_logout(&before.jar, &who.session.jar, probe)
                }
                (Some(why), _) if !still => (ProbeResult::Undecided { why: why.clone() }, Vec::new()),
                _ => self.ended(who, &before, &after).await?,
            };
            outcomes.push(self.outcome(probe, result, evidence, None));
        }
        self.look_after_logout(who, &after).await?;
        Ok(outcomes)
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
