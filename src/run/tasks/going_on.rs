//! Going on with a run that was interrupted: the lines that it left are taken in again, and everybody comes
//! back as somebody new. What a visitor is given when it comes back was seen and counted when it came
//! first. No value was kept, so that values of before and after are never compared.

use super::{PersonaState, TaskResult, Tasks};
use crate::cookie::Decision;
use crate::crawl::Address;
use crate::engine::Ask;
use crate::observation::{Cell, Consent, Engine, Job, Phase, Sighting, TaskEnd};
use crate::plan::{Plan, Target, Task};
use crate::run::context::{Ended, RunContext};
use crate::run::crawl_so_far::CrawlSoFar;
use crate::run::jars;
use crate::run::recorder::Had;
use crate::run::render::Listed;
use crate::run::state::{
    Done, Entry, Header, Line, ListedPage, NotAState, Opened, PersonaKept, Standing, StateFile, read,
};
use crate::run::{Look, RunError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// Nobody logs in more often; a file may say what it likes.
const MOST_TIMES: u32 = 1 << 20;
/// Addresses of a sitemap in one line.
const ADDRESSES_PER_LINE: usize = 1000;

/// A run as the lines of another leave it.
#[derive(Default)]
pub(super) struct Before {
    /// The task that was under way.
    task: Option<Task>,
    /// Its crawl, if it is one and began.
    crawl: Option<CrawlSoFar>,
    /// It made a step that may have changed something.
    acted: bool,
    /// Cookies that the crawl's visitor has, and when it was given each, as a count.
    has: BTreeMap<jars::Key, u64>,
    given: u64,
    /// Cookies that each persona may have.
    may_have: BTreeMap<String, BTreeSet<jars::Key>>,
    /// The next login is that of somebody who comes back.
    comes_back: bool,
    /// Times that the run was interrupted before.
    times: u32,
    /// Addresses that are wanted and were not written.
    left_out: u64,
}

impl Before {
    /// The task that was under way, once.
    pub(super) fn take_task(&mut self) -> Option<Task> {
        self.task.take()
    }

    /// As far as its crawl came.
    pub(super) fn take_crawl(&mut self) -> Option<CrawlSoFar> {
        self.crawl.take()
    }

    /// Whether a crawl is gone on with.
    pub(super) fn goes_on(&self) -> bool {
        self.crawl.is_some()
    }

    /// Whether the task that was under way is a journey that may have changed something.
    pub(super) fn has_acted(&self) -> bool {
        self.acted
    }

    /// The crawl's visitor is given a cookie, or loses one.
    fn gets(&mut self, sighting: &Sighting, in_crawl: bool) {
        let Some(effective) = sighting.decision.effective() else { return };
        let key = jars::key_of(&sighting.name, effective);
        let may_have = self.may_have.entry(sighting.cell.persona.clone()).or_default();
        match sighting.decision {
            Decision::Deleted { .. } => drop(may_have.remove(&key)),
            _ => drop(may_have.insert(key.clone())),
        }
        match sighting.decision {
            _ if !in_crawl => {}
            Decision::Deleted { .. } => drop(self.has.remove(&key)),
            _ => {
                self.given += 1;
                self.has.entry(key).or_insert(self.given);
            }
        }
    }

    /// The first task of the run is done.
    pub(super) fn forget(&mut self) {
        (self.crawl, self.acted) = (None, false);
    }
}

impl Tasks<'_> {
    /// Keeps the run in this file from here on; where it is one of before, goes on with that.
    pub(super) fn keep_in(&mut self, state: &StateFile, header: &Header) -> Result<Option<String>, RunError> {
        let refused = |why: NotAState| state.refused(&why);
        match state.open(header)? {
            Opened::New(log) => {
                self.runner.recorder.keep_in(log);
                Ok(None)
            }
            Opened::Before(file) => {
                let reader = Opened::reader(&file).map_err(|error| refused(error.into()))?;
                let mut before = Before { task: self.schedule.next(), ..Before::default() };
                let mut started = String::new();
                let begin = |found: Header| {
                    is_of(header, &found)?;
                    started = found.started;
                    Ok(())
                };
                read(reader, begin, |line| self.again(line, &mut before)).map_err(refused)?;
                let log = Opened::go_on(file).map_err(|error| refused(error.into()))?;
                self.runner.recorder.keep_in(log);
                self.came_so_far(before);
                Ok(Some(started))
            }
        }
    }

    /// Takes in a line of the run before.
    fn again(&mut self, line: Line, before: &mut Before) -> Result<(), String> {
        let task = before.task.as_ref();
        let index = task.map(Task::persona).unwrap_or_default();
        let Some(state) = self.personas.get_mut(index) else { return Err("there is no such persona".into()) };
        let who = &mut state.session;
        let line = match &line {
            Line::Steps(_)
            | Line::Crawled(_)
            | Line::Recorded(_)
            | Line::PartFound(_)
            | Line::PartRecorded(_)
            | Line::Again(_)
            | Line::WithPassword(_)
            | Line::LookedBack(_)
                if task.is_some_and(|task| task.job == Job::Crawl) =>
            {
                if before.crawl.is_none() {
                    let frontier = self.runner.frontier(who.persona.visitor.logged_in);
                    before.crawl = frontier.map(CrawlSoFar::new);
                }
                let Some(crawl) = &mut before.crawl else { return Ok(()) };
                crawl.now = before.given;
                let rest = crawl.line(line);
                who.lost = who.lost.max(crawl.crawled.lost.min(MOST_TIMES));
                match rest {
                    Some(line) => line,
                    None => return Ok(()),
                }
            }
            _ => line,
        };
        if let Line::Entry(Entry::Sighting(sighting)) = &line
            && sighting.cell.engine == Engine::Http
        {
            let in_crawl = task.is_some_and(|task| task.job == Job::Crawl && task.cell == sighting.cell);
            before.gets(sighting, in_crawl);
        }
        match line {
            Line::Commit(ms) => self.runner.before = ms,
            Line::Resumed => {
                before.times = before.times.saturating_add(1);
                before.comes_back = true;
            }
            Line::Login(name) => {
                let named = self.personas.iter_mut().find(|state| state.session.persona.name == name);
                let Some(state) = named else { return Err("there is no such persona".into()) };
                state.session.logins = state.session.logins.saturating_add(1).min(MOST_TIMES);
                // Whoever comes back has what it had; whoever lost its session has nothing.
                if !std::mem::take(&mut before.comes_back) {
                    before.has.clear();
                    before.may_have.remove(&name);
                }
            }
            Line::Sends => before.acted = true,
            Line::Entry(entry) => self.runner.recorder.again(entry),
            Line::Steps(steps) => {
                if let Some(frontier) = &who.frontier {
                    let mut frontier = frontier.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut page = (None, 0);
                    for step in steps {
                        frontier.again(step, &mut page);
                    }
                }
            }
            Line::Answered(page) => drop(who.remember(self.runner.manifest, &page)),
            Line::Kind(page, kind) => who.kinds.add(page, kind),
            Line::BackOffice(address) => drop(who.back_offices.add(&address)),
            Line::LinksToPolicy(host) => drop(self.policy_links.linking_hosts.insert(host)),
            Line::Robots(host, robots) => self.runner.know_robots(host, robots),
            Line::Seeds { declared, sitemap } => {
                self.seeds.declared.extend(declared);
                self.seeds.sitemap.extend(sitemap);
            }
            Line::LeftOut(count) => before.left_out = before.left_out.saturating_add(count),
            Line::Policy(policy) => self.policy = policy.map(|policy| *policy),
            Line::Links(links) => self.links = links,
            Line::Rendered(published) => {
                self.runner.rendered_policy = published.map(|published| *published);
            }
            Line::Done(done) => self.done_before(*done, before)?,
            Line::Crawled(_)
            | Line::Recorded(_)
            | Line::PartFound(_)
            | Line::PartRecorded(_)
            | Line::Again(_)
            | Line::WithPassword(_)
            | Line::LookedBack(_) => return Err("it is of a crawl, and none is under way".into()),
        }
        Ok(())
    }

    fn done_before(&mut self, done: Done, before: &mut Before) -> Result<(), String> {
        let Some(task) = before.task.take() else { return Err("there is no such task".into()) };
        if task.cell != done.cell || task.job != done.job {
            return Err("another task's turn had come".into());
        }
        let Standing { personas, covered, decided, outcomes, unread_policy } = done.standing;
        if personas.len() != self.personas.len() || covered.iter().any(|(at, _)| *at >= personas.len()) {
            return Err("it is of other personas".into());
        }
        for (state, kept) in self.personas.iter_mut().zip(personas) {
            state.stand_as(kept);
        }
        (self.covered, self.decided, self.outcomes) = (covered, decided, outcomes);
        self.runner.unread_policy = unread_policy;
        self.runner.before = done.ms;
        // The browser goes on from where the first crawl came to.
        let first_look = task.cell.repeat <= 1 && task.cell.consent == Consent::Untouched;
        let crawl = before.crawl.take().filter(|_| first_look && self.browser.is_some());
        let state = &mut self.personas[task.persona()];
        if let Some(crawl) = crawl {
            state.session.frontier = Some(Arc::new(Mutex::new(crawl.frontier)));
        }
        let not_done = match &done.end {
            TaskEnd::NotDone { why } => Some(why.clone()),
            TaskEnd::Done | TaskEnd::CutOff => None,
        };
        let logins = state.session.logins;
        let result = TaskResult {
            not_done,
            gone: done.gone,
            logins,
            banner: done.banner,
            can_withdraw: done.can_withdraw,
        };
        self.record(&task, done.end);
        self.schedule.done(&task, &result);
        before.acted = false;
        before.has.clear();
        before.task = self.schedule.next();
        Ok(())
    }

    /// All lines were taken in.
    fn came_so_far(&mut self, mut before: Before) {
        before.acted &= before.task.as_ref().is_some_and(|task| matches!(task.job, Job::Journey { .. }));
        let open = before.crawl.iter().flat_map(|crawl| &crawl.open);
        let pages = open.map(|(next, moment)| (next.address.as_str().to_owned(), *moment)).collect();
        let cookies = std::mem::take(&mut before.has);
        let had = before.task.as_ref().map(|task| Had { cell: task.cell.clone(), cookies, pages });
        self.runner.recorder.interrupted(before.times.saturating_add(1), had);
        self.runner.left_out(usize::try_from(before.left_out).unwrap_or(usize::MAX));
        for state in &mut self.personas {
            state.comes_back = state.session.is_there();
            if let Some(frontier) = &state.session.frontier {
                frontier.lock().unwrap_or_else(PoisonError::into_inner).keeping_steps();
            }
        }
        self.before = before;
    }

    /// Everybody whom the task needs, and who was there before the run was interrupted, comes back.
    pub(super) async fn come_back(&mut self, task: &Task) -> Result<(), Ended> {
        let needed = match task.job {
            Job::Seeds | Job::Login | Job::SideRequests | Job::OtherMode | Job::LoginOverHttp => 0..0,
            Job::SecondLook => 0..self.personas.len(),
            _ => task.persona()..task.persona() + 1,
        };
        for index in needed {
            if std::mem::take(&mut self.personas[index].comes_back) {
                self.runner.recorder.pause(true);
                let end = self.comes_back(index, task).await;
                self.runner.recorder.pause(false);
                end?;
                let who = &self.personas[index].session;
                let jar: BTreeSet<jars::Key> = who.session.jar.iter().map(jars::key).collect();
                let had = self.before.may_have.remove(&who.persona.name).unwrap_or_default();
                self.runner.recorder.came_back_without(had.difference(&jar).count() as u64);
            }
        }
        Ok(())
    }

    async fn comes_back(&mut self, index: usize, task: &Task) -> Result<(), Ended> {
        let Cell { consent, repeat, .. } = &task.cell;
        let is_crawl = task.job == Job::Crawl;
        let goes_on = is_crawl && self.before.crawl.is_some();
        let who = &mut self.personas[index].session;
        let login = Cell { phase: Phase::Login, ..super::cell(&who.persona.name, consent, Phase::Login, 1) };
        self.runner.come_anew(&mut self.browser, who, &login).await?;
        if !who.is_there() {
            return Ok(());
        }
        if is_crawl && *consent != Consent::Untouched && (goes_on || *repeat > 1) {
            // Why a choice cannot be recorded is said where it is told of.
            drop(self.choose(index, consent).await?);
        }
        let state = &mut self.personas[index];
        state.start = state.session.session.jar.clone();
        let who = &mut state.session;
        if goes_on
            && !who.persona.visitor.logged_in
            && let Some(door) = self.seeds.declared.first()
        {
            // Nobody without a login comes but by the front door: what it sets is there for all others.
            let ask = Ask::page(task.cell.clone(), door.to_url());
            let engine = who.engine.clone();
            self.runner.unrecorded(&engine, &mut who.session, &ask).await?;
        }
        Ok(())
    }

    /// Keeps how a task ended, and what is known after it.
    pub(super) fn keep_done(&mut self, task: &Task, end: &TaskEnd, result: &TaskResult) {
        if !self.runner.recorder.is_kept() {
            return;
        }
        match task.job {
            Job::Seeds => self.keep_seeds(),
            Job::SideRequests => {
                let policy = self.policy.clone().map(Box::new);
                self.runner.recorder.keep(|| Line::Policy(policy));
                self.runner.recorder.keep(|| Line::Links(self.links.clone()));
            }
            Job::Render if task.cell.consent == Consent::Untouched => {
                let published = self.runner.rendered_policy.clone().map(Box::new);
                self.runner.recorder.keep(|| Line::Rendered(published));
            }
            _ => {}
        }
        if task.job != Job::Crawl
            && let Some(frontier) = self.personas[task.persona()].session.frontier.clone()
        {
            self.runner.keep_steps(&mut frontier.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let written = |url: &Url| self.runner.recorder.masked(url).is_none();
        let personas = self.personas.iter().map(|state| state.kept(&written)).collect();
        let done = Done {
            cell: task.cell.clone(),
            job: task.job.clone(),
            end: end.clone(),
            gone: result.gone,
            banner: result.banner,
            can_withdraw: result.can_withdraw,
            ms: self.runner.milliseconds(),
            standing: Standing {
                personas,
                covered: self.covered.clone(),
                decided: self.decided,
                outcomes: self.outcomes.clone(),
                unread_policy: self.runner.unread_policy.clone().filter(|url| written(url)),
            },
        };
        let done = Line::Done(Box::new(done));
        if let Some(log) = self.runner.recorder.log() {
            log.commit(&done);
        }
    }

    fn keep_seeds(&mut self) {
        let runner = &mut self.runner;
        let mut left_out = 0;
        let mut keep = |declared: &[Address], mut sitemap: Vec<Address>| {
            let is_written = |address: &Address| runner.masked(address).is_none();
            let before = declared.len() + sitemap.len();
            let declared: Vec<Address> = declared.iter().filter(|at| is_written(at)).cloned().collect();
            sitemap.retain(is_written);
            left_out += (before - declared.len() - sitemap.len()) as u64;
            runner.recorder.keep(|| Line::Seeds { declared, sitemap });
        };
        keep(&self.seeds.declared, Vec::new());
        let mut addresses = self.seeds.sitemap.iter().peekable();
        while addresses.peek().is_some() {
            keep(&[], addresses.by_ref().take(ADDRESSES_PER_LINE).collect());
        }
        if left_out > 0 {
            runner.recorder.keep(|| Line::LeftOut(left_out));
        }
    }
}

/// Whether these bytes are a state file that a run of the plan could go on from, whoever began it. Nothing
/// is asked.
pub async fn is_state_of(bytes: &[u8], plan: &Plan, target: &Target) -> Result<(), NotAState> {
    let Ok(run) = RunContext::new(&Look::at(plan, target)).await else { return Err(NotAState::Foreign) };
    let Ok(mut tasks) = Tasks::ready(&run).await else { return Err(NotAState::Foreign) };
    let mut before = Before { task: tasks.schedule.next(), ..Before::default() };
    read(bytes, |_| Ok(()), |line| tasks.again(line, &mut before))?;
    tasks.came_so_far(before);
    Ok(())
}

/// Whether a state is of the run that would go on with it.
fn is_of(wanted: &Header, found: &Header) -> Result<(), NotAState> {
    let other = |what, hint| Err(NotAState::OfAnother { what, hint });
    if found.tool != wanted.tool {
        return other(
            "another version of cookieproof",
            "go on with the version that began it, or remove the file and begin anew",
        );
    }
    if found.of != wanted.of {
        return other(
            "a run with another plan, target or manifest",
            "say the same plan, manifest and flags as when it began, or remove the file and begin anew",
        );
    }
    if found.browser != wanted.browser {
        return other(
            "a run with another browser",
            "use the browser that it began with, or remove the file and begin anew",
        );
    }
    Ok(())
}

impl PersonaState {
    fn kept(&self, is_written: &impl Fn(&Url) -> bool) -> PersonaKept {
        let who = &self.session;
        let listed = |listed: &Listed| ListedPage { url: listed.url.clone(), stands_for: listed.stands_for };
        let rendered = self.pages.iter().map(|(mode, list)| {
            (*mode, list.iter().filter(|listed| is_written(&listed.url)).map(listed).collect())
        });
        PersonaKept {
            logins: who.logins,
            lost: who.lost,
            reached: who.reached.clone(),
            unproven: who.unproven,
            marked_by_script: who.marked_by_script,
            checked: self.checked,
            consented: self.consented.clone(),
            back_offices: who.back_offices.clone(),
            asked_at: who.asked_at.clone().filter(is_written),
            rendered: rendered.collect(),
        }
    }

    fn stand_as(&mut self, kept: PersonaKept) {
        let who = &mut self.session;
        // Logins count as they begin, those whose task was not done, too.
        who.logins = who.logins.max(kept.logins).min(MOST_TIMES);
        (who.lost, who.reached, who.unproven) = (kept.lost.min(MOST_TIMES), kept.reached, kept.unproven);
        (who.marked_by_script, who.back_offices) = (kept.marked_by_script, kept.back_offices);
        who.asked_at = kept.asked_at;
        (self.checked, self.consented) = (kept.checked, kept.consented);
        let listed =
            |listed: ListedPage| Listed { url: listed.url, stands_for: listed.stands_for.clamp(1, 1 << 30) };
        let rendered = kept.rendered.into_iter();
        self.pages = rendered.map(|(mode, list)| (mode, list.into_iter().map(listed).collect())).collect();
    }
}
