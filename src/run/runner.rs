//! A run from its start to the scan.

use super::context::{Ended, Runner, cell};
use super::crawl::PolicyLinks;
use super::persona::PersonaSession;
use super::render::Browser;
use super::side_requests::Seeds;
use super::steps::{Halt, Live, missing};
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
    let mut runner = Runner::new(plan, target, manifest, watch, stop).await?;
    runner.browser = match plan.engine {
        EngineChoice::Http => None,
        EngineChoice::Browser | EngineChoice::Both => Some(Browser::start(&runner).await?),
    };
    let mut order = Order {
        runner,
        probes: manifest.map(|manifest| plan::probes(manifest, plan)).unwrap_or_default(),
        members: Vec::new(),
        personas: Vec::new(),
        outcomes: Vec::new(),
        policy: None,
        links: Vec::new(),
        policy_links: PolicyLinks::default(),
        looked_around: false,
    };
    let ended = order.all().await?;
    Ok(order.scan(started, ended))
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
struct Order<'a> {
    runner: Runner<'a>,
    /// Personas that logged in, for what comes after all crawls.
    members: Vec<PersonaSession>,
    probes: Vec<Probe>,
    personas: Vec<PersonaCoverage>,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    policy_links: PolicyLinks,
    /// The addresses beside the crawl were asked for.
    looked_around: bool,
}

