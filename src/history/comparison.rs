//! Tonight against the nights before: what is new, what is still there, what is gone, and what
//! nobody looked at tonight.
//!
//! Each cell (persona, state of consent, engine) is compared with the last run that looked at it
//! completely, and what incomplete runs saw since then is known, too. So a night whose login failed,
//! or on which only plain HTTP looked, neither loses nor invents anything.

use super::complete::{self, Thresholds};
use super::difference::{
    CellSince, Change, ClaimSince, Comparison, FindingSince, PartySince, Presence, State, ThingSince, What,
    Worse,
};
use super::identity::{self, Identities, Identity};
use super::record::{
    CellKey, CellRecord, FindingRecord, PolicyRecord, RunRecord, SeenIn, Standing, ThingRecord, Way,
};
use crate::cookie::Lifetime;
use crate::manifest::Manifest;
use crate::observation::{Consent, renamed};
use std::collections::{BTreeMap, BTreeSet};

/// Nights over which it is counted how often something was there.
const WINDOW: usize = 7;
/// Changes between there and not there within the window, tonight included, from which on something
/// comes and goes.
const TURNS: usize = 3;
/// Nights for which a cell that is not run any more is still missed.
const MISSED: usize = 30;
/// Who is always there, and without a login.
const ANONYMOUS: &str = "anonymous";
/// Lines of the policy page that are listed.
const MOST_LINES: usize = 20;

/// Says of each cell of tonight whether it was looked at completely, compared with the nights before
/// it (the oldest first).
pub fn assess(tonight: &mut RunRecord, before: &[RunRecord], thresholds: &Thresholds) {
    let partial = tonight.made.partial.clone();
    tonight.thresholds = *thresholds;
    for cell in &mut tonight.cells {
        let base = base_of(before, &cell.cell).and_then(|run| run.cell(&cell.cell));
        cell.incomplete = complete::incomplete(cell, base, partial.as_deref(), thresholds);
    }
}

/// Compares an assessed night with those before it, the oldest first.
pub fn compare(before: &[RunRecord], tonight: &RunRecord, manifest: Option<&Manifest>) -> Comparison {
    let identities = Identities::by(manifest);
    let indices: Vec<Index<'_>> = before.iter().map(|run| identities.index(run)).collect();
    let tonights = identities.index(tonight);
    let night = Night { before, tonight, indices: &indices, tonights: &tonights };
    let things = night.things();
    let mut compared = Comparison {
        started: tonight.made.started.clone(),
        first: before.is_empty(),
        cells: night.cells(),
        unlike: night.unlike(),
        findings: night.findings(&names_before(&things)),
        claims: night.claims(),
        things,
        parties: night.parties(),
        policy: night.policy(),
        banner: night.banner(),
    };
    compared
        .things
        .sort_by(|a, b| (a.state, &a.name, a.kind, &a.host).cmp(&(b.state, &b.name, b.kind, &b.host)));
    compared
}

/// The last run that looked at the cell completely.
fn base_of<'r>(before: &'r [RunRecord], cell: &CellKey) -> Option<&'r RunRecord> {
    before.iter().rev().find(|run| looked(run, cell))
}

/// The policy page as a run saw it, if visitors without a login saw the site then.
fn shown_policy(run: &RunRecord) -> Option<&PolicyRecord> {
    let visitors = || run.cells.iter().filter(|record| record.cell.persona == ANONYMOUS);
    let seen = visitors().any(|record| record.incomplete.is_none()) || visitors().next().is_none();
    run.policy.as_ref().filter(|_| seen)
}

fn looked(run: &RunRecord, cell: &CellKey) -> bool {
    run.cell(cell).is_some_and(|record| record.incomplete.is_none())
}

/// The run that claims about changes are held against: the first complete one that shows the policy's
/// date as it is tonight, so that a change stays a change until the date moves. Where the date moved
/// tonight it is the last run that showed another.
pub fn before_the_change<'r>(before: &'r [RunRecord], tonight: &RunRecord) -> Option<&'r RunRecord> {
    fn date(run: &RunRecord) -> Option<&str> {
        run.policy.as_ref()?.date.as_deref()
    }
    let Some(now) = date(tonight) else {
        return before.iter().rev().find(|run| run.is_complete());
    };
    let other = before.iter().rposition(|run| date(run).is_some_and(|date| date != now));
    let same: Vec<&RunRecord> =
        before[other.map_or(0, |at| at + 1)..].iter().filter(|run| date(run) == Some(now)).collect();
    if same.is_empty() {
        return other.map(|at| &before[at]);
    }
    // Where engines alternate, the first night that looked in as many of tonight's cells as any did.
    let shared = |run: &RunRecord| tonight.cells.iter().filter(|cell| looked(run, &cell.cell)).count();
    let most = same.iter().map(|run| shared(run)).max()?;
    same.into_iter().find(|run| shared(run) == most && most > 0)
}

/// The runs that cells are compared with, by their place among these.
pub fn bases(runs: &[RunRecord]) -> BTreeSet<usize> {
    let cells: BTreeSet<&CellKey> = runs.iter().flat_map(|run| &run.cells).map(|cell| &cell.cell).collect();
    cells.into_iter().filter_map(|cell| runs.iter().rposition(|run| looked(run, cell))).collect()
}

type Index<'r> = BTreeMap<Identity, Vec<&'r ThingRecord>>;

#[derive(Clone, Copy)]
struct Night<'n, 'r> {
    before: &'r [RunRecord],
    tonight: &'r RunRecord,
    indices: &'n [Index<'r>],
    tonights: &'n Index<'r>,
}

/// The nights of a site, for who wants to know what a finding was called before.
pub(super) struct Chains<'r> {
    runs: &'r [RunRecord],
    indices: Vec<Index<'r>>,
    found: FoundAgain<'r>,
}

/// Of nights by their place: which findings are earlier ones whose subject was renamed.
type FoundAgain<'r> = BTreeMap<usize, BTreeMap<&'r str, &'r FindingRecord>>;

