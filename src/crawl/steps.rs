//! The steps of a frontier, for whoever goes on later: what went in, and what was given out. A link that
//! brought nothing new is none.

use super::{Address, Link, LinkKind, Next, Said};
use crate::observation::SkipReason;
use serde::{Deserialize, Serialize};

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    Seed(Address),
    FromSitemap(Address),
    /// The links that follow are this page's; none where its address is not written.
    Page {
        address: Option<Address>,
        depth: u32,
    },
    Link {
        address: Address,
        kind: LinkKind,
        said: Said,
        /// What came of it; not written, since it comes of it again.
        #[serde(skip, default = "queued")]
        end: Result<(), Option<SkipReason>>,
    },
    /// Not asked for, for this reason.
    Left {
        address: Address,
        reason: SkipReason,
    },
    /// It waits, and its address is not written: the masked one.
    Unwritten(Address),
    GaveOut(Address),
    /// The same of an address that is not written.
    GaveOutUnwritten(Address),
    GaveBack {
        address: Address,
        reason: SkipReason,
    },
    Seen(Address),
    Closed(SkipReason),
    Told,
}

fn queued() -> Result<(), Option<SkipReason>> {
    Ok(())
}

impl Step {
    /// The step as it may be written. `masked` gives the address without what may be a secret, where
    /// there is such a thing in it; none: nothing of it is written.
    pub fn written(self, masked: impl Fn(&Address) -> Option<Address>) -> Option<Step> {
        Some(match self {
            Step::Seed(address) => match masked(&address) {
                Some(masked) => Step::Unwritten(masked),
                None => Step::Seed(address),
            },
            Step::FromSitemap(address) => match masked(&address) {
                Some(masked) => Step::Unwritten(masked),
                None => Step::FromSitemap(address),
            },
            Step::Page { address, depth } => {
                Step::Page { address: address.filter(|address| masked(address).is_none()), depth }
            }
            Step::Link { address, kind, said, end } => match (masked(&address), end) {
                (None, end) => Step::Link { address, kind, said, end },
                (Some(masked), Ok(())) => Step::Unwritten(masked),
                (Some(address), Err(Some(reason))) => Step::Left { address, reason },
                (Some(_), Err(None)) => return None,
            },
            Step::Left { address, reason } => {
                Step::Left { address: masked(&address).unwrap_or(address), reason }
            }
            Step::GaveOut(address) => match masked(&address) {
                Some(masked) => Step::GaveOutUnwritten(masked),
                None => Step::GaveOut(address),
            },
            Step::GaveBack { address, reason } => {
                Step::GaveBack { address: masked(&address).unwrap_or(address), reason }
            }
            Step::Seen(address) if masked(&address).is_some() => return None,
            step @ (Step::Seen(_)
            | Step::Unwritten(_)
            | Step::GaveOutUnwritten(_)
            | Step::Closed(_)
            | Step::Told) => step,
        })
    }
}

/// Steps that nobody fetched yet.
#[derive(Debug, Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
    /// Whose links come now.
    page: Option<Address>,
}

impl Steps {
    pub(super) fn add(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn link(&mut self, page: &Next, link: &Link, end: Result<(), Option<SkipReason>>) {
        if self.page.as_ref() != Some(&page.address) {
            self.page = Some(page.address.clone());
            self.add(Step::Page { address: self.page.clone(), depth: page.depth });
        }
        let Link { address, kind, said } = link.clone();
        self.add(Step::Link { address, kind, said, end });
    }

    pub(super) fn take(&mut self) -> Vec<Step> {
        self.page = None;
        std::mem::take(&mut self.steps)
    }
}
