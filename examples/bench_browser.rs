//! What looking with a browser costs:
//!
//! ```text
//! cargo run --release --example bench_browser
//! cargo run --release --example bench_browser -- --pages 60
//! cargo run --release --example bench_browser -- --size 300   # one kind of page: trivial or 300
//! cargo run --release --example bench_browser -- --tabs 8     # so many tabs only
//! cargo run --release --example bench_browser -- --no-kinds   # the first part only
//! cargo run --release --example bench_browser -- --kinds      # the second part only
//! cargo run --release --example bench_browser -- --states     # the third part only
//! ```
//!
//! Pages per second of cookieproof with 1, 4 and 8 tabs, on trivial pages and on pages of 300 KB,
//! beside a bare DevTools script that opens one page after the other and waits for its load event;
//! with the memory of all of the browser's processes. Then a site of 300 pages and 12 kinds, rendered
//! whole and one page of each kind: what each finds, and how long it takes; and one of 80 pages and 17 kinds
//! with a banner and a login, before an answer, accepted and rejected, for both kinds of visitors. Only ratios within a run
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
    let (mut pages, mut tabs, mut only, mut with_kinds) = (40, vec![1, 4, 8], None, true);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--kinds" => return kinds(),
            "--states" => return states(),
            "--no-kinds" => with_kinds = false,
            "--tabs" => tabs = vec![args.next().ok_or("--tabs needs a number")?.parse()?],
            "--size" => only = Some(args.next().ok_or("--size needs trivial or 300")?),
            "--pages" => pages = args.next().ok_or("--pages needs a number")?.parse()?,
            other => return Err(format!("what is {other}?").into()),
        }
    }
    println!("| what | pages | seconds | pages/s | | peak memory | CPU a page: the browser's, ours |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (size, bytes) in [("trivial", 0), ("300 KB", LARGE)] {
        if only.as_ref().is_some_and(|only| !size.starts_with(only.as_str())) {
            continue;
        }
        let site = server::serve(pages, 1, bytes, || ())?;
        let (bare, cost) = watched(|| navigate(&site, pages))?;
        let per_page = bare.as_secs_f64() / pages as f64;
        row(&format!("{size}: a script that only navigates"), pages, bare, per_page, &cost);
        for &tabs in &tabs {
            let (taken, cost) = watched(|| {
                let begun = Instant::now();
                let scan = look(&site, pages, tabs, Render::All)?;
                let shown = rendered(&scan);
                if usize::try_from(shown)? != pages {
                    return Err(format!("{shown} pages were shown").into());
                }
                Ok(begun.elapsed())
            })?;
            let name = format!("{size}: cookieproof, {tabs} tab{}", if tabs == 1 { "" } else { "s" });
            row(&name, pages, taken, per_page, &cost);
        }
    }
    if !with_kinds {
        return Ok(());
    }
    kinds()?;
    states()
}

