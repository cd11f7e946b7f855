//! Chunks of publications: where they are stored and what may be in them.

use std::fmt;

use bytes::Bytes;
use prost::Message;
use silhouette_okvs::ValueLayout;
use silhouette_proto::v1::{Pair, PublishChunk};

use super::{Limits, Rejection, RoundSpec};
use crate::ids::{RoundUid, UploadId, WorkerName};

/// Bytes of a round uid, an upload id and a shortened worker digest.
const PART: usize = 16;

/// Where a chunk is stored: `uid || BLAKE3(worker)[..16] || upload || sequence (big endian)`.
///
/// A chunk never changes under its key, since a new upload writes under new ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkKey([u8; ChunkKey::BYTES]);

impl ChunkKey {
    /// Length as stored.
    pub const BYTES: usize = 3 * PART + size_of::<u64>();

    /// The key of one chunk.
    pub fn new(uid: RoundUid, worker: &WorkerName, upload: UploadId, sequence: u64) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes[..PART].copy_from_slice(&uid.0);
        bytes[PART..2 * PART].copy_from_slice(&blake3::hash(worker.as_str().as_bytes()).as_bytes()[..PART]);
        bytes[2 * PART..3 * PART].copy_from_slice(&upload.0);
        bytes[3 * PART..].copy_from_slice(&sequence.to_be_bytes());
        Self(bytes)
    }

    /// The keys of the first `chunks` chunks of an upload, in sequence.
    pub fn all(
        uid: RoundUid,
        worker: &WorkerName,
        upload: UploadId,
        chunks: u64,
    ) -> impl Iterator<Item = Self> + use<> {
        let first = Self::new(uid, worker, upload, 0);
        (0..chunks).map(move |sequence| {
            let mut key = first;
            key.0[3 * PART..].copy_from_slice(&sequence.to_be_bytes());
            key
        })
    }

    /// As stored.
    pub const fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0
    }

    /// From what [`ChunkKey::to_bytes`] gave.
    pub const fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        Self(*bytes)
    }

    /// The round.
    pub fn uid(&self) -> RoundUid {
        let mut uid = [0; PART];
        uid.copy_from_slice(&self.0[..PART]);
        RoundUid(uid)
    }

    /// The chunk's number.
    pub fn sequence(&self) -> u64 {
        self.0[3 * PART..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl fmt::Debug for ChunkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkKey({})", hex::encode(self.0))
    }
}

/// What a pair costs beyond its bytes: its digests in the key index while it is staged.
pub(super) const PAIR_OVERHEAD_BYTES: u64 = 64;
/// What a chunk costs beyond its bytes, so that empty ones are not free.
pub(super) const CHUNK_OVERHEAD_BYTES: u64 = 256;

/// What a chunk counts towards the round's limit of bytes.
pub(super) fn charge(encoded_bytes: usize, pairs: usize) -> u64 {
    encoded_bytes as u64 + pairs as u64 * PAIR_OVERHEAD_BYTES + CHUNK_OVERHEAD_BYTES
}

/// The pairs of an encoded chunk, sharing its memory.
pub(super) fn decode_pairs(chunk: Bytes) -> Result<Vec<Pair>, prost::DecodeError> {
    PublishChunk::decode(chunk).map(|chunk| chunk.pairs)
}

/// Checks the lengths of a chunk's pairs, whose encoding has `encoded_bytes` bytes. Names the first that is wrong.
pub fn check_pairs(
    pairs: &[Pair],
    encoded_bytes: usize,
    sequence: u64,
    spec: &RoundSpec,
    limits: &Limits,
) -> Result<(), Rejection> {
    let (bytes, limit) = (encoded_bytes as u64, u64::from(limits.max_chunk_bytes));
    if bytes > limit {
        return Err(Rejection::ChunkTooLarge { sequence, bytes, limit });
    }
    for (pair, Pair { key, value }) in (0..).zip(pairs) {
        let (bytes, limit) = (key.len() as u64, u64::from(limits.max_key_bytes));
        if bytes == 0 {
            return Err(Rejection::KeyEmpty { sequence, pair });
        }
        if bytes > limit {
            return Err(Rejection::KeyTooLong { sequence, pair, bytes, limit });
        }
        let (bytes, limit) = (value.len() as u64, u64::from(spec.values.max_bytes()));
        match spec.values {
            ValueLayout::Fixed { .. } if bytes != limit => {
                return Err(Rejection::ValueLength { sequence, pair, bytes, limit });
            }
            ValueLayout::Variable { .. } if bytes > limit => {
                return Err(Rejection::ValueTooLong { sequence, pair, bytes, limit });
            }
            _ => {}
        }
    }
    Ok(())
}
