//! Steps made in a browser: a list in which something is clicked, typed or waited for is made
//! there as a whole, in one tab of a fresh visitor with the persona's session, and the session is
//! carried back afterwards.

use super::engine::{Act, Awaited, Came, NotMade, StepEngine, Waited};
use super::over_http::WAIT_AFTER_429;
use super::{Halt, StepFailure};
use crate::engine::browser::{ActingTab, BrowserContext, Choosing, Fetch, NotDone, Offer, Patience};
use crate::engine::browser::{Filling as Typed, Sent};
use crate::engine::{Ask, Gate, Session, Visit};
use crate::observation::{Cell, Engine, Resource};
use crate::plan::{Choice, Step};
use crate::run::context::{Ended, RunContext};
use crate::run::persona::PersonaSession;
use crate::run::recorder::As;
use crate::run::render::Browser;
use crate::run::runner::Runner;
use crate::run::shown::form::{self, Filling, Form};
use crate::run::shown::{Shown, cut};
use std::time::Duration;
use url::Url;

/// What is expected may come by a script, a moment later.
const UNTIL_EXPECTED: Duration = Duration::from_secs(5);
/// Refused requests of scripts that are told of.
const MOST_REFUSED: usize = 5;

/// A tab in which a persona makes its steps.
struct InBrowser<'c> {
    run: &'c RunContext<'c>,
    context: &'c BrowserContext,
    tab: ActingTab<'c>,
    patience: Patience,
    cell: Cell,
    /// The form in which a password was typed.
    login_form: Option<Form>,
    visits: Vec<(Visit, Option<Url>)>,
}

impl Runner<'_> {
    /// Makes the steps in a browser.
    pub(super) async fn perform_in_browser(
        &mut self,
        browser: &mut Browser,
        who: &mut PersonaSession,
        cell: &Cell,
        steps: &[Step],
        what: &str,
    ) -> Result<(), Halt> {
        let cell = Cell { engine: Engine::Browser, ..cell.clone() };
        let Some(context) = self.visitor(browser, who, &cell).await? else {
            return Err(Halt::Failed(StepFailure {
                step: format!("the start of {what}"),
                why: "no fresh browser could be had for it".into(),
                answered: None,
            }));
        };
        let made = self.perform_there(&context, browser.patience(), who, &cell, steps, what).await;
        context.close().await;
        made
    }

    async fn perform_there(
        &mut self,
        context: &BrowserContext,
        patience: Patience,
        who: &mut PersonaSession,
        cell: &Cell,
        steps: &[Step],
        what: &str,
    ) -> Result<(), Halt> {
        let tab = self.unless_ended(context.acting_tab(patience)).await?.map_err(|why| {
            let step = format!("the start of {what}");
            Halt::Failed(StepFailure { step, why, answered: None })
        })?;
        let (login_form, visits) = (None, Vec::new());
        let run = self.context();
        let mut engine = InBrowser { run, context, tab, patience, cell: cell.clone(), login_form, visits };
        let made = self.make(&mut engine, who, steps, what).await;
        if let Err(Halt::Ended(ended)) = made {
            return Err(Halt::Ended(ended));
        }
        let of_tab = self.unless_ended(engine.tab.session_storage()).await?;
        let (rest, origins) = self.unless_ended(engine.tab.close(cell)).await?;
        if let Some(rest) = rest {
            self.take_visit(cell, &rest, None, As::Look);
        }
        self.carry_back(context, &mut who.session, &origins, of_tab).await?;
        made
    }
}

