//! What is known in one run: the built-in table, and the lists that the user points to.
//!
//! The surest word counts, from first to last: an exact name of the built-in table; an exact name of
//! the user's databases, in their order; a pattern of theirs; a pattern of the built-in table; the
//! host, by the built-in table; the request, by the user's filter lists, in their order. So a list
//! never takes away what is surely known, and a guess by pattern never beats an exact row.

use super::cookie_database::CookieDatabase;
use super::filters::FilterList;
use super::{Fact, Kind, NotAList, TABLE, classify_host};
use crate::manifest::{KnownThing, KnownThings};
use crate::observation::{Resource, SafeUrl, Site, StorageKind};
use url::Url;

/// What is known beside the built-in table.
#[derive(Debug, Default)]
pub struct Knowledge {
    filters: Vec<FilterList>,
    databases: Vec<CookieDatabase>,
}

/// What of a list is not in use, in a sentence.
pub type Remark = String;

impl Knowledge {
    /// Adds a filter list in the syntax of ad blockers, or a hosts file. The file's name is for
    /// messages.
    pub fn add_filters(&mut self, file: &str, text: &str) -> Result<Option<Remark>, NotAList> {
        let loaded = FilterList::read(file, text)?;
        let remark = loaded.remark(file);
        self.filters.push(loaded.value);
        Ok(remark)
    }

    /// Adds a cookie database in the columns of the Open Cookie Database, CSV or JSON.
    pub fn add_database(&mut self, file: &str, text: &str) -> Result<Option<Remark>, NotAList> {
        let loaded = CookieDatabase::read(file, text)?;
        let remark = loaded.remark(file);
        self.databases.push(loaded.value);
        Ok(remark)
    }

    /// What is known of a cookie of this name on this host.
    pub fn cookie(&self, name: &str, host: &str) -> Option<Fact> {
        self.named(Kind::Cookie, name, host)
    }

    /// What is known of a storage key of an origin's host. Databases list keys beside cookies.
    pub fn storage(&self, key: &str, host: &str) -> Option<Fact> {
        self.named(Kind::Storage, key, host)
    }

    /// What is known of a host by itself.
    pub fn host(&self, host: &str) -> Option<Fact> {
        classify_host(host).or_else(|| self.address(&format!("https://{host}/"), "", "other"))
    }

    /// What is known of a request that a page made.
    pub fn request(&self, url: &SafeUrl, page: &SafeUrl, resource: Resource) -> Option<Fact> {
        self.asked(&url.parsed()?, page, resource)
    }

    /// The same for a site whose hosts, and those of others, may stand under other names on this target
    /// (`js.stripe.com = js.stripe.localhost`).
    pub fn here(&self, site: Site) -> KnowledgeHere<'_> {
        KnowledgeHere { knowledge: self, site }
    }

    fn asked(&self, url: &Url, page: &SafeUrl, resource: Resource) -> Option<Fact> {
        let by_host = classify_host(url.host_str().unwrap_or_default());
        by_host.or_else(|| self.address(url.as_str(), page.as_str(), word(resource)))
    }

    fn named(&self, kind: Kind, name: &str, host: &str) -> Option<Fact> {
        TABLE
            .exactly(kind, name, host)
            .or_else(|| self.databases.iter().find_map(|database| database.exact(name, host)).cloned())
            .or_else(|| self.databases.iter().find_map(|database| database.wild(name, host)).cloned())
            .or_else(|| TABLE.like(kind, name, host))
            .or_else(|| (!host.is_empty()).then(|| self.host(host.trim_start_matches('.')))?)
    }

    fn address(&self, url: &str, page: &str, kind: &str) -> Option<Fact> {
        self.filters.iter().find_map(|list| list.matches(url, page, kind))
    }
}

impl KnownThings for Knowledge {
    fn thing(&self, kind: StorageKind, name: &str, host: &str) -> Option<KnownThing> {
        let fact =
            if kind == StorageKind::Cookie { self.cookie(name, host) } else { self.storage(name, host) };
        fact.map(told)
    }

    fn host(&self, host: &str) -> Option<KnownThing> {
        self.host(host).map(told)
    }
}