impl<'r> Chains<'r> {
    pub(super) fn of(runs: &'r [RunRecord], manifest: Option<&Manifest>) -> Chains<'r> {
        let identities = Identities::by(manifest);
        let indices = runs.iter().map(|run| identities.index(run)).collect();
        Chains { runs, indices, found: BTreeMap::new() }
    }

    /// The ids that a finding had before, the latest first, each with the night on which the next one came.
    pub(super) fn before(&mut self, id: &str) -> Vec<(&'r str, usize)> {
        let Some((tonight, before)) = self.runs.split_last() else { return Vec::new() };
        let Some((tonights, indices)) = self.indices.split_last() else { return Vec::new() };
        let night = Night { before, tonight, indices, tonights };
        night.chain(id, &mut self.found)
    }
}

/// One thing in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InCell {
    New,
    /// Nobody had ever looked in this cell.
    FirstLook,
    Still,
    Gone,
    NotLookedAt,
}

impl<'n, 'r> Night<'n, 'r> {
    /// An earlier night, or this one itself.
    fn at(&self, at: usize) -> Night<'n, 'r> {
        match (self.before.get(at), self.indices.get(at)) {
            (Some(tonight), Some(tonights)) => {
                Night { before: &self.before[..at], tonight, indices: &self.indices[..at], tonights }
            }
            _ => *self,
        }
    }

