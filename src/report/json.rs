//! The report for programs: `cookieproof-report/1`.
//!
//! One JSON object, in a stable order; the same scan gives the same bytes. Two runs differ in the
//! members of `time` and, where a site writes `Expires`, in that date within `line`. Fields may be
//! added to version 1; none is taken away or given another meaning without a new version.
//!
//! ```json
//! {
//!   "format": "cookieproof-report/1",
//!   "time": { "started": "2026-04-16T10:00:00Z", "seconds": 2 },
//!   "run": { "tool": "cookieproof 0.1.0", "target": "production", "base_url": "https://prokken.test/", ... },
//!   "manifest": "cookies.toml",
//!   "answer": { "upheld": 40, "refuted": 1, "not_verified": 9, "errors": 1, "warnings": 0, "notes": 0 },
//!   "inconclusive": [],
//!   "findings": [ { "id": "…", "rule": "lifetime", "claims": ["cookies.sid.lifetime"], "evidence": [...], ... } ],
//!   "verdicts": [ { "claim": "cookies.sid.lifetime", "verdict": "refuted", "findings": ["…"], ... } ],
//!   "notes": [],
//!   "inventory": [ { "kind": "cookie", "name": "sid", "domain": "prokken.test", "seen": [...] } ],
//!   "hosts": [], "third_parties": [], "probes": [],
//!   "coverage": { "personas": [...], "pages": [...], "skipped": [...], "failed": [...] }
//! }
//! ```
//!
//! `answer`, `findings`, `verdicts` and `notes` are missing where nothing was audited (`scan`).
//! `docs/report-json.md` lists every member. Lines and columns count from 1; durations are seconds.
//!
//! Characters that a terminal or a reader would not show as themselves (see
//! [`super::text::is_unsafe`]) are written as `\u` escapes: the same JSON value, harmless bytes.

use super::answer::Counts;
use super::third_parties::{self, Left, Other};
use super::{Report, text};
use crate::audit::{Audit, Confidence, Evidence, Finding, Note, Severity, State, Verdict, Why};
use crate::cookie::{
    Browser, Decision, Effective, Lifetime, Name, Reason, SameSite, ThirdPartyCookies, ValueFacts,
};
use crate::history::{Change, Since, Standing};
use crate::manifest::Place;
use crate::observation::{
    Carried, Cell, Channel, ConsentLook, Contact, Engine, ExchangeRef, FailureKind, Observation, Outcome,
    Page, Party, ProbeKind, ProbeResult, Reached, Resource, SafeUrl, Scan, Script, SentByScripts, SkipReason,
    StorageKind, Visitor,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The name and version of this format.
pub const FORMAT: &str = "cookieproof-report/1";

/// Writes the report, indented, with a line end at the end.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    pretty(&wire(report), out)
}

/// Writes a value, indented and harmless.
pub(super) fn pretty(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let formatter = Harmless { inner: serde_json::ser::PrettyFormatter::new() };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
    value.serialize(&mut serializer)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Wire<'a> {
    format: &'static str,
    time: Time<'a>,
    run: Run<'a>,
    manifest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    inconclusive: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<SinceOut<'a>>,
    /// What is to be said of the entries of the baseline.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    baseline: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rounds: Option<RoundsOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingOut<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<Vec<VerdictOut<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<NoteOut<'a>>>,
    inventory: Vec<Thing<'a>>,
    hosts: Vec<Host<'a>>,
    third_parties: Vec<OtherOut<'a>>,
    probes: Vec<Probe<'a>>,
    /// What visitors met of the consent question; empty without a browser.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consent: Vec<ConsentOut<'a>>,
    coverage: Coverage<'a>,
}

#[derive(Serialize)]
struct Time<'a> {
    started: &'a str,
    seconds: u64,
}

#[derive(Serialize)]
struct Run<'a> {
    tool: &'a str,
    target: &'a str,
    base_url: &'a SafeUrl,
    own_hosts: &'a [String],
    engines: &'a BTreeSet<Engine>,
    user_agent: &'a str,
    vantage: Option<&'a str>,
    third_party_cookies: ThirdPartyCookies,
    assets: bool,
    partial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<BrowserOut<'a>>,
}

#[derive(Serialize)]
struct BrowserOut<'a> {
    version: &'a str,
    third_party_cookies: &'a [ThirdPartyCookies],
    tried: bool,
}