fn told(fact: Fact) -> KnownThing {
    KnownThing {
        vendor: fact.vendor.into_owned(),
        third_party: fact.third_party,
        category: fact.role.category(),
    }
}

/// What is known at one site: hosts go by the names that the manifest gives them, and by their own.
#[derive(Debug)]
pub struct KnowledgeHere<'a> {
    knowledge: &'a Knowledge,
    site: Site,
}

impl KnowledgeHere<'_> {
    /// What is known of a cookie of this name on this host.
    pub fn cookie(&self, name: &str, host: &str) -> Option<Fact> {
        self.by_host(host, |host| self.knowledge.cookie(name, host))
    }

    /// What is known of a storage key of an origin's host.
    pub fn storage(&self, key: &str, host: &str) -> Option<Fact> {
        self.by_host(host, |host| self.knowledge.storage(key, host))
    }

    /// What is known of a host by itself.
    pub fn host(&self, host: &str) -> Option<Fact> {
        self.by_host(host, |host| self.knowledge.host(host))
    }

    /// What is known of a request that a page made.
    pub fn request(&self, url: &SafeUrl, page: &SafeUrl, resource: Resource) -> Option<Fact> {
        let urls = self.site.as_declared(&url.parsed()?);
        urls.iter().find_map(|url| self.knowledge.asked(url, page, resource))
    }

    fn by_host(&self, host: &str, known: impl Fn(&str) -> Option<Fact>) -> Option<Fact> {
        self.site.names(host.trim_start_matches('.')).find_map(known)
    }
}

/// What ad blockers call it.
fn word(resource: Resource) -> &'static str {
    match resource {
        Resource::Document => "document",
        Resource::Frame => "sub_frame",
        Resource::Image => "image",
        Resource::Script => "script",
        Resource::Style => "stylesheet",
        Resource::Font => "font",
        Resource::Fetch => "xmlhttprequest",
        Resource::Manifest | Resource::WellKnown | Resource::Step | Resource::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secrets;

    fn knowledge() -> Knowledge {
        let mut known = Knowledge::default();
        let database = "Platform,Category,Cookie / Data Key name,Wildcard match\n\
            Acme,Marketing,_ga,0\nAcme,Analytics,_ga_,1\nAcme,Analytics,acme,0\nAcme,Analytics,_pk_id.7,0\n";
        assert_eq!(known.add_database("d.csv", database).unwrap(), None);
        assert_eq!(known.add_filters("easyprivacy.txt", "||tracker.test^\n||plausible.io^\n").unwrap(), None);
        known
    }

    #[test]
    fn the_surest_word_counts() {
        let by = |fact: Option<Fact>| fact.map(|fact| fact.matched_by.into_owned()).unwrap_or_default();
        let known = knowledge();
        // Exact: the built-in table's word, then the database's; then patterns, the user's first.
        assert_eq!(by(known.cookie("_ga", "")), "cookie _ga");
        assert_eq!(by(known.cookie("acme", "")), "d.csv:4 acme");
        assert_eq!(by(known.cookie("_pk_id.7", "")), "d.csv:5 _pk_id.7");
        assert_eq!(by(known.cookie("_ga_X1", "")), "d.csv:3 _ga_");
        assert_eq!(by(known.cookie("_pk_id.1", "")), "cookie _pk_id*");
        assert_eq!(by(known.storage("acme", "")), "d.csv:4 acme");
        // Hosts: the built-in table's, then lists.
        assert_eq!(by(known.cookie("x", ".plausible.io")), "host plausible.io");
        assert_eq!(by(known.cookie("x", "a.tracker.test")), "easyprivacy.txt:1 ||tracker.test^");
        assert_eq!(by(known.host("shop.test")), "");
        assert_eq!(by(known.cookie("x", "")), "");
        let url = |text: &str| SafeUrl::new(&url::Url::parse(text).unwrap(), &Secrets::default());
        let asked = |to: &str| by(known.request(&url(to), &url("https://shop.test/"), Resource::Image));
        assert_eq!(asked("https://tracker.test/p.gif"), "easyprivacy.txt:1 ||tracker.test^");
        assert_eq!(asked("https://plausible.io/p.gif"), "host plausible.io");
        assert_eq!(asked("https://unknown.test/p.gif"), "");
    }
}
