//! Whether the consent banner is there when it should be.

use crate::engine::browser::BrowserContext;
use crate::manifest::BannerRule;
use crate::observation::{BannerMoment, Cell, Consent, ConsentLook, Outcome, Phase, ProbeKind, ProbeResult};
use crate::run::context::Ended;
use crate::run::render::{Browser, CellSeen};
use crate::run::runner::Runner;
use url::Url;

impl Runner<'_> {
    /// BannerSeen on the first visit and after clearing, gone after consent; never, where the manifest
    /// says that there is none.
    pub(in crate::run) fn banner_outcome(
        &self,
        persona: &str,
        moment: BannerMoment,
        seen: BannerSeen,
    ) -> Outcome {
        banner_outcome(persona, moment, seen, !self.none_promised() && moment != BannerMoment::AfterConsent)
    }

    /// What a first visit met. None where its first page did not answer.
    pub(in crate::run) fn on_first_visit(&self, look: &ConsentLook) -> Option<Outcome> {
        let seen = BannerSeen { shown: look.shown?, suspected: look.suspected.clone() };
        let mut outcome = self.banner_outcome(&look.cell.persona, BannerMoment::FirstVisit, seen);
        if let Some(page) = &look.page {
            outcome.page = Some(page.clone());
            let only = format!("the consent banner is shown on {page}, and not on the first page");
            // Whether a promise of a banner means each page or one of them is not for us to say.
            outcome.result = match self.none_promised() {
                true => ProbeResult::Fails { what: only.clone() },
                false => ProbeResult::Undecided { why: only.clone() },
            };
            outcome.evidence = vec![only];
        }
        Some(outcome)
    }

    fn none_promised(&self) -> bool {
        let rule = self.manifest.and_then(|manifest| manifest.policy.consent_banner.as_ref());
        rule.is_some_and(|rule| rule.value == BannerRule::None)
    }

    /// Whether the banner is back after the visitor cleared the site's data.
    pub(in crate::run) async fn cleared(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        cell: &Cell,
        asked_at: Option<&Url>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Ended> {
        let start = self.target.url.clone();
        let asks = asked_at.unwrap_or(&start).clone();
        let origins = vec![start.origin().ascii_serialization()];
        self.unless_ended(context.clear(origins)).await?;
        // Nobody knows this visitor any more.
        self.recorder.another_visitor();
        let cell = Cell { consent: Consent::Untouched, phase: Phase::Probe, ..cell.clone() };
        let Some(page) = self.open_page(browser, context, &cell, &asks).await? else { return Ok(()) };
        let selector = self.plan.browser.banner.clone();
        let banner = self.unless_ended(page.banner(selector.as_deref())).await?;
        let mut seen = CellSeen::default();
        self.finish(page, &cell, &mut seen).await?;
        let looked = banner.is_some() && seen.came > 0;
        let shown = banner
            .map(|banner| BannerSeen { shown: banner.shown, suspected: banner.suspected })
            .unwrap_or_default();
        let mut outcome = self.banner_outcome(&cell.persona, BannerMoment::AfterClearing, shown);
        if !looked {
            outcome.result =
                ProbeResult::NotDone { why: "the start page did not answer after clearing".into() };
            outcome.evidence.clear();
        }
        outcomes.push(outcome);
        Ok(())
    }
}

/// What was seen of the banner at some moment.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct BannerSeen {
    pub(in crate::run) shown: bool,
    /// A box speaks of cookies, and no answer in it was recognised: its first words.
    pub(in crate::run) suspected: Option<String>,
}

/// What was seen of the banner, against what was expected of it. Of a box that may be one nothing is
/// said.
pub(in crate::run) fn banner_outcome(
    persona: &str,
    moment: BannerMoment,
    seen: BannerSeen,
    expected: bool,
) -> Outcome {
    let BannerSeen { shown, suspected } = seen;
    if let Some(words) = suspected.filter(|_| !shown) {
        let why = format!(
            "a box speaks of cookies, and no answer in it was recognised: \u{201c}{words}\u{201d}; `banner` under \
             [browser] in the plan says whether it is the banner"
        );
        return Outcome {
            probe: ProbeKind::Banner { moment },
            persona: persona.to_owned(),
            cookies: Vec::new(),
            page: None,
            result: ProbeResult::Undecided { why: why.clone() },
            evidence: vec![why],
        };
    }
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
