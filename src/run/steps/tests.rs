//! The steps over an engine that only says what it was asked to do: what they make of what comes.

use super::engine::{Act, Awaited, Came, NotMade, StepEngine, Waited};
use super::{Halt, StepFailure};
use crate::charset::Charset;
use crate::config::Format;
use crate::engine::browser::{NotDone, Offer};
use crate::engine::{Session, Visit};
use crate::observation::{Cell, Consent, Phase};
use crate::plan;
use crate::run::context::{Ended, RunContext, cell};
use crate::run::persona::PersonaSession;
use crate::run::runner::Runner;
use crate::run::shown::Shown;
use crate::run::{Event, Look, Stop, Watch};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;

const PASSWORD: &str = "pa55-w0rd-0f-ann";

/// Says what it was asked to do, and lets come what it was told.
struct Fake {
    cell: Cell,
    to_come: VecDeque<Result<Came, NotMade>>,
    done: Vec<String>,
    /// Pages that it shows, one after the other; the last one stays.
    pages: RefCell<VecDeque<Shown>>,
    offer: Option<Offer>,
    window: Option<String>,
    visits: Vec<Visit>,
}

impl Fake {
    fn of(to_come: impl IntoIterator<Item = Result<Came, NotMade>>) -> Fake {
        Fake {
            cell: cell("member", &Consent::Untouched, Phase::Login, 1),
            to_come: to_come.into_iter().collect(),
            done: Vec::new(),
            pages: RefCell::default(),
            offer: None,
            window: None,
            visits: Vec::new(),
        }
    }
}

impl StepEngine for Fake {
    const WHERE: &'static str = ", as if";

    fn cell(&self) -> &Cell {
        &self.cell
    }

    async fn bring_cookies(&mut self, _: &mut Session) -> Result<(), Ended> {
        Ok(())
    }

    async fn take_over(&mut self, session: &Session) -> Result<(), String> {
        let headers: Vec<&str> = session.own_headers.iter().map(|(name, _)| name.as_str()).collect();
        self.done.push(format!("take over {}", headers.join(", ")));
        Ok(())
    }

    async fn act(&mut self, _: &mut PersonaSession, act: &Act) -> Result<Came, NotMade> {
        self.done.push(format!("{} {}", act.kind(), act.object()));
        self.to_come.pop_front().unwrap_or_else(|| Ok(page("/")))
    }

    async fn fill(&mut self, selector: &str, _: &str) -> Result<bool, NotMade> {
        self.done.push(format!("fill {selector}"));
        Ok(true)
    }

    async fn wait(&mut self, what: &Awaited<'_>) -> Result<Waited, NotMade> {
        self.done.push(format!("wait {}", what.in_words()));
        Ok(Waited::InVain(Duration::from_secs(3)))
    }

    async fn visits(&mut self) -> Vec<(Visit, Option<Url>)> {
        self.visits.drain(..).map(|visit| (visit, None)).collect()
    }

    async fn page(&self) -> Option<Shown> {
        let mut pages = self.pages.borrow_mut();
        if pages.len() > 1 { pages.pop_front() } else { pages.front().cloned() }
    }

    async fn has(&self, selector: &str) -> Option<bool> {
        self.pages.borrow().front().map(|page| page.text.contains(selector))
    }

    async fn offer(&self) -> Option<Offer> {
        self.offer.clone()
    }

    fn until_expected(&self) -> Duration {
        Duration::from_secs(if self.pages.borrow().is_empty() { 0 } else { 5 })
    }

    fn last_window(&self) -> Option<String> {
        self.window.clone()
    }
}

fn url(path: &str) -> Url {
    Url::parse("http://localhost").unwrap().join(path).unwrap()
}

fn shown(path: &str, status: u16, text: &str) -> Shown {
    let mut shown = Shown::for_test(url(path), text, Charset::UTF_8);
    shown.status = status;
    shown
}

/// A page that came.
fn page(path: &str) -> Came {
    answered(path, 200, "hello")
}

fn answered(path: &str, status: u16, text: &str) -> Came {
    Came { shown: Some(shown(path, status, text)), ..Came::answered(format!("GET {path}"), status) }
}

