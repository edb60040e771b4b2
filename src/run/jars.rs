//! What a visit did to a copy of the jar, done to the jar itself. Visits under way at the same
//! time each start from the jar as it was when they were asked for; what they set is put in in
//! that order, so that the same site leaves the same jar, whoever answers first.

use crate::cookie::{Effective, Jar, Name, StoredCookie};
use crate::engine::Visit;
use std::collections::BTreeSet;

/// A cookie's identity (RFC 6265bis 5.7): name, domain, host-only, path, partition.
pub(super) type Key = (Name, String, bool, String, Option<String>);

/// The identity of a cookie in the jar.
pub(super) fn key(cookie: &StoredCookie) -> Key {
    key_of(&cookie.name, &cookie.effective)
}

pub(super) fn key_of(name: &Name, effective: &Effective) -> Key {
    (
        name.clone(),
        effective.domain.clone(),
        effective.host_only,
        effective.path.clone(),
        effective.partition.clone(),
    )
}

/// Every cookie that the visit set, replaced or deleted.
pub(super) fn touched(visit: &Visit) -> BTreeSet<Key> {
    let headers = visit.exchanges.iter().flat_map(|exchange| &exchange.sightings);
    headers
        .chain(&visit.writes)
        .filter_map(|sighting| Some(key_of(&sighting.name, sighting.decision.effective()?)))
        .collect()
}

/// Brings what the visit did to `after` into `jar`.
pub(super) fn merge(jar: &mut Jar, after: &Jar, visit: &Visit) {
    let touched = touched(visit);
    if touched.is_empty() {
        return;
    }
    let kept: Vec<&StoredCookie> = after.iter().filter(|cookie| touched.contains(&key(cookie))).collect();
    let still_there: BTreeSet<Key> = kept.iter().map(|cookie| key(cookie)).collect();
    jar.remove_where(|cookie| {
        let key = key(cookie);
        touched.contains(&key) && !still_there.contains(&key)
    });
    for cookie in kept {
        jar.insert(cookie.clone());
    }
}
