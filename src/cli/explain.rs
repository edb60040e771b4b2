//! `explain RULE`: what a rule checks. `explain 'LINE' --url URL`: what a browser does with a
//! `Set-Cookie` line and why.
//!
//! `--jsonl` answers recorded cases, one a line, in the fields of the corpus: text in which one
//! character is one byte.

mod cases;
mod rules;
mod words;

use super::Exit;
use super::complaint::Complaint;
use crate::cookie::{
    Browser, CookieLine, Decision, Initiator, Jar, RequestContext, ThirdPartyCookies, explain_in,
};
use crate::legible::without_credentials;
use std::io::{self, BufRead, Write};
use url::Url;

/// What `explain` is asked about a `Set-Cookie` line.
#[derive(Clone, Debug, clap::Args)]
pub struct LineArgs {
    /// A rule's id, or a Set-Cookie line: 'NAME=VALUE; Path=/; …' (with --url) [default: every rule]
    #[arg(value_name = "RULE or LINE")]
    pub line: Option<String>,

    /// The URL whose response brings the line
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// The page around it, where the request is for a picture, script or frame
    #[arg(long, value_name = "URL", requires = "url")]
    pub top_url: Option<String>,

    /// Whether the browser lets third parties have cookies
    #[arg(long, value_name = "MODE", default_value = "block")]
    pub third_party_cookies: ThirdPartyWord,

    /// The response's Date header, against which Chromium measures Expires
    #[arg(long, value_name = "DATE", requires = "url")]
    pub response_date: Option<String>,

    /// Whose behaviour
    #[arg(long, value_name = "BROWSER", default_value = "chromium")]
    pub browser: BrowserWord,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,

    /// Answer recorded cases from standard input, one JSON object a line
    #[arg(long, conflicts_with_all = ["line", "url", "json"])]
    pub jsonl: bool,

    /// Show values instead of their lengths
    #[arg(long)]
    pub show_values: bool,
}

/// The two settings of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ThirdPartyWord {
    Allow,
    Block,
}

/// The browsers that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BrowserWord {
    Chromium,
    Firefox,
}

impl From<BrowserWord> for Browser {
    fn from(word: BrowserWord) -> Self {
        match word {
            BrowserWord::Chromium => Browser::Chromium,
            BrowserWord::Firefox => Browser::Firefox,
        }
    }
}

/// Answers: 0 where the line is taken, 1 where it is refused, 2 where the question is wrong.
pub(super) fn run(
    args: &LineArgs,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> Result<Exit, Complaint> {
    let answered = match (args.jsonl, &args.line, &args.url) {
        (true, _, _) => cases::run(args.browser.into(), args.show_values, stdin, stdout),
        (false, Some(line), Some(url)) => one(args, line, url, stdout)?,
        (false, Some(rule), None) => rules::one(rule, stdout)?,
        (false, None, _) => rules::all(stdout),
    };
    match answered.and_then(|exit| stdout.flush().map(|()| exit)) {
        // A reader that has gone away is no failure of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Clear),
        answered => answered.map_err(|error| Complaint::usage(error.to_string())),
    }
}

/// One line; the outer result is about the question, the inner one about writing the answer.
fn one(
    args: &LineArgs,
    line: &str,
    url: &str,
    stdout: &mut dyn Write,
) -> Result<io::Result<Exit>, Complaint> {
    let context = RequestContext {
        url: parsed(url)?,
        initiator: match &args.top_url {
            Some(top_url) => Initiator::Subresource { top_url: parsed(top_url)? },
            None => Initiator::Navigation,
        },
        third_party: match args.third_party_cookies {
            ThirdPartyWord::Allow => ThirdPartyCookies::Allow,
            ThirdPartyWord::Block => ThirdPartyCookies::Block,
        },
        response_date: args.response_date.clone().map(String::into_bytes),
        now: now(),
    };
    // A line copied with its header's name is the line.
    let line = match line.get(..11) {
        Some(start) if start.eq_ignore_ascii_case("set-cookie:") => &line[11..],
        _ => line,
    };
    let browser = Browser::from(args.browser);
    let mut explanation = explain_in(&mut Jar::in_browser(browser), line.as_bytes(), &context);
    if args.show_values {
        explanation.show_value(&CookieLine::parse_in(browser, line.as_bytes()));
    }
    let written = match args.json {
        true => serde_json::to_writer_pretty(&mut *stdout, &explanation)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(stdout)),
        false => words::write(&explanation, stdout),
    };
    Ok(written.map(|()| match explanation.decision {
        Decision::Rejected { .. } => Exit::Findings,
        _ => Exit::Clear,
    }))
}

fn parsed(text: &str) -> Result<Url, Complaint> {
    let shown = without_credentials(text);
    let url = Url::parse(text).map_err(|error| Complaint::usage(format!("{shown} is no URL: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(Complaint::usage(format!("{shown}: cookies come over http and https, not {scheme}"))),
    }
}

/// Seconds since the epoch.
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
