//! Audits a site from a Rust program: the policy as data, a look at the site, and what of the policy it
//! keeps.
//!
//! ```text
//! cargo run --example embed -- http://127.0.0.1:8080/ cookies.toml
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use cookieproof::audit::{Audit, State, audit};
use cookieproof::config::Format;
use cookieproof::manifest;
use cookieproof::plan::Plan;
use cookieproof::run::{Stop, run};
use std::error::Error;

/// What of `policy`, a manifest's text, the site at `url` keeps.
#[allow(unreachable_pub, reason = "a test has this file as a module")]
pub async fn audited(url: &str, policy: &str) -> Result<Audit, Box<dyn Error>> {
    let (manifest, problems) = manifest::read(policy, "cookies.toml", Format::Toml);
    let Some(manifest) = manifest else {
        return Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into());
    };
    let plan = Plan::for_url(url.parse()?);
    let scan = run(&plan, &plan.targets[0], Some(&manifest), &(), &Stop::default()).await?;
    Ok(audit(&manifest, &scan, None))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: embed URL cookies.toml".into());
    };
    let audit = audited(&url, &std::fs::read_to_string(file)?).await?;
    for verdict in &audit.verdicts {
        let state = match &verdict.state {
            State::Upheld { .. } => "upheld",
            State::Refuted { .. } => "REFUTED",
            State::NotVerified { .. } => "not verified",
        };
        println!("{state:12} {}", verdict.text);
    }
    Ok(())
}
