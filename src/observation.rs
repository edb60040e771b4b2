//! What one run saw, as values: cells, exchanges, sightings, the fold into observations, coverage
//! and outcomes of probes. A [`Scan`] carries its own time and can be judged again later, against
//! another manifest, without the site.
//!
//! No value of a cookie is in here, only [`ValueFacts`]; URLs are [`SafeUrl`]s.

mod anti_forgery;
mod counted;
mod family;
mod fold;
mod reach;
mod safe_url;
mod saved;
mod url_template;

pub use anti_forgery::is_anti_forgery;
pub use family::{Families, family};
pub use fold::Fold;
pub use reach::{MAY_FAIL, Share};
pub use safe_url::{MASK, SafeUrl};
pub use saved::NotAScan;
pub use url_template::path_template;

use crate::cookie::{
    Browser, CookiePlace, Decision, Elsewhere, Name, ThirdPartyCookies, ValueFacts, Written,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the saved scan's format; a file of another version is refused with a message.
pub const SCAN_FORMAT: u32 = 1;

/// Everything one run saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    pub format: u32,
    pub run: Run,
    pub coverage: Coverage,
    pub observations: Vec<Observation>,
    /// Cookies that went along with requests: *sent here* is another thing than *set here*.
    pub sent: Vec<Sent>,
    /// Hosts asked for anything, own and foreign.
    pub contacts: Vec<Contact>,
    /// What visitors met of the consent question (browser engine).
    #[serde(default)]
    pub consent: Vec<ConsentLook>,
    /// Pictures of pages, where the plan wants them (browser engine).
    #[serde(default)]
    pub pictures: Vec<Picture>,
    pub outcomes: Vec<Outcome>,
    pub policy: Option<PolicyPage>,
    /// Links the manifest declares, and how they answered.
    pub links: Vec<LinkCheck>,
}

/// How, when and from where the run was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Name and version of this tool.
    pub tool: String,
    pub target: String,
    pub base_url: SafeUrl,
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: u64,
    pub engines: BTreeSet<Engine>,
    pub user_agent: String,
    /// Free text of the plan: where the scanner stood.
    pub vantage: Option<String>,
    pub third_party_cookies: ThirdPartyCookies,
    /// Pictures, scripts, styles and frames were fetched too.
    pub assets: bool,
    /// Of a hundred pages asked for, so many may fail before nothing is said of all of them.
    #[serde(default = "may_fail", skip_serializing_if = "is_usual")]
    pub may_fail: u32,
    /// Set when the run ended early: interrupted, or a limit of the whole run.
    pub partial: Option<String>,
    /// Hosts that count as the site's own, as globs, in force for this run.
    pub own_hosts: Vec<String>,
    /// The manifest's hosts to this target's, where they differ.
    #[serde(default)]
    pub host_map: BTreeMap<String, String>,
    /// Names of cookies allowed on this target only, as patterns.
    #[serde(default)]
    pub allowed_cookies: Vec<String>,
    /// When the plan's recorded acceptance was given (`2026-05-12`), where the plan says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_given: Option<String>,
    /// Browsers whose visitors count as much as Chromium's; what differs in others is a warning.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub browsers: BTreeSet<Browser>,
    /// The browser that looked, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<BrowserRun>,
}

fn may_fail() -> u32 {
    MAY_FAIL
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_usual(may_fail: &u32) -> bool {
    *may_fail == MAY_FAIL
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_lost(lost: &u64) -> bool {
    *lost == 0
}

/// The browser of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserRun {
    /// `Chromium 156.0.8078.79`
    pub version: String,
    /// Which third-party cookies it kept: the modes it looked in, in their order.
    pub third_party_cookies: Vec<ThirdPartyCookies>,
    /// The mode was tried with a page of our own, not only asked for.
    pub tried: bool,
}

/// What drove a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    Http,
    Browser,
}

/// What the visitor said about cookies before the page was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    #[default]
    Untouched,
    Accepted,
    Rejected,
    /// Only this category was accepted.
    Category(String),
    Withdrawn,
}

/// The part of a run a visit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Login,
    Crawl,
    Journey,
    Probe,
    Logout,
    /// After the logout, with what it left.
    AfterLogout,
}

