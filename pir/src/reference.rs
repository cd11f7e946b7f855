//! What the rest of the crate computes fast, computed as it is written in the papers. For tests alone.

use silhouette_okvs::{CellSeed, Encoding, HashSeed, encode};

use crate::lwe::DIMENSION;
use crate::matrix::PublicMatrix;
use crate::{Database, Plan};

/// The product of two polynomials modulo `x^1024 + 1` and `2^32`, term by term.
pub(crate) fn negacyclic_product(left: &[i32], right: &[i32]) -> Vec<u32> {
    let mut product = vec![0_u32; DIMENSION];
    for (i, coefficient) in left.iter().enumerate() {
        for (j, other) in right.iter().enumerate() {
            let term = coefficient.wrapping_mul(*other).cast_unsigned();
            let place = &mut product[(i + j) % DIMENSION];
            *place = if i + j < DIMENSION { place.wrapping_add(term) } else { place.wrapping_sub(term) };
        }
    }
    product
}

/// Entry `column` of row `row` of the public matrix: coefficient `row` of `a x^column`.
fn matrix_entry(polynomials: &[Vec<i32>], row: usize, column: usize) -> u32 {
    let polynomial = &polynomials[row / DIMENSION];
    let row = row % DIMENSION;
    match row.checked_sub(column) {
        Some(power) => polynomial[power].cast_unsigned(),
        None => polynomial[DIMENSION + row - column].wrapping_neg().cast_unsigned(),
    }
}

/// The words of a hint before they are rounded: the public matrix, transposed, times each of these columns of bytes.
pub(crate) fn hint(seed: &HashSeed, columns: &[Vec<u8>]) -> Vec<u32> {
    let rows = columns[0].len();
    let polynomials: Vec<_> = PublicMatrix::expand(seed, rows).polynomials().collect();
    let mut words = Vec::new();
    for column in columns {
        words.extend((0..DIMENSION).map(|dimension| {
            column.iter().enumerate().fold(0_u32, |sum, (row, byte)| {
                let digit = i32::from(byte.cast_signed()).cast_unsigned();
                sum.wrapping_add(matrix_entry(&polynomials, row, dimension).wrapping_mul(digit))
            })
        }));
    }
    words
}

/// The columns of the matrix of an encoding, padding left out.
pub(crate) fn columns(encoding: &Encoding) -> Vec<Vec<u8>> {
    let shape = encoding.parameters().shape();
    let row_bytes = shape.row_bytes() as usize;
    (0..shape.shards())
        .flat_map(|shard| {
            let rows = encoding.shard(shard);
            (0..row_bytes).map(move |byte| rows.iter().skip(byte).step_by(row_bytes).copied().collect())
        })
        .collect()
}

/// An encoding of `pairs` pairs by this plan, and its matrix. Pair `i` is `i` in eight bytes, and a value of `i`'s bytes
/// over and over.
pub(crate) fn database(plan: &Plan, pairs: u64) -> (Encoding, Database) {
    let value = |pair: u64| pair.to_le_bytes().into_iter().cycle().take(plan.shape().values().max_bytes() as usize);
    let pairs: Vec<_> = (0..pairs).map(|pair| (pair.to_le_bytes(), value(pair).collect::<Vec<_>>())).collect();
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([0x11; 32]), CellSeed::from_bytes([0x22; 32]));
    let accept = |encoding: &Encoding| plan.accepts(encoding);
    let encoding = encode(&pairs, plan.shape(), &hash_seed, &cell_seed, std::num::NonZeroUsize::MIN, accept);
    let encoding = encoding.expect("encodes");
    let database = Database::new(plan, &encoding).expect("fits");
    (encoding, database)
}
