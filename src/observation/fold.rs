//! The fold: sightings into observations, and the same for what was sent, asked, visited, skipped
//! and failed. Memory grows with distinct things and path shapes, not with pages.
//!
//! The same sightings give the same result in whatever order they arrive. They are told apart by a
//! hash of everything that an audit could ask about, and the first in the order of URLs (not of
//! time) is kept as their example. Where there are too many, *all* of a kind are told apart by less
//! of their pages, so that it does not matter which came first.

use super::counted::{Countable, Counted, Detail, Pages, hash_of};
use super::{
    Cell, Contact, Coverage, Failed, Group, Observation, PageTally, Party, SafeUrl, Sent, Sighting, Skipped,
    StorageKind, path_template,
};
use crate::cookie::{Decision, Lifetime, LifetimeBy, Name, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};

/// Values of one group that are remembered by their ordinals.
const IDENTITIES: usize = 16;
/// Pages that a remark names; the rest is counted.
const NAMED: usize = 5;
/// Seconds by which two clocks that count whole seconds may disagree.
const CLOCKS: i64 = 2;

/// Gathers what the engines see, and gives it out sorted.
#[derive(Default)]
pub struct Fold {
    pages: Pages,
    seen: Counted<Seen>,
    sent: Counted<Sent>,
    contacts: Counted<Contact>,
    visited: Counted<PageTally>,
    skipped: Counted<Skipped>,
    failed: Counted<Failed>,
    remarks: Counted<Remark>,
}

impl Fold {
    /// Pages that differ in this number are never taken for one another: the set of the
    /// manifest's classes they belong to, as bits or hashed.
    pub fn with_classes(classes: impl Fn(&SafeUrl) -> u64 + Send + Sync + 'static) -> Self {
        Fold { pages: Pages::with_classes(Box::new(classes)), ..Fold::default() }
    }

    /// Takes in one sighting.
    pub fn add(&mut self, sighting: Sighting) {
        let identity = sighting.value.identity;
        let seen = Seen {
            count: 1,
            identities: BTreeSet::from_iter((identity > 0).then_some(identity)),
            more_identities: false,
            example: without_jitter(sighting),
        };
        self.seen.add(&mut self.pages, seen);
    }

