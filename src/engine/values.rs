//! Which values are equal, over a whole run, without keeping any: a keyed hash of each, in memory
//! only, and the ordinal it was given.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// Distinct values are counted up to here; a site that makes up new ones for ever fills no memory.
const MOST: usize = 1 << 18;

/// The registry of a run's values; clones share it.
#[derive(Clone, Default)]
pub struct Values(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Two keys, so that no two values are taken for one.
    keys: (RandomState, RandomState),
    ordinals: HashMap<(u64, u64), u32>,
}

impl Values {
    /// The ordinal of a value: equal numbers are equal values. 0 for an empty one, and where there
    /// are too many to compare.
    pub fn identity(&self, value: &[u8]) -> u32 {
        if value.is_empty() {
            return 0;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = (known.keys.0.hash_one(value), known.keys.1.hash_one(value));
        let next = known.ordinals.len() + 1;
        if next > MOST {
            return known.ordinals.get(&hash).copied().unwrap_or(0);
        }
        *known.ordinals.entry(hash).or_insert(u32::try_from(next).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_numbers_in_order_of_appearance() {
        let values = Values::default();
        let numbers: Vec<_> =
            ["a", "b", "a", "", "c"].map(|value| values.clone().identity(value.as_bytes())).into();
        assert_eq!(numbers, [1, 2, 1, 0, 3]);
    }
}
