//! A run as the history keeps it: what was found, what was there and what was looked at, in a wire
//! format of its own, so that a night is understood for as long as the history lives. No value of a
//! cookie is in it, as none is in a scan.

use super::complete::Thresholds;
use crate::audit::Severity;
use crate::cookie::{Lifetime, SameSite, ThirdPartyCookies};
use crate::observation::{Consent, Engine, StorageKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of a recorded run. Fields are added with a default; a version only changes where an older
/// reader would misread.
pub const RECORD_FORMAT: u32 = 1;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub format: u32,
    /// The manifest's `site.url` where it states one: the site is the same at whatever address it is
    /// looked at.
    pub site: String,
    pub target: String,
    pub made: Made,
    /// The scan's own sum: the same scan judged twice is one night.
    pub scan: String,
    pub cells: Vec<CellRecord>,
    pub things: Vec<ThingRecord>,
    /// Other parties by registrable domain.
    pub parties: Vec<PartyRecord>,
    /// None where nothing was audited.
    pub judged: Option<Judged>,
    pub policy: Option<PolicyRecord>,
    /// By which its cells count as complete or not.
    #[serde(default)]
    pub thresholds: Thresholds,
}

/// How, when and by what the run was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// RFC 3339, UTC: the scan's own clock.
    pub started: String,
    pub seconds: u64,
    pub tool: String,
    pub base_url: String,
    pub engines: BTreeSet<Engine>,
    pub user_agent: String,
    pub browser: Option<String>,
    pub vantage: Option<String>,
    pub assets: bool,
    /// Why it ended early, where it did.
    pub partial: Option<String>,
}

/// Who was looking, having said what, with which engine. Phases of a visit and rounds are within.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellKey {
    pub persona: String,
    pub consent: Consent,
    pub engine: Engine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<ThirdPartyCookies>,
}

/// What one cell looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRecord {
    pub cell: CellKey,
    /// Pages by the shape of their path.
    pub pages: BTreeMap<String, PageCount>,
    /// Its login or its state of consent was not reached: why.
    pub unreached: Option<String>,
    /// Addresses that answered with what most others answered with, too: how many, where they were
    /// more than half of all.
    #[serde(default)]
    pub one_answer: u64,
    /// The consent banner was there on the first page, where that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<bool>,
    /// Why this look does not serve as a base for later ones; none where it was complete.
    pub incomplete: Option<String>,
}

/// Pages of one shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCount {
    pub answered: u64,
    pub failed: u64,
}

/// A cookie or storage item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingRecord {
    pub kind: StorageKind,
    pub name: String,
    /// Of a cookie its domain, of a storage item its origin's host; never a port.
    pub host: String,
    /// In the site's own name, not another's.
    pub own: bool,
    /// How it was written, by cell.
    pub seen: Vec<SeenIn>,
}

/// How one cell saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenIn {
    pub cell: CellKey,
    pub ways: BTreeSet<Way>,
}

/// One way in which something was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Way {
    pub lifetime: Lifetime,
    /// The moment of `Expires`, as written, where it alone sets the lifetime: one fixed date is a
    /// shorter lifetime each night, and no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    pub http_only: bool,
    pub secure: bool,
    pub same_site: Option<SameSite>,
    pub partitioned: bool,
    pub path: String,
    pub domain: Option<String>,
    /// Browsers refuse it so.
    pub refused: bool,
}

/// Another party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyRecord {
    /// Registrable domain.
    pub domain: String,
    /// Who met it.
    pub seen: Vec<MetIn>,
}

/// How one cell met another party.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetIn {
    pub cell: CellKey,
    /// Really asked, or only mentioned in markup.
    pub asked: bool,
}

/// What the audit said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub findings: Vec<FindingRecord>,
    pub claims: BTreeMap<String, Standing>,
}

/// A finding, without its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub subject: String,
    pub message: String,
    pub claims: BTreeSet<String>,
    /// Where it was seen.
    pub cells: BTreeSet<CellKey>,
    /// How bad it is, where that is a length of time: the longest lifetime of its subjects, in
    /// seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<i64>,
}

/// How a claim stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    Upheld,
    Refuted,
    /// Looked for where it belongs, and it never occurred.
    NeverSeen,
    /// Nothing refuted it, and only a browser can say more.
    NeedsBrowser,
    /// Nobody looked: another plan or scan is needed, or something was not reached.
    NotLookedAt,
}

impl Standing {
    /// Whether it was decided, or looked for in vain.
    pub fn was_looked_at(self) -> bool {
        !matches!(self, Standing::NeedsBrowser | Standing::NotLookedAt)
    }
}

/// The published policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    pub status: u16,
    /// The date it shows, where that can be read.
    pub date: Option<String>,
    /// Its lines, as shown.
    pub lines: Vec<String>,
}

impl RunRecord {
    /// What a cell looked at, if it was part of the run.
    pub fn cell(&self, key: &CellKey) -> Option<&CellRecord> {
        self.cells.iter().find(|record| record.cell == *key)
    }

    /// Whether every cell was looked at completely.
    pub fn is_complete(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(|cell| cell.incomplete.is_none())
    }
}

impl CellRecord {
    /// Pages that answered.
    pub fn answered(&self) -> u64 {
        self.pages.values().map(|count| count.answered).sum()
    }

    /// Pages that failed.
    pub fn failed(&self) -> u64 {
        self.pages.values().map(|count| count.failed).sum()
    }
}
