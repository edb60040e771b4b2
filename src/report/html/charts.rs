//! Pictures of what looking tells faster than reading: lifetimes, who gets what, and the nights.
//! Values and coordinates only; the template draws them.

use super::view::Thing;
use crate::history::Trend;
use crate::report::{text, words};

/// More rows than this say nothing to the eye.
const MOST_ROWS: usize = 40;
const LABEL: u32 = 190;
const ROW: u32 = 22;
const MINUTE: f64 = 60.0;
const DAY: f64 = 86_400.0;
/// The axis ends where browsers end a cookie's life, and a bit more for what was written.
const LONGEST: f64 = 800.0 * DAY;

/// Declared against observed lifetimes.
pub(super) struct Lifetimes {
    pub(super) rows: Vec<LifetimeRow>,
    pub(super) ticks: Vec<Tick>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bottom: u32,
    pub(super) left_out: usize,
}

pub(super) struct LifetimeRow {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) y: u32,
    /// The declared bound: from where to where.
    pub(super) declared: Option<(u32, u32)>,
    pub(super) declared_words: String,
    pub(super) seen: Vec<Dot>,
    pub(super) seen_words: String,
}

pub(super) struct Dot {
    pub(super) x: u32,
    /// Not as declared.
    pub(super) wrong: bool,
}

pub(super) struct Tick {
    pub(super) x: u32,
    pub(super) label: &'static str,
}

const WIDTH: u32 = 760;
const LEFT: u32 = LABEL + 70;

/// A place on the axis, which counts in powers: a minute and a year both have room.
fn x_of(seconds: f64) -> u32 {
    let share = (seconds.clamp(MINUTE, LONGEST) / MINUTE).ln() / (LONGEST / MINUTE).ln();
    LEFT + (share * f64::from(WIDTH - LEFT - 30)).round() as u32
}

/// A name in the room there is.
fn label(name: &str) -> String {
    text::cut(name, 26).into_owned()
}

/// Where session cookies stand: before the axis begins.
const SESSION: u32 = LABEL + 30;

pub(super) fn lifetimes(things: &[Thing]) -> Option<Lifetimes> {
    let all: Vec<&Thing> = things.iter().filter(|thing| !thing.lifetimes.is_empty()).collect();
    if all.is_empty() {
        return None;
    }
    let rows: Vec<LifetimeRow> = all
        .iter()
        .take(MOST_ROWS)
        .enumerate()
        .map(|(number, thing)| {
            let declared = thing.declared.as_ref();
            LifetimeRow {
                name: thing.name.clone(),
                label: label(&thing.name),
                y: 30 + ROW * number as u32,
                declared: declared.and_then(|declared| match (declared.session, declared.most) {
                    (_, Some(most)) => Some((
                        if declared.session { SESSION } else { x_of(declared.least.unwrap_or(0) as f64) },
                        x_of(most as f64),
                    )),
                    (true, None) => Some((SESSION, SESSION)),
                    (false, None) => None,
                }),
                declared_words: declared.map(|declared| declared.words.clone()).unwrap_or_default(),
                seen: thing
                    .lifetimes
                    .iter()
                    .map(|seen| Dot {
                        x: seen.seconds.map_or(SESSION, |s| x_of(s as f64)),
                        wrong: seen.wrong,
                    })
                    .collect(),
                seen_words: thing.lifetime.clone(),
            }
        })
        .collect();
    let bottom = 24 + ROW * rows.len() as u32;
    let ticks = [
        ("session", None),
        ("1 min", Some(MINUTE)),
        ("1 h", Some(60.0 * MINUTE)),
        ("1 day", Some(DAY)),
        ("30 days", Some(30.0 * DAY)),
        ("1 year", Some(365.0 * DAY)),
    ]
    .map(|(label, seconds)| Tick { x: seconds.map_or(SESSION, x_of), label });
    let left_out = all.len() - rows.len();
    Some(Lifetimes { rows, ticks: ticks.into(), width: WIDTH, height: bottom + 30, bottom, left_out })
}

/// Who gets what, in which state of consent.
pub(super) struct Matrix {
    pub(super) columns: Vec<MatrixColumn>,
    pub(super) rows: Vec<MatrixRow>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) left_out: usize,
}

pub(super) struct MatrixColumn {
    pub(super) x: u32,
    pub(super) persona: String,
    pub(super) state: String,
}

pub(super) struct MatrixRow {
    pub(super) y: u32,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) cells: Vec<MatrixCell>,
}

pub(super) struct MatrixCell {
    pub(super) x: u32,
    /// `yes`, `no`, `unseen`: also the class that colours it.
    pub(super) class: &'static str,
    pub(super) words: String,
}

