//! Who visited, in which state, driven by what, in which part of a run.

use crate::cookie::ThirdPartyCookies;

/// What drove a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    Http,
    Browser,
}

/// What the visitor said about cookies before the page was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consent {
    #[default]
    Untouched,
    Accepted,
    Rejected,
    /// Only this category was accepted.
    Category(String),
    Withdrawn,
}

/// The part of a run a visit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Login,
    Crawl,
    Journey,
    Probe,
    Logout,
    /// After the logout, with what it left.
    AfterLogout,
}

/// One experiment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub persona: String,
    pub engine: Engine,
    pub consent: Consent,
    pub phase: Phase,
    pub repeat: u32,
    /// In the plan's second mode of third-party cookies: which. None: in the run's own
    /// ([`third_party_cookies`](super::Run::third_party_cookies)).
    pub third_party: Option<ThirdPartyCookies>,
}

/// The kind of visitor a persona is, in the manifest's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visitor {
    pub logged_in: bool,
    /// Whether *remember me* was chosen, where the plan says so.
    pub remembered: Option<bool>,
}
