//! The report for a pull request, an issue or a wiki. Everything that a site may have written goes
//! into code spans or is escaped: no table breaks, no markup runs, nobody is mentioned.

use super::answer::{self, Counts};
use super::inventory::{self, Fate};
use super::{Report, coverage, since, terminal, text, third_parties, words};
use crate::audit::{Audit, Evidence, Severity, State};
use crate::history::Standing;
use crate::observation::{Party, StorageKind};
use std::io;

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "# Cookies of {}\n", code(report.scan.run.base_url.as_str()))?;
    if let Some(audit) = report.audit {
        let counts = Counts::of(audit);
        let (_, sentence) = answer::sentence(report, audit, &counts);
        writeln!(out, "**{}**\n", prose(&sentence))?;
        writeln!(out, "| upheld | refuted | not verified |\n| ---: | ---: | ---: |")?;
        writeln!(out, "| {} | {} | {} |\n", counts.upheld, counts.refuted, counts.not_verified)?;
    }
    for reason in report.inconclusive() {
        writeln!(out, "- inconclusive: {}", prose(&reason))?;
    }
    since_section(report, out)?;
    if let Some(audit) = report.audit {
        findings(report, audit, out)?;
        if !report.remarks.is_empty() {
            writeln!(out, "\n## Baseline\n")?;
        }
        for remark in report.remarks {
            writeln!(out, "- {}", prose(remark))?;
        }
        open(audit, out)?;
        notes(report, audit, out)?;
    }
    inventory(report, out)?;
    others(report, out)?;
    writeln!(out, "\n## Looked at\n")?;
    for (label, sentence) in coverage::sentences(report.scan) {
        writeln!(out, "- {}: {}", escape(&label), prose(&sentence))?;
    }
    writeln!(out)?;
    for sentence in terminal::how(report.scan) {
        writeln!(out, "{}", prose(&sentence))?;
    }
    if let Some(audit) = report.audit {
        verdicts(report, audit, out)?;
    }
    Ok(())
}

fn since_section(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(since) = report.since else { return Ok(()) };
    writeln!(out, "\n## Since last time\n")?;
    if since.is_first() {
        writeln!(out, "The first run: nothing to compare with yet.\n")?;
    }
    for line in since::compared_with(since).iter().chain(&since.caveats) {
        writeln!(out, "- {}", prose(line))?;
    }
    for open in &since.open {
        writeln!(out, "- not looked at: {}: {}", escape(&open.who), prose(&open.why))?;
    }
    if since.is_first() {
        return Ok(());
    }
    if since.is_quiet() {
        writeln!(out, "- nothing changed, as far as was looked at")?;
    }
    for thing in &since.things {
        writeln!(out, "- {}", code(&since::thing_line(thing)))?;
    }
    for line in &since.pages {
        writeln!(out, "- {}", code(line))?;
    }
    for turn in &since.claims {
        writeln!(out, "- claim {}: {} → {}", code(&turn.claim), turn.from, turn.to)?;
    }
    for (standing, label) in [
        (Standing::New, "new"),
        (Standing::Still, "still there"),
        (Standing::Gone, "gone"),
        (Standing::NotLookedAt, "not looked at"),
    ] {
        for finding in since.findings.iter().filter(|finding| finding.standing == standing) {
            let note =
                if finding.note.is_empty() { String::new() } else { format!(" ({})", prose(&finding.note)) };
            writeln!(out, "- {label}: {} {}{note}", code(&finding.rule), prose(&finding.message))?;
        }
    }
    Ok(())
}

