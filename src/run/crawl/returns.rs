//! Coming back: once all is seen, a visitor opens the pages on which it began once more. What is given
//! only to those who have been there before comes then.

use super::{ALONE, Crawl, MOST_RETURNS, UnderWay, Work};
use crate::crawl::Address;
use std::collections::{BTreeSet, VecDeque};
use url::Url;

impl Crawl<'_, '_> {
    /// The next page to come back to, asked for. None: not all else is through yet, or nothing is left.
    pub(super) fn comes_back(&mut self) -> Option<UnderWay> {
        if self.check_due || !self.answered || self.held.iter().any(|held| held.alarming) {
            return None;
        }
        if self.returns.is_none() {
            self.returns = Some(self.places_to_return());
        }
        let work = Work::Return(self.returns.as_mut()?.pop_front()?);
        let task = self.start(&work);
        Some(UnderWay { work, task, rotations: self.rotations })
    }

    /// What was seen there may not have been a member's: it is opened again after a new login, once.
    pub(super) fn comes_back_later(&mut self, page: Url) {
        let Some(address) = Address::new(&page) else { return };
        let tries = self.asked_again.entry(address).or_default();
        *tries += 1;
        if *tries < ALONE {
            self.returns.get_or_insert_default().push_front(page);
        }
    }

    /// The pages that the plan names to begin with, but for those that end sessions and those to which the
    /// visitor came back before the run was interrupted. Who logged in anew is there for the first time.
    fn places_to_return(&self) -> VecDeque<Url> {
        let named = self.runner.plan.pages.start.iter().chain(&self.who.persona.start);
        let named = named.filter_map(|page| self.runner.site.on_target(page));
        let places = std::iter::once(self.runner.target.url.clone()).chain(named);
        let mut known = BTreeSet::new();
        let places = places
            .filter_map(|place| Address::new(&place))
            .filter(|place| known.insert(place.to_url()) && !self.is_suspect(place));
        let most = MOST_RETURNS.min(self.runner.plan.limits.pages);
        let times = if self.came_anew { 2 } else { 1 };
        let places = places.take(most).flat_map(|place| std::iter::repeat_n(place.to_url(), times));
        places.skip(self.returned).collect()
    }
}
