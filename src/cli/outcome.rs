//! The exit codes, and what decides them.

use crate::audit::{Audit, Severity, State};
use crate::observation::Scan;
use crate::report::inconclusive;
use std::process::ExitCode;

/// How a command ended. When several apply, the first of Usage, Findings, Inconclusive, Clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing to say.
    Clear,
    /// 1: findings at or above the chosen severity; for `diff`, differences.
    Findings,
    /// 2: wrong usage, manifest or plan.
    Usage,
    /// 3: the site, a persona or a page that a claim depends on could not be reached, or the run
    /// was interrupted.
    Inconclusive,
}

/// What makes a run fail: findings that are errors, warnings too, every open claim too. Each word
/// includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum FailOn {
    #[default]
    Error,
    Warning,
    Unverified,
}

/// How an audit ends. 1 beats 3: what was found stays found, whatever else was not reached.
pub(super) fn of_audit(scan: &Scan, audit: &Audit, fail_on: FailOn) -> Exit {
    let worst = audit.findings.iter().map(|finding| finding.severity).max();
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning | FailOn::Unverified => Severity::Warning,
    };
    let unverified = audit.verdicts.iter().any(|verdict| matches!(verdict.state, State::NotVerified { .. }));
    if worst >= Some(least) || (fail_on == FailOn::Unverified && unverified) {
        Exit::Findings
    } else if inconclusive(scan, Some(audit)).is_empty() {
        Exit::Clear
    } else {
        Exit::Inconclusive
    }
}

/// How a look without a manifest ends.
pub(super) fn of_scan(scan: &Scan) -> Exit {
    if inconclusive(scan, None).is_empty() { Exit::Clear } else { Exit::Inconclusive }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clear => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Confidence, Finding, Verdict, Why};
    use crate::manifest::Place;
    use crate::observation::{FailureKind, Reached};
    use serde_json::json;

    /// A scan of one page that answered, seen by one visitor.
    fn scan() -> Scan {
        let cell = json!({ "persona": "anonymous", "engine": "http", "consent": "untouched",
            "phase": "crawl", "repeat": 0 });
        serde_json::from_value(json!({
            "format": 1,
            "run": { "tool": "cookieproof", "target": "url", "base_url": "http://shop.test/",
                "started": "2026-04-16T10:00:00Z", "seconds": 1, "engines": ["http"], "user_agent": "",
                "vantage": null, "third_party_cookies": "block", "assets": false, "partial": null,
                "own_hosts": [] },
            "coverage": {
                "pages": [{ "cell": cell, "example": "http://shop.test/", "shown": null, "status": 200,
                    "count": 2 }],
                "skipped": [],
                "failed": [{ "cell": cell, "url": "http://shop.test/x", "kind": "other", "detail": "",
                    "count": 1 }],
                "personas": [{ "name": "anonymous", "visitor": { "logged-in": false, "remembered": null },
                    "reached": { "state": "yes" }, "logins": 0, "sessions_lost": 0 }],
                "robots_honoured": true },
            "observations": [], "sent": [], "contacts": [], "outcomes": [], "policy": null, "links": [],
        }))
        .unwrap()
    }

    fn finding(severity: Severity) -> Finding {
        Finding {
            predicted_for: None,
            id: "1".into(),
            parts: Vec::new(),
            rule: "lifetime",
            severity,
            confidence: Confidence::High,
            subject: "sid".into(),
            message: "too long".into(),
            claims: Vec::new(),
            declared: None,
            evidence: Vec::new(),
            hint: None,
        }
    }

    fn verdict(state: State) -> Verdict {
        Verdict {
            claim: "c".into(),
            text: "t".into(),
            place: Place { line: 1, column: 1 },
            source: None,
            state,
        }
    }

    fn open(why: Why) -> Verdict {
        verdict(State::NotVerified { why, detail: String::new(), decided_by: String::new() })
    }

    #[test]
    fn the_table_of_exit_codes() {
        use Exit::{Clear, Findings, Inconclusive};
        use FailOn::{Error, Unverified, Warning};
        let upheld = || verdict(State::Upheld { seen: "1 response".into() });
        let nothing = || vec![];
        let error = || vec![finding(Severity::Error)];
        let warning = || vec![finding(Severity::Warning)];
        let note = || vec![finding(Severity::Note)];
        let whole = |_: &mut Scan| {};
        let partial = |scan: &mut Scan| scan.run.partial = Some("interrupted".into());
        let silent = |scan: &mut Scan| scan.coverage.pages.clear();
        let broken = |scan: &mut Scan| scan.coverage.pages[0].status = 500;
        let walled = |scan: &mut Scan| {
            scan.coverage.failed[0].kind = FailureKind::BotWall;
            scan.coverage.failed[0].url = scan.run.base_url.clone();
        };
        let one_wall = |scan: &mut Scan| scan.coverage.failed[0].kind = FailureKind::BotWall;
        let stranger = |scan: &mut Scan| {
            scan.coverage.personas[0].reached = Reached::No { step: "step 2".into(), why: "401".into() };
        };
        type Change = fn(&mut Scan);
        type Case = (&'static str, Change, Vec<Finding>, Vec<Verdict>, FailOn, Exit);
        let cases: [Case; 20] = [
            ("all clear", whole, nothing(), vec![upheld()], Error, Clear),
            ("an error", whole, error(), vec![upheld()], Error, Findings),
            ("a warning", whole, warning(), vec![upheld()], Error, Clear),
            ("a warning that counts", whole, warning(), vec![upheld()], Warning, Findings),
            ("a note", whole, note(), vec![upheld()], Warning, Clear),
            ("a note, strictest", whole, note(), vec![upheld()], Unverified, Clear),
            ("a warning, strictest", whole, warning(), vec![upheld()], Unverified, Findings),
            ("open", whole, nothing(), vec![upheld(), open(Why::NeverSeen)], Error, Clear),
            ("open counts", whole, nothing(), vec![upheld(), open(Why::NeverSeen)], Unverified, Findings),
            ("needs a browser", whole, nothing(), vec![upheld(), open(Why::NeedsBrowser)], Error, Clear),
            ("not reached", whole, nothing(), vec![upheld(), open(Why::NotReached)], Error, Inconclusive),
            ("nothing decided", whole, nothing(), vec![open(Why::NeverSeen)], Error, Inconclusive),
            ("partial", partial, nothing(), vec![upheld()], Error, Inconclusive),
            ("partial, but found", partial, error(), vec![upheld()], Error, Findings),
            ("no page", silent, nothing(), vec![upheld()], Error, Inconclusive),
            ("no good page", broken, nothing(), vec![upheld()], Error, Inconclusive),
            ("a bot wall", walled, nothing(), vec![upheld()], Error, Inconclusive),
            ("one page walled", one_wall, nothing(), vec![upheld()], Error, Clear),
            ("a login that failed", stranger, nothing(), vec![upheld()], Error, Inconclusive),
            ("and a finding", stranger, warning(), vec![upheld()], Warning, Findings),
        ];
        for (name, change, findings, verdicts, fail_on, expected) in cases {
            let mut scan = scan();
            change(&mut scan);
            let audit = Audit { verdicts, findings, notes: Vec::new() };
            assert_eq!(of_audit(&scan, &audit, fail_on), expected, "{name}");
        }
        assert_eq!(of_scan(&scan()), Clear);
    }
}
