//! Declared steps, made one after the other as a persona, in whatever engine they are made. A step that
//! fails says which it was, what was sent, what came back, what the page had to offer, and what is likely
//! wrong; never a value.

mod engine;
mod in_browser;
mod mail;
mod mailbox;
mod offered;
mod over_http;
#[cfg(test)]
mod tests;
mod totp;

use super::context::Ended;
use super::html;
use super::persona::{PersonaSession, place};
use super::recorder::As;
use super::references::References;
use super::render::Browser;
use super::runner::Runner;
use super::shown::form::Filling;
use super::shown::Refused;
use super::state::Line;
use crate::engine::Ask;
use crate::engine::browser::NotDone;
use crate::legible::without_credentials;
use crate::observation::{Cell, Resource};
use crate::plan::{
    Action, CommandOutput, Expect, JsonTemplate, RefPart, Request, RequestBody, SecretRef, Step, Submit,
};
use base64::Engine as _;
use engine::{Act, Awaited, Came, NotMade, StepEngine, Waited};
use offered::{nearest, offered};
use over_http::OverHttp;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// A login is turned away because there were too many: so often it is tried again.
const PATIENCE_WITH_429: u32 = 3;
/// How often is looked for what is expected.
const LOOK: Duration = Duration::from_millis(200);
/// Why no form can be sent.
const NO_PAGE: &str = "no page is open yet; `open` the page of the form first";

/// Why steps were not all made.
#[derive(Debug)]
pub(super) enum Halt {
    Ended(Ended),
    Failed(StepFailure),
}

/// A step that failed.
#[derive(Clone, Debug)]
pub(in crate::run) struct StepFailure {
    /// `step 2 of the login (submit, cookieproof.toml:14)`
    pub(super) step: String,
    /// What happened and what to do, still to be masked.
    pub(super) why: String,
    /// `POST /login answered 405`, where it was the answer.
    pub(super) answered: Option<String>,
}

impl StepFailure {
    /// In a few words, for a claim that cannot be decided by this: which act, and what came of it.
    pub(super) fn in_short(&self, what: &str) -> String {
        match &self.answered {
            Some(answered) => format!("{what} failed, {answered}"),
            None => format!("{what} failed, {}: {}", self.step, self.why),
        }
    }
}

/// A step's own trouble, before it knows its number.
#[derive(Debug)]
enum Trouble {
    Ended(Ended),
    Because(String),
    /// The site refused it: what was asked and answered, and the whole story.
    Answered {
        answered: String,
        why: String,
    },
}

impl Trouble {
    /// Where the page had opened a window, that may be it.
    fn beside(mut self, window: Option<String>) -> Trouble {
        if let (Trouble::Because(why) | Trouble::Answered { why, .. }, Some(window)) = (&mut self, window) {
            why.push_str(&format!(
                "; the page had opened a window, {window}, and steps stay in the page: log in by \
                 `open`ing that address, or `import` a session"
            ));
        }
        self
    }

    /// Of a step with this name, all secrets masked.
    fn of_step(self, step: String, references: &References) -> Halt {
        let (why, answered) = match self {
            Trouble::Ended(ended) => return Halt::Ended(ended),
            Trouble::Because(why) => (why, None),
            Trouble::Answered { answered, why } => (why, Some(references.mask(&answered))),
        };
        Halt::Failed(StepFailure { step, why: references.mask(&why), answered })
    }
}

impl From<Ended> for Trouble {
    fn from(ended: Ended) -> Self {
        Trouble::Ended(ended)
    }
}

impl From<Refused> for Trouble {
    fn from(Refused { answered, why }: Refused) -> Self {
        Trouble::Answered { answered, why }
    }
}

impl From<Ended> for Halt {
    fn from(ended: Ended) -> Self {
        Halt::Ended(ended)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Because(why)
    }
}