impl Order<'_> {
    /// Everything, in its order. Where it ended early, why.
    async fn all(&mut self) -> Result<Option<Ended>, RunError> {
        let mut personas = Vec::new();
        for persona in &self.runner.plan.personas {
            personas.push(PersonaSession::new(persona.clone(), self.runner.engine_for(persona).await?));
        }
        // The visitor without a login comes first: nothing of a login can be in the way.
        personas.sort_by_key(|who| who.persona.visitor.logged_in);
        Ok(self.cells(personas).await.err())
    }

    async fn cells(&mut self, personas: Vec<PersonaSession>) -> Result<(), Ended> {
        let mut waiting = personas.into_iter();
        let end = self.looks(&mut waiting).await;
        for who in waiting {
            self.personas.push(who.coverage(&Consent::Untouched));
        }
        end?;
        self.runner.browse(&mut self.members, &mut self.outcomes).await?;
        self.logouts().await
    }

    async fn looks(&mut self, personas: &mut std::vec::IntoIter<PersonaSession>) -> Result<(), Ended> {
        let seeds = self.runner.seeds().await?;
        let policy = self.policy_addresses();
        for mut who in personas.by_ref() {
            let end = self.as_persona(&mut who, &seeds, &policy).await;
            self.personas.push(who.coverage(&Consent::Untouched));
            end?;
            if !std::mem::replace(&mut self.looked_around, true) {
                self.around().await?;
            }
            self.members.push(who);
        }
        Ok(())
    }

    /// Everything as one persona but its logout.
    async fn as_persona(
        &mut self,
        who: &mut PersonaSession,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        self.began(who, Phase::Login);
        self.runner.log_in(who, &Consent::Untouched).await?;
        if !who.is_there() {
            self.having_consented(who).await?;
        }
        if !who.is_there() {
            return Ok(());
        }
        self.crawls(who, &Consent::Untouched, seeds, policy).await?;
        let session = who.session.clone();
        for consent in self.recorded_choices(who) {
            self.chosen(who, &consent, seeds, policy).await?;
        }
        who.session = session;
        let probes = self.probes_of(who);
        if !probes.is_empty() || !self.runner.plan.journeys.is_empty() {
            self.still_there(who, Phase::Journey).await?;
        }
        self.journeys(who, &probes).await?;
        if !probes.is_empty() {
            self.began(who, Phase::Probe);
            self.outcomes.extend(self.runner.probe(who, &probes).await?);
        }
        Ok(())
    }

    /// Whether a login that was refused works once consent is recorded. What works by chance the
    /// second time was not refused for want of consent: it is tried without it once more.
    async fn having_consented(&mut self, who: &mut PersonaSession) -> Result<(), Ended> {
        let choice = self.recorded_choices(who).into_iter().find(|plan| plan.state == Consent::Accepted);
        let Some(choice) = choice else { return Ok(()) };
        if !who.persona.visitor.logged_in || who.logins + 2 > who.persona.login_budget {
            return Ok(());
        }
        let Ok(cookies) = self.recorded(&choice).await else { return Ok(()) };
        let refused_at = step_of(who).map(str::to_owned);
        let mut other = who.clone();
        self.runner.log_in_having(&mut other, cookies, &choice.state).await?;
        who.logins = other.logins;
        if !other.is_there() {
            return Ok(());
        }
        self.runner.log_in_having(who, Vec::new(), &Consent::Untouched).await?;
        if !who.is_there() && step_of(who) == refused_at.as_deref() {
            self.personas.push(other.coverage(&choice.state));
        }
        Ok(())
    }

    /// The cookies of a recorded choice.
    async fn recorded(&self, plan: &ConsentPlan) -> Result<Vec<StoredCookie>, String> {
        let Some(reference) = &plan.cookie else { return Ok(Vec::new()) };
        let text = self.runner.references.text(reference, Live::default()).await?;
        self.runner.read_cookies(ImportFormat::Header, &text)
    }

    /// The crawls of one consent state, each from the same start.
    async fn crawls(
        &mut self,
        who: &mut PersonaSession,
        consent: &Consent,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        let start = who.session.jar.clone();
        for repeat in 1..=self.runner.plan.limits.repeats.max(1) {
            if !who.is_there() {
                break;
            }
            let crawl = cell(&who.persona.name, consent, Phase::Crawl, repeat);
            if repeat > 1 {
                who.session.jar = start.clone();
                self.still_there(who, Phase::Crawl).await?;
            }
            self.began(who, Phase::Crawl);
            self.runner.crawl(who, &crawl, seeds, policy, &mut self.policy_links).await?;
        }
        Ok(())
    }

    /// Choices that can be put into the jar; members are looked at as they are and after accepting.
    fn recorded_choices(&self, who: &PersonaSession) -> Vec<ConsentPlan> {
        let plans = self.runner.plan.consent.iter();
        plans
            .filter(|plan| plan.cookie.is_some() && plan.state != Consent::Untouched)
            .filter(|plan| !who.persona.visitor.logged_in || plan.state == Consent::Accepted)
            .cloned()
            .collect()
    }

    /// The crawls of a visitor who has made a choice.
    async fn chosen(
        &mut self,
        who: &mut PersonaSession,
        plan: &ConsentPlan,
        seeds: &Seeds,
        policy: &[Address],
    ) -> Result<(), Ended> {
        match self.recorded(plan).await {
            Ok(cookies) => {
                who.session.jar = who.login_jar.clone();
                cookies.into_iter().for_each(|cookie| who.session.jar.insert(cookie));
                self.still_there(who, Phase::Crawl).await?;
                self.crawls(who, &plan.state, seeds, policy).await?;
                self.personas.push(who.coverage(&plan.state));
            }
            Err(why) => {
                let step = format!("the recorded choice ({}:{})", self.runner.plan.file, plan.place.line);
                self.runner.warn(format!("{step}: {why}"));
                let reached = Reached::No { step, why: self.runner.references.mask(&why) };
                self.personas.push(PersonaCoverage { reached, ..who.coverage(&plan.state) });
            }
        }
        Ok(())
    }

    /// Logs in again where the session was lost in the meantime.
    async fn still_there(&mut self, who: &mut PersonaSession, phase: Phase) -> Result<(), Ended> {
        let here = cell(&who.persona.name, &Consent::Untouched, phase, 1);
        if who.is_there() && !self.runner.is_logged_in(who, &here).await? {
            who.lost += 1;
            self.runner.log_in_again(who, &here).await?;
        }
        Ok(())
    }

    /// The journeys that this persona makes, each with the session as it is before all of them.
    async fn journeys(&mut self, who: &PersonaSession, probes: &[Probe]) -> Result<(), Ended> {
        let journeys =
            self.runner.plan.journeys.iter().filter(|journey| {
                journey.personas.is_empty() || journey.personas.contains(&who.persona.name)
            });
        for journey in journeys {
            self.began(who, Phase::Journey);
            let mut traveller = who.clone();
            let here = cell(&who.persona.name, &Consent::Untouched, Phase::Journey, 1);
            self.runner.journal = Some(BTreeSet::new());
            let what = format!("the journey {}", journey.name);
            let end = self.runner.perform(&mut traveller, &here, &journey.steps, &what).await;
            let written = self.runner.journal.take().unwrap_or_default();
            let failed = match end {
                Ok(()) => None,
                Err(Halt::Ended(ended)) => return Err(ended),
                Err(Halt::Failed(failure)) => Some(format!("{} failed: {}", failure.step, failure.why)),
            };
            if let Some(why) = &failed {
                self.runner.warn(format!("{}: {why}", who.persona.name));
            }
            for probe in probes {
                if probe.kind == (ProbeKind::UpdatedBy { journey: journey.name.clone() }) {
                    self.outcomes.push(self.runner.updated(probe, &written, failed.as_deref()));
                }
            }
        }
        Ok(())
    }

    /// What the visitor without a login is asked beside its crawl.
    async fn around(&mut self) -> Result<(), Ended> {
        self.runner.usual_addresses().await?;
        self.policy = self.runner.policy_page().await?;
        self.links = self.runner.declared_links().await?;
        Ok(())
    }

    /// Last of all, since a logout may end the sessions of others who share the account.
    async fn logouts(&mut self) -> Result<(), Ended> {
        for mut who in std::mem::take(&mut self.members) {
            if who.persona.logout.is_empty() || !who.is_there() {
                continue;
            }
            let probes = self.probes_of(&who);
            self.began(&who, Phase::Logout);
            let end = self.runner.log_out(&mut who, &probes).await;
            if let Some(known) = self.personas.iter_mut().find(|known| known.name == who.persona.name) {
                (known.logins, known.sessions_lost) = (who.logins, who.lost);
            }
            self.outcomes.extend(end?);
        }
        Ok(())
    }

    fn probes_of(&self, who: &PersonaSession) -> Vec<Probe> {
        let own = self.probes.iter().filter(|probe| probe.persona == who.persona.name);
        own.cloned().collect()
    }

    fn began(&self, who: &PersonaSession, phase: Phase) {
        self.runner.watch.event(Event::PhaseBegan { persona: who.persona.name.clone(), phase });
    }

    /// Where the policy is, to recognise links to it.
    fn policy_addresses(&self) -> Vec<Address> {
        let manifest = self.runner.manifest;
        let written = manifest.and_then(|manifest| manifest.site.policy_url.as_deref());
        let here = written.and_then(|written| self.runner.site.on_target(written));
        let declared =
            written.and_then(|written| match manifest.and_then(|manifest| manifest.site.url.as_ref()) {
                Some(site) => site.join(written).ok(),
                None => Url::parse(written).ok(),
            });
        here.iter().chain(&declared).filter_map(Address::new).collect()
    }

    fn scan(self, started: jiff::Timestamp, ended: Option<Ended>) -> Scan {
        let mut runner = self.runner;
        runner.recorder.settle();
        let ended = ended.or_else(|| runner.stop.stopped().then_some(Ended::Stopped));
        let plan = runner.plan;
        let recorder = &runner.recorder;
        let mut policy = self.policy;
        if let Some(policy) = &mut policy {
            policy.linked_from = self.policy_links.linking_hosts;
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
        let engines = match &runner.browser {
            Some(_) => BTreeSet::from([Engine::Http, Engine::Browser]),
            None => BTreeSet::from([Engine::Http]),
        };
        Scan {
            format: SCAN_FORMAT,
            run: Run {
                tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).into(),
                target: runner.target.name.clone(),
                base_url: recorder.safe(&runner.target.url),
                started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                seconds: runner.began.elapsed().as_secs(),
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
                browser: runner.browser.as_ref().map(Browser::told),
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
fn step_of(who: &PersonaSession) -> Option<&str> {
    match &who.reached {
        Some(Reached::No { step, .. }) => Some(step),
        _ => None,
    }
}
