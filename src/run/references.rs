//! References to secrets, looked up when they are needed: `${env:NAME}`, `${file:PATH}`,
//! `${command:...}`, and what the last answer left, `${cookie:NAME}`, `${json:/pointer}` and
//! `${page:SELECTOR}`.
//! Whatever they give is remembered as a secret before it is used.

use super::shown::Shown;
use super::shown::form::looks_like_token;
use crate::cookie::Jar;
use crate::intake::{self, MOST_OF_A_SECRET};
use crate::manifest::Manifest;
use crate::plan::{
    Action, JsonTemplate, Persona, Plan, RefPart, Request, RequestBody, SecretRef, Step, Target,
};
use crate::run::Stop;
use crate::secret::Secrets;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

/// A helper that prints a secret has this long.
pub(in crate::run) const HELPER_TIME: Duration = Duration::from_secs(60);

/// What stays as it is in a component of an address (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What `${cookie:NAME}`, `${json:/pointer}` and `${page:SELECTOR}` look at.
#[derive(Clone, Copy, Default)]
pub(in crate::run) struct Live<'a> {
    pub(in crate::run) jar: Option<&'a Jar>,
    pub(in crate::run) json: Option<&'a serde_json::Value>,
    pub(in crate::run) page: Option<&'a Shown>,
}

/// Looks references up.
#[derive(Clone)]
pub(in crate::run) struct References {
    secrets: Arc<RwLock<Secrets>>,
    /// Texts that stand in every report anyway: addresses and page patterns of plan and manifest.
    /// A password that occurs in one of them cannot be masked without making the rest unreadable.
    public: Vec<String>,
    until: Until,
    /// The plan's own folder, where its commands are run.
    folder: PathBuf,
}

/// What a helper or a pipe is not waited for any longer by.
#[derive(Clone, Default)]
pub(in crate::run) struct Until {
    pub(in crate::run) stop: Stop,
    /// When the time of the whole run is up.
    pub(in crate::run) deadline: Option<Instant>,
}

impl Until {
    /// What comes of it, unless the run ends first.
    async fn wait_for<T>(
        &self,
        what: &str,
        future: impl Future<Output = Result<T, String>>,
    ) -> Result<T, String> {
        let time_up = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(format!("the run was stopped while it waited for {what}")),
            () = time_up => Err(format!("the time of the run was up while it waited for {what}")),
            done = tokio::time::timeout(HELPER_TIME, future) => done.unwrap_or_else(|_| {
                Err(format!("{what} did not end within {} s", HELPER_TIME.as_secs()))
            }),
        }
    }
}

impl References {
    pub(in crate::run) fn new(
        secrets: Arc<RwLock<Secrets>>,
        plan: &Plan,
        target: &Target,
        manifest: Option<&Manifest>,
        until: Until,
    ) -> References {
        let mut public = vec![target.url.to_string()];
        let steps = plan.personas.iter().flat_map(|persona| persona.login.iter().chain(&persona.logout));
        for step in steps.chain(plan.journeys.iter().flat_map(|journey| &journey.steps)) {
            match &step.action {
                Action::Open { url } => public.extend(url.written_address()),
                Action::Request(request) => public.extend(request.url.written_address()),
                _ => {}
            }
        }
        public.extend(
            plan.personas.iter().filter_map(|persona| Some(persona.logged_in_when.as_ref()?.url.clone())),
        );
        let classes = manifest.into_iter().flat_map(|manifest| manifest.pages.values());
        public.extend(classes.flat_map(|class| &class.patterns).map(ToString::to_string));
        let folder = Path::new(&plan.file).parent().unwrap_or(Path::new("")).to_owned();
        References { secrets, public, until, folder }
    }

    /// The text that is meant. Only what was looked up is a secret; the plan's own words are not.
    pub(in crate::run) async fn text(&self, reference: &SecretRef, live: Live<'_>) -> Result<String, String> {
        let mut text = String::new();
        for part in &reference.parts {
            text.push_str(&self.piece(part, live).await?);
        }
        Ok(text)
    }

    /// The address that is meant: what it begins with is an address, what comes in the middle of it
    /// a value, and stays one whatever is in it.
    pub(in crate::run) async fn address(
        &self,
        reference: &SecretRef,
        live: Live<'_>,
    ) -> Result<String, String> {
        let mut text = String::new();
        for part in &reference.parts {
            let piece = self.piece(part, live).await?;
            match part {
                RefPart::Text(_) => text.push_str(&piece),
                _ if text.is_empty() => text.push_str(&piece),
                _ => text.extend(utf8_percent_encode(&piece, UNRESERVED)),
            }
        }
        Ok(text)
    }

