//! The report for people who decide, and as a file to hand on: one HTML document that asks no network,
//! reads well on paper, on a phone and to a screen reader, and in which nothing that a site wrote is
//! markup. The answer comes first, then what changed, then each finding with both ends of its evidence.
//!
//! Its own style and script are allowed by their sums in a policy of the document itself (CSP), so
//! that even an escape that failed would run nothing.

mod charts;
pub(super) mod sites;
mod view;

use super::answer::{self, Counts, Tone};
use super::{Report, terminal, text, words};
use askama::Template;
use base64::Engine as _;
use charts::{Lifetimes, Matrix, Nights};
use sha2::{Digest, Sha256};
use std::io;
use view::{ClaimView, FindingView, OpenView, OtherView, Prose, Thing, prose};

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let html = page(report).render().map_err(io::Error::other)?;
    out.write_all(html.as_bytes())?;
    writeln!(out)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    site: String,
    made: String,
    tone: &'static str,
    badge: &'static str,
    answer: Prose,
    judged: bool,
    counts: Counts,
    findings_in_words: String,
    inconclusive: Vec<Prose>,
    changes: Option<Vec<(String, Vec<Prose>)>>,
    findings: Vec<FindingView>,
    open: Vec<OpenView>,
    notes: Vec<(String, Prose)>,
    personas: Vec<String>,
    things: Vec<Thing>,
    lifetimes: Option<Lifetimes>,
    matrix: Option<Matrix>,
    nights: Option<Nights>,
    others: Vec<OtherView>,
    claims: Vec<ClaimView>,
    coverage: Vec<(String, Prose)>,
    how: Vec<Prose>,
    facts: Vec<(&'static str, String)>,
    glossary: [(&'static str, &'static str); 10],
}

fn page(report: &Report<'_>) -> Page {
    let scan = report.scan;
    let reasons = report.inconclusive();
    let (tone, sentence, counts) = match report.audit {
        Some(audit) => {
            let counts = Counts::of(audit);
            let (tone, sentence) = answer::sentence(report, audit, &counts);
            (tone, sentence, counts)
        }
        None if reasons.is_empty() => (Tone::Good, super::inventory_in_words(scan), Counts::default()),
        None => (Tone::Unsure, super::inventory_in_words(scan), Counts::default()),
    };
    let (tone, badge) = match (tone, report.audit.is_some()) {
        (Tone::Good, true) => ("good", "Kept"),
        (Tone::Bad, _) => ("bad", if counts.refuted > 0 { "Not kept" } else { "Not clear" }),
        (Tone::Unsure, _) => ("open", "Inconclusive"),
        (Tone::Good, false) => ("plain", "Looked at"),
    };
    let things = view::things(report);
    Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        site: text::clean(scan.run.base_url.as_str()).into_owned(),
        made: words::moment(&scan.run.started),
        tone,
        badge,
        answer: prose(without_badge(&sentence)),
        judged: report.audit.is_some(),
        counts,
        findings_in_words: counts.findings(),
        inconclusive: reasons.iter().map(|reason| prose(reason)).collect(),
        changes: report.since.map(view::changes),
        findings: report.audit.map(|audit| view::findings(report, audit)).unwrap_or_default(),
        open: report.audit.map(view::open).unwrap_or_default(),
        notes: report
            .audit
            .map(|audit| audit.notes.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|note| (text::clean(&note.subject).into_owned(), prose(&note.text)))
            .collect(),
        personas: view::personas(scan),
        lifetimes: charts::lifetimes(&things),
        matrix: charts::matrix(&things, &view::cells(scan)),
        nights: report.since.and_then(|since| charts::nights(&since.trend)),
        things: view::gathered(things),
        others: view::others(report),
        claims: report.audit.map(|audit| view::claims(report, audit)).unwrap_or_default(),
        coverage: view::coverage(scan),
        how: terminal::how(scan).iter().map(|sentence| prose(sentence)).collect(),
        facts: facts(report),
        glossary: GLOSSARY,
    }
}

/// The badge says it in front already: `NOT KEPT: `.
fn without_badge(sentence: &str) -> &str {
    match sentence.split_once(": ") {
        Some((word, rest)) if word.chars().all(|c| c.is_ascii_uppercase() || c == ' ') => rest,
        _ => sentence,
    }
}

/// How the run was made, as a list.
fn facts(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let run = &report.scan.run;
    let engines: Vec<&str> = run
        .engines
        .iter()
        .map(|engine| match engine {
            crate::observation::Engine::Http => "plain HTTP",
            crate::observation::Engine::Browser => "a browser",
        })
        .collect();
    let mut facts = vec![
        ("Tool", run.tool.clone()),
        ("Target", run.target.clone()),
        ("Address", run.base_url.to_string()),
        ("Looked with", engines.join(" and ")),
        ("Said to be", run.user_agent.clone()),
        ("Began", words::moment(&run.started)),
        ("Took", words::count_of(run.seconds, "second")),
        ("Own hosts", run.own_hosts.join(", ")),
        ("From", run.vantage.clone().unwrap_or_default()),
        ("Policy as data", report.manifest.map(|manifest| manifest.file.clone()).unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts.iter_mut().for_each(|(_, value)| *value = text::clean(value).into_owned());
    facts
}

/// What this document may do: its own style and script, pictures within it, and nothing else.
fn policy() -> String {
    let sum = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        sum(STYLE),
        sum(SCRIPT)
    )
}

/// Ten words, for readers who know law better than browsers.
const GLOSSARY: [(&str, &str); 10] = [
    (
        "Cookie",
        "A small note that a site leaves in the browser, and that the browser sends back with each request to \
         that site. Its value may be a random number by which the visitor is known again.",
    ),
    (
        "Browser storage",
        "Other places on the visitor's device where scripts of a page may leave something: local storage, \
         session storage, IndexedDB. Unlike cookies it is not sent by itself, and most of it never expires.",
    ),
    (
        "First party, third party",
        "First party is the site that stands in the address bar. Everybody else whom a page involves is a third \
         party: a payment provider, a video, a counter of visits.",
    ),
    (
        "Lifetime",
        "How long the browser keeps a cookie. A session cookie goes when the browser is closed. Browsers keep \
         none for longer than 400 days, whatever is asked for.",
    ),
    (
        "HttpOnly",
        "Scripts cannot read this cookie. It protects a login from being stolen by a foreign script in the page.",
    ),
    ("Secure", "The cookie is sent over encrypted connections only."),
    (
        "SameSite",
        "Whether the cookie goes along when another site links to or embeds this one: Strict never, Lax when the \
         visitor follows a link, None always.",
    ),
    (
        "Before, accepted, rejected",
        "What the visitor had said to the question about cookies when the cookie came: nothing yet, yes, or no. \
         What needs consent must not be there before it, nor after a no.",
    ),
    ("Persona", "A kind of visitor as whom the tool looked: somebody anonymous, somebody logged in."),
    (
        "Claim: upheld, refuted, not verified",
        "A claim is one statement of the declared policy. Upheld: looked at, and it was so. Refuted: seen \
         otherwise, with the evidence. Not verified: not looked at, or not to be decided this way; that is neither \
         good nor bad.",
    ),
];
