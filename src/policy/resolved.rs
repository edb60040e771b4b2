//! What was understood of a policy, as one JSON object: for measuring and for programs.

use super::Policy;
use super::duration::{Bound, Session};
use super::forms::Entry;
use super::name;
use super::sentences::{Claim, Kind, Party};
use crate::cookie::SameSite;
use crate::observation::StorageKind;
use serde_json::{Value, json};

impl Policy {
    /// The object. What is `null` is not stated.
    pub fn resolved(&self) -> Value {
        let (cookies, storage): (Vec<&Entry>, Vec<&Entry>) = self
            .found
            .entries
            .iter()
            .partition(|entry| entry.storage.unwrap_or(StorageKind::Cookie) == StorageKind::Cookie);
        let list = |entries: Vec<&Entry>| entries.into_iter().map(entry).collect::<Vec<Value>>();
        json!({
            "site": self.said.site,
            "last_updated": self.said.last_updated.map(|date| date.to_string()),
            "inventory": self.inventory(),
            "cookies": list(cookies),
            "storage": list(storage),
            "third_parties": self.said.parties.iter().map(party).collect::<Vec<Value>>(),
            "claims": self.said.claims.iter().map(claim).collect::<Vec<Value>>(),
            "notes": self.found.notes.iter().chain(&self.said.notes).collect::<Vec<_>>(),
        })
    }

    /// How complete the list says it is.
    fn inventory(&self) -> Value {
        let (manifest, _) = self.manifest("");
        if self.found.entries.is_empty() {
            return json!("none");
        }
        manifest.policy.inventory.map_or(Value::Null, |stated| json!(stated.value.to_string()))
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
        "storage": if entry.is_pixel { "pixel".to_owned() } else { entry.storage.unwrap_or(StorageKind::Cookie).to_string() },
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

fn party(party: &Party) -> Value {
    let domain = party.domains.iter().next();
    json!({ "provider": party.provider, "domain": domain, "sets_cookies": party.sets_cookies, "source": party.source })
}

fn claim(claim: &Claim) -> Value {
    let mut told = match &claim.kind {
        Kind::Inventory(inventory) => json!({ "kind": "inventory", "is": inventory.to_string() }),
        Kind::OnlyNecessary => json!({ "kind": "only-strictly-necessary" }),
        Kind::No { category, third, pages } => {
            json!({ "kind": format!("no-{category}-cookies"), "party": third.then_some("third"), "pages": pages })
        }
        Kind::NoTracking { third } => {
            json!({ "kind": "no-tracking-cookies", "party": third.then_some("third") })
        }
        Kind::NoThirdPartyCookies => json!({ "kind": "no-third-party-cookies" }),
        Kind::NoCrossSiteTracking => json!({ "kind": "no-cross-site-tracking" }),
        Kind::NoBanner => json!({ "kind": "no-consent-banner" }),
        Kind::Banner { repeated: Some(false), .. } => json!({ "kind": "consent-banner-not-repeated" }),
        Kind::Banner { back_after_clearing: Some(true), .. } => {
            json!({ "kind": "consent-banner-back-after-clearing" })
        }
        Kind::Banner { .. } => json!({ "kind": "consent-banner-present" }),
        Kind::NoCookies { pages, anonymous } => {
            json!({ "kind": "no-cookies", "pages": pages, "persona": anonymous.then_some("anonymous") })
        }
        Kind::NoCookieScripts { pages } => json!({ "kind": "no-third-party-cookie-scripts", "pages": pages }),
        Kind::NoEmbeds { pages } => json!({ "kind": "third-party-embeds-avoided", "pages": pages }),
        Kind::ConsentBefore(category) => {
            json!({ "kind": "consent-before", "category": category.to_string() })
        }
        Kind::NoConsentRequired => json!({ "kind": "no-consent-required" }),
        Kind::DurationsAreMaximum => json!({ "kind": "durations-are-maximum" }),
        Kind::DateMaintained => json!({ "kind": "last-updated-maintained" }),
        Kind::CoversLinkingHosts => json!({ "kind": "scope", "of": "hosts that link to the policy" }),
        Kind::RequiredFor { what } => json!({ "kind": "cookie-required-for", "what": what }),
        Kind::ConsentStoredLocally => {
            json!({ "kind": "consent-stored-in", "where": ["cookie", "local storage"] })
        }
        Kind::OnlyOverHttps => json!({ "kind": "only-over-https" }),
        Kind::Updates { cookie, journey } => {
            json!({ "kind": "action-updates-cookie", "cookie": cookie, "action": journey })
        }
        Kind::Gpc => json!({ "kind": "honours-gpc" }),
    };
    if let Value::Object(fields) = &mut told {
        fields.retain(|_, value| !value.is_null() && *value != json!([]));
        if claim.hedged {
            fields.insert("hedged".to_owned(), json!(true));
        }
        fields.insert("source".to_owned(), json!(claim.source));
    }
    told
}
