//! `cookieproof fleet submit`: each site is read, checked and packed up as a job. A site that cannot be is said
//! now and counted with the run; the others go on.

use super::{Submit, connect, runtime};
use crate::cli::complaint::{Complaint, Failures};
use crate::cli::sites::{TOOL, listed};
use crate::cli::{Exit, args, files, interrupt, output, progress, settings};
use crate::fleet::{Errand, Job, LookAt, Put, Queue, RunRecord, Submitted, Text, Wishes, errand_of_host};
use crate::intake;
use crate::plan::sites::{self, SiteEntry};
use crate::plan::{Action, Plan, Step};
use crate::run::Stop;
use clap::ValueEnum;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Jobs that are on their way to the server at the same time.
const ON_THE_WAY: usize = 64;

/// Runs the command.
pub(super) fn run(args: &Submit) -> Result<Exit, Complaint> {
    let entries = listed::sites(&args.sites)?;
    let now = jiff::Timestamp::now();
    let run = args.run.clone().unwrap_or_else(|| now.strftime("%Y%m%d-%H%M%S-%6f").to_string());
    let mut failures = Failures::default();
    let mut jobs: Vec<(Job, String)> = Vec::new();
    let mut sites = Vec::new();
    for entry in &entries {
        let tag = entry.tag.clone().unwrap_or_else(|| args.tag.clone());
        let refused = match job(args, entry, &run, &tag) {
            Ok(job) => {
                jobs.push(job);
                None
            }
            Err(complaint) => {
                let why = complaint.sentence();
                let mut of_site = Failures::default();
                of_site.add(complaint);
                of_site.of_site(&entry.name).end(Exit::Usage);
                failures.add(Complaint::usage(format!("{} was not submitted", entry.name)));
                Some(why)
            }
        };
        sites.push(Submitted { site: entry.name.clone(), tag, errand: None, refused });
    }
    together(&jobs, &mut sites);
    let record = RunRecord {
        format: crate::fleet::FORMAT,
        run: run.clone(),
        submitted: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        tool: TOOL.to_owned(),
        sites,
    };
    let stop = Stop::default();
    let sent = runtime()?.block_on(async {
        let teller = Arc::new(progress::Teller::new(progress::Talk::Normal));
        interrupt::watch_saying(
            stop.clone(),
            teller,
            "stopping: submit the run again under its name to complete it",
        );
        let queue = connect(&args.server).await?;
        let jobs = jobs.into_iter().map(|(job, _)| job).collect();
        send(args, &queue, record, jobs, &stop).await
    })?;
    let refused = failures.sentences().len();
    if stop.stopped() {
        return Err(Complaint {
            exit: Exit::Inconclusive,
            ..Complaint::usage(format!("the submission of {run} was interrupted"))
        }
        .hint(format!("complete it with `--run {run}`")));
    }
    if !args.quiet {
        output::say(&format!("{run}: {sent} of {} sites submitted, {refused} not set up", entries.len()));
    }
    output::print(&format!("{run}\n"));
    Ok(if refused == 0 { Exit::Clear } else { Exit::Usage })
}

async fn send(
    args: &Submit,
    queue: &Queue,
    mut record: RunRecord,
    jobs: Vec<Job>,
    stop: &Stop,
) -> Result<usize, Complaint> {
    let before = queue.known_record(&record.run).await?;
    if let Some(before) = &before {
        let names = |record: &RunRecord| -> Vec<String> {
            record.sites.iter().map(|site| site.site.clone()).collect()
        };
        if names(before) != names(&record) {
            return Err(Complaint::usage(format!("the run `{}` was submitted with other sites", record.run))
                .hint("give this one another name with `--run`"));
        }
        record.submitted.clone_from(&before.submitted);
    }
    for tag in jobs.iter().map(|job| job.tag.as_str()).collect::<BTreeSet<_>>() {
        queue.consumer(tag, args.patience).await?;
    }
    let queued = queue.queued(&record.run).await?;
    if let Some(before) = &before {
        // What is under way stays as it is.
        for (site, before) in record.sites.iter_mut().zip(&before.sites) {
            if before.refused.is_none() && queued.contains(before.errand()) {
                site.errand.clone_from(&before.errand);
            }
        }
    }
    // What the run consists of goes first: from here on nothing of it can be missed.
    queue.keep(&record).await?;
    let known = queue.known(&record.run).await?;
    let names: BTreeMap<&str, &str> =
        record.sites.iter().map(|site| (site.site.as_str(), site.errand())).collect();
    // In the order of the list, as far as that goes.
    let mut errands: Vec<Errand> = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for job in jobs {
        let Some(name) = names.get(job.site.as_str()).map(|name| (*name).to_owned()) else { continue };
        if known.get(&job.site).is_some_and(|known| known.result) || queued.contains(&name) {
            continue;
        }
        let place = *places.entry((job.tag.clone(), name.clone())).or_insert_with(|| {
            errands.push(Errand {
                format: crate::fleet::FORMAT,
                run: record.run.clone(),
                tag: job.tag.clone(),
                name,
                deliveries: args.deliveries,
                jobs: Vec::new(),
            });
            errands.len() - 1
        });
        if let Some(errand) = errands.get_mut(place) {
            errand.jobs.push(job);
        }
    }
    let sent = stream::iter(errands)
        .map(|errand| async move {
            let mut attempt = 0;
            for job in &errand.jobs {
                // What was given up gets another chance.
                attempt = attempt.max(queue.unbury(&job.run, &job.site).await?.unwrap_or_default());
            }
            let put = queue.send(&errand, attempt, stop).await?;
            Ok::<_, Complaint>(if put == Put::Stored { errand.jobs.len() } else { 0 })
        })
        .buffer_unordered(ON_THE_WAY)
        .try_fold(0, |sent, jobs| async move { Ok(sent + jobs) })
        .await?;
    Ok(sent)
}

