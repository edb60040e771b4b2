//! Every checkable statement of a manifest, each with a stable id, its place and a plain sentence.
//!
//! Ids follow the manifest's own tree: `cookies.KEY.ASPECT`, `storage.KEY.ASPECT`,
//! `third_parties.KEY.ASPECT`, `links.KEY`, `claims.SENTENCE`. What is unstated has no claim. A few
//! claims need no field: that a declared thing is there under its name, that its name's prefix keeps
//! its promise, that browsers take it, and that the published policy says the same.

use super::fields::item_fields;
use super::{
    About, Absence, BannerRule, Claim, DeclaredParty, DomainRule, Inventory, Item, ItemAspect, LifetimeRule,
    Manifest, PartyList, PathRule, PolicyAspect, SecureRule, Stated, ThirdParty, ThirdPartyAspect,
    ThirdPartyRule, Trigger, ValueRule,
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

macro_rules! fields_of_aspects {
    ($($field:ident: $written:ty => $meant:ty, $of:ident, $about:literal
        $(, checked $aspect:ident $(($any:tt))? $(|$thing:ident, $value:ident| $says:expr)?)?;)+) => {
        impl ItemAspect {
            /// The manifest's field that states it; none for what needs no field.
            pub fn field(self) -> Option<&'static str> {
                match self {
                    ItemAspect::Present | ItemAspect::Prefix | ItemAspect::Accepted => None,
                    ItemAspect::Name => Some("name"),
                    $($(ItemAspect::$aspect $(($any))? => Some(stringify!($field)),)?)+
                }
            }
        }

        /// The claims that a field states by itself.
        fn of_fields(item: &Item, thing: &str, push: &mut dyn FnMut(ItemAspect, String)) {
            $($($(
                if let Some($value) = item.$field.said() {
                    let $thing = thing;
                    let text: Option<String> = ($says).into();
                    if let Some(text) = text {
                        push(ItemAspect::$aspect, text);
                    }
                }
            )?)?)+
        }
    };
}
item_fields!(fields_of_aspects);

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

impl ItemAspect {
    /// The last part of the claim's id, and of messages: the field's key with hyphens.
    pub fn word(self) -> String {
        match self {
            ItemAspect::Present => "present".to_owned(),
            ItemAspect::Prefix => "prefix".to_owned(),
            ItemAspect::Accepted => "accepted".to_owned(),
            ItemAspect::LifetimeFor(state) => format!("lifetime.{}", state.word()),
            _ => self.field().unwrap_or_default().replace('_', "-"),
        }
    }
}

impl ThirdPartyAspect {
    /// The last part of the claim's id.
    pub fn word(self) -> &'static str {
        match self {
            ThirdPartyAspect::AllowedOn => "allowed-on",
            ThirdPartyAspect::After => "after",
            ThirdPartyAspect::SetsCookies => "sets-cookies",
            ThirdPartyAspect::SetsStorage => "sets-storage",
            ThirdPartyAspect::Identifiers => "identifiers",
            ThirdPartyAspect::PersonalData => "personal-data",
            ThirdPartyAspect::Embedded => "embedded",
            ThirdPartyAspect::Confined => "confined",
            ThirdPartyAspect::OnlyProvider => "only-provider",
            ThirdPartyAspect::NeedsConsent => "needs-consent",
        }
    }

    /// The manifest's field that states it.
    pub fn field(self) -> &'static str {
        match self {
            ThirdPartyAspect::AllowedOn => "allowed_on",
            ThirdPartyAspect::After => "after",
            ThirdPartyAspect::SetsCookies => "sets_cookies",
            ThirdPartyAspect::SetsStorage => "sets_storage",
            ThirdPartyAspect::Identifiers => "identifiers",
            ThirdPartyAspect::PersonalData => "personal_data",
            ThirdPartyAspect::Embedded => "embedded",
            ThirdPartyAspect::Confined => "confined",
            ThirdPartyAspect::OnlyProvider => "only_provider_of",
            ThirdPartyAspect::NeedsConsent => "needs_consent",
        }
    }
}

