//! Which declared thing an observed one is: by host and name, exactly, by scheme, or nearly.

use crate::cookie::same_site;
use crate::manifest::{DeclaredParty, DomainRule, Item, Manifest, name_prefix};
use crate::observation::{Contact, Group, Observation, Party, SafeUrl, Scan, Site, StorageKind, family};
use crate::vendors::{self, Fact};
use url::Url;

/// The site of the scan, and what the manifest calls the hosts of this target.
pub(crate) struct Hosts(Site);

impl Hosts {
    pub(crate) fn of(manifest: &Manifest, scan: &Scan) -> Self {
        Hosts(scan.run.site().with_own(manifest.site.hosts.iter().cloned()))
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0
    }

    /// Whether a host is the site's own.
    pub(crate) fn own(&self, host: &str) -> bool {
        self.0.party_of_host(host) == Party::First
    }

    /// Whether it was another party that was asked.
    pub(crate) fn is_foreign(&self, contact: &Contact) -> bool {
        match contact.example.parsed() {
            Some(url) => self.0.party(&url) == Party::Third,
            None => !self.own(&contact.host),
        }
    }

    /// The host of the address audited.
    pub(crate) fn is_base(&self, host: &str) -> bool {
        self.0.is_base(host)
    }

    /// A URL as it is, and under the names that the manifest gives its host.
    pub(crate) fn as_declared(&self, url: &SafeUrl) -> Vec<Url> {
        url.parsed().map(|url| self.0.as_declared(&url)).unwrap_or_default()
    }

    /// A host as it is, and under the names that the manifest gives it.
    pub(crate) fn names<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.names(host)
    }
}

/// The host that a thing belongs to: a cookie's domain, the host of a storage item's origin.
pub(crate) fn host_of(observation: &Observation) -> &str {
    let domain = observation.domain.as_str();
    if observation.kind == StorageKind::Cookie {
        return domain.trim_start_matches('.');
    }
    let rest = domain.split_once("://").map_or(domain, |(_, rest)| rest);
    without_port(rest.split('/').next().unwrap_or(rest))
}

/// What the manifest has to do with an observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Match {
    /// The declared item that it is.
    pub(crate) item: Option<usize>,
    /// A declared item whose name it has, though it is another's: of another site's domain.
    pub(crate) namesake: Option<usize>,
}

/// The declared item that an observation is, by host, party and name; the narrowest pattern wins.
pub(crate) fn item_of(
    manifest: &Manifest,
    hosts: &Hosts,
    (observation, group): (&Observation, &Group),
    https: bool,
    foreign: bool,
    vendors: bool,
) -> Match {
    let host = host_of(observation);
    let on_host = |item: &Item| hosts.names(host).any(|name| item.is_on_host(name));
    // What another site sets under the name of one of ours is not ours, unless the name is a
    // vendor's own (`IDE`), which nobody else gives to a cookie.
    let elsewhere = |item: &Item| {
        let vendors = vendors && item.party.is_none();
        foreign && item.hosts.is_empty() && item.party != Some(DeclaredParty::Third) && !vendors
    };
    let candidates = || {
        let items = manifest.items.iter().enumerate();
        items.filter(|(_, item)| item.kind == observation.kind && on_host(item))
    };
    let rank = |item: &Item, https: bool| {
        let names = if https && !item.https_names.is_empty() { &item.https_names } else { &item.names };
        names
            .iter()
            .filter(|pattern| pattern.matches(&observation.name))
            .map(|pattern| {
                let whole = pattern.matches_whole(&observation.name);
                (whole, pattern.as_literal().is_some(), pattern.written().len())
            })
            .max()
    };
    let narrowest = |theirs: bool| {
        candidates()
            .filter(|(_, item)| elsewhere(item) == theirs)
            .filter_map(|(index, item)| {
                let by_right_name = rank(item, https).map(|rank| (true, rank));
                let found = by_right_name.or_else(|| rank(item, !https).map(|rank| (false, rank)))?;
                let fits = fits(item, hosts, observation, group);
                Some((found, !item.hosts.is_empty(), fits, std::cmp::Reverse(index)))
            })
            .max()
            .map(|(.., index)| index.0)
    };
    let item = narrowest(false);
    Match { item, namesake: if item.is_none() { narrowest(true) } else { None } }
}

/// How much of what is declared of a cookie's place is so, less what is not: to browsers, cookies of one name with
/// another path, domain or partition are several, and an item may be one of them.
fn fits(item: &Item, hosts: &Hosts, observation: &Observation, group: &Group) -> i32 {
    if observation.kind != StorageKind::Cookie {
        return 0;
    }
    let path = item.path.as_ref().map(|rule| rule.allows(&observation.path));
    let kept = group.example.decision.effective();
    let domain = item.domain.as_ref().zip(kept).map(|(rule, kept)| match rule {
        DomainRule::HostOnly => kept.host_only,
        DomainRule::Domain(declared) => {
            let declared = declared.trim_start_matches('.');
            !kept.host_only && hosts.names(&kept.domain).any(|name| name.eq_ignore_ascii_case(declared))
        }
    });
    let partitioned = item.partitioned.map(|declared| declared == observation.partition.is_some());
    [path, domain, partitioned].into_iter().flatten().map(|fits| if fits { 1 } else { -1 }).sum()
}

