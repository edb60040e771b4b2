//! Who makes the visits of a run and remembers what they showed. What it stands on is the context's, and read
//! through it; what it looks with is given to it: a browser is no part of what works with one.

use super::context::{Ended, RunContext, cell};
use super::recorder::{As, Recorder};
use super::state::Line;
use super::visits::{kept, set_in_the_clear};
use super::{Event, Progress};
use crate::cookie::Name;
use crate::crawl::{Address, Frontier, Robots, Step};
use crate::engine::{Ask, HttpEngine, Session, Visit};
use crate::observation::{Cell, Consent, Phase, Published, Resource};
use futures_util::stream::{self, StreamExt};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// Progress is told at most this often.
const BETWEEN_PROGRESS: Duration = Duration::from_millis(100);
/// The rate is that of the last requests within this time.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Side requests that are under way at the same time: some are of large files.
pub(super) const MOST_AT_ONCE: usize = 4;

/// The run's memory, and the only one who writes to it.
pub(super) struct Runner<'a> {
    run: &'a RunContext<'a>,
    pub(super) recorder: Recorder,
    /// By host with port; asked for once in a run.
    pub(super) robots: HashMap<String, Robots>,
    pub(super) progress: Progress,
    /// Names of what was put on the device since somebody began to listen.
    pub(super) journal: Option<BTreeSet<Name>>,
    /// Names that answers over plain http set, while a login is made there.
    pub(super) set_over_http: Option<BTreeSet<Name>>,
    /// The policy page, where nothing declared was read in its markup: a browser may see more.
    pub(super) unread_policy: Option<Url>,
    /// And what a browser saw.
    pub(super) rendered_policy: Option<Published>,
    /// Milliseconds that the run took before it went on.
    pub(super) before: u64,
    told: Option<Instant>,
    /// What the start page leaves was told.
    start_told: bool,
    answered: VecDeque<Instant>,
}

/// Half of what anybody asks a runner is what its run stands on.
impl<'a> Deref for Runner<'a> {
    type Target = RunContext<'a>;

    fn deref(&self) -> &RunContext<'a> {
        self.run
    }
}