impl PolicyAspect {
    /// The last part of the claim's id.
    pub fn word(self) -> &'static str {
        match self {
            PolicyAspect::Inventory => "inventory",
            PolicyAspect::Categories => "categories",
            PolicyAspect::Advertising => "advertising",
            PolicyAspect::Tracking => "tracking",
            PolicyAspect::AnalyticsCookies => "analytics-cookies",
            PolicyAspect::ThirdPartyCookies => "third-party-cookies",
            PolicyAspect::ThirdPartyEmbeds => "third-party-embeds",
            PolicyAspect::ThirdParties => "third-parties",
            PolicyAspect::CookieSettingScripts => "cookie-setting-scripts",
            PolicyAspect::CrossSiteTracking => "cross-site-tracking",
            PolicyAspect::UndeclaredStorage => "undeclared-storage",
            PolicyAspect::PlainHttpCookies => "plain-http-cookies",
            PolicyAspect::BannerShown => "consent-banner",
            PolicyAspect::BannerNotRepeated => "consent-banner.repeated",
            PolicyAspect::BannerBackAfterClearing => "consent-banner.back-after-clearing",
            PolicyAspect::ConsentBefore => "consent-before",
            PolicyAspect::ConsentRenewedOnChange => "consent-renewed-on-change",
            PolicyAspect::CoversLinkingHosts => "covers-linking-hosts",
            PolicyAspect::LastUpdatedShown => "last-updated-shown",
            PolicyAspect::PolicyReachable => "policy-reachable",
            PolicyAspect::PolicyNamesCookies => "policy-names-cookies",
            PolicyAspect::PolicyAgrees => "policy-agrees",
            PolicyAspect::PolicyLinks => "policy-links",
            PolicyAspect::DateFollowsInventory => "date-follows-inventory",
            PolicyAspect::NecessaryRequiredFor => "necessary-required-for",
            PolicyAspect::LoginWithoutConsent => "login-without-consent",
            PolicyAspect::HonoursGpc => "honours-gpc",
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
    of_fields(item, &thing, &mut push);
    for (state, rule) in &item.lifetime_for {
        push(ItemAspect::LifetimeFor(*state), format!("For {state} visitors {thing} lives {rule}"));
    }
    let lifetimes = || item.lifetime.iter().chain(item.lifetime_for.values());
    if item.cleared_on_logout.is_none() && lifetimes().any(ends_on_logout) {
        push(ItemAspect::ClearedOnLogout, format!("{thing} is gone after a logout"));
    }
}

fn of_third_party(index: usize, party: &ThirdParty, claims: &mut Vec<Claim>) {
    let provider = &party.provider;
    let mut push = |aspect: ThirdPartyAspect, text: String| {
        claims.push(Claim {
            id: format!("third_parties.{}.{}", party.key, aspect.word()),
            text,
            about: About::ThirdParty(index, aspect),
            strength: party.strength_of(aspect.field()),
            place: party.places.get(aspect.field()).copied().unwrap_or(party.place),
            source: party.source_of(aspect.field()).map(str::to_owned),
        });
    };
    if !party.allowed_on.is_empty() {
        let pages = list(&party.allowed_on);
        push(ThirdPartyAspect::AllowedOn, format!("{provider} appears on these pages only: {pages}"));
    }
    if let Some(trigger) = &party.after {
        push(ThirdPartyAspect::After, format!("{provider} appears only after {}", after(trigger)));
    }
    if let Some(role) = &party.only_provider_of {
        push(ThirdPartyAspect::OnlyProvider, format!("{provider} is the only provider of {role}"));
    }
    // An allowance ("it may set cookies") is nothing that a site could break: no claim.
    let restrictions = [
        (ThirdPartyAspect::SetsCookies, party.sets_cookies == Some(false), "sets no cookies"),
        (ThirdPartyAspect::SetsStorage, party.sets_storage == Some(false), "uses no browser storage"),
        (
            ThirdPartyAspect::Identifiers,
            party.identifiers == Some(false),
            "is sent nothing that tells visitors apart",
        ),
        (ThirdPartyAspect::PersonalData, party.personal_data == Some(false), "is sent no personal data"),
        (
            ThirdPartyAspect::Embedded,
            party.embedded == Some(false),
            "is reached by a redirect, never embedded",
        ),
        (ThirdPartyAspect::Confined, party.confined == Some(true), "keeps its cookies on its own domains"),
        (
            ThirdPartyAspect::NeedsConsent,
            party.needs_consent == Some(false),
            "acts without asking for consent",
        ),
        (ThirdPartyAspect::NeedsConsent, party.needs_consent == Some(true), "waits for consent"),
    ];
    for (aspect, stated, text) in restrictions {
        if stated {
            push(aspect, format!("{provider} {text}"));
        }
    }
}

fn of_policy(manifest: &Manifest, claims: &mut Vec<Claim>) {
    let policy = &manifest.policy;
    let mut policy_claims = PolicyPush { claims };
    let to = &mut policy_claims;

    if let Some(inventory) = &policy.inventory {
        let text = match inventory.value {
            Inventory::Complete => Some("The manifest lists every cookie"),
            Inventory::CompleteFirstParty => Some("The manifest lists every first-party cookie"),
            // Neither is a promise that a site could break.
            Inventory::Examples | Inventory::None => None,
        };
        if let Some(text) = text {
            to.push(PolicyAspect::Inventory, inventory, text.to_owned());
        }
    }
    if let Some(parties) = &policy.third_parties {
        let PartyList::Complete = parties.value;
        let text = "The manifest lists every third party that pages ask for something".to_owned();
        to.push(PolicyAspect::ThirdParties, parties, text);
    }
    if let Some(categories) = &policy.categories {
        let text = format!("Only these categories of cookies occur: {}", list(&categories.value));
        to.push(PolicyAspect::Categories, categories, text);
    }
    let absences = [
        (PolicyAspect::Advertising, &policy.advertising, "advertising cookies"),
        (PolicyAspect::Tracking, &policy.tracking, "tracking cookies"),
        (PolicyAspect::AnalyticsCookies, &policy.analytics_cookies, "analytics cookies"),
        (PolicyAspect::ThirdPartyEmbeds, &policy.third_party_embeds, "third-party frames or scripts"),
        (
            PolicyAspect::CookieSettingScripts,
            &policy.cookie_setting_scripts,
            "third-party scripts that set cookies",
        ),
        (PolicyAspect::CrossSiteTracking, &policy.cross_site_tracking, "tracking across sites"),
        (
            PolicyAspect::UndeclaredStorage,
            &policy.undeclared_storage,
            "identifiers in undeclared browser storage",
        ),
        (PolicyAspect::PlainHttpCookies, &policy.plain_http_cookies, "cookies over plain http"),
    ];
    for (aspect, stated, what) in absences {
        if let Some(stated) = stated {
            to.push(aspect, stated, absent(&stated.value, what));
        }
    }
    if let Some(rule) = &policy.third_party_cookies {
        let text = match rule.value {
            ThirdPartyRule::None => "There are no third-party cookies",
            ThirdPartyRule::OnlyDeclared => "Third-party cookies are only those declared, where declared",
        };
        to.push(PolicyAspect::ThirdPartyCookies, rule, text.to_owned());
    }
    if let Some(banner) = &policy.consent_banner {
        match &banner.value {
            BannerRule::None => {
                to.push(PolicyAspect::BannerShown, banner, "There is no consent banner".to_owned());
            }
            BannerRule::Shown { repeated, back_after_clearing } => {
                let text = "A first visit shows a consent banner".to_owned();
                to.push(PolicyAspect::BannerShown, banner, text);
                if let Some(repeated) = repeated {
                    let text = if *repeated {
                        "The consent banner is shown again after an answer"
                    } else {
                        "The consent banner is not shown again after an answer"
                    };
                    to.push(PolicyAspect::BannerNotRepeated, banner, text.to_owned());
                }
                if let Some(back) = back_after_clearing {
                    let text = if *back {
                        "The consent banner is back after the site's data was cleared"
                    } else {
                        "The consent banner stays away after the site's data was cleared"
                    };
                    to.push(PolicyAspect::BannerBackAfterClearing, banner, text.to_owned());
                }
            }
        }
    }
    if let Some(before) = &policy.consent_before {
        let text = format!("These categories of cookies wait for consent: {}", list(&before.value));
        to.push(PolicyAspect::ConsentBefore, before, text);
    }
    if let Some(classes) = &policy.necessary_required_for {
        let text =
            format!("Without strictly necessary cookies these pages are refused: {}", list(&classes.value));
        to.push(PolicyAspect::NecessaryRequiredFor, classes, text);
    }
    let shown = match manifest.site.last_updated {
        Some(date) => format!("The policy page shows when it was last changed: {date}"),
        None => "The policy page shows when it was last changed".to_owned(),
    };
    let (agrees, links) =
        (about_page(manifest, &policy.policy_agrees), about_page(manifest, &policy.policy_links));
    let sentences = [
        (
            PolicyAspect::PolicyAgrees,
            &agrees,
            "The published policy and the manifest declare the same cookies, with the same lifetimes",
        ),
        (PolicyAspect::PolicyLinks, &links, "The policy page's links to pages of the site lead somewhere"),
        (
            PolicyAspect::ConsentRenewedOnChange,
            &policy.consent_renewed_on_change,
            "Consent is asked for anew when a category that needs it is added",
        ),
        (
            PolicyAspect::CoversLinkingHosts,
            &policy.covers_linking_hosts,
            "The policy covers every own host, also those that only link to it",
        ),
        (PolicyAspect::LastUpdatedShown, &policy.last_updated_shown, &shown),
        (PolicyAspect::PolicyReachable, &policy.policy_reachable, "The policy page answers"),
        (
            PolicyAspect::PolicyNamesCookies,
            &policy.policy_names_cookies,
            "The policy page names every cookie",
        ),
        (
            PolicyAspect::DateFollowsInventory,
            &policy.date_follows_inventory,
            "A change of the cookies moves the policy's date",
        ),
        (
            PolicyAspect::LoginWithoutConsent,
            &policy.login_without_consent,
            "Logging in works without an answer to a consent banner",
        ),
        (
            PolicyAspect::HonoursGpc,
            &policy.honours_gpc,
            "With Global Privacy Control only strictly necessary cookies are set",
        ),
    ];
    for (aspect, stated, text) in sentences {
        // Stated false promises nothing.
        if let Some(stated) = stated.as_ref().filter(|stated| stated.value) {
            to.push(aspect, stated, text.to_owned());
        }
    }
    for (index, rule) in policy.no_cookies.iter().enumerate() {
        let NoCookies { visitors, pages, except } = parts(&rule.value);
        let text = format!("No cookies{visitors}{pages}{except}");
        to.claims.push(Claim {
            id: format!("claims.no-cookies.{}", index + 1),
            text,
            about: About::NoCookies(index),
            strength: rule.strength,
            place: rule.place,
            source: rule.source.clone(),
        });
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

/// A sentence that needs no field where the manifest says where the policy is published: nobody
/// publishes one that is to be contradicted. Unstated, it is a warning.
fn about_page(manifest: &Manifest, stated: &Option<Stated<bool>>) -> Option<Stated<bool>> {
    stated.clone().or_else(|| {
        manifest.site.policy_url.as_ref().map(|_| Stated {
            value: true,
            strength: super::Strength::Warning,
            place: manifest.site.policy_url_at,
            source: None,
        })
    })
}

/// Where policy claims go.
struct PolicyPush<'a> {
    claims: &'a mut Vec<Claim>,
}

impl PolicyPush<'_> {
    fn push<T>(&mut self, aspect: PolicyAspect, stated: &Stated<T>, text: String) {
        self.claims.push(Claim {
            id: format!("claims.{}", aspect.word()),
            text,
            about: About::Policy(aspect),
            strength: stated.strength,
            place: stated.place,
            source: stated.source.clone(),
        });
    }
}

/// The pieces of a sentence about no cookies.
struct NoCookies {
    visitors: String,
    pages: String,
    except: String,
}

fn parts(rule: &super::NoCookies) -> NoCookies {
    let piece = |before: &str, words: String| {
        if words.is_empty() { String::new() } else { format!("{before}{words}") }
    };
    NoCookies {
        visitors: piece(" for visitors who are ", list(&rule.visitors)),
        pages: piece(" on these pages: ", list(&rule.pages)),
        except: piece(", except ", list(&rule.except)),
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
