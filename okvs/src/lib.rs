//! An oblivious key-value store whose decoding is linear: RB-OKVS (Bienstock, Patel, Seo, Yeo, "Near-Optimal Oblivious
//! Key-Value Stores for Efficient PSI, PSU and Volume-Hiding Multi-Maps", USENIX Security 2023) over `Z_256`.
//!
//! Pairs become a table of byte rows. A key names a *band*: `w` neighbouring rows and a 0/1 coefficient for each; the
//! selected rows add up, byte by byte modulo 256, to the key's masked value. So a lookup is a linear combination,
//! which a private retrieval can compute under encryption.
//!
//! What it hides: to someone who cannot guess a key, the encoding is indistinguishable from random bytes of its
//! public shape. It does **not** hide guessable keys: whoever holds the encoding and the hash seed can test a guess
//! and read its value.
//!
//! # Invariants
//! - The shape is a function of a public capacity, never of the number of pairs: every shard is filled with dummies.
//! - An encoding is a deterministic function of the set of pairs, the shape and the two seeds. It depends neither on
//!   the order of the pairs nor on the number of threads, and uses integer arithmetic only.
//! - A published key opens to its value, always. A key that was never published opens with probability `2^-64`.
//! - An attempt to encode fails with probability at most `2^-40` ([`FAILURE_BITS`]), shards and causes counted.
//! - Nothing derived from the [`CellSeed`] is recoverable from the encoding, and buffers that held values are wiped.
//!
//! # Example
//! ```
//! use std::num::NonZeroUsize;
//! use silhouette_okvs::{CellSeed, HashSeed, Shape, ValueLayout, encode, public_capacity};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pairs = [("level-17", 3.0_f64.to_le_bytes()), ("level-18", 2.5_f64.to_le_bytes())];
//! let capacity = public_capacity(pairs.len() as u64, None)?;
//! let shape = Shape::plan(capacity, 1, ValueLayout::Fixed { bytes: 8 })?;
//!
//! // Both seeds come from the operating system's randomness; only the first is ever published.
//! let hash_seed = HashSeed::from_bytes([1; 32]);
//! let cell_seed = CellSeed::from_bytes([2; 32]);
//! let encoding = encode(&pairs, &shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, |_| true)?;
//!
//! assert_eq!(encoding.get(b"level-17"), Some(3.0_f64.to_le_bytes().to_vec()));
//! assert_eq!(encoding.get(b"level-99"), None);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod attempt;
mod capacity;
mod digest;
mod encode;
mod encoding;
mod failure;
mod format;
mod layout;
#[cfg(test)]
mod obliviousness;
mod probe;
mod seed;
mod shape;
mod solve;
mod split;
mod stream;
mod system;

pub use capacity::{MAX_CAPACITY, MIN_CAPACITY, public_capacity};
pub use encode::{EncodeError, MAX_ATTEMPTS, encode};
pub use encoding::Encoding;
pub use failure::FAILURE_BITS;
pub use format::FormatError;
pub use layout::{MAX_VALUE_BYTES, TAG_BYTES, ValueLayout};
pub use probe::{Parameters, Probe};
pub use seed::{CellSeed, HashSeed, SEED_BYTES};
pub use shape::{MIN_PAIRS_PER_SHARD, Shape, ShapeError};
