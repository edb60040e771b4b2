//! Browsers that the model knows, and the table of where they part.
//!
//! The model is written once, after RFC 6265bis and Chromium; what another browser does otherwise is
//! a row of its table here, measured in that browser (Firefox 153 ESR, 958 recorded cases). A rule
//! asks the table instead of the browser's name, so that a third browser is a third table.

use super::date::parse_cookie_date;
use super::line::{max_age, max_age_of_digits};
use super::server_date::server_date;

/// A browser whose way with cookies is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Browser {
    /// Chromium 156, and what is built on it.
    #[default]
    Chromium,
    /// Firefox 153.
    Firefox,
}

impl Browser {
    /// Every browser that is known.
    pub const ALL: [Browser; 2] = [Browser::Chromium, Browser::Firefox];

    pub(crate) fn ways(self) -> &'static Ways {
        match self {
            Browser::Chromium => &CHROMIUM,
            Browser::Firefox => &FIREFOX,
        }
    }

    /// The name, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Browser::Chromium => "Chromium",
            Browser::Firefox => "Firefox",
        }
    }
}

impl std::fmt::Display for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.in_words())
    }
}

/// What a browser does where browsers differ.
pub(crate) struct Ways {
    /// `flag; Path=/` is a cookie without a name whose value is `flag` (RFC 6265bis 5.6 step 3); else
    /// a cookie of that name without a value, and there are none without a name.
    pub(crate) nameless: bool,
    /// A TAB within a name, a value or an attribute makes the line unusable (RFC 6265bis allows it).
    pub(crate) refuses_tab: bool,
    /// A CR or LF ends the line, and what stands before it counts; else it makes the line unusable.
    pub(crate) cuts_at_line_break: bool,
    /// A value that is not UTF-8 is kept byte by byte; else what is no character becomes U+FFFD, when
    /// it is stored and so on the wire.
    pub(crate) keeps_bytes: bool,
    /// How `Expires` is read.
    pub(crate) expires: fn(&[u8]) -> Option<i64>,
    /// How `Max-Age` is read.
    pub(crate) max_age: fn(&[u8]) -> Option<i64>,
    /// `__Host-` wants `Path=/` written; else a path that is `/` by default is enough.
    pub(crate) host_prefix_wants_path: bool,
    /// `Secure`, `HttpOnly` and `Partitioned` with more than 1024 bytes behind the `=` count.
    pub(crate) long_flags_count: bool,
    /// A `Domain` in Unicode is converted to punycode; else it is refused.
    pub(crate) converts_domain: bool,
    /// A cookie without `SameSite` counts as `Lax` (RFC 6265bis 5.6.7.1).
    pub(crate) lax_by_default: bool,
    /// http and https of one registrable domain are two sites (RFC 6265bis 5.2).
    pub(crate) schemeful: bool,
    /// What third parties set is kept apart for each site that embeds them, asked for or not.
    pub(crate) partitions_third_parties: bool,
    /// What keeps its creation time, and so its place in the header, when it is set again: a cookie
    /// with the same value, or one with another.
    pub(crate) same_value_keeps_creation: bool,
    /// The priority of a cookie decides, before anything else, what is thrown out first.
    pub(crate) evicts_by_priority: bool,
}

static CHROMIUM: Ways = Ways {
    nameless: true,
    refuses_tab: true,
    cuts_at_line_break: true,
    keeps_bytes: true,
    expires: parse_cookie_date,
    max_age,
    host_prefix_wants_path: true,
    long_flags_count: false,
    converts_domain: true,
    lax_by_default: true,
    schemeful: true,
    partitions_third_parties: false,
    same_value_keeps_creation: true,
    evicts_by_priority: true,
};

static FIREFOX: Ways = Ways {
    nameless: false,
    refuses_tab: false,
    cuts_at_line_break: false,
    keeps_bytes: false,
    expires: server_date,
    max_age: max_age_of_digits,
    host_prefix_wants_path: false,
    long_flags_count: true,
    converts_domain: false,
    lax_by_default: false,
    schemeful: false,
    partitions_third_parties: true,
    same_value_keeps_creation: false,
    evicts_by_priority: false,
};
