//! What changed since the nights before, as a value: the first section of every report that has
//! something to compare with.

use super::record::{CellKey, Standing};
use crate::audit::Severity;
use crate::cookie::{Lifetime, ThirdPartyCookies};
use crate::observation::{Consent, Engine, StorageKind};
use serde::Serialize;

/// Tonight, compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// When tonight's scan was made.
    pub started: String,
    /// There is nothing to compare with yet.
    pub first: bool,
    /// Every cell of tonight, and those that were looked at lately and not tonight.
    pub cells: Vec<CellSince>,
    /// How tonight's run was made otherwise than the last one, and looked at otherwise than those that it is
    /// compared with, in words; empty where alike.
    pub unlike: Vec<String>,
    pub findings: Vec<FindingSince>,
    /// Claims that stand otherwise than when they were last looked at.
    pub claims: Vec<ClaimSince>,
    pub things: Vec<ThingSince>,
    pub parties: Vec<PartySince>,
    /// What changed on the policy page, in words and lines of it; these are the site's own.
    pub policy: Vec<String>,
    /// Where the consent banner came or went, in words.
    pub banner: Vec<String>,
}

/// The states of a finding, a thing or another party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    New,
    StillThere,
    Gone,
    /// It was there, and nobody looked tonight: never gone, never fixed.
    NotLookedAt,
}

/// What a cell is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellSince {
    pub cell: CellKey,
    /// When the last complete look was made.
    pub compared_with: Option<String>,
    /// It was part of tonight's run.
    pub looked_at: bool,
    /// Why tonight's look does not tell what is gone.
    pub incomplete: Option<String>,
    /// Pages that answered tonight.
    pub pages: u64,
}

/// A finding tonight, or one that was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingSince {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub subject: String,
    pub message: String,
    pub state: State,
    /// It was known, and is worse now: how. Then it is new.
    pub worse: Option<Worse>,
    /// The first night it was there; none where that is tonight.
    pub since: Option<String>,
    /// It comes and goes.
    pub nights: Option<Presence>,
}

/// How a known finding is worse than it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "worse")]
pub enum Worse {
    /// Its severity rose.
    Graver { before: Severity, now: Severity },
    /// The longest lifetime of its subjects, in seconds.
    Longer { before: i64, now: i64 },
    /// It is about more than it was.
    Subjects { more: Vec<String> },
    /// It refutes more than it did.
    Claims { more: Vec<String> },
}

/// On how many of the last nights something was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    pub seen: u64,
    pub of: u64,
}

/// A claim that turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimSince {
    pub claim: String,
    pub before: Standing,
    pub now: Standing,
    pub compared_with: String,
}

/// A cookie or storage item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThingSince {
    pub kind: StorageKind,
    /// Its name, or what its names have in common.
    pub name: String,
    /// How many names it had, where more than one.
    pub family: Option<u64>,
    /// Empty for the site's own host.
    pub host: String,
    /// The host or domain as recorded.
    pub stored_for: String,
    pub declared: bool,
    pub state: State,
    /// The cell that saw it had never been looked at before.
    pub first_look: bool,
    pub cells: Vec<CellKey>,
    pub changes: Vec<Change>,
    pub renamed_from: Option<String>,
    /// It comes and goes.
    pub nights: Option<Presence>,
    /// The first night it was there; none where that is tonight.
    pub since: Option<String>,
}

/// What changed of a thing, and in which cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    #[serde(flatten)]
    pub what: What,
    pub cells: Vec<CellKey>,
}

/// What can change of a thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum What {
    /// It needed consent and comes without it now: the gravest change there is.
    WithoutConsent,
    /// Other visitors get it now, too.
    AlsoFor,
    /// Some visitors get it no longer.
    NoLongerFor,
    Lifetime {
        before: Vec<Lifetime>,
        now: Vec<Lifetime>,
    },
    Attribute {
        name: String,
        before: String,
        now: String,
    },
    /// Probably: one hashed name went and another came.
    Renamed {
        before: String,
        now: String,
    },
}

/// Another party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartySince {
    /// Registrable domain.
    pub domain: String,
    pub state: State,
    pub first_look: bool,
    /// Really asked; else only mentioned in markup.
    pub asked: bool,
    /// It was only mentioned before.
    pub now_asked: bool,
    /// Visitors who did not meet it before.
    pub also_for: Vec<CellKey>,
    pub nights: Option<Presence>,
}

impl Comparison {
    /// Findings in a state.
    pub fn findings_in(&self, state: State) -> impl Iterator<Item = &FindingSince> {
        self.findings.iter().filter(move |finding| finding.state == state)
    }

    /// Whether a finding of tonight is new. On the first night everything is.
    pub fn is_new(&self, id: &str) -> bool {
        self.first || self.findings_in(State::New).any(|finding| finding.id == id)
    }

    /// Cells that tell nothing of what is gone tonight: incomplete, or not looked at.
    pub fn open_cells(&self) -> impl Iterator<Item = &CellSince> {
        self.cells.iter().filter(|cell| cell.incomplete.is_some() || !cell.looked_at)
    }

    /// Whether anything at all is to be told beyond what was not looked at.
    pub fn is_quiet(&self) -> bool {
        let still = |state: State| matches!(state, State::StillThere | State::NotLookedAt);
        self.findings.iter().all(|finding| still(finding.state))
            && self.things.iter().all(|thing| still(thing.state) && thing.changes.is_empty())
            && self
                .parties
                .iter()
                .all(|party| still(party.state) && !party.now_asked && party.also_for.is_empty())
            && self.claims.iter().all(|claim| !claim.now.was_looked_at())
            && self.policy.is_empty()
            && self.banner.is_empty()
    }
}

/// A cell in words: `anonymous`, `member, consent accepted, browser`.
pub(crate) fn cell(cell: &CellKey) -> String {
    let mut words = cell.persona.clone();
    if cell.consent != Consent::Untouched {
        words.push_str(&format!(", consent {}", consent(&cell.consent)));
    }
    if cell.engine == Engine::Browser {
        words.push_str(", browser");
    }
    match cell.third_party {
        None => {}
        Some(ThirdPartyCookies::Allow) => words.push_str(", third-party cookies kept"),
        Some(ThirdPartyCookies::Block) => words.push_str(", third-party cookies blocked"),
    }
    words
}

pub(super) fn consent(consent: &Consent) -> String {
    match consent {
        Consent::Untouched => "before an answer".to_owned(),
        Consent::Accepted => "accepted".to_owned(),
        Consent::Rejected => "rejected".to_owned(),
        Consent::Category(category) => format!("accepted for {category}"),
        Consent::Withdrawn => "withdrawn".to_owned(),
    }
}

/// The day of an RFC 3339 moment.
pub(crate) fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or(moment)
}
