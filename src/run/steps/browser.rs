//! Steps made in a browser: a list in which something is clicked, typed or waited for is made
//! there as a whole, in one tab of a fresh visitor with the persona's session, and the session is
//! carried back afterwards.

use super::super::context::Ended;
use super::super::html;
use super::super::persona::{PersonaSession, place};
use super::super::recorder::As;
use super::super::render::Browser;
use super::super::runner::Runner;
use super::super::shown::form::{self, Form};
use super::super::shown::{Shown, cut};
use super::{Halt, PATIENCE_WITH_429, StepFailure, Trouble, WAIT_AFTER_429, expected, is_expected};
use crate::engine::browser::{ActingTab, BrowserContext, Choosing, Fetch, Filling, NotDone, Offer, Patience};
use crate::engine::{Gate, Visit};
use crate::observation::{Cell, Engine, Resource};
use crate::plan::{Action, Choice, Expect, Request, Step, Submit};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// What is expected may come by a script, a moment later.
const UNTIL_EXPECTED: Duration = Duration::from_secs(5);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(200);
/// Refused requests of scripts that are told of.
const MOST_REFUSED: usize = 5;
/// Alike enough to be what was meant.
const NEAR: f64 = 0.8;

/// The tab in which a persona makes its steps.
struct Stage<'c> {
    context: &'c BrowserContext,
    tab: ActingTab<'c>,
    patience: Patience,
    cell: Cell,
    /// The form in which a password was typed.
    login_form: Option<Form>,
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
        let visitor = self.visitor(browser, who, &cell, false).await;
        match visitor {
            Ok(Some(context)) => {
                let made = self.perform_there(&context, browser.patience(), who, &cell, steps, what).await;
                context.close().await;
                made
            }
            Ok(None) => Err(Halt::Failed(StepFailure {
                step: format!("the start of {what}"),
                why: "no fresh browser could be had for it".into(),
                answered: None,
            })),
            Err(ended) => Err(Halt::Ended(ended)),
        }
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
        let mut stage = Stage { context, tab, patience, cell: cell.clone(), login_form: None };
        let mut made = Ok(());
        for (index, step) in steps.iter().enumerate() {
            let name = self.step_name(index, step, what);
            self.detail(format!("{}: {name}, in the browser", who.persona.name));
            self.keep_that_it_acts(step);
            let done = self.stage_step(&mut stage, who, &step.action, is_expected(steps, index)).await;
            self.take_part(&mut stage).await;
            let Err(mut trouble) = done else { continue };
            // Not the step's fault: nobody waits for a helper any longer.
            if let Some(ended) = self.over() {
                return Err(Halt::Ended(ended));
            }
            if let Trouble::Because(why) | Trouble::Answered { why, .. } = &mut trouble
                && let Some(window) = stage.tab.last_window()
            {
                why.push_str(&format!(
                    "; the page had opened a window, {window}, and steps stay in the page: log in by \
                     `open`ing that address, or `import` a session"
                ));
            }
            match trouble.of_step(name, &self.references) {
                Halt::Ended(ended) => return Err(Halt::Ended(ended)),
                failed => made = Err(failed),
            }
            break;
        }
        let of_tab = self.unless_ended(stage.tab.session_storage()).await?;
        let (rest, origins) = self.unless_ended(stage.tab.close(cell)).await?;
        if let Some(rest) = rest {
            self.take_visit(cell, &rest);
        }
        self.carry_back(context, &mut who.session, &origins, of_tab).await?;
        made
    }

    async fn stage_step(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        action: &Action,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        // `${cookie:NAME}`, `export` and `expect` look at the persona's jar.
        self.carry_cookies_back(stage.context, &mut who.session).await?;
        match action {
            Action::Open { url } => {
                let url = self.address(url, who).await?;
                let sent = format!("GET {}", url.path());
                self.stage_open(stage, who, &url, sent, tolerant).await
            }
            Action::Follow { selector } => {
                let (_, url) = self.link(who, selector)?;
                let sent = format!("GET {}", url.path());
                self.stage_open(stage, who, &url, sent, tolerant).await
            }
            Action::MailLink(mail) => {
                let link = self.wait_for_mail(who, mail).await?;
                self.stage_open(stage, who, &link, "the link of the mail".into(), tolerant).await
            }
            Action::Submit(submit) => self.stage_submit(stage, who, submit, None, tolerant).await,
            Action::Totp { secret, submit, field } => {
                let code = self.one_time_code(secret, who).await?;
                self.stage_submit(stage, who, submit, Some((field, code)), tolerant).await
            }
            Action::Request(request) => self.stage_request(stage, who, request, tolerant).await,
            Action::Click { selector } => match self.unless_ended(stage.tab.click(selector)).await? {
                Ok(()) => self.acted(stage, who, format!("a click on `{selector}`"), tolerant).await,
                Err(why) => Err(self.not_done(stage, who, why, selector).await?),
            },
            Action::Fill { selector, value } => {
                let value = self.references.field(selector, value, who.live()).await?;
                match self.unless_ended(stage.tab.fill(selector, &value)).await? {
                    Ok(password) => {
                        if password {
                            self.references.keep_secret(&value);
                            self.typed_a_password(stage, who).await?;
                        }
                        Ok(())
                    }
                    Err(why) => Err(self.not_done(stage, who, why, selector).await?),
                }
            }
            Action::Wait { selector, text, seconds } => {
                self.stage_wait(stage, who, selector.as_deref(), text.as_deref(), *seconds).await
            }
            Action::Expect(expect) => self.stage_expect(stage, who, expect).await,
            Action::Basic { .. }
            | Action::Bearer { .. }
            | Action::Import { .. }
            | Action::Export { .. }
            | Action::Command { .. } => {
                let cell = stage.cell.clone();
                self.step(who, &cell, action, tolerant).await?;
                if matches!(action, Action::Export { .. }) {
                    return Ok(());
                }
                self.unless_ended(stage.context.put(&who.session.jar)).await??;
                self.unless_ended(stage.tab.set_identity(&who.session)).await?;
                Ok(())
            }
        }
    }

    async fn stage_open(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        url: &Url,
        sent: String,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        for attempt in 0..=PATIENCE_WITH_429 {
            let pacer = self.pacer.clone();
            self.unless_ended(pacer.pass(url)).await?;
            if let Err((kind, detail)) = self.unless_ended(stage.tab.go(url)).await? {
                let failed = stage.tab.failed(&stage.cell, url, kind, &detail);
                self.take_visit(&stage.cell.clone(), &failed);
                return Err(Trouble::Because(format!("{sent}: {detail}")));
            }
            let status = self.take_part(stage).await.map_or(0, |visit| visit.status);
            if status != 429 || tolerant || attempt == PATIENCE_WITH_429 {
                return self.arrived(stage, who, sent, status, Vec::new(), tolerant).await;
            }
            let wait = WAIT_AFTER_429;
            self.warn(format!("{}: too many requests; waiting {} s", who.persona.name, wait.as_secs()));
            self.unless_ended(tokio::time::sleep(wait)).await?;
        }
        Ok(())
    }

    async fn stage_submit(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        submit: &Submit,
        code: Option<(&String, String)>,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let filling = self.filling(who, submit, code).await?;
        self.look(stage, who).await?;
        let Some(page) = who.shown.clone() else {
            return Err(Trouble::Because("no page is open yet; `open` the page of the form first".into()));
        };
        let as_typed = Filling {
            form: filling.form.as_deref(),
            fields: filling.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            choose: filling.choose.iter().map(|(name, choice)| (name.as_str(), choosing(choice))).collect(),
            button: filling.button.as_deref(),
        };
        let form = form::find(&page.text, &page.url, page.charset, &filling).ok();
        let sent = match self.unless_ended(stage.tab.submit(&as_typed)).await? {
            Ok(sent) => sent,
            Err(NotDone::Because(problem)) => {
                self.look(stage, who).await?;
                let page = who.shown.as_ref().unwrap_or(&page);
                let offer = offered(&self.unless_ended(stage.tab.offer()).await?);
                return Err(Trouble::Because(format!("{}{offer}", page.cannot_send(&problem, &filling))));
            }
            Err(why) => {
                let button = filling.button.as_deref().unwrap_or("the form's button").to_owned();
                return Err(self.not_done(stage, who, why, &button).await?);
            }
        };
        if sent.password {
            who.add_login_page(&page.url);
        }
        for token in sent.tokens.iter().filter(|token| form::looks_like_token(token)) {
            self.references.keep_secret(token);
        }
        let names = if sent.names.is_empty() { "no fields".to_owned() } else { sent.names.join(", ") };
        stage.login_form = form.filter(Form::takes_password);
        self.acted(stage, who, format!("a form with {names}"), tolerant).await
    }

    async fn stage_request(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        request: &Request,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let (ask, sent) = self.request_ask(who, &stage.cell, request).await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fetch = Fetch {
            method: &ask.method,
            url: &ask.url,
            headers: ask.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            body: ask.body.as_deref().map(text),
        };
        let fetched = match self.unless_ended(stage.tab.fetch(fetch)).await? {
            Ok(fetched) => fetched,
            Err(NotDone::Because(problem)) => {
                let page = who.shown.as_ref().map(|shown| shown.url.origin());
                let hint = match page {
                    Some(page) if page != ask.url.origin() => {
                        ". Likely it goes to another host than the page's, which does not allow that (CORS): \
                         `open` a page of that host first"
                    }
                    _ => "",
                };
                return Err(Trouble::Because(format!("{problem}; sent: {sent}{hint}")));
            }
            Err(why) => return Err(self.not_done(stage, who, why, &sent).await?),
        };
        self.take_part(stage).await;
        let mut answer = Shown::fetched(fetched);
        answer.sent = Some(sent);
        if answer.is_json() {
            who.json = serde_json::from_str(&answer.text).ok();
        }
        let refused = (answer.status >= 400 && !tolerant)
            .then(|| answer.refused(&format!("it was answered {}", answer.status)));
        if who.sent_to.is_none() && ask.method != "GET" {
            who.sent_to = Some(place(&answer.url).to_owned());
        }
        // A script may have shown something else by it.
        self.look(stage, who).await?;
        match &mut who.shown {
            Some(page) => page.answer = Some(Box::new(answer)),
            None => who.shown = Some(answer),
        }
        refused.map_or(Ok(()), |refused| Err(refused.into()))
    }

    async fn stage_wait(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        selector: Option<&str>,
        text: Option<&str>,
        seconds: Option<f64>,
    ) -> Result<(), Trouble> {
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if selector.is_none() && text.is_none() {
            self.unless_ended(tokio::time::sleep(time.unwrap_or_default())).await?;
            self.take_part(stage).await;
            return Ok(self.look(stage, who).await?);
        }
        let time = time.unwrap_or(stage.patience.load);
        let there = self.unless_ended(stage.tab.wait(selector, text, time)).await?;
        self.take_part(stage).await;
        let what: Vec<String> = selector
            .map(|selector| format!("`{selector}`"))
            .into_iter()
            .chain(text.map(|text| format!("the text \u{201c}{text}\u{201d}")))
            .collect();
        match there {
            Ok(true) => Ok(self.look(stage, who).await?),
            Ok(false) => {
                let problem = format!("{} did not come within {} s", what.join(" and "), time.as_secs_f64());
                Err(self.missing(stage, who, &problem, selector.unwrap_or_default()).await?)
            }
            Err(why) => Err(self.not_done(stage, who, why, &what.join(" and ")).await?),
        }
    }

    /// What must be true now, or within moments.
    async fn stage_expect(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        expect: &Expect,
    ) -> Result<(), Trouble> {
        let until = Instant::now() + UNTIL_EXPECTED;
        let answered = who.shown.as_ref().is_some_and(|page| page.answer.is_some());
        loop {
            if !answered {
                self.look(stage, who).await?;
                self.carry_cookies_back(stage.context, &mut who.session).await?;
            }
            // Of a page the browser knows better what is on it.
            let selector = expect.selector.as_ref().filter(|_| !answered);
            let without = Expect { selector: None, ..expect.clone() };
            let mut holds = expected(who, if selector.is_some() { &without } else { expect });
            if let (Ok(()), Some(selector)) = (&holds, selector)
                && !matches!(self.unless_ended(stage.tab.has(selector)).await?, Ok(true))
            {
                let problem = format!("`{selector}` is not on the page");
                holds = match &who.shown {
                    Some(page) => Err(page.refusal(&problem)),
                    None => Err(problem),
                };
            }
            match holds {
                Ok(()) => return Ok(()),
                Err(why) if answered || Instant::now() >= until => {
                    let offer = offered(&self.unless_ended(stage.tab.offer()).await?);
                    return Err(Trouble::Because(if answered { why } else { format!("{why}{offer}") }));
                }
                Err(_) => self.unless_ended(tokio::time::sleep(LOOK)).await?,
            }
        }
    }

    /// After an act: what it set off is recorded, and the page now shown is looked at.
    async fn acted(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        sent: String,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let part = self.take_part(stage).await;
        let status = part.as_ref().map_or(0, |visit| visit.status);
        let refused = part.map(|visit| self.refused(&visit)).unwrap_or_default();
        self.arrived(stage, who, sent, status, refused, tolerant).await?;
        if let Some(page) = &mut who.shown {
            if who.sent_to.is_none() {
                who.sent_to = Some(place(&page.url).to_owned());
            }
            page.came_by = stage.login_form.take();
        }
        Ok(())
    }

    /// A page came, or the one before stayed (status 0).
    async fn arrived(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
        sent: String,
        status: u16,
        refused: Vec<String>,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        self.look(stage, who).await?;
        let Some(page) = &mut who.shown else { return Ok(()) };
        page.answer = None;
        page.sent = Some(sent);
        page.refused = refused;
        let failed = (status >= 400 && !tolerant).then(|| page.refused(&format!("it was answered {status}")));
        if page.is_json() {
            who.json = serde_json::from_str(&page.text).ok();
        }
        failed.map_or(Ok(()), |refused| Err(refused.into()))
    }

    /// The page now in front, with what is remembered of the one before.
    async fn look(&mut self, stage: &Stage<'_>, who: &mut PersonaSession) -> Result<(), Ended> {
        let Some(page) = self.unless_ended(stage.tab.page()).await? else { return Ok(()) };
        let mut shown = Shown::rendered(page);
        if let Some(before) = who.shown.take() {
            shown.sent = before.sent;
            shown.answer = before.answer;
            shown.came_by = before.came_by;
            shown.refused = before.refused;
        }
        who.shown = Some(shown);
        Ok(())
    }

    async fn typed_a_password(
        &mut self,
        stage: &mut Stage<'_>,
        who: &mut PersonaSession,
    ) -> Result<(), Ended> {
        self.look(stage, who).await?;
        if let Some(page) = &who.shown {
            let forms = form::forms(&page.text, &page.url);
            stage.login_form = forms.into_iter().find(Form::takes_password);
            let url = page.url.clone();
            who.add_login_page(&url);
        }
        Ok(())
    }

    /// Why an act was not done, and what there was instead.
    async fn not_done(
        &mut self,
        stage: &Stage<'_>,
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
        self.missing(stage, who, &problem, what).await
    }

    async fn missing(
        &mut self,
        stage: &Stage<'_>,
        who: &mut PersonaSession,
        problem: &str,
        selector: &str,
    ) -> Result<Trouble, Ended> {
        self.look(stage, who).await?;
        let Some(page) = &who.shown else {
            let why = format!("{problem}; no page is open yet: `open` one first");
            return Ok(Trouble::Because(why));
        };
        let offer = self.unless_ended(stage.tab.offer()).await?;
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

    /// Records what happened since the last part.
    async fn take_part(&mut self, stage: &mut Stage<'_>) -> Option<Visit> {
        let visit = stage.tab.part(&stage.cell).await?;
        self.take_visit(&stage.cell.clone(), &visit);
        Some(visit)
    }

    fn take_visit(&mut self, cell: &Cell, visit: &Visit) {
        self.tell_visit(visit);
        self.recorder.visit(cell, visit, None, As::Look);
        if let Some(journal) = &mut self.journal {
            let kept = crate::run::visits::kept(visit);
            journal.extend(kept.map(|sighting| sighting.name.clone()));
        }
    }

    /// Requests of own hosts' scripts that were refused, in words.
    fn refused(&self, visit: &Visit) -> Vec<String> {
        let refused = visit.exchanges.iter().filter(|exchange| {
            exchange.at.resource == Resource::Fetch
                && exchange.at.status >= 400
                && self.site.is_own(&exchange.url)
        });
        refused
            .map(|exchange| {
                let at = &exchange.at;
                format!("{} {} was answered {}", at.method, cut(exchange.url.path(), 80), at.status)
            })
            .take(MOST_REFUSED)
            .collect()
    }
}

