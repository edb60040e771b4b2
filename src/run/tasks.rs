//! A run from its start to the scan: one loop over the schedule.

mod going_on;

use super::context::{Ended, RunContext, cell};
use super::crawl::PolicyLinks;
use super::persona::PersonaSession;
use super::references::{Live, leave_out_optional, missing};
use super::render::{Browser, Listed, LookUnderWay, Starting};
use super::runner::Runner;
use super::side_requests::Seeds;
use super::state::{Header, Log};
use super::steps::{Halt, StepFailure};
use super::{Event, Look, RunError};
use crate::cookie::{Jar, StoredCookie, ThirdPartyCookies};
use crate::crawl::Address;
use crate::engine::{Session, USER_AGENT};
use crate::observation::{
    Cell, Consent, ConsentLook, Coverage, Engine, Job, LinkCheck, Outcome, PersonaCoverage, Phase,
    PolicyPage, ProbeKind, Reached, Run, Scan, TaskEnd, TaskRecord,
};
use crate::plan::{
    self, ConsentPlan, EngineChoice, ImportFormat, Plan, Probe, Schedule, Target, Task, TaskResult,
};
use crate::sums::sum_of;
use going_on::Before;
pub use going_on::is_state_of;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Makes a run from its start to the scan.
pub(super) async fn look(look: Look<'_>) -> Result<Scan, RunError> {
    let mut plan = look.plan.clone();
    plan.go_to(look.target);
    let left_out = leave_out_optional(&mut plan);
    let look = Look { plan: &plan, ..look };
    if plan.personas.is_empty() {
        return Err(RunError {
            message: left_out.join("\n"),
            hint: Some("nobody is left to look; a plan needs one persona that is not optional".into()),
        });
    }
    check(&plan, look.target)?;
    let mut started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let run = RunContext::new(&look).await?;
    let mut tasks = Tasks::ready(&run).await?;
    if let Some(state) = look.state {
        // Whoever goes on goes on in a browser of the same kind.
        tasks.browser_comes().await?;
        // Secrets mask themselves there; a value is in neither.
        let of = sum_of(format!("{:?}\n{:?}\n{:?}", look.plan, look.target, look.manifest).as_bytes());
        let mode = tasks.browser.as_ref().map(Browser::mode);
        let before = tasks.keep_in(state, &Header::new(of, started.clone(), mode))?;
        started = before.unwrap_or(started);
    }
    for note in left_out {
        run.warn(&note);
        tasks.runner.recorder.note(note);
    }
    let ended = tasks.all().await?.err();
    Ok(tasks.scan(started, ended))
}

/// What would only show in the middle of a run is said before it.
fn check(plan: &Plan, target: &Target) -> Result<(), RunError> {
    if !matches!(target.url.scheme(), "http" | "https") || target.url.host_str().is_none() {
        return Err(RunError {
            message: format!("the target {} is no http or https address", target.name),
            hint: Some("a target's url looks like https://example.org/".into()),
        });
    }
    let missing = missing(plan);
    if missing.is_empty() {
        return Ok(());
    }
    Err(RunError {
        message: missing.join("\n"),
        hint: Some("set the variable for this command only: NAME=value cookieproof ...".into()),
    })
}

/// What is said where the temporary file of the addresses that wait broke.
const GONE: &str = "addresses that waited in a temporary file could not be read back: their pages were not looked \
                    at";

/// A run under way.
struct Tasks<'a> {
    runner: Runner<'a>,
    /// Where the plan asks for one, once it is there.
    browser: Option<Browser>,
    /// Until then.
    starting: Option<Starting>,
    schedule: Schedule,
    personas: Vec<PersonaState>,
    records: Vec<TaskRecord>,
    seeds: Seeds,
    /// By persona: how far it came, in each state of consent that was tried.
    covered: Vec<(usize, PersonaCoverage)>,
    /// The personas' part over HTTP is through: how far they came is decided.
    decided: bool,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    policy_links: PolicyLinks,
    /// The run that this one goes on with.
    before: Before,
    /// Pages that are looked at once more, beside the tasks that follow; and by which persona.
    looks: Vec<(usize, LookUnderWay)>,
}

