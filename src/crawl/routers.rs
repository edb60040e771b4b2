//! Paths that are routers: `clientarea.php?action=invoices` and its like, where the parameter that
//! elsewhere says what to do says which page is meant. Known by their links: most of a persona's on
//! such a path differ in that parameter only.

use super::Address;
use super::danger::{danger, is_action};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Links that must differ in the parameter only.
const AT_LEAST: u32 = 3;
/// Paths and groups kept account of.
const MOST: usize = 50_000;

/// Paths, and how their links differ.
#[derive(Debug, Default)]
pub(super) struct Routers {
    key: RandomState,
    /// Links on a path.
    paths: HashMap<u64, u32>,
    /// Links that differ in one action-like parameter only.
    groups: HashMap<u64, Group>,
}

#[derive(Debug, Default)]
struct Group {
    links: u32,
    /// Those whose value is a verb.
    acting: u32,
}

impl Routers {
    /// Takes in a link, once for each address.
    pub(super) fn add(&mut self, address: &Address) {
        if self.paths.len() + self.groups.len() >= MOST {
            return;
        }
        *self.paths.entry(self.path(address)).or_default() += 1;
        for (at, pair) in pairs(address).enumerate() {
            if is_action(name(pair)) {
                let acts = danger(address).is_some();
                let group = self.groups.entry(self.group(address, at)).or_default();
                group.links += 1;
                group.acting += u32::from(acts);
            }
        }
    }

    /// Whether the parameter at this place in the query names a page.
    pub(super) fn routes(&self, address: &Address, at: usize) -> bool {
        if address
            .path()
            .rsplit('/')
            .next()
            .is_some_and(|name| ENDPOINTS.iter().any(|word| name.contains(word)))
        {
            return false;
        }
        let all = self.paths.get(&self.path(address)).copied().unwrap_or_default();
        // What else stands in the query is what is acted upon, unless it is always the same.
        let alone = pairs(address).count() == 1;
        self.groups.get(&self.group(address, at)).is_some_and(|group| {
            let most = if alone { group.links * 2 > all } else { group.links * 10 >= all * 9 };
            group.links >= AT_LEAST && most && group.acting * 2 <= group.links
        })
    }

    fn path(&self, address: &Address) -> u64 {
        self.key.hash_one((address.origin(), address.path()))
    }

    fn group(&self, address: &Address, at: usize) -> u64 {
        let rest: Vec<&str> = pairs(address)
            .enumerate()
            .map(|(other, pair)| if other == at { name(pair) } else { pair })
            .collect();
        self.key.hash_one((address.origin(), address.path(), at, rest))
    }
}

fn pairs(address: &Address) -> impl Iterator<Item = &str> {
    address.query().unwrap_or_default().split(['&', ';']).filter(|pair| !pair.is_empty()).take(100)
}

fn name(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

/// Files that scripts ask, and that show no page (`admin-ajax.php`, `admin-post.php`).
const ENDPOINTS: &[&str] = &["ajax", "admin-post", "cron", "async", "webhook", "callback"];

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str) -> Address {
        Address::parse(&format!("https://a.test{path}")).unwrap()
    }

    #[track_caller]
    fn case(links: &[&str], path: &str, at: usize, expected: bool) {
        let mut routers = Routers::default();
        links.iter().for_each(|link| routers.add(&address(link)));
        assert_eq!(routers.routes(&address(path), at), expected, "{path}");
    }

    #[test]
    fn a_router_is_known_by_its_links() {
        let area = ["/c.php?action=details", "/c.php?action=invoices", "/c.php?action=zones", "/c.php"];
        case(&area, "/c.php?action=zones", 0, true);
        case(&area[1..], "/c.php?action=zones", 0, false);
        case(&area, "/d.php?action=zones", 0, false);
        // Of one thing each, these differ in what is done to it.
        let wiki =
            ["/i?t=A&action=a", "/i?t=B&action=a", "/i?t=B&action=b", "/i?t=C&action=a", "/i?t=C&action=c"];
        case(&wiki, "/i?t=B&action=a", 1, false);
        let one_page = ["/i?t=A&action=a", "/i?t=A&action=b", "/i?t=A&action=c", "/i?t=B&x=1", "/i?y=1"];
        case(&one_page, "/i?t=A&action=a", 1, false);
        let in_a_language = ["/i?l=de&action=a", "/i?l=de&action=b", "/i?l=de&action=c"];
        case(&in_a_language, "/i?l=de&action=a", 1, true);
        let acts = ["/a?do=delete", "/a?do=trash", "/a?do=xyz"];
        case(&acts, "/a?do=xyz", 0, false);
        let ajax = ["/admin-ajax.php?action=a", "/admin-ajax.php?action=b", "/admin-ajax.php?action=c"];
        case(&ajax, "/admin-ajax.php?action=a", 0, false);
    }
}