/// That it was asked too often.
fn too_often() -> Came {
    Came { again: Some(Duration::ZERO), ..answered("/", 429, "slow down") }
}

#[derive(Default)]
struct Told(Mutex<Vec<Event>>);

impl Watch for Told {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// What came of a login with these steps.
struct Seen {
    end: Result<(), Halt>,
    who: PersonaSession,
    engine: Fake,
    told: Vec<Event>,
}

impl Seen {
    /// The step that failed.
    #[track_caller]
    fn failure(self) -> StepFailure {
        match self.end {
            Err(Halt::Failed(failure)) => failure,
            other => panic!("{other:?}"),
        }
    }
}

#[track_caller]
fn made(steps: &str, engine: Fake) -> Seen {
    made_until(&Stop::default(), steps, engine)
}

#[track_caller]
fn made_until(stop: &Stop, steps: &str, mut engine: Fake) -> Seen {
    let text = format!("targets.here.url = \"http://localhost/\"\n[personas.member]\nlogin = [{steps}]");
    let (plan, problems) = plan::read(&text, "cookieproof.toml", Format::Toml);
    let plan = plan.unwrap_or_else(|| panic!("{problems:?}"));
    let told = Told::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (end, who) = runtime.block_on(async {
        let look = Look { watch: &told, stop: stop.clone(), ..Look::at(&plan, &plan.targets[0]) };
        let run = RunContext::new(&look).await.unwrap();
        let persona = plan.personas.iter().find(|persona| persona.name == "member").unwrap();
        let mut who = PersonaSession::new(persona.clone(), run.engine());
        let end = Runner::new(&run).make(&mut engine, &mut who, &persona.login, "the login").await;
        (end, who)
    });
    Seen { end, who, engine, told: told.0.into_inner().unwrap() }
}

const OPEN: &str = "{ open = \"/login\" }";

/// A form with a password.
fn submit() -> String {
    format!("{{ submit = {{ fields = {{ user = \"ann\", password = \"{PASSWORD}\" }} }} }}")
}

#[test]
fn steps_are_made_one_after_the_other_and_told_by_number_kind_and_line() {
    let sent = Came { password: true, ..answered("/account", 200, "ann") };
    let seen = made(&format!("{OPEN},\n{}", submit()), Fake::of([Ok(page("/login")), Ok(sent)]));
    assert!(seen.end.is_ok(), "{:?}", seen.end);
    assert_eq!(seen.engine.done, ["open GET /login", "submit the form's button"]);
    let details: Vec<&str> = seen
        .told
        .iter()
        .filter_map(|event| if let Event::Detail(text) = event { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(
        details,
        [
            "member: step 1 of the login (open, cookieproof.toml:3), as if",
            "member: step 2 of the login (submit, cookieproof.toml:4), as if"
        ]
    );
    assert_eq!(seen.who.shown.as_ref().map(|page| page.url.path()), Some("/account"));
    assert!(seen.who.is_login_page(&url("/login")), "the password went from there");
    assert_eq!(seen.who.sent_to.as_deref(), Some("http://localhost/account"));
}

#[test]
fn an_address_that_is_opened_leads_nowhere_that_a_form_would() {
    let seen = made(OPEN, Fake::of([Ok(page("/login"))]));
    assert_eq!(seen.who.sent_to, None);
}

#[test]
fn a_refused_step_fails_with_its_answer_and_nothing_comes_after_it() {
    let refused = Came { sent: "POST /login with user".into(), ..answered("/login", 405, "no") };
    let steps = format!("{OPEN}, {}, {{ open = \"/account\" }}", submit());
    let seen = made(&steps, Fake::of([Ok(page("/login")), Ok(refused)]));
    assert_eq!(seen.engine.done.len(), 2);
    let failure = seen.failure();
    assert_eq!(failure.step, "step 2 of the login (submit, cookieproof.toml:3)");
    assert_eq!(failure.answered.as_deref(), Some("POST /login with user answered 405"));
    let why = "it was answered 405; sent: POST /login with user; the answer was 405 at /login";
    assert!(failure.why.starts_with(why), "{}", failure.why);
}

#[test]
fn what_is_expected_to_be_refused_is_no_failure() {
    let (expected, other) = ("{ expect = { status = 401 } }", "{ expect = { status = 403 } }");
    let refused = || Fake::of([Ok(page("/login")), Ok(answered("/login", 401, "no"))]);
    let seen = made(&format!("{OPEN}, {}, {expected}", submit()), refused());
    assert!(seen.end.is_ok(), "{:?}", seen.end);
    let failure = made(&format!("{OPEN}, {}, {other}", submit()), refused()).failure();
    assert_eq!(failure.step, "step 3 of the login (expect, cookieproof.toml:3)");
    assert!(failure.why.starts_with("the status is not 403"), "{}", failure.why);
}

#[test]
fn no_message_has_a_password_in_it() {
    let failed = Came { failure: Some(format!("{PASSWORD} was in the way")), ..page("/login") };
    let failure =
        made(&format!("{OPEN}, {}", submit()), Fake::of([Ok(page("/login")), Ok(failed)])).failure();
    assert!(failure.why.contains("was in the way") && !failure.why.contains(PASSWORD), "{}", failure.why);
    let problem = NotMade::from(format!("{PASSWORD} cannot be typed"));
    let failure =
        made(&format!("{OPEN}, {}", submit()), Fake::of([Ok(page("/login")), Err(problem)])).failure();
    assert!(failure.why.contains("cannot be typed") && !failure.why.contains(PASSWORD), "{}", failure.why);
}

#[test]
fn what_came_too_often_is_made_again_a_few_times() {
    let seen = made(OPEN, Fake::of([Ok(too_often()), Ok(too_often()), Ok(page("/login"))]));
    assert!(seen.end.is_ok(), "{:?}", seen.end);
    assert_eq!(seen.engine.done.len(), 3);
    let waiting = Event::Warning("member: too many requests; waiting 0 s".into());
    assert_eq!(seen.told.iter().filter(|event| **event == waiting).count(), 2);
    let seen = made(OPEN, Fake::of((0..9).map(|_| Ok(too_often()))));
    assert_eq!(seen.engine.done.len(), 4, "not for ever");
    assert!(seen.failure().why.contains("answered 429"));
    // Who wants to see the refusal sees the first one.
    let seen = made(&format!("{OPEN}, {{ expect = {{ status = 429 }} }}"), Fake::of([Ok(too_often())]));
    assert_eq!((seen.engine.done.len(), seen.end.is_ok()), (1, true));
}

#[test]
fn an_answer_to_a_script_leaves_the_page_and_gives_what_later_steps_refer_to() {
    let visit = Visit {
        status: 200,
        content_type: "application/json".into(),
        body: br#"{"token":"t0ken-0f-ann"}"#.to_vec(),
        ..Visit::unanswered(&url("/api/login"))
    };
    let answer = Came { shown: Some(Shown::of(&visit)), ..page("/api/login") };
    let steps = format!(
        "{OPEN}, {{ request = {{ method = \"POST\", url = \"/api/login\" }} }}, {{ bearer = \"${{json:/token}}\" }}"
    );
    let seen = made(&steps, Fake::of([Ok(page("/login")), Ok(answer)]));
    assert!(seen.end.is_ok(), "{:?}", seen.end);
    assert_eq!(seen.engine.done, ["open GET /login", "request POST /api/login", "take over Authorization"]);
    assert_eq!(seen.who.session.own_headers[0].1, b"Bearer t0ken-0f-ann");
    let page = seen.who.shown.unwrap();
    assert_eq!((page.url.path(), page.navigated), ("/login", true));
    assert_eq!(page.answer.map(|answer| (answer.url, answer.navigated)), Some((url("/api/login"), false)));
    assert_eq!(seen.who.sent_to.as_deref(), Some("http://localhost/api/login"));
}

#[test]
fn a_form_without_a_page_is_not_sent() {
    let seen = made(&submit(), Fake::of([]));
    assert!(seen.engine.done.is_empty());
    assert_eq!(seen.failure().why, super::act::NO_PAGE);
}

#[test]
fn an_engine_that_makes_no_such_step_says_so() {
    let click = "{ click = \"#go\" }";
    let never = || Fake::of([Ok(page("/")), Err(NotMade::Never("is nothing that can be done here"))]);
    assert_eq!(
        made(&format!("{OPEN}, {click}"), never()).failure().why,
        "`click` is nothing that can be done here"
    );
}

#[test]
fn what_is_not_on_the_page_is_told_with_what_is() {
    let offer = Offer { buttons: vec!["\u{201c}Log in\u{201d} (#enter)".into()], ..Offer::default() };
    let click = |why| {
        let engine = Fake { offer: Some(offer.clone()), ..Fake::of([Ok(page("/")), Err(why)]) };
        made(&format!("{OPEN}, {{ click = \"#entr\" }}"), engine).failure().why
    };
    let missing = click(NotDone::Missing.into());
    let there = "`#entr` is not on the page; the answer was 200 at /";
    assert!(missing.starts_with(there) && missing.ends_with("Did you mean `#enter`?"), "{missing}");
    let disabled = click(NotDone::Disabled.into());
    assert!(disabled.starts_with("`#entr` is there, but disabled"), "{disabled}");
    assert_eq!(click(NotDone::Gone("the page's process ended").into()), "the page's process ended");
    let engine = Fake { offer: Some(offer), ..Fake::of([Ok(page("/"))]) };
    let waited = made(&format!("{OPEN}, {{ wait = {{ selector = \"#user\", text = \"ann\" }} }}"), engine);
    let why = waited.failure().why;
    assert!(why.starts_with("`#user` and the text \u{201c}ann\u{201d} did not come within 3 s"), "{why}");
}

#[test]
fn what_is_expected_may_come_a_moment_later() {
    let pages = [shown("/", 200, "wait"), shown("/", 200, "wait"), shown("/account", 200, "#user ann")];
    let engine = Fake { pages: RefCell::new(pages.into()), ..Fake::of([]) };
    let seen = made("{ expect = { url = \"/account\", selector = \"#user\", text = \"ann\" } }", engine);
    assert!(seen.end.is_ok(), "{:?}", seen.end);
}

#[test]
fn a_password_that_is_typed_makes_its_page_one_of_the_login() {
    let fill =
        format!("{{ fill = {{ selector = \"#secret\", value = \"{PASSWORD}\" }} }}, {{ click = \"#go\" }}");
    let failed = Err(NotMade::from(format!("{PASSWORD} is shown")));
    let seen = made(&format!("{OPEN}, {fill}"), Fake::of([Ok(page("/login")), failed]));
    assert_eq!(seen.engine.done, ["open GET /login", "fill #secret", "click #go"]);
    assert!(seen.who.is_login_page(&url("/login")));
    assert!(!seen.failure().why.contains(PASSWORD));
}

#[test]
fn a_session_that_is_handed_on_is_not_taken_over_and_one_that_came_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.txt").display().to_string();
    let basic = "{ basic = { user = \"ann\", password = \"pa55-w0rd-0f-ann\" } }";
    let seen =
        made(&format!("{basic}, {{ export = {{ format = \"netscape\", file = '{file}' }} }}"), Fake::of([]));
    assert!(seen.end.is_ok(), "{:?}", seen.end);
    assert_eq!(seen.engine.done, ["take over Authorization"]);
}

#[test]
fn a_window_that_the_page_opened_may_be_why() {
    let window = Some("http://localhost/dialog".to_owned());
    let seen = made(OPEN, Fake { window, ..Fake::of([Ok(answered("/login", 500, "oh"))]) });
    let why = seen.failure().why;
    assert!(why.contains("; the page had opened a window, http://localhost/dialog, and steps stay"), "{why}");
}

#[test]
fn a_run_that_is_over_fails_no_step_and_what_was_seen_is_taken_in() {
    let stop = Stop::default();
    stop.stop();
    let visits = vec![Visit::unanswered(&url("/login"))];
    let seen = made_until(&stop, OPEN, Fake { visits, ..Fake::of([]) });
    assert!(matches!(seen.end, Err(Halt::Ended(Ended::Stopped))), "{:?}", seen.end);
    assert!(seen.engine.visits.is_empty(), "it was recorded");
}
