//! A publication cut into chunks.

use silhouette_proto::{content_digest, pair_digest, v1::Pair};

/// Bytes that a pair takes on the wire beside its key and value, at most.
const PAIR_OVERHEAD_BYTES: usize = 16;

/// All of a publication: it is kept until it is committed, since a cluster that has dropped an abandoned upload asks
/// for it from the start.
pub(super) struct Chunks {
    parts: Vec<Vec<Pair>>,
    /// Bytes of keys and values before each chunk, and of all.
    bytes_before: Vec<u64>,
    pairs: u64,
    digest: [u8; 32],
}

impl Chunks {
    /// Cuts pairs into chunks of about `chunk_bytes`; a pair that is longer has one of its own.
    pub(super) fn of<K, V>(pairs: impl IntoIterator<Item = (K, V)>, chunk_bytes: usize) -> Self
    where
        K: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        let mut digests = Vec::new();
        let mut chunks = Vec::new();
        let mut bytes_before = vec![0];
        let (mut chunk, mut room, mut bytes) = (Vec::new(), chunk_bytes, 0);
        for (key, value) in pairs {
            let (key, value): (Vec<u8>, Vec<u8>) = (key.into(), value.into());
            let size = key.len() + value.len() + PAIR_OVERHEAD_BYTES;
            if size > room && !chunk.is_empty() {
                chunks.push(std::mem::take(&mut chunk));
                bytes_before.push(bytes);
                room = chunk_bytes;
            }
            room = room.saturating_sub(size);
            bytes += (key.len() + value.len()) as u64;
            digests.push(pair_digest(&key, &value));
            chunk.push(Pair { key: key.into(), value: value.into() });
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
            bytes_before.push(bytes);
        }
        Self { parts: chunks, bytes_before, pairs: digests.len() as u64, digest: content_digest(&mut digests) }
    }

    /// How many chunks there are.
    pub(super) fn len(&self) -> u64 {
        self.parts.len() as u64
    }

    /// The pairs of a chunk; their bytes are shared, not copied.
    pub(super) fn get(&self, sequence: u64) -> Option<Vec<Pair>> {
        self.parts.get(usize::try_from(sequence).ok()?).cloned()
    }

    /// Bytes of keys and values in the first `sequence` chunks.
    pub(super) fn bytes_before(&self, sequence: u64) -> u64 {
        let all = self.bytes_before.last().copied().unwrap_or_default();
        self.bytes_before.get(usize::try_from(sequence).unwrap_or(usize::MAX)).copied().unwrap_or(all)
    }

    /// How many pairs there are.
    pub(super) const fn pairs(&self) -> u64 {
        self.pairs
    }

    /// The content digest of all pairs.
    pub(super) const fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(count: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
        (0..count).map(|n| (n.to_le_bytes().to_vec(), vec![7; 4])).collect()
    }

    #[test]
    fn every_pair_is_in_one_chunk_and_in_order() {
        let chunks = Chunks::of(pairs(1_000), 10 * (8 + PAIR_OVERHEAD_BYTES));
        assert_eq!((chunks.len(), chunks.pairs()), (100, 1_000));
        let sent: Vec<_> = (0..chunks.len()).flat_map(|sequence| chunks.get(sequence).expect("a chunk")).collect();
        let expected: Vec<_> =
            pairs(1_000).into_iter().map(|(key, value)| Pair { key: key.into(), value: value.into() }).collect();
        assert_eq!(sent, expected);
        assert_eq!(chunks.get(100), None);
    }

    #[test]
    fn bytes_are_counted_up_to_each_chunk() {
        let chunks = Chunks::of(pairs(25), 10 * (8 + PAIR_OVERHEAD_BYTES));
        let counted: Vec<_> = (0..=4).map(|sequence| chunks.bytes_before(sequence)).collect();
        assert_eq!(counted, [0, 80, 160, 200, 200]);
    }

    #[test]
    fn a_pair_that_is_too_long_has_a_chunk_of_its_own() {
        let long = [("a", "1".to_owned()), ("b", "2".repeat(1_000)), ("c", "3".to_owned())];
        let sizes: Vec<_> = Chunks::of(long, 100).parts.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn the_digest_depends_on_neither_order_nor_chunking() {
        let mut reversed = pairs(50);
        reversed.reverse();
        assert_eq!(Chunks::of(pairs(50), 100).digest(), Chunks::of(reversed, 1_000).digest());
        assert_ne!(Chunks::of(pairs(50), 100).digest(), Chunks::of(pairs(49), 100).digest());
    }

    #[test]
    fn a_worker_may_publish_nothing() {
        let nothing = Chunks::of(Vec::<(Vec<u8>, Vec<u8>)>::new(), 100);
        assert_eq!((nothing.len(), nothing.pairs(), nothing.bytes_before(0)), (0, 0, 0));
        assert_eq!(nothing.digest(), content_digest(&mut []));
    }
}
