//! `baseline.toml`: findings that somebody answers for until a day. An entry keeps how bad the
//! finding was when it was accepted, so that one that gets worse is new; and where it was seen, so
//! that a night on which nobody looked there does not make it look unused.

use super::comparison::{looked_for, worse};
use super::difference::Worse;
use super::record::{CellKey, FindingRecord, RunRecord};
use crate::audit::{self, Severity};
use crate::config::{
    self, Decode, Fields, Format, Lenient, Node, Problem, Problems, Record, Shape, Source, parsed, words,
};
use crate::cookie::ThirdPartyCookies;
use crate::manifest::{PartialDate, Span};
use crate::observation::{Consent, Engine};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Days for which a finding is accepted unless it is said otherwise.
pub const DAYS: i32 = 90;

/// The file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The manifest's `site.url`.
    pub site: String,
    pub entries: Vec<Entry>,
}

/// One accepted finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// As it was when it was accepted.
    pub finding: FindingRecord,
    pub owner: String,
    pub reason: String,
    /// The last day on which it is accepted.
    pub until: PartialDate,
}

/// What became of the entries tonight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Findings of tonight that are accepted, by id.
    pub accepted: BTreeMap<String, Entry>,
    /// What somebody should do about other entries, in their order.
    pub remarks: Vec<Remark>,
}

/// An entry that does not simply do its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    pub entry: Entry,
    pub what: Trouble,
}

/// What there is about an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Its day is past, and the finding is still there: it counts again.
    Expired,
    /// The finding is worse than what was accepted: it counts again.
    Worse(Worse),
    /// It was looked for and is gone.
    Unused,
    /// Its rule or its claims are none any more.
    NoLongerMatching,
    /// Nobody looked tonight where it was seen: nothing can be said of it.
    NotLookedAt,
    /// It does its work, and nobody is named who answers for it.
    NoOwner,
}

/// Reads a baseline.
pub fn read(text: &str, file: &str, format: Format) -> (Option<Baseline>, Vec<Problem>) {
    let (written, problems) = config::read::<Written>(Source::new(file, text), format);
    let baseline = written.filter(|_| !problems.has_errors()).and_then(|written| {
        let entries = written.accepted.into_iter().map(|entry| entry.0).collect::<Option<Vec<Entry>>>()?;
        Some(Baseline { site: written.site.trim_end_matches('/').to_owned(), entries })
    });
    (baseline, problems.into_list())
}

/// What a baseline may look like, for the schema.
pub fn shape() -> Shape {
    Written::shape()
}

/// The JSON Schema of baselines.
pub fn json_schema() -> serde_json::Value {
    config::json_schema(&shape(), "cookieproof baseline", "Findings that somebody answers for until a day.")
}

/// Applies a baseline to an assessed night. `claims` are the manifest's.
pub fn apply(baseline: &Baseline, tonight: &RunRecord) -> Applied {
    let mut applied = Applied::default();
    let Some(judged) = &tonight.judged else { return applied };
    let today = super::day(&tonight.made.started);
    for entry in &baseline.entries {
        let now = judged.findings.iter().find(|finding| finding.id == entry.finding.id);
        let trouble = match now {
            Some(_) if is_past(&entry.until, today) => Some(Trouble::Expired),
            Some(now) => match worse(&entry.finding, now) {
                Some(worse) => Some(Trouble::Worse(worse)),
                None => {
                    applied.accepted.insert(now.id.clone(), entry.clone());
                    let nobody = entry.owner.trim().is_empty();
                    nobody.then_some(Trouble::NoOwner)
                }
            },
            None => {
                let known_rule = audit::rules().iter().any(|rule| rule.id == entry.finding.rule);
                let known_claim = entry.finding.claims.iter().any(|claim| judged.claims.contains_key(claim));
                Some(if !known_rule || !known_claim {
                    Trouble::NoLongerMatching
                } else if looked_for(&entry.finding, tonight) {
                    Trouble::Unused
                } else {
                    Trouble::NotLookedAt
                })
            }
        };
        applied.remarks.extend(trouble.map(|what| Remark { entry: entry.clone(), what }));
    }
    applied
}

