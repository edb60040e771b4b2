//! How much of what was asked for answered. A page that answered 5xx or 429, or did not answer at
//! all, was not looked at: what it would have set nobody knows. Where more than a share of them is
//! missing, nothing is said of the site as a whole, in an audit as between two nights.

use super::{Cell, Engine, Failed, FailureKind, PageTally, Party, Phase, SafeUrl, Scan, Site};
use std::collections::BTreeMap;
use std::fmt;

/// Of a hundred pages asked for, so many may fail before a run says nothing of all of them
/// (`may_fail` of the plan's `[limits]`).
pub const MAY_FAIL: u32 = 10;

/// Pages asked for, and those of them that were not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub asked: u64,
    pub failed: u64,
    /// What they answered instead, and how often.
    pub causes: BTreeMap<String, u64>,
}

impl Share {
    /// Whether more failed than the share that may, in percent.
    pub fn is_too_little(&self, may_fail: u32) -> bool {
        self.failed.saturating_mul(100) > self.asked.saturating_mul(u64::from(may_fail))
    }
}

/// `18 of 25 pages answered 503`
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pages = if self.asked == 1 { "page" } else { "pages" };
        match self.causes.iter().next() {
            Some((cause, _)) if self.causes.len() == 1 => {
                write!(f, "{} of {} {pages} {cause}", self.failed, self.asked)
            }
            _ => {
                write!(f, "{} of {} {pages} were not to be had", self.failed, self.asked)?;
                for (at, (cause, count)) in self.causes.iter().enumerate() {
                    write!(f, "{} {count} {cause}", if at == 0 { ":" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}

impl PageTally {
    /// The site answered with a page of its own, be it that there is none. A server's error and a
    /// plea to come back later are no answer.
    pub fn is_answer(&self) -> bool {
        !matches!(self.status, 0 | 429 | 500..)
    }
}

impl FailureKind {
    /// It leaves its page unseen. A 4xx is an answer like any other, and so is what stands in it;
    /// the hops of a redirect loop were seen, and so was the beginning of a page that broke off.
    pub fn blinds(self) -> bool {
        !matches!(
            self,
            FailureKind::ClientError
                | FailureKind::RedirectLoop
                | FailureKind::TooManyRedirects
                | FailureKind::BodyTooLarge
                | FailureKind::Truncated
        )
    }
}

impl Scan {
    /// Where the site led those who asked for its pages, where not one of its own was shown to anybody: a
    /// domain that moved, or that somebody parks. What was seen there says nothing of the site.
    pub fn led_elsewhere(&self, site: &Site) -> Option<&SafeUrl> {
        let mut elsewhere = None;
        for page in self.coverage.pages.iter().filter(|page| (200..300).contains(&page.status)) {
            let shown = page.shown.as_ref().unwrap_or(&page.example);
            match shown.parsed() {
                Some(url) if site.party(&url) == Party::Third => elsewhere = elsewhere.or(Some(shown)),
                _ => return None,
            }
        }
        elsewhere
    }

    /// How many of the pages asked for were looked at, of those that are meant: pages of the crawl
    /// and of journeys, with the visitor who asked and what was asked for.
    pub fn share(&self, meant: impl Fn(&Cell, &SafeUrl) -> bool) -> Share {
        let mut share = Share::default();
        let visited = |cell: &Cell| matches!(cell.phase, Phase::Crawl | Phase::Journey);
        let pages = || self.coverage.pages.iter().filter(|page| visited(&page.cell));
        for page in pages().filter(|page| meant(&page.cell, &page.example)) {
            share.asked += page.count;
            if !page.is_answer() {
                share.failed += page.count;
                *share.causes.entry(format!("answered {}", page.status)).or_default() += page.count;
            }
        }
        // One page at every address is a closed door, whatever its status.
        for same in self.coverage.same_answers.iter().filter(|same| same.door) {
            let of_cell = pages().filter(|page| page.cell == same.cell && page.is_answer());
            let seen: u64 =
                of_cell.filter(|page| meant(&page.cell, &page.example)).map(|page| page.count).sum();
            let closed = same.count.min(seen);
            if closed > 0 {
                share.failed += closed;
                *share.causes.entry("showed one and the same page".to_owned()).or_default() += closed;
            }
        }
        // What answered with an error is among the pages already.
        let told = |failed: &Failed| {
            let by_status = matches!(failed.kind, FailureKind::ServerError | FailureKind::RateLimited);
            by_status && pages().any(|page| page.cell == failed.cell && !page.is_answer())
        };
        for failed in self.coverage.failed.iter().filter(|failed| self.is_lost_page(failed) && !told(failed))
        {
            if meant(&failed.cell, &failed.url) {
                share.asked += failed.count;
                share.failed += failed.count;
                let cause = match failed.kind {
                    FailureKind::Timeout => "took too long".to_owned(),
                    FailureKind::BotWall => "showed a bot wall".to_owned(),
                    FailureKind::Crashed => "ended with their browser".to_owned(),
                    _ => "failed".to_owned(),
                };
                *share.causes.entry(cause).or_default() += failed.count;
            }
        }
        share
    }

    /// Whether a failure is that of a page which was to be looked at, not of a file beside the pages
    /// or of the site's address over http.
    pub fn is_lost_page(&self, failed: &Failed) -> bool {
        let url = failed.url.as_str();
        let twin = self.run.base_url.as_str().starts_with("https:") && url.starts_with("http:");
        let path = url.split('?').next().unwrap_or(url);
        let beside = path.ends_with("/robots.txt")
            || path.ends_with("/favicon.ico")
            || path.contains("sitemap") && (path.ends_with(".xml") || path.ends_with(".gz"));
        let visited = matches!(failed.cell.phase, Phase::Crawl | Phase::Journey);
        failed.kind.blinds() && visited && !twin && !beside
    }

    /// A browser looked at anything in this run.
    pub fn has_browser(&self) -> bool {
        self.run.engines.contains(&Engine::Browser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(asked: u64, failed: u64, may_fail: u32, too_little: bool) {
        let share = Share { asked, failed, causes: BTreeMap::new() };
        assert_eq!(share.is_too_little(may_fail), too_little, "{failed} of {asked}, {may_fail} %");
    }

    #[test]
    fn more_than_a_tenth_is_too_much() {
        case(0, 0, MAY_FAIL, false);
        case(10, 1, MAY_FAIL, false);
        case(10, 2, MAY_FAIL, true);
        case(9, 1, MAY_FAIL, true);
        case(100, 10, MAY_FAIL, false);
        case(101, 11, MAY_FAIL, true);
        case(4, 1, 25, false);
        case(4, 1, 0, true);
        case(1, 1, 100, false);
        case(u64::MAX, u64::MAX, 100, false);
    }

    #[test]
    fn the_cause_is_said() {
        let share = |causes: &[(&str, u64)]| Share {
            asked: 25,
            failed: causes.iter().map(|(_, count)| count).sum(),
            causes: causes.iter().map(|(cause, count)| ((*cause).to_owned(), *count)).collect(),
        };
        assert_eq!(share(&[("answered 503", 18)]).to_string(), "18 of 25 pages answered 503");
        assert_eq!(
            share(&[("answered 503", 2), ("took too long", 1)]).to_string(),
            "3 of 25 pages were not to be had: 2 answered 503, 1 took too long"
        );
    }
}
