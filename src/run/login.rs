//! Logging in: the declared steps, within the budget, and whether they led where they should.

use crate::cookie::{CookieValue, Jar, StoredCookie};
use crate::observation::{Cell, Consent, Phase, Reached};
use crate::plan::{Action, Step};
use crate::run::context::{Ended, cell};
use crate::run::jars;
use crate::run::persona::PersonaSession;
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::state::Line;
use crate::run::steps::{Halt, StepFailure};
use std::collections::BTreeMap;

impl Runner<'_> {
    /// Logs in for the first time, and proves it. Whether it got there is in `who.reached`.
    pub(super) async fn log_in(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        consent: &Consent,
    ) -> Result<(), Ended> {
        let login = cell(&who.persona.name, consent, Phase::Login, 1);
        if let Some(mark) = who.persona.logged_in_when.clone()
            && !who.persona.login.is_empty()
        {
            self.ask_mark_as_nobody(who, &mark).await?;
        }
        if who.logins > 0 && who.logins >= who.persona.login_budget {
            let budget = who.persona.login_budget;
            let why =
                format!("the run was interrupted during a login, and the budget of {budget} is used up");
            who.reached =
                Some(self.not_reached(who, StepFailure { step: "the login".into(), why, answered: None }));
            return Ok(());
        }
        self.attempt(browser, who, &login).await
    }

    /// One more login, after this choice about cookies was recorded.
    pub(super) async fn log_in_having(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        choice: Vec<StoredCookie>,
        consent: &Consent,
    ) -> Result<(), Ended> {
        who.choice = choice;
        let login = cell(&who.persona.name, consent, Phase::Login, 1);
        self.attempt(browser, who, &login).await
    }

    /// After the session is gone: as an application would, by the plan's `refresh`; where there is none, or
    /// it does not help, by a new login. False: it is lost for good.
    pub(super) async fn restore(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        here: &Cell,
    ) -> Result<bool, Ended> {
        let name = who.persona.name.clone();
        if self.refreshed(browser, who, here).await? {
            self.detail(format!("{name}: the session had run out, and the refresh renewed it"));
            return Ok(true);
        }
        who.lost += 1;
        self.warn(format!("{name}: the session was lost; logging in again"));
        self.log_in_again(browser, who, here).await
    }

    /// Whether the plan's `refresh` brings the session back. What it changed is what later logins of the same
    /// session begin with: a token that was used up is not shown again.
    async fn refreshed(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        here: &Cell,
    ) -> Result<bool, Ended> {
        let Some(request) = who.persona.refresh.clone() else { return Ok(false) };
        let asks = Cell { phase: Phase::Probe, ..here.clone() };
        let before: BTreeMap<jars::Key, CookieValue> = values(&who.session.jar).collect();
        let step = Step { action: Action::Request(request), place: who.persona.place };
        match self.perform(browser, who, &asks, &[step], "the refresh").await {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                let why = self.references.mask(&failure.why);
                self.detail(format!("{}: {} failed: {why}", who.persona.name, failure.step));
                return Ok(false);
            }
        }
        if !self.is_logged_in(browser, who, &asks).await? {
            return Ok(false);
        }
        let new =
            who.session.jar.iter().filter(|cookie| before.get(&jars::key(cookie)) != Some(&cookie.value));
        let new: Vec<StoredCookie> = new.cloned().collect();
        new.into_iter().for_each(|cookie| who.login_jar.insert(cookie));
        Ok(true)
    }

    /// Logs in anew after the session was lost, within the budget. False: it is lost for good.
    async fn log_in_again(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        crawl: &Cell,
    ) -> Result<bool, Ended> {
        if who.logins >= who.persona.login_budget {
            let why = format!(
                "the session was lost and the budget of {} logins is used up",
                who.persona.login_budget
            );
            self.warn(format!("{}: {why}", who.persona.name));
            who.reached = Some(Reached::Lost { why });
            return Ok(false);
        }
        let login = Cell { phase: Phase::Login, ..crawl.clone() };
        self.recorder.has_nothing();
        self.attempt(browser, who, &login).await?;
        if let Some(Reached::No { step, why }) = who.reached.clone() {
            let why = format!("the session was lost, and logging in again failed: {step}: {why}");
            who.reached = Some(Reached::Lost { why });
        }
        Ok(who.is_there())
    }

    /// Comes back as somebody who was there before the run was interrupted, within the budget.
    pub(super) async fn come_anew(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        login: &Cell,
    ) -> Result<(), Ended> {
        let name = who.persona.name.clone();
        if who.persona.visitor.logged_in && who.logins >= who.persona.login_budget {
            let budget = who.persona.login_budget;
            let why = format!("the run was interrupted and the budget of {budget} logins is used up");
            self.warn(format!("{name}: {why}; raise `login_budget`"));
            who.reached = Some(Reached::Lost { why });
            return Ok(());
        }
        self.attempt(browser, who, login).await?;
        if let Some(Reached::No { step, why }) = who.reached.clone() {
            let why = format!("the run was interrupted, and coming back failed: {step}: {why}");
            who.reached = Some(Reached::Lost { why });
        }
        Ok(())
    }

    /// One login from the start, with nothing in the jar but a recorded choice.
    async fn attempt(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        login: &Cell,
    ) -> Result<(), Ended> {
        if who.persona.visitor.logged_in {
            // Before it is made: whoever goes on after a crash has made it.
            self.keep_at_once(&Line::Login(who.persona.name.clone()));
            who.logins += 1;
        }
        who.shown = None;
        who.sent_to = None;
        who.landing = None;
        who.json = None;
        match self.fresh_session(&who.persona).await {
            Ok(session) => who.session = session,
            Err(why) => {
                let step = format!("the headers of {}", who.persona.name);
                who.reached = Some(self.not_reached(who, StepFailure { step, why, answered: None }));
                return Ok(());
            }
        }
        who.choice.iter().for_each(|cookie| who.session.jar.insert(cookie.clone()));
        let steps = who.persona.login.clone();
        match self.perform(browser, who, login, &steps, "the login").await {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                who.reached = Some(self.not_reached(who, failure));
                return Ok(());
            }
        }
        who.login_cookies = who.session.jar.iter().map(|cookie| cookie.name.clone()).collect();
        // The address of a script's request is no page.
        let landing = who.shown.as_ref().filter(|shown| shown.navigated).map(|shown| shown.url.clone());
        who.landing = landing.filter(|url| self.site.is_own(url));
        who.reached = Some(self.prove(browser, who, login).await?);
        who.login_jar = who.session.jar.clone();
        Ok(())
    }

    fn not_reached(&self, who: &PersonaSession, failure: StepFailure) -> Reached {
        let why = self.references.mask(&failure.why);
        self.warn(format!("{}: {} failed: {why}", who.persona.name, failure.step));
        Reached::No { step: failure.step, why }
    }

    /// Whether the login worked: by the mark, or, without one, by what the last answer looks like.
    async fn prove(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        login: &Cell,
    ) -> Result<Reached, Ended> {
        let last = who.persona.login.last().map_or(who.persona.place, |step| step.place);
        let step = format!("the proof of the login ({}:{})", self.plan.file, last.line);
        let Some(mark) = who.persona.logged_in_when.clone() else {
            if !who.persona.visitor.logged_in {
                return Ok(Reached::Yes);
            }
            return Ok(match who.shown.as_ref().and_then(|shown| shown.looks_refused()) {
                Some(why) => self.not_reached(who, StepFailure { step, why, answered: None }),
                None => {
                    self.warn(format!(
                        "{}: nothing in the plan proves the login; `logged_in_when` names a page and a mark on it",
                        who.persona.name
                    ));
                    Reached::Unproven
                }
            });
        };
        let marked = self.ask_mark(browser, who, login, &mark).await?;
        if marked.holds {
            return Ok(if who.unproven { Reached::Unproven } else { Reached::Yes });
        }
        let mut why = marked.why;
        if let Some(refused) = who.shown.as_ref().and_then(|shown| shown.looks_refused()) {
            why = format!("{why}. Before that, {refused}");
        }
        let step = format!("the proof of the login ({}:{})", self.plan.file, mark.place.line);
        Ok(self.not_reached(who, StepFailure { step, why, answered: None }))
    }
}

fn values(jar: &Jar) -> impl Iterator<Item = (jars::Key, CookieValue)> {
    jar.iter().map(|cookie| (jars::key(cookie), cookie.value.clone()))
}
