//! The readers of `fuzz/readers.rs` on the stable compiler: each gets its seeds, whole and changed in the
//! ways that hostile files differ from good ones. So many changes that it takes seconds; for hours:
//!
//!     COOKIEPROOF_FUZZ_SECONDS=3600 cargo test --release --test suite fuzz -- --nocapture
//!
//! The seed of the changes is printed, and what fails is kept, so that both can be made again.

#[path = "../fuzz/readers.rs"]
mod readers;

use cookieproof::config::Format;
use cookieproof::{manifest, plan};
use readers::READERS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Changed inputs of each reader, where no time is said.
const CHANGES: usize = 250;
/// Larger inputs than this only cost time.
const LARGEST: usize = 16 << 10;

/// Numbers that look random and are the same for the same seed (xorshift64*).
struct Lots(u64);

impl Lots {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}

/// What files of all kinds stumble over.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\"",
    b"'",
    b"\\",
    b"<",
    b">",
    b"<!--",
    b"]]>",
    b"&#x0;",
    b"&#1114112;",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[",
    b",",
    b":",
    b"=",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"!!binary ",
    b"|",
    b"#",
    b"*",
    b"**",
    b"$",
    b"${env:A}",
    b"%00",
    b"%",
    b"\xff",
    b"\xc2\x9b",
    b"\xe2\x80\xae",
    b"\xf3\xa0\x81\x81",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551615",
    b"9223372036854775808",
    b"null",
    b"true",
    b"9999-99-99",
    b"-999999999-01-01T00:00:00Z",
    b"http://",
    b"http://[::",
    b"://u:p@",
    b"(a+)+$",
    b"(?:",
    b"Set-Cookie: ",
    b"Expires=",
    b"Max-Age=99999999999999999999",
    b"<a href=",
    b"<base href=",
    b"<svg>",
    b"<script>",
    b"<table><tr><td>",
    b"<urlset><url><loc>",
    b"User-agent: *\nDisallow: ",
    b"||a^$domain=",
];

/// The input with a few changes.
fn changed(seeds: &[Vec<u8>], lots: &mut Lots) -> Vec<u8> {
    let mut bytes = lots.one_of(seeds).clone();
    for _ in 0..=lots.below(6) {
        let at = lots.below(bytes.len() + 1);
        let end = (at + 1 + lots.below(24)).min(bytes.len());
        match lots.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at.min(end)..end)),
            2 if at < bytes.len() => bytes[at] = lots.next() as u8,
            3 => {
                let piece = bytes[at.min(end)..end].to_vec();
                let times = 1 + lots.below(40);
                bytes.splice(at..at, piece.repeat(times));
            }
            4 => {
                let other = lots.one_of(seeds);
                let from = lots.below(other.len() + 1);
                let to = (from + lots.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                let word = lots.one_of(WORDS);
                let times = if lots.below(10) == 0 { 300 } else { 1 };
                bytes.splice(at..at, word.repeat(times));
            }
            _ => {
                let word = lots.one_of(WORDS);
                bytes.splice(at.min(end)..end, word.iter().copied());
            }
        }
    }
    bytes.truncate(LARGEST);
    bytes
}

/// The seeds of a reader: the files of its folder, in their order.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/fuzz").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn readers_hold_whatever_they_are_given() {
    let seconds: Option<u64> =
        std::env::var("COOKIEPROOF_FUZZ_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    let each = seconds.map(|seconds| Duration::from_secs(seconds) / READERS.len() as u32);
    let seed = std::env::var("COOKIEPROOF_FUZZ_SEED").map_or(20_240_229, |seed| seed.parse().unwrap());
    println!("COOKIEPROOF_FUZZ_SEED={seed}");
    let mut wrong = Vec::new();
    for (name, reader) in READERS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let mut lots = Lots(seed);
        let began = Instant::now();
        let mut made = 0;
        let more = |made: usize| match each {
            Some(each) => began.elapsed() < each,
            None => made < CHANGES,
        };
        while made < seeds.len() || more(made) {
            let input = seeds.get(made).cloned().unwrap_or_else(|| changed(&seeds, &mut lots));
            made += 1;
            if catch_unwind(AssertUnwindSafe(|| reader(&input))).is_err() {
                let kept = std::env::temp_dir().join(format!("cookieproof-fuzz-{name}-{made}"));
                std::fs::write(&kept, &input).unwrap();
                wrong.push(format!("{name}: {}", kept.display()));
                break;
            }
        }
        println!("{name}: {made} inputs in {:.1} s", began.elapsed().as_secs_f64());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_seeds_are_what_they_are_called() {
    let text = |name: &str| {
        let texts = seeds(name).into_iter().map(|seed| String::from_utf8(seed).unwrap());
        texts.collect::<Vec<_>>()
    };
    for scan in text("scan") {
        assert!(cookieproof::observation::Scan::read(scan.as_bytes()).is_ok(), "{scan}");
    }
    for har in text("har") {
        assert!(cookieproof::engine::replay::Recording::read(&har).is_ok(), "{har}");
    }
    for (name, format) in [("toml", Format::Toml), ("yaml", Format::Yaml), ("json", Format::Json)] {
        let texts = text(name);
        assert!(texts.iter().any(|text| manifest::read(text, "m", format).0.is_some()), "{name}");
        assert!(texts.iter().any(|text| plan::read(text, "p", format).0.is_some()), "{name}");
    }
}