impl<'a> Runner<'a> {
    /// With nothing seen yet.
    pub(super) fn new(run: &'a RunContext<'a>) -> Runner<'a> {
        let members = run.plan.personas.iter().filter(|persona| persona.visitor.logged_in);
        let members = members.map(|persona| persona.name.clone()).collect();
        let secrets = run.engines().secrets;
        Runner {
            recorder: Recorder::new(Arc::clone(&run.site), secrets, run.manifest, members),
            run,
            robots: HashMap::new(),
            progress: Progress::default(),
            journal: None,
            set_over_http: None,
            unread_policy: None,
            rendered_policy: None,
            before: 0,
            told: None,
            start_told: false,
            answered: VecDeque::new(),
        }
    }

    /// What it stands on, for as long as the run takes.
    pub(super) fn context(&self) -> &'a RunContext<'a> {
        self.run
    }

    /// Makes one visit and records it.
    pub(super) async fn visit(
        &mut self,
        engine: &HttpEngine,
        session: &mut Session,
        ask: &Ask,
        counts: As,
    ) -> Result<Visit, Ended> {
        let visit = self.unless_ended(engine.visit(session, ask)).await?;
        self.take_visit(&ask.cell, &visit, ask.within.as_ref(), counts);
        Ok(visit)
    }

    /// Tells of a visit and records it.
    pub(super) fn take_visit(&mut self, cell: &Cell, visit: &Visit, within: Option<&Url>, counts: As) {
        self.tell_visit(visit);
        self.recorder.visit(cell, visit, within, counts);
        if let Some(journal) = &mut self.journal {
            journal.extend(kept(visit).map(|sighting| sighting.name.clone()));
        }
        if let Some(set) = &mut self.set_over_http {
            set.extend(set_in_the_clear(visit));
        }
    }

    /// Tells what the start page leaves, once: long before the run is through.
    pub(super) fn tell_start(&mut self, visit: &Visit) {
        if visit.asked == self.target.url && visit.status > 0 && !self.start_told {
            self.start_told = true;
            self.watch.event(Event::Start(visit.sightings().cloned().collect()));
        }
    }

    /// Makes one visit that is nobody's sighting: another site's page, a second look.
    pub(super) async fn unrecorded(
        &mut self,
        engine: &HttpEngine,
        session: &mut Session,
        ask: &Ask,
    ) -> Result<Visit, Ended> {
        let visit = self.unless_ended(engine.visit(session, ask)).await?;
        self.tell_visit(&visit);
        Ok(visit)
    }

    /// Milliseconds that the run takes by now, with what it took before it went on.
    pub(super) fn milliseconds(&self) -> u64 {
        self.before.saturating_add(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// What was kept counts from here on.
    pub(super) fn commit(&mut self) {
        let commit = Line::Commit(self.milliseconds());
        let Some(log) = self.recorder.log() else { return };
        log.commit(&commit);
        if let Some(why) = log.failure() {
            self.warn(format!("the state file cannot be written, and the run goes on without it: {why}"));
        }
    }

    /// Keeps a line that counts at once.
    pub(super) fn keep_at_once(&mut self, line: &Line) {
        self.recorder.log().into_iter().for_each(|log| log.at_once(line));
    }

    /// The address as it may be written, where that is not as it is.
    pub(super) fn masked(&self, address: &Address) -> Option<Address> {
        let safe = self.recorder.masked(&address.to_url())?;
        // One that is no address any more is known by its host alone.
        Address::parse(safe.as_str()).or_else(|| Address::parse(address.origin()))
    }

    /// Keeps the steps of a frontier, without addresses that carry secrets.
    pub(super) fn keep_steps(&mut self, frontier: &mut Frontier) {
        let steps = frontier.take_steps().into_iter();
        let steps: Vec<Step> =
            steps.filter_map(|step| step.written(|address| self.masked(address))).collect();
        if !steps.is_empty() {
            self.recorder.keep(|| Line::Steps(steps));
        }
    }

    /// Says how many addresses are not looked at, because they are not in the state file.
    pub(super) fn left_out(&mut self, count: usize) {
        if count > 0 {
            let said = match count {
                1 => "1 address that carries a secret was".to_owned(),
                _ => format!("{count} addresses that carry secrets were"),
            };
            self.recorder.note(format!(
                "the run was interrupted: {said} not written to the state file, and not looked at afterwards"
            ));
        }
    }

    /// Asks for something as a first-time visitor, in the anonymous visitor's first cell.
    pub(super) async fn ask_as_nobody(
        &mut self,
        url: Url,
        resource: Resource,
        counts: As,
    ) -> Result<Visit, Ended> {
        let visits = self.ask_at_once(vec![url.clone()], resource, counts).await?;
        Ok(visits.into_iter().next().unwrap_or_else(|| Visit::unanswered(&url)))
    }

    /// The same of several things, each as a visitor of its own: asked for at the same time, recorded in
    /// their order.
    pub(super) async fn ask_at_once(
        &mut self,
        urls: Vec<Url>,
        resource: Resource,
        counts: As,
    ) -> Result<Vec<Visit>, Ended> {
        let anonymous = self.anonymous();
        let session = self.fresh_session(&anonymous).await.unwrap_or_default();
        let cell = cell(&anonymous.name, &Consent::Untouched, Phase::Crawl, 1);
        let engine = self.engine();
        let asks = urls.into_iter().map(|url| Ask { resource, ..Ask::page(cell.clone(), url) });
        let visits = asks.map(|ask| {
            let mut session = session.clone();
            let engine = &engine;
            async move { engine.visit(&mut session, &ask).await }
        });
        let most = self.plan.limits.concurrency.clamp(1, MOST_AT_ONCE);
        let mut answers = pin!(stream::iter(visits).buffered(most));
        let mut taken = Vec::new();
        while let Some(visit) = self.unless_ended(answers.next()).await? {
            self.take_visit(&cell, &visit, None, counts);
            taken.push(visit);
        }
        Ok(taken)
    }

    /// One more answer: for `-v`, and for the rate.
    pub(super) fn tell_visit(&mut self, visit: &Visit) {
        let now = Instant::now();
        for exchange in &visit.exchanges {
            let at = &exchange.at;
            self.answered.push_back(now);
            self.watch.event(Event::Detail(match at.status {
                0 => format!("{} {}: no answer", at.method, at.url),
                status => format!("{} {} \u{2192} {status}", at.method, at.url),
            }));
        }
        while self.answered.front().is_some_and(|then| now - *then > RATE_WINDOW)
            || self.answered.len() > 100_000
        {
            self.answered.pop_front();
        }
    }

    /// Tells where the run stands, if it is time to.
    pub(super) fn tell_progress(&mut self, at_once: bool) {
        let now = Instant::now();
        if !at_once && self.told.is_some_and(|told| now - told < BETWEEN_PROGRESS) {
            return;
        }
        self.told = Some(now);
        let span = self.answered.front().map_or(0.0, |first| (now - *first).as_secs_f64());
        self.progress.rate = self.answered.len() as f64 / span.max(1.0);
        self.progress.found = self.recorder.found();
        self.progress.failed = self.recorder.failures();
        self.watch.event(Event::Progress(self.progress.clone()));
    }
}
