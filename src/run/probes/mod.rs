//! Questions put to the site by acts: a page asked again without a cookie, a form sent without its
//! token, a refresh, a renewal, a visit with `Sec-GPC`, a logout and what it leaves. Each ends in
//! an outcome with the evidence; the audit reads nothing else.

mod cleared_on_logout;
mod ended_on_logout;
mod old_choice;
mod privacy_control;
mod refreshes;
mod required_for;
mod rolling_renewal;
mod second_look;
mod token_required;
mod updated_by;

use crate::cookie::{Jar, Name};
use crate::engine::Visit;
use crate::manifest::Item;
use crate::observation::{Outcome, ProbeKind, ProbeResult};
use crate::plan::{Probe, TriedAt};
use crate::run::context::Ended;
use crate::run::persona::{PersonaSession, place};
use crate::run::render::Browser;
use crate::run::runner::Runner;
use std::collections::BTreeSet;
use url::Url;

/// Pages asked for with `Sec-GPC`, and after a wait.
pub(in crate::run) const PAGES_LOOKED_AT: usize = 5;

impl Runner<'_> {
    /// Puts the questions that belong to a session, all but those about its end.
    pub(in crate::run) async fn probe(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        probes: &[Probe],
    ) -> Result<Vec<Outcome>, Ended> {
        let mut outcomes = Vec::new();
        let mut waited = false;
        for probe in probes {
            let (result, evidence, page) = match &probe.kind {
                _ if !who.is_there() => undecided(format!("{} was not reached", who.persona.name)),
                ProbeKind::RequiredFor => self.required_for(who, probe).await?,
                ProbeKind::TokenRequired if self.is_tried_at(who, probe) == Some(TriedAt::Login) => {
                    self.token_required(browser, who, probe).await?
                }
                ProbeKind::Refreshes { issues } => self.refreshes(who, probe, issues).await?,
                ProbeKind::RollingRenewal => {
                    if !std::mem::replace(&mut waited, true) {
                        self.wait_for_renewal().await?;
                    }
                    self.renewal(who, probe).await?
                }
                ProbeKind::GlobalPrivacyControl => self.privacy_control(who).await?,
                // The others are put when a journey or the logout is made.
                _ => continue,
            };
            outcomes.push(self.outcome(probe, result, evidence, page));
        }
        Ok(outcomes)
    }

    pub(in crate::run) fn outcome(
        &self,
        probe: &Probe,
        result: ProbeResult,
        evidence: Vec<String>,
        page: Option<Url>,
    ) -> Outcome {
        let mask = |words: &str| self.recorder.without_people(&self.references.mask(words));
        Outcome {
            probe: probe.kind.clone(),
            persona: probe.persona.clone(),
            cookies: probe.cookies.clone(),
            page: page.map(|page| self.recorder.safe(&page)),
            result: match result {
                ProbeResult::Holds => ProbeResult::Holds,
                ProbeResult::Fails { what } => ProbeResult::Fails { what: mask(&what) },
                ProbeResult::Undecided { why } => ProbeResult::Undecided { why: mask(&why) },
                ProbeResult::NotDone { why } => ProbeResult::NotDone { why: mask(&why) },
            },
            evidence: evidence.iter().map(|line| mask(line)).collect(),
        }
    }

    pub(in crate::run) fn items(&self, probe: &Probe) -> Vec<Item> {
        self.items_of(probe.cookies.iter().map(String::as_str))
    }

    pub(in crate::run) fn items_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Vec<Item> {
        let items: Vec<&Item> = self.manifest.into_iter().flat_map(|manifest| &manifest.items).collect();
        keys.into_iter()
            .filter_map(|key| items.iter().find(|item| item.key == key))
            .map(|item| (*item).clone())
            .collect()
    }
}

/// What a probe found: the result, the evidence, and the page it was about.
pub(in crate::run) type ProbeAnswer = (ProbeResult, Vec<String>, Option<Url>);

pub(in crate::run) fn undecided(why: String) -> ProbeAnswer {
    (ProbeResult::Undecided { why }, Vec::new(), None)
}

/// The act itself failed, so nothing is known of what comes of it.
pub(in crate::run) fn not_done(why: String) -> ProbeAnswer {
    (ProbeResult::NotDone { why }, Vec::new(), None)
}

/// Whether an answer is no word on the matter: none at all, a server in trouble or asked too often,
/// an address or method that is not there. A refusal (403, 419, a way back to the form) is one.
pub(in crate::run) fn is_no_word(status: u16) -> bool {
    matches!(status, 0 | 404 | 405 | 410 | 429 | 500..)
}

/// Whether the manifest's item means a cookie of this name.
pub(in crate::run) fn is_named(item: &Item, name: &Name) -> bool {
    item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(name))
}

pub(in crate::run) fn held(jar: &Jar, items: &[Item]) -> BTreeSet<Name> {
    jar.iter()
        .map(|cookie| &cookie.name)
        .filter(|name| items.iter().any(|item| is_named(item, name)))
        .cloned()
        .collect()
}

pub(in crate::run) fn drop_cookies(jar: &mut Jar, items: &[Item]) {
    jar.remove_where(|cookie| items.iter().any(|item| is_named(item, &cookie.name)));
}

pub(in crate::run) fn answer(visit: &Visit) -> String {
    if let Some(failure) = &visit.failure {
        return failure.detail.clone();
    }
    match place(&visit.shown) == place(&visit.asked) {
        true => visit.status.to_string(),
        false => format!("{} at {}", visit.status, visit.shown.path()),
    }
}

pub(in crate::run) fn listed<'n>(names: impl IntoIterator<Item = &'n Name>) -> String {
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
