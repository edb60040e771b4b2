//! The fold: sightings into observations, and the same for what was sent, asked, visited, skipped
//! and failed. Memory grows with distinct things and path shapes, not with pages.
//!
//! The same sightings give the same result in whatever order they arrive. They are told apart by a
//! hash of everything that an audit could ask about, and the first in the order of URLs (not of
//! time) is kept as their example. Where there are too many, *all* of a kind are told apart by less,
//! so that it does not matter which came first: by less of their pages, then of their names, of which
//! a site that makes them up has the most. What the manifest declares under one pattern stays one thing
//! and is never taken for another. Beyond that names are kept while there is room, the short ones first,
//! and of the rest one sighting of each kind; how many are no longer told apart is in the coverage.

use super::counted::{Countable, Counted, Detail, MOST, Pages, hash_of};
use super::went_along::{Declared, Request, WentAlong};
use super::{
    Cell, Contact, Coverage, Failed, Group, Observation, PageTally, Party, SafeUrl, Sent, Sighting, Skipped,
    StorageKind, path_template,
};
use crate::cookie::{Decision, Lifetime, LifetimeBy, Name, Written, registrable_domain};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Values of one group that are remembered by their ordinals.
const IDENTITIES: usize = 16;
/// Pages that a remark names; the rest is counted.
const NAMED: usize = 5;

/// Seconds by which two clocks that count whole seconds may disagree.
const CLOCKS: i64 = 2;

/// Gathers what the engines see, and gives it out sorted.
pub struct Fold {
    pages: Pages,
    /// Which of the manifest's patterns a name is meant by, as a number: 0 for none.
    declared: Declared,
    /// Hashes of the things seen, to tell how many there are.
    things: HashSet<u64>,
    seen: Counted<Seen>,
    went_along: WentAlong,
    contacts: Counted<Asked>,
    visited: Counted<PageTally>,
    skipped: Counted<Skipped>,
    failed: Counted<Failed>,
    remarks: Counted<Remark>,
}

impl Default for Fold {
    fn default() -> Self {
        Fold {
            pages: Pages::new(None),
            declared: Box::new(|_| 0),
            things: HashSet::new(),
            seen: Counted::default(),
            went_along: WentAlong::default(),
            contacts: Counted::default(),
            visited: Counted::default(),
            skipped: Counted::default(),
            failed: Counted::default(),
            remarks: Counted::default(),
        }
    }
}

impl Fold {
    /// Pages that differ in this number are never taken for one another: the set of the
    /// manifest's classes they belong to, as bits or hashed.
    pub fn with_classes(classes: impl Fn(&SafeUrl) -> u64 + Send + Sync + 'static) -> Self {
        Fold { pages: Pages::new(Some(Arc::new(classes))), ..Fold::default() }
    }

    /// Names that differ in this number are never taken for one another, however many there are: the
    /// set of the manifest's patterns that mean them; 0 for none.
    #[must_use]
    pub fn declaring(self, declared: impl Fn(&Name) -> u64 + Send + Sync + 'static) -> Self {
        Fold { declared: Box::new(declared), ..self }
    }

    /// Takes in one sighting.
    pub fn add(&mut self, mut sighting: Sighting) {
        // The document's own lines are the most of all, and some tens of thousands are kept.
        if sighting.exchange.url == sighting.page.asked {
            sighting.exchange.url = sighting.page.asked.clone();
        }
        let identity = sighting.value.identity;
        if self.things.len() < MOST {
            self.things.insert(hash_of(&self.pages, Thing::of(&sighting)));
        }
        let seen = Seen {
            declared: (self.declared)(&sighting.name),
            mixed: false,
            count: 1,
            identities: BTreeSet::from_iter((identity > 0).then_some(identity)),
            more_identities: false,
            example: without_jitter(sighting),
        };
        self.seen.add(&mut self.pages, seen);
    }

    /// Takes in the cookies that went along with one request.
    pub fn add_sent(
        &mut self,
        cell: &Cell,
        method: &str,
        url: &SafeUrl,
        cross_site: bool,
        names: &Arc<[Name]>,
    ) {
        self.went_along.add(
            &mut self.pages,
            Request { cell, method, url, cross_site },
            names,
            &self.declared,
        );
    }

    /// Takes in a request to a host, or a mention of one.
    pub fn add_contact(&mut self, contact: Contact) {
        self.contacts.add(&mut self.pages, Asked { contact, mixed: false });
    }

    /// Takes in a page that was visited.
    pub fn add_page(&mut self, page: PageTally) {
        self.visited.add(&mut self.pages, page);
    }

    /// Takes in pages that were known and not asked for.
    pub fn add_skipped(&mut self, skipped: Skipped) {
        self.skipped.add(&mut self.pages, skipped);
    }

