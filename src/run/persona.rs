//! A persona at work: its session, how it logged in, and whether it still is.

use super::context::{Ended, Runner, cell};
use super::html;
use super::recorder::As;
use super::rendered_links::SharedFrontier;
use super::steps::{Halt, Shown, StepFailure};
use crate::cookie::{Jar, Name, StoredCookie};
use crate::crawl::PageGroups;
use crate::engine::{Ask, HttpEngine, Session, Visit};
use crate::manifest::{Manifest, PagePattern};
use crate::observation::{Cell, Consent, PersonaCoverage, Phase, Reached, Resource};
use crate::plan::{Mark, Persona};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Pages remembered for each class, to be asked again by probes.
const PAGES_PER_CLASS: usize = 5;
/// Pages remembered for the look after the logout.
const PAGES_FOR_LATER: usize = 10;

/// A persona with its session.
#[derive(Clone)]
pub(super) struct PersonaSession {
    pub(super) persona: Persona,
    pub(super) engine: HttpEngine,
    pub(super) session: Session,
    /// The last document or answer.
    pub(super) shown: Option<Shown>,
    /// The last answer that was JSON.
    pub(super) json: Option<serde_json::Value>,
    /// Mails that were there before, or were used.
    pub(super) mails: BTreeSet<String>,
    pub(super) logins: u32,
    pub(super) lost: u32,
    pub(super) reached: Option<Reached>,
    /// The mark shows to everybody, so it proves nothing.
    pub(super) unproven: bool,
    /// Names of the cookies that the login set or changed.
    pub(super) login_cookies: BTreeSet<Name>,
    /// Where login forms were sent from.
    pub(super) login_pages: BTreeSet<String>,
    /// Where the login's first form or request led, when it worked.
    pub(super) sent_to: Option<String>,
    /// The page where the login ended; its address may carry the session.
    pub(super) landing: Option<Url>,
    /// A recorded choice about cookies that its logins begin with.
    pub(super) choice: Vec<StoredCookie>,
    /// The jar as the login left it.
    pub(super) login_jar: Jar,
    /// Pages that answered, by class of the manifest.
    pub(super) pages: BTreeMap<String, Vec<Url>>,
    pub(super) some_pages: Vec<Url>,
    /// Its pages by kind, where a browser will look again.
    pub(super) kinds: PageGroups,
    /// What was and was not followed, for the browser to go on from.
    pub(super) frontier: Option<SharedFrontier>,
    /// The mark shows only where scripts run.
    pub(super) marked_by_script: bool,
}

/// What asking for the mark showed.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) holds: bool,
    /// No answer that decides: a failure, a 5xx.
    pub(super) unclear: bool,
    /// The page came, and a script may show the mark on it.
    pub(super) by_script: bool,
    /// What came instead, in words without secrets.
    pub(super) why: String,
}

impl PersonaSession {
    pub(super) fn new(persona: Persona, engine: HttpEngine) -> PersonaSession {
        PersonaSession {
            persona,
            engine,
            session: Session::default(),
            shown: None,
            json: None,
            mails: BTreeSet::new(),
            logins: 0,
            lost: 0,
            reached: None,
            unproven: false,
            login_cookies: BTreeSet::new(),
            login_pages: BTreeSet::new(),
            sent_to: None,
            landing: None,
            choice: Vec::new(),
            login_jar: Jar::default(),
            pages: BTreeMap::new(),
            some_pages: Vec::new(),
            kinds: PageGroups::default(),
            frontier: None,
            marked_by_script: false,
        }
    }

    /// Whether it got where it should, as far as is known.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.reached, Some(Reached::Yes | Reached::Unproven))
    }

    pub(super) fn coverage(&self, consent: &Consent) -> PersonaCoverage {
        PersonaCoverage {
            name: self.persona.name.clone(),
            visitor: self.persona.visitor,
            consent: consent.clone(),
            reached: self.reached.clone().unwrap_or_else(|| Reached::No {
                step: "the start".into(),
                why: "the run ended before this visitor's turn".into(),
            }),
            logins: self.logins,
            sessions_lost: self.lost,
        }
    }

    /// The mark at the address where the login ended, if that is the mark's page: sites that carry
    /// the session in the URL know the visitor nowhere else. A mark may have `*` in its path.
    pub(super) fn own_mark(&self, mark: &Mark) -> Mark {
        let Some(landing) = &self.landing else { return mark.clone() };
        let is_it = PagePattern::new(mark.url.split('?').next().unwrap_or_default())
            .is_ok_and(|pattern| pattern.matches(landing));
        let carries = landing.query().is_some() || landing.path().contains(';') || mark.url.contains('*');
        match is_it && carries && !mark.url.contains('?') {
            true => Mark { url: landing.to_string(), ..mark.clone() },
            false => mark.clone(),
        }
    }

    /// Whether a page is one of those where logins begin.
    pub(super) fn is_login_page(&self, url: &Url) -> bool {
        self.login_pages.contains(place(url))
    }

    pub(super) fn add_login_page(&mut self, url: &Url) {
        self.login_pages.insert(place(url).to_owned());
    }

    /// Remembers a page that answered, for probes and for the look after the logout.
    pub(super) fn remember_page(&mut self, manifest: Option<&Manifest>, visit: &Visit) {
        if visit.status != 200 || place(&visit.shown) != place(&visit.asked) {
            return;
        }
        if self.some_pages.len() < PAGES_FOR_LATER && !self.some_pages.contains(&visit.asked) {
            self.some_pages.push(visit.asked.clone());
        }
        for (name, class) in manifest.into_iter().flat_map(|manifest| &manifest.pages) {
            if self.pages.get(name).is_some_and(|pages| pages.len() >= PAGES_PER_CLASS) {
                continue;
            }
            if class.patterns.iter().any(|pattern| pattern.matches(&visit.asked)) {
                let pages = self.pages.entry(name.clone()).or_default();
                if !pages.contains(&visit.asked) {
                    pages.push(visit.asked.clone());
                }
            }
        }
    }
}