#[derive(Serialize)]
struct ConsentOut<'a> {
    cell: CellOut<'a>,
    shown: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a SafeUrl>,
    known_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_or_accept: Option<&'a str>,
    answered_by: Option<&'a str>,
    not_reached: Option<&'a str>,
    kept_in: Vec<NamedOut>,
    shown_again: Option<bool>,
    survives: Vec<NamedOut>,
}

#[derive(Serialize)]
struct NamedOut {
    kind: StorageKind,
    name: String,
}

#[derive(Serialize)]
struct Answer {
    upheld: usize,
    refuted: usize,
    not_verified: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// What changed since the last time.
#[derive(Serialize)]
pub(super) struct SinceOut<'a> {
    first: bool,
    compared_with: Vec<BaseOut<'a>>,
    not_looked_at: Vec<OpenOut<'a>>,
    caveats: &'a [String],
    findings: Vec<FindingSinceOut<'a>>,
    claims: Vec<TurnOut<'a>>,
    things: Vec<ThingSinceOut<'a>>,
    pages: &'a [String],
}

#[derive(Serialize)]
struct BaseOut<'a> {
    who: &'a str,
    started: Option<&'a str>,
}

#[derive(Serialize)]
struct OpenOut<'a> {
    who: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct FindingSinceOut<'a> {
    id: &'a str,
    state: &'static str,
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    note: &'a str,
    first_seen: Option<&'a str>,
}

#[derive(Serialize)]
struct TurnOut<'a> {
    claim: &'a str,
    from: &'a str,
    to: &'a str,
}

#[derive(Serialize)]
struct ThingSinceOut<'a> {
    change: &'static str,
    /// Null for another party.
    kind: Option<StorageKind>,
    name: &'a str,
    host: &'a str,
    vendor: Option<&'a str>,
    detail: &'a str,
    who: &'a [String],
}

#[derive(Serialize)]
struct RoundsOut<'a> {
    of: u64,
    /// Things that were not there in each round.
    unsteady: Vec<UnsteadyOut<'a>>,
}

#[derive(Serialize)]
struct UnsteadyOut<'a> {
    kind: StorageKind,
    name: &'a str,
    seen: u64,
}

#[derive(Serialize)]
struct AcceptedOut<'a> {
    owner: &'a str,
    reason: &'a str,
    until: &'a str,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    id: &'a str,
    /// Where there is something to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<AcceptedOut<'a>>,
    /// In how many rounds it was there, where there were several.
    #[serde(skip_serializing_if = "Option::is_none")]
    rounds: Option<u64>,
    rule: &'a str,
    /// The one browser that it holds in, where that was not looked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicted_for: Option<Browser>,
    severity: Severity,
    confidence: Confidence,
    subject: &'a str,
    message: &'a str,
    claims: &'a [String],
    declared: Option<DeclaredOut<'a>>,
    evidence: Vec<EvidenceOut<'a>>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct DeclaredOut<'a> {
    line: u32,
    column: u32,
    says: &'a str,
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    line: &'a str,
    count: u64,
    cell: CellOut<'a>,
    page: Option<PageOut<'a>>,
    exchange: Option<ExchangeOut<'a>>,
    party: Option<Party>,
    replay: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
}

#[derive(Serialize)]
struct CellOut<'a> {
    persona: &'a str,
    engine: Engine,
    consent: String,
    phase: crate::observation::Phase,
    repeat: u32,
    /// In the plan's second mode only.
    #[serde(skip_serializing_if = "Option::is_none")]
    third_party_cookies: Option<ThirdPartyCookies>,
}

#[derive(Serialize)]
struct PageOut<'a> {
    asked: &'a SafeUrl,
    shown: Option<&'a SafeUrl>,
    started_by: Option<&'a SafeUrl>,
}

#[derive(Serialize)]
struct ExchangeOut<'a> {
    /// None: no request did it, but a script, or nobody was seen to do it.
    method: Option<&'a str>,
    url: &'a SafeUrl,
    status: u16,
    hop: u16,
    resource: Resource,
}

#[derive(Serialize)]
struct VerdictOut<'a> {
    claim: &'a str,
    text: &'a str,
    line: u32,
    column: u32,
    source: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<&'a str>,
}

