//! What a visit amounts to: whether the page came, and what it put on the device.

use crate::cookie::{Decision, Name, Reason};
use crate::engine::Visit;
use crate::observation::Sighting;

/// A page came, as it was asked for.
pub(super) fn came(visit: &Visit) -> bool {
    visit.failure.is_none() && (200..400).contains(&visit.status)
}

/// What the visit put on the device.
pub(super) fn kept(visit: &Visit) -> impl Iterator<Item = &Sighting> {
    let headers = visit.exchanges.iter().flat_map(|exchange| &exchange.sightings);
    headers.chain(&visit.writes).filter(|sighting| is_kept(sighting))
}

/// It is on the device from then on.
pub(super) fn is_kept(sighting: &Sighting) -> bool {
    matches!(sighting.decision, Decision::Stored { .. } | Decision::Replaced { .. })
}

/// Names that answers over plain http set, kept or not: they were on the wire.
pub(super) fn set_in_the_clear(visit: &Visit) -> impl Iterator<Item = Name> {
    let over_http = visit.exchanges.iter().filter(|exchange| exchange.at.url.as_str().starts_with("http:"));
    let sets = |sighting: &&Sighting| match &sighting.decision {
        Decision::Deleted { .. } => false,
        Decision::Rejected { reasons } => !reasons.contains(&Reason::AlreadyExpired),
        _ => true,
    };
    over_http.flat_map(|exchange| &exchange.sightings).filter(sets).map(|sighting| sighting.name.clone())
}
