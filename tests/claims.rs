//! The four founding policies, row by row: the conforming sites give no finding; each sentence
//! broken gives one, with its claim and the response that shows it; what merely tempts gives none.
//!
//! The rows are in `tests/claims/SITE.toml`. Rows that only a browser can judge are listed, and the
//! list is exact.

use crate::claims_table::{Assert, Engine, Row, rows};
use crate::support::command::Ended;
use crate::support::sites::Which;
use crate::support::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One site with one thing planted, and what must come of it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) which: Which,
    pub(crate) id: String,
    pub(crate) row: Row,
    pub(crate) switches: Vec<String>,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        if self.switches.is_empty() { self.id.clone() } else { self.switches.join("+") }
    }

    /// Whether it is broken in another way than its own.
    pub(crate) fn is_other_way(&self) -> bool {
        self.row.more.iter().any(|way| self.switches == [way.clone()])
    }

    pub(crate) fn world(&self) -> World {
        let switches: Vec<&str> = self.switches.iter().map(String::as_str).collect();
        let world = World::new(self.which, &switches);
        if let Some((from, to)) = &self.row.edit {
            world.edit("cookies.toml", from, to);
        }
        world
    }
}

/// What the HTTP engine is asked to judge: rows about findings and silence, in every way to plant.
fn cases(asserts: &[Assert]) -> Vec<Case> {
    let mut cases = Vec::new();
    for which in Which::ALL {
        for (id, row) in rows(which) {
            if row.engine == Engine::Browser || row.needs == "two-scans" || !asserts.contains(&row.assert) {
                continue;
            }
            let first = row.switches.clone().unwrap_or_else(|| vec![id.clone()]);
            let ways = std::iter::once(first).chain(row.more.iter().map(|way| vec![way.clone()]));
            for switches in ways {
                cases.push(Case { which, id: id.clone(), row: row.clone(), switches });
            }
        }
    }
    cases
}

/// Every way to break a row that plain HTTP is asked to judge.
pub(crate) fn broken() -> Vec<Case> {
    cases(&[Assert::Finding])
}

/// Judges every case, two at a time; the complaints by case.
pub(crate) fn judge(
    cases: &[Case],
    judge: impl Fn(&Case) -> Result<(), String> + Sync,
) -> BTreeMap<String, String> {
    let complaints = at_once(cases, judge);
    complaints.into_iter().map(|(at, complaint)| (cases[at].name(), complaint)).collect()
}

/// Three at a time, since each waits now and then; the complaints by place in the list.
pub(crate) fn at_once<T: Sync>(
    list: &[T],
    judge: impl Fn(&T) -> Result<(), String> + Sync,
) -> BTreeMap<usize, String> {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = list.get(at) else { break };
                    if let Err(complaint) = judge(one) {
                        complaints.lock().unwrap().insert(at, complaint);
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}

pub(crate) fn lines(complaints: &BTreeMap<String, String>) -> String {
    complaints.iter().map(|(name, complaint)| format!("{name}: {complaint}\n")).collect()
}

/// Findings of a report: rule, severity, claims, and the responses in evidence.
pub(crate) fn findings(report: &serde_json::Value) -> Vec<String> {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let claims: Vec<&str> = texts(&finding["claims"]);
            format!(
                "{} [{}] {} {}",
                finding["rule"].as_str().unwrap(),
                claims.join(" "),
                finding["message"].as_str().unwrap(),
                responses(finding).join(" | ")
            )
        })
        .collect()
}

