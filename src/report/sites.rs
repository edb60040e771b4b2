//! Many sites in one summary: the worst first, of each the answer in a sentence, what counts of its
//! findings, or why nothing is known. What a site wrote stays text here as in its own report.

pub(crate) use super::html::sites::write as html;

use super::answer::{self, Counts};
use super::text::{clean, cut, wrap};
use super::{Report, words};
use crate::audit::Severity;
use crate::history::{Comparison, State};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;

/// The format's name and version.
pub const FORMAT: &str = "cookieproof-sites/1";
/// Findings of one site that are named on a terminal.
const MOST: usize = 3;

/// How a site came out, the worst first. It is the order of the exit codes 2, 1, 3 and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Its plan, manifest or secrets cannot be used, or its results could not be written.
    NotSetUp,
    /// Findings that count.
    Findings,
    /// Not reached, not completely looked at, or not begun.
    Inconclusive,
    Clear,
}

/// A site's row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub site: String,
    pub verdict: Verdict,
    /// Where it was looked at; none where nobody came so far.
    pub address: Option<String>,
    /// What its report says first; none where nothing was judged.
    pub answer: Option<String>,
    pub claims: Option<Claims>,
    /// What is found, worst first.
    pub findings: Vec<Found>,
    /// Why it is not set up or inconclusive.
    pub why: Vec<String>,
    /// Against the nights before, where they are at hand.
    pub since: Option<Since>,
    /// Pages that were looked at, over all visitors.
    pub pages: u64,
    /// Files that were written about it.
    pub reports: Vec<String>,
}

/// The claims of a site, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Claims {
    pub upheld: usize,
    pub refuted: usize,
    pub not_verified: usize,
}

/// A finding, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub id: String,
    pub rule: String,
    pub severity: Severity,
    pub message: String,
    /// Somebody answers for it.
    pub accepted: bool,
    /// Not there in the nights before; none where there is nothing to compare with.
    pub new: Option<bool>,
}

/// What changed since last time, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// Nothing to compare with yet.
    pub first: bool,
    pub new: usize,
    pub still_there: usize,
    pub gone: usize,
    pub not_looked_at: usize,
}

/// All sites of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// RFC 3339, in UTC.
    pub started: String,
    pub tool: String,
    /// The run was ended early.
    pub interrupted: bool,
    /// The worst first; within a verdict as they are listed.
    pub rows: Vec<Row>,
}

impl Row {
    /// A site of which nothing can be said.
    pub fn unseen(site: &str, verdict: Verdict, address: Option<String>, why: String) -> Row {
        Row {
            site: site.to_owned(),
            verdict,
            address,
            answer: None,
            claims: None,
            findings: Vec::new(),
            why: vec![why],
            since: None,
            pages: 0,
            reports: Vec::new(),
        }
    }

    /// A site's report in short.
    pub fn of(site: &str, verdict: Verdict, report: &Report<'_>, compared: Option<&Comparison>) -> Row {
        let accepted: BTreeSet<&str> = report.accepted.iter().map(|entry| entry.id.as_str()).collect();
        let found = |finding: &crate::audit::Finding| Found {
            id: finding.id.clone(),
            rule: finding.rule.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            accepted: accepted.contains(finding.id.as_str()),
            new: compared.map(|compared| compared.is_new(&finding.id)),
        };
        let counts = report.audit.map(Counts::of);
        let mut findings: Vec<Found> =
            report.audit.map(|audit| audit.findings.iter().map(found).collect()).unwrap_or_default();
        findings.sort_by_key(|found| (found.accepted, std::cmp::Reverse(found.severity)));
        let answer = match (report.audit, &counts) {
            (Some(audit), Some(counts)) => Some(answer::sentence(report, audit, counts).1),
            _ => None,
        };
        let count = |compared: &Comparison, state| compared.findings_in(state).count();
        Row {
            site: site.to_owned(),
            verdict,
            address: Some(report.scan.run.base_url.to_string()),
            answer,
            claims: counts.map(|counts| Claims {
                upheld: counts.upheld,
                refuted: counts.refuted,
                not_verified: counts.not_verified,
            }),
            findings,
            why: report.inconclusive(),
            since: compared.map(|compared| Since {
                first: compared.first,
                new: count(compared, State::New),
                still_there: count(compared, State::StillThere),
                gone: count(compared, State::Gone),
                not_looked_at: count(compared, State::NotLookedAt),
            }),
            pages: report.scan.coverage.pages.iter().map(|page| page.count).sum(),
            reports: Vec::new(),
        }
    }

