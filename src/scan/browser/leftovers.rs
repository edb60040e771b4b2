//! What a visitor is left with when all pages were looked at: cookies that nothing explains, copies
//! of values where scripts can read them, and where consent is kept.

use super::CellSeen;
use crate::cookie::{Decision, Name, StoredCookie, ValueFacts, Written};
use crate::engine::Visit;
use crate::engine::browser::StoredItem;
use crate::observation::{
    Cell, Channel, Consent, ExchangeRef, Outcome, Page, Party, ProbeKind, ProbeResult, Resource, Sighting,
    StorageKind,
};
use crate::scan::ground::Ground;
use crate::scan::record::As;

/// A value shorter than this is found everywhere by chance.
const TELLING_VALUE: usize = 8;

impl Ground<'_> {
    /// Cookies that are there in the end, and that nothing that was seen explains.
    pub(super) fn unexplained(&mut self, cell: &Cell, jar: &[StoredCookie], seen: &CellSeen) {
        let url = self.target.url.clone();
        for cookie in jar.iter().filter(|cookie| !seen.explained.contains(&cookie.place())) {
            let page = self.recorder.safe(&url);
            let own = self.hosts.is_own_host(&cookie.effective.domain);
            let sighting = Sighting {
                kind: StorageKind::Cookie,
                name: cookie.name.clone(),
                cell: cell.clone(),
                page: Page { asked: page.clone(), shown: None, started_by: None },
                exchange: ExchangeRef {
                    method: "JAR".into(),
                    url: page,
                    status: 0,
                    hop: 0,
                    resource: Resource::Other,
                },
                channel: Channel::Unexplained,
                party: if own { Party::First } else { Party::Third },
                line: format!("{}={}", cookie.name, cookie.value),
                written: written_of(cookie),
                decision: Decision::Stored { effective: cookie.effective.clone() },
                value: ValueFacts::of(&cookie.value, &url),
                script: None,
                at_ms: 0,
                disagreement: None,
            };
            let visit = Visit { writes: vec![sighting], ..Visit::unanswered(&url) };
            self.recorder.visit(cell, &visit, None, As::Part);
        }
    }

    /// Copies of values where scripts can read them, and consent kept in storage too.
    pub(super) fn mirrors(
        &mut self,
        cell: &Cell,
        jar: &[StoredCookie],
        seen: &CellSeen,
        outcomes: &mut Vec<Outcome>,
    ) {
        let Some(manifest) = self.manifest else { return };
        for item in manifest.items.iter().filter(|item| item.kind == StorageKind::Cookie) {
            let named = |cookie: &&StoredCookie| {
                item.names.iter().chain(&item.https_names).any(|pattern| pattern.matches(&cookie.name))
            };
            let Some(cookie) = jar.iter().find(named) else { continue };
            let value = cookie.value.reveal();
            let outcome = |probe, result| Outcome {
                probe,
                persona: cell.persona.clone(),
                cookies: vec![item.key.clone()],
                page: None,
                result,
                evidence: Vec::new(),
            };
            if item.script_readable == Some(false) && value.len() >= TELLING_VALUE {
                let result = match copy_of(value, cookie, jar, &seen.storage) {
                    Some(what) => ProbeResult::Fails { what },
                    None => ProbeResult::Holds,
                };
                let location = "web storage or a readable cookie".to_owned();
                outcomes.push(outcome(ProbeKind::MirroredValue { location }, result));
            }
            if cell.consent != Consent::Accepted {
                continue;
            }
            for storage in &item.mirrored_in {
                let kept = seen.storage.iter().any(|stored| {
                    let name = Name::new(stored.name.clone());
                    let same_name = item.names.iter().any(|pattern| pattern.matches(&name));
                    stored.kind == *storage
                        && (same_name || (!value.is_empty() && stored.value.reveal() == value))
                });
                let result = match kept {
                    true => ProbeResult::Holds,
                    false => ProbeResult::Fails { what: "only the cookie was written".into() },
                };
                outcomes.push(outcome(ProbeKind::StorageMirror { storage: *storage }, result));
            }
        }
    }
}

/// Where else a value can be read by scripts, in words.
fn copy_of(
    value: &[u8],
    cookie: &StoredCookie,
    jar: &[StoredCookie],
    storage: &[StoredItem],
) -> Option<String> {
    let holds = |text: &[u8]| text.windows(value.len()).any(|window| window == value);
    let stored = storage.iter().find(|item| holds(item.value.reveal()));
    if let Some(item) = stored {
        return Some(format!(
            "its value is also in {} under {}",
            item.kind.in_words(),
            Name::new(item.name.clone())
        ));
    }
    let readable = |other: &&StoredCookie| other.name != cookie.name && !other.effective.http_only;
    let copy = jar.iter().filter(readable).find(|other| holds(other.value.reveal()))?;
    Some(format!("its value is also in the cookie {}, which scripts can read", copy.name))
}

fn written_of(cookie: &StoredCookie) -> Written {
    let kept = &cookie.effective;
    Written {
        lifetime: kept.lifetime,
        http_only: kept.http_only,
        secure: kept.secure,
        same_site: kept.same_site,
        partitioned: kept.partition.is_some(),
        path: Some(kept.path.clone()),
        domain: (!kept.host_only).then(|| kept.domain.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_found_elsewhere_is_told_by_place() {
        let cookie = |name: &str, value: &str, http_only| {
            let effective = crate::cookie::Effective {
                domain: "a.test".into(),
                host_only: true,
                path: "/".into(),
                secure: false,
                http_only,
                same_site: None,
                lifetime: crate::cookie::Lifetime::Session,
                partition: None,
                priority: Default::default(),
            };
            StoredCookie::new(Name::new(name), crate::cookie::CookieValue::new(value), effective, 0.0, None)
        };
        let access = cookie("access", "0123456789abcdef", true);
        let copy = |jar: &[StoredCookie]| copy_of(b"0123456789abcdef", &access, jar, &[]);
        assert_eq!(copy(&[access.clone(), cookie("other", "0123456789abcdef", true)]), None);
        let told = copy(&[access.clone(), cookie("copy", "x0123456789abcdefx", false)]);
        assert_eq!(told.as_deref(), Some("its value is also in the cookie copy, which scripts can read"));
    }
}