fn texts(list: &serde_json::Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn responses(finding: &serde_json::Value) -> Vec<String> {
    let evidence = finding["evidence"].as_array().unwrap();
    evidence
        .iter()
        .filter(|evidence| !evidence["exchange"].is_null())
        .map(|evidence| {
            let at = &evidence["exchange"];
            format!("{} {}", at["method"].as_str().unwrap_or("script"), at["url"].as_str().unwrap())
        })
        .collect()
}

fn only_finding(case: &Case) -> Result<(), String> {
    only(case, &case.world().audit(&["--format", "json", "--fail-on", "warning"]))
}

/// The one finding of this report must be the case's.
pub(crate) fn only(case: &Case, ended: &Ended) -> Result<(), String> {
    if ended.code != Some(1) {
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        let verdicts = report["verdicts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_case = |verdict: &&Value| case.row.claims.iter().any(|claim| verdict["claim"] == **claim);
        let verdicts: Vec<&Value> = verdicts.iter().filter(of_case).collect();
        let said = format!("{verdicts:#?}\n{:#}", report["coverage"]["notes"]);
        return Err(format!("exit code {:?}\n{said}\n{}", ended.code, ended.stderr));
    }
    let report = ended.json();
    let [finding] = report["findings"].as_array().unwrap().as_slice() else {
        let list = findings(&report);
        return Err(format!("{} findings\n    {}", list.len(), list.join("\n    ")));
    };
    is_of(case, finding).map_err(|complaint| format!("{complaint}: {}", findings(&report)[0]))
}

/// Whether this finding is the case's: about its claims, shown by its response.
pub(crate) fn is_of(case: &Case, finding: &Value) -> Result<(), String> {
    let claims = texts(&finding["claims"]);
    if !case.row.claims.iter().all(|claim| claims.contains(&claim.as_str())) {
        return Err(format!("not about {}", case.row.claims.join(" ")));
    }
    // Other ways to break a row have places of their own.
    if let Some(at) = &case.row.at
        && case.name() == case.id
        && !responses(finding).iter().any(|response| response.starts_with(at))
    {
        return Err(format!("evidence is not {at}"));
    }
    Ok(())
}

fn no_finding(case: &Case) -> Result<(), String> {
    let ended = case.world().audit(&["--format", "json", "--fail-on", "warning"]);
    if ended.code == Some(0) {
        return Ok(());
    }
    Err(format!(
        "exit code {:?}\n    {}\n{}",
        ended.code,
        findings(&ended.json()).join("\n    "),
        ended.stderr
    ))
}

/// Of a report about a conforming site: no finding, and nothing undecided but for these reasons.
pub(crate) fn all_clear(ended: &Ended, undecided: &[&str]) -> Result<(), String> {
    if ended.code != Some(0) {
        return Err(format!("exit code {:?}\n{}{}", ended.code, ended.stdout, ended.stderr));
    }
    let report = ended.json();
    let mut wrong = findings(&report);
    for verdict in report["verdicts"].as_array().unwrap() {
        let why = verdict["why"].as_str().unwrap_or_default();
        if verdict["verdict"] != "upheld" && !undecided.contains(&why) {
            wrong.push(format!("{} is not upheld: {why}: {}", verdict["claim"], verdict["detail"]));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n    ")) }
}

/// What is the same in two reports about the same site.
fn timeless(mut report: serde_json::Value) -> String {
    report.as_object_mut().unwrap().remove("time");
    report.to_string()
}

#[test]
fn conforming_sites_are_all_clear_and_say_so_in_the_same_bytes() {
    let mut complaints = String::new();
    for which in Which::ALL {
        let mut first = None;
        for _ in 0..3 {
            let ended = World::new(which, &[]).audit(&["--format", "json", "--fail-on", "warning"]);
            if let Err(complaint) = all_clear(&ended, &["needs-browser", "needs-previous-scan"]) {
                let _ = writeln!(complaints, "{}: {complaint}", which.name());
                break;
            }
            let report = timeless(ended.json());
            assert_eq!(first.get_or_insert_with(|| report.clone()), &report);
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// In development, without https: the manifests state what differs by scheme.
#[test]
fn conforming_sites_over_http_are_all_clear() {
    let mut complaints = String::new();
    for which in Which::ALL {
        let ended = World::over_http(which, &[]).audit(&["--format", "json", "--fail-on", "warning"]);
        if ended.code != Some(0) {
            let _ = writeln!(
                complaints,
                "{}: {}{}",
                which.name(),
                findings(&ended.json()).join("\n    "),
                ended.stderr
            );
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// Two scans, the second of a site with this switch.
fn second_scan(which: Which, switch: &str) -> Ended {
    let (before, after) = (World::new(which, &[]), World::new(which, &[switch]));
    let scan = before.folder.path().join("scan.json");
    let scan = scan.to_str().unwrap();
    before.audit(&["--save-scan", scan]).code(0);
    if switch.ends_with("-dated") {
        after.edit("cookies.toml", "\"2026-06\"", "\"2026-07\"");
        after.declare("caption_layout");
    }
    after.audit(&["--previous", scan, "--format", "json", "--fail-on", "warning"])
}

#[test]
fn a_change_without_a_new_date_is_the_only_finding_of_a_second_scan() {
    let mut complaints = String::new();
    for which in Which::ALL {
        for (id, row) in rows(which).into_iter().filter(|(_, row)| row.needs == "two-scans") {
            let case = Case { which, id: id.clone(), row: row.clone(), switches: vec![id.clone()] };
            if let Err(complaint) = only(&case, &second_scan(which, &id)) {
                let _ = writeln!(complaints, "{id}: {complaint}");
            }
            for switch in &row.fine {
                let ended = second_scan(which, switch);
                if ended.code != Some(0) {
                    let _ = writeln!(complaints, "{switch}: {}", findings(&ended.json()).join("\n    "));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn lint_rows_are_notes_of_check() {
    for which in Which::ALL {
        for (id, row) in rows(which).into_iter().filter(|(_, row)| row.assert == Assert::Lint) {
            let world = World::new(which, &[]);
            if let Some((from, to)) = &row.edit {
                world.edit("cookies.toml", from, to);
            }
            let ended = world.run(&["check", "cookies.toml"]);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(said.contains(&row.note.unwrap()), "{id}: {said}");
        }
    }
}

/// Rows that plain HTTP should judge and does not yet judge as it should, and why.
const NOT_YET: &[(&str, &str)] = &[];

#[test]
fn each_broken_sentence_is_the_only_finding() {
    let cases = broken();
    let complaints = judge(&cases, only_finding);
    let (known, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        complaints.into_iter().partition(|(name, _)| NOT_YET.iter().any(|(known, _)| known == name));
    println!(
        "{} of {} ways to break a row are judged as they should be; not yet:",
        cases.len() - known.len(),
        cases.len()
    );
    for (name, why) in NOT_YET.iter().filter(|(name, _)| known.contains_key(*name)) {
        println!("{name}: {why}");
    }
    assert!(new.is_empty(), "{}", lines(&new));
    let listed: Vec<&str> = NOT_YET.iter().map(|(name, _)| *name).collect();
    assert_eq!(known.keys().collect::<Vec<_>>(), listed, "the list is to be exact");
}

#[test]
fn what_merely_tempts_is_no_finding() {
    let complaints = judge(&cases(&[Assert::Silence]), no_finding);
    assert!(complaints.is_empty(), "{}", lines(&complaints));
}
