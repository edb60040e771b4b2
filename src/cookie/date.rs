//! Cookie dates (RFC 6265bis 5.1.1, as Chromium reads them) and the server's clock.

/// Seconds since the epoch, or none where a browser reads no date.
///
/// Where Chromium is not the RFC: a token with something behind its number is no number
/// (`2027x`), a year has one to five digits, and a year before 1601 is long ago rather than wrong.
pub fn parse_cookie_date(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        if !token[0].is_ascii_digit() {
            month = month.or_else(|| month_of(token));
        } else if token.contains(&b':') {
            time = time.or_else(|| clock(token));
        } else if day.is_none() && token.len() <= 2 {
            day = Some(number(token)?);
        } else if year.is_none() && token.len() <= 5 {
            year = Some(number(token)?);
        }
    }
    let (time, day, month) = (time?, day?, month?);
    let year = match year? {
        short @ 0..=69 => short + 2000,
        short @ 70..=99 => short + 1900,
        year => year,
    };
    let (hour, minute, second) = time;
    if hour > 23 || minute > 59 || second > 59 || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    Some(days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Everything printable but letters, digits and the colon; and TAB (RFC 6265bis 5.1.1).
pub(super) fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// January is 1; the first three letters count, in whatever case.
pub(super) fn month_of(token: &[u8]) -> Option<i64> {
    const MONTHS: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let start = token.get(..3)?;
    let at = MONTHS.chunks(3).position(|month| start.eq_ignore_ascii_case(month))?;
    i64::try_from(at + 1).ok()
}

/// `hh:mm:ss` of any number of digits each, and nothing behind.
fn clock(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.split(|byte| *byte == b':');
    let time = (number(fields.next()?)?, number(fields.next()?)?, number(fields.next()?)?);
    fields.next().is_none().then_some(time)
}

/// A number of nothing but digits; a long one saturates.
fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

/// Days of a month of the Gregorian calendar, the year counted in full.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Counted in years that begin in
/// March, so that the leap day is the last one of its year; day and month may lie outside their
/// ranges and then move on.
pub(super) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_cookie_date;

    #[test]
    fn days_are_counted() {
        for (text, seconds) in [
            ("1 Jan 1970 00:00:00", 0),
            ("31 Dec 1969 23:59:59", -1),
            ("29 Feb 2000 12:00:00", 951_825_600),
            ("1 Mar 1900 00:00:00", -2_203_891_200),
            ("3 Feb 2027 11:18:02", 1_801_653_482),
            ("31 Dec 9999 23:59:59", 253_402_300_799),
        ] {
            assert_eq!(parse_cookie_date(text.as_bytes()), Some(seconds), "{text}");
        }
    }
}