#[derive(Serialize)]
struct NoteOut<'a> {
    subject: &'a str,
    text: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct Thing<'a> {
    kind: StorageKind,
    name: String,
    domain: &'a str,
    path: &'a str,
    partition: Option<&'a str>,
    party: Party,
    seen: Vec<Seen<'a>>,
}

/// Sightings that differ in nothing an audit could ask about; the example stands for all.
#[derive(Serialize)]
struct Seen<'a> {
    count: u64,
    decision: &'static str,
    refused_because: &'a [Reason],
    line: &'a str,
    /// As written; null for a session cookie.
    lifetime_seconds: Option<i64>,
    http_only: bool,
    secure: bool,
    same_site: Option<SameSite>,
    partitioned: bool,
    path_attribute: Option<&'a str>,
    domain_attribute: Option<&'a str>,
    /// As a browser keeps it; null where it refuses it.
    kept: Option<Kept<'a>>,
    /// Where a browser did otherwise than our model says.
    disagreement: Option<&'a str>,
    /// What another browser does with it, where that is something else; null where there is no difference.
    elsewhere: Option<ElsewhereOut<'a>>,
    value: ValueOut<'a>,
    channel: Channel,
    cell: CellOut<'a>,
    page: PageOut<'a>,
    exchange: ExchangeOut<'a>,
    script: Option<ScriptOut<'a>>,
    /// By the page's own clock; null for what came with the page, within its first second.
    seconds_after_load: Option<u64>,
}

#[derive(Serialize)]
struct ElsewhereOut<'a> {
    /// Nothing was seen of it there.
    predicted_for: Browser,
    decision: &'static str,
    refused_because: &'a [Reason],
    kept: Option<Kept<'a>>,
}

#[derive(Serialize)]
struct Kept<'a> {
    host_only: bool,
    path: &'a str,
    lifetime_seconds: Option<i64>,
}

/// Facts; never the value.
#[derive(Serialize)]
struct ValueOut<'a> {
    length: usize,
    class: &'a crate::cookie::CharClass,
    shape: &'a crate::cookie::ValueShape,
}

#[derive(Serialize)]
struct ScriptOut<'a> {
    url: &'a SafeUrl,
    line: u32,
    column: u32,
    /// What called it, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    called_from: Vec<ScriptOut<'a>>,
}

/// A host that was asked or mentioned, over all pages and personas.
#[derive(Serialize)]
pub(super) struct Host<'a> {
    pub(super) host: &'a str,
    pub(super) party: Party,
    pub(super) resources: BTreeSet<Resource>,
    pub(super) fetched: bool,
    pub(super) count: u64,
    pub(super) page: &'a str,
    pub(super) example: &'a str,
}

/// Another party, by registrable domain, with what is known of it.
#[derive(Serialize)]
struct OtherOut<'a> {
    site: Option<String>,
    hosts: BTreeSet<&'a str>,
    vendor: Option<String>,
    role: Option<&'static str>,
    category: Option<String>,
    /// The line of the table or list that decided.
    known_by: Option<String>,
    fetched: bool,
    requests: u64,
    pages: usize,
    page: Option<&'a str>,
    script: Option<ScriptOut<'a>>,
    told: BTreeSet<&'a Carried>,
    leaves: Vec<LeftOut<'a>>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    kind: StorageKind,
    name: String,
    domain: &'a str,
    for_site: bool,
    kept: bool,
}

#[derive(Serialize)]
struct Probe<'a> {
    probe: &'static str,
    persona: &'a str,
    cookies: &'a [String],
    page: Option<&'a SafeUrl>,
    result: &'static str,
    detail: Option<&'a str>,
    evidence: &'a [String],
}

#[derive(Serialize)]
struct Coverage<'a> {
    robots_honoured: bool,
    personas: Vec<PersonaOut<'a>>,
    pages: Vec<PagesOut<'a>>,
    skipped: Vec<SkippedOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sampled: Vec<SampledOut<'a>>,
    failed: Vec<FailedOut<'a>>,
    sent_by_scripts: &'a [SentByScripts],
    notes: &'a [String],
}

#[derive(Serialize)]
struct PersonaOut<'a> {
    name: &'a str,
    #[serde(flatten)]
    visitor: VisitorOut,
    consent: String,
    reached: &'static str,
    detail: Option<String>,
    logins: u32,
    sessions_lost: u32,
}

