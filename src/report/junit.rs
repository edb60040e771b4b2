//! The report for test viewers: JUnit's XML. A test case for each claim (refuted is a failure, not
//! verified is skipped, not reached is an error), and one for findings that no claim names.

use super::{Report, coverage, places, text, words};
use crate::audit::{Audit, Finding, Severity, State, Verdict, Why};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::fmt::Write as _;
use std::io;

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = Suite::of(report);
    let site = valid(report.scan.run.base_url.as_str());
    let (tests, failures) = (suite.cases.len().to_string(), suite.count(Kind::Failure));
    let (errors, skipped) = (suite.count(Kind::Error), suite.count(Kind::Skipped));
    let seconds = report.scan.run.seconds.to_string();
    // RFC 3339 without its zone: the format knows none, and ours is UTC.
    let started = report.scan.run.started.trim_end_matches('Z');
    xml.create_element("testsuites")
        .with_attribute(("name", "cookieproof"))
        .with_attribute(("tests", tests.as_str()))
        .with_attribute(("failures", failures.as_str()))
        .with_attribute(("errors", errors.as_str()))
        .with_attribute(("skipped", skipped.as_str()))
        .with_attribute(("time", seconds.as_str()))
        .write_inner_content(|xml| {
            xml.create_element("testsuite")
                .with_attribute(("name", site.as_str()))
                .with_attribute(("tests", tests.as_str()))
                .with_attribute(("failures", failures.as_str()))
                .with_attribute(("errors", errors.as_str()))
                .with_attribute(("skipped", skipped.as_str()))
                .with_attribute(("time", seconds.as_str()))
                .with_attribute(("timestamp", started))
                .write_inner_content(|xml| suite.cases.iter().try_for_each(|case| case.write(xml)))?;
            Ok(())
        })?;
    drop(xml);
    writeln!(out)
}

struct Suite {
    cases: Vec<Case>,
}

struct Case {
    class: String,
    name: String,
    file: String,
    line: String,
    bad: Option<Bad>,
    /// What was looked at.
    out: Option<String>,
}

struct Bad {
    kind: Kind,
    of: String,
    message: String,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failure,
    Error,
    Skipped,
}

impl Suite {
    fn of(report: &Report<'_>) -> Self {
        let mut cases = Vec::new();
        if let Some(audit) = report.audit {
            cases.extend(audit.verdicts.iter().map(|verdict| of_claim(report, audit, verdict)));
            cases.push(of_nameless(report, audit));
        }
        let reasons = report.inconclusive();
        if report.audit.is_none() || !reasons.is_empty() {
            cases.push(of_run(report, &reasons));
        }
        Suite { cases }
    }

    fn count(&self, kind: Kind) -> String {
        let of = |case: &&Case| case.bad.as_ref().is_some_and(|bad| bad.kind == kind);
        self.cases.iter().filter(of).count().to_string()
    }
}

fn of_claim(report: &Report<'_>, audit: &Audit, verdict: &Verdict) -> Case {
    let (bad, out) = match &verdict.state {
        State::Upheld { seen } => (None, Some(seen.clone())),
        State::NotVerified { why, detail, decided_by } => {
            let kind = if *why == Why::NotReached { Kind::Error } else { Kind::Skipped };
            let message = format!("not verified, {}: {detail}", words::why(*why));
            let detail = format!("To decide it: {decided_by}");
            (Some(Bad { kind, of: "not-verified".into(), message, detail }), None)
        }
        State::Refuted { findings } => {
            let of: Vec<&Finding> =
                audit.findings.iter().filter(|finding| findings.contains(&finding.id)).collect();
            (failure(report, &of), None)
        }
    };
    Case {
        class: places::path(report).into_owned(),
        name: verdict.claim.clone(),
        file: places::path(report).into_owned(),
        line: places::at_least_one(verdict.place).line.to_string(),
        bad,
        out: out.map(|seen| format!("{} Seen: {seen}", verdict.text)),
    }
}

