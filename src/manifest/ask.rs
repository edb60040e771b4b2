//! Questions others ask of a manifest.

use super::{Glob, Item, LifetimeRule, Manifest, Strength, ThirdParty, VisitorState};
use crate::cookie::{Name, registrable_domain};
use crate::observation::{Consent, Visitor};
use url::Url;

impl Manifest {
    /// Whether a page is in a class. `*` is every page; a class that is not declared has none.
    ///
    /// Patterns without a host match on any host: whether the host is the site's own is another
    /// question ([`Manifest::covers_host`]).
    pub fn class_contains(&self, class: &str, url: &Url) -> bool {
        class == "*" || self.pages.get(class).is_some_and(|class| class.contains(url))
    }

    /// The same of a request, for classes that name methods.
    pub fn class_contains_request(&self, class: &str, method: &str, url: &Url) -> bool {
        class == "*" || self.pages.get(class).is_some_and(|class| class.contains_request(method, url))
    }

    /// Whether a page is in one of the classes; an empty list means every page.
    pub fn any_class_contains(&self, classes: &[String], url: &Url) -> bool {
        classes.is_empty() || classes.iter().any(|class| self.class_contains(class, url))
    }

    /// The item with this key.
    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Whether a host counts as this site: by the stated hosts, or else by the registrable domain
    /// of the stated URL.
    pub fn covers_host(&self, host: &str) -> bool {
        if self.site.hosts.is_empty() {
            let own = self.site.url.as_ref().and_then(|url| url.host_str());
            return own.is_some_and(|own| {
                registrable_domain(own)
                    == registrable_domain(&host.trim_end_matches('.').to_ascii_lowercase())
            });
        }
        self.site.hosts.iter().any(|glob| glob.matches(host))
    }
}

impl Item {
    /// The lifetime stated for a visitor: the one for who they are, else the general one.
    pub fn lifetime_of(&self, visitor: &Visitor, consent: &Consent) -> Option<&LifetimeRule> {
        // The narrower word first: who is remembered is logged in, too.
        let mut stated: Vec<_> = self.lifetime_for.iter().collect();
        stated.sort_by_key(|(state, _)| matches!(state, VisitorState::Anonymous | VisitorState::LoggedIn));
        stated
            .into_iter()
            .find(|(state, _)| state.describes(visitor, consent))
            .map(|(_, rule)| rule)
            .or(self.lifetime.as_ref())
    }

    /// How hard a field is stated; the empty name is the entry itself.
    pub fn strength_of(&self, field: &str) -> Strength {
        self.strengths.get(field).copied().unwrap_or(self.strength)
    }

    /// The policy's sentence for a field, or else for the entry.
    pub fn source_of(&self, field: &str) -> Option<&str> {
        self.sources.get(field).or(self.source.as_ref()).map(String::as_str)
    }

    /// Whether the item is meant for a visitor.
    pub fn is_for(&self, visitor: &Visitor, consent: &Consent) -> bool {
        VisitorState::any_describes(&self.visitors, visitor, consent)
    }

    /// Whether a name is this item's on a page of this scheme: the https names, where it has some
    /// and the page is https, else the plain ones.
    pub fn is_named(&self, name: &Name, https: bool) -> bool {
        let names = if https && !self.https_names.is_empty() { &self.https_names } else { &self.names };
        names.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether it may be set for a host; no stated hosts mean any.
    pub fn is_on_host(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|glob: &Glob| glob.matches(host))
    }
}

impl ThirdParty {
    /// How hard a field is stated.
    pub fn strength_of(&self, field: &str) -> Strength {
        self.strengths.get(field).copied().unwrap_or(self.strength)
    }

    /// The policy's sentence for a field, or else for the entry.
    pub fn source_of(&self, field: &str) -> Option<&str> {
        self.sources.get(field).or(self.source.as_ref()).map(String::as_str)
    }
}
