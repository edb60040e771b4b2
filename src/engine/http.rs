//! The HTTP engine: one visit over plain HTTP, redirects followed by hand, and every `Set-Cookie`
//! line of every hop kept before the jar sees it.

use super::headers::{Hop, Mode, document, headers};
use super::redirect::{self, Redirect};
use super::retry::{Patience, is_idempotent, is_not_now, may_repeat, retry_after};
use super::{Ask, DocumentHead, EngineContext, Exchange, Session, Visit, bot_wall};
use crate::cookie::{
    CookieLine, Decision, Initiator, Name, Reason, Reasons, RequestContext, SentCookie, ValueFacts,
    ValueShape, cookie_header, elsewhere, site_of,
};
use crate::observation::{
    Circumstances, ExchangeRef, Failed, FailureKind, LineFrom, Page, Resource, SafeUrl, Sighting,
};
use crate::transport::{Failure, Head, Request, Response, Transport, Want};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// What the engine calls itself where nothing else is said.
pub const USER_AGENT: &str = concat!("Mozilla/5.0 (compatible; cookieproof/", env!("CARGO_PKG_VERSION"), ")");

/// Holds requests back to a pace. It is passed before every request: hops and repeats too.
pub trait Gate: Send + Sync {
    /// Ready when a request to this URL may go out.
    fn pass<'a>(&'a self, url: &'a Url) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// How the engine behaves, and what it shares with the rest of a run.
#[derive(Clone)]
pub struct HttpSettings {
    /// Redirects of one chain.
    pub redirects: u16,
    /// Repeats of one request.
    pub retries: u32,
    /// Before the first repeat; doubled for each further one.
    pub first_wait: Duration,
    /// No wait is longer; a server that asks for more is not asked again.
    pub longest_wait: Duration,
    /// Unless the session has its own.
    pub user_agent: String,
    /// Sent as `From`.
    pub contact: Option<String>,
    /// Unless the session has its own.
    pub accept_language: String,
    /// What it shares with the other engines of the run. Only own hosts get the session's headers; values
    /// of cookies that look like credentials are added to the secrets as they are met.
    pub context: EngineContext,
    pub gate: Option<Arc<dyn Gate>>,
}

/// The HTTP engine. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct HttpEngine {
    transport: Transport,
    settings: Arc<HttpSettings>,
    remembered: Arc<Mutex<BTreeMap<Name, u32>>>,
}

/// `Set-Cookie` lines of one chain of redirects.
const MOST_LINES: usize = 10_000;

/// Values of one cookie remembered as secrets, to be masked in URLs, and how many cookies have
/// any. Each makes masking slower, and a site may make up new ones for ever; the first are those
/// of the personas' sessions.
const VALUES_REMEMBERED: u32 = 3;
const COOKIES_REMEMBERED: usize = 16;

impl HttpSettings {
    /// The defaults.
    pub fn new(context: EngineContext) -> Self {
        HttpSettings {
            redirects: 20,
            retries: 2,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            user_agent: USER_AGENT.into(),
            contact: None,
            accept_language: "en-US,en;q=0.9".into(),
            context,
            gate: None,
        }
    }
}

impl HttpEngine {
    /// An engine over a transport.
    pub fn new(transport: Transport, settings: HttpSettings) -> Self {
        HttpEngine { transport, settings: Arc::new(settings), remembered: Arc::default() }
    }

