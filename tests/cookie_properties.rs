//! What must hold for any `Set-Cookie` line, date and sequence of responses. The same functions are
//! the targets of `cargo fuzz`.

#[path = "../fuzz/properties.rs"]
mod properties;

use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Pieces that lines are made of, so that chance finds the rules.
const PIECES: &[&str] = &[
    "a",
    "=",
    ";",
    "; ",
    " ",
    "\t",
    "\r",
    "\0",
    "\x01",
    "\"",
    "%",
    ".",
    "/",
    "é",
    "__Host-",
    "__secure-",
    "__Http-",
    "Domain=",
    "site.example",
    ".example",
    "www.",
    "127.0.0.1",
    "Path=",
    "/a",
    "Secure",
    "HttpOnly",
    "SameSite=",
    "None",
    "Lax",
    "Strict",
    "Partitioned",
    "Priority=",
    "Low",
    "Max-Age=",
    "0",
    "-1",
    "+5",
    "99999999999999999999",
    "Expires=",
    "Wed, ",
    "3 ",
    "Feb ",
    "2027 ",
    "11:18:02",
    " GMT",
    "31 ",
    "24:00:00",
    "1970 ",
];

fn soup(separator: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        9 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => Just(separator.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines(bytes in soup(";")) {
        properties::line(&bytes);
    }

    #[test]
    fn any_bytes_are_a_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        properties::line(&bytes);
    }

    #[test]
    fn dates(bytes in soup(" ")) {
        properties::date(&bytes);
    }

    #[test]
    fn dates_of_the_calendar(day in 0..33, month in 0..12_usize, year in 0..100_000, hour in 0..26) {
        const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
        properties::date(format!("{day}-{}-{year} {hour}:59:00", &MONTHS[month * 3..][..3]).as_bytes());
    }

    #[test]
    fn acceptance(bytes in soup("\n")) {
        properties::acceptance(&bytes);
    }
}

/// Sixteen times the bytes take about sixteen times as long, and not 256 times: as long as sixteen readings of
/// one sixteenth, read at the same time. Once in a few tries is enough, so that a busy machine does not count.
#[test]
fn reading_takes_time_in_proportion() {
    fn readings(text: &str, times: u32) -> Duration {
        let began = Instant::now();
        for _ in 0..times {
            properties::line(text.as_bytes());
            properties::date(text.as_bytes());
        }
        began.elapsed()
    }
    for piece in ["a", ";", "=", "; Secure", "; a=b", "; Expires=3 Feb 2027 11:18:02", "\n", "\x1b", "1:"] {
        let few = piece.repeat((1 << 13) / piece.len());
        let many = few.repeat(16);
        let in_proportion = (0..20).any(|_| readings(&many, 1) < readings(&few, 16) * 5);
        assert!(in_proportion, "{piece:?}: 128 KiB take more than five times as long as sixteen times 8 KiB");
    }
}