/// One experiment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub persona: String,
    pub engine: Engine,
    pub consent: Consent,
    pub phase: Phase,
    pub repeat: u32,
    /// In the plan's second mode of third-party cookies: which. None: in the run's own
    /// ([`Run::third_party_cookies`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<ThirdPartyCookies>,
}

/// Where something lives on the visitor's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageKind {
    Cookie,
    LocalStorage,
    SessionStorage,
    IndexedDb,
    CacheStorage,
}

impl StorageKind {
    /// For people.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            StorageKind::Cookie => "cookie",
            StorageKind::LocalStorage => "local storage",
            StorageKind::SessionStorage => "session storage",
            StorageKind::IndexedDb => "IndexedDB",
            StorageKind::CacheStorage => "cache storage",
        }
    }
}

/// How something got onto the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A `Set-Cookie` line of a response.
    Header,
    /// The same, in a head that the ordinary HTTP reader refused; read by the tolerant one.
    TolerantHeader,
    /// `document.cookie`.
    DocumentCookie,
    /// `cookieStore.set`.
    CookieStore,
    /// A storage write.
    Storage,
    /// Found at the end without a sighting that explains it.
    Unexplained,
}

/// What a request was for (Fetch standard, "destination", and what the HTTP engine asks itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    Document,
    Frame,
    Image,
    Script,
    Style,
    Font,
    Manifest,
    Fetch,
    /// robots.txt, sitemaps, the favicon, the page that does not exist, the http:// twin.
    WellKnown,
    /// A declared step of a persona.
    Step,
    Other,
}

/// Whether a request is made with credentials (Fetch standard, "credentials mode"): without them no
/// cookie goes along, and what the answer sets is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credentials {
    #[default]
    Include,
    /// Only as long as the request stays within its document's origin.
    SameOrigin,
    Omit,
}

/// Whose domain a cookie belongs to, seen from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    First,
    Third,
}

/// The document in whose context something happened. `set_on` matches when any of the three is
/// in the class of pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page {
    /// The document asked for.
    pub asked: SafeUrl,
    /// The document finally shown, where it was another.
    pub shown: Option<SafeUrl>,
    /// The document whose link, form or script started the request, where there was one.
    pub started_by: Option<SafeUrl>,
}

/// One request and its response; a redirect hop is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExchangeRef {
    pub method: String,
    pub url: SafeUrl,
    /// 0 where no response came.
    pub status: u16,
    /// 0 for the first request of its chain.
    pub hop: u16,
    pub resource: Resource,
}

/// One act of putting something on the visitor's device, or trying to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    pub kind: StorageKind,
    pub name: Name,
    pub cell: Cell,
    pub page: Page,
    pub exchange: ExchangeRef,
    pub channel: Channel,
    pub party: Party,
    /// The raw line with its value masked and everything else printable: `sid=‹32 bytes›; Path=/`.
    pub line: String,
    pub written: Written,
    /// Predicted by our model, or observed in a browser where there is one.
    pub decision: Decision,
    pub value: ValueFacts,
    /// URL and line of the script that wrote it (browser engine).
    pub script: Option<Script>,
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// Where a browser did something else than our model expected, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
    /// What another browser does with the line, where that is something else; predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Box<Elsewhere>>,
}

impl Sighting {
    /// Where a cookie is kept that was stored; what a cookie in the jar is matched by.
    pub fn place(&self) -> Option<CookiePlace> {
        let kept = self.decision.effective().filter(|_| self.kind == StorageKind::Cookie)?;
        Some(CookiePlace::new(&self.name, kept))
    }
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Script {
    pub url: SafeUrl,
    pub line: u32,
    pub column: u32,
    /// What called it, the innermost first; a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called_from: Vec<Script>,
}

/// All sightings of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub kind: StorageKind,
    pub name: Name,
    /// Effective domain of a cookie (where rejected: the host asked), origin of a storage item.
    pub domain: String,
    /// Effective path; empty for storage.
    pub path: String,
    pub partition: Option<String>,
    pub party: Party,
    /// Distinct ways it was seen, sorted.
    pub groups: Vec<Group>,
}

