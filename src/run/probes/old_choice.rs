//! A choice of an earlier day, put to the site as it is now: does the banner ask again? Whether it
//! should is not known here; the audit holds two scans against each other for that.

use crate::observation::{BannerMoment, Cell, ConsentLook, Engine, Outcome, Phase, ProbeResult};
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::render::{BannerSeen, Browser, CellSeen, banner_outcome};
use crate::run::runner::Runner;

impl Runner<'_> {
    /// The start page for a visitor who comes with the plan's recorded acceptance.
    pub(in crate::run) async fn with_old_choice(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        let Some(choice) = self.plan.old_choice().cloned() else { return Ok(()) };
        let cell = Cell {
            persona: who.persona.name.clone(),
            engine: Engine::Browser,
            consent: choice.state.clone(),
            phase: Phase::Probe,
            repeat: 1,
            third_party: None,
        };
        let Some(context) = self.visitor(browser, who, &cell).await? else { return Ok(()) };
        let start = who.asked_at.clone().unwrap_or_else(|| self.target.url.clone());
        let mut shown = Err("the start page did not answer".to_owned());
        match self
            .recorded(&context, &choice, &mut ConsentLook::of(cell.clone()), &mut CellSeen::default())
            .await?
        {
            Err(why) => shown = Err(why),
            Ok(_) => {
                if let Some(page) = self.open_page(browser, &context, &cell, &start).await? {
                    let selector = self.plan.browser.banner.clone();
                    let banner = self.unless_ended(page.banner(selector.as_deref())).await?;
                    let mut seen = CellSeen::default();
                    self.finish(page, &cell, &mut seen).await?;
                    shown = banner
                        .filter(|_| seen.came > 0)
                        .map(|banner| BannerSeen { shown: banner.shown, suspected: banner.suspected })
                        .ok_or_else(|| "the start page did not answer".to_owned());
                }
            }
        }
        context.close().await;
        let moment = BannerMoment::AfterPolicyChange;
        let seen = shown.clone().unwrap_or_default();
        let mut outcome = banner_outcome(&cell.persona, moment, seen, true);
        if let Err(why) = shown {
            outcome.result = ProbeResult::NotDone { why };
            outcome.evidence.clear();
        }
        outcomes.push(outcome);
        Ok(())
    }
}
