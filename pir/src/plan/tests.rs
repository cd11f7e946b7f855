//! What is planned, and what is refused.

use std::num::NonZeroUsize;

use silhouette_okvs::{CellSeed, HashSeed, encode};

use super::*;
use crate::{Database, reference};

const EIGHT_BYTES: ValueLayout = ValueLayout::Fixed { bytes: 8 };

fn plan(capacity: u64, bytes: u32, expected_lookups: u32) -> Plan {
    Plan::new(capacity, ValueLayout::Fixed { bytes }, expected_lookups).expect("plans")
}

#[test]
fn a_million_pairs_cost_what_was_designed() {
    let plan = plan(1 << 20, 8, 6);
    assert_eq!((plan.shape().shards(), plan.rows(), plan.lwe().sigma()), (23, 52_041, Sigma::ThirtyTwo));
    assert_eq!((plan.query_bytes(), plan.answer_bytes(), plan.hint_bytes()), (169_134, 736, 989_184));
    let further = plan.query_bytes() + plan.answer_bytes();
    let first = plan.hint_bytes() + further;
    // About 1.2 MB for a client's first key of a round, about 0.16 MB for each further one.
    assert!((1_100_000..1_250_000).contains(&first), "{first}");
    assert!((150_000..175_000).contains(&further), "{further}");
}

/// Every member must plan alike: these are pinned.
#[test]
fn plans_are_the_same_on_every_machine() {
    let planned = [
        (1_024, 8, 6, 1, 32),
        (5_000, 0, 1, 1, 32),
        (101_071, 8, 6, 7, 32),
        (101_071, 8, 1_000, 72, 32),
        (1 << 17, 1_024, 6, 1, 16),
        (1 << 20, 1_024, 6, 5, 16),
        (1 << 26, 8, 6, 255, 16),
    ];
    let found = planned.map(|(capacity, bytes, lookups, ..)| {
        let plan = plan(capacity, bytes, lookups);
        (capacity, bytes, lookups, plan.shape().shards(), plan.lwe().sigma().value())
    });
    assert_eq!(found, planned);
}

#[test]
fn no_other_number_of_shards_costs_less() {
    for (capacity, bytes, lookups) in [(20_000, 8, 6), (60_000, 0, 1), (60_000, 300, 50), (300_000, 1_000, 6)] {
        let planned = plan(capacity, bytes, lookups);
        let costs = (1..=Shape::max_shards(capacity)).filter_map(|shards| {
            let shape = Shape::plan(capacity, shards, ValueLayout::Fixed { bytes }).expect("plans");
            let plan = Plan::from_parts(shape, LweParameters::planned(Sigma::Sixteen)).ok()?;
            Some(plan.client_bytes(lookups.into()))
        });
        assert_eq!(Some(planned.client_bytes(lookups.into())), costs.min());
    }
}

#[test]
fn sigma_is_the_greatest_that_passes() {
    for (capacity, bytes) in [(20_000, 8), (1 << 17, 1_024), (1 << 20, 1_024), (1 << 26, 8)] {
        let planned = plan(capacity, bytes, 6);
        let preferred = Plan::from_parts(*planned.shape(), LweParameters::planned(Sigma::ThirtyTwo));
        assert_eq!(preferred.is_ok(), planned.lwe().sigma() == Sigma::ThirtyTwo);
    }
}

#[test]
fn impossible_rounds_are_refused() {
    assert_eq!(Plan::new(1_000, EIGHT_BYTES, 6), Err(ShapeError::Capacity { capacity: 1_000 }.into()));
    assert_eq!(Plan::new(1 << 40, EIGHT_BYTES, 6), Err(ShapeError::Capacity { capacity: 1 << 40 }.into()));
    let bytes = silhouette_okvs::MAX_VALUE_BYTES + 1;
    assert_eq!(Plan::new(1_024, ValueLayout::Fixed { bytes }, 6), Err(ShapeError::ValueBytes { bytes }.into()));
}

#[test]
fn plans_outside_of_the_bound_are_refused() {
    let shape = Shape::plan(1 << 20, 1, EIGHT_BYTES).expect("plans");
    for sigma in Sigma::ALL {
        let refused = Plan::from_parts(shape, LweParameters::planned(sigma));
        assert_eq!(refused, Err(PlanError::Noise { rows: 1_153_434, sigma }));
    }
    let small = Shape::plan(1_024, 1, EIGHT_BYTES).expect("plans");
    let coarse = LweParameters::new(Sigma::ThirtyTwo, 12, 21, 16).expect("valid");
    assert!(matches!(Plan::from_parts(small, coarse), Err(PlanError::Noise { .. })));
}