/// Sightings of one thing that differ in nothing an audit could ask about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub count: u64,
    /// The first of them in the order of their URLs; it stands for all: cell, written attributes, decision, channel, method,
    /// status and path shapes are the same in each.
    pub example: Sighting,
    /// Ordinals of its distinct values ([`ValueFacts::identity`]), the smallest 16.
    #[serde(default)]
    pub identities: BTreeSet<u32>,
    /// There were more than 16.
    #[serde(default)]
    pub more_identities: bool,
    /// There were too many pages to keep their shapes apart: the example stands for its folder,
    /// though never for another of the manifest's classes of pages.
    #[serde(default)]
    pub coarse: bool,
}

/// Requests that carried a cookie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sent {
    pub name: Name,
    pub cell: Cell,
    pub count: u64,
    /// One of the requests, standing for its path shape.
    pub example: SafeUrl,
    pub method: String,
    /// The request was to another site than the document's.
    pub cross_site: bool,
}

/// A host that was asked for something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    pub host: String,
    pub party: Party,
    pub resource: Resource,
    pub cell: Cell,
    /// The document that asked, standing for its path shape.
    pub page: SafeUrl,
    pub example: SafeUrl,
    pub count: u64,
    /// Really asked, or only mentioned in the page's markup and left alone.
    pub fetched: bool,
    /// What the requests tell about their visitor beside cookies (browser engine), sorted.
    #[serde(default)]
    pub carried: Vec<Carried>,
    /// The script that asked, where one did (browser engine).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

/// One thing that a request tells about its visitor, and where in it; never the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Carried {
    #[serde(flatten)]
    pub what: Disclosure,
    /// The parameter or field that holds it; `path` for a segment of the URL's path.
    pub field: String,
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub form: Form,
}

/// What tells about a visitor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what", content = "name")]
pub enum Disclosure {
    /// The value of this cookie of the visitor.
    Cookie(Name),
    /// The value of this storage item of the visitor.
    Storage(Name),
    /// A random value of its own: the same for one visitor, another for the next.
    Identifier,
    Email,
    /// A user's number or name.
    UserId,
}

/// How a value is written in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As it is, or percent-encoded.
    #[default]
    Plain,
    Base64,
    /// Only its SHA-256 sum, which whoever has the value recognises.
    Sha256,
}

impl Form {
    fn is_plain(&self) -> bool {
        *self == Form::Plain
    }
}

impl Disclosure {
    /// Personal data, beside telling visitors apart.
    pub fn is_personal(&self) -> bool {
        matches!(self, Disclosure::Email | Disclosure::UserId)
    }
}

impl std::fmt::Display for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Disclosure::Cookie(name) => write!(f, "the value of the cookie `{name}`"),
            Disclosure::Storage(key) => write!(f, "the value of the storage item `{key}`"),
            Disclosure::Identifier => f.write_str("an identifier"),
            Disclosure::Email => f.write_str("an e-mail address"),
            Disclosure::UserId => f.write_str("a user's number or name"),
        }
    }
}

/// In words: `an identifier in `visitor``.
impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.form {
            Form::Plain => write!(f, "{} in `{}`", self.what, self.field),
            Form::Base64 => write!(f, "{} in `{}` (in base64)", self.what, self.field),
            Form::Sha256 => write!(f, "{} in `{}` (as its SHA-256 sum)", self.what, self.field),
        }
    }
}

/// What was looked at, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub pages: Vec<PageTally>,
    pub skipped: Vec<Skipped>,
    pub failed: Vec<Failed>,
    pub personas: Vec<PersonaCoverage>,
    /// Whether robots.txt was honoured.
    pub robots_honoured: bool,
    /// Sightings, requests and pages that were received and could not be kept.
    #[serde(default, skip_serializing_if = "is_none_lost")]
    pub lost: u64,
    /// What could not be kept apart or at all, in words.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Documents visited, by cell and path shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    pub persona: String,
    pub reason: SkipReason,
    pub example: SafeUrl,
    pub count: u64,
}

/// Why a page was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Not rendered: a page of the same kind was (browser engine).
    Alike,
    TimeLimit,
    Interrupted,
}

/// A page or file that did not answer as hoped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonaCoverage {
    pub name: String,
    pub visitor: Visitor,
    /// The consent state it was tried in; one entry for each.
    #[serde(default)]
    pub consent: Consent,
    pub reached: Reached,
    pub logins: u32,
    /// Times the session was found lost during the run.
    pub sessions_lost: u32,
}

