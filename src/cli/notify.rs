//! A short notice to a webhook. Its address is a secret itself, so it is given by reference and
//! never printed; whatever happens here changes nothing of how the audit ends.

use super::complaint::Complaint;
use super::nights::{Night, count};
use super::outcome::Exit;
use super::output;
use super::reference::looked_up;
use crate::audit::Severity;
use crate::history::State;
use crate::observation::{FailureKind, Scan};
use crate::report;
use crate::report::sites::{Row, Summary, Verdict};
use crate::secret::Secret;
use crate::transport::{Request, Transport, TransportSettings, Want};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Tries, and the pause before the second; each further one is twice as long.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// Findings, or sites, that are named in words.
const MOST: usize = 10;
/// Sites that are named.
const MOST_SITES: usize = 100;

/// What the receiver understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// One JSON object, described in docs/nights.md
    #[default]
    Json,
    /// `{"text": "..."}`, as Slack, Mattermost and others read it
    Slack,
}

/// Where a notice goes.
pub(super) struct Webhook {
    address: Secret,
    shape: Shape,
}

/// The notice.
#[derive(Serialize)]
struct Notice<'a> {
    format: &'static str,
    site: &'a str,
    target: &'a str,
    started: &'a str,
    exit: u8,
    /// There was nothing to compare with.
    first: bool,
    new: Vec<Line<'a>>,
    fixed: usize,
    still_there: usize,
    not_looked_at: usize,
    accepted: usize,
    inconclusive: Vec<String>,
    reports: Vec<String>,
}

/// The notice about many sites.
#[derive(Serialize)]
struct SitesNotice<'a> {
    format: &'static str,
    started: &'a str,
    exit: u8,
    answer: String,
    /// The worst first.
    not_clear: Vec<SiteLine<'a>>,
    reports: Vec<String>,
}

#[derive(Serialize)]
struct SiteLine<'a> {
    site: &'a str,
    verdict: Verdict,
    errors: usize,
    warnings: usize,
    /// Of the findings; none where there is nothing to compare with.
    new: Option<usize>,
    why: &'a [String],
}

impl SiteLine<'_> {
    fn of(row: &Row) -> SiteLine<'_> {
        let count = |severity| {
            row.findings.iter().filter(|found| found.severity == severity && !found.accepted).count()
        };
        SiteLine {
            site: &row.site,
            verdict: row.verdict,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            new: row.since.map(|since| since.new),
            why: &row.why,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    rule: &'a str,
    severity: crate::audit::Severity,
    message: &'a str,
}

impl Webhook {
    /// Finds the address that a reference means.
    pub(super) fn of(reference: &str, shape: Shape) -> Result<Webhook, Complaint> {
        let by_reference = || {
            Complaint::usage("a webhook's address is a secret: it must not stand on the command line")
                .hint("put it into a variable and write `--notify '${env:NAME}'`, or into a file and write `'${file:PATH}'`")
        };
        let text = looked_up("--notify", reference)?.ok_or_else(by_reference)?;
        // Not the address itself in the message: it is a secret, also a broken one.
        let wrong =
            || Complaint::usage(format!("`--notify`: what `{reference}` holds is not an http or https URL"));
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong());
        }
        Ok(Webhook { address: Secret::new(url.as_str()), shape })
    }

    /// Tells how it went; what goes wrong is a warning.
    pub(super) fn tell(&self, scan: &Scan, site: &str, night: &Night, exit: Exit, reports: &[&Path]) {
        let notice = notice(scan, site, night, exit, reports);
        self.post(match self.shape {
            Shape::Json => serde_json::to_vec(&notice),
            Shape::Slack => slack(&text(&notice)),
        });
    }

    /// Tells how many sites went.
    pub(super) fn tell_sites(&self, summary: &Summary, exit: Exit, reports: &[&Path]) {
        let sites = summary.rows.iter().filter(|row| row.verdict != Verdict::Clear);
        let notice = SitesNotice {
            format: "cookieproof-sites-notice/1",
            started: &summary.started,
            exit: exit.code(),
            answer: summary.sentence(),
            not_clear: sites.take(MOST_SITES).map(SiteLine::of).collect(),
            reports: reports.iter().map(|path| path.display().to_string()).collect(),
        };
        self.post(match self.shape {
            Shape::Json => serde_json::to_vec(&notice),
            Shape::Slack => slack(&sites_text(&notice)),
        });
    }

    fn post(&self, body: serde_json::Result<Vec<u8>>) {
        let Ok(body) = body else { return };
        if let Err(why) = self.send(body) {
            output::say(&format!("warning: nobody was told: the webhook {}", report::clean(&why)));
        }
    }

    fn send(&self, body: Vec<u8>) -> Result<(), String> {
        let url = Url::parse(self.address.reveal()).map_err(|_| "has no address".to_owned())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("could not be asked: {error}"))?;
        let request = Request {
            method: "POST".into(),
            url,
            headers: vec![("content-type".into(), b"application/json".to_vec())],
            body: Some(body),
        };
        let settings =
            TransportSettings { total_timeout: Duration::from_secs(20), ..TransportSettings::default() };
        let sent = runtime.block_on(async {
            let transport =
                Transport::new(settings).map_err(|error| format!("could not be asked: {}", error.0))?;
            let mut why = String::new();
            for attempt in 0..TRIES {
                if attempt > 0 {
                    tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
                }
                match transport.send(&request, Want::Nothing).await {
                    Ok(response) if (200..300).contains(&response.head.status) => return Ok(()),
                    Ok(response) => {
                        why = format!("answered {}", response.head.status);
                        // It will answer the same again.
                        if (400..500).contains(&response.head.status) && response.head.status != 429 {
                            break;
                        }
                    }
                    // The failure's own words may hold the address.
                    Err(failure) => why = format!("was not reached ({})", in_words(failure.kind)),
                }
            }
            Err(why)
        });
        runtime.shutdown_background();
        sent
    }
}

