//! Forward elimination, column by column.

use super::arena::Arena;
use super::z256::{inverse, subtract_multiple};
use super::{FreeCells, Singular, System};

/// An equation that has not found its pivot yet.
struct ActiveRow {
    start: usize,
    /// Its slot's offset in the arena's active buffer.
    slot: usize,
}

/// Eliminates all equations of `system`: fills the arena's pivots and the unknowns of free columns.
pub(crate) fn sweep(
    system: &mut impl System,
    free_cells: &mut impl FreeCells,
    arena: &mut Arena,
) -> Result<(), Singular> {
    let dimensions = arena.dimensions;
    let slots = 0..dimensions.band;
    let mut free_slots: Vec<usize> = slots.rev().map(|slot| slot * dimensions.active_stride()).collect();
    let mut active: Vec<ActiveRow> = Vec::with_capacity(dimensions.band);
    let mut next = 0;
    arena.pivot_columns.clear();

    for column in 0..dimensions.rows {
        while next < system.len() && system.start(next) as usize == column {
            let slot = free_slots.pop().ok_or(Singular)?;
            activate(system, next, slot, arena);
            active.push(ActiveRow { start: column, slot });
            next += 1;
        }
        // Rows are active in the order of their starts, so the first odd one is the earliest.
        let odd = active.iter().position(|row| arena.active[row.slot + column - row.start] & 1 == 1);
        if let Some(index) = odd {
            let pivot = active.remove(index);
            eliminate(column, &pivot, &active, arena);
            free_slots.push(pivot.slot);
        } else {
            assign(column, free_cells, &active, arena);
        }
        if active.first().is_some_and(|row| row.start + dimensions.band == column + 1) {
            return Err(Singular);
        }
    }
    Ok(())
}

/// Writes an equation into its slot.
fn activate(system: &mut impl System, index: usize, slot: usize, arena: &mut Arena) {
    let dimensions = arena.dimensions;
    let slot = &mut arena.active[slot..slot + dimensions.active_stride()];
    slot.fill(0);
    let (coefficients, row) = slot.split_at_mut(dimensions.active_coefficients());
    system.write(index, &mut coefficients[..dimensions.band], &mut row[..dimensions.row_bytes]);
}

/// Stores `pivot` and clears `column` of the `others`.
fn eliminate(column: usize, pivot: &ActiveRow, others: &[ActiveRow], arena: &mut Arena) {
    let dimensions = arena.dimensions;
    let (band_stride, coefficients) = (dimensions.band_stride(), dimensions.active_coefficients());
    let slot = &arena.active[pivot.slot..pivot.slot + dimensions.active_stride()];
    let offset = arena.pivot_columns.len() * dimensions.pivot_stride();
    let stored = &mut arena.pivots[offset..offset + dimensions.pivot_stride()];
    let (stored_band, stored_row) = stored.split_at_mut(band_stride);
    stored_band.copy_from_slice(&slot[column - pivot.start..][..band_stride]);
    stored_row.copy_from_slice(&slot[coefficients..]);
    arena.pivot_columns.push(column as u32);

    let inverse = inverse(stored_band[0]);
    for other in others {
        let slot = &mut arena.active[other.slot..other.slot + dimensions.active_stride()];
        let (band, row) = slot.split_at_mut(coefficients);
        let band = &mut band[column - other.start..][..band_stride];
        let factor = band[0].wrapping_mul(inverse);
        if factor != 0 {
            subtract_multiple(band, stored_band, factor);
            subtract_multiple(row, stored_row, factor);
        }
    }
}

/// Draws the cells of a free `column` and moves their contribution to the right-hand sides of the `others`.
///
/// Drawn at once and folded in, so that no entry remains to the left of the sweep.
fn assign(column: usize, free_cells: &mut impl FreeCells, others: &[ActiveRow], arena: &mut Arena) {
    let dimensions = arena.dimensions;
    let unknown = &mut arena.unknowns[column * dimensions.row_stride()..][..dimensions.row_stride()];
    let (cells, padding) = unknown.split_at_mut(dimensions.row_bytes);
    free_cells.fill(column as u32, cells);
    padding.fill(0);
    for other in others {
        let slot = &mut arena.active[other.slot..other.slot + dimensions.active_stride()];
        let (band, row) = slot.split_at_mut(dimensions.active_coefficients());
        let entry = std::mem::take(&mut band[column - other.start]);
        if entry != 0 {
            subtract_multiple(row, unknown, entry);
        }
    }
}
