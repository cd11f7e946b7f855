//! The state from what is stored.

use bytes::Bytes;
use thiserror::Error;

use super::{ChunkKey, ClusterRecord, RoundRecord, RoundSecret, State};
use crate::ids::RoundUid;

/// Why stored records give no state. Each means a damaged or incomplete store.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// A snapshot cannot be read.
    #[error("the snapshot cannot be read: {0}")]
    Malformed(String),
    /// A round that is not shredded has no secret.
    #[error("the secret of round {uid} is missing")]
    SecretMissing {
        /// The round.
        uid: RoundUid,
    },
    /// A live chunk is missing.
    #[error("chunk {sequence} of a publication of round {uid} is missing")]
    ChunkMissing {
        /// The round.
        uid: RoundUid,
        /// Which chunk.
        sequence: u64,
    },
    /// A live chunk cannot be read.
    #[error("chunk {sequence} of a publication of round {uid} is damaged")]
    ChunkDamaged {
        /// The round.
        uid: RoundUid,
        /// Which chunk.
        sequence: u64,
    },
}

impl State {
    /// The state but its rounds, to be stored.
    pub fn cluster_record(&self) -> &ClusterRecord {
        &self.cluster
    }

    /// The state from its records. Every live chunk of unshredded rounds must be among `chunks`, in any order;
    /// others are ignored.
    pub fn restore(
        cluster: ClusterRecord,
        rounds: Vec<(RoundRecord, Option<RoundSecret>)>,
        chunks: impl Iterator<Item = (ChunkKey, Bytes)>,
    ) -> Result<Self, RestoreError> {
        let _ = (cluster, rounds, chunks);
        todo!()
    }

    /// All records, secrets included, as one message; chunks apart.
    pub fn to_snapshot(&self) -> Vec<u8> {
        todo!()
    }

    /// The live chunks: all that a snapshot needs beside [`State::to_snapshot`].
    pub fn chunk_keys(&self) -> Vec<ChunkKey> {
        self.rounds().flat_map(super::Round::chunk_keys).collect()
    }

    /// The state from a snapshot and the chunks that belong to it.
    pub fn from_snapshot(bytes: &[u8], chunks: impl Iterator<Item = (ChunkKey, Bytes)>) -> Result<Self, RestoreError> {
        let _ = (bytes, chunks);
        todo!()
    }
}