impl InBrowser<'_> {
    /// Takes up what happened since the last time: the status of the page that came, if one did, and
    /// requests of own hosts' scripts that were refused, in words.
    async fn take_up(&mut self) -> (u16, Vec<String>) {
        let Some(visit) = self.tab.part(&self.cell).await else { return (0, Vec::new()) };
        let refused = visit.exchanges.iter().filter(|exchange| {
            exchange.at.resource == Resource::Fetch
                && exchange.at.status >= 400
                && self.run.site.is_own(&exchange.url)
        });
        let refused = refused.map(|exchange| {
            let at = &exchange.at;
            format!("{} {} was answered {}", at.method, cut(exchange.url.path(), 80), at.status)
        });
        let came = (visit.status, refused.take(MOST_REFUSED).collect());
        self.visits.push((visit, None));
        came
    }

    async fn open(&mut self, url: &Url, sent: &str) -> Result<Came, NotMade> {
        self.run.pacer.pass(url).await;
        if let Err((kind, detail)) = self.tab.go(url).await {
            self.visits.push((self.tab.failed(&self.cell, url, kind, &detail), None));
            return Err(format!("{sent}: {detail}").into());
        }
        let (status, _) = self.take_up().await;
        let again = (status == 429).then_some(WAIT_AFTER_429);
        Ok(Came { again, ..Came::answered(sent.to_owned(), status) })
    }

    async fn submit(&mut self, page: Option<&Shown>, filling: &Filling) -> Result<Came, NotMade> {
        let typed = Typed {
            form: filling.form.as_deref(),
            fields: filling.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            choose: filling.choose.iter().map(|(name, choice)| (name.as_str(), choosing(choice))).collect(),
            button: filling.button.as_deref(),
        };
        let form = page.and_then(|page| form::find(&page.text, &page.url, page.charset, filling).ok());
        let Sent { password, tokens, names } = self.tab.submit(&typed).await?;
        for token in tokens.iter().filter(|token| form::looks_like_token(token)) {
            self.run.references.keep_secret(token);
        }
        self.login_form = form.filter(Form::takes_password);
        let sent = format!("a form with {}", super::act::fields_in_words(&names));
        Ok(Came { password, ..self.acted(sent).await })
    }

    /// After an act: what it set off.
    async fn acted(&mut self, sent: String) -> Came {
        let (status, refused) = self.take_up().await;
        Came { refused, form: self.login_form.take(), ..Came::answered(sent, status) }
    }

    async fn request(&mut self, page: Option<&Shown>, ask: &Ask, sent: &str) -> Result<Came, NotMade> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fetch = Fetch {
            method: &ask.method,
            url: &ask.url,
            headers: ask.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            body: ask.body.as_deref().map(text),
        };
        let fetched = match self.tab.fetch(fetch).await {
            Ok(fetched) => fetched,
            Err(NotDone::Because(problem)) => {
                let hint = match page.map(|shown| shown.url.origin()) {
                    Some(page) if page != ask.url.origin() => {
                        ". Likely it goes to another host than the page's, which does not allow that (CORS): \
                         `open` a page of that host first"
                    }
                    _ => "",
                };
                return Err(format!("{problem}; sent: {sent}{hint}").into());
            }
            Err(why) => return Err(why.into()),
        };
        self.take_up().await;
        let answer = Shown::fetched(fetched);
        Ok(Came { shown: Some(answer.clone()), ..Came::answered(sent.to_owned(), answer.status) })
    }
}

impl StepEngine for InBrowser<'_> {
    const WHERE: &'static str = ", in the browser";

    fn cell(&self) -> &Cell {
        &self.cell
    }

    async fn bring_cookies(&mut self, session: &mut Session) -> Result<(), Ended> {
        self.run.carry_cookies_back(self.context, session).await
    }

    async fn take_over(&mut self, session: &Session) -> Result<(), String> {
        self.context.put(&session.jar).await?;
        self.tab.set_identity(session).await;
        Ok(())
    }

    async fn act(&mut self, who: &mut PersonaSession, act: &Act) -> Result<Came, NotMade> {
        match act {
            Act::Open { url, sent, .. } => self.open(url, sent).await,
            Act::Submit(filling) => self.submit(who.shown.as_ref(), filling).await,
            Act::Request { ask, sent } => self.request(who.shown.as_ref(), ask, sent).await,
            Act::Click(selector) => {
                self.tab.click(selector).await?;
                Ok(self.acted(format!("a click on `{selector}`")).await)
            }
        }
    }

    async fn fill(&mut self, selector: &str, value: &str) -> Result<bool, NotMade> {
        let password = self.tab.fill(selector, value).await?;
        if password && let Some(page) = self.page().await {
            self.login_form = form::forms(&page.text, &page.url).into_iter().find(Form::takes_password);
        }
        Ok(password)
    }

    async fn wait(&mut self, what: &Awaited<'_>) -> Result<Waited, NotMade> {
        if what.selector.is_none() && what.text.is_none() {
            tokio::time::sleep(what.time.unwrap_or_default()).await;
            return Ok(Waited::Came);
        }
        let time = what.time.unwrap_or(self.patience.load);
        Ok(match self.tab.wait(what.selector, what.text, time).await? {
            true => Waited::Came,
            false => Waited::InVain(time),
        })
    }

    async fn visits(&mut self) -> Vec<(Visit, Option<Url>)> {
        self.take_up().await;
        std::mem::take(&mut self.visits)
    }

    async fn page(&self) -> Option<Shown> {
        self.tab.page().await.map(Shown::rendered)
    }

    async fn has(&self, selector: &str) -> Option<bool> {
        Some(matches!(self.tab.has(selector).await, Ok(true)))
    }

    async fn offer(&self) -> Option<Offer> {
        Some(self.tab.offer().await)
    }

    fn until_expected(&self) -> Duration {
        UNTIL_EXPECTED
    }

    fn last_window(&self) -> Option<String> {
        self.tab.last_window().map(str::to_owned)
    }
}

fn choosing(choice: &Choice) -> Choosing<'_> {
    match choice {
        Choice::On => Choosing::On,
        Choice::Off => Choosing::Off,
        Choice::Value(value) => Choosing::Value(value),
    }
}
