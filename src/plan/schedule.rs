//! Which tasks a run has, in which order, and what follows from their results. Pure: whoever runs it
//! asks for the next task and says how it ended.
//!
//! The order is that of [`Stage`] and [`Step`]: where crawls start; then each persona over HTTP, the
//! one without a login first, so that nothing of a login is in its way; then each persona in a
//! browser, once for each mode of third-party cookies; and the logouts last of all, since one may end
//! the sessions of others who share the account.

use super::{ConsentPlan, EngineChoice, Persona, Plan, Probe, probes};
use crate::cookie::ThirdPartyCookies;
use crate::manifest::Manifest;
use crate::observation::{Cell, Consent, Engine, Job, Phase, ProbeKind};
use std::collections::{BTreeMap, BTreeSet};

/// A login that is tried without consent, with it and without it again takes so many of the budget.
const LOGINS_TO_TELL: u32 = 2;

/// One thing to do, for one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub cell: Cell,
    pub job: Job,
    rank: Rank,
}

impl Task {
    /// Where the task's persona is among [`Schedule::personas`].
    pub fn persona(&self) -> usize {
        self.rank.persona
    }
}

/// How a task ended, as far as others follow from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskResult {
    /// Why it was not done, without secrets; none where it was.
    pub not_done: Option<String>,
    /// The visitor is not what it should be, and nothing more can be done as it.
    pub gone: bool,
    /// Logins that the persona has made by now.
    pub logins: u32,
    /// The consent banner was shown.
    pub banner: bool,
    /// Consent can be taken back.
    pub can_withdraw: bool,
}

/// When a task's turn is: lower comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    stage: Stage,
    persona: usize,
    step: Step,
    repeat: u32,
}

/// The parts of a run, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Seeds,
    Http,
    Browser,
    SecondLook,
    /// The browser once more, in another mode of third-party cookies.
    OtherMode(ThirdPartyCookies),
    Logout,
    /// A login is a new session, which may end the old one: so these come after all else.
    LoginOverHttp,
}

/// What one persona does in a stage, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Start,
    Login,
    /// After a refused one: does it work once consent is recorded?
    ConsentedLogin,
    /// What works by chance the second time was not refused for want of consent.
    LoginAgain,
    Crawl,
    /// The crawls after a recorded choice about cookies.
    CrawlWithChoice(usize),
    Journey(usize),
    Probes,
    /// Beside the crawl of the first visitor.
    Beside,
    Untouched,
    OldChoice,
    PrivacyControl,
    /// The pages in another state of consent.
    Choice(usize),
    Logout,
}

/// The tasks of one run.
#[derive(Clone, Debug)]
pub struct Schedule {
    waiting: BTreeMap<Rank, Task>,
    done: u32,
    personas: Vec<Persona>,
    /// Those that got where they should.
    there: BTreeSet<usize>,
    repeats: u32,
    choices: Vec<ConsentPlan>,
    /// Names, and whose they are; of nobody: of everybody.
    journeys: Vec<(String, Vec<String>)>,
    probes: Vec<Probe>,
    browser: bool,
    /// Modes of third-party cookies to look in, the browser's own first.
    modes: Vec<ThirdPartyCookies>,
    old_choice: Option<Consent>,
    privacy_control: bool,
}

impl Schedule {
    /// The tasks that plan and manifest ask for; others follow from results.
    pub fn new(plan: &Plan, manifest: Option<&Manifest>) -> Schedule {
        let mut personas = plan.personas.clone();
        personas.sort_by_key(|persona| persona.visitor.logged_in);
        let policy = manifest.map(|manifest| &manifest.policy);
        let renewed = policy.is_some_and(|policy| policy.consent_renewed_on_change.is_some());
        let gpc = plan.probes.gpc || policy.is_some_and(|policy| policy.honours_gpc.is_some());
        let journeys = plan.journeys.iter();
        let mut schedule = Schedule {
            waiting: BTreeMap::new(),
            done: 0,
            there: BTreeSet::new(),
            repeats: plan.limits.repeats.max(1),
            choices: plan.consent.clone(),
            journeys: journeys.map(|journey| (journey.name.clone(), journey.personas.clone())).collect(),
            probes: manifest.map(|manifest| probes(manifest, plan)).unwrap_or_default(),
            browser: plan.engine != EngineChoice::Http,
            modes: plan.third_party_cookies.clone(),
            old_choice: plan.old_choice().filter(|_| renewed).map(|choice| choice.state.clone()),
            privacy_control: plan.probes.enabled && gpc,
            personas,
        };
        schedule.add(Stage::Seeds, 0, Step::Start, 1, Job::Seeds, Consent::Untouched);
        for persona in 0..schedule.personas.len() {
            schedule.over_http(persona, Step::Login, 1, Job::Login, Consent::Untouched);
        }
        if !schedule.personas.is_empty() {
            schedule.over_http(0, Step::Beside, 1, Job::SideRequests, Consent::Untouched);
        }
        schedule
    }

