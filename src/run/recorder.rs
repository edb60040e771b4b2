//! What the run has seen so far: visits go in, in the order they were asked for; the fold keeps
//! what an audit could ask about.

use super::correlation::Correlation;
use super::hosts::Hosts;
use crate::cookie::same_site;
use crate::engine::{Exchange, Visit};
use crate::manifest::Manifest;
use crate::observation::{
    Cell, ConsentLook, Contact, Coverage, Failed, FailureKind, Fold, Observation, PageTally, Party, Picture,
    Resource, SafeUrl, Sent, Sighting, Skipped,
};
use crate::secret::Secrets;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Remarks kept about the coverage.
const MOST_NOTES: usize = 100;
/// Distinct values told apart, as in the engine.
const MOST_VALUES: usize = 1 << 18;

/// The run's memory.
pub(super) struct Recorder {
    hosts: Arc<Hosts>,
    secrets: Arc<RwLock<Secrets>>,
    fold: Fold,
    /// The engine numbers values as they arrive, which differs from run to run; here they are
    /// numbered as they are recorded.
    identities: HashMap<u32, u32>,
    failures: u64,
    consent: Vec<ConsentLook>,
    pictures: Vec<Picture>,
    notes: Vec<String>,
    /// Which of the manifest's classes a page is in.
    class: Option<Classes>,
    /// Requests that seem to tell who is visiting, until visitors are compared.
    correlation: Correlation,
}

