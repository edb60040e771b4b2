//! The acceptance model: what Chromium does with one `Set-Cookie` line.

use super::{Lifetime, Reasons, Written};
use url::Url;

/// The `SameSite` words. An unspecified one is `Option::None` of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

impl SameSite {
    /// The word, in whatever case; quotes make it another word.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        [(&b"strict"[..], SameSite::Strict), (b"lax", SameSite::Lax), (b"none", SameSite::None)]
            .into_iter()
            .find(|(word, _)| value.eq_ignore_ascii_case(word))
            .map(|(_, same_site)| same_site)
    }
}

/// Chromium's `Priority` attribute; matters for eviction only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    Low,
    #[default]
    Medium,
    High,
}

/// Whether the browser lets third parties keep unpartitioned cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThirdPartyCookies {
    Allow,
    #[default]
    Block,
}

/// Who made the request, as far as cookies care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// A top-level navigation that the visitor started, or a page of the same site.
    Navigation,
    /// A top-level navigation started by a page of another site; `unsafe_method` for a POST.
    CrossSiteNavigation { unsafe_method: bool },
    /// A picture, script, frame or fetch within the document at `top_url`.
    Subresource { top_url: Url },
}

/// Everything about a request that decides what happens to its cookies.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub url: Url,
    pub initiator: Initiator,
    pub third_party: ThirdPartyCookies,
    /// The response's `Date` header as received; Chromium measures `Expires` against it.
    pub response_date: Option<Vec<u8>>,
    /// Seconds since the epoch, when the response was received.
    pub now: f64,
}

/// What the browser does with the line.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Stored {
        effective: Effective,
    },
    /// Took the place of a cookie of the same name, domain, path and partition.
    Replaced {
        effective: Effective,
    },
    /// The line was already expired and removed a stored cookie.
    Deleted {
        effective: Effective,
    },
    Rejected {
        reasons: Reasons,
    },
}

/// The cookie as the browser keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effective {
    /// Canonical host, without a leading dot.
    pub domain: String,
    /// No usable `Domain`: only this very host gets it back.
    pub host_only: bool,
    /// Effective path, escaped for printing.
    pub path: String,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: Option<SameSite>,
    /// After the cap of 400 days (34,560,000 s).
    pub lifetime: Lifetime,
    /// The top-level site it is partitioned by (CHIPS).
    pub partition: Option<String>,
    pub priority: Priority,
}

impl Effective {
    /// As if it had been written so: what is known of a cookie that was only found in the jar.
    pub fn as_written(&self) -> Written {
        Written {
            lifetime: self.lifetime,
            lifetime_by: None,
            http_only: self.http_only,
            secure: self.secure,
            same_site: self.same_site,
            partitioned: self.partition.is_some(),
            path: Some(self.path.clone()),
            domain: (!self.host_only).then(|| self.domain.clone()),
        }
    }
}

impl Decision {
    /// The cookie as kept (or, for a deletion, as it would have been).
    pub fn effective(&self) -> Option<&Effective> {
        match self {
            Decision::Stored { effective }
            | Decision::Replaced { effective }
            | Decision::Deleted { effective } => Some(effective),
            Decision::Rejected { .. } => None,
        }
    }
}
