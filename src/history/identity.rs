//! What makes a thing of one night the same thing another night: the pattern that declares it, else
//! the family of its name, else its name; with its host and kind.

use super::record::{RunRecord, ThingRecord};
use crate::manifest::{DeclaredParty, Item, Manifest};
use crate::observation::{StorageKind, family};
use std::collections::{BTreeMap, BTreeSet};

/// A thing, whatever it is called tonight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) kind: StorageKind,
    /// The key of the declared item, or the family's pattern, or the name.
    pub(super) name: String,
    pub(super) declared: bool,
    /// Empty for the site's own host, however it is called where the run was made.
    pub(super) host: String,
}

/// Finds identities, each name once.
pub(super) struct Identities<'m> {
    manifest: Option<&'m Manifest>,
}

impl<'m> Identities<'m> {
    pub(super) fn by(manifest: Option<&'m Manifest>) -> Self {
        Identities { manifest }
    }

    /// The things of a run.
    pub(super) fn index<'r>(&self, run: &'r RunRecord) -> BTreeMap<Identity, Vec<&'r ThingRecord>> {
        let own = host_of_url(&run.made.base_url);
        let mut index: BTreeMap<Identity, Vec<&ThingRecord>> = BTreeMap::new();
        for thing in &run.things {
            index.entry(self.identity(thing, own)).or_default().push(thing);
        }
        index
    }

    fn identity(&self, thing: &ThingRecord, own_host: &str) -> Identity {
        if let Some(item) = self.item(thing) {
            let host = if thing.own { String::new() } else { thing.host.clone() };
            return Identity { kind: thing.kind, name: item.key.clone(), declared: true, host };
        }
        let at_home =
            thing.own && (thing.host == own_host || own_host.ends_with(&format!(".{}", thing.host)));
        Identity {
            kind: thing.kind,
            name: family(&thing.name).into_owned(),
            declared: false,
            host: if at_home { String::new() } else { thing.host.clone() },
        }
    }

    /// The declared item; the narrowest pattern wins.
    fn item(&self, thing: &ThingRecord) -> Option<&'m Item> {
        let items = self.manifest.map(|manifest| manifest.items.iter()).into_iter().flatten();
        items
            .filter(|item| item.kind == thing.kind)
            .filter(|item| match item.hosts.is_empty() {
                true => thing.own || item.party == Some(DeclaredParty::Third),
                false => thing.own || item.is_on_host(&thing.host),
            })
            .filter_map(|item| {
                let patterns = item.names.iter().chain(&item.https_names);
                let best = patterns
                    .filter(|pattern| pattern.matches_text(&thing.name))
                    .map(|pattern| (pattern.as_literal().is_some(), pattern.written().len()))
                    .max()?;
                Some(((!item.hosts.is_empty() && item.is_on_host(&thing.host), best), item))
            })
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, item)| item)
    }
}

/// The host of a URL as recorded, without port.
pub(super) fn host_of_url(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// The distinct names under which a thing was seen.
pub(super) fn names<'r>(things: &[&'r ThingRecord]) -> BTreeSet<&'r str> {
    things.iter().map(|thing| thing.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_no_port() {
        for (url, host) in [
            ("http://127.0.0.1:4711/", "127.0.0.1"),
            ("https://shop.test", "shop.test"),
            ("http://[::1]:80/x", "[::1]"),
        ] {
            assert_eq!(host_of_url(url), host);
        }
    }
}