    /// Takes in a failure.
    pub fn add_failed(&mut self, failed: Failed) {
        self.failed.add(&mut self.pages, failed);
    }

    /// Takes in what a page did beside putting things on the device, in words of ours.
    pub fn add_remark(&mut self, text: impl Into<Cow<'static, str>>, page: &SafeUrl) {
        self.remarks.add(&mut self.pages, Remark { text: text.into(), page: page.clone() });
    }

    /// Distinct cookies and storage items so far, as far as they are counted.
    pub fn distinct(&self) -> usize {
        self.things.len()
    }

    /// Everything seen so far, sorted and given away: [`Fold::cover`] comes before.
    pub fn take_observations(&mut self) -> Vec<Observation> {
        let coarse = self.seen.detail() > Detail::Shape;
        let mut observations: BTreeMap<Thing, Vec<Group>> = BTreeMap::new();
        for Seen { count, example, identities, more_identities, .. } in self.seen.take() {
            let group = Group { count, example, identities, more_identities, coarse };
            observations.entry(Thing::of(&group.example)).or_default().push(group);
        }
        let sorted = |(thing, mut groups): (Thing, Vec<Group>)| {
            groups.sort_by(|a, b| {
                let of = |group: &Group| (group.example.cell.clone(), group.example.channel);
                of(a).cmp(&of(b)).then_with(|| order(&a.example).cmp(&order(&b.example)))
            });
            let Thing { kind, name, domain, path, partition, party } = thing;
            Observation { kind, name, domain, path, partition, party, groups }
        };
        observations.into_iter().map(sorted).collect()
    }

    /// Cookies sent so far, sorted and given away, as the observations are.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        self.went_along.take(&mut self.pages, &self.declared)
    }

    /// Hosts asked so far, sorted and given away, as the observations are.
    pub fn take_contacts(&mut self) -> Vec<Contact> {
        let mut contacts: Vec<Contact> = self.contacts.take().map(|asked| asked.contact).collect();
        contacts.sort_unstable();
        contacts
    }

    /// Fills in the pages, skipped and failed of a coverage, sorted and given away, and what could not be
    /// kept.
    pub fn cover(&mut self, coverage: &mut Coverage) {
        self.went_along.settle(&mut self.pages, &self.declared);
        let notes = [
            self.seen.note("sightings"),
            self.went_along.note(),
            self.contacts.note("contacts"),
            self.visited.note("visited pages"),
            self.skipped.note("skipped pages"),
            self.failed.note("failures"),
        ];
        coverage.lost = self.seen.lost()
            + self.went_along.lost()
            + self.contacts.lost()
            + self.visited.lost()
            + self.failed.lost();
        coverage.notes.extend(notes.into_iter().flatten());
        coverage.notes.extend(self.remarks());
        coverage.pages = self.visited.take_sorted();
        coverage.skipped = self.skipped.take_sorted();
        coverage.failed = self.failed.take_sorted();
    }

    /// Each remark once, with the pages that it is about: one for each shape, and only some of many.
    fn remarks(&self) -> impl Iterator<Item = String> {
        let mut remarks: BTreeMap<&str, BTreeSet<&SafeUrl>> = BTreeMap::new();
        for remark in self.remarks.iter() {
            remarks.entry(&remark.text).or_default().insert(&remark.page);
        }
        remarks.into_iter().map(|(text, pages)| {
            let named: Vec<&str> = pages.iter().take(NAMED).map(|page| page.as_str()).collect();
            let more = match pages.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{text}: {}{more}", named.join(", "))
        })
    }
}

impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fold({} distinct)", self.distinct())
    }
}

/// What an observation is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Thing {
    name: Name,
    kind: StorageKind,
    domain: String,
    path: String,
    partition: Option<String>,
    party: Party,
}

impl Thing {
    /// A cookie without a `Path` of its own has the folder of the URL that set it: such a path
    /// counts by its shape, or each page would have an observation of its own.
    fn of(sighting: &Sighting) -> Thing {
        let effective = sighting.decision.effective();
        let url = &sighting.exchange.url;
        let written = sighting.written.path.as_deref().filter(|path| path.starts_with('/'));
        let path = match (sighting.kind, written, effective) {
            (StorageKind::Cookie, Some(written), _) => written.to_owned(),
            (StorageKind::Cookie, None, Some(effective)) => path_template(&effective.path),
            (StorageKind::Cookie, None, None) => default_path(url),
            _ => String::new(),
        };
        let domain = match effective {
            Some(effective) => effective.domain.clone(),
            None => url.parsed().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
        };
        Thing {
            name: sighting.name.clone(),
            kind: sighting.kind,
            domain,
            path,
            partition: effective.and_then(|effective| effective.partition.clone()),
            party: sighting.party,
        }
    }
}

