//! What callers and files can get wrong, each with its own error.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use silhouette_okvs::{
    CellSeed, EncodeError, Encoding, FormatError, HashSeed, Parameters, Shape, ShapeError, ValueLayout, encode,
};

fn try_encode(pairs: &[(&str, &[u8])], shape: &Shape) -> Result<Encoding, EncodeError> {
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    encode(pairs, shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, |_| true)
}

fn shape(values: ValueLayout) -> Shape {
    Shape::plan(1_024, 1, values).expect("plans")
}

#[test]
fn a_key_given_twice_is_refused_by_index_without_printing_it() {
    let pairs: [(&str, &[u8]); 4] = [("b", &[0]), ("secret", &[1]), ("a", &[2]), ("secret", &[3])];
    let error = try_encode(&pairs, &shape(ValueLayout::Fixed { bytes: 1 })).expect_err("refused");
    assert_eq!(error, EncodeError::DuplicateKey { first: 1, second: 3 });
    assert_eq!(error.to_string(), "pairs 1 and 3 have the same key");
}

#[test]
fn the_same_duplicate_is_named_whatever_the_number_of_threads() {
    let shape = Shape::plan(8_192, 8, ValueLayout::Fixed { bytes: 0 }).expect("plans");
    let pairs: Vec<_> = (0..8_000_u32).map(|i| ((i % 7_990).to_le_bytes(), [])).collect();
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    for threads in 1..=3 {
        let threads = NonZeroUsize::new(threads).expect("at least one");
        let error = encode(&pairs, &shape, &hash_seed, &cell_seed, threads, |_| true).expect_err("refused");
        assert_eq!(error, EncodeError::DuplicateKey { first: 0, second: 7_990 });
    }
}

#[test]
fn one_key_so_often_that_its_shard_overflows_is_still_a_duplicate() {
    let shape = Shape::plan(8_192, 8, ValueLayout::Fixed { bytes: 0 }).expect("plans");
    let pairs: Vec<(&str, &[u8])> = vec![("same", &[]); 5_000];
    assert_eq!(try_encode(&pairs, &shape), Err(EncodeError::DuplicateKey { first: 0, second: 1 }));
}

#[test]
fn more_pairs_than_the_capacity_are_refused() {
    let keys: Vec<String> = (0..1_025).map(|i| i.to_string()).collect();
    let pairs: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), [].as_slice())).collect();
    let shape = shape(ValueLayout::Fixed { bytes: 0 });
    assert_eq!(try_encode(&pairs, &shape), Err(EncodeError::TooManyPairs { pairs: 1_025, capacity: 1_024 }));
    assert!(try_encode(&pairs[..1_024], &shape).is_ok());
}

#[test]
fn values_of_a_wrong_length_are_refused_by_index() {
    let fixed = shape(ValueLayout::Fixed { bytes: 2 });
    for value in [[].as_slice(), &[1], &[1, 2, 3]] {
        assert_eq!(
            try_encode(&[("a", &[1, 2]), ("b", value)], &fixed),
            Err(EncodeError::ValueLength { pair: 1, found: value.len(), expected: 2 })
        );
    }
    assert_eq!(
        try_encode(&[("a", &[1, 2, 3])], &shape(ValueLayout::Variable { max_bytes: 2 })),
        Err(EncodeError::ValueTooLong { pair: 0, found: 3, maximum: 2 })
    );
}

#[test]
fn refusing_all_attempts_ends_after_sixteen() {
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    let shape = shape(ValueLayout::Fixed { bytes: 0 });
    let error = encode(&[("a", [])], &shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, |_| false);
    assert_eq!(error, Err(EncodeError::AttemptsExhausted { overflowing: 0, singular: 0, refused: 16 }));
}

#[test]
fn an_attempt_beyond_the_last_is_no_parameter() {
    let shape = shape(ValueLayout::Fixed { bytes: 0 });
    let seed = HashSeed::from_bytes([0; 32]);
    assert!(Parameters::new(shape, seed, 15).is_ok());
    assert_eq!(Parameters::new(shape, seed, 16), Err(ShapeError::Attempt { attempt: 16 }));
}

#[test]
fn a_row_of_the_wrong_length_opens_to_nothing() {
    let encoding = try_encode(&[("a", &[7])], &shape(ValueLayout::Fixed { bytes: 1 })).expect("encodes");
    let probe = encoding.parameters().probe(b"a");
    for length in [0, 8, 10, 1_000] {
        assert_eq!(probe.open(&vec![0; length]), None);
    }
}

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    try_encode(&[("a", &[7])], &shape(ValueLayout::Variable { max_bytes: 3 })).expect("encodes").to_bytes()
});

const HEADER_BYTES: usize = 82;

