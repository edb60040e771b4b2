//! Which pages of a context had it for themselves: what is in the jar and that no head shows is a
//! page's only where no other page can have put it there.

use super::locked;
use std::sync::{Arc, Mutex};

/// The pages that are open in a context.
#[derive(Clone, Default)]
pub(super) struct OpenPages(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    open: usize,
    opened: u64,
}

impl OpenPages {
    /// A page is open until what is given out is dropped.
    pub(super) fn opens(&self) -> OpenOne {
        let mut counts = locked(&self.0);
        counts.open += 1;
        counts.opened += 1;
        OpenOne { pages: self.clone(), alone_at_first: counts.open == 1, number: counts.opened }
    }
}

/// One of the open pages.
pub(super) struct OpenOne {
    pages: OpenPages,
    alone_at_first: bool,
    number: u64,
}

impl OpenOne {
    /// No other page was open since this one was opened.
    pub(super) fn was_alone(&self) -> bool {
        self.alone_at_first && locked(&self.pages.0).opened == self.number
    }
}

impl Drop for OpenOne {
    fn drop(&mut self) {
        locked(&self.pages.0).open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_alone_where_no_other_was_open_in_its_time() {
        let pages = OpenPages::default();
        let first = pages.opens();
        assert!(first.was_alone());
        let second = pages.opens();
        assert!(!first.was_alone() && !second.was_alone());
        drop(second);
        assert!(!first.was_alone(), "another page was open in between");
        drop(first);
        assert!(pages.opens().was_alone());
    }
}
