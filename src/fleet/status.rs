//! How a run stands: what was submitted against what came of it. A site is through when it has a result or a
//! dead letter; what the queue holds says only what is still to be expected.

use super::job::{Dead, RunRecord};
use super::queue::{ANY, Known, Lag};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The format's name and version.
const FORMAT: &str = "cookieproof-fleet-status/1";
/// Names on a terminal.
const MOST: usize = 20;

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Status {
    format: &'static str,
    pub(crate) run: String,
    submitted: String,
    complete: bool,
    sites: usize,
    results: usize,
    /// In the queue, or with a worker, and without a result.
    to_come: usize,
    /// By tag: workers with other tags leave them.
    to_come_by_tag: BTreeMap<String, usize>,
    dead: Vec<DeadSite>,
    refused: Vec<RefusedSite>,
    /// Submitted, and neither in the queue nor through: the submission broke off.
    never_sent: Vec<String>,
    queue: Queue,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct DeadSite {
    site: String,
    #[serde(flatten)]
    dead: Dead,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct RefusedSite {
    site: String,
    reason: String,
}

/// Of all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Queue {
    waiting: u64,
    under_way: u64,
}

impl Status {
    /// Counts. `queued` was asked for before `known`: what is through in between counts as through.
    pub(crate) fn of(
        record: &RunRecord,
        queued: &BTreeSet<String>,
        known: &BTreeMap<String, Known>,
        dead: &BTreeMap<String, Dead>,
        lag: Lag,
    ) -> Status {
        let of = |site: &str| known.get(site).copied().unwrap_or_default();
        let sent = || record.sites.iter().filter(|site| site.refused.is_none());
        let open = sent().filter(|site| !of(&site.site).result && !of(&site.site).dead);
        let (to_come, never_sent): (Vec<_>, Vec<_>) = open.partition(|site| queued.contains(site.errand()));
        let mut to_come_by_tag = BTreeMap::new();
        for site in &to_come {
            *to_come_by_tag.entry(site.tag.clone()).or_default() += 1;
        }
        Status {
            format: FORMAT,
            run: record.run.clone(),
            submitted: record.submitted.clone(),
            complete: to_come.is_empty() && never_sent.is_empty(),
            sites: record.sites.len(),
            results: sent().filter(|site| of(&site.site).result).count(),
            to_come: to_come.len(),
            to_come_by_tag,
            // A result that came after all counts more.
            dead: sent()
                .filter(|site| !of(&site.site).result)
                .filter_map(|site| {
                    Some(DeadSite { site: site.site.clone(), dead: dead.get(&site.site)?.clone() })
                })
                .collect(),
            refused: record
                .sites
                .iter()
                .filter_map(|site| {
                    Some(RefusedSite { site: site.site.clone(), reason: site.refused.clone()? })
                })
                .collect(),
            never_sent: never_sent.iter().map(|site| site.site.clone()).collect(),
            queue: Queue { waiting: lag.waiting, under_way: lag.under_way },
        }
    }

    /// Each site is through.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Each site has a result.
    pub(crate) fn is_whole(&self) -> bool {
        self.complete && self.dead.is_empty() && self.refused.is_empty()
    }

    /// The run in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let mut parts = vec![format!("{} of {} results", self.results, self.sites)];
        for (count, what) in [
            (self.to_come, "to come"),
            (self.dead.len(), "given up"),
            (self.refused.len(), "not set up"),
            (self.never_sent.len(), "never sent"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        format!("{}: {}.", self.run, parts.join(", "))
    }
}

/// For people.
pub(crate) fn text(status: &Status, verbose: bool) -> String {
    let mut text = format!("{}\n", status.sentence());
    let most = if verbose { usize::MAX } else { MOST };
    let mut list = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{title}");
        for line in lines.iter().take(most) {
            let _ = writeln!(text, "  {}", crate::legible::clean(line));
        }
        if lines.len() > most {
            let _ = writeln!(text, "  {} more", lines.len() - most);
        }
    };
    if status.to_come_by_tag.keys().any(|tag| tag != ANY) {
        let by_tag = status.to_come_by_tag.iter();
        list("To come, by tag", by_tag.map(|(tag, sites)| format!("{tag}: {sites}")).collect());
    }
    list(
        "Given up",
        status
            .dead
            .iter()
            .map(|dead| format!("{}: {} (last: {})", dead.site, dead.dead.reason, dead.dead.worker))
            .collect(),
    );
    list(
        "Not set up",
        status.refused.iter().map(|refused| format!("{}: {}", refused.site, refused.reason)).collect(),
    );
    list("Never sent: submit the run again under its name", status.never_sent.clone());
    let _ = writeln!(
        text,
        "\nJobs in the queue, of all runs: {} waiting, {} with workers.",
        status.queue.waiting, status.queue.under_way
    );
    text
}

/// For programs.
pub(crate) fn json(status: &Status) -> String {
    serde_json::to_string_pretty(status).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::job::{DeadKind, Submitted};
    use super::*;

    fn record(sites: &[&str]) -> RunRecord {
        let site = |name: &&str| Submitted {
            site: (*name).to_owned(),
            tag: "any".into(),
            errand: None,
            refused: name.starts_with('!').then(|| "the plan has 1 error".to_owned()),
        };
        RunRecord {
            format: super::super::job::FORMAT,
            run: "night".into(),
            submitted: "2026-11-27T03:00:00Z".into(),
            tool: "cookieproof 0".into(),
            sites: sites.iter().map(site).collect(),
        }
    }

    fn dead() -> Dead {
        Dead {
            kind: DeadKind::NotSetUp,
            reason: "the environment variable KEY is not set".into(),
            worker: "w-1".into(),
            deliveries: 5,
        }
    }

    const RESULT: Known = Known { result: true, dead: false };
    const DEAD: Known = Known { result: false, dead: true };

    #[test]
    fn each_site_is_somewhere() {
        let record = record(&["a", "b", "c", "!d", "e"]);
        let queued = BTreeSet::from(["a".to_owned(), "c".to_owned()]);
        let known = BTreeMap::from([("a".to_owned(), RESULT), ("b".to_owned(), DEAD)]);
        let letters = BTreeMap::from([("b".to_owned(), dead())]);
        let status = Status::of(&record, &queued, &known, &letters, Lag { waiting: 1, under_way: 1 });
        // `a` is through though its job is still in the queue; `e` is nowhere.
        assert!(!status.is_complete());
        insta::assert_snapshot!(text(&status, false), @r"
        night: 1 of 5 results, 1 to come, 1 given up, 1 not set up, 1 never sent.

        Given up
          b: the environment variable KEY is not set (last: w-1)

        Not set up
          !d: the plan has 1 error

        Never sent: submit the run again under its name
          e

        Jobs in the queue, of all runs: 1 waiting, 1 with workers.
        ");
    }

    #[test]
    fn sites_of_one_errand_are_to_come_while_it_is_in_the_queue() {
        let mut record = record(&["a", "b"]);
        for site in &mut record.sites {
            site.errand = Some("@host.test".into());
        }
        let known = BTreeMap::from([("a".to_owned(), RESULT)]);
        let of = |queued: &[&str]| {
            let queued = queued.iter().map(|name| (*name).to_owned()).collect();
            Status::of(&record, &queued, &known, &BTreeMap::new(), Lag::default()).sentence()
        };
        assert_eq!(of(&["@host.test"]), "night: 1 of 2 results, 1 to come.");
        assert_eq!(of(&["b"]), "night: 1 of 2 results, 1 never sent.");
    }

    #[test]
    fn what_waits_for_workers_of_a_tag_is_told_by_tag() {
        let mut record = record(&["a", "b", "c"]);
        record.sites[1].tag = "eu".into();
        let queued = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let status = Status::of(&record, &queued, &BTreeMap::new(), &BTreeMap::new(), Lag::default());
        let told = text(&status, false);
        assert!(told.contains("To come, by tag\n  any: 1\n  eu: 1\n"), "{told}");
    }

    #[test]
    fn an_empty_queue_is_no_end_and_a_full_one_no_hindrance() {
        let record = record(&["a"]);
        let status =
            Status::of(&record, &BTreeSet::new(), &BTreeMap::new(), &BTreeMap::new(), Lag::default());
        assert!(!status.is_complete());
        let queued = BTreeSet::from(["a".to_owned()]);
        let known = BTreeMap::from([("a".to_owned(), RESULT)]);
        assert!(Status::of(&record, &queued, &known, &BTreeMap::new(), Lag::default()).is_whole());
    }

    #[test]
    fn a_result_that_came_after_all_counts_more_than_a_dead_letter() {
        let both = BTreeMap::from([("a".to_owned(), Known { result: true, dead: true })]);
        let letters = BTreeMap::from([("a".to_owned(), dead())]);
        let status = Status::of(&record(&["a"]), &BTreeSet::new(), &both, &letters, Lag::default());
        assert!(status.is_whole() && status.dead.is_empty());
    }
}
