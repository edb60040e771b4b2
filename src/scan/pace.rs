//! How fast each host is asked: a pause between requests where the plan wants one. Requests under
//! way at once are bounded by the crawl's window.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// When each host may be asked next.
#[derive(Debug)]
pub(super) struct Pace {
    /// Between two requests to one host.
    pause: Option<Duration>,
    next: HashMap<String, Instant>,
}

impl Pace {
    /// At most so many requests per second and host; none: no pause.
    pub(super) fn new(rate: Option<f64>) -> Pace {
        let pause = rate
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Pace { pause, next: HashMap::new() }
    }

    /// Takes the host's next turn: when the request may go.
    pub(super) fn turn(&mut self, url: &Url) -> Option<Instant> {
        let pause = self.pause?;
        let next =
            self.next.entry(url.host_str().unwrap_or_default().to_owned()).or_insert_with(Instant::now);
        let turn = (*next).max(Instant::now());
        *next = turn + pause;
        Some(turn)
    }

    /// The host asks to be asked more slowly (`Crawl-delay`).
    pub(super) fn slow_down(&mut self, delay: Duration) {
        self.pause = Some(self.pause.map_or(delay, |pause| pause.max(delay)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_turns_of_its_own() {
        let mut pace = Pace::new(Some(2.0));
        let (a, b) = (Url::parse("http://a.test/").unwrap(), Url::parse("http://b.test/").unwrap());
        let first = pace.turn(&a).unwrap();
        assert!(pace.turn(&a).unwrap() - first >= Duration::from_millis(499));
        assert!(pace.turn(&b).unwrap() - first < Duration::from_millis(499));
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        for rate in [None, Some(0.0), Some(f64::NAN)] {
            assert_eq!(Pace::new(rate).turn(&Url::parse("http://a.test/").unwrap()), None);
        }
    }
}
