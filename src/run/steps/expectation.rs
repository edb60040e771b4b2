//! What must be true of what came.

use super::engine::StepEngine;
use super::failure::Trouble;
use super::offered::offered;
use crate::plan::Expect;
use crate::run::context::Ended;
use crate::run::html;
use crate::run::persona::PersonaSession;
use crate::run::runner::Runner;
use std::time::Duration;
use tokio::time::Instant;

/// How often is looked for what is expected.
const LOOK: Duration = Duration::from_millis(200);

impl Runner<'_> {
    /// What must be true now, or within the time that the engine gives it.
    pub(super) async fn expect<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        expect: &Expect,
    ) -> Result<(), Trouble> {
        let until = Instant::now() + engine.until_expected();
        let answered = who.shown.as_ref().is_some_and(|page| page.answer.is_some());
        loop {
            if !answered {
                self.look(engine, who).await?;
                engine.bring_cookies(&mut who.session).await?;
            }
            let Err(why) = self.holds(engine, who, expect, answered).await? else { return Ok(()) };
            if answered || Instant::now() >= until {
                let offer = if answered { None } else { self.unless_ended(engine.offer()).await? };
                return Err(Trouble::Because(format!(
                    "{why}{}",
                    offer.as_ref().map(offered).unwrap_or_default()
                )));
            }
            self.unless_ended(tokio::time::sleep(LOOK)).await?;
        }
    }

    async fn holds<E: StepEngine>(
        &self,
        engine: &E,
        who: &PersonaSession,
        expect: &Expect,
        answered: bool,
    ) -> Result<Result<(), String>, Ended> {
        // Of a page the engine may know better what is on it.
        let there = match expect.selector.as_ref().filter(|_| !answered) {
            Some(selector) => self.unless_ended(engine.has(selector)).await?,
            None => None,
        };
        let (Some(there), Some(selector)) = (there, &expect.selector) else {
            return Ok(expected(who, expect));
        };
        let holds = expected(who, &Expect { selector: None, ..expect.clone() });
        if holds.is_err() || there {
            return Ok(holds);
        }
        let problem = format!("`{selector}` is not on the page");
        Ok(Err(who.shown.as_ref().map_or_else(|| problem.clone(), |page| page.refusal(&problem))))
    }
}

/// What must be true of the last answer.
fn expected(who: &PersonaSession, expect: &Expect) -> Result<(), String> {
    let Some(page) = &who.shown else { return Err("nothing was asked for yet".into()) };
    let shown = page.answer.as_deref().unwrap_or(page);
    let mut wrong = Vec::new();
    if let Some(status) = expect.status.filter(|status| *status != shown.status) {
        wrong.push(format!("the status is not {status}"));
    }
    if let Some(pattern) = expect.url.as_ref().filter(|pattern| !pattern.matches(&shown.url)) {
        wrong.push(format!("the address is not {pattern}"));
    }
    if let Some(text) = expect.text.as_ref().filter(|text| !shown.says(text)) {
        wrong.push(format!("the page does not say \u{201c}{text}\u{201d}"));
    }
    if let Some(text) = expect.not_text.as_ref().filter(|text| shown.says(text)) {
        wrong.push(format!("the page says \u{201c}{text}\u{201d}"));
    }
    if let Some(selector) = &expect.selector
        && !html::has(&shown.text, selector)?
    {
        wrong.push(format!("`{selector}` is not on the page"));
    }
    if let Some(name) = &expect.cookie
        && !who.session.jar.iter().any(|cookie| cookie.name.as_str() == Some(name))
    {
        wrong.push(format!("there is no cookie {name}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(shown.refusal(&wrong.join(", and "))) }
}
