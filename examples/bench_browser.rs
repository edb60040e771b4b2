//! What looking with a browser costs:
//!
//! ```text
//! cargo run --release --example bench_browser
//! cargo run --release --example bench_browser -- --pages 60
//! cargo run --release --example bench_browser -- --kinds     # the second part only
//! ```
//!
//! Pages per second of cookieproof with 1, 4 and 8 tabs, on trivial pages and on pages of 300 KB,
//! beside a bare DevTools script that opens one page after the other and waits for its load event;
//! with the memory of all of the browser's processes. Then a site of 300 pages and 12 kinds, rendered
//! whole and one page of each kind: what each finds, and how long it takes. Only ratios within a run
//! hold on other machines. Loopback only.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]
#![allow(clippy::unwrap_used, reason = "the bare script is the tests' own, which may panic")]

#[path = "../tests/support/devtools.rs"]
mod devtools;
mod generated;
#[path = "generated/server.rs"]
mod server;

use cookieproof::observation::{Engine, Scan};
use cookieproof::plan::{EngineChoice, Plan, Render};
use cookieproof::run::{Stop, run};
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use url::Url;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

const LARGE: usize = 300 * 1024;

fn main() -> Result<()> {
    let mut pages = 40;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--kinds" => return kinds(),
            "--pages" => pages = args.next().ok_or("--pages needs a number")?.parse()?,
            other => return Err(format!("what is {other}?").into()),
        }
    }
    println!("| what | pages | seconds | pages/s | | peak memory |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (size, bytes) in [("trivial", 0), ("300 KB", LARGE)] {
        let site = server::serve(pages, 1, bytes, || ())?;
        let (bare, memory) = watched(|| navigate(&site, pages))?;
        row(&format!("{size}: a script that only navigates"), pages, bare, bare, pages, memory);
        for tabs in [1, 4, 8] {
            let (taken, memory) = watched(|| {
                let begun = Instant::now();
                let scan = look(&site, pages, tabs, Render::All)?;
                Ok((rendered(&scan), begun.elapsed()))
            })?;
            let name = format!("{size}: cookieproof, {tabs} tab{}", if tabs == 1 { "" } else { "s" });
            row(&name, usize::try_from(taken.0)?, taken.1, bare, pages, memory);
        }
    }
    kinds()
}

/// The same site, rendered whole and by kinds.
fn kinds() -> Result<()> {
    const PAGES: usize = 300;
    let site = server::serve(PAGES, generated::KINDS, 200, || ())?;
    let mut seconds = Vec::new();
    let mut found = Vec::new();
    println!("\n| rendered | pages | found | seconds | |\n| --- | --- | --- | --- | --- |");
    for (name, render) in [("all", Render::All), ("kinds", Render::Kinds)] {
        let begun = Instant::now();
        let scan = look(&site, PAGES, 8, render)?;
        seconds.push(begun.elapsed().as_secs_f64());
        let names: BTreeSet<String> = scan.observations.iter().map(|seen| seen.name.to_string()).collect();
        println!(
            "| {name} | {} | {} | {:.1} | {:.3} |",
            rendered(&scan),
            names.len(),
            seconds[seconds.len() - 1],
            seconds[seconds.len() - 1] / seconds[0]
        );
        found.push(names);
    }
    assert_eq!(found[0], found[1], "both find the same");
    assert_eq!(found[1], generated::LEFT.iter().map(|name| (*name).to_owned()).collect());
    Ok(())
}

fn row(name: &str, pages: usize, taken: Duration, bare: Duration, of: usize, memory: u64) {
    let rate = pages as f64 / taken.as_secs_f64();
    let bare = of as f64 / bare.as_secs_f64();
    println!(
        "| {name} | {pages} | {:.1} | {rate:.2} | {:.2} | {memory} MiB |",
        taken.as_secs_f64(),
        rate / bare
    );
}

/// A whole run, HTTP first, as `cookieproof scan --engine browser` makes it.
fn look(site: &Url, pages: usize, tabs: usize, render: Render) -> Result<Scan> {
    let mut plan = Plan::for_url(site.clone());
    plan.engine = EngineChoice::Browser;
    plan.limits.rate = None;
    plan.limits.pages = pages + 10;
    plan.limits.per_shape = None;
    plan.limits.depth = u32::MAX;
    plan.limits.total_time = Duration::from_secs(3600);
    plan.browser.tabs = tabs;
    plan.browser.render = render;
    let target = plan.targets[0].clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(runtime.block_on(run(&plan, &target, None, &(), &Stop::default()))?)
}

/// Pages that the browser showed.
fn rendered(scan: &Scan) -> u64 {
    let pages = scan.coverage.pages.iter().filter(|page| page.cell.engine == Engine::Browser);
    pages.map(|page| page.count).sum()
}

/// The bare script.
fn navigate(site: &Url, pages: usize) -> Result<Duration> {
    let program = devtools::Chromium::installed().ok_or("no Chromium is installed")?;
    let mut chromium = devtools::Chromium::start(program, "", false);
    let begun = Instant::now();
    for page in 0..pages {
        chromium.open(site.join(&format!("/p/{page}"))?.as_str())?;
    }
    Ok(begun.elapsed())
}

/// Does something, and tells how much memory the processes below this one took at most, in MiB.
fn watched<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, u64)> {
    let (done, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watcher = std::thread::spawn({
        let (done, most) = (done.clone(), most.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(memory_below(std::process::id()), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(250));
            }
        }
    });
    let result = work();
    done.store(true, Ordering::Relaxed);
    watcher.join().map_err(|_| "the watcher died")?;
    Ok((result?, most.load(Ordering::Relaxed) / 1024))
}

/// KiB of all processes below one; what they share counts once (`Pss`).
fn memory_below(root: u32) -> u64 {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parents.extend(parent.map(|parent: u32| (pid, parent)));
    }
    let mut below = BTreeSet::from([root]);
    while let Some((pid, _)) =
        parents.iter().find(|(pid, parent)| below.contains(parent) && !below.contains(pid))
    {
        below.insert(*pid);
    }
    below.remove(&root);
    let pss = |pid: &u32| -> Option<u64> {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_whitespace().next()?.parse().ok()
    };
    below.iter().filter_map(pss).sum()
}
