//! The words the reports use for values: short, plain, the same in every format.

use crate::audit::{Evidence, Severity, Why};
use crate::cookie::{Browser, Decision, Elsewhere, Lifetime, Reason, Reasons, SameSite, ThirdPartyCookies};
use crate::observation::{
    BrowserRun, Cell, Consent, DeadEndKind, Engine, FailureKind, Phase, Sighting, SkipReason,
};

/// A lifetime in words: `session`, `90 min`, `364 days`.
pub(crate) fn lifetime(lifetime: &Lifetime) -> String {
    match lifetime {
        Lifetime::Session => "session".into(),
        Lifetime::Seconds(seconds) if *seconds <= 0 => "expired".into(),
        Lifetime::Seconds(seconds) => duration(*seconds),
    }
}

/// Seconds in the largest unit that fits them within a minute: `90 min`, `364 days`, `1 year`.
pub(crate) fn duration(seconds: i64) -> String {
    const DAY: i64 = 86_400;
    // Unit, its word, from and below which it is said, and how exactly.
    for (unit, name, least, below, slack) in [
        (365 * DAY, "year", 365 * DAY, i64::MAX, 60),
        (DAY, "day", DAY, i64::MAX, 60),
        (3_600, "h", 3_600, 100 * DAY, 5),
        (60, "min", 120, 2 * DAY, 0),
    ] {
        let count = seconds.saturating_add(unit / 2) / unit;
        if (least..below).contains(&seconds) && (seconds - count * unit).abs() <= slack {
            return match name {
                "h" | "min" => format!("{count} {name}"),
                _ => count_of(count.unsigned_abs(), name),
            };
        }
    }
    match seconds {
        ..7_200 => format!("{seconds} s"),
        7_200..172_800 => format!("{:.1} h", seconds as f64 / 3_600.0),
        94_672_800.. => format!("{:.1} years", seconds as f64 / 31_557_600.0),
        2_592_000.. => format!("{} days", (seconds + 43_200) / 86_400),
        _ => format!("{:.1} days", seconds as f64 / 86_400.0),
    }
}

/// `1 page`, `2 pages`.
pub(crate) fn count_of(count: u64, noun: &str) -> String {
    match (count, noun) {
        (1, _) => format!("1 {noun}"),
        (_, noun) if noun.ends_with('y') && !noun.ends_with("ay") => {
            format!("{count} {}ies", noun.trim_end_matches('y'))
        }
        _ => format!("{count} {noun}s"),
    }
}

/// `once`, `twice`, `3 times`.
pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}

pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

pub(crate) fn same_site(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Login => "login",
        Phase::Crawl => "crawl",
        Phase::Journey => "journey",
        Phase::Probe => "probe",
        Phase::Logout => "logout",
        Phase::AfterLogout => "after logout",
    }
}

/// What a visitor had said about cookies, for people.
pub(crate) fn consent(consent: &Consent) -> String {
    match consent {
        Consent::Untouched => "before an answer".into(),
        Consent::Accepted => "accepted".into(),
        Consent::Rejected => "rejected".into(),
        Consent::Category(category) => format!("accepted for {category}"),
        Consent::Withdrawn => "withdrawn".into(),
    }
}

/// How long after its page was loaded something was put on the device, in whole seconds; none where it
/// came with the page.
pub(crate) fn seconds_after_load(sighting: &Sighting) -> Option<u64> {
    let seconds = (sighting.after_load_ms? + 500) / 1000;
    (seconds > 0).then_some(seconds)
}

/// Who, and what made the moment special: `member, login`, `anonymous, consent accepted`.
pub(crate) fn cell(cell: &Cell) -> String {
    let mut words = cell.persona.clone();
    if cell.phase != Phase::Crawl {
        words.push_str(", ");
        words.push_str(phase(cell.phase));
    }
    if cell.consent != Consent::Untouched {
        words.push_str(", consent ");
        words.push_str(&consent(&cell.consent));
    }
    if cell.engine == Engine::Browser {
        words.push_str(", browser");
    }
    match cell.third_party {
        None => {}
        Some(ThirdPartyCookies::Allow) => words.push_str(", third-party cookies kept"),
        Some(ThirdPartyCookies::Block) => words.push_str(", third-party cookies blocked"),
    }
    words
}

/// A piece of evidence in one line: the request, who made it, how often, and what was seen.
pub(crate) fn evidence(seen: &Evidence) -> String {
    let who = cell(&seen.cell);
    let at = match (&seen.exchange, &seen.page) {
        (Some(at), _) => format!("{} {} -> {} ({who})", at.method, at.url, at.status),
        (None, Some(page)) => format!("{} ({who})", page.asked),
        (None, None) => who,
    };
    let times = if seen.count > 1 { format!(", {}", times(seen.count)) } else { String::new() };
    format!("{at}{times}: {}", super::line::explained(&seen.line))
}

