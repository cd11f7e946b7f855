//! What is sent has the same size and number for any keys, there or not.

use std::num::NonZeroUsize;

use silhouette_pir::okvs::{CellSeed, HashSeed, ValueLayout, encode};
use silhouette_pir::{Client, Database, Method, Plan, choose_method, padded_lookups};

fn round(capacity: u64, values: ValueLayout) -> (Plan, Client, Database) {
    let plan = Plan::new(capacity, values, 6).expect("plans");
    let pairs: Vec<_> = (0..1_000).map(|pair| (format!("vertex-{pair}"), [pair as u8; 5])).collect();
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    let accept = |encoding: &_| plan.accepts(encoding);
    let encoding = encode(&pairs, plan.shape(), &hash_seed, &cell_seed, NonZeroUsize::MIN, accept).expect("encodes");
    let database = Database::new(&plan, &encoding).expect("fits");
    let hint = database.hint(NonZeroUsize::MIN);
    (plan, Client::new(plan, *encoding.parameters(), hint).expect("belong together"), database)
}

#[test]
fn queries_and_answers_have_one_length_for_all_keys() {
    for (capacity, values) in [
        (1_024, ValueLayout::Fixed { bytes: 5 }),
        (5_000, ValueLayout::Variable { max_bytes: 40 }),
        (40_000, ValueLayout::Fixed { bytes: 5 }),
    ] {
        let (plan, client, database) = round(capacity, values);
        let published = (0..100).map(|pair| format!("vertex-{pair}").into_bytes());
        let absent = (0..100).map(|key| format!("absent-{key}").into_bytes());
        let odd = [vec![], vec![0], vec![0xff; 100_000]];
        for key in published.chain(absent).chain(odd) {
            let (query, pending) = client.query(&key).expect("randomness");
            let answer = database.answer(&query).expect("a query");
            assert_eq!((query.len() as u64, answer.len() as u64), (plan.query_bytes(), plan.answer_bytes()));
            assert_eq!(pending.open(&answer).expect("an answer").is_some(), key.starts_with(b"vertex-"));
        }
    }
}

/// What a client asks for is decided before it knows an answer, by the number of its keys alone.
#[test]
fn the_number_of_requests_is_a_function_of_the_padded_count() {
    for capacity in [1_024, 101_071, 1 << 20] {
        let plan = Plan::new(capacity, ValueLayout::Fixed { bytes: 8 }, 6).expect("plans");
        let requests = |keys: &[&str]| {
            let lookups = padded_lookups(keys.len() as u64, 6);
            match choose_method(&plan, lookups, true) {
                Method::Queries => lookups * plan.query_bytes(),
                Method::Download => 0,
            }
        };
        assert_eq!(requests(&["vertex-1"]), requests(&["absent", "vertex-2", "", "x", "y", "z"]));
        assert_eq!(requests(&["absent"; 7]), requests(&["vertex-1"; 12]));
    }
}
