//! Audits the four conforming sample sites again and again: no finding, and the same bytes.
//!
//! ```text
//! cargo run --example false_alarms -- 100
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

mod sites;

use cookieproof::config::Format as Tree;
use cookieproof::report::{self, Format, Report};
use cookieproof::vendors::Knowledge;
use cookieproof::{audit, manifest, plan, run};
use sites::{Authority, Password, Settings, Which, prepare};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(10), |rounds| rounds.parse())?;
    let authority = Authority::new()?;
    let mut wrong = 0;
    for which in Which::ALL {
        let mut findings = 0;
        let mut reports = BTreeSet::new();
        for _ in 0..rounds {
            let folder = tempfile::tempdir()?;
            let mail = Some(folder.path().join("mail"));
            let settings = Settings { https: true, mail, ..Settings::default() };
            let running = which.start(settings, &authority).await?;
            prepare(folder.path(), which, &running, &authority, Password::File)?;
            let file = folder.path().join("cookieproof.toml");
            let (plan, problems) =
                plan::read(&fs::read_to_string(&file)?, &file.to_string_lossy(), Tree::Toml);
            let plan = plan.ok_or_else(|| format!("{problems:?}"))?;
            let text = fs::read_to_string(folder.path().join("cookies.toml"))?;
            let (manifest, problems) = manifest::read(&text, "cookies.toml", Tree::Toml);
            let manifest = manifest.ok_or_else(|| format!("{problems:?}"))?;
            let scan = run::run(&plan, &plan.targets[0], Some(&manifest), &(), &run::Stop::default()).await?;
            let audit = audit::audit(&manifest, &scan, None);
            findings += audit.findings.len();
            let knowledge = Knowledge::default();
            let report = Report::of(&scan, &knowledge).judged(&audit, &manifest);
            let mut bytes = Vec::new();
            report::write(&report, Format::Json, &mut bytes)?;
            let mut json: serde_json::Value = serde_json::from_slice(&bytes)?;
            json["time"].take();
            reports.insert(json.to_string());
        }
        println!(
            "{:<8} {rounds} audits, {findings} findings, {} different reports",
            which.name(),
            reports.len()
        );
        wrong += findings + reports.len().saturating_sub(1);
    }
    if wrong == 0 { Ok(()) } else { Err("not all clear, or not the same".into()) }
}
