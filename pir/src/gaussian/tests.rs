//! The table against numerical integration, the samples against the table.

use blake3::Hasher;

use super::*;

const SIGMAS: [Sigma; 2] = Sigma::ALL;

/// Twice the integral of the normal density between two points, by Simpson's rule.
fn two_sided(sigma: Sigma, from: f64, to: f64) -> f64 {
    const STEPS: u32 = 64;
    let deviation = f64::from(sigma.value());
    let density = |x: f64| (-x * x / (2.0 * deviation * deviation)).exp() / (deviation * std::f64::consts::TAU.sqrt());
    let width = (to - from) / f64::from(STEPS);
    let weighted = (0..=STEPS).map(|step| {
        let weight = if step == 0 || step == STEPS { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
        weight * density(from + f64::from(step) * width)
    });
    2.0 * weighted.sum::<f64>() * width / 3.0
}

#[test]
fn each_probability_is_the_densitys_integral() {
    let scale = 2_f64.powi(63);
    for sigma in SIGMAS {
        let thresholds = RoundedGaussian::new(sigma).thresholds;
        let mut before = 0;
        let mut from = 0.0;
        for threshold in thresholds {
            let to = f64::floor(from + 0.5) + 0.5;
            let (found, expected) = ((threshold - before) as f64 / scale, two_sided(sigma, from, to));
            // The rounding of two thresholds, and that of the integral.
            let tolerance = 1.0 / scale + 1e-11 * expected;
            assert!((found - expected).abs() <= tolerance, "between {from} and {to}: {found} for {expected}");
            (before, from) = (*threshold, to);
        }
        assert!(two_sided(sigma, from + 1.0, from + 100.0) * scale < 0.5, "the table ends where nothing is left");
    }
}

#[test]
fn a_sample_is_the_number_of_thresholds_up_to_the_position() {
    for sigma in SIGMAS {
        let gaussian = RoundedGaussian::new(sigma);
        let last = gaussian.thresholds.len() as i32;
        assert_eq!((gaussian.sample(0), gaussian.sample(1)), (0, 0));
        assert_eq!((gaussian.sample(u64::MAX - 1), gaussian.sample(u64::MAX)), (last, -last));
        for threshold in gaussian.thresholds {
            // The last thresholds are the same: their magnitudes' probabilities are less than 2^-64.
            let below = gaussian.thresholds.partition_point(|other| other < threshold) as i32;
            let reached = gaussian.thresholds.partition_point(|other| other <= threshold) as i32;
            assert_eq!(gaussian.sample((threshold - 1) << 1), below);
            assert_eq!(gaussian.sample(threshold << 1 | 1), -reached);
        }
    }
}

fn uniform(seed: u8, count: usize) -> impl Iterator<Item = u64> {
    let mut reader = Hasher::new().update(&[seed]).finalize_xof();
    (0..count).map(move |_| {
        let mut bytes = [0; 8];
        reader.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    })
}

const SAMPLES: usize = 1 << 20;

/// How many standard deviations Pearson's statistic of the samples is above its mean, with a bin for each value up to
/// three sigma and two for what is beyond.
fn excess(sigma: Sigma, samples: impl Iterator<Item = i32>) -> f64 {
    let reach = 3 * sigma.value().cast_signed();
    let mut counts = vec![0_u32; 2 * reach as usize + 3];
    for sample in samples {
        counts[(sample.clamp(-reach - 1, reach + 1) + reach + 1) as usize] += 1;
    }
    let mut statistic = 0.0;
    for (value, count) in (-reach - 1..).zip(&counts) {
        let distance = f64::from(value.abs());
        let probability = match value.abs() {
            0 => two_sided(sigma, 0.0, 0.5),
            beyond if beyond > reach => two_sided(sigma, distance - 0.5, distance + 300.0) / 2.0,
            _ => two_sided(sigma, distance - 0.5, distance + 0.5) / 2.0,
        };
        let expected = probability * SAMPLES as f64;
        statistic += (f64::from(*count) - expected).powi(2) / expected;
    }
    let freedom = (counts.len() - 1) as f64;
    (statistic - freedom) / (2.0 * freedom).sqrt()
}

/// About one in a million samplings of the right distribution exceeds this.
const THRESHOLD: f64 = 5.5;

#[test]
fn samples_have_the_rounded_gaussians_distribution() {
    for sigma in SIGMAS {
        let gaussian = RoundedGaussian::new(sigma);
        let excess = excess(sigma, uniform(1, SAMPLES).map(|bits| gaussian.sample(bits)));
        assert!(excess.abs() < THRESHOLD, "sigma {}: {excess}", sigma.value());
    }
}

#[test]
fn samples_of_another_distribution_are_caught() {
    let (narrow, wide) = (RoundedGaussian::new(Sigma::Sixteen), RoundedGaussian::new(Sigma::ThirtyTwo));
    let caught = |name: &str, sample: &dyn Fn(u64) -> i32| {
        let excess = excess(Sigma::ThirtyTwo, uniform(2, SAMPLES).map(sample));
        assert!(excess > THRESHOLD, "{name}: {excess}");
    };
    caught("even values alone", &|bits| 2 * narrow.sample(bits));
    caught("never negative", &|bits| wide.sample(bits).abs());
    caught("zero twice as likely", &|bits| {
        if wide.sample(bits) == 1 && bits % 32 < 16 { 0 } else { wide.sample(bits) }
    });
    caught("a hundredth too wide", &|bits| if bits % 64 == 0 { wide.sample(bits) * 3 / 2 } else { wide.sample(bits) });
}
