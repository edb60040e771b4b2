//! Audits five real applications and compares what was seen with what Chromium saw of them:
//!
//! ```text
//! COOKIEPROOF_SHARED=/path/to/shared cargo run --example livesites [-- [--engine browser] django ...]
//! ```
//!
//! The folder holds `livesites/APP/{start.sh,stop.sh,ground-truth.json}`: Django's admin,
//! Flask-JWT-Extended, Express with Passport, Better Auth and next-auth, which `start.sh` installs
//! (apt, npm, PyPI) and starts on loopback. Their plans and manifests are in `examples/livesites`.
//! A cookie is found if one with its name, Path, Domain, flags and lifetime came in a header;
//! invented if no header of the recording has it.
//!
//! With `--engine browser` each scan is audited, too: the cookies of next-auth's page `/labs` come only
//! once a script has fetched the session. Nothing but that may be found, and that must be.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use cookieproof::config::Format;
use cookieproof::cookie::{CookieLine, Lifetime, Written};
use cookieproof::manifest::Manifest;
use cookieproof::observation::{Scan, StorageKind};
use cookieproof::plan::{EngineChoice, Plan};
use cookieproof::{audit, manifest, plan, run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const APPS: [&str; 5] = ["django", "flask-jwt", "express-passport", "betterauth", "nextauth"];

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let Some(shared) = std::env::var_os("COOKIEPROOF_SHARED") else {
        println!("COOKIEPROOF_SHARED not given: 0 cases");
        return Ok(());
    };
    let sites = PathBuf::from(shared).join("livesites");
    let mut chosen: Vec<String> = std::env::args().skip(1).collect();
    let browser = chosen.windows(2).position(|pair| pair == ["--engine", "browser"]);
    if let Some(at) = browser {
        chosen.drain(at..at + 2);
    }
    let engine = if browser.is_some() { EngineChoice::Browser } else { EngineChoice::Http };
    println!("application       target  recorded  found  missing  invented  personas       seconds");
    let mut wrong = Vec::new();
    for app in APPS.into_iter().filter(|app| chosen.is_empty() || chosen.iter().any(|name| name == app)) {
        run(&sites.join(app).join("start.sh"))?;
        for target in ["http", "https"] {
            let began = Instant::now();
            let (manifest, looked) = look(app, target, engine).await?;
            let truth = recorded(&sites.join(app).join("ground-truth.json"), target)?;
            let seen = seen(&looked);
            let missing: Vec<_> = truth.difference(&seen).collect();
            let conceivable = conceivable(&sites.join(app), target, &truth)?;
            let invented: Vec<_> = seen.difference(&conceivable).collect();
            let personas = &looked.coverage.personas;
            let reached =
                personas.iter().filter(|persona| persona.reached == cookieproof::observation::Reached::Yes);
            println!(
                "{app:<17} {target:<7} {:>8} {:>6} {:>8} {:>9}  {} of {} reached {:>7.1}",
                truth.len(),
                truth.len() - missing.len(),
                missing.len(),
                invented.len(),
                reached.count(),
                personas.len(),
                began.elapsed().as_secs_f64()
            );
            if browser.is_some() {
                wrong.extend(judged(app, target, &audit::audit(&manifest, &looked, None)));
            }
            wrong.extend(missing.iter().map(|cookie| format!("{app} {target}: missing {cookie}")));
            wrong.extend(invented.iter().map(|cookie| format!("{app} {target}: invented {cookie}")));
        }
        run(&sites.join(app).join("stop.sh"))?;
    }
    wrong.iter().for_each(|line| println!("{line}"));
    if wrong.is_empty() { Ok(()) } else { Err("not all alike".into()) }
}

