//! The declared policy as meant: nothing downstream checks it again.
//!
//! Every field is three-valued (stated true, stated false, unstated): `Option` all over. What is
//! unstated is never a violation.

use super::fields::{item_fields, party_fields, sentence_fields};
use super::{Glob, LifetimeRule, NamePattern, PagePattern, Place, RequestPattern};
use crate::cookie::SameSite;
use crate::observation::StorageKind;
use std::collections::BTreeMap;
use url::Url;

/// The declared policy.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    pub site: DeclaredSite,
    /// Classes of pages by name. `*` (every page) is always there.
    pub pages: BTreeMap<String, PageClass>,
    /// Cookies and storage items, in the file's order; group defaults already applied.
    pub items: Vec<Item>,
    pub third_parties: Vec<ThirdParty>,
    pub policy: PolicyClaims,
    /// Links that must answer: the privacy policy, a processor's policy.
    pub links: Vec<DeclaredLink>,
    /// Every checkable statement, sorted by id.
    pub claims: Vec<Claim>,
    /// What the file is called in messages.
    pub file: String,
    /// Where the sentences about the whole site begin; the first line where there are none.
    pub claims_at: Place,
}

/// `[site]`
#[derive(Clone, Debug, Default)]
pub struct DeclaredSite {
    pub name: Option<String>,
    pub url: Option<Url>,
    /// Path or URL of the published policy.
    pub policy_url: Option<String>,
    /// Where the file says so.
    pub policy_url_at: Place,
    pub last_updated: Option<PartialDate>,
    /// What counts as this site; everything else is a third party. Empty: the target's
    /// registrable domain and below.
    pub hosts: Vec<Glob>,
}

/// A date that may lack its day: `2026-04-16` or `2026-06`. One without sorts before its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartialDate {
    pub year: i16,
    pub month: i8,
    pub day: Option<i8>,
}

/// A class of pages, or of requests.
#[derive(Clone, Debug, Default)]
pub struct PageClass {
    pub patterns: Vec<PagePattern>,
    /// Requests by their method, too.
    pub requests: Vec<RequestPattern>,
    /// What is not in it, whatever else says.
    pub except: Vec<PagePattern>,
    pub place: Place,
}

/// A struct of what can be stated, after what it has besides.
macro_rules! stated {
    ({ $(#[$meta:meta])* $name:ident { $($also:tt)* } }
    $($field:ident: $written:ty => $meant:ty, $($of:ident,)? $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {
        $(#[$meta])*
        pub struct $name {
            $($also)*
            $(#[doc = $about] pub $field: $meant,)+
        }
    };
}

/// The checkable aspects of something, after those that no field of their own states.
macro_rules! aspects {
    ({ $(#[$meta:meta])* $name:ident { $($(#[$also_meta:meta])* $also:ident => $key:expr,)* } }
    $($field:ident: $written:ty => $meant:ty, $($of:ident,)? $about:literal
        $(, checked $aspect:ident $(($each:ty))? $(|$thing:tt, $value:ident| $says:expr)?)?;)+) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$also_meta])* $also,)*
            $($(#[doc = $about] $aspect $(($each))?,)?)+
        }

        impl $name {
            /// The manifest's field that states it; none for what needs no field.
            pub fn field(self) -> Option<&'static str> {
                match self {
                    $($name::$also => $key,)*
                    $($($name::$aspect { .. } => Some(stringify!($field)),)?)+
                }
            }
        }
    };
}

item_fields! { stated
    /// A declared cookie or storage item. What is not stated is none or empty.
    #[derive(Clone, Debug, Default)]
    Item {
        /// Stable key in claim ids: its `id` where it states one, else the first name (of a storage
        /// item with its kind: `local-storage:theme`). No two items have the same.
        pub key: String,
        pub kind: StorageKind,
        pub names: Vec<NamePattern>,
        /// The names on https, where the manifest gives others.
        pub https_names: Vec<NamePattern>,
        pub group: Option<String>,
        pub strength: Strength,
        /// Fields that are stated harder or softer than the rest.
        pub strengths: BTreeMap<String, Strength>,
        /// Where the entry and each of its fields stand.
        pub place: Place,
        pub places: BTreeMap<String, Place>,
        /// The policy's own sentence.
        pub source: Option<String>,
        /// The policy's sentences for single fields.
        pub sources: BTreeMap<String, String>,
    }
}

impl Item {
    /// A cookie of this name, or of names like this glob, of which nothing is stated.
    pub fn named(name: &str) -> Self {
        Item { key: name.to_owned(), names: vec![NamePattern::glob(name)], ..Item::default() }
    }
}

/// When `Secure` must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureRule {
    Always,
    OnHttps,
    Never,
}

/// What the `Path` attribute must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathRule {
    Exact(String),
    /// This path or a narrower one.
    Within(String),
}

impl PathRule {
    /// Whether a cookie with this path is as declared.
    pub fn allows(&self, path: &str) -> bool {
        let same = |declared: &str| {
            path == declared
                || path.trim_end_matches('/') == declared.trim_end_matches('/')
                    && declared != "/"
                    && path != "/"
        };
        // Path-match of RFC 6265bis 5.1.4.
        let below = |declared: &str| {
            path.strip_prefix(declared).is_some_and(|rest| declared.ends_with('/') || rest.starts_with('/'))
        };
        match self {
            PathRule::Exact(declared) => same(declared),
            PathRule::Within(declared) => same(declared) || below(declared),
        }
    }
}

/// What the `Domain` attribute must lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainRule {
    HostOnly,
    Domain(String),
}

/// Whose cookie it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredParty {
    First,
    Third,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRule {
    LanguageTag,
    /// The URL that was asked for.
    RequestedUrl,
    Flag,
    Number,
    Uuid,
    Jwt,
    /// Anything but an identifier.
    NotIdentifying,
}

/// Categories of privacy practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    StrictlyNecessary,
    Functional,
    Analytics,
    Advertising,
    Social,
    Unclassified,
}

