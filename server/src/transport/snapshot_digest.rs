//! The digest at the end of a snapshot's stream, computed by sender and receiver alike.
//!
//! ```text
//! state  = BLAKE3-derive-key("silhouette.dev v1 snapshot state", state)
//! chunks = BLAKE3-derive-key("silhouette.dev v1 snapshot chunks", (key || le64(len(pairs)) || pairs) of each chunk)
//! digest = BLAKE3-derive-key("silhouette.dev v1 snapshot", state || chunks)
//! ```
//!
//! So it depends on the order of the chunks, and not on how the state was cut into parts.

use crate::{ids::Digest, state::ChunkKey};

/// Collects what was sent, or received.
pub(crate) struct SnapshotDigest {
    state: blake3::Hasher,
    chunks: blake3::Hasher,
}

impl SnapshotDigest {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            state: blake3::Hasher::new_derive_key("silhouette.dev v1 snapshot state"),
            chunks: blake3::Hasher::new_derive_key("silhouette.dev v1 snapshot chunks"),
        }
    }

    /// The next part of the state.
    pub(crate) fn update_state(&mut self, part: &[u8]) {
        self.state.update(part);
    }

    /// The next chunk.
    pub(crate) fn update_chunk(&mut self, key: &ChunkKey, pairs: &[u8]) {
        self.chunks.update(&key.to_bytes()).update(&(pairs.len() as u64).to_le_bytes()).update(pairs);
    }

    /// The digest of everything.
    pub(crate) fn finish(self) -> Digest {
        let mut whole = blake3::Hasher::new_derive_key("silhouette.dev v1 snapshot");
        whole.update(self.state.finalize().as_bytes()).update(self.chunks.finalize().as_bytes());
        Digest(*whole.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RoundUid, UploadId};

    fn key(sequence: u64) -> ChunkKey {
        let worker = "worker".parse().expect("a worker name");
        ChunkKey::new(RoundUid([1; 16]), &worker, UploadId([2; 16]), sequence)
    }

    fn digest(parts: &[&[u8]], chunks: &[(ChunkKey, &[u8])]) -> Digest {
        let mut digest = SnapshotDigest::new();
        for part in parts {
            digest.update_state(part);
        }
        for (key, pairs) in chunks {
            digest.update_chunk(key, pairs);
        }
        digest.finish()
    }

    #[test]
    fn how_the_state_is_cut_does_not_matter() {
        let chunks = [(key(0), b"pairs".as_slice())];
        assert_eq!(digest(&[b"state"], &chunks), digest(&[b"st", b"ate"], &chunks));
    }

    #[test]
    fn every_byte_of_state_and_chunks_matters() {
        let whole = digest(&[b"state"], &[(key(0), b"a"), (key(1), b"b")]);
        assert_ne!(whole, digest(&[b"stat!"], &[(key(0), b"a"), (key(1), b"b")]));
        assert_ne!(whole, digest(&[b"state"], &[(key(0), b"a")]));
        assert_ne!(whole, digest(&[b"state"], &[(key(1), b"b"), (key(0), b"a")]));
        assert_ne!(whole, digest(&[b"state"], &[(key(0), b"a"), (key(2), b"b")]));
    }
}
