//! Helpers of the tests.

pub(crate) mod app;
pub(crate) mod chromium;
pub(crate) mod closed_schema;
pub(crate) mod command;
pub(crate) mod devtools;
pub(crate) mod hostile;
pub(crate) mod look;
pub(crate) mod nats;
#[path = "../../examples/sites/mod.rs"]
pub(crate) mod sites;
pub(crate) mod small_site;
pub(crate) mod vectors;
pub(crate) mod world;
