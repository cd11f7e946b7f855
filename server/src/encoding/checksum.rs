//! What a round was when it was loaded, so that it can be looked at again later, piece by piece.
//!
//! Encoding and hint are compared with the digests that members agreed on when they are loaded. These digests are taken
//! over the whole at once; checksums are plain BLAKE3, which takes any piece after the other. The matrix that answers
//! queries has no agreed digest: it is what follows from the encoding at that moment.

use std::ops::Range;

use blake3::Hasher;
use silhouette_pir::Database;

/// Checksums of a round's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksums {
    /// Of the encoding's bytes.
    pub(super) encoding: blake3::Hash,
    /// Of the hint's bytes.
    pub(super) hint: blake3::Hash,
    /// Of the matrix.
    pub(super) matrix: blake3::Hash,
}

/// Cells of the matrix that are turned into bytes at a time.
const CELLS_AT_ONCE: usize = 1 << 16;

impl Checksums {
    /// Of what was just loaded, and compared.
    pub(super) fn take(encoding: &[u8], hint: &[u8], database: &Database) -> Self {
        let mut matrix = Hasher::new();
        update_by_cells(&mut matrix, database, 0..database.cells().len());
        Self { encoding: blake3::hash(encoding), hint: blake3::hash(hint), matrix: matrix.finalize() }
    }
}

/// Adds a part of the matrix.
pub(super) fn update_by_cells(hasher: &mut Hasher, database: &Database, range: Range<usize>) {
    let mut bytes = Vec::with_capacity(CELLS_AT_ONCE.min(range.len()));
    for cells in database.cells()[range].chunks(CELLS_AT_ONCE) {
        bytes.clear();
        bytes.extend(cells.iter().map(|cell| cell.cast_unsigned()));
        hasher.update(&bytes);
    }
}
