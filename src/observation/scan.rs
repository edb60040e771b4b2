//! Everything that one run saw, as one value.

use super::published::Published;
use super::{
    AnswerHead, Cell, ConsentLook, Contact, Coverage, Engine, Glob, Observation, Outcome, SafeUrl, Sent,
    Site, TaskRecord,
};
use crate::cookie::{Browser, ThirdPartyCookies};
use std::collections::{BTreeMap, BTreeSet};

/// Everything one run saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub run: Run,
    pub coverage: Coverage,
    pub observations: Vec<Observation>,
    /// Cookies that went along with requests: *sent here* is another thing than *set here*.
    pub sent: Vec<Sent>,
    /// Hosts asked for anything, own and foreign.
    pub contacts: Vec<Contact>,
    /// What visitors met of the consent question (browser engine).
    pub consent: Vec<ConsentLook>,
    /// Pictures of pages, where the plan wants them (browser engine).
    pub pictures: Vec<Picture>,
    /// Heads of answers that put something on the device, where they are kept as evidence.
    pub heads: Vec<AnswerHead>,
    pub outcomes: Vec<Outcome>,
    pub policy: Option<PolicyPage>,
    /// Links the manifest declares, and how they answered.
    pub links: Vec<LinkCheck>,
    /// What the run did, in its order, and how each task ended; empty for what was not a run.
    pub tasks: Vec<TaskRecord>,
}

/// How, when and from where the run was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Name and version of this tool.
    pub tool: String,
    pub target: String,
    pub base_url: SafeUrl,
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: u64,
    pub engines: BTreeSet<Engine>,
    pub user_agent: String,
    /// Free text of the plan: where the scanner stood.
    pub vantage: Option<String>,
    pub third_party_cookies: ThirdPartyCookies,
    /// Pictures, scripts, styles and frames were fetched too.
    pub assets: bool,
    /// Of a hundred pages asked for, so many may fail before nothing is said of all of them.
    pub may_fail: u32,
    /// Set when the run ended early: interrupted, or a limit of the whole run.
    pub partial: Option<String>,
    /// Hosts that count as the site's own, as globs, in force for this run.
    pub own_hosts: Vec<String>,
    /// The manifest's hosts to this target's, where they differ.
    pub host_map: BTreeMap<String, String>,
    /// Hosts of this target that stand for somebody else, with ports where the map says them.
    pub other_hosts: BTreeSet<String>,
    /// Names of cookies allowed on this target only, as patterns.
    pub allowed_cookies: Vec<String>,
    /// When the plan's recorded acceptance was given (`2026-05-12`), where the plan says so.
    pub consent_given: Option<String>,
    /// Browsers whose visitors count as much as Chromium's; what differs in others is a warning.
    pub browsers: BTreeSet<Browser>,
    /// The browser that looked, where one did.
    pub browser: Option<BrowserRun>,
}

impl Run {
    /// What was the site's own in this run.
    pub fn site(&self) -> Site {
        let own = self.own_hosts.iter().map(|host| Glob::new(host)).collect();
        Site::new(self.base_url.parsed(), own, self.host_map.clone(), self.other_hosts.clone())
    }
}

/// The browser of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserRun {
    /// `Chromium 156.0.8078.79`
    pub version: String,
    /// Which third-party cookies it kept: the modes it looked in, in their order.
    pub third_party_cookies: Vec<ThirdPartyCookies>,
    /// The mode was tried with a page of our own, not only asked for.
    pub tried: bool,
}

/// A picture of a page (browser engine).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picture {
    pub cell: Cell,
    /// The page asked for.
    pub page: SafeUrl,
    /// Where it was written, as the plan's folder is.
    pub file: String,
}

/// The published policy as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPage {
    pub url: SafeUrl,
    pub shown: Option<SafeUrl>,
    pub status: u16,
    /// Its visible text, blocks on lines of their own; cut at 512 KiB. Empty if unreachable.
    pub text: String,
    /// Its links: text and target.
    pub links: Vec<(String, SafeUrl)>,
    /// Own hosts whose pages link to it.
    pub linked_from: BTreeSet<String>,
    /// Its text with its structure; none in scans of before, and where nothing could be read.
    pub published: Option<Published>,
}

/// A link that a claim needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkCheck {
    pub url: SafeUrl,
    /// Status at the end of its redirects; none with a failure.
    pub status: Option<u16>,
    pub failure: Option<String>,
}