/// The good file with some bytes of it replaced.
fn with_bytes(offset: usize, bytes: &[u8]) -> Result<Encoding, FormatError> {
    let mut file = FILE.clone();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    Encoding::from_bytes(&file)
}

#[test]
fn every_field_of_a_file_is_checked() {
    assert!(Encoding::from_bytes(&FILE).is_ok());
    assert_eq!(with_bytes(0, b"X"), Err(FormatError::Magic));
    assert_eq!(with_bytes(8, &[2]), Err(FormatError::Version { found: 2 }));
    assert!(matches!(with_bytes(12, &u64::MAX.to_le_bytes()), Err(FormatError::Shape(ShapeError::Capacity { .. }))));
    assert!(matches!(with_bytes(20, &[0]), Err(FormatError::Shape(ShapeError::Shards { shards: 0, .. }))));
    for (offset, name) in [(24, "shard capacity"), (28, "rows per shard"), (32, "band width")] {
        assert!(matches!(with_bytes(offset, &[1]), Err(FormatError::Plan { field, .. }) if field == name));
    }
    assert_eq!(with_bytes(36, &[2]), Err(FormatError::ValueLayout { found: 2 }));
    assert!(matches!(with_bytes(36, &[0]), Err(FormatError::Length { .. })));
    assert!(matches!(with_bytes(37, &[4]), Err(FormatError::Length { .. })));
    assert!(matches!(with_bytes(37, &[255; 4]), Err(FormatError::Shape(ShapeError::ValueBytes { .. }))));
    assert_eq!(with_bytes(41, &[16]), Err(FormatError::Shape(ShapeError::Attempt { attempt: 16 })));
    assert!(matches!(with_bytes(74, &[0]), Err(FormatError::Length { .. })));
}

#[test]
fn a_file_made_for_a_measurement_is_refused() {
    let narrow = Shape::with_band_width(1_024, 1, ValueLayout::Fixed { bytes: 0 }, 100).expect("builds");
    let file = try_encode(&[], &narrow).expect("encodes").to_bytes();
    let refused = FormatError::Plan { field: "band width", found: 100, planned: 169 };
    assert_eq!(Encoding::from_bytes(&file), Err(refused));
}

#[test]
fn a_short_file_that_promises_terabytes_is_refused_at_once() {
    let values = ValueLayout::Fixed { bytes: 1 << 20 };
    let shape = Shape::plan(1 << 24, 1, values).expect("plans");
    let mut file = FILE[..HEADER_BYTES].to_vec();
    file[12..20].copy_from_slice(&shape.capacity().to_le_bytes());
    file[24..28].copy_from_slice(&shape.shard_capacity().to_le_bytes());
    file[28..32].copy_from_slice(&shape.rows_per_shard().to_le_bytes());
    file[32..36].copy_from_slice(&shape.band_width().to_le_bytes());
    file[36] = 0;
    file[37..41].copy_from_slice(&(1_u32 << 20).to_le_bytes());
    file[74..82].copy_from_slice(&shape.cell_bytes().to_le_bytes());
    let needed = shape.cell_bytes();
    assert_eq!(Encoding::from_bytes(&file), Err(FormatError::Length { found: 0, needed }));
}

#[test]
fn every_truncation_and_any_appendix_is_refused() {
    for length in (0..2 * HEADER_BYTES).chain([FILE.len() - 1]) {
        assert!(Encoding::from_bytes(&FILE[..length]).is_err(), "{length} bytes");
    }
    let mut longer = FILE.clone();
    longer.push(0);
    assert!(matches!(Encoding::from_bytes(&longer), Err(FormatError::Length { .. })));
}

#[test]
fn the_digest_covers_header_and_cells() {
    let digest = Encoding::from_bytes(&FILE).expect("parses").digest();
    for offset in [42, 73, HEADER_BYTES, FILE.len() - 1] {
        let changed = with_bytes(offset, &[FILE[offset] ^ 1]).expect("still a file");
        assert_ne!(changed.digest(), digest, "byte {offset}");
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 20_000, rng_seed: RngSeed::Fixed(4), failure_persistence: None, ..Config::default()
    })]

    #[test]
    fn a_mutated_file_is_refused_or_read_exactly(
        changes in prop::collection::vec((0..2 * HEADER_BYTES, any::<u8>()), 1..4),
        length in prop_oneof![4 => Just(FILE.len()), 1 => 0..FILE.len()],
    ) {
        let mut file = FILE.clone();
        for (offset, byte) in changes {
            file[offset] = byte;
        }
        file.truncate(length);
        if let Ok(encoding) = Encoding::from_bytes(&file) {
            prop_assert_eq!(encoding.to_bytes(), file);
        }
    }

    #[test]
    fn garbage_is_refused(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Encoding::from_bytes(&garbage).is_err());
    }
}
