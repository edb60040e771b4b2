//! Counting things by what tells them apart, with a bound, and without minding their order.

use super::family::outline;
use super::{SafeUrl, family, path_template};
use crate::cookie::Name;
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BinaryHeap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Distinct things of one kind that are kept apart.
pub(super) const MOST: usize = if cfg!(test) { 300 } else { 20_000 };
/// Of those that are not even kept by their outline, what is kept apart of their other traits.
const MOST_NAMELESS: usize = MOST / 10;
/// URLs whose keys are remembered: those of one visit come again and again, and all of them where things
/// are told apart by less.
const REMEMBERED: usize = 4096;

/// How much tells one thing apart from another: of its page's URL, then of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Detail {
    /// The whole shape.
    #[default]
    Shape,
    TwoFolders,
    OneFolder,
    /// Only the host.
    Host,
    /// The host, and of a thing's name only its family.
    Family,
    /// Of a thing only the outline of its name, its attributes and whose it is.
    Outline,
    /// Not even its name.
    Nameless,
}

/// Something that is counted.
pub(super) trait Countable: Clone {
    /// A hash of everything that keeps it apart from others.
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64;

    /// Adds another of the same key; which of the two was first must not matter.
    fn merge(&mut self, other: Self);

    /// How often it was there.
    fn count(&self) -> u64;

    /// Where there are too many, those of a lower rank are kept.
    fn rank(&self) -> u32 {
        0
    }

    /// Something is kept of it without its name.
    fn counts_nameless(&self) -> bool {
        false
    }

    /// Things of different names or places have become one: of some of them nothing more is known.
    fn is_mixed(&self) -> bool {
        false
    }
}

/// What was counted, by key.
pub(super) struct Counted<T> {
    /// Each in a place of its own: a table has room for twice as many as are in it.
    entries: HashMap<u64, Box<T>, AsItIs>,
    detail: Detail,
    most: usize,
    /// Sightings of what could not be kept even by its outline.
    dropped: u64,
    /// The places of what is kept in an order that is the same in every run, the last first: where
    /// there are too many things, those at its end are dropped, whichever came first.
    order: BinaryHeap<(Place, u64)>,
    /// What is kept of those that were dropped.
    nameless: Option<Box<Counted<T>>>,
}

/// Rank, and a hash that is the same in every run.
type Place = (u32, u64);

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Counted {
            entries: HashMap::default(),
            detail: Detail::default(),
            most: MOST,
            dropped: 0,
            order: BinaryHeap::new(),
            nameless: None,
        }
    }
}

impl<T: Countable> Counted<T> {
    pub(super) fn add(&mut self, pages: &mut Pages, item: T) {
        loop {
            let key = item.key(pages, self.detail);
            if let Some(known) = self.entries.get_mut(&key) {
                known.merge(item);
            } else if self.entries.len() < self.most {
                self.entries.insert(key, Box::new(item));
            } else if self.detail < Detail::Outline {
                self.coarsen(pages);
                continue;
            } else {
                self.keep_the_first(pages, key, item);
            }
            return;
        }
    }

    /// Of more than can be kept, those that come first in the order. What is among them in the end has
    /// been from its first sighting on, so nothing of it is missing.
    fn keep_the_first(&mut self, pages: &mut Pages, key: u64, item: T) {
        let detail = self.detail;
        if self.order.is_empty() {
            let places = self.entries.iter().map(|(key, item)| (pages.place(&**item, detail), *key));
            self.order = places.collect();
        }
        let place = pages.place(&item, detail);
        if self.order.peek().is_none_or(|last| place >= last.0) {
            return self.let_go(pages, item);
        }
        let last = self.order.pop();
        self.order.push((place, key));
        self.entries.insert(key, Box::new(item));
        if let Some(gone) = last.and_then(|(_, key)| self.entries.remove(&key)) {
            self.let_go(pages, *gone);
        }
    }

    /// Of something that cannot be kept by any name, what is left without one.
    fn let_go(&mut self, pages: &mut Pages, item: T) {
        if self.detail == Detail::Nameless || !item.counts_nameless() {
            self.dropped += item.count();
            return;
        }
        let nameless = self.nameless.get_or_insert_with(|| {
            let (detail, most) = (Detail::Nameless, MOST_NAMELESS);
            Box::new(Counted { detail, most, ..Counted::default() })
        });
        nameless.add(pages, item);
    }

    /// Tells everything apart by less.
    fn coarsen(&mut self, pages: &mut Pages) {
        self.detail = self.detail.coarser();
        for (_, item) in std::mem::take(&mut self.entries) {
            match self.entries.entry(item.key(pages, self.detail)) {
                Entry::Occupied(mut known) => known.get_mut().merge(*item),
                Entry::Vacant(new) => {
                    new.insert(item);
                }
            }
        }
    }

    pub(super) fn detail(&self) -> Detail {
        self.detail
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        self.entries.get_mut(&key).map(Box::as_mut)
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let nameless = self.nameless.iter().flat_map(|nameless| nameless.entries.values());
        self.entries.values().chain(nameless).map(Box::as_ref)
    }

