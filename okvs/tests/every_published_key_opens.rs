//! Round trips over the whole range of sizes, and what the bytes may depend on.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use silhouette_okvs::{CellSeed, Encoding, HashSeed, Shape, ValueLayout, encode, public_capacity};

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn encode_on(threads: usize, pairs: &[(Vec<u8>, Vec<u8>)], shape: &Shape, seed: u8) -> Encoding {
    let threads = NonZeroUsize::new(threads).expect("at least one");
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([seed; 32]), CellSeed::from_bytes([!seed; 32]));
    encode(pairs, shape, &hash_seed, &cell_seed, threads, |_| true).expect("encodes")
}

/// Rounds of 0 to 5,000 pairs with values of 0 to 1,100 bytes, over any number of shards.
fn rounds() -> impl Strategy<Value = (Pairs, Shape, u8)> {
    let sizes = (0_u64..5_000, 0_u32..1_100, any::<bool>(), any::<prop::sample::Index>(), any::<u8>());
    sizes.prop_map(|(count, bytes, fixed, shards, seed)| {
        let values = if fixed { ValueLayout::Fixed { bytes } } else { ValueLayout::Variable { max_bytes: bytes } };
        let capacity = public_capacity(count, None).expect("within the maximum");
        let shards = 1 + shards.index(Shape::max_shards(capacity) as usize) as u32;
        let shape = Shape::plan(capacity, shards, values).expect("plans");
        let pairs = (0..count)
            .map(|pair| {
                let length = if fixed { bytes } else { (pair as u32 * 7_919 + u32::from(seed)) % (bytes + 1) };
                let value = (0..length).map(|i| (u64::from(i) * 31 + pair * 17) as u8).collect();
                (format!("vertex-{pair}").into_bytes(), value)
            })
            .collect();
        (pairs, shape, seed)
    })
}

fn check_round(pairs: &[(Vec<u8>, Vec<u8>)], shape: &Shape, seed: u8) -> Result<(), TestCaseError> {
    let encoding = encode_on(1, pairs, shape, seed);
    prop_assert_eq!(encoding.cells().len() as u64, shape.cell_bytes());
    for (key, value) in pairs {
        prop_assert_eq!(encoding.get(key), Some(value.clone()), "key {:?}", key);
    }
    for absent in 0..200 {
        prop_assert_eq!(encoding.get(format!("absent-{absent}").as_bytes()), None);
    }
    for threads in [2, 3] {
        prop_assert!(encode_on(threads, pairs, shape, seed) == encoding, "{} threads differ", threads);
    }
    let file = encoding.to_bytes();
    prop_assert_eq!(file.len() as u64, shape.file_bytes());
    prop_assert_eq!(Encoding::from_bytes(&file), Ok(encoding));
    Ok(())
}

fn fixed_seed(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_231), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(fixed_seed(48))]

    #[test]
    fn every_key_opens_to_its_value_and_others_are_absent_on_any_number_of_threads((pairs, shape, seed) in rounds()) {
        check_round(&pairs, &shape, seed)?;
    }
}

proptest! {
    #![proptest_config(fixed_seed(1_000))]

    #[test]
    #[ignore = "minutes: part of the soak"]
    fn every_key_opens_in_a_thousand_rounds((pairs, shape, seed) in rounds()) {
        check_round(&pairs, &shape, seed)?;
    }
}

#[test]
fn the_order_of_the_pairs_does_not_show() {
    let shape = Shape::plan(3_000, 2, ValueLayout::Fixed { bytes: 8 }).expect("plans");
    let mut pairs: Pairs = (0..2_500_u64).map(|i| (i.to_le_bytes().to_vec(), (i * i).to_le_bytes().to_vec())).collect();
    let forwards = encode_on(1, &pairs, &shape, 1);
    pairs.reverse();
    assert_eq!(encode_on(2, &pairs, &shape, 1), forwards);
}

#[test]
fn a_round_of_no_pairs_looks_like_any_other() {
    let shape = Shape::plan(1_024, 1, ValueLayout::Fixed { bytes: 8 }).expect("plans");
    let empty = encode_on(1, &[], &shape, 1);
    assert_eq!(empty.get(b"anything"), None);
    assert_eq!(empty.cells().len() as u64, shape.cell_bytes());
}

#[test]
fn a_refused_attempt_is_followed_by_a_different_one_that_opens_too() {
    let shape = Shape::plan(1_024, 1, ValueLayout::Fixed { bytes: 1 }).expect("plans");
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([5; 32]), CellSeed::from_bytes([6; 32]));
    let mut refused = Vec::new();
    let encoding = encode(&[("key", [9])], &shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, |encoding| {
        refused.push(encoding.clone());
        encoding.parameters().attempt() == 3
    })
    .expect("encodes");
    assert_eq!(encoding.parameters().attempt(), 3);
    assert_eq!(encoding.get(b"key"), Some(vec![9]));
    assert!((1..4).all(|i| { !refused[..i].iter().any(|other| other.cells() == refused[i].cells()) }));
}

#[test]
fn a_full_round_in_many_shards_opens() {
    let shape = Shape::plan(40_000, Shape::max_shards(40_000), ValueLayout::Fixed { bytes: 8 }).expect("plans");
    let pairs: Pairs = (0..40_000_u64).map(|i| (i.to_le_bytes().to_vec(), (!i).to_le_bytes().to_vec())).collect();
    let encoding = encode_on(2, &pairs, &shape, 3);
    assert!(pairs.iter().all(|(key, value)| encoding.get(key).as_ref() == Some(value)));
}
