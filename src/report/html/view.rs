//! What the page shows, as plain values: everything cleaned, in order and in words, so that the
//! template decides nothing but the looks.

use crate::audit::{Audit, Evidence, Finding, Severity, State, Verdict};
use crate::cookie::Lifetime;
use crate::history::{Change, Since, Standing};
use crate::manifest::{Item, LifetimeRule, Manifest, Span};
use crate::observation::{Consent, Observation, Party, Reached, Scan, StorageKind};
use crate::report::inventory::{self, Fate};
use crate::report::line::{self, Piece};
use crate::report::{Report, answer, coverage, places, since, text, third_parties, words};
use std::collections::{BTreeMap, BTreeSet};

/// A text in which some pieces are code.
#[derive(Default)]
pub(super) struct Prose(Vec<Word>);

impl Prose {
    pub(super) fn words(&self) -> &[Word] {
        &self.0
    }
}

pub(super) struct Word {
    pub(super) code: bool,
    pub(super) text: String,
}

/// Text of ours with quoted names in backticks.
pub(super) fn prose(text: &str) -> Prose {
    let text = text::clean(text);
    let quoted = text.matches('`').count().is_multiple_of(2);
    let words = text
        .split('`')
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(number, piece)| Word { code: quoted && number % 2 == 1, text: piece.to_owned() });
    Prose(words.collect())
}

fn clean(text: &str) -> String {
    text::clean(text).into_owned()
}

pub(super) struct FindingView {
    pub(super) id: String,
    pub(super) severity: &'static str,
    pub(super) rule: &'static str,
    pub(super) message: Prose,
    pub(super) standing: &'static str,
    pub(super) accepted: Option<String>,
    pub(super) declared: Option<(String, Prose)>,
    /// The policy's own sentence.
    pub(super) source: Option<String>,
    pub(super) evidence: Vec<EvidenceView>,
    pub(super) hint: Option<Prose>,
    pub(super) claims: Vec<String>,
}

pub(super) struct EvidenceView {
    pub(super) line: Vec<Piece>,
    pub(super) who: String,
    pub(super) request: Option<String>,
    pub(super) page: Option<String>,
    pub(super) times: Option<String>,
    pub(super) replay: Option<String>,
    pub(super) picture: Option<PictureView>,
}

pub(super) struct PictureView {
    pub(super) file: String,
    /// The picture itself, as a `data:` URL; none where only its file is named.
    pub(super) data: Option<String>,
}

pub(super) fn findings(report: &Report<'_>, audit: &Audit) -> Vec<FindingView> {
    let sources: BTreeMap<&str, &str> = audit
        .verdicts
        .iter()
        .filter_map(|verdict| Some((verdict.claim.as_str(), verdict.source.as_deref()?)))
        .collect();
    audit.findings.iter().map(|finding| self::finding(report, finding, &sources)).collect()
}

fn finding(report: &Report<'_>, finding: &Finding, sources: &BTreeMap<&str, &str>) -> FindingView {
    FindingView {
        id: clean(&finding.id),
        severity: words::severity(finding.severity),
        rule: finding.rule,
        message: prose(&finding.message),
        standing: report.since.map_or("", |since| standing(since, &finding.id)),
        accepted: places::accepted(report, &finding.id).map(|accepted| clean(&accepted.in_words())),
        declared: finding
            .declared
            .as_ref()
            .map(|declared| (place(report, declared.place), prose(&declared.says))),
        source: finding.claims.iter().find_map(|claim| sources.get(claim.as_str())).map(|text| clean(text)),
        evidence: finding.evidence.iter().map(|seen| evidence(report, finding.rule, seen)).collect(),
        hint: finding.hint.as_deref().map(prose),
        claims: finding.claims.clone(),
    }
}

fn standing(since: &Since, finding: &str) -> &'static str {
    match since.standing(finding) {
        _ if since.is_first() => "",
        Some(Standing::Still) => "still there",
        _ => "new",
    }
}

