//! cookieproof proves whether a website keeps its cookie policy.
//!
//! ```text
//! plan + manifest ─► schedule ─► scan (crawl × persona × engine) ─► observations + coverage + outcomes
//!     ─► audit ─► verdicts of the claims + findings ─► reports
//! ```
//!
//! The policy is a [`manifest`], how to look is a [`plan`]; [`run`](mod@run) looks and gives a
//! [`Scan`](observation::Scan), [`audit`](mod@audit) judges it, and [`report`] writes what came of it:
//!
//! ```
//! # use std::io::{Read as _, Write as _};
//! # let site = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("http://{}/", site.local_addr()?);
//! # std::thread::spawn(move || {
//! #     for stream in site.incoming() {
//! #         let Ok(mut stream) = stream else { continue };
//! #         let _ = stream.read(&mut [0; 4096]);
//! #         let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 5\r\n";
//! #         let _ = write!(stream, "{head}Set-Cookie: sid=1; Path=/; Max-Age=604800\r\n\r\nhello");
//! #     }
//! # });
//! use cookieproof::{audit::audit, config::Format, manifest, plan::Plan, run};
//!
//! let policy = r#"
//!     [site]
//!     name = "Shop"
//!     [[cookies]]
//!     name = "sid"
//!     lifetime = "1d"
//! "#;
//! let (manifest, problems) = manifest::read(policy, "cookies.toml", Format::Toml);
//! let manifest = manifest.ok_or_else(|| format!("{problems:?}"))?;
//! let plan = Plan::for_url(url.parse()?);
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let scan = run::run(&plan, &plan.targets[0], Some(&manifest), &(), &run::Stop::default()).await?;
//! let audit = audit(&manifest, &scan, None);
//! // The site sets it for a week.
//! assert_eq!(audit.findings[0].claims, ["cookies.sid.lifetime"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/embed.rs` is the same as a program.

// The front door: the policy, how to look, the look, what was seen, the judgement, the reports.
pub mod audit;
pub mod config;
pub mod cookie;
pub mod history;
mod intake;
mod legible;
pub mod manifest;
pub mod observation;
pub mod plan;
pub mod report;
pub mod run;

// The inside. What is open of it is open to this repository's own tests and examples only.
#[doc(hidden)]
pub mod charset;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod crawl;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod policy;
#[doc(hidden)]
pub mod secret;
#[doc(hidden)]
pub mod transport;
#[doc(hidden)]
pub mod vendors;

mod fleet;
mod markup;
mod store;
mod sums;
