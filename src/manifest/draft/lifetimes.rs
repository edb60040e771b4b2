//! Lifetimes of a draft: one where all sightings have it, one for each kind of visitor where that is
//! what makes the difference, else what holds them all.

use super::entries::{Entry, Seen};
use crate::cookie::Lifetime;
use crate::manifest::{LifetimeRule, Span, VisitorState};
use crate::observation::{Cell, Scan, Visitor};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;

/// What is said of a lifetime.
pub(super) struct Lifetimes {
    /// Of everybody, or of whom `by_visitor` does not name.
    pub(super) general: Option<LifetimeRule>,
    pub(super) by_visitor: BTreeMap<VisitorState, LifetimeRule>,
    /// For people, where a number alone would not tell.
    pub(super) remark: Option<String>,
}

impl Lifetimes {
    pub(super) fn of(entry: &Entry<'_>, scan: &Scan) -> Self {
        let all: Vec<&Seen<'_>> = entry.seen.iter().collect();
        let general = lifetime(&all);
        let by_visitor = by_visitor(&all, scan);
        Lifetimes {
            remark: by_date(&all).then(|| remark(&all)),
            general: (is_one(&general) || by_visitor.is_empty()).then(|| general.clone()),
            by_visitor: if is_one(&general) { BTreeMap::new() } else { by_visitor },
        }
    }
}

/// One rule for each kind of visitor who got it, where each has one lifetime and they differ.
fn by_visitor(all: &[&Seen<'_>], scan: &Scan) -> BTreeMap<VisitorState, LifetimeRule> {
    let mut kinds: BTreeMap<VisitorState, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in all {
        let Some(visitor) = visitor(scan, &seen.example.cell) else { return BTreeMap::new() };
        kinds.entry(kind_of(visitor)).or_default().push(seen);
    }
    let rules: BTreeMap<VisitorState, LifetimeRule> =
        kinds.iter().map(|(state, seen)| (*state, lifetime(seen))).collect();
    if rules.len() > 1 && rules.values().all(is_one) { rules } else { BTreeMap::new() }
}

fn visitor(scan: &Scan, cell: &Cell) -> Option<Visitor> {
    let of_cell = |persona: &&crate::observation::PersonaCoverage| persona.name == cell.persona;
    scan.coverage.personas.iter().find(of_cell).map(|persona| persona.visitor)
}

/// The narrowest word for a visitor.
fn kind_of(visitor: Visitor) -> VisitorState {
    match (visitor.logged_in, visitor.remembered) {
        (false, _) => VisitorState::Anonymous,
        (true, None) => VisitorState::LoggedIn,
        (true, Some(true)) => VisitorState::Remembered,
        (true, Some(false)) => VisitorState::NotRemembered,
    }
}

fn is_one(rule: &LifetimeRule) -> bool {
    matches!(rule, LifetimeRule::Exact(_) | LifetimeRule::Session | LifetimeRule::Max(_))
}

fn lifetime(all: &[&Seen<'_>]) -> LifetimeRule {
    let lifetimes: BTreeSet<Lifetime> = all.iter().map(|seen| seen.example.written.lifetime).collect();
    let seconds: Vec<i64> = lifetimes
        .iter()
        .filter_map(|lifetime| match lifetime {
            Lifetime::Seconds(seconds) => Some(*seconds),
            Lifetime::Session => None,
        })
        .collect();
    let persistent = seconds
        .iter()
        .min()
        .zip(seconds.iter().max())
        .map(|(least, most)| if by_date(all) { at_most(*most) } else { stated(*least, *most) });
    match (persistent, lifetimes.contains(&Lifetime::Session)) {
        (None, _) => LifetimeRule::Session,
        (Some(stated), false) => stated,
        (Some(stated), true) => LifetimeRule::Either(vec![LifetimeRule::Session, stated]),
    }
}

/// Whether what lasts, lasts until a fixed date.
fn by_date(all: &[&Seen<'_>]) -> bool {
    let mut lasting =
        all.iter().filter(|seen| matches!(seen.example.written.lifetime, Lifetime::Seconds(_))).peekable();
    lasting.peek().is_some() && lasting.all(|seen| seen.example.fixed_date().is_some())
}

/// A fixed date is nearer every day, and so is no lifetime but a bound. The end of today may be a
/// whole day away tomorrow.
fn at_most(most: i64) -> LifetimeRule {
    LifetimeRule::Max(span(human(most.max(DAY)), most))
}

fn remark(all: &[&Seen<'_>]) -> String {
    let dates: BTreeSet<&str> = all.iter().filter_map(|seen| seen.example.fixed_date()).collect();
    let dates: Vec<&str> = dates.into_iter().take(3).collect();
    format!("Not so long from now on, but until a date: {}.", dates.join("; "))
}

fn span(text: String, seconds: i64) -> Span {
    text.parse::<Span>().unwrap_or_else(|_| Span::seconds(seconds))
}

/// One duration where its tolerance holds both ends, else a range.
fn stated(least: i64, most: i64) -> LifetimeRule {
    let holds =
        |rule: &LifetimeRule| rule.allows(Lifetime::Seconds(least)) && rule.allows(Lifetime::Seconds(most));
    let one = LifetimeRule::Exact(span(human(most), most));
    if holds(&one) {
        return one;
    }
    let range = LifetimeRule::Range(span(human(least), least), span(human(most), most));
    match holds(&range) {
        true => range,
        false => LifetimeRule::Range(Span::seconds(least), Span::seconds(most)),
    }
}

/// Seconds in units that people use, as near as half of an audit's tolerance.
fn human(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    // Unit, its word, and the most of it that anybody says.
    let units =
        [(365 * DAY, "y", 10), (DAY, "d", 36_500), (HOUR, "h", 47), (MINUTE, "m", 180), (1, "s", 180)];
    let exact =
        units.iter().find(|(unit, _, most)| seconds % unit == 0 && (1..=*most).contains(&(seconds / unit)));
    let near = units[1..].iter().find(|(unit, _, most)| {
        let count = seconds.saturating_add(unit / 2) / unit;
        let slack = (seconds / 200).max(MINUTE / 2);
        (1..=*most).contains(&count) && (seconds - count * unit).abs() <= slack
    });
    match exact.or(near) {
        Some((unit, _, _)) if (seconds + unit / 2) / unit == 1 && *unit == DAY => "24h".to_owned(),
        Some((unit, word, _)) => format!("{}{word}", (seconds + unit / 2) / unit),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_in_human_units() {
        for (seconds, text) in [
            (86_400, "24h"),
            (86_399, "24h"),
            (604_800, "7d"),
            (31_536_000, "1y"),
            (63_072_000, "2y"),
            (31_449_600, "364d"),
            (31_540_000, "365d"),
            (1_209_600, "14d"),
            (3_600, "1h"),
            (900, "15m"),
            (5_400, "90m"),
            (10, "10s"),
            (172_800, "2d"),
            (100_000, "100000s"),
            (i64::MAX, "9223372036854775807s"),
        ] {
            assert_eq!(human(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_lifetime_holds_what_was_seen() {
        assert_eq!(stated(86_399, 86_400).to_string(), "24h");
        assert_eq!(stated(3_600, 86_400).to_string(), "1h to 24h");
        assert_eq!(stated(5, 5).to_string(), "5s");
    }
}
