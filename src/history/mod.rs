//! What one run says about another: what appeared, what is gone, which findings are new. Values only;
//! reports print them, the command line keeps them.

mod compare;

pub use compare::{
    Accepted, Base, Change, ClaimTurn, FindingSince, Night, Since, Standing, ThingChange, Trend,
};
