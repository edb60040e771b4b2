//! Addresses by the hundred thousand, packed: those of one site share most of their letters, so that few
//! bytes are left of each.

use super::Address;
use std::fmt;
use std::sync::Arc;
use zstd::bulk;

/// Bytes that are packed at a time.
pub(super) const BLOCK: usize = 64 * 1024;
/// Packs as fast as it can; more saves little of such short texts.
const LEVEL: i32 = 1;

/// Where blocks lie that nobody looks at for a while, outside of memory. Somebody else's, since nothing here
/// writes or reads files.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// Puts a block there and says where it is. None: it has to stay in memory.
    fn put(&self, block: &[u8]) -> Option<u64>;

    /// The block that was put there. None: it cannot be had any more; whose shelf it is knows so, and tells.
    fn get(&self, at: u64) -> Option<Vec<u8>>;
}

/// Bytes that are not looked at for a while.
pub(super) enum Packed {
    Zstd {
        bytes: Box<[u8]>,
        length: usize,
    },
    /// The same, on a shelf.
    Away {
        shelf: Arc<dyn Shelf>,
        at: u64,
        length: usize,
    },
    /// Could not be packed.
    Plain(Box<[u8]>),
}

impl Packed {
    pub(super) fn new(bytes: &[u8], shelf: Option<&Arc<dyn Shelf>>) -> Packed {
        let Ok(packed) = bulk::compress(bytes, LEVEL) else { return Packed::Plain(bytes.into()) };
        let length = bytes.len();
        match shelf.and_then(|shelf| Some((Arc::clone(shelf), shelf.put(&packed)?))) {
            Some((shelf, at)) => Packed::Away { shelf, at, length },
            None => Packed::Zstd { bytes: packed.into(), length },
        }
    }

    /// None: they lay on a shelf, and are gone.
    pub(super) fn unpack(&self) -> Option<Vec<u8>> {
        match self {
            Packed::Zstd { bytes, length } => bulk::decompress(bytes, *length).ok(),
            Packed::Away { shelf, at, length } => bulk::decompress(&shelf.get(*at)?, *length).ok(),
            Packed::Plain(bytes) => Some(bytes.to_vec()),
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
    shelf: Option<Arc<dyn Shelf>>,
}

impl PackedAddresses {
    /// A list whose packed part may lie on this shelf.
    pub fn on(shelf: Arc<dyn Shelf>) -> PackedAddresses {
        PackedAddresses { shelf: Some(shelf), ..PackedAddresses::default() }
    }

    /// Adds one.
    pub fn push(&mut self, address: &Address) {
        self.open.push_str(address.as_str());
        self.open.push('\n');
        self.length += 1;
        if self.open.len() >= BLOCK {
            self.blocks.push(Packed::new(self.open.as_bytes(), self.shelf.as_ref()));
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
        let lines = |block: &Packed| String::from_utf8(block.unpack()?).ok();
        let packed = self.blocks.iter().filter_map(lines);
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
pub(super) mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A shelf in memory; what is put there from the `rotten`th block on cannot be had again.
    #[derive(Debug, Default)]
    pub(in crate::crawl) struct Wooden {
        rotten: Option<usize>,
        blocks: Mutex<Vec<Vec<u8>>>,
    }

    impl Wooden {
        pub(in crate::crawl) fn rotten_from(rotten: Option<usize>) -> Wooden {
            Wooden { rotten, ..Wooden::default() }
        }

        pub(in crate::crawl) fn blocks(&self) -> usize {
            self.blocks.lock().unwrap().len()
        }
    }

    impl Shelf for Wooden {
        fn put(&self, block: &[u8]) -> Option<u64> {
            let mut blocks = self.blocks.lock().unwrap();
            blocks.push(block.to_owned());
            Some(blocks.len() as u64 - 1)
        }

        fn get(&self, at: u64) -> Option<Vec<u8>> {
            let at = usize::try_from(at).unwrap();
            self.rotten.is_none_or(|from| at < from).then(|| self.blocks.lock().unwrap()[at].clone())
        }
    }

    #[test]
    fn what_lies_on_a_shelf_comes_back_as_often_as_it_is_wanted() {
        let shelf = Arc::new(Wooden::default());
        let mut packed = PackedAddresses::on(Arc::clone(&shelf) as _);
        let addresses: Vec<Address> = (0..10_000)
            .map(|number| Address::parse(&format!("https://a.example/catalogue/item-{number}")).unwrap())
            .collect();
        packed.extend(addresses.iter().cloned());
        assert!(shelf.blocks() > 3 && packed.blocks.iter().all(|block| matches!(block, Packed::Away { .. })));
        for _ in 0..2 {
            assert_eq!(packed.iter().collect::<Vec<_>>(), addresses);
        }
    }

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
            Packed::Away { .. } => 0,
        };
        let room: usize = packed.blocks.iter().map(of).sum();
        assert!(packed.blocks.len() > 3 && room < 10 * addresses.len(), "{room}");
    }
}