fn findings(report: &Report<'_>, audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    if audit.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Findings")?;
    for finding in &audit.findings {
        let severity = match finding.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        writeln!(out, "\n### {severity}: {}\n", prose(&finding.message))?;
        writeln!(out, "- rule: {}", code(finding.rule))?;
        if let Some(declared) = &finding.declared {
            writeln!(
                out,
                "- declared: {} {}",
                code(&place(report, declared.place.line, declared.place.column)),
                code(&declared.says)
            )?;
        }
        if let Some(accepted) = report.accepted.iter().find(|accepted| accepted.id == finding.id) {
            writeln!(out, "- accepted: {}", prose(&accepted.in_words()))?;
        }
        if let Some(rounds) = report.rounds
            && let Some(seen) = rounds.findings.get(&finding.id)
        {
            writeln!(out, "- rounds: {}", rounds.in_words(*seen))?;
        }
        for evidence in &finding.evidence {
            writeln!(out, "- seen: {}", seen(evidence))?;
        }
        if let Some(hint) = &finding.hint {
            writeln!(out, "- hint: {}", prose(hint))?;
        }
        if !finding.claims.is_empty() {
            let claims: Vec<String> = finding.claims.iter().map(|claim| code(claim)).collect();
            writeln!(out, "- refutes: {}", claims.join(", "))?;
        }
    }
    Ok(())
}

fn seen(evidence: &Evidence) -> String {
    let who = escape(&words::cell(&evidence.cell));
    let mut seen = match (&evidence.exchange, &evidence.page) {
        (Some(at), _) => match at.method() {
            Some(_) => format!("{} {} ({who})", code(&at.in_words(at.url.as_str())), at.status),
            None => format!("{} ({who})", code(&at.in_words(at.url.as_str()))),
        },
        (None, Some(page)) => format!("{} ({who})", code(page.asked.as_str())),
        (None, None) => who,
    };
    if evidence.count > 1 {
        seen.push_str(&format!(", {}", words::times(evidence.count)));
    }
    let picture = evidence.picture.iter().map(|file| format!(", picture {}", code(file))).collect::<String>();
    format!("{seen}: {}{picture}", code(&evidence.line))
}

fn open(audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    let open = answer::open(audit);
    if open.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Not verified\n\n| claims | why | what would decide them |\n| --- | --- | --- |")?;
    for group in open {
        let claims: Vec<String> = group.claims.iter().map(|verdict| cell_code(&verdict.claim)).collect();
        writeln!(out, "| {} | {} | {} |", claims.join(", "), words::why(group.why), prose(group.decided_by))?;
    }
    Ok(())
}

fn notes(report: &Report<'_>, audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    if audit.notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Notes\n")?;
    for (subject, note) in terminal::notes(audit, true) {
        let place =
            note.place.map(|at| format!("{} ", code(&place(report, at.line, at.column)))).unwrap_or_default();
        writeln!(out, "- {place}{}: {}", code(&subject), prose(&note.text))?;
    }
    Ok(())
}

fn inventory(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for mut place in inventory::places(report.scan) {
        place.rows = inventory::gathered(place.rows);
        let party = match place.party {
            Party::First => "",
            Party::Third => " (third party)",
        };
        writeln!(out, "\n## Seen on {}{party}\n", code(place.domain))?;
        writeln!(out, "| name | lifetime | attributes | path | to | as written |")?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
        for row in &place.rows {
            let lifetime = match &row.fate {
                Fate::Kept if row.kind == StorageKind::Cookie => row.lifetimes(),
                Fate::Kept => row.kind.in_words().to_owned(),
                Fate::Deleted => "deleted".into(),
                Fate::Refused(_) => row.refusal().map(|why| escape(&why)).unwrap_or_default(),
            };
            writeln!(
                out,
                "| {} | {lifetime} | {} | {} | {} | {} |",
                cell_code(&row.name),
                escape(&row.attributes),
                cell_code(row.path),
                escape(&row.personas.join(", ")),
                cell_code(row.examples.first().map_or("", |example| &example.line)),
            )?;
        }
    }
    Ok(())
}

