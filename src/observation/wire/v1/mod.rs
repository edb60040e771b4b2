//! Format 1, record by record: members in the order in which they are written, words as they are spelt. A
//! member that came after the first files has a default, and one that is usually empty is not written then.

mod cookie;
mod coverage;
mod scan;
mod sighting;
mod text;

use serde::{Deserialize, Deserializer, de};

/// A value of the inside is written and read as its record here says, wherever it stands.
macro_rules! written_as {
    ($($inside:ident as $record:ident),* $(,)?) => {$(
        impl Serialize for $inside {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $record::serialize(self, to)
            }
        }

        impl<'de> Deserialize<'de> for $inside {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $record::deserialize(from)
            }
        }
    )*};
}
use written_as;

/// A million requests a second, for twelve days.
const MOST: u64 = 1 << 40;

/// A count as it stands in a file. Sums of them are made everywhere, so a file that claims more than any run
/// can have seen is refused when it is read.
fn tally<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match u64::deserialize(from)? {
        count if count > MOST => Err(de::Error::custom(format_args!("no run counts to {count}"))),
        count => Ok(count),
    }
}

/// What goes without saying is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
