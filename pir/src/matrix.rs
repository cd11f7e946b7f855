//! The public matrix: polynomials expanded from the round's hash seed.
//!
//! Rows come in blocks of 1,024. The part of a query that hides it is, block by block, the product `a_i s` of the block's
//! polynomial with the secret (the negacyclic matrix of YPIR: Menon, Wu, USENIX Security 2024), cut off after the last
//! row. The server multiplies the other way round: since `<a_i s, d> = <s, a_i* d>` with `a*(x) = a(1/x)`, the hint of
//! a column is the sum of `a_i* d_i`.
//!
//! Block `i` is bytes `4,096 i` to `4,096 (i + 1)` of BLAKE3's extended output, in little-endian words.

use blake3::{Hasher, OutputReader};
use silhouette_okvs::HashSeed;

use crate::lwe::DIMENSION;
use crate::ring::Spectrum;

const CONTEXT: &str = "silhouette-pir v1 public matrix";
const BLOCK_BYTES: usize = DIMENSION * size_of::<i32>();

/// The matrix of a round.
pub(crate) struct PublicMatrix {
    reader: OutputReader,
    blocks: usize,
}

impl PublicMatrix {
    /// The matrix of `rows` rows that follows from this seed.
    pub(crate) fn expand(seed: &HashSeed, rows: usize) -> Self {
        let mut hasher = Hasher::new_derive_key(CONTEXT);
        hasher.update(seed.as_bytes());
        Self { reader: hasher.finalize_xof(), blocks: rows.div_ceil(DIMENSION) }
    }

    /// The polynomials `a_i`, block by block: words modulo `2^32`, taken as `i32`.
    pub(crate) fn polynomials(mut self) -> impl Iterator<Item = Vec<i32>> {
        let mut bytes = [0; BLOCK_BYTES];
        (0..self.blocks).map(move |_| {
            self.reader.fill(&mut bytes);
            bytes.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word)).collect()
        })
    }

    /// What a query multiplies its secret by.
    pub(crate) fn spectra(self) -> Vec<Spectrum> {
        self.polynomials().map(Spectrum::of).collect()
    }

    /// What the hint multiplies columns by.
    pub(crate) fn adjoint_spectra(self) -> Vec<Spectrum> {
        self.polynomials().map(|polynomial| Spectrum::of(adjoint(&polynomial))).collect()
    }
}

/// The coefficients of `a(1/x)`, where `1/x = -x^1023`.
fn adjoint(polynomial: &[i32]) -> impl Iterator<Item = i32> {
    let (constant, others) = polynomial.split_at(1);
    constant.iter().copied().chain(others.iter().rev().map(|coefficient| coefficient.wrapping_neg()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_block_have_their_own_polynomial() {
        let blocks =
            |seed: u8| PublicMatrix::expand(&HashSeed::from_bytes([seed; 32]), 2_049).polynomials().collect::<Vec<_>>();
        let (first, second) = (blocks(1), blocks(2));
        assert_eq!((first.len(), first[0].len()), (3, DIMENSION));
        assert!(first[0] != first[1] && first[1] != first[2] && first[0] != second[0]);
        assert_eq!(first, blocks(1));
    }

    #[test]
    fn the_adjoint_moves_a_polynomial_across_an_inner_product() {
        let polynomial: Vec<i32> =
            (0..DIMENSION as i32).map(|i| i.wrapping_mul(0x9e37_79b9_u32.cast_signed())).collect();
        let secret: Vec<i32> = (0..DIMENSION as i32).map(|i| i % 97 - 48).collect();
        let column: Vec<i32> = (0..DIMENSION as i32).map(|i| i % 251 - 128).collect();
        let inner = |words: Vec<u32>, other: &[i32]| {
            words
                .iter()
                .zip(other)
                .fold(0_u32, |sum, (word, other)| sum.wrapping_add(word.wrapping_mul(other.cast_unsigned())))
        };
        let query = crate::reference::negacyclic_product(&polynomial, &secret);
        let hint = crate::reference::negacyclic_product(&adjoint(&polynomial).collect::<Vec<_>>(), &column);
        assert_eq!(inner(query, &column), inner(hint, &secret));
    }
}
