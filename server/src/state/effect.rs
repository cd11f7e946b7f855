//! What storage has to do for an applied entry.

use std::fmt;

use bytes::Bytes;

use super::{ChunkKey, Rejection, Reply};
use crate::ids::RoundUid;

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Applied {
    /// The answer for whoever proposed it.
    pub reply: Result<Reply, Rejection>,
    /// What storage carries out, in order, atomically with the applied index.
    pub effects: Vec<Effect>,
}

/// A change of what is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// Store a chunk.
    PutChunk {
        /// Where.
        key: ChunkKey,
        /// An encoded `silhouette.v1.PublishChunk`.
        pairs: Bytes,
    },
    /// Delete chunks.
    DropChunks {
        /// Which.
        keys: Vec<ChunkKey>,
    },
    /// Store the round's record and secret as they are after the whole entry.
    SaveRound {
        /// Which.
        uid: RoundUid,
    },
    /// Delete the round's record and secret.
    RemoveRound {
        /// Which.
        uid: RoundUid,
    },
    /// Destroy the round's key and everything under it. The round is shredded in the state; its record stays.
    Shred {
        /// Which.
        uid: RoundUid,
    },
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PutChunk { key, .. } => f.debug_tuple("PutChunk").field(key).finish(),
            Self::DropChunks { keys } => f.debug_tuple("DropChunks").field(&keys.len()).finish(),
            Self::SaveRound { uid } => f.debug_tuple("SaveRound").field(uid).finish(),
            Self::RemoveRound { uid } => f.debug_tuple("RemoveRound").field(uid).finish(),
            Self::Shred { uid } => f.debug_tuple("Shred").field(uid).finish(),
        }
    }
}
