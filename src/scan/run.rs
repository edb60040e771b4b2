//! A run from its start to the scan.

use super::actor::Actor;
use super::around::Seeds;
use super::browser::Browser;
use super::ground::{Ended, Ground, cell};
use super::steps::{Halt, Live, missing};
use super::walk::Trail;
use super::{Event, RunError, Stop, Watch};
use crate::cookie::StoredCookie;
use crate::crawl::Address;
use crate::engine::USER_AGENT;
use crate::manifest::Manifest;
use crate::observation::{
    Consent, Coverage, Engine, LinkCheck, Outcome, PersonaCoverage, Phase, PolicyPage, ProbeKind, Reached,
    Run, SCAN_FORMAT, Scan,
};
use crate::plan::{self, ConsentPlan, EngineChoice, ImportFormat, Plan, Probe, Target};
use std::collections::BTreeSet;
use url::Url;

/// Looks at a target as the plan says. `manifest` adds its pages, links and probes; without one
/// the run only looks.
pub async fn run(
    plan: &Plan,
    target: &Target,
    manifest: Option<&Manifest>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Result<Scan, RunError> {
    check(plan, target)?;
    let started = jiff::Timestamp::now();
    let mut ground = Ground::new(plan, target, manifest, watch, stop).await?;
    ground.browser = match plan.engine {
        EngineChoice::Http => None,
        EngineChoice::Browser | EngineChoice::Both => Some(Browser::start(&ground).await?),
    };
    let mut course = Course {
        ground,
        probes: manifest.map(|manifest| plan::probes(manifest, plan)).unwrap_or_default(),
        members: Vec::new(),
        personas: Vec::new(),
        outcomes: Vec::new(),
        policy: None,
        links: Vec::new(),
        trail: Trail::default(),
        looked_around: false,
    };
    let ended = course.all().await?;
    Ok(course.scan(started, ended))
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

/// A run under way.
struct Course<'a> {
    ground: Ground<'a>,
    /// Personas that logged in, for what comes after all crawls.
    members: Vec<Actor>,
    probes: Vec<Probe>,
    personas: Vec<PersonaCoverage>,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    trail: Trail,
    /// The addresses beside the crawl were asked for.
    looked_around: bool,
}

impl Course<'_> {
    /// Everything, in its order. Where it ended early, why.
    async fn all(&mut self) -> Result<Option<Ended>, RunError> {
        let mut actors = Vec::new();
        for persona in &self.ground.plan.personas {
            actors.push(Actor::new(persona.clone(), self.ground.engine_for(persona).await?));
        }
        // The visitor without a login comes first: nothing of a login can be in the way.
        actors.sort_by_key(|actor| actor.persona.visitor.logged_in);
        Ok(self.cells(actors).await.err())
    }

    async fn cells(&mut self, actors: Vec<Actor>) -> Result<(), Ended> {
        let mut waiting = actors.into_iter();
        let end = self.looks(&mut waiting).await;
        for actor in waiting {
            self.personas.push(actor.coverage(&Consent::Untouched));
        }
        end?;
        self.ground.browse(&mut self.members, &mut self.outcomes).await?;
        self.logouts().await
    }

    async fn looks(&mut self, actors: &mut std::vec::IntoIter<Actor>) -> Result<(), Ended> {
        let seeds = self.ground.seeds().await?;
        let policy = self.policy_addresses();
        for mut actor in actors.by_ref() {
            let end = self.as_persona(&mut actor, &seeds, &policy).await;
            self.personas.push(actor.coverage(&Consent::Untouched));
            end?;
            if !std::mem::replace(&mut self.looked_around, true) {
                self.around().await?;
            }
            self.members.push(actor);
        }
        Ok(())
    }

    /// Everything as one persona but its logout.
    async fn as_persona(
        &mut self,
        actor: &mut Actor,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        self.began(actor, Phase::Login);
        self.ground.log_in(actor, &Consent::Untouched).await?;
        if !actor.is_there() {
            self.having_consented(actor).await?;
        }
        if !actor.is_there() {
            return Ok(());
        }
        self.crawls(actor, &Consent::Untouched, seeds, policy).await?;
        let session = actor.session.clone();
        for consent in self.recorded_choices(actor) {
            self.chosen(actor, &consent, seeds, policy).await?;
        }
        actor.session = session;
        let probes = self.probes_of(actor);
        if !probes.is_empty() || !self.ground.plan.journeys.is_empty() {
            self.still_there(actor, Phase::Journey).await?;
        }
        self.journeys(actor, &probes).await?;
        if !probes.is_empty() {
            self.began(actor, Phase::Probe);
            self.outcomes.extend(self.ground.probe(actor, &probes).await?);
        }
        Ok(())
    }

    /// Whether a login that was refused works once consent is recorded. What works by chance the
    /// second time was not refused for want of consent: it is tried without it once more.
    async fn having_consented(&mut self, actor: &mut Actor) -> Result<(), Ended> {
        let choice = self.recorded_choices(actor).into_iter().find(|plan| plan.state == Consent::Accepted);
        let Some(choice) = choice else { return Ok(()) };
        if !actor.persona.visitor.logged_in || actor.logins + 2 > actor.persona.login_budget {
            return Ok(());
        }
        let Ok(cookies) = self.recorded(&choice).await else { return Ok(()) };
        let refused_at = step_of(actor).map(str::to_owned);
        let mut other = actor.clone();
        self.ground.log_in_having(&mut other, cookies, &choice.state).await?;
        actor.logins = other.logins;
        if !other.is_there() {
            return Ok(());
        }
        self.ground.log_in_having(actor, Vec::new(), &Consent::Untouched).await?;
        if !actor.is_there() && step_of(actor) == refused_at.as_deref() {
            self.personas.push(other.coverage(&choice.state));
        }
        Ok(())
    }

    /// The cookies of a recorded choice.
    async fn recorded(&self, plan: &ConsentPlan) -> Result<Vec<StoredCookie>, String> {
        let Some(reference) = &plan.cookie else { return Ok(Vec::new()) };
        let text = self.ground.references.text(reference, Live::default()).await?;
        self.ground.read_cookies(ImportFormat::Header, &text)
    }

    /// The crawls of one consent state, each from the same start.
    async fn crawls(
        &mut self,
        actor: &mut Actor,
        consent: &Consent,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        let start = actor.session.jar.clone();
        for repeat in 1..=self.ground.plan.limits.repeats.max(1) {
            if !actor.is_there() {
                break;
            }
            let crawl = cell(&actor.persona.name, consent, Phase::Crawl, repeat);
            if repeat > 1 {
                actor.session.jar = start.clone();
                self.still_there(actor, Phase::Crawl).await?;
            }
            self.began(actor, Phase::Crawl);
            self.ground.walk(actor, &crawl, seeds, policy, &mut self.trail).await?;
        }
        Ok(())
    }

    /// Choices that can be put into the jar; members are looked at as they are and after accepting.
    fn recorded_choices(&self, actor: &Actor) -> Vec<ConsentPlan> {
        let plans = self.ground.plan.consent.iter();
        plans
            .filter(|plan| plan.cookie.is_some() && plan.state != Consent::Untouched)
            .filter(|plan| !actor.persona.visitor.logged_in || plan.state == Consent::Accepted)
            .cloned()
            .collect()
    }

    /// The crawls of a visitor who has made a choice.
    async fn chosen(
        &mut self,
        actor: &mut Actor,
        plan: &ConsentPlan,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        match self.recorded(plan).await {
            Ok(cookies) => {
                actor.session.jar = actor.login_jar.clone();
                cookies.into_iter().for_each(|cookie| actor.session.jar.insert(cookie));
                self.still_there(actor, Phase::Crawl).await?;
                self.crawls(actor, &plan.state, seeds, policy).await?;
                self.personas.push(actor.coverage(&plan.state));
            }
            Err(why) => {
                let step = format!("the recorded choice ({}:{})", self.ground.plan.file, plan.place.line);
                self.ground.warn(format!("{step}: {why}"));
                let reached = Reached::No { step, why: self.ground.references.mask(&why) };
                self.personas.push(PersonaCoverage { reached, ..actor.coverage(&plan.state) });
            }
        }
        Ok(())
    }

    /// Logs in again where the session was lost in the meantime.
    async fn still_there(&mut self, actor: &mut Actor, phase: Phase) -> Result<(), Ended> {
        let here = cell(&actor.persona.name, &Consent::Untouched, phase, 1);
        if actor.is_there() && !self.ground.is_logged_in(actor, &here).await? {
            actor.lost += 1;
            self.ground.log_in_again(actor, &here).await?;
        }
        Ok(())
    }

    /// The journeys that this persona makes, each with the session as it is before all of them.
    async fn journeys(&mut self, actor: &Actor, probes: &[Probe]) -> Result<(), Ended> {
        let journeys =
            self.ground.plan.journeys.iter().filter(|journey| {
                journey.personas.is_empty() || journey.personas.contains(&actor.persona.name)
            });
        for journey in journeys {
            self.began(actor, Phase::Journey);
            let mut traveller = actor.clone();
            let here = cell(&actor.persona.name, &Consent::Untouched, Phase::Journey, 1);
            self.ground.journal = Some(BTreeSet::new());
            let what = format!("the journey {}", journey.name);
            let end = self.ground.perform(&mut traveller, &here, &journey.steps, &what).await;
            let written = self.ground.journal.take().unwrap_or_default();
            let failed = match end {
                Ok(()) => None,
                Err(Halt::Ended(ended)) => return Err(ended),
                Err(Halt::Failed(failure)) => Some(format!("{} failed: {}", failure.step, failure.why)),
            };
            if let Some(why) = &failed {
                self.ground.warn(format!("{}: {why}", actor.persona.name));
            }
            for probe in probes {
                if probe.kind == (ProbeKind::UpdatedBy { journey: journey.name.clone() }) {
                    self.outcomes.push(self.ground.updated(probe, &written, failed.as_deref()));
                }
            }
        }
        Ok(())
    }

    /// What the visitor without a login is asked beside its crawl.
    async fn around(&mut self) -> Result<(), Ended> {
        self.ground.usual_addresses().await?;
        self.policy = self.ground.policy_page().await?;
        self.links = self.ground.declared_links().await?;
        Ok(())
    }

    /// Last of all, since a logout may end the sessions of others who share the account.
    async fn logouts(&mut self) -> Result<(), Ended> {
        for mut actor in std::mem::take(&mut self.members) {
            if actor.persona.logout.is_empty() || !actor.is_there() {
                continue;
            }
            let probes = self.probes_of(&actor);
            self.began(&actor, Phase::Logout);
            let end = self.ground.log_out(&mut actor, &probes).await;
            if let Some(known) = self.personas.iter_mut().find(|known| known.name == actor.persona.name) {
                (known.logins, known.sessions_lost) = (actor.logins, actor.lost);
            }
            self.outcomes.extend(end?);
        }
        Ok(())
    }

    fn probes_of(&self, actor: &Actor) -> Vec<Probe> {
        let own = self.probes.iter().filter(|probe| probe.persona == actor.persona.name);
        own.cloned().collect()
    }

    fn began(&self, actor: &Actor, phase: Phase) {
        self.ground.watch.event(Event::PhaseBegan { persona: actor.persona.name.clone(), phase });
    }

    /// Where the policy is, to recognise links to it.
    fn policy_addresses(&self) -> Vec<Address> {
        let manifest = self.ground.manifest;
        let written = manifest.and_then(|manifest| manifest.site.policy_url.as_deref());
        let here = written.and_then(|written| self.ground.hosts.on_target(written));
        let declared =
            written.and_then(|written| match manifest.and_then(|manifest| manifest.site.url.as_ref()) {
                Some(site) => site.join(written).ok(),
                None => Url::parse(written).ok(),
            });
        here.iter().chain(&declared).filter_map(Address::new).collect()
    }

    fn scan(self, started: jiff::Timestamp, ended: Option<Ended>) -> Scan {
        let mut ground = self.ground;
        ground.recorder.settle();
        let plan = ground.plan;
        let recorder = &ground.recorder;
        let mut policy = self.policy;
        if let Some(policy) = &mut policy {
            policy.linked_from = self.trail.linking_hosts;
        }
        let mut outcomes = self.outcomes;
        outcomes.sort();
        let mut coverage = Coverage {
            personas: self.personas,
            robots_honoured: plan.robots == plan::Robots::Honour,
            ..Coverage::default()
        };
        recorder.cover(&mut coverage);
        let (consent, pictures) = recorder.looks();
        let partial = ended.map(|ended| match ended {
            Ended::Stopped => "interrupted".to_owned(),
            Ended::TimeUp => {
                format!("the limit of {:?} for the whole run was reached", plan.limits.total_time)
            }
        });
        let engines = match &ground.browser {
            Some(_) => BTreeSet::from([Engine::Http, Engine::Browser]),
            None => BTreeSet::from([Engine::Http]),
        };
        Scan {
            format: SCAN_FORMAT,
            run: Run {
                tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).into(),
                target: ground.target.name.clone(),
                base_url: recorder.safe(&ground.target.url),
                started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                seconds: ground.began.elapsed().as_secs(),
                engines,
                user_agent: plan.http.user_agent.clone().unwrap_or_else(|| USER_AGENT.to_owned()),
                vantage: plan.vantage.clone(),
                third_party_cookies: plan.third_party_cookies.first().copied().unwrap_or_default(),
                assets: plan.pages.assets,
                partial,
                own_hosts: ground.hosts.own(),
                host_map: ground.hosts.map().clone(),
                allowed_cookies: ground.target.allowed_cookies.clone(),
                browser: ground.browser.as_ref().map(Browser::told),
                consent_given: plan.old_choice().and_then(|choice| choice.given).map(|day| day.to_string()),
            },
            coverage,
            observations: recorder.observations(),
            sent: recorder.sent(),
            contacts: recorder.contacts(),
            consent,
            pictures,
            outcomes,
            policy,
            links: self.links,
        }
    }
}

/// The step that kept a persona out.
fn step_of(actor: &Actor) -> Option<&str> {
    match &actor.reached {
        Some(Reached::No { step, .. }) => Some(step),
        _ => None,
    }
}