    /// All of them, given away in no order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = T> {
        self.order = BinaryHeap::new();
        let nameless = self.nameless.take().into_iter().flat_map(|nameless| nameless.entries.into_values());
        std::mem::take(&mut self.entries).into_values().chain(nameless).map(|item| *item)
    }

    /// The same, sorted.
    pub(super) fn take_sorted(&mut self) -> Vec<T>
    where
        T: Ord,
    {
        let mut all: Vec<T> = self.take().collect();
        all.sort_unstable();
        all
    }

    /// How many were not kept, or only as one of several things.
    pub(super) fn lost(&self) -> u64 {
        let mixed = self.entries.values().filter(|item| item.is_mixed());
        let nameless = self.nameless.as_ref().map_or(0, |nameless| {
            nameless.dropped + nameless.entries.values().map(|item| item.count()).sum::<u64>()
        });
        self.dropped + nameless + mixed.map(|item| item.count()).sum::<u64>()
    }

    /// What was not kept apart, in words.
    pub(super) fn note(&self, what: &str) -> Option<String> {
        let by = match self.detail {
            Detail::Shape => return None,
            Detail::TwoFolders => "the first two folders of their pages",
            Detail::OneFolder => "the first folder of their pages",
            Detail::Host => "the host of their pages",
            Detail::Family => "the host of their pages and the family of their names",
            Detail::Outline | Detail::Nameless => {
                "the outline of their names, their attributes and whose they are"
            }
        };
        let mut note = format!("more than {MOST} different {what}: told apart by {by}");
        let lost = self.lost();
        if lost > 0 {
            note.push_str(&format!("; {lost} of them are not listed one by one"));
        }
        Some(note)
    }
}

impl Detail {
    /// As much of a name as tells things apart: where there are too many, names that one pattern of the
    /// manifest means are one, and others are by what is not random in them.
    pub(super) fn of_name(self, name: Name, declared: u64) -> Name {
        match self {
            Detail::Shape | Detail::TwoFolders | Detail::OneFolder | Detail::Host => name,
            _ if declared != 0 => Name::from(""),
            Detail::Family => Name::new(family(&name.to_string()).as_bytes()),
            Detail::Outline => Name::new(outline(&name.to_string()).as_bytes()),
            Detail::Nameless => Name::from(""),
        }
    }

    fn coarser(self) -> Detail {
        match self {
            Detail::Shape => Detail::TwoFolders,
            Detail::TwoFolders => Detail::OneFolder,
            Detail::OneFolder => Detail::Host,
            Detail::Host => Detail::Family,
            Detail::Family | Detail::Outline | Detail::Nameless => Detail::Outline,
        }
    }
}

/// What tells a page apart beside its path, as a number.
type Classes = Arc<dyn Fn(&SafeUrl) -> u64 + Send + Sync>;

/// Makes keys of pages.
#[derive(Default)]
pub(super) struct Pages {
    /// None for the same hashes in every run. A site must not be able to foresee the keys, or it could
    /// hide one thing behind another.
    key: Option<RandomState>,
    /// The same with hashes of every run, for the order in which too many things are dropped.
    places: Option<Box<Pages>>,
    classes: Option<Classes>,
    /// By the hash of a URL's text and the detail, its key.
    remembered: HashMap<u64, u64, AsItIs>,
}

impl Pages {
    pub(super) fn new(classes: Option<Classes>) -> Pages {
        let places = Pages { classes: classes.clone(), ..Pages::default() };
        let key = Some(RandomState::new());
        Pages { key, classes, places: Some(Box::new(places)), ..Pages::default() }
    }

    /// Where a thing stands in the order of every run.
    fn place(&mut self, item: &impl Countable, detail: Detail) -> Place {
        (item.rank(), self.places.as_mut().map_or(0, |places| item.key(places, detail)))
    }

    fn hasher(&self) -> DefaultHasher {
        self.key.as_ref().map_or_else(DefaultHasher::new, BuildHasher::build_hasher)
    }

    /// A number for what tells this page apart.
    pub(super) fn key(&mut self, url: &SafeUrl, detail: Detail) -> u64 {
        let text = hash_of(self, (url, detail));
        if let Some(key) = self.remembered.get(&text) {
            return *key;
        }
        let (origin, path) = url.as_str().split_at(url.origin_length());
        let classes = self.classes.as_ref().map(|classes| classes(url));
        let shape = match detail {
            Detail::Shape => path_template(path),
            Detail::TwoFolders => folders(path, 2),
            Detail::OneFolder => folders(path, 1),
            Detail::Host | Detail::Family | Detail::Outline | Detail::Nameless => String::new(),
        };
        // Of any number of hosts, only whose they are.
        let origin = if detail < Detail::Outline { origin } else { "" };
        let key = hash_of(self, (origin, shape, classes));
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(text, key);
        key
    }

    pub(super) fn hash(&self, write: impl FnOnce(&mut DefaultHasher)) -> u64 {
        let mut hasher = self.hasher();
        write(&mut hasher);
        hasher.finish()
    }
}

pub(super) fn hash_of(pages: &Pages, what: impl Hash) -> u64 {
    pages.hash(|hasher| what.hash(hasher))
}

fn folders(path: &str, count: usize) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let cut = path.match_indices('/').nth(count).map_or(path, |(end, _)| &path[..end]);
    path_template(cut)
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// For keys that are hashes already.
pub(crate) type AsItIs = BuildHasherDefault<Unhashed>;

/// Leaves a key as it is.
#[derive(Default)]
pub(crate) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
