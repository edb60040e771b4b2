//! Declared steps, made one after the other as a persona, in whatever engine they are made. A step that
//! fails says which it was, what was sent, what came back, what the page had to offer, and what is likely
//! wrong; never a value.

mod act;
mod engine;
mod expectation;
mod failure;
mod in_browser;
mod mail;
mod mailbox;
mod offered;
mod over_http;
mod request;
#[cfg(test)]
mod tests;
mod totp;

use super::persona::PersonaSession;
use super::recorder::As;
use super::render::Browser;
use super::runner::Runner;
use super::shown::form::Filling;
use super::state::Line;
use crate::legible::without_credentials;
use crate::observation::Cell;
use crate::plan::{Action, CommandOutput, SecretRef, Step, Submit};
use base64::Engine as _;
use engine::{Act, Awaited, StepEngine};
use failure::Trouble;
pub(super) use failure::{Halt, StepFailure};
use over_http::OverHttp;
use std::time::Duration;
use url::Url;

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
