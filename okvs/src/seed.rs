//! The two seeds of an encoding: one public, one secret.
//!
//! They must be independent. Whoever reads the encoding needs the hash seed; whoever knew the cell seed could
//! recompute the free cells and the dummies, and so count the pairs.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of either seed in bytes.
pub const SEED_BYTES: usize = 32;

/// The public seed: key digests, bands, tags and masks follow from it and the attempt number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashSeed([u8; SEED_BYTES]);

impl HashSeed {
    /// Takes 32 uniformly random bytes, chosen after the last pair was.
    pub const fn from_bytes(bytes: [u8; SEED_BYTES]) -> Self {
        Self(bytes)
    }

    /// The seed's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }
}

/// The secret seed: free cells, dummy digests and dummy rows follow from it. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CellSeed([u8; SEED_BYTES]);

impl CellSeed {
    /// Takes 32 uniformly random bytes, independent of the hash seed.
    pub const fn from_bytes(bytes: [u8; SEED_BYTES]) -> Self {
        Self(bytes)
    }

    /// The secret bytes, for the few callers that derive from them or store them sealed.
    pub const fn expose(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }
}

impl fmt::Debug for CellSeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CellSeed(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_seed_prints_none_of_its_bytes() {
        let seed = CellSeed::from_bytes([0xab; SEED_BYTES]);
        assert_eq!(format!("{seed:?}"), "CellSeed(redacted)");
    }
}
