//! What one run saw, as values: cells, exchanges, sightings, the fold into observations, coverage
//! and outcomes of probes. A [`Scan`] carries its own time and can be judged again later, against
//! another manifest, without the site.
//!
//! No value of a cookie is in here, only [`ValueFacts`](crate::cookie::ValueFacts); URLs are [`SafeUrl`]s.

mod anti_forgery;
mod cell;
mod consent_link;
mod contact;
mod counted;
mod coverage;
mod family;
mod fold;
mod glob;
pub(crate) mod head;
mod outcome;
mod published;
mod quoted;
mod reach;
mod renamed;
mod safe_url;
mod scan;
mod sighting;
mod site;
mod task;
mod until;
mod url_template;
mod went_along;
mod wire;

pub use anti_forgery::is_anti_forgery;
pub use cell::{Cell, Consent, Engine, Phase, Visitor};
pub use consent_link::answers_consent;
pub use contact::{Carried, Contact, Disclosure, Form, Sent};
pub(crate) use counted::AsItIs;
pub use coverage::{
    Coverage, DeadEnd, DeadEndKind, Failed, FailureKind, PageTally, PersonaCoverage, Reached, SameAnswer,
    Sampled, SentByScripts, SkipReason, Skipped,
};
pub use family::{Families, family};
pub use fold::Fold;
pub use glob::Glob;
pub use head::{AnswerHead, MaskedHead};
pub use outcome::{BannerMoment, ConsentLook, Outcome, ProbeKind, ProbeResult};
pub use published::{Block, Published, Table};
pub use quoted::quoted;
pub use reach::{MAY_FAIL, Share};
pub use renamed::renamed;
pub use safe_url::{MASK, SafeUrl};
pub use scan::{BrowserRun, LinkCheck, Picture, PolicyPage, Run, Scan};
pub use sighting::{
    Channel, Circumstances, Credentials, ExchangeRef, Group, LineFrom, Observation, Page, Party, Resource,
    Script, Sighting, StorageKind,
};
pub use site::{Site, http_twin, is_local, www_twin};
pub use task::{Job, TaskEnd, TaskRecord};
pub use url_template::{page_template, path_template};
pub use wire::{NotAScan, SCAN_FORMAT, without_values};

pub(crate) use glob::Tokens;
pub(crate) use site::{authority, has_subdomains, split_port};