/// A persona between its tasks.
struct PersonaState {
    session: PersonaSession,
    /// The jar that the crawls of one state of consent begin with.
    start: Jar,
    /// The session as it was before the crawls with recorded choices.
    aside: Option<Session>,
    /// It was asked whether it still is logged in, before its journeys and probes.
    checked: bool,
    /// A login that worked after consent was recorded, until it is known whether it takes that.
    consented: Option<PersonaCoverage>,
    /// The pages that were rendered, by the mode of third-party cookies.
    pages: BTreeMap<Option<ThirdPartyCookies>, Vec<Listed>>,
    /// It was there when the run was interrupted, and has to come back.
    comes_back: bool,
}

impl PersonaState {
    fn new(session: PersonaSession) -> PersonaState {
        PersonaState {
            session,
            start: Jar::default(),
            aside: None,
            checked: false,
            consented: None,
            pages: BTreeMap::new(),
            comes_back: false,
        }
    }
}

impl<'a> Tasks<'a> {
    /// Everything that the tasks need; no request is made yet.
    async fn ready(run: &'a RunContext<'a>) -> Result<Tasks<'a>, RunError> {
        let schedule = Schedule::new(run.plan, run.manifest);
        let starting = match run.plan.engine {
            EngineChoice::Http => None,
            _ => Some(Starting::begin(run).await?),
        };
        let mut personas = Vec::new();
        for persona in schedule.personas() {
            let session = PersonaSession::new(persona.clone(), run.engine_for(persona).await?);
            personas.push(PersonaState::new(session));
        }
        Ok(Tasks {
            runner: Runner::new(run),
            browser: None,
            starting,
            schedule,
            personas,
            records: Vec::new(),
            seeds: Seeds { sitemap: run.addresses(), ..Seeds::default() },
            covered: Vec::new(),
            decided: false,
            outcomes: Vec::new(),
            policy: None,
            links: Vec::new(),
            policy_links: PolicyLinks { addresses: policy_addresses(run), ..PolicyLinks::default() },
            before: Before::default(),
            looks: Vec::new(),
        })
    }

    /// Every task, in its order. Where the run ended early, why; an error, where no browser could be had.
    async fn all(&mut self) -> Result<Result<(), Ended>, RunError> {
        let ended = self.one_by_one().await;
        match self.starting.take() {
            Some(starting) if starting.is_there() => {
                self.browser = Some(starting.ready(self.runner.context()).await?);
            }
            Some(starting) => starting.leave().await,
            None => {}
        }
        ended
    }

    async fn one_by_one(&mut self) -> Result<Result<(), Ended>, RunError> {
        while let Some(task) = self.before.take_task().or_else(|| self.schedule.next()) {
            let (done, to_come) = self.schedule.progress();
            self.runner.progress.task = done + 1;
            self.runner.progress.tasks = done + 1 + to_come;
            let result = self.perform_while_the_browser_comes(&task).await?;
            let end = match &result {
                Ok(TaskResult { not_done: None, .. }) => TaskEnd::Done,
                Ok(TaskResult { not_done: Some(why), .. }) => {
                    TaskEnd::NotDone { why: self.runner.references.mask(why) }
                }
                Err(_) => TaskEnd::CutOff,
            };
            match &result {
                Ok(result) => self.keep_done(&task, &end, result),
                // What it did until here is done again by whoever goes on.
                Err(_) => self.runner.recorder.log().into_iter().for_each(Log::close),
            }
            self.before.forget();
            self.runner.recorder.has_nothing();
            self.record(&task, end);
            match result {
                Ok(result) => self.schedule.done(&task, &result),
                Err(ended) => return Ok(Err(self.leave_looks(ended))),
            }
        }
        if let Err(ended) = self.end_looks(None).await {
            return Ok(Err(self.leave_looks(ended)));
        }
        self.runner.recorder.log().into_iter().for_each(Log::close);
        Ok(Ok(()))
    }

    /// The browser's start goes on beside the first crawl; what may need it waits for it.
    async fn perform_while_the_browser_comes(
        &mut self,
        task: &Task,
    ) -> Result<Result<TaskResult, Ended>, RunError> {
        if self.may_need_a_browser(task) {
            let run = self.runner.context();
            match run.unless_ended(self.browser_comes()).await {
                Ok(came) => came?,
                Err(ended) => return Ok(Err(ended)),
            }
        }
        let starting = self.starting.take();
        // Large: not on the stack.
        let performed = Box::pin(self.perform(task));
        let Some(mut starting) = starting else { return Ok(performed.await) };
        let result = tokio::select! {
            biased;
            error = starting.failure() => return Err(error),
            result = performed => result,
        };
        self.starting = Some(starting);
        Ok(result)
    }

    /// What visitors do over HTTP who log in nowhere needs none.
    fn may_need_a_browser(&self, task: &Task) -> bool {
        let is_somebody = self.personas.get(task.persona()).is_some_and(|state| {
            let persona = &state.session.persona;
            persona.visitor.logged_in || persona.logged_in_when.is_some() || !persona.login.is_empty()
        });
        is_somebody && task.job != Job::Seeds
            || !matches!(task.job, Job::Seeds | Job::Login | Job::Crawl | Job::SideRequests)
    }

    async fn browser_comes(&mut self) -> Result<(), RunError> {
        if let Some(starting) = &mut self.starting {
            starting.arrived().await?;
        }
        if let Some(starting) = self.starting.take() {
            let browser = starting.ready(self.runner.context()).await?;
            self.schedule.browser_is(browser.mode());
            self.browser = Some(browser);
        }
        Ok(())
    }

    fn record(&mut self, task: &Task, end: TaskEnd) {
        self.records.push(TaskRecord { cell: task.cell.clone(), job: task.job.clone(), end });
    }

    async fn perform(&mut self, task: &Task) -> Result<TaskResult, Ended> {
        let index = task.persona();
        self.end_looks(Some(task)).await?;
        self.come_back(task).await?;
        if task.cell.engine == Engine::Browser || task.job == Job::Logout {
            self.decide_coverage();
        }
        // After crawls with recorded choices the session is again what it was before them.
        let with_choice = task.job == Job::Crawl && task.cell.consent != Consent::Untouched;
        if !with_choice
            && let Some(state) = self.personas.get_mut(index)
            && let Some(session) = state.aside.take()
        {
            state.session.session = session;
        }
        match &task.job {
            Job::Seeds => {
                self.seeds = self.runner.seeds().await?;
                Ok(TaskResult::default())
            }
            Job::Login if task.cell.consent != Consent::Untouched => {
                self.consented_login(index, &task.cell.consent).await
            }
            Job::Login if task.cell.repeat > 1 => self.login_again(index).await,
            Job::Login => {
                self.began(index, Phase::Login);
                let who = &mut self.personas[index].session;
                self.runner.log_in(&mut self.browser, who, &Consent::Untouched).await?;
                Ok(came(who))
            }
            Job::Crawl => self.crawl(index, &task.cell).await,
            Job::Journey { name } => self.journey(index, name).await,
            Job::Probes => self.probe(index).await,
            Job::SideRequests => {
                self.runner.usual_addresses().await?;
                self.policy = self.runner.policy_page().await?;
                self.links = self.runner.declared_links().await?;
                Ok(TaskResult::default())
            }
            Job::OtherMode | Job::Render | Job::OldChoice | Job::PrivacyControl | Job::SecondLook => {
                self.browse(index, task).await
            }
            Job::Logout => self.logout(index).await,
            Job::LoginOverHttp => {
                let probes = self.probes_of(index);
                let who = &mut self.personas[index].session;
                self.outcomes.extend(self.runner.log_in_over_http(who, &probes).await?);
                Ok(TaskResult::default())
            }
        }
    }

    /// Whether a login that was refused works once consent is recorded.
    async fn consented_login(&mut self, index: usize, state: &Consent) -> Result<TaskResult, Ended> {
        let Some(choice) = self.choice(state) else { return Ok(not_done("no such choice is recorded")) };
        let cookies = match self.recorded(&choice).await {
            Ok(cookies) => cookies,
            Err(why) => return Ok(not_done(why)),
        };
        let mut other = self.personas[index].session.clone();
        self.runner.log_in_having(&mut self.browser, &mut other, cookies, state).await?;
        self.personas[index].session.logins = other.logins;
        if other.is_there() {
            self.personas[index].consented = Some(other.coverage(state));
        }
        Ok(came(&other))
    }

    /// What works by chance the second time was not refused for want of consent: it is tried without
    /// it once more.
    async fn login_again(&mut self, index: usize) -> Result<TaskResult, Ended> {
        let state = &mut self.personas[index];
        let refused_at = step_of(&state.session).map(str::to_owned);
        self.runner
            .log_in_having(&mut self.browser, &mut state.session, Vec::new(), &Consent::Untouched)
            .await?;
        let coverage = state.consented.take();
        if !state.session.is_there() && step_of(&state.session) == refused_at.as_deref() {
            self.covered.extend(coverage.map(|coverage| (index, coverage)));
        }
        Ok(came(&state.session))
    }

    fn choice(&self, state: &Consent) -> Option<ConsentPlan> {
        let mut recorded = self.runner.plan.consent.iter().filter(|plan| plan.cookie.is_some());
        recorded.find(|plan| plan.state == *state).cloned()
    }

    /// The cookies of a recorded choice.
    async fn recorded(&self, plan: &ConsentPlan) -> Result<Vec<StoredCookie>, String> {
        let Some(reference) = &plan.cookie else { return Ok(Vec::new()) };
        let text = self.runner.references.text(reference, Live::default()).await?;
        self.runner.read_cookies(ImportFormat::Header, &text)
    }

    /// One crawl; those of one state of consent begin from the same start.
    async fn crawl(&mut self, index: usize, crawl: &Cell) -> Result<TaskResult, Ended> {
        let with_choice = crawl.consent != Consent::Untouched;
        if crawl.repeat == 1
            && with_choice
            && !self.before.goes_on()
            && let Err(why) = self.choose(index, &crawl.consent).await?
        {
            return Ok(not_done(why));
        }
        self.crawl_there(index, crawl).await?;
        let who = &self.personas[index].session;
        if with_choice {
            self.cover(index, who.coverage(&crawl.consent));
        }
        Ok(came(&self.personas[index].session))
    }

    async fn crawl_there(&mut self, index: usize, crawl: &Cell) -> Result<(), Ended> {
        let state = &mut self.personas[index];
        let so_far = self.before.take_crawl();
        if crawl.repeat == 1 && so_far.is_none() {
            state.start = state.session.session.jar.clone();
        }
        if !state.session.is_there() && so_far.is_none() {
            return Ok(());
        }
        if crawl.repeat > 1 && so_far.is_none() {
            state.session.session.jar = state.start.clone();
            self.still_there(index, Phase::Crawl).await?;
        }
        self.began(index, Phase::Crawl);
        let who = &mut self.personas[index].session;
        self.runner.crawl(&mut self.browser, who, crawl, &self.seeds, &mut self.policy_links, so_far).await
    }

    /// Puts a recorded choice into the jar of a visitor who has just come, or logged in.
    async fn choose(&mut self, index: usize, consent: &Consent) -> Result<Result<(), String>, Ended> {
        let Some(choice) = self.choice(consent) else { return Ok(Err("no such choice is recorded".into())) };
        let cookies = self.recorded(&choice).await;
        let state = &mut self.personas[index];
        let who = &mut state.session;
        state.aside.get_or_insert_with(|| who.session.clone());
        match cookies {
            Ok(cookies) => {
                who.session.jar = who.login_jar.clone();
                cookies.into_iter().for_each(|cookie| who.session.jar.insert(cookie));
                self.still_there(index, Phase::Crawl).await?;
                Ok(Ok(()))
            }
            Err(why) => {
                let step = format!("the recorded choice ({}:{})", self.runner.plan.file, choice.place.line);
                self.runner.warn(format!("{step}: {why}"));
                let why = self.runner.references.mask(&why);
                let reached = Reached::No { step, why: why.clone() };
                let coverage = PersonaCoverage { reached, ..who.coverage(consent) };
                self.cover(index, coverage);
                Ok(Err(why))
            }
        }
    }

    /// Brings the session back where it was lost in the meantime.
    async fn still_there(&mut self, index: usize, phase: Phase) -> Result<(), Ended> {
        let who = &mut self.personas[index].session;
        let here = cell(&who.persona.name, &Consent::Untouched, phase, 1);
        if who.is_there() && !self.runner.is_logged_in(&mut self.browser, who, &here).await? {
            self.runner.restore(&mut self.browser, who, &here).await?;
        }
        Ok(())
    }

    /// Before acts that need the session: whether it is there, once.
    async fn check_session(&mut self, index: usize) -> Result<(), Ended> {
        if !std::mem::replace(&mut self.personas[index].checked, true) {
            self.still_there(index, Phase::Journey).await?;
        }
        Ok(())
    }

    /// A journey, with the session as it is before all of them.
    async fn journey(&mut self, index: usize, name: &str) -> Result<TaskResult, Ended> {
        self.check_session(index).await?;
        let plan = self.runner.plan;
        let Some(journey) = plan.journeys.iter().find(|journey| journey.name == name) else {
            return Ok(not_done("the plan has no such journey"));
        };
        self.began(index, Phase::Journey);
        let mut traveller = self.personas[index].session.clone();
        let persona = traveller.persona.name.clone();
        let here = cell(&persona, &Consent::Untouched, Phase::Journey, 1);
        self.runner.journal = Some(BTreeSet::new());
        let what = format!("the journey {name}");
        let end = match self.before.has_acted() {
            // Whether it changed something nobody knows, and twice is more than the plan says.
            true => Err(Halt::Failed(self.interrupted(&what))),
            false => {
                self.runner.perform(&mut self.browser, &mut traveller, &here, &journey.steps, &what).await
            }
        };
        let written = self.runner.journal.take().unwrap_or_default();
        let failed = match end {
            Ok(()) => None,
            Err(Halt::Ended(ended)) => return Err(ended),
            Err(Halt::Failed(failure)) => {
                self.runner.warn(format!("{persona}: {} failed: {}", failure.step, failure.why));
                Some(match failure.answered {
                    Some(_) => failure.in_short(&format!("a step of {what}")),
                    None => format!("{} failed: {}", failure.step, failure.why),
                })
            }
        };
        for probe in self.probes_of(index) {
            if probe.kind == (ProbeKind::UpdatedBy { journey: name.to_owned() }) {
                self.outcomes.push(self.runner.updated(&probe, &written, failed.as_deref()));
            }
        }
        Ok(TaskResult { not_done: failed, ..TaskResult::default() })
    }

    /// That a journey is not made again.
    fn interrupted(&self, what: &str) -> StepFailure {
        let why = "the run was interrupted after it may have changed something, and it is not made twice";
        StepFailure { step: what.to_owned(), why: why.to_owned(), answered: None }
    }

    async fn probe(&mut self, index: usize) -> Result<TaskResult, Ended> {
        self.check_session(index).await?;
        self.began(index, Phase::Probe);
        let probes = self.probes_of(index);
        let who = &mut self.personas[index].session;
        self.outcomes.extend(self.runner.probe(&mut self.browser, who, &probes).await?);
        Ok(came(who))
    }

    /// Ends the looks that are under way; the last one goes on where it may do so beside this task.
    async fn end_looks(&mut self, beside: Option<&Task>) -> Result<(), Ended> {
        while let (Some((whose, look)), Some(browser)) = (self.looks.first(), &mut self.browser) {
            let who = &mut self.personas[*whose].session;
            // A session is used in one place at a time, since servers renew it; and what is no look at pages
            // may end it.
            let is_beside = |task: &Task| {
                let shares_session = who.persona.visitor.logged_in && task.persona() == *whose;
                task.job == Job::Render && task.cell.third_party == look.third_party() && !shares_session
            };
            if self.looks.len() == 1 && beside.is_some_and(is_beside) {
                break;
            }
            let (_, look) = self.looks.remove(0);
            self.runner.end_look(browser, who, look).await?;
        }
        Ok(())
    }

    /// Nothing more comes of looks that are under way.
    fn leave_looks(&mut self, ended: Ended) -> Ended {
        for (_, look) in std::mem::take(&mut self.looks) {
            self.runner.leave_look(look);
        }
        ended
    }

    /// What a browser does.
    async fn browse(&mut self, index: usize, task: &Task) -> Result<TaskResult, Ended> {
        let Some(browser) = &mut self.browser else { return Ok(not_done("no browser is there")) };
        let mut outcomes = Vec::new();
        let result = match &task.job {
            Job::OtherMode => {
                let Some(mode) = task.cell.third_party else { return Ok(TaskResult::default()) };
                let switched = self.runner.switch_mode(browser, mode).await?;
                Ok(switched.map_or_else(not_done, |()| TaskResult::default()))
            }
            Job::SecondLook => {
                let personas: Vec<_> = self.personas.iter().map(|state| &state.session).collect();
                self.runner.second_look(browser, &personas).await.map(|()| TaskResult::default())
            }
            Job::OldChoice => {
                let who = &self.personas[index].session;
                let end = self.runner.with_old_choice(browser, who, &mut outcomes).await;
                end.map(|()| TaskResult::default())
            }
            Job::PrivacyControl => {
                let state = &mut self.personas[index];
                let list = state.pages.get(&None).map_or(&[][..], Vec::as_slice);
                let who = &mut state.session;
                let end = self.runner.privacy_control_in_browser(browser, who, list, &mut outcomes).await;
                end.map(|()| TaskResult::default())
            }
            _ => self.render(index, &task.cell, &mut outcomes).await,
        };
        // What a claim asks by an act is asked in the browser's own mode.
        if task.cell.third_party.is_none() {
            self.outcomes.append(&mut outcomes);
        }
        result
    }

    /// The pages of one state of consent.
    async fn render(
        &mut self,
        index: usize,
        cell: &Cell,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<TaskResult, Ended> {
        let untouched = cell.consent == Consent::Untouched;
        if !self.personas[index].session.is_there() {
            return Ok(came(&self.personas[index].session));
        }
        if untouched {
            self.began(index, Phase::Crawl);
        }
        let state = &mut self.personas[index];
        let list = match state.pages.get(&cell.third_party) {
            Some(list) if !untouched => list.clone(),
            _ => self.runner.chosen_pages(&state.session),
        };
        let Some(browser) = &mut self.browser else { return Ok(not_done("no browser is there")) };
        let mut look = ConsentLook::of(cell.clone());
        let mut seen =
            self.runner.browse_cell(browser, &mut state.session, &list, &mut look, outcomes).await?;
        let late = std::mem::take(&mut seen.late);
        let once_more = self.runner.begin_look(browser, &state.session, &list, cell, late).await?;
        self.looks.extend(once_more.map(|look| (index, look)));
        if self.runner.recorder.log().is_some() {
            // What is kept for going on is kept whole.
            self.end_looks(None).await?;
        }
        let state = &mut self.personas[index];
        let shown = look.shown;
        let nothing = seen.listed.is_empty().then(|| "no page could be looked at".to_owned());
        let not_done = look.not_reached.clone().or(nothing);
        if untouched {
            state.session.asked_at = seen.asked_at;
            state.pages.insert(cell.third_party, seen.listed);
            if !state.session.persona.visitor.logged_in {
                outcomes.extend(self.runner.on_first_visit(&look));
            }
        }
        self.runner.recorder.consent(look);
        let banner = shown == Some(true);
        Ok(TaskResult { not_done, banner, can_withdraw: seen.can_withdraw, ..TaskResult::default() })
    }

    async fn logout(&mut self, index: usize) -> Result<TaskResult, Ended> {
        if !self.personas[index].session.is_there() {
            return Ok(came(&self.personas[index].session));
        }
        let probes = self.probes_of(index);
        self.began(index, Phase::Logout);
        let who = &mut self.personas[index].session;
        let end = self.runner.log_out(&mut self.browser, who, &probes).await;
        let known = self.covered.iter_mut().find(|(known, _)| *known == index);
        if let Some((_, known)) = known {
            (known.logins, known.sessions_lost) = (who.logins, who.lost);
        }
        self.outcomes.extend(end?);
        Ok(came(who))
    }

    /// How far a persona came in one state of consent, as far as it is known by now.
    fn cover(&mut self, index: usize, coverage: PersonaCoverage) {
        let same = |(known, before): &&mut (usize, PersonaCoverage)| {
            *known == index && before.consent == coverage.consent
        };
        match self.covered.iter_mut().find(same) {
            Some((_, before)) => *before = coverage,
            None => self.covered.push((index, coverage)),
        }
    }

    /// How far everybody came over HTTP: what later tasks lose is no reason to doubt what was seen.
    fn decide_coverage(&mut self) {
        if std::mem::replace(&mut self.decided, true) {
            return;
        }
        let untouched = |state: &PersonaState| state.session.coverage(&Consent::Untouched);
        self.covered.extend(self.personas.iter().map(untouched).enumerate());
        self.covered.sort_by_key(|(index, _)| *index);
    }

    fn probes_of(&self, index: usize) -> Vec<Probe> {
        let name = &self.personas[index].session.persona.name;
        self.schedule.probes().iter().filter(|probe| probe.persona == *name).cloned().collect()
    }

    fn began(&self, index: usize, phase: Phase) {
        let persona = self.personas[index].session.persona.name.clone();
        self.runner.watch.event(Event::PhaseBegan { persona, phase });
    }

    fn scan(mut self, started: String, ended: Option<Ended>) -> Scan {
        self.decide_coverage();
        let waiting: Vec<Task> = self.schedule.waiting().cloned().collect();
        waiting.iter().for_each(|task| self.record(task, TaskEnd::CutOff));
        let mut runner = self.runner;
        runner.recorder.settle();
        let ended = ended.or_else(|| runner.stop.stopped().then_some(Ended::Stopped));
        let plan = runner.plan;
        let mut policy = self.policy;
        if let Some(policy) = &mut policy {
            policy.linked_from = self.policy_links.linking_hosts;
            policy.published = runner.rendered_policy.take().or(policy.published.take());
        }
        let mut outcomes = self.outcomes;
        outcomes.sort();
        let mut coverage = Coverage {
            personas: self.covered.into_iter().map(|(_, coverage)| coverage).collect(),
            robots_honoured: plan.robots == plan::Robots::Honour,
            ..Coverage::default()
        };
        let recorder = &mut runner.recorder;
        recorder.cover(&mut coverage);
        let (consent, pictures) = recorder.looks();
        let observations = recorder.take_observations();
        let heads = recorder.heads(&observations);
        let (sent, contacts) = (recorder.take_sent(), recorder.take_contacts());
        if runner.has_lost_addresses() {
            coverage.lost += 1;
            coverage.notes.push(GONE.to_owned());
        }
        let partial = ended.map(|ended| match ended {
            Ended::Stopped => "interrupted".to_owned(),
            Ended::TimeUp => {
                format!("the limit of {:?} for the whole run was reached", plan.limits.total_time)
            }
        });
        let engines = match plan.engine {
            EngineChoice::Http => BTreeSet::from([Engine::Http]),
            _ => BTreeSet::from([Engine::Http, Engine::Browser]),
        };
        Scan {
            run: Run {
                tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).into(),
                target: runner.target.name.clone(),
                base_url: runner.recorder.safe(&runner.target.url),
                started,
                seconds: runner.milliseconds() / 1000,
                engines,
                user_agent: plan.http.user_agent.clone().unwrap_or_else(|| USER_AGENT.to_owned()),
                vantage: plan.vantage.clone(),
                third_party_cookies: plan.third_party_cookies.first().copied().unwrap_or_default(),
                assets: plan.pages.assets,
                browsers: plan.browsers.clone(),
                may_fail: plan.limits.may_fail,
                partial,
                own_hosts: runner.site.own_hosts(),
                other_hosts: runner.site.others().clone(),
                host_map: runner.site.map().clone(),
                allowed_cookies: runner.target.allowed_cookies.clone(),
                browser: self.browser.as_ref().map(Browser::told),
                consent_given: plan.old_choice().and_then(|choice| choice.given).map(|day| day.to_string()),
            },
            coverage,
            heads,
            observations,
            sent,
            contacts,
            consent,
            pictures,
            outcomes,
            policy,
            links: self.links,
            tasks: self.records,
        }
    }
}

