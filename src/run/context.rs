//! What every part of a run stands on: the plan, the engine, the pace, the clock, and the memory
//! of what was seen.

use super::pace::{Pacer, Paces};
use super::probes::kept;
use super::recorder::{As, Recorder};
use super::render::Browser;
use super::state::Line;
use super::steps::{References, Until};
use super::{Event, Progress, RunError, Stop, Watch};
use crate::cookie::{Decision, Name, Reason};
use crate::crawl::{Address, Frontier, Robots, Step};
use crate::engine::{Ask, EngineContext, HttpEngine, HttpSettings, Session, Visit};
use crate::intake;
use crate::manifest::Manifest;
use crate::observation::Site;
use crate::observation::{Cell, Consent, Engine, Phase, Published, Resource, Sighting};
use crate::plan::{Persona, Plan, SecretRef, Target};
use crate::secret::{Secret, Secrets};
use crate::transport::{Transport, TransportSettings};
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use url::Url;

/// Progress is told at most this often.
const BETWEEN_PROGRESS: Duration = Duration::from_millis(100);
/// The rate is that of the last requests within this time.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Why a run ends before it is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Stopped,
    TimeUp,
}

/// The common runner of a run.
pub(super) struct Runner<'a> {
    pub(super) plan: &'a Plan,
    pub(super) target: &'a Target,
    pub(super) manifest: Option<&'a Manifest>,
    pub(super) site: Arc<Site>,
    pub(super) references: References,
    pub(super) recorder: Recorder,
    pub(super) pacer: Arc<Pacer>,
    pub(super) watch: &'a dyn Watch,
    pub(super) stop: &'a Stop,
    pub(super) began: Instant,
    /// By host with port; asked for once in a run.
    pub(super) robots: HashMap<String, Robots>,
    pub(super) progress: Progress,
    /// Names of what was put on the device since somebody began to listen.
    pub(super) journal: Option<BTreeSet<Name>>,
    /// Names that answers over plain http set, while a login is made there.
    pub(super) set_over_http: Option<BTreeSet<Name>>,
    /// The browser, where the plan asks for one; whoever works with it takes it out meanwhile.
    pub(super) browser: Option<Browser>,
    /// The policy page, where nothing declared was read in its markup: a browser may see more.
    pub(super) unread_policy: Option<Url>,
    /// And what a browser saw.
    pub(super) rendered_policy: Option<Published>,
    settings: HttpSettings,
    extra_ca: Vec<Vec<u8>>,
    transport: Transport,
    engine: HttpEngine,
    /// Milliseconds that the run took before it went on.
    pub(super) before: u64,
    told: Option<Instant>,
    /// What the start page leaves was told.
    start_told: bool,
    answered: std::collections::VecDeque<Instant>,
}

