//! Values that are text in a file, or lists, and more than that inside.

use crate::cookie::{Name, Reason, Reasons};
use crate::observation::SafeUrl;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes that are no text are escaped: `a\xff`.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Name::of_printed(&String::deserialize(from)?))
    }
}

impl Serialize for SafeUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// It was masked when it was written.
impl<'de> Deserialize<'de> for SafeUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(SafeUrl::of_written)
    }
}

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Reasons {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let reasons = Vec::<Reason>::deserialize(from)?;
        Reasons::new(reasons).ok_or_else(|| de::Error::custom("a refusal without a reason"))
    }
}
