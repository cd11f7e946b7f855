//! Vectors that pin every byte: a change here breaks files and readers, and needs a new format version.
//!
//! Probe and row were also computed by a separate program from the formulas in `digest.rs` and `layout.rs` alone.

use std::num::NonZeroUsize;

use silhouette_okvs::{CellSeed, Encoding, HashSeed, Parameters, Shape, ValueLayout, encode};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn seeds() -> (HashSeed, CellSeed) {
    let hash_seed = std::array::from_fn(|i| i as u8);
    let cell_seed = std::array::from_fn(|i| 0xff - i as u8);
    (HashSeed::from_bytes(hash_seed), CellSeed::from_bytes(cell_seed))
}

fn encoding(shards: u32, values: ValueLayout) -> Encoding {
    let shape = Shape::plan(4_096, shards, values).expect("plans");
    let (hash_seed, cell_seed) = seeds();
    let pairs: Vec<_> = (0..4_000_u32).map(|vertex| (format!("vertex-{vertex}"), vertex.to_le_bytes())).collect();
    encode(&pairs, &shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, |_| true).expect("encodes")
}

#[test]
fn the_probe_of_a_key() {
    let shape = Shape::plan(4_096, 3, ValueLayout::Fixed { bytes: 4 }).expect("plans");
    let parameters = Parameters::new(shape, seeds().0, 2).expect("a possible attempt");
    let probe = parameters.probe(b"vertex-17");
    assert_eq!((shape.rows_per_shard(), shape.band_width()), (1_830, 195));
    assert_eq!((probe.shard(), probe.start()), (0, 515));
    assert_eq!(probe.coefficients(), [0x056a_0df2_d5b8_9d5d, 0x1319_309b_0a71_d91c, 0x1a52_4b99_b257_777f, 0]);
}

#[test]
fn the_masked_row_of_a_pair() {
    let encoding = encoding(1, ValueLayout::Fixed { bytes: 4 });
    let probe = encoding.parameters().probe(b"vertex-17");
    let rows: Vec<&[u8]> = encoding.shard(0).chunks_exact(12).skip(probe.start() as usize).collect();
    let mut sum = [0_u8; 12];
    let band_width = encoding.parameters().shape().band_width() as usize;
    for (column, row) in rows.iter().enumerate().take(band_width) {
        if probe.coefficients()[column / 64] >> (column % 64) & 1 == 1 {
            sum.iter_mut().zip(*row).for_each(|(total, cell)| *total = total.wrapping_add(*cell));
        }
    }
    assert_eq!(hex(&sum), "e1d7d80e5aa916de3bb39589");
    assert_eq!(probe.open(&sum), Some(17_u32.to_le_bytes().to_vec()));
}

#[test]
fn the_file_header() {
    let file = encoding(3, ValueLayout::Variable { max_bytes: 4 }).to_bytes();
    let expected = [
        "53494c484f4b5653", // magic
        "01000000",         // format version
        "0010000000000000", // capacity
        "03000000",         // shards
        "7f060000",         // capacity of a shard
        "26070000",         // rows of a shard
        "c3000000",         // band width
        "01",               // variable values
        "04000000",         // of at most four bytes
        "00",               // attempt
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "3c2c010000000000", // bytes of cells
    ];
    assert_eq!(hex(&file[..82]), expected.concat());
}

#[test]
fn the_digests_of_encodings() {
    let digests = [
        encoding(1, ValueLayout::Fixed { bytes: 4 }),
        encoding(3, ValueLayout::Fixed { bytes: 4 }),
        encoding(3, ValueLayout::Variable { max_bytes: 9 }),
    ]
    .map(|encoding| hex(&encoding.digest()));
    assert_eq!(
        digests,
        [
            "c35da1adbd3012c036fa389f8a5e39a4f5759ac236b7d5c3fe22c57db71c8cf6",
            "b7a839b14a37e9ed0251a23a138753555e75a7fabfb859b66dab297b55a84e44",
            "a78053b831d23199b46d3407e8648c5cbe9caccbb4e93faf2340113158b2e65b",
        ]
    );
}
