//! The declared policy as meant: nothing downstream checks it again.
//!
//! Every field is three-valued (stated true, stated false, unstated): `Option` all over. What is
//! unstated is never a violation.

use super::fields::item_fields;
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

macro_rules! item {
    ($($field:ident: $written:ty => $meant:ty, $of:ident, $about:literal
        $(, checked $aspect:ident $(($any:tt))? $(|$thing:ident, $value:ident| $says:expr)?)?;)+) => {
        /// A declared cookie or storage item. What is not stated is none or empty.
        #[derive(Clone, Debug)]
        pub struct Item {
            /// Stable key in claim ids: its `id` where it states one, else the first name (of a storage
            /// item with its kind: `local-storage:theme`). No two items have the same.
            pub key: String,
            pub kind: StorageKind,
            pub names: Vec<NamePattern>,
            /// The names on https, where the manifest gives others.
            pub https_names: Vec<NamePattern>,
            pub group: Option<String>,
            $(#[doc = $about] pub $field: $meant,)+
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

        impl Item {
            /// A cookie of this name, or of names like this glob, of which nothing is stated.
            pub fn named(name: &str) -> Self {
                Item {
                    key: name.to_owned(),
                    kind: StorageKind::Cookie,
                    names: vec![NamePattern::glob(name)],
                    https_names: Vec::new(),
                    group: None,
                    $($field: <$meant>::default(),)+
                    strength: Strength::default(),
                    strengths: BTreeMap::new(),
                    place: Place::default(),
                    places: BTreeMap::new(),
                    source: None,
                    sources: BTreeMap::new(),
                }
            }
        }
    };
}
item_fields!(item);

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

/// `[[third_parties]]`
#[derive(Clone, Debug)]
pub struct ThirdParty {
    pub key: String,
    pub provider: String,
    pub category: Option<Category>,
    /// Hosts of the provider (`plausible.io`, `*.stripe.com`).
    pub domains: Vec<Glob>,
    /// Classes of pages where it may appear; empty: any.
    pub allowed_on: Vec<String>,
    /// What it waits for.
    pub after: Option<Trigger>,
    pub sets_cookies: Option<bool>,
    pub sets_storage: Option<bool>,
    /// Its requests carry identifiers that tell visitors apart.
    pub identifiers: Option<bool>,
    /// Its requests carry personal data.
    pub personal_data: Option<bool>,
    /// Embedded in own pages, or reached only by a redirect.
    pub embedded: Option<bool>,
    /// Its cookies stay on its own domains, never in the site's name.
    pub confined: Option<bool>,
    /// It is the only provider of its role: `payment`, `analytics`, ...
    pub only_provider_of: Option<String>,
    /// It acts without asking for consent.
    pub needs_consent: Option<bool>,
    pub strength: Strength,
    pub strengths: BTreeMap<String, Strength>,
    pub place: Place,
    pub places: BTreeMap<String, Place>,
    pub source: Option<String>,
    pub sources: BTreeMap<String, String>,
}

/// `[claims]`: sentences about the site as a whole.
#[derive(Clone, Debug, Default)]
pub struct PolicyClaims {
    pub inventory: Option<Stated<Inventory>>,
    /// The only categories that occur.
    pub categories: Option<Stated<Vec<Category>>>,
    /// No cookies of these kinds, with where that holds.
    pub advertising: Option<Stated<Absence>>,
    pub tracking: Option<Stated<Absence>>,
    pub analytics_cookies: Option<Stated<Absence>>,
    pub third_party_cookies: Option<Stated<ThirdPartyRule>>,
    /// Third-party frames and scripts in pages.
    pub third_party_embeds: Option<Stated<Absence>>,
    /// Every third party that the site's pages ask for something is declared.
    pub third_parties: Option<Stated<PartyList>>,
    /// Third-party scripts that set cookies, in either party's name.
    pub cookie_setting_scripts: Option<Stated<Absence>>,
    pub cross_site_tracking: Option<Stated<Absence>>,
    /// Identifiers in storage beyond the declared items.
    pub undeclared_storage: Option<Stated<Absence>>,
    pub no_cookies: Vec<Stated<NoCookies>>,
    /// Nothing is set or sent over plain http where the site has https.
    pub plain_http_cookies: Option<Stated<Absence>>,
    pub consent_banner: Option<Stated<BannerRule>>,
    /// Categories that wait for consent.
    pub consent_before: Option<Stated<Vec<Category>>>,
    /// Asked anew when a category that needs consent is added.
    pub consent_renewed_on_change: Option<Stated<bool>>,
    /// Hosts whose pages link to the policy are covered by it.
    pub covers_linking_hosts: Option<Stated<bool>>,
    /// The policy page shows when it was last changed.
    pub last_updated_shown: Option<Stated<bool>>,
    /// The policy page answers.
    pub policy_reachable: Option<Stated<bool>>,
    /// The policy page names every cookie that was seen.
    pub policy_names_cookies: Option<Stated<bool>>,
    /// The published policy declares what the manifest declares. Unstated: yes, as a warning, where the
    /// manifest says where the policy is published.
    pub policy_agrees: Option<Stated<bool>>,
    /// The policy page's links to pages of the site lead somewhere. Unstated: likewise.
    pub policy_links: Option<Stated<bool>>,
    /// A change of the inventory moves the policy's date (two scans).
    pub date_follows_inventory: Option<Stated<bool>>,
    /// Pages refused when all strictly necessary cookies are blocked.
    pub necessary_required_for: Option<Stated<Vec<String>>>,
    /// Logging in works without an answer to a banner.
    pub login_without_consent: Option<Stated<bool>>,
    /// `Sec-GPC` is honoured: nothing but strictly necessary cookies with it.
    pub honours_gpc: Option<Stated<bool>>,
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

/// The checkable aspects of a declared item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemAspect {
    /// It is seen, under this name.
    Present,
    /// The name by scheme.
    Name,
    Category,
    Lifetime,
    /// The lifetime stated for some visitors only.
    LifetimeFor(VisitorState),
    Rolling,
    HttpOnly,
    Secure,
    SameSite,
    Path,
    Domain,
    Party,
    Partitioned,
    /// `__Host-`, `__Secure-`, `__Http-`, `__Host-Http-` keep their promises.
    Prefix,
    /// A browser takes it.
    Accepted,
    SetOn,
    SetBy,
    SentOnlyTo,
    SentCrossSite,
    Visitors,
    Trigger,
    RequiredFor,
    OnlyWith,
    Refreshes,
    UpdatedBy,
    Value,
    ScriptReadable,
    MirroredIn,
    ClearedOnLogout,
}

/// The checkable aspects of a third party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThirdPartyAspect {
    AllowedOn,
    After,
    SetsCookies,
    SetsStorage,
    Identifiers,
    PersonalData,
    Embedded,
    Confined,
    OnlyProvider,
    NeedsConsent,
}

/// The checkable sentences about the site as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyAspect {
    Inventory,
    Categories,
    Advertising,
    Tracking,
    AnalyticsCookies,
    ThirdPartyCookies,
    ThirdPartyEmbeds,
    ThirdParties,
    CookieSettingScripts,
    CrossSiteTracking,
    UndeclaredStorage,
    PlainHttpCookies,
    BannerShown,
    BannerNotRepeated,
    BannerBackAfterClearing,
    ConsentBefore,
    ConsentRenewedOnChange,
    CoversLinkingHosts,
    LastUpdatedShown,
    PolicyReachable,
    PolicyNamesCookies,
    PolicyAgrees,
    PolicyLinks,
    DateFollowsInventory,
    NecessaryRequiredFor,
    LoginWithoutConsent,
    HonoursGpc,
}
