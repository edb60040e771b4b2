//! Dates that may lack their day.

use super::PartialDate;
use std::fmt;
use std::str::FromStr;

impl PartialDate {
    /// A date, if the calendar has it.
    pub fn new(year: i16, month: i8, day: Option<i8>) -> Option<Self> {
        let valid =
            (1..=9999).contains(&year) && jiff::civil::Date::new(year, month, day.unwrap_or(1)).is_ok();
        valid.then_some(PartialDate { year, month, day })
    }

    /// Whether both can be the same day: a date without a day is every day of its month.
    pub fn agrees_with(&self, other: &PartialDate) -> bool {
        let same_day = match (self.day, other.day) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => true,
        };
        self.year == other.year && self.month == other.month && same_day
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

impl FromStr for PartialDate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str, digits: usize| {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<i16>().ok())
                .flatten()
        };
        let parts: Vec<&str> = text.trim().split('-').collect();
        let date = match parts.as_slice() {
            [year, month] => number(year, 4).zip(number(month, 2)).map(|(year, month)| (year, month, None)),
            [year, month, day] => number(year, 4)
                .zip(number(month, 2))
                .zip(number(day, 2))
                .map(|((year, month), day)| (year, month, Some(day as i8))),
            _ => None,
        };
        date.and_then(|(year, month, day)| PartialDate::new(year, month as i8, day))
            .ok_or_else(|| format!("`{text}` is not a date"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: Option<&str>) {
        assert_eq!(
            text.parse::<PartialDate>().ok().map(|date| date.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn dates_are_read_with_and_without_a_day() {
        case("2026-04-16", Some("2026-04-16"));
        case("2026-06", Some("2026-06"));
        case("2026-02-30", None);
        case("2026-13", None);
        case("2026-4-16", None);
        case("16 April 2026", None);
        case("+026-04", None);
        case("", None);
    }

    #[test]
    fn a_month_agrees_with_its_days() {
        let date = |text: &str| text.parse::<PartialDate>().unwrap();
        assert!(date("2026-06").agrees_with(&date("2026-06-30")));
        assert!(!date("2026-06-29").agrees_with(&date("2026-06-30")));
        assert!(!date("2026-06").agrees_with(&date("2026-07-01")));
        assert!(date("2026-06-30") < date("2026-07-01"));
    }
}
