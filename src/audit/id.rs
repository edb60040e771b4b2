//! Short stable ids of findings.

/// FNV-1a, 64 bits (Fowler, Noll, Vo): small, well known, the same everywhere. A finding's id need
/// only be stable and unlikely to meet another; nobody gains by forging one.
pub(crate) fn short_id(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // 0xff is in no UTF-8 text, so that ["ab", "c"] is not ["a", "bc"].
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{:012x}", (hash >> 16) ^ (hash & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_keep_their_parts_apart() {
        assert_eq!(short_id(&["lifetime", "sid", "cookies.sid.lifetime"]).len(), 12);
        assert_eq!(short_id(&["a", "b"]), short_id(&["a", "b"]));
        assert_ne!(short_id(&["ab", "c"]), short_id(&["a", "bc"]));
        assert_ne!(short_id(&["a"]), short_id(&["a", ""]));
    }
}
