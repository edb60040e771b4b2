//! `cookieproof fleet work`: takes jobs and looks at their sites, in a thread of its own so that no page, however
//! long it takes to read, keeps the server waiting for a sign of life.

use super::{Work, connect, runtime, tell};
use crate::cli::complaint::Complaint;
use crate::cli::metrics::{Counted, Metrics};
use crate::cli::progress::Teller;
use crate::cli::sites::SiteWatch;
use crate::cli::{Exit, args, files, interrupt, live, settings};
use crate::fleet::{self, Job, LookAt, Numbers, Settings, Took, Worker};
use crate::observation::Scan;
use crate::plan::Plan;
use crate::run::{Look, Paces, Stop};
use clap::ValueEnum;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::LocalSet;
use url::Origin;

/// Runs the command.
pub(super) fn run(args: &Work) -> Result<Exit, Complaint> {
    let stop = Stop::default();
    let teller = Arc::new(Teller::new(live::talk(&args.talk)));
    let numbers = Arc::new(Numbers::default());
    let metrics: Arc<OnceLock<Arc<Metrics>>> = Arc::default();
    let (give, jobs) = mpsc::unbounded_channel();
    let eyes = Eyes {
        files: args.files.clone(),
        allow_commands: args.allow_commands,
        browser: args.browser.clone(),
        teller: Arc::clone(&teller),
        metrics: Arc::clone(&metrics),
        quiet: args.talk.quiet,
    };
    std::thread::Builder::new()
        .name("sites".into())
        .spawn(move || look_at_all(eyes, jobs))
        .map_err(|error| Complaint::usage(format!("cannot start: {error}")))?;
    let settings = Settings {
        name: args.name.clone().unwrap_or_else(own_name),
        tags: args.tag.iter().cloned().collect(),
        at_once: args.at_once as usize,
    };
    let runtime = runtime()?;
    runtime.block_on(async {
        interrupt::watch_saying(
            stop.clone(),
            Arc::clone(&teller),
            "stopping: what is under way is looked at to its end; again to quit at once",
        );
        let queue = connect(&args.server).await?;
        let served = Metrics::of_worker(Arc::clone(&numbers), queue.connected());
        if let Some(served) = Metrics::served(args.metrics, served)? {
            let _ = metrics.set(served);
        }
        if !args.talk.quiet {
            let tagged = match args.tag.as_slice() {
                [] => String::new(),
                tags => format!(", tagged {}", tags.join(" or ")),
            };
            teller.line(&format!("{}: waiting for sites of {}{tagged}", settings.name, args.server.server));
        }
        let looker = move |job: Job| {
            let (tell, told) = oneshot::channel();
            // Where the thread is gone the answer is, too.
            let _ = give.send((job, tell));
            told
        };
        let tell = Arc::new(|text: &str| tell(text));
        fleet::work(Worker { queue, settings, looker: Arc::new(looker), numbers, tell, stop }).await;
        Ok::<(), Complaint>(())
    })?;
    runtime.shutdown_background();
    Ok(Exit::Clear)
}

/// The machine and the process.
fn own_name() -> String {
    let machine = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    format!("{}-{}", machine.as_deref().unwrap_or("worker"), std::process::id())
}

/// What every look has in common.
struct Eyes {
    files: PathBuf,
    allow_commands: bool,
    browser: Option<PathBuf>,
    teller: Arc<Teller>,
    metrics: Arc<OnceLock<Arc<Metrics>>>,
    quiet: bool,
}

/// Two sites of one origin are looked at one after the other, as in one run over many sites.
#[derive(Default)]
struct Origins(RefCell<BTreeMap<String, Weak<Mutex<()>>>>);

fn look_at_all(eyes: Eyes, mut jobs: mpsc::UnboundedReceiver<(Job, oneshot::Sender<Took>)>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let local = LocalSet::new();
    let (eyes, origins, paces) = (Rc::new(eyes), Rc::new(Origins::default()), Paces::default());
    local.block_on(&runtime, async {
        while let Some((job, tell)) = jobs.recv().await {
            let (eyes, origins, paces) = (Rc::clone(&eyes), Rc::clone(&origins), paces.clone());
            tokio::task::spawn_local(async move {
                let took = eyes.look(&job, &origins, &paces).await;
                let _ = tell.send(took.map(Box::new).map_err(|complaint| complaint.sentence()));
            });
        }
    });
}

