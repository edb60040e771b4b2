//! The fold: sightings into observations, in memory that grows with distinct things and path
//! shapes, not with pages.

use super::{Observation, Sighting};

/// Gathers what the engines see, and gives it out sorted.
#[derive(Debug, Default)]
pub struct Fold {
    _private: (),
}

impl Fold {
    /// Takes in one sighting.
    pub fn add(&mut self, sighting: Sighting) {
        let _ = sighting;
    }

    /// Everything so far, sorted; the same sightings in any order give the same tallies.
    pub fn observations(&self) -> Vec<Observation> {
        Vec::new()
    }
}
