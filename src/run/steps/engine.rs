//! What declared steps need of an engine: a page in front of a persona, and what can be done on it. The
//! steps themselves are written once, over this; an engine that cannot make one of them says so.
//!
//! It stands above the engines that make visits (`engine/`), not among them: the HTTP engine knows no page in
//! front, and a form that is filled in without a browser is read and sent here.

use crate::engine::browser::{NotDone, Offer};
use crate::engine::{Ask, Session, Visit};
use crate::observation::Cell;
use crate::run::context::Ended;
use crate::run::persona::PersonaSession;
use crate::run::shown::Shown;
use crate::run::shown::form::{Filling, Form};
use std::time::Duration;
use url::Url;

/// Where declared steps are made.
pub(super) trait StepEngine {
    /// Said after a step's name: where it is made.
    const WHERE: &'static str;

    /// Whose visits these are.
    fn cell(&self) -> &Cell;

    /// The session's cookies become those that the persona has there now.
    async fn bring_cookies(&mut self, session: &mut Session) -> Result<(), Ended>;

    /// The session was changed beside it: by a file, a helper or a token. It goes on with that.
    async fn take_over(&mut self, session: &Session) -> Result<(), String>;

    /// Does something that may lead to another page or is answered.
    async fn act(&mut self, who: &mut PersonaSession, act: &Act) -> Result<Came, NotMade>;

    /// Types into an element. True: into one for a password.
    async fn fill(&mut self, selector: &str, value: &str) -> Result<bool, NotMade>;

    /// Waits for an element and a text, or for some time.
    async fn wait(&mut self, what: &Awaited<'_>) -> Result<Waited, NotMade>;

    /// What happened since it was last asked for, to be recorded; each with the page within which it was
    /// asked for, if it was no navigation.
    async fn visits(&mut self) -> Vec<(Visit, Option<Url>)>;

    /// The page as it is now; none where no other can be shown than the one that came.
    async fn page(&self) -> Option<Shown>;

    /// Whether the selector matches something now, where the engine knows better than the page's markup.
    async fn has(&self, selector: &str) -> Option<bool>;

    /// What the page has to press and to fill in, where the engine knows.
    async fn offer(&self) -> Option<Offer>;

    /// What is expected may come so much later.
    fn until_expected(&self) -> Duration;

    /// The window that the page opened last.
    fn last_window(&self) -> Option<String>;
}

/// Something that may lead to another page or is answered.
pub(super) enum Act {
    Open {
        url: Url,
        /// The page whose link it is.
        started_by: Option<Url>,
        /// What is sent, in words.
        sent: String,
    },
    /// Of the page in front.
    Submit(Filling),
    /// As a script of the page in front asks.
    Request {
        ask: Box<Ask>,
        sent: String,
    },
    Click(String),
}

impl Act {
    /// More than looking at an address.
    pub(super) fn sends(&self) -> bool {
        match self {
            Act::Open { started_by, .. } => started_by.is_some(),
            Act::Request { ask, .. } => ask.method != "GET",
            Act::Submit(_) | Act::Click(_) => true,
        }
    }

    /// As a step of a plan.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Act::Open { .. } => "open",
            Act::Submit(_) => "submit",
            Act::Request { .. } => "request",
            Act::Click(_) => "click",
        }
    }

    /// What it is about, for a message.
    pub(super) fn object(&self) -> &str {
        match self {
            Act::Open { sent, .. } | Act::Request { sent, .. } => sent,
            Act::Submit(filling) => filling.button.as_deref().unwrap_or("the form's button"),
            Act::Click(selector) => selector,
        }
    }
}

/// What came of an act.
pub(super) struct Came {
    /// What was sent: method, path, names of fields.
    pub(super) sent: String,
    /// The status of the answer; 0 where none came, or the page stayed.
    pub(super) status: u16,
    /// Why no answer came.
    pub(super) failure: Option<String>,
    /// The page or the answer; none where the engine shows what is there now.
    pub(super) shown: Option<Shown>,
    /// The form that was sent.
    pub(super) form: Option<Form>,
    /// A password went along.
    pub(super) password: bool,
    /// Requests of the page's scripts that were refused.
    pub(super) refused: Vec<String>,
    /// It came too often, and may be made again after this time.
    pub(super) again: Option<Duration>,
}

impl Came {
    /// An answer of this status to what was sent.
    pub(super) fn answered(sent: String, status: u16) -> Came {
        Came {
            sent,
            status,
            failure: None,
            shown: None,
            form: None,
            password: false,
            refused: Vec::new(),
            again: None,
        }
    }

    /// What went wrong, in words.
    pub(super) fn problem(&self) -> Option<String> {
        let status = self.status;
        self.failure.clone().or_else(|| (status >= 400).then(|| format!("it was answered {status}")))
    }
}

/// What is waited for.
pub(super) struct Awaited<'s> {
    pub(super) selector: Option<&'s str>,
    pub(super) text: Option<&'s str>,
    pub(super) time: Option<Duration>,
}

impl Awaited<'_> {
    /// In words.
    pub(super) fn in_words(&self) -> String {
        let selector = self.selector.map(|selector| format!("`{selector}`"));
        let text = self.text.map(|text| format!("the text \u{201c}{text}\u{201d}"));
        selector.into_iter().chain(text).collect::<Vec<_>>().join(" and ")
    }
}

/// What came of waiting.
#[derive(Debug)]
pub(super) enum Waited {
    Came,
    /// For so long.
    InVain(Duration),
}

/// Why a step was not made.
#[derive(Debug)]
pub(super) enum NotMade {
    /// This engine makes none of its kind: why, after the kind's name.
    Never(&'static str),
    /// The page does not allow it.
    There(NotDone),
}

impl From<NotDone> for NotMade {
    fn from(why: NotDone) -> Self {
        NotMade::There(why)
    }
}

impl From<String> for NotMade {
    fn from(why: String) -> Self {
        NotMade::There(NotDone::Because(why))
    }
}