#[test]
fn no_query_is_longer_than_the_longest() {
    let lwe = LweParameters::planned(Sigma::Sixteen);
    let passes = |rows: u32| within_bound(&lwe, silhouette_okvs::TAG_BYTES, planned_squares(rows));
    let query_bytes = |rows: u32| packed_bytes(rows.into(), lwe.query_bits());
    // The shortest rows and the least noise allow the longest columns.
    let (mut longest, mut beyond) = (1, 1 << 24);
    while longest + 1 < beyond {
        let rows = u32::midpoint(longest, beyond);
        *(if passes(rows) { &mut longest } else { &mut beyond }) = rows;
    }
    let found = query_bytes(longest);
    assert!((MAX_QUERY_BYTES * 3 / 4..=MAX_QUERY_BYTES).contains(&found), "{longest} rows, {found} bytes");
    assert!(plan(1 << 28, 0, 1).query_bytes() <= found);
}

#[test]
fn shapes_made_for_measurements_are_refused() {
    let narrow = Shape::with_band_width(1_024, 1, EIGHT_BYTES, 40).expect("a shape");
    let refused = Plan::from_parts(narrow, LweParameters::planned(Sigma::ThirtyTwo));
    assert!(matches!(refused, Err(PlanError::Shape(ShapeError::BandWidth { .. }))));
}

#[test]
fn more_expected_lookups_never_make_queries_longer() {
    let queries = [1, 2, 6, 20, 100, 10_000].map(|lookups| plan(1 << 18, 8, lookups).query_bytes());
    assert!(queries.is_sorted_by(|fewer, more| fewer >= more), "{queries:?}");
    assert_eq!(plan(1 << 18, 8, 0).shape().shards(), 1, "of no lookups only the hint counts");
    assert!(Plan::new(1 << 20, EIGHT_BYTES, u32::MAX).is_ok());
}

/// Where a column of the planned sum of squares just passes, a column of nothing but -128 does not.
#[test]
fn an_encoding_whose_columns_are_too_heavy_is_not_accepted() {
    let shape = Shape::plan(1_024, 1, EIGHT_BYTES).expect("plans");
    let tight =
        Plan::from_parts(shape, LweParameters::new(Sigma::ThirtyTwo, 22, 21, 16).expect("valid")).expect("passes");
    let (encoding, _) = reference::database(&tight, 1_000);
    assert!(tight.accepts(&encoding));

    let mut file = encoding.to_bytes();
    let header = file.len() - shape.cell_bytes() as usize;
    for row in file[header..].chunks_exact_mut(shape.row_bytes() as usize) {
        row[3] = 0x80;
    }
    let heavy = Encoding::from_bytes(&file).expect("a file");
    assert!(!tight.accepts(&heavy), "one column suffices");
    assert!(plan(1_024, 8, 6).accepts(&heavy), "and is no matter where there is room");
}

#[test]
fn an_encoding_of_another_shape_is_not_accepted() {
    let (encoding, _) = reference::database(&plan(1_024, 8, 6), 10);
    let other = plan(1_024, 9, 6);
    assert!(!other.accepts(&encoding));
    assert!(matches!(Database::new(&other, &encoding), Err(PlanError::OtherShape)));
}

#[test]
fn encoding_takes_the_next_attempt_where_the_plan_does_not_accept() {
    let plan = plan(1_024, 8, 6);
    let mut asked = 0;
    let seeds = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    let encoding = encode(&[("key", [0_u8; 8])], plan.shape(), &seeds.0, &seeds.1, NonZeroUsize::MIN, |encoding| {
        asked += 1;
        asked > 1 && plan.accepts(encoding)
    });
    assert_eq!(encoding.expect("encodes").parameters().attempt(), 1);
}

#[test]
fn lengths_follow_from_the_dimensions() {
    let shape = Shape::plan(3_000, 2, ValueLayout::Variable { max_bytes: 30 }).expect("plans");
    let plan = Plan::from_parts(shape, LweParameters::new(Sigma::Sixteen, 27, 22, 13).expect("valid")).expect("passes");
    let (rows, columns) = (u64::from(shape.rows_per_shard()), 2 * (8 + 2 + 30));
    assert_eq!(plan.query_bytes(), (rows * 27).div_ceil(8));
    assert_eq!(plan.answer_bytes(), (columns * 13_u64).div_ceil(8));
    assert_eq!(plan.hint_bytes(), columns * 1_024 * 22 / 8);
    assert_eq!(plan.matrix_bytes(), 128 * rows);
    assert_eq!(plan.encoding_bytes(), reference::database(&plan, 5).0.to_bytes().len() as u64);
}
