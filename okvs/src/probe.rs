//! Where a key lies and how its row opens: all that a lookup needs, computed from public parameters.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::MAX_ATTEMPTS;
use crate::digest::{AttemptKeys, Digest};
use crate::layout::ValueLayout;
use crate::seed::HashSeed;
use crate::shape::{Shape, ShapeError};

/// Everything public that is needed to locate and open a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    shape: Shape,
    hash_seed: HashSeed,
    attempt: u8,
    keys: AttemptKeys,
}

impl Parameters {
    /// Parameters of the encoding of this shape, seed and successful attempt.
    ///
    /// # Errors
    /// [`ShapeError::Attempt`] unless `attempt` is below [`MAX_ATTEMPTS`].
    pub fn new(shape: Shape, hash_seed: HashSeed, attempt: u8) -> Result<Self, ShapeError> {
        if attempt >= MAX_ATTEMPTS {
            return Err(ShapeError::Attempt { attempt });
        }
        Ok(Self::of_attempt(shape, hash_seed, attempt))
    }

    /// Parameters of an attempt that is known to be below the maximum.
    pub(crate) fn of_attempt(shape: Shape, hash_seed: HashSeed, attempt: u8) -> Self {
        Self { shape, hash_seed, attempt, keys: AttemptKeys::derive(&hash_seed, attempt) }
    }

    /// The encoding's dimensions.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The public seed.
    pub const fn hash_seed(&self) -> &HashSeed {
        &self.hash_seed
    }

    /// Which attempt succeeded, counted from 0; the hash depends on it.
    pub const fn attempt(&self) -> u8 {
        self.attempt
    }

    pub(crate) const fn keys(&self) -> &AttemptKeys {
        &self.keys
    }

    /// Number of places where a band may start: from 0 to rows minus band width, both included.
    pub(crate) const fn starts(&self) -> u32 {
        self.shape.rows_per_shard() - self.shape.band_width() + 1
    }

    /// Computes where `key` lies. Takes the same time for all keys of a length.
    pub fn probe(&self, key: &[u8]) -> Probe {
        self.probe_digest(self.keys.hasher().digest(key))
    }

    pub(crate) fn probe_digest(&self, digest: Digest) -> Probe {
        let values = self.shape.values();
        let expansion = Expansion::of(self.shape.band_width());
        let mut expanded = vec![0; expansion.coefficient_bytes + values.row_bytes() as usize];
        self.keys.hasher().expand(digest, &mut expanded);
        let (coefficients, mask) = expanded.split_at_mut(expansion.coefficient_bytes);
        expansion.finish(coefficients);
        let words = coefficients.as_chunks().0.iter();
        let probe = Probe {
            shard: digest.shard(self.shape.shards()),
            start: digest.start(self.starts()),
            coefficients: words.map(|word| u64::from_le_bytes(*word)).collect(),
            mask: mask.to_vec(),
            values,
        };
        expanded.zeroize();
        probe
    }
}

/// How the coefficients lie at the front of a digest's expansion: one bit a column of the band, in whole words.
#[derive(Clone, Copy)]
pub(crate) struct Expansion {
    pub(crate) coefficient_bytes: usize,
    last_word: u64,
}

impl Expansion {
    const WORD_BYTES: usize = size_of::<u64>();

    pub(crate) const fn of(band_width: u32) -> Self {
        let words = band_width.div_ceil(u64::BITS);
        let unused = words * u64::BITS - band_width;
        Self { coefficient_bytes: words as usize * Self::WORD_BYTES, last_word: u64::MAX >> unused }
    }

    /// Turns pseudorandom bytes into a band's coefficients: the first is one, those beyond the band are zero.
    ///
    /// A random first coefficient would narrow half of all bands: measured over 1,024 pairs, bands of 30 to 60 columns
    /// then fail `2^0.15` times as often as the formula says that plans them. With a one they fail no more often.
    pub(crate) fn finish(self, coefficients: &mut [u8]) {
        coefficients[0] |= 1;
        if let Some(last) = coefficients.last_chunk_mut() {
            *last = (u64::from_le_bytes(*last) & self.last_word).to_le_bytes();
        }
    }
}

/// One key's place in the encoding: which rows add up to its own, and what removes the mask.
///
/// It tells which key is looked up: secret, wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Probe {
    shard: u32,
    start: u32,
    coefficients: Vec<u64>,
    mask: Vec<u8>,
    #[zeroize(skip)]
    values: ValueLayout,
}

impl Probe {
    /// The shard that would hold the key.
    pub const fn shard(&self) -> u32 {
        self.shard
    }

    /// First row of the key's band within its shard; the band never reaches past the shard's end.
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// The band's coefficients as a set of bits: bit `j % 64` of word `j / 64` is the coefficient of row
    /// `start + j`. Bit 0 is one; bits at and beyond the band width are zero.
    pub fn coefficients(&self) -> &[u64] {
        &self.coefficients
    }

    /// Opens the sum modulo 256 of the band's rows. `None` means that the key was never published, or that `row` has
    /// the wrong length.
    pub fn open(&self, row: &[u8]) -> Option<Vec<u8>> {
        self.values.open(row, &self.mask)
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Probe(redacted)")
    }
}
