//! The comparison of a run with those before it, as reports take it: everything in order and in
//! words, so that no format has to judge anything.

use crate::audit::Severity;
use crate::observation::StorageKind;

/// What changed since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// What the visitors were compared with: the last complete look at each. Empty on a first run.
    pub bases: Vec<Base>,
    /// Why the comparison says less than it seems to: another engine, another version, fewer pages.
    pub caveats: Vec<String>,
    /// Cookies, storage items and third parties.
    pub things: Vec<ThingChange>,
    /// Claims that came out otherwise than last time.
    pub claims: Vec<ClaimTurn>,
    /// Every finding of both runs.
    pub findings: Vec<FindingSince>,
    /// Who was not looked at completely this time, so that nothing of theirs is called gone.
    pub open: Vec<Open>,
    /// What changed on the policy page and about the consent banner, in words and lines of the page.
    pub pages: Vec<String>,
    /// The nights before this one and this one, the oldest first.
    pub trend: Trend,
}

/// What some visitors were compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base {
    /// Who, in words: `member, consent accepted`.
    pub who: String,
    /// When the run began that is compared with, RFC 3339; none where there was no complete one.
    pub started: Option<String>,
}

/// Visitors of whom this run does not tell everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// Who, in words.
    pub who: String,
    /// Why: `not part of this run`, `not reached, step 2: answered 401`.
    pub why: String,
}

/// Where something stands, compared with last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    New,
    Still,
    Gone,
    /// Nobody looked this time where it was seen: it may be there or not.
    NotLookedAt,
}

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    Appeared,
    Gone,
    Changed,
    /// Probably one thing under another name.
    Renamed,
    NotLookedAt,
}

/// One thing that is otherwise than last time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThingChange {
    pub change: Change,
    /// None for a third party's host.
    pub kind: Option<StorageKind>,
    /// `_fbp`, `help_seen_*`, `ads.example`.
    pub name: String,
    pub host: String,
    /// Whose it is, where that is known.
    pub vendor: Option<String>,
    /// From what to what, in words: `90 min → 1 day`; empty where it only came or went.
    pub detail: String,
    /// For whom, in words.
    pub who: Vec<String>,
}

/// A claim that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimTurn {
    pub claim: String,
    pub text: String,
    /// `upheld`, `refuted`, `not verified`.
    pub from: String,
    pub to: String,
}

/// A finding of this run or of the one before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingSince {
    pub standing: Standing,
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub message: String,
    /// How it is worse than it was, or how often it was seen; empty where there is no more to say.
    pub note: String,
    /// When it was first seen, as a day, where a history knows it.
    pub first_seen: Option<String>,
}

/// The nights, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trend {
    pub nights: Vec<Night>,
}

/// One run in the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Night {
    /// RFC 3339.
    pub started: String,
    pub errors: u64,
    pub warnings: u64,
    /// Things left on the device.
    pub things: u64,
    /// False where the run could not see all that it wanted.
    pub complete: bool,
}

/// A finding that somebody answers for until a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// The finding's id.
    pub id: String,
    pub owner: String,
    pub reason: String,
    /// `2026-12-31`
    pub until: String,
}

impl Accepted {
    /// `until 2026-12-31, ana: waiting for vendor`
    pub fn in_words(&self) -> String {
        let mut words = format!("until {}", self.until);
        if !self.owner.is_empty() {
            words.push_str(&format!(", {}", self.owner));
        }
        if !self.reason.is_empty() {
            words.push_str(&format!(": {}", self.reason));
        }
        words
    }
}

impl Since {
    /// Where a finding of this run stands; none where nothing is known of it.
    pub fn standing(&self, finding: &str) -> Option<Standing> {
        self.findings.iter().find(|known| known.id == finding).map(|known| known.standing)
    }

    /// There was nothing to compare with.
    pub fn is_first(&self) -> bool {
        self.bases.iter().all(|base| base.started.is_none())
    }

    /// Nothing is otherwise than last time.
    pub fn is_quiet(&self) -> bool {
        self.things.iter().all(|thing| thing.change == Change::NotLookedAt)
            && self.pages.is_empty()
            && self.claims.is_empty()
            && self
                .findings
                .iter()
                .all(|finding| matches!(finding.standing, Standing::Still | Standing::NotLookedAt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_accepted_until_when_and_why() {
        let accepted = |owner: &str, reason: &str| Accepted {
            id: "1".into(),
            owner: owner.into(),
            reason: reason.into(),
            until: "2026-12-31".into(),
        };
        assert_eq!(
            accepted("ana", "waiting for vendor").in_words(),
            "until 2026-12-31, ana: waiting for vendor"
        );
        assert_eq!(accepted("", "").in_words(), "until 2026-12-31");
    }

    #[test]
    fn a_run_without_bases_is_the_first() {
        let base = |started: Option<&str>| Base { who: "anonymous".into(), started: started.map(Into::into) };
        let of = |bases: Vec<Base>| Since { bases, ..Since::default() };
        assert!(of(vec![]).is_first());
        assert!(of(vec![base(None)]).is_first());
        assert!(!of(vec![base(None), base(Some("2026-11-08T04:00:00Z"))]).is_first());
    }
}
