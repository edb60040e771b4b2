//! Counts of a saved scan. Sums of them are made everywhere, so a file that claims more than any run
//! can have seen is refused when it is read.

use serde::{Deserialize, Deserializer, de};

/// A million requests a second, for twelve days.
const MOST: u64 = 1 << 40;

/// A count as it stands in a file.
pub(super) fn tally<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match u64::deserialize(from)? {
        count if count > MOST => Err(de::Error::custom(format_args!("no run counts to {count}"))),
        count => Ok(count),
    }
}
