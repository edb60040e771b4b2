//! A session carried between the two engines: from the persona's jar into a fresh browser, and
//! back with whatever the site changed there. A single-page application keeps its session in web
//! storage; that goes along, too, and is nobody's write when it is put in.

use super::context::{Ended, RunContext};
use super::jars::key;
use super::persona::PersonaSession;
use crate::cookie::{CookieValue, Jar, StoredCookie, ValueFacts, ValueShape};
use crate::engine::Session;
use crate::engine::browser::{BrowserContext, StoredItem, can_be_put};
use crate::observation::StorageKind;
use std::collections::BTreeSet;
use url::Url;

/// Values shorter than this are no credentials: masking them would mask half of every text.
const SHORTEST: usize = 8;
/// Values of storage that are remembered as secrets in one go.
const MOST_SECRETS: usize = 500;

impl RunContext<'_> {
    /// Puts a session into a fresh browser.
    pub(super) async fn put_session(
        &self,
        context: &BrowserContext,
        session: &Session,
    ) -> Result<(), String> {
        let bytes = session.jar.iter().filter(|cookie| !can_be_put(cookie)).count();
        if bytes > 0 {
            self.detail(format!("{bytes} cookies are no text and cannot be put into the browser"));
        }
        context.put(&session.jar).await?;
        if !session.storage.is_empty() {
            let refused = context.put_storage(&session.storage).await?;
            if refused > 0 {
                self.warn(format!("{refused} items of web storage could not be put into the browser"));
            }
        }
        Ok(())
    }

    /// The session becomes the browser's: after steps that were made there.
    pub(super) async fn carry_back(
        &self,
        context: &BrowserContext,
        session: &mut Session,
        origins: &BTreeSet<String>,
        of_tab: Vec<StoredItem>,
    ) -> Result<(), Ended> {
        if context.gone() {
            return Ok(());
        }
        self.carry_cookies_back(context, session).await?;
        let mut own = self.own_origins(origins);
        own.extend(session.storage.iter().map(|item| item.origin.clone()));
        let mut storage = self.unless_ended(context.local_storage(&own)).await?;
        let shown: BTreeSet<&String> = of_tab.iter().map(|item| &item.origin).collect();
        // What an origin kept in the tab stays with it, unless that origin was looked at again.
        let before = session.storage.iter().filter(|item| {
            item.kind == StorageKind::SessionStorage
                && !shown.contains(&item.origin)
                && !origins.contains(&item.origin)
        });
        storage.extend(before.cloned());
        storage.extend(of_tab.into_iter().filter(|item| own.contains(&item.origin)));
        self.keep_values(storage.iter().map(|item| &item.value));
        session.storage = storage;
        Ok(())
    }

    /// The jar becomes the browser's.
    pub(super) async fn carry_cookies_back(
        &self,
        context: &BrowserContext,
        session: &mut Session,
    ) -> Result<(), Ended> {
        let now = self.unless_ended(context.cookies()).await?;
        if context.gone() {
            return Ok(());
        }
        self.keep_values(now.iter().map(|cookie| &cookie.value));
        session.jar = carried(&session.jar, now);
        Ok(())
    }

    /// What the site renewed or took away while a browser looked at it: a server that rotates its
    /// tokens knows the old ones no longer. Nothing else of that browser goes along.
    pub(super) async fn carry_renewed_back(
        &self,
        context: &BrowserContext,
        who: &mut PersonaSession,
    ) -> Result<(), Ended> {
        if !who.persona.visitor.logged_in || context.gone() {
            return Ok(());
        }
        let now = self.unless_ended(context.cookies()).await?;
        if context.gone() {
            return Ok(());
        }
        let known: BTreeSet<_> = who.session.jar.iter().map(key).collect();
        let renewed: Vec<StoredCookie> = now
            .into_iter()
            .filter(|cookie| known.contains(&key(cookie)) || who.login_cookies.contains(&cookie.name))
            .collect();
        self.keep_values(renewed.iter().map(|cookie| &cookie.value));
        who.session.jar = carried(&who.session.jar, renewed);
        if !who.session.storage.is_empty() {
            let origins = who.session.storage.iter().map(|item| item.origin.clone()).collect();
            let mut storage = self.unless_ended(context.local_storage(&origins)).await?;
            let of_tabs = who.session.storage.iter().filter(|item| item.kind == StorageKind::SessionStorage);
            storage.extend(of_tabs.cloned());
            self.keep_values(storage.iter().map(|item| &item.value));
            who.session.storage = storage;
        }
        Ok(())
    }

    fn own_origins(&self, origins: &BTreeSet<String>) -> BTreeSet<String> {
        let own = |origin: &&String| Url::parse(origin).is_ok_and(|url| self.site.is_own(&url));
        origins.iter().filter(own).cloned().collect()
    }

    /// Remembers what may be credentials, to be masked wherever it comes up.
    fn keep_values<'v>(&self, values: impl Iterator<Item = &'v CookieValue>) {
        for secret in values.flat_map(credentials).take(MOST_SECRETS) {
            self.references.keep_secret(&secret);
        }
    }
}

/// The persona's jar after a browser had it: what is there now, and what could not be carried.
/// A cookie that is still the same keeps its age.
fn carried(before: &Jar, now: Vec<StoredCookie>) -> Jar {
    let left_behind = before.iter().filter(|cookie| !can_be_put(cookie)).cloned();
    let aged = now.into_iter().map(|mut cookie| {
        let old = before.iter().find(|old| key(old) == key(&cookie));
        if let Some(old) = old.filter(|old| old.value.reveal() == cookie.value.reveal()) {
            cookie.created = old.created;
        }
        cookie
    });
    Jar::of(left_behind.chain(aged))
}

/// The parts of a value that may be credentials: the whole of it, or texts of the JSON that it is.
fn credentials(value: &CookieValue) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(value.reveal()) else { return Vec::new() };
    let mut found = Vec::new();
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            texts_of(&json, &mut found)
        }
        _ => found.push(text.to_owned()),
    }
    found.retain(|text| text.len() >= SHORTEST && is_credential(text));
    found
}

fn texts_of(json: &serde_json::Value, found: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts_of(item, found)),
        serde_json::Value::Object(fields) => fields.values().for_each(|item| texts_of(item, found)),
        _ => {}
    }
}

fn is_credential(text: &str) -> bool {
    let Ok(nowhere) = Url::parse("https://invalid/") else { return true };
    let shape = ValueFacts::of(&CookieValue::new(text), &nowhere).shape;
    matches!(shape, ValueShape::Identifier | ValueShape::Jwt | ValueShape::Uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_within_json_and_words_are_left_alone() {
        let of = |text: &str| credentials(&CookieValue::new(text));
        assert_eq!(of("9f86d081884c7d659a2feaa0c55ad015"), ["9f86d081884c7d659a2feaa0c55ad015"]);
        assert_eq!(of("analytics:1,marketing:0"), Vec::<String>::new());
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWJ5dGVz";
        assert_eq!(of(&format!(r#"{{"user":{{"name":"ann"}},"tokens":["{token}"]}}"#)), [token]);
    }
}
