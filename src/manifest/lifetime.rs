//! Lifetimes: what the manifest states, and whether what a site sends keeps to it.
//!
//! Calendar units are intervals, because people say *a month* and mean 28 to 31 days, and programs
//! say 30. A site may miss a bound by 60 seconds or 1 %, whichever is more: clocks differ, and
//! `Expires` is counted from a `Date` header that is cut to seconds.

use crate::cookie::Lifetime;
use std::fmt;
use std::str::FromStr;

/// Browsers keep no cookie longer (RFC 6265bis 5.5; Chromium, Firefox and Safari alike).
pub const BROWSER_CAP: i64 = 400 * DAY;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long a cookie may live; seconds as closed intervals, so that a month is 28 to 31 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifetimeRule {
    Exact(Span),
    /// At most; shorter is conforming, a browser session too.
    Max(Span),
    /// Give or take a tenth.
    About(Span),
    Range(Span, Span),
    Session,
    Either(Vec<LifetimeRule>),
    /// Persistent without a stated bound.
    Unbounded,
    /// Ends with an event; no time is stated.
    UntilLogout,
}

/// A stated duration: as an interval in seconds, and as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub least: i64,
    pub most: i64,
    pub written: String,
}

impl LifetimeRule {
    /// Whether a lifetime, as a line or script writes it, keeps to the rule. A deletion keeps to
    /// every rule: it sets nothing.
    pub fn allows(&self, lifetime: Lifetime) -> bool {
        let seconds = match lifetime {
            Lifetime::Seconds(seconds) if seconds <= 0 => return true,
            Lifetime::Seconds(seconds) => Some(seconds),
            Lifetime::Session => None,
        };
        match self {
            LifetimeRule::Exact(span) => {
                seconds.is_some_and(|seconds| between(seconds, span.least, span.most, tolerance))
            }
            LifetimeRule::Max(span) => {
                seconds.is_none_or(|seconds| seconds <= span.most.saturating_add(tolerance(span.most)))
            }
            LifetimeRule::About(span) => {
                let tenth = |bound: i64| tolerance(bound).max(bound / 10);
                seconds.is_some_and(|seconds| between(seconds, span.least, span.most, tenth))
            }
            LifetimeRule::Range(from, to) => {
                seconds.is_some_and(|seconds| between(seconds, from.least, to.most, tolerance))
            }
            LifetimeRule::Session => seconds.is_none(),
            LifetimeRule::Either(rules) => rules.iter().any(|rule| rule.allows(lifetime)),
            LifetimeRule::Unbounded => seconds.is_some(),
            LifetimeRule::UntilLogout => true,
        }
    }

    /// Whether a published lifetime says what this one, the declared, says. A published upper bound
    /// covers what is shorter; what one of the two leaves open contradicts nothing.
    pub fn agrees_with_published(&self, published: &LifetimeRule) -> bool {
        match (published, self) {
            (LifetimeRule::Either(rules), _) => rules.iter().any(|rule| {
                self.agrees_with_published(rule)
                    || matches!(self, LifetimeRule::Either(own) if own.iter().any(|own| own.agrees_with_published(rule)))
            }),
            (LifetimeRule::UntilLogout, _) => true,
            (_, own) if own.is_open() => true,
            (LifetimeRule::Unbounded, own) => own.longest().is_none_or(|(_, most)| most > 0),
            (LifetimeRule::Session, own) => own.longest().is_some_and(|(_, most)| most == 0),
            (published, own) => {
                let (Some((least, most)), Some((own_least, own_most))) = (published.longest(), own.longest())
                else {
                    // It lives on, and nothing says for how long.
                    return true;
                };
                let about = [published, own].iter().any(|rule| matches!(rule, LifetimeRule::About(_)));
                let tolerance = |bound: i64| tolerance(bound).max(if about { bound / 10 } else { 0 });
                let within = own_least <= most.saturating_add(tolerance(most));
                let not_less = own_most >= least - tolerance(least);
                within && (not_less || matches!(published, LifetimeRule::Max(_)))
            }
        }
    }