impl Runner<'_> {
    /// Logs in for the first time, and proves it. Whether it got there is in `who.reached`.
    pub(super) async fn log_in(&mut self, who: &mut PersonaSession, consent: &Consent) -> Result<(), Ended> {
        let login = cell(&who.persona.name, consent, Phase::Login, 1);
        if let Some(mark) = who.persona.logged_in_when.clone()
            && !who.persona.login.is_empty()
        {
            self.ask_mark_as_nobody(who, &mark).await?;
        }
        self.attempt(who, &login).await
    }

    /// One more login, after this choice about cookies was recorded.
    pub(super) async fn log_in_having(
        &mut self,
        who: &mut PersonaSession,
        choice: Vec<StoredCookie>,
        consent: &Consent,
    ) -> Result<(), Ended> {
        who.choice = choice;
        let login = cell(&who.persona.name, consent, Phase::Login, 1);
        self.attempt(who, &login).await
    }

    /// Logs in anew after the session was lost, within the budget. False: it is lost for good.
    pub(super) async fn log_in_again(
        &mut self,
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
        self.attempt(who, &login).await?;
        if let Some(Reached::No { step, why }) = who.reached.clone() {
            let why = format!("the session was lost, and logging in again failed: {step}: {why}");
            who.reached = Some(Reached::Lost { why });
        }
        Ok(who.is_there())
    }

    /// One login from the start, with nothing in the jar but a recorded choice.
    async fn attempt(&mut self, who: &mut PersonaSession, login: &Cell) -> Result<(), Ended> {
        who.logins += u32::from(who.persona.visitor.logged_in);
        who.shown = None;
        who.sent_to = None;
        who.landing = None;
        who.json = None;
        match self.fresh_session(&who.persona).await {
            Ok(session) => who.session = session,
            Err(why) => {
                let step = format!("the headers of {}", who.persona.name);
                who.reached = Some(self.not_reached(who, StepFailure { step, why }));
                return Ok(());
            }
        }
        who.choice.iter().for_each(|cookie| who.session.jar.insert(cookie.clone()));
        let steps = who.persona.login.clone();
        match self.perform(who, login, &steps, "the login").await {
            Ok(()) => {}
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                who.reached = Some(self.not_reached(who, failure));
                return Ok(());
            }
        }
        who.login_cookies = who.session.jar.iter().map(|cookie| cookie.name.clone()).collect();
        let landing = who.shown.as_ref().map(|shown| shown.url.clone());
        who.landing = landing.filter(|url| self.hosts.is_own(url));
        who.reached = Some(self.prove(who, login).await?);
        who.login_jar = who.session.jar.clone();
        Ok(())
    }

    fn not_reached(&self, who: &PersonaSession, failure: StepFailure) -> Reached {
        let why = self.references.mask(&failure.why);
        self.warn(format!("{}: {} failed: {why}", who.persona.name, failure.step));
        Reached::No { step: failure.step, why }
    }

    /// Whether the login worked: by the mark, or, without one, by what the last answer looks like.
    async fn prove(&mut self, who: &mut PersonaSession, login: &Cell) -> Result<Reached, Ended> {
        let last = who.persona.login.last().map_or(who.persona.place, |step| step.place);
        let step = format!("the proof of the login ({}:{})", self.plan.file, last.line);
        let Some(mark) = who.persona.logged_in_when.clone() else {
            if !who.persona.visitor.logged_in {
                return Ok(Reached::Yes);
            }
            return Ok(match who.shown.as_ref().and_then(|shown| shown.looks_refused()) {
                Some(why) => self.not_reached(who, StepFailure { step, why }),
                None => {
                    self.warn(format!(
                        "{}: nothing in the plan proves the login; `logged_in_when` names a page and a mark on it",
                        who.persona.name
                    ));
                    Reached::Unproven
                }
            });
        };
        let marked = self.ask_mark(who, login, &mark).await?;
        if marked.holds {
            return Ok(if who.unproven { Reached::Unproven } else { Reached::Yes });
        }
        let mut why = marked.why;
        if let Some(refused) = who.shown.as_ref().and_then(|shown| shown.looks_refused()) {
            why = format!("{why}. Before that, {refused}");
        }
        let step = format!("the proof of the login ({}:{})", self.plan.file, mark.place.line);
        Ok(self.not_reached(who, StepFailure { step, why }))
    }

    /// Whether the persona still is logged in. A page that does not answer now proves nothing.
    pub(super) async fn is_logged_in(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
    ) -> Result<bool, Ended> {
        let Some(mark) = who.persona.logged_in_when.clone() else { return Ok(true) };
        let marked = self.ask_mark(who, cell, &mark).await?;
        if !marked.holds && !marked.unclear {
            self.detail(format!("{}: {}", who.persona.name, marked.why));
        }
        Ok(marked.holds || marked.unclear)
    }

    /// Asks for the mark with the persona's session.
    pub(super) async fn ask_mark(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let mark = who.own_mark(mark);
        if !who.marked_by_script || self.browser.is_none() {
            let engine = who.engine.clone();
            let marked = self.mark_with(&engine, &mut who.session, cell, &mark).await?;
            if marked.holds || !marked.by_script || self.browser.is_none() {
                return Ok(marked);
            }
        }
        self.rendered_mark(who, cell, &mark).await
    }

    /// Asks for the mark with any session.
    pub(super) async fn mark_with(
        &mut self,
        engine: &HttpEngine,
        session: &mut Session,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let Some(url) = self.hosts.on_target(&mark.url) else {
            let why = format!("`{}` is no address", mark.url);
            return Ok(Marked { holds: false, unclear: false, by_script: false, why });
        };
        let ask = Ask { resource: Resource::Step, ..Ask::page(cell.clone(), url) };
        let visit = self.visit(engine, session, &ask, As::Look).await?;
        Ok(self.judge(mark, &visit))
    }

    /// A mark that shows without a login proves none. Asked once, as a first-time visitor.
    async fn ask_mark_as_nobody(&mut self, who: &mut PersonaSession, mark: &Mark) -> Result<(), Ended> {
        let anonymous = self.anonymous();
        let mut session = self.fresh_session(&anonymous).await.unwrap_or_default();
        let nobody = cell(&anonymous.name, &Consent::Untouched, Phase::Probe, 1);
        let engine = who.engine.clone();
        let marked = self.mark_with(&engine, &mut session, &nobody, mark).await?;
        who.unproven = marked.holds;
        if marked.holds {
            self.warn(format!(
                "{}: the mark of `logged_in_when` ({}:{}) shows to everybody, so it proves no login",
                who.persona.name, self.plan.file, mark.place.line
            ));
        }
        Ok(())
    }

    pub(super) fn judge(&self, mark: &Mark, visit: &Visit) -> Marked {
        self.judge_shown(mark, visit, &Shown::of(visit))
    }

    /// The mark on a page that was asked for, as it is shown.
    pub(super) fn judge_shown(&self, mark: &Mark, visit: &Visit, shown: &Shown) -> Marked {
        if let Some(failure) = &visit.failure {
            let why = format!("GET {}: {}", visit.asked.path(), failure.detail);
            return Marked { holds: false, unclear: true, by_script: false, why };
        }
        let unclear = visit.status == 429 || visit.status >= 500;
        let mut missing = Vec::new();
        match mark.status {
            Some(status) if status != visit.status => missing.push(format!("not the status {status}")),
            None if !(200..300).contains(&visit.status) => missing.push("not a success".to_owned()),
            _ => {}
        }
        let came = missing.is_empty() && place(&visit.shown) == place(&visit.asked);
        if mark.text.is_none() && mark.selector.is_none() && place(&visit.shown) != place(&visit.asked) {
            missing.push("led elsewhere".to_owned());
        }
        if let Some(text) = mark.text.as_deref().filter(|text| !shown.says(text)) {
            missing.push(format!("without the text \u{201c}{text}\u{201d}"));
        }
        if let Some(selector) = &mark.selector {
            match html::has(&shown.text, selector) {
                Ok(true) => {}
                Ok(false) => missing.push(format!("without `{selector}`")),
                Err(problem) => missing.push(problem),
            }
        }
        let why = format!("{}: {}", shown.summary(), missing.join(", "));
        let by_script = came && !missing.is_empty() && shown.text.contains("<script");
        Marked { holds: missing.is_empty(), unclear, by_script, why: self.references.mask(&why) }
    }
}

/// Origin and path, without a last slash: what makes two addresses the same page.
pub(super) fn place(url: &Url) -> &str {
    url[..url::Position::AfterPath].trim_end_matches('/')
}