    /// Every cell of tonight, and those of the last weeks that are missing.
    fn keys(&self) -> BTreeSet<&'r CellKey> {
        let recent = self.before.len().saturating_sub(MISSED);
        let runs = self.before[recent..].iter().chain([self.tonight]);
        runs.flat_map(|run| &run.cells).map(|record| &record.cell).collect()
    }

    fn cells(&self) -> Vec<CellSince> {
        let since = |cell: &&CellKey| {
            let tonight = self.tonight.cell(cell);
            CellSince {
                cell: (*cell).clone(),
                compared_with: base_of(self.before, cell).map(|run| run.made.started.clone()),
                looked_at: tonight.is_some(),
                incomplete: tonight.and_then(|record| record.incomplete.clone()),
                pages: tonight.map(CellRecord::answered).unwrap_or_default(),
            }
        };
        self.keys().iter().map(since).collect()
    }

    /// What was made otherwise than in the last night, or looked at otherwise than in the nights compared with, in words.
    fn unlike(&self) -> Vec<String> {
        let Some(last) = self.before.last() else { return Vec::new() };
        let (was, is) = (&last.made, &self.tonight.made);
        let mut unlike = Vec::new();
        let mut differ = |what: &str, before: &str, now: &str| {
            if before != now {
                unlike.push(format!("{what}: {before}, now {now}"));
            }
        };
        differ("site", &last.site, &self.tonight.site);
        differ("tool", &was.tool, &is.tool);
        if let (Some(before), Some(now)) = (&was.browser, &is.browser) {
            differ("browser", before, now);
        }
        let engines = |run: &RunRecord| match run.made.engines.len() {
            1 => "plain HTTP".to_owned(),
            _ => "browser".to_owned(),
        };
        differ("engine", &engines(last), &engines(self.tonight));
        differ("user agent", &was.user_agent, &is.user_agent);
        differ("target", &last.target, &self.tonight.target);
        differ(
            "looked from",
            was.vantage.as_deref().unwrap_or("nowhere said"),
            is.vantage.as_deref().unwrap_or("nowhere said"),
        );
        let parts = |with: bool| if with { "with pictures, scripts and styles" } else { "pages only" };
        differ("fetched", parts(was.assets), parts(is.assets));
        // Where the last night looked at less, tonight is compared with an earlier one.
        let cells = &self.tonight.cells;
        let based: Vec<(&CellRecord, &CellRecord)> = cells
            .iter()
            .filter_map(|now| Some((base_of(self.before, &now.cell)?.cell(&now.cell)?, now)))
            .collect();
        let before = || last.cells.iter().chain(based.iter().map(|(base, _)| *base));
        let personas = |cells: &mut dyn Iterator<Item = &CellRecord>| {
            let names: BTreeSet<String> = cells.map(|cell| cell.cell.persona.clone()).collect();
            names.into_iter().collect::<Vec<_>>().join(", ")
        };
        differ("visitors", &personas(&mut before()), &personas(&mut cells.iter()));
        let states = |cells: &mut dyn Iterator<Item = &CellRecord>| {
            let states: BTreeSet<String> =
                cells.map(|cell| super::difference::consent(&cell.cell.consent)).collect();
            states.into_iter().collect::<Vec<_>>().join(", ")
        };
        differ("states of consent", &states(&mut before()), &states(&mut cells.iter()));
        let was: u64 = based.iter().map(|(base, _)| base.answered()).sum();
        let is: u64 = based.iter().map(|(_, now)| now.answered()).sum();
        if was.abs_diff(is) * 10 > was.max(is) {
            unlike.push(format!("pages: {was}, now {is}"));
        }
        unlike
    }

    // --- things -----------------------------------------------------------------------------------

    /// Runs that know of a cell what tonight is compared with: its base, and incomplete ones since.
    fn knowing(&self, cell: &CellKey) -> impl Iterator<Item = usize> + '_ {
        let base = self.before.iter().rposition(|run| looked(run, cell)).unwrap_or_default();
        let cell = cell.clone();
        (base..self.before.len()).rev().filter(move |at| self.before[*at].cell(&cell).is_some())
    }

    /// The latest ways in which a thing was known in a cell.
    fn known(&self, identity: &Identity, cell: &CellKey) -> Option<BTreeSet<&'r Way>> {
        self.knowing(cell).find_map(|at| ways(self.indices[at].get(identity)?, cell))
    }

    fn in_cell(&self, cell: &CellKey, known: bool, tonight: bool) -> InCell {
        match (known, tonight) {
            (true, true) => InCell::Still,
            (false, true) if self.knowing(cell).next().is_some() => InCell::New,
            (false, true) => InCell::FirstLook,
            (true, false) if looked(self.tonight, cell) => InCell::Gone,
            _ => InCell::NotLookedAt,
        }
    }

    fn things(&self) -> Vec<ThingSince> {
        let keys = self.keys();
        let all: BTreeSet<&Identity> =
            self.indices.iter().flat_map(BTreeMap::keys).chain(self.tonights.keys()).collect();
        let mut things: Vec<ThingSince> =
            all.into_iter().filter_map(|identity| self.thing(identity, &keys)).collect();
        pair_renamed(&mut things);
        things
    }

    fn thing(&self, identity: &Identity, keys: &BTreeSet<&CellKey>) -> Option<ThingSince> {
        let here = self.tonights.get(identity);
        let mut states: Vec<(&CellKey, InCell)> = Vec::new();
        let mut changes: BTreeMap<What, BTreeSet<CellKey>> = BTreeMap::new();
        for cell in keys {
            let before = self.known(identity, cell);
            let now = here.and_then(|things| ways(things, cell));
            if before.is_none() && now.is_none() {
                continue;
            }
            states.push((cell, self.in_cell(cell, before.is_some(), now.is_some())));
            if let (Some(before), Some(now)) = (before, now) {
                for what in changed(&before, &now, looked(self.tonight, cell)) {
                    changes.entry(what).or_default().insert((*cell).clone());
                }
            }
        }
        let any = |wanted: InCell| states.iter().any(|(_, state)| *state == wanted);
        let cells_of = |wanted: InCell| {
            states.iter().filter(|(_, state)| *state == wanted).map(|(cell, _)| (*cell).clone()).collect()
        };
        let tonight = any(InCell::Still) || any(InCell::New) || any(InCell::FirstLook);
        let known = any(InCell::Still) || any(InCell::Gone) || any(InCell::NotLookedAt);
        let mut state = match (tonight, known) {
            (true, true) => State::StillThere,
            (true, false) if any(InCell::New) => State::New,
            // Whoever looks for the first time has not seen anything appear.
            (true, false) => State::StillThere,
            (false, true) if any(InCell::NotLookedAt) => State::NotLookedAt,
            (false, true) => State::Gone,
            (false, false) => return None,
        };
        let first_look = tonight && !known && !any(InCell::New) && !self.before.is_empty();
        let cells: BTreeSet<CellKey> = states.iter().map(|(cell, _)| (*cell).clone()).collect();
        let nights = self.presence(
            |run| cells.iter().any(|cell| looked(run, cell)),
            |at| self.indices[at].contains_key(identity),
            tonight.then_some(true).or(matches!(state, State::Gone).then_some(false)),
        );
        let comes_and_goes = nights.turns >= TURNS;
        if comes_and_goes && matches!(state, State::New | State::Gone) {
            state = State::StillThere;
        }
        let mut changes: Vec<Change> = changes
            .into_iter()
            .map(|(what, cells)| Change { what, cells: cells.into_iter().collect() })
            .collect();
        if state == State::StillThere && !first_look && !comes_and_goes {
            let (new, gone): (Vec<CellKey>, Vec<CellKey>) = (cells_of(InCell::New), cells_of(InCell::Gone));
            if !new.is_empty() {
                let met_first =
                    |cell: &CellKey| matches!(cell.consent, Consent::Untouched | Consent::Rejected);
                let before = states
                    .iter()
                    .filter(|(_, state)| matches!(state, InCell::Still | InCell::Gone | InCell::NotLookedAt));
                let unasked = new.iter().any(met_first)
                    && before.clone().next().is_some()
                    && !before.clone().any(|(cell, _)| met_first(cell));
                let what = if unasked { What::WithoutConsent } else { What::AlsoFor };
                changes.insert(0, Change { what, cells: new });
            }
            if !gone.is_empty() {
                changes.push(Change { what: What::NoLongerFor, cells: gone });
            }
            changes.extend(self.renamed(identity));
        }
        let example = here.or_else(|| self.indices.iter().rev().find_map(|index| index.get(identity)));
        let names = example.map(|things| identity::names(things)).unwrap_or_default();
        let name = match names.len() {
            1 => names.first().map(|name| (*name).to_owned()).unwrap_or_default(),
            _ if identity.declared => names.iter().copied().collect::<Vec<_>>().join(", "),
            _ => identity.name.clone(),
        };
        Some(ThingSince {
            kind: identity.kind,
            name,
            family: (names.len() > 1).then_some(names.len() as u64),
            host: identity.host.clone(),
            stored_for: example
                .and_then(|things| things.first())
                .map(|thing| thing.host.clone())
                .unwrap_or_default(),
            declared: identity.declared,
            state,
            first_look,
            cells: cells.into_iter().collect(),
            changes,
            renamed_from: None,
            nights: comes_and_goes.then_some(nights.presence),
            since: self.seen_since(|at| self.indices[at].contains_key(identity)),
        })
    }

    /// A single undeclared hashed name in place of another, each steady while it was there.
    fn renamed(&self, identity: &Identity) -> Option<Change> {
        if identity.declared {
            return None;
        }
        let one = |index: &Index<'r>| {
            let names = identity::names(index.get(identity)?);
            (names.len() == 1).then(|| names.first().copied()).flatten()
        };
        let now = one(self.tonights)?;
        let mut earlier = self.indices.iter().rev().filter_map(one);
        let before = earlier.next()?;
        let steady = earlier.next().is_none_or(|name| name == before);
        (before != now && steady).then(|| Change {
            what: What::Renamed { before: before.to_owned(), now: now.to_owned() },
            cells: Vec::new(),
        })
    }

    /// The first night of those in a row, tonight or the last one at their end, on which it was there.
    fn seen_since(&self, there: impl Fn(usize) -> bool) -> Option<String> {
        let first = (0..self.before.len()).find(|at| there(*at))?;
        Some(self.before[first].made.started.clone())
    }

    /// On how many of the last nights something was there, and how often that changed.
    fn presence(
        &self,
        looked_at: impl Fn(&RunRecord) -> bool,
        there: impl Fn(usize) -> bool,
        tonight: Option<bool>,
    ) -> Nights {
        let mut nights: Vec<bool> = Vec::new();
        for at in 0..self.before.len() {
            let is_there = there(at);
            // Seen is seen, however little was looked at.
            if is_there || looked_at(&self.before[at]) {
                nights.push(is_there);
            }
        }
        // Before it was first there it was not missing.
        let first = nights.iter().position(|there| *there).unwrap_or(nights.len());
        nights.drain(..first);
        nights.extend(tonight);
        nights.drain(..nights.len().saturating_sub(WINDOW));
        Nights {
            turns: nights.windows(2).filter(|pair| pair[0] != pair[1]).count(),
            presence: Presence {
                seen: nights.iter().filter(|there| **there).count() as u64,
                of: nights.len() as u64,
            },
        }
    }

    // --- findings and claims ----------------------------------------------------------------------

    /// `renamed`: what a name was called before, where it is probably the same thing.
    fn findings(&self, renamed: &BTreeMap<String, String>) -> Vec<FindingSince> {
        let Some(judged) = &self.tonight.judged else { return Vec::new() };
        let open = self.open_before();
        let tonight = |id: &str| judged.findings.iter().any(|now| now.id == id);
        let again = self.found_again(renamed);
        let mut chains = FoundAgain::from([(self.before.len(), again.clone())]);
        let mut findings = Vec::new();
        for finding in &judged.findings {
            let known = open.get(finding.id.as_str()).copied();
            // The name alone makes it no other finding, nor a worse one.
            let earlier = again.get(finding.id.as_str()).map(|earlier| FindingRecord {
                subject: finding.subject.clone(),
                ..FindingRecord::clone(earlier)
            });
            let known = known.or(earlier.as_ref());
            let worse = known.and_then(|known| worse(known, finding));
            let state = if known.is_some() && worse.is_none() { State::StillThere } else { State::New };
            findings.push(self.finding(finding, state, worse, &mut chains));
        }
        let found_again: BTreeSet<&str> = again.values().map(|earlier| earlier.id.as_str()).collect();
        for (id, finding) in &open {
            if tonight(id) || found_again.contains(id) {
                continue;
            }
            let state = if looked_for(finding, self.tonight) { State::Gone } else { State::NotLookedAt };
            findings.push(self.finding(finding, state, None, &mut chains));
        }
        findings.sort_by(|a, b| {
            (a.state, std::cmp::Reverse(a.severity), &a.rule, &a.id).cmp(&(
                b.state,
                std::cmp::Reverse(b.severity),
                &b.rule,
                &b.id,
            ))
        });
        findings
    }

    /// Tonight's findings that are earlier ones whose subject was called otherwise: which.
    fn found_again(&self, renamed: &BTreeMap<String, String>) -> BTreeMap<&'r str, &'r FindingRecord> {
        let Some(judged) = self.tonight.judged.as_ref().filter(|_| !renamed.is_empty()) else {
            return BTreeMap::new();
        };
        let open = self.open_before();
        let tonight = |id: &str| judged.findings.iter().any(|now| now.id == id);
        let fresh = judged.findings.iter().filter(|finding| !open.contains_key(finding.id.as_str()));
        fresh
            .filter_map(|finding| {
                let name = renamed.get(&finding.subject)?;
                let same = |known: &&&FindingRecord| {
                    known.rule == finding.rule && known.subject == *name && !tonight(&known.id)
                };
                Some((finding.id.as_str(), *open.values().find(same)?))
            })
            .collect()
    }

    /// The ids that a finding had before, the latest first, each with the night on which the next one came.
    fn chain(&self, id: &str, found: &mut FoundAgain<'r>) -> Vec<(&'r str, usize)> {
        let mut chain: Vec<(&str, usize)> = Vec::new();
        let mut end = self.before.len();
        let mut id = id;
        while end > 0 {
            // Tonight, where no night before had it.
            let first = (0..end).find(|at| has(&self.before[*at], id)).unwrap_or(end);
            if first == end && !chain.is_empty() {
                break;
            }
            let night = self.at(first);
            let again =
                found.entry(first).or_insert_with(|| night.found_again(&names_before(&night.things())));
            let Some(earlier) = again.get(id) else { break };
            chain.push((&earlier.id, first));
            (id, end) = (&earlier.id, first);
        }
        chain
    }

    fn finding(
        &self,
        finding: &FindingRecord,
        state: State,
        worse: Option<Worse>,
        found: &mut FoundAgain<'r>,
    ) -> FindingSince {
        let first = self.chain(&finding.id, found).last().map_or(finding.id.as_str(), |(id, _)| *id);
        let there = |at: usize| has(&self.before[at], &finding.id);
        let tonight = match state {
            State::New | State::StillThere => Some(true),
            State::Gone => Some(false),
            State::NotLookedAt => None,
        };
        let nights = self.presence(|run| looked_for(finding, run), there, tonight);
        let comes_and_goes = nights.turns >= TURNS && worse.is_none();
        FindingSince {
            id: finding.id.clone(),
            rule: finding.rule.clone(),
            severity: finding.severity,
            subject: finding.subject.clone(),
            message: finding.message.clone(),
            // What comes and goes is no news each night.
            state: if comes_and_goes && matches!(state, State::New | State::Gone) {
                State::StillThere
            } else {
                state
            },
            worse,
            since: self.seen_since(|at| has(&self.before[at], first)),
            nights: comes_and_goes.then_some(nights.presence),
        }
    }

    /// Findings that no later run has looked for and missed.
    fn open_before(&self) -> BTreeMap<&'r str, &'r FindingRecord> {
        let mut open: BTreeMap<&str, &FindingRecord> = BTreeMap::new();
        for run in self.before {
            let Some(judged) = &run.judged else { continue };
            open.retain(|id, finding| has(run, id) || !looked_for(finding, run));
            open.extend(judged.findings.iter().map(|finding| (finding.id.as_str(), finding)));
        }
        open
    }

    fn claims(&self) -> Vec<ClaimSince> {
        let Some(judged) = &self.tonight.judged else { return Vec::new() };
        let mut claims = Vec::new();
        for (claim, now) in &judged.claims {
            let looked = self.before.iter().rev().find_map(|run| {
                let standing = *run.judged.as_ref()?.claims.get(claim)?;
                standing.was_looked_at().then_some((standing, &run.made.started))
            });
            if let Some((before, when)) = looked
                && before != *now
            {
                claims.push(ClaimSince {
                    claim: claim.clone(),
                    before,
                    now: *now,
                    compared_with: when.clone(),
                });
            }
        }
        claims
    }

    // --- the rest ---------------------------------------------------------------------------------

    fn parties(&self) -> Vec<PartySince> {
        let keys = self.keys();
        let runs = self.before.iter().chain([self.tonight]);
        let domains: BTreeSet<&str> =
            runs.flat_map(|run| &run.parties).map(|party| party.domain.as_str()).collect();
        domains.into_iter().filter_map(|domain| self.party(domain, &keys)).collect()
    }

    fn party(&self, domain: &str, keys: &BTreeSet<&CellKey>) -> Option<PartySince> {
        let (mut states, mut asked_before, mut asked_now) = (Vec::new(), false, false);
        for cell in keys {
            let before = self.knowing(cell).find_map(|at| met(&self.before[at], domain, cell));
            let now = met(self.tonight, domain, cell);
            if before.is_none() && now.is_none() {
                continue;
            }
            asked_before |= before == Some(true);
            asked_now |= now == Some(true);
            states.push((*cell, self.in_cell(cell, before.is_some(), now.is_some())));
        }
        let any = |wanted: InCell| states.iter().any(|(_, state)| *state == wanted);
        let tonight = any(InCell::Still) || any(InCell::New) || any(InCell::FirstLook);
        let known = any(InCell::Still) || any(InCell::Gone) || any(InCell::NotLookedAt);
        let mut state = match (tonight, known) {
            (true, false) if any(InCell::New) => State::New,
            (true, _) => State::StillThere,
            (false, true) if any(InCell::NotLookedAt) => State::NotLookedAt,
            (false, true) => State::Gone,
            (false, false) => return None,
        };
        let first_look = tonight && !known && !any(InCell::New) && !self.before.is_empty();
        let there = |at: usize| self.before[at].parties.iter().any(|party| party.domain == domain);
        let nights = self.presence(
            |run| states.iter().any(|(cell, _)| looked(run, cell)),
            there,
            tonight.then_some(true).or((state == State::Gone).then_some(false)),
        );
        let comes_and_goes = nights.turns >= TURNS;
        if comes_and_goes && matches!(state, State::New | State::Gone) {
            state = State::StillThere;
        }
        let cells_of = |wanted: InCell| -> Vec<CellKey> {
            states.iter().filter(|(_, state)| *state == wanted).map(|(cell, _)| (*cell).clone()).collect()
        };
        let moved = state == State::StillThere && !first_look && !comes_and_goes;
        Some(PartySince {
            domain: domain.to_owned(),
            state,
            first_look,
            asked: if tonight { asked_now } else { asked_before },
            now_asked: tonight && known && asked_now && !asked_before,
            also_for: if moved { cells_of(InCell::New) } else { Vec::new() },
            nights: comes_and_goes.then_some(nights.presence),
        })
    }

    /// A page in the place of all others is no policy: only nights on which visitors saw the site count.
    fn policy(&self) -> Vec<String> {
        let ok = |page: &PolicyRecord| (200..300).contains(&page.status);
        let Some(now) = shown_policy(self.tonight) else { return Vec::new() };
        let before = || self.before.iter().rev().filter_map(|run| Some((shown_policy(run)?, run)));
        let mut policy = Vec::new();
        if let Some((last, run)) = before().next()
            && now.status != last.status
            && !(ok(now) && ok(last))
        {
            let day = super::difference::day(&run.made.started);
            let answers = match now.status {
                0 => "it does not answer".to_owned(),
                status => format!("it answers {status}"),
            };
            policy.push(match last.status {
                0 => format!("{answers} and did not answer on {day}"),
                status => format!("{answers} and answered {status} on {day}"),
            });
        }
        let Some((before, _)) = before().find(|(page, _)| ok(page)).filter(|_| ok(now)) else {
            return policy;
        };
        if now.date != before.date {
            let date = |date: &Option<String>| date.clone().unwrap_or_else(|| "none".to_owned());
            policy.push(format!("its date: {}, now {}", date(&before.date), date(&now.date)));
        }
        let (was, is): (BTreeSet<&String>, BTreeSet<&String>) =
            (before.lines.iter().collect(), now.lines.iter().collect());
        let gone: Vec<&&String> = was.difference(&is).collect();
        let new: Vec<&&String> = is.difference(&was).collect();
        for (sign, lines) in [("-", &gone), ("+", &new)] {
            policy.extend(lines.iter().take(MOST_LINES).map(|line| format!("{sign} {line}")));
            if lines.len() > MOST_LINES {
                policy.push(format!("{sign} {} more lines", lines.len() - MOST_LINES));
            }
        }
        policy
    }

    fn banner(&self) -> Vec<String> {
        let words = |shown: bool| if shown { "shown" } else { "not shown" };
        let of = |record: &CellRecord| {
            let now = record.banner.filter(|_| record.incomplete.is_none())?;
            let looked = self.before.iter().rev().filter(|run| looked(run, &record.cell));
            let before = looked.filter_map(|run| run.cell(&record.cell)?.banner).next()?;
            (before != now).then(|| {
                format!("{}: {}, now {}", super::difference::cell(&record.cell), words(before), words(now))
            })
        };
        self.tonight.cells.iter().filter_map(of).collect()
    }
}