#[derive(Serialize)]
struct VisitorOut {
    logged_in: bool,
    remembered: Option<bool>,
}

#[derive(Serialize)]
struct PagesOut<'a> {
    cell: CellOut<'a>,
    example: &'a SafeUrl,
    shown: Option<&'a SafeUrl>,
    status: u16,
    count: u64,
}

#[derive(Serialize)]
struct SkippedOut<'a> {
    persona: &'a str,
    reason: SkipReason,
    example: &'a SafeUrl,
    count: u64,
}

#[derive(Serialize)]
struct SampledOut<'a> {
    persona: &'a str,
    template: String,
    asked: u64,
    known: u64,
}

#[derive(Serialize)]
struct FailedOut<'a> {
    cell: CellOut<'a>,
    url: &'a SafeUrl,
    kind: FailureKind,
    detail: &'a str,
    count: u64,
}

pub(super) fn since(since: &Since) -> SinceOut<'_> {
    SinceOut {
        first: since.is_first(),
        compared_with: since
            .bases
            .iter()
            .map(|base| BaseOut { who: &base.who, started: base.started.as_deref() })
            .collect(),
        not_looked_at: since.open.iter().map(|open| OpenOut { who: &open.who, why: &open.why }).collect(),
        caveats: &since.caveats,
        findings: since
            .findings
            .iter()
            .map(|finding| FindingSinceOut {
                id: &finding.id,
                state: standing(finding.standing),
                rule: &finding.rule,
                severity: finding.severity,
                message: &finding.message,
                note: &finding.note,
                first_seen: finding.first_seen.as_deref(),
            })
            .collect(),
        claims: since
            .claims
            .iter()
            .map(|turn| TurnOut { claim: &turn.claim, from: &turn.from, to: &turn.to })
            .collect(),
        things: since
            .things
            .iter()
            .map(|thing| ThingSinceOut {
                change: match thing.change {
                    Change::Appeared => "new",
                    Change::Gone => "gone",
                    Change::Changed => "changed",
                    Change::Renamed => "renamed",
                    Change::NotLookedAt => "not-looked-at",
                },
                kind: thing.kind,
                name: &thing.name,
                host: &thing.host,
                vendor: thing.vendor.as_deref(),
                detail: &thing.detail,
                who: &thing.who,
            })
            .collect(),
        pages: &since.pages,
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::New => "new",
        Standing::Still => "still-there",
        Standing::Gone => "gone",
        Standing::NotLookedAt => "not-looked-at",
    }
}

fn wire<'a>(report: &Report<'a>) -> Wire<'a> {
    let scan = report.scan;
    let run = &scan.run;
    Wire {
        format: FORMAT,
        time: Time { started: &run.started, seconds: run.seconds },
        run: Run {
            tool: &run.tool,
            target: &run.target,
            base_url: &run.base_url,
            own_hosts: &run.own_hosts,
            engines: &run.engines,
            user_agent: &run.user_agent,
            vantage: run.vantage.as_deref(),
            third_party_cookies: run.third_party_cookies,
            assets: run.assets,
            partial: run.partial.as_deref(),
            browser: run.browser.as_ref().map(|browser| BrowserOut {
                version: &browser.version,
                third_party_cookies: &browser.third_party_cookies,
                tried: browser.tried,
            }),
        },
        manifest: report.manifest.map(|manifest| manifest.file.as_str()),
        answer: report.audit.map(answer),
        inconclusive: report.inconclusive(),
        since: report.since.map(since),
        baseline: report.remarks,
        rounds: report.rounds.map(|rounds| RoundsOut {
            of: rounds.of,
            unsteady: rounds
                .unsteady
                .iter()
                .map(|(kind, name, seen)| UnsteadyOut { kind: *kind, name, seen: *seen })
                .collect(),
        }),
        findings: report.audit.map(|audit| audit.findings.iter().map(|one| finding(report, one)).collect()),
        verdicts: report.audit.map(|audit| audit.verdicts.iter().map(verdict).collect()),
        notes: report.audit.map(|audit| audit.notes.iter().map(note).collect()),
        inventory: scan.observations.iter().map(thing).collect(),
        hosts: hosts(scan),
        third_parties: third_parties::others(scan, report.knowledge).into_iter().map(other).collect(),
        probes: scan.outcomes.iter().map(outcome).collect(),
        consent: scan.consent.iter().map(consent).collect(),
        coverage: coverage(scan),
    }
}

