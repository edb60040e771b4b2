//! A scan made of what a person recorded in their own browser, instead of visits.

use super::recorder::{As, Recorder};
use crate::engine::EngineContext;
use crate::engine::replay::Recording;
use crate::manifest::Manifest;
use crate::observation::{
    Cell, Consent, Coverage, Engine, PersonaCoverage, Phase, Reached, Run, Scan, SkipReason, Skipped,
};
use crate::plan::{self, Persona, Plan, Target};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose recording it is, and in which state of consent.
#[derive(Clone, Debug)]
pub struct RecordedAs {
    pub persona: Persona,
    pub consent: Consent,
}

/// The scan that a recording amounts to. `file` names it in the coverage.
pub fn replay(
    recording: &Recording,
    file: &str,
    who: &RecordedAs,
    plan: &Plan,
    target: &Target,
    manifest: Option<&Manifest>,
) -> Scan {
    let site = Arc::new(plan::site(plan, target, manifest));
    let context = EngineContext { keep_heads: plan.keep.heads, ..EngineContext::new(Arc::clone(&site)) };
    let persona = &who.persona;
    let cell = Cell {
        persona: persona.name.clone(),
        engine: Engine::Http,
        consent: who.consent.clone(),
        phase: Phase::Crawl,
        repeat: 1,
        third_party: None,
    };
    let replayed = recording.replay(&cell, &context);
    let members = persona.visitor.logged_in.then(|| persona.name.clone()).into_iter().collect();
    let mut recorder = Recorder::new(Arc::clone(&site), Arc::clone(&context.secrets), manifest, members);
    for visit in &replayed.visits {
        // A private page refuses visitors; that is no failure of the page.
        let counts = if matches!(visit.status, 401 | 403 | 405) { As::Look } else { As::Page };
        recorder.visit(&cell, visit, None, counts);
    }
    if replayed.others > 0 {
        recorder.skipped(Skipped {
            persona: persona.name.clone(),
            reason: SkipReason::OutOfScope,
            example: recorder.safe(&target.url),
            count: replayed.others,
        });
    }
    recorder.settle();
    recorder.note(format!(
        "recorded, not crawled: {} of {file} ({}), as {}, {}; nothing else of the site was looked at",
        count(replayed.visits.len() as u64, "page"),
        replayed.recorded_by,
        persona.name,
        words(&who.consent),
    ));
    recorder.note("a recording holds no scripts' writes and no storage: these are not verified");
    recorder.note("whether browsers keep a recorded cookie is our model's word");
    if replayed.unplaced > 0 {
        let what = count(replayed.unplaced, "request");
        recorder.note(format!("{what} of the recording belong to no page of it and were left out"));
    }
    let reached = match (replayed.visits.is_empty(), persona.visitor.logged_in) {
        (true, _) => Reached::No {
            step: "the recording".into(),
            why: format!("{file} holds no page of {}", recorder.safe(&target.url)),
        },
        (false, true) => Reached::Unproven,
        (false, false) => Reached::Yes,
    };
    let mut coverage = Coverage {
        personas: vec![PersonaCoverage {
            name: persona.name.clone(),
            visitor: persona.visitor,
            consent: who.consent.clone(),
            reached,
            logins: 0,
            sessions_lost: 0,
            login_in_browser: None,
        }],
        ..Coverage::default()
    };
    recorder.cover(&mut coverage);
    let began = jiff::Timestamp::from_millisecond((replayed.began * 1000.0) as i64).unwrap_or_default();
    let run = Run {
        may_fail: plan.limits.may_fail,
        tool: concat!("cookieproof ", env!("CARGO_PKG_VERSION")).into(),
        target: target.name.clone(),
        base_url: recorder.safe(&target.url),
        started: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        seconds: replayed.seconds,
        engines: BTreeSet::from([Engine::Http]),
        user_agent: replayed.user_agent.unwrap_or_default(),
        vantage: plan.vantage.clone(),
        third_party_cookies: crate::cookie::ThirdPartyCookies::Allow,
        assets: true,
        partial: None,
        own_hosts: site.own_hosts(),
        host_map: site.map().clone(),
        other_hosts: site.others().clone(),
        allowed_cookies: target.allowed_cookies.clone(),
        consent_given: None,
        browsers: plan.browsers.clone(),
        browser: None,
    };
    let observations = recorder.take_observations();
    Scan {
        run,
        coverage,
        heads: recorder.heads(&observations),
        observations,
        sent: recorder.take_sent(),
        contacts: recorder.take_contacts(),
        consent: Vec::new(),
        pictures: Vec::new(),
        outcomes: Vec::new(),
        policy: None,
        links: Vec::new(),
        tasks: Vec::new(),
    }
}

/// `1 page`, `2 pages`.
fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn words(consent: &Consent) -> String {
    match consent {
        Consent::Untouched => "before any answer about cookies".to_owned(),
        Consent::Accepted => "after accepting cookies".to_owned(),
        Consent::Rejected => "after rejecting cookies".to_owned(),
        Consent::Withdrawn => "after taking consent back".to_owned(),
        Consent::Category(category) => format!("after accepting only {category}"),
    }
}
