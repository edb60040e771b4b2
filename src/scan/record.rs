//! What the run has seen so far: visits go in, in the order they were asked for; the fold keeps
//! what an audit could ask about.

use super::hosts::Hosts;
use crate::cookie::same_site;
use crate::engine::{Exchange, Visit};
use crate::manifest::Manifest;
use crate::observation::{
    Cell, Contact, Coverage, Failed, FailureKind, Fold, Observation, PageTally, Party, Resource, SafeUrl,
    Sent, Sighting, Skipped,
};
use crate::secret::Secrets;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

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
    pub(super) fn new(
        hosts: Arc<Hosts>,
        secrets: Arc<RwLock<Secrets>>,
        manifest: Option<&Manifest>,
    ) -> Recorder {
        let fold = match manifest {
            Some(manifest) => Fold::with_classes(classes(manifest)),
            None => Fold::default(),
        };
        Recorder { hosts, secrets, fold, identities: HashMap::new(), failures: 0 }
    }

    /// Takes in a visit.
    pub(super) fn visit(&mut self, cell: &Cell, visit: &Visit, within: Option<&Url>, counts: As) {
        let document = within.unwrap_or(&visit.asked);
        let page = self.safe(document);
        for exchange in &visit.exchanges {
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
            let url = self.safe(&visit.shown);
            let detail = format!("answered {}", visit.status);
            self.failure(Failed {
                cell: cell.clone(),
                url,
                kind: FailureKind::ClientError,
                detail,
                count: 1,
            });
        }
    }

    /// A host that a page mentions and that was left alone.
    pub(super) fn mention(&mut self, cell: &Cell, page: &Url, target: &Url, resource: Resource) {
        let (page, example) = (self.safe(page), self.safe(target));
        self.contact(cell, page, target, example, resource, None);
    }

    /// A failure that is not a visit's own: a journey that could not be made.
    pub(super) fn failure(&mut self, failed: Failed) {
        self.failures += failed.count;
        self.fold.add_failed(failed);
    }

    pub(super) fn skipped(&mut self, skipped: Skipped) {
        self.fold.add_skipped(skipped);
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
    }

    fn exchange(&mut self, cell: &Cell, exchange: &Exchange, document: &Url, page: &SafeUrl) {
        for sighting in &exchange.sightings {
            self.sighting(sighting.clone());
        }
        let at = &exchange.at;
        self.contact(cell, page.clone(), &exchange.url, at.url.clone(), at.resource, Some(&exchange.carried));
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
        &mut self,
        cell: &Cell,
        page: SafeUrl,
        target: &Url,
        example: SafeUrl,
        resource: Resource,
        carried: Option<&[String]>,
    ) {
        let Some(host) = target.host_str() else { return };
        let party = if self.hosts.is_own_host(host) { Party::First } else { Party::Third };
        self.fold.add_contact(Contact {
            host: host.to_owned(),
            party,
            resource,
            cell: cell.clone(),
            page,
            example,
            count: 1,
            fetched: carried.is_some(),
            carried: carried.unwrap_or_default().to_vec(),
        });
    }
}

/// Which of the manifest's classes a page is in, as one number.
fn classes(manifest: &Manifest) -> impl Fn(&SafeUrl) -> u64 + Send + Sync + use<> {
    let classes: Vec<_> = manifest.pages.values().map(|class| class.patterns.clone()).collect();
    move |page| {
        let Some(url) = page.parsed() else { return 0 };
        let mut hash = std::hash::DefaultHasher::new();
        for (index, patterns) in classes.iter().enumerate() {
            if patterns.iter().any(|pattern| pattern.matches(&url)) {
                std::hash::Hash::hash(&index, &mut hash);
            }
        }
        std::hash::Hasher::finish(&hash)
    }
}
