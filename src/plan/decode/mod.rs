//! From a file to a plan, or to everything that is wrong with it.
//!
//! Paths in a plan are relative to its own folder. They come out joined to it, except the
//! manifest's, which [`Plan::manifest`] keeps as written.

mod meaning;
mod secrets;
mod steps;
#[cfg(test)]
mod tests;
mod values;

use self::steps::{MarkTable, RequestTable, Selector, StepTable};
pub(crate) use self::values::duration_of as duration;
pub use self::values::late_time;
use self::values::{
    BrowserUrl, ByteSize, ConsentState, HeaderText, HostAndPort, Late, Rate, StartPage, Tabs,
};
use super::{EngineChoice, Plan, Render, Robots, SecretRef, Settle};
use crate::config::{self, Decode, Fields, Format, Named, Problem, Record, Shape, Source, Spanned, Value};
use crate::cookie::{Browser, ThirdPartyCookies};
use crate::manifest::{Glob, PagePattern, PartialDate};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Reads a plan. With errors there is none; warnings do not stand in its way.
pub fn read(text: &str, file: &str, format: Format) -> (Option<Plan>, Vec<Problem>) {
    read_as(text, file, format, false)
}

/// The same for a plan that is sent to other machines: there no secret stands in plain text, not even that of a
/// sample on this one.
pub fn read_to_travel(text: &str, file: &str, format: Format) -> (Option<Plan>, Vec<Problem>) {
    read_as(text, file, format, true)
}

fn read_as(text: &str, file: &str, format: Format, travels: bool) -> (Option<Plan>, Vec<Problem>) {
    let (written, mut problems) = config::read::<Written>(Source::new(file, text), format);
    let plan = written.map(|written| meaning::meant(written, travels, &mut problems));
    let plan = plan.filter(|_| !problems.has_errors());
    (plan, problems.into_list())
}

/// What a plan may look like, for the schema and for telling plans from manifests.
pub fn shape() -> Shape {
    Written::shape()
}

/// The JSON Schema of plans.
pub fn json_schema() -> serde_json::Value {
    config::json_schema(&shape(), "cookieproof plan", "How to look at a site.")
}

/// A plan as written.
struct Written {
    manifest: Option<PathBuf>,
    engine: Option<EngineChoice>,
    third_party_cookies: Vec<ThirdPartyCookies>,
    browsers: Vec<Browser>,
    robots: Option<Robots>,
    vantage: Option<String>,
    targets: Vec<(Spanned<String>, TargetTable)>,
    personas: Vec<(Spanned<String>, PersonaTable)>,
    journeys: Vec<(Spanned<String>, JourneyTable)>,
    pages: PagesTable,
    limits: LimitsTable,
    http: HttpTable,
    browser: BrowserTable,
    probes: ProbesTable,
    vendors: VendorsTable,
    consent: Vec<ConsentTable>,
    has_targets: bool,
    span: Range<usize>,
}

impl Record for Written {
    const NAME: &'static str = "plan";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let _schema: Option<String> = fields.optional("$schema", "Where the schema is, for editors.");
        Some(Written {
            manifest: fields.optional("manifest", "The manifest's file."),
            engine: fields.optional("engine", "What looks: plain HTTP, or a browser, or both."),
            third_party_cookies: fields
                .many("third_party_cookies", "Whether the browser takes unpartitioned third-party cookies."),
            browsers: fields.many(
                "browsers",
                "Browsers whose visitors count: what differs in one that is not named is a warning.",
            ),
            robots: fields
                .optional("robots", "Whether robots.txt is honoured; `ignore` is for owners of the site."),
            vantage: fields
                .optional("vantage", "From where it is looked, in your own words, for the report."),
            targets: fields.named("targets", "Base URLs by name; the first is the default."),
            personas: fields.named("personas", "Who is visiting, by name; `anonymous` is always there."),
            journeys: fields
                .named("journeys", "Steps without a login, by name: a language change, a checkout."),
            pages: fields.optional("pages", "Which pages to look at.").unwrap_or_default(),
            limits: fields.optional("limits", "Bounds of a run.").unwrap_or_default(),
            http: fields.optional("http", "How requests are made.").unwrap_or_default(),
            browser: fields.optional("browser", "The browser, and what it renders.").unwrap_or_default(),
            probes: fields
                .optional("probes", "Acts after the crawl, for claims that need one.")
                .unwrap_or_default(),
            vendors: fields
                .optional("vendors", "Lists of your own that classify cookies and hosts.")
                .unwrap_or_default(),
            consent: fields.many("consent", "Consent states to look at, and how each is reached."),
            // Of what is no table that is said.
            has_targets: fields
                .node("targets")
                .is_some_and(|node| !matches!(&node.value, Value::Table(targets) if targets.is_empty())),
            span: fields.span(),
        })
    }
}