/// The shape of a URL's folder (RFC 6265bis 5.1.4).
fn default_path(url: &SafeUrl) -> String {
    let path = url.parsed().map(|url| url.path().to_owned()).unwrap_or_default();
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(slash) => path_template(&path[..slash]),
    }
}

/// Sightings that differ in nothing an audit could ask about.
#[derive(Clone)]
struct Seen {
    count: u64,
    /// Which of the manifest's patterns its name is meant by.
    declared: u64,
    /// It stands for several things.
    mixed: bool,
    example: Sighting,
    identities: BTreeSet<u32>,
    more_identities: bool,
}

impl Seen {
    /// What it is of, as far as that tells it apart.
    fn thing(&self, detail: Detail) -> Thing {
        let mut thing = Thing::of(&self.example);
        thing.name = detail.of_name(thing.name, self.declared);
        if detail >= Detail::Outline {
            thing.path = String::new();
            thing.partition = thing.partition.map(|_| String::new());
            if self.declared == 0 {
                thing.domain = String::new();
            }
        }
        thing
    }
}

impl Countable for Seen {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let sighting = &self.example;
        let page = [
            Some(&sighting.page.asked),
            sighting.page.shown.as_ref(),
            sighting.page.started_by.as_ref(),
            Some(&sighting.exchange.url),
            sighting.script.as_ref().map(|script| &script.url),
        ];
        let page = page.map(|url| url.map_or(0, |url| pages.key(url, detail)));
        pages.hash(|hasher| {
            (self.thing(detail), self.declared).hash(hasher);
            sighting.cell.hash(hasher);
            page.hash(hasher);
            let at = &sighting.exchange;
            (&at.method, at.status, at.resource, sighting.channel).hash(hasher);
            hash_written(sighting, hasher, detail);
            hash_decision(sighting, hasher, detail);
            (sighting.value.shape, sighting.value.class, &sighting.disagreement).hash(hasher);
            if let Some(elsewhere) = &sighting.elsewhere {
                (elsewhere.browser, std::mem::discriminant(&elsewhere.decision)).hash(hasher);
            }
        })
    }

    fn merge(&mut self, other: Self) {
        // What one pattern means is one thing under many names, and no audit asks which.
        let as_meant = if self.declared == 0 { Detail::Shape } else { Detail::Family };
        self.mixed |= other.mixed || self.thing(as_meant) != other.thing(as_meant);
        self.count += other.count;
        self.identities.extend(other.identities);
        self.more_identities |= other.more_identities || self.identities.len() > IDENTITIES;
        while self.identities.len() > IDENTITIES {
            self.identities.pop_last();
        }
        if order(&other.example) < order(&self.example) {
            self.example = other.example;
        }
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// What is declared first, then the short names: those made up by the thousand are long.
    fn rank(&self) -> u32 {
        let length = u32::try_from(self.example.name.as_bytes().len()).unwrap_or(u32::MAX);
        if self.declared == 0 { length.saturating_add(1) } else { 0 }
    }

    fn counts_nameless(&self) -> bool {
        true
    }
}

/// The order in which examples are chosen: by URLs, so that concurrent visits change nothing.
fn order(sighting: &Sighting) -> impl Ord {
    let at = &sighting.exchange;
    let effective = sighting.decision.effective();
    let reasons = match &sighting.decision {
        Decision::Rejected { reasons } => reasons.as_slice(),
        _ => &[],
    };
    (
        (&sighting.page, &at.url, &at.method, at.status, at.hop),
        (&sighting.line, &sighting.written, effective, reasons, sighting.value.shape),
        (&sighting.name, sighting.at_ms),
    )
}

fn hash_written(sighting: &Sighting, hasher: &mut impl Hasher, detail: Detail) {
    let Written { lifetime, lifetime_by, http_only, secure, same_site, partitioned, path, domain } =
        &sighting.written;
    hash_lifetime(*lifetime, sighting, hasher, detail);
    let domain = if detail < Detail::Outline { domain.as_deref() } else { domain.as_ref().map(|_| "") };
    (lifetime_by, http_only, secure, same_site, partitioned, domain).hash(hasher);
    path.is_some().hash(hasher);
}

fn hash_decision(sighting: &Sighting, hasher: &mut impl Hasher, detail: Detail) {
    std::mem::discriminant(&sighting.decision).hash(hasher);
    if let Decision::Rejected { reasons } = &sighting.decision {
        reasons.hash(hasher);
    }
    if let Some(effective) = sighting.decision.effective() {
        hash_lifetime(effective.lifetime, sighting, hasher, detail);
        let flags = (effective.host_only, effective.secure, effective.http_only);
        (flags, effective.same_site, effective.priority).hash(hasher);
    }
}

