//! A Ready round in memory: what answers queries and downloads.

use bytes::Bytes;
use silhouette_pir::{Plan, QueryError, okvs};

use crate::ids::{Digest, RoundUid};

/// A Ready round in memory.
pub struct HeldRound {}

impl HeldRound {
    /// The round.
    pub fn uid(&self) -> RoundUid {
        todo!()
    }

    /// Its dimensions and noise parameters.
    pub fn plan(&self) -> &Plan {
        todo!()
    }

    /// What locates and opens keys: shape, seed, attempt.
    pub fn parameters(&self) -> &okvs::Parameters {
        todo!()
    }

    /// Digest of the encoding.
    pub fn encoding_digest(&self) -> Digest {
        todo!()
    }

    /// Digest of the hint.
    pub fn hint_digest(&self) -> Digest {
        todo!()
    }

    /// The encoding's file.
    pub fn encoding(&self) -> Bytes {
        todo!()
    }

    /// The hint's file.
    pub fn hint(&self) -> Bytes {
        todo!()
    }

    /// Answers a query: one pass over the matrix. Blocks for milliseconds.
    pub fn answer(&self, query: &[u8]) -> Result<Vec<u8>, QueryError> {
        todo!()
    }
}
