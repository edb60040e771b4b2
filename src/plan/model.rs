//! The plan as meant.

use crate::cookie::{Browser, ThirdPartyCookies};
use crate::manifest::{Glob, PagePattern, PartialDate, Place};
use crate::observation::{Consent, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How to look at a site.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The manifest, relative to the plan's own folder.
    pub manifest: Option<PathBuf>,
    /// By name, in the file's order; the first is the default.
    pub targets: Vec<Target>,
    /// `anonymous` is always there, first.
    pub personas: Vec<Persona>,
    /// Journeys without a login, by name: a language change, the start of a checkout.
    pub journeys: Vec<Journey>,
    pub pages: Pages,
    pub engine: EngineChoice,
    pub browser: BrowserPlan,
    pub third_party_cookies: Vec<ThirdPartyCookies>,
    /// Browsers whose visitors count as much as Chromium's.
    pub browsers: BTreeSet<Browser>,
    /// Consent states to look at; the HTTP engine knows `untouched` and recorded choices.
    pub consent: Vec<ConsentPlan>,
    pub limits: Limits,
    pub http: Http,
    pub robots: Robots,
    pub probes: ProbeSettings,
    /// What the user's own lists know of cookies and hosts.
    pub vendors: VendorLists,
    pub vantage: Option<String>,
    /// What is kept as evidence, beside what an audit needs.
    pub keep: Keep,
    /// What the file is called in messages.
    pub file: String,
}

/// A base URL under a name.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: String,
    pub url: Url,
    /// The manifest's hosts to this target's (`prokken.com` to `localhost`).
    pub hosts: BTreeMap<String, String>,
    /// Names of cookies allowed only here (a preview toolbar, a CDN), as patterns.
    pub allowed_cookies: Vec<String>,
    /// Further headers of requests to its own origin, before the plan's.
    pub headers: Vec<(String, SecretRef)>,
    /// PEM files of further CAs, beside the plan's.
    pub extra_ca: Vec<PathBuf>,
    /// How fast its hosts are asked; none: as the plan's limits say.
    pub pace: Option<Pace>,
    pub place: Place,
}

/// How fast a host is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    Unlimited,
    /// Requests per second.
    PerSecond(f64),
}

/// Who is visiting.
#[derive(Clone, Debug)]
pub struct Persona {
    pub name: String,
    pub visitor: Visitor,
    pub login: Vec<Step>,
    /// Proves the login; asked before, during and after the crawl.
    pub logged_in_when: Option<Mark>,
    pub logout: Vec<Step>,
    /// How often it may log in over the whole run.
    pub login_budget: u32,
    /// Where its secrets are not there, it is left out instead of ending the run: those who propose a
    /// change from a fork have none.
    pub optional: bool,
    pub accept_language: Option<String>,
    pub time_zone: Option<String>,
    pub user_agent: Option<String>,
    pub proxy: Option<SecretRef>,
    /// Extra headers of every request to own hosts.
    pub headers: Vec<(String, SecretRef)>,
    /// The crawl starts here as well.
    pub start: Vec<String>,
    /// The request with which a single-page application renews its session (the refresh endpoint): for probes,
    /// and where the session ran out.
    pub refresh: Option<Request>,
    pub place: Place,
}

/// A page and what it shows to those who are logged in.
#[derive(Clone, Debug)]
pub struct Mark {
    pub url: String,
    pub text: Option<String>,
    pub selector: Option<String>,
    pub status: Option<u16>,
    pub place: Place,
}

/// Declared steps without a login.
#[derive(Clone, Debug)]
pub struct Journey {
    pub name: String,
    /// Personas that make it; empty: all.
    pub personas: Vec<String>,
    pub steps: Vec<Step>,
    pub place: Place,
}

