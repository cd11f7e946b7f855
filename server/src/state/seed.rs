//! A secret of 32 bytes on its way between log, state and encoder.

use std::fmt;

use serde::{Deserialize, Serialize};
use silhouette_okvs::{CellSeed, SEED_BYTES};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The secret cell seed of a sealing. Wiped when dropped, never printed; equality is for tests of equal states.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretSeed([u8; SEED_BYTES]);

impl SecretSeed {
    /// Takes 32 uniformly random bytes.
    pub const fn from_bytes(bytes: [u8; SEED_BYTES]) -> Self {
        Self(bytes)
    }

    /// The seed as the encoding takes it.
    pub fn to_cell_seed(&self) -> CellSeed {
        CellSeed::from_bytes(self.0)
    }

    /// The secret bytes, for the key of the input digest.
    pub const fn expose(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }
}

impl fmt::Debug for SecretSeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretSeed(redacted)")
    }
}
