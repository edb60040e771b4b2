//! Whether the consent banner is there when it should be.

use crate::engine::browser::BrowserContext;
use crate::manifest::BannerRule;
use crate::observation::{BannerMoment, Cell, Consent, Outcome, Phase, ProbeKind, ProbeResult};
use crate::run::context::{Ended, Runner};
use crate::run::render::{Browser, CellSeen};

impl Runner<'_> {
    /// Shown on the first visit and after clearing, gone after consent; never, where the manifest
    /// says that there is none.
    pub(in crate::run) fn banner_outcome(&self, persona: &str, moment: BannerMoment, shown: bool) -> Outcome {
        let rule = self.manifest.and_then(|manifest| manifest.policy.consent_banner.as_ref());
        let none = rule.is_some_and(|rule| rule.value == BannerRule::None);
        banner_outcome(persona, moment, shown, !none && moment != BannerMoment::AfterConsent)
    }

    /// Whether the banner is back after the visitor cleared the site's data.
    pub(in crate::run) async fn cleared(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        cell: &Cell,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        let start = self.target.url.clone();
        let origins = vec![start.origin().ascii_serialization()];
        self.unless_ended(context.clear(origins)).await?;
        // Nobody knows this visitor any more.
        self.recorder.another_visitor();
        let cell = Cell { consent: Consent::Untouched, phase: Phase::Probe, ..cell.clone() };
        let Some(page) = self.open_page(browser, context, &cell, &start).await? else { return Ok(()) };
        let selector = self.plan.browser.banner.clone();
        let banner = self.unless_ended(page.banner(selector.as_deref())).await?;
        let mut seen = CellSeen::default();
        self.finish(page, &cell, &mut seen).await?;
        let shown = banner.is_some_and(|banner| banner.shown);
        let mut outcome = self.banner_outcome(&cell.persona, BannerMoment::AfterClearing, shown);
        if seen.came == 0 {
            outcome.result =
                ProbeResult::NotDone { why: "the start page did not answer after clearing".into() };
            outcome.evidence.clear();
        }
        outcomes.push(outcome);
        Ok(())
    }
}

/// What was seen of the banner, against what was expected of it.
pub(in crate::run) fn banner_outcome(
    persona: &str,
    moment: BannerMoment,
    shown: bool,
    expected: bool,
) -> Outcome {
    let what = if shown { "the consent banner is shown" } else { "no consent banner is shown" };
    Outcome {
        probe: ProbeKind::Banner { moment },
        persona: persona.to_owned(),
        cookies: Vec::new(),
        page: None,
        result: if shown == expected { ProbeResult::Holds } else { ProbeResult::Fails { what: what.into() } },
        evidence: vec![what.to_owned()],
    }
}
