//! Visits with Global Privacy Control (`Sec-GPC: 1`): nothing but what is strictly necessary.

use crate::cookie::{Jar, Name};
use crate::engine::{Ask, Session};
use crate::manifest::{Category, Item};
use crate::observation::{Cell, Consent, ConsentLook, Outcome, Phase, ProbeKind, ProbeResult};
use crate::run::context::{Ended, cell};
use crate::run::persona::PersonaSession;
use crate::run::probes::{PAGES_LOOKED_AT, ProbeAnswer, is_named, listed, not_done, undecided};
use crate::run::recorder::As;
use crate::run::render::{Browser, CellSeen, Decided, Listed};
use crate::run::runner::Runner;
use crate::run::visits::{came, kept};
use std::collections::BTreeSet;

impl Runner<'_> {
    /// With `Sec-GPC: 1`, nothing but what is strictly necessary.
    pub(in crate::run) async fn privacy_control(
        &mut self,
        who: &mut PersonaSession,
    ) -> Result<ProbeAnswer, Ended> {
        let mut session = match self.fresh_session(&who.persona).await {
            Ok(session) => Session { gpc: true, ..session },
            Err(why) => return Ok(undecided(why)),
        };
        let probing = cell(&who.persona.name, &Consent::Untouched, Phase::Probe, 1);
        let mut pages = vec![self.target.url.clone()];
        pages.extend(who.some_pages.iter().filter(|page| **page != self.target.url).cloned());
        pages.truncate(PAGES_LOOKED_AT);
        let engine = who.engine.clone();
        let mut set: BTreeSet<Name> = BTreeSet::new();
        let mut answered = false;
        for page in &pages {
            let ask = Ask::page(probing.clone(), page.clone());
            let visit = self.visit(&engine, &mut session, &ask, As::Look).await?;
            answered |= came(&visit);
            set.extend(kept(&visit).map(|sighting| sighting.name.clone()));
        }
        if !answered {
            return Ok(not_done("no page answered a visit with `Sec-GPC: 1`".into()));
        }
        let (result, evidence) = self.with_privacy_control(&who.session.jar, &set, pages.len());
        Ok((result, evidence, Some(self.target.url.clone())))
    }

    /// The same pages with `Sec-GPC: 1` and `navigator.globalPrivacyControl`, as a fresh visitor.
    pub(in crate::run) async fn privacy_control_in_browser(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        let cell = Cell {
            persona: who.persona.name.clone(),
            engine: crate::observation::Engine::Browser,
            consent: Consent::Untouched,
            phase: Phase::Probe,
            repeat: 1,
            third_party: None,
        };
        // Whoever begins anew, or looks once more, sends the signal, too.
        let mut signalling = PersonaSession::clone(who);
        signalling.session.gpc = true;
        let mut look = ConsentLook::of(cell.clone());
        let mut seen = CellSeen::default();
        let Some((context, _)) = self.arrive(browser, &signalling, list, &mut look, &mut seen).await? else {
            return Ok(());
        };
        let context = self.pages(browser, context, &mut signalling, list, &mut look, &mut seen).await?;
        let Some(context) = context else { return Ok(()) };
        let mut set: BTreeSet<Name> = context.cookies().await.into_iter().map(|cookie| cookie.name).collect();
        context.close().await;
        let late = std::mem::take(&mut seen.late);
        let decided = match self.begin_look(browser, &signalling, list, &cell, late).await? {
            Some(look) => self.end_look(browser, &mut signalling, look).await?,
            None => Decided::default(),
        };
        set.retain(|name| !decided.not_so.contains(name));
        set.extend(decided.instead);
        let (result, evidence) = match seen.came {
            0 => {
                let why = "no page answered a visit with `Sec-GPC: 1` in the browser".to_owned();
                (ProbeResult::NotDone { why }, Vec::new())
            }
            pages => match self.with_privacy_control(&who.session.jar, &set, pages) {
                (ProbeResult::Holds, evidence) if decided.unknown => {
                    let why = "what came late with `Sec-GPC: 1` could not be looked at in real time";
                    (ProbeResult::NotDone { why: why.to_owned() }, evidence)
                }
                told => told,
            },
        };
        outcomes.push(Outcome {
            probe: ProbeKind::GlobalPrivacyControl,
            persona: who.persona.name.clone(),
            cookies: Vec::new(),
            page: Some(self.recorder.safe(&self.target.url)),
            result,
            evidence,
        });
        Ok(())
    }

    /// What is set with the signal, against what is strictly necessary.
    pub(in crate::run) fn with_privacy_control(
        &self,
        usual: &Jar,
        set: &BTreeSet<Name>,
        pages: usize,
    ) -> (ProbeResult, Vec<String>) {
        let usual: BTreeSet<&Name> = usual.iter().map(|cookie| &cookie.name).collect();
        let evidence = vec![
            format!("without it: {}", listed(usual)),
            format!("with `Sec-GPC: 1`, {pages} pages: {}", listed(set)),
        ];
        let items: Vec<&Item> = self.manifest.into_iter().flat_map(|manifest| &manifest.items).collect();
        let is_necessary = |name: &Name| {
            items
                .iter()
                .any(|item| is_named(item, name) && item.category == Some(Category::StrictlyNecessary))
        };
        let more: Vec<&Name> = set.iter().filter(|name| !is_necessary(name)).collect();
        let result = match more.is_empty() {
            true => ProbeResult::Holds,
            false => {
                ProbeResult::Fails { what: format!("with `Sec-GPC: 1` the site still sets {}", listed(more)) }
            }
        };
        (result, evidence)
    }
}
