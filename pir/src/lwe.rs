//! The learning-with-errors instance: what is fixed, and what a round chooses.
//!
//! Regev's encryption over `q = 2^32` with the digits of a byte (`p = 256`), under the ring-LWE assumption over
//! `Z_(2^32)[x] / (x^1024 + 1)` with `ceil(rows / 1024)` samples a query. Secret and error are rounded Gaussians of the
//! same standard deviation. In the lattice estimator's MATZOV gate model the two choices give 144.0 bits (32) and 133.6
//! bits (16); in classical core-SVP about 119 and 108.

use thiserror::Error;

/// Coefficients of a secret, and of a polynomial of the public matrix (n).
pub(crate) const DIMENSION: usize = 1 << 10;

/// Bits of the ciphertext modulus: words wrap as `u32` does.
pub(crate) const MODULUS_BITS: u32 = 32;

/// Bits of a digit: a query adds bytes up modulo 256.
pub(crate) const DIGIT_BITS: u32 = 8;

/// Place of a digit within a word: it is scaled by `2^24` (Delta).
pub(crate) const DIGIT_SHIFT: u32 = MODULUS_BITS - DIGIT_BITS;

/// Standard deviation of secret and error, before they are rounded to integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sigma {
    /// 16: about 133.6 bits, for the longest shards.
    Sixteen,
    /// 32: about 144 bits, preferred.
    ThirtyTwo,
}

impl Sigma {
    /// All, the preferred one first.
    pub const ALL: [Self; 2] = [Self::ThirtyTwo, Self::Sixteen];

    /// The standard deviation.
    pub const fn value(self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }
}

/// Noise and word lengths of a round; public.
///
/// Words are sent rounded to their most significant bits. What rounding loses is noise like any other, and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LweParameters {
    sigma: Sigma,
    query_bits: u32,
    hint_bits: u32,
    answer_bits: u32,
}

/// Why there are no such parameters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LweParametersError {
    /// A word is shorter than a digit or longer than the modulus.
    #[error("{words} of {bits} bits are not between {DIGIT_BITS} and {MODULUS_BITS} bits long")]
    WordBits {
        /// Which words: those of queries, hints or answers.
        words: &'static str,
        /// The length asked for, in bits.
        bits: u32,
    },
}

impl LweParameters {
    /// Word lengths that cost little noise and save a fifth of a query, a third of a hint and half of an answer.
    pub(crate) const fn planned(sigma: Sigma) -> Self {
        Self { sigma, query_bits: 26, hint_bits: 21, answer_bits: 16 }
    }

    /// Parameters with words of these lengths in bits.
    ///
    /// # Errors
    /// [`LweParametersError::WordBits`] unless each length is between 8 and 32. Whether the noise stays below its bound
    /// depends on the shape too: see [`Plan::from_parts`](crate::Plan::from_parts).
    pub fn new(sigma: Sigma, query_bits: u32, hint_bits: u32, answer_bits: u32) -> Result<Self, LweParametersError> {
        for (words, bits) in [("query words", query_bits), ("hint words", hint_bits), ("answer words", answer_bits)] {
            if !(DIGIT_BITS..=MODULUS_BITS).contains(&bits) {
                return Err(LweParametersError::WordBits { words, bits });
            }
        }
        Ok(Self { sigma, query_bits, hint_bits, answer_bits })
    }

    /// Standard deviation of secret and error.
    pub const fn sigma(&self) -> Sigma {
        self.sigma
    }

    /// Bits of a word of a query.
    pub const fn query_bits(&self) -> u32 {
        self.query_bits
    }

    /// Bits of a word of the hint.
    pub const fn hint_bits(&self) -> u32 {
        self.hint_bits
    }

    /// Bits of a word of an answer.
    pub const fn answer_bits(&self) -> u32 {
        self.answer_bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_shorter_than_a_digit_or_longer_than_the_modulus_are_refused() {
        assert!(LweParameters::new(Sigma::Sixteen, 8, 32, 8).is_ok());
        for (query, hint, answer) in [(7, 21, 16), (26, 33, 16), (26, 21, 0)] {
            let refused = LweParameters::new(Sigma::Sixteen, query, hint, answer);
            assert!(matches!(refused, Err(LweParametersError::WordBits { .. })), "{refused:?}");
        }
    }
}