fn answer(audit: &Audit) -> Answer {
    let Counts { upheld, refuted, not_verified, errors, warnings, notes } = Counts::of(audit);
    Answer { upheld, refuted, not_verified, errors, warnings, notes }
}

fn finding<'a>(report: &Report<'a>, finding: &'a Finding) -> FindingOut<'a> {
    let accepted = report.accepted.iter().find(|accepted| accepted.id == finding.id);
    FindingOut {
        id: &finding.id,
        state: report.since.and_then(|since| since.standing(&finding.id)).map(standing),
        accepted: accepted.map(|accepted| AcceptedOut {
            owner: &accepted.owner,
            reason: &accepted.reason,
            until: &accepted.until,
        }),
        rounds: report.rounds.map(|rounds| rounds.findings.get(&finding.id).copied().unwrap_or(rounds.of)),
        rule: finding.rule,
        predicted_for: finding.predicted_for,
        severity: finding.severity,
        confidence: finding.confidence,
        subject: &finding.subject,
        message: &finding.message,
        claims: &finding.claims,
        declared: finding.declared.as_ref().map(|declared| DeclaredOut {
            line: declared.place.line,
            column: declared.place.column,
            says: &declared.says,
        }),
        evidence: finding.evidence.iter().map(evidence).collect(),
        hint: finding.hint.as_deref(),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceOut<'_> {
    EvidenceOut {
        line: &evidence.line,
        count: evidence.count,
        cell: cell(&evidence.cell),
        page: evidence.page.as_ref().map(page),
        exchange: evidence.exchange.as_ref().map(exchange),
        party: evidence.party,
        replay: evidence.replay.as_deref(),
        picture: evidence.picture.as_deref(),
    }
}

/// A state of consent, as the schema has it.
fn state(consent: &crate::observation::Consent) -> String {
    match consent {
        crate::observation::Consent::Untouched => "untouched".to_owned(),
        consent => super::words::consent(consent),
    }
}

fn cell(cell: &Cell) -> CellOut<'_> {
    CellOut {
        persona: &cell.persona,
        engine: cell.engine,
        consent: state(&cell.consent),
        phase: cell.phase,
        repeat: cell.repeat,
        third_party_cookies: cell.third_party,
    }
}

fn consent(look: &ConsentLook) -> ConsentOut<'_> {
    let named = |things: &[(StorageKind, Name)]| {
        things.iter().map(|(kind, name)| NamedOut { kind: *kind, name: name.to_string() }).collect()
    };
    ConsentOut {
        cell: cell(&look.cell),
        shown: look.shown,
        page: look.page.as_ref(),
        known_by: look.known_by.as_deref(),
        suspected: look.suspected.as_deref(),
        pay_or_accept: look.pay_or_accept.as_deref(),
        answered_by: look.answered_by.as_deref(),
        not_reached: look.not_reached.as_deref(),
        kept_in: named(&look.kept_in),
        shown_again: look.shown_again,
        survives: named(&look.survives),
    }
}

fn page(page: &Page) -> PageOut<'_> {
    PageOut { asked: &page.asked, shown: page.shown.as_ref(), started_by: page.started_by.as_ref() }
}

fn script(script: &Script) -> ScriptOut<'_> {
    ScriptOut {
        url: &script.url,
        line: script.line,
        column: script.column,
        called_from: script.called_from.iter().map(self::script).collect(),
    }
}

fn exchange(at: &ExchangeRef) -> ExchangeOut<'_> {
    ExchangeOut { method: at.method(), url: &at.url, status: at.status, hop: at.hop, resource: at.resource }
}

fn verdict(verdict: &Verdict) -> VerdictOut<'_> {
    let Place { line, column } = verdict.place;
    let mut wire = VerdictOut {
        claim: &verdict.claim,
        text: &verdict.text,
        line,
        column,
        source: verdict.source.as_deref(),
        verdict: "upheld",
        seen: None,
        findings: None,
        why: None,
        detail: None,
        decided_by: None,
    };
    match &verdict.state {
        State::Upheld { seen } => wire.seen = Some(seen),
        State::Refuted { findings } => {
            wire.verdict = "refuted";
            wire.findings = Some(findings);
        }
        State::NotVerified { why, detail, decided_by } => {
            wire.verdict = "not-verified";
            wire.why = Some(*why);
            wire.detail = Some(detail);
            wire.decided_by = Some(decided_by);
        }
    }
    wire
}

