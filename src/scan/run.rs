//! A run from its start to the scan.

use super::actor::Actor;
use super::around::Seeds;
use super::browser::Browser;
use super::ground::{Ended, Ground, cell};
use super::steps::missing;
use super::walk::Trail;
use super::{Event, RunError, Stop, Watch};
use crate::crawl::Address;
use crate::engine::USER_AGENT;
use crate::manifest::Manifest;
use crate::observation::{
    Consent, Coverage, Engine, LinkCheck, Outcome, PersonaCoverage, Phase, PolicyPage, Run, SCAN_FORMAT, Scan,
};
use crate::plan::{self, EngineChoice, Plan, Target};
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
    let ground = Ground::new(plan, target, manifest, watch, stop).await?;
    let browser = match plan.engine {
        EngineChoice::Http => None,
        EngineChoice::Browser | EngineChoice::Both => Some(Browser::start(&ground).await?),
    };
    let mut course = Course {
        ground,
        browser,
        members: Vec::new(),
        personas: Vec::new(),
        outcomes: Vec::new(),
        policy: None,
        links: Vec::new(),
        trail: Trail::default(),
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
    browser: Option<Browser>,
    /// Personas that logged in, for what comes after all crawls.
    members: Vec<Actor>,
    personas: Vec<PersonaCoverage>,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    trail: Trail,
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
        if let Some(browser) = &mut self.browser {
            self.ground.browse(browser, &self.members, &mut self.outcomes).await?;
        }
        Ok(())
    }

    async fn looks(&mut self, actors: &mut std::vec::IntoIter<Actor>) -> Result<(), Ended> {
        let seeds = self.ground.seeds().await?;
        let policy = self.policy_addresses();
        let mut first = true;
        while let Some(mut actor) = actors.next() {
            let end = self.crawl_as(&mut actor, &seeds, &policy, first).await;
            self.personas.push(actor.coverage(&Consent::Untouched));
            end?;
            first = false;
            self.members.push(actor);
        }
        Ok(())
    }

    async fn crawl_as(
        &mut self,
        actor: &mut Actor,
        seeds: &Seeds,
        policy: &[Address],
        first: bool,
    ) -> Result<(), Ended> {
        let untouched = Consent::Untouched;
        self.began(actor, Phase::Login);
        self.ground.log_in(actor, &untouched).await?;
        if !actor.is_there() {
            return Ok(());
        }
        self.began(actor, Phase::Crawl);
        let crawl = cell(&actor.persona.name, &untouched, Phase::Crawl, 1);
        self.ground.walk(actor, &crawl, seeds, policy, &mut self.trail).await?;
        if first {
            self.ground.usual_addresses().await?;
            self.policy = self.ground.policy_page().await?;
            self.links = self.ground.declared_links().await?;
        }
        Ok(())
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
        let ground = self.ground;
        let plan = ground.plan;
        let recorder = &ground.recorder;
        let mut policy = self.policy;
        if let Some(policy) = &mut policy {
            policy.linked_from = self.trail.linking_hosts;
        }
        let mut outcomes = self.outcomes;
        outcomes.sort();
        let partial = ended.map(|ended| match ended {
            Ended::Stopped => "interrupted".to_owned(),
            Ended::TimeUp => {
                format!("the limit of {} s for the whole run was reached", plan.limits.total_time.as_secs())
            }
        });
        let engines = match &self.browser {
            Some(_) => BTreeSet::from([Engine::Http, Engine::Browser]),
            None => BTreeSet::from([Engine::Http]),
        };
        Scan {
            format: SCAN_FORMAT,
            run: Run {
                tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).into(),
                target: ground.target.name.clone(),
                base_url: recorder.safe(&ground.target.url),
                started: started.to_string(),
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
            },
            coverage: Coverage {
                pages: recorder.pages(),
                skipped: recorder.all_skipped(),
                failed: recorder.failed(),
                personas: self.personas,
                robots_honoured: plan.robots == plan::Robots::Honour,
                notes: Vec::new(),
            },
            observations: recorder.observations(),
            sent: recorder.sent(),
            contacts: recorder.contacts(),
            outcomes,
            policy,
            links: self.links,
        }
    }
}
