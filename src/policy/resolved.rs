//! What was understood of a policy, as one JSON object: for measuring and for programs.

use super::Policy;
use super::duration::{Bound, Session};
use super::forms::Entry;
use super::name;
use crate::cookie::SameSite;
use crate::observation::StorageKind;
use serde_json::{Value, json};

impl Policy {
    /// The object. What is `null` is not stated.
    pub fn resolved(&self) -> Value {
        let (cookies, storage): (Vec<&Entry>, Vec<&Entry>) =
            self.found.entries.iter().partition(|entry| entry.storage.unwrap_or(StorageKind::Cookie) == StorageKind::Cookie);
        let list = |entries: Vec<&Entry>| entries.into_iter().map(entry).collect::<Vec<Value>>();
        json!({
            "cookies": list(cookies),
            "storage": list(storage),
            "notes": self.found.notes,
        })
    }
}

fn entry(entry: &Entry) -> Value {
    let lifetime = entry.duration.as_ref();
    let session = lifetime.map(|duration| match duration.session {
        Session::Yes => json!(true),
        Session::No => json!(false),
        Session::Either => json!("either"),
        Session::Unstated => Value::Null,
    });
    json!({
        "names": entry.names,
        "https_names": entry.https_names,
        "match": matching(entry),
        "category": entry.category.map(|category| category.to_string()),
        "category_as_written": entry.category_as_written,
        "purpose": entry.purpose,
        "lifetime_op": lifetime.map(|duration| bound(duration.bound)),
        "max_age_s": lifetime.and_then(|duration| duration.seconds()),
        "session": session,
        "rolling": lifetime.filter(|duration| duration.rolling).map(|_| true),
        "http_only": entry.http_only,
        "secure": entry.secure.map(|rule| rule.to_string()),
        "same_site": entry.same_site.map(|word| match word {
            SameSite::Strict => "strict",
            SameSite::Lax => "lax",
            SameSite::None => "none",
        }),
        "path": entry.path,
        "set_on": entry.set_on,
        "party": entry.party.map(|party| party.to_string()),
        "provider": entry.provider,
        "storage": entry.storage.unwrap_or(StorageKind::Cookie).to_string(),
        "source": entry.source,
    })
}

fn matching(entry: &Entry) -> &'static str {
    if entry.is_label {
        return "label";
    }
    match entry.names.first().map(|name| name::pattern(name).1) {
        Some(name::Match::Glob) => "glob",
        Some(name::Match::Regex) => "regex",
        _ => "exact",
    }
}

fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Exact => "exact",
        Bound::Max => "max",
        Bound::About => "about",
        Bound::Range => "range",
        Bound::Session => "session",
        Bound::Either => "either",
        Bound::UntilLogout | Bound::Event => "until",
        Bound::Unbounded => "unbounded",
    }
}
