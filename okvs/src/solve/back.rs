//! Back-substitution: from the last pivot to the first, each unknown from those to its right.

use super::arena::Arena;
use super::z256::{LANES, inverse, weighted_sum};

/// Computes the unknowns of all pivot columns from the pivots and the free unknowns.
pub(crate) fn substitute(arena: &mut Arena) {
    let dimensions = arena.dimensions;
    let (band, row_stride) = (dimensions.band, dimensions.row_stride());
    let pivots = arena.pivots.chunks_exact(dimensions.pivot_stride());
    for (column, pivot) in arena.pivot_columns.iter().zip(pivots).rev() {
        let (coefficients, right_hand_side) = pivot.split_at(dimensions.band_stride());
        let inverse = inverse(coefficients[0]);
        let (unknown, later) = arena.unknowns[*column as usize * row_stride..].split_at_mut(row_stride);
        let lanes = unknown.as_chunks_mut::<LANES>().0.iter_mut().zip(right_hand_side.as_chunks::<LANES>().0);
        for (lane, (unknown, right_hand_side)) in lanes.enumerate() {
            let later = later.get(lane * LANES..).unwrap_or_default();
            let known = weighted_sum(&coefficients[1..band], later, row_stride);
            for ((cell, total), known) in unknown.iter_mut().zip(right_hand_side).zip(known) {
                *cell = total.wrapping_sub(known).wrapping_mul(inverse);
            }
        }
    }
}
