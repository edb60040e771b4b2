//! How fast each host is asked: a pause between requests where the plan wants one. How many are
//! under way at once is the crawl's own business.

use crate::engine::Gate;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// When each host may be asked next.
#[derive(Debug)]
pub(super) struct Pacer(Mutex<Turns>);

#[derive(Debug)]
struct Turns {
    /// Between two requests to one host.
    pause: Option<Duration>,
    next: HashMap<String, Instant>,
}

/// A host that asks for more (`Crawl-delay: 3600`) would never be through.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Site remembered.
const MOST_HOSTS: usize = 10_000;

impl Pacer {
    /// At most so many requests per second and host; none: no pause.
    pub(super) fn new(rate: Option<f64>) -> Pacer {
        let pause = rate
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Pacer(Mutex::new(Turns { pause, next: HashMap::new() }))
    }

    /// The site asks to be asked more slowly (`Crawl-delay`). The pause from now on, where that changed it.
    pub(super) fn slow_down(&self, delay: Duration) -> Option<Duration> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = delay.min(LONGEST_PAUSE);
        if delay <= turns.pause.unwrap_or_default() {
            return None;
        }
        turns.pause = Some(delay);
        turns.pause
    }

    /// Takes the host's next turn: when the request may go.
    fn turn(&self, url: &Url) -> Option<Instant> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = turns.pause?;
        if turns.next.len() >= MOST_HOSTS {
            turns.next.clear();
        }
        let now = Instant::now();
        let next = turns.next.entry(url.host_str().unwrap_or_default().to_owned()).or_insert(now);
        let turn = (*next).max(now);
        *next = turn + pause;
        Some(turn)
    }
}

impl Gate for Pacer {
    fn pass<'a>(&'a self, url: &'a Url) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Some(turn) = self.turn(url) {
                tokio::time::sleep_until(turn).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_turns_of_its_own() {
        let pacer = Pacer::new(Some(2.0));
        let (a, b) = (Url::parse("http://a.test/").unwrap(), Url::parse("http://b.test/").unwrap());
        let first = pacer.turn(&a).unwrap();
        assert!(pacer.turn(&a).unwrap() - first >= Duration::from_millis(499));
        assert!(pacer.turn(&b).unwrap() - first < Duration::from_millis(499));
        assert_eq!(pacer.slow_down(Duration::from_millis(300)), None, "the plan asks for more");
        assert_eq!(pacer.slow_down(Duration::from_secs(3600)), Some(LONGEST_PAUSE));
        pacer.turn(&b);
        assert!(pacer.turn(&b).unwrap() - first >= LONGEST_PAUSE, "slower, within bounds");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        for rate in [None, Some(0.0), Some(f64::NAN)] {
            assert_eq!(Pacer::new(rate).turn(&Url::parse("http://a.test/").unwrap()), None);
        }
    }
}
