//! Deciding where to go, without going: scope, frontier, links, robots.txt and sitemaps. No
//! network, no clock; everything here is a value or a function over values.
//!
//! ```text
//! body ─► links() ─► Frontier::push (seen? dangerous? in scope? how many of this shape?) ─► pop ─► Next
//! ```

mod address;
mod back_office;
mod content_policy;
mod danger;
mod frontier;
mod keys;
mod links;
mod packed;
mod page_groups;
mod robots;
mod routers;
mod scope;
mod session_ids;
mod sitemap;
mod steps;
mod tags;
mod turns;

pub use address::{Address, Base};
pub use back_office::{BackOffices, back_office};
pub use danger::{Caution, Danger, Said, Words, asks_first, caution, danger, label};
pub use frontier::{Bounds, Frontier, Next, SampleTally, SkipTally};
pub use links::{Embedded, Link, LinkKind, PageLinks, Parts, Refresh, Served, links, refresh};
pub use packed::{PackedAddresses, Shelf};
pub use page_groups::{Chosen, PageGroups, page_fingerprint, page_fingerprint_at, refusal_fingerprint};
pub use robots::{Robots, RobotsState};
pub use scope::Scope;
pub use sitemap::{Sitemap, sitemap};
pub use steps::Step;