/// One declared step, with its place for messages.
#[derive(Clone, Debug)]
pub struct Step {
    pub action: Action,
    pub place: Place,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Ask for a page by navigation.
    Open {
        url: SecretRef,
    },
    /// Go where a link of the last page leads, by its CSS selector.
    Follow {
        selector: String,
    },
    /// Fill and send a form of the last page.
    Submit(Submit),
    /// A request as a script would make it.
    Request(Request),
    /// HTTP Basic for own hosts from here on.
    Basic {
        user: SecretRef,
        password: SecretRef,
    },
    /// `Authorization: Bearer` for own hosts from here on.
    Bearer {
        token: SecretRef,
    },
    /// A session made elsewhere.
    Import {
        format: ImportFormat,
        source: SecretRef,
        user_agent: Option<String>,
    },
    /// Write the session for other tools, to a file only its owner can read.
    Export {
        format: ImportFormat,
        file: PathBuf,
    },
    /// Wait for a mail and open the link in it.
    MailLink(MailLink),
    /// A time-based one-time code (RFC 6238) into a field of a form, or a JSON field.
    Totp {
        secret: SecretRef,
        submit: Submit,
        field: String,
    },
    /// An outside helper that prints a `Cookie` header, cookies.txt, storageState or a token.
    Command {
        command: Vec<String>,
        prints: CommandOutput,
    },
    /// What must be true now.
    Expect(Expect),
    /// Browser only.
    Click {
        selector: String,
    },
    Fill {
        selector: String,
        value: SecretRef,
    },
    Wait {
        selector: Option<String>,
        text: Option<String>,
        seconds: Option<f64>,
    },
}

/// A form to send.
#[derive(Clone, Debug, Default)]
pub struct Submit {
    /// CSS selector of the form; none: the only form that has all the fields.
    pub form: Option<String>,
    /// Fields by name; hidden inputs and defaults are carried along.
    pub fields: Vec<(String, SecretRef)>,
    /// Checkboxes and radio buttons by name: set (with this value where several share the name)
    /// or cleared.
    pub choose: Vec<(String, Choice)>,
    /// Name of the submit button to press, where it matters.
    pub button: Option<String>,
}

/// What to do with a checkbox, radio group or select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    On,
    Off,
    Value(String),
}

/// A request as a script would make it.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub url: SecretRef,
    pub body: RequestBody,
    /// Header values may name a cookie's value as `${cookie:NAME}` (double-submit tokens), a field
    /// of the last JSON answer as `${json:/pointer}`, and what the last page has as `${page:...}`.
    pub headers: Vec<(String, SecretRef)>,
}

/// A request's body.
#[derive(Clone, Debug)]
pub enum RequestBody {
    None,
    Json(JsonTemplate),
    Form(Vec<(String, SecretRef)>),
}

/// A JSON body whose texts may hold references.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    Text(SecretRef),
    /// A number, boolean or null.
    Plain(serde_json::Value),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

/// Where a mail with a login link is found.
#[derive(Clone, Debug)]
pub struct MailLink {
    pub source: MailSource,
    /// Only mails to this address.
    pub to: Option<SecretRef>,
    /// The link's URL has this in it; none: the first link to an own host with a query or token.
    pub link_contains: Option<String>,
    pub timeout: Duration,
}

/// A mailbox.
#[derive(Clone, Debug)]
pub enum MailSource {
    Maildir(PathBuf),
    /// The newest mail is the file itself.
    File(PathBuf),
    /// An HTTP mailbox with Mailpit's API, by its base URL.
    Http(Url),
}

/// Cookie files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// Netscape cookies.txt.
    Netscape,
    /// Playwright's storageState JSON.
    StorageState,
    /// A `Cookie` header's value.
    Header,
    /// cookie_store's JSON.
    CookieStore,
}

/// What a helper prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutput {
    Cookies(ImportFormat),
    Bearer,
}

/// What must be true after a step.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    pub status: Option<u16>,
    /// The final URL's path matches this glob.
    pub url: Option<PagePattern>,
    pub text: Option<String>,
    pub not_text: Option<String>,
    pub selector: Option<String>,
    /// This cookie is in the jar.
    pub cookie: Option<String>,
}

