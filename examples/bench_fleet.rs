//! What a queue costs beside `audit --sites` alone: CPU of a site, and sites a second.
//!
//! ```text
//! cargo build --release && cargo run --release --example bench_fleet
//! cargo run --example bench_fleet -- --program target/release/cookieproof --sites 400 --pages 20 --bytes 30000
//! ```
//!
//! Small generated sites on loopback, looked at by `audit --sites` and by one worker of a fleet, both
//! four at a time, in turn. Needs nats-server on the PATH. CPU is that of the finished processes in `/proc`
//! (Linux, hundredths of a second); sites a second are those between the first request and the last that the sites
//! were asked, so that nobody's start and end count. Only ratios within a run hold on other machines.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the server is the tests' own, which may panic")]

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod generated;
#[path = "../tests/support/nats.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod nats;
#[path = "generated/server.rs"]
mod server;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use url::Url;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// `_SC_CLK_TCK`, the same on every Linux.
const TICKS: f64 = 100.0;

/// When the sites were asked first and last.
type Asked = Arc<Mutex<Option<(Instant, Instant)>>>;

/// What something took: seconds of CPU, and of the sites' clock.
#[derive(Clone, Copy, Default)]
struct Took {
    cpu: f64,
    wall: f64,
}

fn main() -> Result<()> {
    let (mut sites, mut pages, mut bytes, mut rounds) = (200, 20, 2000, 3);
    let mut program = std::env::current_exe()?.ancestors().nth(2).ok_or("no folder")?.join("cookieproof");
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--sites" => sites = value()?.parse()?,
            "--pages" => pages = value()?.parse()?,
            "--bytes" => bytes = value()?.parse()?,
            "--rounds" => rounds = value()?.parse()?,
            "--program" => program = fs::canonicalize(value()?)?,
            other => return Err(format!("what is {other}?").into()),
        }
    }
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let site = server::serve(pages, 1, bytes, move || {
        let now = Instant::now();
        let mut asked = noted.lock().unwrap();
        *asked = Some((asked.map_or(now, |(first, _)| first), now));
    })?;
    let folder = tempfile::tempdir()?;
    write_sites(folder.path(), sites, &site)?;
    let bench = Bench { program, folder: folder.path().to_owned(), sites, rounds, asked };
    println!(
        "| {sites} sites of {pages} pages of {bytes} bytes, four at a time | CPU ms a site | | sites/s | |"
    );
    println!("| --- | --- | --- | --- | --- |");
    let (mut alone, mut fleet, mut around) = (Took::default(), Took::default(), Took::default());
    for round in 0..rounds {
        add(&mut alone, bench.alone()?);
        let (worker, others) = bench.fleet(round)?;
        add(&mut fleet, worker);
        add(&mut around, others);
    }
    bench.row("`audit --sites`", alone, alone);
    bench.row("`fleet work`", fleet, alone);
    bench.row("`submit` and `collect`", around, alone);
    Ok(())
}

struct Bench {
    program: PathBuf,
    folder: PathBuf,
    sites: usize,
    rounds: usize,
    asked: Asked,
}

impl Bench {
    fn alone(&self) -> Result<Took> {
        let args = ["audit", "--sites", "sites.toml", "--at-once", "4", "-q", "--format", "json"];
        self.asked.lock().unwrap().take();
        let took = measured(|| self.run(&args))?;
        Ok(Took { wall: self.wall()?, ..took })
    }

    /// From the first request to the last.
    fn wall(&self) -> Result<f64> {
        let (first, last) = self.asked.lock().unwrap().ok_or("nobody asked")?;
        Ok((last - first).as_secs_f64())
    }

    /// The worker's part, and that of who submits and collects.
    fn fleet(&self, round: usize) -> Result<(Took, Took)> {
        let server = nats::Nats::new();
        let (run, url) = (format!("bench-{round}"), server.url());
        let mut around =
            measured(|| self.run(&["fleet", "submit", "sites.toml", "--run", &run, "-q", "--server", &url]))?;
        self.asked.lock().unwrap().take();
        let mut child = self.command(&["fleet", "work", "--at-once", "4", "-q", "--server", &url]).spawn()?;
        let collect = ["fleet", "collect", &run, "--wait", "1h", "-q", "--format", "json", "--server", &url];
        add(&mut around, measured(|| self.run(&collect))?);
        let wall = self.wall()?;
        let ended = measured(|| end(&mut child))?;
        Ok((Took { cpu: ended.cpu, wall }, around))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Result<()> {
        match self.command(args).status()?.code() {
            // By plain HTTP nothing is decided of pages without a cookie.
            Some(0 | 3) => Ok(()),
            code => Err(format!("{} ended with {code:?}", args.join(" ")).into()),
        }
    }

    fn row(&self, name: &str, took: Took, beside: Took) {
        let each = |took: Took| took.cpu * 1000.0 / (self.sites * self.rounds) as f64;
        let rate = |took: Took| (self.sites * self.rounds) as f64 / took.wall;
        println!(
            "| {name} | {:.2} | {:.3} | {:.1} | {:.2} |",
            each(took),
            each(took) / each(beside),
            rate(took),
            rate(took) / rate(beside)
        );
    }
}

fn add(sum: &mut Took, took: Took) {
    sum.cpu += took.cpu;
    sum.wall += took.wall;
}

/// Ends a worker as an operator does.
fn end(child: &mut Child) -> Result<()> {
    let is_told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?.success();
    let ended = child.wait()?;
    (is_told && ended.success()).then_some(()).ok_or_else(|| format!("the worker ended with {ended}").into())
}

/// What the processes took that ended in the meantime.
fn measured(work: impl FnOnce() -> Result<()>) -> Result<Took> {
    let before = cpu_of_ended()?;
    work()?;
    Ok(Took { cpu: cpu_of_ended()? - before, wall: 0.0 })
}

/// Seconds of CPU of all processes that were started here and have ended.
fn cpu_of_ended() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("an odd /proc/self/stat")?;
    // proc_pid_stat(5): cutime and cstime are fields 16 and 17; the name was the second.
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}

fn write_sites(folder: &Path, sites: usize, server: &Url) -> Result<()> {
    let port = server.port().ok_or("a server has a port")?;
    let mut list = String::new();
    for number in 0..sites {
        let name = format!("s{number}");
        fs::create_dir(folder.join(&name))?;
        let plan = format!(
            "[targets.local]\nurl = \"http://{name}.test/\"\n[limits]\nrate = \"unlimited\"\n\
             [http.resolve]\n\"*\" = \"127.0.0.1:{port}\"\n"
        );
        fs::write(folder.join(&name).join("cookieproof.toml"), plan)?;
        let manifest = format!("[site]\nname = \"{name}\"\n[claims]\ninventory = \"complete\"\n");
        fs::write(folder.join(&name).join("cookies.toml"), manifest)?;
        writeln!(list, "[sites.{name}]\nplan = \"{name}/cookieproof.toml\"")?;
    }
    Ok(fs::write(folder.join("sites.toml"), list)?)
}