/// A site as somebody without a login and a member see it, before an answer to its banner, accepted and rejected.
fn states() -> Result<()> {
    const PAGES: usize = 80;
    let site = server::serve_states(PAGES, generated::ALL_KINDS, 200)?;
    let text = format!(
        r##"
        engine = "browser"
        targets.here.url = "{site}"
        limits = {{ rate = "unlimited", pages = 500, total_time = "1h" }}
        browser = {{ tabs = 8, render = "kinds" }}
        [personas.member]
        login = [
            {{ open = "/login" }},
            {{ submit = {{ form = "#login", fields = {{ name = "ann", password = "not-a-secret" }} }} }},
        ]
        logged_in_when = {{ url = "/account", text = "Signed in" }}
        [[consent]]
        state = "accepted"
        selector = "#yes"
        [[consent]]
        state = "rejected"
        selector = "#no"
        "##
    );
    let (plan, problems) = cookieproof::plan::read(&text, "bench.toml", cookieproof::config::Format::Toml);
    let plan = plan.ok_or_else(|| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    println!(
        "\n| a site of {PAGES} pages | renders | seconds | renders/s | | peak memory | CPU a render: the browser's, ours |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let (bare, cost) = watched(|| navigate(&site, PAGES))?;
    let per_page = bare.as_secs_f64() / PAGES as f64;
    row("a script that only navigates", PAGES, bare, per_page, &cost);
    let begun = Instant::now();
    let (scan, cost) = watched(|| made(&plan))?;
    let renders = usize::try_from(rendered(&scan))?;
    row("3 states, 2 personas, 8 tabs", renders, begun.elapsed(), per_page, &cost);
    for look in &scan.consent {
        if let Some(why) = &look.not_reached {
            return Err(format!("{:?}: {why}", look.cell).into());
        }
    }
    Ok(())
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

/// `per_page`: the seconds of a page for the script.
fn row(name: &str, pages: usize, taken: Duration, per_page: f64, cost: &Cost) {
    let rate = pages as f64 / taken.as_secs_f64();
    let [browser, own] = cost.cpu.map(|ticks| ticks as f64 / 100.0 / pages as f64);
    println!(
        "| {name} | {pages} | {:.1} | {:.2} | {:.2} | {} MiB | {browser:.2} s, {own:.2} s |",
        taken.as_secs_f64(),
        rate,
        rate * per_page,
        cost.memory,
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
    made(&plan)
}

fn made(plan: &Plan) -> Result<Scan> {
    let target = plan.targets[0].clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(runtime.block_on(run(plan, &target, None, &(), &Stop::default()))?)
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

/// What something took.
struct Cost {
    /// MiB of the processes below this one, at most.
    memory: u64,
    /// Hundredths of a second of theirs, and of this one with the server in it.
    cpu: [u64; 2],
}

/// Does something, and tells what it took.
fn watched<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let own = std::process::id();
    let done = Arc::new(AtomicBool::new(false));
    let (memory, below) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let watcher = std::thread::spawn({
        let (done, memory, below) = (done.clone(), memory.clone(), below.clone());
        move || {
            for turn in 0_u64.. {
                let processes = processes_below(own);
                below.fetch_max(processes.iter().filter_map(cpu_of).sum(), Ordering::Relaxed);
                // This takes time of the browser's, too.
                if turn % 5 == 0 {
                    memory.fetch_max(processes.iter().filter_map(memory_of).sum(), Ordering::Relaxed);
                }
                if done.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    });
    let before = cpu_of(&own).unwrap_or_default();
    let result = work();
    let after = cpu_of(&own).unwrap_or_default();
    done.store(true, Ordering::Relaxed);
    watcher.join().map_err(|_| "the watcher died")?;
    let cpu = [below.load(Ordering::Relaxed), after.saturating_sub(before)];
    Ok((result?, Cost { memory: memory.load(Ordering::Relaxed) / 1024, cpu }))
}

/// All processes below one.
fn processes_below(root: u32) -> BTreeSet<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        parents.extend(fields_of(pid).get(1).and_then(|parent| Some((pid, parent.parse::<u32>().ok()?))));
    }
    let mut below = BTreeSet::from([root]);
    while let Some((pid, _)) =
        parents.iter().find(|(pid, parent)| below.contains(parent) && !below.contains(pid))
    {
        below.insert(*pid);
    }
    below.remove(&root);
    below
}

/// KiB of a process; what it shares counts in part (`Pss`).
fn memory_of(pid: &u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_whitespace().next()?.parse().ok()
}

/// Hundredths of a second of a process, and of those of its children that have ended.
fn cpu_of(pid: &u32) -> Option<u64> {
    let fields = fields_of(*pid);
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    let own = ticks(11)? + ticks(12)?;
    Some(if *pid == std::process::id() { own } else { own + ticks(13)? + ticks(14)? })
}

/// What follows the name in a process's `stat`.
fn fields_of(pid: u32) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    after.split_whitespace().map(str::to_owned).collect()
}
