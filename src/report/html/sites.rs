//! The page of many sites, in the same style as one site's report: the answer, the table, then each
//! site that is not clear with what was found or why nothing is known.

use super::view::{Prose, prose};
use crate::report::sites::{Row, Summary, Verdict};
use crate::report::{text, words};
use askama::Template;
use std::collections::BTreeMap;
use std::io;

/// Writes the page. `links` lead from a site's name to its own report, as seen from the page.
pub(crate) fn write(
    summary: &Summary,
    links: &BTreeMap<String, String>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let page = Page {
        policy: super::policy(),
        style: super::STYLE,
        script: super::SCRIPT,
        made: words::moment(&summary.started),
        tool: clean(&summary.tool),
        tone: tone(summary.worst()),
        badge: summary.worst().title(),
        answer: summary.sentence(),
        counts: Verdict::ALL
            .into_iter()
            .map(|verdict| (tone(verdict), verdict.title(), summary.of(verdict).count()))
            .collect(),
        sites: summary.rows.iter().map(|row| site(row, links)).collect(),
    };
    out.write_all(page.render().map_err(io::Error::other)?.as_bytes())?;
    writeln!(out)
}

#[derive(Template)]
#[template(path = "sites.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    made: String,
    tool: String,
    tone: &'static str,
    badge: &'static str,
    answer: String,
    counts: Vec<(&'static str, &'static str, usize)>,
    sites: Vec<Site>,
}

struct Site {
    name: String,
    address: String,
    link: Option<String>,
    tone: &'static str,
    verdict: &'static str,
    /// Its place in the order of verdicts, for sorting.
    rank: usize,
    answer: Option<Prose>,
    numbers: String,
    findings: Vec<Line>,
    why: Vec<Prose>,
    claims: Option<crate::report::sites::Claims>,
    changes: String,
    pages: u64,
    clear: bool,
}

struct Line {
    severity: &'static str,
    rule: String,
    message: Prose,
    accepted: bool,
    new: bool,
}

fn site(row: &Row, links: &BTreeMap<String, String>) -> Site {
    Site {
        name: clean(&row.site),
        address: clean(row.address.as_deref().unwrap_or_default()),
        link: links.get(&row.site).cloned(),
        tone: tone(row.verdict),
        verdict: row.verdict.title(),
        rank: Verdict::ALL.iter().position(|verdict| *verdict == row.verdict).unwrap_or_default(),
        answer: row.answer.as_deref().map(prose),
        numbers: row.numbers(),
        findings: row
            .findings
            .iter()
            .map(|found| Line {
                severity: words::severity(found.severity),
                rule: clean(&found.rule),
                message: prose(&found.message),
                accepted: found.accepted,
                new: found.new == Some(true),
            })
            .collect(),
        why: row.why.iter().map(|why| prose(why)).collect(),
        claims: row.claims,
        changes: row.changes(),
        pages: row.pages,
        clear: row.verdict == Verdict::Clear && row.findings.is_empty(),
    }
}

fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotSetUp | Verdict::Findings => "bad",
        Verdict::Inconclusive => "open",
        Verdict::Clear => "good",
    }
}

fn clean(text: &str) -> String {
    text::clean(text).into_owned()
}