    /// The browser that is there treats third-party cookies so, whatever the plan wanted: another
    /// mode is looked at once more. It may be known late, but before the browser's first task.
    pub fn browser_is(&mut self, mode: ThirdPartyCookies) {
        self.modes.retain(|planned| *planned != mode);
        self.modes.insert(0, mode);
        self.waiting.retain(|rank, _| !matches!(rank.stage, Stage::OtherMode(_)));
        if !self.there.is_empty() {
            self.in_other_modes();
        }
    }

    fn in_other_modes(&mut self) {
        for mode in self.modes.clone().into_iter().skip(1) {
            self.add(Stage::OtherMode(mode), 0, Step::Start, 1, Job::OtherMode, Consent::Untouched);
        }
    }

    /// The personas, in the order of their turns.
    pub fn personas(&self) -> &[Persona] {
        &self.personas
    }

    /// The questions to be put by acts.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The next task; none: the run is through.
    #[expect(clippy::should_implement_trait, reason = "what comes next depends on what was done")]
    pub fn next(&mut self) -> Option<Task> {
        self.waiting.pop_first().map(|(_, task)| task)
    }

    /// The tasks whose turn has not come.
    pub fn waiting(&self) -> impl Iterator<Item = &Task> {
        self.waiting.values()
    }

    /// The number of tasks done, and of those that are known to come: more may follow from results.
    pub fn progress(&self) -> (u32, u32) {
        (self.done, u32::try_from(self.waiting.len()).unwrap_or(u32::MAX))
    }

    /// Takes in how a task ended; others may follow.
    pub fn done(&mut self, task: &Task, result: &TaskResult) {
        self.done += 1;
        let Rank { stage, persona, step, .. } = task.rank;
        match task.job {
            Job::Login => self.logged_in(persona, step, result),
            // A choice that cannot be recorded is not tried again, and a session that is lost for
            // good has nothing more to see.
            Job::Crawl if result.not_done.is_some() => {
                self.waiting
                    .retain(|rank, _| (rank.stage, rank.persona, rank.step) != (stage, persona, step));
            }
            Job::OtherMode if result.not_done.is_none() => {
                for persona in self.there.clone() {
                    self.add(stage, persona, Step::Untouched, 1, Job::Render, Consent::Untouched);
                }
            }
            Job::Render if step == Step::Untouched && !result.gone => self.rendered(stage, persona, result),
            _ => {}
        }
    }

    fn logged_in(&mut self, persona: usize, step: Step, result: &TaskResult) {
        match (step, &result.not_done) {
            (Step::ConsentedLogin, None) => {
                self.over_http(persona, Step::LoginAgain, 2, Job::Login, Consent::Untouched);
            }
            (Step::ConsentedLogin, Some(_)) => {}
            (_, None) => self.arrived(persona),
            (Step::Login, Some(_)) => {
                let who = &self.personas[persona];
                let choice = self.recorded_choices(persona).any(|consent| consent == Consent::Accepted);
                let affordable = result.logins.saturating_add(LOGINS_TO_TELL) <= who.login_budget;
                if who.visitor.logged_in && choice && affordable {
                    self.over_http(persona, Step::ConsentedLogin, 1, Job::Login, Consent::Accepted);
                }
            }
            (_, Some(_)) => {}
        }
    }

    /// Everything that a persona does once it is there.
    fn arrived(&mut self, persona: usize) {
        self.there.insert(persona);
        let choices: Vec<Consent> = self.recorded_choices(persona).collect();
        for repeat in 1..=self.repeats {
            self.over_http(persona, Step::Crawl, repeat, Job::Crawl, Consent::Untouched);
            for (number, choice) in choices.iter().enumerate() {
                self.over_http(persona, Step::CrawlWithChoice(number), repeat, Job::Crawl, choice.clone());
            }
        }
        let name = self.personas[persona].name.clone();
        let journeys = self.journeys.iter().filter(|(_, whose)| whose.is_empty() || whose.contains(&name));
        let journeys: Vec<String> = journeys.map(|(journey, _)| journey.clone()).collect();
        for (number, name) in journeys.into_iter().enumerate() {
            self.over_http(persona, Step::Journey(number), 1, Job::Journey { name }, Consent::Untouched);
        }
        if self.probes.iter().any(|probe| probe.persona == name) {
            self.over_http(persona, Step::Probes, 1, Job::Probes, Consent::Untouched);
        }
        if self.browser {
            self.add(Stage::Browser, persona, Step::Untouched, 1, Job::Render, Consent::Untouched);
            self.add(Stage::SecondLook, 0, Step::Start, 1, Job::SecondLook, Consent::Untouched);
            self.in_other_modes();
        }
        if !self.personas[persona].logout.is_empty() {
            self.add(Stage::Logout, persona, Step::Logout, 1, Job::Logout, Consent::Untouched);
        }
        let sent = |probe: &Probe| probe.persona == name && probe.kind == ProbeKind::LoginOverHttp;
        if self.probes.iter().any(sent) {
            self.add(Stage::LoginOverHttp, persona, Step::Login, 1, Job::LoginOverHttp, Consent::Untouched);
        }
    }

