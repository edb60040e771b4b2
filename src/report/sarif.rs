//! The report for code scanning: SARIF 2.1.0 (OASIS). Each finding is a result at the line of the
//! manifest that it contradicts; claims that are not verified, and why a run is inconclusive, are
//! notifications. A finding's own id is its fingerprint, so that a line that moves is no news.

use super::{Report, places, text, words};
use crate::audit::{self, Audit, Finding, Severity, State, Why};
use crate::history::Standing;
use crate::manifest::Place;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// Evidence beyond this many pieces is in the other formats.
const MOST_EVIDENCE: usize = 3;

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    super::json::pretty(&log(report), out)
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: Id,
    invocations: [Invocation; 1],
    results: Vec<Outcome>,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: String,
    rules: Vec<Descriptor>,
    notifications: Vec<Descriptor>,
}

/// A rule, or a kind of notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    start_time_utc: String,
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: DescriptorRef,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct DescriptorRef {
    id: &'static str,
    index: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: Properties,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
struct Properties {
    subject: String,
    claims: Vec<String>,
    evidence: Vec<String>,
    hint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

/// The kinds of notifications, by their index.
const NOTIFICATIONS: [(&str, &str); 2] = [
    ("not-verified", "A claim of the manifest that this run could not decide."),
    ("inconclusive", "Why this run gives no clear answer."),
];

fn log(report: &Report<'_>) -> Log {
    let scan = report.scan;
    let reasons = report.inconclusive();
    let mut notifications: Vec<Notification> =
        reasons.iter().map(|reason| notification(1, "error", reason, Vec::new())).collect();
    let mut results = Vec::new();
    let mut rules = Vec::new();
    if let Some(audit) = report.audit {
        notifications.extend(open(report, audit));
        let used = used_rules(audit);
        results = audit.findings.iter().map(|finding| result(report, finding, &used)).collect();
        rules = used.iter().map(|rule| descriptor(rule)).collect();
    }
    // Of a file that says it is another tool's, none is known.
    let version = scan.run.tool.strip_prefix("cookieproof ").unwrap_or_default();
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "cookieproof",
                    version: text::clean(version).into_owned(),
                    rules,
                    notifications: NOTIFICATIONS
                        .iter()
                        .map(|(id, sentence)| Descriptor {
                            id,
                            short_description: said(sentence),
                            help: None,
                        })
                        .collect(),
                },
            },
            // Code scanning keeps runs of different targets apart by it.
            automation_details: Id { id: format!("cookieproof/{}/", text::clean(&scan.run.target)) },
            invocations: [Invocation {
                start_time_utc: scan.run.started.clone(),
                execution_successful: reasons.is_empty(),
                tool_execution_notifications: notifications,
            }],
            results,
            column_kind: "unicodeCodePoints",
        }],
    }
}

/// The rules that found something, sorted.
fn used_rules(audit: &Audit) -> Vec<&'static str> {
    let mut used: Vec<&str> = audit.findings.iter().map(|finding| finding.rule).collect();
    used.sort_unstable();
    used.dedup();
    used
}

fn descriptor(id: &'static str) -> Descriptor {
    let rule = audit::rules().into_iter().find(|rule| rule.id == id);
    Descriptor {
        id,
        short_description: said(rule.map_or(id, |rule| rule.sentence)),
        help: rule
            .map(|rule| Help { text: rule.page.replace(['`', '*'], ""), markdown: rule.page.to_owned() }),
    }
}

fn result(report: &Report<'_>, finding: &Finding, rules: &[&str]) -> Outcome {
    let evidence: Vec<String> = finding.evidence.iter().map(words::evidence).collect();
    let mut message = text::clean(&finding.message).into_owned();
    for line in evidence.iter().take(MOST_EVIDENCE) {
        message.push_str("\nSeen: ");
        message.push_str(&text::clean(line));
    }
    Outcome {
        rule_id: finding.rule,
        rule_index: rules.iter().position(|rule| *rule == finding.rule).unwrap_or_default(),
        level: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        message: Text { text: message },
        locations: vec![location(report, places::of_finding(report, finding))],
        partial_fingerprints: BTreeMap::from([("cookieproofFinding/v1", finding.id.clone())]),
        // "Unchanged" says that there was a baseline: not on a first run.
        baseline_state: report.since.filter(|since| !since.is_first()).map(|since| {
            match since.standing(&finding.id) {
                Some(Standing::Still) => "unchanged",
                _ => "new",
            }
        }),
        suppressions: places::accepted(report, &finding.id)
            .map(|accepted| Suppression {
                kind: "external",
                status: "accepted",
                justification: text::clean(&accepted.in_words()).into_owned(),
            })
            .into_iter()
            .collect(),
        properties: Properties {
            subject: finding.subject.clone(),
            claims: finding.claims.clone(),
            evidence,
            hint: finding.hint.clone(),
        },
    }
}

fn open<'r>(report: &'r Report<'_>, audit: &'r Audit) -> impl Iterator<Item = Notification> + 'r {
    audit.verdicts.iter().filter_map(|verdict| {
        let State::NotVerified { why, detail, decided_by } = &verdict.state else { return None };
        // What should have been reached and was not is worth a look; the rest is how it was planned.
        let level = if *why == Why::NotReached { "warning" } else { "note" };
        let sentence = format!(
            "{} is not verified ({}: {detail}). To decide it: {decided_by}",
            verdict.claim,
            words::why(*why)
        );
        Some(notification(0, level, &sentence, vec![location(report, verdict.place)]))
    })
}

fn notification(kind: usize, level: &'static str, says: &str, locations: Vec<Location>) -> Notification {
    Notification {
        descriptor: DescriptorRef { id: NOTIFICATIONS[kind].0, index: kind },
        level,
        message: said(says),
        locations,
    }
}

fn location(report: &Report<'_>, place: Place) -> Location {
    let place = places::at_least_one(place);
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: places::uri(report) },
            region: Region { start_line: place.line, start_column: place.column },
        },
    }
}

fn said(text: &str) -> Text {
    Text { text: text::clean(text).into_owned() }
}