    /// Makes a visit. The session's jar is what a browser's would be after it. The future may be
    /// dropped at any time: the jar then holds what had been received.
    pub async fn visit(&self, session: &mut Session, ask: &Ask) -> Visit {
        let mut visit = Visit::unanswered(&ask.url);
        let mut hop = Hop::first(ask);
        let mut asked: Vec<(String, Url, Vec<u8>)> = Vec::new();
        let mut changes = false;
        loop {
            visit.shown = hop.url.clone();
            let (response, tries) = match self.ask(session, ask, &hop, &mut asked, &mut visit).await {
                Ok(answered) => answered,
                Err(failure) => {
                    visit.status = 0;
                    visit.failure = Some(self.failed(ask, self.after_redirects(&hop, failure)));
                    break;
                }
            };
            // Lines of tries before this one are among the sightings.
            changes |=
                response.head.header("clear-site-data").is_some() || visit.sightings().next().is_some();
            visit.status = response.head.status;
            visit.retry_after = retry_after(&response.head);
            if let Some(why) = response.head.refused {
                // To a browser there is no response: no page, no redirect, no cookie.
                visit.status = 0;
                let host = hop.url.host_str().unwrap_or_default();
                let detail = format!("a browser refuses the answer of {host}: {why}");
                let failure = Failure::new(FailureKind::UnreadableHead, detail);
                visit.failure = Some(self.failed(ask, self.after_redirects(&hop, failure)));
                break;
            }
            let failure = match redirect::target(&response.head, &hop.url) {
                Redirect::To(target) if matches!(target.scheme(), "http" | "https") => {
                    match self.leads_nowhere(&asked, &visit, &hop, &target) {
                        None => {
                            let next = hop.clone().next(ask, response.head.status, target);
                            match self.gives_away(ask, &hop.url, &next) {
                                // With other cookies than then it may answer otherwise.
                                None if !changes && is_known(ask, &next) => {
                                    visit.shown = next.url;
                                    visit.status = 200;
                                    visit.ends_at_known = true;
                                    break;
                                }
                                None => {
                                    hop = next;
                                    continue;
                                }
                                failure => {
                                    visit.status = 0;
                                    failure
                                }
                            }
                        }
                        failure => {
                            // It ends nowhere: a browser shows no page of the site.
                            visit.status = 0;
                            failure
                        }
                    }
                }
                // To another application: here the visit ends.
                Redirect::To(_) => None,
                Redirect::Unreadable => Some(Failure::new(
                    FailureKind::Other,
                    "it redirects to an address that is no URL".to_owned(),
                )),
                Redirect::None => self
                    .what_is_wrong(&response, &hop.url)
                    .map(|failure| self.after_redirects(&hop, Failure { attempts: tries, ..failure })),
            };
            visit.failure = failure.map(|failure| self.failed(ask, failure));
            visit.content_type = response.head.content_type();
            visit.head = document_head(&response.head);
            visit.body = response.body;
            break;
        }
        self.tell_where_it_ended(ask, &mut visit);
        visit
    }

