//! From a key to everything that encoding and lookup need of it.
//!
//! ```text
//! attempt keys = BLAKE3-KDF(hash seed || attempt)             two, domain-separated
//! digest       = BLAKE3(digest key, key)[..16]                shard and band start
//! expansion    = BLAKE3(expansion key, digest)                coefficients || mask
//! ```

use blake3::Hasher;
use zeroize::Zeroize;

use crate::seed::HashSeed;

const DIGEST_CONTEXT: &str = "silhouette-okvs v1 key digest";
const EXPANSION_CONTEXT: &str = "silhouette-okvs v1 digest expansion";

/// The 128-bit digest of a key under one attempt's hash.
///
/// Its upper half picks the band start and its lower half the shard, each as the high word of a product with the
/// number of choices. So digests in ascending order are rows in the order of their starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest(u128);

impl Digest {
    pub(crate) const BYTES: usize = 16;

    pub(crate) const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// One of `shards` shards.
    pub(crate) fn shard(self, shards: u32) -> u32 {
        high_word_of_product(self.0 as u64, shards)
    }

    /// One of `starts` band starts.
    pub(crate) fn start(self, starts: u32) -> u32 {
        high_word_of_product((self.0 >> 64) as u64, starts)
    }
}

impl zeroize::DefaultIsZeroes for Digest {}

/// Maps a uniform word to `0..choices`, by less than `choices / 2^64` off uniform, without a branch.
fn high_word_of_product(word: u64, choices: u32) -> u32 {
    ((u128::from(word) * u128::from(choices)) >> 64) as u32
}

/// The two hash keys of one attempt, derived from the public seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptKeys {
    digest: [u8; 32],
    expansion: [u8; 32],
}

impl AttemptKeys {
    pub(crate) fn derive(seed: &HashSeed, attempt: u8) -> Self {
        let mut material = [attempt; 33];
        material[..32].copy_from_slice(seed.as_bytes());
        Self {
            digest: blake3::derive_key(DIGEST_CONTEXT, &material),
            expansion: blake3::derive_key(EXPANSION_CONTEXT, &material),
        }
    }

    pub(crate) fn hasher(&self) -> KeyHasher {
        KeyHasher { digest: Hasher::new_keyed(&self.digest), expansion: Hasher::new_keyed(&self.expansion) }
    }
}

/// Hashes keys of one attempt. It holds what it hashed last, and is wiped when dropped.
pub(crate) struct KeyHasher {
    digest: Hasher,
    expansion: Hasher,
}

impl KeyHasher {
    pub(crate) fn digest(&mut self, key: &[u8]) -> Digest {
        self.digest.reset();
        self.digest.update(key);
        let mut reader = self.digest.finalize_xof();
        let mut bytes = [0; Digest::BYTES];
        reader.fill(&mut bytes);
        reader.zeroize();
        Digest::from_bytes(bytes)
    }

    /// Fills `output` with the first bytes of the digest's pseudorandom expansion.
    pub(crate) fn expand(&mut self, digest: Digest, output: &mut [u8]) {
        self.expansion.reset();
        self.expansion.update(&digest.0.to_le_bytes());
        let mut reader = self.expansion.finalize_xof();
        reader.fill(output);
        reader.zeroize();
    }
}

impl Drop for KeyHasher {
    fn drop(&mut self) {
        self.digest.zeroize();
        self.expansion.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placement_covers_its_whole_range_and_nothing_else() {
        let lowest = Digest(0);
        let highest = Digest(u128::MAX);
        for choices in [1, 2, 1_000, u32::MAX] {
            assert_eq!((lowest.shard(choices), lowest.start(choices)), (0, 0));
            assert_eq!((highest.shard(choices), highest.start(choices)), (choices - 1, choices - 1));
        }
    }

    #[test]
    fn shard_and_start_come_from_different_halves() {
        let digest = Digest(u128::from(u64::MAX));
        assert_eq!((digest.shard(10), digest.start(10)), (9, 0));
    }

    #[test]
    fn each_attempt_hashes_differently() {
        let seed = HashSeed::from_bytes([7; 32]);
        let digests: Vec<_> =
            (0..16).map(|attempt| AttemptKeys::derive(&seed, attempt).hasher().digest(b"key")).collect();
        assert!((1..16).all(|attempt| !digests[..attempt].contains(&digests[attempt])));
    }
}