/// `[targets.NAME]`
struct TargetTable {
    url: Url,
    hosts: Vec<(Spanned<String>, HostAndPort)>,
    allowed_cookies: Vec<String>,
    headers: Vec<(Spanned<String>, SecretRefAt)>,
    extra_ca: Vec<PathBuf>,
    rate: Option<Rate>,
}

impl Record for TargetTable {
    const NAME: &'static str = "target";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "Where it is.");
        let hosts = fields.named("hosts", "The manifest's hosts to this target's.");
        let allowed_cookies = fields.many("allowed_cookies", "Names of cookies that are allowed only here.");
        let headers =
            fields.named("headers", "Further headers of requests to its origin, before those of `[http]`.");
        let extra_ca =
            fields.many("extra_ca", "PEM files of further certificate authorities, for this target.");
        let rate = fields.optional("rate", "Requests per second and host there, before that of `[limits]`.");
        Some(TargetTable { url: url?, hosts, allowed_cookies, headers, extra_ca, rate })
    }
}

/// `[personas.NAME]`
struct PersonaTable {
    logged_in: Option<bool>,
    remembered: Option<Spanned<bool>>,
    login: Vec<Spanned<StepTable>>,
    logged_in_when: Option<Spanned<MarkTable>>,
    logout: Vec<Spanned<StepTable>>,
    login_budget: Option<u32>,
    optional: Option<bool>,
    accept_language: Option<HeaderText>,
    time_zone: Option<String>,
    user_agent: Option<HeaderText>,
    proxy: Option<SecretRefAt>,
    headers: Vec<(Spanned<String>, SecretRefAt)>,
    start: Vec<StartPage>,
    refresh: Option<RequestTable>,
}

impl Record for PersonaTable {
    const NAME: &'static str = "persona";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(PersonaTable {
            logged_in: fields
                .optional("logged_in", "Whether it is logged in; without it, whether it has login steps."),
            remembered: fields.optional("remembered", "Whether its login chooses to be remembered."),
            login: fields.many("login", "The steps that log it in."),
            logged_in_when: fields
                .optional("logged_in_when", "A page and what it shows only to those who are logged in."),
            logout: fields.many("logout", "The steps that log it out, made last."),
            login_budget: fields.optional("login_budget", "How often it may log in over the whole run."),
            optional: fields.optional(
                "optional",
                "Left out, and said, where a variable or file with its secrets is not there.",
            ),
            accept_language: fields.optional("accept_language", "Its Accept-Language."),
            time_zone: fields.optional("time_zone", "Its time zone (browser engine)."),
            user_agent: fields.optional("user_agent", "Its User-Agent."),
            proxy: fields.optional("proxy", "Its proxy."),
            headers: fields.named("headers", "Further headers of its requests to the target's origin, and to the hosts that the plan names."),
            start: fields.many("start", "Its crawl starts here as well."),
            refresh: fields.optional(
                "refresh",
                "The request with which an application refreshes its session: for probes, and before a new login where the session ran out.",
            ),
        })
    }
}

/// `[journeys.NAME]`
struct JourneyTable {
    personas: Vec<Spanned<String>>,
    steps: Vec<Spanned<StepTable>>,
}

impl Record for JourneyTable {
    const NAME: &'static str = "journey";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let personas = fields.many("personas", "Who makes it; without it, everybody.");
        let steps = fields.required::<config::OneOrMore<Spanned<StepTable>>>("steps", "What they do.");
        Some(JourneyTable { personas, steps: steps?.0 })
    }
}

/// `[pages]`
#[derive(Default)]
struct PagesTable {
    start: Vec<StartPage>,
    include: Vec<PagePattern>,
    exclude: Vec<PagePattern>,
    sitemaps: Option<bool>,
    hosts: Vec<Glob>,
    assets: Option<bool>,
    never_follow: Vec<PagePattern>,
    follow: Vec<PagePattern>,
}

