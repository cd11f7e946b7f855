//! A round's pairs on their way into the encoder, wiped afterwards.

use bytes::{Bytes, BytesMut};
use prost::Message;
use silhouette_proto::{PairDigest, pair_digest, v1::PublishChunk};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    ids::Digest,
    state::{ChunkKey, OnConflict, SecretSeed},
    storage::StorageError,
};

/// A round's pairs, one of each key. They share the memory of the chunks that they came in, which is wiped when this is
/// dropped.
#[derive(Default)]
pub struct Pairs {
    pairs: Vec<(Bytes, Bytes)>,
    chunks: Vec<Bytes>,
}

impl Pairs {
    /// Reads the pairs of chunks. Where the round allows that publications overlap, the first pair of each key stays.
    ///
    /// Otherwise a key that comes twice stays twice: that is damage, which the encoding refuses.
    pub(super) fn gather(
        chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>>,
        on_conflict: OnConflict,
    ) -> Result<Self, StorageError> {
        let mut gathered = Self::default();
        for chunk in chunks {
            let (_, chunk) = chunk?;
            gathered.chunks.push(chunk.clone());
            let decoded = PublishChunk::decode(chunk).map_err(StorageError::damaged("chunk"))?;
            gathered.pairs.extend(decoded.pairs.into_iter().map(|pair| (pair.key, pair.value)));
        }
        if on_conflict.allows_overlap() {
            // Stable, so that the first of equal keys stays first. Neither encoding nor digest depends on the order.
            gathered.pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            gathered.pairs.dedup_by(|(later, _), (earlier, _)| later == earlier);
        }
        Ok(gathered)
    }

    /// Keys and values.
    pub fn as_slice(&self) -> &[(Bytes, Bytes)] {
        &self.pairs
    }

    /// BLAKE3, keyed by the cell seed, of the sorted digests of the pairs: equal for equal pairs, and without the seed
    /// no way to test a guess.
    pub(super) fn digest(&self, seed: &SecretSeed) -> Digest {
        let digests = self.pairs.iter().map(|(key, value)| pair_digest(key, value));
        let mut digests: Zeroizing<Vec<PairDigest>> = Zeroizing::new(digests.collect());
        digests.sort_unstable();
        let mut hasher = blake3::Hasher::new_keyed(seed.expose());
        for digest in digests.iter() {
            hasher.update(digest);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

impl Drop for Pairs {
    fn drop(&mut self) {
        self.pairs.clear();
        // Nobody else has the chunks: each gives its memory back to be wiped.
        for mut chunk in self.chunks.drain(..).filter_map(|chunk| chunk.try_into_mut().ok()) {
            BytesMut::as_mut(&mut chunk).zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use silhouette_proto::v1::Pair;

    use super::*;
    use crate::ids::{RoundUid, UploadId};

    fn chunk(sequence: u64, pairs: &[(&'static str, &'static str)]) -> (ChunkKey, Bytes) {
        let worker = "worker".parse().expect("a worker name");
        let key = ChunkKey::new(RoundUid([1; 16]), &worker, UploadId([2; 16]), sequence);
        let pairs = pairs.iter().map(|(key, value)| Pair { key: (*key).into(), value: (*value).into() }).collect();
        (key, PublishChunk { sequence, pairs }.encode_to_vec().into())
    }

    fn gather(chunks: Vec<(ChunkKey, Bytes)>, on_conflict: OnConflict) -> Pairs {
        Pairs::gather(chunks.into_iter().map(Ok), on_conflict).expect("pairs")
    }

    fn digest(chunks: Vec<(ChunkKey, Bytes)>, seed: u8) -> Digest {
        gather(chunks, OnConflict::Reject).digest(&SecretSeed::from_bytes([seed; 32]))
    }

    #[test]
    fn neither_order_nor_chunking_changes_the_digest() {
        let one = digest(vec![chunk(0, &[("a", "1"), ("b", "2")])], 7);
        let two = digest(vec![chunk(0, &[("b", "2")]), chunk(1, &[("a", "1")])], 7);
        assert_eq!(one, two);
    }

    #[test]
    fn pairs_and_seed_change_the_digest() {
        let one = digest(vec![chunk(0, &[("a", "1")])], 7);
        assert_ne!(one, digest(vec![chunk(0, &[("a", "2")])], 7));
        assert_ne!(one, digest(vec![chunk(0, &[("a", "1")])], 8));
    }

    #[test]
    fn a_chunk_that_cannot_be_read_stops_the_gathering() {
        let missing = StorageError::ChunkMissing { uid: RoundUid([1; 16]), sequence: 0 };
        assert!(Pairs::gather(vec![Err(missing)].into_iter(), OnConflict::Reject).is_err());
    }

    #[test]
    fn of_keys_that_overlap_the_first_pair_stays_and_the_digest_is_of_what_stays() {
        let chunks = || vec![chunk(0, &[("b", "1"), ("a", "1")]), chunk(1, &[("c", "2"), ("b", "2")])];
        for rule in [OnConflict::First, OnConflict::Last] {
            let gathered = gather(chunks(), rule);
            let values: Vec<_> = gathered.as_slice().iter().map(|(key, value)| (&key[..], &value[..])).collect();
            assert_eq!(values, [(&b"a"[..], &b"1"[..]), (b"b", b"1"), (b"c", b"2")]);
            assert_eq!(
                gathered.digest(&SecretSeed::from_bytes([7; 32])),
                digest(vec![chunk(0, &[("a", "1"), ("b", "1"), ("c", "2")])], 7)
            );
        }
        assert_eq!(gather(chunks(), OnConflict::Reject).as_slice().len(), 4, "elsewhere nothing is hidden");
    }
}
