//! A run against a small application on loopback, by a plan as a user writes it.

use super::hostile::{Asked, Hostile};
use cookieproof::config::Format;
use cookieproof::manifest::Manifest;
use cookieproof::observation::{Outcome, Phase, ProbeResult, Reached, Scan};
use cookieproof::plan::{self, Plan};
use cookieproof::run::{Event, Stop, Watch, run};
use std::sync::Mutex;

/// What a run saw and said.
pub(crate) struct Seen {
    pub(crate) scan: Scan,
    pub(crate) events: Vec<Event>,
}

#[derive(Default)]
struct Listener(Mutex<Vec<Event>>);

impl Watch for Listener {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// A plan for the application, in TOML; `[targets.app]` is put in front.
#[track_caller]
pub(crate) fn plan(app: &Hostile, text: &str) -> Plan {
    let text = format!("{}\n[targets.app]\nurl = \"{}\"\n", text, app.url("/"));
    let (plan, problems) = plan::read(&text, "cookieproof.toml", Format::Toml);
    plan.unwrap_or_else(|| panic!("{problems:#?}"))
}

/// Runs the plan.
#[track_caller]
pub(crate) fn look(app: &Hostile, text: &str) -> Seen {
    look_with(&plan(app, text), None)
}

/// Runs a plan with a manifest.
#[track_caller]
pub(crate) fn look_with(plan: &Plan, manifest: Option<&Manifest>) -> Seen {
    let listener = Listener::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scan = runtime
        .block_on(run(plan, &plan.targets[0], manifest, &listener, &Stop::default()))
        .unwrap_or_else(|error| panic!("{error}"));
    Seen { scan, events: listener.0.into_inner().unwrap() }
}

impl Seen {
    /// How far a persona came: `yes`, `unproven`, or why not.
    pub(crate) fn reached(&self, persona: &str) -> String {
        let coverage = self.scan.coverage.personas.iter().find(|known| known.name == persona);
        match &coverage.expect("the persona is in the coverage").reached {
            Reached::Yes => "yes".into(),
            Reached::Unproven => "unproven".into(),
            Reached::No { step, why } => format!("{step}: {why}"),
            Reached::Lost { why } => format!("lost: {why}"),
        }
    }

    /// Logins made and sessions lost.
    pub(crate) fn logins(&self, persona: &str) -> (u32, u32) {
        let coverage = self.scan.coverage.personas.iter().find(|known| known.name == persona).unwrap();
        (coverage.logins, coverage.sessions_lost)
    }

    /// `STATUS PATH` of the pages a persona visited in a phase.
    pub(crate) fn pages(&self, persona: &str, phase: Phase) -> Vec<String> {
        let pages = self.scan.coverage.pages.iter();
        let mut pages: Vec<String> = pages
            .filter(|page| page.cell.persona == persona && page.cell.phase == phase)
            .map(|page| format!("{} {}", page.status, path(page.example.as_str())))
            .collect();
        pages.sort();
        pages.dedup();
        pages
    }

    /// Names of cookies that were set in a phase.
    pub(crate) fn cookies(&self, persona: &str, phase: Phase) -> Vec<String> {
        let mut names: Vec<String> = self
            .scan
            .observations
            .iter()
            .filter(|seen| {
                seen.groups
                    .iter()
                    .any(|group| group.example.cell.persona == persona && group.example.cell.phase == phase)
            })
            .map(|seen| seen.name.to_string())
            .collect();
        names.dedup();
        names
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.events.iter().filter_map(|event| match event {
            Event::Warning(text) => Some(text.clone()),
            _ => None,
        });
        warnings.collect()
    }

    /// `KIND PERSONA COOKIES: RESULT`, one for each outcome.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        self.scan.outcomes.iter().map(told).collect()
    }
}

fn told(outcome: &Outcome) -> String {
    let kind = format!("{:?}", outcome.probe);
    let result = match &outcome.result {
        ProbeResult::Holds => "holds".to_owned(),
        ProbeResult::Fails { what } => format!("fails: {what}"),
        ProbeResult::Undecided { why } => format!("undecided: {why}"),
        ProbeResult::NotDone { why } => format!("not done: {why}"),
    };
    format!("{kind} {} {}: {result}", outcome.persona, outcome.cookies.join("+"))
}

fn path(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map_or("/", |_| &url[url.match_indices('/').nth(2).unwrap().0..])
}

impl Asked {
    /// A field of a form, undone.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let fields = url::form_urlencoded::parse(&self.body);
        fields.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A cookie that was sent.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let header = self.header("cookie")?;
        header.split("; ").find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned))
    }

    /// Method and path, without the query.
    pub(crate) fn route(&self) -> String {
        format!("{} {}", self.method, self.target.split('?').next().unwrap_or_default())
    }

    /// A parameter of the query, undone.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}
