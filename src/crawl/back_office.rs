//! The part of a site from which it is administered. A member who gets there may do more by opening
//! a page than anybody else: so it is said before, with what to write into the plan to keep out.

use super::Address;
use super::danger::{danger, of_identifier, percent_decoded};
use crate::observation::is_anti_forgery;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kept of one visitor; a site may make up as many as it likes.
const MOST: usize = 8;
/// Read of one body.
const MOST_FIELDS: usize = 200;

/// The back offices that one visitor's links lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackOffices {
    patterns: BTreeSet<String>,
    /// Below these every page is one of an application for administrators only.
    folders: BTreeSet<String>,
}

impl BackOffices {
    /// Takes in an address; true if it is of a back office that is new.
    pub fn add(&mut self, address: &Address) -> bool {
        let Some(pattern) = back_office(address).filter(|_| self.patterns.len() < MOST) else { return false };
        if pattern.contains("privileges") {
            let folder = address.path().rfind('/').map_or("/", |slash| &address.path()[..=slash]);
            self.folders.insert(format!("{}{folder}", address.origin()));
        }
        self.patterns.insert(pattern)
    }

    /// Page patterns that keep out of them.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a request that a page's script makes of its own accord is held back. Autosaves,
    /// heartbeats, dismissed panels: on pages of a back office whatever is sent, and what acts by its
    /// address; on a member's other pages what is sent with an anti-forgery token (MediaWiki keeps its
    /// filters that way as soon as the recent changes are opened).
    pub fn hold_back(&self, page: &Address, method: &str, asked: &Address, body: Option<&str>) -> bool {
        let reads = ["GET", "HEAD", "OPTIONS"].iter().any(|reading| method.eq_ignore_ascii_case(reading));
        let is_inside = back_office(page).is_some()
            || self.folders.iter().any(|folder| page.as_str().starts_with(folder.as_str()));
        if is_inside {
            return !reads || danger(asked).is_some();
        }
        !reads && body.is_some_and(carries_token)
    }
}

/// A page pattern for the back office that an address is of: by a segment of its path
/// (`/wp-admin/**`), or by what it is for (`/doku.php?**do=admin**`).
pub fn back_office(address: &Address) -> Option<String> {
    let path = address.path();
    let mut at = 0;
    let mut of_somebody = false;
    for segment in path.split('/') {
        at += segment.len() + 1;
        let words = if segment.len() <= 24 { of_identifier(segment) } else { Vec::new() };
        // `/author/admin` is what somebody of that name wrote.
        let is_name = std::mem::replace(&mut of_somebody, is_of_somebody(segment));
        if !is_name && BACK_OFFICES.contains(&words.concat().as_str()) {
            let found = &path[..at.min(path.len())];
            let is_file = segment.contains('.');
            return Some(if is_file {
                found.to_owned()
            } else {
                format!("{}/**", found.trim_end_matches('/'))
            });
        }
    }
    let manages = |text: &str| {
        let mut parts = text.split(['/', '.']).filter(|part| !part.is_empty() && part.len() <= 24);
        parts.any(|part| MANAGES.contains(&of_identifier(part).concat().as_str()))
    };
    if let Some(pair) = address.query().unwrap_or_default().split('&').take(100).find(|pair| {
        pair.split_once('=')
            .is_some_and(|(name, value)| ROUTES.contains(&name) && manages(&percent_decoded(value)))
    }) {
        // What stands in a pattern's query is compared as it is written there.
        return (!pair.contains('*')).then(|| format!("{path}?**{pair}**"));
    }
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
    let last = segments.next()?;
    let is_name = segments.next().is_some_and(is_of_somebody);
    (!is_name && manages(last)).then(|| format!("{}/**", path.trim_end_matches('/')))
}

/// Whether what follows in a path is somebody's name: `Special:Contributions`, `author`.
fn is_of_somebody(segment: &str) -> bool {
    let last = segment.rsplit([':', '-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    OF_SOMEBODY.contains(&last.as_str())
}

/// Whether a form's or a JSON object's fields hold an anti-forgery token.
fn carries_token(body: &str) -> bool {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(fields)) => fields
            .iter()
            .any(|(name, value)| value.as_str().is_some_and(|value| is_anti_forgery(name, value))),
        _ => url::form_urlencoded::parse(body.as_bytes())
            .take(MOST_FIELDS)
            .any(|(name, value)| is_anti_forgery(&name, &value)),
    }
}

/// Whether an address is of a back office.
pub(super) fn in_back_office(address: &Address) -> bool {
    back_office(address).is_some()
}

