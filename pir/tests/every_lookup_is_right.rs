//! A hundred thousand lookups at mixed shapes, and none of them wrong.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use silhouette_pir::okvs::{CellSeed, HashSeed, Shape, ValueLayout, encode, public_capacity};
use silhouette_pir::{Client, Database, Hint, LweParameters, Plan, Sigma};

/// A round of `pairs` pairs, and how many lookups are made in it.
#[derive(Clone, Copy)]
struct Round {
    plan: Plan,
    pairs: u64,
    lookups: u64,
    seed: u8,
}

impl Round {
    fn planned(pairs: u64, values: ValueLayout, lookups: u64, seed: u8) -> Self {
        let capacity = public_capacity(pairs, None).expect("a capacity");
        Self { plan: Plan::new(capacity, values, 6).expect("plans"), pairs, lookups, seed }
    }

    /// In as many shards as there may be, and with other words than are planned.
    fn given(pairs: u64, values: ValueLayout, lookups: u64, seed: u8) -> Self {
        let capacity = public_capacity(pairs, None).expect("a capacity");
        let shape = Shape::plan(capacity, Shape::max_shards(capacity), values).expect("plans");
        let lwe = LweParameters::new(Sigma::Sixteen, 25, 20, 13).expect("valid");
        Self { plan: Plan::from_parts(shape, lwe).expect("within the bound"), pairs, lookups, seed }
    }

    /// The value of pair `pair`: as long as the layout asks for, or any length up to its greatest.
    fn value(&self, pair: u64) -> Vec<u8> {
        let length = match self.plan.shape().values() {
            ValueLayout::Fixed { bytes } => bytes,
            ValueLayout::Variable { max_bytes } => (pair * 7_919 % (u64::from(max_bytes) + 1)) as u32,
        };
        (0..length).map(|byte| (pair * 31 + u64::from(byte * 17)) as u8).collect()
    }

    /// Makes the lookups, every other one of a key that was not published, and counts the wrong answers.
    fn count_wrong(&self) -> u64 {
        let pairs: Vec<_> = (0..self.pairs).map(|pair| (format!("vertex-{pair}"), self.value(pair))).collect();
        let (hash_seed, cell_seed) = (HashSeed::from_bytes([self.seed; 32]), CellSeed::from_bytes([!self.seed; 32]));
        let accept = |encoding: &_| self.plan.accepts(encoding);
        let shape = self.plan.shape();
        let encoding = encode(&pairs, shape, &hash_seed, &cell_seed, NonZeroUsize::MIN, accept).expect("encodes");
        let database = Database::new(&self.plan, &encoding).expect("fits");
        let hint = database.hint(NonZeroUsize::MIN).to_bytes();
        let hint = Hint::from_bytes(&self.plan, &hint).expect("a hint");
        let client = Client::new(self.plan, *encoding.parameters(), hint).expect("belong together");
        let wrong = (0..self.lookups).filter(|lookup| {
            let published = lookup % 2 == 0 && self.pairs > 0;
            let (key, value) = if published {
                let pair = lookup * 104_729 % self.pairs;
                (format!("vertex-{pair}"), Some(self.value(pair)))
            } else {
                (format!("absent-{lookup}"), None)
            };
            let (query, pending) = client.query(key.as_bytes()).expect("randomness");
            pending.open(&database.answer(&query).expect("a query")) != Ok(value)
        });
        wrong.count() as u64
    }
}

/// Works through rounds on two threads. Gives the number of lookups and of wrong answers.
fn run(rounds: &[Round]) -> (u64, u64) {
    let (next, wrong) = (AtomicUsize::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(round) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.fetch_add(round.count_wrong(), Ordering::Relaxed);
                }
            });
        }
    });
    (rounds.iter().map(|round| round.lookups).sum(), wrong.into_inner())
}

#[test]
fn a_hundred_thousand_lookups_at_mixed_shapes_are_all_right() {
    let fixed = |bytes| ValueLayout::Fixed { bytes };
    let variable = |max_bytes| ValueLayout::Variable { max_bytes };
    let mut rounds = vec![
        Round::planned(1 << 20, fixed(8), 60, 1),
        Round::planned(100_000, variable(12), 800, 2),
        Round::planned(30_000, fixed(100), 800, 3),
        Round::given(30_000, fixed(9), 1_500, 4),
        Round::planned(2_000, variable(1_100), 4_000, 5),
        Round::planned(0, fixed(8), 4_000, 6),
        Round::planned(3, fixed(0), 4_000, 7),
    ];
    for number in 0..54_u8 {
        let (pairs, bytes) = (u64::from(number) * 31, u32::from(number) * 29 % 211);
        let values = if number % 3 == 0 { variable(bytes) } else { fixed(bytes) };
        let round = if number % 2 == 0 { Round::given } else { Round::planned };
        rounds.push(round(pairs, values, 1_600, 10 + number));
    }
    let (lookups, wrong) = run(&rounds);
    assert!(lookups >= 100_000, "{lookups}");
    assert_eq!(wrong, 0, "of {lookups}");
}

/// Shards as long as their noise allows.
#[test]
fn lookups_in_the_longest_shards_are_right() {
    let longest = |sigma, rows_up_to: u64| {
        let plans = (1..=rows_up_to / 1_000).rev().filter_map(|thousands| {
            let shape = Shape::plan(thousands * 1_000, 1, ValueLayout::Fixed { bytes: 1 }).ok()?;
            Plan::from_parts(shape, LweParameters::new(sigma, 26, 21, 16).ok()?).ok()
        });
        plans.into_iter().next().expect("some length passes")
    };
    let rounds = [(Sigma::ThirtyTwo, 100_000), (Sigma::Sixteen, 300_000)].map(|(sigma, rows_up_to)| {
        let plan = longest(sigma, rows_up_to);
        Round { plan, pairs: plan.shape().capacity(), lookups: 60, seed: 9 }
    });
    assert!(rounds[0].plan.shape().rows_per_shard() > 80_000 && rounds[1].plan.shape().rows_per_shard() > 250_000);
    assert_eq!(run(&rounds), (120, 0));
}
