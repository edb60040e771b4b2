//! The formats for programs, each with several findings, one on line 1 and one that the manifest has
//! no line for, and with what a hostile site writes.

#[path = "../../tests/support/closed_schema.rs"]
mod closed_schema;

use self::closed_schema::misfits;
use super::tests::{audit, manifest, scan, since};
use super::*;
use crate::audit::{Confidence, Declared, Finding, Severity, State, Why};
use crate::history::Accepted;
use crate::manifest::Place;
use crate::vendors::Knowledge;
use insta::assert_snapshot;
use serde_json::Value;

/// Three findings: as in the other reports; on line 1, and nobody's claim; without a line.
fn several(scan: &Scan) -> Audit {
    let mut audit = audit(scan);
    let first = audit.findings[0].clone();
    audit.findings.push(Finding {
        parts: Vec::new(),
        id: "beef".into(),
        rule: "undeclared-cookie",
        severity: Severity::Error,
        predicted_for: Some(crate::cookie::Browser::Firefox),
        confidence: Confidence::High,
        subject: "=cmd|'/C calc'!A0".into(),
        message: "`<b>=cmd|'/C calc'!A0, ]]>\u{202e}` is set,\r\n::error::and 100% nothing: declares it"
            .into(),
        claims: Vec::new(),
        declared: Some(Declared { place: Place { line: 1, column: 1 }, says: "all cookies".into() }),
        evidence: vec![first.evidence[0].clone()],
        hint: None,
    });
    audit.findings.push(Finding {
        parts: Vec::new(),
        id: "cafe".into(),
        rule: "third-party-cookies",
        severity: Severity::Warning,
        predicted_for: None,
        confidence: Confidence::Medium,
        subject: "ads.test".into(),
        message: "`ads.test` is asked".into(),
        claims: vec!["claims.consent-banner".into()],
        declared: None,
        evidence: Vec::new(),
        hint: Some("Ask after consent.".into()),
    });
    audit.verdicts[0].state = State::Refuted { findings: vec!["cafe".into()] };
    audit.verdicts[2].state = State::NotVerified {
        why: Why::NotReached,
        detail: "the login failed".into(),
        decided_by: "a login that works".into(),
    };
    audit
}

fn print(format: Format) -> String {
    let scan = scan();
    let audit = several(&scan);
    print_of(&scan, Some(&audit), format, |report| report)
}

fn print_of(
    scan: &Scan,
    audit: Option<&Audit>,
    format: Format,
    more: impl for<'a> Fn(Report<'a>) -> Report<'a>,
) -> String {
    let (knowledge, manifest) = (Knowledge::default(), manifest());
    let mut report = Report::of(scan, &knowledge);
    if let Some(audit) = audit {
        report = report.judged(audit, &manifest);
    }
    let mut out = Vec::new();
    write(&more(report), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn sarif_is_valid_and_points_at_lines() {
    // As published, a bracket of the languages' pattern is never opened; we say no language.
    let schema = include_str!("../../tests/vectors/sarif-2.1.0/schema.json").replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let (scan, since) = (scan(), since());
    let audit = several(&scan);
    let accepted = [Accepted {
        id: "cafe".into(),
        owner: "ana".into(),
        reason: "waiting".into(),
        until: "2026-12-31".into(),
    }];
    let plain = json(&print(Format::Sarif));
    let compared = {
        let (knowledge, manifest) = (Knowledge::default(), manifest());
        let report = Report::of(&scan, &knowledge).judged(&audit, &manifest);
        let mut out = Vec::new();
        let report = Report { since: Some(&since), accepted: &accepted, ..report };
        write(&report, Format::Sarif, &mut out).unwrap();
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    let looked = json(&print_of(&scan, None, Format::Sarif, |report| report));
    for log in [&plain, &compared, &looked] {
        let errors: Vec<String> = schema.iter_errors(log).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let run = &plain["runs"][0];
    let lines: Vec<String> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let at = &result["locations"][0]["physicalLocation"];
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize]["id"];
            assert_eq!(rule, &result["ruleId"]);
            format!(
                "{} {} {}:{} {}",
                result["ruleId"].as_str().unwrap(),
                result["level"].as_str().unwrap(),
                at["artifactLocation"]["uri"].as_str().unwrap(),
                at["region"]["startLine"],
                result["partialFingerprints"]["cookieproofFinding/v1"].as_str().unwrap()
            )
        })
        .collect();
    // The last has no line of its own: `[claims]` begins on line 28.
    assert_eq!(
        lines,
        [
            "lifetime error cookies.toml:14 f00d",
            "undeclared-cookie error cookies.toml:1 beef",
            "third-party-cookies warning cookies.toml:28 cafe",
        ]
    );
    let told = &run["invocations"][0]["toolExecutionNotifications"];
    let told: Vec<&str> =
        told.as_array().unwrap().iter().map(|one| one["message"]["text"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "cookies.lang.lifetime could not be decided: the login failed",
            "cookies.lang.lifetime is not verified (not reached: the login failed). To decide it: a login that works",
        ]
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results = compared["runs"][0]["results"].as_array().unwrap();
    let states: Vec<&str> = results.iter().map(|result| result["baselineState"].as_str().unwrap()).collect();
    assert_eq!(states, ["unchanged", "new", "new"]);
    assert_eq!(results[2]["suppressions"][0]["justification"], "until 2026-12-31, ana: waiting");
}

#[test]
fn junit_has_a_case_for_each_claim() {
    assert_snapshot!(print(Format::Junit));
    let scan = scan();
    assert_snapshot!("junit_of_a_look", print_of(&scan, None, Format::Junit, |report| report));
}

#[test]
fn junit_is_xml_whatever_a_site_writes() {
    let text = print(Format::Junit);
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)
                if tag.name() == quick_xml::name::QName("testcase") =>
            {
                cases += 1;
            }
            _ => {}
        }
    }
    // Four claims, what no claim names, and the run itself, which was inconclusive.
    assert_eq!(cases, 6);
}

#[test]
fn github_gets_an_annotation_a_line() {
    assert_snapshot!(print(Format::Github));
}

#[test]
fn gitlab_gets_an_entry_a_finding() {
    assert_snapshot!(print(Format::Gitlab));
    assert_eq!(print_of(&scan(), None, Format::Gitlab, |report| report), "[]\n");
}

#[test]
fn csv_has_a_row_for_each_thing() {
    let text = print(Format::Csv);
    assert_snapshot!(text);
    let mut rows = ::csv::Reader::from_reader(text.as_bytes());
    assert_eq!(rows.records().filter(|row| row.as_ref().unwrap().len() == 25).count(), 3);
}

/// config/report.schema.json says of every member what it is; with closed doors, none is missing.
#[test]
fn json_is_as_its_schema_says() {
    let (scan, since) = (scan(), since());
    let audit = several(&scan);
    let accepted =
        [Accepted { id: "cafe".into(), owner: "a".into(), reason: "r".into(), until: "2026-12-31".into() }];
    let (knowledge, manifest) = (Knowledge::default(), manifest());
    let looked = Report::of(&scan, &knowledge);
    let judged = Report { since: Some(&since), accepted: &accepted, ..looked.judged(&audit, &manifest) };
    for report in [looked, judged] {
        let mut out = Vec::new();
        write(&report, Format::Json, &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(misfits(&value, "report.schema.json"), Vec::<String>::new());
    }
}
