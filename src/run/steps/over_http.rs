//! Steps made without a browser: the page in front is the last answer, its forms are read and sent as a
//! browser without scripts would.

use super::engine::{Act, Awaited, Came, NotMade, StepEngine, Waited};
use crate::engine::browser::Offer;
use crate::engine::{Ask, Session, Visit};
use crate::observation::{Cell, Resource};
use crate::run::context::{Ended, RunContext};
use crate::run::html;
use crate::run::persona::{PersonaSession, over_http};
use crate::run::shown::Shown;
use crate::run::shown::form::{self, Filling};
use std::time::Duration;
use url::Url;

/// Waited for where the server does not say how long.
pub(super) const WAIT_AFTER_429: Duration = Duration::from_secs(11);
/// No longer than this, whatever it says.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A page that leads on by itself does so at most this often.
const MOST_REFRESHES: usize = 5;
/// Seconds after which a page that leads on is no page of its own.
const SOON: u64 = 5;
/// Why some steps are not made here.
const NEEDS_A_BROWSER: &str =
    "needs a browser; run with `--engine browser`, or say it with `submit` or `request`";

/// The HTTP engine, with the last answer in front.
pub(super) struct OverHttp<'r> {
    run: &'r RunContext<'r>,
    cell: Cell,
    visits: Vec<(Visit, Option<Url>)>,
}

impl<'r> OverHttp<'r> {
    pub(super) fn new(run: &'r RunContext<'r>, cell: &Cell) -> OverHttp<'r> {
        OverHttp { run, cell: cell.clone(), visits: Vec::new() }
    }

    /// Asks, and follows a page that leads on by itself.
    async fn go(&mut self, who: &mut PersonaSession, mut ask: Ask, sent: &str) -> Came {
        if let Some(origin) = who.over_http.as_ref().filter(|_| self.run.site.is_own(&ask.url)) {
            ask.url = over_http(&ask.url, origin);
        }
        let (mut next, mut led_on) = (Some(ask), 0);
        let mut came = Came::answered(sent.to_owned(), 0);
        while let Some(ask) = next.take() {
            let visit = who.engine.visit(&mut who.session, &ask).await;
            if let Some(on) = leads_on(&visit).filter(|_| led_on < MOST_REFRESHES) {
                led_on += 1;
                let page = Ask::page(self.cell.clone(), on);
                next = Some(Ask { started_by: Some(visit.shown.clone()), resource: Resource::Step, ..page });
            } else {
                came.status = visit.status;
                came.failure = visit.failure.as_ref().map(|failure| failure.detail.clone());
                came.shown = Some(Shown::of(&visit));
                came.again = (visit.status == 429)
                    .then(|| visit.retry_after.unwrap_or(WAIT_AFTER_429).min(LONGEST_WAIT));
            }
            self.visits.push((visit, ask.within));
        }
        came
    }

    async fn submit(&mut self, who: &mut PersonaSession, filling: &Filling) -> Result<Came, NotMade> {
        let Some(page) = &who.shown else { return Err(super::act::NO_PAGE.to_owned().into()) };
        let from = page.url.clone();
        let form = form::find(&page.text, &page.url, page.charset, filling)?;
        let filled = form.fill(filling)?;
        // Before it is sent: an address may carry it.
        filled.tokens.iter().for_each(|token| self.run.references.keep_secret(token));
        let headers =
            filled.content_type.iter().map(|kind| ("Content-Type".into(), kind.clone().into_bytes()));
        let sent = format!(
            "{} {} with {}",
            filled.method,
            filled.url.path(),
            super::act::fields_in_words(&filled.names)
        );
        let ask = Ask {
            method: filled.method,
            headers: headers.collect(),
            body: filled.body,
            started_by: Some(from),
            resource: Resource::Step,
            ..Ask::page(self.cell.clone(), filled.url)
        };
        let came = self.go(who, ask, &sent).await;
        Ok(Came { password: form.takes_password(), form: Some(form), ..came })
    }
}

impl StepEngine for OverHttp<'_> {
    const WHERE: &'static str = "";

    fn cell(&self) -> &Cell {
        &self.cell
    }

    async fn bring_cookies(&mut self, _: &mut Session) -> Result<(), Ended> {
        // Every visit is made with the session itself.
        Ok(())
    }

    async fn take_over(&mut self, _: &Session) -> Result<(), String> {
        Ok(())
    }

    async fn act(&mut self, who: &mut PersonaSession, act: &Act) -> Result<Came, NotMade> {
        match act {
            Act::Open { url, started_by, sent } => {
                let page = Ask::page(self.cell.clone(), url.clone());
                let ask = Ask { started_by: started_by.clone(), resource: Resource::Step, ..page };
                Ok(self.go(who, ask, sent).await)
            }
            Act::Submit(filling) => self.submit(who, filling).await,
            Act::Request { ask, sent } => Ok(self.go(who, Ask::clone(ask), sent).await),
            Act::Click(_) => Err(NotMade::Never(NEEDS_A_BROWSER)),
        }
    }

    async fn fill(&mut self, _: &str, _: &str) -> Result<bool, NotMade> {
        Err(NotMade::Never(NEEDS_A_BROWSER))
    }

    async fn wait(&mut self, _: &Awaited<'_>) -> Result<Waited, NotMade> {
        Err(NotMade::Never(NEEDS_A_BROWSER))
    }

    async fn visits(&mut self) -> Vec<(Visit, Option<Url>)> {
        std::mem::take(&mut self.visits)
    }

    async fn page(&self) -> Option<Shown> {
        None
    }

    async fn has(&self, _: &str) -> Option<bool> {
        None
    }

    async fn offer(&self) -> Option<Offer> {
        None
    }

    fn until_expected(&self) -> Duration {
        Duration::ZERO
    }

    fn last_window(&self) -> Option<String> {
        None
    }
}

/// Where a page leads by itself within moments (`Refresh`, or `<meta http-equiv=refresh>`).
fn leads_on(visit: &Visit) -> Option<Url> {
    if visit.status != 200 || !visit.content_type.contains("html") {
        return None;
    }
    let content = match &visit.head.refresh {
        Some(content) => content.clone(),
        None => html::meta_refresh(&visit.text().text)?,
    };
    let refresh = crate::crawl::refresh(&content).filter(|refresh| refresh.seconds <= SOON)?;
    let next = visit.shown.join(&refresh.url?).ok()?;
    (matches!(next.scheme(), "http" | "https") && next != visit.shown).then_some(next)
}