fn others(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let others = third_parties::others(report.scan, report.knowledge);
    if others.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n## Third parties\n\n| who | known as | by | requests | pages | script | told | leaves |"
    )?;
    writeln!(out, "| --- | --- | --- | ---: | --- | --- | --- | --- |")?;
    for other in &others {
        let pages = match (other.pages.first(), other.pages.len()) {
            (Some(page), 1) => cell_code(page),
            (Some(page), count) => format!("{count} kinds, as {}", cell_code(page)),
            (None, _) => String::new(),
        };
        let requests = match other.fetched {
            true => other.requests.to_string(),
            false if other.requests > 0 => "only mentioned".into(),
            false => String::new(),
        };
        let script = other.script.map(|script| cell_code(&format!("{}:{}", script.url, script.line)));
        writeln!(
            out,
            "| {} | {} | {} | {requests} | {pages} | {} | {} | {} |",
            cell_code(&other.name()),
            escape(&other.who()),
            cell_code(other.fact.as_ref().map_or("", |fact| &fact.matched_by)),
            script.unwrap_or_default(),
            prose(&other.told()),
            escape(&other.left()),
        )?;
    }
    Ok(())
}

fn verdicts(report: &Report<'_>, audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    if audit.verdicts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Claims\n\n| claim | states | verdict |\n| --- | --- | --- |")?;
    for verdict in &audit.verdicts {
        let state = match &verdict.state {
            State::Upheld { seen } => format!("upheld: {}", prose(seen)),
            State::Refuted { .. } => "**refuted**".into(),
            State::NotVerified { why, detail, .. } => {
                format!("not verified, {}: {}", words::why(*why), prose(detail))
            }
        };
        writeln!(
            out,
            "| {} {} | {} | {state} |",
            cell_code(&verdict.claim),
            cell_code(&place(report, verdict.place.line, verdict.place.column)),
            prose(&verdict.text)
        )?;
    }
    Ok(())
}

fn place(report: &Report<'_>, line: u32, column: u32) -> String {
    format!("{}:{line}:{column}", report.manifest_file().unwrap_or("manifest"))
}

/// A sentence of ours, in which backticks set off what is quoted. A stray one in what is quoted
/// moves the spans, but whatever is not in a span is escaped.
fn prose(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 {
        return escape(text);
    }
    text.split('`')
        .enumerate()
        .map(|(number, piece)| if number % 2 == 0 { escape(piece) } else { cell_code(piece) })
        .collect()
}

/// Text in which nothing is markup: every character that could be is escaped, `@` too, so that
/// nobody is mentioned.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text::clean(text).chars() {
        match c {
            '@' => escaped.push_str("&#64;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // No bare URL becomes a link.
            ':' if escaped.ends_with("http") || escaped.ends_with("https") => escaped.push_str("&#58;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A code span, fenced longer than any run of backticks in it (CommonMark 6.1).
fn code(text: &str) -> String {
    let text = text::clean(text);
    if text.is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    match longest {
        0 => format!("`{text}`"),
        _ => format!("{fence} {text} {fence}"),
    }
}

/// A code span in a table, where `|` ends a cell even inside code (GFM 4.10).
fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        for (text, escaped) in [
            ("a|b", "a\\|b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("@team #1 [x](y)", "&#64;team \\#1 \\[x\\](y)"),
            ("`x` *y*", "\\`x\\` \\*y\\*"),
            ("see https://evil.test", "see https&#58;//evil.test"),
            ("a\nb", "a\\\\x0ab"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn quoted_words_become_code() {
        for (text, shown) in [
            ("`sid` lives <b>", "`sid` lives &lt;b&gt;"),
            ("`a|b` lives", "`a\\|b` lives"),
            ("`a`b` lives", "\\`a\\`b\\` lives"),
            ("``", ""),
        ] {
            assert_eq!(prose(text), shown);
        }
    }

    #[test]
    fn code_spans_hold_backticks_and_pipes() {
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(cell_code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("``"), "``` `` ```");
    }
}
