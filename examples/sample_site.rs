//! Starts a sample site on loopback and keeps it running:
//!
//! ```text
//! cargo run --example sample_site -- prokken
//! cargo run --example sample_site -- prokken --port 8080 --switch P07 --switch P31
//! cargo run --example sample_site -- dpokit --https --mail /tmp/mail --ca /tmp/ca.pem
//! cargo run --example sample_site -- prokken --list
//! ```
//!
//! A switch breaks one sentence of the site's policy; `--list` says which there are. The sites are
//! kropee, katror, prokken and dpokit.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

mod sites;

use sites::{Authority, EMAIL, PASSWORD, Settings, Switches, Which};
use std::error::Error;
use std::path::PathBuf;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut settings = Settings { port: 8080, ..Settings::default() };
    let (mut which, mut switches, mut ca, mut list) = (None, Vec::new(), None, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--switch" => switches.push(value()?),
            "--port" => settings.port = value()?.parse()?,
            "--mail" => settings.mail = Some(PathBuf::from(value()?)),
            "--ca" => ca = Some(PathBuf::from(value()?)),
            "--https" => settings.https = true,
            "--list" => list = true,
            name => which = Some(Which::named(name).ok_or(format!("no site {name}"))?),
        }
    }
    let which = which.ok_or("which site? kropee, katror, prokken or dpokit")?;
    if list {
        for (id, does) in which.switches() {
            println!("{id:<16} {does}");
        }
        return Ok(());
    }
    if let Some(unknown) = switches.iter().find(|id| which.switches().iter().all(|(known, _)| known != id)) {
        return Err(format!("{} has no switch {unknown}; --list shows them", which.name()).into());
    }
    settings.switches = Switches::from_iter(switches);
    let authority = Authority::new()?;
    if let Some(file) = ca {
        std::fs::write(file, &authority.pem)?;
    }
    let scheme = if settings.https { "https" } else { "http" };
    let running = which.start(settings, &authority).await?;
    println!("{scheme}://{}.localhost:{}/", which.name(), running.address.port());
    println!("account: {EMAIL} / {PASSWORD}");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
