//! The inventory for spreadsheets: one row for each cookie or storage item, flat. A cell that a
//! spreadsheet would run as a formula begins with an apostrophe instead.

use super::inventory::{self, Fate};
use super::third_parties;
use super::{Report, text, words};
use crate::cookie::Lifetime;
use crate::observation::{Consent, Observation, Party, Reached, Sighting, StorageKind};
use std::collections::BTreeSet;
use std::io;

const COLUMNS: [&str; 25] = [
    "kind",
    "name",
    "domain",
    "party",
    "path",
    "partition",
    "state",
    "lifetime",
    "lifetime_seconds",
    "http_only",
    "secure",
    "same_site",
    "partitioned",
    "vendor",
    "category",
    "known_by",
    "before_consent",
    "after_accepting",
    "after_rejecting",
    "visitors",
    "responses",
    "page",
    "set_by",
    "findings",
    "line",
];

/// Writes the inventory.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(&mut *out);
    csv.write_record(COLUMNS)?;
    for thing in &report.scan.observations {
        csv.write_record(row(report, thing).map(|cell| harmless(&cell)))?;
    }
    csv.flush()
}

fn row(report: &Report<'_>, thing: &Observation) -> [String; 25] {
    let rows = inventory::rows(thing);
    let kept: Vec<_> = rows.iter().filter(|row| row.fate == Fate::Kept).collect();
    let shown = || if kept.is_empty() { rows.iter().collect() } else { kept.clone() };
    let examples: Vec<&Sighting> = shown().into_iter().flat_map(|row| row.examples.iter().copied()).collect();
    let distinct = |of: &dyn Fn(&Sighting) -> String| {
        let all: BTreeSet<String> = examples.iter().map(|example| of(example)).collect();
        all.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(" / ")
    };
    let name = thing.name.to_string();
    let host = third_parties::host_of(&thing.domain);
    let fact = match thing.kind {
        StorageKind::Cookie => report.knowledge.cookie(&name, host),
        _ => report.knowledge.storage(&name, host),
    };
    let is_cookie = thing.kind == StorageKind::Cookie;
    let flag = |of: fn(&Sighting) -> bool| match is_cookie {
        true => distinct(&|seen| if of(seen) { "yes".into() } else { "no".into() }),
        false => String::new(),
    };
    let in_state = |consent: fn(&Consent) -> bool| {
        let seen = kept.iter().any(|row| row.examples.iter().any(|seen| consent(&seen.cell.consent)));
        let looked = report.scan.coverage.personas.iter().any(|persona| {
            consent(&persona.consent) && matches!(persona.reached, Reached::Yes | Reached::Unproven)
        });
        match (seen, looked) {
            (true, _) => "yes".to_owned(),
            (false, true) => "no".to_owned(),
            (false, false) => "not looked at".to_owned(),
        }
    };
    let page = examples.iter().map(|seen| seen.page.asked.as_str()).min().unwrap_or_default();
    let longest = examples
        .iter()
        .filter_map(|seen| match seen.written.lifetime {
            Lifetime::Seconds(seconds) if is_cookie && seconds > 0 => Some(seconds),
            _ => None,
        })
        .max();
    let findings: Vec<String> = report
        .audit
        .map(|audit| audit.findings.as_slice())
        .unwrap_or_default()
        .iter()
        .filter(|finding| finding.subject == name)
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect();
    [
        thing.kind.in_words().to_owned(),
        name,
        thing.domain.clone(),
        match thing.party {
            Party::First => "first".into(),
            Party::Third => "third".into(),
        },
        thing.path.clone(),
        thing.partition.clone().unwrap_or_default(),
        state(&rows),
        if is_cookie { distinct(&|seen| words::lifetime(&seen.written.lifetime)) } else { String::new() },
        longest.map(|seconds| seconds.to_string()).unwrap_or_default(),
        flag(|seen| seen.written.http_only),
        flag(|seen| seen.written.secure),
        distinct(&|seen| seen.written.same_site.map(words::same_site).unwrap_or_default().to_owned()),
        flag(|seen| seen.written.partitioned),
        fact.as_ref().map(|fact| fact.vendor.to_string()).unwrap_or_default(),
        fact.as_ref().map(|fact| fact.role.word().to_owned()).unwrap_or_default(),
        fact.as_ref().map(|fact| fact.matched_by.to_string()).unwrap_or_default(),
        in_state(|consent| *consent == Consent::Untouched),
        in_state(|consent| matches!(consent, Consent::Accepted | Consent::Category(_))),
        in_state(|consent| matches!(consent, Consent::Rejected | Consent::Withdrawn)),
        distinct(&|seen| seen.cell.persona.clone()),
        thing.groups.iter().map(|group| group.count).sum::<u64>().to_string(),
        page.to_owned(),
        distinct(&|seen| match &seen.script {
            Some(script) => format!("{}:{}", script.url, script.line),
            None => format!("{} {}", seen.exchange.method, seen.exchange.url),
        }),
        findings.join(" / "),
        examples.first().map(|seen| seen.line.clone()).unwrap_or_default(),
    ]
}

fn state(rows: &[inventory::Row<'_>]) -> String {
    if rows.iter().any(|row| row.fate == Fate::Kept) {
        return "kept".into();
    }
    rows.iter().find_map(inventory::Row::refusal).unwrap_or_else(|| "deleted".into())
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): not at its begin, and not
/// behind what a spreadsheet of other habits may take for the end of a cell.
fn harmless(cell: &str) -> String {
    let cell = text::clean(cell);
    let mut safe = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for c in cell.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}') {
            safe.push('\'');
        }
        begins = matches!(c, ',' | ';' | '"' | '|') || (begins && c == ' ');
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn nothing_is_a_formula() {
        for (cell, expected) in [
            ("sid", "sid"),
            ("a-b=c", "a-b=c"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "  '=1"),
            ("\t=1", "\\x09=1"),
            ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
            ("a\",=1", "a\",'=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("sid=‹32 bytes›; Path=/", "sid=‹32 bytes›; Path=/"),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }
}