    async fn piece(&self, part: &RefPart, live: Live<'_>) -> Result<String, String> {
        let piece = match part {
            RefPart::Text(plain) => return Ok(plain.clone()),
            RefPart::Env(name) => env(name)?,
            RefPart::File(path) => {
                self.until.wait_for(&path.display().to_string(), file_when_it_comes(path)).await?
            }
            RefPart::Command(line) => {
                let helper = format!("the helper `{}`", first_word(line));
                self.until.wait_for(&helper, command_line(line, &self.folder)).await?
            }
            RefPart::Cookie(name) => cookie(name, live.jar)?,
            RefPart::Json(pointer) => json(pointer, live.json)?,
            RefPart::Page(wanted) => {
                let page = live.page.ok_or_else(|| format!("no page is open yet that has `{wanted}`"))?;
                page.value_of(wanted)?
            }
        };
        match url::Url::parse(&piece) {
            Ok(address) if matches!(address.scheme(), "http" | "https") => self.keep_tokens_of(&address),
            _ => self.keep_secret(&piece),
        }
        Ok(piece)
    }

    /// Remembers what an address has in it that looks like a token.
    pub(in crate::run) fn keep_tokens_of(&self, address: &url::Url) {
        for (name, value) in address.query_pairs() {
            if looks_like_token(&value) || names_a_secret(&name) || name.contains("nonce") {
                self.keep_secret(&value);
            }
        }
    }

    /// Runs a helper in the plan's folder, to which its paths are relative.
    pub(in crate::run) async fn helper(&self, program: &str, arguments: &[String]) -> Result<String, String> {
        run_helper(program, arguments, &self.folder).await
    }

    /// The same where even a text written out in the plan is a secret: a password, a token.
    pub(in crate::run) async fn secret(
        &self,
        reference: &SecretRef,
        live: Live<'_>,
    ) -> Result<String, String> {
        let text = self.text(reference, live).await?;
        self.keep_secret(&text);
        Ok(text)
    }

    /// The same for a field: its name tells.
    pub(in crate::run) async fn field(
        &self,
        name: &str,
        reference: &SecretRef,
        live: Live<'_>,
    ) -> Result<String, String> {
        if names_a_secret(name) {
            return self.secret(reference, live).await;
        }
        let text = self.text(reference, live).await?;
        if names_a_visitor(name) {
            self.secrets.write().unwrap_or_else(PoisonError::into_inner).add_visitor(&text);
        }
        Ok(text)
    }

    /// Remembers a secret, unless it would take public words out of every text.
    pub(in crate::run) fn keep_secret(&self, text: &str) {
        if !self.public.iter().any(|known| known.contains(text)) {
            self.secrets.write().unwrap_or_else(PoisonError::into_inner).add(text);
        }
    }

    /// The text without any secret known so far.
    pub(in crate::run) fn mask(&self, text: &str) -> String {
        self.secrets.read().unwrap_or_else(PoisonError::into_inner).mask(text)
    }
}

/// Every reference of the plan that cannot be looked up, with its line and whose it is: better said
/// before the first request than in the middle of a login.
pub(in crate::run) fn missing(plan: &Plan) -> Vec<String> {
    let mut missing = Vec::new();
    for (whose, reference) in all(plan) {
        let line = reference.place.line;
        missing.extend(problems(reference).map(|problem| format!("{}:{line}: {problem}{whose}", plan.file)));
    }
    missing.dedup();
    missing
}

/// Takes those optional personas out of the plan whose references cannot be looked up, with the
/// journeys that only they make. What was left out, and why.
pub(in crate::run) fn leave_out_optional(plan: &mut Plan) -> Vec<String> {
    let mut left_out = BTreeMap::new();
    for persona in plan.personas.iter().filter(|persona| persona.optional) {
        let references = of_persona(persona).into_iter().map(|(_, reference)| reference);
        let problem = references.flat_map(|reference| problems(reference).chain(empty(reference))).next();
        if let Some(problem) = problem {
            left_out.insert(persona.name.clone(), problem);
        }
    }
    plan.personas.retain(|persona| !left_out.contains_key(&persona.name));
    plan.journeys.retain_mut(|journey| {
        let for_all = journey.personas.is_empty();
        journey.personas.retain(|name| !left_out.contains_key(name));
        for_all || !journey.personas.is_empty()
    });
    left_out
        .into_iter()
        .map(|(name, problem)| format!("the optional persona `{name}` was left out: {problem}"))
        .collect()
}