    /// What follows from the pages as a visitor saw them who said nothing about cookies. What a claim
    /// asks by an act is asked in the browser's own mode.
    fn rendered(&mut self, stage: Stage, persona: usize, result: &TaskResult) {
        if !self.personas[persona].visitor.logged_in && stage == Stage::Browser {
            if let Some(choice) = self.old_choice.clone().filter(|_| result.banner) {
                self.add(stage, persona, Step::OldChoice, 1, Job::OldChoice, choice);
            }
            if self.privacy_control {
                self.add(stage, persona, Step::PrivacyControl, 1, Job::PrivacyControl, Consent::Untouched);
            }
        }
        for (number, state) in self.states(persona, result).into_iter().enumerate() {
            self.add(stage, persona, Step::Choice(number), 1, Job::Render, state);
        }
    }

    /// Visitors without a login answer the banner either way, and take the answer back where the
    /// site offers to; members accept; other states where the plan names them.
    fn states(&self, persona: usize, result: &TaskResult) -> BTreeSet<Consent> {
        let planned = self.choices.iter().map(|choice| choice.state.clone());
        let mut states: BTreeSet<Consent> = planned.filter(|state| *state != Consent::Untouched).collect();
        if result.banner {
            states.insert(Consent::Accepted);
            if !self.personas[persona].visitor.logged_in {
                states.insert(Consent::Rejected);
                states.extend(result.can_withdraw.then_some(Consent::Withdrawn));
            }
        }
        states
    }

    /// Choices that can be put into the jar; members are looked at as they are and after accepting.
    fn recorded_choices(&self, persona: usize) -> impl Iterator<Item = Consent> {
        let logged_in = self.personas[persona].visitor.logged_in;
        let recorded = self.choices.iter().filter(|choice| choice.cookie.is_some());
        let states = recorded.map(|choice| choice.state.clone());
        states
            .filter(move |state| *state != Consent::Untouched && (!logged_in || *state == Consent::Accepted))
    }

    fn over_http(&mut self, persona: usize, step: Step, repeat: u32, job: Job, consent: Consent) {
        self.add(Stage::Http, persona, step, repeat, job, consent);
    }