/// Whether a day is past. A month lasts to its end.
fn is_past(until: &PartialDate, today: &str) -> bool {
    let last = match until.day {
        Some(_) => until.to_string(),
        None => format!("{until}-31"),
    };
    last.as_str() < today
}

/// How a baseline was brought up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    pub added: usize,
    pub kept: usize,
    /// Accepted anew, because they were worse than what was accepted.
    pub raised: usize,
    /// Taken out: gone, or no longer matching.
    pub removed: usize,
    /// Left as they are: expired, or not looked at tonight.
    pub left: usize,
}

/// Who answers for what is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub owner: String,
    pub reason: String,
    pub until: Option<PartialDate>,
}

/// Why a baseline is not brought up to date, or not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is the baseline of {theirs}, and this is {ours}")]
    OtherSite { theirs: String, ours: String },
    #[error("the run did not look at everything: {0}")]
    Incomplete(String),
    #[error("nothing was audited")]
    NotAudited,
}

impl Baseline {
    /// Whether it is of the site that was looked at.
    pub fn is_of(&self, tonight: &RunRecord) -> Result<(), Refused> {
        match self.site.eq_ignore_ascii_case(&tonight.site) {
            true => Ok(()),
            false => Err(Refused::OtherSite { theirs: self.site.clone(), ours: tonight.site.clone() }),
        }
    }

    /// Accepts what is there tonight; owners, reasons and days of entries that are there stay.
    pub fn update(
        before: Option<&Baseline>,
        tonight: &RunRecord,
        answers: &Answers,
    ) -> Result<(Baseline, Update), Refused> {
        if let Some(before) = before {
            before.is_of(tonight)?;
        }
        let judged = tonight.judged.as_ref().ok_or(Refused::NotAudited)?;
        if !tonight.is_complete() {
            let open = tonight.cells.iter().find_map(|cell| {
                let why = cell.incomplete.as_ref()?;
                Some(format!("{}: {why}", super::cell(&cell.cell)))
            });
            return Err(Refused::Incomplete(open.unwrap_or_else(|| "no page answered".to_owned())));
        }
        let none = Baseline::default();
        let before = before.unwrap_or(&none);
        let applied = apply(before, tonight);
        let mut update = Update::default();
        let mut entries = Vec::new();
        for entry in &before.entries {
            let trouble =
                applied.remarks.iter().find(|remark| remark.entry == *entry).map(|remark| &remark.what);
            match trouble {
                None | Some(Trouble::NoOwner) => update.kept += 1,
                Some(Trouble::Expired | Trouble::NotLookedAt) => update.left += 1,
                Some(Trouble::Unused | Trouble::NoLongerMatching) => {
                    update.removed += 1;
                    continue;
                }
                Some(Trouble::Worse(_)) => {
                    update.raised += 1;
                    let now = judged.findings.iter().find(|finding| finding.id == entry.finding.id);
                    entries.extend(now.map(|now| Entry { finding: now.clone(), ..entry.clone() }));
                    continue;
                }
            }
            entries.push(entry.clone());
        }
        let until = answers.until.unwrap_or_else(|| in_days(super::day(&tonight.made.started)));
        for finding in &judged.findings {
            if !before.entries.iter().any(|entry| entry.finding.id == finding.id) {
                update.added += 1;
                entries.push(Entry {
                    finding: finding.clone(),
                    owner: answers.owner.clone(),
                    reason: answers.reason.clone(),
                    until,
                });
            }
        }
        entries.sort_by(|a, b| (&a.finding.rule, &a.finding.id).cmp(&(&b.finding.rule, &b.finding.id)));
        Ok((Baseline { site: tonight.site.clone(), entries }, update))
    }

