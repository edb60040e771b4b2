//! What an audit is compared with and what of it counts: the history, the baseline, the rounds, and
//! who is told.

use super::complaint::{Complaint, Failures};
use super::files;
use super::new_file::NewFile;
use super::notify::{Shape, Webhook};
use super::outcome::Gate;
use crate::audit::{Audit, Rounds, audit_with};
use crate::history::baseline::{self, Answers, Applied, Baseline, Trouble};
use crate::history::{self, Accepted, Comparison, RunRecord, Since, State, Thresholds};
use crate::manifest::{Manifest, PartialDate};
use crate::observation::{Engine, Scan};
use crate::plan::{EngineChoice, LastRun, Plan, Target};
use crate::report::{self, Report};
use crate::store::{self, Keep, Store};
use crate::vendors::Knowledge;
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The baseline's usual name.
const BASELINE: &str = "baseline.toml";

/// The flags.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Nights {
    /// Keep every run in this file, and say what changed since the nights before
    #[arg(long, value_name = "FILE")]
    pub(super) history: Option<PathBuf>,
    /// Keep only the last N runs in the history, or those of the last N days, as in 400d
    #[arg(long, value_name = "N or Nd", requires = "history")]
    pub(super) keep: Option<KeepWord>,
    /// Findings that somebody answers for until a day
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Accept what is found: write the baseline anew [default file: baseline.toml]
    #[arg(long)]
    pub(super) update_baseline: bool,
    /// Who answers for what is accepted
    #[arg(long, value_name = "NAME", requires = "update_baseline")]
    pub(super) owner: Option<String>,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT", requires = "update_baseline")]
    pub(super) reason: Option<String>,
    /// The last day on which it is accepted [default: 90 days from the scan]
    #[arg(long, value_name = "DATE", requires = "update_baseline")]
    pub(super) until: Option<DateWord>,
    /// Only what is new counts: in neither the baseline nor the nights before
    #[arg(long)]
    pub(super) only_new: bool,
    /// From where on a look does not count as complete, as in failed=0.1, pages=0.5, same=0.5: the
    /// share of failed pages, of pages that answer, of addresses that answer alike (may be repeated)
    #[arg(long, value_name = "WHAT=SHARE")]
    pub(super) incomplete: Vec<ThresholdWord>,
    /// Which findings count where everything is looked at several times
    #[arg(long, value_name = "WHICH", default_value = "any")]
    pub(super) gate: GateWord,
    /// Tell a webhook how it went; its address by reference, as in '${env:NAME}' or '${file:PATH}'
    #[arg(long, value_name = "REF")]
    pub(super) notify: Option<String>,
    /// What the webhook understands
    #[arg(long, value_name = "SHAPE", default_value = "json")]
    pub(super) notify_as: Shape,
}

/// `30` runs or `400d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeepWord(pub(super) Keep);

impl std::str::FromStr for KeepWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write how many runs, as in 100, or how many days, as in 400d".to_owned();
        match text.strip_suffix('d') {
            Some(days) => days.parse().map(|days| KeepWord(Keep::Days(days))).map_err(|_| wrong()),
            None => match text.parse() {
                Ok(runs) if runs > 0 => Ok(KeepWord(Keep::Runs(runs))),
                _ => Err(wrong()),
            },
        }
    }
}

/// `2026-12-31`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateWord(pub(super) PartialDate);

impl std::str::FromStr for DateWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(DateWord).map_err(|_| "write a date, as in 2026-12-31".to_owned())
    }
}

/// `failed=0.1`
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ThresholdWord {
    Failed(f64),
    Pages(f64),
    Same(f64),
}

impl std::str::FromStr for ThresholdWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write failed=, pages= or same= with a share between 0 and 1".to_owned();
        let (what, share) = text.split_once('=').ok_or_else(wrong)?;
        let share: f64 = share.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(wrong)?;
        match what {
            "failed" => Ok(ThresholdWord::Failed(share)),
            "pages" => Ok(ThresholdWord::Pages(share)),
            "same" => Ok(ThresholdWord::Same(share)),
            _ => Err(wrong()),
        }
    }
}

/// Which findings count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum GateWord {
    /// Those of any round
    #[default]
    Any,
    /// Only those of each round
    Always,
}

/// Everything that can be wrong before the long work was right.
pub(super) struct Ready<'a> {
    flags: &'a Nights,
    store: Option<Store>,
    /// The file, and what it holds where it is there.
    baseline: Option<(PathBuf, Option<Baseline>)>,
    pub(super) webhook: Option<Webhook>,
}

