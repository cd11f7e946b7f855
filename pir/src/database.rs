//! The server's matrix: the shards side by side, laid out for passes over all of it.
//!
//! Column `s L + b` is byte `b` of the rows of shard `s`, where rows have `L` bytes. A byte is read as `i8`, which is the
//! same modulo 256 and has less than a third of the sum of squares. Tiles of 64 columns lie one after another, each row by row: so
//! 64 running sums stay in registers or close by while a tile is read from front to back. The last tile is padded with
//! columns of zeros, which are never sent.

use std::fmt;
use std::num::NonZeroUsize;

use silhouette_okvs::{Encoding, HashSeed};

use crate::answer::{self, QueryError};
use crate::hint::Hint;
use crate::plan::{Plan, PlanError};

/// Columns of a tile.
pub(crate) const TILE_COLUMNS: usize = 64;

/// A round as a server answers queries from it.
pub struct Database {
    plan: Plan,
    hash_seed: HashSeed,
    cells: Vec<i8>,
}

impl Database {
    /// Lays out an encoding; costs [`Plan::matrix_bytes`] of memory.
    ///
    /// # Errors
    /// [`PlanError::OtherShape`] if the encoding was not made by this plan.
    pub fn new(plan: &Plan, encoding: &Encoding) -> Result<Self, PlanError> {
        let shape = encoding.parameters().shape();
        if shape != plan.shape() {
            return Err(PlanError::OtherShape);
        }
        let row_bytes = shape.row_bytes() as usize;
        let tile_cells = plan.rows() * TILE_COLUMNS;
        let mut cells = vec![0; plan.matrix_bytes() as usize];
        for shard in 0..shape.shards() {
            let first_column = shard as usize * row_bytes;
            for (row, bytes) in encoding.shard(shard).chunks_exact(row_bytes).enumerate() {
                let mut column = first_column;
                let mut rest = bytes;
                while !rest.is_empty() {
                    let within = column % TILE_COLUMNS;
                    let (run, others) = rest.split_at(rest.len().min(TILE_COLUMNS - within));
                    let start = column / TILE_COLUMNS * tile_cells + row * TILE_COLUMNS + within;
                    for (cell, byte) in cells[start..].iter_mut().zip(run) {
                        *cell = byte.cast_signed();
                    }
                    column += run.len();
                    rest = others;
                }
            }
        }
        Ok(Self { plan: *plan, hash_seed: *encoding.parameters().hash_seed(), cells })
    }

    /// The plan it was made by.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Computes the hint on up to `threads` threads; it does not depend on their number. Takes seconds for a million
    /// pairs.
    pub fn hint(&self, threads: NonZeroUsize) -> Hint {
        Hint::compute(self, threads)
    }

    /// Answers a query by one pass over the matrix. Its time depends on the plan alone.
    ///
    /// # Errors
    /// [`QueryError`] if the bytes are not a query of this plan.
    pub fn answer(&self, query: &[u8]) -> Result<Vec<u8>, QueryError> {
        answer::answer_many(self, &[query]).remove(0)
    }

    /// Answers some queries by one pass over the matrix, each with the bytes that [`Database::answer`] gives. A
    /// query in company takes about two thirds of the time of one alone. The time depends on the plan and their number
    /// alone.
    ///
    /// Each query is refused for itself, with the [`QueryError`] that [`Database::answer`] gives.
    pub fn answer_many(&self, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>> {
        answer::answer_many(self, queries)
    }

    /// The matrix as it lies in memory, padding included, in an order of this version's own: to be hashed again, so
    /// that a server notices if it has changed.
    pub fn cells(&self) -> &[i8] {
        &self.cells
    }

    pub(crate) const fn hash_seed(&self) -> &HashSeed {
        &self.hash_seed
    }

    /// The tiles, each as its rows.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = &[[i8; TILE_COLUMNS]]> {
        self.cells.as_chunks().0.chunks_exact(self.plan.rows())
    }

    /// The rows of the tile that holds `column`, and its place in them.
    pub(crate) fn column(&self, column: usize) -> (&[[i8; TILE_COLUMNS]], usize) {
        let rows = self.plan.rows();
        let tile = column / TILE_COLUMNS * rows;
        (&self.cells.as_chunks().0[tile..tile + rows], column % TILE_COLUMNS)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Database").field("plan", &self.plan).finish_non_exhaustive()
    }
}
