//! The hint against the matrix product that it is.

use silhouette_okvs::{Encoding, HashSeed, Shape, ValueLayout};

use super::*;
use crate::lwe::{LweParameters, Sigma};
use crate::reference;

/// A plan of so many shards whose hint is not rounded.
fn exact(capacity: u64, shards: u32, bytes: u32) -> Plan {
    let shape = Shape::plan(capacity, shards, ValueLayout::Fixed { bytes }).expect("plans");
    let lwe = LweParameters::new(Sigma::ThirtyTwo, 26, 32, 16).expect("valid");
    Plan::from_parts(shape, lwe).expect("within the bound")
}

fn threads(threads: usize) -> NonZeroUsize {
    NonZeroUsize::new(threads).expect("at least one")
}

#[test]
fn every_word_is_the_public_matrix_times_a_column() {
    for (capacity, shards, bytes) in [(1_024, 1, 0), (3_000, 2, 27), (5_000, 4, 11)] {
        let plan = exact(capacity, shards, bytes);
        let (encoding, database) = reference::database(&plan, 1_000);
        let hint = database.hint(threads(1));
        let expected = reference::hint(encoding.parameters().hash_seed(), &reference::columns(&encoding));
        assert!(hint.words == expected, "{capacity} pairs in {shards} shards");
    }
}

/// The file of an encoding of this plan with other cells.
fn with_cells(plan: &Plan, byte: u8) -> Encoding {
    let mut file = reference::database(plan, 1).0.to_bytes();
    let header = file.len() - plan.shape().cell_bytes() as usize;
    file[header..].fill(byte);
    Encoding::from_bytes(&file).expect("a file")
}

#[test]
fn bytes_of_the_greatest_magnitude_are_exact() {
    let plan = exact(1_024, 1, 0);
    for byte in [0x80, 0x7f, 0xff, 0] {
        let encoding = with_cells(&plan, byte);
        let hint = Database::new(&plan, &encoding).expect("fits").hint(threads(1));
        let columns = reference::columns(&encoding);
        let expected = reference::hint(encoding.parameters().hash_seed(), &columns[..1]);
        assert!(hint.columns().all(|column| column == expected), "bytes {byte:#x}");
    }
}

/// More rows than any plan allows in a shard, by a sum that needs no multiplication of polynomials.
#[test]
fn the_longest_columns_of_the_greatest_magnitude_are_exact() {
    let rows = 300_000;
    let seed = HashSeed::from_bytes([7; 32]);
    let digits = Spectrum::of([-128; DIMENSION]);
    let mut sum = Spectrum::zero();
    for block in PublicMatrix::expand(&seed, rows).adjoint_spectra() {
        sum.add_product(&digits, &block);
    }
    // Every coefficient is -128 times a signed sum of all words, which moves on by one word of each block at a time.
    let mut totals = vec![0_u32; DIMENSION];
    for polynomial in PublicMatrix::expand(&seed, rows).polynomials() {
        let mut word = polynomial.iter().fold(0, |sum: u32, word| sum.wrapping_add(word.cast_unsigned()));
        for (total, last) in totals.iter_mut().zip(polynomial.iter().rev()) {
            *total = total.wrapping_add(word.wrapping_mul(128_u32.wrapping_neg()));
            word = word.wrapping_sub(last.cast_unsigned().wrapping_mul(2));
        }
    }
    assert!(sum.transform_back().eq(totals));
}

#[test]
fn the_number_of_threads_does_not_show() {
    let plan = exact(5_000, 4, 11);
    let (_, database) = reference::database(&plan, 1_000);
    let single = database.hint(threads(1));
    for several in [2, 3, 7, 500] {
        assert!(database.hint(threads(several)) == single, "{several} threads");
    }
}

#[test]
fn a_hint_survives_its_bytes_and_is_rounded_as_planned() {
    let exact = exact(3_000, 2, 5);
    let rounded = Plan::from_parts(*exact.shape(), LweParameters::planned(Sigma::ThirtyTwo)).expect("within the bound");
    let (encoding, database) = reference::database(&rounded, 100);
    let hint = database.hint(threads(1));
    let bytes = hint.to_bytes();
    assert_eq!(bytes.len() as u64, rounded.hint_bytes());
    assert_eq!(Hint::from_bytes(&rounded, &bytes), Ok(hint.clone()));
    let unrounded = Database::new(&exact, &encoding).expect("fits").hint(threads(1));
    for (word, exact) in hint.words.iter().zip(&unrounded.words) {
        assert!((-1_024..=1_024).contains(&word.wrapping_sub(*exact).cast_signed()));
    }
    for wrong in [&bytes[1..], &[&bytes[..], &[0]].concat()] {
        let refused = HintError::Length { expected: rounded.hint_bytes(), found: wrong.len() as u64 };
        assert_eq!(Hint::from_bytes(&rounded, wrong), Err(refused));
    }
}
