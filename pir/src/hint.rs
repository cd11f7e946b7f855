//! The hint: what a client needs once to read any number of answers.
//!
//! It is the public matrix times the database, 1,024 words a column, so that `<hint column, secret>` is the part of an
//! answer that hides it. It depends on nothing but the encoding: a node that lost it computes it again.

use std::fmt;
use std::num::NonZeroUsize;
use std::thread;

use blake3::Hasher;
use thiserror::Error;

use crate::database::Database;
use crate::lwe::DIMENSION;
use crate::matrix::PublicMatrix;
use crate::pack::{PackError, pack, round, unpack, widen};
use crate::plan::Plan;
use crate::ring::Spectrum;

const DIGEST_CONTEXT: &str = "silhouette-pir v1 hint file";

/// Why bytes are not a hint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HintError {
    /// Fewer or more bytes than the plan says.
    #[error("hint of {found} bytes where {expected} are expected")]
    Length {
        /// Bytes that a hint of this plan has.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
}

/// The hint of a round.
#[derive(Clone, PartialEq, Eq)]
pub struct Hint {
    /// Rounded words, widened again, column by column.
    words: Vec<u32>,
    bits: u32,
}

impl Hint {
    pub(crate) fn compute(database: &Database, threads: NonZeroUsize) -> Self {
        let plan = database.plan();
        let bits = plan.lwe().hint_bits();
        let blocks = PublicMatrix::expand(database.hash_seed(), plan.rows()).adjoint_spectra();
        let mut words = vec![0; plan.columns() * DIMENSION];
        let columns_each = plan.columns().div_ceil(threads.get());
        thread::scope(|scope| {
            for (run, words) in words.chunks_mut(columns_each * DIMENSION).enumerate() {
                let (first, blocks) = (run * columns_each, &blocks);
                scope.spawn(move || compute_columns(database, blocks, first, bits, words));
            }
        });
        Self { words, bits }
    }

    /// Reads a hint of this plan.
    ///
    /// # Errors
    /// [`HintError::Length`] if it has another length. That it is the right one is not checked: compare its
    /// [digest](hint_digest) with the announced one.
    pub fn from_bytes(plan: &Plan, bytes: &[u8]) -> Result<Self, HintError> {
        let bits = plan.lwe().hint_bits();
        let wrong_length = HintError::Length { expected: plan.hint_bytes(), found: bytes.len() as u64 };
        let words = unpack(bytes, plan.columns() * DIMENSION, bits).map_err(|error| match error {
            // A column is a whole number of bytes, so there is no place for stray bits.
            PackError::Length | PackError::StrayBits => wrong_length,
        })?;
        Ok(Self { words, bits })
    }

    /// The bytes that [`Hint::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(&self.words, self.bits)
    }

    /// The words of each column.
    pub(crate) fn columns(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.words.chunks_exact(DIMENSION)
    }

    /// Whether it has this plan's dimensions.
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        self.bits == plan.lwe().hint_bits() && self.columns().len() == plan.columns()
    }
}

/// Computes the columns from `first` on, as many as `words` has room for.
fn compute_columns(database: &Database, blocks: &[Spectrum], first: usize, bits: u32, words: &mut [u32]) {
    let mut digits = Spectrum::zero();
    for (column, words) in (first..).zip(words.chunks_exact_mut(DIMENSION)) {
        let (rows, within) = database.column(column);
        let mut sum = Spectrum::zero();
        for (block, rows) in blocks.iter().zip(rows.chunks(DIMENSION)) {
            digits.transform(rows.iter().map(|row| i32::from(row[within])));
            sum.add_product(&digits, block);
        }
        for (word, exact) in words.iter_mut().zip(sum.transform_back()) {
            *word = widen(round(exact, bits), bits);
        }
    }
}

/// BLAKE3 of a hint's bytes, domain-separated: what nodes compare and clients check.
pub fn hint_digest(bytes: &[u8]) -> [u8; 32] {
    *Hasher::new_derive_key(DIGEST_CONTEXT).update(bytes).finalize().as_bytes()
}

impl fmt::Debug for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hint").field("columns", &self.columns().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
