//! A published text as blocks, whatever it was written in.

pub(super) use crate::observation::{Block, Table};

/// Pages have fewer blocks; what comes after is not read.
pub(super) const MOST_BLOCKS: usize = 200_000;
