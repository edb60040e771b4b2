//! `cookieproof fleet`: many sites on many machines. What is typed, and what all four commands need: the server
//! and how it knows us.

mod collect;
mod submit;
mod work;

use super::complaint::Complaint;
use super::output;
use super::reference::looked_up;
use super::{Exit, args};
use crate::fleet::{self, Queue, Server, Status, Trouble};
use crate::intake;
use crate::legible::without_credentials;
use crate::plan::sites::tag_trouble;
use crate::secret::Secret;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Looks at many sites on many machines. A NATS server with JetStream hands out the sites and keeps the
/// results; start one with `nats-server -js -sd DIRECTORY` (docs/fleet.md).
#[derive(Debug, Args)]
pub(super) struct Fleet {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put sites into the queue: a run
    Submit(Submit),
    /// Look at sites of the queue, until it is stopped
    Work(Work),
    /// How a run stands: results, what is to come, what was given up and why
    Status(StatusArgs),
    /// Judge the results of a run, and report them as `audit --sites` does
    Collect(Collect),
}

/// The server.
#[derive(Clone, Debug, Args)]
struct ServerArgs {
    /// The NATS server; tls:// for TLS
    #[arg(long, value_name = "URL", default_value = "nats://127.0.0.1:4222")]
    server: String,
    /// Who signed its certificate, beside nobody else: a PEM file
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// A NATS credentials file
    #[arg(long, value_name = "FILE")]
    creds: Option<PathBuf>,
    /// The server's token, by reference, as in '${env:NAME}' or '${file:PATH}'
    #[arg(long, value_name = "REF", conflicts_with = "creds")]
    token: Option<String>,
}

/// Puts sites into the queue. Plans and manifests travel as text; secrets stand in them by reference, and only
/// workers look these up.
#[derive(Debug, Args)]
struct Submit {
    /// A file of sites (sites.toml), or a folder of plans
    #[arg(value_name = "SITES")]
    sites: PathBuf,
    /// The run's name; one that is there already is completed: what has no result is sent again [default: the time]
    #[arg(long, value_name = "NAME", value_parser = word)]
    run: Option<String>,
    /// The tag of sites that have none of their own
    #[arg(long, value_name = "TAG", value_parser = word, default_value = fleet::ANY)]
    tag: String,
    /// How many workers may try a site before it is given up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    deliveries: u32,
    /// How long a worker may be silent before another gets its site [default: the queue's, or 30s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    patience: Option<Duration>,
    /// The plans' target [default: its first]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only these personas of the plans (may be repeated)
    #[arg(long, value_name = "NAME")]
    persona: Vec<String>,
    /// The engine [default: the plans', or http]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<args::EngineWord>,
    /// Pages per persona at most
    #[arg(long, value_name = "N")]
    max_pages: Option<usize>,
    /// Look at everything so many times [default: the plans', or 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: Option<u32>,
    /// Requests per second and host at most; 0: no pause
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    #[command(flatten)]
    server: ServerArgs,
    /// No progress; warnings stay
    #[arg(short, long)]
    quiet: bool,
}

/// Looks at sites of the queue. The first signal lets it end what it is at; the second ends it at once, and its
/// sites go to other workers.
#[derive(Debug, Args)]
struct Work {
    /// Only sites with this tag (may be repeated) [default: all]
    #[arg(long, value_name = "TAG", value_parser = word)]
    tag: Vec<String>,
    /// How many sites are looked at at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    at_once: u32,
    /// The folder in which `${file:PATH}` of a site's plan is looked up, below the site's name
    #[arg(long, value_name = "DIR", default_value = ".")]
    files: PathBuf,
    /// Run the programs that plans name, too: whoever may submit may then run programs here
    #[arg(long)]
    allow_commands: bool,
    /// The browser [default: $CHROME, or a Chromium on the PATH]
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// What it is called in results [default: the machine and the process]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Answer how it goes on, to Prometheus (/metrics) and to health checks (/health, /ready), at this address
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<std::net::SocketAddr>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    talk: args::Talk,
}

