//! What the run has seen so far: visits go in, in the order they were asked for; tallies come out
//! sorted. Memory grows with distinct things and path shapes, not with pages.

use super::hosts::Hosts;
use crate::cookie::{Name, same_site};
use crate::engine::{Exchange, Visit};
use crate::observation::{
    Cell, Contact, Failed, FailureKind, Fold, Observation, PageTally, Party, Resource, SafeUrl, Sent,
    Sighting, Skipped, StorageKind, path_shape,
};
use crate::secret::Secrets;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Distinct rows of one tally; what comes after is counted with the first row of its kind.
const MOST_ROWS: usize = 50_000;
/// Distinct values told apart, as in the engine.
const MOST_VALUES: usize = 1 << 18;

/// The run's memory.
pub(super) struct Recorder {
    hosts: Arc<Hosts>,
    secrets: Arc<RwLock<Secrets>>,
    fold: Fold,
    found: HashSet<(StorageKind, Name, String)>,
    /// The engine numbers values as they arrive, which differs from run to run; here they are
    /// numbered as they are recorded.
    identities: HashMap<u32, u32>,
    words: Words,
    cells: Vec<Cell>,
    pages: HashMap<(u32, u32, u16, u32), PageTally>,
    sent: HashMap<(u32, u32, u32, u32, bool), Sent>,
    contacts: HashMap<(u32, Resource, u32, u32, bool), Contact>,
    failed: HashMap<(u32, FailureKind, u32), Failed>,
    skipped: Vec<Skipped>,
}

/// What a visit counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// A page that was linked or declared: a 4xx is a failure.
    Page,
    /// A page whose refusal says something else: a step, a probe, a private page.
    Look,
    /// A part of a page.
    Part,
    /// An address that need not exist: the other name of a host, a sitemap.
    Guess,
}

impl Recorder {
    pub(super) fn new(hosts: Arc<Hosts>, secrets: Arc<RwLock<Secrets>>) -> Recorder {
        Recorder {
            hosts,
            secrets,
            fold: Fold::default(),
            found: HashSet::new(),
            identities: HashMap::new(),
            words: Words::default(),
            cells: Vec::new(),
            pages: HashMap::new(),
            sent: HashMap::new(),
            contacts: HashMap::new(),
            failed: HashMap::new(),
            skipped: Vec::new(),
        }
    }

    /// Takes in a visit.
    pub(super) fn visit(&mut self, cell: &Cell, visit: &Visit, within: Option<&Url>, counts: As) {
        let cell_id = self.cell(cell);
        let document = within.unwrap_or(&visit.asked);
        let page_shape = self.shape(document);
        for exchange in &visit.exchanges {
            self.exchange(cell, cell_id, exchange, document, page_shape);
        }
        for write in &visit.writes {
            self.sighting(write.clone());
        }
        if matches!(counts, As::Page | As::Look) && visit.status > 0 {
            self.page(cell, cell_id, visit, page_shape);
        }
        if let Some(failure) = &visit.failure {
            if counts != As::Guess {
                self.failure(failure.clone(), &visit.asked);
            }
        } else if counts == As::Page && (400..500).contains(&visit.status) {
            let url = self.safe(&visit.shown);
            let detail = format!("answered {}", visit.status);
            let failed = Failed { cell: cell.clone(), url, kind: FailureKind::ClientError, detail, count: 1 };
            self.failure(failed, &visit.asked);
        }
    }

    /// A host that a page mentions and that was left alone.
    pub(super) fn mention(&mut self, cell: &Cell, page: &Url, target: &Url, resource: Resource) {
        let cell_id = self.cell(cell);
        let shape = self.shape(page);
        self.contact(cell, cell_id, page, shape, target, resource, false);
    }

    /// A failure that is not a visit's own: a journey that could not be made.
    pub(super) fn failure(&mut self, failed: Failed, asked: &Url) {
        let cell = self.cell(&failed.cell);
        let shape = self.shape(asked);
        let key = bounded(&self.failed, (cell, failed.kind, shape), (cell, failed.kind, 0));
        self.failed.entry(key).and_modify(|known| known.count += failed.count).or_insert(failed);
    }

    pub(super) fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Distinct cookies and storage items so far.
    pub(super) fn found(&self) -> u64 {
        self.found.len() as u64
    }

    pub(super) fn failures(&self) -> u64 {
        self.failed.values().map(|failed| failed.count).sum()
    }