    /// Takes in the cookies that went along with one request.
    pub fn add_sent<'a>(
        &mut self,
        cell: &Cell,
        method: &str,
        url: &SafeUrl,
        cross_site: bool,
        names: impl IntoIterator<Item = &'a Name>,
    ) {
        for name in names {
            let key = sent_key(&mut self.pages, self.sent.detail(), (name, cell, method, cross_site), url);
            if let Some(known) = self.sent.get_mut(key) {
                known.count += 1;
                if *url < known.example {
                    known.example = url.clone();
                }
                continue;
            }
            let sent = Sent {
                name: name.clone(),
                cell: cell.clone(),
                count: 1,
                example: url.clone(),
                method: method.to_owned(),
                cross_site,
            };
            self.sent.add(&mut self.pages, sent);
        }
    }

    /// Takes in a request to a host, or a mention of one.
    pub fn add_contact(&mut self, contact: Contact) {
        self.contacts.add(&mut self.pages, contact);
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
    pub fn add_remark(&mut self, text: &'static str, page: &SafeUrl) {
        self.remarks.add(&mut self.pages, Remark { text, page: page.clone() });
    }

    /// Distinct cookies and storage items so far.
    pub fn distinct(&self) -> usize {
        self.seen.iter().map(|seen| Thing::of(&seen.example)).collect::<BTreeSet<_>>().len()
    }

    /// Everything seen so far, sorted.
    pub fn observations(&self) -> Vec<Observation> {
        let coarse = self.seen.detail() > Detail::Shape;
        let mut observations: BTreeMap<Thing, Vec<Group>> = BTreeMap::new();
        for seen in self.seen.iter() {
            observations.entry(Thing::of(&seen.example)).or_default().push(Group {
                count: seen.count,
                example: seen.example.clone(),
                identities: seen.identities.clone(),
                more_identities: seen.more_identities,
                coarse,
            });
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

    /// Cookies sent so far, sorted.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.sorted()
    }

    /// Hosts asked so far, sorted.
    pub fn contacts(&self) -> Vec<Contact> {
        self.contacts.sorted()
    }

    /// Fills in the pages, skipped and failed of a coverage, sorted, and what could not be kept.
    pub fn cover(&self, coverage: &mut Coverage) {
        coverage.pages = self.visited.sorted();
        coverage.skipped = self.skipped.sorted();
        coverage.failed = self.failed.sorted();
        let notes = [
            self.seen.note("sightings"),
            self.sent.note("sent cookies"),
            self.contacts.note("contacts"),
            self.visited.note("visited pages"),
            self.skipped.note("skipped pages"),
            self.failed.note("failures"),
        ];
        coverage.lost = self.seen.lost()
            + self.sent.lost()
            + self.contacts.lost()
            + self.visited.lost()
            + self.failed.lost();
        coverage.notes.extend(notes.into_iter().flatten());
        coverage.notes.extend(self.remarks());
    }

    /// Each remark once, with the pages that it is about: one for each shape, and only some of many.
    fn remarks(&self) -> impl Iterator<Item = String> {
        let mut remarks: BTreeMap<&str, BTreeSet<&SafeUrl>> = BTreeMap::new();
        for remark in self.remarks.iter() {
            remarks.entry(remark.text).or_default().insert(&remark.page);
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
    example: Sighting,
    identities: BTreeSet<u32>,
    more_identities: bool,
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
            Thing::of(sighting).hash(hasher);
            sighting.cell.hash(hasher);
            page.hash(hasher);
            let at = &sighting.exchange;
            (&at.method, at.status, at.resource, sighting.channel).hash(hasher);
            hash_written(sighting, hasher);
            hash_decision(sighting, hasher);
            (sighting.value.shape, sighting.value.class, &sighting.disagreement).hash(hasher);
            if let Some(elsewhere) = &sighting.elsewhere {
                (elsewhere.browser, std::mem::discriminant(&elsewhere.decision)).hash(hasher);
            }
        })
    }

    fn merge(&mut self, other: Self) {
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
        (&sighting.line, &sighting.written, effective, reasons, sighting.value.shape, sighting.at_ms),
    )
}

fn hash_written(sighting: &Sighting, hasher: &mut impl Hasher) {
    let Written { lifetime, lifetime_by, http_only, secure, same_site, partitioned, path, domain } =
        &sighting.written;
    hash_lifetime(*lifetime, sighting, hasher);
    (lifetime_by, http_only, secure, same_site, partitioned, domain).hash(hasher);
    path.is_some().hash(hasher);
}

fn hash_decision(sighting: &Sighting, hasher: &mut impl Hasher) {
    std::mem::discriminant(&sighting.decision).hash(hasher);
    if let Decision::Rejected { reasons } = &sighting.decision {
        reasons.hash(hasher);
    }
    if let Some(effective) = sighting.decision.effective() {
        hash_lifetime(effective.lifetime, sighting, hasher);
        let flags = (effective.host_only, effective.secure, effective.http_only);
        (flags, effective.same_site, effective.priority).hash(hasher);
    }
}