/// The kind of visitor a persona is, in the manifest's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Visitor {
    pub logged_in: bool,
    /// Whether *remember me* was chosen, where the plan says so.
    pub remembered: Option<bool>,
}

/// Whether a persona got where it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
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

/// What one visitor met of the consent question, in one state of consent (browser engine).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConsentLook {
    pub cell: Cell,
    /// The banner was there on the first page; none where that page did not answer.
    pub shown: Option<bool>,
    /// How the banner was recognised: a platform's name, `the plan's selector`, `its markup`.
    pub known_by: Option<String>,
    /// The label of what was pressed, or `a recorded choice`.
    pub answered_by: Option<String>,
    /// Why the state was not reached.
    pub not_reached: Option<String>,
    /// What was written when the question was answered: where the answer is kept is among it.
    pub kept_in: Vec<(StorageKind, Name)>,
    /// The banner was there again on the next page.
    pub shown_again: Option<bool>,
    /// What was there before the answer and is still there after all pages.
    pub survives: Vec<(StorageKind, Name)>,
}

impl ConsentLook {
    /// Nothing seen yet.
    pub fn of(cell: Cell) -> Self {
        ConsentLook {
            cell,
            shown: None,
            known_by: None,
            answered_by: None,
            not_reached: None,
            kept_in: Vec::new(),
            shown_again: None,
            survives: Vec::new(),
        }
    }
}

/// A picture of a page (browser engine).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Picture {
    pub cell: Cell,
    /// The page asked for.
    pub page: SafeUrl,
    /// Where it was written, as the plan's folder is.
    pub file: String,
}

/// The published policy as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPage {
    pub url: SafeUrl,
    pub shown: Option<SafeUrl>,
    pub status: u16,
    /// Its visible text, blocks on lines of their own; cut at 512 KiB. Empty if unreachable.
    pub text: String,
    /// Its links: text and target.
    pub links: Vec<(String, SafeUrl)>,
    /// Own hosts whose pages link to it.
    pub linked_from: BTreeSet<String>,
}

/// A link that a claim needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkCheck {
    pub url: SafeUrl,
    /// Status at the end of its redirects; none with a failure.
    pub status: Option<u16>,
    pub failure: Option<String>,
}

/// What an act of the run showed. Each is about one claim's question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outcome {
    pub probe: ProbeKind,
    pub persona: String,
    /// The cookies it is about, as names of the manifest; empty where it is about none.
    pub cookies: Vec<String>,
    pub page: Option<SafeUrl>,
    pub result: ProbeResult,
    /// One line each: what was asked and what came back, without secrets.
    pub evidence: Vec<String>,
}

/// A question that needs an act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ProbeKind {
    /// The page asked again without the cookies: is it refused? (`required_for`)
    RequiredFor,
    /// Which of the session's cookies the logout took away. (`until = "logout"`, cleared on logout)
    ClearedOnLogout,
    /// After the logout, is the old session refused by the server?
    EndedOnLogout,
    /// With the access cookie dropped, does the refresh issue it again; without the refresh
    /// cookie, not? (`refreshes`)
    Refreshes { issues: String },
    /// After the plan's interval, is the cookie issued again, to no more than its lifetime?
    RollingRenewal,
    /// A POST without the token is refused. (`required_for` a class of endpoints)
    TokenRequired,
    /// A declared journey (language change) wrote the cookie anew. (`updated_by`)
    UpdatedBy { journey: String },
    /// With `Sec-GPC: 1` against without.
    GlobalPrivacyControl,
    /// Consent banner: shown, hidden after consent, back after clearing (browser engine).
    Banner { moment: BannerMoment },
    /// The value is found elsewhere, where scripts can read it (browser engine).
    MirroredValue { location: String },
    /// Where consent is also kept (`mirrored_in`; browser engine).
    StorageMirror { storage: StorageKind },
}

/// When the consent banner was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BannerMoment {
    FirstVisit,
    AfterConsent,
    AfterClearing,
    AfterPolicyChange,
}

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum ProbeResult {
    /// As the policy says.
    Holds,
    /// Not as the policy says.
    Fails { what: String },
    /// Could not be decided: why, and what would decide it.
    Undecided { why: String },
    /// The act itself failed, so that nothing is known of what comes of it: which step, and what it
    /// answered.
    NotDone { why: String },
}
