//! Many sites on many machines: jobs, results and dead letters on NATS JetStream. A job is a site, and
//! sites of one host are one worker's, so that the host's pace stays within it. Delivery, redelivery and storage are the server's; what is ours are the
//! values that travel (`job`), how they are laid into messages (`parcel`), where they lie (`queue`), what a
//! worker does between delivery and acknowledgement (`worker`), and what is known of a run (`status`).
//!
//! Nothing here ends by "no job is left": a server that was killed may hold jobs that are done, and one that
//! lost a job holds none. A run is through when each site that was submitted has a result or a dead letter.

mod job;
mod parcel;
mod queue;
mod status;
mod worker;

pub(crate) use job::{
    Dead, DeadKind, Errand, FORMAT, Job, LookAt, Outcome, RunRecord, Submitted, Text, Wishes, errand_of_host,
    runs_programs,
};
pub(crate) use queue::{ANY, Put, Queue, Server, Trouble};
pub(crate) use status::{Status, json, text};
pub(crate) use worker::{Numbers, Settings, Took, Worker, work};
