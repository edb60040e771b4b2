//! The mark that proves a login, where only a script shows it: a session that lives in web storage
//! is unknown to whoever asks without a browser.

use super::context::{Ended, Runner, cell};
use super::persona::{Marked, PersonaSession};
use super::recorder::As;
use super::render::Browser;
use super::steps::Shown;
use crate::engine::browser::{BrowserContext, Patience};
use crate::engine::{Gate, Visit};
use crate::observation::{Cell, Consent, Engine, Phase};
use crate::plan::Mark;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// The mark may come by a script's request, a moment later.
const UNTIL_MARKED: Duration = Duration::from_secs(5);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(200);

impl Runner<'_> {
    /// Asks for the mark in a fresh browser with the persona's session. The first time it shows, a
    /// visitor of whom nothing is known is asked, too: a mark that shows to everybody proves nothing.
    pub(super) async fn rendered_mark(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        // Taken out for as long as it works, since every visit is recorded in the runner, too.
        let Some(mut browser) = self.browser.take() else {
            return Ok(unclear("no browser is there to ask it"));
        };
        let marked = self.ask_rendered(&mut browser, who, cell, mark).await;
        self.browser = Some(browser);
        marked
    }

    async fn ask_rendered(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        here: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let marked = self.ask_rendered_as(browser, who, here, mark).await?;
        if marked.holds && !std::mem::replace(&mut who.marked_by_script, true) {
            let persona = self.anonymous();
            let session = self.fresh_session(&persona).await.unwrap_or_default();
            let nobody = cell(&persona.name, &Consent::Untouched, Phase::Probe, 1);
            let mut anybody =
                PersonaSession { session, persona, ..PersonaSession::new(self.anonymous(), self.engine()) };
            who.unproven = self.ask_rendered_as(browser, &mut anybody, &nobody, mark).await?.holds;
            if who.unproven {
                self.warn(format!(
                    "{}: the mark of `logged_in_when` ({}:{}) shows to everybody, so it proves no login",
                    who.persona.name, self.plan.file, mark.place.line
                ));
            }
        }
        Ok(marked)
    }

    async fn ask_rendered_as(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let Some(url) = self.hosts.on_target(&mark.url) else {
            return Ok(Marked { unclear: false, ..unclear(&format!("`{}` is no address", mark.url)) });
        };
        let cell = Cell { engine: Engine::Browser, ..cell.clone() };
        let Some(context) = self.visitor(browser, who, &cell, false).await? else {
            return Ok(unclear("no fresh browser could be had to ask it"));
        };
        let marked = self.look_for_mark(&context, browser.patience(), &cell, &url, mark).await?;
        // Asking may have renewed the session.
        self.carry_renewed_back(&context, who).await?;
        context.close().await;
        Ok(marked)
    }

    async fn look_for_mark(
        &mut self,
        context: &BrowserContext,
        patience: Patience,
        cell: &Cell,
        url: &Url,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let pacer = self.pacer.clone();
        self.unless_ended(pacer.pass(url)).await?;
        let mut tab = match self.unless_ended(context.acting_tab(patience)).await? {
            Ok(tab) => tab,
            Err(why) => return Ok(unclear(&why)),
        };
        let gone = self.unless_ended(tab.go(url)).await?.err();
        let until = Instant::now() + UNTIL_MARKED;
        let marked = loop {
            let page = self.unless_ended(tab.page()).await?;
            let marked = match (&gone, page) {
                (Some((_, why)), _) => unclear(&format!("GET {}: {why}", url.path())),
                (None, None) => unclear(&format!("GET {}: the page does not answer", url.path())),
                (None, Some(page)) => {
                    let visit =
                        Visit { shown: page.url.clone(), status: tab.status(), ..Visit::unanswered(url) };
                    let there = match &mark.selector {
                        Some(selector) => self.unless_ended(tab.has(selector)).await?.unwrap_or(false),
                        None => true,
                    };
                    // Of selectors the browser knows better: shadow roots and frames count.
                    let text = mark.text.clone().or_else(|| mark.selector.as_ref().map(|_| String::new()));
                    let without = Mark { selector: None, text, ..mark.clone() };
                    let mut marked = self.judge_shown(&without, &visit, &Shown::rendered(page));
                    if !there && let Some(selector) = &mark.selector {
                        marked.holds = false;
                        marked.why = format!("{} without `{selector}`", marked.why);
                    }
                    marked
                }
            };
            if marked.holds || gone.is_some() || Instant::now() >= until {
                break marked;
            }
            self.unless_ended(tokio::time::sleep(LOOK)).await?;
        };
        let (visit, _) = self.unless_ended(tab.close(cell)).await?;
        if let Some(visit) = visit {
            self.tell_visit(&visit);
            self.recorder.visit(cell, &visit, None, As::Look);
        }
        Ok(marked)
    }
}

fn unclear(why: &str) -> Marked {
    Marked { holds: false, unclear: true, by_script: false, why: why.to_owned() }
}
