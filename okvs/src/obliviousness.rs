//! What the encoding must not show, by statistics; and two proofs that these statistics see what they should.
//!
//! Seeds are fixed, so that a test either always passes or never does; each comparison is at `p = 1e-6`.

mod statistics;

use std::num::NonZeroUsize;

use self::statistics::{Columns, Deviation};
use crate::encode::encode_with;
use crate::probe::Parameters;
use crate::solve::FreeCells;
use crate::stream::{Purpose, SecretStream};
use crate::{CellSeed, Encoding, HashSeed, Shape, ValueLayout, encode};

const VALUE_BYTES: u32 = 8;
const ENCODINGS: u8 = 24;

type Pairs = Vec<(Vec<u8>, [u8; VALUE_BYTES as usize])>;

/// A full round of telling names, all values equal.
fn full_round() -> Pairs {
    (0..2_048).map(|vertex| (format!("vertex-{vertex}").into_bytes(), [0; 8])).collect()
}

/// Three keys of another kind, with other values.
fn tiny_round() -> Pairs {
    (0..3_u8).map(|key| (vec![key; 16], [0xff; 8])).collect()
}

fn shape() -> Shape {
    Shape::plan(2_048, 2, ValueLayout::Fixed { bytes: VALUE_BYTES }).expect("plans")
}

fn hash_seed(number: u8) -> HashSeed {
    HashSeed::from_bytes([number; 32])
}

fn cell_seed(number: u8) -> CellSeed {
    CellSeed::from_bytes([!number; 32])
}

fn encode_number(pairs: &Pairs, number: u8) -> Encoding {
    let threads = NonZeroUsize::MIN;
    encode(pairs, &shape(), &hash_seed(number), &cell_seed(number), threads, |_| true).expect("encodes")
}

/// Byte columns of many encodings of the same pairs, under seeds that begin at `first`.
fn columns(pairs: &Pairs, first: u8) -> Columns {
    let mut columns = Columns::new(shape().row_bytes() as usize);
    for number in first..first + ENCODINGS {
        columns.add(encode_number(pairs, number).cells());
    }
    columns
}

#[test]
fn encodings_of_two_key_sets_cannot_be_told_apart() {
    let (full, tiny) = (columns(&full_round(), 0), columns(&tiny_round(), 100));
    assert_eq!(full.deviations_from(&tiny), []);
}

#[test]
fn each_key_set_encodes_to_bytes_that_look_uniform() {
    for pairs in [full_round(), tiny_round(), Pairs::new()] {
        assert_eq!(columns(&pairs, 50).deviations_from_uniform(), []);
    }
}

/// The mistake that earlier encodings of this kind make.
struct ZeroCells;

impl FreeCells for ZeroCells {
    fn fill(&mut self, _column: u32, row: &mut [u8]) {
        row.fill(0);
    }
}

#[test]
fn free_cells_left_at_zero_are_caught() {
    let mut columns = Columns::new(shape().row_bytes() as usize);
    for number in 0..ENCODINGS {
        let (hash_seed, cell_seed) = (hash_seed(number), cell_seed(number));
        let zero_cells = |_: &Parameters, _| ZeroCells;
        let threads = NonZeroUsize::MIN;
        let encoding = encode_with(&full_round(), &shape(), &hash_seed, &cell_seed, threads, zero_cells, |_| true);
        columns.add(encoding.expect("encodes").cells());
    }
    let caught = columns.deviations_from_uniform();
    assert!(caught.contains(&Deviation::Histogram), "{caught:?}");
    assert!((0..16).all(|column| caught.contains(&Deviation::Mean { column })), "{caught:?}");
    let honest = self::columns(&tiny_round(), 100);
    assert!(columns.deviations_from(&honest).contains(&Deviation::Histogram));
}

#[test]
fn equal_neighbouring_rows_are_caught() {
    let mut columns = Columns::new(16);
    let cells = encode_number(&full_round(), 0).cells().to_vec();
    let doubled: Vec<u8> = cells.chunks_exact(16).flat_map(|row| [row, row].concat()).collect();
    columns.add(&doubled);
    assert!(columns.deviations_from_uniform().contains(&Deviation::SerialCorrelation));
}

/// What whoever knows a cell seed can count in an encoding: free cells, and dummies that open to their rows.
fn count_with(cell_seed: &CellSeed, encoding: &Encoding) -> (usize, usize) {
    let parameters = encoding.parameters();
    let shape = parameters.shape();
    let row_bytes = shape.row_bytes() as usize;
    let (mut free_cells, mut dummies) = (0, 0);
    for shard in 0..shape.shards() {
        let stream = |purpose, bytes| SecretStream::new(cell_seed, parameters.attempt(), shard, purpose, bytes);
        let rows: Vec<&[u8]> = encoding.shard(shard).chunks_exact(row_bytes).collect();
        let mut expected = vec![0; row_bytes];

        let mut cells = stream(Purpose::FreeCells, row_bytes);
        for (column, row) in (0..).zip(&rows) {
            cells.fill(column, &mut expected);
            free_cells += usize::from(*row == expected);
        }

        let mut digests = stream(Purpose::DummyDigests, crate::digest::Digest::BYTES);
        let mut dummy_rows = stream(Purpose::DummyRows, row_bytes);
        for dummy in 0..shape.shard_capacity() {
            let mut digest = [0; crate::digest::Digest::BYTES];
            digests.fill(dummy, &mut digest);
            dummy_rows.fill(dummy, &mut expected);
            let probe = parameters.probe_digest(crate::digest::Digest::from_bytes(digest));
            let mut sum = vec![0_u8; row_bytes];
            for (column, row) in rows[probe.start() as usize..].iter().take(shape.band_width() as usize).enumerate() {
                if probe.coefficients()[column / 64] >> (column % 64) & 1 == 1 {
                    sum.iter_mut().zip(*row).for_each(|(total, cell)| *total = total.wrapping_add(*cell));
                }
            }
            dummies += usize::from(sum == expected);
        }
    }
    (free_cells, dummies)
}

#[test]
fn whoever_knows_the_cell_seed_counts_the_pairs_and_nobody_else_does() {
    let shape = shape();
    let equations = shape.shards() as usize * shape.shard_capacity() as usize;
    let rows = shape.shards() as usize * shape.rows_per_shard() as usize;
    for pairs in [full_round(), tiny_round()] {
        let encoding = encode_number(&pairs, 7);
        assert_eq!(count_with(&cell_seed(7), &encoding), (rows - equations, equations - pairs.len()));
        assert_eq!(count_with(&cell_seed(8), &encoding), (0, 0));
        // One public seed for both purposes would be as good as no secret.
        assert_eq!(count_with(&CellSeed::from_bytes([7; 32]), &encoding), (0, 0));
    }
}