/// Text that may hold references: `${env:NAME}`, `${file:PATH}`, `${command:...}`, and, at the
/// time of the step, `${cookie:NAME}`, `${json:/pointer}` and `${page:SELECTOR}`. Never printed
/// resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    pub parts: Vec<RefPart>,
    pub place: Place,
}

/// A piece of a [`SecretRef`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefPart {
    Text(String),
    Env(String),
    File(PathBuf),
    Command(String),
    Cookie(String),
    Json(String),
    /// A value of the last page, by CSS selector; behind an `@` the attribute.
    Page(String),
}

impl SecretRef {
    /// The text, where nothing has to be looked up for it.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [RefPart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// An address as far as the plan writes it out: what is looked up is left out of it. None where
    /// it begins with a reference, and so is not known before.
    pub fn written_address(&self) -> Option<String> {
        let texts = self.parts.iter().filter_map(|part| match part {
            RefPart::Text(text) => Some(text.as_str()),
            _ => None,
        });
        matches!(self.parts.first(), Some(RefPart::Text(_))).then(|| texts.collect())
    }
}

/// Which pages to look at.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Also start here.
    pub start: Vec<String>,
    pub include: Vec<PagePattern>,
    pub exclude: Vec<PagePattern>,
    /// Read sitemaps (robots.txt and `/sitemap.xml`).
    pub sitemaps: bool,
    /// Own hosts beside the manifest's.
    pub hosts: Vec<Glob>,
    /// Fetch pictures, scripts, styles and frames too, once each.
    pub assets: bool,
    /// Links never followed, beside the built-in words for logging out and changing data.
    pub never_follow: Vec<PagePattern>,
    /// Links that members follow though nothing shows them to be harmless.
    pub follow: Vec<PagePattern>,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Per persona.
    pub pages: usize,
    pub depth: u32,
    /// Pages of one URL shape (`/blog/{n}`) per persona; none: as many as there are.
    pub per_shape: Option<usize>,
    pub total_time: Duration,
    /// Requests per second and host; none: no pause.
    pub rate: Option<f64>,
    /// Requests under way per host.
    pub concurrency: usize,
    pub redirects: u16,
    /// Inflated bytes of one body.
    pub body_bytes: usize,
    /// Bytes of one response head.
    pub head_bytes: usize,
    pub connect_timeout: Duration,
    pub head_timeout: Duration,
    pub request_timeout: Duration,
    pub retries: u32,
    pub repeats: u32,
    /// Percent of the pages asked for that may fail before nothing is said of all of them.
    pub may_fail: u32,
}

/// How requests are made.
#[derive(Clone, Debug)]
pub struct Http {
    pub user_agent: Option<String>,
    /// Sent as `From`.
    pub contact: Option<String>,
    pub headers: Vec<(String, SecretRef)>,
    pub proxy: Option<SecretRef>,
    /// PEM files of further CAs.
    pub extra_ca: Vec<PathBuf>,
    /// Host to address, with or without a port.
    pub resolve: BTreeMap<String, std::net::SocketAddr>,
    pub accept_language: Option<String>,
    /// HTTP/2 where the server offers it.
    pub http2: bool,
}

/// Whether robots.txt is honoured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Robots {
    #[default]
    Honour,
    /// For owners of the site.
    Ignore,
}

/// The engine, and what goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    #[default]
    Http,
    Browser,
    Both,
}

/// The browser, and what it renders.
#[derive(Clone, Debug, PartialEq)]
pub struct BrowserPlan {
    /// None: `$CHROME`, then the usual names on the `PATH`.
    pub executable: Option<PathBuf>,
    /// A browser that already runs: its `ws://` URL, or the `http://` URL of its debugging port.
    pub url: Option<String>,
    pub render: Render,
    /// CSS selector of the consent banner, where its markup does not tell.
    pub banner: Option<String>,
    /// Pages open at the same time.
    pub tabs: usize,
    /// Until a page's load event and its first quiet moment.
    pub load_timeout: Duration,
    /// How a page is watched after it has loaded.
    pub settle: Settle,
    /// For pages that are suspected of writing late: so much of their time, whatever `settle` says.
    pub watch_late: Option<Duration>,
    /// A folder for screenshots: the banner and the first page of each cell.
    pub screenshots: Option<PathBuf>,
    /// A folder for what the pages asked for, one HAR file for each visitor and consent state.
    pub har: Option<PathBuf>,
}