struct Nights {
    turns: usize,
    presence: Presence,
}

/// The ways in which a cell saw a thing, under whichever name.
fn ways<'r>(things: &[&'r ThingRecord], cell: &CellKey) -> Option<BTreeSet<&'r Way>> {
    let seen = things.iter().flat_map(|thing| &thing.seen).filter(|seen| seen.cell == *cell);
    let ways: BTreeSet<&Way> = seen.flat_map(|seen: &SeenIn| &seen.ways).collect();
    (!ways.is_empty()).then_some(ways)
}

/// Whether a cell really asked another party; none where it did not meet it.
fn met(run: &RunRecord, domain: &str, cell: &CellKey) -> Option<bool> {
    let party = run.parties.iter().find(|party| party.domain == domain)?;
    party.seen.iter().find(|met| met.cell == *cell).map(|met| met.asked)
}

fn has(run: &RunRecord, id: &str) -> bool {
    run.judged.as_ref().is_some_and(|judged| judged.findings.iter().any(|finding| finding.id == id))
}

/// Whether a run looked where a finding was seen, so that it would have been found again.
pub(super) fn looked_for(finding: &FindingRecord, run: &RunRecord) -> bool {
    let Some(judged) = &run.judged else { return false };
    // What only a browser can say more about was looked for all the same where plain HTTP saw it.
    let open = |claim: &String| judged.claims.get(claim) == Some(&Standing::NotLookedAt);
    if finding.claims.iter().any(open) {
        return false;
    }
    match finding.cells.is_empty() {
        true => run.is_complete(),
        false => finding.cells.iter().all(|cell| looked(run, cell)),
    }
}