/// Segments of paths, their words joined.
const BACK_OFFICES: &[&str] = &[
    "acp",
    "adm",
    "admin",
    "administration",
    "administrator",
    "adminpanel",
    "backend",
    "backoffice",
    "bolt",
    "controlpanel",
    "cp",
    "cpanel",
    "manager",
    "mcp",
    "modcp",
    "phpmyadmin",
    "pma",
    "siteadmin",
    "typo3",
    "umbraco",
    "wpadmin",
];

/// Segments of paths before somebody's name, the last word of each.
const OF_SOMEBODY: &[&str] = &[
    "author",
    "authors",
    "block",
    "contributions",
    "contributor",
    "member",
    "members",
    "people",
    "profile",
    "profiles",
    "u",
    "user",
    "users",
];

/// What only administrators look after, words joined.
const MANAGES: &[&str] = &[
    "admin",
    "manageplugins",
    "manageusers",
    "permissions",
    "pluginmanager",
    "plugins",
    "privileges",
    "specialuserrights",
    "usermanagement",
    "usermanager",
];

/// Parameters that say which part of an application is meant.
const ROUTES: &[&str] = &["do", "action", "page", "route", "module", "controller", "view", "area", "title"];

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str) -> Address {
        Address::parse(&format!("https://example.org{path}")).unwrap()
    }

    #[test]
    fn known_by_path_or_purpose() {
        #[track_caller]
        fn case(path: &str, expected: Option<&str>) {
            assert_eq!(back_office(&address(path)).as_deref(), expected, "{path}");
            if let Some(pattern) = expected {
                let pattern = crate::manifest::PagePattern::new(pattern).unwrap();
                assert!(pattern.matches(&address(path).to_url()), "{path}");
            }
        }
        case("/wp-admin/plugins.php", Some("/wp-admin/**"));
        case("/blog/wp-admin", Some("/blog/wp-admin/**"));
        case("/admin.php?x=1", Some("/admin.php"));
        case("/Administrator/index.php", Some("/Administrator/**"));
        case("/doku.php?id=start&do=admin", Some("/doku.php?**do=admin**"));
        case("/doku.php?do=admin&page=usermanager", Some("/doku.php?**do=admin**"));
        case(
            "/index.php?route=/server/privileges&viewing_mode=server",
            Some("/index.php?**route=/server/privileges**"),
        );
        case("/settings/plugins", Some("/settings/plugins/**"));
        case("/administrators-guide/", None);
        case("/index.php/Special:UserRights", Some("/index.php/Special:UserRights/**"));
        case("/users", None);
        case("/author/admin/", None);
        case("/index.php/Special:Contributions/Admin", None);
        case("/index.php/User:Admin", None);
        case("/?page=users", None);
        case("/", None);
    }

    #[test]
    fn what_scripts_send_of_their_own_accord_is_held_back_there() {
        let mut known = BackOffices::default();
        let held = |known: &BackOffices, page: &str, method: &str, asked: &str| {
            known.hold_back(&address(page), method, &address(asked), None)
        };
        assert!(held(&known, "/wp-admin/index.php", "POST", "/wp-admin/admin-ajax.php"));
        assert!(held(&known, "/wp-admin/", "GET", "/wp-admin/admin-ajax.php?action=test&_ajax_nonce=1a2b"));
        assert!(held(&known, "/admin/", "DELETE", "/api/items/5"));
        assert!(!held(&known, "/wp-admin/", "GET", "/wp-json/wp/v2/types"));
        assert!(!held(&known, "/", "POST", "/wp-comments-post.php"));
        assert!(!held(&known, "/pma/../", "POST", "/index.php?route=/recent-table"));
        assert!(known.add(&address("/db/index.php?route=/server/privileges")));
        assert!(!known.add(&address("/db/index.php?route=/server/privileges")));
        assert!(!known.add(&address("/about")));
        assert!(held(&known, "/db/index.php?route=/", "POST", "/db/index.php?route=/recent-table"));
        assert!(!held(&known, "/", "POST", "/db/index.php?route=/recent-table"));
    }
    #[test]
    fn on_a_members_other_pages_what_carries_a_token_is() {
        let known = BackOffices::default();
        let held = |method: &str, body: &str| {
            known.hold_back(&address("/wiki/Changes"), method, &address("/api.php"), Some(body))
        };
        let options = "action=options&optionname=limit&token=0b0eddaa898fc350ed0fac06dd520129%2B%5C";
        assert!(held("POST", options));
        assert!(held("PUT", r#"{"csrf": "x", "panel": 1}"#));
        assert!(!held("GET", options));
        assert!(!held("POST", "query=text&page=2"));
        assert!(!held("POST", r#"{"query": "{ viewer { name } }"}"#));
    }
}