/// The declared third party that something belongs to: by its domains, by their registrable
/// domains, or by vendor. What stands in the site's own name can only be told by vendor.
pub(crate) fn provider_of(
    manifest: &Manifest,
    hosts: &Hosts,
    host: &str,
    foreign: bool,
    fact: Option<&Fact>,
) -> Option<usize> {
    let parties = || manifest.third_parties.iter().enumerate();
    if foreign {
        let by_domain = parties().find(|(_, party)| {
            party.domains.iter().any(|glob| hosts.names(host).any(|name| glob.matches(name)))
        });
        let by_site = || {
            parties().find(|(_, party)| {
                party.domains.iter().any(|glob| {
                    let written = glob.to_string();
                    let domain = written.trim_start_matches("*.");
                    !domain.contains('*') && hosts.names(host).any(|name| same_site(name, domain))
                })
            })
        };
        if let Some((index, _)) = by_domain.or_else(by_site) {
            return Some(index);
        }
    }
    let vendor = fact.filter(|fact| fact.third_party)?.vendor.as_ref();
    parties().find(|(_, party)| is_vendor(party, vendor)).map(|(index, _)| index)
}

/// Whether a declared third party is a vendor of the table: by its name or by one of its domains.
fn is_vendor(party: &crate::manifest::ThirdParty, vendor: &str) -> bool {
    party.provider.eq_ignore_ascii_case(vendor)
        || party.domains.iter().any(|glob| {
            let written = glob.to_string();
            vendors::classify_host(written.trim_start_matches("*.")).is_some_and(|fact| fact.vendor == vendor)
        })
}

/// A declared item whose name is nearly this one: misspelt, otherwise prefixed, in other letters or
/// with other separators.
pub(crate) fn near_match(manifest: &Manifest, kind: StorageKind, name: &str) -> Option<usize> {
    let plain = plain(&family(name));
    let mut best: Option<(usize, usize)> = None;
    for (index, item) in manifest.items.iter().enumerate().filter(|(_, item)| item.kind == kind) {
        // Patterns are compared as they are written: `SSESS*` of another installation is near.
        for declared in item.names.iter().chain(&item.https_names).filter(|name| !name.is_regex()) {
            let other = self::plain(&family(declared.written()));
            let letters = plain.len().min(other.len());
            // Short names are near to everything.
            let within = match letters {
                0..=4 => 0,
                5..=8 => 1,
                _ => 2,
            };
            let distance = strsim::damerau_levenshtein(&plain, &other);
            if distance <= within && best.is_none_or(|(_, least)| distance < least) {
                best = Some((index, distance));
            }
        }
    }
    best.map(|(index, _)| index)
}

/// Whether two names have a telling word in common (`better-auth.session_token` and
/// `caption_session_token`).
pub(crate) fn share_a_word(a: &str, b: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        plain(name).split('_').filter(|word| word.len() >= 5).map(str::to_owned).collect()
    };
    let others = words(b);
    words(a).iter().any(|word| others.contains(word))
}

/// A name without its prefix, in small letters, its separators alike; bounded, since names come
/// from the site.
fn plain(name: &str) -> String {
    let bare = name_prefix(name).map_or(name, |(prefix, _)| &name[prefix.len()..]);
    bare.chars()
        .take(256)
        .map(|c| if matches!(c, '.' | '-' | '_' | ':') { '_' } else { c.to_ascii_lowercase() })
        .collect()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(names: &[&str]) -> Manifest {
        Manifest { items: names.iter().map(|name| Item::named(name)).collect(), ..Manifest::default() }
    }

    #[track_caller]
    fn near(name: &str, expected: Option<&str>) {
        let manifest = manifest(&["caption_session_token", "locale", "sid", "next-auth.csrf-token"]);
        let found = near_match(&manifest, StorageKind::Cookie, name);
        assert_eq!(found.map(|index| manifest.items[index].key.as_str()), expected, "{name}");
    }

    #[test]
    fn near_names_are_misspelt_prefixed_or_otherwise_written() {
        near("__Secure-caption.session_token", Some("caption_session_token"));
        near("CAPTION_SESSION_TOKEN", Some("caption_session_token"));
        near("caption_sesion_token", Some("caption_session_token"));
        near("locales", Some("locale"));
        near("__Secure-next-auth.csrf-token", Some("next-auth.csrf-token"));
        near("__Host-sid", Some("sid"));
        near("sib", None);
        near("theme", None);
        near("better-auth.session_token", None);
        near("", None);
    }

    #[test]
    fn names_share_telling_words() {
        assert!(share_a_word("better-auth.session_token", "caption_session_token"));
        assert!(share_a_word("NEXT_LOCALE", "locale"));
        assert!(!share_a_word("theme", "caption_session_token"));
        assert!(!share_a_word("a_b", "a_c"));
    }

    #[test]
    fn a_long_name_is_compared_in_bounded_time() {
        near(&"x".repeat(100_000), None);
    }
}
