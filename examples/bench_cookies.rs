//! Set-Cookie lines per second: ours against the parser of the `cookie` crate.
//!
//!     cargo run --release --example bench_cookies
//!
//! The lines are those of the vectors, and of a recorded corpus where `COOKIEPROOF_SHARED` names
//! one; only lines that both can read (UTF-8, and with a name). Rounds alternate and the best of each counts, so
//! that what else the machine does disturbs both alike.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use cookieproof::cookie::{CookieLine, Initiator, Jar, RequestContext, ThirdPartyCookies};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use url::Url;

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(200);
const NOW: f64 = 1_795_304_000.0;

fn main() {
    let lines = lines();
    let url = Url::parse("https://www.example.org/app/page").unwrap();
    let context = RequestContext {
        url,
        initiator: Initiator::Navigation,
        third_party: ThirdPartyCookies::Block,
        response_date: None,
        now: NOW,
    };
    let (mut theirs, mut ours, mut judged) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        theirs = theirs.max(rate(&lines, |line| black_box(cookie::Cookie::parse(black_box(line))).is_ok()));
        ours = ours.max(rate(&lines, |line| {
            let parsed = CookieLine::parse(black_box(line.as_bytes()));
            black_box(parsed.written(None, NOW)).secure
        }));
        let mut jar = Jar::default();
        judged = judged.max(rate(&lines, |line| {
            black_box(jar.receive(black_box(line.as_bytes()), &context)).1.effective().is_some()
        }));
    }
    println!("{} different lines, best of {ROUNDS} rounds, million lines per second", lines.len());
    println!("  cookie crate, parsed                        {:.2}", theirs / 1e6);
    println!("  cookieproof, taken apart and read           {:.2}  ({:.2} times)", ours / 1e6, ours / theirs);
    println!(
        "  cookieproof, and judged, with a jar         {:.2}  ({:.2} times)",
        judged / 1e6,
        judged / theirs
    );
}

/// Lines per second over one round.
fn rate(lines: &[String], mut read: impl FnMut(&str) -> bool) -> f64 {
    let began = Instant::now();
    let (mut count, mut taken) = (0_usize, 0_usize);
    while began.elapsed() < ROUND {
        for line in lines {
            taken += usize::from(read(line));
        }
        count += lines.len();
    }
    black_box(taken);
    count as f64 / began.elapsed().as_secs_f64()
}

fn lines() -> Vec<String> {
    let vectors = include_str!("../tests/vectors/cookies.txt").lines();
    let cases = vectors.filter(|line| line.starts_with("http"));
    let mut lines: Vec<String> =
        cases.filter_map(|case| case.split(" | ").nth(1)).map(str::to_owned).collect();
    if let Some(shared) = std::env::var_os("COOKIEPROOF_SHARED") {
        for file in std::fs::read_dir(PathBuf::from(shared).join("corpus")).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|ending| ending == "jsonl") {
                let text = std::fs::read_to_string(file).unwrap();
                lines.extend(text.lines().flat_map(recorded));
            }
        }
    }
    lines.sort();
    lines.dedup();
    // What browsers look at: an over-long line is refused before anything else.
    lines.retain(|line| line.len() <= 4096 && cookie::Cookie::parse(line.as_str()).is_ok());
    lines
}

/// The lines of a recorded case: one character is one byte.
fn recorded(case: &str) -> Vec<String> {
    let case: serde_json::Value = serde_json::from_str(case).unwrap();
    let lines = case["set_cookie"].as_array().cloned().unwrap_or_default();
    lines
        .iter()
        .filter_map(|line| line.as_str())
        .filter_map(|line| String::from_utf8(line.chars().map(|c| c as u8).collect()).ok())
        .collect()
}
