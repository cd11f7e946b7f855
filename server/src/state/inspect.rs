//! Comparing members: a digest of everything replicated.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{ChunkKey, State};
use crate::ids::Digest;

impl State {
    /// BLAKE3, keyed by `key`, of everything replicated. `chunks` are those of [`State::chunk_keys`], in any order.
    ///
    /// Members at the same applied index have the same digest. A fresh key each time keeps it from being a way to test
    /// guesses later.
    pub fn inspect(&self, key: &[u8; 32], chunks: impl Iterator<Item = (ChunkKey, Bytes)>) -> Digest {
        // Snapshots are canonical: maps are sorted, and nothing in them depends on how the state came about.
        let snapshot = self.to_snapshot();
        let chunks: BTreeMap<ChunkKey, blake3::Hash> =
            chunks.map(|(at, body)| (at, blake3::keyed_hash(key, &body))).collect();
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&(snapshot.len() as u64).to_le_bytes());
        hasher.update(&snapshot);
        for (at, body) in chunks {
            hasher.update(&at.to_bytes());
            hasher.update(body.as_bytes());
        }
        Digest(*hasher.finalize().as_bytes())
    }
}