impl Eyes {
    async fn look(&self, job: &Job, origins: &Origins, paces: &Paces) -> Result<Scan, Complaint> {
        let mut certificates = None;
        let plan = self.plan(job, &mut certificates)?;
        let looking = settings::looking_as(plan, &wishes(job)?)?;
        let manifest = files::manifest_of(&job.manifest.file, &job.manifest.text)?;
        let settings::Looking { plan, target } = looking;
        let alone = origins.of(&target.url.origin());
        let _alone = alone.lock().await;
        if !self.quiet {
            self.teller.line(&format!("{}: {}", job.run, job.site));
        }
        let watch = SiteWatch { site: job.site.clone(), teller: Arc::clone(&self.teller) };
        let metrics = self.metrics.get().cloned();
        let watch = Counted::of(Arc::new(watch), metrics.clone());
        let (policy, paces) = (Some(&manifest), paces.clone());
        let look = Look { manifest: policy, watch: &watch, paces, ..Look::at(&plan, &target) };
        let scan = look.run().await.map_err(live::not_begun)?;
        if let Some(metrics) = metrics {
            // For those who watch; what counts is judged where results are collected.
            let audit = crate::audit::audit(&manifest, &scan, None);
            metrics.found(audit.findings.iter().map(|finding| finding.severity));
        }
        Ok(scan)
    }

    /// The plan as it is meant here: files beside it lie in this worker's folder, and what a job may not decide,
    /// which programs run here and where files are written, is decided here. The job's certificates go to a folder
    /// that is there as long as it is held.
    fn plan(&self, job: &Job, folder: &mut Option<TempDir>) -> Result<Plan, Complaint> {
        let mut plan = match &job.look {
            LookAt::Url(url) => {
                let url = settings::url(url)?
                    .ok_or_else(|| Complaint::usage("the job's address is no http or https address"))?;
                Plan::for_url(url)
            }
            LookAt::Plan(text) => {
                if !self.allow_commands && fleet::runs_programs(text) {
                    return Err(Complaint::usage(format!(
                        "{} has programs run, and this worker runs none",
                        text.file
                    ))
                    .hint("start workers that may with `--allow-commands`"));
                }
                let name = Path::new(&text.file).file_name().unwrap_or_default();
                let file = self.files.join(&job.site).join(name);
                files::plan_of(&file.display().to_string(), &text.text)?
            }
        };
        plan.browser.executable.clone_from(&self.browser);
        plan.browser.url = None;
        plan.browser.screenshots = None;
        plan.browser.har = None;
        let own = match &job.look {
            LookAt::Plan(text) => Path::new(&text.file).parent().unwrap_or(Path::new("")).to_owned(),
            LookAt::Url(_) => PathBuf::new(),
        };
        let here = self.files.join(&job.site);
        let mut number = 0;
        let mut unpack = |path: &mut PathBuf| -> Result<(), Complaint> {
            // As it was called where the job was made.
            let there = own.join(path.strip_prefix(&here).unwrap_or(path));
            let Some(text) = job.certificates.get(&there.display().to_string()) else { return Ok(()) };
            number += 1;
            if folder.is_none() {
                let made = tempfile::tempdir()
                    .map_err(|error| Complaint::usage(format!("no temporary folder can be made: {error}")))?;
                *folder = Some(made);
            }
            let Some(folder) = folder.as_ref() else { return Ok(()) };
            let file = folder.path().join(format!("ca-{number}.pem"));
            std::fs::write(&file, text).map_err(|error| Complaint::file("write", &file, &error))?;
            *path = file;
            Ok(())
        };
        let of_targets = plan.targets.iter_mut().flat_map(|target| &mut target.extra_ca);
        plan.http.extra_ca.iter_mut().chain(of_targets).try_for_each(&mut unpack)?;
        Ok(plan)
    }
}

/// What was asked for beside the plan.
pub(super) fn wishes(job: &Job) -> Result<args::Look, Complaint> {
    let wishes = &job.wishes;
    let engine = |word: &String| {
        args::EngineWord::from_str(word, true).map_err(|_| {
            Complaint::usage(format!("the job asks for the engine `{word}`, which is not known here"))
        })
    };
    Ok(args::Look {
        target: wishes.target.clone(),
        persona: wishes.personas.clone(),
        engine: wishes.engine.as_ref().map(engine).transpose()?,
        max_pages: wishes.max_pages,
        repeat: wishes.repeat,
        rate: wishes.rate,
        ..args::Look::default()
    })
}

impl Origins {
    fn of(&self, origin: &Origin) -> Rc<Mutex<()>> {
        let mut known = self.0.borrow_mut();
        known.retain(|_, lock| lock.strong_count() > 0);
        let name = origin.ascii_serialization();
        if let Some(lock) = known.get(&name).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Rc::new(Mutex::new(()));
        known.insert(name, Rc::downgrade(&lock));
        lock
    }
}
