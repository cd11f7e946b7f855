//! What a client must keep to itself: the seed of a query and the secret that follows from it.
//!
//! One secret encrypts one message. Both types are consumed by what they are used for and wiped; neither is `Clone`.

use blake3::Hasher;
use silhouette_okvs::SEED_BYTES;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::gaussian::RoundedGaussian;
use crate::lwe::{DIMENSION, Sigma};

const CONTEXT: &str = "silhouette-pir v1 query";

/// 32 uniform bytes that one query is made of.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct QuerySeed([u8; SEED_BYTES]);

impl QuerySeed {
    /// From the operating system's randomness.
    pub(crate) fn draw() -> Result<Self, getrandom::Error> {
        let mut seed = Self([0; SEED_BYTES]);
        getrandom::fill(&mut seed.0)?;
        Ok(seed)
    }

    /// A seed that tests know.
    #[cfg(test)]
    pub(crate) const fn known(bytes: [u8; SEED_BYTES]) -> Self {
        Self(bytes)
    }

    /// The secret, and an error for each of `rows` rows.
    pub(crate) fn expand(self, sigma: Sigma, rows: usize) -> (Secret, Zeroizing<Vec<i32>>) {
        let mut hasher = Hasher::new_derive_key(CONTEXT);
        hasher.update(&self.0);
        let mut reader = hasher.finalize_xof();
        hasher.zeroize();
        let gaussian = RoundedGaussian::new(sigma);
        let mut uniform = Zeroizing::new([0; SAMPLES_AT_ONCE * size_of::<u64>()]);
        let mut samples = Zeroizing::new(Vec::with_capacity((DIMENSION + rows).next_multiple_of(SAMPLES_AT_ONCE)));
        while samples.len() < DIMENSION + rows {
            reader.fill(&mut *uniform);
            samples.extend(uniform.as_chunks().0.iter().map(|bits| gaussian.sample(u64::from_le_bytes(*bits))));
        }
        reader.zeroize();
        let secret = Secret(Zeroizing::new(samples[..DIMENSION].to_vec()));
        samples.drain(..DIMENSION);
        samples.truncate(rows);
        (secret, samples)
    }
}

/// Samples made of one piece of the expansion.
const SAMPLES_AT_ONCE: usize = 512;

/// The LWE secret of one query: 1,024 small coefficients.
pub(crate) struct Secret(Zeroizing<Vec<i32>>);

impl Secret {
    /// The coefficients.
    pub(crate) fn coefficients(&self) -> &[i32] {
        &self.0
    }

    /// The inner product modulo `2^32` with a column of the hint.
    pub(crate) fn inner_product(&self, hint: &[u32]) -> u32 {
        let products = self.0.iter().zip(hint).map(|(secret, word)| secret.cast_unsigned().wrapping_mul(*word));
        products.fold(0, u32::wrapping_add)
    }
}
