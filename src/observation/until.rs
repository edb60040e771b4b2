//! Lifetimes that are a date. One that a server counts from the moment is a whole number of hours or
//! minutes away; one that is not, or that is the beginning or end of a day, is a fixed date: the
//! cookie lives shorter every day, and that is one fact and no change.

use super::Sighting;
use crate::cookie::{Lifetime, LifetimeBy};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// What people still say in minutes, or seconds: `90 minutes`.
const MOST_SAID: i64 = 180;

impl Sighting {
    /// What `Expires` says, as written, where it alone gives the lifetime.
    pub fn expires(&self) -> Option<&str> {
        self.written.lifetime_by.filter(|by| *by == LifetimeBy::Expires)?;
        // Of several the last one counts.
        let attributes = self.line.split(';').skip(1).filter_map(|part| part.split_once('='));
        let dates = attributes.filter(|(name, _)| name.trim().eq_ignore_ascii_case("expires"));
        dates.last().map(|(_, date)| date.trim())
    }

    /// The same, where it is a fixed date and none that was counted from the moment.
    pub fn fixed_date(&self) -> Option<&str> {
        let Lifetime::Seconds(seconds @ 1..) = self.written.lifetime else { return None };
        let of_a_day = |date: &&str| ["00:00:00", "23:59:59"].iter().any(|time| date.contains(time));
        self.expires().filter(|date| of_a_day(date) || !is_counted(seconds))
    }
}

/// Whether somebody wrote this number of seconds: whole hours, or a few minutes or seconds.
fn is_counted(seconds: i64) -> bool {
    seconds % HOUR == 0
        || seconds % MINUTE == 0 && seconds / MINUTE <= MOST_SAID
        || (seconds < 10 * MINUTE && seconds % 10 == 0)
        || seconds <= MOST_SAID
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_hours_and_few_minutes_are_counted() {
        for (seconds, expected) in [
            (1, true),
            (90, true),
            (500, true),
            (5400, true),
            (86_400, true),
            (31_449_600, true),
            (3_732_888 * 60, false),
            (31_536_001, false),
            (200 * 60, false),
            (18_913, false),
        ] {
            assert_eq!(is_counted(seconds), expected, "{seconds}");
        }
    }
}
