//! What was put on the device, and what went out.

use super::{is_default, tally, written_as};
use crate::cookie::{Decision, Elsewhere, Name, ValueFacts, Written};
use crate::observation::sighting::Made;
use crate::observation::{
    Carried, Cell, Channel, Contact, Credentials, Disclosure, ExchangeRef, Form, Group, MaskedHead,
    Observation, Page, Party, Resource, SafeUrl, Script, Sent, Sighting, StorageKind,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(remote = "StorageKind", rename_all = "kebab-case")]
enum StorageKindV1 {
    Cookie,
    LocalStorage,
    SessionStorage,
    IndexedDb,
    CacheStorage,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Channel", rename_all = "kebab-case")]
enum ChannelV1 {
    Header,
    TolerantHeader,
    DocumentCookie,
    CookieStore,
    Storage,
    Unexplained,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Resource", rename_all = "kebab-case")]
enum ResourceV1 {
    Document,
    Frame,
    Image,
    Script,
    Style,
    Font,
    Manifest,
    Fetch,
    WellKnown,
    Step,
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Credentials", rename_all = "kebab-case")]
enum CredentialsV1 {
    Include,
    SameOrigin,
    Omit,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Party", rename_all = "kebab-case")]
enum PartyV1 {
    First,
    Third,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Page")]
struct PageV1 {
    asked: SafeUrl,
    shown: Option<SafeUrl>,
    started_by: Option<SafeUrl>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ExchangeRef")]
struct ExchangeRefV1 {
    method: String,
    url: SafeUrl,
    status: u16,
    hop: u16,
    resource: Resource,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sighting")]
struct SightingV1 {
    kind: StorageKind,
    name: Name,
    cell: Cell,
    page: Page,
    exchange: ExchangeRef,
    channel: Channel,
    party: Party,
    line: String,
    written: Written,
    decision: Decision,
    value: ValueFacts,
    script: Option<Script>,
    #[serde(deserialize_with = "tally")]
    at_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after_load_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disagreement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<Box<Elsewhere>>,
    #[serde(skip)]
    head: Option<Arc<MaskedHead>>,
    #[serde(skip)]
    made: Made,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Script")]
struct ScriptV1 {
    url: SafeUrl,
    line: u32,
    column: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    called_from: Vec<Script>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Observation")]
struct ObservationV1 {
    kind: StorageKind,
    name: Name,
    domain: String,
    path: String,
    partition: Option<String>,
    party: Party,
    groups: Vec<Group>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Group")]
struct GroupV1 {
    #[serde(deserialize_with = "tally")]
    count: u64,
    example: Sighting,
    #[serde(default)]
    identities: BTreeSet<u32>,
    #[serde(default)]
    more_identities: bool,
    #[serde(default)]
    coarse: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sent")]
struct SentV1 {
    name: Name,
    cell: Cell,
    #[serde(deserialize_with = "tally")]
    count: u64,
    example: SafeUrl,
    method: String,
    cross_site: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Contact")]
struct ContactV1 {
    host: String,
    party: Party,
    resource: Resource,
    cell: Cell,
    page: SafeUrl,
    example: SafeUrl,
    #[serde(deserialize_with = "tally")]
    count: u64,
    fetched: bool,
    #[serde(default)]
    carried: Vec<Carried>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<Script>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Carried")]
struct CarriedV1 {
    #[serde(flatten)]
    what: Disclosure,
    field: String,
    #[serde(default, skip_serializing_if = "is_default")]
    form: Form,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Disclosure", rename_all = "kebab-case", tag = "what", content = "name")]
enum DisclosureV1 {
    Cookie(Name),
    Storage(Name),
    Identifier,
    Email,
    UserId,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Form", rename_all = "kebab-case")]
enum FormV1 {
    Plain,
    Base64,
    Sha256,
}

written_as! {
    StorageKind as StorageKindV1, Channel as ChannelV1, Resource as ResourceV1, Credentials as CredentialsV1, Party as PartyV1, Page as PageV1, ExchangeRef as ExchangeRefV1, Sighting as SightingV1, Script as ScriptV1, Observation as ObservationV1, Group as GroupV1, Sent as SentV1, Contact as ContactV1, Carried as CarriedV1, Disclosure as DisclosureV1, Form as FormV1,
}