fn evidence(report: &Report<'_>, rule: &str, seen: &Evidence) -> EvidenceView {
    let request = seen.exchange.as_ref().map(|at| {
        let hop = if at.hop > 0 { format!(", hop {} of its redirects", at.hop) } else { String::new() };
        clean(&format!("{} {} → {}{hop}", at.method, at.url, at.status))
    });
    let page = seen.page.as_ref().map(|page| {
        let shown = page.shown.as_ref().filter(|shown| **shown != page.asked);
        match shown {
            Some(shown) => clean(&format!("{}, which showed {shown}", page.asked)),
            None => clean(page.asked.as_str()),
        }
    });
    EvidenceView {
        line: line::pieces(&seen.line, rule),
        who: clean(&words::cell(&seen.cell)),
        request,
        page,
        times: (seen.count > 1).then(|| words::times(seen.count)),
        replay: seen.replay.as_deref().map(clean),
        picture: seen.picture.as_deref().map(|file| PictureView {
            file: clean(file),
            data: report.pictures.get(file).map(|bytes| data_url(bytes)),
        }),
    }
}

fn data_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let kind = if bytes.starts_with(b"\xff\xd8") { "jpeg" } else { "png" };
    format!("data:image/{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}

fn place(report: &Report<'_>, place: crate::manifest::Place) -> String {
    clean(&format!("{}:{place}", places::path(report)))
}

/// A claim with its verdict.
pub(super) struct ClaimView {
    pub(super) claim: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) says: Prose,
    pub(super) source: Option<String>,
    pub(super) place: String,
    pub(super) detail: Prose,
    /// Findings to jump to.
    pub(super) findings: Vec<String>,
}

pub(super) fn claims(report: &Report<'_>, audit: &Audit) -> Vec<ClaimView> {
    audit.verdicts.iter().map(|verdict| claim(report, verdict)).collect()
}

fn claim(report: &Report<'_>, verdict: &Verdict) -> ClaimView {
    let (state, class, detail, findings) = match &verdict.state {
        State::Upheld { seen } => ("upheld", "good", prose(seen), Vec::new()),
        State::Refuted { findings } => ("refuted", "bad", Prose::default(), findings.clone()),
        State::NotVerified { why, detail, .. } => {
            ("not verified", "open", prose(&format!("{}: {detail}", words::why(*why))), Vec::new())
        }
    };
    ClaimView {
        claim: clean(&verdict.claim),
        state,
        class,
        says: prose(&verdict.text),
        source: verdict.source.as_deref().map(clean),
        place: place(report, verdict.place),
        detail,
        findings,
    }
}

/// Claims that are open for one reason.
pub(super) struct OpenView {
    pub(super) why: &'static str,
    pub(super) decided_by: Prose,
    pub(super) claims: Vec<String>,
}

pub(super) fn open(audit: &Audit) -> Vec<OpenView> {
    answer::open(audit)
        .into_iter()
        .map(|group| OpenView {
            why: words::why(group.why),
            decided_by: prose(group.decided_by),
            claims: group.claims.iter().map(|verdict| clean(&verdict.claim)).collect(),
        })
        .collect()
}

/// One cookie or storage item.
pub(super) struct Thing {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) domain: String,
    pub(super) third: bool,
    pub(super) who: String,
    pub(super) purpose: String,
    /// `session`, `7 days`; what became of it where it was not kept.
    pub(super) lifetime: String,
    /// To sort by.
    pub(super) seconds: i64,
    pub(super) attributes: String,
    pub(super) before: Mark,
    pub(super) accepted: Mark,
    pub(super) rejected: Mark,
    pub(super) personas: Vec<Mark>,
    /// Who got it: persona and state.
    pub(super) cells: BTreeSet<(String, String)>,
    pub(super) lifetimes: Vec<LifetimeSeen>,
    pub(super) declared: Option<DeclaredLifetime>,
    pub(super) findings: Vec<(String, &'static str)>,
}

/// Whether somebody gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Yes,
    No,
    NotLooked,
}

impl Mark {
    fn of(gets: bool, looked: bool) -> Self {
        match (gets, looked) {
            (true, _) => Mark::Yes,
            (false, true) => Mark::No,
            (false, false) => Mark::NotLooked,
        }
    }

    pub(super) fn words(&self) -> &'static str {
        match self {
            Mark::Yes => "yes",
            Mark::No => "no",
            Mark::NotLooked => "not looked at",
        }
    }

    pub(super) fn sign(&self) -> &'static str {
        match self {
            Mark::Yes => "●",
            Mark::No => "–",
            Mark::NotLooked => "?",
        }
    }

    pub(super) fn class(&self) -> &'static str {
        match self {
            Mark::Yes => "yes",
            Mark::No => "no",
            Mark::NotLooked => "unseen",
        }
    }
}

