//! The innermost loop of an answer: some queries times the columns of one tile, modulo `2^32`.
//!
//! The one place that would know the machine: another kernel is another [`multiply`] with the same sums, and this one is
//! what it is compared with. Its time depends on the numbers of queries and rows alone.

use crate::database::TILE_COLUMNS;

/// A row of a tile, or the running sums of its columns.
pub(crate) type Lanes<T> = [T; TILE_COLUMNS];

/// Rows that are multiplied at a time: for each two the running sums are read and written once.
const ROWS_AT_ONCE: usize = 2;

/// Adds the product of each query with the tile to that query's sums. A query has a word for each row of the tile.
///
/// Each row is read and widened once for all queries.
pub(crate) fn multiply(queries: &[Vec<u32>], tile: &[Lanes<i8>], sums: &mut [Lanes<u32>]) {
    let (pairs, last) = tile.as_chunks::<ROWS_AT_ONCE>();
    for (index, pair) in pairs.iter().enumerate() {
        let digits = pair.each_ref().map(widen);
        let row = index * ROWS_AT_ONCE;
        for (query, sums) in queries.iter().zip(&mut *sums) {
            add([query[row], query[row + 1]], &digits, sums);
        }
    }
    for (index, digits) in last.iter().enumerate() {
        let digits = [widen(digits), [0; TILE_COLUMNS]];
        let row = pairs.len() * ROWS_AT_ONCE + index;
        for (query, sums) in queries.iter().zip(&mut *sums) {
            add([query[row], 0], &digits, sums);
        }
    }
}

/// The digits of a row as words.
fn widen(digits: &Lanes<i8>) -> Lanes<u32> {
    digits.map(|digit| i32::from(digit).cast_unsigned())
}

/// Adds two rows, each times its word.
fn add(words: [u32; ROWS_AT_ONCE], digits: &[Lanes<u32>; ROWS_AT_ONCE], sums: &mut Lanes<u32>) {
    for ((sum, first), second) in sums.iter_mut().zip(&digits[0]).zip(&digits[1]) {
        let products = words[0].wrapping_mul(*first).wrapping_add(words[1].wrapping_mul(*second));
        *sum = sum.wrapping_add(products);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_the_definition(
            rows in 0_usize..9,
            queries in 0_usize..10,
            seed in any::<u64>(),
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 32) as u32
            };
            let queries: Vec<Vec<u32>> = (0..queries).map(|_| (0..rows).map(|_| next()).collect()).collect();
            let tile: Vec<Lanes<i8>> = (0..rows).map(|_| std::array::from_fn(|_| next() as i8)).collect();
            let before: Vec<Lanes<u32>> = queries.iter().map(|_| std::array::from_fn(|_| next())).collect();
            let mut sums = before.clone();
            multiply(&queries, &tile, &mut sums);
            for ((query, before), sums) in queries.iter().zip(&before).zip(&sums) {
                for column in 0..TILE_COLUMNS {
                    let products = query.iter().zip(&tile).map(|(word, row)| i64::from(*word) * i64::from(row[column]));
                    let exact = products.map(i128::from).sum::<i128>() + i128::from(before[column]);
                    prop_assert_eq!(i128::from(sums[column]), exact.rem_euclid(1 << 32));
                }
            }
        }
    }
}