/// An audit with everything that it is compared with.
pub(super) struct Night {
    pub(super) audit: Audit,
    pub(super) since: Option<Since>,
    pub(super) compared: Option<Comparison>,
    pub(super) accepted: Vec<Accepted>,
    /// What is to be said of the baseline.
    pub(super) remarks: Vec<String>,
    /// Who was not looked at completely, and why.
    pub(super) incomplete: Vec<String>,
    /// What the rounds have in common, where there were several.
    pub(super) rounds: Option<Rounds>,
    pub(super) gate: Gate,
}

impl Night {
    /// All of it, to be told.
    pub(super) fn report<'a>(
        &'a self,
        manifest: &'a Manifest,
        scan: &'a Scan,
        knowledge: &'a Knowledge,
    ) -> Report<'a> {
        Report {
            since: self.since.as_ref(),
            accepted: &self.accepted,
            remarks: &self.remarks,
            incomplete: &self.incomplete,
            rounds: self.rounds.as_ref(),
            ..Report::of(scan, knowledge).judged(&self.audit, manifest)
        }
    }
}

impl Nights {
    /// Opens and reads all that is named.
    pub(super) fn prepare(&self, previous: bool) -> Result<Ready<'_>, Complaint> {
        if self.only_new && self.history.is_none() && self.baseline.is_none() && !previous {
            return Err(Complaint::usage("`--only-new` needs something to compare with").hint(
                "name a history (`--history audits.db`), a baseline or an earlier scan (`--previous`)",
            ));
        }
        let store =
            self.history.as_deref().map(Store::open).transpose().map_err(|error| complaint(&error))?;
        let file = self.baseline.clone().or_else(|| self.update_baseline.then(|| PathBuf::from(BASELINE)));
        let baseline = match file {
            Some(file) if file.exists() => Some((file.clone(), Some(files::baseline(&file)?))),
            Some(file) if self.update_baseline => {
                NewFile::at(&file)?;
                Some((file, None))
            }
            Some(file) => {
                return Err(Complaint::usage(format!("there is no baseline {}", file.display()))
                    .hint("`--update-baseline` writes one that accepts what is found"));
            }
            None => None,
        };
        let webhook =
            self.notify.as_deref().map(|reference| Webhook::of(reference, self.notify_as)).transpose()?;
        Ok(Ready { flags: self, store, baseline, webhook })
    }

    fn thresholds(&self) -> Thresholds {
        let mut thresholds = Thresholds::default();
        for word in &self.incomplete {
            match *word {
                ThresholdWord::Failed(share) => thresholds.failed = share,
                ThresholdWord::Pages(share) => thresholds.pages = share,
                ThresholdWord::Same(share) => thresholds.same = share,
            }
        }
        thresholds
    }

    /// Files that the run reads, so that no report is written over them.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.history.as_deref().into_iter().chain(self.baseline.as_deref())
    }
}

