//! A set of keys that are hashes, of a million of them: in hardly more room than they take themselves, and
//! never in two places at once while it grows. A value.
//!
//! It is in parts, by a key's first bits, and each part is a row of places in which the keys stand in their order,
//! with gaps: a key's place is known from its value, or it is one of the few behind that. A part that is
//! nearly full moves to a row that is a little longer, and only that part is there twice meanwhile. The parts are few, so
//! that their rows are long: what is left behind by a long one goes back to the system as a whole, where that of many
//! short ones would stay as holes that nothing fits in.

/// One for each first four bits of a key.
const PARTS: usize = 16;
/// No key: what has this one counts as the next.
const GAP: u64 = 0;
/// Of this many places, one less may be taken.
const TENTH: usize = 10;
/// By which part of itself a row becomes longer.
const EIGHTH: usize = 8;
/// Places beyond those that a key's value names, and so many more where they do not do.
const BEHIND: usize = 8;

/// The set.
#[derive(Debug)]
pub(super) struct Keys {
    parts: Vec<Part>,
}

impl Default for Keys {
    fn default() -> Self {
        Keys { parts: (0..PARTS).map(|_| Part::default()).collect() }
    }
}

impl Keys {
    /// True: it was not there yet.
    pub(super) fn insert(&mut self, key: u64) -> bool {
        self.parts[part_of(key)].insert(key.max(GAP + 1))
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.parts[part_of(key)].find(key.max(GAP + 1)).is_ok()
    }

    /// True: it was there.
    pub(super) fn remove(&mut self, key: u64) -> bool {
        self.parts[part_of(key)].remove(key.max(GAP + 1))
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.taken).sum()
    }
}

fn part_of(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - PARTS.ilog2())).unwrap_or_default()
}

#[derive(Debug, Default)]
struct Part {
    /// In their order, gaps left out.
    places: Vec<u64>,
    /// Of these places a key's value names one; the others are behind them.
    named: usize,
    taken: usize,
}

impl Part {
    /// The place that a key's value names: the greater key has no lower one.
    fn home(key: u64, named: usize) -> usize {
        let rest = u128::from(key << PARTS.ilog2());
        usize::try_from((rest * named as u128) >> u64::BITS).unwrap_or_default()
    }

    /// Where it is, or where it would have to be.
    fn find(&self, key: u64) -> Result<usize, usize> {
        let mut at = Part::home(key, self.named);
        // What stands behind is greater, since all are in their order.
        while let Some(place) = self.places.get(at).filter(|place| **place != GAP && **place <= key) {
            if *place == key {
                return Ok(at);
            }
            at += 1;
        }
        Err(at)
    }

    fn insert(&mut self, key: u64) -> bool {
        if self.find(key).is_ok() {
            return false;
        }
        if (self.taken + 1) * TENTH > self.named * (TENTH - 1) {
            self.grow();
        }
        let Err(at) = self.find(key) else { return false };
        let behind = self.places.get(at..).unwrap_or_default();
        let gap = behind.iter().position(|place| *place == GAP).map_or(self.places.len(), |gap| at + gap);
        if gap == self.places.len() {
            self.places.reserve_exact(BEHIND);
            self.places.resize(gap + BEHIND, GAP);
        }
        self.places.copy_within(at..gap, at + 1);
        self.places[at] = key;
        self.taken += 1;
        true
    }

    fn remove(&mut self, key: u64) -> bool {
        let Ok(mut at) = self.find(key) else { return false };
        // Whoever is not at home behind it moves up.
        while let Some(next) = self.places.get(at + 1).copied() {
            if next == GAP || Part::home(next, self.named) > at {
                break;
            }
            self.places[at] = next;
            at += 1;
        }
        self.places[at] = GAP;
        self.taken -= 1;
        true
    }

    fn grow(&mut self) {
        let named = self.named + self.named / EIGHTH + BEHIND;
        let mut places = Vec::with_capacity(named + BEHIND);
        for key in self.places.iter().copied().filter(|key| *key != GAP) {
            let home = Part::home(key, named);
            while places.len() < home {
                places.push(GAP);
            }
            places.push(key);
        }
        let all = places.len().max(named) + BEHIND;
        places.reserve_exact(all - places.len());
        places.resize(all, GAP);
        (self.places, self.named) = (places, named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    fn hash(number: u64) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(number)
    }

    /// What a set of the library does with the same.
    fn same(keys: impl Iterator<Item = u64>) {
        let (mut ours, mut theirs) = (Keys::default(), HashSet::new());
        for (number, key) in keys.enumerate() {
            let of_before = hash(number as u64 / 2);
            match number % 5 {
                3 => assert_eq!(ours.remove(key), theirs.remove(&key)),
                4 => assert_eq!(ours.remove(of_before), theirs.remove(&of_before)),
                _ => assert_eq!(ours.insert(key), theirs.insert(key)),
            }
            assert_eq!(ours.contains(of_before), theirs.contains(&of_before));
            assert_eq!(ours.len(), theirs.len());
        }
        assert!(theirs.iter().all(|key| ours.contains(*key)));
    }

    #[test]
    fn it_holds_what_any_set_would_hold() {
        same((0..40_000).map(|number| hash(number % 9000)));
        same((0..5000).map(|number| (hash(number) >> 57) + 2));
    }

    #[test]
    fn keys_beside_each_other_are_told_apart() {
        same((1..4000).map(|number| u64::MAX - number % 700));
        same((1..4000).map(|number| number % 700 + 2));
        same((1..4000).map(|number| (number % 700) << 48));
        let mut keys = Keys::default();
        assert!(keys.insert(GAP) && keys.contains(GAP) && !keys.insert(GAP) && keys.remove(GAP));
        assert!(!keys.contains(GAP) && !keys.remove(GAP));
    }

    #[test]
    fn a_million_take_little_more_than_their_own_room() {
        let mut keys = Keys::default();
        let count = 1_000_000;
        assert!((0..count).all(|number| keys.insert(hash(number))));
        assert!((0..count).all(|number| keys.contains(hash(number))));
        assert!((count..2 * count).all(|number| !keys.contains(hash(number))));
        let room: usize = keys.parts.iter().map(|part| part.places.capacity() * size_of::<u64>()).sum();
        assert!(room < 11 * count as usize, "{room}");
    }
}