fn note(note: &Note) -> NoteOut<'_> {
    NoteOut {
        subject: &note.subject,
        text: &note.text,
        line: note.place.map(|place| place.line),
        column: note.place.map(|place| place.column),
    }
}

fn thing(thing: &Observation) -> Thing<'_> {
    let seen = thing.groups.iter().map(|group| {
        let example = &group.example;
        let (decision, refused_because) = decided(&example.decision);
        let written = &example.written;
        Seen {
            count: group.count,
            decision,
            refused_because,
            line: &example.line,
            lifetime_seconds: seconds(&written.lifetime),
            http_only: written.http_only,
            secure: written.secure,
            same_site: written.same_site,
            partitioned: written.partitioned,
            path_attribute: written.path.as_deref(),
            domain_attribute: written.domain.as_deref(),
            kept: example.decision.effective().map(kept),
            disagreement: example.disagreement.as_deref(),
            elsewhere: example.elsewhere.as_deref().map(|other| {
                let (decision, refused_because) = decided(&other.decision);
                let kept = other.decision.effective().map(kept);
                ElsewhereOut { predicted_for: other.browser, decision, refused_because, kept }
            }),
            value: value(&example.value),
            channel: example.channel,
            cell: cell(&example.cell),
            page: page(&example.page),
            exchange: exchange(&example.exchange),
            script: example.script.as_ref().map(script),
            seconds_after_load: super::words::seconds_after_load(example),
        }
    });
    Thing {
        kind: thing.kind,
        name: thing.name.to_string(),
        domain: &thing.domain,
        path: &thing.path,
        partition: thing.partition.as_deref(),
        party: thing.party,
        seen: seen.collect(),
    }
}

fn decided(decision: &Decision) -> (&'static str, &[Reason]) {
    match decision {
        Decision::Stored { .. } => ("stored", &[]),
        Decision::Replaced { .. } => ("replaced", &[]),
        Decision::Deleted { .. } => ("deleted", &[]),
        Decision::Rejected { reasons } => ("refused", reasons.as_slice()),
    }
}

fn kept(effective: &Effective) -> Kept<'_> {
    Kept {
        host_only: effective.host_only,
        path: &effective.path,
        lifetime_seconds: seconds(&effective.lifetime),
    }
}

fn seconds(lifetime: &Lifetime) -> Option<i64> {
    match lifetime {
        Lifetime::Session => None,
        Lifetime::Seconds(seconds) => Some(*seconds),
    }
}

fn value(facts: &ValueFacts) -> ValueOut<'_> {
    ValueOut { length: facts.length, class: &facts.class, shape: &facts.shape }
}

pub(super) fn hosts(scan: &Scan) -> Vec<Host<'_>> {
    let mut hosts: BTreeMap<(Party, &str), Host<'_>> = BTreeMap::new();
    for Contact { host, party, resource, page, example, count, fetched, .. } in &scan.contacts {
        let entry = hosts.entry((*party, host)).or_insert_with(|| Host {
            host,
            party: *party,
            resources: BTreeSet::new(),
            fetched: false,
            count: 0,
            page: page.as_str(),
            example: example.as_str(),
        });
        entry.resources.insert(*resource);
        entry.fetched |= *fetched;
        entry.count += count;
    }
    hosts.into_values().collect()
}