pub(super) struct LifetimeSeen {
    /// None: until the browser is closed.
    pub(super) seconds: Option<i64>,
    pub(super) wrong: bool,
}

pub(super) struct DeclaredLifetime {
    pub(super) words: String,
    pub(super) session: bool,
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
}

/// Persona, state of consent in words, and whether it was reached, in the order of the coverage.
pub(super) fn cells(scan: &Scan) -> Vec<(String, String, bool)> {
    let reached = |reached: &Reached| matches!(reached, Reached::Yes | Reached::Unproven);
    scan.coverage
        .personas
        .iter()
        .map(|one| (clean(&one.name), state(&one.consent), reached(&one.reached)))
        .collect()
}

/// What the visitor had said, as the columns are called.
fn state(consent: &Consent) -> String {
    match consent {
        Consent::Untouched => "before".into(),
        consent => clean(&words::consent(consent)),
    }
}

/// Personas, each once.
pub(super) fn personas(scan: &Scan) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for persona in &scan.coverage.personas {
        let name = clean(&persona.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(super) fn things(report: &Report<'_>) -> Vec<Thing> {
    let looked = Looked::of(report.scan);
    let mut things: Vec<Thing> =
        report.scan.observations.iter().map(|seen| thing(report, seen, &looked)).collect();
    things.sort_by(|a, b| {
        let key = |thing: &Thing| (thing.third, thing.domain.clone(), thing.name.to_lowercase());
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    things
}

/// The table's rows: families of names that are alike in everything shown, and about which nothing was
/// found, are one.
pub(super) fn gathered(things: Vec<Thing>) -> Vec<Thing> {
    let alike = |thing: &Thing| {
        let found: Vec<String> = thing.findings.iter().map(|(id, _)| id.clone()).collect();
        let marks: Vec<&str> = [thing.before, thing.accepted, thing.rejected]
            .iter()
            .chain(&thing.personas)
            .map(Mark::sign)
            .collect();
        let whose = (thing.kind, thing.domain.clone(), thing.who.clone(), thing.purpose.clone());
        (whose, thing.lifetime.clone(), thing.attributes.clone(), marks, found)
    };
    crate::report::gathered::gathered(things, |thing| thing.name.clone(), alike)
        .into_iter()
        .map(|group| Thing { name: group.name.unwrap_or_else(|| group.first.name.clone()), ..group.first })
        .collect()
}

/// What was looked at: states of consent, and personas.
struct Looked {
    before: bool,
    accepted: bool,
    rejected: bool,
    personas: Vec<(String, bool)>,
}

fn is_accepted(consent: &Consent) -> bool {
    matches!(consent, Consent::Accepted | Consent::Category(_))
}

fn is_rejected(consent: &Consent) -> bool {
    matches!(consent, Consent::Rejected | Consent::Withdrawn)
}

impl Looked {
    fn of(scan: &Scan) -> Self {
        let reached: Vec<_> = scan
            .coverage
            .personas
            .iter()
            .filter(|one| matches!(one.reached, Reached::Yes | Reached::Unproven))
            .collect();
        let any = |of: fn(&Consent) -> bool| reached.iter().any(|one| of(&one.consent));
        Looked {
            before: any(|consent| *consent == Consent::Untouched),
            accepted: any(is_accepted),
            rejected: any(is_rejected),
            personas: personas(scan)
                .into_iter()
                .map(|name| {
                    let there = reached.iter().any(|one| clean(&one.name) == name);
                    (name, there)
                })
                .collect(),
        }
    }
}

fn thing(report: &Report<'_>, seen: &Observation, looked: &Looked) -> Thing {
    let name = seen.name.to_string();
    let rows = inventory::rows(seen);
    let kept: Vec<_> = rows.iter().filter(|row| row.fate == Fate::Kept).collect();
    let examples: Vec<_> = kept.iter().flat_map(|row| row.examples.iter().copied()).collect();
    let host = third_parties::host_of(&seen.domain);
    let fact = match seen.kind {
        StorageKind::Cookie => report.knowledge.cookie(&name, host),
        _ => report.knowledge.storage(&name, host),
    };
    let item = report.manifest.and_then(|manifest| item(manifest, seen));
    let rule = item.and_then(|item| item.lifetime.as_ref());
    let findings: Vec<&Finding> = report
        .audit
        .map(|audit| audit.findings.as_slice())
        .unwrap_or_default()
        .iter()
        .filter(|finding| finding.subject == name && finding.severity > Severity::Note)
        .collect();
    let too_long = findings.iter().any(|finding| finding.rule == "lifetime");
    let is_cookie = seen.kind == StorageKind::Cookie;
    let mut lifetimes: BTreeMap<Option<i64>, bool> = BTreeMap::new();
    for example in examples.iter().filter(|_| is_cookie) {
        let lifetime = example.written.lifetime;
        let seconds = match lifetime {
            Lifetime::Seconds(seconds) => Some(seconds),
            Lifetime::Session => None,
        };
        let wrong = too_long && rule.is_some_and(|rule| !rule.allows(lifetime));
        *lifetimes.entry(seconds).or_default() |= wrong;
    }
    let gets = |of: &dyn Fn(&crate::observation::Cell) -> bool| examples.iter().any(|one| of(&one.cell));
    let distinct = |of: &dyn Fn(&inventory::Row<'_>) -> String| {
        let all: BTreeSet<String> = kept.iter().map(|row| of(row)).filter(|one| !one.is_empty()).collect();
        all.into_iter().collect::<Vec<_>>().join(" / ")
    };
    let refused = rows.iter().find_map(inventory::Row::refusal);
    let lifetime = match (kept.is_empty(), refused) {
        (false, _) if is_cookie => distinct(&|row| row.lifetimes()),
        (false, _) => "until cleared".into(),
        (true, Some(refused)) => refused,
        (true, None) => "deleted".into(),
    };
    Thing {
        name: if name.is_empty() { "(no name)".into() } else { clean(&name) },
        kind: seen.kind.in_words(),
        domain: clean(&seen.domain),
        third: seen.party == Party::Third,
        who: fact.as_ref().map(|fact| clean(&fact.vendor)).unwrap_or_default(),
        purpose: match (item.and_then(|item| item.category_as_written.as_deref()), &fact) {
            (Some(declared), _) => clean(declared),
            (None, Some(fact)) => format!("{} (known name)", fact.role.word()),
            (None, None) => String::new(),
        },
        lifetime: clean(&lifetime),
        seconds: match (kept.is_empty(), is_cookie) {
            (true, _) => -1,
            (false, true) => lifetimes.keys().map(|seconds| seconds.unwrap_or(0)).max().unwrap_or(0),
            (false, false) => i64::MAX,
        },
        attributes: clean(&distinct(&|row| row.attributes.clone())),
        before: Mark::of(gets(&|cell| cell.consent == Consent::Untouched), looked.before),
        accepted: Mark::of(gets(&|cell| is_accepted(&cell.consent)), looked.accepted),
        rejected: Mark::of(gets(&|cell| is_rejected(&cell.consent)), looked.rejected),
        personas: looked
            .personas
            .iter()
            .map(|(name, there)| Mark::of(gets(&|cell| clean(&cell.persona) == *name), *there))
            .collect(),
        cells: examples.iter().map(|one| (clean(&one.cell.persona), state(&one.cell.consent))).collect(),
        lifetimes: lifetimes.into_iter().map(|(seconds, wrong)| LifetimeSeen { seconds, wrong }).collect(),
        declared: rule.filter(|_| is_cookie).map(declared),
        findings: findings.iter().map(|finding| (clean(&finding.id), finding.rule)).collect(),
    }
}

/// The declared item of that name; literal names before patterns, narrow before wide.
fn item<'m>(manifest: &'m Manifest, seen: &Observation) -> Option<&'m Item> {
    let rank = |item: &Item| {
        item.names
            .iter()
            .chain(&item.https_names)
            .filter(|pattern| pattern.matches(&seen.name))
            .map(|pattern| (pattern.as_literal().is_some(), pattern.written().len()))
            .max()
    };
    manifest
        .items
        .iter()
        .filter(|item| item.kind == seen.kind)
        .filter_map(|item| Some((rank(item)?, item)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, item)| item)
}

fn declared(rule: &LifetimeRule) -> DeclaredLifetime {
    let words = clean(&rule.to_string());
    let of = |session, least, most| DeclaredLifetime { words: words.clone(), session, least, most };
    let span = |span: &Span| of(false, Some(span.least), Some(span.most));
    match rule {
        LifetimeRule::Exact(exact) => span(exact),
        LifetimeRule::About(about) => span(about),
        LifetimeRule::Max(most) => of(true, Some(0), Some(most.most)),
        LifetimeRule::Range(from, to) => of(false, Some(from.least), Some(to.most)),
        LifetimeRule::Session => of(true, None, None),
        LifetimeRule::Either(rules) => {
            let parts: Vec<DeclaredLifetime> = rules.iter().map(declared).collect();
            of(
                parts.iter().any(|part| part.session),
                parts.iter().filter_map(|part| part.least).min(),
                parts.iter().filter_map(|part| part.most).max(),
            )
        }
        LifetimeRule::Unbounded | LifetimeRule::UntilLogout => of(false, None, None),
    }
}

/// Another party.
pub(super) struct OtherView {
    pub(super) name: String,
    pub(super) who: String,
    pub(super) known_by: String,
    pub(super) requests: String,
    pub(super) count: u64,
    pub(super) pages: String,
    pub(super) script: String,
    pub(super) told: Prose,
    pub(super) leaves: Prose,
    pub(super) watches: bool,
}

pub(super) fn others(report: &Report<'_>) -> Vec<OtherView> {
    third_parties::others(report.scan, report.knowledge)
        .iter()
        .map(|other| OtherView {
            name: clean(&other.name()),
            who: clean(&other.who()),
            known_by: clean(other.fact.as_ref().map_or("", |fact| &fact.matched_by)),
            requests: match other.fetched {
                true => other.requests.to_string(),
                false if other.requests > 0 => "only mentioned".into(),
                false => "none".into(),
            },
            count: other.requests,
            pages: match (other.pages.first(), other.pages.len()) {
                (Some(page), 1) => clean(page),
                (Some(page), count) => clean(&format!("{count} kinds of pages, such as {page}")),
                (None, _) => String::new(),
            },
            script: other
                .script
                .map(|script| clean(&format!("{}:{}", script.url, script.line)))
                .unwrap_or_default(),
            told: prose(&other.told()),
            leaves: prose(&other.left()),
            watches: other.fact.as_ref().is_some_and(|fact| fact.role.tracks()),
        })
        .collect()
}

/// A label and a sentence each.
pub(super) fn coverage(scan: &Scan) -> Vec<(String, Prose)> {
    coverage::sentences(scan).into_iter().map(|(label, text)| (clean(&label), prose(&text))).collect()
}

/// What changed: titles and lines.
pub(super) fn changes(since: &Since) -> Vec<(String, Vec<Prose>)> {
    let mut parts: Vec<(String, Vec<Prose>)> = Vec::new();
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            parts.push((title.to_owned(), lines.iter().map(|line| prose(line)).collect()));
        }
    };
    if since.is_first() {
        part("Compared", vec!["This is the first run: nothing to compare with yet.".into()]);
    }
    let mut compared = since::compared_with(since);
    compared.extend(since.caveats.iter().cloned());
    part("Compared", compared);
    part("Not looked at", since.open.iter().map(|open| format!("{}: {}", open.who, open.why)).collect());
    if since.is_first() {
        return parts;
    }
    let findings = |wanted: Standing| -> Vec<String> {
        let of = since.findings.iter().filter(|finding| finding.standing == wanted);
        of.map(|finding| {
            let mut notes: Vec<String> = Vec::new();
            if let (Some(day), Standing::Still) = (&finding.first_seen, wanted) {
                notes.push(format!("since {day}"));
            }
            notes.extend(Some(finding.note.clone()).filter(|note| !note.is_empty()));
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
            format!("{}: {}{notes}", finding.rule, finding.message)
        })
        .collect()
    };
    part("New findings", findings(Standing::New));
    part("Findings that are gone", findings(Standing::Gone));
    part("Findings still there", findings(Standing::Still));
    part("Findings that nobody looked for this time", findings(Standing::NotLookedAt));
    let things = |unseen: bool| -> Vec<String> {
        let of = since.things.iter().filter(|thing| (thing.change == Change::NotLookedAt) == unseen);
        of.map(since::thing_line).collect()
    };
    part("Appeared, gone, changed", things(false));
    part("Things that nobody looked for this time", things(true));
    part("Policy page and banner", since.pages.clone());
    let turns = since.claims.iter().map(|turn| format!("`{}`: {} → {}", turn.claim, turn.from, turn.to));
    part("Claims that turned", turns.collect());
    if since.is_quiet() {
        part("Changes", vec!["Nothing changed, as far as was looked at.".into()]);
    }
    parts
}
