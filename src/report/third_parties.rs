//! Who else was asked: other parties by registrable domain, with the vendor where it is known, the
//! pages and scripts that brought them in, what their requests tell, and what they leave on the
//! device, under their own domain or, by their scripts, in the site's name.

use crate::cookie::Decision;
use crate::observation::{Carried, Contact, Observation, Party, Scan, Script, Site, StorageKind};
use crate::vendors::{Fact, Knowledge, KnowledgeHere};
use std::collections::{BTreeMap, BTreeSet};

/// One other party.
#[derive(Debug)]
pub(crate) struct Other<'a> {
    /// Its registrable domain; none for a vendor that only its names give away.
    pub(crate) site: Option<String>,
    pub(crate) hosts: BTreeSet<&'a str>,
    pub(crate) fact: Option<Fact>,
    /// Really asked, or only mentioned in markup and left alone.
    pub(crate) fetched: bool,
    pub(crate) requests: u64,
    /// Pages that asked, one for each shape.
    pub(crate) pages: BTreeSet<&'a str>,
    /// The first script that asked, in the order of URLs.
    pub(crate) script: Option<&'a Script>,
    pub(crate) carried: BTreeSet<&'a Carried>,
    pub(crate) sets: BTreeSet<Left<'a>>,
}

/// What it leaves on the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Left<'a> {
    pub(crate) kind: StorageKind,
    pub(crate) name: String,
    pub(crate) domain: &'a str,
    /// In the site's own name, by a script of theirs or by a name that is theirs.
    pub(crate) for_site: bool,
    /// False where browsers refuse it.
    pub(crate) kept: bool,
}

impl Other<'_> {
    /// `Google Analytics, analytics`; empty where nobody knows it.
    pub(crate) fn who(&self) -> String {
        match (&self.fact, &self.site) {
            (Some(fact), Some(site)) if fact.vendor == *site => fact.role.word().to_owned(),
            (Some(fact), _) => format!("{}, {}", fact.vendor, fact.role.word()),
            (None, _) => String::new(),
        }
    }

    /// The name to sort and print it by.
    pub(crate) fn name(&self) -> String {
        match (&self.site, &self.fact) {
            (Some(site), _) => site.clone(),
            (None, Some(fact)) => fact.vendor.to_string(),
            (None, None) => String::new(),
        }
    }

    /// What it leaves, in words.
    pub(crate) fn left(&self) -> String {
        let of = |for_site: bool| {
            let names: Vec<String> = self
                .sets
                .iter()
                .filter(|left| left.for_site == for_site)
                .map(|left| match (left.kind, left.kept) {
                    (StorageKind::Cookie, true) => left.name.clone(),
                    (StorageKind::Cookie, false) => format!("{} (refused)", left.name),
                    (kind, _) => format!("{} ({})", left.name, kind.in_words()),
                })
                .collect();
            shortened(names, ", ")
        };
        let [own, for_site] = [of(false), of(true)];
        let for_site = if for_site.is_empty() { for_site } else { format!("{for_site} in the site's name") };
        [own, for_site].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }

    /// What its requests tell, in words.
    pub(crate) fn told(&self) -> String {
        shortened(self.carried.iter().map(|one| one.to_string()).collect(), ", ")
    }
}

/// The first of many.
fn shortened(mut all: Vec<String>, between: &str) -> String {
    const MOST: usize = 6;
    all.dedup();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    all.join(between)
}

/// Every other party, those that are known to watch people first, then by name.
pub(crate) fn others<'a>(scan: &'a Scan, knowledge: &Knowledge) -> Vec<Other<'a>> {
    let knowledge = &knowledge.here(scan.run.site());
    let site = &scan.run.site();
    let mut others: BTreeMap<(Option<String>, String), Other<'a>> = BTreeMap::new();
    for contact in scan.contacts.iter().filter(|contact| contact.party == Party::Third) {
        let other = of_site(&mut others, &contact.host);
        take(other, contact, knowledge);
    }
    for observation in scan.observations.iter() {
        leave(&mut others, observation, site, knowledge);
    }
    let mut others: Vec<Other<'a>> = others.into_values().collect();
    let rank = |other: &Other<'_>| {
        let watches = other.fact.as_ref().is_some_and(|fact| fact.role.tracks());
        (!watches, !other.fetched, other.name())
    };
    others.sort_by_cached_key(rank);
    others
}

