//! What a sealing fixes: seeds and parameters of the encoding, computed by the leader and validated by every member.

use serde::{Deserialize, Serialize};
use silhouette_okvs::{HashSeed, SEED_BYTES, ShapeError};
use thiserror::Error;

use super::SecretSeed;

/// The public parameters of an encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodingParameters {
    /// Version of the encoding's rules.
    pub encoding_version: u32,
    /// Public seed.
    pub hash_seed: [u8; SEED_BYTES],
    /// Public capacity in pairs.
    pub capacity: u64,
    /// Independent stores, side by side.
    pub shards: u32,
    /// Standard deviation of LWE secret and error.
    pub sigma: u32,
    /// Bits of a word of a query.
    pub query_bits: u32,
    /// Bits of a word of the hint.
    pub hint_bits: u32,
    /// Bits of a word of an answer.
    pub answer_bits: u32,
}

/// Everything that a sealing fixes, the secret seed included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodingPlan {
    /// What may be told.
    pub parameters: EncodingParameters,
    /// Free cells and dummies follow from it.
    pub cell_seed: SecretSeed,
}

/// Why a round cannot be sealed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodingPlanError {
    /// There is no such round, or it is not Open or Sealed.
    #[error("the round is neither open nor sealed")]
    NotSealable,
    /// A voter has not registered which versions it can encode.
    #[error("not every voter has registered an encoding version")]
    NoVersion,
    /// The pairs do not fit any shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl EncodingParameters {
    /// The public seed as the encoding takes it.
    pub fn hash_seed(&self) -> HashSeed {
        HashSeed::from_bytes(self.hash_seed)
    }
}