impl Record for PagesTable {
    const NAME: &'static str = "pages";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(PagesTable {
            start: fields.many("start", "The crawl starts here as well."),
            include: fields.many("include", "Only these pages."),
            exclude: fields.many("exclude", "Not these pages."),
            sitemaps: fields.optional("sitemaps", "Read robots.txt and sitemaps for pages."),
            hosts: fields.many("hosts", "Own hosts beside the manifest's."),
            assets: fields.optional("assets", "Fetch pictures, scripts, styles and frames, too, once each."),
            never_follow: fields
                .many("never_follow", "Links never followed, beside those that log out or change data."),
            follow: fields.many(
                "follow",
                "Links that members follow though nothing shows them to be harmless; never what logs out, carries a token or says that it changes data.",
            ),
        })
    }
}

/// `[limits]`
#[derive(Default)]
struct LimitsTable {
    pages: Option<usize>,
    depth: Option<u32>,
    per_shape: Option<usize>,
    total_time: Option<Duration>,
    rate: Option<Rate>,
    concurrency: Option<usize>,
    redirects: Option<u16>,
    body_size: Option<ByteSize>,
    head_size: Option<ByteSize>,
    connect_timeout: Option<Duration>,
    head_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    retries: Option<u32>,
    repeats: Option<Spanned<u32>>,
    may_fail: Option<Spanned<u32>>,
}

impl Record for LimitsTable {
    const NAME: &'static str = "limits";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(LimitsTable {
            pages: fields.optional("pages", "Pages per persona."),
            depth: fields.optional("depth", "Links away from the start."),
            per_shape: fields.optional(
                "per_shape",
                "Pages of one URL shape (/blog/{n}) per persona; without it, all that `pages` has room for.",
            ),
            total_time: fields.optional("total_time", "The whole run."),
            rate: fields.optional("rate", "Requests per second and host; `unlimited` on your own machine."),
            concurrency: fields.optional("concurrency", "Requests under way per host."),
            redirects: fields.optional("redirects", "Redirects followed from one page."),
            body_size: fields.optional("body_size", "Of one body, inflated."),
            head_size: fields.optional("head_size", "Of one response head."),
            connect_timeout: fields.optional("connect_timeout", "For a connection."),
            head_timeout: fields.optional("head_timeout", "For a response head."),
            request_timeout: fields.optional("request_timeout", "For a whole response."),
            retries: fields.optional("retries", "After connection faults, 429 and 503."),
            repeats: fields
                .optional("repeats", "How often everything is looked at, to tell always from sometimes."),
            may_fail: fields.optional(
                "may_fail",
                "Percent of the pages asked for that may fail before nothing is said of all of them.",
            ),
        })
    }
}

/// `[http]`
#[derive(Default)]
struct HttpTable {
    user_agent: Option<HeaderText>,
    contact: Option<HeaderText>,
    headers: Vec<(Spanned<String>, SecretRefAt)>,
    proxy: Option<SecretRefAt>,
    extra_ca: Vec<PathBuf>,
    resolve: Vec<(Spanned<String>, SocketAddr)>,
    accept_language: Option<HeaderText>,
    http2: Option<bool>,
}

impl Record for HttpTable {
    const NAME: &'static str = "http";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(HttpTable {
            user_agent: fields.optional("user_agent", "The User-Agent."),
            contact: fields.optional("contact", "An address for the site's operators, sent as From."),
            headers: fields.named(
                "headers",
                "Further headers of requests to the target's origin, and to the hosts that the plan names.",
            ),
            proxy: fields.optional("proxy", "An http, https or socks5 proxy."),
            extra_ca: fields.many("extra_ca", "PEM files of further certificate authorities."),
            resolve: fields.named("resolve", "Hosts (`*` for all) to addresses, with or without a port."),
            accept_language: fields.optional("accept_language", "The Accept-Language."),
            http2: fields.optional("http2", "HTTP/2 where the server offers it."),
        })
    }
}