    /// It states no time that another statement could contradict.
    fn is_open(&self) -> bool {
        match self {
            LifetimeRule::UntilLogout => true,
            LifetimeRule::Either(rules) => rules.iter().any(LifetimeRule::is_open),
            _ => false,
        }
    }

    /// The longest it may live, as the interval that its words mean; 0 for the browser session, none
    /// where it has no bound.
    fn longest(&self) -> Option<(i64, i64)> {
        match self {
            LifetimeRule::Exact(span) | LifetimeRule::Max(span) | LifetimeRule::About(span) => {
                Some((span.least, span.most))
            }
            LifetimeRule::Range(_, to) => Some((to.least, to.most)),
            LifetimeRule::Session => Some((0, 0)),
            LifetimeRule::Either(rules) => {
                let mut longest = (0, 0);
                for rule in rules {
                    longest = longest.max(rule.longest()?);
                }
                Some(longest)
            }
            LifetimeRule::Unbounded | LifetimeRule::UntilLogout => None,
        }
    }

    /// The most seconds it states, where it states a bound.
    pub fn upper_bound(&self) -> Option<i64> {
        match self {
            LifetimeRule::Exact(span) | LifetimeRule::Max(span) | LifetimeRule::About(span) => {
                Some(span.most)
            }
            LifetimeRule::Range(_, to) => Some(to.most),
            LifetimeRule::Either(rules) => {
                let mut most = None;
                for rule in rules.iter().filter(|rule| **rule != LifetimeRule::Session) {
                    most = most.max(Some(rule.upper_bound()?));
                }
                most
            }
            LifetimeRule::Session | LifetimeRule::Unbounded | LifetimeRule::UntilLogout => None,
        }
    }
}

impl fmt::Display for LifetimeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LifetimeRule::Exact(span) => write!(f, "{span}"),
            LifetimeRule::Max(span) => write!(f, "at most {span}"),
            LifetimeRule::About(span) => write!(f, "about {span}"),
            LifetimeRule::Range(from, to) => write!(f, "{from} to {to}"),
            LifetimeRule::Session => f.write_str("the browser session"),
            LifetimeRule::Either(rules) => {
                let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
                f.write_str(&rules.join(" or "))
            }
            LifetimeRule::Unbounded => f.write_str("persistent, without a stated bound"),
            LifetimeRule::UntilLogout => f.write_str("until logout"),
        }
    }
}

impl Span {
    /// A number of seconds.
    pub fn seconds(seconds: i64) -> Self {
        Span { least: seconds, most: seconds, written: format!("{seconds} s") }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Reads `24h`, `7 days`, `400 days`, `1 month 29 days`.
impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let written = text.trim();
        let too_long = || format!("`{written}` is too long");
        let mut rest = written;
        let mut total = (0i64, 0i64);
        if rest.is_empty() {
            return Err("it is empty".to_owned());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            let after = after.trim_start();
            let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(letters);
            if number.is_empty() {
                return Err(format!("`{written}` does not begin with a number"));
            }
            if unit.is_empty() {
                return Err(format!("`{number}` has no unit; in seconds it is `{number}s`"));
            }
            let number: i64 = number.parse().map_err(|_| too_long())?;
            let (least, most) = interval(number, unit)
                .ok_or_else(|| format!("`{unit}` is not a unit"))?
                .ok_or_else(too_long)?;
            total.0 = total.0.checked_add(least).ok_or_else(too_long)?;
            total.1 = total.1.checked_add(most).ok_or_else(too_long)?;
            rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        }
        Ok(Span { least: total.0, most: total.1, written: written.to_owned() })
    }
}

