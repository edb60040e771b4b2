//! `tests/vectors/cookies.txt`, read.

use cookieproof::cookie::{Initiator, RequestContext, ThirdPartyCookies};
use url::Url;

/// 2026-11-21 23:33:20 UTC.
pub(crate) const NOW: f64 = 1_795_304_000.0;

/// One case.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    /// Where it stands, for messages.
    pub(crate) at: usize,
    pub(crate) url: Url,
    pub(crate) line: Vec<u8>,
    /// `stored path=/`, `refused InvalidDomain`
    pub(crate) expected: String,
    pub(crate) before: Vec<(Url, Vec<u8>)>,
    pub(crate) date: Option<Vec<u8>>,
    pub(crate) within: Option<Url>,
    pub(crate) third_party: ThirdPartyCookies,
    pub(crate) sends: Option<(Url, Vec<u8>)>,
}

impl Vector {
    /// The request that brings the line.
    pub(crate) fn context(&self, now: f64) -> RequestContext {
        let initiator = match &self.within {
            Some(top_url) => Initiator::Subresource { top_url: top_url.clone() },
            None => Initiator::Navigation,
        };
        RequestContext { initiator, response_date: self.date.clone(), ..self.visit(&self.url, now) }
    }

    /// A visit to a URL, with this case's settings.
    pub(crate) fn visit(&self, url: &Url, now: f64) -> RequestContext {
        RequestContext {
            url: url.clone(),
            initiator: Initiator::Navigation,
            third_party: self.third_party,
            response_date: None,
            now,
        }
    }
}

/// All cases of the file.
pub(crate) fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    for (number, text) in include_str!("../vectors/cookies.txt").lines().enumerate() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match text.strip_prefix("  ") {
            None => vectors.push(case(number + 1, text)),
            Some(more) => add(vectors.last_mut().unwrap(), more),
        }
    }
    vectors
}

fn case(at: usize, text: &str) -> Vector {
    let [url, line, expected] = text.splitn(3, " | ").collect::<Vec<_>>()[..] else {
        panic!("line {at}: URL | LINE | EXPECTED");
    };
    Vector {
        at,
        url: Url::parse(url).unwrap(),
        line: unescaped(line),
        expected: String::from_utf8(unescaped(&expected.replace('\\', "\\\\"))).unwrap(),
        before: Vec::new(),
        date: None,
        within: None,
        third_party: ThirdPartyCookies::Block,
        sends: None,
    }
}

fn add(vector: &mut Vector, more: &str) {
    let (word, rest) = more.split_once(' ').unwrap();
    let pair = || {
        let (url, bytes) = rest.split_once(" | ").unwrap();
        (Url::parse(url).unwrap(), unescaped(bytes))
    };
    match word {
        "before" => vector.before.push(pair()),
        "date" => vector.date = Some(unescaped(rest)),
        "within" => vector.within = Some(Url::parse(rest).unwrap()),
        "third-party" => vector.third_party = ThirdPartyCookies::Allow,
        "sends" => vector.sends = Some(pair()),
        _ => panic!("line {}: what is {word}?", vector.at),
    }
}

/// `<x*30>` is thirty times x, `\xNN` a byte, `\\` a backslash.
fn unescaped(text: &str) -> Vec<u8> {
    let Some((before, rest)) = text.split_once('<') else { return cookieproof::cookie::unescaped(text) };
    let (repeated, after) = rest.split_once('>').unwrap();
    let (piece, count) = repeated.split_once('*').unwrap();
    unescaped(&format!("{before}{}{after}", piece.repeat(count.parse().unwrap())))
}
