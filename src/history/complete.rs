//! Whether a cell was looked at completely enough that what is missing may be called gone. What is
//! not is *not looked at tonight*, whatever the reason.

use super::record::{CellRecord, PageCount};
use serde::{Deserialize, Serialize};

/// From where on a look does not count as complete. Shares between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// More than this share of the pages that the base looked at failed.
    pub failed: f64,
    /// Fewer pages answered than this share of the base's.
    pub pages: f64,
    /// More than this share of the addresses answer with one body, and the base's did not.
    pub same: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { failed: 0.1, pages: 0.5, same: 0.5 }
    }
}

/// Why this look was not complete; none where it was. `base` is the last complete one of the cell.
pub(super) fn incomplete(
    cell: &CellRecord,
    base: Option<&CellRecord>,
    partial: Option<&str>,
    thresholds: &Thresholds,
) -> Option<String> {
    if let Some(why) = partial {
        return Some(format!("the run ended early: {why}"));
    }
    if let Some(why) = &cell.unreached {
        return Some(format!("not reached, {why}"));
    }
    let answered = cell.answered();
    if answered == 0 {
        return Some("no page answered".to_owned());
    }
    let (failed, of) = failed_of(cell, base);
    if failed as f64 > thresholds.failed * of as f64 {
        return Some(format!("{failed} of {of} pages failed"));
    }
    if let Some(base) = base
        && (answered as f64) < thresholds.pages * base.answered() as f64
    {
        return Some(format!("{answered} pages answered, and {} before", base.answered()));
    }
    let alike = |cell: &CellRecord| cell.one_answer as f64 > thresholds.same * cell.answered() as f64;
    if alike(cell) && base.is_some_and(|base| !alike(base)) {
        return Some(format!("{} of {answered} addresses answer with the same page", cell.one_answer));
    }
    None
}

/// Pages that failed, of those that the base looked at; without a base, of its own.
fn failed_of(cell: &CellRecord, base: Option<&CellRecord>) -> (u64, u64) {
    match base {
        None => (cell.failed(), cell.failed() + cell.answered()),
        Some(base) => {
            let failed = base.pages.iter().map(|(shape, before)| {
                cell.pages.get(shape).map_or(0, |now: &PageCount| now.failed.min(before.answered))
            });
            (failed.sum(), base.answered())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::cell;

    #[test]
    fn what_is_not_enough() {
        let base = cell("anonymous", &[("/", 1, 0), ("/shop/{n}", 18, 0), ("/docs", 1, 0)]);
        let against = |now: &CellRecord| incomplete(now, Some(&base), None, &Thresholds::default());
        let now = |pages: &[(&str, u64, u64)]| cell("anonymous", pages);
        assert_eq!(against(&base), None);
        // Two of twenty is a tenth, three are more.
        assert_eq!(against(&now(&[("/", 1, 0), ("/shop/{n}", 16, 2), ("/docs", 1, 0)])), None);
        assert_eq!(
            against(&now(&[("/", 1, 0), ("/shop/{n}", 15, 3), ("/docs", 1, 0)])).as_deref(),
            Some("3 of 20 pages failed")
        );
        // Pages that the base did not look at do not count.
        assert_eq!(
            against(&now(&[("/", 1, 0), ("/shop/{n}", 18, 0), ("/docs", 1, 0), ("/new", 0, 9)])),
            None
        );
        assert_eq!(
            against(&now(&[("/", 1, 0), ("/shop/{n}", 8, 0)])).as_deref(),
            Some("9 pages answered, and 20 before")
        );
        assert_eq!(against(&now(&[("/shop/{n}", 10, 0)])), None);
        let mut alike = base.clone();
        alike.one_answer = 15;
        assert_eq!(against(&alike).as_deref(), Some("15 of 20 addresses answer with the same page"));
        // A page that is one script answers so every night.
        assert_eq!(incomplete(&alike, Some(&alike), None, &Thresholds::default()), None);
        assert_eq!(incomplete(&alike, None, None, &Thresholds::default()), None);
        let mut stranger = base.clone();
        stranger.unreached = Some("step 2: answered 401".into());
        assert_eq!(against(&stranger).as_deref(), Some("not reached, step 2: answered 401"));
        assert_eq!(
            incomplete(&base, None, Some("interrupted"), &Thresholds::default()).as_deref(),
            Some("the run ended early: interrupted")
        );
        assert_eq!(against(&now(&[])).as_deref(), Some("no page answered"));
    }

    #[test]
    fn the_first_look_is_measured_by_itself() {
        let all = cell("anonymous", &[("/", 9, 1)]);
        assert_eq!(incomplete(&all, None, None, &Thresholds::default()), None);
        let few = cell("anonymous", &[("/", 8, 2)]);
        assert_eq!(
            incomplete(&few, None, None, &Thresholds::default()).as_deref(),
            Some("2 of 10 pages failed")
        );
    }

    #[test]
    fn thresholds_can_be_set() {
        let base = cell("anonymous", &[("/", 10, 0)]);
        let now = cell("anonymous", &[("/", 6, 4)]);
        let lenient = Thresholds { failed: 0.5, ..Thresholds::default() };
        assert_eq!(incomplete(&now, Some(&base), None, &lenient), None);
    }
}