/// What a number of a unit means in seconds; none of an unknown unit, an inner none of an overflow.
fn interval(number: i64, unit: &str) -> Option<Option<(i64, i64)>> {
    let exact = |seconds: i64| number.checked_mul(seconds).map(|seconds| (seconds, seconds));
    Some(match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => exact(1),
        "m" | "min" | "mins" | "minute" | "minutes" => exact(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => exact(HOUR),
        "d" | "day" | "days" => exact(DAY),
        "w" | "week" | "weeks" => exact(7 * DAY),
        "mo" | "mos" | "month" | "months" => months(number),
        "y" | "yr" | "yrs" | "year" | "years" => {
            let leap = number.checked_add(3).map(|years| years / 4)?;
            number
                .checked_mul(365)
                .and_then(|days| Some((days.checked_mul(DAY)?, days.checked_add(leap)?.checked_mul(DAY)?)))
        }
        _ => return None,
    })
}

/// The fewest and most days that so many months in a row have, or as many times 30.
fn months(number: i64) -> Option<(i64, i64)> {
    const SHORTEST: [i64; 12] = [0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334];
    const LONGEST: [i64; 12] = [0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337];
    let (years, rest) = (number / 12, (number % 12) as usize);
    let least = years.checked_mul(365)?.checked_add(SHORTEST[rest])?.min(number.checked_mul(30)?);
    let most = years.checked_mul(366)?.checked_add(LONGEST[rest])?;
    Some((least.checked_mul(DAY)?, most.checked_mul(DAY)?))
}

/// 60 seconds or 1 %, whichever is more.
fn tolerance(bound: i64) -> i64 {
    (bound / 100).max(MINUTE)
}

