//! A round's pairs on their way into the encoder, wiped afterwards.

use bytes::{Bytes, BytesMut};
use prost::Message;
use silhouette_proto::{PairDigest, pair_digest, v1::PublishChunk};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    ids::Digest,
    state::{ChunkKey, SecretSeed},
    storage::StorageError,
};

/// A round's pairs. They share the memory of the chunks that they came in, which is wiped when this is dropped.
#[derive(Default)]
pub(super) struct Pairs {
    pairs: Vec<(Bytes, Bytes)>,
    chunks: Vec<Bytes>,
}

impl Pairs {
    /// Reads the pairs of chunks.
    pub(super) fn gather(
        chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>>,
    ) -> Result<Self, StorageError> {
        let mut gathered = Self::default();
        for chunk in chunks {
            let (_, chunk) = chunk?;
            gathered.chunks.push(chunk.clone());
            let decoded = PublishChunk::decode(chunk).map_err(StorageError::damaged("chunk"))?;
            gathered.pairs.extend(decoded.pairs.into_iter().map(|pair| (pair.key, pair.value)));
        }
        Ok(gathered)
    }

    /// Keys and values.
    pub(super) fn as_slice(&self) -> &[(Bytes, Bytes)] {
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

    fn digest(chunks: Vec<(ChunkKey, Bytes)>, seed: u8) -> Digest {
        Pairs::gather(chunks.into_iter().map(Ok)).expect("pairs").digest(&SecretSeed::from_bytes([seed; 32]))
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
        assert!(Pairs::gather(vec![Err(missing)].into_iter()).is_err());
    }
}
