//! Every checkable statement of a manifest, each with a stable id, its place and a plain sentence.
//!
//! Ids follow the manifest's own tree: `cookies.KEY.ASPECT`, `storage.KEY.ASPECT`,
//! `third_parties.KEY.ASPECT`, `links.KEY`, `claims.SENTENCE`. What is unstated has no claim. A few
//! claims need no field: that a declared thing is there under its name, that its name's prefix keeps
//! its promise, that browsers take it, and that the published policy says the same.

use super::fields::{item_fields, party_fields, sentence_fields};
use super::{
    About, Absence, BannerRule, Claim, DeclaredParty, DeclaredSite, DomainRule, Inventory, Item, ItemAspect,
    LifetimeRule, Manifest, PartyList, PathRule, PolicyAspect, PolicyClaims, SecureRule, Stated, Strength,
    ThirdParty, ThirdPartyAspect, ThirdPartyRule, Trigger, ValueRule,
};
use crate::config::Words;
use crate::cookie::SameSite;
use crate::observation::StorageKind;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Every checkable statement of a manifest, sorted by id.
pub fn claims_of(manifest: &Manifest) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (index, item) in manifest.items.iter().enumerate() {
        of_item(index, item, &mut claims);
    }
    for (index, party) in manifest.third_parties.iter().enumerate() {
        of_third_party(index, party, &mut claims);
    }
    for (index, link) in manifest.links.iter().enumerate() {
        let linked = if link.on_policy_page { "The policy page links to" } else { "This link answers:" };
        claims.push(Claim {
            id: format!("links.{}", link.key),
            text: format!("{linked} {}", link.url),
            about: About::Link(index),
            strength: link.strength,
            place: link.place,
            source: link.source.clone(),
        });
    }
    of_policy(manifest, &mut claims);
    claims.sort_by(|a, b| a.id.cmp(&b.id).then(a.about.cmp(&b.about)));
    // Two entries of one key would share their ids; the later one is numbered.
    let mut taken = BTreeSet::new();
    for claim in &mut claims {
        let plain = claim.id.clone();
        let mut number = 2;
        while !taken.insert(claim.id.clone()) {
            claim.id = format!("{plain}.{number}");
            number += 1;
        }
    }
    claims.sort_by(|a, b| a.id.cmp(&b.id));
    claims
}

/// The prefixes a browser knows, in lower case, with their promise in words (RFC 6265bis 4.1.3;
/// layered-cookies for the two newer ones).
pub const NAME_PREFIXES: &[(&str, &str)] = &[
    ("__host-http-", "Secure, HttpOnly, Path=/ and no Domain"),
    ("__host-", "Secure, Path=/ and no Domain"),
    ("__http-", "Secure and HttpOnly"),
    ("__secure-", "Secure"),
];

