//! What changed since the last time, in words: from the comparison of the nights to what every
//! format prints first.

use super::words;
use crate::audit::Audit;
use crate::cookie::Lifetime;
use crate::history::record::{CellKey, RunRecord, Standing as ClaimStanding};
use crate::history::{
    self, Base, Change, ClaimTurn, Comparison, FindingSince, Night, Open, Since, Standing, State,
    ThingChange, ThingSince, Trend, What, Worse,
};
use crate::observation::StorageKind;
use crate::vendors::Knowledge;
use std::collections::{BTreeMap, BTreeSet};

/// Names that are listed before it is said how many more there are.
const MOST: usize = 8;

/// The comparison in words. `nights` are those before and this one, the oldest first.
pub fn in_words(
    compared: &Comparison,
    audit: Option<&Audit>,
    knowledge: &Knowledge,
    nights: &[&RunRecord],
) -> Since {
    Since {
        bases: bases(compared),
        open: open(compared),
        caveats: caveats(compared),
        things: things(compared, knowledge),
        claims: claims(compared, audit),
        findings: compared.findings.iter().map(finding).collect(),
        pages: compared
            .policy
            .iter()
            .map(|line| format!("policy page: {line}"))
            .chain(compared.banner.iter().map(|line| format!("consent banner: {line}")))
            .collect(),
        trend: Trend { nights: nights.iter().map(|run| night(run)).collect() },
    }
}

/// How a finding got worse.
pub(crate) fn worse(worse: &Worse) -> String {
    match worse {
        Worse::Graver { before, now } => {
            format!("worse: {} → {}", words::severity(*before), words::severity(*now))
        }
        Worse::Longer { before, now } => {
            format!("worse: {} → {}", words::duration(*before), words::duration(*now))
        }
        Worse::Subjects { more } => format!("worse: {} as well", listed(more)),
        Worse::Claims { more } => format!("worse: refutes {} as well", listed(more)),
    }
}

/// A state of a claim.
fn standing(standing: ClaimStanding) -> &'static str {
    match standing {
        ClaimStanding::Upheld => "upheld",
        ClaimStanding::Refuted => "refuted",
        ClaimStanding::NeverSeen => "not verified: never seen",
        ClaimStanding::NeedsBrowser => "not verified: only a browser can say",
        ClaimStanding::NotLookedAt => "not verified: not looked at",
    }
}

/// One line for each comparison: who, and with which night.
pub(crate) fn compared_with(since: &Since) -> Vec<String> {
    let mut by_night: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for base in &since.bases {
        if let Some(started) = &base.started {
            by_night.entry(started).or_default().push(&base.who);
        }
    }
    if by_night.len() == 1 && since.bases.iter().all(|base| base.started.is_some()) {
        return by_night.keys().map(|night| format!("compared with {}", moment(night))).collect();
    }
    let mut lines: Vec<String> = by_night
        .iter()
        .rev()
        .map(|(night, who)| format!("{} compared with {}", who.join("; "), moment(night)))
        .collect();
    let new: Vec<&str> =
        since.bases.iter().filter(|base| base.started.is_none()).map(|base| base.who.as_str()).collect();
    if !new.is_empty() && !since.is_first() {
        lines.push(format!("{}: nothing to compare with yet", new.join("; ")));
    }
    lines
}

/// `2026-11-08 03:00` of an RFC 3339 moment.
pub(crate) fn moment(moment: &str) -> String {
    moment.get(..16).unwrap_or(moment).replace('T', " ")
}

