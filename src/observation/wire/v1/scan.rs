//! The file itself, the run, the policy page and what was kept as evidence.

use super::{is_default, tally, written_as};
use crate::cookie::{Browser, ThirdPartyCookies};
use crate::observation::{
    AnswerHead, Block, BrowserRun, Cell, ConsentLook, Contact, Coverage, Engine, ExchangeRef, LinkCheck,
    MAY_FAIL, MaskedHead, Observation, Outcome, Picture, PolicyPage, Published, Run, SCAN_FORMAT, SafeUrl,
    Scan, Sent, Table, TaskRecord,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// A scan with the version of its format before all else: the file has one, the scan has none.
#[derive(Serialize)]
struct FileV1<'scan> {
    format: u32,
    #[serde(flatten, serialize_with = "ScanV1::serialize")]
    scan: &'scan Scan,
}

impl Serialize for Scan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        FileV1 { format: SCAN_FORMAT, scan: self }.serialize(to)
    }
}

/// Which version it is was asked before ([`Scan::read`]).
impl<'de> Deserialize<'de> for Scan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        ScanV1::deserialize(from)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Scan")]
struct ScanV1 {
    run: Run,
    coverage: Coverage,
    observations: Vec<Observation>,
    sent: Vec<Sent>,
    contacts: Vec<Contact>,
    #[serde(default)]
    consent: Vec<ConsentLook>,
    #[serde(default)]
    pictures: Vec<Picture>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heads: Vec<AnswerHead>,
    outcomes: Vec<Outcome>,
    policy: Option<PolicyPage>,
    links: Vec<LinkCheck>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tasks: Vec<TaskRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Run")]
struct RunV1 {
    tool: String,
    target: String,
    base_url: SafeUrl,
    started: String,
    #[serde(deserialize_with = "tally")]
    seconds: u64,
    engines: BTreeSet<Engine>,
    user_agent: String,
    vantage: Option<String>,
    third_party_cookies: ThirdPartyCookies,
    assets: bool,
    #[serde(default = "may_fail", skip_serializing_if = "is_usual")]
    may_fail: u32,
    partial: Option<String>,
    own_hosts: Vec<String>,
    #[serde(default)]
    host_map: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    other_hosts: BTreeSet<String>,
    #[serde(default)]
    allowed_cookies: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent_given: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    browsers: BTreeSet<Browser>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<BrowserRun>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BrowserRun")]
struct BrowserRunV1 {
    version: String,
    third_party_cookies: Vec<ThirdPartyCookies>,
    tried: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Picture")]
struct PictureV1 {
    cell: Cell,
    page: SafeUrl,
    file: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PolicyPage")]
struct PolicyPageV1 {
    url: SafeUrl,
    shown: Option<SafeUrl>,
    status: u16,
    text: String,
    links: Vec<(String, SafeUrl)>,
    linked_from: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<Published>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LinkCheck")]
struct LinkCheckV1 {
    url: SafeUrl,
    status: Option<u16>,
    failure: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Published")]
struct PublishedV1 {
    blocks: Vec<Block>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    cut: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    rendered: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Block", rename_all = "kebab-case")]
enum BlockV1 {
    Heading { text: String, level: u8 },
    Line(String),
    Break,
    Item { text: String, depth: usize },
    Table(Table),
    Term { term: String, text: String },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Table")]
struct TableV1 {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MaskedHead", transparent)]
struct MaskedHeadV1 {
    lines: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AnswerHead")]
struct AnswerHeadV1 {
    cell: Cell,
    exchange: ExchangeRef,
    head: MaskedHead,
}

written_as! {
    Run as RunV1, BrowserRun as BrowserRunV1, Picture as PictureV1, PolicyPage as PolicyPageV1, LinkCheck as LinkCheckV1, Published as PublishedV1, Block as BlockV1, Table as TableV1, MaskedHead as MaskedHeadV1, AnswerHead as AnswerHeadV1,
}

fn may_fail() -> u32 {
    MAY_FAIL
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_usual(may_fail: &u32) -> bool {
    *may_fail == MAY_FAIL
}
