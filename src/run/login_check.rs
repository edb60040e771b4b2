//! Whether a persona is logged in: the mark that the plan names, asked for with the session. Where only
//! a script shows it, a browser asks: a session that lives in web storage is unknown to whoever asks
//! without one.

use crate::engine::browser::{BrowserContext, Patience};
use crate::engine::{Ask, Gate, HttpEngine, Session, Visit};
use crate::legible::without_credentials;
use crate::observation::{Cell, Consent, Engine, Phase, Resource, quoted};
use crate::plan::Mark;
use crate::run::context::{Ended, cell};
use crate::run::html;
use crate::run::persona::{PersonaSession, place};
use crate::run::recorder::As;
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::shown::Shown;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// The mark may come by a script's request, a moment later.
const UNTIL_MARKED: Duration = Duration::from_secs(5);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(200);

/// What asking for the mark showed.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) holds: bool,
    /// No answer that decides: a failure, a 5xx.
    pub(super) unclear: bool,
    /// The page came, and a script may show the mark on it.
    pub(super) by_script: bool,
    /// What came instead, in words without secrets.
    pub(super) why: String,
}

impl Runner<'_> {
    /// Whether the persona still is logged in. A page that does not answer now proves nothing.
    pub(super) async fn is_logged_in(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        cell: &Cell,
    ) -> Result<bool, Ended> {
        let Some(mark) = who.persona.logged_in_when.clone() else { return Ok(true) };
        let marked = self.ask_mark(browser, who, cell, &mark).await?;
        if !marked.holds && !marked.unclear {
            self.detail(format!("{}: {}", who.persona.name, marked.why));
        }
        Ok(marked.holds || marked.unclear)
    }

    /// Asks for the mark with the persona's session.
    pub(super) async fn ask_mark(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let mark = who.own_mark(mark);
        if !who.marked_by_script || browser.is_none() {
            let engine = who.engine.clone();
            let marked = self.mark_with(&engine, &mut who.session, cell, &mark).await?;
            if marked.holds || !marked.by_script || browser.is_none() {
                return Ok(marked);
            }
        }
        self.rendered_mark(browser, who, cell, &mark).await
    }

    /// Asks for the mark with any session.
    pub(super) async fn mark_with(
        &mut self,
        engine: &HttpEngine,
        session: &mut Session,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        let Some(url) = self.site.on_target(&mark.url) else {
            let why = format!("`{}` is no address", without_credentials(&mark.url));
            return Ok(Marked { holds: false, unclear: false, by_script: false, why });
        };
        let ask = Ask { resource: Resource::Step, ..Ask::page(cell.clone(), url) };
        let visit = self.visit(engine, session, &ask, As::Look).await?;
        Ok(self.judge(mark, &visit))
    }

    /// A mark that shows without a login proves none. Asked once, as a first-time visitor.
    pub(super) async fn ask_mark_as_nobody(
        &mut self,
        who: &mut PersonaSession,
        mark: &Mark,
    ) -> Result<(), Ended> {
        let anonymous = self.anonymous();
        let mut session = self.fresh_session(&anonymous).await.unwrap_or_default();
        let nobody = cell(&anonymous.name, &Consent::Untouched, Phase::Probe, 1);
        let engine = who.engine.clone();
        let marked = self.mark_with(&engine, &mut session, &nobody, mark).await?;
        who.unproven = marked.holds;
        if marked.holds {
            self.warn(format!(
                "{}: the mark of `logged_in_when` ({}:{}) shows to everybody, so it proves no login",
                who.persona.name, self.plan.file, mark.place.line
            ));
        }
        Ok(())
    }

    pub(super) fn judge(&self, mark: &Mark, visit: &Visit) -> Marked {
        self.judge_shown(mark, visit, &Shown::of(visit))
    }

    /// The mark on a page that was asked for, as it is shown.
    pub(super) fn judge_shown(&self, mark: &Mark, visit: &Visit, shown: &Shown) -> Marked {
        if let Some(failure) = &visit.failure {
            let why = format!("GET {}: {}", quoted(visit.asked.path()), failure.detail);
            return Marked { holds: false, unclear: true, by_script: false, why };
        }
        let unclear = visit.status == 429 || visit.status >= 500;
        let mut missing = Vec::new();
        match mark.status {
            Some(status) if status != visit.status => missing.push(format!("not the status {status}")),
            None if !(200..300).contains(&visit.status) => missing.push("not a success".to_owned()),
            _ => {}
        }
        let came = missing.is_empty() && place(&visit.shown) == place(&visit.asked);
        if mark.text.is_none() && mark.selector.is_none() && place(&visit.shown) != place(&visit.asked) {
            missing.push("led elsewhere".to_owned());
        }
        if let Some(text) = mark.text.as_deref().filter(|text| !shown.says(text)) {
            missing.push(format!("without the text \u{201c}{text}\u{201d}"));
        }
        if let Some(selector) = &mark.selector {
            match html::has(&shown.text, selector) {
                Ok(true) => {}
                Ok(false) => missing.push(format!("without `{selector}`")),
                Err(problem) => missing.push(problem),
            }
        }
        let why = format!("{}: {}", shown.summary(), missing.join(", "));
        let by_script = came && !missing.is_empty() && shown.text.contains("<script");
        Marked { holds: missing.is_empty(), unclear, by_script, why: self.references.mask(&why) }
    }

    /// Asks for the mark in a fresh browser with the persona's session. The first time it shows, a
    /// visitor of whom nothing is known is asked, too: a mark that shows to everybody proves nothing.
    pub(super) async fn rendered_mark(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        cell: &Cell,
        mark: &Mark,
    ) -> Result<Marked, Ended> {
        match browser {
            Some(browser) => self.ask_rendered(browser, who, cell, mark).await,
            None => Ok(unclear("no browser is there to ask it")),
        }
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
        let Some(url) = self.site.on_target(&mark.url) else {
            return Ok(Marked {
                unclear: false,
                ..unclear(&format!("`{}` is no address", without_credentials(&mark.url)))
            });
        };
        let cell = Cell { engine: Engine::Browser, ..cell.clone() };
        let Some(context) = self.visitor(browser, who, &cell).await? else {
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
                (Some((_, why)), _) => unclear(&format!("GET {}: {why}", quoted(url.path()))),
                (None, None) => unclear(&format!("GET {}: the page does not answer", quoted(url.path()))),
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
