//! The negacyclic ring `Z[x] / (x^1024 + 1)`, computed exactly and then reduced modulo `2^32`.
//!
//! A product of polynomials becomes 1,024 products of numbers in a number-theoretic transform modulo one 64-bit prime,
//! with integer arithmetic alone. The result is exact while it is less than half the prime in magnitude:
//!
//! - hint: a sum over the shard's `R` rows of `i8 x i32`, at most `R 2^7 2^31`: exact up to `R = 2^25`;
//! - query: 1,024 terms of `i32 x secret`, at most `2^10 2^31 2^9 = 2^50`.
//!
//! Shards have at most `1.1 x 2^24 < 2^25` rows.

mod field;
mod transform;

pub(crate) use transform::Spectrum;

#[cfg(test)]
mod tests;
