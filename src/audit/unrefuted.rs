//! What can be said of a claim that no finding refutes, as a value.

use super::Why;

/// What can be said of a claim that no finding refutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Upheld(String),
    Open { why: Why, detail: String, decided_by: String },
}

impl Standing {
    pub(crate) fn open(why: Why, detail: impl Into<String>, decided_by: impl Into<String>) -> Self {
        Standing::Open { why, detail: detail.into(), decided_by: decided_by.into() }
    }

    pub(crate) fn needs_previous() -> Self {
        Standing::open(
            Why::NeedsPreviousScan,
            "a change needs two scans",
            "an earlier scan of this site to compare with (--previous)",
        )
    }

    pub(crate) fn needs_browser(detail: impl Into<String>) -> Self {
        Standing::open(Why::NeedsBrowser, detail, "--engine browser")
    }
}

/// `1 page`, `2 pages`.
pub(crate) fn count(number: u64, things: &str) -> String {
    if number == 1 {
        format!("1 {}", things.strip_suffix('s').unwrap_or(things))
    } else {
        format!("{number} {things}")
    }
}
