//! Which keys of an open round were published and staged: how conflicts are found, and keys that several publications
//! have counted once, without reading chunks.
//!
//! Volatile: it follows from the chunks. Digests are never stored, so they need neither a key nor a domain.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use bytes::Bytes;
use silhouette_proto::{PairDigest, content_digest, pair_digest, v1::Pair};

use super::{UserKey, chunk::decode_pairs};
use crate::ids::{Digest, WorkerName};

/// BLAKE3 of a key, cut to 128 bits. Whoever finds two keys with one digest only has their own publication refused.
type KeyDigest = [u8; 16];

fn key_digest(key: &[u8]) -> KeyDigest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&blake3::hash(key).as_bytes()[..16]);
    digest
}

/// The keys of an open round.
#[derive(Default)]
pub(super) struct KeyIndex {
    /// Workers that have published, in any order; [`Self::published`] refers to them by position: to any of those that
    /// have the key, where several may.
    publishers: Vec<WorkerName>,
    published: HashMap<KeyDigest, u32>,
    staged: BTreeMap<WorkerName, StagedKeys>,
}

/// The keys that one worker has staged.
#[derive(Default)]
struct StagedKeys {
    keys: HashSet<KeyDigest>,
    pairs: Vec<PairDigest>,
    /// The chunks themselves, in sequence: a conflict found at the commit must name the key.
    chunks: Vec<Bytes>,
}

/// A key that another worker has published.
pub(super) struct Conflict {
    pub(super) key: UserKey,
    pub(super) worker: WorkerName,
}

impl KeyIndex {
    /// Stages the next chunk of `worker`, which begins anew if `anew`. Changes nothing if a key was there before.
    pub(super) fn stage(
        &mut self,
        worker: &WorkerName,
        anew: bool,
        chunk: Bytes,
        pairs: &[Pair],
    ) -> Result<(), UserKey> {
        let mut fresh = StagedKeys::default();
        let staged = match self.staged.get_mut(worker) {
            Some(staged) if !anew => staged,
            _ => &mut fresh,
        };
        staged.push(chunk, pairs)?;
        if anew || !self.staged.contains_key(worker) {
            self.staged.insert(worker.clone(), fresh);
        }
        Ok(())
    }

    /// Forgets what `worker` has staged.
    pub(super) fn unstage(&mut self, worker: &WorkerName) {
        self.staged.remove(worker);
    }

    /// The content digest of what `worker` has staged.
    pub(super) fn staged_digest(&self, worker: &WorkerName) -> Digest {
        let mut pairs = self.staged.get(worker).map(|staged| staged.pairs.clone()).unwrap_or_default();
        Digest(content_digest(&mut pairs))
    }

    /// How many keys that `worker` has staged were published.
    pub(super) fn repeated(&self, worker: &WorkerName) -> u64 {
        let staged = self.staged.get(worker).into_iter().flat_map(|staged| &staged.keys);
        staged.filter(|key| self.published.contains_key(*key)).count() as u64
    }

    /// The first staged pair of `worker` whose key another worker has published.
    pub(super) fn conflict(&self, worker: &WorkerName) -> Option<Conflict> {
        let staged = self.staged.get(worker)?;
        if staged.keys.iter().all(|key| !self.published.contains_key(key)) {
            return None;
        }
        // Sets have no order, and every member must name the same key: look again in the order of the upload.
        let pairs = staged.chunks.iter().flat_map(|chunk| decode_pairs(chunk.clone()).unwrap_or_default());
        pairs.into_iter().find_map(|Pair { key, .. }| {
            let publisher = *self.published.get(&key_digest(&key))?;
            Some(Conflict { key: UserKey::new(&key), worker: self.publishers.get(publisher as usize)?.clone() })
        })
    }

    /// Turns what `worker` has staged into what it has published.
    pub(super) fn publish(&mut self, worker: &WorkerName) {
        let Some(staged) = self.staged.remove(worker) else { return };
        let publisher = self.publishers.len() as u32;
        self.publishers.push(worker.clone());
        self.published.extend(staged.keys.into_iter().map(|key| (key, publisher)));
    }
}

impl StagedKeys {
    fn push(&mut self, chunk: Bytes, pairs: &[Pair]) -> Result<(), UserKey> {
        for (position, pair) in pairs.iter().enumerate() {
            if !self.keys.insert(key_digest(&pair.key)) {
                for earlier in &pairs[..position] {
                    self.keys.remove(&key_digest(&earlier.key));
                }
                return Err(UserKey::new(&pair.key));
            }
        }
        self.pairs.extend(pairs.iter().map(|pair| pair_digest(&pair.key, &pair.value)));
        self.chunks.push(chunk);
        Ok(())
    }
}

impl fmt::Debug for KeyIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyIndex(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use silhouette_proto::v1::PublishChunk;

    use super::*;

    fn worker(name: &str) -> WorkerName {
        name.parse().expect("a worker name")
    }

    fn chunk(keys: &[&'static str]) -> (Bytes, Vec<Pair>) {
        let pairs: Vec<Pair> =
            keys.iter().map(|key| Pair { key: (*key).into(), value: Bytes::from_static(b"v") }).collect();
        (PublishChunk { sequence: 0, pairs: pairs.clone() }.encode_to_vec().into(), pairs)
    }

    fn stage(index: &mut KeyIndex, name: &str, anew: bool, keys: &[&'static str]) -> Result<(), UserKey> {
        let (bytes, pairs) = chunk(keys);
        index.stage(&worker(name), anew, bytes, &pairs)
    }

    #[test]
    fn a_refused_chunk_leaves_none_of_its_keys() {
        let mut index = KeyIndex::default();
        stage(&mut index, "w", true, &["a"]).expect("stages");
        assert_eq!(stage(&mut index, "w", false, &["b", "a"]), Err(UserKey::new(b"a")));
        assert_eq!(stage(&mut index, "w", false, &["c", "c"]), Err(UserKey::new(b"c")));
        stage(&mut index, "w", false, &["b", "c"]).expect("neither stayed");
    }

    #[test]
    fn beginning_anew_forgets_the_earlier_keys_unless_it_is_refused() {
        let mut index = KeyIndex::default();
        stage(&mut index, "w", true, &["a"]).expect("stages");
        assert!(stage(&mut index, "w", true, &["b", "b"]).is_err());
        assert!(stage(&mut index, "w", false, &["a"]).is_err(), "the refused beginning replaced nothing");
        stage(&mut index, "w", true, &["a"]).expect("a new beginning knows no key");
    }

    #[test]
    fn a_conflict_names_the_first_key_of_the_upload_and_its_publisher() {
        let mut index = KeyIndex::default();
        stage(&mut index, "first", true, &["x", "y", "z"]).expect("stages");
        stage(&mut index, "second", true, &["a", "b"]).expect("stages");
        stage(&mut index, "second", false, &["z", "y", "x"]).expect("staged keys claim nothing");
        assert!(index.conflict(&worker("second")).is_none());
        index.publish(&worker("first"));
        let conflict = index.conflict(&worker("second")).expect("conflicts");
        assert_eq!((conflict.key.expose(), conflict.worker), (&b"z"[..], worker("first")));
    }
}
