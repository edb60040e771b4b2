//! What a person recorded in their own browser (HTTP Archive, HAR 1.2) answers in place of a site: each
//! recorded page becomes a visit, its `Set-Cookie` lines are decided by the model of browsers, and its
//! values are masked on the way in. What scripts wrote and what storage holds is in no HAR.
//!
//! Only pages of the site's own hosts are read. A recording holds whatever else its owner did, and that
//! is nobody's business here.

mod har;

pub use har::NotARecording;

use super::{EngineContext, Exchange, Visit};
use crate::cookie::{
    CookieLine, CookieValue, Initiator, Jar, Name, RequestContext, SentCookie, ThirdPartyCookies, ValueFacts,
    ValueShape, elsewhere,
};
use crate::observation::{
    Cell, Circumstances, ExchangeRef, Failed, FailureKind, LineFrom, Page, Resource, SafeUrl, Sighting,
};
use har::{Entry, Recorded};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use url::Url;

/// Values of one cookie remembered as secrets, and how many cookies have any.
const VALUES_REMEMBERED: u32 = 3;
const COOKIES_REMEMBERED: usize = 16;

/// A recording, read.
pub struct Recording {
    recorded: Recorded,
}

/// How much there is of it; addresses may hold anything.
impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({} requests)", self.recorded.entries.len())
    }
}

/// What a recording showed of the site.
#[derive(Debug)]
pub struct Replayed {
    /// Pages of the site, in the order in which they were opened.
    pub visits: Vec<Visit>,
    /// Pages of other sites, which nobody looked into.
    pub others: u64,
    /// Requests that no page can be told for.
    pub unplaced: u64,
    /// What recorded them: `WebInspector 537.36`.
    pub recorded_by: String,
    /// When the first page was opened, in seconds since the epoch.
    pub began: f64,
    pub seconds: u64,
    pub user_agent: Option<String>,
}

impl Recording {
    /// Reads a HAR file's text. One without any cookie was exported without them, and says nothing.
    pub fn read(text: &str) -> Result<Recording, NotARecording> {
        har::read(text).map(|recorded| Recording { recorded })
    }

    /// Makes the recorded visits once more, as this cell's.
    pub fn replay(&self, cell: &Cell, context: &EngineContext) -> Replayed {
        let entries = &self.recorded.entries;
        let (pages, unplaced, others) = self.pages(context);
        // Every value first: an address of the first page may carry what a later one sets.
        let mut remembered = BTreeMap::new();
        for index in pages.iter().flat_map(|page| &page.entries) {
            remember(&entries[*index], &mut remembered, context);
        }
        let mut jar = Jar::default();
        let began = pages.iter().flat_map(|page| &page.entries).map(|index| entries[*index].at);
        let began = began.fold(f64::INFINITY, f64::min);
        let began = if began.is_finite() { began } else { 0.0 };
        let ended = pages.iter().flat_map(|page| &page.entries).map(|index| entries[*index].at);
        let seconds = (ended.fold(began, f64::max) - began).clamp(0.0, 1e9) as u64;
        let replay = Replay { cell, context, began };
        let visits = pages.iter().map(|page| replay.visit(page, entries, &mut jar)).collect();
        let agents = pages.iter().flat_map(|page| &page.entries);
        let mut agents = agents.filter_map(|index| entries[*index].asked("user-agent"));
        Replayed {
            visits,
            others,
            unplaced,
            recorded_by: self.recorded.recorded_by.clone(),
            began,
            seconds,
            user_agent: agents.next().map(str::to_owned),
        }
    }

    /// The site's pages with their requests, how many requests have no page, and how many pages are
    /// somebody else's.
    fn pages(&self, context: &EngineContext) -> (Vec<RecordedPage>, u64, u64) {
        let entries = &self.recorded.entries;
        let mut pages: Vec<RecordedPage> = Vec::new();
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        let mut unplaced = 0;
        for (index, entry) in entries.iter().enumerate() {
            let known = entry.page.as_deref().and_then(|id| by_id.get(id)).copied();
            // Not every recorder numbers pages: there the referring page tells.
            let referred = || {
                let from = Url::parse(entry.asked("referer")?).ok()?;
                pages.iter().rposition(|page| page.shown == from || page.asked == from)
            };
            let known = known.or_else(|| if entry.page.is_none() { referred() } else { None });
            let opens = entry.is_navigation();
            match known {
                // A page that leads on is one page until it answers itself.
                Some(known) if !opens || pages[known].leads_to.as_ref() == Some(&entry.url) => {
                    pages[known].take(index, entry, opens);
                }
                _ if opens => {
                    if let Some(id) = entry.page.as_deref() {
                        by_id.insert(id, pages.len());
                    }
                    let mut page = RecordedPage::at(&entry.url);
                    page.take(index, entry, true);
                    pages.push(page);
                }
                Some(known) => pages[known].take(index, entry, false),
                None => unplaced += 1,
            }
        }
        let all = pages.len();
        pages.retain(|page| context.site.is_own(&page.asked) || context.site.is_own(&page.shown));
        let others = (all - pages.len()) as u64;
        (pages, unplaced, others)
    }
}

/// A document that was opened, and what belongs to it.
#[derive(Debug)]
struct RecordedPage {
    asked: Url,
    shown: Url,
    status: u16,
    content_type: String,
    /// The document's own requests: it and its redirects.
    documents: usize,
    leads_to: Option<Url>,
    entries: Vec<usize>,
}