type Classes = Box<dyn Fn(&Url) -> u64 + Send + Sync>;

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
    pub(super) fn new(
        hosts: Arc<Hosts>,
        secrets: Arc<RwLock<Secrets>>,
        manifest: Option<&Manifest>,
        members: BTreeSet<String>,
    ) -> Recorder {
        let fold = match manifest {
            Some(manifest) => Fold::with_classes(classes(manifest)),
            None => Fold::default(),
        };
        let correlation = Correlation::new(members);
        Recorder {
            hosts,
            secrets,
            fold,
            identities: HashMap::new(),
            failures: 0,
            correlation,
            consent: Vec::new(),
            pictures: Vec::new(),
            notes: Vec::new(),
            class: manifest.map(|manifest| Box::new(classes_of_url(manifest)) as Classes),
        }
    }

    /// Takes in a visit.
    pub(super) fn visit(&mut self, cell: &Cell, visit: &Visit, within: Option<&Url>, counts: As) {
        let document = within.unwrap_or(&visit.asked);
        let page = self.safe(document);
        self.correlation.page_view();
        for exchange in &visit.exchanges {
            if exchange.at.resource == Resource::Document && exchange.at.hop == 0 {
                self.correlation.page_view();
            }
            self.exchange(cell, exchange, document, &page);
        }
        for write in &visit.writes {
            self.sighting(write.clone());
        }
        for remark in &visit.remarks {
            self.fold.add_remark(remark, &page);
        }
        if matches!(counts, As::Page | As::Look) && visit.status > 0 {
            let shown = (visit.shown != visit.asked).then(|| self.safe(&visit.shown));
            let example = page.clone();
            self.fold.add_page(PageTally {
                cell: cell.clone(),
                example,
                shown,
                status: visit.status,
                count: 1,
            });
        }
        if let Some(failure) = &visit.failure {
            if counts != As::Guess {
                self.failure(failure.clone());
            }
        } else if counts == As::Page && (400..500).contains(&visit.status) {
            let detail = format!("answered {}", visit.status);
            self.failed(cell, &visit.shown, FailureKind::ClientError, detail);
        }
    }

    /// How the address over http answered: itself, or with the way to https.
    pub(super) fn twin(&mut self, cell: &Cell, visit: &Visit) {
        let (example, shown) = (self.safe(&visit.asked), self.safe(&visit.shown));
        let shown = (visit.shown != visit.asked).then_some(shown);
        self.fold.add_page(PageTally { cell: cell.clone(), example, shown, status: visit.status, count: 1 });
    }

    /// A host that a page mentions and that was left alone.
    pub(super) fn mention(&mut self, cell: &Cell, page: &Url, target: &Url, resource: Resource) {
        let (page, example) = (self.safe(page), self.safe(target));
        if let Some(contact) = self.contact(cell, page, target, example, resource) {
            self.fold.add_contact(contact);
        }
    }

    /// Whoever comes now is a visitor of whom nothing was kept.
    pub(super) fn another_visitor(&mut self) {
        self.correlation.another_visitor();
    }

    /// Pages whose requests seem to tell who is visiting, where it takes another look to be sure.
    pub(super) fn undecided(&self) -> Vec<(Cell, SafeUrl)> {
        self.correlation.undecided()
    }

    /// Decides what requests told of their visitors: after the last visit.
    pub(super) fn settle(&mut self) {
        for contact in self.correlation.settle() {
            self.fold.add_contact(contact);
        }
    }

    /// A failure that is not a visit's own: a journey that could not be made.
    pub(super) fn failure(&mut self, failed: Failed) {
        self.failures += failed.count;
        self.fold.add_failed(failed);
    }

    /// What went wrong with a page, or on the way to it.
    pub(super) fn failed(&mut self, cell: &Cell, url: &Url, kind: FailureKind, detail: impl Into<String>) {
        let failed = Failed::once(cell, self.safe(url), kind, detail);
        self.failure(failed);
    }

    pub(super) fn skipped(&mut self, skipped: Skipped) {
        self.fold.add_skipped(skipped);
    }

    /// Which of the manifest's classes a page is in, as one number: what is said of one class is not
    /// shown by a page of another, however alike they are.
    pub(super) fn class_of(&self, url: &Url) -> u64 {
        self.class.as_ref().map_or(0, |class| class(url))
    }

    /// What a visitor met of the consent question.
    pub(super) fn consent(&mut self, look: ConsentLook) {
        self.consent.push(look);
    }

    pub(super) fn picture(&mut self, picture: Picture) {
        self.pictures.push(picture);
    }

    /// How many pictures there are.
    pub(super) fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// Something about the coverage that no tally says.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What visitors met of the consent question, and the pictures.
    pub(super) fn looks(&self) -> (Vec<ConsentLook>, Vec<Picture>) {
        let mut consent = self.consent.clone();
        consent.sort();
        (consent, self.pictures.clone())
    }

    /// Distinct cookies and storage items so far.
    pub(super) fn found(&self) -> u64 {
        self.fold.distinct() as u64
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    pub(super) fn safe(&self, url: &Url) -> SafeUrl {
        SafeUrl::new(url, &self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn observations(&self) -> Vec<Observation> {
        self.fold.observations()
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.fold.sent()
    }

    pub(super) fn contacts(&self) -> Vec<Contact> {
        self.fold.contacts()
    }

    /// Fills in what was visited, skipped and failed.
    pub(super) fn cover(&self, coverage: &mut Coverage) {
        self.fold.cover(coverage);
        coverage.notes.extend(self.notes.iter().cloned());
    }

    fn exchange(&mut self, cell: &Cell, exchange: &Exchange, document: &Url, page: &SafeUrl) {
        for sighting in &exchange.sightings {
            self.sighting(sighting.clone());
        }
        let at = &exchange.at;
        let contact = self.contact(cell, page.clone(), &exchange.url, at.url.clone(), at.resource);
        if let Some(contact) = contact {
            let contact = Contact { fetched: true, script: exchange.script.clone(), ..contact };
            if let Some(contact) = self.correlation.contact(contact, &exchange.carried) {
                self.fold.add_contact(contact);
            }
        }
        if !exchange.sent.is_empty() {
            let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
            let cross_site = !same_site(&host(document), &host(&exchange.url));
            let names = exchange.sent.iter().map(|cookie| &cookie.name);
            self.fold.add_sent(cell, &at.method, &at.url, cross_site, names);
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
        self.fold.add(sighting);
    }

    fn contact(
        &self,
        cell: &Cell,
        page: SafeUrl,
        target: &Url,
        example: SafeUrl,
        resource: Resource,
    ) -> Option<Contact> {
        let host = target.host_str()?;
        let party = if self.hosts.is_own_host(host) { Party::First } else { Party::Third };
        Some(Contact {
            host: host.to_owned(),
            party,
            resource,
            cell: cell.clone(),
            page,
            example,
            count: 1,
            fetched: false,
            carried: Vec::new(),
            script: None,
        })
    }
}

/// The same of an address as it was asked for.
fn classes(manifest: &Manifest) -> impl Fn(&SafeUrl) -> u64 + Send + Sync + use<> {
    let of_url = classes_of_url(manifest);
    move |page| page.parsed().map_or(0, |url| of_url(&url))
}

/// Which of the manifest's classes a page is in, as one number.
fn classes_of_url(manifest: &Manifest) -> impl Fn(&Url) -> u64 + Send + Sync + use<> {
    let classes: Vec<_> = manifest.pages.values().map(|class| class.patterns.clone()).collect();
    move |url| {
        let mut hash = std::hash::DefaultHasher::new();
        for (index, patterns) in classes.iter().enumerate() {
            if patterns.iter().any(|pattern| pattern.matches(url)) {
                std::hash::Hash::hash(&index, &mut hash);
            }
        }
        std::hash::Hasher::finish(&hash)
    }
}
