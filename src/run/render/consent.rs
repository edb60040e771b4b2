//! Bringing a visitor into a state of consent: by pressing what the banner offers or the plan
//! names, by a choice recorded elsewhere, or by a signal that goes with every request.

use crate::engine::browser::Answer;
use crate::engine::browser::{Banner, BrowserContext, BrowserPage, StoredItem};
use crate::observation::{Cell, Consent, ConsentLook, FailureKind, Phase, StorageKind};
use crate::plan::{ConsentPlan, ImportFormat};
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::references::Live;
use crate::run::render::{Browser, CellSeen, Holdings, Listed, holdings};
use crate::run::runner::Runner;
use std::time::Duration;
use url::Url;

/// Pages looked at between giving consent and taking it back.
const PAGES_BEFORE_WITHDRAWAL: usize = 3;
/// How long a dialog may take to show the next button of a plan.
const DIALOG_OPENS: Duration = Duration::from_secs(3);

impl Runner<'_> {
    /// A fresh visitor, brought into the cell's state of consent; and what it held before it
    /// answered. None where that was not possible: the look says why.
    pub(in crate::run) async fn arrive(
        &mut self,
        browser: &mut Browser,
        who: &PersonaSession,
        list: &[Listed],
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<Option<(BrowserContext, Holdings)>, Ended> {
        let cell = look.cell.clone();
        let Some(mut context) = self.visitor(browser, who, &cell).await? else { return Ok(None) };
        if cell.consent == Consent::Untouched {
            return Ok(Some((context, Holdings::new())));
        }
        let planned = self.plan.consent.iter().find(|planned| planned.state == cell.consent).cloned();
        // Pressing shows more than a choice that was recorded elsewhere.
        let mut reached = self.answered(browser, &context, who, list, look, seen).await?;
        if reached.is_err()
            && let Some(planned) = planned.as_ref().filter(|planned| planned.is_recorded())
        {
            context.close().await;
            let Some(anew) = self.visitor(browser, who, &cell).await? else { return Ok(None) };
            context = anew;
            reached = self.recorded(&context, planned, look, seen).await?;
        }
        match reached {
            Ok(before) => Ok(Some((context, before))),
            Err(why) => {
                look.planned = planned.is_some();
                match planned {
                    Some(_) => self.state_not_reached(&cell, &why),
                    // A banner may well offer no such choice; nobody said that it does.
                    None => self.detail(format!("{:?} by {}: {why}", cell.consent, cell.persona)),
                }
                look.not_reached = Some(why);
                context.close().await;
                Ok(None)
            }
        }
    }

    /// A choice that was made elsewhere, as the site records it.
    pub(in crate::run) async fn recorded(
        &mut self,
        context: &BrowserContext,
        planned: &ConsentPlan,
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<Result<Holdings, String>, Ended> {
        if let Some(reference) = &planned.cookie {
            let text = self.references.text(reference, Live::default()).await;
            let cookies = match text.and_then(|text| self.read_cookies(ImportFormat::Header, &text)) {
                Ok(cookies) => cookies,
                Err(why) => return Ok(Err(self.references.mask(&why))),
            };
            let mut jar = crate::cookie::Jar::default();
            for cookie in cookies {
                seen.explained.insert(cookie.place());
                jar.insert(cookie);
            }
            if let Err(why) = self.unless_ended(context.put(&jar)).await? {
                return Ok(Err(why));
            }
        }
        if let Some((key, reference)) = &planned.local_storage {
            let value = match self.references.text(reference, Live::default()).await {
                Ok(value) => value,
                Err(why) => return Ok(Err(self.references.mask(&why))),
            };
            let item = StoredItem {
                kind: StorageKind::LocalStorage,
                origin: self.target.url.origin().ascii_serialization(),
                name: key.clone(),
                value: crate::cookie::CookieValue::new(value),
            };
            seen.told.insert((item.kind, item.named()));
            if let Err(why) = self.unless_ended(context.put_storage(&[item])).await? {
                return Ok(Err(why));
            }
        }
        look.answered_by = Some("a recorded choice".to_owned());
        Ok(Ok(Holdings::new()))
    }

    /// Answers the banner of the page that asks.
    async fn answered(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        who: &PersonaSession,
        list: &[Listed],
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<Result<Holdings, String>, Ended> {
        let cell = look.cell.clone();
        let consent = match cell.consent {
            Consent::Withdrawn => Consent::Accepted,
            _ => Consent::Untouched,
        };
        let as_before = Cell { consent, ..cell.clone() };
        if cell.consent == Consent::Withdrawn
            && let Err(why) = self.accepted_before(browser, context, who, list, &as_before, seen).await?
        {
            return Ok(Err(why));
        }
        let start = self.asking_page(who);
        let Some(mut page) = self.open_to_answer(browser, context, &as_before, &start).await? else {
            return Ok(Err(format!("{} did not open", self.called(&start))));
        };
        let before = self.held(context, &page).await?;
        page.turn(cell.clone());
        let answered = self.give(&page, &start, &cell.consent).await?;
        if answered.is_err() {
            page.stay();
        }
        let after = self.held(context, &page).await?;
        let came = seen.came;
        self.finish(page, &as_before, seen).await?;
        let banner = match answered {
            Ok(banner) => banner,
            Err(_) if seen.came == came => return Ok(Err("the start page did not answer".into())),
            Err(why) => return Ok(Err(why)),
        };
        look.note(banner.shown, banner.by, None, banner.pay);
        look.answered_by = banner.clicked;
        look.kept_in = after
            .into_iter()
            .filter(|(held, value)| before.get(held) != Some(value))
            .map(|(held, _)| held)
            .collect();
        Ok(Ok(before))
    }

    /// Whoever answered a banner comes back: is it there again?
    pub(super) async fn asked_again(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        who: &PersonaSession,
        look: &mut ConsentLook,
        seen: &mut CellSeen,
    ) -> Result<(), Ended> {
        let cell = look.cell.clone();
        let start = self.asking_page(who);
        if let Some(page) = self.open_page(browser, context, &cell, &start).await? {
            let selector = self.plan.browser.banner.clone();
            let again = self.unless_ended(page.banner(selector.as_deref())).await?;
            look.suspected = again.as_ref().and_then(|banner| banner.suspected.clone());
            let came = seen.came;
            self.finish(page, &cell, seen).await?;
            look.shown_again = again.filter(|_| seen.came > came).map(|banner| banner.shown);
        }
        Ok(())
    }

    /// Who takes consent back gave it before, and saw some pages with it.
    async fn accepted_before(
        &mut self,
        browser: &Browser,
        context: &BrowserContext,
        who: &PersonaSession,
        list: &[Listed],
        accepted: &Cell,
        seen: &mut CellSeen,
    ) -> Result<Result<(), String>, Ended> {
        let untouched = Cell { consent: Consent::Untouched, ..accepted.clone() };
        let start = self.asking_page(who);
        let Some(mut page) = self.open_to_answer(browser, context, &untouched, &start).await? else {
            return Ok(Err(format!("{} did not open", self.called(&start))));
        };
        page.turn(accepted.clone());
        let given = self.give(&page, &start, &Consent::Accepted).await?;
        if given.is_err() {
            page.stay();
        }
        self.finish(page, &untouched, seen).await?;
        if let Err(why) = given {
            return Ok(Err(format!("consent could not be given in the first place: {why}")));
        }
        for listed in list.iter().take(PAGES_BEFORE_WITHDRAWAL) {
            if let Some(page) = self.open_page(browser, context, accepted, &listed.url).await? {
                self.finish(page, accepted, seen).await?;
            }
        }
        Ok(Ok(()))
    }

    /// Answers the consent question of an open page: by what the plan names, else by what the
    /// banner offers. What was pressed, or why nothing was.
    async fn give(
        &self,
        page: &BrowserPage<'_>,
        at: &Url,
        state: &Consent,
    ) -> Result<Result<Banner, String>, Ended> {
        let selector = self.plan.browser.banner.as_deref();
        let planned = self.plan.consent.iter().find(|planned| planned.state == *state);
        if let Some(planned) = planned.filter(|planned| !planned.selectors.is_empty()) {
            let shown = self.unless_ended(page.banner(selector)).await?.unwrap_or_default();
            for control in &planned.selectors {
                self.unless_ended(page.wait(Some(control), None, DIALOG_OPENS)).await?;
                if !self.unless_ended(page.click(control)).await? {
                    return Ok(Err(format!("`{control}` is not on {}", self.called(at))));
                }
            }
            return Ok(Ok(Banner { clicked: Some(planned.selectors.join(", ")), ..shown }));
        }
        let answered = match state {
            Consent::Withdrawn => self.unless_ended(page.withdraw(selector)).await?,
            Consent::Category(category) => {
                self.unless_ended(page.answer(&Answer::Category(category.clone()), selector)).await?
            }
            Consent::Accepted => self.unless_ended(page.answer(&Answer::Accept, selector)).await?,
            _ => self.unless_ended(page.answer(&Answer::Reject, selector)).await?,
        };
        Ok(match answered {
            Some(banner) if banner.clicked.is_some() => Ok(banner),
            Some(_) if *state == Consent::Withdrawn => Err("nothing offers to take consent back".to_owned()),
            Some(Banner { pay: Some(way), .. }) if *state == Consent::Rejected => {
                Err(format!("pay or accept: the only other way past the banner is \u{201c}{way}\u{201d}"))
            }
            Some(Banner { shown: true, .. }) => {
                Err("the consent banner has no button that says so".to_owned())
            }
            Some(Banner { suspected: Some(words), .. }) => Err(format!(
                "no consent banner was recognised, though a box speaks of cookies: \u{201c}{words}\u{201d}"
            )),
            Some(_) => Err("no consent banner was shown".to_owned()),
            None => Err(format!("{} did not answer", self.called(at))),
        })
    }

    /// Where the visitor is asked.
    fn asking_page(&self, who: &PersonaSession) -> Url {
        who.asked_at.clone().unwrap_or_else(|| self.target.url.clone())
    }

    fn called(&self, page: &Url) -> String {
        if *page == self.target.url { "the start page".into() } else { self.recorder.safe(page).to_string() }
    }

    async fn held(&self, context: &BrowserContext, page: &BrowserPage<'_>) -> Result<Holdings, Ended> {
        let jar = self.unless_ended(context.cookies()).await?;
        let storage = self.unless_ended(page.stored()).await?;
        Ok(holdings(&jar, &storage))
    }

    /// A planned consent state that could not be reached is a failure, never a quiet pass; but of that
    /// state alone: the page itself answered.
    fn state_not_reached(&mut self, cell: &Cell, why: &str) {
        let detail = format!("the consent state could not be reached: {why}");
        let cell = Cell { phase: Phase::Probe, ..cell.clone() };
        self.recorder.failed(&cell, &self.target.url, FailureKind::Other, detail);
    }
}
