//! How fast each host is asked: a pause between requests where the plan wants one, kept also between
//! the runs of one process. How many are under way at once is the crawl's own business.

use crate::engine::Gate;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// When each host may be asked next, by all runs of this process: whoever asks a host waits for the
/// others' turns, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paces(Arc<Mutex<HashMap<String, Turns>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    /// When the host was, or will be, asked last.
    last: Option<Instant>,
    /// What the host itself asks for (`Crawl-delay`), or a plan whose target it is. It binds everybody.
    pause: Duration,
}

/// One run's turns.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Between two requests to one host.
    pause: Mutex<Option<Duration>>,
    hosts: Paces,
}

/// A host that asks for more (`Crawl-delay: 3600`) would never be through.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Hosts remembered.
const MOST_HOSTS: usize = 10_000;

impl Paces {
    fn with<T>(&self, host: &str, change: impl FnOnce(&mut Turns) -> T) -> T {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS && !hosts.contains_key(host) {
            // Nobody has to wait for a host that was asked so long ago.
            let now = Instant::now();
            let waits = |turns: &Turns| turns.last.is_some_and(|last| last + LONGEST_PAUSE > now);
            hosts.retain(|_, turns| waits(turns));
            if hosts.len() >= MOST_HOSTS {
                hosts.clear();
            }
        }
        change(hosts.entry(host.to_owned()).or_default())
    }
}

impl Pacer {
    /// At most so many requests per second and host; none: no pause. The target's host keeps to the
    /// slowest of the plans that look at it.
    pub(super) fn new(rate: Option<f64>, target: &Url, hosts: Paces) -> Pacer {
        let pause = rate
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        let pacer = Pacer { pause: Mutex::new(pause), hosts };
        if let Some(pause) = pause {
            pacer.binds_all(target, pause);
        }
        pacer
    }

    /// The host of this address asks to be asked more slowly (`Crawl-delay`). The run's own pause from now
    /// on, where that changed it.
    pub(super) fn slow_down(&self, url: &Url, delay: Duration) -> Option<Duration> {
        let delay = delay.min(LONGEST_PAUSE);
        self.binds_all(url, delay);
        let mut own = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if delay <= own.unwrap_or_default() {
            return None;
        }
        *own = Some(delay);
        *own
    }

    fn binds_all(&self, url: &Url, pause: Duration) {
        let host = url.host_str().unwrap_or_default();
        self.hosts.with(host, |turns| turns.pause = turns.pause.max(pause));
    }

    /// Takes the host's next turn: when the request may go.
    fn turn(&self, url: &Url) -> Option<Instant> {
        let own = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        self.hosts.with(url.host_str().unwrap_or_default(), |turns| {
            let pause = own.unwrap_or_default().max(turns.pause);
            if pause.is_zero() {
                return None;
            }
            let now = Instant::now();
            let turn = turns.last.map_or(now, |last| now.max(last + pause));
            turns.last = Some(turn);
            Some(turn)
        })
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

    fn url(host: &str) -> Url {
        Url::parse(&format!("http://{host}/")).unwrap()
    }

    fn pacer(rate: Option<f64>) -> Pacer {
        Pacer::new(rate, &url("a.test"), Paces::default())
    }

    #[test]
    fn each_host_has_turns_of_its_own() {
        let pacer = pacer(Some(2.0));
        let (a, b) = (url("a.test"), url("b.test"));
        let first = pacer.turn(&a).unwrap();
        assert!(pacer.turn(&a).unwrap() - first >= Duration::from_millis(499));
        assert!(pacer.turn(&b).unwrap() - first < Duration::from_millis(499));
        assert_eq!(pacer.slow_down(&a, Duration::from_millis(300)), None, "the plan asks for more");
        assert_eq!(pacer.slow_down(&a, Duration::from_secs(3600)), Some(LONGEST_PAUSE));
        pacer.turn(&b);
        assert!(pacer.turn(&b).unwrap() - first >= LONGEST_PAUSE, "slower, within bounds");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        for rate in [None, Some(0.0), Some(f64::NAN)] {
            assert_eq!(pacer(rate).turn(&url("a.test")), None);
        }
    }

    #[test]
    fn runs_of_one_process_take_turns_with_a_host() {
        let hosts = Paces::default();
        let slow = Pacer::new(Some(1.0), &url("a.test"), hosts.clone());
        let fast = Pacer::new(Some(10.0), &url("a.test"), hosts.clone());
        let free = Pacer::new(None, &url("c.test"), hosts);
        let first = slow.turn(&url("a.test")).unwrap();
        let waited = |pacer: &Pacer, host: &str| pacer.turn(&url(host)).map(|turn| turn - first);
        let second = Duration::from_secs(1);
        assert_eq!(waited(&fast, "a.test"), Some(second), "the slowest plan of the host");
        assert_eq!(waited(&free, "a.test"), Some(second * 2), "also where a plan has no pace");
        // What is nobody's target goes at each plan's own pace, after the others' turns.
        slow.turn(&url("cdn.test"));
        assert!(fast.turn(&url("cdn.test")).unwrap() - first < second);
        assert_eq!(free.turn(&url("c.test")), None);
        slow.slow_down(&url("cdn.test"), second * 5);
        let last = fast.turn(&url("cdn.test")).unwrap();
        assert_eq!(free.turn(&url("cdn.test")).map(|turn| turn - last), Some(second * 5), "asked for by it");
    }
}
