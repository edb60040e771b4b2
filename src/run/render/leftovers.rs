//! What a visitor is left with when all pages were looked at: cookies that nothing explains, copies
//! of values where scripts can read them, and where consent is kept.

use crate::cookie::{Name, StoredCookie, ValueFacts};
use crate::engine::Visit;
use crate::engine::browser::StoredItem;
use crate::observation::{
    Cell, Circumstances, Consent, ExchangeRef, Outcome, Page, Party, ProbeKind, ProbeResult, Sighting,
    StorageKind,
};
use crate::run::recorder::As;
use crate::run::render::CellSeen;
use crate::run::runner::Runner;
use std::collections::BTreeSet;
use url::Url;

/// A value shorter than this is found everywhere by chance.
const IDENTIFYING_VALUE: usize = 8;
/// Names of storage items are told up to so many characters.
const LONGEST_ITEM_NAME: usize = 1000;

impl Runner<'_> {
    /// Cookies and items of storage that are there in the end, and that nothing that was seen explains.
    pub(in crate::run) fn unexplained(&mut self, cell: &Cell, jar: &[StoredCookie], seen: &CellSeen) {
        let cookies = jar.iter().filter(|cookie| !seen.explained.contains(&cookie.place()));
        let mut left: Vec<Sighting> = cookies
            .map(|cookie| {
                let party = self.site.party_of_host(&cookie.effective.domain);
                let facts = ValueFacts::of(&cookie.value, &self.target.url);
                Sighting::of_found_cookie(self.left(cell, party), cookie, facts)
            })
            .collect();
        left.extend(untold(&seen.storage, &seen.told).into_iter().map(|item| {
            let party = Url::parse(&item.origin).map_or(Party::Third, |origin| self.site.party(&origin));
            let facts = ValueFacts::of(&item.value, &self.target.url);
            let left = self.left(cell, party);
            Sighting::of_found_item(left, item.kind, &item.origin, &item.named(), &item.value, facts)
        }));
        let visit = Visit { writes: left, ..Visit::unanswered(&self.target.url) };
        self.recorder.visit(cell, &visit, None, As::Part);
    }

    /// In the end, after all pages.
    fn left(&self, cell: &Cell, party: Party) -> Circumstances {
        let page = self.recorder.safe(&self.target.url);
        Circumstances {
            cell: cell.clone(),
            page: Page { asked: page.clone(), shown: None, started_by: None },
            exchange: ExchangeRef::found(page),
            party,
            at_ms: 0,
        }
    }

    /// Copies of values where scripts can read them, and consent kept in storage too.
    pub(in crate::run) fn mirrors(
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
            if item.script_readable == Some(false) && value.len() >= IDENTIFYING_VALUE {
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
                    let same_name = item.names.iter().any(|pattern| pattern.matches(&stored.named()));
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

/// Items that nobody was seen to write, each once.
fn untold<'a>(storage: &'a [StoredItem], told: &BTreeSet<(StorageKind, Name)>) -> Vec<&'a StoredItem> {
    let mut met = told.clone();
    // A longer name was cut where it was told, or when it was read.
    let whole = storage.iter().filter(|item| item.name.len() < LONGEST_ITEM_NAME);
    whole.filter(|item| met.insert((item.kind, item.named()))).collect()
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
        return Some(format!("its value is also in {} under {}", item.kind.in_words(), item.named()));
    }
    let readable = |other: &&StoredCookie| other.name != cookie.name && !other.effective.http_only;
    let copy = jar.iter().filter(readable).find(|other| holds(other.value.reveal()))?;
    Some(format!("its value is also in the cookie {}, which scripts can read", copy.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_nobody_wrote_is_told_once() {
        let item = |kind, name: &str| StoredItem {
            kind,
            origin: "https://a.test".into(),
            name: name.into(),
            value: crate::cookie::CookieValue::new("1"),
        };
        let (local, database) = (StorageKind::LocalStorage, StorageKind::IndexedDb);
        let long = "x".repeat(LONGEST_ITEM_NAME);
        let storage =
            [item(local, "a"), item(local, "b"), item(database, "a"), item(local, "b"), item(local, &long)];
        let told = BTreeSet::from([(local, Name::new("a"))]);
        let names: Vec<_> =
            untold(&storage, &told).iter().map(|item| (item.kind, item.name.as_str())).collect();
        assert_eq!(names, [(local, "b"), (database, "a")]);
    }

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
