//! SHA-256 sums, taken while something is written.

use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// A place to write to, and the sum of what went there.
pub(crate) struct Summed<W> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Summed<W> {
    pub(crate) fn new(out: W) -> Self {
        Summed { out, sum: Sha256::new() }
    }

    /// The place, and the sum in hexadecimal digits.
    pub(crate) fn finish(self) -> (W, String) {
        (self.out, hex(&self.sum.finalize()))
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The sum of what is there already, in hexadecimal digits.
pub(crate) fn sum_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_the_sum_of_what_is_there() {
        // FIPS 180-2, B.1.
        const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut summed = Summed::new(Vec::new());
        summed.write_all(b"a").unwrap();
        summed.write_all(b"bc").unwrap();
        assert_eq!(summed.finish(), (b"abc".to_vec(), ABC.to_owned()));
        assert_eq!(sum_of(b"abc"), ABC);
    }
}