impl Ready<'_> {
    /// Refuses a baseline of another site before anything is asked.
    pub(super) fn fits(&self, manifest: &Manifest) -> Result<(), Complaint> {
        let Some((file, Some(baseline))) = &self.baseline else { return Ok(()) };
        let Some(url) = &manifest.site.url else { return Ok(()) };
        let ours = url.as_str().trim_end_matches('/');
        match baseline.site.eq_ignore_ascii_case(ours) {
            true => Ok(()),
            false => Err(Complaint::usage(format!(
                "{} is the baseline of {}, and {} is about {ours}",
                file.display(),
                baseline.site,
                manifest.file
            ))),
        }
    }

    /// The last night of this target that had the same visitors and was whole, where a history has one. One
    /// that cannot be read is said when it is needed.
    pub(super) fn last_run(&self, manifest: &Manifest, target: &Target, plan: &Plan) -> Option<LastRun> {
        let site = history::site_at(target.url.as_str(), Some(manifest));
        let runs = self.store.as_ref()?.runs(&site, &target.name, None).ok()?;
        let visitors: BTreeSet<&str> = plan.personas.iter().map(|persona| persona.name.as_str()).collect();
        let last = runs.iter().rev().find(|run| {
            let seen: BTreeSet<&str> = run.cells.iter().map(|cell| cell.cell.persona.as_str()).collect();
            seen == visitors
                && run.made.partial.is_none()
                && run.made.engines.contains(&Engine::Browser) == (plan.engine != EngineChoice::Http)
        })?;
        let over_http = last.cells.iter().filter(|cell| cell.cell.engine == Engine::Http);
        Some(LastRun {
            day: last.made.started.get(..10)?.to_owned(),
            pages: over_http.map(|cell| cell.answered() + cell.failed()).sum(),
            took: std::time::Duration::from_secs(last.made.seconds),
        })
    }

    /// Judges the scan, compares it, keeps it, and says what counts.
    pub(super) fn judge(
        mut self,
        manifest: &Manifest,
        scan: &Scan,
        previous: Option<&Scan>,
        knowledge: &Knowledge,
        failures: &mut Failures,
    ) -> Result<(Night, Option<Webhook>), Complaint> {
        let thresholds = &self.flags.thresholds();
        let sum = |scan: &Scan| {
            store::sum_of(scan).map_err(|error| Complaint::usage(format!("cannot sum the scan up: {error}")))
        };
        let mut tonight = RunRecord::of(scan, &sum(scan)?, Some(manifest));
        let before = self.before(&tonight, failures);
        let known = match (&before, previous) {
            (Some(known), _) => known.clone(),
            (None, Some(previous)) => {
                vec![judged(manifest, previous, &sum(previous)?, knowledge, thresholds)]
            }
            (None, None) => Vec::new(),
        };
        history::assess(&mut tonight, &known, thresholds);
        let kept = match (&self.store, previous) {
            (Some(store), None) => history::before_the_change(&known, &tonight)
                .map(|run| store.scan(run))
                .transpose()
                .map_err(|error| complaint(&error))?
                .flatten(),
            _ => None,
        };
        let previous = previous.or(kept.as_ref());
        let audit = audit_with(manifest, scan, previous, knowledge);
        tonight.judge(&audit);
        let compares = before.is_some() || !known.is_empty();
        let compared = compares.then(|| history::compare(&known, &tonight, Some(manifest)));
        if before.is_some() {
            failures.note(self.keep(&tonight, scan));
        }
        let nights: Vec<&RunRecord> = known.iter().chain([&tonight]).collect();
        let since = compared
            .as_ref()
            .map(|compared| report::since_in_words(compared, Some(&audit), knowledge, &nights));
        let mut night = Night {
            rounds: Rounds::of(manifest, scan, previous, knowledge, &audit),
            audit,
            since,
            compared,
            accepted: Vec::new(),
            remarks: Vec::new(),
            incomplete: Vec::new(),
            gate: Gate::default(),
        };
        if compares || self.baseline.is_some() {
            let open = tonight.cells.iter().filter_map(|cell| {
                Some(format!("{}: {}", history::cell(&cell.cell), cell.incomplete.as_ref()?))
            });
            night.incomplete = open.collect();
        }
        night.gate.incomplete = !night.incomplete.is_empty();
        let applied = self.apply(&tonight, &mut night, failures)?;
        self.count(&tonight, &known, &applied, &mut night);
        Ok((night, self.webhook))
    }

    /// The nights before; none where no history is kept, or it cannot be read.
    fn before(&mut self, tonight: &RunRecord, failures: &mut Failures) -> Option<Vec<RunRecord>> {
        let store = self.store.as_ref()?;
        let moment = (tonight.made.started.as_str(), tonight.scan.as_str());
        match store.runs(&tonight.site, &tonight.target, Some(moment)) {
            Ok(runs) => Some(runs),
            Err(error) => {
                failures.add(complaint(&error));
                self.store = None;
                None
            }
        }
    }

    fn keep(&mut self, tonight: &RunRecord, scan: &Scan) -> Result<(), Complaint> {
        let Some(store) = &mut self.store else { return Ok(()) };
        store.record(tonight, scan).map_err(|error| complaint(&error))?;
        if let Some(KeepWord(keep)) = self.flags.keep {
            store.clean(keep).map_err(|error| complaint(&error))?;
        }
        Ok(())
    }

    /// Applies the baseline, and brings it up to date where that is wanted.
    fn apply(
        &mut self,
        tonight: &RunRecord,
        night: &mut Night,
        failures: &mut Failures,
    ) -> Result<Applied, Complaint> {
        let Some((file, held)) = self.baseline.take() else { return Ok(Applied::default()) };
        let mut baseline = held.clone().unwrap_or_default();
        if let Some(held) = &held {
            held.is_of(tonight).map_err(|why| refused(&file, &why))?;
        }
        if self.flags.update_baseline {
            let answers = Answers {
                owner: self.flags.owner.clone().unwrap_or_default(),
                reason: self.flags.reason.clone().unwrap_or_default(),
                until: self.flags.until.map(|date| date.0),
            };
            match Baseline::update(held.as_ref(), tonight, &answers) {
                Ok((new, update)) => {
                    let text = new.write();
                    failures.note(NewFile::at(&file)?.fill(|out| out.write_all(text.as_bytes())));
                    let mut told = format!("{}: {} accepted anew", file.display(), update.added);
                    for (count, what) in [
                        (update.kept, "kept"),
                        (update.raised, "accepted as bad as it is now"),
                        (update.removed, "taken out"),
                        (update.left, "left as it was"),
                    ] {
                        if count > 0 {
                            told.push_str(&format!(", {count} {what}"));
                        }
                    }
                    night.remarks.push(told);
                    baseline = new;
                }
                Err(why) => {
                    night.gate.incomplete = true;
                    refused(&file, &why).print();
                }
            }
        }
        let applied = baseline::apply(&baseline, tonight);
        night.accepted = applied
            .accepted
            .values()
            .map(|entry| Accepted {
                id: entry.finding.id.clone(),
                owner: entry.owner.clone(),
                reason: entry.reason.clone(),
                until: entry.until.to_string(),
            })
            .collect();
        night.remarks.extend(applied.remarks.iter().map(|remark| {
            let entry = &remark.entry;
            let what = match &remark.what {
                Trouble::Expired => format!("accepted until {}, which is past: it counts again", entry.until),
                Trouble::Worse(worse) => format!("it counts again, {}", report::worse(worse)),
                Trouble::Unused => "not found any more: take the entry out".to_owned(),
                Trouble::NoLongerMatching => {
                    "no rule or claim of this kind any more: take the entry out".to_owned()
                }
                Trouble::NotLookedAt => "not looked at this time".to_owned(),
                Trouble::NoOwner => format!("accepted until {}, and nobody answers for it", entry.until),
            };
            let subject = &entry.finding.subject;
            format!("{}: {} {} {subject}: {what}", file.display(), entry.finding.id, entry.finding.rule)
        }));
        Ok(applied)
    }

    /// What does not count.
    fn count(&self, tonight: &RunRecord, known: &[RunRecord], applied: &Applied, night: &mut Night) {
        let again: BTreeSet<&str> = applied
            .remarks
            .iter()
            .filter(|remark| matches!(remark.what, Trouble::Expired | Trouble::Worse(_)))
            .map(|remark| remark.entry.finding.id.as_str())
            .collect();
        for finding in &night.audit.findings {
            let id = finding.id.as_str();
            let accepted = applied.accepted.contains_key(id);
            let known = self.flags.only_new
                && !again.contains(id)
                && night.compared.as_ref().is_some_and(|compared| !compared.is_new(id));
            let sometimes = self.flags.gate == GateWord::Always
                && night.rounds.as_ref().is_some_and(|rounds| !rounds.is_steady(id));
            if accepted || known || sometimes {
                night.gate.passes.insert(finding.id.clone());
            }
        }
        let last = known.last().and_then(|run| run.judged.as_ref());
        if let (true, Some(last), Some(now)) = (self.flags.only_new, last, &tonight.judged) {
            use history::record::Standing::{Refuted, Upheld};
            let open = |standing: &history::record::Standing| !matches!(standing, Upheld | Refuted);
            let open_before =
                now.claims.keys().filter(|claim| last.claims.get(*claim).is_some_and(open)).cloned();
            night.gate.open_before.extend(open_before);
        }
    }
}