fn other(other: Other<'_>) -> OtherOut<'_> {
    let fact = other.fact;
    OtherOut {
        site: other.site,
        vendor: fact.as_ref().map(|fact| fact.vendor.to_string()),
        role: fact.as_ref().map(|fact| fact.role.word()),
        category: fact.as_ref().map(|fact| fact.role.category().to_string()),
        known_by: fact.map(|fact| fact.matched_by.into_owned()),
        fetched: other.fetched,
        requests: other.requests,
        pages: other.pages.len(),
        page: other.pages.first().copied(),
        hosts: other.hosts,
        script: other.script.map(script),
        told: other.carried,
        leaves: other
            .sets
            .into_iter()
            .map(|Left { kind, name, domain, for_site, kept }| LeftOut { kind, name, domain, for_site, kept })
            .collect(),
    }
}

fn outcome(outcome: &Outcome) -> Probe<'_> {
    let (result, detail) = result(&outcome.result);
    Probe {
        probe: probe(&outcome.probe),
        persona: &outcome.persona,
        cookies: &outcome.cookies,
        page: outcome.page.as_ref(),
        result,
        detail,
        evidence: &outcome.evidence,
    }
}

pub(super) fn result(result: &ProbeResult) -> (&'static str, Option<&str>) {
    match result {
        ProbeResult::Holds => ("holds", None),
        ProbeResult::Fails { what } => ("fails", Some(what)),
        ProbeResult::Undecided { why } => ("undecided", Some(why)),
        ProbeResult::NotDone { why } => ("not-done", Some(why)),
    }
}

pub(super) fn probe(kind: &ProbeKind) -> &'static str {
    match kind {
        ProbeKind::RequiredFor => "required-for",
        ProbeKind::ClearedOnLogout => "cleared-on-logout",
        ProbeKind::EndedOnLogout => "ended-on-logout",
        ProbeKind::Refreshes { .. } => "refreshes",
        ProbeKind::RollingRenewal => "rolling-renewal",
        ProbeKind::LoginOverHttp => "login-over-http",
        ProbeKind::TokenRequired => "token-required",
        ProbeKind::UpdatedBy { .. } => "updated-by",
        ProbeKind::GlobalPrivacyControl => "global-privacy-control",
        ProbeKind::Banner { .. } => "banner",
        ProbeKind::MirroredValue { .. } => "mirrored-value",
        ProbeKind::StorageMirror { .. } => "storage-mirror",
    }
}

fn coverage(scan: &Scan) -> Coverage<'_> {
    let coverage = &scan.coverage;
    Coverage {
        robots_honoured: coverage.robots_honoured,
        notes: &coverage.notes,
        sent_by_scripts: &coverage.sent_by_scripts,
        personas: coverage
            .personas
            .iter()
            .map(|persona| {
                let (reached, detail) = match &persona.reached {
                    Reached::Yes => ("yes", None),
                    Reached::Unproven => ("unproven", None),
                    Reached::No { step, why } => ("no", Some(format!("{step}: {why}"))),
                    Reached::Lost { why } => ("lost", Some(why.clone())),
                };
                let Visitor { logged_in, remembered } = persona.visitor;
                PersonaOut {
                    name: &persona.name,
                    visitor: VisitorOut { logged_in, remembered },
                    consent: state(&persona.consent),
                    reached,
                    detail,
                    logins: persona.logins,
                    sessions_lost: persona.sessions_lost,
                }
            })
            .collect(),
        pages: coverage
            .pages
            .iter()
            .map(|page| PagesOut {
                cell: cell(&page.cell),
                example: &page.example,
                shown: page.shown.as_ref(),
                status: page.status,
                count: page.count,
            })
            .collect(),
        skipped: coverage
            .skipped
            .iter()
            .map(|skipped| SkippedOut {
                persona: &skipped.persona,
                reason: skipped.reason,
                example: &skipped.example,
                count: skipped.count,
            })
            .collect(),
        sampled: coverage
            .sampled
            .iter()
            .map(|sampled| SampledOut {
                persona: &sampled.persona,
                template: sampled.template(),
                asked: sampled.asked,
                known: sampled.known,
            })
            .collect(),
        failed: coverage
            .failed
            .iter()
            .map(|failed| FailedOut {
                cell: cell(&failed.cell),
                url: &failed.url,
                kind: failed.kind,
                detail: &failed.detail,
                count: failed.count,
            })
            .collect(),
    }
}

/// Indents, and escapes in texts what a terminal would act on, so that `--format json` may go to
/// one as well.
struct Harmless<'a> {
    inner: serde_json::ser::PrettyFormatter<'a>,
}

impl serde_json::ser::Formatter for Harmless<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| text::is_unsafe(*c)) {
            out.write_all(&text.as_bytes()[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        out.write_all(&text.as_bytes()[plain..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_object_value(out)
    }
}
