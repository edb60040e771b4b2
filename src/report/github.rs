//! The report for GitHub Actions: an annotation for each finding, as workflow commands, and a summary
//! of the step in Markdown. Whatever a site wrote stays within the data of a command.

use super::answer::{self, Counts};
use super::{Report, markdown, places, text, words};
use crate::audit::{Finding, Severity};
use std::io;

/// GitHub shows no summary of a step that is larger (1 MiB); what is more is cut at a line.
const MOST_SUMMARY: usize = 1_000_000;

/// Writes the annotations, the worst first: GitHub shows ten of a kind for each step.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for reason in report.inconclusive() {
        command(out, "warning", &[("title", "cookieproof: inconclusive")], &reason)?;
    }
    let Some(audit) = report.audit else { return Ok(()) };
    for finding in &audit.findings {
        annotation(report, finding, out)?;
    }
    let counts = Counts::of(audit);
    let (_, sentence) = answer::sentence(report, audit, &counts);
    if counts.not_verified > 0 {
        let open = format!("{} not verified", words::count_of(counts.not_verified as u64, "claim"));
        command(out, "notice", &[("title", "cookieproof")], &format!("{sentence} {open}."))?;
    }
    Ok(())
}

/// The summary of the step.
pub(crate) fn write_summary(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut summary = Vec::new();
    markdown::write(report, &mut summary)?;
    if summary.len() > MOST_SUMMARY {
        let cut = summary[..MOST_SUMMARY].iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        summary.truncate(cut);
        summary.extend_from_slice(b"\n\n*The rest is cut: GitHub shows 1 MiB.*\n");
    }
    out.write_all(&summary)
}

fn annotation(report: &Report<'_>, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let accepted = places::accepted(report, &finding.id);
    let level = match finding.severity {
        _ if accepted.is_some() => "notice",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = places::of_finding(report, finding);
    let mut lines = vec![finding.message.clone()];
    if let Some(accepted) = accepted {
        lines.push(format!("accepted {}", accepted.in_words()));
    }
    if let Some(declared) = &finding.declared {
        lines.push(format!("declared: {}", declared.says));
    }
    lines.extend(finding.evidence.iter().take(3).map(|seen| format!("seen: {}", words::evidence(seen))));
    if let Some(hint) = &finding.hint {
        lines.push(format!("hint: {hint}"));
    }
    let lines: Vec<_> = lines.iter().map(|line| text::clean(line)).collect();
    let (line, column) = (place.line.to_string(), place.column.to_string());
    let title = format!("cookieproof: {}", finding.rule);
    let at = [("file", &*places::path(report)), ("line", &line), ("col", &column), ("title", &title)];
    command(out, level, &at, &lines.join("\n"))
}

/// A workflow command (docs.github.com, "workflow commands"): one line, with what would end it or a
/// property of it percent-encoded.
fn command(out: &mut dyn io::Write, name: &str, with: &[(&str, &str)], data: &str) -> io::Result<()> {
    let properties: Vec<String> =
        with.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    writeln!(out, "::{name} {}::{}", properties.join(","), data_of(data))
}

fn data_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(text::clean).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data_of(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_whatever_is_in_it() {
        let mut out = Vec::new();
        command(&mut out, "error", &[("file", "a,b:c"), ("title", "100%")], "x\n::stop-commands::y\r\nz")
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::error file=a%2Cb%3Ac,title=100%25::x%0A::stop-commands::y%0Az\n"
        );
    }
}
