//! `cookieproof fleet collect`: the results of a run, judged and reported as those of `audit --sites`. Scans are
//! fetched one after the other, and only a row of the summary is kept of each.

use super::{Collect, connect, runtime, standing, work};
use crate::cli::complaint::Complaint;
use crate::cli::notify::Webhook;
use crate::cli::sites::one::{Known, One};
use crate::cli::sites::places::Places;
use crate::cli::sites::{alone_in_history, finish, unusable};
use crate::cli::{Exit, args, files, nights, output, settings};
use crate::fleet::{Dead, DeadKind, LookAt, Outcome, Queue, RunRecord, Submitted};
use crate::observation::Scan;
use crate::plan::Plan;
use crate::plan::sites::{self, SiteEntry};
use crate::report::sites::{Row, Summary, Verdict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks at how far the run is.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the command.
pub(super) fn run(args: &Collect) -> Result<Exit, Complaint> {
    if args.nights.baseline.is_some() || args.nights.update_baseline {
        return Err(Complaint::usage("one baseline cannot answer for many sites")
            .hint("name each site's own in the file of sites: `baseline = \"shop/baseline.toml\"`"));
    }
    let audit = as_typed(args);
    let places = Places::of(&audit)?;
    if audit.nights.history.is_some() {
        // One that is damaged, or of another tool, is said before anything is fetched.
        drop(nights::Nights { notify: None, ..audit.nights.clone() }.prepare(false)?);
    }
    let notify = args.nights.notify.as_deref();
    let webhook = notify.map(|reference| Webhook::of(reference, args.nights.notify_as)).transpose()?;
    let (record, rows) = runtime()?.block_on(async {
        let queue = connect(&args.server).await?;
        let record = queue.record(args.run.as_deref()).await?;
        wait(args, &queue, &record).await?;
        let rows = rows(&audit, &places, &queue, &record).await?;
        Ok::<_, Complaint>((record, rows))
    })?;
    let summary = Summary::new(record.submitted, record.tool, false, rows);
    Ok(finish(&audit, &places, &summary, webhook))
}

/// The flags as those of an audit of many sites.
fn as_typed(args: &Collect) -> args::Audit {
    args::Audit {
        state: args::State::default(),
        what: None,
        sites: None,
        at_once: 1,
        manifest: None,
        policy: None,
        look: args::Look { save_scan: args.save_scan.clone(), ..args::Look::default() },
        from: None,
        recorded_as: None,
        previous: None,
        fail_on: args.fail_on,
        nights: args.nights.clone(),
        evidence: Default::default(),
        metrics: None,
        lists: args.lists.clone(),
        print: args.print.clone(),
    }
}

async fn wait(args: &Collect, queue: &Queue, record: &RunRecord) -> Result<(), Complaint> {
    let Some(longest) = args.wait else { return Ok(()) };
    let began = Instant::now();
    let mut told = String::new();
    let mut last_fault: Option<Complaint> = None;
    while began.elapsed() < longest {
        match standing(queue, record).await {
            Ok(status) if status.is_complete() => return Ok(()),
            Ok(status) => {
                last_fault = None;
                let sentence = status.sentence();
                if sentence != told && !args.print.talk.quiet {
                    output::say(&sentence);
                    told = sentence;
                }
            }
            // The server is away for a while; it was there a moment ago.
            Err(complaint) => last_fault = Some(complaint),
        }
        tokio::time::sleep(PAUSE).await;
    }
    last_fault.map_or(Ok(()), Err)
}

async fn rows(
    args: &args::Audit,
    places: &Places,
    queue: &Queue,
    record: &RunRecord,
) -> Result<Vec<Row>, Complaint> {
    let known = queue.known(&record.run).await?;
    let mut lists = Known::default();
    let mut nights = BTreeMap::new();
    let mut rows = Vec::new();
    for site in &record.sites {
        let known = known.get(&site.site).copied().unwrap_or_default();
        let row = if let Some(why) = &site.refused {
            Row::unseen(&site.site, Verdict::NotSetUp, None, why.clone())
        } else if known.result {
            match queue.result(&record.run, &site.site).await {
                Ok(Some(outcome)) => judged(args, places, &outcome, &mut lists, &mut nights)
                    .unwrap_or_else(|complaint| unusable(&site.site, None, complaint)),
                Ok(None) => missing(site),
                Err(trouble) => unusable(&site.site, None, trouble.into()),
            }
        } else if known.dead
            && let Some(dead) = queue.dead(&record.run, &site.site).await?
        {
            given_up(site, &dead)
        } else {
            missing(site)
        };
        rows.push(row);
    }
    Ok(rows)
}

fn judged(
    args: &args::Audit,
    places: &Places,
    outcome: &Outcome,
    lists: &mut Known,
    nights: &mut BTreeMap<(String, String), String>,
) -> Result<Row, Complaint> {
    let job = &outcome.job;
    let scan = Scan::read(outcome.scan.get().as_bytes())
        .map_err(|error| Complaint::usage(format!("the scan that came back is of no use: {error}")))?;
    let mut plan = match &job.look {
        LookAt::Plan(text) => files::plan_of(&text.file, &text.text)?,
        LookAt::Url(url) => Plan::for_url(
            settings::url(url)?
                .ok_or_else(|| Complaint::usage("the site's address is no http or https address"))?,
        ),
    };
    plan.browser.screenshots = None;
    plan.browser.har = None;
    let looking = settings::looking_as(plan, &work::wishes(job)?)?;
    let manifest = files::manifest_of(&job.manifest.file, &job.manifest.text)?;
    let entry = SiteEntry {
        name: job.site.clone(),
        look: sites::LookAt::Plan(PathBuf::from(&looking.plan.file)),
        target: job.wishes.target.clone(),
        manifest: None,
        baseline: job.baseline.as_ref().map(PathBuf::from),
        tag: Some(job.tag.clone()),
    };
    let one = One::read(&entry, looking, manifest, args, places, lists)?;
    alone_in_history(args, &one, nights)?;
    Ok(one.judge(scan, args))
}

fn given_up(site: &Submitted, dead: &Dead) -> Row {
    let verdict = match dead.kind {
        DeadKind::NotSetUp => Verdict::NotSetUp,
        DeadKind::NeverCameBack => Verdict::Inconclusive,
    };
    Row::unseen(&site.site, verdict, None, format!("given up: {}", dead.reason))
}

fn missing(site: &Submitted) -> Row {
    let why = match site.tag.as_str() {
        crate::fleet::ANY => "no result came yet".to_owned(),
        tag => format!("no result came yet; only workers with `--tag {tag}`, or without any, take it"),
    };
    Row::unseen(&site.site, Verdict::Inconclusive, None, why)
}