    /// Makes one request until it is answered or the patience ends. Every try is an exchange.
    async fn ask(
        &self,
        session: &mut Session,
        ask: &Ask,
        hop: &Hop,
        asked: &mut Vec<(String, Url, Vec<u8>)>,
        visit: &mut Visit,
    ) -> Result<(Response, u32), Failure> {
        let settings = &self.settings;
        let patience = Patience {
            retries: settings.retries,
            first_wait: settings.first_wait,
            longest_wait: settings.longest_wait,
        };
        let mut tries = 0;
        loop {
            if let Some(gate) = &settings.gate {
                gate.pass(&hop.url).await;
            }
            let mut context = RequestContext {
                url: hop.url.clone(),
                initiator: initiator(ask, hop),
                third_party: session.third_party,
                response_date: None,
                now: now(),
            };
            let sent = match hop.has_credentials(ask) {
                true => session.jar.cookies_for(&context),
                false => Vec::new(),
            };
            let jar = cookie_header(&sent);
            tries += 1;
            if tries == 1 {
                asked.push((hop.method.clone(), hop.url.clone(), jar.clone()));
            }
            let request = self.request(session, ask, hop, jar);
            let outcome = self.transport.send(&request, want(ask.resource)).await;
            let wait = match &outcome {
                Ok(response) => {
                    let head = &response.head;
                    context.now = head.received_at;
                    context.response_date = head.header("date").map(<[u8]>::to_vec);
                    visit.exchanges.push(self.exchange(session, ask, hop, sent, head, &context));
                    let again = is_not_now(head.status)
                        && is_idempotent(&hop.method)
                        && bot_wall(head.status, &head.headers, &response.body).is_none();
                    again.then(|| patience.wait(tries, retry_after(head))).flatten()
                }
                Err(failure) => {
                    visit.exchanges.push(self.unanswered(ask, hop, sent, failure.kind));
                    let again = may_repeat(&hop.method, failure.kind);
                    again.then(|| patience.wait(tries, failure.retry_after)).flatten()
                }
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    return outcome
                        .map(|response| (response, tries))
                        .map_err(|failure| Failure { attempts: tries, ..failure });
                }
            }
        }
    }

    fn request(&self, session: &Session, ask: &Ask, hop: &Hop, jar: Vec<u8>) -> Request {
        let mut headers = headers(&self.settings, session, ask, hop);
        if !jar.is_empty() {
            match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
                // The plan names one of its own: both go.
                Some((_, value)) => *value = [jar.as_slice(), b"; ", value.as_slice()].concat(),
                None => headers.push(("Cookie".into(), jar)),
            }
        }
        Request { method: hop.method.clone(), url: hop.url.clone(), headers, body: hop.body.clone() }
    }

    /// What an answer did, line by line; the jar is changed accordingly.
    fn exchange(
        &self,
        session: &mut Session,
        ask: &Ask,
        hop: &Hop,
        sent: Vec<SentCookie>,
        head: &Head,
        context: &RequestContext,
    ) -> Exchange {
        let document = ask.within.as_ref().unwrap_or(&ask.url);
        let location = match redirect::target(head, &hop.url) {
            Redirect::To(target) => Some(target),
            Redirect::None | Redirect::Unreadable => None,
        };
        let date = context.response_date.as_deref();
        let mut seen = Vec::new();
        for line in head.all("set-cookie") {
            let raw = line;
            let (line, decision) = if head.refused.is_some() {
                let reasons = Reasons::of(Reason::ResponseRefused);
                (CookieLine::parse(line), Decision::Rejected { reasons })
            } else if !hop.has_credentials(ask) {
                let reasons = Reasons::of(Reason::WithoutCredentials);
                (CookieLine::parse(line), Decision::Rejected { reasons })
            } else {
                session.jar.receive(line, context)
            };
            let mut value = ValueFacts::of(&line.value, document);
            value.identity = self.settings.context.values.identity(line.value.reveal());
            if matches!(value.shape, ValueShape::Identifier | ValueShape::Jwt | ValueShape::Uuid) {
                self.remember(&line.name, line.value.reveal());
            }
            let elsewhere = elsewhere(raw, context, &decision).map(Box::new);
            seen.push((line, decision, elsewhere, value));
        }
        if head.refused.is_none() && hop.has_credentials(ask) {
            // After its own lines: Chromium keeps them first.
            for header in head.all("clear-site-data") {
                session.jar.clear_site_data(header, &hop.url);
            }
        }
        let at = self.at(ask, hop, head.status);
        let page = (!seen.is_empty()).then(|| self.page(ask));
        let from = if head.tolerant { LineFrom::TolerantHeader } else { LineFrom::Header };
        let party = self.settings.context.site.party(&hop.url);
        let at_ms = self.settings.context.at_ms();
        let fields = || head.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let kept = page.as_ref().and_then(|_| self.settings.context.head(&hop.url, fields()));
        let sightings =
            seen.into_iter().zip(page.iter().cycle()).map(|((line, decision, elsewhere, value), page)| {
                let (cell, page, exchange) = (ask.cell.clone(), page.clone(), at.clone());
                let here = Circumstances { cell, page, exchange, party, at_ms };
                let written = line.written(date, head.received_at);
                let mut sighting = Sighting::of_line(here, from, &line, written, decision, value);
                sighting.elsewhere = elsewhere;
                sighting.head.clone_from(&kept);
                sighting
            });
        Exchange {
            sightings: sightings.collect(),
            at,
            url: hop.url.clone(),
            sent,
            location,
            carried: Vec::new(),
            script: None,
        }
    }

    fn unanswered(&self, ask: &Ask, hop: &Hop, sent: Vec<SentCookie>, kind: FailureKind) -> Exchange {
        // Without a connection nothing was sent.
        let connected = !matches!(kind, FailureKind::Dns | FailureKind::Refused | FailureKind::Tls);
        let sent = if connected { sent } else { Vec::new() };
        Exchange {
            at: self.at(ask, hop, 0),
            url: hop.url.clone(),
            sent,
            sightings: Vec::new(),
            location: None,
            carried: Vec::new(),
            script: None,
        }
    }

    fn at(&self, ask: &Ask, hop: &Hop, status: u16) -> ExchangeRef {
        ExchangeRef {
            method: hop.method.clone(),
            url: self.safe(&hop.url),
            status,
            hop: hop.number,
            resource: ask.resource,
        }
    }

    /// The document it happens in; where it ends is known only later.
    fn page(&self, ask: &Ask) -> Page {
        Page {
            asked: self.safe(ask.within.as_ref().unwrap_or(&ask.url)),
            shown: None,
            started_by: ask.started_by.as_ref().map(|url| self.safe(url)),
        }
    }

    fn tell_where_it_ended(&self, ask: &Ask, visit: &mut Visit) {
        if ask.within.is_some() || same_document(&visit.asked, &visit.shown) {
            return;
        }
        let shown = self.safe(&visit.shown);
        for sighting in visit.exchanges.iter_mut().flat_map(|exchange| &mut exchange.sightings) {
            sighting.page.shown = Some(shown.clone());
        }
    }

    fn leads_nowhere(
        &self,
        asked: &[(String, Url, Vec<u8>)],
        visit: &Visit,
        hop: &Hop,
        target: &Url,
    ) -> Option<Failure> {
        let lines: usize = visit.exchanges.iter().map(|exchange| exchange.sightings.len()).sum();
        if lines > MOST_LINES {
            let detail = format!("more than {MOST_LINES} Set-Cookie lines on the way");
            return Some(Failure::new(FailureKind::TooManyRedirects, detail));
        }
        if hop.number >= self.settings.redirects {
            let detail = format!("more than {} redirects, the last to {}", hop.number, self.safe(target));
            return Some(Failure::new(FailureKind::TooManyRedirects, detail));
        }
        // With the same cookies once more it may be the server that remembers; twice is a loop.
        let last = asked.last()?;
        let same = asked.iter().filter(|earlier| *earlier == last).count();
        if same > 2 {
            let detail = format!("{} redirects to itself in a loop", self.safe(&hop.url));
            return Some(Failure::new(FailureKind::RedirectLoop, detail));
        }
        None
    }

    /// A step's body, a password in it, is sent again (307, 308) only where its headers would be, or
    /// where the host that got it in the clear wants it encrypted.
    fn gives_away(&self, ask: &Ask, from: &Url, next: &Hop) -> Option<Failure> {
        let is_secret = ask.resource == Resource::Step && next.body.is_some();
        let is_upgrade = next.url.scheme() == "https" && next.url.host() == from.host();
        if !is_secret || is_upgrade || next.may_carry_secrets(ask, &self.settings.context.site) {
            return None;
        }
        let detail = format!(
            "it redirects what was filled in to another origin, {}, and it was not sent there: name the host \
             in the plan, under `hosts`, if it is the site's",
            next.url.origin().ascii_serialization()
        );
        Some(Failure::new(FailureKind::Other, detail))
    }

    /// What is wrong with the last answer of a chain.
    fn what_is_wrong(&self, response: &Response, url: &Url) -> Option<Failure> {
        let head = &response.head;
        let host = url.host_str().unwrap_or_default();
        let (kind, detail) = match head.status {
            status if let Some(whose) = bot_wall(status, &head.headers, &response.body) => (
                FailureKind::BotWall,
                format!("{host} answered {status} with a bot wall ({whose}) instead of the page"),
            ),
            // A server that is down says 503, too; only a plea to come back later is a limit.
            503 if retry_after(head).is_none_or(|wait| wait.is_zero()) => {
                (FailureKind::ServerError, format!("{host} answered 503"))
            }
            status if is_not_now(status) => match retry_after(head).filter(|wait| !wait.is_zero()) {
                Some(wait) => (
                    FailureKind::RateLimited,
                    format!("{host} answered {status} and asks to come back in {} s", wait.as_secs()),
                ),
                None => (FailureKind::RateLimited, format!("{host} answered {status}")),
            },
            status @ 500.. => (FailureKind::ServerError, format!("{host} answered {status}")),
            _ => {
                let kind = response.cut?;
                let limits = self.transport.settings();
                let detail = match kind {
                    FailureKind::BodyTooLarge => format!(
                        "the body is longer than {} KiB; only its beginning was read",
                        limits.body_bytes >> 10
                    ),
                    FailureKind::Timeout => format!(
                        "the body did not end within {} s; only its beginning was read",
                        limits.total_timeout.as_secs_f64()
                    ),
                    _ => "the body broke off; only its beginning was read".to_owned(),
                };
                (kind, detail)
            }
        };
        Some(Failure::new(kind, detail))
    }

    /// The page asked for cannot be had, wherever it sends its visitors: as in a browser, the failure is its
    /// own.
    fn failed(&self, ask: &Ask, failure: Failure) -> Failed {
        let mut detail = failure.detail;
        if failure.attempts > 1 {
            detail = format!("{detail} (tried {} times)", failure.attempts);
        }
        Failed::once(&ask.cell, self.safe(&ask.url), failure.kind, detail)
    }

    /// Says where a failure happened, if that is not the address asked for.
    fn after_redirects(&self, hop: &Hop, failure: Failure) -> Failure {
        if hop.number == 0 {
            return failure;
        }
        let detail = format!("it redirects to {}: {}", self.safe(&hop.url), failure.detail);
        Failure { detail, ..failure }
    }

    fn safe(&self, url: &Url) -> SafeUrl {
        self.settings.context.safe(url)
    }

    fn remember(&self, name: &Name, value: &[u8]) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= COOKIES_REMEMBERED && !remembered.contains_key(name) {
            return;
        }
        let count = remembered.entry(name.clone()).or_default();
        if *count >= VALUES_REMEMBERED {
            return;
        }
        *count += 1;
        if let Ok(value) = std::str::from_utf8(value) {
            self.settings.context.secrets.write().unwrap_or_else(PoisonError::into_inner).add(value);
        }
    }
}