/// A variable without a value: what CI systems make of a secret that is not there.
fn empty(reference: &SecretRef) -> Option<String> {
    reference.parts.iter().find_map(|part| match part {
        RefPart::Env(name) if env(name).is_ok_and(|value| value.is_empty()) => {
            Some(format!("the environment variable {name} is empty"))
        }
        _ => None,
    })
}

/// Why a text cannot be looked up.
fn problems(reference: &SecretRef) -> impl Iterator<Item = String> {
    reference.parts.iter().filter_map(|part| match part {
        RefPart::Env(name) => env(name).err(),
        RefPart::File(path) => unreadable(path),
        _ => None,
    })
}

/// Runs a helper and gives what it printed, without the last line break. What it prints, to
/// either stream, is in no message.
async fn run_helper(program: &str, arguments: &[String], folder: &Path) -> Result<String, String> {
    // A bare name is looked for on the PATH; a path must not change its meaning with the folder.
    let found = match Path::new(program).components().count() {
        0 | 1 if !program.starts_with("./") => PathBuf::from(program),
        _ => std::path::absolute(folder.join(program)).unwrap_or_else(|_| folder.join(program)),
    };
    let mut command = tokio::process::Command::new(found);
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the helper `{program}` cannot be started: {}", error.kind()))?;
    let failed = |error: std::io::Error| format!("the helper `{program}` failed: {}", error.kind());
    let working = async {
        let mut printed = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST_OF_A_SECRET + 1).read_to_end(&mut printed).await.map_err(failed)?;
        }
        if printed.len() as u64 > MOST_OF_A_SECRET {
            return Ok((printed, None));
        }
        child.wait().await.map(|status| (printed, Some(status))).map_err(failed)
    };
    let (printed, status) = tokio::time::timeout(HELPER_TIME, working)
        .await
        .map_err(|_| format!("the helper `{program}` did not end within {} s", HELPER_TIME.as_secs()))??;
    match status {
        Some(status) if !status.success() => Err(format!("the helper `{program}` failed ({status})")),
        _ => tidy(printed).map_err(|problem| format!("what the helper `{program}` printed {problem}")),
    }
}

fn env(name: &str) -> Result<String, String> {
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the environment variable {name} is not UTF-8"))
        }
    }
}

fn file(path: &Path) -> Result<String, String> {
    let bytes = intake::file(path, MOST_OF_A_SECRET)
        .map_err(|error| format!("{} cannot be read: {}", path.display(), intake::why(&error)))?;
    tidy(bytes).map_err(|problem| format!("{} {problem}", path.display()))
}

/// The same on a thread of its own: nobody may ever write into a pipe, and meanwhile signals are
/// listened to.
async fn file_when_it_comes(path: &Path) -> Result<String, String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let owned = path.to_owned();
    std::thread::spawn(move || tell.send(file(&owned)));
    told.await.unwrap_or_else(|_| Err(format!("{} cannot be read", path.display())))
}

/// Why a file will not be read. What is no plain file, a pipe, gives what it has only once.
fn unreadable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => None,
        _ => file(path).err(),
    }
}

fn tidy(bytes: Vec<u8>) -> Result<String, &'static str> {
    if bytes.len() as u64 > MOST_OF_A_SECRET {
        return Err("is over 1 MiB");
    }
    let mut text = String::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

async fn command_line(line: &str, folder: &Path) -> Result<String, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    run_helper(shell, &[flag.to_owned(), line.to_owned()], folder)
        .await
        .map_err(|problem| problem.replace(&format!("`{shell}`"), &format!("`{}`", first_word(line))))
}

/// Of a command line only its program is shown: its arguments may be secrets.
fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// As scripts read it to send it back (double submit): percent-decoded.
fn cookie(name: &str, jar: Option<&Jar>) -> Result<String, String> {
    let found = jar
        .into_iter()
        .flat_map(Jar::iter)
        .filter(|cookie| cookie.name.as_str() == Some(name))
        .last()
        .ok_or_else(|| format!("there is no cookie {name} yet"))?;
    let value = String::from_utf8_lossy(found.value.reveal()).into_owned();
    Ok(percent_decoded(&value))
}

