//! What lines say, what browsers do with them, and the facts about values.

use super::written_as;
use crate::cookie::{
    Browser, CharClass, Decision, Effective, Elsewhere, Lifetime, LifetimeBy, Name, Priority, Reason,
    Reasons, SameSite, ThirdPartyCookies, UrlRelation, ValueFacts, ValueShape, Written,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(remote = "ValueFacts")]
struct ValueFactsV1 {
    length: usize,
    class: CharClass,
    shape: ValueShape,
    #[serde(default)]
    identity: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CharClass", rename_all = "kebab-case")]
enum CharClassV1 {
    Empty,
    Digits,
    Hex,
    Alphanumeric,
    Base64Url,
    Printable,
    Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ValueShape", rename_all = "kebab-case", tag = "kind", content = "relation")]
enum ValueShapeV1 {
    Empty,
    Flag,
    Number,
    LanguageTag,
    Url(UrlRelation),
    Uuid,
    Jwt,
    Email,
    Json,
    Word,
    Identifier,
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "UrlRelation", rename_all = "kebab-case")]
enum UrlRelationV1 {
    Asked,
    BareOrigin,
    SameOrigin,
    External,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reason")]
enum ReasonV1 {
    NoCookieContent,
    DisallowedCharacter,
    NameValuePairExceedsMaxSize,
    InvalidDomain,
    InvalidPrefix,
    SecureOnly,
    OverwriteSecure,
    SameSiteNoneInsecure,
    SchemefulSameSiteStrict,
    SchemefulSameSiteLax,
    SchemefulSameSiteUnspecifiedTreatedAsLax,
    UserPreferences,
    #[serde(rename = "already_expired")]
    AlreadyExpired,
    #[serde(rename = "partitioned_without_secure")]
    PartitionedWithoutSecure,
    #[serde(rename = "nameless_value_contains_equals")]
    NamelessValueContainsEquals,
    Unlisted,
    #[serde(rename = "response_refused")]
    ResponseRefused,
    #[serde(rename = "without_credentials")]
    WithoutCredentials,
    #[serde(rename = "http_only_by_script")]
    HttpOnlyByScript,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Browser", rename_all = "kebab-case")]
enum BrowserV1 {
    Chromium,
    Firefox,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SameSite", rename_all = "kebab-case")]
enum SameSiteV1 {
    Strict,
    Lax,
    None,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Priority", rename_all = "kebab-case")]
enum PriorityV1 {
    Low,
    Medium,
    High,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ThirdPartyCookies", rename_all = "kebab-case")]
enum ThirdPartyCookiesV1 {
    Allow,
    Block,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Decision", rename_all = "kebab-case", tag = "decision")]
enum DecisionV1 {
    Stored { effective: Effective },
    Replaced { effective: Effective },
    Deleted { effective: Effective },
    Rejected { reasons: Reasons },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Effective")]
struct EffectiveV1 {
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    lifetime: Lifetime,
    partition: Option<String>,
    priority: Priority,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Elsewhere")]
struct ElsewhereV1 {
    browser: Browser,
    name: Name,
    written: Written,
    decision: Decision,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Lifetime", rename_all = "kebab-case", tag = "kind", content = "seconds")]
enum LifetimeV1 {
    Session,
    Seconds(i64),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LifetimeBy", rename_all = "kebab-case")]
enum LifetimeByV1 {
    MaxAge,
    Expires,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Written")]
struct WrittenV1 {
    lifetime: Lifetime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifetime_by: Option<LifetimeBy>,
    http_only: bool,
    secure: bool,
    same_site: Option<SameSite>,
    partitioned: bool,
    path: Option<String>,
    domain: Option<String>,
}

written_as! {
    ValueFacts as ValueFactsV1, CharClass as CharClassV1, ValueShape as ValueShapeV1, UrlRelation as UrlRelationV1, Reason as ReasonV1, Browser as BrowserV1, SameSite as SameSiteV1, Priority as PriorityV1, ThirdPartyCookies as ThirdPartyCookiesV1, Decision as DecisionV1, Effective as EffectiveV1, Elsewhere as ElsewhereV1, Lifetime as LifetimeV1, LifetimeBy as LifetimeByV1, Written as WrittenV1,
}