/// How a finding is worse than it was known.
pub(super) fn worse(known: &FindingRecord, now: &FindingRecord) -> Option<Worse> {
    if now.severity > known.severity {
        return Some(Worse::Graver { before: known.severity, now: now.severity });
    }
    if let (Some(before), Some(is)) = (known.bound, now.bound)
        && is > before
        && !close(Lifetime::Seconds(before), Lifetime::Seconds(is))
    {
        return Some(Worse::Longer { before, now: is });
    }
    let more = |before: BTreeSet<&str>, is: BTreeSet<&str>| {
        let more: Vec<String> = is.difference(&before).map(|more| (*more).to_owned()).collect();
        (!more.is_empty()).then_some(more)
    };
    fn subjects(finding: &FindingRecord) -> BTreeSet<&str> {
        finding.subject.split(", ").collect()
    }
    fn claims(finding: &FindingRecord) -> BTreeSet<&str> {
        finding.claims.iter().map(String::as_str).collect()
    }
    more(subjects(known), subjects(now))
        .map(|more| Worse::Subjects { more })
        .or_else(|| more(claims(known), claims(now)).map(|more| Worse::Claims { more }))
}

/// What of the ways differs. Where less was looked at, a way that is missing is no change.
fn changed(before: &BTreeSet<&Way>, now: &BTreeSet<&Way>, complete: bool) -> Vec<What> {
    let mut changed = Vec::new();
    let new = |now: &Way| {
        !before.iter().any(|way| {
            close(way.lifetime, now.lifetime) || way.expires.is_some() && way.expires == now.expires
        })
    };
    let gone = |was: &Way| {
        !now.iter().any(|way| {
            close(way.lifetime, was.lifetime) || way.expires.is_some() && way.expires == was.expires
        })
    };
    if now.iter().any(|way| new(way)) || complete && before.iter().any(|way| gone(way)) {
        let lifetimes = |ways: &BTreeSet<&Way>| distinct(ways.iter().map(|way| way.lifetime).collect());
        changed.push(What::Lifetime { before: lifetimes(before), now: lifetimes(now) });
    }
    type Aspect = (&'static str, fn(&Way) -> String);
    let aspects: [Aspect; 7] = [
        ("HttpOnly", |way| on(way.http_only)),
        ("Secure", |way| on(way.secure)),
        ("SameSite", |way| way.same_site.map_or("unset".to_owned(), |same_site| format!("{same_site:?}"))),
        ("Partitioned", |way| on(way.partitioned)),
        ("Path", |way| if way.path.is_empty() { "unset".to_owned() } else { way.path.clone() }),
        ("Domain", |way| way.domain.clone().unwrap_or_else(|| "unset".to_owned())),
        ("browsers", |way| if way.refused { "refuse it".to_owned() } else { "keep it".to_owned() }),
    ];
    for (what, of) in aspects {
        let values = |ways: &BTreeSet<&Way>| ways.iter().map(|way| of(way)).collect::<BTreeSet<String>>();
        let (was, is) = (values(before), values(now));
        if is.difference(&was).next().is_some() || complete && was != is {
            let listed = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(" or ");
            changed.push(What::Attribute { name: what.to_owned(), before: listed(was), now: listed(is) });
        }
    }
    changed
}

fn on(there: bool) -> String {
    if there { "set".to_owned() } else { "unset".to_owned() }
}

/// Lifetimes that are not one and the same within the tolerance.
fn distinct(mut lifetimes: Vec<Lifetime>) -> Vec<Lifetime> {
    lifetimes.sort();
    lifetimes.dedup_by(|a, b| close(*a, *b));
    lifetimes
}

/// Equal but for clocks, as the audit has it: 60 seconds or 1 %, whichever is more.
pub(super) fn close(a: Lifetime, b: Lifetime) -> bool {
    match (a, b) {
        (Lifetime::Session, Lifetime::Session) => true,
        (Lifetime::Seconds(a), Lifetime::Seconds(b)) => {
            a.saturating_sub(b).saturating_abs() <= (a.max(b) / 100).max(60)
        }
        _ => false,
    }
}

/// What names were called before, where things were probably renamed.
fn names_before(things: &[ThingSince]) -> BTreeMap<String, String> {
    let changes = things.iter().flat_map(|thing| &thing.changes);
    let names = changes.filter_map(|change| match &change.what {
        What::Renamed { before, now } => Some((now.clone(), before.clone())),
        _ => None,
    });
    names.collect()
}

/// An undeclared hashed name that came where another went is probably the same thing.
fn pair_renamed(things: &mut Vec<ThingSince>) {
    let gone: Vec<ThingSince> =
        things.iter().filter(|thing| thing.state == State::Gone && !thing.declared).cloned().collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for thing in things.iter_mut().filter(|thing| thing.state == State::New && !thing.declared) {
        let mut candidates = gone.iter().filter(|other| {
            other.kind == thing.kind
                && other.host == thing.host
                && !taken.contains(&other.name)
                && renamed(&other.name, &thing.name)
        });
        if let (Some(one), None) = (candidates.next(), candidates.next()) {
            taken.insert(one.name.clone());
            thing.renamed_from = Some(one.name.clone());
            thing.state = State::StillThere;
            let what = What::Renamed { before: one.name.clone(), now: thing.name.clone() };
            thing.changes.insert(0, Change { what, cells: Vec::new() });
        }
    }
    things.retain(|thing| thing.state != State::Gone || thing.declared || !taken.contains(&thing.name));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{key, night};
    use super::*;
    use crate::observation::Engine;

    const DAY: i64 = 86_400;

    /// Assesses nights one after another and compares the last with those before.
    fn last_of(nights: Vec<RunRecord>) -> Comparison {
        let mut known: Vec<RunRecord> = Vec::new();
        for mut night in nights {
            assess(&mut night, &known, &Thresholds::default());
            known.push(night);
        }
        let tonight = known.pop().unwrap();
        compare(&known, &tonight, None)
    }

    /// `+ new`, `= still`, `- gone`, `? not looked at`, with changes.
    fn things(since: &Comparison) -> Vec<String> {
        let mut words = Vec::new();
        for thing in &since.things {
            let sign = match thing.state {
                State::New => "+",
                State::StillThere => "=",
                State::Gone => "-",
                State::NotLookedAt => "?",
            };
            let changes =
                thing.changes.iter().map(|change| format!(" {:?}", change.what)).collect::<String>();
            let nights = thing.nights.map(|nights| format!(" {}/{}", nights.seen, nights.of));
            words.push(format!("{sign} {}{changes}{}", thing.name, nights.unwrap_or_default()));
        }
        words
    }

    fn findings(since: &Comparison) -> Vec<String> {
        since.findings.iter().map(|finding| format!("{:?} {}", finding.state, finding.subject)).collect()
    }

    #[test]
    fn the_first_night_is_a_first_night() {
        let since = last_of(vec![night(1).with("sid", "member", DAY).finding("sid", "member", DAY)]);
        assert!(since.first);
        assert!(since.is_new("id-sid"));
        assert!(since.cells.iter().all(|cell| cell.compared_with.is_none() && cell.incomplete.is_none()));
    }

    #[test]
    fn what_came_and_what_went() {
        let since = last_of(vec![
            night(1).with("a", "anonymous", DAY).with("b", "anonymous", DAY),
            night(2).with("b", "anonymous", 10 * DAY).with("c", "anonymous", DAY),
        ]);
        let longer =
            What::Lifetime { before: vec![Lifetime::Seconds(DAY)], now: vec![Lifetime::Seconds(10 * DAY)] };
        assert_eq!(things(&since), ["+ c".to_owned(), format!("= b {longer:?}"), "- a".to_owned()]);
        let same = last_of(vec![
            night(1).with("a", "anonymous", 7 * DAY),
            night(2).with("a", "anonymous", 7 * DAY - 1),
        ]);
        assert!(same.is_quiet());
    }

    #[test]
    fn a_night_without_login_loses_nothing_and_is_no_base() {
        let member =
            || night(1).with("a", "anonymous", DAY).with("sid", "member", DAY).finding("sid", "member", DAY);
        let at = |day: u8, run: RunRecord| RunRecord { made: night(day).made, ..run };
        let failed = || {
            at(2, night(2).with("a", "anonymous", DAY).claim("sid", Standing::NotLookedAt).without("member"))
        };
        let since = last_of(vec![member(), failed()]);
        assert_eq!(things(&since), ["= a", "? sid"]);
        assert_eq!(findings(&since), ["NotLookedAt sid"]);
        assert!(since.is_quiet());
        let after = last_of(vec![member(), failed(), at(3, member())]);
        assert_eq!(things(&after), ["= a", "= sid"]);
        assert_eq!(findings(&after), ["StillThere sid"]);
        let compared: Vec<Option<&str>> =
            after.cells.iter().map(|cell| cell.compared_with.as_deref().map(super::super::day)).collect();
        assert_eq!(compared, [Some("2026-11-02"), Some("2026-11-01")]);
    }

    #[test]
    fn engines_alternate_in_one_history() {
        let browser = |persona: &str| CellKey { engine: Engine::Browser, ..key(persona) };
        let rich =
            |day: u8| night(day).with("a", "anonymous", DAY).with_in("_fbp", browser("anonymous"), DAY);
        let plain = |day: u8| night(day).with("a", "anonymous", DAY);
        assert_eq!(things(&last_of(vec![rich(1), plain(2)])), ["= a", "? _fbp"]);
        assert_eq!(things(&last_of(vec![rich(1), plain(2), rich(3)])), ["= _fbp", "= a"]);
        let mut gone = rich(3);
        gone.things.retain(|thing| thing.name == "a");
        assert_eq!(things(&last_of(vec![rich(1), plain(2), gone])), ["= a", "- _fbp"]);
    }

    #[test]
    fn a_persona_added_makes_nothing_appear() {
        let mut before = night(1).with("a", "anonymous", DAY);
        before.cells.truncate(1);
        let since = last_of(vec![before, night(2).with("a", "anonymous", DAY).with("sid", "member", DAY)]);
        assert_eq!(things(&since), ["= a", "= sid"]);
        assert!(since.things[1].first_look);
        assert_eq!(since.unlike, ["visitors: anonymous, now anonymous, member"]);
    }

    #[test]
    fn moving_before_consent_is_told_first() {
        let accepted = CellKey { consent: Consent::Accepted, ..key("anonymous") };
        let base = || night(1).with_in("_ga", accepted.clone(), DAY);
        let since =
            last_of(vec![base(), RunRecord { made: night(2).made, ..base().with("_ga", "anonymous", DAY) }]);
        assert_eq!(things(&since), ["= _ga WithoutConsent"]);
        assert_eq!(since.things[0].changes[0].cells, [key("anonymous")]);
    }

    #[test]
    fn what_comes_and_goes_is_said_so() {
        let nights = |there: &[u8]| -> Vec<RunRecord> {
            (1..)
                .zip(there)
                .map(|(day, there)| match there {
                    1 => night(day).with("ab", "anonymous", DAY).finding("ab", "anonymous", DAY),
                    _ => night(day).claim("ab", Standing::NeverSeen),
                })
                .collect()
        };
        let of = |there: &[u8]| (things(&last_of(nights(there))), findings(&last_of(nights(there))));
        let words = |thing: &str, finding: &str| (vec![thing.to_owned()], vec![finding.to_owned()]);
        assert_eq!(of(&[1, 1, 0]), words("- ab", "Gone ab"));
        assert_eq!(of(&[1, 1, 0, 1]), words("+ ab", "New ab"));
        assert_eq!(of(&[1, 1, 0, 1, 0]), words("= ab 3/5", "StillThere ab"));
        assert_eq!(of(&[1, 1, 0, 1, 1, 0, 1]), words("= ab 5/7", "StillThere ab"));
        // Mended for good, and broken again.
        assert_eq!(of(&[1, 1, 0, 0, 0, 1]), words("+ ab", "New ab"));
        assert_eq!(of(&[0, 0, 1]), words("+ ab", "New ab"));
    }

    #[test]
    fn a_finding_that_gets_worse_is_new() {
        let night = |day: u8, days: i64| {
            night(day).with("_ga", "anonymous", days * DAY).finding("_ga", "anonymous", days * DAY)
        };
        let since = last_of(vec![night(1, 730), night(2, 3650)]);
        assert_eq!(findings(&since), ["New _ga"]);
        assert_eq!(since.findings[0].worse, Some(Worse::Longer { before: 730 * DAY, now: 3650 * DAY }));
        assert_eq!(findings(&last_of(vec![night(1, 730), night(2, 729)])), ["StillThere _ga"]);
    }

    #[test]
    fn claims_about_changes_are_held_against_the_night_of_the_date() {
        let dated = |day: u8, date: &str| {
            let mut run = night(day);
            run.policy = Some(crate::history::record::PolicyRecord {
                status: 200,
                date: Some(date.to_owned()),
                lines: Vec::new(),
            });
            run
        };
        let base = |nights: Vec<RunRecord>| {
            let mut known: Vec<RunRecord> = Vec::new();
            for mut night in nights {
                assess(&mut night, &known, &Thresholds::default());
                known.push(night);
            }
            let tonight = known.pop().unwrap();
            before_the_change(&known, &tonight)
                .map(|run| crate::history::day(&run.made.started)[8..].to_owned())
        };
        let day = |day: &str| Some(day.to_owned());
        assert_eq!(base(vec![dated(1, "2026-10-01")]), None);
        let (old, new) = ("2026-10-01", "2026-11-03");
        assert_eq!(base(vec![dated(1, old), dated(2, old), dated(3, old)]), day("01"));
        // The date moved tonight.
        assert_eq!(base(vec![dated(1, old), dated(2, old), dated(3, new)]), day("02"));
        assert_eq!(base(vec![dated(1, old), dated(3, new), dated(4, new), dated(5, new)]), day("03"));
        // The login failed on the night on which it moved.
        assert_eq!(
            base(vec![dated(1, old), dated(3, new).without("member"), dated(4, new), dated(5, new)]),
            day("04")
        );
        assert_eq!(base(vec![dated(1, old), night(2), dated(3, old)]), day("01"));
    }

    #[test]
    fn a_hashed_name_after_a_deploy() {
        let since = last_of(vec![
            night(1).with("phpbb3_4f7xq_sid", "anonymous", DAY),
            night(2).with("phpbb3_9zq1k_sid", "anonymous", DAY),
        ]);
        assert_eq!(since.things.len(), 1);
        assert_eq!(since.things[0].renamed_from.as_deref(), Some("phpbb3_4f7xq_sid"));
    }

    #[test]
    fn a_finding_is_gone_when_its_claim_was_looked_at() {
        let before = || night(1).with("ab", "anonymous", DAY).finding("ab", "anonymous", DAY);
        for (standing, state) in [
            (Standing::Upheld, "Gone ab"),
            (Standing::NeverSeen, "Gone ab"),
            (Standing::NotLookedAt, "NotLookedAt ab"),
        ] {
            let since = last_of(vec![before(), night(2).claim("ab", standing)]);
            assert_eq!(findings(&since), [state]);
        }
        // A claim that is made no longer refutes nothing.
        assert_eq!(findings(&last_of(vec![before(), night(2)])), ["Gone ab"]);
    }

    #[test]
    fn one_date_is_no_change_each_night() {
        let until = |day: u8, seconds: i64| {
            let mut run = night(day).with("promo", "anonymous", seconds);
            let ways = std::mem::take(&mut run.things[0].seen[0].ways);
            let fixed = |way: Way| Way { expires: Some("Fri, 01 Jan 2027 00:00:00 GMT".into()), ..way };
            run.things[0].seen[0].ways = ways.into_iter().map(fixed).collect();
            run
        };
        assert!(last_of(vec![until(1, 30 * DAY), until(2, 29 * DAY)]).is_quiet());
    }
}
