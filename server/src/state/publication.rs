//! One worker's publication to one round. Secret: it tells how many pairs there are and what they are like.

use serde::{Deserialize, Serialize};

use crate::ids::{ClusterTime, Digest, UploadId};

/// How far a worker's publication has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Publication {
    /// Some chunks are there.
    Staged(Staged),
    /// Committed.
    Published(Published),
}

/// Chunks that wait for their commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// Whose chunks.
    pub upload: UploadId,
    /// The chunk to come next; all before it are stored.
    pub next_sequence: u64,
    /// Pairs in them.
    pub pairs: u64,
    /// Bytes of them, bookkeeping included.
    pub charged_bytes: u64,
    /// When the last one came.
    pub active_at: ClusterTime,
    /// Uploads that this one has replaced, the last [`MAX_SUPERSEDED`] of them: what still comes of them is refused.
    pub superseded: Vec<UploadId>,
}

/// How many replaced uploads of a worker are remembered: more restarts than that within one staging are a mistake.
pub(super) const MAX_SUPERSEDED: usize = 8;

/// A committed publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Whose chunks.
    pub upload: UploadId,
    /// How many chunks it has.
    pub chunks: u64,
    /// How many pairs it has.
    pub pairs: u64,
    /// How many of their keys earlier publications have too; none unless the round allows that.
    #[serde(default)]
    pub repeated: u64,
    /// Bytes of them, bookkeeping included.
    pub charged_bytes: u64,
    /// Its content digest.
    pub digest: Digest,
    /// 0 for the round's first publication, 1 for its second, ..
    pub order: u64,
}

impl Publication {
    /// Whose chunks they are, and how many are stored.
    pub fn chunks(&self) -> (UploadId, u64) {
        match self {
            Self::Staged(staged) => (staged.upload, staged.next_sequence),
            Self::Published(published) => (published.upload, published.chunks),
        }
    }

    /// Bytes that count towards the round's limit.
    pub fn charged_bytes(&self) -> u64 {
        match self {
            Self::Staged(staged) => staged.charged_bytes,
            Self::Published(published) => published.charged_bytes,
        }
    }
}
