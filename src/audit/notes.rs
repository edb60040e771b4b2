//! Remarks that are no finding: nothing stated is broken, and still somebody may want to know.

use super::context::{Context, Seen};
use super::{Note, matching, policy_text, words};
use crate::cookie::Decision;
use crate::manifest::{BROWSER_CAP, Inventory, SecureRule};
use crate::observation::{ProbeKind, ProbeResult, StorageKind};
use std::collections::{BTreeMap, BTreeSet};

/// Every remark, sorted.
pub(crate) fn notes(context: &Context<'_>) -> Vec<Note> {
    let mut notes = BTreeSet::new();
    long_lifetimes(context, &mut notes);
    undeclared(context, &mut notes);
    thrown_away(context, &mut notes);
    unused_allowances(context, &mut notes);
    sessions_that_outlive(context, &mut notes);
    trackers(context, &mut notes);
    newer_policy(context, &mut notes);
    on_loopback(context, &mut notes);
    notes.into_iter().collect()
}

/// The page has moved on, the manifest has not.
fn newer_policy(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    let (Some(page), Some(stated)) = (&context.scan.policy, context.manifest.site.last_updated) else {
        return;
    };
    if let policy_text::Shown::Date(dates) = policy_text::last_updated(&page.text)
        && let Some(date) = dates.first()
        && dates.iter().all(|date| !date.agrees_with(&stated) && *date > stated)
    {
        notes.insert(Note {
            subject: "policy page".to_owned(),
            text: format!("dated {date}, later than the manifest's {stated}"),
            place: None,
        });
    }
}

/// What comes over loopback's http counts as secure for Chromium, and is sent by a site that is being
/// developed: what it says of `Secure` is no evidence about the site in production.
fn on_loopback(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    for (index, item) in context.manifest.items.iter().enumerate() {
        let lacks = |seen: &Seen<'_>| seen.on_loopback() && !seen.example().written.secure;
        if item.secure == Some(SecureRule::Always) && context.writes(index).any(lacks) {
            notes.insert(Note {
                subject: item.key.clone(),
                text: "is not Secure over this machine's own http, which says nothing of the site in production; \
                       a target with an https address decides"
                    .to_owned(),
                place: Some(item.places.get("secure").copied().unwrap_or(item.place)),
            });
        }
    }
}

/// Browsers keep nothing longer than 400 days, whatever manifest and site say.
fn long_lifetimes(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    for item in context.manifest.items.iter().filter(|item| item.kind == StorageKind::Cookie) {
        let longest = item
            .lifetime
            .iter()
            .chain(item.lifetime_for.values())
            .filter_map(|rule| rule.upper_bound())
            .max();
        if longest.is_some_and(|longest| longest > BROWSER_CAP) {
            notes.insert(Note {
                subject: item.key.clone(),
                text: "declared for more than 400 days, which is the longest that browsers keep a cookie"
                    .to_owned(),
                place: Some(item.places.get("lifetime").copied().unwrap_or(item.place)),
            });
        }
    }
}

/// What nothing declares, where the manifest does not promise to be complete; and storage.
fn undeclared(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    let inventory = context.manifest.policy.inventory.as_ref().map(|stated| stated.value);
    let complete = matches!(inventory, Some(Inventory::Complete | Inventory::CompleteFirstParty));
    for seen in context.undeclared() {
        let text = match seen.kind() {
            StorageKind::Cookie if complete => continue,
            StorageKind::Cookie => "a cookie that the manifest does not name",
            _ => "browser storage that the manifest does not name",
        };
        let near = matching::near_match(context.manifest, seen.kind(), &seen.family);
        let text = match near {
            Some(index) => format!("{text}; it nearly matches `{}`", context.item(index).key),
            None => text.to_owned(),
        };
        let place = near.map(|index| context.item(index).place);
        notes.insert(Note { subject: seen.family.clone(), text, place });
    }
}

/// Undeclared lines that no browser keeps.
fn thrown_away(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    let lines = context.seen.iter().filter(|seen| seen.item.is_none() && seen.writes() && !seen.lands());
    for seen in lines {
        if let Decision::Rejected { reasons } = &seen.example().decision {
            let thrown_away = words::thrown_away(reasons, seen.example().elsewhere.as_deref());
            notes.insert(Note {
                subject: seen.family.clone(),
                text: format!("sent by the site; it {thrown_away}"),
                place: None,
            });
        }
    }
}

/// Third parties that are declared and were not met, where a browser looked.
fn unused_allowances(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    for (index, party) in context.manifest.third_parties.iter().enumerate() {
        let met =
            context.foreign_contacts().any(|contact| context.provider_of_host(&contact.host) == Some(index))
                || context.seen.iter().any(|seen| seen.provider == Some(index));
        if !met && context.has_browser() && context.scan.run.partial.is_none() {
            notes.insert(Note {
                subject: party.provider.clone(),
                text: "declared, and never met in this run".to_owned(),
                place: Some(party.place),
            });
        }
    }
}

/// The cookie is gone, and the server still takes the old one.
fn sessions_that_outlive(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    for outcome in context.outcomes(|probe| *probe == ProbeKind::EndedOnLogout) {
        if let ProbeResult::Fails { what } = &outcome.result {
            notes.insert(Note {
                subject: outcome.persona.clone(),
                text: format!("the session is still good after the logout: {what}"),
                place: None,
            });
        }
    }
}

/// Hosts known for watching people, where no claim is about them.
fn trackers(context: &Context<'_>, notes: &mut BTreeSet<Note>) {
    let mut hosts: BTreeMap<(String, &str), (String, String)> = BTreeMap::new();
    for contact in context.foreign_contacts().filter(|contact| !contact.is_navigation()) {
        let declared = context.provider_of_host(&contact.host).is_some();
        if let Some(fact) = context.fact_of(contact).filter(|fact| fact.role.tracks() && !declared) {
            let told = || (words::path(&contact.page), fact.matched_by.to_string());
            hosts.entry((fact.vendor.to_string(), fact.role.word())).or_insert_with(told);
        }
    }
    for ((vendor, role), (page, by)) in hosts {
        notes.insert(Note {
            subject: vendor,
            text: format!("asked by {page} and perhaps others; known for {role} (by `{by}`)"),
            place: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::*;
    use crate::manifest::{Glob, Item, LifetimeRule, Span, ThirdParty};
    use crate::observation::Resource;

    #[track_caller]
    fn notes(case: &Case, expected: &[&str]) {
        let notes = case.audit().notes;
        let told: Vec<String> = notes.iter().map(|note| format!("{}: {}", note.subject, note.text)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_lifetime_beyond_what_browsers_keep_is_told() {
        let site = |days: i64| {
            let mut item = Item::named("sid");
            item.lifetime = Some(LifetimeRule::Max(Span::seconds(days * 86_400)));
            Site::with(item).when(line("sid=1"))
        };
        notes(&site(400), &[]);
        let told = "sid: declared for more than 400 days, which is the longest that browsers keep a cookie";
        notes(&site(401), &[told]);
    }

    #[test]
    fn a_provider_that_nobody_met_is_told_where_a_browser_looked() {
        let mut party = ThirdParty::named("Stripe");
        party.domains = vec![Glob::new("js.stripe.com")];
        let site = Site::plain().party(party).when(line("sid=1"));
        notes(&site, &[]);
        notes(&site.in_browser(), &["Stripe: declared, and never met in this run"]);
        let met = site.in_browser().contact("https://js.stripe.com/v3/", Resource::Script, "/");
        notes(&met, &[]);
    }
}