/// Whether the next request would be for a page that came before.
fn is_known(ask: &Ask, next: &Hop) -> bool {
    next.method == "GET" && ask.known.as_ref().is_some_and(|is_known| is_known(&next.url))
}

/// How much of an answer's body is of use.
fn want(resource: Resource) -> Want {
    match resource {
        Resource::Document | Resource::Frame => Want::Documents,
        Resource::Fetch | Resource::Step | Resource::WellKnown => Want::Everything,
        Resource::Image
        | Resource::Script
        | Resource::Style
        | Resource::Font
        | Resource::Manifest
        | Resource::Other => Want::Nothing,
    }
}

/// Who makes the request, as far as cookies care.
fn initiator(ask: &Ask, hop: &Hop) -> Initiator {
    let top_level = Mode::of(ask) == Mode::Navigate && ask.resource != Resource::Frame;
    match document(ask) {
        Some(from) if !top_level => Initiator::Subresource { top_url: from.clone() },
        Some(from) if site_of(from) != site_of(&hop.url) => {
            Initiator::CrossSiteNavigation { unsafe_method: !is_idempotent(&hop.method) }
        }
        _ => Initiator::Navigation,
    }
}

/// What the head says of the body.
fn document_head(head: &Head) -> DocumentHead {
    let text = |value: &[u8]| value.iter().map(|byte| char::from(*byte)).collect::<String>();
    DocumentHead {
        charset: head.charset(),
        policies: head.all("content-security-policy").map(text).collect(),
        refresh: head.header("refresh").map(text),
    }
}

/// The same but for the fragment.
fn same_document(a: &Url, b: &Url) -> bool {
    a[..url::Position::AfterQuery] == b[..url::Position::AfterQuery]
}

/// Seconds since the epoch.
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