/// `+ _fbp (Meta)`, `lang 90 min → 1 day`: one line.
pub(crate) fn thing_line(thing: &ThingChange) -> String {
    let sign = match thing.change {
        Change::Appeared => "+ ",
        Change::Gone => "− ",
        Change::Changed | Change::Renamed => "~ ",
        Change::NotLookedAt => "? ",
    };
    let mut line = format!("{sign}{}", thing.name);
    let mut beside: Vec<String> = Vec::new();
    match thing.kind {
        None => beside.push("third party".into()),
        Some(StorageKind::Cookie) => {}
        Some(kind) => beside.push(kind.in_words().into()),
    }
    beside.extend(thing.vendor.clone());
    if !thing.host.is_empty() {
        beside.push(format!("on {}", thing.host));
    }
    if !beside.is_empty() {
        line.push_str(&format!(" ({})", beside.join(", ")));
    }
    if !thing.detail.is_empty() {
        line.push_str(&format!(" {}", thing.detail));
    }
    if !thing.who.is_empty() && thing.change == Change::Appeared {
        line.push_str(&format!(" — {}", listed(&thing.who)));
    }
    line
}

fn night(run: &RunRecord) -> Night {
    let findings = run.judged.iter().flat_map(|judged| &judged.findings);
    let of = |severity| findings.clone().filter(|finding| finding.severity == severity).count() as u64;
    Night {
        started: run.made.started.clone(),
        errors: of(crate::audit::Severity::Error),
        warnings: of(crate::audit::Severity::Warning),
        things: run.things.len() as u64,
        complete: run.is_complete(),
    }
}

fn bases(compared: &Comparison) -> Vec<Base> {
    let tonight = compared.cells.iter().filter(|cell| cell.looked_at);
    tonight.map(|cell| Base { who: history::cell(&cell.cell), started: cell.compared_with.clone() }).collect()
}

fn open(compared: &Comparison) -> Vec<Open> {
    compared
        .cells
        .iter()
        .filter_map(|cell| {
            let why = match (&cell.incomplete, cell.looked_at) {
                (Some(why), _) => why.clone(),
                (None, true) => return None,
                (None, false) => "not part of this run".to_owned(),
            };
            Some(Open { who: history::cell(&cell.cell), why })
        })
        .collect()
}

fn caveats(compared: &Comparison) -> Vec<String> {
    let mut caveats = Vec::new();
    if !compared.unlike.is_empty() {
        caveats.push(format!("not made alike: {}", compared.unlike.join("; ")));
    }
    let mut first: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for thing in compared.things.iter().filter(|thing| thing.first_look) {
        let who: Vec<String> = thing.cells.iter().map(history::cell).collect();
        first.entry(who.join("; ")).or_default().push(thing.name.clone());
    }
    caveats.extend(
        first
            .into_iter()
            .map(|(who, names)| format!("{who}: looked at for the first time: {}", listed(&names))),
    );
    caveats
}

fn finding(finding: &history::difference::FindingSince) -> FindingSince {
    let mut notes: Vec<String> = finding.worse.iter().map(worse).collect();
    notes.extend(
        finding.nights.map(|nights| {
            format!("seen {} of the last {}", nights.seen, words::count_of(nights.of, "night"))
        }),
    );
    FindingSince {
        standing: match finding.state {
            State::New => Standing::New,
            State::StillThere => Standing::Still,
            State::Gone => Standing::Gone,
            State::NotLookedAt => Standing::NotLookedAt,
        },
        id: finding.id.clone(),
        rule: finding.rule.clone(),
        severity: finding.severity,
        message: finding.message.clone(),
        note: notes.join("; "),
        first_seen: finding.since.as_deref().map(|moment| history::day(moment).to_owned()),
    }
}

fn claims(compared: &Comparison, audit: Option<&Audit>) -> Vec<ClaimTurn> {
    let text = |claim: &str| {
        let verdicts = audit.map(|audit| audit.verdicts.iter()).into_iter().flatten();
        verdicts.filter(|verdict| verdict.claim == claim).map(|verdict| verdict.text.clone()).next()
    };
    compared
        .claims
        .iter()
        // What was not looked at is said of the visitors, and has not turned.
        .filter(|turned| turned.now.was_looked_at())
        .map(|turned| ClaimTurn {
            text: text(&turned.claim).unwrap_or_default(),
            claim: turned.claim.clone(),
            from: standing(turned.before).to_owned(),
            to: standing(turned.now).to_owned(),
        })
        .collect()
}

