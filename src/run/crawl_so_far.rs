//! A crawl that was interrupted, as far as it came: the lines that it left, put together again.

use super::answers::Alike;
use super::state::{Crawled, Line, PartFound};
use crate::crawl::{Address, Frontier, Next, Step};
use crate::observation::SkipReason;
use std::collections::{HashMap, HashSet};

/// More pages than any crawl takes in.
const MOST: u64 = 1 << 30;

/// How far a crawl came.
pub(super) struct CrawlSoFar {
    pub(super) frontier: Frontier,
    pub(super) crawled: Crawled,
    /// Asked for and not recorded: to be asked for again, in this order; and when each was given out.
    pub(super) open: Vec<(Next, u64)>,
    /// Visits that were recorded.
    pub(super) recorded: u64,
    /// The moment that the next lines are of, as a count of what the visitor was given.
    pub(super) now: u64,
    pub(super) parts: Vec<PartFound>,
    pub(super) parts_known: HashSet<Address>,
    pub(super) asked_again: HashMap<Address, u32>,
    pub(super) with_password: HashSet<String>,
    pub(super) looked_back: Vec<Alike>,
    /// What waited or was open, and was not written.
    pub(super) unwritten: Vec<Address>,
    /// Whose links the next steps are.
    page: (Option<Address>, u32),
}

impl CrawlSoFar {
    /// From the beginning, with a frontier into which nothing was put.
    pub(super) fn new(frontier: Frontier) -> CrawlSoFar {
        CrawlSoFar {
            frontier,
            crawled: Crawled::default(),
            open: Vec::new(),
            recorded: 0,
            now: 0,
            parts: Vec::new(),
            parts_known: HashSet::new(),
            asked_again: HashMap::new(),
            with_password: HashSet::new(),
            looked_back: Vec::new(),
            unwritten: Vec::new(),
            page: (None, 0),
        }
    }

    /// Takes the frontier's steps again.
    pub(super) fn steps(&mut self, steps: Vec<Step>) {
        for step in steps {
            match &step {
                Step::Unwritten(address) => self.unwritten.push(address.clone()),
                // What is no page is recorded all the same.
                Step::GaveBack { address, reason } if *reason != SkipReason::NotHtml => self.close(address),
                Step::Closed(_) => self.unwritten.clear(),
                _ => {}
            }
            let given_out = self.frontier.again(step, &mut self.page);
            self.open.extend(given_out.map(|next| (next, self.now)));
        }
    }

    /// Takes in a line of the crawl; given back where it is of something else.
    pub(super) fn line(&mut self, line: Line) -> Option<Line> {
        match line {
            Line::Steps(steps) => self.steps(steps),
            Line::Crawled(crawled) => {
                let start = crawled.start.or(self.crawled.start.take());
                let first_failure = crawled.first_failure.or(self.crawled.first_failure.take());
                self.crawled = Crawled {
                    start,
                    first_failure,
                    // A file may say what it likes.
                    pages: crawled.pages.min(MOST),
                    beyond: crawled.beyond.min(MOST),
                    alarms: crawled.alarms.min(MOST as usize),
                    ..crawled
                };
            }
            Line::Recorded(address) => {
                self.recorded += 1;
                self.close(&address);
            }
            Line::PartFound(part) => {
                if let Some(address) = Address::new(&part.url)
                    && self.parts_known.insert(address)
                {
                    self.parts.push(part);
                }
            }
            Line::PartRecorded(url) => {
                self.recorded += 1;
                self.parts.retain(|part| part.url != url);
            }
            Line::Again(address) => *self.asked_again.entry(address).or_default() += 1,
            Line::WithPassword(kind) => drop(self.with_password.insert(kind)),
            Line::LookedBack(page) => self.looked_back.push(page),
            other => return Some(other),
        }
        None
    }

    fn close(&mut self, address: &Address) {
        if let Some(at) = self.open.iter().position(|(next, _)| next.address == *address) {
            self.open.remove(at);
        } else if let Some(at) = self.unwritten.iter().position(|unwritten| unwritten == address) {
            self.unwritten.swap_remove(at);
        }
    }
}
