//! Cookies that went along with requests, counted: by name, whose they are, and to which kind of pages.

use super::counted::{AsItIs, Countable, Counted, Detail, Pages, hash_of};
use super::{Cell, SafeUrl, Sent};
use crate::cookie::Name;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Circumstances of requests that are shared by what is kept of them.
const WAYS: usize = 64;
/// Sets of cookies, and kinds of requests with each of them, that are counted together.
const MOST_SETS: usize = 16;
const MOST_REQUESTS: usize = 256;

/// Which of the manifest's patterns a name is meant by, as a number: 0 for none.
pub(super) type Declared = Box<dyn Fn(&Name) -> u64 + Send + Sync>;

/// What went along so far.
#[derive(Default)]
pub(super) struct WentAlong {
    counted: Counted<Went>,
    /// Not among the counted yet.
    lately: Vec<Lately>,
    /// In what circumstances requests went out of late.
    ways: Vec<Arc<Way>>,
}

/// A request that cookies went along with.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) cell: &'a Cell,
    pub(super) method: &'a str,
    pub(super) url: &'a SafeUrl,
    pub(super) cross_site: bool,
}

/// Cookies that went along, which differ in nothing an audit could ask about. There are as many as there are
/// names for each kind of pages: what they have in common is there once.
#[derive(Clone)]
struct Went {
    name: Name,
    requests: Requests,
    declared: u64,
    mixed: bool,
}

/// Requests of one kind: how many, and the first of their addresses in the order of their texts.
#[derive(Clone)]
struct Requests {
    way: Arc<Way>,
    count: u64,
    example: SafeUrl,
}

/// Requests that all had the same cookies. Most visitors get theirs on the first pages, so that those are
/// counted once for many requests.
struct Lately {
    names: Arc<[Name]>,
    requests: HashMap<u64, Requests, AsItIs>,
}

/// In what circumstances requests went out, but for their addresses.
struct Way {
    cell: Cell,
    method: String,
    cross_site: bool,
}

impl WentAlong {
    /// Takes in the cookies that went along with one request.
    pub(super) fn add(
        &mut self,
        pages: &mut Pages,
        request: Request<'_>,
        names: &Arc<[Name]>,
        declared: &Declared,
    ) {
        let circumstances = circumstances(pages, self.counted.detail(), request);
        let known = self.lately.iter().rposition(|lately| lately.names == *names);
        let at = known.unwrap_or_else(|| {
            if self.lately.len() >= MOST_SETS {
                self.settle(pages, declared);
            }
            self.lately.push(Lately { names: Arc::clone(names), requests: HashMap::default() });
            self.lately.len() - 1
        });
        let requests = &mut self.lately[at].requests;
        match requests.entry(circumstances) {
            Entry::Occupied(mut known) => known.get_mut().add(1, request.url),
            Entry::Vacant(new) => {
                let way = way_of(&mut self.ways, request);
                new.insert(Requests { way, count: 1, example: request.url.clone() });
            }
        }
        if requests.len() >= MOST_REQUESTS {
            self.settle(pages, declared);
        }
    }

    /// Counts each of the cookies that went along lately.
    pub(super) fn settle(&mut self, pages: &mut Pages, declared: &Declared) {
        for Lately { names, requests } in std::mem::take(&mut self.lately) {
            for requests in requests.into_values() {
                self.count(pages, &names, &requests, declared);
            }
        }
    }

    fn count(&mut self, pages: &mut Pages, names: &[Name], requests: &Requests, declared: &Declared) {
        let detail = self.counted.detail();
        let circumstances = circumstances(pages, detail, requests.example());
        for name in names {
            let declared = declared(name);
            let key = key(pages, detail, name, declared, circumstances);
            match self.counted.get_mut(key).filter(|known| known.name == *name) {
                Some(known) => known.requests.add(requests.count, &requests.example),
                None => {
                    let (name, requests) = (name.clone(), requests.clone());
                    self.counted.add(pages, Went { name, requests, declared, mixed: false });
                }
            }
        }
    }

    /// All of it, sorted and given away.
    pub(super) fn take(&mut self, pages: &mut Pages, declared: &Declared) -> Vec<Sent> {
        self.settle(pages, declared);
        let mut sent: Vec<Sent> = self.counted.take().map(Went::told).collect();
        sent.sort_unstable();
        sent
    }

    /// How many were not kept, or only as one of several things.
    pub(super) fn lost(&self) -> u64 {
        self.counted.lost()
    }

    /// What was not kept apart, in words.
    pub(super) fn note(&self) -> Option<String> {
        self.counted.note("sent cookies")
    }
}

impl Requests {
    fn add(&mut self, count: u64, example: &SafeUrl) {
        self.count += count;
        if *example < self.example {
            self.example = example.clone();
        }
    }

    /// One of them.
    fn example(&self) -> Request<'_> {
        let Way { cell, method, cross_site } = &*self.way;
        Request { cell, method, url: &self.example, cross_site: *cross_site }
    }
}

impl Went {
    fn told(self) -> Sent {
        let Requests { way, count, example } = self.requests;
        let Way { cell, method, cross_site } = &*way;
        let (cell, method, cross_site) = (cell.clone(), method.clone(), *cross_site);
        Sent { name: self.name, cell, count, example, method, cross_site }
    }
}

/// The same circumstances as one value, as far as they are among those of late.
fn way_of(ways: &mut Vec<Arc<Way>>, request: Request<'_>) -> Arc<Way> {
    let Request { cell, method, cross_site, .. } = request;
    let is = |way: &&Arc<Way>| way.cross_site == cross_site && way.method == method && way.cell == *cell;
    if let Some(known) = ways.iter().find(is) {
        return Arc::clone(known);
    }
    if ways.len() >= WAYS {
        ways.clear();
    }
    let way = Arc::new(Way { cell: cell.clone(), method: method.to_owned(), cross_site });
    ways.push(Arc::clone(&way));
    way
}

/// All but the name of what went along with a request: whose, by which method, whether across sites, and to
/// which page.
fn circumstances(pages: &mut Pages, detail: Detail, request: Request<'_>) -> u64 {
    let Request { cell, method, url, cross_site } = request;
    let page = pages.key(url, detail.min(Detail::Host));
    hash_of(pages, (cell, method, cross_site, page))
}

fn key(pages: &Pages, detail: Detail, name: &Name, declared: u64, circumstances: u64) -> u64 {
    match detail < Detail::Family {
        true => hash_of(pages, (name, declared, circumstances)),
        false => hash_of(pages, (detail.of_name(name.clone(), declared), declared, circumstances)),
    }
}

impl Countable for Went {
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64 {
        let circumstances = circumstances(pages, detail, self.requests.example());
        key(pages, detail, &self.name, self.declared, circumstances)
    }

    fn merge(&mut self, other: Self) {
        self.mixed |= other.mixed || self.declared == 0 && self.name != other.name;
        let (count, example) = (other.requests.count, other.requests.example);
        if (&example, &other.name) < (&self.requests.example, &self.name) {
            self.name = other.name;
        }
        self.requests.add(count, &example);
    }

    fn count(&self) -> u64 {
        self.requests.count
    }

    fn is_mixed(&self) -> bool {
        self.mixed
    }

    fn rank(&self) -> u32 {
        let length = u32::try_from(self.name.as_bytes().len()).unwrap_or(u32::MAX);
        if self.declared == 0 { length.saturating_add(1) } else { 0 }
    }
}
