//! Nights side by side: a run as it is recorded, whether it looked at everything, and what changed
//! since the nights before. Pure: records go in, a comparison comes out; where records are kept is
//! `store`'s.
//!
//! [`Comparison`] is the whole of it; [`Since`] is what of it reports tell, in words.

pub mod baseline;
mod compare;
mod comparison;
mod complete;
pub mod difference;
mod identity;
mod of;
pub mod overview;
pub mod record;
#[cfg(test)]
pub(crate) mod testing;

pub use compare::{
    Accepted, Base, Change, ClaimTurn, FindingSince, Night, Open, Since, Standing, ThingChange, Trend,
};
pub use comparison::{assess, bases, before_the_change, compare};
pub use complete::Thresholds;
pub use difference::{Comparison, State, ThingSince, What, Worse};
pub(crate) use difference::{cell, day};
pub use of::{site_at, site_of};
pub use record::RunRecord;