/// Findings that refute nothing in particular.
fn of_nameless(report: &Report<'_>, audit: &Audit) -> Case {
    let of: Vec<&Finding> = audit
        .findings
        .iter()
        .filter(|finding| finding.claims.is_empty() && finding.severity > Severity::Note)
        .collect();
    let line = of.first().map_or(report.claims_at(), |first| places::of_finding(report, first)).line.max(1);
    Case {
        class: places::path(report).into_owned(),
        name: "findings that no claim names".into(),
        file: places::path(report).into_owned(),
        line: line.to_string(),
        bad: failure(report, &of),
        out: None,
    }
}

/// The run itself: whether it could look.
fn of_run(report: &Report<'_>, reasons: &[String]) -> Case {
    let looked_at: Vec<String> = coverage::sentences(report.scan)
        .into_iter()
        .map(|(label, sentence)| format!("{label}: {sentence}"))
        .collect();
    Case {
        class: "run".into(),
        name: "the site could be looked at".into(),
        file: places::path(report).into_owned(),
        line: "1".into(),
        bad: (!reasons.is_empty()).then(|| Bad {
            kind: Kind::Error,
            of: "inconclusive".into(),
            message: reasons.first().cloned().unwrap_or_default(),
            detail: reasons.join("\n"),
        }),
        out: Some(looked_at.join("\n")),
    }
}

/// What the findings say; skipped where somebody answers for all of them.
fn failure(report: &Report<'_>, findings: &[&Finding]) -> Option<Bad> {
    let first = findings.first()?;
    let accepted = |finding: &&&Finding| places::accepted(report, &finding.id).is_some();
    if let Some(who) = places::accepted(report, &first.id)
        && findings.iter().all(|finding| accepted(&finding))
    {
        let message = format!("accepted {}", who.in_words());
        return Some(Bad { kind: Kind::Skipped, of: first.rule.into(), message, detail: String::new() });
    }
    let mut detail = String::new();
    for finding in findings {
        let _ =
            writeln!(detail, "{}[{}] {}", words::severity(finding.severity), finding.rule, finding.message);
        if let Some(declared) = &finding.declared {
            let _ =
                writeln!(detail, "  declared: {}:{} {}", places::path(report), declared.place, declared.says);
        }
        for evidence in &finding.evidence {
            let _ = writeln!(detail, "  seen: {}", words::evidence(evidence));
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(detail, "  hint: {hint}");
        }
    }
    Some(Bad { kind: Kind::Failure, of: first.rule.into(), message: first.message.clone(), detail })
}

impl Case {
    fn write<W: io::Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let (class, name, file) = (valid(&self.class), valid(&self.name), valid(&self.file));
        let element = xml
            .create_element("testcase")
            .with_attribute(("classname", class.as_str()))
            .with_attribute(("name", name.as_str()))
            .with_attribute(("file", file.as_str()))
            .with_attribute(("line", self.line.as_str()));
        if self.bad.is_none() && self.out.is_none() {
            element.write_empty()?;
            return Ok(());
        }
        element.write_inner_content(|xml| {
            if let Some(bad) = &self.bad {
                let word = match bad.kind {
                    Kind::Failure => "failure",
                    Kind::Error => "error",
                    Kind::Skipped => "skipped",
                };
                let message = valid(&bad.message);
                let mut element = xml.create_element(word).with_attribute(("message", message.as_str()));
                if bad.kind != Kind::Skipped {
                    element = element.with_attribute(("type", bad.of.as_str()));
                }
                element.write_text_content(BytesText::new(&valid(&bad.detail)))?;
            }
            if let Some(out) = &self.out {
                xml.create_element("system-out").write_text_content(BytesText::new(&valid(out)))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// The text with what XML 1.0 has no way to write (2.2) as escapes; line ends of ours stay.
fn valid(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(text::clean).collect();
    lines.join("\n").replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(valid("a\x0bb\u{ffff}\nc\x1b"), "a\\x0bb\\u{ffff}\nc\\x1b");
    }
}
