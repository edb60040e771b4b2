//! Plain words for what messages have in common.

use crate::cookie::{Browser, Elsewhere, Lifetime, Reason, Reasons};
use crate::observation::{SafeUrl, Sighting, StorageKind};

const DAY: i64 = 86_400;

/// `7 days`, `90 minutes`, `86,401 seconds`: the largest unit that divides it.
pub(crate) fn duration(seconds: i64) -> String {
    // Unit, its word, and the most of it that tells anybody anything.
    const UNITS: &[(i64, &str, i64)] =
        &[(86_400, "day", i64::MAX), (3_600, "hour", 999), (60, "minute", 2_880)];
    for (size, name, most) in UNITS {
        if seconds >= *size && seconds % size == 0 && seconds / size <= *most {
            let number = seconds / size;
            return format!("{number} {name}{}", if number == 1 { "" } else { "s" });
        }
    }
    const YEAR: i64 = 31_557_600;
    if seconds >= 3 * YEAR {
        return format!("{seconds} s (about {} years)", seconds.saturating_add(YEAR / 2) / YEAR);
    }
    if seconds >= 2 * 86_400 {
        return format!("{seconds} s (about {} days)", (seconds + 43_200) / 86_400);
    }
    format!("{seconds} s")
}

/// How long a line asks to be kept.
pub(crate) fn lifetime(lifetime: Lifetime) -> String {
    match lifetime {
        Lifetime::Session => "for the browser session".to_owned(),
        Lifetime::Seconds(seconds) => duration(seconds),
    }
}

/// The same of what was seen; a fixed date is said as what it is, for it says the same every day.
pub(crate) fn lives(seen: &Sighting) -> String {
    match (seen.fixed_date(), seen.written.lifetime) {
        (Some(date), Lifetime::Seconds(seconds)) => {
            let about = match (seconds + DAY / 2) / DAY {
                ..=1 => "a day or less".to_owned(),
                days @ ..=730 => format!("about {days} days"),
                days => format!("about {} years", (days * 4 + 730) / 1461),
            };
            format!("until {date} ({about})")
        }
        (_, written) => lifetime(written),
    }
}

/// Where something is kept.
pub(crate) fn storage(kind: StorageKind) -> &'static str {
    match kind {
        StorageKind::Cookie => "a cookie",
        kind => kind.in_words(),
    }
}

/// The path of a URL, for messages; the URL itself where it is none.
pub(crate) fn path(url: &SafeUrl) -> String {
    url.parsed().map_or_else(|| url.to_string(), |url| url.path().to_owned())
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 2 more`.
pub(crate) fn and<T: AsRef<str>>(things: impl IntoIterator<Item = T>) -> String {
    listed(things.into_iter().map(|thing| format!("`{}`", thing.as_ref())))
}

/// The same of what has its quotes where it needs them.
pub(crate) fn listed<T: std::fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    let things: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    match things.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if things.len() <= 4 => format!("{} and {last}", first.join(", ")),
        many => format!("{} and {} more", many[..3].join(", "), many.len() - 3),
    }
}

/// That a line is refused, why, and which browser does: of the other one only what was predicted is known.
pub(crate) fn thrown_away(reasons: &[Reason], other: Option<&Elsewhere>) -> String {
    let why = Reasons::in_words(reasons);
    match other.filter(|other| other.decision.effective().is_some()) {
        None => format!("is thrown away by browsers ({why})"),
        Some(other) => {
            format!(
                "is thrown away by {} ({why}), and {} (predicted) keeps it",
                Browser::Chromium,
                other.browser
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::testing::{Site, line};

    #[test]
    fn a_date_is_said_with_how_far_away_it_is() {
        let lives = |date: &str| {
            let scan = Site::plain().when(line(&format!("theme=dark; Expires={date} 00:00:00 GMT"))).scan();
            super::lives(&scan.observations[0].groups[0].example)
        };
        assert!(lives("Thu, 21 Oct 2027").ends_with("(about 553 days)"), "{}", lives("Thu, 21 Oct 2027"));
        assert!(lives("Sun, 01 Jan 2034").ends_with("(about 8 years)"), "{}", lives("Sun, 01 Jan 2034"));
        assert!(lives("Fri, 17 Apr 2026").ends_with("(a day or less)"), "{}", lives("Fri, 17 Apr 2026"));
    }

    use super::*;

    #[test]
    fn durations_are_said_in_their_largest_unit() {
        assert_eq!(duration(604_800), "7 days");
        assert_eq!(duration(86_400), "1 day");
        assert_eq!(duration(5_400), "90 minutes");
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(31_536_001), "31536001 s (about 365 days)");
        assert_eq!(duration(3_732_888 * 60), "223973280 s (about 7 years)");
        assert_eq!(duration(i64::MAX), "9223372036854775807 s (about 292271023045 years)");
        assert_eq!(lifetime(Lifetime::Session), "for the browser session");
    }

    #[test]
    fn lists_end_in_and() {
        assert_eq!(and(["a"]), "`a`");
        assert_eq!(and(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(and(["a", "b", "c", "d", "e"]), "`a`, `b`, `c` and 2 more");
    }
}
