//! Addresses by the hundred thousand, packed: those of one site share most of their letters, so that few
//! bytes are left of each.

use super::Address;
use std::fmt;
use zstd::bulk;

/// Bytes that are packed at a time.
pub(super) const BLOCK: usize = 64 * 1024;
/// Packs as fast as it can; more saves little of such short texts.
const LEVEL: i32 = 1;

/// Bytes that are not looked at for a while.
pub(super) enum Packed {
    Zstd {
        bytes: Box<[u8]>,
        length: usize,
    },
    /// Could not be packed.
    Plain(Box<[u8]>),
}

impl Packed {
    pub(super) fn new(bytes: &[u8]) -> Packed {
        match bulk::compress(bytes, LEVEL) {
            Ok(packed) => Packed::Zstd { bytes: packed.into(), length: bytes.len() },
            Err(_) => Packed::Plain(bytes.into()),
        }
    }

    pub(super) fn unpack(&self) -> Vec<u8> {
        match self {
            Packed::Zstd { bytes, length } => match bulk::decompress(bytes, *length) {
                Ok(bytes) => bytes,
                Err(error) => unreachable!("packed here: {error}"),
            },
            Packed::Plain(bytes) => bytes.to_vec(),
        }
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packed")
    }
}

/// A list of addresses that is only added to and gone through.
#[derive(Debug, Default)]
pub struct PackedAddresses {
    blocks: Vec<Packed>,
    /// Not packed yet: one in each line.
    open: String,
    length: usize,
}

impl PackedAddresses {
    /// Adds one.
    pub fn push(&mut self, address: &Address) {
        self.open.push_str(address.as_str());
        self.open.push('\n');
        self.length += 1;
        if self.open.len() >= BLOCK {
            self.blocks.push(Packed::new(self.open.as_bytes()));
            self.open.clear();
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// One after the other, as they were added.
    pub fn iter(&self) -> impl Iterator<Item = Address> {
        let packed = self.blocks.iter().map(|block| match String::from_utf8(block.unpack()) {
            Ok(lines) => lines,
            Err(error) => unreachable!("packed from texts: {error}"),
        });
        packed
            .chain([self.open.clone()])
            .flat_map(|lines| lines.lines().filter_map(Address::of_normal).collect::<Vec<_>>())
    }
}

impl Extend<Address> for PackedAddresses {
    fn extend<T: IntoIterator<Item = Address>>(&mut self, addresses: T) {
        addresses.into_iter().for_each(|address| self.push(&address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_went_in_and_takes_little_room() {
        let addresses: Vec<Address> = (0..10_000)
            .map(|number| format!("https://a{}.example:81/catalogue/item-{number}?of={number}", number % 3))
            .map(|text| Address::parse(&text).unwrap())
            .collect();
        let mut packed = PackedAddresses::default();
        assert!(packed.is_empty() && packed.iter().next().is_none());
        packed.extend(addresses.iter().cloned());
        assert_eq!(packed.iter().collect::<Vec<_>>(), addresses);
        assert_eq!(packed.len(), addresses.len());
        let of = |block: &Packed| match block {
            Packed::Zstd { bytes, .. } => bytes.len(),
            Packed::Plain(bytes) => bytes.len(),
        };
        let room: usize = packed.blocks.iter().map(of).sum();
        assert!(packed.blocks.len() > 3 && room < 10 * addresses.len(), "{room}");
    }
}