/// A `Max-Age` counts as it is. What is left until an `Expires` changes from second to second, by
/// the jitter of two clocks or because the date is a fixed one: such lifetimes are told apart by
/// steps that are smaller than the tolerance of any claim (60 s or 1 %). The steps end 43 s past a
/// minute, where no server's lifetime ends.
fn hash_lifetime(lifetime: Lifetime, sighting: &Sighting, hasher: &mut impl Hasher) {
    match lifetime {
        Lifetime::Seconds(seconds) if is_by_date(sighting) => {
            let step = match seconds {
                ..60_000 => 60,
                60_000..360_000 => 600,
                _ => 3600,
            };
            (step, (seconds + 17).div_euclid(step)).hash(hasher);
        }
        exact => exact.hash(hasher),
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

fn sent_key(pages: &mut Pages, detail: Detail, what: (&Name, &Cell, &str, bool), example: &SafeUrl) -> u64 {
    let page = pages.key(example, detail);
    pages.hash(|hasher| (what, page).hash(hasher))
}

impl Countable for Sent {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let what = (&self.name, &self.cell, self.method.as_str(), self.cross_site);
        sent_key(pages, detail, what, &self.example)
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.example = other.example.min(self.example.clone());
    }
}

impl Countable for Contact {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let page = pages.key(&self.page, detail);
        let what = (&self.host, self.party, self.resource, &self.cell, self.fetched, &self.carried);
        hash_of(pages, (what, page))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        // The first script that is known, in the order of URLs.
        let place = |contact: &Contact| {
            (contact.script.is_none(), contact.page.clone(), contact.example.clone(), contact.script.clone())
        };
        if place(&other) < place(self) {
            (self.page, self.example, self.script) = (other.page, other.example, other.script);
        }
    }
}

impl Countable for PageTally {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let example = pages.key(&self.example, detail);
        let shown = self.shown.as_ref().map(|shown| pages.key(shown, detail));
        hash_of(pages, (&self.cell, self.status, example, shown))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        if (&other.example, &other.shown) < (&self.example, &self.shown) {
            (self.example, self.shown) = (other.example, other.shown);
        }
    }
}

impl Countable for Skipped {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let example = pages.key(&self.example, detail);
        hash_of(pages, (&self.persona, self.reason, example))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.example = other.example.min(self.example.clone());
    }
}

impl Countable for Failed {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let url = pages.key(&self.url, detail);
        hash_of(pages, (&self.cell, self.kind, url))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        if (&other.url, &other.detail) < (&self.url, &self.detail) {
            (self.url, self.detail) = (other.url, other.detail);
        }
    }
}

/// What a page did beside putting things on the device.
#[derive(Clone)]
struct Remark {
    text: &'static str,
    page: SafeUrl,
}

impl Countable for Remark {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let page = pages.key(&self.page, detail);
        hash_of(pages, (self.text, page))
    }

    fn merge(&mut self, other: Self) {
        self.page = other.page.min(self.page.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::counted::MOST;
    use super::*;
    use crate::cookie::{CookieLine, Initiator, Jar, RequestContext, ThirdPartyCookies, ValueFacts};
    use crate::observation::{
        Channel, Circumstances, Consent, Engine, ExchangeRef, FailureKind, LineFrom, Page, Phase, Resource,
        SkipReason,
    };
    use crate::secret::Secrets;
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
        fold.observations()
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
            serde_json::to_string(&fold.observations()).unwrap()
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

    #[test]
    fn a_site_that_makes_up_names_fills_no_memory() {
        let mut fold = Fold::default();
        let sighting = seen("/", "a=1");
        for n in 0..MOST + 10 {
            fold.add(changed(sighting.clone(), |seen| seen.name = Name::new(format!("n{n}"))));
        }
        assert_eq!(fold.observations().len(), MOST);
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        assert!(coverage.notes[0].ends_with("; 10 more are not listed"), "{:?}", coverage.notes);
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
    fn the_rest_is_counted_alike() {
        let mut fold = Fold::default();
        for n in [3, 1, 2] {
            let page = safe(&format!("/p/{n}"));
            fold.add_sent(&cell("anonymous"), "GET", &page, false, &[Name::from("a"), Name::from("b")]);
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
            fold.sent().into_iter().map(|s| (s.name.to_string(), s.example, s.count)).collect();
        assert_eq!(sent, [("a".into(), safe("/p/1"), 3), ("b".into(), safe("/p/1"), 3)]);
        let contacts: Vec<_> = fold.contacts().into_iter().map(|c| (c.page, c.count)).collect();
        assert_eq!(contacts, [(safe("/p/1"), 3)]);
        let mut coverage = Coverage::default();
        fold.cover(&mut coverage);
        assert_eq!((coverage.skipped[0].count, coverage.skipped.len()), (6, 1));
        assert_eq!((coverage.failed[0].detail.as_str(), coverage.failed[0].count), ("500 at 1", 3));
    }
}