    fn add(&mut self, stage: Stage, persona: usize, step: Step, repeat: u32, job: Job, consent: Consent) {
        let cell = Cell {
            persona: self.personas.get(persona).map(|persona| persona.name.clone()).unwrap_or_default(),
            engine: match stage {
                Stage::Seeds | Stage::Http | Stage::Logout | Stage::LoginOverHttp => Engine::Http,
                Stage::Browser | Stage::SecondLook | Stage::OtherMode(_) => Engine::Browser,
            },
            consent,
            phase: match job {
                Job::Login => Phase::Login,
                Job::Journey { .. } => Phase::Journey,
                Job::LoginOverHttp | Job::Probes | Job::OldChoice | Job::PrivacyControl | Job::SecondLook => {
                    Phase::Probe
                }
                Job::Logout => Phase::Logout,
                Job::Seeds | Job::Crawl | Job::SideRequests | Job::OtherMode | Job::Render => Phase::Crawl,
            },
            repeat,
            third_party: match stage {
                Stage::OtherMode(mode) => Some(mode),
                _ => None,
            },
        };
        let rank = Rank { stage, persona, step, repeat };
        self.waiting.insert(rank, Task { cell, job, rank });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;

    const MEMBER: &str = r#"
        [personas.member]
        login = [{ open = "/login" }]
        logout = [{ open = "/logout" }]
        login_budget = 3
    "#;

    fn schedule_of(plan: &str, manifest: Option<&Manifest>) -> Schedule {
        let text = format!("{plan}\n[targets.app]\nurl = \"http://localhost/\"\n");
        let (plan, problems) = super::super::read(&text, "cookieproof.toml", Format::Toml);
        Schedule::new(&plan.unwrap_or_else(|| panic!("{problems:#?}")), manifest)
    }

    fn schedule(plan: &str) -> Schedule {
        schedule_of(plan, None)
    }

    /// The tasks in their order, each ended as `end` says.
    fn order(mut schedule: Schedule, end: impl Fn(&Task) -> TaskResult) -> Vec<String> {
        let mut order = Vec::new();
        while let Some(task) = schedule.next() {
            let Cell { persona, consent, repeat, third_party, .. } = &task.cell;
            let mut text = format!("{persona}: {}", task.job.in_words());
            if *consent != Consent::Untouched {
                text.push_str(&format!(" {consent:?}"));
            }
            if *repeat > 1 {
                text.push_str(&format!(" {repeat}"));
            }
            if let Some(mode) = third_party {
                text.push_str(&format!(" {mode:?}"));
            }
            order.push(text);
            let result = end(&task);
            schedule.done(&task, &result);
        }
        order
    }

    fn well(_: &Task) -> TaskResult {
        TaskResult::default()
    }

    fn refused() -> TaskResult {
        TaskResult { not_done: Some("refused".to_owned()), gone: true, logins: 1, ..TaskResult::default() }
    }

    #[test]
    fn anonymous_first_and_logout_last() {
        let plan = format!("{MEMBER}[limits]\nrepeats = 2\n[journeys.buy]\nsteps = [{{ open = \"/\" }}]\n");
        let tasks = order(schedule(&plan), well);
        assert_eq!(
            tasks,
            [
                "anonymous: robots.txt and sitemaps",
                "anonymous: login",
                "anonymous: crawl",
                "anonymous: crawl 2",
                "anonymous: journey buy",
                "anonymous: addresses beside the crawl",
                "member: login",
                "member: crawl",
                "member: crawl 2",
                "member: journey buy",
                "member: logout",
            ]
        );
    }

    #[test]
    fn a_visitor_that_is_kept_out_does_nothing_more() {
        let end = |task: &Task| if task.cell.persona == "member" { refused() } else { well(task) };
        let tasks = order(schedule(MEMBER), end);
        let member: Vec<_> = tasks.iter().filter(|task| task.starts_with("member")).collect();
        assert_eq!(member, ["member: login"]);
    }

    #[test]
    fn a_banner_brings_the_states_of_consent_in_each_mode() {
        let plan = format!("engine = \"both\"\nthird_party_cookies = [\"block\", \"allow\"]\n{MEMBER}");
        let shown =
            |task: &Task| TaskResult { banner: task.job == Job::Render, can_withdraw: true, ..well(task) };
        let all = order(schedule(&plan), shown);
        let rendered = all.iter().skip_while(|task| !task.contains("pages in the browser"));
        assert_eq!(
            rendered.collect::<Vec<_>>(),
            [
                "anonymous: pages in the browser",
                "anonymous: pages in the browser Accepted",
                "anonymous: pages in the browser Rejected",
                "anonymous: pages in the browser Withdrawn",
                "member: pages in the browser",
                "member: pages in the browser Accepted",
                "anonymous: a second look",
                "anonymous: the other mode of third-party cookies Allow",
                "anonymous: pages in the browser Allow",
                "anonymous: pages in the browser Accepted Allow",
                "anonymous: pages in the browser Rejected Allow",
                "anonymous: pages in the browser Withdrawn Allow",
                "member: pages in the browser Allow",
                "member: pages in the browser Accepted Allow",
                "member: logout",
            ]
        );
    }

    #[test]
    fn the_browsers_mode_may_be_known_after_the_first_crawl() {
        let tasks = |known_at: Job| {
            let mut schedule = schedule("engine = \"both\"\nthird_party_cookies = [\"block\"]\n");
            let mut tasks = Vec::new();
            while let Some(task) = schedule.next() {
                schedule.done(&task, &well(&task));
                if task.job == known_at {
                    schedule.browser_is(ThirdPartyCookies::Allow);
                }
                tasks.push((task.job, task.cell.third_party));
            }
            tasks
        };
        let tasks_of_one_known_late = tasks(Job::Crawl);
        assert!(tasks_of_one_known_late.contains(&(Job::OtherMode, Some(ThirdPartyCookies::Block))));
        assert_eq!(tasks_of_one_known_late, tasks(Job::Seeds));
    }

    #[test]
    fn the_other_mode_is_the_one_the_browser_is_not_in() {
        let modes = |really: ThirdPartyCookies| {
            let mut schedule = schedule("engine = \"both\"\nthird_party_cookies = [\"block\"]\n");
            schedule.browser_is(really);
            let tasks = order(schedule, |task| TaskResult {
                not_done: (task.job == Job::OtherMode).then(|| "no browser".to_owned()),
                ..well(task)
            });
            tasks.into_iter().filter(|task| task.contains("mode") || task.contains("browser")).collect()
        };
        let own: Vec<String> = modes(ThirdPartyCookies::Block);
        assert_eq!(own, ["anonymous: pages in the browser"]);
        let other: Vec<String> = modes(ThirdPartyCookies::Allow);
        assert_eq!(
            other,
            ["anonymous: pages in the browser", "anonymous: the other mode of third-party cookies Block"],
            "and nothing is rendered where it cannot be had"
        );
    }

    #[test]
    fn acts_in_the_browser_are_for_visitors_without_a_login_and_need_a_claim() {
        let manifest =
            "[site]\nname = \"A\"\n[claims]\nconsent_renewed_on_change = true\nhonours_gpc = true\n";
        let (manifest, problems) = crate::manifest::read(manifest, "cookies.toml", Format::Toml);
        let manifest = manifest.unwrap_or_else(|| panic!("{problems:#?}"));
        let plan = format!(
            "engine = \"browser\"\n{MEMBER}[[consent]]\nstate = \"accepted\"\ncookie = \"c=1\"\ngiven = 2026-05-12\n"
        );
        let acts = |banner: bool, manifest: Option<&Manifest>| {
            let all = order(schedule_of(&plan, manifest), |task| TaskResult { banner, ..well(task) });
            let acts = all.into_iter().filter(|task| task.contains("old choice") || task.contains("Global"));
            acts.collect::<Vec<_>>()
        };
        let gpc = "anonymous: Global Privacy Control";
        assert_eq!(acts(true, Some(&manifest)), ["anonymous: an old choice Accepted", gpc]);
        assert_eq!(acts(false, Some(&manifest)), [gpc], "nothing asks again");
        assert_eq!(acts(true, None), [""; 0]);
    }

    #[test]
    fn a_refused_login_is_tried_with_recorded_consent_within_the_budget() {
        let plan = format!("{MEMBER}[[consent]]\nstate = \"accepted\"\ncookie = \"choice=all\"\n");
        let member = |logins: u32| {
            let all = order(schedule(&plan), |task| {
                let out = task.job == Job::Login
                    && task.cell.persona == "member"
                    && task.cell.consent == Consent::Untouched;
                if out { TaskResult { logins, ..refused() } } else { well(task) }
            });
            all.into_iter().filter(|task| task.starts_with("member")).collect::<Vec<_>>()
        };
        assert_eq!(member(1), ["member: login", "member: login Accepted", "member: login 2"]);
        assert_eq!(member(2), ["member: login"], "the budget of 3 would be used up");
    }

    #[test]
    fn members_are_looked_at_after_accepting_and_others_after_any_recorded_choice() {
        let plan = format!(
            "{MEMBER}[[consent]]\nstate = \"accepted\"\ncookie = \"c=1\"\n[[consent]]\nstate = \"rejected\"\ncookie = \"c=0\"\n"
        );
        let tasks = order(schedule(&plan), well);
        let crawls: Vec<_> = tasks.iter().filter(|task| task.contains(": crawl")).collect();
        assert_eq!(
            crawls,
            [
                "anonymous: crawl",
                "anonymous: crawl Accepted",
                "anonymous: crawl Rejected",
                "member: crawl",
                "member: crawl Accepted"
            ]
        );
    }

    #[test]
    fn a_choice_that_cannot_be_recorded_is_not_tried_again() {
        let plan = "[limits]\nrepeats = 2\n[[consent]]\nstate = \"rejected\"\ncookie = \"choice=no\"\n";
        let end = |task: &Task| {
            let failed = task.cell.consent == Consent::Rejected;
            TaskResult { not_done: failed.then(|| "no such file".to_owned()), ..well(task) }
        };
        let tasks = order(schedule(plan), end);
        let crawls: Vec<_> = tasks.iter().filter(|task| task.contains(": crawl")).collect();
        assert_eq!(crawls, ["anonymous: crawl", "anonymous: crawl 2", "anonymous: crawl Rejected"]);
    }

    #[test]
    fn progress_counts_what_is_known() {
        let mut schedule = schedule("");
        assert_eq!(schedule.progress(), (0, 3));
        for _ in 0..2 {
            let task = schedule.next().unwrap();
            schedule.done(&task, &TaskResult::default());
        }
        assert_eq!(schedule.progress(), (2, 2), "the crawl followed from the login");
    }
}
