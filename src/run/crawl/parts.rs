//! What pages fetch along with themselves: which of it is asked for.

use super::Crawl;
use crate::crawl::Embedded;
use crate::engine::Visit;
use crate::observation::{Credentials, Resource};
use crate::run::side_requests::danger_of;
use crate::run::state::{Line, PartFound};
use url::Url;

/// Parts of pages fetched, for each page of the limit.
const PARTS_PER_PAGE: usize = 10;

/// A picture, script, style or foreign frame of a page.
pub(super) struct Part {
    pub(super) url: Url,
    pub(super) within: Url,
    pub(super) resource: Resource,
    pub(super) credentials: Credentials,
}

impl Crawl<'_, '_> {
    pub(super) fn part(&mut self, visit: &Visit, embedded: &Embedded) {
        let Embedded { address, resource, credentials } = embedded;
        let (resource, credentials) = (*resource, *credentials);
        let own = self.frontier.scope().is_own(address);
        if own && resource == Resource::Frame {
            return; // a page of the crawl
        }
        let pages = &self.runner.plan.pages;
        let most = self.runner.plan.limits.pages.saturating_mul(PARTS_PER_PAGE);
        if !pages.assets || !own && resource == Resource::Other {
            if !own {
                self.runner.recorder.mention(self.cell, &visit.shown, &address.to_url(), resource);
            }
            return;
        }
        if self.parts_known.len() >= most || !self.parts_known.insert(address.clone()) {
            return;
        }
        let url = address.to_url();
        if own && let Some(danger) = danger_of(&url) {
            self.frontier.leave(danger.into(), address);
            return;
        }
        let within = visit.shown.clone();
        if self.is_written(&url) && self.is_written(&within) {
            let (url, within) = (url.clone(), within.clone());
            self.lines.push(Line::PartFound(PartFound { url, within, resource, credentials }));
        } else if self.runner.recorder.is_kept() {
            self.lines.push(Line::LeftOut(1));
        }
        self.parts.push_back(Part { url, within, resource, credentials });
    }
}
