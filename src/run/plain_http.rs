//! The site over plain http, where it has https: the addresses that plan and manifest give it, the
//! pages where people log in, and, last of all, the login itself. One address that redirects does not
//! speak for a form that is sent to another.

use crate::engine::Ask;
use crate::observation::{Consent, FailureKind, Outcome, Phase, ProbeKind, ProbeResult, Resource};
use crate::plan::{Action, Probe};
use crate::run::context::{Ended, cell};
use crate::run::persona::PersonaSession;
use crate::run::probes::{is_no_word, listed};
use crate::run::recorder::As;
use crate::run::runner::Runner;
use crate::run::state::Line;
use crate::run::steps::Halt;
use std::collections::BTreeSet;
use url::Url;

impl Runner<'_> {
    /// The persona's login made over plain http, as somebody would whose browser knows no better. It
    /// carries a password in the clear, so it is made on this machine only, or where the plan says so.
    pub(super) async fn log_in_over_http(
        &mut self,
        who: &PersonaSession,
        probes: &[Probe],
    ) -> Result<Option<Outcome>, Ended> {
        let Some(probe) = probes.iter().find(|probe| probe.kind == ProbeKind::LoginOverHttp) else {
            return Ok(None);
        };
        let Some(origin) = self.http_origins().into_iter().next() else { return Ok(None) };
        let ask = Ask {
            resource: Resource::WellKnown,
            ..Ask::page(cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1), origin.clone())
        };
        let mut nobody = self.fresh_session(&who.persona).await.unwrap_or_default();
        let engine = who.engine.clone();
        let visit = self.visit(&engine, &mut nobody, &ask, As::Guess).await?;
        let nothing_there = |kind: FailureKind| matches!(kind, FailureKind::Refused | FailureKind::Connect);
        if visit.failure.as_ref().is_some_and(|failure| nothing_there(failure.kind)) {
            return Ok(None);
        }
        let (result, evidence) = match self.may_log_in_over_http(who, &origin) {
            Err(why) => (ProbeResult::NotDone { why }, Vec::new()),
            Ok(()) => self.made_over_http(who, origin).await?,
        };
        Ok(Some(self.outcome(probe, result, evidence, None)))
    }

    fn may_log_in_over_http(&self, who: &PersonaSession, origin: &Url) -> Result<(), String> {
        let name = &who.persona.name;
        if !self.plan.probes.login_over_http && !self.plan.http.is_local(origin) {
            return Err(format!(
                "{name}'s login was not sent over plain http, since its password would go in the clear; \
                 `login_over_http = true` under [probes] sends it"
            ));
        }
        let by_hand = |action: &Action| {
            matches!(
                action,
                Action::MailLink(_) | Action::Click { .. } | Action::Fill { .. } | Action::Wait { .. }
            )
        };
        if who.persona.login.iter().any(|step| by_hand(&step.action)) {
            return Err(format!(
                "{name}'s login needs a browser or a mail, and was not made over plain http"
            ));
        }
        if who.logins >= who.persona.login_budget {
            return Err(format!(
                "{name}'s budget of logins was used up before the login over plain http; raise `login_budget`"
            ));
        }
        Ok(())
    }

    async fn made_over_http(
        &mut self,
        who: &PersonaSession,
        origin: Url,
    ) -> Result<(ProbeResult, Vec<String>), Ended> {
        let mut other = who.clone();
        match self.fresh_session(&who.persona).await {
            Ok(session) => other.session = session,
            Err(why) => return Ok((ProbeResult::NotDone { why }, Vec::new())),
        }
        self.keep_at_once(&Line::Login(who.persona.name.clone()));
        (other.shown, other.json, other.over_http) = (None, None, Some(origin));
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        self.set_over_http = Some(BTreeSet::new());
        let steps = who.persona.login.clone();
        let end = self.perform(&mut None, &mut other, &probing, &steps, "the login over plain http").await;
        let set = self.set_over_http.take().unwrap_or_default();
        let evidence = vec![format!("the login over plain http set there: {}", listed(&set))];
        let refused = |other: &PersonaSession| {
            other
                .shown
                .as_ref()
                .is_some_and(|shown| !is_no_word(shown.last_status()) || shown.last_status() == 404)
        };
        let result = match end {
            Err(Halt::Ended(ended)) => return Err(ended),
            _ if !set.is_empty() => {
                ProbeResult::Fails { what: format!("the login over plain http sets {}", listed(&set)) }
            }
            // What is not answered at all over http, or sent away, sets nothing there.
            Err(Halt::Failed(failure)) if failure.answered.is_none() || !refused(&other) => {
                ProbeResult::NotDone { why: failure.in_short("a step of the login over plain http") }
            }
            Ok(()) | Err(Halt::Failed(_)) => ProbeResult::Holds,
        };
        Ok((result, evidence))
    }
}
