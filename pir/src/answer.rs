//! A server's work for a query: the product of the query with every column, modulo `2^32`.

use thiserror::Error;

use crate::database::{Database, TILE_COLUMNS};
use crate::pack::{PackError, pack, unpack};

/// Why bytes are not a query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Fewer or more bytes than the plan says.
    #[error("query of {found} bytes where {expected} are expected")]
    Length {
        /// Bytes that a query of this plan has.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
    /// Bits beyond the last word that are not zero.
    #[error("query has stray bits after its last word")]
    StrayBits,
}

pub(crate) fn answer(database: &Database, query: &[u8]) -> Result<Vec<u8>, QueryError> {
    let plan = database.plan();
    let words = unpack(query, plan.rows(), plan.lwe().query_bits()).map_err(|error| match error {
        PackError::Length => QueryError::Length { expected: plan.query_bytes(), found: query.len() as u64 },
        PackError::StrayBits => QueryError::StrayBits,
    })?;
    let mut sums: Vec<u32> = database.tiles().flat_map(|tile| multiply(&words, tile)).collect();
    sums.truncate(plan.columns());
    Ok(pack(&sums, plan.lwe().answer_bits()))
}

/// The products of a query with the columns of one tile.
fn multiply(query: &[u32], tile: &[[i8; TILE_COLUMNS]]) -> [u32; TILE_COLUMNS] {
    let mut sums = [0_u32; TILE_COLUMNS];
    for (word, row) in query.iter().zip(tile) {
        for (sum, digit) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(word.wrapping_mul(i32::from(*digit).cast_unsigned()));
        }
    }
    sums
}
