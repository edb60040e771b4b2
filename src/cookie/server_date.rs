//! The `Date` header of a response, read as leniently as Chromium reads it.
//!
//! Chromium measures `Expires` against the server's own clock, so a header that hardly anybody
//! looks at decides how long cookies live. It is read by the parser that Netscape left behind: any
//! order, numeric dates, zones by name and offset, am and pm, days that do not exist rolled over.

use super::date::{days_since_epoch, month_of};

/// Seconds since the epoch, or none where no date can be found in it.
pub(crate) fn server_date(text: &[u8]) -> Option<i64> {
    let mut reading = Reading { text, at: 0, ..Reading::default() };
    reading.read();
    reading.seconds()
}

/// What was found so far, and where the reader stands.
#[derive(Default)]
struct Reading<'text> {
    text: &'text [u8],
    at: usize,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    /// Hour, minute, second.
    clock: Option<(i64, i64, i64)>,
    /// A zone's name was seen; only GMT may be followed by an offset.
    zone: Option<Zone>,
    /// Minutes east of Greenwich, as an offset in digits.
    offset: Option<i64>,
}

/// A zone by name: minutes east of Greenwich.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Zone(i64);

/// 1601-01-01 00:00:00, Chromium's zero: a clock that shows it shows nothing.
const NO_TIME: i64 = -11_644_473_600;

const GMT: Zone = Zone(0);

impl<'text> Reading<'text> {
    fn read(&mut self) {
        // Every round takes at least one byte.
        while self.at < self.text.len() {
            match self.byte(0) {
                letter if letter.is_ascii_alphabetic() => self.word(),
                b'+' | b'-' => self.zone_offset(),
                digit if digit.is_ascii_digit() => self.number(),
                _ => {}
            }
            self.skip_token();
            self.skip_delimiters();
        }
    }

    /// A month or a zone; names of days mean nothing, nor does any other word.
    fn word(&mut self) {
        let word = &self.text[self.at..];
        if let Some(month) = month_of(word) {
            if self.month.is_none() {
                self.month = Some(month);
            }
        } else if self.zone.is_none() {
            self.zone = zone_of(word);
        }
    }

    /// `+0100`, `-05`, `+1`: only one, and only alone or after GMT.
    fn zone_offset(&mut self) {
        let east = self.byte(0) == b'+';
        self.at += 1;
        if self.offset.is_some() || self.zone.is_some_and(|zone| zone != GMT) {
            return;
        }
        let digits = self.digits(self.at);
        let number = value(digits);
        let minutes = match digits.len() {
            4 => number / 100 * 60 + number % 100,
            1 | 2 => number * 60,
            _ => return,
        };
        self.offset = Some(if east { minutes } else { -minutes });
        self.zone = Some(GMT);
    }

    /// A clock, a date in digits, a year or a day.
    fn number(&mut self) {
        let digits = self.digits(self.at);
        let (count, number) = (digits.len(), value(digits));
        let next = self.byte(count);
        if next == b':' {
            self.clock(count, number);
        } else if matches!(next, b'/' | b'-') && self.byte(count + 1).is_ascii_digit() {
            self.numeric_date();
        } else if next.is_ascii_alphabetic() {
            // Digits with letters behind are neither.
        } else if matches!(count, 4 | 5) {
            self.year = self.year.or(Some(number));
        } else if count == 2 && (self.day.is_some() || number > 31) {
            self.year = self.year.or(Some(in_full(number)));
        } else if matches!(count, 1 | 2) {
            self.day = self.day.or(Some(number));
        }
    }

    /// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, with `Z`, am or pm behind.
    fn clock(&mut self, count: usize, hour: i64) {
        if self.clock.is_some() || count > 2 {
            return;
        }
        let mut at = self.at + count + 1;
        let minutes = self.digits(at);
        if minutes.is_empty() || minutes.len() > 2 {
            return;
        }
        at += minutes.len();
        at += usize::from(self.text.get(at) == Some(&b':'));
        let seconds = self.digits(at);
        if seconds.len() > 2 {
            return;
        }
        at += seconds.len();
        if self.text.get(at) == Some(&b'.') {
            at += 1 + self.digits(at + 1).len();
        }
        let mut hour = hour;
        if self.text.get(at) == Some(&b'Z') {
            self.zone = Some(GMT);
        } else if hour <= 12 {
            let rest = self.text[at..].trim_ascii_start();
            match rest.get(..2).map(<[u8]>::to_ascii_lowercase).as_deref() {
                Some(b"pm") if hour != 12 => hour += 12,
                Some(b"am") if hour == 12 => hour = 0,
                _ => {}
            }
        }
        self.clock = Some((hour, value(minutes), value(seconds)));
        self.at = at;
    }