fn take<'a>(other: &mut Other<'a>, contact: &'a Contact, knowledge: &KnowledgeHere<'_>) {
    other.hosts.insert(&contact.host);
    other.fetched |= contact.fetched;
    other.requests += contact.count;
    other.pages.insert(contact.page.as_str());
    other.carried.extend(&contact.carried);
    if let Some(script) = &contact.script
        && other.script.is_none_or(|first| script < first)
    {
        other.script = Some(script);
    }
    if other.fact.is_none() {
        other.fact = knowledge.request(&contact.example, &contact.page, contact.resource);
    }
}

/// A thing on the device belongs to its foreign domain, to the foreign script that wrote it, or to
/// the vendor whose name it bears.
fn leave<'a>(
    others: &mut BTreeMap<(Option<String>, String), Other<'a>>,
    seen: &'a Observation,
    site: &Site,
    knowledge: &KnowledgeHere<'_>,
) {
    let decided =
        |wanted: fn(&Decision) -> bool| seen.groups.iter().any(|group| wanted(&group.example.decision));
    let kept = decided(|decision| matches!(decision, Decision::Stored { .. } | Decision::Replaced { .. }));
    if !kept && !decided(|decision| matches!(decision, Decision::Rejected { .. })) {
        return;
    }
    let (kind, name, domain) = (seen.kind, seen.name.to_string(), seen.domain.as_str());
    let left = |for_site| Left { kind, name: name.clone(), domain, for_site, kept };
    if seen.party == Party::Third {
        let host = host_of(&seen.domain);
        of_site(others, host).sets.insert(left(false));
        return;
    }
    let mut writers: BTreeSet<String> = BTreeSet::new();
    for group in &seen.groups {
        let script = group.example.script.as_ref().and_then(|script| script.url.parsed());
        let host = script.as_ref().and_then(url::Url::host_str);
        if let Some(host) = host.filter(|host| site.party_of_host(host) == Party::Third) {
            writers.insert(host.to_owned());
        }
    }
    for writer in &writers {
        of_site(others, writer).sets.insert(left(true));
    }
    if !writers.is_empty() {
        return;
    }
    let fact = match seen.kind {
        StorageKind::Cookie => knowledge.cookie(&name, ""),
        _ => knowledge.storage(&name, ""),
    };
    let Some(fact) = fact.filter(|fact| fact.third_party) else { return };
    let asked = others
        .values_mut()
        .find(|other| other.fact.as_ref().is_some_and(|known| known.vendor == fact.vendor));
    if let Some(other) = asked {
        other.sets.insert(left(true));
        return;
    }
    let key = (None, fact.vendor.to_string());
    let other = others.entry(key).or_insert_with(|| Other { fact: Some(fact), ..nobody() });
    other.sets.insert(left(true));
}

fn of_site<'m, 'a>(
    others: &'m mut BTreeMap<(Option<String>, String), Other<'a>>,
    host: &str,
) -> &'m mut Other<'a> {
    let site = crate::cookie::registrable_domain(host.trim_start_matches('.')).to_owned();
    let key = (Some(site.clone()), String::new());
    others.entry(key).or_insert_with(|| Other { site: Some(site), ..nobody() })
}

fn nobody<'a>() -> Other<'a> {
    Other {
        site: None,
        hosts: BTreeSet::new(),
        fact: None,
        fetched: false,
        requests: 0,
        pages: BTreeSet::new(),
        script: None,
        carried: BTreeSet::new(),
        sets: BTreeSet::new(),
    }
}

/// The host of a cookie's domain or of a storage item's origin.
pub(crate) fn host_of(domain: &str) -> &str {
    let host = domain.split_once("://").map_or(domain, |(_, host)| host).trim_start_matches('.');
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_domains_and_origins() {
        for (domain, host) in [
            ("a.test", "a.test"),
            ("https://a.test", "a.test"),
            ("https://a.test:8443", "a.test"),
            ("http://[::1]:80", "[::1]"),
        ] {
            assert_eq!(host_of(domain), host);
        }
    }

    #[test]
    fn many_things_are_counted() {
        let names = |count: usize| (0..count).map(|n| format!("c{n}")).collect();
        assert_eq!(shortened(names(2), ", "), "c0, c1");
        assert_eq!(shortened(names(9), ", "), "c0, c1, c2, c3, c4, c5, 3 more");
    }
}