fn choosing(choice: &Choice) -> Choosing<'_> {
    match choice {
        Choice::On => Choosing::On,
        Choice::Off => Choosing::Off,
        Choice::Value(value) => Choosing::Value(value),
    }
}

/// `; its buttons: “Buy” (#buy); its inputs: “Email” (#email)`
fn offered(offer: &Offer) -> String {
    let listed = |what: &str, of: &[String]| match of.is_empty() {
        true => String::new(),
        false => format!("; its {what}: {}", of.join(", ")),
    };
    let links = if offer.buttons.is_empty() { listed("links", &offer.links) } else { String::new() };
    let nothing = offer.buttons.is_empty() && offer.inputs.is_empty() && offer.links.is_empty();
    if nothing {
        return "; it has nothing to press or to fill in".into();
    }
    format!("{}{}{links}", listed("buttons", &offer.buttons), listed("inputs", &offer.inputs))
}

/// A selector of the page that is spelt almost as the plan has it.
fn nearest(selector: &str, offer: &Offer) -> Option<String> {
    let words = |text: &str| html::one_line(&text.replace(['#', '.', '[', ']', '"', '=', '\''], " "));
    let wanted = words(selector).to_ascii_lowercase();
    let offered = offer.buttons.iter().chain(&offer.inputs).chain(&offer.links);
    let selectors = offered.filter_map(|text| {
        let place = text.rsplit_once(" (").map_or(text.as_str(), |(_, place)| place.trim_end_matches(')'));
        place.starts_with(['#', '[']).then(|| place.to_owned())
    });
    let near = |place: &String| strsim::jaro_winkler(&words(place).to_ascii_lowercase(), &wanted);
    let best = selectors.max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) > NEAR && best != selector).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_told_by_its_selector() {
        let offer = Offer { buttons: vec!["\u{201c}Buy now\u{201d} (#buy-now)".into()], ..Offer::default() };
        assert_eq!(nearest("#buy_now", &offer).as_deref(), Some("#buy-now"));
        assert_eq!(nearest("#cancel", &offer), None);
        assert_eq!(offered(&offer), "; its buttons: \u{201c}Buy now\u{201d} (#buy-now)");
        assert_eq!(offered(&Offer::default()), "; it has nothing to press or to fill in");
    }
}