fn in_words(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Dns => "host name not found",
        FailureKind::Refused => "connection refused",
        FailureKind::Tls => "TLS failed",
        FailureKind::Timeout => "timed out",
        _ => "no answer",
    }
}

fn notice<'a>(scan: &'a Scan, site: &'a str, night: &'a Night, exit: Exit, reports: &[&Path]) -> Notice<'a> {
    let compared = night.compared.as_ref();
    let accepted = |id: &str| night.accepted.iter().any(|accepted| accepted.id == id);
    let new = night.audit.findings.iter().filter(|finding| {
        !accepted(&finding.id) && compared.is_none_or(|compared| compared.is_new(&finding.id))
    });
    let mut inconclusive = report::inconclusive(scan, Some(&night.audit));
    inconclusive.extend(compared.iter().flat_map(|compared| &compared.cells).filter_map(|cell| {
        Some(format!("{}: {}", crate::history::cell(&cell.cell), cell.incomplete.as_ref()?))
    }));
    Notice {
        format: "cookieproof-notice/1",
        site,
        target: &scan.run.target,
        started: &scan.run.started,
        exit: exit.code(),
        first: compared.is_none_or(|compared| compared.first),
        new: new
            .map(|finding| Line {
                id: &finding.id,
                rule: finding.rule,
                severity: finding.severity,
                message: &finding.message,
            })
            .collect(),
        fixed: count(compared, State::Gone),
        still_there: count(compared, State::StillThere),
        not_looked_at: count(compared, State::NotLookedAt),
        accepted: night.accepted.len(),
        inconclusive,
        reports: reports.iter().map(|path| path.display().to_string()).collect(),
    }
}

fn text(notice: &Notice<'_>) -> String {
    let mut lines = vec![format!(
        "{} ({}): {} new, {} fixed, {} still there, {} not looked at",
        notice.site,
        notice.target,
        notice.new.len(),
        notice.fixed,
        notice.still_there,
        notice.not_looked_at
    )];
    lines.extend(notice.new.iter().take(MOST).map(|line| format!("• new: {}: {}", line.rule, line.message)));
    if notice.new.len() > MOST {
        lines.push(format!("• {} more", notice.new.len() - MOST));
    }
    lines.extend(notice.inconclusive.iter().take(MOST).map(|why| format!("• inconclusive: {why}")));
    if !notice.reports.is_empty() {
        lines.push(format!("report: {}", notice.reports.join(", ")));
    }
    lines.join("\n")
}

fn sites_text(notice: &SitesNotice<'_>) -> String {
    let mut lines = vec![notice.answer.clone()];
    lines.extend(notice.not_clear.iter().take(MOST).map(|line| {
        let found = match (line.errors, line.warnings) {
            (0, 0) => line.why.first().cloned().unwrap_or_default(),
            (errors, warnings) => format!("{errors} errors, {warnings} warnings"),
        };
        format!("• {}: {found}", line.site)
    }));
    if notice.not_clear.len() > MOST {
        lines.push(format!("• {} more", notice.not_clear.len() - MOST));
    }
    if !notice.reports.is_empty() {
        lines.push(format!("report: {}", notice.reports.join(", ")));
    }
    lines.join("\n")
}

/// What Slack reads as markup is written so that it is none.
fn slack(text: &str) -> serde_json::Result<Vec<u8>> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    serde_json::to_vec(&serde_json::json!({ "text": text }))
}