/// Sites of one host are one errand, so that they are one worker's; which have a tag of their own cannot be.
fn together(jobs: &[(Job, String)], sites: &mut [Submitted]) {
    let mut hosts: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (job, host) in jobs {
        hosts.entry(host).or_default().entry(&job.tag).or_default().push(&job.site);
    }
    let mut shared: BTreeMap<&str, &str> = BTreeMap::new();
    for (host, tags) in hosts {
        if let [(one, first), (other, second), ..] = tags.iter().collect::<Vec<_>>().as_slice() {
            output::say(&format!(
                "warning: {} and {} share the host {host}, and their tags `{one}` and `{other}` may give them to two \
                 workers at the same time: each keeps the pace of its plan, together they are faster",
                first.join(", "),
                second.join(", "),
            ));
        }
        for name in tags.values().filter(|names| names.len() > 1).flatten() {
            shared.insert(name, host);
        }
    }
    for site in sites {
        site.errand = shared.get(site.site.as_str()).map(|host| errand_of_host(host));
    }
}

/// A site packed up, and its host; with everything that is wrong said before.
fn job(args: &Submit, entry: &SiteEntry, run: &str, tag: &str) -> Result<(Job, String), Complaint> {
    let look = args::Look {
        target: entry.target.clone().or_else(|| match entry.look {
            sites::LookAt::Plan(_) => args.target.clone(),
            sites::LookAt::Url(_) => None,
        }),
        persona: args.persona.clone(),
        engine: args.engine,
        max_pages: args.max_pages,
        repeat: args.repeat,
        rate: args.rate,
        ..args::Look::default()
    };
    let (plan, text) = match &entry.look {
        sites::LookAt::Plan(path) => {
            let (plan, source) = files::plan_to_travel(path)?;
            let text = Text { file: source.file.clone(), text: source.text().to_owned() };
            (plan, LookAt::Plan(text))
        }
        sites::LookAt::Url(url) => (Plan::for_url(url.clone()), LookAt::Url(url.to_string())),
    };
    travels(&plan)?;
    let certificates = certificates(&plan)?;
    let looking = settings::looking_as(plan, &look)?;
    let manifest = settings::manifest(entry.manifest.as_deref(), Some(&looking.plan))?;
    let source = files::source(Path::new(&manifest.file))?;
    let host = looking.target.url.host_str().unwrap_or_default().to_owned();
    let job = Job {
        run: run.to_owned(),
        site: entry.name.clone(),
        tag: tag.to_owned(),
        look: text,
        manifest: Text { file: source.file.clone(), text: source.text().to_owned() },
        baseline: entry.baseline.as_ref().map(|path| path.display().to_string()),
        certificates,
        wishes: Wishes {
            target: look.target,
            personas: look.persona,
            engine: look.engine.and_then(|engine| Some(engine.to_possible_value()?.get_name().to_owned())),
            max_pages: look.max_pages,
            repeat: look.repeat,
            rate: look.rate,
        },
    };
    Ok((job, host))
}

/// Refuses what makes no sense on a machine that nobody sits at.
fn travels(plan: &Plan) -> Result<(), Complaint> {
    let of_personas = plan.personas.iter().flat_map(|persona| persona.login.iter().chain(&persona.logout));
    let mut steps = of_personas.chain(plan.journeys.iter().flat_map(|journey| &journey.steps));
    let exports = |step: &&Step| matches!(step.action, Action::Export { .. });
    match steps.find(exports) {
        None => Ok(()),
        Some(step) => Err(Complaint::usage(format!(
            "{}:{}: a session would be written to a file of whichever worker looks at this site",
            plan.file, step.place.line
        ))
        .hint("take the `export` step out of the plan that a fleet uses")),
    }
}

/// The certificate authorities that a plan names; they are public, keys are not.
fn certificates(plan: &Plan) -> Result<BTreeMap<String, String>, Complaint> {
    let of_targets = plan.targets.iter().flat_map(|target| &target.extra_ca);
    let mut certificates = BTreeMap::new();
    for path in plan.http.extra_ca.iter().chain(of_targets) {
        let bytes =
            intake::file(path, intake::MOST_OF_CAS).map_err(|error| Complaint::file("read", path, &error))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains("PRIVATE KEY") {
            return Err(Complaint::usage(format!("{} holds a private key: it is not sent", path.display()))
                .hint("keep the certificate in a file of its own, and name that as `extra_ca`"));
        }
        certificates.insert(path.display().to_string(), text);
    }
    Ok(certificates)
}