pub(super) fn matrix(things: &[Thing], columns: &[(String, String, bool)]) -> Option<Matrix> {
    if things.is_empty() || columns.is_empty() {
        return None;
    }
    const COLUMN: u32 = 84;
    let at = |number: usize| LABEL + 10 + COLUMN * number as u32;
    let rows: Vec<MatrixRow> = things
        .iter()
        .take(MOST_ROWS)
        .enumerate()
        .map(|(row, thing)| MatrixRow {
            y: 44 + ROW * row as u32,
            name: thing.name.clone(),
            label: label(&thing.name),
            cells: columns
                .iter()
                .enumerate()
                .map(|(number, (persona, state, looked))| {
                    let (class, words) =
                        match (thing.cells.contains(&(persona.clone(), state.clone())), looked) {
                            (true, _) => ("yes", "gets it"),
                            (false, true) => ("no", "does not get it"),
                            (false, false) => ("unseen", "not looked at"),
                        };
                    MatrixCell { x: at(number), class, words: format!("{persona}, {state}: {words}") }
                })
                .collect(),
        })
        .collect();
    Some(Matrix {
        columns: columns
            .iter()
            .enumerate()
            .map(|(number, (persona, state, _))| MatrixColumn {
                x: at(number),
                persona: text::cut(persona, 12).into_owned(),
                state: text::cut(state, 12).into_owned(),
            })
            .collect(),
        width: at(columns.len()) + 10,
        height: 50 + ROW * rows.len() as u32,
        left_out: things.len() - rows.len(),
        rows,
    })
}

/// The nights: findings of each, and how much was left on the device.
pub(super) struct Nights {
    pub(super) bars: Vec<Bar>,
    pub(super) line: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) base: u32,
    pub(super) words: String,
}

pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) height: u32,
    pub(super) errors_y: u32,
    pub(super) errors_height: u32,
    pub(super) complete: bool,
    pub(super) words: String,
}

pub(super) fn nights(trend: &Trend) -> Option<Nights> {
    const MOST: usize = 60;
    const STEP: u32 = 14;
    const HIGH: u64 = 80;
    let nights = &trend.nights[trend.nights.len().saturating_sub(MOST)..];
    let (first, last) = (nights.first()?, nights.last()?);
    if nights.len() < 2 {
        return None;
    }
    let most = nights.iter().map(|night| night.errors + night.warnings).max().unwrap_or(0).max(1);
    let most_things = nights.iter().map(|night| night.things).max().unwrap_or(0).max(1);
    let high = |count: u64, most: u64| u32::try_from(count * HIGH / most).unwrap_or(0);
    let base = 100;
    let mut line = Vec::new();
    let bars = nights
        .iter()
        .enumerate()
        .map(|(number, night)| {
            let x = 10 + STEP * number as u32;
            let height = high(night.errors + night.warnings, most);
            let errors_height = high(night.errors, most);
            line.push(format!("{},{}", x + 5, base - high(night.things, most_things)));
            Bar {
                x,
                y: base - height,
                height,
                errors_y: base - errors_height,
                errors_height,
                complete: night.complete,
                words: format!(
                    "{}: {}, {}, {} left on the device{}",
                    words::moment(&night.started),
                    words::count_of(night.errors, "error"),
                    words::count_of(night.warnings, "warning"),
                    words::count_of(night.things, "thing"),
                    if night.complete { "" } else { " (incomplete)" }
                ),
            }
        })
        .collect();
    let words = format!(
        "{} from {} to {}",
        words::count_of(nights.len() as u64, "run"),
        words::moment(&first.started),
        words::moment(&last.started)
    );
    let width = (20 + STEP * nights.len() as u32).max(120);
    Some(Nights { bars, line: line.join(" "), width, height: base + 14, base, words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Night;

    #[test]
    fn the_axis_keeps_its_order_and_its_bounds() {
        let seconds = [0.0, 60.0, 3_600.0, DAY, 365.0 * DAY, 4_000.0 * DAY];
        let places: Vec<u32> = seconds.map(x_of).into();
        assert!(places.is_sorted(), "{places:?}");
        assert!(SESSION < places[0] && places[5] <= WIDTH, "{places:?}");
    }

    #[test]
    fn one_night_is_no_trend() {
        let night = |errors| Night { started: "2026-11-08T04:00:00Z".into(), errors, ..Night::default() };
        assert!(nights(&Trend { nights: vec![night(1)] }).is_none());
        let two = nights(&Trend { nights: vec![night(1), night(4)] }).unwrap();
        assert_eq!((two.bars[0].height, two.bars[1].height), (20, 80));
    }
}
