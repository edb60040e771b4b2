//! Declared steps, made one after the other as a persona. A step that fails says which it was,
//! what was sent, what came back, what the page had to offer, and what is likely wrong; never a
//! value.

mod browser;
mod mail;
mod mailbox;
mod totp;

use super::context::Ended;
use super::persona::{PersonaSession, over_http};
use super::recorder::As;
use super::references::References;
use super::render::Browser;
use super::runner::Runner;
use super::shown::form::{self, Filling};
use super::shown::{Refused, Shown};
use super::state::Line;
use crate::engine::{Ask, Visit};
use crate::legible::without_credentials;
use crate::observation::{Cell, Resource};
use crate::plan::{
    Action, CommandOutput, Expect, JsonTemplate, RefPart, Request, RequestBody, SecretRef, Step, Submit,
};
use base64::Engine as _;
use std::time::Duration;
use url::Url;

/// A login is turned away because there were too many: so often it is tried again.
const PATIENCE_WITH_429: u32 = 3;
/// Waited for where the server does not say how long.
const WAIT_AFTER_429: Duration = Duration::from_secs(11);
/// A page that leads on by itself does so at most this often.
const MOST_REFRESHES: usize = 5;
/// Seconds after which a page that leads on is no page of its own.
const SOON: u64 = 5;

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
    /// Makes the steps. `what` they belong to is said in messages: `the login`.
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
        for (index, step) in steps.iter().enumerate() {
            let name = self.step_name(index, step, what);
            self.detail(format!("{}: {name}", who.persona.name));
            let tolerant = is_expected(steps, index);
            self.keep_that_it_acts(step);
            if let Err(trouble) = self.step(who, cell, &step.action, tolerant).await {
                // Not the step's fault: nobody waits for a helper any longer.
                return Err(match self.over() {
                    Some(ended) => Halt::Ended(ended),
                    None => trouble.of_step(name, &self.references),
                });
            }
        }
        Ok(())
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

    async fn step(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        action: &Action,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        match action {
            Action::Open { url } => {
                let url = self.address(url, who).await?;
                self.open(who, cell, url, None, tolerant).await
            }
            Action::Follow { selector } => {
                let (from, url) = self.link(who, selector)?;
                self.open(who, cell, url, Some(from), tolerant).await
            }
            Action::Submit(submit) => self.submit(who, cell, submit, None, tolerant).await,
            Action::Totp { secret, submit, field } => {
                let code = self.one_time_code(secret, who).await?;
                self.submit(who, cell, submit, Some((field, code)), tolerant).await
            }
            Action::Request(request) => self.request(who, cell, request, tolerant).await,
            Action::Basic { user, password } => {
                let user = self.references.text(user, who.live()).await?;
                let password = self.references.secret(password, who.live()).await?;
                let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                self.authorize(who, "Basic", &token);
                Ok(())
            }
            Action::Bearer { token } => {
                let token = self.references.secret(token, who.live()).await?;
                self.authorize(who, "Bearer", token.trim());
                Ok(())
            }
            Action::Import { format, source, user_agent } => {
                let text = self.references.secret(source, who.live()).await?;
                self.import(who, *format, &text)?;
                if user_agent.is_some() {
                    who.session.user_agent.clone_from(user_agent);
                }
                Ok(())
            }
            Action::Export { format, file } => Ok(self.export(who, *format, file)?),
            Action::MailLink(mail) => {
                let link = self.wait_for_mail(who, mail).await?;
                let ask = Ask { resource: Resource::Step, ..Ask::page(cell.clone(), link) };
                self.go(who, &ask, "the link of the mail".into(), tolerant).await
            }
            Action::Command { command, prints } => self.command(who, command, *prints).await,
            Action::Expect(expect) => Ok(expected(who, expect)?),
            // Of a list with one of these, a browser makes all, where there is one.
            Action::Click { .. } | Action::Fill { .. } | Action::Wait { .. } => {
                Err(Trouble::Because(format!(
                    "`{}` needs a browser; run with `--engine browser`, or say it with `submit` or `request`",
                    kind(action)
                )))
            }
        }
    }

    async fn open(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        url: Url,
        started_by: Option<Url>,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let sent = format!("GET {}", url.path());
        let ask = Ask { started_by, resource: Resource::Step, ..Ask::page(cell.clone(), url) };
        self.go(who, &ask, sent, tolerant).await
    }

    /// The page in front, and where the link that the selector means leads.
    fn link(&self, who: &PersonaSession, selector: &str) -> Result<(Url, Url), String> {
        let page = who.shown.as_ref().ok_or("no page is open yet; `open` the page of the link first")?;
        let url = page.link(selector)?;
        self.references.keep_tokens_of(&url);
        Ok((page.url.clone(), url))
    }

    async fn submit(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        submit: &Submit,
        code: Option<(&String, String)>,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let filling = self.filling(who, submit, code).await?;
        let Some(page) = &who.shown else {
            return Err(Trouble::Because("no page is open yet; `open` the page of the form first".into()));
        };
        let (form, filled) = form::find(&page.text, &page.url, page.charset, &filling)
            .and_then(|form| form.fill(&filling).map(|filled| (form, filled)))
            .map_err(|problem| page.cannot_send(&problem, &filling))?;
        let from = page.url.clone();
        if form.takes_password() {
            who.add_login_page(&from);
        }
        filled.tokens.iter().for_each(|token| self.references.keep_secret(token));
        let headers =
            filled.content_type.iter().map(|kind| ("Content-Type".into(), kind.clone().into_bytes()));
        let ask = Ask {
            method: filled.method.clone(),
            headers: headers.collect(),
            body: filled.body,
            started_by: Some(from),
            resource: Resource::Step,
            ..Ask::page(cell.clone(), filled.url.clone())
        };
        let names = if filled.names.is_empty() { "no fields".to_owned() } else { filled.names.join(", ") };
        let sent = format!("{} {} with {names}", filled.method, filled.url.path());
        self.go(who, &ask, sent, tolerant).await?;
        if let Some(shown) = &mut who.shown {
            shown.came_by = Some(form);
        }
        Ok(())
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

    async fn request(
        &mut self,
        who: &mut PersonaSession,
        cell: &Cell,
        request: &Request,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let (ask, sent) = self.request_ask(who, cell, request).await?;
        self.go(who, &ask, sent, tolerant).await
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

    /// Asks, follows a page that leads on by itself, and judges the answer.
    async fn go(
        &mut self,
        who: &mut PersonaSession,
        ask: &Ask,
        sent: String,
        tolerant: bool,
    ) -> Result<(), Trouble> {
        let engine = who.engine.clone();
        let moved = who
            .over_http
            .as_ref()
            .filter(|_| self.site.is_own(&ask.url))
            .map(|origin| Ask { url: over_http(&ask.url, origin), ..ask.clone() });
        let ask = moved.as_ref().unwrap_or(ask);
        let mut visit = self.visit(&engine, &mut who.session, ask, As::Look).await?;
        for _ in 0..PATIENCE_WITH_429 {
            if visit.status != 429 || tolerant {
                break;
            }
            let wait = visit.retry_after.unwrap_or(WAIT_AFTER_429).min(Duration::from_secs(60));
            self.warn(format!("{}: too many requests; waiting {} s", who.persona.name, wait.as_secs()));
            self.unless_ended(tokio::time::sleep(wait)).await?;
            visit = self.visit(&engine, &mut who.session, ask, As::Look).await?;
        }
        for _ in 0..MOST_REFRESHES {
            let Some(next) = leads_on(&visit) else { break };
            let on = Ask {
                started_by: Some(visit.shown.clone()),
                resource: Resource::Step,
                ..Ask::page(ask.cell.clone(), next)
            };
            visit = self.visit(&engine, &mut who.session, &on, As::Look).await?;
        }
        let mut shown = Shown::of(&visit);
        shown.sent = Some(sent);
        shown.navigated = ask.within.is_none();
        let problem = match &visit.failure {
            Some(failure) => Some(failure.detail.clone()),
            None if visit.status >= 400 => Some(format!("it was answered {}", visit.status)),
            None => None,
        };
        let refused = problem.filter(|_| !tolerant).map(|problem| shown.refused(&problem));
        if shown.is_json() {
            who.json = serde_json::from_str(&shown.text).ok();
        }
        if who.sent_to.is_none() && (ask.method != "GET" || ask.started_by.is_some()) {
            who.sent_to = Some(super::persona::place(&shown.url).to_owned());
        }
        // A script's answer leaves the page where it is.
        if ask.within.is_none() || who.shown.is_none() {
            who.shown = Some(shown);
        } else if let Some(page) = &mut who.shown {
            page.answer = Some(Box::new(shown));
        }
        refused.map_or(Ok(()), |refused| Err(refused.into()))
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
        && !super::html::has(&shown.text, selector)?
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

/// Where a page leads by itself within moments (`Refresh`, or `<meta http-equiv=refresh>`).
fn leads_on(visit: &Visit) -> Option<Url> {
    if visit.status != 200 || !visit.content_type.contains("html") {
        return None;
    }
    let content = match &visit.head.refresh {
        Some(content) => content.clone(),
        None => super::html::meta_refresh(&visit.text().text)?,
    };
    let refresh = crate::crawl::refresh(&content).filter(|refresh| refresh.seconds <= SOON)?;
    let next = visit.shown.join(&refresh.url?).ok()?;
    (matches!(next.scheme(), "http" | "https") && next != visit.shown).then_some(next)
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
