//! The working memory of one thread, reused from shard to shard: touching fresh memory costs more than solving.

use zeroize::Zeroize;

use super::z256::LANES;
use crate::shape::Shape;

/// The lengths that the solver works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dimensions {
    pub(crate) equations: usize,
    pub(crate) rows: usize,
    pub(crate) band: usize,
    pub(crate) row_bytes: usize,
}

impl Dimensions {
    pub(crate) const fn of(shape: &Shape) -> Self {
        Self {
            equations: shape.shard_capacity() as usize,
            rows: shape.rows_per_shard() as usize,
            band: shape.band_width() as usize,
            row_bytes: shape.row_bytes() as usize,
        }
    }

    /// A row's right-hand side or an unknown, padded with zeros to whole lanes.
    pub(crate) const fn row_stride(&self) -> usize {
        self.row_bytes.next_multiple_of(LANES)
    }

    /// A band of coefficients, padded with zeros to whole lanes.
    pub(crate) const fn band_stride(&self) -> usize {
        self.band.next_multiple_of(LANES)
    }

    /// Coefficients of an active row, from its start: it is eliminated at the latest at its band's last column, then
    /// still a whole (padded) band wide.
    pub(crate) const fn active_coefficients(&self) -> usize {
        self.band - 1 + self.band_stride()
    }

    /// An active row: coefficients, then right-hand side.
    pub(crate) const fn active_stride(&self) -> usize {
        self.active_coefficients() + self.row_stride()
    }

    /// A pivoted row: coefficients from its pivot, then right-hand side.
    pub(crate) const fn pivot_stride(&self) -> usize {
        self.band_stride() + self.row_stride()
    }

    /// Memory of one thread in bytes: its arena, and the entries of the shard it works on.
    pub(crate) const fn arena_bytes(&self) -> u64 {
        const ENTRY_BYTES: usize = 32;
        const PIVOT_COLUMN_BYTES: usize = 4;
        let equation = self.pivot_stride() + PIVOT_COLUMN_BYTES + ENTRY_BYTES;
        (self.equations * equation + self.band * self.active_stride() + self.rows * self.row_stride()) as u64
    }
}

/// Buffers for one shard at a time. They hold masked values, which a guessed key opens: wiped when dropped.
pub(crate) struct Arena {
    pub(crate) dimensions: Dimensions,
    /// Slots of active rows; no more rows than the band is wide can be active in a solvable system.
    pub(crate) active: Vec<u8>,
    /// Pivoted rows in the order of their columns.
    pub(crate) pivots: Vec<u8>,
    /// Columns of the pivots, ascending.
    pub(crate) pivot_columns: Vec<u32>,
    /// The unknowns by column: free ones once the sweep is done, all of them after substitution.
    pub(crate) unknowns: Vec<u8>,
}

impl Arena {
    pub(crate) fn new(dimensions: Dimensions) -> Self {
        Self {
            dimensions,
            active: vec![0; dimensions.band * dimensions.active_stride()],
            pivots: vec![0; dimensions.equations * dimensions.pivot_stride()],
            pivot_columns: Vec::with_capacity(dimensions.equations),
            unknowns: vec![0; dimensions.rows * dimensions.row_stride()],
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.active.zeroize();
        self.pivots.zeroize();
        self.unknowns.zeroize();
    }
}
