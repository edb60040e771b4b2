//! A form sent without its token's cookie (`required_for` a class of endpoints): the login's, made
//! once more, or the logout's, after which the session must stay.

use crate::manifest::PageClass;
use crate::observation::{Consent, Phase, ProbeKind, ProbeResult};
use crate::plan::{Probe, Step, TriedAt, token_is_tried};
use crate::run::context::{Ended, cell};
use crate::run::persona::{PersonaSession, place};
use crate::run::probes::{ProbeAnswer, drop_cookies, held, is_no_word, listed, not_done, undecided};
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::state::Line;
use crate::run::steps::{Halt, StepFailure};

impl Runner<'_> {
    /// The login made once more, its form sent without the token's cookie.
    pub(in crate::run) async fn token_required(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        probe: &Probe,
    ) -> Result<ProbeAnswer, Ended> {
        let items = self.items(probe);
        let steps = who.persona.login.clone();
        let Some(sends) = steps.iter().position(Step::sends) else {
            return Ok(undecided("no step of the login sends anything".into()));
        };
        if who.logins >= who.persona.login_budget {
            return Ok(undecided("the budget of logins is used up; raise `login_budget`".into()));
        }
        self.keep_at_once(&Line::Login(who.persona.name.clone()));
        who.logins += 1;
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut other = who.clone();
        match self.fresh_session(&who.persona).await {
            Ok(session) => other.session = session,
            Err(why) => return Ok(undecided(why)),
        }
        other.shown = None;
        match self
            .perform(browser, &mut other, &probing, &steps[..sends], "the login without its token")
            .await
        {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => return Ok(not_done(failure.in_short("the login step"))),
        }
        let names = held(&other.session.jar, &items);
        if names.is_empty() {
            return Ok(undecided("the page of the form sets no such cookie".into()));
        }
        drop_cookies(&mut other.session.jar, &items);
        let without = listed(&names);
        let page = other.shown.as_ref().map(|shown| shown.url.clone());
        let refused = match self
            .perform(browser, &mut other, &probing, &steps[sends..=sends], "the login without its token")
            .await
        {
            Ok(()) => other.shown.as_ref().and_then(|shown| {
                let usual = who.sent_to.as_deref()?;
                (place(&shown.url) != usual).then(|| format!("led to {}", shown.url.path()))
            }),
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => match refusal(&other, &failure) {
                Some(status) => Some(format!("was answered {status}")),
                None => return Ok(not_done(failure.in_short("the login step"))),
            },
        };
        if let Some(why) = self.is_elsewhere(probe, &other) {
            return Ok(undecided(why));
        }
        let evidence = vec![match &refused {
            Some(how) => format!("the form sent without {without} {how}"),
            None => format!("the form sent without {without} led where it always leads"),
        }];
        let result = match refused {
            Some(_) => ProbeResult::Holds,
            None => ProbeResult::Fails { what: format!("the login form is accepted without {without}") },
        };
        Ok((result, evidence, page))
    }

    /// The logout's form sent without the token's cookie: the session must stay.
    pub(in crate::run) async fn logout_needs_token(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        probe: &Probe,
    ) -> Result<ProbeAnswer, Ended> {
        let items = self.items(probe);
        let steps = who.persona.logout.clone();
        let (Some(sends), Some(mark)) =
            (steps.iter().position(Step::sends), who.persona.logged_in_when.clone())
        else {
            return Ok(undecided("the logout sends nothing, or `logged_in_when` is missing".into()));
        };
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut other = who.clone();
        match self
            .perform(browser, &mut other, &probing, &steps[..sends], "the logout without its token")
            .await
        {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => return Ok(not_done(failure.in_short("the logout step"))),
        }
        let names = held(&other.session.jar, &items);
        if names.is_empty() {
            return Ok(undecided("there is no such cookie".into()));
        }
        drop_cookies(&mut other.session.jar, &items);
        match self
            .perform(browser, &mut other, &probing, &steps[sends..=sends], "the logout without its token")
            .await
        {
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) if refusal(&other, &failure).is_none() => {
                return Ok(not_done(failure.in_short("the logout step")));
            }
            Ok(()) | Err(Halt::Failed(_)) => {}
        }
        if let Some(why) = self.is_elsewhere(probe, &other) {
            return Ok(undecided(why));
        }
        let marked = self.ask_mark(browser, who, &probing, &mark).await?;
        if marked.unclear {
            return Ok(not_done(format!("whether the session stays could not be seen: {}", marked.why)));
        }
        let without = listed(&names);
        let evidence = vec![format!(
            "the logout sent without {without}: the session {}",
            if marked.holds { "stays" } else { "is gone" }
        )];
        if !marked.holds {
            self.restore(browser, who, &probing).await?;
        }
        let result = match marked.holds {
            true => ProbeResult::Holds,
            false => ProbeResult::Fails { what: format!("the logout is accepted without {without}") },
        };
        Ok((result, evidence, other.shown.map(|shown| shown.url)))
    }

    /// A token's probe that the login does not answer, because the class is the logout's.
    pub(in crate::run) fn is_asked_at_logout(&self, who: &PersonaSession, probe: &Probe) -> bool {
        probe.kind == ProbeKind::TokenRequired && self.is_tried_at(who, probe) != Some(TriedAt::Login)
    }

    pub(in crate::run) fn is_tried_at(&self, who: &PersonaSession, probe: &Probe) -> Option<TriedAt> {
        token_is_tried(&who.persona, self.class_of(probe)?)
    }

    fn class_of(&self, probe: &Probe) -> Option<&PageClass> {
        probe.pages.as_ref().and_then(|class| self.manifest?.pages.get(class))
    }

    /// Where the form was sent, if the class is of requests and that is none of them.
    fn is_elsewhere(&self, probe: &Probe, who: &PersonaSession) -> Option<String> {
        let class = self.class_of(probe).filter(|class| !class.requests.is_empty())?;
        let sent = who.shown.as_ref()?.sent.as_deref()?;
        let mut words = sent.split_whitespace();
        let (method, path) = (words.next()?, words.next()?);
        let url = self.site.on_target(path)?;
        let name = probe.pages.as_deref().unwrap_or_default();
        (!class.contains_request(method, &url))
            .then(|| format!("the form goes to {method} {path}, which is not in `{name}`"))
    }
}

/// The status by which a site refused the request of a failed step; none where the step failed
/// otherwise, or the answer says nothing of the token.
fn refusal(who: &PersonaSession, failure: &StepFailure) -> Option<u16> {
    failure.answered.as_ref()?;
    who.shown.as_ref().map(|shown| shown.last_status()).filter(|status| !is_no_word(*status))
}