/// A moment for people: `26 November 2026, 04:02 UTC`; as it is where it is none.
pub(crate) fn moment(rfc3339: &str) -> String {
    let Ok(moment) = rfc3339.parse::<jiff::Timestamp>() else { return rfc3339.to_owned() };
    let moment = moment.to_zoned(jiff::tz::TimeZone::UTC);
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(moment.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{} {month} {}, {:02}:{:02} UTC", moment.day(), moment.year(), moment.hour(), moment.minute())
}

/// Which third-party cookies a browser kept.
pub(crate) fn mode(browser: &BrowserRun) -> String {
    let mode = match browser.third_party_cookies.as_slice() {
        [ThirdPartyCookies::Block] => "third-party cookies blocked",
        [ThirdPartyCookies::Allow] => "third-party cookies kept",
        _ => "third-party cookies blocked and kept in turn",
    };
    if browser.tried { format!("{mode} (tried)") } else { format!("{mode} (as asked for, not tried)") }
}

/// The end of "N claims not verified because ...".
pub(crate) fn why(why: Why) -> &'static str {
    match why {
        Why::NeedsBrowser => "only a browser can say",
        Why::NotPlanned => "not in the plan",
        Why::NotReached => "not reached",
        Why::NeverSeen => "never seen",
        Why::NeedsPreviousScan => "needs a second scan",
    }
}

/// What happened to pages that were skipped: "12 ...".
pub(crate) fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Robots => "closed by robots.txt",
        SkipReason::OutOfScope => "outside the site",
        SkipReason::Excluded => "excluded by the plan",
        SkipReason::PageLimit => "beyond the limit of pages",
        SkipReason::DepthLimit => "beyond the limit of depth",
        SkipReason::ShapeLimit => "more of the same shape",
        SkipReason::LogsOut => "would log out",
        SkipReason::CarriesToken => "with a token that lets it act",
        SkipReason::ChangesData => "would change data",
        SkipReason::MayAct => "may act, left alone",
        SkipReason::Alike => "taken as alike by the browser",
        SkipReason::NotHtml => "not HTML",
        SkipReason::SessionLost => "not seen logged in, since the session was lost there",
        SkipReason::TimeLimit => "left when the time was up",
        SkipReason::Interrupted => "left when interrupted",
    }
}

/// What went wrong with pages that failed.
pub(crate) fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Dns => "host name not found",
        FailureKind::Refused => "connection refused",
        FailureKind::Connect => "no connection",
        FailureKind::Tls => "TLS failed",
        FailureKind::Timeout => "timed out",
        FailureKind::RedirectLoop => "redirects in a loop",
        FailureKind::TooManyRedirects => "too many redirects",
        FailureKind::UnreadableHead => "unreadable response head",
        FailureKind::BodyTooLarge => "body too large",
        FailureKind::Truncated => "broke off",
        FailureKind::ServerError => "server error",
        FailureKind::ClientError => "client error",
        FailureKind::RateLimited => "rate limited",
        FailureKind::BotWall => "bot wall",
        FailureKind::Crashed => "browser crashed",
        FailureKind::Other => "failed",
    }
}

/// Why browsers refuse a cookie, or why one does and what the other does with it.
pub(crate) fn refusal(reasons: &[Reason], other: Option<&Elsewhere>) -> String {
    let why = Reasons::in_words(reasons);
    match other {
        None => format!("browsers refuse it: {why}"),
        Some(other) => format!("{} refuses it: {why}; {}", Browser::Chromium, elsewhere(other)),
    }
}

/// What another browser does with a cookie.
pub(crate) fn elsewhere(other: &Elsewhere) -> String {
    let does = match &other.decision {
        Decision::Stored { effective } | Decision::Replaced { effective } => {
            format!("keeps it: {}", lifetime(&effective.lifetime))
        }
        Decision::Deleted { .. } => "deletes it".to_owned(),
        Decision::Rejected { reasons } => format!("refuses it: {}", Reasons::in_words(reasons)),
    };
    format!("{} (predicted) {does}", other.browser)
}

/// Why a start page leads nowhere, and what would.
pub(super) fn dead_end(kind: DeadEndKind) -> &'static str {
    match kind {
        DeadEndKind::Robots => {
            "robots.txt forbids everything that it leads to; the owner of the site sets `robots = \"ignore\"`"
        }
        DeadEndKind::Script => {
            "only a script leads on from it (it has no links, and hardly a word without scripts); \
             `--engine browser` runs scripts"
        }
        DeadEndKind::NoLinks => {
            "it leads to no other page of the site; `pages.start` in the plan may name more"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_units_people_use() {
        for (seconds, words) in [
            (1, "1 s"),
            (90, "90 s"),
            (120, "2 min"),
            (900, "15 min"),
            (3_600, "1 h"),
            (5_400, "90 min"),
            (86_400, "1 day"),
            (172_800, "2 days"),
            (604_800, "7 days"),
            (604_799, "7 days"),
            (1_209_600, "14 days"),
            (31_449_600, "364 days"),
            (31_536_000, "1 year"),
            (31_540_000, "365 days"),
            (280_000, "3.2 days"),
            (63_072_000, "2 years"),
            (34_560_000, "400 days"),
            (100_000, "27.8 h"),
            (3_732_888 * 60, "7.1 years"),
            (3_000 * 60, "50 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
        assert_eq!(lifetime(&Lifetime::Seconds(0)), "expired");
        assert_eq!(lifetime(&Lifetime::Session), "session");
    }

    #[test]
    fn moments_as_people_write_them() {
        assert_eq!(moment("2026-11-08T04:02:05Z"), "8 November 2026, 04:02 UTC");
        assert_eq!(moment("2026-01-31T23:59:59.5Z"), "31 January 2026, 23:59 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
    }

    #[test]
    fn plurals() {
        assert_eq!(count_of(1, "page"), "1 page");
        assert_eq!(count_of(0, "page"), "0 pages");
        assert_eq!(count_of(3, "day"), "3 days");
        assert_eq!(count_of(3, "party"), "3 parties");
    }
}