fn between(seconds: i64, least: i64, most: i64, tolerance: impl Fn(i64) -> i64) -> bool {
    seconds >= least - tolerance(least) && seconds <= most.saturating_add(tolerance(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn span(text: &str, least_days: i64, most_days: i64) {
        let span: Span = text.parse().unwrap();
        assert_eq!((span.least, span.most), (least_days * DAY, most_days * DAY), "{text}");
    }

    #[test]
    fn durations_are_intervals() {
        span("24h", 1, 1);
        span("7 days", 7, 7);
        span("7d", 7, 7);
        span("2 weeks", 14, 14);
        span("1440 hours", 60, 60);
        span("1 month", 28, 31);
        span("1 month 29 days", 57, 60);
        span("3 months", 89, 92);
        span("12 months", 360, 366);
        span("13 months", 390, 397);
        span("1y", 365, 366);
        span("1 year, 1 month", 393, 397);
        span("400 days", 400, 400);
        span("7978 years", 7978 * 365, 7978 * 365 + 1995);
        assert_eq!("90 s".parse::<Span>().unwrap().most, 90);
        assert_eq!("1h30m".parse::<Span>().unwrap().most, 5400);
    }

    #[test]
    fn what_is_no_duration_says_why() {
        let error = |text: &str| text.parse::<Span>().unwrap_err();
        assert_eq!(error(""), "it is empty");
        assert_eq!(error("a week"), "`a week` does not begin with a number");
        assert_eq!(error("604800"), "`604800` has no unit; in seconds it is `604800s`");
        assert_eq!(error("3 fortnights"), "`fortnights` is not a unit");
        assert_eq!(error("99999999999999999999 s"), "`99999999999999999999 s` is too long");
        assert_eq!(error("999999999999999 years"), "`999999999999999 years` is too long");
    }

    fn rule(word: &str, text: &str) -> LifetimeRule {
        let span = text.parse().unwrap();
        match word {
            "max" => LifetimeRule::Max(span),
            "about" => LifetimeRule::About(span),
            _ => LifetimeRule::Exact(span),
        }
    }

    #[track_caller]
    fn allows(rule: &LifetimeRule, seconds: i64, expected: bool) {
        assert_eq!(rule.allows(Lifetime::Seconds(seconds)), expected, "{rule} and {seconds} s");
    }

    #[test]
    fn a_bound_may_be_missed_by_a_minute_or_a_hundredth() {
        let day = rule("exact", "24h");
        allows(&day, DAY, true);
        allows(&day, DAY + 864, true);
        allows(&day, DAY + 865, false);
        allows(&day, DAY - 864, true);
        allows(&day, DAY - 865, false);
        allows(&rule("exact", "5 minutes"), 360, true);
        allows(&rule("exact", "5 minutes"), 361, false);
        allows(&rule("exact", "1 month"), 28 * DAY, true);
        allows(&rule("exact", "1 month"), 31 * DAY, true);
        allows(&rule("exact", "1 year"), 400 * DAY, false);
        assert!(!day.allows(Lifetime::Session));
    }

    #[test]
    fn two_statements_agree_or_do_not() {
        let exact = |text| rule("exact", text);
        let max = |text| rule("max", text);
        let either = |rules: &[LifetimeRule]| LifetimeRule::Either(rules.to_vec());
        let session = || LifetimeRule::Session;
        for (declared, published, agree) in [
            (exact("1 year"), exact("365 days"), true),
            (exact("12 months"), exact("1 year"), true),
            (exact("7 days"), exact("30 days"), false),
            (exact("7 days"), max("7 days"), true),
            (exact("7 days"), max("1 year"), true),
            (exact("30 days"), max("7 days"), false),
            (max("30 days"), exact("7 days"), false),
            (max("7 days"), exact("7 days"), true),
            (exact("330 days"), rule("about", "1 year"), true),
            (session(), exact("1 day"), false),
            (exact("1 day"), session(), false),
            (session(), max("1 day"), true),
            (session(), session(), true),
            (either(&[session(), max("30 days")]), session(), false),
            (either(&[session(), max("30 days")]), exact("30 days"), true),
            (session(), either(&[session(), exact("30 days")]), true),
            (exact("7 days"), either(&[session(), exact("30 days")]), false),
            (LifetimeRule::Unbounded, exact("1 year"), true),
            (LifetimeRule::Unbounded, session(), false),
            (exact("1 year"), LifetimeRule::Unbounded, true),
            (session(), LifetimeRule::Unbounded, false),
            (LifetimeRule::UntilLogout, session(), true),
            (session(), LifetimeRule::UntilLogout, true),
        ] {
            assert_eq!(
                declared.agrees_with_published(&published),
                agree,
                "{declared}; published: {published}"
            );
        }
    }

    #[test]
    fn an_upper_bound_takes_everything_shorter() {
        let week = rule("max", "7 days");
        allows(&week, 1, true);
        allows(&week, 7 * DAY, true);
        allows(&week, 30 * DAY, false);
        assert!(week.allows(Lifetime::Session));
    }

    #[test]
    fn every_word_of_the_manifest_is_judged() {
        allows(&rule("about", "1 year"), 330 * DAY, true);
        allows(&rule("about", "1 year"), 300 * DAY, false);
        let range = LifetimeRule::Range("1h".parse().unwrap(), "2h".parse().unwrap());
        allows(&range, 5400, true);
        allows(&range, 3 * HOUR, false);
        allows(&LifetimeRule::Session, 60, false);
        assert!(LifetimeRule::Session.allows(Lifetime::Session));
        let either = LifetimeRule::Either(vec![LifetimeRule::Session, rule("max", "30 days")]);
        assert!(either.allows(Lifetime::Session));
        allows(&either, 31 * DAY, false);
        assert!(!LifetimeRule::Unbounded.allows(Lifetime::Session));
        allows(&LifetimeRule::Unbounded, i64::MAX, true);
        assert!(LifetimeRule::UntilLogout.allows(Lifetime::Session));
        allows(&LifetimeRule::Session, 0, true);
        allows(&LifetimeRule::Session, -1, true);
    }

    #[test]
    fn the_upper_bound_of_alternatives_is_the_longest() {
        let week = rule("max", "7 days");
        assert_eq!(
            LifetimeRule::Either(vec![LifetimeRule::Session, week.clone()]).upper_bound(),
            Some(7 * DAY)
        );
        assert_eq!(LifetimeRule::Either(vec![LifetimeRule::Unbounded, week]).upper_bound(), None);
        assert_eq!(LifetimeRule::Session.upper_bound(), None);
    }
}