/// A `Max-Age` counts as it is. What is left until an `Expires` changes from second to second, by
/// the jitter of two clocks or because the date is a fixed one: such lifetimes are told apart by
/// steps that are smaller than the tolerance of any claim (60 s or 1 %). The steps end 43 s past a
/// minute, where no server's lifetime ends.
fn hash_lifetime(lifetime: Lifetime, sighting: &Sighting, hasher: &mut impl Hasher, detail: Detail) {
    let (step, steps) = match lifetime {
        Lifetime::Seconds(seconds) if is_by_date(sighting) => {
            let step = match seconds {
                ..60_000 => 60,
                60_000..360_000 => 600,
                _ => 3600,
            };
            (step, (seconds + 17).div_euclid(step))
        }
        Lifetime::Seconds(seconds) if detail >= Detail::Outline => (1, seconds),
        exact => return exact.hash(hasher),
    };
    // A site may make one up for every answer: then only how long it is, roughly.
    match detail < Detail::Outline {
        true => (step, steps).hash(hasher),
        false => (step, steps.signum(), steps.unsigned_abs().checked_ilog2()).hash(hasher),
    }
}

/// Whether the lifetime comes from a date: of what was only found it does.
fn is_by_date(sighting: &Sighting) -> bool {
    sighting.written.lifetime_by != Some(LifetimeBy::MaxAge)
}

/// Lifetimes by date, as the server meant them: whole minutes where the clocks' jitter is all that
/// is missing, and 0 for a date in the past, however long ago. So two runs show the same.
fn without_jitter(mut sighting: Sighting) -> Sighting {
    if !is_by_date(&sighting) {
        return sighting;
    }
    let settle = |lifetime: &mut Lifetime| {
        if let Lifetime::Seconds(seconds) = lifetime {
            let minute = (*seconds + CLOCKS).div_euclid(60) * 60;
            if *seconds <= 0 {
                *seconds = 0;
            } else if minute > 0 && (*seconds - minute).abs() <= CLOCKS {
                *seconds = minute;
            }
        }
    };
    settle(&mut sighting.written.lifetime);
    match &mut sighting.decision {
        Decision::Stored { effective }
        | Decision::Replaced { effective }
        | Decision::Deleted { effective } => {
            settle(&mut effective.lifetime);
        }
        Decision::Rejected { .. } => {}
    }
    sighting
}

/// Requests to a host. Where a site makes hosts up, those of one registrable domain are one.
#[derive(Clone)]
struct Asked {
    contact: Contact,
    mixed: bool,
}

impl Countable for Asked {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let Contact { host, party, resource, cell, page, fetched, carried, .. } = &self.contact;
        let page = pages.key(page, detail.min(Detail::Host));
        let host = if detail < Detail::Outline { host } else { registrable_domain(host) };
        hash_of(pages, (host, party, resource, cell, fetched, carried, page))
    }

    fn merge(&mut self, other: Self) {
        self.mixed |= other.mixed || self.contact.host != other.contact.host;
        self.contact.count += other.contact.count;
        // The first script that is known, in the order of URLs.
        let place = |Asked { contact, .. }: &Asked| {
            let Contact { host, page, example, script, .. } = contact.clone();
            (script.is_none(), page, example, script, host)
        };
        if place(&other) < place(self) {
            self.contact = Contact { count: self.contact.count, ..other.contact };
        }
    }

    fn count(&self) -> u64 {
        self.contact.count
    }

    fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Hosts made up by the thousand are long.
    fn rank(&self) -> u32 {
        u32::try_from(self.contact.host.len()).unwrap_or(u32::MAX)
    }
}

impl Countable for PageTally {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let example = pages.key(&self.example, detail.min(Detail::Host));
        let shown = self.shown.as_ref().map(|shown| pages.key(shown, detail.min(Detail::Host)));
        hash_of(pages, (&self.cell, self.status, example, shown))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        if (&other.example, &other.shown) < (&self.example, &self.shown) {
            (self.example, self.shown) = (other.example, other.shown);
        }
    }

    fn count(&self) -> u64 {
        self.count
    }
}

impl Countable for Skipped {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let example = pages.key(&self.example, detail.min(Detail::Host));
        hash_of(pages, (&self.persona, self.reason, example))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.example = other.example.min(self.example.clone());
    }

    fn count(&self) -> u64 {
        self.count
    }
}

impl Countable for Failed {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let url = pages.key(&self.url, detail.min(Detail::Host));
        hash_of(pages, (&self.cell, self.kind, url))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        if (&other.url, &other.detail) < (&self.url, &self.detail) {
            (self.url, self.detail) = (other.url, other.detail);
        }
    }

    fn count(&self) -> u64 {
        self.count
    }
}

/// What a page did beside putting things on the device.
#[derive(Clone)]
struct Remark {
    text: Cow<'static, str>,
    page: SafeUrl,
}

