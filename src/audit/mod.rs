//! What the scan says about the manifest: verdicts of its claims, and findings. Pure: a manifest
//! and a scan go in; nothing here knows a transport, an engine, a file or a clock.

mod attribute;
mod causes;
mod context;
mod evidence;
mod id;
mod matching;
mod merge;
mod needs;
mod notes;
mod other_browser;
mod policy_table;
mod policy_text;
mod previous;
mod rounds;
mod rules;
mod standing;
mod subject;
#[cfg(test)]
mod testing;
mod unrefuted;
mod verdicts;
mod violation;
mod words;

pub(crate) use matching::host_of;
pub use rounds::Rounds;
pub use violation::Rule;

use crate::cookie::Browser;
use crate::manifest::{Manifest, PartialDate, Place, Strength};
use crate::observation::{Cell, ExchangeRef, Page, Party, Scan};
use crate::vendors::Knowledge;
use serde::{Deserialize, Serialize};

/// Judges a scan by a manifest. `previous` is an earlier scan of the same site, for the claims that
/// need two.
pub fn audit(manifest: &Manifest, scan: &Scan, previous: Option<&Scan>) -> Audit {
    audit_with(manifest, scan, previous, &Knowledge::default())
}

/// The same with what the user's lists know of cookies and hosts.
pub fn audit_with(manifest: &Manifest, scan: &Scan, previous: Option<&Scan>, knowledge: &Knowledge) -> Audit {
    let mut audit = judged(manifest, scan, previous, knowledge);
    let others = Browser::ALL.into_iter().filter(|browser| *browser != Browser::Chromium);
    for (browser, theirs) in others.filter_map(|it| Some((it, other_browser::scan_in(it, scan)?))) {
        let counts = scan.run.browsers.contains(&browser);
        other_browser::add(&mut audit, browser, counts, judged(manifest, &theirs, previous, knowledge));
    }
    audit
}

/// The same for the visitors of one browser.
fn judged(manifest: &Manifest, scan: &Scan, previous: Option<&Scan>, knowledge: &Knowledge) -> Audit {
    let mut context = context::Context::new(manifest, scan, previous, knowledge);
    context.missing =
        (0..manifest.items.len()).filter(|item| rules::never_seen::is_missing(&context, *item)).collect();
    let mut violations = Vec::new();
    for rule in rules::RULES {
        rule.look(&context, &mut violations);
    }
    let findings = merge::findings(&context, violations);
    let verdicts = verdicts::verdicts(&context, &findings);
    Audit { verdicts, notes: notes::notes(&context), findings }
}

/// The date that the policy page of a scan shows, where it can be read without doubt.
pub fn policy_date(scan: &Scan) -> Option<PartialDate> {
    match policy_text::last_updated(&scan.policy.as_ref()?.text) {
        policy_text::Shown::Date(dates) => dates.first().copied(),
        _ => None,
    }
}

/// Every rule, by id.
pub fn rules() -> Vec<&'static Rule> {
    let mut rules = rules::RULES.to_vec();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// A rule's page in Markdown: its name, its sentence, and what it looks at.
pub fn explain(rule: &str) -> Option<String> {
    let rule = rules::by_id(rule)?;
    Some(format!("# {}\n\n{}\n\n{}\n", rule.id, rule.sentence, rule.page))
}

/// What an audit concludes. Findings are sorted by severity, rule and subject; verdicts by id.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Audit {
    pub verdicts: Vec<Verdict>,
    pub findings: Vec<Finding>,
    /// Remarks that are no finding: a lifetime beyond 400 days as declared, a near match, an
    /// unused allowance.
    pub notes: Vec<Note>,
}

/// The state of one claim.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub claim: String,
    pub text: String,
    pub place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(flatten)]
    pub state: State,
}

/// Upheld, refuted or not verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum State {
    /// Looked at and as stated; `seen` says what was looked at ("3 responses on 12 pages").
    Upheld { seen: String },
    /// Refuted by these findings, by id.
    Refuted { findings: Vec<String> },
    /// Why, and the one flag or step that would decide it.
    NotVerified { why: Why, detail: String, decided_by: String },
}

/// Why a claim could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Only a browser can say.
    NeedsBrowser,
    /// The plan has no such persona, journey, consent state or probe.
    NotPlanned,
    /// It was planned and could not be reached: exit 3.
    NotReached,
    /// Looked, and the thing never occurred; the claim is about what it is like when it does.
    NeverSeen,
    /// Needs a second scan.
    NeedsPreviousScan,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// One thing wrong, with all the claims it refutes.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Rule, subject and first claim, hashed short: no line, page or target in it.
    pub id: String,
    /// Everything that this finding tells, each with its own id, sorted; the one that names it among
    /// them. What is shown together may be shown apart tomorrow; these ids stay.
    pub parts: Vec<Part>,
    pub rule: &'static str,
    /// Set where it holds in this browser alone, which was not looked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_for: Option<Browser>,
    pub severity: Severity,
    pub confidence: Confidence,
    /// What it is about: a cookie's name, a host, a claim.
    pub subject: String,
    /// One sentence.
    pub message: String,
    /// Ids, sorted.
    pub claims: Vec<String>,
    /// Where the manifest says otherwise.
    pub declared: Option<Declared>,
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub hint: Option<String>,
}

/// One thing that one rule says of one subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    pub id: String,
    pub rule: &'static str,
    pub subject: String,
    /// The claim that it is first about.
    pub claim: String,
}

/// The manifest's end of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    pub place: Place,
    /// What it says there, in words.
    pub says: String,
}

/// The site's end of a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    pub cell: Cell,
    pub page: Option<Page>,
    pub exchange: Option<ExchangeRef>,
    pub party: Option<Party>,
    /// The masked line, or what else was seen.
    pub line: String,
    pub count: u64,
    /// A command that asks again; secrets are placeholders.
    pub replay: Option<String>,
    /// A picture of the page, where there is one.
    pub picture: Option<String>,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    pub subject: String,
    pub text: String,
    pub place: Option<Place>,
}

impl From<Strength> for Severity {
    fn from(strength: Strength) -> Self {
        match strength {
            Strength::Warning => Severity::Warning,
            Strength::Error => Severity::Error,
        }
    }
}
