//! What was looked at, and what was not.

use super::{Cell, Consent, SafeUrl, Visitor};

/// What was looked at, and what was not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    pub pages: Vec<PageTally>,
    pub skipped: Vec<Skipped>,
    /// Templates of pages of which the limit of pages left some out.
    pub sampled: Vec<Sampled>,
    pub failed: Vec<Failed>,
    pub personas: Vec<PersonaCoverage>,
    /// Whether robots.txt was honoured.
    pub robots_honoured: bool,
    /// Sightings, requests and pages that were received and could not be kept.
    pub lost: u64,
    /// Requests that scripts of pages made of their own accord, and that do more than to read.
    pub sent_by_scripts: Vec<SentByScripts>,
    /// What could not be kept apart or at all, in words.
    pub notes: Vec<String>,
    /// Where most addresses answered with one and the same page.
    pub same_answers: Vec<SameAnswer>,
    /// Start pages from which nothing else was found.
    pub dead_ends: Vec<DeadEnd>,
    /// Times that the run was interrupted and went on, with visitors who came anew: values of before and
    /// after were not compared.
    pub interruptions: u32,
    /// Cookies that visitors had been given before an interruption, and came back without: what a site sets
    /// for those who have them was not looked for.
    pub came_back_without: u64,
}

/// A start page from which nothing else was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadEnd {
    pub page: SafeUrl,
    pub kind: DeadEndKind,
}

/// Why a start page leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadEndKind {
    /// robots.txt forbids what it leads to.
    Robots,
    /// Without scripts it has neither links nor words.
    Script,
    /// It has no links to other pages of the site.
    NoLinks,
}

/// Addresses of one cell that all answered with the same page, digits aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SameAnswer {
    pub cell: Cell,
    pub count: u64,
    /// How many addresses answered with a page at all.
    pub of: u64,
    /// So did the first address: a closed door rather than pages alike.
    pub door: bool,
}

/// Requests to own hosts that scripts made while pages were looked at, other than to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentByScripts {
    pub persona: String,
    pub method: String,
    /// The first of them in the order of their texts.
    pub example: SafeUrl,
    pub count: u64,
    /// Of a back office's pages, and held back.
    pub held_back: bool,
}

/// Documents visited, by cell and path shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageTally {
    pub cell: Cell,
    /// The first page of this shape.
    pub example: SafeUrl,
    /// Where it ended, where that was elsewhere.
    pub shown: Option<SafeUrl>,
    pub status: u16,
    pub count: u64,
}

/// Pages that were known and not asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    pub persona: String,
    pub reason: SkipReason,
    pub example: SafeUrl,
    pub count: u64,
}

/// Pages of one template, where there were more of them than the limit of pages let be asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sampled {
    pub persona: String,
    /// One that was left out.
    pub example: SafeUrl,
    pub asked: u64,
    /// Those asked for, and those left out.
    pub known: u64,
}

impl Sampled {
    /// What the pages have in common: `https://example.org/blog/{n}`, `https://example.org/blog/*`.
    pub fn template(&self) -> String {
        self.example.page_template()
    }
}

/// Why a page was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    Robots,
    OutOfScope,
    Excluded,
    /// The plan's limit of pages.
    PageLimit,
    DepthLimit,
    /// The limit per URL shape: calendars, endless queries.
    ShapeLimit,
    /// It would log out.
    LogsOut,
    /// Its URL carries an anti-forgery token: it acts.
    CarriesToken,
    /// It would change data.
    ChangesData,
    /// Nothing says that it only shows something, and members are careful.
    MayAct,
    NotHtml,
    /// The session was gone whenever it was asked for: nobody saw it as a member.
    SessionLost,
    /// Not rendered: a page of the same kind was (browser engine).
    Alike,
    TimeLimit,
    Interrupted,
}

/// A page or file that did not answer as hoped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    pub cell: Cell,
    pub url: SafeUrl,
    pub kind: FailureKind,
    /// In words, without secrets.
    pub detail: String,
    pub count: u64,
}

impl Failed {
    /// What went wrong once. `detail` is without secrets.
    pub fn once(cell: &Cell, url: SafeUrl, kind: FailureKind, detail: impl Into<String>) -> Failed {
        Failed { cell: cell.clone(), url, kind, detail: detail.into(), count: 1 }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    Dns,
    Refused,
    Connect,
    Tls,
    Timeout,
    RedirectLoop,
    TooManyRedirects,
    /// A head over the limit, or one no reader can read.
    UnreadableHead,
    BodyTooLarge,
    Truncated,
    /// 5xx.
    ServerError,
    /// 4xx on a page that was linked or declared.
    ClientError,
    /// 429 or 503 to the end of the retries.
    RateLimited,
    /// A challenge or block page instead of the site.
    BotWall,
    /// The browser or its page died (browser engine).
    Crashed,
    Other,
}

/// Whether a persona could be what it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonaCoverage {
    pub name: String,
    pub visitor: Visitor,
    /// The consent state it was tried in; one entry for each.
    pub consent: Consent,
    pub reached: Reached,
    pub logins: u32,
    /// Times the session was found lost during the run.
    pub sessions_lost: u32,
    /// Whether the form of its login was used in a browser, where its scripts run; none: it has no login.
    pub login_in_browser: Option<bool>,
}

/// Whether a persona got where it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reached {
    Yes,
    /// Logged in, but nothing in the plan proves it (`logged_in_when` is missing).
    Unproven,
    /// A step failed: which, and why, without secrets.
    No {
        step: String,
        why: String,
    },
    /// Logged in, lost, and not recovered within the budget.
    Lost {
        why: String,
    },
}
