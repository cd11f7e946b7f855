//! The content digest of a publication: the same for the same set of pairs in any order and any chunking.
//!
//! ```text
//! pair digest    = BLAKE3-derive-key("silhouette.dev v1 pair", le64(len(key)) || key || value)
//! content digest = BLAKE3-derive-key("silhouette.dev v1 publication", pair digests, sorted as byte strings)
//! ```
//!
//! Keys of a publication are distinct, so the sorted list is a canonical form. Sorting rather than adding keeps
//! collision resistance at BLAKE3's own: sums of digests fall to the generalised birthday attack.

/// Digest of one pair.
pub type PairDigest = [u8; 32];
/// Digest of all pairs of a publication.
pub type ContentDigest = [u8; 32];

const PAIR_CONTEXT: &str = "silhouette.dev v1 pair";
const PUBLICATION_CONTEXT: &str = "silhouette.dev v1 publication";

/// The digest of one pair.
#[must_use]
pub fn pair_digest(key: &[u8], value: &[u8]) -> PairDigest {
    let mut hasher = blake3::Hasher::new_derive_key(PAIR_CONTEXT);
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    *hasher.finalize().as_bytes()
}

/// The digest of a publication from the digests of its pairs, which are put in order in place.
#[must_use]
pub fn content_digest(pairs: &mut [PairDigest]) -> ContentDigest {
    pairs.sort_unstable();
    let mut hasher = blake3::Hasher::new_derive_key(PUBLICATION_CONTEXT);
    for pair in pairs.iter() {
        hasher.update(pair);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_pairs_does_not_matter() {
        let (a, b) = (pair_digest(b"a", b"1"), pair_digest(b"b", b"2"));
        assert_eq!(content_digest(&mut [a, b]), content_digest(&mut [b, a]));
    }

    #[test]
    fn the_border_between_key_and_value_matters() {
        assert_ne!(pair_digest(b"ab", b"c"), pair_digest(b"a", b"bc"));
    }
}
