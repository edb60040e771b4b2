//! cookieproof proves whether a website keeps its cookie policy.
//!
//! ```text
//! plan + manifest ─► scan (crawl × persona × engine) ─► observations + coverage + outcomes
//!     ─► audit ─► verdicts of the claims + findings ─► reports
//! ```

pub mod audit;
pub mod charset;
pub mod cli;
pub mod config;
pub mod cookie;
pub mod crawl;
pub mod engine;
pub mod history;
mod intake;
mod legible;
pub mod manifest;
pub mod markup;
pub mod observation;
pub mod plan;
pub mod policy;
pub mod report;
pub mod run;
pub mod secret;
pub mod store;
pub mod transport;
pub mod vendors;
