//! Every test that goes through the public face, one file per command or capability.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod acting_links;
mod acts;
mod architecture;
mod around;
mod audit_cli;
mod browser_audit;
mod browser_consent;
mod browser_engine;
mod browser_har;
mod browser_hold;
mod browser_kinds;
mod browser_late;
mod browser_launch;
mod browser_plan;
mod browser_sight;
mod browser_steps;
mod check;
mod ci_files;
mod claims;
mod claims_browser;
mod claims_table;
mod cookie;
mod cookie_chromium;
mod cookie_properties;
mod crawl;
mod credentials;
mod examples;
#[path = "../examples/generated/mod.rs"]
mod generated;
mod help;
mod hostile_sites;
mod html_report;
mod http;
mod import;
mod init;
mod lists;
mod login;
mod nights;
mod nothing_leaked;
mod outputs;
mod own_hosts;
mod reading;
mod readme;
mod replay;
mod report;
mod scan_cli;
mod schema;
mod secrets;
mod sentences;
mod support;
mod visits;
mod web;