/// Where the policy is, to recognise links to it.
fn policy_addresses(run: &RunContext<'_>) -> Vec<Address> {
    let manifest = run.manifest;
    let written = manifest.and_then(|manifest| manifest.site.policy_url.as_deref());
    let here = written.and_then(|written| run.site.on_target(written));
    let declared =
        written.and_then(|written| match manifest.and_then(|manifest| manifest.site.url.as_ref()) {
            Some(site) => site.join(written).ok(),
            None => Url::parse(written).ok(),
        });
    here.iter().chain(&declared).filter_map(Address::new).collect()
}

/// How a persona stands after a task.
fn came(who: &PersonaSession) -> TaskResult {
    let not_done = match &who.reached {
        Some(Reached::Yes | Reached::Unproven) => None,
        Some(Reached::No { step, why }) => Some(format!("{step}: {why}")),
        Some(Reached::Lost { why }) => Some(why.clone()),
        None => Some("nobody logged in".to_owned()),
    };
    TaskResult { gone: not_done.is_some(), not_done, logins: who.logins, ..TaskResult::default() }
}

fn not_done(why: impl Into<String>) -> TaskResult {
    TaskResult { not_done: Some(why.into()), ..TaskResult::default() }
}

/// The step that kept a persona out.
fn step_of(who: &PersonaSession) -> Option<&str> {
    match &who.reached {
        Some(Reached::No { step, .. }) => Some(step),
        _ => None,
    }
}