    pub(super) fn safe(&self, url: &Url) -> SafeUrl {
        SafeUrl::new(url, &self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn observations(&self) -> Vec<Observation> {
        self.fold.observations()
    }

    pub(super) fn pages(&self) -> Vec<PageTally> {
        sorted(self.pages.values())
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        sorted(self.sent.values())
    }

    pub(super) fn contacts(&self) -> Vec<Contact> {
        sorted(self.contacts.values())
    }

    pub(super) fn failed(&self) -> Vec<Failed> {
        sorted(self.failed.values())
    }

    /// Of each persona and reason, with equal rows of its cells added up.
    pub(super) fn all_skipped(&self) -> Vec<Skipped> {
        let mut rows = sorted(self.skipped.iter());
        rows.dedup_by(|next, first| {
            let same =
                (&next.persona, next.reason, &next.example) == (&first.persona, first.reason, &first.example);
            first.count = if same { first.count.max(next.count) } else { first.count };
            same
        });
        rows
    }

    fn exchange(&mut self, cell: &Cell, cell_id: u32, exchange: &Exchange, document: &Url, page_shape: u32) {
        for sighting in &exchange.sightings {
            self.sighting(sighting.clone());
        }
        self.contact(cell, cell_id, document, page_shape, &exchange.url, exchange.at.resource, true);
        if exchange.sent.is_empty() {
            return;
        }
        let shape = self.shape(&exchange.url);
        let method = self.words.id(exchange.at.method.as_bytes());
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        let cross_site = !same_site(&host(document), &host(&exchange.url));
        for cookie in &exchange.sent {
            let name = self.words.id(cookie.name.as_bytes());
            let key = bounded(
                &self.sent,
                (name, cell_id, shape, method, cross_site),
                (name, cell_id, 0, method, cross_site),
            );
            let new = || Sent {
                name: cookie.name.clone(),
                cell: cell.clone(),
                count: 0,
                example: exchange.at.url.clone(),
                method: exchange.at.method.clone(),
                cross_site,
            };
            self.sent.entry(key).or_insert_with(new).count += 1;
        }
    }

    fn sighting(&mut self, mut sighting: Sighting) {
        let identity = sighting.value.identity;
        if identity > 0 {
            let next = u32::try_from(self.identities.len() + 1).unwrap_or(0);
            sighting.value.identity = match self.identities.get(&identity) {
                Some(known) => *known,
                None if self.identities.len() < MOST_VALUES => {
                    *self.identities.entry(identity).or_insert(next)
                }
                None => 0,
            };
        }
        if self.found.len() < MOST_ROWS {
            let place =
                sighting.decision.effective().map(|effective| effective.domain.clone()).unwrap_or_default();
            self.found.insert((sighting.kind, sighting.name.clone(), place));
        }
        self.fold.add(sighting);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "ids beside what they stand for, so that rows are made once"
    )]
    fn contact(
        &mut self,
        cell: &Cell,
        cell_id: u32,
        page: &Url,
        page_shape: u32,
        target: &Url,
        resource: Resource,
        fetched: bool,
    ) {
        let Some(host) = target.host_str() else { return };
        let host_id = self.words.id(host.as_bytes());
        let key = bounded(
            &self.contacts,
            (host_id, resource, cell_id, page_shape, fetched),
            (host_id, resource, cell_id, 0, fetched),
        );
        if let Some(known) = self.contacts.get_mut(&key) {
            known.count += 1;
            return;
        }
        let party = if self.hosts.is_own_host(host) { Party::First } else { Party::Third };
        let contact = Contact {
            host: host.to_owned(),
            party,
            resource,
            cell: cell.clone(),
            page: self.safe(page),
            example: self.safe(target),
            count: 1,
            fetched,
            carried: Vec::new(),
        };
        self.contacts.insert(key, contact);
    }

    fn page(&mut self, cell: &Cell, cell_id: u32, visit: &Visit, shape: u32) {
        let elsewhere = visit.shown != visit.asked;
        let shown = if elsewhere { self.shape(&visit.shown) } else { 0 };
        let key = bounded(&self.pages, (cell_id, shape, visit.status, shown), (cell_id, 0, visit.status, 0));
        if let Some(known) = self.pages.get_mut(&key) {
            known.count += 1;
            return;
        }
        let tally = PageTally {
            cell: cell.clone(),
            example: self.safe(&visit.asked),
            shown: elsewhere.then(|| self.safe(&visit.shown)),
            status: visit.status,
            count: 1,
        };
        self.pages.insert(key, tally);
    }

    fn cell(&mut self, cell: &Cell) -> u32 {
        let known = self.cells.iter().rposition(|known| known == cell);
        let id = known.unwrap_or_else(|| {
            self.cells.push(cell.clone());
            self.cells.len() - 1
        });
        u32::try_from(id).unwrap_or(u32::MAX)
    }

    /// The shape of a URL: origin, shape of the path, names of the query.
    fn shape(&mut self, url: &Url) -> u32 {
        let shape = path_shape(&url[url::Position::BeforePath..url::Position::AfterQuery]);
        let origin = &url[..url::Position::BeforePath];
        self.words.id(format!("{origin}{shape}").as_bytes())
    }
}

/// Small numbers for texts that come again and again; 0 stands for all when there are too many.
#[derive(Default)]
struct Words(HashMap<Box<[u8]>, u32>);

impl Words {
    fn id(&mut self, word: &[u8]) -> u32 {
        if let Some(known) = self.0.get(word) {
            return *known;
        }
        if self.0.len() >= 4 * MOST_ROWS {
            return 0;
        }
        let id = u32::try_from(self.0.len() + 1).unwrap_or(0);
        self.0.insert(word.into(), id);
        id
    }
}

/// The row itself, or the one that takes what is too much.
fn bounded<K: Eq + std::hash::Hash, V>(rows: &HashMap<K, V>, key: K, instead: K) -> K {
    if rows.len() < MOST_ROWS || rows.contains_key(&key) { key } else { instead }
}

fn sorted<'a, T: Ord + Clone + 'a>(rows: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut rows: Vec<T> = rows.cloned().collect();
    rows.sort();
    rows
}
