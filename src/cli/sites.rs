//! `cookieproof audit --sites`: many sites in one run. Each is set up, looked at, judged and reported by
//! itself, and a site that fails takes no other along; what comes of all is one summary and the exit
//! code of the worst.

pub(in crate::cli) mod listed;
pub(in crate::cli) mod one;
pub(in crate::cli) mod places;

use super::complaint::{Complaint, Failures};
use super::interrupt;
use super::metrics::{Counted, Metrics};
use super::notify::Webhook;
use super::progress::Teller;
use super::{Exit, args, live};

use crate::plan::sites::SiteEntry;
use crate::report::sites::{Row, Summary, Verdict};
use crate::run::{Came, Event, Stop, Wanted, Watch, many};
use one::{Known, One};
use places::Places;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Who made the summary.
pub(super) const TOOL: &str = concat!("cookieproof ", env!("CARGO_PKG_VERSION"));

/// Runs the command.
pub(super) fn run(args: &args::Audit, list: &Path) -> Result<Exit, Complaint> {
    let places = Places::of(args)?;
    let entries = listed::sites(list)?;
    places.spare([list])?;
    if args.nights.history.is_some() {
        // One that is damaged, or of another tool, is said before any site is asked.
        drop(super::nights::Nights { notify: None, ..args.nights.clone() }.prepare(false)?);
    }
    let notify = args.nights.notify.as_deref();
    let webhook = notify.map(|reference| Webhook::of(reference, args.nights.notify_as)).transpose()?;
    let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (rows, interrupted) = look(args, &places, &entries)?;
    Ok(finish(args, &places, &Summary::new(started, TOOL.to_owned(), interrupted, rows), webhook))
}

/// Writes the summary, tells who is to be told, and says what the worst is.
pub(super) fn finish(
    args: &args::Audit,
    places: &Places,
    summary: &Summary,
    webhook: Option<Webhook>,
) -> Exit {
    let mut failures = Failures::default();
    places.write(summary, &args.print, &mut failures);
    let exit = failures.end(match summary.worst() {
        Verdict::NotSetUp => Exit::Usage,
        Verdict::Findings => Exit::Findings,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Clear => Exit::Clear,
    });
    if let Some(webhook) = webhook {
        webhook.tell_sites(summary, exit, &places.summaries());
    }
    exit
}

/// Looks at all of them: a row for each, in their order, and whether the run was interrupted.
fn look(args: &args::Audit, places: &Places, entries: &[SiteEntry]) -> Result<(Vec<Row>, bool), Complaint> {
    let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
    let mut ready: Vec<(usize, One)> = Vec::new();
    let mut wanted = Vec::new();
    let mut known = Known::default();
    let teller = Arc::new(Teller::new(live::talk(&args.print.talk)));
    let metrics = Metrics::served(args.metrics, Metrics::default())?;
    let mut nights = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        match One::of(entry, args, places, &mut known).and_then(|one| {
            alone_in_history(args, &one, &mut nights)?;
            Ok(one)
        }) {
            Ok(mut one) => {
                let watch = SiteWatch { site: entry.name.clone(), teller: Arc::clone(&teller) };
                let watch = Arc::new(Counted::of(Arc::new(watch), metrics.clone()));
                wanted.push(Wanted {
                    plan: one.take_plan(),
                    target: one.target.clone(),
                    manifest: Arc::clone(&one.manifest),
                    watch,
                });
                ready.push((index, one));
            }
            Err(complaint) => {
                rows.insert(index, unusable(&entry.name, None, complaint));
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Complaint::usage(format!("cannot start: {error}")))?;
    let stop = Stop::default();
    let ended = |came: usize, row: &Row| {
        if !args.print.talk.quiet {
            let told = row.answer.as_ref().or(row.why.first()).map_or("", String::as_str);
            teller.line(&format!("{} of {}, {}: {told}", came, entries.len(), row.site));
        }
    };
    runtime.block_on(async {
        interrupt::watch(stop.clone(), Arc::clone(&teller));
        let at_once = args.at_once as usize;
        many(wanted, at_once, &stop, |place, came| {
            let Some((index, one)) = ready.get(place) else { return };
            let row = match came {
                Came::Seen(scan) => one.judge(*scan, args),
                Came::Failed(error) => unusable(&one.name, Some(one.address()), live::not_begun(error)),
                Came::NotBegun => {
                    let why = "not looked at: the run was interrupted before its turn".to_owned();
                    Row::unseen(&one.name, Verdict::Inconclusive, Some(one.address()), why)
                }
            };
            if let Some(metrics) = &metrics {
                metrics.judged(&row);
            }
            rows.insert(*index, row);
            if let Some(row) = rows.get(index) {
                ended(rows.len(), row);
            }
        })
        .await;
    });
    teller.end();
    runtime.shutdown_background();
    Ok((rows.into_values().collect(), stop.stopped()))
}

/// Nights are told apart by site and target.
pub(super) fn alone_in_history(
    args: &args::Audit,
    one: &One,
    nights: &mut BTreeMap<(String, String), String>,
) -> Result<(), Complaint> {
    if args.nights.history.is_none() {
        return Ok(());
    }
    let night = one.night();
    match nights.insert(night.clone(), one.name.clone()) {
        None => Ok(()),
        Some(other) => Err(Complaint::usage(format!(
            "this and {} are both {} ({}): a history could not tell their nights apart",
            other, night.0, night.1
        ))
        .hint("name another target for one of them, or another `url` in its manifest's `[site]`")),
    }
}

/// A site that is not set up: said now, and in the summary.
pub(super) fn unusable(site: &str, address: Option<String>, complaint: Complaint) -> Row {
    let why = complaint.sentence();
    let mut failures = Failures::default();
    failures.add(complaint);
    failures.of_site(site).end(Exit::Usage);
    Row::unseen(site, Verdict::NotSetUp, address, why)
}

/// Tells what one of many sites does, with its name in front.
pub(super) struct SiteWatch {
    pub(super) site: String,
    pub(super) teller: Arc<Teller>,
}

impl Watch for SiteWatch {
    fn event(&self, event: Event) {
        let site = &self.site;
        match event {
            Event::Warning(text) => self.teller.event(Event::Warning(format!("{site}: {text}"))),
            Event::Detail(text) => self.teller.event(Event::Detail(format!("{site}: {text}"))),
            Event::PhaseBegan { persona, phase } => {
                self.teller.event(Event::PhaseBegan { persona: format!("{site}: {persona}"), phase });
            }
            // Of many at once no single one stands for the run; each is told when it is through.
            Event::Progress(_) | Event::Start(_) => {}
        }
    }
}
