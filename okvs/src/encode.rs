//! Encoding a round: attempts, shards and threads.

use std::num::NonZeroUsize;

use thiserror::Error;

use crate::attempt::{Attempt, Failure};
use crate::encoding::Encoding;
use crate::layout::ValueLayout;
use crate::probe::Parameters;
use crate::seed::{CellSeed, HashSeed};
use crate::shape::Shape;
use crate::solve::FreeCells;
use crate::system::SecretCells;

/// Attempts before encoding gives up; each fails with probability at most `2^-40` unless `accept` refuses it.
pub const MAX_ATTEMPTS: u8 = 16;

/// Why a round could not be encoded. Pairs are named by their index: no key is ever printed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Two pairs have the same key (or, never in practice, the same 128-bit digest).
    #[error("pairs {first} and {second} have the same key")]
    DuplicateKey {
        /// Index of the earlier pair.
        first: usize,
        /// Index of the later pair.
        second: usize,
    },
    /// More pairs than the shape's capacity.
    #[error("{pairs} pairs exceed the capacity of {capacity}")]
    TooManyPairs {
        /// Pairs given.
        pairs: usize,
        /// Capacity of the shape.
        capacity: u64,
    },
    /// A value is longer than the variable layout allows.
    #[error("value of pair {pair} has {found} bytes, more than {maximum}")]
    ValueTooLong {
        /// Index of the pair.
        pair: usize,
        /// Length of its value in bytes.
        found: usize,
        /// Greatest length allowed.
        maximum: u32,
    },
    /// A value has not the length that the fixed layout asks for.
    #[error("value of pair {pair} has {found} bytes instead of {expected}")]
    ValueLength {
        /// Index of the pair.
        pair: usize,
        /// Length of its value in bytes.
        found: usize,
        /// Length that every value must have.
        expected: u32,
    },
    /// The shape does not fit this machine's address space.
    #[error("an encoding of {bytes} bytes cannot be addressed")]
    TooLarge {
        /// Bytes of the encoding's cells.
        bytes: u64,
    },
    /// No attempt succeeded.
    #[error(
        "all attempts failed: {overflowing} overflowed a shard, {singular} had a singular band matrix, \
         {refused} were refused by the caller"
    )]
    AttemptsExhausted {
        /// Attempts in which a shard received more pairs than it holds.
        overflowing: u8,
        /// Attempts in which some shard's band matrix lacked full rank.
        singular: u8,
        /// Attempts that `accept` refused.
        refused: u8,
    },
}

/// Encodes `pairs` (key, value) into the given shape, on up to `threads` threads, one shard each.
///
/// `accept` judges each finished attempt; refusing one has the next tried. The retrieval refuses encodings whose
/// columns would be too noisy.
///
/// The result is a function of the set of pairs, the shape and the seeds alone. The time it takes, and the memory it
/// touches, do depend on the pairs: encode where nobody else can watch.
///
/// # Errors
/// [`EncodeError`] names what is wrong with the input by index, or counts the failed attempts.
pub fn encode<K, V>(
    pairs: &[(K, V)],
    shape: &Shape,
    hash_seed: &HashSeed,
    cell_seed: &CellSeed,
    threads: NonZeroUsize,
    accept: impl FnMut(&Encoding) -> bool,
) -> Result<Encoding, EncodeError>
where
    K: AsRef<[u8]> + Sync,
    V: AsRef<[u8]> + Sync,
{
    check(pairs, shape)?;
    let free_cells = |parameters: &Parameters, shard| SecretCells::new(parameters, shard, cell_seed);
    encode_with(pairs, shape, hash_seed, cell_seed, threads, free_cells, accept)
}

/// [`encode`] with a chosen source of free cells.
pub(crate) fn encode_with<K, V, F>(
    pairs: &[(K, V)],
    shape: &Shape,
    hash_seed: &HashSeed,
    cell_seed: &CellSeed,
    threads: NonZeroUsize,
    free_cells: impl Fn(&Parameters, u32) -> F + Sync,
    mut accept: impl FnMut(&Encoding) -> bool,
) -> Result<Encoding, EncodeError>
where
    K: AsRef<[u8]> + Sync,
    V: AsRef<[u8]> + Sync,
    F: FreeCells,
{
    let (mut overflowing, mut singular, mut refused) = (0, 0, 0);
    for number in 0..MAX_ATTEMPTS {
        let parameters = Parameters::of_attempt(*shape, *hash_seed, number);
        let attempt = Attempt { pairs, parameters: &parameters, cell_seed, threads };
        match attempt.run(|shard| free_cells(&parameters, shard)) {
            Ok(cells) => {
                let encoding = Encoding::new(parameters, cells);
                if accept(&encoding) {
                    return Ok(encoding);
                }
                refused += 1;
            }
            Err(Failure::DuplicateKey { first, second }) => {
                return Err(EncodeError::DuplicateKey { first: first as usize, second: second as usize });
            }
            Err(Failure::Overflow) => overflowing += 1,
            Err(Failure::Singular) => singular += 1,
        }
    }
    Err(EncodeError::AttemptsExhausted { overflowing, singular, refused })
}

/// Checks the number of pairs, the lengths of values and the machine's address space.
fn check<K, V: AsRef<[u8]>>(pairs: &[(K, V)], shape: &Shape) -> Result<(), EncodeError> {
    let (capacity, bytes) = (shape.capacity(), shape.cell_bytes());
    if pairs.len() as u64 > capacity {
        return Err(EncodeError::TooManyPairs { pairs: pairs.len(), capacity });
    }
    if usize::try_from(bytes).is_err() {
        return Err(EncodeError::TooLarge { bytes });
    }
    let values = shape.values();
    match pairs.iter().position(|(_, value)| !values.admits(value.as_ref().len())) {
        None => Ok(()),
        Some(pair) => {
            let found = pairs[pair].1.as_ref().len();
            Err(match values {
                ValueLayout::Fixed { bytes } => EncodeError::ValueLength { pair, found, expected: bytes },
                ValueLayout::Variable { max_bytes } => EncodeError::ValueTooLong { pair, found, maximum: max_bytes },
            })
        }
    }
}