    /// `2 errors, 1 warning (1 accepted); 1 new, 2 gone`; empty where there is nothing of the kind.
    pub(super) fn numbers(&self) -> String {
        let of = |severity: Severity| {
            let some = |found: &&Found| found.severity == severity && !found.accepted;
            self.findings.iter().filter(some).count() as u64
        };
        let mut parts: Vec<String> = [
            (of(Severity::Error), "error"),
            (of(Severity::Warning), "warning"),
            (of(Severity::Note), "note"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| words::count_of(count, noun))
        .collect();
        let accepted = self.findings.iter().filter(|found| found.accepted).count();
        if accepted > 0 {
            parts.push(format!("{accepted} accepted"));
        }
        let mut numbers = parts.join(", ");
        let changes = self.changes();
        if !numbers.is_empty() && !changes.is_empty() {
            numbers.push_str("; ");
        }
        numbers + &changes
    }

    /// `1 new, 2 gone` since last time.
    pub(super) fn changes(&self) -> String {
        match &self.since {
            None => String::new(),
            Some(since) if since.first => "first night".to_owned(),
            Some(since) => [
                (since.new, "new"),
                (since.still_there, "still there"),
                (since.gone, "gone"),
                (since.not_looked_at, "not looked at"),
            ]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect::<Vec<_>>()
            .join(", "),
        }
    }
}

impl Verdict {
    /// All of them, worst first.
    pub const ALL: [Verdict; 4] =
        [Verdict::NotSetUp, Verdict::Findings, Verdict::Inconclusive, Verdict::Clear];

    /// As a title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Verdict::NotSetUp => "Not set up",
            Verdict::Findings => "With findings",
            Verdict::Inconclusive => "Inconclusive",
            Verdict::Clear => "Clear",
        }
    }
}

impl Summary {
    /// A summary of these rows, which are in the order of the list.
    pub fn new(started: String, tool: String, interrupted: bool, mut rows: Vec<Row>) -> Summary {
        rows.sort_by_key(|row| row.verdict);
        Summary { started, tool, interrupted, rows }
    }

    /// The rows of one verdict.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.verdict == verdict)
    }

    /// The verdict of the worst site.
    pub fn worst(&self) -> Verdict {
        self.rows.iter().map(|row| row.verdict).min().unwrap_or(Verdict::Clear)
    }

    /// `4 sites: 1 not set up, 1 with findings, 2 clear.`
    pub fn sentence(&self) -> String {
        let counts: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (self.of(verdict).count(), verdict.title().to_lowercase()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, title)| format!("{count} {title}"))
            .collect();
        let sites = words::count_of(self.rows.len() as u64, "site");
        let early = if self.interrupted { " The run was interrupted." } else { "" };
        format!("{sites}: {}.{early}", counts.join(", "))
    }
}

/// The summary at a terminal.
pub fn text(summary: &Summary, width: usize, verbose: bool, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}", summary.sentence())?;
    for verdict in Verdict::ALL {
        let mut rows = summary.of(verdict).peekable();
        if rows.peek().is_none() {
            continue;
        }
        writeln!(out, "\n{}", verdict.title())?;
        for row in rows {
            let beside = [row.address.clone().unwrap_or_default(), row.numbers()];
            let beside: Vec<&str> =
                beside.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            let head = format!("{}  {}", row.site, beside.join("  "));
            paragraph(head.trim_end(), "  ", "      ", width, out)?;
            for why in &row.why {
                paragraph(why, "      ", "      ", width, out)?;
            }
            let shown = if verbose { usize::MAX } else { MOST };
            if verdict != Verdict::Clear || verbose {
                for found in row.findings.iter().take(shown) {
                    paragraph(&line(found), "    ", "      ", width, out)?;
                }
                if row.findings.len() > shown {
                    writeln!(out, "    {} more", row.findings.len() - shown)?;
                }
            }
            for report in &row.reports {
                writeln!(out, "    {}", clean(report))?;
            }
        }
    }
    writeln!(out, "\n{}, made {}.", clean(&summary.tool), clean(&summary.started))
}

/// `error[http-only] new: sid lacks HttpOnly`
fn line(found: &Found) -> String {
    let mut standing = String::new();
    if found.accepted {
        standing.push_str(" accepted:");
    } else if found.new == Some(true) {
        standing.push_str(" new:");
    }
    format!("{}[{}]{standing} {}", words::severity(found.severity), found.rule, found.message)
}