impl Runner<'_> {
    /// Makes the steps. `what` they belong to is said in messages: `the login`. Of a list with a step that
    /// only a browser can make, a browser makes all, where there is one.
    pub(super) async fn perform(
        &mut self,
        browser: &mut Option<Browser>,
        who: &mut PersonaSession,
        cell: &Cell,
        steps: &[Step],
        what: &str,
    ) -> Result<(), Halt> {
        self.note_mails(who, steps).await?;
        if let Some(browser) = browser
            && steps.iter().any(|step| needs_browser(&step.action))
        {
            return self.perform_in_browser(browser, who, cell, steps, what).await;
        }
        let mut engine = OverHttp::new(self.context(), cell);
        self.make(&mut engine, who, steps, what).await
    }

    /// Makes the steps in an engine.
    async fn make<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        steps: &[Step],
        what: &str,
    ) -> Result<(), Halt> {
        for (index, step) in steps.iter().enumerate() {
            let name = self.step_name(index, step, what);
            self.detail(format!("{}: {name}{}", who.persona.name, E::WHERE));
            self.keep_that_it_acts(step);
            let done = self.step(engine, who, &step.action, is_expected(steps, index)).await;
            self.record(engine).await;
            let Err(trouble) = done else { continue };
            // Not the step's fault: nobody waits for a helper any longer.
            return Err(match self.over() {
                Some(ended) => Halt::Ended(ended),
                None => trouble.beside(engine.last_window()).of_step(name, &self.references),
            });
        }
        Ok(())
    }

    /// Records what happened in the engine.
    async fn record<E: StepEngine>(&mut self, engine: &mut E) {
        for (visit, within) in engine.visits().await {
            self.take_visit(engine.cell(), &visit, within.as_ref(), As::Look);
        }
    }

    /// What may change something is not made twice after a crash.
    fn keep_that_it_acts(&mut self, step: &Step) {
        let by_hand =
            matches!(step.action, Action::Click { .. } | Action::MailLink(_) | Action::Command { .. });
        if by_hand || step.sends() {
            self.keep_at_once(&Line::Sends);
        }
    }

    /// `step 2 of the login (submit, cookieproof.toml:14)`
    fn step_name(&self, index: usize, step: &Step, what: &str) -> String {
        let (kind, file, line) = (kind(&step.action), &self.plan.file, step.place.line);
        format!("step {} of {what} ({kind}, {file}:{line})", index + 1)
    }

    /// The code of this moment, kept as a secret.
    async fn one_time_code(&mut self, secret: &SecretRef, who: &PersonaSession) -> Result<String, Trouble> {
        let secret = self.references.secret(secret, who.live()).await?;
        let code = totp::code(&secret, unix_now())?;
        self.references.keep_secret(&code);
        Ok(code)
    }

    async fn step<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        action: &Action,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        // `${cookie:NAME}`, `export` and `expect` look at the persona's jar.
        engine.bring_cookies(&mut who.session).await?;
        match action {
            Action::Open { url } => {
                let url = self.address(url, who).await?;
                self.open(engine, who, url, None, tolerant).await
            }
            Action::Follow { selector } => {
                let (from, url) = self.link(who, selector)?;
                self.open(engine, who, url, Some(from), tolerant).await
            }
            Action::MailLink(mail) => {
                let url = self.wait_for_mail(who, mail).await?;
                let act = Act::Open { url, started_by: None, sent: "the link of the mail".into() };
                self.act(engine, who, act, tolerant).await
            }
            Action::Submit(submit) => {
                let filling = self.filling(who, submit, None).await?;
                self.act(engine, who, Act::Submit(filling), tolerant).await
            }
            Action::Totp { secret, submit, field } => {
                let code = self.one_time_code(secret, who).await?;
                let filling = self.filling(who, submit, Some((field, code))).await?;
                self.act(engine, who, Act::Submit(filling), tolerant).await
            }
            Action::Request(request) => {
                let (ask, sent) = self.request_ask(who, engine.cell(), request).await?;
                let act = Act::Request { ask: Box::new(ask), sent };
                self.act(engine, who, act, tolerant).await
            }
            Action::Click { selector } => self.act(engine, who, Act::Click(selector.clone()), tolerant).await,
            Action::Fill { selector, value } => self.fill(engine, who, selector, value).await,
            Action::Wait { selector, text, seconds } => {
                let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                let what = Awaited { selector: selector.as_deref(), text: text.as_deref(), time };
                self.wait(engine, who, &what).await
            }
            Action::Expect(expect) => self.expect(engine, who, expect).await,
            Action::Export { format, file } => Ok(self.export(who, *format, file)?),
            Action::Basic { user, password } => {
                let user = self.references.text(user, who.live()).await?;
                let password = self.references.secret(password, who.live()).await?;
                let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                self.authorize(who, "Basic", &token);
                self.take_over(engine, who).await
            }
            Action::Bearer { token } => {
                let token = self.references.secret(token, who.live()).await?;
                self.authorize(who, "Bearer", token.trim());
                self.take_over(engine, who).await
            }
            Action::Import { format, source, user_agent } => {
                let text = self.references.secret(source, who.live()).await?;
                self.import(who, *format, &text)?;
                if user_agent.is_some() {
                    who.session.user_agent.clone_from(user_agent);
                }
                self.take_over(engine, who).await
            }
            Action::Command { command, prints } => {
                self.command(who, command, *prints).await?;
                self.take_over(engine, who).await
            }
        }
    }

    async fn open<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &mut PersonaSession,
        url: Url,
        started_by: Option<Url>,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let sent = format!("GET {}", url.path());
        self.act(engine, who, Act::Open { url, started_by, sent }, tolerant).await
    }

    /// The session was changed beside the engine.
    async fn take_over<E: StepEngine>(
        &mut self,
        engine: &mut E,
        who: &PersonaSession,
    ) -> Result<(), Trouble> {
        Ok(self.unless_ended(engine.take_over(&who.session)).await??)
    }

    /// The page in front, and where the link that the selector means leads.
    fn link(&self, who: &PersonaSession, selector: &str) -> Result<(Url, Url), String> {
        let page = who.shown.as_ref().ok_or("no page is open yet; `open` the page of the link first")?;
        let url = page.link(selector)?;
        self.references.keep_tokens_of(&url);
        Ok((page.url.clone(), url))
    }

    async fn filling(
        &self,
        who: &PersonaSession,
        submit: &Submit,
        code: Option<(&String, String)>,
    ) -> Result<Filling, String> {
        let mut fields = Vec::new();
        for (name, value) in &submit.fields {
            fields.push((name.clone(), self.references.field(name, value, who.live()).await?));
        }
        fields.extend(code.map(|(name, code)| (name.clone(), code)));
        Ok(Filling {
            form: submit.form.clone(),
            fields,
            choose: submit.choose.clone(),
            button: submit.button.clone(),
        })
    }

    /// A request as a script of the page last opened would make it.
    pub(super) async fn request_ask(
        &self,
        who: &PersonaSession,
        cell: &Cell,
        request: &Request,
    ) -> Result<(Ask, String), String> {
        let url = self.address(&request.url, who).await?;
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in &request.headers {
            match self.references.field(name, value, who.live()).await {
                Ok(value) => headers.push((name.clone(), value.into_bytes())),
                // A script has no token to send back where the site sets none.
                Err(_) if matches!(value.parts.as_slice(), [RefPart::Cookie(_)]) => {}
                Err(problem) => return Err(problem),
            }
        }
        let mut names = Vec::new();
        let (kind, body) = match &request.body {
            RequestBody::None => (None, None),
            RequestBody::Json(template) => {
                let value = self.json(template, "", who, &mut names).await?;
                (Some("application/json"), Some(value.to_string().into_bytes()))
            }
            RequestBody::Form(fields) => {
                let mut encoded = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    encoded.append_pair(name, &self.references.field(name, value, who.live()).await?);
                    names.push(name.clone());
                }
                (Some("application/x-www-form-urlencoded"), Some(encoded.finish().into_bytes()))
            }
        };
        if let Some(kind) = kind
            && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("Content-Type".into(), kind.into()));
        }
        let method = request.method.to_ascii_uppercase();
        let with = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
        let sent = format!("{method} {}{with}", url.path());
        let page = who.shown.as_ref().map(|shown| shown.url.clone()).filter(|page| self.site.is_own(page));
        let ask = Ask {
            method,
            headers,
            body,
            within: Some(page.unwrap_or_else(|| origin_of(&url))),
            resource: Resource::Step,
            ..Ask::page(cell.clone(), url)
        };
        Ok((ask, sent))
    }

    /// A JSON body with its references looked up. Boxed, since bodies nest.
    fn json<'f>(
        &'f self,
        template: &'f JsonTemplate,
        name: &'f str,
        who: &'f PersonaSession,
        names: &'f mut Vec<String>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<serde_json::Value, String>> + Send + 'f>> {
        Box::pin(async move {
            Ok(match template {
                JsonTemplate::Text(reference) => {
                    names.extend((!name.is_empty()).then(|| name.to_owned()));
                    self.references.field(name, reference, who.live()).await?.into()
                }
                JsonTemplate::Plain(value) => {
                    names.extend((!name.is_empty()).then(|| name.to_owned()));
                    value.clone()
                }
                JsonTemplate::List(list) => {
                    let mut items = Vec::new();
                    for item in list {
                        items.push(self.json(item, name, who, names).await?);
                    }
                    items.into()
                }
                JsonTemplate::Object(fields) => {
                    let mut object = serde_json::Map::new();
                    for (name, item) in fields {
                        object.insert(name.clone(), self.json(item, name, who, names).await?);
                    }
                    object.into()
                }
            })
        })
    }

    /// Does something that leads to a page or is answered, and judges what came. What came too often is made
    /// again after a while.
    async fn act<E: StepEngine>(
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

    async fn fill<E: StepEngine>(
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

    async fn wait<E: StepEngine>(
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

    /// What must be true now, or within the time that the engine gives it.
    async fn expect<E: StepEngine>(
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

    /// The page now in front, with what is remembered of the one before.
    async fn look<E: StepEngine>(&self, engine: &E, who: &mut PersonaSession) -> Result<(), Ended> {
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

    async fn command(
        &mut self,
        who: &mut PersonaSession,
        command: &[String],
        prints: CommandOutput,
    ) -> Result<(), Trouble> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(Trouble::Because("the command is empty".into()));
        };
        let references = self.references.clone();
        let printed = self.unless_ended(references.helper(program, arguments)).await??;
        self.references.keep_secret(&printed);
        match prints {
            CommandOutput::Bearer => self.authorize(who, "Bearer", printed.trim()),
            CommandOutput::Cookies(format) => self.import(who, format, &printed)?,
        }
        Ok(())
    }

    fn authorize(&self, who: &mut PersonaSession, scheme: &str, token: &str) {
        self.references.keep_secret(token);
        who.session.own_headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        who.session.own_headers.push(("Authorization".into(), format!("{scheme} {token}").into_bytes()));
    }

    /// The address of a step, with what was looked up for it.
    async fn address(&self, written: &SecretRef, who: &PersonaSession) -> Result<Url, String> {
        let text = self.references.address(written, who.live()).await?;
        self.site.on_target(&text).ok_or_else(|| format!("`{}` is no address", without_credentials(&text)))
    }
}

/// A step that only a browser can make.
fn needs_browser(action: &Action) -> bool {
    matches!(action, Action::Click { .. } | Action::Fill { .. } | Action::Wait { .. })
}

/// Who expects a refusal checks it by a step of its own.
fn is_expected(steps: &[Step], index: usize) -> bool {
    matches!(steps.get(index + 1).map(|step| &step.action), Some(Action::Expect(_)))
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

/// Names of fields, for messages.
fn fields_in_words(names: &[String]) -> String {
    if names.is_empty() { "no fields".into() } else { names.join(", ") }
}

fn origin_of(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin
}

fn unix_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A step's name in the plan.
fn kind(action: &Action) -> &'static str {
    match action {
        Action::Open { .. } => "open",
        Action::Follow { .. } => "follow",
        Action::Submit(_) => "submit",
        Action::Request(_) => "request",
        Action::Basic { .. } => "basic",
        Action::Bearer { .. } => "bearer",
        Action::Import { .. } => "import",
        Action::Export { .. } => "export",
        Action::MailLink(_) => "mail_link",
        Action::Totp { .. } => "totp",
        Action::Command { .. } => "command",
        Action::Expect(_) => "expect",
        Action::Click { .. } => "click",
        Action::Fill { .. } => "fill",
        Action::Wait { .. } => "wait",
    }
}
