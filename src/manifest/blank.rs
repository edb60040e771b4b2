//! Entries with nothing stated but their name: what a decoder fills in and a test begins with.

use super::{Item, NamePattern, Strength, ThirdParty};
use crate::config::Place;
use crate::observation::StorageKind;
use std::collections::BTreeMap;

impl Item {
    /// A cookie of this name, or of names like this glob.
    pub fn named(name: &str) -> Self {
        Item {
            key: name.to_owned(),
            kind: StorageKind::Cookie,
            names: vec![NamePattern::glob(name)],
            https_names: Vec::new(),
            hosts: Vec::new(),
            group: None,
            category: None,
            category_as_written: None,
            purpose: None,
            provider: None,
            lifetime: None,
            lifetime_for: BTreeMap::new(),
            rolling: None,
            http_only: None,
            secure: None,
            same_site: None,
            path: None,
            domain: None,
            party: None,
            partitioned: None,
            set_on: Vec::new(),
            set_by: Vec::new(),
            sent_only_to: Vec::new(),
            visitors: Vec::new(),
            trigger: None,
            required_for: Vec::new(),
            only_with: Vec::new(),
            refreshes: None,
            updated_by: Vec::new(),
            value: None,
            script_readable: None,
            mirrored_in: Vec::new(),
            sent_cross_site: None,
            cleared_on_logout: None,
            expected: None,
            strength: Strength::default(),
            strengths: BTreeMap::new(),
            place: Place::default(),
            places: BTreeMap::new(),
            source: None,
            sources: BTreeMap::new(),
        }
    }
}

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
