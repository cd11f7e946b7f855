//! Attempts with narrow bands fail often enough to count; their rate must agree with the formula that plans wide ones.

use std::num::NonZeroUsize;

use silhouette_okvs::{CellSeed, EncodeError, HashSeed, MAX_ATTEMPTS, Shape, ValueLayout, encode};

/// Counts singular attempts among `rounds * 16`, by refusing every attempt that succeeds.
fn count_failures(pairs: u64, band_width: u32, rounds: u64) -> (u64, u64) {
    let shape = Shape::with_band_width(pairs, 1, ValueLayout::Fixed { bytes: 0 }, band_width).expect("builds");
    let keys: Vec<_> = (0..pairs).map(|key| (key.to_le_bytes(), [])).collect();
    let threads = NonZeroUsize::MIN;
    let failures = (0..rounds)
        .map(|round| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&round.to_le_bytes());
            let (hash_seed, cell_seed) = (HashSeed::from_bytes(seed), CellSeed::from_bytes(seed));
            let outcome = encode(&keys, &shape, &hash_seed, &cell_seed, threads, |_| false);
            let Err(EncodeError::AttemptsExhausted { singular, overflowing: 0, refused }) = outcome else {
                unreachable!("every attempt is refused, yet {outcome:?}")
            };
            assert_eq!(singular + refused, MAX_ATTEMPTS);
            u64::from(singular)
        })
        .sum();
    (failures, rounds * u64::from(MAX_ATTEMPTS))
}

/// Natural logarithm of the chance of exactly `successes` in `trials`.
fn ln_binomial(trials: u64, successes: u64, probability: f64) -> f64 {
    let ln_choose: f64 = (1..=successes).map(|i| ((trials - successes + i) as f64 / i as f64).ln()).sum();
    ln_choose + successes as f64 * probability.ln() + (trials - successes) as f64 * (1.0 - probability).ln()
}

/// The lower end of the one-sided 99 % confidence interval of Clopper and Pearson: the probability under which at
/// least so many successes are seen once in a hundred times.
fn lower_confidence_bound(trials: u64, successes: u64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let fewer: f64 = (0..successes).map(|count| ln_binomial(trials, count, middle).exp()).sum();
        if 1.0 - fewer < 0.01 { low = middle } else { high = middle }
    }
    low
}

/// Prints what is seen and compares it with `2^-(slope w - offset)`.
fn assert_not_above_formula(pairs: u64, band_width: u32, rounds: u64, slope: f64, offset: f64) {
    let (failures, trials) = count_failures(pairs, band_width, rounds);
    let formula = (offset - slope * f64::from(band_width)).exp2();
    let bound = lower_confidence_bound(trials, failures);
    let seen = failures as f64 / trials as f64;
    println!(
        "n {pairs} w {band_width}: {failures} of {trials} failed, 2^{:.2}; formula 2^{:.2}, 99 % lower bound 2^{:.2}",
        seen.log2(),
        formula.log2(),
        bound.log2()
    );
    assert!(bound <= formula, "at least {bound} fail, the formula says {formula}");
    // A rate far below the formula would mean that this measures something else.
    assert!(seen >= formula / 8.0, "{seen} fail, the formula says {formula}");
}

#[test]
fn a_thousand_pairs_fail_no_more_often_than_the_formula_says() {
    assert_not_above_formula(1 << 10, 35, 250, 0.2747, 6.296);
    assert_not_above_formula(1 << 10, 45, 1_250, 0.2747, 6.296);
}

#[test]
fn sixteen_thousand_pairs_fail_no_more_often_than_the_formula_says() {
    assert_not_above_formula(1 << 14, 45, 40, 0.2685, 9.339);
}

#[test]
#[ignore = "minutes: part of the soak"]
fn long_measurements_fail_no_more_often_than_the_formula_says() {
    for band_width in [35, 40, 45, 50, 55, 60] {
        assert_not_above_formula(1 << 10, band_width, 10_000, 0.2747, 6.296);
    }
    for band_width in [45, 50, 55] {
        assert_not_above_formula(1 << 14, band_width, 1_000, 0.2685, 9.339);
    }
    assert_not_above_formula(1 << 16, 55, 200, 0.274, 11.61);
}

#[test]
fn the_confidence_bound_is_that_of_the_tables() {
    // Clopper-Pearson, one-sided 99 %: 10 of 100 gives 0.0424, 1 of 10 gives 0.0010.
    assert!((lower_confidence_bound(100, 10) - 0.0424).abs() < 2e-4);
    assert!((lower_confidence_bound(10, 1) - 0.001_005).abs() < 1e-5);
}
