//! A third party of which nothing is stated but its name: what a decoder fills in and a test begins with.

use super::{Strength, ThirdParty};
use crate::config::Place;
use std::collections::BTreeMap;

impl ThirdParty {
    /// A provider of this name.
    pub fn named(provider: &str) -> Self {
        ThirdParty {
            key: provider.to_ascii_lowercase().replace(' ', "-"),
            provider: provider.to_owned(),
            category: None,
            domains: Vec::new(),
            allowed_on: Vec::new(),
            after: None,
            sets_cookies: None,
            sets_storage: None,
            identifiers: None,
            personal_data: None,
            embedded: None,
            confined: None,
            only_provider_of: None,
            needs_consent: None,
            strength: Strength::default(),
            strengths: BTreeMap::new(),
            place: Place::default(),
            places: BTreeMap::new(),
            source: None,
            sources: BTreeMap::new(),
        }
    }
}