/// What of a run is kept as evidence, beside what an audit needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The heads of answers that put something on the device, masked.
    pub heads: bool,
    /// No pictures of what visitors see who are logged in.
    pub no_pictures_of_members: bool,
}

/// Files that classify cookies and hosts beside the built-in table, joined to the plan's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorLists {
    /// Filter lists in the syntax of ad blockers, or hosts files.
    pub lists: Vec<PathBuf>,
    /// Databases in the columns of the Open Cookie Database, CSV or JSON.
    pub cookie_databases: Vec<PathBuf>,
}

/// Which of the pages that HTTP found a browser renders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Render {
    /// One page of each kind: same scripts, frames, forms, consent markup and template.
    #[default]
    Kinds,
    All,
    /// One page of each kind, and further ones up to this many.
    Most(usize),
}

/// How long a page is watched after it has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Until it is quiet, as long as that takes.
    RealTime,
    /// So much of its own time, which passes faster than ours.
    Ahead(Duration),
}

impl Default for Settle {
    /// Long enough for what waits until the visitor has seen the page.
    fn default() -> Self {
        Settle::Ahead(Duration::from_secs(10))
    }
}

impl BrowserPlan {
    /// How much of a page's own time is to pass at once; none: it is watched in real time.
    pub fn ahead(&self) -> Option<Duration> {
        match (self.watch_late, self.settle) {
            (Some(time), _) | (None, Settle::Ahead(time)) => Some(time),
            (None, Settle::RealTime) => None,
        }
    }
}

impl Plan {
    /// The recorded acceptance of an earlier day, to be put to the site as it is now.
    pub fn old_choice(&self) -> Option<&ConsentPlan> {
        let old = |choice: &&ConsentPlan| choice.given.is_some() && choice.is_recorded();
        self.consent.iter().filter(old).find(|choice| choice.state == Consent::Accepted)
    }
}

impl Default for BrowserPlan {
    fn default() -> Self {
        BrowserPlan {
            executable: None,
            url: None,
            render: Render::default(),
            banner: None,
            tabs: 4,
            load_timeout: Duration::from_secs(15),
            settle: Settle::default(),
            watch_late: None,
            screenshots: None,
            har: None,
        }
    }
}

/// A consent state and how it is reached.
#[derive(Clone, Debug)]
pub struct ConsentPlan {
    pub state: Consent,
    /// Buttons to click, one after the other (browser): settings, a category's switch, save.
    pub selectors: Vec<String>,
    /// A recorded choice: `Cookie` header pieces put into the jar before the crawl.
    pub cookie: Option<SecretRef>,
    /// A recorded choice in local storage: key and value (browser).
    pub local_storage: Option<(String, SecretRef)>,
    /// When a visitor made the recorded choice: what the site added since cannot have been meant.
    pub given: Option<PartialDate>,
    pub place: Place,
}

impl ConsentPlan {
    /// The choice was made elsewhere, and only has to be put in.
    pub fn is_recorded(&self) -> bool {
        self.cookie.is_some() || self.local_storage.is_some()
    }
}

/// Acts after the crawl.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeSettings {
    pub enabled: bool,
    /// How long to wait before rolling renewal is looked for; none: not looked for.
    pub renewal_after: Option<Duration>,
    /// Ask once more with `Sec-GPC: 1`.
    pub gpc: bool,
    /// Send logins over plain http, too, where the site is not on this machine.
    pub login_over_http: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            pages: 500,
            depth: 10,
            per_shape: None,
            total_time: Duration::from_secs(30 * 60),
            rate: Some(5.0),
            concurrency: 4,
            redirects: 20,
            body_bytes: 4 << 20,
            head_bytes: 1 << 20,
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(60),
            retries: 2,
            repeats: 1,
            may_fail: crate::observation::MAY_FAIL,
        }
    }
}