/// Says how a run stands. It ends with 0 where each site has a result, else with 3.
#[derive(Debug, Args)]
struct StatusArgs {
    /// The run [default: the last one that was submitted]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// For people, or as JSON (config/fleet-status.schema.json)
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: StatusFormat,
    /// Name everything, however many there are
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StatusFormat {
    Terminal,
    Json,
}

/// Judges the results of a run by the manifests that were submitted. Baselines, filter lists and the history are
/// read here, where they lie. Sites without a result are named, and the exit code is 3.
#[derive(Debug, Args)]
struct Collect {
    /// The run [default: the last one that was submitted]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Wait so long for the run to be through, as in 2h
    #[arg(long, value_name = "TIME", value_parser = time)]
    wait: Option<Duration>,
    /// Keep each site's scan, as in 'scans/{site}.json'
    #[arg(long, value_name = "FILE")]
    save_scan: Option<PathBuf>,
    /// What ends with exit code 1: errors, warnings too, or open claims too
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    fail_on: super::outcome::FailOn,
    #[command(flatten)]
    nights: super::nights::Nights,
    #[command(flatten)]
    lists: args::Lists,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    print: args::Print,
}

/// Runs the command.
pub(super) fn run(args: &Fleet) -> Result<Exit, Complaint> {
    match &args.what {
        What::Submit(args) => submit::run(args),
        What::Work(args) => work::run(args),
        What::Status(args) => status(args),
        What::Collect(args) => collect::run(args),
    }
}

fn status(args: &StatusArgs) -> Result<Exit, Complaint> {
    let runtime = runtime()?;
    let status = runtime.block_on(async {
        let queue = connect(&args.server).await?;
        let record = queue.record(args.run.as_deref()).await?;
        standing(&queue, &record).await
    })?;
    output::print(&match args.format {
        StatusFormat::Terminal => fleet::text(&status, args.verbose),
        StatusFormat::Json => fleet::json(&status),
    });
    Ok(if status.is_whole() { Exit::Clear } else { Exit::Inconclusive })
}

/// How a run stands now.
async fn standing(queue: &Queue, record: &fleet::RunRecord) -> Result<Status, Complaint> {
    // The queue first: what is through by the second question is not missed.
    let queued = queue.queued(&record.run).await?;
    let known = queue.known(&record.run).await?;
    let mut dead = BTreeMap::new();
    for (site, known) in &known {
        if known.dead
            && !known.result
            && let Some(letter) = queue.dead(&record.run, site).await?
        {
            dead.insert(site.clone(), letter);
        }
    }
    let lag = queue.lag(&queue.tags().await?).await?;
    Ok(Status::of(record, &queued, &known, &dead, lag))
}

/// Two threads: one that waits, one for the connection, which must not wait for what the first does.
fn runtime() -> Result<tokio::runtime::Runtime, Complaint> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Complaint::usage(format!("cannot start: {error}")))
}

async fn connect(args: &ServerArgs) -> Result<Queue, Complaint> {
    let server = server(args)?;
    Ok(Queue::connect(&server, Arc::new(|text: &str| tell(text))).await?)
}

/// A warning on stderr.
fn tell(text: &str) {
    output::say(&format!("warning: {}", crate::report::clean(text)));
}

fn server(args: &ServerArgs) -> Result<Server, Complaint> {
    let address = &args.server;
    if address.contains('@') {
        return Err(Complaint::usage(format!(
            "{}: a password in an address would be seen in the list of processes",
            without_credentials(address)
        ))
        .hint("give a token by reference (`--token '${env:NATS_TOKEN}'`), or a credentials file (`--creds FILE`)"));
    }
    let read = |path: &PathBuf| -> Result<Secret, Complaint> {
        let bytes = intake::file(path, intake::MOST_OF_A_SECRET)
            .map_err(|error| Complaint::file("read", path, &error))?;
        Ok(Secret::new(String::from_utf8_lossy(&bytes)))
    };
    let token = |reference: &String| {
        looked_up("--token", reference)?.map(|token| Secret::new(token.trim())).ok_or_else(|| {
            Complaint::usage("a token is a secret: it must not stand on the command line")
                .hint("put it into a variable and write `--token '${env:NAME}'`, or into a file and write `'${file:PATH}'`")
        })
    };
    if let Some(ca) = &args.tls_ca {
        intake::file(ca, intake::MOST_OF_CAS).map_err(|error| Complaint::file("read", ca, &error))?;
    }
    Ok(Server {
        address: address.clone(),
        tls_ca: args.tls_ca.clone(),
        credentials: args.creds.as_ref().map(read).transpose()?,
        token: args.token.as_ref().map(token).transpose()?,
    })
}

impl From<Trouble> for Complaint {
    fn from(trouble: Trouble) -> Complaint {
        Complaint { hint: trouble.hint, ..Complaint::usage(trouble.message) }
    }
}

/// A run's name, or a tag.
fn word(text: &str) -> Result<String, String> {
    match tag_trouble(text) {
        None => Ok(text.to_owned()),
        Some(trouble) => Err(format!("it {trouble}; write letters, digits, `-` and `_`")),
    }
}

/// `30s`, `2h`.
fn time(text: &str) -> Result<Duration, String> {
    crate::plan::duration(text)
}