impl RecordedPage {
    fn at(url: &Url) -> Self {
        RecordedPage {
            asked: url.clone(),
            shown: url.clone(),
            status: 0,
            content_type: String::new(),
            documents: 0,
            leads_to: None,
            entries: Vec::new(),
        }
    }

    fn take(&mut self, index: usize, entry: &Entry, document: bool) {
        self.entries.push(index);
        if document {
            self.documents += 1;
            self.shown.clone_from(&entry.url);
            self.status = entry.status;
            self.content_type.clone_from(&entry.content_type);
            self.leads_to.clone_from(&entry.leads_to);
        }
    }
}

/// One replay.
struct Replay<'a> {
    cell: &'a Cell,
    context: &'a EngineContext,
    began: f64,
}

impl Replay<'_> {
    fn visit(&self, page: &RecordedPage, entries: &[Entry], jar: &mut Jar) -> Visit {
        let mut hops = 0u16;
        let exchanges = page.entries.iter().enumerate().map(|(number, index)| {
            let entry = &entries[*index];
            let document = number < page.documents;
            let hop = if document { hops } else { 0 };
            hops += u16::from(document);
            self.exchange(page, entry, document, hop, jar)
        });
        let exchanges = exchanges.collect();
        let failure = (page.status == 0).then(|| {
            let detail = "the recording holds no answer";
            Failed::once(self.cell, self.safe(&page.asked), FailureKind::Other, detail)
        });
        Visit {
            shown: page.shown.clone(),
            status: page.status,
            exchanges,
            content_type: page.content_type.clone(),
            failure,
            ..Visit::unanswered(&page.asked)
        }
    }

    fn exchange(
        &self,
        page: &RecordedPage,
        entry: &Entry,
        document: bool,
        hop: u16,
        jar: &mut Jar,
    ) -> Exchange {
        let at = ExchangeRef {
            method: entry.method.clone(),
            url: self.safe(&entry.url),
            status: entry.status,
            hop,
            resource: if document { Resource::Document } else { entry.resource },
        };
        let request = RequestContext {
            url: entry.url.clone(),
            initiator: match document {
                true => Initiator::Navigation,
                false => Initiator::Subresource { top_url: page.shown.clone() },
            },
            // What that browser allowed is in no recording; what it refused would not be sent later.
            third_party: ThirdPartyCookies::Allow,
            response_date: entry.answered("date").map(|date| date.as_bytes().to_vec()),
            now: entry.at,
        };
        let mut sightings: Vec<Sighting> =
            entry.set_cookies().map(|line| self.sighting(page, &at, line, &request, jar)).collect();
        if !sightings.is_empty() {
            let head = self.context.head(&entry.url, entry.answer());
            sightings.iter_mut().for_each(|sighting| sighting.head.clone_from(&head));
        }
        Exchange {
            sightings,
            at,
            url: entry.url.clone(),
            sent: entry.sent_cookies().map(|(name, _)| SentCookie::named(name)).collect(),
            location: entry.leads_to.clone(),
            carried: Vec::new(),
            script: None,
        }
    }

    fn sighting(
        &self,
        page: &RecordedPage,
        at: &ExchangeRef,
        line: &str,
        request: &RequestContext,
        jar: &mut Jar,
    ) -> Sighting {
        let (parsed, decision) = jar.receive(line.as_bytes(), request);
        let elsewhere = elsewhere(line.as_bytes(), request, &decision).map(Box::new);
        let line = parsed;
        let value = ValueFacts {
            identity: self.context.values.identity(line.value.reveal()),
            ..ValueFacts::of(&line.value, &page.asked)
        };
        let here = Circumstances {
            cell: self.cell.clone(),
            page: Page {
                asked: self.safe(&page.asked),
                shown: (page.shown != page.asked).then(|| self.safe(&page.shown)),
                started_by: None,
            },
            exchange: at.clone(),
            party: self.context.site.party(&request.url),
            at_ms: ((request.now - self.began).max(0.0) * 1000.0) as u64,
        };
        let written = line.written(request.response_date.as_deref(), request.now);
        let mut sighting = Sighting::of_line(here, LineFrom::Header, &line, written, decision, value);
        sighting.elsewhere = elsewhere;
        sighting
    }

    fn safe(&self, url: &Url) -> SafeUrl {
        self.context.safe(url)
    }
}

/// Values that look like credentials are masked wherever they come up.
fn remember(entry: &Entry, remembered: &mut BTreeMap<Name, u32>, context: &EngineContext) {
    let lines = entry.set_cookies().map(|line| CookieLine::parse(line.as_bytes()));
    let set = lines.map(|line| (line.name.clone(), line.value.clone()));
    let sent = entry.sent_cookies().map(|(name, value)| (Name::new(name), CookieValue::new(value)));
    for (name, value) in set.chain(sent) {
        let shape = ValueFacts::of(&value, &entry.url).shape;
        if !matches!(shape, ValueShape::Identifier | ValueShape::Jwt | ValueShape::Uuid)
            || remembered.len() >= COOKIES_REMEMBERED && !remembered.contains_key(&name)
        {
            continue;
        }
        let count = remembered.entry(name).or_default();
        if *count >= VALUES_REMEMBERED {
            continue;
        }
        *count += 1;
        if let Ok(value) = std::str::from_utf8(value.reveal()) {
            context.secrets.write().unwrap_or_else(PoisonError::into_inner).add(value);
        }
    }
}
