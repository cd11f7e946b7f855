//! A server's work for queries: the product of each with every column, modulo `2^32`, by one pass over the matrix.

use thiserror::Error;

use crate::database::{Database, TILE_COLUMNS};
use crate::kernel::multiply;
use crate::pack::{PackError, pack, unpack};
use crate::plan::Plan;

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

/// Answers all queries that are some; the others take no part in the pass.
pub(crate) fn answer_many(database: &Database, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>> {
    let plan = database.plan();
    let mut words = Vec::with_capacity(queries.len());
    // Where in `words` each of them is.
    let places: Vec<Result<usize, QueryError>> = queries
        .iter()
        .map(|query| {
            words.push(read(plan, query)?);
            Ok(words.len() - 1)
        })
        .collect();
    let products = pass(database, &words);
    places.into_iter().map(|place| Ok(pack(&products[place?], plan.lwe().answer_bits()))).collect()
}

fn read(plan: &Plan, query: &[u8]) -> Result<Vec<u32>, QueryError> {
    unpack(query, plan.rows(), plan.lwe().query_bits()).map_err(|error| match error {
        PackError::Length => QueryError::Length { expected: plan.query_bytes(), found: query.len() as u64 },
        PackError::StrayBits => QueryError::StrayBits,
    })
}

/// The products of each query with all columns, padding left out.
fn pass(database: &Database, queries: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let columns = database.plan().columns();
    let mut products = vec![Vec::with_capacity(columns.next_multiple_of(TILE_COLUMNS)); queries.len()];
    if queries.is_empty() {
        return products;
    }
    for tile in database.tiles() {
        let mut sums = vec![[0; TILE_COLUMNS]; queries.len()];
        multiply(queries, tile, &mut sums);
        for (products, sums) in products.iter_mut().zip(sums) {
            products.extend(sums);
        }
    }
    for products in &mut products {
        products.truncate(columns);
    }
    products
}

#[cfg(test)]
mod tests {
    use silhouette_okvs::ValueLayout;

    use super::*;
    use crate::reference;

    /// A query of words that follow from a number.
    fn query(plan: &Plan, number: u64) -> Vec<u8> {
        let mut bytes = vec![0; plan.rows() * 4];
        blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
        let words: Vec<u32> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        pack(&words, plan.lwe().query_bits())
    }

    #[test]
    fn an_answer_is_the_query_times_every_column() {
        for (capacity, bytes) in [(1_024, 1), (1_500, 70), (3_001, 8)] {
            let plan = Plan::new(capacity, ValueLayout::Fixed { bytes }, 6).expect("plans");
            let (encoding, database) = reference::database(&plan, capacity);
            let query = query(&plan, capacity);
            let words = read(&plan, &query).expect("a query");
            let product = |column: &Vec<u8>| {
                words.iter().zip(column).fold(0_u32, |sum, (word, byte)| {
                    sum.wrapping_add(word.wrapping_mul(i32::from(byte.cast_signed()).cast_unsigned()))
                })
            };
            let expected: Vec<u32> = reference::columns(&encoding).iter().map(product).collect();
            assert!(database.answer(&query) == Ok(pack(&expected, plan.lwe().answer_bits())), "{capacity} pairs");
        }
    }

    #[test]
    fn queries_that_share_a_pass_get_the_bytes_that_they_would_get_alone() {
        let plan = Plan::new(2_000, ValueLayout::Fixed { bytes: 33 }, 6).expect("plans");
        let (_, database) = reference::database(&plan, 2_000);
        for count in 0..=9 {
            let queries: Vec<Vec<u8>> = (0..count).map(|number| query(&plan, number)).collect();
            let alone: Vec<_> = queries.iter().map(|query| database.answer(query)).collect();
            let together = database.answer_many(&queries.iter().map(Vec::as_slice).collect::<Vec<_>>());
            assert!(together == alone, "{count} queries");
        }
    }

    #[test]
    fn what_is_no_query_spoils_nothing_for_those_beside_it() {
        let plan = Plan::new(1_024, ValueLayout::Fixed { bytes: 1 }, 6).expect("plans");
        let (_, database) = reference::database(&plan, 1_024);
        let [first, second] = [1, 2].map(|number| query(&plan, number));
        let mut stray = query(&plan, 3);
        *stray.last_mut().expect("not empty") |= 0x80;
        let short = &first[1..];
        let found = short.len() as u64;
        let answers = database.answer_many(&[&[], &first, &stray, short, &second, short]);
        let expected = plan.query_bytes();
        assert_eq!(
            answers,
            [
                Err(QueryError::Length { expected, found: 0 }),
                database.answer(&first),
                Err(QueryError::StrayBits),
                Err(QueryError::Length { expected, found }),
                database.answer(&second),
                Err(QueryError::Length { expected, found }),
            ]
        );
    }
}
