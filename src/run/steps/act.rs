//! What is done on a page, and what comes of it: the page that is in front then, the answer that a script
//! got, or why it was not done and what the page had to offer instead.

use super::engine::{Act, Awaited, Came, NotMade, StepEngine, Waited};
use super::failure::Trouble;
use super::offered::{nearest, offered};
use crate::engine::browser::NotDone;
use crate::observation::{Engine, Phase};
use crate::plan::SecretRef;
use crate::run::context::Ended;
use crate::run::persona::{PersonaSession, place};
use crate::run::runner::Runner;

/// A login is turned away because there were too many: so often it is tried again.
const PATIENCE_WITH_429: u32 = 3;
/// Why no form can be sent.
pub(super) const NO_PAGE: &str = "no page is open yet; `open` the page of the form first";

impl Runner<'_> {
    /// Does something that leads to a page or is answered, and judges what came. What came too often is made
    /// again after a while.
    pub(super) async fn act<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        act: Act,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        if let Act::Submit(_) = act {
            self.look(engine, who).await?;
            if who.shown.is_none() {
                return Err(Trouble::Because(NO_PAGE.into()));
            }
        }
        let from = who.shown.as_ref().map(|page| page.url.clone());
        let mut tries = 0;
        let came = loop {
            match self.unless_ended(engine.act(who, &act)).await? {
                Ok(Came { again: Some(wait), .. }) if !tolerant && tries < PATIENCE_WITH_429 => {
                    self.record(engine).await;
                    let seconds = wait.as_secs();
                    self.warn(format!("{}: too many requests; waiting {seconds} s", who.persona.name));
                    self.unless_ended(tokio::time::sleep(wait)).await?;
                    tries += 1;
                }
                Ok(came) => break came,
                Err(why) => return Err(self.not_made(engine, who, &act, why).await?),
            }
        };
        let cell = engine.cell();
        if (cell.phase, cell.engine) == (Phase::Login, Engine::Browser) {
            who.login_in_browser |= matches!(act, Act::Submit(_) | Act::Click(_));
        }
        if let Some(from) = from.filter(|_| came.password) {
            who.add_login_page(&from);
        }
        self.arrived(engine, who, &act, came, tolerant).await
    }

    /// Takes in what came: a page to be in front, or an answer while the page stays.
    async fn arrived<E: StepEngine>(
        &mut self,
        engine: &E,
        who: &mut PersonaSession,
        act: &Act,
        came: Came,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let problem = came.problem().filter(|_| !tolerant);
        let Came { sent, shown, form, refused, .. } = came;
        let answered = matches!(act, Act::Request { .. });
        if answered || shown.is_none() {
            // What an engine shows by itself; a script may have changed it by its request.
            self.look(engine, who).await?;
        }
        let now = match (answered, shown) {
            (true, Some(mut answer)) => {
                answer.sent = Some(sent);
                // A script's answer leaves the page where it is.
                answer.navigated = false;
                match &mut who.shown {
                    Some(page) => &mut **page.answer.insert(Box::new(answer)),
                    None => who.shown.insert(answer),
                }
            }
            (_, shown) => {
                if let Some(shown) = shown {
                    who.shown = Some(shown);
                }
                let Some(page) = &mut who.shown else { return Ok(()) };
                (page.answer, page.sent) = (None, Some(sent));
                (page.came_by, page.refused) = (form, refused);
                page
            }
        };
        let failed = problem.map(|problem| now.refused(&problem));
        if now.is_json() {
            who.json = serde_json::from_str(&now.text).ok();
        }
        if who.sent_to.is_none() && act.sends() {
            who.sent_to = Some(place(&now.url).to_owned());
        }
        failed.map_or(Ok(()), |refused| Err(refused.into()))
    }

    pub(super) async fn fill<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        selector: &str,
        value: &SecretRef,
    ) -> Result<(), Trouble> {
        let value = self.references.field(selector, value, who.live()).await?;
        match self.unless_ended(engine.fill(selector, &value)).await? {
            Ok(false) => Ok(()),
            Ok(true) => {
                self.references.keep_secret(&value);
                self.look(engine, who).await?;
                let page = who.shown.as_ref().map(|page| page.url.clone());
                page.iter().for_each(|page| who.add_login_page(page));
                Ok(())
            }
            Err(NotMade::Never(why)) => Err(Trouble::Because(format!("`fill` {why}"))),
            Err(NotMade::There(why)) => Err(self.not_done(engine, who, why, selector).await?),
        }
    }

    pub(super) async fn wait<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        what: &Awaited<'_>,
    ) -> Result<(), Trouble> {
        match self.unless_ended(engine.wait(what)).await? {
            Ok(Waited::Came) => Ok(self.look(engine, who).await?),
            Ok(Waited::InVain(time)) => {
                let problem = format!("{} did not come within {} s", what.in_words(), time.as_secs_f64());
                let selector = what.selector.unwrap_or_default();
                Err(self.missing(engine, who, &problem, selector).await?)
            }
            Err(NotMade::Never(why)) => Err(Trouble::Because(format!("`wait` {why}"))),
            Err(NotMade::There(why)) => Err(self.not_done(engine, who, why, &what.in_words()).await?),
        }
    }

    /// The page now in front, with what is remembered of the one before.
    pub(super) async fn look<E: StepEngine>(
        &self,
        engine: &E,
        who: &mut PersonaSession,
    ) -> Result<(), Ended> {
        let Some(mut shown) = self.unless_ended(engine.page()).await? else { return Ok(()) };
        if let Some(before) = who.shown.take() {
            (shown.sent, shown.answer) = (before.sent, before.answer);
            (shown.came_by, shown.refused) = (before.came_by, before.refused);
        }
        who.shown = Some(shown);
        Ok(())
    }

    /// Why an act was not made.
    async fn not_made<E: StepEngine>(
        &self,
        engine: &E,
        who: &mut PersonaSession,
        act: &Act,
        why: NotMade,
    ) -> Result<Trouble, Ended> {
        let why = match why {
            NotMade::Never(why) => return Ok(Trouble::Because(format!("`{}` {why}", act.kind()))),
            NotMade::There(why) => why,
        };
        match (act, why) {
            (Act::Submit(filling), NotDone::Because(problem)) => {
                self.look(engine, who).await?;
                let offer =
                    self.unless_ended(engine.offer()).await?.as_ref().map(offered).unwrap_or_default();
                let told = who.shown.as_ref().map(|page| page.cannot_send(&problem, filling));
                Ok(Trouble::Because(format!("{}{offer}", told.unwrap_or(problem))))
            }
            (Act::Open { .. } | Act::Request { .. }, NotDone::Because(problem)) => {
                Ok(Trouble::Because(problem))
            }
            (_, why) => self.not_done(engine, who, why, act.object()).await,
        }
    }

    /// Why something was not done on the page, and what there was instead.
    async fn not_done<E: StepEngine>(
        &self,
        engine: &E,
        who: &mut PersonaSession,
        why: NotDone,
        what: &str,
    ) -> Result<Trouble, Ended> {
        let problem = match why {
            NotDone::Missing => format!("`{what}` is not on the page"),
            NotDone::Disabled => format!("`{what}` is there, but disabled"),
            NotDone::Because(problem) => problem,
            NotDone::Gone(what) => return Ok(Trouble::Because(what.to_owned())),
        };
        self.missing(engine, who, &problem, what).await
    }

    async fn missing<E: StepEngine>(
        &self,
        engine: &E,
        who: &mut PersonaSession,
        problem: &str,
        selector: &str,
    ) -> Result<Trouble, Ended> {
        self.look(engine, who).await?;
        let Some(page) = &who.shown else {
            let why = format!("{problem}; no page is open yet: `open` one first");
            return Ok(Trouble::Because(why));
        };
        let offer = self.unless_ended(engine.offer()).await?.unwrap_or_default();
        let refused = match page.refused.is_empty() {
            true => String::new(),
            false => format!("; requests of its scripts: {}", page.refused.join(", ")),
        };
        let text = format!("{problem}; {}{refused}{}", page.summary(), offered(&offer));
        let hint = match nearest(selector, &offer) {
            Some(near) => format!("Did you mean `{near}`?"),
            None if page.status >= 400 => "Likely the page before was not the right one".to_owned(),
            None if !page.refused.is_empty() => {
                "Likely the step before was turned away, so that the page did not change".to_owned()
            }
            None if problem.contains("disabled") => {
                "Likely something has to be filled in or chosen first".to_owned()
            }
            None => "Likely a script shows it only after something else (a `click` or `wait` before this \
                     step), or it is in a frame of another site"
                .to_owned(),
        };
        Ok(Trouble::Because(format!("{text}. {hint}")))
    }
}

/// Names of fields, for messages.
pub(super) fn fields_in_words(names: &[String]) -> String {
    if names.is_empty() { "no fields".into() } else { names.join(", ") }
}