impl<'a> Runner<'a> {
    /// Readies everything; no request is made yet.
    pub(super) async fn new(
        plan: &'a Plan,
        target: &'a Target,
        manifest: Option<&'a Manifest>,
        watch: &'a dyn Watch,
        stop: &'a Stop,
        paces: &Paces,
    ) -> Result<Runner<'a>, RunError> {
        let site = Arc::new(crate::plan::site(plan, target, manifest));
        let secrets = Arc::<RwLock<Secrets>>::default();
        let pacer = Arc::new(Pacer::new(plan.limits.rate, &target.url, paces.clone()));
        let began = Instant::now();
        let until = Until { stop: stop.clone(), deadline: began.checked_add(plan.limits.total_time) };
        let references = References::new(Arc::clone(&secrets), plan, target, manifest, until);
        let engines = EngineContext {
            secrets: Arc::clone(&secrets),
            began,
            keep_heads: plan.keep.heads,
            ..EngineContext::new(Arc::clone(&site))
        };
        let settings = HttpSettings {
            redirects: plan.limits.redirects,
            retries: plan.limits.retries,
            contact: plan.http.contact.clone(),
            gate: Some(Arc::clone(&pacer) as _),
            ..HttpSettings::new(engines)
        };
        let members = plan.personas.iter().filter(|persona| persona.visitor.logged_in);
        let members = members.map(|persona| persona.name.clone()).collect();
        let extra_ca = read_cas(plan)?;
        let proxy = proxy(&references, plan.http.proxy.as_ref(), plan).await?;
        let transport = transport(plan, &extra_ca, proxy)?;
        let engine = HttpEngine::new(transport.clone(), settings.clone());
        Ok(Runner {
            recorder: Recorder::new(Arc::clone(&site), Arc::clone(&secrets), manifest, members),
            plan,
            target,
            manifest,
            site,
            references,
            pacer,
            watch,
            stop,
            began,
            robots: HashMap::new(),
            progress: Progress::default(),
            journal: None,
            set_over_http: None,
            browser: None,
            unread_policy: None,
            rendered_policy: None,
            settings,
            extra_ca,
            transport,
            engine,
            before: 0,
            told: None,
            start_told: false,
            answered: std::collections::VecDeque::new(),
        })
    }

    /// The engine for a persona: the common one, or one through a proxy of its own.
    pub(super) async fn engine_for(&self, persona: &Persona) -> Result<HttpEngine, RunError> {
        let Some(reference) = &persona.proxy else { return Ok(self.engine.clone()) };
        let proxy = proxy(&self.references, Some(reference), self.plan).await?;
        Ok(HttpEngine::new(transport(self.plan, &self.extra_ca, proxy)?, self.settings.clone()))
    }

    /// What all engines of the run share.
    pub(super) fn engines(&self) -> EngineContext {
        self.settings.context.clone()
    }

    /// The proxy that a persona goes through: its own, or the plan's.
    pub(super) async fn proxy_of(&self, persona: &Persona) -> Result<Option<Secret>, RunError> {
        let named = persona.proxy.as_ref().or(self.plan.http.proxy.as_ref());
        proxy(&self.references, named, self.plan).await
    }

    /// The common engine: what is asked as nobody in particular.
    pub(super) fn engine(&self) -> HttpEngine {
        self.engine.clone()
    }

    /// Below the engine: for what is no part of the site.
    pub(super) fn transport(&self) -> Transport {
        self.transport.clone()
    }

    /// Makes one visit and records it.
    pub(super) async fn visit(
        &mut self,
        engine: &HttpEngine,
        session: &mut Session,
        ask: &Ask,
        counts: As,
    ) -> Result<Visit, Ended> {
        let visit = self.unrecorded(engine, session, ask).await?;
        self.recorder.visit(&ask.cell, &visit, ask.within.as_ref(), counts);
        if let Some(journal) = &mut self.journal {
            journal.extend(kept(&visit).map(|sighting| sighting.name.clone()));
        }
        if let Some(set) = &mut self.set_over_http {
            set.extend(set_in_the_clear(&visit));
        }
        Ok(visit)
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

    /// The future's result, unless the run is stopped or its time is up first.
    pub(super) async fn unless_ended<T>(&self, future: impl Future<Output = T>) -> Result<T, Ended> {
        let deadline = tokio::time::Instant::from_std(self.deadline());
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(Ended::Stopped),
            () = tokio::time::sleep_until(deadline) => Err(Ended::TimeUp),
            result = future => Ok(result),
        }
    }

    /// Why the run is over, where it is.
    pub(super) fn over(&self) -> Option<Ended> {
        match self.stop.stopped() {
            true => Some(Ended::Stopped),
            false => (Instant::now() >= self.deadline()).then_some(Ended::TimeUp),
        }
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

    fn deadline(&self) -> Instant {
        // A limit beyond what the clock can count is none.
        self.began
            .checked_add(self.plan.limits.total_time)
            .unwrap_or_else(|| self.began + Duration::from_secs(86_400 * 365))
    }

    /// A visitor of whom nothing is known yet.
    pub(super) async fn fresh_session(&self, persona: &Persona) -> Result<Session, String> {
        let mut own_headers: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in self.plan.http.headers.iter().chain(&persona.headers) {
            let value = self.references.field(name, value, super::steps::Live::default()).await?;
            own_headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            own_headers.push((name.clone(), value.into_bytes()));
        }
        Ok(Session {
            own_headers,
            user_agent: persona.user_agent.clone().or_else(|| self.plan.http.user_agent.clone()),
            accept_language: persona
                .accept_language
                .clone()
                .or_else(|| self.plan.http.accept_language.clone()),
            third_party: self.plan.third_party_cookies.first().copied().unwrap_or_default(),
            ..Session::default()
        })
    }

    /// The anonymous persona.
    pub(super) fn anonymous(&self) -> Persona {
        let anonymous = self.plan.personas.iter().find(|persona| !persona.visitor.logged_in);
        anonymous.cloned().unwrap_or_else(Persona::anonymous)
    }

    /// Asks for something as a first-time visitor, in the anonymous visitor's first cell.
    pub(super) async fn ask_as_nobody(
        &mut self,
        url: Url,
        resource: Resource,
        counts: As,
    ) -> Result<Visit, Ended> {
        let anonymous = self.anonymous();
        let mut session = self.fresh_session(&anonymous).await.unwrap_or_default();
        let ask =
            Ask { resource, ..Ask::page(cell(&anonymous.name, &Consent::Untouched, Phase::Crawl, 1), url) };
        let engine = self.engine();
        self.visit(&engine, &mut session, &ask, counts).await
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

    pub(super) fn detail(&self, text: impl AsRef<str>) {
        self.watch.event(Event::Detail(self.references.mask(text.as_ref())));
    }

    pub(super) fn warn(&self, text: impl AsRef<str>) {
        self.watch.event(Event::Warning(self.references.mask(text.as_ref())));
    }
}

/// A cell of the HTTP engine.
pub(super) fn cell(persona: &str, consent: &Consent, phase: Phase, repeat: u32) -> Cell {
    Cell {
        persona: persona.to_owned(),
        engine: Engine::Http,
        consent: consent.clone(),
        phase,
        repeat,
        third_party: None,
    }
}

/// Names that answers over plain http set, kept or not: they were on the wire.
fn set_in_the_clear(visit: &Visit) -> impl Iterator<Item = Name> {
    let over_http = visit.exchanges.iter().filter(|exchange| exchange.at.url.as_str().starts_with("http:"));
    let sets = |sighting: &&Sighting| match &sighting.decision {
        Decision::Deleted { .. } => false,
        Decision::Rejected { reasons } => !reasons.contains(&Reason::AlreadyExpired),
        _ => true,
    };
    over_http.flat_map(|exchange| &exchange.sightings).filter(sets).map(|sighting| sighting.name.clone())
}

fn transport(plan: &Plan, extra_ca: &[Vec<u8>], proxy: Option<Secret>) -> Result<Transport, RunError> {
    let limits = &plan.limits;
    let settings = TransportSettings {
        connect_timeout: limits.connect_timeout,
        head_timeout: limits.head_timeout,
        total_timeout: limits.request_timeout,
        head_bytes: limits.head_bytes,
        body_bytes: limits.body_bytes,
        proxy,
        extra_ca: extra_ca.to_vec(),
        resolve: plan.http.resolve.clone(),
        http2: plan.http.http2,
    };
    Transport::new(settings).map_err(|error| RunError { message: error.to_string(), hint: None })
}

async fn proxy(
    references: &References,
    reference: Option<&SecretRef>,
    plan: &Plan,
) -> Result<Option<Secret>, RunError> {
    let Some(reference) = reference else { return Ok(None) };
    match references.text(reference, super::steps::Live::default()).await {
        Ok(url) => {
            if let Some(password) = Url::parse(&url).ok().as_ref().and_then(Url::password) {
                references.keep_secret(password);
            }
            Ok(Some(Secret::new(url)))
        }
        Err(problem) => Err(RunError {
            message: format!("{}:{}: the proxy: {problem}", plan.file, reference.place.line),
            hint: None,
        }),
    }
}

fn read_cas(plan: &Plan) -> Result<Vec<Vec<u8>>, RunError> {
    let read = |path: &std::path::PathBuf| {
        intake::file(path, intake::MOST_OF_CAS).map_err(|error| RunError {
            message: format!("the CA file {} cannot be read: {}", path.display(), intake::why(&error)),
            hint: Some("`http.extra_ca` takes paths of PEM files, relative to the plan".into()),
        })
    };
    plan.http.extra_ca.iter().map(read).collect()
}