/// Scans one target by the application's plan, from a folder that has the test CA and the mails.
async fn look(app: &str, target: &str, engine: EngineChoice) -> Result<(Manifest, Scan), Failure> {
    let folder = tempfile::tempdir()?;
    let live = PathBuf::from(std::env::var_os("LIVESITES_DIR").unwrap_or("/tmp/livesites".into()));
    fs::copy(live.join("tls").join("ca.pem"), folder.path().join("ca.pem"))?;
    fs::write(folder.path().join("password"), "livesites-pw")?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join("livesites").join(app);
    let text = fs::read_to_string(example.join("cookieproof.toml"))?
        .replace("${env:LIVESITES_PASSWORD}", "${file:password}")
        .replace("maildir = \"maildir\"", &format!("maildir = {:?}", live.join(app).join("mail/maildir")));
    let file = folder.path().join("cookieproof.toml");
    let (plan, problems) = plan::read(&text, &file.to_string_lossy(), Format::Toml);
    let plan = plan.ok_or_else(|| format!("{app}: {problems:?}"))?;
    let text = fs::read_to_string(example.join("cookies.toml"))?;
    let (manifest, problems) = manifest::read(&text, "cookies.toml", Format::Toml);
    let manifest = manifest.ok_or_else(|| format!("{app}: {problems:?}"))?;
    let plan = Plan { engine, ..plan };
    let target = plan.targets.iter().find(|one| one.name == target).ok_or("no such target")?;
    let looked = run::run(&plan, target, Some(&manifest), &(), &run::Stop::default()).await?;
    Ok((manifest, looked))
}

/// Says what is found, and how that differs from what must be.
fn judged(app: &str, target: &str, audit: &audit::Audit) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut leaked = false;
    for finding in &audit.findings {
        println!("  {}: {} [{}]", finding.rule, finding.message, finding.claims.join(" "));
        let mut pages = finding.evidence.iter().filter_map(|evidence| evidence.page.as_ref());
        if app == "nextauth" && pages.all(|page| page.asked.to_string().ends_with("/labs")) {
            leaked |= finding.claims.iter().any(|claim| claim == "claims.no-cookies.1");
        } else {
            wrong.push(format!("{app} {target}: {}", finding.message));
        }
    }
    if app == "nextauth" && !leaked {
        wrong.push(format!("{app} {target}: nobody saw the cookies of /labs"));
    }
    wrong
}

/// Name and attributes of every cookie that came in a header, deletions left out.
fn seen(scan: &Scan) -> BTreeSet<String> {
    let cookies = scan.observations.iter().filter(|observation| observation.kind == StorageKind::Cookie);
    cookies
        .flat_map(|observation| &observation.groups)
        .filter_map(|group| described(&group.example.name.to_string(), &group.example.written))
        .collect()
}

/// The same of the recording's runs against this target.
fn recorded(file: &Path, target: &str) -> Result<BTreeSet<String>, Failure> {
    let truth: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let at: jiff::Timestamp = truth["recorded_at"].as_str().ok_or("no recorded_at")?.parse()?;
    let empty = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    let mut cookies = BTreeSet::new();
    for run in list(&truth["runs"]) {
        for line in list(&run["phases"]).iter().flat_map(|phase| list(&phase["set_cookies"])) {
            let url = line["url"].as_str().ok_or("a line without its URL")?;
            if url.split("://").next() != Some(target) {
                continue;
            }
            let raw = line["raw"].as_str().ok_or("a line without its text")?;
            let line = CookieLine::parse(raw.as_bytes());
            #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
            let written = line.written(None, at.as_second() as f64);
            cookies.extend(described(&line.name.to_string(), &written));
        }
    }
    Ok(cookies)
}

/// What was recorded, and over https also what was recorded over http only (a login that is not
/// remembered), as it is there: Secure, with or without a prefix.
fn conceivable(site: &Path, target: &str, truth: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    let mut all = truth.clone();
    if target == "https" {
        for cookie in recorded(&site.join("ground-truth.json"), "http")? {
            let secure = cookie.replace("Secure=false", "Secure=true");
            all.extend(["", "__Secure-", "__Host-"].map(|prefix| format!("{prefix}{secure}")));
        }
    }
    Ok(all)
}

/// None for a deletion. Lifetimes by the day: a recording's `Expires` is not to the second.
fn described(name: &str, written: &Written) -> Option<String> {
    let lifetime = match written.lifetime {
        Lifetime::Session => "session".to_owned(),
        Lifetime::Seconds(seconds) if seconds <= 0 => return None,
        Lifetime::Seconds(seconds) => format!("{} d", (seconds + 43_200) / 86_400),
    };
    Some(format!(
        "{name}; {lifetime}; Path={}; Domain={}; HttpOnly={}; Secure={}; SameSite={:?}",
        written.path.as_deref().unwrap_or_default(),
        written.domain.as_deref().unwrap_or_default(),
        written.http_only,
        written.secure,
        written.same_site
    ))
}

fn run(script: &Path) -> Result<(), Failure> {
    let output = Command::new("bash").arg(script).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr)).into())
}