fn json(pointer: &str, answer: Option<&serde_json::Value>) -> Result<String, String> {
    let answer = answer.ok_or_else(|| format!("no answer so far was JSON, so there is no {pointer}"))?;
    match answer.pointer(pointer) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => Ok(value.to_string()),
        Some(_) => Err(format!("{pointer} of the last JSON answer is no text or number")),
        None => Err(format!("the last JSON answer has no {pointer}{}", keys(answer))),
    }
}

fn keys(answer: &serde_json::Value) -> String {
    match answer.as_object().map(|object| object.keys().take(10).cloned().collect::<Vec<_>>()) {
        Some(keys) if !keys.is_empty() => format!("; it has {}", keys.join(", ")),
        _ => String::new(),
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes[at] == b'%';
        let byte = hex
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// Fields whose value is a credential by their name.
fn names_a_secret(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "pass", "pwd", "secret", "token", "code", "otp", "pin", "key", "csrf", "xsrf", "auth", "session",
        "cookie",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Fields that say who logs in.
fn names_a_visitor(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["mail", "user", "login", "account"].iter().any(|word| name.contains(word))
}

/// Every reference of the plan, in its order.
/// All references, each with whose it is in brackets.
fn all(plan: &Plan) -> Vec<(String, &SecretRef)> {
    let everybodys = plan.http.headers.iter().map(|(_, value)| value).chain(&plan.http.proxy);
    let mut all: Vec<_> = everybodys.map(|reference| (String::new(), reference)).collect();
    all.extend(plan.personas.iter().flat_map(of_persona));
    let mut add = |whose: String, found: Vec<_>| {
        all.extend(found.into_iter().map(|reference| (whose.clone(), reference)));
    };
    for journey in &plan.journeys {
        for (number, step) in journey.steps.iter().enumerate() {
            add(format!(" (journey `{}`, step {})", journey.name, number + 1), of_step(step));
        }
    }
    for consent in &plan.consent {
        let stored = consent.local_storage.as_ref().map(|(_, value)| value);
        add(" (consent)".to_owned(), consent.cookie.iter().chain(stored).collect());
    }
    all
}

fn of_persona(persona: &Persona) -> Vec<(String, &SecretRef)> {
    let mut all = Vec::new();
    let mut add = |whose: String, found: Vec<_>| {
        all.extend(found.into_iter().map(|reference| (whose.clone(), reference)));
    };
    let name = &persona.name;
    let own = persona.headers.iter().map(|(_, value)| value).chain(&persona.proxy);
    add(format!(" (persona `{name}`)"), own.collect());
    for (what, steps) in [("login", &persona.login), ("logout", &persona.logout)] {
        for (number, step) in steps.iter().enumerate() {
            add(format!(" (persona `{name}`, {what} step {})", number + 1), of_step(step));
        }
    }
    if let Some(refresh) = &persona.refresh {
        let mut references = Vec::new();
        of_request(refresh, &mut references);
        add(format!(" (persona `{name}`, refresh)"), references);
    }
    all
}

fn of_step(step: &Step) -> Vec<&SecretRef> {
    let mut references = Vec::new();
    match &step.action {
        Action::Open { url } => references.push(url),
        Action::Submit(submit) => references.extend(submit.fields.iter().map(|(_, value)| value)),
        Action::Request(request) => of_request(request, &mut references),
        Action::Basic { user, password } => references.extend([user, password]),
        Action::Bearer { token } => references.push(token),
        Action::Import { source, .. } => references.push(source),
        Action::MailLink(mail) => references.extend(&mail.to),
        Action::Totp { secret, submit, .. } => {
            references.push(secret);
            references.extend(submit.fields.iter().map(|(_, value)| value));
        }
        Action::Fill { value, .. } => references.push(value),
        Action::Follow { .. }
        | Action::Export { .. }
        | Action::Command { .. }
        | Action::Expect(_)
        | Action::Click { .. }
        | Action::Wait { .. } => {}
    }
    references
}

fn of_request<'a>(request: &'a Request, references: &mut Vec<&'a SecretRef>) {
    references.push(&request.url);
    references.extend(request.headers.iter().map(|(_, value)| value));
    match &request.body {
        RequestBody::None => {}
        RequestBody::Form(fields) => references.extend(fields.iter().map(|(_, value)| value)),
        RequestBody::Json(template) => of_json(template, references),
    }
}

fn of_json<'a>(template: &'a JsonTemplate, references: &mut Vec<&'a SecretRef>) {
    match template {
        JsonTemplate::Text(reference) => references.push(reference),
        JsonTemplate::Plain(_) => {}
        JsonTemplate::List(list) => list.iter().for_each(|item| of_json(item, references)),
        JsonTemplate::Object(fields) => fields.iter().for_each(|(_, item)| of_json(item, references)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Place;

    fn references() -> References {
        let plan = Plan::for_url(url::Url::parse("http://admin.test/login").unwrap());
        References::new(Arc::default(), &plan, &plan.targets[0], None, Until::default())
    }

    fn reference(parts: Vec<RefPart>) -> SecretRef {
        SecretRef { parts, place: Place { line: 3, column: 1 } }
    }

    #[tokio::test]
    async fn what_is_looked_up_is_masked_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pw");
        std::fs::write(&path, "f1le-s3cret\n").unwrap();
        let references = references();
        let parts = vec![RefPart::Text("user:".into()), RefPart::File(path)];
        assert_eq!(references.text(&reference(parts), Live::default()).await.unwrap(), "user:f1le-s3cret");
        assert_eq!(references.mask("a f1le-s3cret, user:"), "a \u{2039}masked\u{203a}, user:");
    }

    #[tokio::test]
    async fn a_password_written_out_is_a_secret_by_the_fields_name() {
        let references = references();
        let plain = |text: &str| reference(vec![RefPart::Text(text.into())]);
        references.field("user_password", &plain("hunter22"), Live::default()).await.unwrap();
        references.field("email", &plain("ann@example.test"), Live::default()).await.unwrap();
        references.field("password", &plain("admin"), Live::default()).await.unwrap();
        assert_eq!(references.mask("ann@example.test hunter22"), "ann@example.test \u{2039}masked\u{203a}");
        assert_eq!(references.mask("http://admin.test/"), "http://admin.test/", "part of the target's name");
    }

    #[tokio::test]
    async fn the_last_answer_is_looked_at() {
        let json = serde_json::json!({"data": {"token": "t0k3n-xyz", "n": 7, "list": []}});
        let live = Live { json: Some(&json), ..Live::default() };
        let references = references();
        let look = |pointer: &str| reference(vec![RefPart::Json(pointer.into())]);
        assert_eq!(references.text(&look("/data/token"), live).await.unwrap(), "t0k3n-xyz");
        assert_eq!(references.text(&look("/data/n"), live).await.unwrap(), "7");
        assert_eq!(
            references.text(&look("/data/list"), live).await.unwrap_err(),
            "/data/list of the last JSON answer is no text or number"
        );
        assert_eq!(
            references.text(&look("/none"), live).await.unwrap_err(),
            "the last JSON answer has no /none; it has data"
        );
        let cookie = reference(vec![RefPart::Cookie("csrf".into())]);
        assert_eq!(references.text(&cookie, live).await.unwrap_err(), "there is no cookie csrf yet");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn helpers_print_secrets_and_their_failures_tell_none() {
        let references = references();
        let run = |line: &str| reference(vec![RefPart::Command(line.into())]);
        assert_eq!(
            references.text(&run("printf 'fr0m-helper\\n'"), Live::default()).await.unwrap(),
            "fr0m-helper"
        );
        let failure = references.text(&run("false --password=x"), Live::default()).await.unwrap_err();
        assert_eq!(failure, "the helper `false` failed (exit status: 1)");
        assert!(references.helper("/no/such/helper", &[]).await.unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn missing_references_are_all_named() {
        let mut plan = Plan::for_url(url::Url::parse("http://a.test/").unwrap());
        plan.file = "plan.toml".into();
        plan.personas[0].headers = vec![
            ("a".into(), reference(vec![RefPart::Env("COOKIEPROOF_TEST_UNSET".into())])),
            ("b".into(), reference(vec![RefPart::File("/no/such/file".into())])),
        ];
        let expected = [
            "plan.toml:3: the environment variable COOKIEPROOF_TEST_UNSET is not set (persona `anonymous`)",
            "plan.toml:3: /no/such/file cannot be read: entity not found (persona `anonymous`)",
        ];
        assert_eq!(missing(&plan), expected);
    }

    #[test]
    fn double_submit_tokens_are_decoded() {
        for (text, expected) in [("a%3D%3d", "a=="), ("100%", "100%"), ("%zz", "%zz"), ("%ff", "%ff")] {
            assert_eq!(percent_decoded(text), expected);
        }
    }
}