fn paragraph(text: &str, first: &str, rest: &str, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = clean(text);
    let lines = wrap(&text, width.saturating_sub(first.len()), width.saturating_sub(rest.len()));
    for (number, line) in lines.iter().enumerate() {
        let indent = if number == 0 { first } else { rest };
        writeln!(out, "{indent}{}", cut(line, width.max(40)))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Wire<'a> {
    format: &'static str,
    time: Time<'a>,
    tool: &'a str,
    interrupted: bool,
    answer: Answer,
    sites: &'a [Row],
}

#[derive(Serialize)]
struct Time<'a> {
    started: &'a str,
}

#[derive(Serialize)]
struct Answer {
    not_set_up: usize,
    findings: usize,
    inconclusive: usize,
    clear: usize,
}

/// The summary for programs.
pub fn json(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    let count = |verdict| summary.of(verdict).count();
    super::json::pretty(
        &Wire {
            format: FORMAT,
            time: Time { started: &summary.started },
            tool: &summary.tool,
            interrupted: summary.interrupted,
            answer: Answer {
                not_set_up: count(Verdict::NotSetUp),
                findings: count(Verdict::Findings),
                inconclusive: count(Verdict::Inconclusive),
                clear: count(Verdict::Clear),
            },
            sites: &summary.rows,
        },
        out,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn row(site: &str, verdict: Verdict) -> Row {
        Row {
            address: Some(format!("http://{site}.test/")),
            why: Vec::new(),
            ..Row::unseen(site, verdict, None, String::new())
        }
    }

    fn found(rule: &str, message: &str) -> Found {
        Found {
            id: "1".into(),
            rule: rule.into(),
            severity: Severity::Error,
            message: message.into(),
            accepted: false,
            new: Some(true),
        }
    }

    fn summary() -> Summary {
        let mut shop = row("shop", Verdict::Findings);
        shop.findings = vec![
            found("http-only", "`<b>sid</b>` lacks HttpOnly"),
            Found { accepted: true, ..found("secure", "`sid` lacks Secure") },
        ];
        shop.since = Some(Since { first: false, new: 1, still_there: 1, gone: 0, not_looked_at: 0 });
        shop.claims = Some(Claims { upheld: 3, refuted: 2, not_verified: 1 });
        shop.reports = vec!["out/shop.html".into()];
        let mut gone = row("gone", Verdict::Inconclusive);
        gone.why = vec!["nothing answered\u{1b}[31m".into()];
        let broken = Row::unseen("broken", Verdict::NotSetUp, None, "the plan b.toml has 1 error".into());
        let rows = vec![row("docs", Verdict::Clear), gone, shop, broken, row("blog", Verdict::Clear)];
        Summary::new("2026-11-08T03:00:00Z".into(), "cookieproof 0".into(), false, rows)
    }

    #[test]
    fn the_worst_come_first_and_equals_stay_in_their_order() {
        let mut out = Vec::new();
        text(&summary(), 80, false, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        5 sites: 1 not set up, 1 with findings, 1 inconclusive, 2 clear.

        Not set up
          broken
              the plan b.toml has 1 error

        With findings
          shop  http://shop.test/  1 error, 1 accepted; 1 new, 1 still there
            error[http-only] new: `<b>sid</b>` lacks HttpOnly
            error[secure] accepted: `sid` lacks Secure
            out/shop.html

        Inconclusive
          gone  http://gone.test/
              nothing answered\x1b[31m

        Clear
          docs  http://docs.test/
          blog  http://blog.test/

        cookieproof 0, made 2026-11-08T03:00:00Z.
        ");
    }

    #[test]
    fn programs_read_the_same() {
        let mut out = Vec::new();
        json(&summary(), &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["format"], FORMAT);
        assert_eq!(value["answer"]["clear"], 2);
        assert_eq!(value["sites"][0]["verdict"], "not-set-up");
        assert_eq!(value["sites"][1]["findings"][1]["accepted"], true);
    }

    #[test]
    fn on_the_page_nothing_of_a_site_is_markup() {
        let mut out = Vec::new();
        let links = BTreeMap::from([("shop".to_owned(), "shop.html".to_owned())]);
        html(&summary(), &links, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<b>sid") && page.contains("sid&#60;/b&#62;"), "{page}");
        assert!(page.contains("<a href=\"shop.html\">"), "{page}");
        assert!(!page.contains('\u{1b}'));
        let at = |text: &str| page.find(text).unwrap();
        assert!(
            at("id=\"site-broken\"") < at("id=\"site-shop\"")
                && at("id=\"site-shop\"") < at("id=\"site-gone\"")
        );
    }
}
