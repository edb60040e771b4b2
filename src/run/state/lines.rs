//! The lines of a state file. They have structs of their own, so that the run may change inside.

use crate::cookie::{Name, ThirdPartyCookies};
use crate::crawl::{Address, BackOffices, Robots, Step};
use crate::observation::{
    Cell, ConsentLook, Contact, Credentials, DeadEnd, DeadEndKind, Failed, Job, LinkCheck, Outcome,
    PageTally, PersonaCoverage, Picture, PolicyPage, Published, Reached, Resource, SafeUrl, Sampled,
    SentByScripts, Sighting, Skipped, TaskEnd,
};
use crate::run::answers::{Alike, Likeness};
use serde::{Deserialize, Serialize};
use url::Url;

/// Version of the format.
pub(in crate::run) const FORMAT: u32 = 1;

/// The first line: what the file is, and of which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct Header {
    /// The format's version, under a name that nothing else has.
    pub(in crate::run) cookieproof_state: u32,
    /// `cookieproof 1.2.3`
    pub(in crate::run) tool: String,
    /// A sum of plan, target and manifest.
    pub(in crate::run) of: String,
    /// When the run began, RFC 3339.
    pub(in crate::run) started: String,
    /// How the browser treats third-party cookies, where one looks.
    pub(in crate::run) browser: Option<ThirdPartyCookies>,
}

/// Every further line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::run) enum Line {
    /// What was before counts. The milliseconds that this run takes by now.
    Commit(u64),
    /// Another run goes on here: what was not committed does not count.
    Resumed,
    /// A login of this persona begins. It counts at once.
    Login(String),
    /// A step that sends something begins. It counts at once, until its task is done.
    Sends,
    #[serde(rename = "e")]
    Entry(Entry),
    /// Of the frontier of the task's persona.
    #[serde(rename = "f")]
    Steps(Vec<Step>),
    #[serde(rename = "c")]
    Crawled(Crawled),
    /// What was seen of this page is recorded.
    #[serde(rename = "r")]
    Recorded(Address),
    PartFound(PartFound),
    PartRecorded(Url),
    /// The page is asked for again, because the session was lost.
    Again(Address),
    /// A kind of page that has a field for a password.
    WithPassword(String),
    /// It was looked whether the site is closed, since this page came several times in a row.
    LookedBack(Alike),
    /// A page that answered, for probes.
    #[serde(rename = "p")]
    Answered(Url),
    /// A page for the browser, and its kind.
    Kind(Url, u64),
    BackOffice(Address),
    LinksToPolicy(String),
    Robots(String, Robots),
    Seeds {
        declared: Vec<Address>,
        sitemap: Vec<Address>,
    },
    /// Addresses that carry secrets, are wanted later and are not here.
    LeftOut(u64),
    Policy(Option<Box<PolicyPage>>),
    Links(Vec<LinkCheck>),
    Rendered(Option<Box<Published>>),
    /// A task ended. It commits what was before.
    Done(Box<Done>),
}

/// Something that the recorder takes in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::run) enum Entry {
    Sighting(Box<Sighting>),
    Sent {
        cell: Cell,
        method: String,
        url: SafeUrl,
        cross_site: bool,
        names: Vec<Name>,
    },
    Contact(Contact),
    /// What it told of the visitor was to be compared with other visitors' requests.
    Undecided(Contact),
    Page(PageTally),
    Skipped(Skipped),
    Failed(Failed),
    Remark(String, SafeUrl),
    /// A page by what it is like.
    Like {
        cell: Cell,
        like: Likeness,
    },
    /// The site was closed while it showed this page.
    WasClosed {
        cell: Cell,
        like: Alike,
    },
    Note(String),
    DeadEnd(DeadEnd),
    Sampled(Sampled),
    SentByScript(SentByScripts),
    Lost,
    Consent(ConsentLook),
    Picture(Picture),
    /// Cookies that a visitor came back without.
    CameBackWithout(u64),
}

/// How far a crawl is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct Crawled {
    pub(in crate::run) pages: u64,
    pub(in crate::run) beyond: u64,
    pub(in crate::run) answered: bool,
    /// Times that the persona's session was lost.
    pub(in crate::run) lost: u32,
    pub(in crate::run) between_checks: usize,
    pub(in crate::run) alarms: usize,
    /// The first page, and why it may lead nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::run) start: Option<(Url, DeadEndKind)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::run) first_failure: Option<String>,
    /// Pages to which it came back in the end.
    #[serde(default)]
    pub(in crate::run) returned: usize,
}

/// A picture, script, style or foreign frame of a page, to be fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct PartFound {
    pub(in crate::run) url: Url,
    pub(in crate::run) within: Url,
    pub(in crate::run) resource: Resource,
    pub(in crate::run) credentials: Credentials,
}

/// How a task ended, and how everybody stands after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct Done {
    pub(in crate::run) cell: Cell,
    pub(in crate::run) job: Job,
    pub(in crate::run) end: TaskEnd,
    pub(in crate::run) gone: bool,
    pub(in crate::run) banner: bool,
    pub(in crate::run) can_withdraw: bool,
    /// Milliseconds that this run takes by now.
    pub(in crate::run) ms: u64,
    pub(in crate::run) standing: Standing,
}

/// What is known beside what was seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct Standing {
    pub(in crate::run) personas: Vec<PersonaKept>,
    pub(in crate::run) covered: Vec<(usize, PersonaCoverage)>,
    pub(in crate::run) decided: bool,
    pub(in crate::run) outcomes: Vec<Outcome>,
    pub(in crate::run) unread_policy: Option<Url>,
}

/// A persona between its tasks, without its session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct PersonaKept {
    pub(in crate::run) logins: u32,
    pub(in crate::run) lost: u32,
    pub(in crate::run) reached: Option<Reached>,
    pub(in crate::run) unproven: bool,
    pub(in crate::run) marked_by_script: bool,
    pub(in crate::run) checked: bool,
    pub(in crate::run) consented: Option<PersonaCoverage>,
    pub(in crate::run) back_offices: BackOffices,
    pub(in crate::run) asked_at: Option<Url>,
    /// The pages that were rendered, by the mode of third-party cookies.
    pub(in crate::run) rendered: Vec<(Option<ThirdPartyCookies>, Vec<ListedPage>)>,
}

/// A page that was rendered, and how many it stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct ListedPage {
    pub(in crate::run) url: Url,
    pub(in crate::run) stands_for: usize,
}
