//! How to look: targets, personas and their steps, pages, engine, limits and outputs. The same
//! spanned tree as the manifest's; secrets stand in it only by reference.

mod decode;
mod draft;
mod length;
mod local;
mod model;
mod probes;
mod schedule;
mod site;
pub mod sites;
mod target;
mod without_file;

pub use crate::observation::is_local;
pub(crate) use decode::duration;
pub use decode::{json_schema, late_time, read, read_to_travel, shape};
pub use draft::draft;
pub use length::LastRun;
pub use model::*;
pub use probes::{Probe, TriedAt, probes, token_is_tried};
pub use schedule::{Schedule, Task, TaskResult};
pub use site::site;