    /// The file, in TOML.
    pub fn write(&self) -> String {
        let mut text = String::from(
            "# Findings of cookieproof that somebody answers for until a day.\n\
             # `cookieproof audit --baseline FILE --update-baseline` writes this file anew: `owner`, `reason` and\n\
             # `until` stay as you write them, comments do not.\n\n",
        );
        let _ = writeln!(text, "site = {}", quoted(&self.site));
        for entry in &self.entries {
            let finding = &entry.finding;
            let list = |items: &mut dyn Iterator<Item = &str>| {
                format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
            };
            let _ = writeln!(text, "\n# {}", comment(&finding.message));
            let _ = writeln!(text, "[[accepted]]\nid = {}", quoted(&finding.id));
            let _ = writeln!(text, "rule = {}", quoted(&finding.rule));
            let _ = writeln!(text, "subjects = {}", list(&mut finding.subject.split(", ")));
            let _ = writeln!(text, "claims = {}", list(&mut finding.claims.iter().map(String::as_str)));
            let _ = writeln!(text, "severity = {}", quoted(severity(finding.severity)));
            if let Some(bound) = finding.bound {
                let _ = writeln!(text, "lifetime = {}", quoted(&lifetime(bound)));
            }
            let _ =
                writeln!(text, "seen = [{}]", finding.cells.iter().map(cell).collect::<Vec<_>>().join(", "));
            let _ = writeln!(text, "owner = {}", quoted(&entry.owner));
            let _ = writeln!(text, "reason = {}", quoted(&entry.reason));
            let _ = match entry.until.day {
                Some(_) => writeln!(text, "until = {}", entry.until),
                None => writeln!(text, "until = {}", quoted(&entry.until.to_string())),
            };
        }
        text
    }
}