fn things(compared: &Comparison, knowledge: &Knowledge) -> Vec<ThingChange> {
    let mut things: Vec<ThingChange> =
        compared.things.iter().filter_map(|seen| thing(seen, knowledge)).collect();
    for party in &compared.parties {
        let mentioned = if party.asked { "" } else { "only mentioned in pages" };
        let (change, detail) = match party.state {
            State::New => (Change::Appeared, mentioned.to_owned()),
            State::Gone => (Change::Gone, mentioned.to_owned()),
            State::NotLookedAt => (Change::NotLookedAt, String::new()),
            State::StillThere if party.now_asked => {
                (Change::Changed, "only mentioned in pages → really asked".to_owned())
            }
            State::StillThere if !party.also_for.is_empty() => {
                (Change::Changed, format!("now also for {}", listed(&who(&party.also_for))))
            }
            State::StillThere => match party.nights {
                Some(nights) => (Change::Changed, nights_words(nights)),
                None => continue,
            },
        };
        things.push(ThingChange {
            change,
            kind: None,
            name: party.domain.clone(),
            host: String::new(),
            vendor: knowledge.host(&party.domain).map(|fact| fact.vendor.into_owned()),
            detail,
            who: Vec::new(),
        });
    }
    // What nobody looked at comes last.
    things.sort_by_key(|thing| thing.change == Change::NotLookedAt);
    things
}

fn nights_words(nights: history::difference::Presence) -> String {
    format!("seen {} of the last {}", nights.seen, words::count_of(nights.of, "night"))
}

fn thing(thing: &ThingSince, knowledge: &Knowledge) -> Option<ThingChange> {
    let mut details: Vec<String> = Vec::new();
    let mut renamed = false;
    for change in &thing.changes {
        details.push(match &change.what {
            What::WithoutConsent => format!("now without consent: {}", listed(&who(&change.cells))),
            What::AlsoFor => format!("now also for {}", listed(&who(&change.cells))),
            What::NoLongerFor => format!("no longer for {}", listed(&who(&change.cells))),
            What::Lifetime { before, now } => format!("{} → {}", lifetimes(before), lifetimes(now)),
            What::Attribute { name, before, now } => format!("{name} {before} → {now}"),
            What::Renamed { before, now } => {
                renamed = true;
                format!("probably renamed: {before} → {now}")
            }
        });
    }
    details.extend(thing.nights.map(nights_words));
    let change = match thing.state {
        State::New => Change::Appeared,
        State::Gone => Change::Gone,
        State::NotLookedAt => Change::NotLookedAt,
        State::StillThere if renamed && details.len() == 1 => Change::Renamed,
        State::StillThere if details.is_empty() => return None,
        State::StillThere => Change::Changed,
    };
    let vendor = match thing.kind {
        StorageKind::Cookie => knowledge.cookie(&thing.name, &thing.stored_for),
        _ => knowledge.storage(&thing.name, &thing.stored_for),
    };
    let family = thing.family.map(|count| format!("{count} names"));
    Some(ThingChange {
        change,
        kind: Some(thing.kind),
        name: thing.name.clone(),
        host: thing.host.clone(),
        vendor: vendor.map(|fact| fact.vendor.into_owned()),
        detail: family.into_iter().chain(details).collect::<Vec<_>>().join("; "),
        who: who(&thing.cells),
    })
}

fn lifetimes(lifetimes: &[Lifetime]) -> String {
    let words: Vec<String> = lifetimes.iter().map(words::lifetime).collect();
    words.join(" or ")
}

fn who(cells: &[CellKey]) -> Vec<String> {
    let who: BTreeSet<String> = cells.iter().map(history::cell).collect();
    who.into_iter().collect()
}

/// The first of many.
fn listed(all: &[String]) -> String {
    let mut shown: Vec<String> = all.iter().take(MOST).cloned().collect();
    if all.len() > MOST {
        shown.push(format!("{} more", all.len() - MOST));
    }
    shown.join("; ")
}