impl Countable for Remark {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let page = pages.key(&self.page, detail.min(Detail::Host));
        hash_of(pages, (&self.text, page))
    }

    fn merge(&mut self, other: Self) {
        self.page = other.page.min(self.page.clone());
    }

    fn count(&self) -> u64 {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::{CookieLine, Initiator, Jar, RequestContext, ThirdPartyCookies, ValueFacts};
    use crate::observation::{
        Channel, Circumstances, Consent, Engine, ExchangeRef, FailureKind, LineFrom, Page, Phase, Resource,
        SkipReason,
    };
    use crate::secret::Secrets;
    use proptest::prelude::*;
    use url::Url;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const NOW: f64 = 784_111_777.0;

    fn cell(persona: &str) -> Cell {
        let persona = persona.to_owned();
        Cell {
            persona,
            engine: Engine::Http,
            consent: Consent::Untouched,
            phase: Phase::Crawl,
            repeat: 0,
            third_party: None,
        }
    }

    fn safe(path: &str) -> SafeUrl {
        let url = Url::parse("https://example.org/").unwrap().join(path).unwrap();
        SafeUrl::new(&url, &Secrets::default())
    }

    fn seen(path: &str, line: &str) -> Sighting {
        let url = Url::parse("https://example.org/").unwrap().join(path).unwrap();
        let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
        let context = RequestContext {
            url: url.clone(),
            initiator: Initiator::Navigation,
            third_party: ThirdPartyCookies::Block,
            response_date: Some(date.to_vec()),
            now: NOW,
        };
        let decision = Jar::default().receive(line.as_bytes(), &context).1;
        let line = CookieLine::parse(line.as_bytes());
        let here = Circumstances {
            cell: cell("anonymous"),
            page: Page { asked: safe(path), shown: None, started_by: None },
            exchange: ExchangeRef {
                method: "GET".into(),
                url: safe(path),
                status: 200,
                hop: 0,
                resource: Resource::Document,
            },
            party: Party::First,
            at_ms: 0,
        };
        let (written, facts) = (line.written(Some(date), NOW), ValueFacts::of(&line.value, &url));
        Sighting::of_line(here, LineFrom::Header, &line, written, decision, facts)
    }

    fn changed(mut sighting: Sighting, change: impl FnOnce(&mut Sighting)) -> Sighting {
        change(&mut sighting);
        sighting
    }

    fn folded(sightings: impl IntoIterator<Item = Sighting>) -> Vec<Observation> {
        let mut fold = Fold::default();
        for (at_ms, sighting) in (0..).zip(sightings) {
            fold.add(changed(sighting, |seen| seen.at_ms = at_ms));
        }
        fold.take_observations()
    }

    /// `name domain path: count example, ...`, one line for each observation.
    fn text(observations: &[Observation]) -> String {
        let line = |seen: &Observation| {
            let groups = seen.groups.iter().map(|g| format!("{}x {}", g.count, g.example.page.asked));
            let groups: Vec<_> = groups.map(|text| text.replace("https://example.org", "")).collect();
            format!("{} {} {}: {}\n", seen.name, seen.domain, seen.path, groups.join(", "))
        };
        observations.iter().map(line).collect()
    }

    #[test]
    fn pages_of_one_shape_are_one_group() {
        let seen = ["/blog/2", "/blog/10", "/blog/1", "/about"].map(|page| seen(page, "a=1; Path=/"));
        assert_eq!(text(&folded(seen)), "a example.org /: 1x /about, 3x /blog/1\n");
    }

    #[test]
    fn what_an_audit_asks_about_is_kept_apart() {
        let different = [
            seen("/", "a=1; Path=/"),
            seen("/", "a=1; Path=/; Secure"),
            seen("/", "a=1; Path=/; HttpOnly"),
            seen("/", "a=1; Path=/; SameSite=Lax"),
            seen("/", "a=1; Path=/; Max-Age=60"),
            seen("/", "a=1; Path=/; Max-Age=61"),
            seen("/", "a=anna@example.org; Path=/"),
            seen("/", "a=1; Path=/; SameSite=None"),
            changed(seen("/", "a=1; Path=/"), |seen| seen.cell = cell("member")),
            changed(seen("/", "a=1; Path=/"), |seen| seen.channel = Channel::TolerantHeader),
        ];
        let count = different.len();
        let folded = folded(different);
        assert_eq!(folded.len(), 1);
        assert_eq!(folded[0].groups.len(), count);
    }

    #[test]
    fn things_are_told_apart_by_name_domain_and_path() {
        let seen = [
            seen("/x/1", "b=1"),
            seen("/x/2", "b=1"),
            seen("/", "a=1; Path=/x"),
            seen("/", "a=1; Domain=example.org; Path=/"),
            seen("/", "a=1; Domain=other.org; Path=/"),
            seen("/", "a=1; Path=/"),
        ];
        assert_eq!(
            text(&folded(seen)),
            "a example.org /: 1x /, 1x /, 1x /\na example.org /x: 1x /\nb example.org /x: 2x /x/1\n"
        );
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut sightings: Vec<_> = (0..40)
            .flat_map(|n| {
                let line = format!("c{}={n}; Path=/; Max-Age={}", n % 3, n % 2);
                [seen(&format!("/p/{n}"), &line), seen(["/a", "/b"][n % 2], &line)]
            })
            .collect();
        let without_time = |sightings: &[Sighting]| {
            let mut fold = Fold::default();
            sightings.iter().cloned().for_each(|sighting| fold.add(sighting));
            serde_json::to_string(&fold.take_observations()).unwrap()
        };
        let forwards = without_time(&sightings);
        sightings.reverse();
        assert!(without_time(&sightings) == forwards);
        sightings.rotate_left(7);
        assert!(without_time(&sightings) == forwards);
    }

    #[test]
    fn lifetimes_by_date_do_not_flicker() {
        #[track_caller]
        fn case(lines: &[&str], groups: usize, shown: i64) {
            let folded = folded(lines.iter().map(|line| seen("/", &format!("a=1; Path=/; {line}"))));
            assert_eq!(folded[0].groups.len(), groups, "{lines:?}");
            assert_eq!(folded[0].groups[0].example.written.lifetime, Lifetime::Seconds(shown), "{lines:?}");
        }
        // One hour, as three responses around the turn of a second have it.
        let hour = ["36", "37", "38"].map(|s| format!("Expires=Sun, 06 Nov 1994 09:49:{s} GMT"));
        case(&hour.each_ref().map(String::as_str), 1, 3600);
        case(&[&hour[0]], 1, 3600);
        case(&["Expires=Sun, 06 Nov 1994 08:51:17 GMT", "Expires=Sun, 06 Nov 1994 08:51:16 GMT"], 1, 99);
        case(&["Expires=Sun, 06 Nov 1994 09:49:37 GMT", "Expires=Sun, 06 Nov 1994 09:52:37 GMT"], 2, 3600);
        case(&["Max-Age=3599", "Max-Age=3600"], 2, 3599);
        case(&["Max-Age=x; Expires=Sun, 06 Nov 1994 09:49:36 GMT"], 1, 3600);
        case(&["Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Thu, 01 Jan 1970 00:00:01 GMT"], 1, 0);
    }

    #[test]
    fn values_are_told_by_their_ordinals() {
        let with = |identity| {
            let mut sighting = seen("/", "a=1; Path=/");
            sighting.value.identity = identity;
            sighting
        };
        let group = |identities: &[u32]| folded(identities.iter().map(|n| with(*n)))[0].groups.remove(0);
        assert_eq!(group(&[3, 1, 3, 0]).identities, BTreeSet::from([1, 3]));
        assert!(!group(&[3, 1]).more_identities);
        let many = group(&(1..=20).rev().collect::<Vec<_>>());
        assert_eq!(
            (many.identities.len(), many.identities.last(), many.more_identities),
            (16, Some(&16), true)
        );
    }

    #[test]
    fn too_many_pages_are_told_apart_by_folder_and_class() {
        let mut fold = Fold::with_classes(|url| u64::from(url.as_str().contains("checkout")));
        let page = |name: String| PageTally {
            cell: cell("anonymous"),
            example: safe(&name),
            shown: None,
            status: 200,
            count: 1,
        };
        let letters = |n: usize| [n / 676, n / 26 % 26, n % 26].map(|n| char::from(b'a' + n as u8));
        for n in 0..400 {
            let name = String::from_iter(letters(n));
            fold.add_page(page(format!("/shop/{}/{name}", n % 2)));
        }
        fold.add_page(page("/shop/1/checkout".into()));
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        let pages: Vec<_> =
            coverage.pages.iter().map(|page| (page.example.to_string(), page.count)).collect();
        assert_eq!(
            pages,
            [
                ("https://example.org/shop/0/aaa".into(), 400),
                ("https://example.org/shop/1/checkout".into(), 1)
            ]
        );
        assert_eq!(
            coverage.notes,
            ["more than 300 different visited pages: told apart by the first two folders of their pages"]
        );
    }

    /// The fold's observations and coverage after these sightings.
    fn kept(mut fold: Fold, sightings: &[Sighting]) -> (Vec<Observation>, Coverage) {
        sightings.iter().cloned().for_each(|sighting| fold.add(sighting));
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        (fold.take_observations(), coverage)
    }

    fn counted(observations: &[Observation]) -> u64 {
        observations.iter().flat_map(|seen| &seen.groups).map(|group| group.count).sum()
    }

    fn named(observations: &[Observation], name: &str) -> bool {
        observations.iter().any(|seen| seen.name.to_string() == name)
    }

    #[test]
    fn a_site_that_makes_up_names_fills_no_memory() {
        let flood: Vec<_> = (0..MOST + 10).map(|n| seen("/", &format!("n{n}=1"))).collect();
        let (observations, coverage) = kept(Fold::default(), &flood);
        assert_eq!((observations.len(), counted(&observations)), (1, 310));
        assert_eq!(coverage.lost, 310);
        assert_eq!(
            coverage.notes,
            [
                "more than 300 different sightings: told apart by the outline of their names, their attributes and \
              whose they are; 310 of them are not listed one by one"
            ]
        );
        assert_eq!(Fold::default().distinct(), 0);
    }

    /// Names as sites make them up: numbered, from random bytes, of letters alone.
    fn flood(kind: usize, count: usize) -> Vec<Sighting> {
        let letters = |n: usize| [n / 676, n / 26 % 26, n % 26].map(|n| char::from(b'a' + n as u8));
        let random = |n: usize| {
            let mut state = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let base62 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
            let letter = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(base62[(state >> 33) as usize % 62])
            };
            (0..22).map(letter).collect::<String>()
        };
        let line = |n: usize| match kind {
            0 => format!("nonce{n}x=1; Path=/; Max-Age={}", 60 + n),
            1 => format!("Nonce.{}=1; Path=/", random(n)),
            2 => format!("{}=1; Path=/", random(n)),
            _ => format!("zzqx{}zqqx=1; Path=/p{n}", String::from_iter(letters(n))),
        };
        (0..count).map(|n| seen(&format!("/p{}", n % 7), &line(n))).collect()
    }

    #[test]
    fn one_of_each_is_kept_whatever_comes() {
        for kind in 0..4 {
            let mut sightings = flood(kind, MOST * 3);
            sightings.push(seen("/late", "tracker=1; Path=/"));
            sightings.push(seen("/late", "insecure=1; Path=/; SameSite=None"));
            sightings.push(seen("/late", "sid=1; Path=/; HttpOnly"));
            let count = sightings.len() as u64;
            for turn in [0, 1, MOST] {
                sightings.rotate_right(turn);
                let (observations, coverage) = kept(Fold::default(), &sightings);
                for name in ["tracker", "insecure", "sid"] {
                    assert!(named(&observations, name), "{name} among names of kind {kind}");
                }
                assert_eq!(counted(&observations), count, "kind {kind}");
                assert!(coverage.lost >= MOST as u64, "kind {kind}: {}", coverage.lost);
                assert!(observations.len() <= MOST + MOST / 10);
            }
        }
    }

    #[test]
    fn what_one_pattern_declares_is_one_thing_and_no_other() {
        let declared = |name: &Name| u64::from(name.to_string().starts_with("Nonce."));
        let mut sightings = flood(1, MOST * 3);
        let (observations, coverage) = kept(Fold::default().declaring(declared), &sightings);
        assert_eq!((counted(&observations), coverage.lost), (MOST as u64 * 3, 0), "nothing is lost");
        sightings.extend(flood(0, MOST * 3));
        sightings.push(seen("/", "Nonce.x=1; Path=/; HttpOnly"));
        let (observations, coverage) = kept(Fold::default().declaring(declared), &sightings);
        let nonces = observations.iter().filter(|seen| declared(&seen.name) == 1).map(|seen| &seen.groups);
        assert_eq!(nonces.flatten().map(|group| group.count).sum::<u64>(), MOST as u64 * 3 + 1);
        assert!(coverage.lost > 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn whatever_is_kept_is_the_same_in_any_order(
            kinds in proptest::collection::vec(0..4usize, 1..4),
            shuffled in Just((0..MOST * 2).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut sightings = Vec::new();
            for kind in kinds {
                sightings.extend(flood(kind, MOST * 2));
            }
            let parts = sightings.len() / shuffled.len();
            let mixed = |part| shuffled.iter().map(move |at| at * parts + part);
            let other: Vec<_> = (0..parts).flat_map(mixed).map(|at| sightings[at].clone()).collect();
            let (first, coverage) = kept(Fold::default(), &sightings);
            let again = kept(Fold::default(), &other);
            prop_assert_eq!(counted(&first), sightings.len() as u64);
            prop_assert!(again == (first, coverage));
        }
    }

    #[test]
    fn hosts_that_are_made_up_push_no_other_out() {
        let contact = |host: &str| Contact {
            host: host.to_owned(),
            party: Party::Third,
            resource: Resource::Image,
            cell: cell("anonymous"),
            page: safe("/"),
            example: safe(&format!("https://{host}/p.gif")),
            count: 1,
            fetched: true,
            carried: Vec::new(),
            script: None,
        };
        let made_up = (0..MOST * 3).map(|n| contact(&format!("h{n}.tracker.example")));
        let others = ["ads.example", "cdn.long-name-of-another.example"].map(contact);
        for turn in [0, 1, MOST] {
            let mut contacts: Vec<Contact> = made_up.clone().chain(others.clone()).collect();
            contacts.rotate_right(turn);
            let mut fold = Fold::default();
            contacts.into_iter().for_each(|contact| fold.add_contact(contact));
            let mut coverage = Coverage::default();
            fold.cover(&mut coverage);
            assert_eq!(coverage.lost, MOST as u64 * 3);
            let kept: Vec<_> = fold.take_contacts().into_iter().map(|kept| (kept.host, kept.count)).collect();
            let expected = [
                ("ads.example", 1),
                ("cdn.long-name-of-another.example", 1),
                ("h0.tracker.example", MOST as u64 * 3),
            ];
            assert_eq!(kept, expected.map(|(host, count)| (host.to_owned(), count)));
        }
    }

    #[test]
    fn a_remark_is_made_once_for_pages_of_one_shape() {
        let mut fold = Fold::default();
        for page in ["/p/3", "/p/2", "/b", "/c", "/d", "/e", "/f"] {
            fold.add_remark("a window was opened", &safe(page));
        }
        fold.add_remark("a download was refused", &safe("/b"));
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        assert_eq!(
            coverage.notes,
            [
                "a download was refused: https://example.org/b".to_owned(),
                "a window was opened: https://example.org/b, https://example.org/c, https://example.org/d, \
                 https://example.org/e, https://example.org/f and 1 more"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn each_cookie_that_went_along_is_counted_however_the_sets_change() {
        fn counted<'s>(sets: impl IntoIterator<Item = &'s Arc<[Name]>>) -> Vec<(String, u64)> {
            let mut fold = Fold::default();
            for names in sets {
                fold.add_sent(&cell("anonymous"), "GET", &safe("/a"), false, names);
            }
            fold.take_sent().into_iter().map(|sent| (sent.name.to_string(), sent.count)).collect()
        }
        let set = |names: &[&str]| -> Arc<[Name]> { names.iter().copied().map(Name::from).collect() };
        let [one, both, none] = [set(&["a"]), set(&["a", "b"]), set(&[])];
        let expected = [("a".to_owned(), 4), ("b".to_owned(), 2)];
        assert_eq!(counted([&one, &both, &none, &both, &one]), expected);
        assert_eq!(counted([&both, &both, &one, &one, &none]), expected);
        // More sets than are counted together.
        let many: Vec<_> = (0..50).map(|n| set(&["a", &format!("b{n:03}")])).collect();
        let counts = counted(many.iter().chain(&many));
        assert_eq!(counts[0], ("a".to_owned(), 100));
        assert!(counts.len() == 51 && counts[1..].iter().all(|(_, count)| *count == 2));
    }

    #[test]
    fn the_rest_is_counted_alike() {
        let mut fold = Fold::default();
        for n in [3, 1, 2] {
            let page = safe(&format!("/p/{n}"));
            fold.add_sent(
                &cell("anonymous"),
                "GET",
                &page,
                false,
                &[Name::from("a"), Name::from("b")].into(),
            );
            fold.add_contact(Contact {
                host: "cdn.org".into(),
                party: Party::Third,
                resource: Resource::Script,
                cell: cell("anonymous"),
                page: page.clone(),
                example: safe("https://cdn.org/x.js"),
                count: 1,
                fetched: false,
                carried: Vec::new(),
                script: None,
            });
            let persona = "anonymous".to_owned();
            fold.add_skipped(Skipped {
                persona,
                reason: SkipReason::Robots,
                example: page.clone(),
                count: 2,
            });
            let (detail, kind) = (format!("500 at {n}"), FailureKind::ServerError);
            fold.add_failed(Failed { cell: cell("anonymous"), url: page, kind, detail, count: 1 });
        }
        let sent: Vec<_> =
            fold.take_sent().into_iter().map(|s| (s.name.to_string(), s.example, s.count)).collect();
        assert_eq!(sent, [("a".into(), safe("/p/1"), 3), ("b".into(), safe("/p/1"), 3)]);
        let contacts: Vec<_> = fold.take_contacts().into_iter().map(|c| (c.page, c.count)).collect();
        assert_eq!(contacts, [(safe("/p/1"), 3)]);
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        assert_eq!((coverage.skipped[0].count, coverage.skipped.len()), (6, 1));
        assert_eq!((coverage.failed[0].detail.as_str(), coverage.failed[0].count), ("500 at 1", 3));
    }
}
