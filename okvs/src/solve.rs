//! The solver of one shard: a banded linear system over `Z_256`.
//!
//! Unknowns are the shard's rows of cells; each equation says that the unknowns in one key's band, times its
//! coefficients, add up to the key's masked row. `sweep` eliminates column by column (not row by row: that would
//! leave even non-zero entries outside of the band), `back` substitutes backwards.
//!
//! ```text
//! columns ->      c
//! active rows  [. 1 0 1 1 ]            pivot: the earliest row with an odd entry in column c;
//!              [. 4 3 0 2 1 ]          multiples of it clear column c of all others.
//!                [0 7 1 1 0 1 ]        No odd entry: column c is free, its cells are drawn at once.
//! ```
//!
//! The support of every active row lies in `c..c + w`, because all of them start at or before `c` and pivots reach no
//! further than the latest start's end. Three bounds follow: a row's buffer is `2w - 1` coefficients from its own start;
//! a pivoted row is `w` coefficients from its pivot; and more than `w` active rows cannot be independent.

mod arena;
mod back;
#[cfg(test)]
mod reference;
mod sweep;
mod z256;

pub(crate) use arena::{Arena, Dimensions};

/// One shard's equations, in the order of their band starts.
pub(crate) trait System {
    /// Number of equations.
    fn len(&self) -> usize;

    /// First column of the band of equation `index`; ascending in `index`, at most rows minus band width.
    fn start(&self, index: usize) -> u32;

    /// Writes equation `index`: its coefficients, one byte (0 or 1) a column from its start, into `coefficients` (as
    /// long as the band, all zero before) and its right-hand side into `row`.
    fn write(&mut self, index: usize, coefficients: &mut [u8], row: &mut [u8]);
}

/// Where the cells of free columns come from.
pub(crate) trait FreeCells {
    /// Fills `row` with the cells of free column `column`.
    fn fill(&mut self, column: u32, row: &mut [u8]);
}

/// The band matrix lacks full rank modulo 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Singular;

/// Solves `system` and writes all rows of the shard to `cells`.
pub(crate) fn solve(
    system: &mut impl System,
    free_cells: &mut impl FreeCells,
    arena: &mut Arena,
    cells: &mut [u8],
) -> Result<(), Singular> {
    sweep::sweep(system, free_cells, arena)?;
    back::substitute(arena);
    let row_bytes = arena.dimensions.row_bytes;
    let unknowns = arena.unknowns.chunks_exact(arena.dimensions.row_stride());
    for (row, unknown) in cells.chunks_exact_mut(row_bytes).zip(unknowns) {
        row.copy_from_slice(&unknown[..row_bytes]);
    }
    Ok(())
}