    /// `6/16/95`, `16/6/95`, `1995-06-22`: three numbers with `/` or `-` between them. The first
    /// is the year where it can be no day, the day where it can be no month, else the month.
    fn numeric_date(&mut self) {
        if self.month.is_some() {
            return;
        }
        let first = self.digits(self.at);
        let mut at = self.at + first.len() + 1;
        let second = self.digits(at);
        at += second.len();
        if !matches!(first.len(), 1 | 2 | 4) || !matches!(second.len(), 1 | 2) {
            return;
        }
        if !matches!(self.text.get(at), Some(b'/' | b'-')) {
            return;
        }
        at += 1;
        let third = self.digits(at);
        at += third.len();
        if !matches!(third.len(), 1 | 2 | 4 | 5) {
            return;
        }
        let iso_time =
            self.text.get(at) == Some(&b'T') && self.text.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !iso_time && self.text.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            return;
        }
        let (first, second, third) = (value(first), value(second), value(third));
        if first > 31 || first == 0 {
            if second > 12 || third > 31 {
                return;
            }
            (self.year, self.month, self.day) = (Some(in_full(first)), Some(second), Some(third));
        } else if first > 12 && second <= 12 {
            (self.year, self.month, self.day) = (Some(in_full(third)), Some(second), Some(first));
        } else if first <= 12 {
            (self.year, self.month, self.day) = (Some(in_full(third)), Some(first), Some(second));
        }
        self.at = at;
    }

    fn skip_token(&mut self) {
        while self.at < self.text.len() && !self.is_token_end() {
            self.at += 1;
        }
    }

    fn is_token_end(&self) -> bool {
        match self.byte(0) {
            b' ' | b'\t' | b',' | b';' | b'-' | b'+' | b'/' | b'(' | b')' | b'[' | b']' => true,
            // ISO 8601 puts a T between date and time.
            b'T' => self.byte(1).is_ascii_digit(),
            _ => false,
        }
    }

    /// Blanks and brackets; also a `-` that can begin no offset, and the T of ISO 8601.
    fn skip_delimiters(&mut self) {
        loop {
            while matches!(self.byte(0), b' ' | b'\t' | b',' | b';' | b'/' | b'(' | b')' | b'[' | b']') {
                self.at += 1;
            }
            let after_word = self.at > 0 && self.text[self.at - 1].is_ascii_alphabetic();
            let joins = (after_word && self.year.is_none()) || !self.byte(1).is_ascii_digit();
            if self.byte(0) == b'-' && joins {
                self.at += 1;
            } else {
                break;
            }
        }
        if self.byte(0) == b'T' && self.byte(1).is_ascii_digit() {
            self.at += 1;
        }
    }

    /// The byte so far ahead; 0 behind the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The digits from here on.
    fn digits(&self, at: usize) -> &'text [u8] {
        let rest = self.text.get(at..).unwrap_or_default();
        &rest[..rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())]
    }

    fn seconds(&self) -> Option<i64> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        if year > i64::from(i16::MAX) {
            return None;
        }
        let (hour, minute, second) = self.clock.unwrap_or_default();
        let zone = self.offset.or(self.zone.map(|zone| zone.0)).unwrap_or_default();
        let days = days_since_epoch(year, month, day);
        let seconds = days * 86_400 + hour * 3600 + (minute - zone) * 60 + second;
        (seconds != NO_TIME).then_some(seconds)
    }
}

/// Zones of North America, Europe and Japan; no others are known to it.
fn zone_of(word: &[u8]) -> Option<Zone> {
    const ZONES: [(&[u8; 3], i64); 15] = [
        (b"pst", -480),
        (b"pdt", -420),
        (b"mst", -420),
        (b"mdt", -360),
        (b"cst", -360),
        (b"cdt", -300),
        (b"est", -300),
        (b"edt", -240),
        (b"ast", -240),
        (b"nst", -210),
        (b"gmt", 0),
        (b"bst", 60),
        (b"met", 60),
        (b"eet", 120),
        (b"jst", 540),
    ];
    if let [first, second, rest @ ..] = word
        && [*first, *second].eq_ignore_ascii_case(b"ut")
        && !rest.first().is_some_and(u8::is_ascii_alphabetic)
    {
        return Some(GMT);
    }
    let start = word.get(..3)?;
    ZONES.iter().find(|(name, _)| start.eq_ignore_ascii_case(*name)).map(|(_, minutes)| Zone(*minutes))
}

/// A year of two digits in this century or the last.
fn in_full(year: i64) -> i64 {
    match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    }
}

/// The number of these digits; a long one saturates.
fn value(digits: &[u8]) -> i64 {
    digits.iter().fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::server_date;

    #[test]
    fn dates_of_servers() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Sun, 06 Nov 1994 08:49:37", Some(784_111_777)),
            ("Sun, 06 Nov 1994 09:49:37 +0100", Some(784_111_777)),
            ("Sun, 06 Nov 1994 03:49:37 EST", Some(784_111_777)),
            ("Sun, 06 Nov 1994 04:49:37 EDT", Some(784_111_777)),
            ("Sun, 06 Nov 1994 04:49:37 -0400", Some(784_111_777)),
            ("1994-11-06T08:49:37Z", Some(784_111_777)),
            ("1994-11-06T08:49:37.25Z", Some(784_111_777)),
            ("11/06/94 8:49:37 am", Some(784_111_777)),
            ("94/11/06 08:49:37", Some(784_111_777)),
            ("6 Nov 1994", Some(784_080_000)),
            ("30 Feb 2026 00:00:00 GMT", Some(1_772_409_600)),
            ("nonsense", None),
            ("", None),
            ("2026", None),
            ("Sun, 06 Nov", None),
            ("1795304317", None),
        ] {
            assert_eq!(server_date(text.as_bytes()), seconds, "{text}");
        }
    }
}
