//! When a request is made again, and after how long. No jitter: the same run waits the same.

use crate::cookie::parse_cookie_date;
use crate::observation::FailureKind;
use crate::transport::Head;
use std::time::Duration;

/// How often and how patiently.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) retries: u32,
    pub(super) first_wait: Duration,
    pub(super) longest_wait: Duration,
}

impl Patience {
    /// How long to wait after this many tries; none to give up. A server that asks for a longer
    /// break than we make is not asked again.
    pub(super) fn wait(self, tries: u32, asked: Option<Duration>) -> Option<Duration> {
        if tries > self.retries || asked.is_some_and(|asked| asked > self.longest_wait) {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << (tries - 1).min(16));
        Some(asked.unwrap_or(doubled.min(self.longest_wait)))
    }
}

/// Whether a failed request may be made again: a refused one reached nobody; after others, the
/// server may have acted, so only methods that may be repeated are (RFC 9110 9.2.2).
pub(super) fn may_repeat(method: &str, kind: FailureKind) -> bool {
    match kind {
        FailureKind::Refused => true,
        FailureKind::Connect => is_idempotent(method),
        _ => false,
    }
}

/// Whether an answer says: not now.
pub(super) fn is_not_now(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Methods of which two requests do no more than one. PUT and DELETE are by the letter; nobody
/// relies on it.
pub(super) fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// `Retry-After`: seconds, or a date measured against the server's own clock (RFC 9110 10.2.3).
pub(super) fn retry_after(head: &Head) -> Option<Duration> {
    let value = head.header("retry-after")?;
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_cookie_date(value)?;
    let now = head.header("date").and_then(parse_cookie_date).unwrap_or(head.received_at as i64);
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let patience = Patience {
            retries: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_millis(1500),
        };
        let waits: Vec<_> = (1..=4).map(|tries| patience.wait(tries, None)).collect();
        assert_eq!(waits, [Some(500), Some(1000), Some(1500), None].map(|ms| ms.map(Duration::from_millis)));
    }

    #[test]
    fn a_server_that_asks_for_too_long_a_break_is_left_alone() {
        let patience = Patience {
            retries: 2,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        };
        let second = Duration::from_secs(1);
        assert_eq!(patience.wait(1, Some(second)), Some(second));
        assert_eq!(patience.wait(1, Some(second * 3600)), None);
    }

    #[test]
    fn only_what_does_no_harm_is_repeated() {
        assert!(may_repeat("GET", FailureKind::Connect));
        assert!(!may_repeat("POST", FailureKind::Connect));
        assert!(may_repeat("POST", FailureKind::Refused));
        assert!(!may_repeat("GET", FailureKind::Tls));
    }
}