/// The prefix a name begins with, without case as browsers compare it.
pub fn name_prefix(name: &str) -> Option<(&'static str, &'static str)> {
    NAME_PREFIXES
        .iter()
        .copied()
        .find(|(prefix, _)| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// The claims that the fields of an entry state by themselves.
macro_rules! of_fields {
    ({ $name:ident of $of:ident: $aspects:ident }
    $($field:ident: $written:ty => $meant:ty, $($kind:ident,)? $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {
        fn $name(entry: &$of, thing: &str, push: &mut dyn FnMut($aspects, String)) {
            $($($(
                if let Some($value) = entry.$field.said() {
                    let $thing = thing;
                    let text: Option<String> = ($says).into();
                    if let Some(text) = text {
                        push($aspects::$aspect, text);
                    }
                }
            )?)?)+
        }
    };
}
item_fields!(of_fields of_item_fields of Item: ItemAspect);
party_fields!(of_fields of_party_fields of ThirdParty: ThirdPartyAspect);

/// The claims of the sentences that state one by themselves.
macro_rules! of_sentences {
    ({}
    $($field:ident: $written:ty => $meant:ty, $about:literal
        $(, checked $aspect:ident |$site:tt, $value:ident| $says:expr)?;)+) => {
        fn of_sentences(policy: &PolicyClaims, site: &DeclaredSite, claims: &mut Vec<Claim>) {
            $($(
                if let Some(stated) = &policy.$field {
                    let ($site, $value) = (site, &stated.value);
                    let text: Option<String> = ($says).into();
                    claims.extend(text.map(|text| stated.claim(PolicyAspect::$aspect, text)));
                }
            )?)+
        }
    };
}
sentence_fields!(of_sentences);

/// What a field states, where it does.
trait Said {
    type What: ?Sized;

    fn said(&self) -> Option<&Self::What>;
}

impl<T> Said for Option<T> {
    type What = T;

    fn said(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T> Said for Vec<T> {
    type What = [T];

    fn said(&self) -> Option<&[T]> {
        (!self.is_empty()).then_some(self.as_slice())
    }
}

fn yes_no(thing: &str, yes: bool, then: &str, otherwise: &str) -> String {
    format!("{thing} {}", if yes { then } else { otherwise })
}

fn promised(yes: bool, what: &str) -> Option<String> {
    yes.then(|| what.to_owned())
}

fn hyphened(field: Option<&str>) -> String {
    field.unwrap_or_default().replace('_', "-")
}

impl ItemAspect {
    /// The last part of the claim's id, and of messages: the field's key with hyphens.
    pub fn word(self) -> String {
        match self {
            ItemAspect::Present => "present".to_owned(),
            ItemAspect::Prefix => "prefix".to_owned(),
            ItemAspect::Accepted => "accepted".to_owned(),
            ItemAspect::LifetimeFor(state) => format!("lifetime.{}", state.word()),
            _ => hyphened(self.field()),
        }
    }
}

impl ThirdPartyAspect {
    /// The last part of the claim's id.
    pub fn word(self) -> String {
        match self {
            ThirdPartyAspect::OnlyProvider => "only-provider".to_owned(),
            _ => hyphened(self.field()),
        }
    }
}

impl PolicyAspect {
    /// The last part of the claim's id.
    pub fn word(self) -> String {
        let field = hyphened(self.field());
        match self {
            PolicyAspect::BannerNotRepeated => format!("{field}.repeated"),
            PolicyAspect::BannerBackAfterClearing => format!("{field}.back-after-clearing"),
            _ => field,
        }
    }
}

fn of_item(index: usize, item: &Item, claims: &mut Vec<Claim>) {
    let table = if item.kind == StorageKind::Cookie { "cookies" } else { "storage" };
    let thing = format!("`{}`", item.key);
    let mut push = |aspect: ItemAspect, text: String| {
        let field = aspect.field().unwrap_or_default();
        claims.push(Claim {
            id: format!("{table}.{}.{}", item.key, aspect.word()),
            text,
            about: About::Item(index, aspect),
            strength: item.strength_of(field),
            place: item.places.get(field).copied().unwrap_or(item.place),
            source: item.source_of(field).map(str::to_owned),
        });
    };

    if item.expected != Some(false) {
        push(ItemAspect::Present, format!("{thing} is set"));
    }
    let names = list(&item.names);
    if item.https_names.is_empty() {
        push(ItemAspect::Name, format!("It is named {names}, on http and https"));
    } else {
        push(ItemAspect::Name, format!("It is named {names}, on https {}", list(&item.https_names)));
    }
    if item.kind == StorageKind::Cookie {
        let prefixes: BTreeSet<_> = item
            .names
            .iter()
            .chain(&item.https_names)
            .filter_map(|name| name_prefix(name.written()))
            .collect();
        for (_, promise) in prefixes.iter().take(1) {
            push(ItemAspect::Prefix, format!("{thing} keeps the promise of its prefix: {promise}"));
        }
        push(ItemAspect::Accepted, format!("Browsers take {thing}"));
    }
    of_item_fields(item, &thing, &mut push);
    for (state, rule) in &item.lifetime_for {
        push(ItemAspect::LifetimeFor(*state), format!("For {state} visitors {thing} lives {rule}"));
    }
    let lifetimes = || item.lifetime.iter().chain(item.lifetime_for.values());
    if item.cleared_on_logout.is_none() && lifetimes().any(ends_on_logout) {
        push(ItemAspect::ClearedOnLogout, format!("{thing} is gone after a logout"));
    }
}

fn of_third_party(index: usize, party: &ThirdParty, claims: &mut Vec<Claim>) {
    of_party_fields(party, &party.provider, &mut |aspect, text| {
        let field = aspect.field().unwrap_or_default();
        claims.push(Claim {
            id: format!("third_parties.{}.{}", party.key, aspect.word()),
            text,
            about: About::ThirdParty(index, aspect),
            strength: party.strength_of(field),
            place: party.places.get(field).copied().unwrap_or(party.place),
            source: party.source_of(field).map(str::to_owned),
        });
    });
}

fn of_policy(manifest: &Manifest, claims: &mut Vec<Claim>) {
    let mut policy = manifest.policy.clone();
    for about_page in [&mut policy.policy_agrees, &mut policy.policy_links] {
        // Needs no field where the manifest says where the policy is published: nobody publishes one
        // that is to be contradicted. Unstated, it is a warning.
        *about_page = about_page.take().or_else(|| {
            manifest.site.policy_url.as_ref().map(|_| Stated {
                value: true,
                strength: Strength::Warning,
                place: manifest.site.policy_url_at,
                source: None,
            })
        });
    }
    of_sentences(&policy, &manifest.site, claims);
    if let Some(banner) = &policy.consent_banner
        && let BannerRule::Shown { repeated, back_after_clearing } = banner.value
    {
        let thing = "The consent banner";
        claims.extend(repeated.map(|yes| {
            let text =
                yes_no(thing, yes, "is shown again after an answer", "is not shown again after an answer");
            banner.claim(PolicyAspect::BannerNotRepeated, text)
        }));
        claims.extend(back_after_clearing.map(|yes| {
            let after = "after the site's data was cleared";
            let text = format!("{} {after}", yes_no(thing, yes, "is back", "stays away"));
            banner.claim(PolicyAspect::BannerBackAfterClearing, text)
        }));
    }
    for (index, rule) in policy.no_cookies.iter().enumerate() {
        let super::NoCookies { visitors, pages, except } = &rule.value;
        let mut text = "No cookies".to_owned();
        let pieces = [
            (" for visitors who are ", list(visitors)),
            (" on these pages: ", list(pages)),
            (", except ", list(except)),
        ];
        for (before, words) in pieces.iter().filter(|(_, words)| !words.is_empty()) {
            text.extend([before, words.as_str()]);
        }
        claims.push(rule.claim_of(format!("no-cookies.{}", index + 1), About::NoCookies(index), text));
    }
}

/// Whether a lifetime is, or may be, ended by a logout.
fn ends_on_logout(rule: &LifetimeRule) -> bool {
    match rule {
        LifetimeRule::UntilLogout => true,
        LifetimeRule::Either(rules) => rules.iter().any(ends_on_logout),
        _ => false,
    }
}

impl<T> Stated<T> {
    fn claim(&self, aspect: PolicyAspect, text: String) -> Claim {
        self.claim_of(aspect.word(), About::Policy(aspect), text)
    }

    fn claim_of(&self, word: String, about: About, text: String) -> Claim {
        Claim {
            id: format!("claims.{word}"),
            text,
            about,
            strength: self.strength,
            place: self.place,
            source: self.source.clone(),
        }
    }
}

fn absent(absence: &Absence, what: &str) -> String {
    let mut text = if absence.third_party_only {
        format!("There are no {what} of third parties")
    } else {
        format!("There are no {what}")
    };
    if !absence.pages.is_empty() {
        text.push_str(&format!(" on these pages: {}", list(&absence.pages)));
    }
    if !absence.visitors.is_empty() {
        text.push_str(&format!(" for visitors who are {}", list(&absence.visitors)));
    }
    text
}

/// What has to happen first, in words.
fn after(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Login => "a login".to_owned(),
        Trigger::ConsentAccepted => "consent was given".to_owned(),
        Trigger::ConsentGiven => "the consent question was answered".to_owned(),
        Trigger::Journey(name) => format!("the journey `{name}`"),
        Trigger::Interaction => "the visitor interacts".to_owned(),
    }
}

fn list<T: Display>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Manifest, NoCookies, Place, Strength, VisitorState};

    fn stated<T>(value: T) -> Stated<T> {
        Stated { value, strength: Strength::Error, place: Place { line: 9, column: 1 }, source: None }
    }

    #[test]
    fn every_statement_has_an_id_a_place_and_a_sentence() {
        let mut manifest = Manifest::default();
        let mut item = Item::named("__Host-sid");
        item.lifetime = Some(LifetimeRule::Session);
        item.lifetime_for.insert(VisitorState::Remembered, LifetimeRule::Unbounded);
        item.places.insert("lifetime".into(), Place { line: 4, column: 1 });
        manifest.items.push(item);
        manifest.policy.inventory = Some(stated(Inventory::Complete));
        manifest.policy.no_cookies.push(stated(NoCookies {
            visitors: vec![VisitorState::Anonymous],
            pages: vec!["public".into()],
            except: Vec::new(),
        }));
        let claims = claims_of(&manifest);
        let lines: Vec<String> =
            claims.iter().map(|claim| format!("{} {} {}", claim.id, claim.place, claim.text)).collect();
        assert_eq!(
            lines,
            [
                "claims.inventory 9:1 The manifest lists every cookie",
                "claims.no-cookies.1 9:1 No cookies for visitors who are anonymous on these pages: public",
                "cookies.__Host-sid.accepted 0:0 Browsers take `__Host-sid`",
                "cookies.__Host-sid.lifetime 4:1 `__Host-sid` lives the browser session",
                "cookies.__Host-sid.lifetime.remembered 0:0 For remembered visitors `__Host-sid` lives persistent, without a stated bound",
                "cookies.__Host-sid.name 0:0 It is named __Host-sid, on http and https",
                "cookies.__Host-sid.prefix 0:0 `__Host-sid` keeps the promise of its prefix: Secure, Path=/ and no Domain",
                "cookies.__Host-sid.present 0:0 `__Host-sid` is set",
            ]
        );
    }

    #[test]
    fn two_entries_of_one_key_keep_their_claims_apart() {
        let manifest =
            Manifest { items: vec![Item::named("sid"), Item::named("sid")], ..Manifest::default() };
        let claims = claims_of(&manifest);
        let ids: BTreeSet<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
        assert_eq!(ids.len(), claims.len());
        assert!(ids.contains("cookies.sid.present.2"));
    }

    #[test]
    fn prefixes_are_told_apart_without_case() {
        assert_eq!(name_prefix("__host-http-a").unwrap().0, "__host-http-");
        assert_eq!(name_prefix("__Secure-a").unwrap().0, "__secure-");
        assert_eq!(name_prefix("__HostHttp-a"), None);
        assert_eq!(name_prefix("é"), None);
    }
}
