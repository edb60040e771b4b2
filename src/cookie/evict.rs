//! Making room: which cookies Chromium throws out when a site sets too many.
//!
//! RFC 6265bis 6.1 asks for 50 cookies a domain and 3000 in all. Chromium keeps 180 for one
//! registrable domain, host and domain cookies together; with the 181st it goes back to 150:
//! low priority first, non-secure before secure, least recently used first, but some of each
//! priority are always left. A partition has 180 and 10 KiB of names and values for a domain, and
//! loses the least recently used ones beyond.

use super::browser::Ways;
use super::{Priority, StoredCookie, registrable_domain};
use std::sync::Arc;

/// Cookies that one registrable domain may have.
const DOMAIN_MAX: usize = 180;
/// How many fewer are left once it has more.
const DOMAIN_PURGE: usize = 30;
/// Names and values of one registrable domain in one partition, in bytes.
const PARTITION_MAX_BYTES: usize = 10 * 1024;

/// The rounds, in order: a priority, whether Secure cookies are spared, and how many of that
/// priority are left at least.
const ROUNDS: [(Priority, bool, usize); 6] = [
    (Priority::Low, true, 30),
    (Priority::Low, false, 30),
    (Priority::Medium, true, 50),
    (Priority::High, true, 70),
    (Priority::Medium, false, 50),
    (Priority::High, false, 70),
];

/// Makes room among the cookies that share partition and registrable domain with `added`.
pub(crate) fn make_room(
    cookies: &mut Vec<Arc<StoredCookie>>,
    domain: &str,
    partition: Option<&str>,
    ways: &Ways,
) {
    // Too few for any limit, and the usual case.
    if partition.is_none() && cookies.len() <= DOMAIN_MAX {
        return;
    }
    let site = registrable_domain(domain).to_owned();
    let mut rivals: Vec<usize> = (0..cookies.len())
        .filter(|at| {
            let effective = &cookies[*at].effective;
            // The suffix list is asked last: it is the dearest of the three.
            effective.partition.as_deref() == partition
                && effective.domain.ends_with(&site)
                && registrable_domain(&effective.domain) == site
        })
        .collect();
    // Stable: equally long ago means the older one first.
    rivals.sort_by_key(|at| cookies[*at].touched());
    let mut doomed = match partition {
        None if ways.evicts_by_priority => doomed_of_domain(cookies, rivals),
        None => doomed_by_use(cookies, rivals),
        Some(_) => doomed_of_partition(cookies, &rivals),
    };
    doomed.sort_unstable_by(|a, b| b.cmp(a));
    for at in doomed {
        cookies.remove(at);
    }
}

/// The rounds over the cookies of a domain, least recently used first.
fn doomed_of_domain(cookies: &[Arc<StoredCookie>], mut rivals: Vec<usize>) -> Vec<usize> {
    let mut doomed = Vec::new();
    if rivals.len() <= DOMAIN_MAX {
        return doomed;
    }
    let mut goal = rivals.len() - (DOMAIN_MAX - DOMAIN_PURGE);
    for (priority, spare_secure, quota) in ROUNDS {
        let of_priority = |at: &usize| cookies[*at].effective.priority == priority;
        let total = rivals.iter().filter(|at| of_priority(at)).count();
        let secure = rivals.iter().filter(|at| of_priority(at) && cookies[**at].effective.secure).count();
        let kept = if spare_secure { quota.max(secure) } else { quota };
        let mut may_go = goal.min(total.saturating_sub(kept));
        goal -= may_go;
        rivals.retain(|at| {
            let goes = may_go > 0 && of_priority(at) && !(spare_secure && cookies[*at].effective.secure);
            if goes {
                may_go -= 1;
                doomed.push(*at);
            }
            !goes
        });
    }
    doomed
}

/// Those without `Secure` first, the least recently used first, whatever their priority (Firefox).
fn doomed_by_use(cookies: &[Arc<StoredCookie>], mut rivals: Vec<usize>) -> Vec<usize> {
    if rivals.len() <= DOMAIN_MAX {
        return Vec::new();
    }
    rivals.sort_by_key(|at| cookies[*at].effective.secure);
    rivals.truncate(rivals.len() - (DOMAIN_MAX - DOMAIN_PURGE));
    rivals
}

/// The least recently used ones, until the rest fits.
fn doomed_of_partition(cookies: &[Arc<StoredCookie>], rivals: &[usize]) -> Vec<usize> {
    let size = |at: usize| cookies[at].name.as_bytes().len() + cookies[at].value.len();
    let mut bytes: usize = rivals.iter().map(|at| size(*at)).sum();
    let mut count = rivals.len();
    let mut doomed = Vec::new();
    for at in rivals {
        if bytes <= PARTITION_MAX_BYTES && count <= DOMAIN_MAX {
            break;
        }
        bytes -= size(*at);
        count -= 1;
        doomed.push(*at);
    }
    doomed
}
