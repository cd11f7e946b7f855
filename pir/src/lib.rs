//! Single-server private information retrieval by keyword: a lookup in an [oblivious key-value store](silhouette_okvs)
//! that does not tell the server which key is looked up.
//!
//! Decoding a key is adding up the rows of its band. A client encrypts the 0/1 coefficients under a fresh secret
//! ([`Client::query`]), the server multiplies them with its whole matrix ([`Database::answer`]), and the client decrypts
//! the sum ([`PendingAnswer::open`]). A [`Hint`], computed and fetched once a round, carries what all answers share, as in
//! `SimplePIR` (Henzinger, Hong, Corrigan-Gibbs, Meiklejohn, Vaikuntanathan, USENIX Security 2023); the public matrix is
//! negacyclic, so that the hint takes seconds and not minutes.
//!
//! What it hides: which key is looked up, and whether it is there, under the ring-LWE assumption of [`LweParameters`] and
//! from a server that follows the protocol. A server sees how many queries there are, when, and from whom. A server that
//! corrupts answers and watches how the client reacts can learn about a bit a query.
//!
//! # Invariants
//! - A published key is read right but with probability at most `2^-40` a query ([`CORRECTNESS_BITS`]); a [`Plan`] that
//!   would not keep this cannot be made. A key that was never published reads as absent.
//! - Number and length of messages are functions of the plan, and the planner's choice is one of the plan and a padded
//!   count ([`padded_lookups`], [`choose_method`]).
//! - A plan, a hint and an answer are computed with integers alone: all machines agree on every byte.
//! - A secret is used for one query and wiped. Nothing branches on it, or on the key, or addresses memory by it, until the
//!   row's tag says whether the key is there.
//!
//! # Example
//! ```
//! use std::num::NonZeroUsize;
//! use silhouette_pir::okvs::{CellSeed, HashSeed, ValueLayout, encode, public_capacity};
//! use silhouette_pir::{Client, Database, Hint, Plan};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pairs = [("level-17", 3.0_f64.to_le_bytes()), ("level-18", 2.5_f64.to_le_bytes())];
//! let capacity = public_capacity(pairs.len() as u64, None)?;
//! let plan = Plan::new(capacity, ValueLayout::Fixed { bytes: 8 }, 6)?;
//!
//! // The server encodes, lays out the matrix and computes the hint.
//! let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
//! let accept = |encoding: &_| plan.accepts(encoding);
//! let encoding = encode(&pairs, plan.shape(), &hash_seed, &cell_seed, NonZeroUsize::MIN, accept)?;
//! let database = Database::new(&plan, &encoding)?;
//! let hint = database.hint(NonZeroUsize::MIN).to_bytes();
//!
//! // The client knows plan and parameters, and has fetched the hint.
//! let client = Client::new(plan, *encoding.parameters(), Hint::from_bytes(&plan, &hint)?)?;
//! for (key, value) in [("level-17", Some(3.0_f64.to_le_bytes().to_vec())), ("level-99", None)] {
//!     let (query, pending) = client.query(key.as_bytes())?;
//!     let answer = database.answer(&query)?;
//!     assert_eq!(pending.open(&answer)?, value);
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod answer;
mod band;
mod client;
mod database;
mod gaussian;
mod hint;
mod kernel;
mod lwe;
mod matrix;
mod noise;
mod pack;
mod plan;
mod planner;
#[cfg(test)]
mod reference;
mod ring;
mod secret;

pub use silhouette_okvs as okvs;

pub use answer::QueryError;
pub use client::{AnswerError, Client, ClientError, PendingAnswer};
pub use database::Database;
pub use hint::{Hint, HintError, hint_digest};
pub use lwe::{LweParameters, LweParametersError, Sigma};
pub use noise::CORRECTNESS_BITS;
pub use plan::{MAX_QUERY_BYTES, Plan, PlanError};
pub use planner::{Method, choose_method, padded_lookups};