/// `[browser]`
#[derive(Default)]
struct BrowserTable {
    executable: Option<PathBuf>,
    url: Option<BrowserUrl>,
    render: Option<Render>,
    banner: Option<Selector>,
    tabs: Option<Tabs>,
    load_timeout: Option<Duration>,
    settle: Option<Settle>,
    watch_late: Option<Late>,
    screenshots: Option<PathBuf>,
    har: Option<PathBuf>,
}

impl Record for BrowserTable {
    const NAME: &'static str = "browser";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(BrowserTable {
            executable: fields.optional("executable", "Chromium; without it, $CHROME or the usual names."),
            url: fields.optional("url", "A browser that already runs."),
            render: fields
                .optional("render", "Pages to render: `kinds` (one of each), `all`, or so many at most."),
            banner: fields.optional("banner", "The consent banner, where its markup does not tell."),
            tabs: fields.optional("tabs", "Pages open at the same time."),
            load_timeout: fields.optional("load_timeout", "Until a page has loaded and is quiet."),
            settle: fields.optional(
                "settle",
                "How much of a page's own time passes at once after it has loaded (`10s`), or `real`.",
            ),
            watch_late: fields
                .optional("watch_late", "The same for pages that are suspected of writing late, as `60s`."),
            screenshots: fields
                .optional("screenshots", "A folder for pictures of the banner and first pages."),
            har: fields.optional("har", "A folder for HAR files of what the pages asked for, values masked."),
        })
    }
}

/// `[probes]`
#[derive(Default)]
struct ProbesTable {
    enabled: Option<bool>,
    renewal_after: Option<Duration>,
    gpc: Option<bool>,
    login_over_http: Option<bool>,
}

impl Record for ProbesTable {
    const NAME: &'static str = "probes";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(ProbesTable {
            enabled: fields.optional("enabled", "Whether there are any."),
            renewal_after: fields.optional(
                "renewal_after",
                "How long to wait before rolling renewal is looked for; without it, it is not.",
            ),
            gpc: fields.optional("gpc", "Ask once more with Sec-GPC: 1."),
            login_over_http: fields.optional(
                "login_over_http",
                "Send logins over plain http, too, password and all; on this machine that is done anyway.",
            ),
        })
    }
}

/// `[vendors]`
#[derive(Default)]
struct VendorsTable {
    lists: Vec<PathBuf>,
    cookie_databases: Vec<PathBuf>,
}

impl Record for VendorsTable {
    const NAME: &'static str = "vendors";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(VendorsTable {
            lists: fields.many("lists", "Filter lists in the syntax of ad blockers, or hosts files."),
            cookie_databases: fields
                .many("cookie_databases", "Cookie databases as the Open Cookie Database is: CSV or JSON."),
        })
    }
}

/// `[[consent]]`
struct ConsentTable {
    state: ConsentState,
    selectors: Vec<Selector>,
    cookie: Option<SecretRefAt>,
    local_storage: Option<LocalStorage>,
    given: Option<PartialDate>,
    span: Range<usize>,
}

impl Record for ConsentTable {
    const NAME: &'static str = "consent";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let state = fields.required("state", "The state.");
        let selectors =
            fields.many("selector", "The button to press, or several, one after the other (browser engine).");
        let cookie =
            fields.optional("cookie", "The choice as the site records it: a Cookie header's NAME=VALUE.");
        let local_storage =
            fields.optional("local_storage", "The choice as the site records it in local storage.");
        let given = fields.optional(
            "given",
            "The day on which a visitor made the recorded choice; what the site asks for since then it must ask anew.",
        );
        Some(ConsentTable { state: state?, selectors, cookie, local_storage, given, span: fields.span() })
    }
}

/// A recorded choice in local storage.
struct LocalStorage {
    key: String,
    value: SecretRefAt,
}

impl Record for LocalStorage {
    const NAME: &'static str = "local-storage";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let key = fields.required("key", "Its key.");
        let value = fields.required("value", "Its value.");
        Some(LocalStorage { key: key?, value: value? })
    }
}

/// A reference and where its text stands.
type SecretRefAt = Spanned<SecretRef>;

/// Headers, fields and the like by name.
type NamedRefs = Named<SecretRefAt>;

/// Maps whose keys came from a file, where a map is wanted.
fn map_of<T>(named: Vec<(Spanned<String>, T)>) -> BTreeMap<String, T> {
    named.into_iter().map(|(name, value)| (name.value, value)).collect()
}