/// The manifest's words for who is visiting and what they said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VisitorState {
    Anonymous,
    LoggedIn,
    Remembered,
    NotRemembered,
    ConsentUntouched,
    ConsentAccepted,
    ConsentRejected,
    ConsentWithdrawn,
}

/// What a cookie waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    Login,
    ConsentAccepted,
    /// Any answer to the banner.
    ConsentGiven,
    /// A declared journey of the plan.
    Journey(String),
    Interaction,
}

/// How hard a statement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    Warning,
    #[default]
    Error,
}

party_fields! { stated
    /// `[[third_parties]]`
    #[derive(Clone, Debug)]
    ThirdParty {
        pub key: String,
        pub provider: String,
        /// Hosts of the provider (`plausible.io`, `*.stripe.com`).
        pub domains: Vec<Glob>,
        pub strength: Strength,
        pub strengths: BTreeMap<String, Strength>,
        pub place: Place,
        pub places: BTreeMap<String, Place>,
        pub source: Option<String>,
        pub sources: BTreeMap<String, String>,
    }
}

sentence_fields! { stated
    /// `[claims]`: sentences about the site as a whole.
    #[derive(Clone, Debug, Default)]
    PolicyClaims {}
}

/// A stated value, with its place, strength and sentence.
#[derive(Clone, Debug)]
pub struct Stated<T> {
    pub value: T,
    pub strength: Strength,
    pub place: Place,
    pub source: Option<String>,
}

/// What the inventory says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inventory {
    Complete,
    CompleteFirstParty,
    Examples,
    None,
}

/// "None", and where that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// Only third parties' (by domain or by vendor).
    pub third_party_only: bool,
    /// Classes of pages; empty: all.
    pub pages: Vec<String>,
    /// Visitors; empty: all.
    pub visitors: Vec<VisitorState>,
}

/// No identifiers, and where that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoIdentifiers(pub Absence);

/// What the list of third parties says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyList {
    Complete,
}

/// Third-party cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThirdPartyRule {
    None,
    /// Only those of declared third parties, where declared.
    OnlyDeclared,
}

/// No cookies at all for some visitors on some pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCookies {
    pub visitors: Vec<VisitorState>,
    pub pages: Vec<String>,
    /// Keys of the items that may be there nonetheless.
    pub except: Vec<String>,
}

/// The consent banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BannerRule {
    /// There is none.
    None,
    Shown {
        /// Shown again after an answer.
        repeated: Option<bool>,
        /// Back after the visitor cleared the site's data.
        back_after_clearing: Option<bool>,
    },
}

/// A link that must answer.
#[derive(Clone, Debug)]
pub struct DeclaredLink {
    pub key: String,
    pub url: String,
    /// It must also be linked from the policy page.
    pub on_policy_page: bool,
    pub strength: Strength,
    pub place: Place,
    pub source: Option<String>,
}

/// One checkable statement.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Stable: `cookies.session.lifetime`, `claims.inventory`, `third_parties.stripe.allowed-on`.
    pub id: String,
    /// What it states, in a plain sentence made from the manifest.
    pub text: String,
    pub about: About,
    pub strength: Strength,
    pub place: Place,
    /// The policy's own sentence.
    pub source: Option<String>,
}

/// What a claim is about: the index of its entry and the aspect of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    Item(usize, ItemAspect),
    ThirdParty(usize, ThirdPartyAspect),
    Link(usize),
    NoCookies(usize),
    Policy(PolicyAspect),
}

item_fields! { aspects
    /// The checkable aspects of a declared item.
    ItemAspect {
        /// It is seen, under this name.
        Present => None,
        /// The name by scheme.
        Name => Some("name"),
        /// `__Host-`, `__Secure-`, `__Http-`, `__Host-Http-` keep their promises.
        Prefix => None,
        /// A browser takes it.
        Accepted => None,
    }
}

party_fields! { aspects
    /// The checkable aspects of a third party.
    ThirdPartyAspect {}
}

sentence_fields! { aspects
    /// The checkable sentences about the site as a whole.
    PolicyAspect {
        BannerNotRepeated => Some("consent_banner"),
        BannerBackAfterClearing => Some("consent_banner"),
    }
}
