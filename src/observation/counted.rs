//! Counting things by what tells them apart, with a bound, and without minding their order.

use super::{SafeUrl, path_template};
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

/// Distinct things of one kind that are kept apart.
pub(super) const MOST: usize = if cfg!(test) { 300 } else { 20_000 };
/// URLs whose keys are remembered: those of one visit come again and again.
const REMEMBERED: usize = 16;

/// How much of a page's URL tells it apart from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Detail {
    /// The whole shape.
    #[default]
    Shape,
    TwoFolders,
    OneFolder,
    /// Only the host.
    Host,
}

/// Something that is counted.
pub(super) trait Countable: Clone {
    /// A hash of everything that keeps it apart from others.
    fn key(&self, pages: &mut Pages, detail: Detail) -> u64;

    /// Adds another of the same key; which of the two was first must not matter.
    fn merge(&mut self, other: Self);
}

/// What was counted, by key.
pub(super) struct Counted<T> {
    entries: HashMap<u64, T, BuildHasherDefault<Hashed>>,
    detail: Detail,
    /// More than can be kept even by host.
    lost: u64,
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Counted { entries: HashMap::default(), detail: Detail::default(), lost: 0 }
    }
}

impl<T: Countable> Counted<T> {
    pub(super) fn add(&mut self, pages: &mut Pages, item: T) {
        loop {
            let key = item.key(pages, self.detail);
            if let Some(known) = self.entries.get_mut(&key) {
                known.merge(item);
            } else if self.entries.len() < MOST {
                self.entries.insert(key, item);
            } else if self.detail < Detail::Host {
                self.coarsen(pages);
                continue;
            } else {
                self.lost += 1;
            }
            return;
        }
    }

    /// Tells everything apart by less.
    fn coarsen(&mut self, pages: &mut Pages) {
        self.detail = self.detail.coarser();
        for (_, item) in std::mem::take(&mut self.entries) {
            match self.entries.entry(item.key(pages, self.detail)) {
                Entry::Occupied(mut known) => known.get_mut().merge(item),
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
        self.entries.get_mut(&key)
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.values()
    }

    pub(super) fn sorted(&self) -> Vec<T>
    where
        T: Ord,
    {
        let mut all: Vec<T> = self.entries.values().cloned().collect();
        all.sort();
        all
    }

    /// How many were not kept at all.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// What was not kept apart, in words.
    pub(super) fn note(&self, what: &str) -> Option<String> {
        let by = match self.detail {
            Detail::Shape => return None,
            Detail::TwoFolders => "the first two folders of their pages",
            Detail::OneFolder => "the first folder of their pages",
            Detail::Host => "the host of their pages",
        };
        let mut note = format!("more than {MOST} different {what}: told apart by {by}");
        if self.lost > 0 {
            note.push_str(&format!("; {} more are not listed", self.lost));
        }
        Some(note)
    }
}

impl Detail {
    fn coarser(self) -> Detail {
        match self {
            Detail::Shape => Detail::TwoFolders,
            Detail::TwoFolders => Detail::OneFolder,
            Detail::OneFolder | Detail::Host => Detail::Host,
        }
    }
}

/// What tells a page apart beside its path, as a number.
type Classes = Box<dyn Fn(&SafeUrl) -> u64 + Send + Sync>;

/// Makes keys of pages.
#[derive(Default)]
pub(super) struct Pages {
    key: RandomState,
    classes: Option<Classes>,
    /// Hash of a URL's text and the detail, and its key.
    remembered: [(u64, u64); REMEMBERED],
    next: usize,
}

impl Pages {
    pub(super) fn with_classes(classes: Classes) -> Pages {
        Pages { classes: Some(classes), ..Pages::default() }
    }

    /// A number for what tells this page apart.
    pub(super) fn key(&mut self, url: &SafeUrl, detail: Detail) -> u64 {
        let text = self.key.hash_one((url, detail));
        if let Some((_, key)) = self.remembered.iter().find(|(known, _)| *known == text) {
            return *key;
        }
        let (origin, path) = url.as_str().split_at(url.origin_length());
        let classes = self.classes.as_ref().map(|classes| classes(url));
        let shape = match detail {
            Detail::Shape => path_template(path),
            Detail::TwoFolders => folders(path, 2),
            Detail::OneFolder => folders(path, 1),
            Detail::Host => String::new(),
        };
        let key = self.key.hash_one((origin, shape, classes));
        self.remembered[self.next] = (text, key);
        self.next = (self.next + 1) % REMEMBERED;
        key
    }

    pub(super) fn hash(&self, write: impl FnOnce(&mut std::hash::DefaultHasher)) -> u64 {
        let mut hasher = self.key.build_hasher();
        write(&mut hasher);
        hasher.finish()
    }
}

pub(super) fn hash_of(pages: &Pages, what: impl Hash) -> u64 {
    pages.key.hash_one(what)
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

/// Keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
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
