//! What does not change during a run: the plan and what it is about, how the site is reached, who watches,
//! and when it ends. Everybody reads it, nobody writes to it; what a run learns is the runner's.

use super::Look;
use super::pace::Pacer;
use super::references::{Live, References, Until};
use super::shelf::TemporaryShelf;
use super::{Event, RunError, Stop, Watch};
use crate::crawl::{PackedAddresses, Shelf};
use crate::engine::{EngineContext, HttpEngine, HttpSettings, Session};
use crate::intake;
use crate::manifest::Manifest;
use crate::observation::{Cell, Consent, Engine, Phase, Site};
use crate::plan::{Persona, Plan, SecretRef, Target};
use crate::secret::{Secret, Secrets};
use crate::transport::{Transport, TransportSettings};
use std::future::Future;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use url::Url;

/// Why a run ends before it is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Stopped,
    TimeUp,
}

/// What a run stands on.
pub(super) struct RunContext<'a> {
    pub(super) plan: &'a Plan,
    pub(super) target: &'a Target,
    pub(super) manifest: Option<&'a Manifest>,
    pub(super) site: Arc<Site>,
    pub(super) references: References,
    pub(super) pacer: Arc<Pacer>,
    pub(super) watch: &'a dyn Watch,
    pub(super) stop: Stop,
    pub(super) began: Instant,
    shelf: Arc<TemporaryShelf>,
    settings: HttpSettings,
    extra_ca: Vec<Vec<u8>>,
    transport: Transport,
    engine: HttpEngine,
}

impl<'a> RunContext<'a> {
    /// Readies everything; no request is made yet.
    pub(super) async fn new(look: &Look<'a>) -> Result<RunContext<'a>, RunError> {
        let &Look { plan, target, manifest, watch, ref stop, ref paces, .. } = look;
        let site = Arc::new(crate::plan::site(plan, target, manifest));
        let secrets = Arc::<RwLock<Secrets>>::default();
        let pacer = Arc::new(Pacer::new(plan.limits.rate, &target.url, paces.clone()));
        let began = Instant::now();
        let until = Until { stop: stop.clone(), deadline: began.checked_add(plan.limits.total_time) };
        let references = References::new(Arc::clone(&secrets), plan, target, manifest, until);
        let engines = EngineContext {
            secrets,
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
        let extra_ca = read_cas(plan)?;
        let proxy = proxy(&references, plan.http.proxy.as_ref(), plan).await?;
        let transport = transport(plan, &extra_ca, proxy)?;
        let engine = HttpEngine::new(transport.clone(), settings.clone());
        Ok(RunContext {
            plan,
            target,
            manifest,
            site,
            references,
            pacer,
            watch,
            stop: stop.clone(),
            began,
            shelf: Arc::default(),
            settings,
            extra_ca,
            transport,
            engine,
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
            let value = self.references.field(name, value, Live::default()).await?;
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

    /// Where addresses may lie that wait for long.
    pub(super) fn shelf(&self) -> Arc<dyn Shelf> {
        Arc::<TemporaryShelf>::clone(&self.shelf)
    }

    /// A list of addresses that may lie there.
    pub(super) fn addresses(&self) -> PackedAddresses {
        PackedAddresses::on(self.shelf())
    }

    /// Whether something that lay there is gone.
    pub(super) fn has_lost_addresses(&self) -> bool {
        self.shelf.has_lost()
    }

    /// The anonymous persona.
    pub(super) fn anonymous(&self) -> Persona {
        let anonymous = self.plan.personas.iter().find(|persona| !persona.visitor.logged_in);
        anonymous.cloned().unwrap_or_else(Persona::anonymous)
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
    match references.text(reference, Live::default()).await {
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