fn in_days(today: &str) -> PartialDate {
    let day = today.parse::<jiff::civil::Date>().ok();
    let day = day.and_then(|day| day.checked_add(jiff::Span::new().days(DAYS)).ok());
    let date = day.and_then(|day| PartialDate::new(day.year(), day.month(), Some(day.day())));
    // A scan without a clock is accepted for no time.
    date.unwrap_or(PartialDate { year: 1, month: 1, day: Some(1) })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// In the largest unit that divides it.
fn lifetime(seconds: i64) -> String {
    for (unit, length) in [("days", 86_400), ("hours", 3_600), ("minutes", 60)] {
        if seconds > 0 && seconds % length == 0 {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{} seconds", seconds.max(0))
}

fn cell(cell: &CellKey) -> String {
    let mut text = format!("{{ persona = {}", quoted(&cell.persona));
    let consent = match &cell.consent {
        Consent::Untouched => "untouched".to_owned(),
        Consent::Accepted => "accepted".to_owned(),
        Consent::Rejected => "rejected".to_owned(),
        Consent::Withdrawn => "withdrawn".to_owned(),
        Consent::Category(category) => format!("category:{category}"),
    };
    let engine = match cell.engine {
        Engine::Http => "http",
        Engine::Browser => "browser",
    };
    let _ = write!(text, ", consent = {}, engine = \"{engine}\"", quoted(&consent));
    match cell.third_party {
        None => {}
        Some(ThirdPartyCookies::Allow) => text.push_str(", third_party_cookies = \"allow\""),
        Some(ThirdPartyCookies::Block) => text.push_str(", third_party_cookies = \"block\""),
    }
    text.push_str(" }");
    text
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c) =>
            {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What a comment may hold.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The file as written.
struct Written {
    site: String,
    accepted: Vec<Lenient<Entry>>,
}

impl Record for Written {
    const NAME: &'static str = "baseline";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let _schema: Option<String> = fields.optional("$schema", "Where the schema is, for editors.");
        let site = fields.required("site", "The site whose findings are accepted: the manifest's site.url.");
        let accepted = fields.many("accepted", "The findings.");
        Some(Written { site: site?, accepted })
    }
}

impl Record for Entry {
    const NAME: &'static str = "accepted-finding";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<String> = fields.required("id", "The finding's id, as reports show it.");
        let rule: Option<String> = fields.required("rule", "The rule that found it.");
        let subjects: Vec<String> = fields.many("subjects", "What it was about when it was accepted.");
        let claims: Vec<String> = fields.many("claims", "The claims that it refuted when it was accepted.");
        let severity: Option<Severity> = fields.optional("severity", "How grave it was.");
        let lifetime: Option<Span> =
            fields.optional("lifetime", "The longest lifetime that is accepted; what lives longer is new.");
        let seen: Vec<Cell> = fields.many("seen", "Where it was seen.");
        let owner: Option<String> = fields.required("owner", "Who answers for it.");
        let reason: Option<String> = fields.required("reason", "Why it is accepted.");
        let until: Option<PartialDate> = fields.required("until", "The last day on which it is accepted.");
        Some(Entry {
            finding: FindingRecord {
                id: id?,
                rule: rule?,
                severity: severity.unwrap_or(Severity::Error),
                subject: subjects.join(", "),
                message: String::new(),
                claims: claims.into_iter().collect(),
                cells: seen.into_iter().map(|cell| cell.0).collect::<BTreeSet<CellKey>>(),
                bound: lifetime.map(|span| span.most),
            },
            owner: owner?,
            reason: reason?,
            until: until?,
        })
    }
}

words!(Severity {
    "note" => Severity::Note,
    "warning" => Severity::Warning,
    "error" => Severity::Error,
});

words!(Engine {
    "http" => Engine::Http,
    "browser" => Engine::Browser,
});

struct Cell(CellKey);

impl Record for Cell {
    const NAME: &'static str = "place";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let persona: Option<String> = fields.required("persona", "Who saw it.");
        let consent: Option<State> = fields.optional("consent", "What they had said about cookies.");
        let engine: Option<Engine> = fields.optional("engine", "The engine that saw it.");
        let third_party = fields
            .optional("third_party_cookies", "In the plan's second mode of third-party cookies: which.");
        Some(Cell(CellKey {
            persona: persona?,
            consent: consent.map(|state| state.0).unwrap_or_default(),
            engine: engine.unwrap_or(Engine::Http),
            third_party,
        }))
    }
}

/// A state of consent; of one category alone as `category:analytics`.
struct State(Consent);

impl Decode for State {
    fn shape() -> Shape {
        Shape::text("a state of consent", "^(untouched|accepted|rejected|withdrawn|category:.+)$", "accepted")
    }

    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        parsed(node, problems, |text| match (text, text.strip_prefix("category:")) {
            ("untouched", _) => Ok(State(Consent::Untouched)),
            ("accepted", _) => Ok(State(Consent::Accepted)),
            ("rejected", _) => Ok(State(Consent::Rejected)),
            ("withdrawn", _) => Ok(State(Consent::Withdrawn)),
            (_, Some(category)) if !category.is_empty() => Ok(State(Consent::Category(category.to_owned()))),
            _ => Err("it is untouched, accepted, rejected, withdrawn or category:NAME".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{key, night};
    use super::super::{Thresholds, assess};
    use super::*;

    const DAY: i64 = 86_400;

    fn assessed(mut run: RunRecord) -> RunRecord {
        assess(&mut run, &[], &Thresholds::default());
        run
    }

    fn accepting(run: RunRecord) -> Baseline {
        let answers = Answers {
            owner: "ana".into(),
            reason: "waiting for vendor".into(),
            until: "2026-12-31".parse().ok(),
        };
        Baseline::update(None, &assessed(run), &answers).unwrap().0
    }

    fn troubles(baseline: &Baseline, run: RunRecord) -> (usize, Vec<Trouble>) {
        let applied = apply(baseline, &assessed(run));
        (applied.accepted.len(), applied.remarks.into_iter().map(|remark| remark.what).collect())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut run = night(1).finding("_ga", "anonymous", 730 * DAY);
        let judged = run.judged.get_or_insert_default();
        judged.findings[0].message = "`_ga` \"lives\" too\nlong".into();
        judged.findings[0].cells.insert(CellKey {
            consent: Consent::Category("analytics".into()),
            engine: Engine::Browser,
            third_party: Some(ThirdPartyCookies::Allow),
            ..key("a \"b\"")
        });
        let baseline = accepting(run);
        let text = baseline.write();
        let (again, problems) = read(&text, "baseline.toml", Format::Toml);
        assert_eq!(problems, [], "{text}");
        let without_words = |mut baseline: Baseline| {
            baseline.entries.iter_mut().for_each(|entry| entry.finding.message.clear());
            baseline
        };
        assert_eq!(again.unwrap(), without_words(baseline), "{text}");
        assert!(text.contains("lifetime = \"730 days\""), "{text}");
    }

    #[test]
    fn accepted_until_its_day() {
        let of = |day: u8| night(day).finding("_ga", "anonymous", 730 * DAY);
        let mut baseline = accepting(of(1));
        assert_eq!(troubles(&baseline, of(2)), (1, vec![]));
        baseline.entries[0].until = "2026-11-10".parse().unwrap();
        assert_eq!(troubles(&baseline, of(10)), (1, vec![]));
        assert_eq!(troubles(&baseline, of(11)), (0, vec![Trouble::Expired]));
        baseline.entries[0].until = "2026-11".parse().unwrap();
        assert_eq!(troubles(&baseline, of(30)), (1, vec![]));
        baseline.entries[0].owner = String::new();
        assert_eq!(troubles(&baseline, of(30)), (1, vec![Trouble::NoOwner]));
    }

    #[test]
    fn worse_than_accepted_is_new() {
        let of = |days: i64| night(2).finding("_ga", "anonymous", days * DAY);
        let baseline = accepting(of(730));
        let longer = Worse::Longer { before: 730 * DAY, now: 3650 * DAY };
        assert_eq!(troubles(&baseline, of(3650)), (0, vec![Trouble::Worse(longer)]));
        assert_eq!(troubles(&baseline, of(365)), (1, vec![]));
    }

    #[test]
    fn unused_is_only_what_was_looked_for() {
        let baseline = accepting(night(1).finding("sid", "member", DAY));
        let upheld = |run: RunRecord| run.claim("sid", crate::history::record::Standing::Upheld);
        assert_eq!(troubles(&baseline, upheld(night(2))), (0, vec![Trouble::Unused]));
        assert_eq!(troubles(&baseline, upheld(night(2).without("member"))), (0, vec![Trouble::NotLookedAt]));
        assert_eq!(troubles(&baseline, night(2)), (0, vec![Trouble::NoLongerMatching]));
    }

    #[test]
    fn what_is_refused() {
        let run = || night(1).finding("sid", "member", DAY);
        let none = Answers::default();
        let incomplete = Baseline::update(None, &assessed(run().without("member")), &none);
        assert_eq!(
            incomplete.unwrap_err().to_string(),
            "the run did not look at everything: member: not reached, step 2: answered 401"
        );
        let other = Baseline { site: "https://other.test".into(), entries: Vec::new() };
        assert_eq!(
            Baseline::update(Some(&other), &assessed(run()), &none).unwrap_err().to_string(),
            "it is the baseline of https://other.test, and this is https://shop.test"
        );
    }

    #[test]
    fn an_update_keeps_what_people_wrote() {
        let old = night(1).finding("_ga", "anonymous", 730 * DAY).finding("sid", "member", DAY);
        let baseline = accepting(old);
        let now = night(2)
            .finding("_ga", "anonymous", 3650 * DAY)
            .claim("sid", crate::history::record::Standing::Upheld)
            .finding("lang", "anonymous", DAY);
        let (after, update) = Baseline::update(Some(&baseline), &assessed(now), &Answers::default()).unwrap();
        assert_eq!(update, Update { added: 1, raised: 1, removed: 1, ..Update::default() });
        let lines: Vec<String> = after
            .entries
            .iter()
            .map(|entry| format!("{} {} {:?}", entry.finding.subject, entry.owner, entry.finding.bound))
            .collect();
        assert_eq!(lines, [format!("_ga ana Some({})", 3650 * DAY), format!("lang  Some({DAY})")]);
        assert_eq!(after.entries[1].until.to_string(), "2027-01-31");
    }

    #[test]
    fn mistakes_have_their_place() {
        let text = "site = \"https://shop.test\"\n[[accepted]]\nid = \"1\"\nuntill = 2026-12-31\n";
        let (baseline, problems) = read(text, "baseline.toml", Format::Toml);
        assert!(baseline.is_none());
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(words.iter().any(|problem| problem.contains("untill")), "{words:?}");
        assert!(words.iter().any(|problem| problem.contains("`owner`")), "{words:?}");
    }
}
