//! What a run did, task by task, and how each ended: one record for the coverage, the verdicts, the
//! progress, and whoever goes on later.

use super::Cell;

/// What there is to do for a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// robots.txt and sitemaps: where crawls start.
    Seeds,
    Login,
    Crawl,
    Journey {
        name: String,
    },
    /// The questions that belong to a session.
    Probes,
    /// What is asked beside the crawl: usual addresses, the policy, declared links.
    SideRequests,
    /// Another browser, with the other mode of third-party cookies.
    OtherMode,
    /// The pages in a browser.
    Render,
    /// A choice of an earlier day, put to the site as it is now (browser engine).
    OldChoice,
    /// The pages with Global Privacy Control (browser engine).
    PrivacyControl,
    /// Pages whose requests seem to tell who is visiting, looked at again (browser engine).
    SecondLook,
    Logout,
    /// The login sent over plain http, after everything that needs the session.
    LoginOverHttp,
}

impl Job {
    /// For people.
    pub fn in_words(&self) -> String {
        match self {
            Job::Seeds => "robots.txt and sitemaps".to_owned(),
            Job::Login => "login".to_owned(),
            Job::Crawl => "crawl".to_owned(),
            Job::Journey { name } => format!("journey {name}"),
            Job::Probes => "probes".to_owned(),
            Job::SideRequests => "addresses beside the crawl".to_owned(),
            Job::OtherMode => "the other mode of third-party cookies".to_owned(),
            Job::Render => "pages in the browser".to_owned(),
            Job::OldChoice => "an old choice".to_owned(),
            Job::PrivacyControl => "Global Privacy Control".to_owned(),
            Job::SecondLook => "a second look".to_owned(),
            Job::Logout => "logout".to_owned(),
            Job::LoginOverHttp => "login over plain http".to_owned(),
        }
    }
}

/// One task of a run, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskRecord {
    pub cell: Cell,
    pub job: Job,
    pub end: TaskEnd,
}

impl TaskRecord {
    /// Why it was begun and could not be done; none otherwise.
    pub fn not_done(&self) -> Option<&str> {
        match &self.end {
            TaskEnd::NotDone { why } => Some(why),
            TaskEnd::Done | TaskEnd::CutOff => None,
        }
    }
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskEnd {
    Done,
    /// It could not be done: why, without secrets.
    NotDone {
        why: String,
    },
    /// The run ended in the middle of it, or before its turn.
    CutOff,
}