/// How many findings are in a state; without a comparison none.
pub(super) fn count(compared: Option<&Comparison>, state: State) -> usize {
    compared.map_or(0, |compared| compared.findings_in(state).count())
}

/// An earlier scan as a run, judged as tonight's is.
pub(super) fn judged(
    manifest: &Manifest,
    scan: &Scan,
    sum: &str,
    knowledge: &Knowledge,
    thresholds: &Thresholds,
) -> RunRecord {
    let mut run = RunRecord::of(scan, sum, Some(manifest));
    history::assess(&mut run, &[], thresholds);
    run.judge(&audit_with(manifest, scan, None, knowledge));
    run
}

fn refused(file: &Path, why: &baseline::Refused) -> Complaint {
    Complaint::usage(format!("the baseline {} stays as it is: {why}", file.display()))
}

/// What is wrong with a history, and what to do.
pub(super) fn complaint(error: &store::StoreError) -> Complaint {
    use store::StoreError::{Busy, Damaged, Full, Missing, Newer, NotOurs};
    let complaint = Complaint::usage(error.to_string());
    match error {
        Full(_) => {
            complaint.hint("make room, then judge the saved scan again: `audit --from SCAN --history FILE`")
        }
        Busy(_) => complaint.hint("run it again when the other one is done"),
        Damaged(..) => {
            complaint.hint("take a copy from before; `sqlite3 FILE .recover` may save what is in it")
        }
        NotOurs(_) => complaint.hint("name another file; it is made where it is not there"),
        Newer(..) => complaint.hint("use the version that wrote it, or a newer one"),
        Missing(_) => complaint.hint("`cookieproof audit --history FILE` makes one"),
        _ => complaint,
    }
}
