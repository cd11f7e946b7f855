//! How often an attempt to encode fails, and the dimensions that make it rare.
//!
//! An attempt fails if any shard receives more pairs than it holds, or if any shard's band matrix lacks full rank
//! modulo 2 (over `Z_256` a system with full rank modulo 2 is solvable). The union over all shards stays below
//! `2^-40`: with one shard nothing can overflow and all of it is rank; with more, each cause gets `2^-41`, so each
//! shard gets `2^-(41 + log2 shards)` of each.
//!
//! A failed attempt is public (its number is part of the parameters) and costs a repetition, never a wrong answer.
//!
//! Everything here is integer arithmetic: every node must plan the same shape.

/// Bits of the bound on the failure of one attempt: at most `2^-40` over all shards.
pub const FAILURE_BITS: u32 = 40;

/// The largest capacity of one shard: the last size for which the failure rate is tabulated.
pub(crate) const MAX_SHARD_CAPACITY: u64 = 1 << 24;

/// Rows exceed capacity by a tenth (the paper's epsilon), as a fraction.
const EXPANSION_NUMERATOR: u64 = 11;
const EXPANSION_DENOMINATOR: u64 = 10;

/// One line of the paper's experiments: at up to `capacity` pairs a band of `w` columns fails with probability
/// `2^-(slope w - offset)`. Both numbers are in units of `1/10,000`.
struct FailureLine {
    capacity: u64,
    slope: u64,
    offset: u64,
}

/// Bienstock, Patel, Seo, Yeo (USENIX Security 2023), the table of lambda for epsilon = 0.10.
const FAILURE_LINES: [FailureLine; 6] = [
    FailureLine { capacity: 1 << 10, slope: 2_747, offset: 62_960 },
    FailureLine { capacity: 1 << 14, slope: 2_685, offset: 93_390 },
    FailureLine { capacity: 1 << 16, slope: 2_740, offset: 116_100 },
    FailureLine { capacity: 1 << 18, slope: 2_715, offset: 133_900 },
    FailureLine { capacity: 1 << 20, slope: 2_691, offset: 152_100 },
    FailureLine { capacity: MAX_SHARD_CAPACITY, slope: 2_751, offset: 198_300 },
];

const LINE_UNIT: u64 = 10_000;

/// Rows of a shard that holds `shard_capacity` pairs: `ceil(1.1 shard_capacity)`.
pub(crate) const fn rows_for(shard_capacity: u64) -> u64 {
    (shard_capacity * EXPANSION_NUMERATOR).div_ceil(EXPANSION_DENOMINATOR)
}

/// The narrowest band that keeps the rank failure within its share, read from the next larger tabulated capacity.
/// `None` if the shard is larger than any tabulated.
pub(crate) fn band_width_for(shard_capacity: u64, shards: u32) -> Option<u64> {
    let line = FAILURE_LINES.iter().find(|line| shard_capacity <= line.capacity)?;
    Some((share_bits(shards) * LINE_UNIT + line.offset).div_ceil(line.slope))
}

/// Capacity of each of `shards` shards over which `capacity` pairs are spread by a hash.
///
/// Bernstein's inequality bounds the chance that a shard with mean load `u` receives more than `u + t` pairs by
/// `exp(-t^2 / (2u + 2t/3))`. Setting this to `exp(-L)` and solving for `t` gives
/// `3t = L + sqrt(L^2 + 18 u L)`. A multiple of the standard deviation would not do: at a thousand pairs a shard
/// the binomial tail is far heavier than the normal one.
pub(crate) fn shard_capacity_for(capacity: u64, shards: u32) -> u64 {
    if shards == 1 {
        return capacity;
    }
    let mean = u128::from(capacity.div_ceil(u64::from(shards)));
    // ln 2 < 0.6932, rounded up to whole nats.
    let nats = (u128::from(share_bits(shards)) * 6_932).div_ceil(10_000);
    let square = nats * nats + 18 * mean * nats;
    let excess = (nats + square.isqrt() + 1).div_ceil(3);
    u64::try_from(mean + excess).map_or(capacity, |needed| needed.min(capacity))
}

/// Bits of failure that one shard may have of one cause.
fn share_bits(shards: u32) -> u64 {
    // One bit to halve the bound between the two causes.
    let halving = u32::from(shards > 1);
    u64::from(FAILURE_BITS + halving + shards.next_power_of_two().ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_shard_gets_the_papers_band_widths_for_forty_bits() {
        let widths: Vec<_> = [10, 14, 16, 18, 20, 24].map(|exponent| band_width_for(1 << exponent, 1)).into();
        assert_eq!(widths, [169, 184, 189, 197, 206, 218].map(Some));
    }

    #[test]
    fn a_capacity_between_two_lines_takes_the_larger_one() {
        assert_eq!(band_width_for((1 << 10) + 1, 1), band_width_for(1 << 14, 1));
        assert_eq!(band_width_for(MAX_SHARD_CAPACITY + 1, 1), None);
    }

    #[test]
    fn more_shards_need_wider_bands() {
        // 41 + 5 bits: (46 + 11.61) / 0.274 = 210.3.
        assert_eq!(band_width_for(45_000, 24), Some(211));
    }

    /// Natural logarithm of the chance that a binomial variable exceeds `bound`, by summing its terms.
    fn ln_binomial_tail(trials: u64, probability: f64, bound: u64) -> f64 {
        let ln_choose: f64 = (1..=bound + 1).map(|i| (((trials - bound - 1 + i) as f64) / (i as f64)).ln()).sum();
        let first =
            ln_choose + (bound + 1) as f64 * probability.ln() + (trials - bound - 1) as f64 * (1.0 - probability).ln();
        let mut term = 1.0;
        let mut sum = 1.0;
        for count in bound + 1..trials {
            term *= (trials - count) as f64 / (count + 1) as f64 * probability / (1.0 - probability);
            sum += term;
            if term < 1e-18 * sum {
                break;
            }
        }
        first + sum.ln()
    }

    #[test]
    fn the_exact_overflow_of_all_shards_is_below_its_share() {
        for (capacity, shards) in
            [(2_048, 2), (8_192, 8), (65_536, 64), (1 << 20, 24), (1 << 20, 1_024), (1 << 24, 300)]
        {
            let bound = shard_capacity_for(capacity, shards);
            let tail = ln_binomial_tail(capacity, 1.0 / f64::from(shards), bound) / std::f64::consts::LN_2;
            assert!(tail + f64::from(shards).log2() <= -41.0, "{capacity} over {shards}: 2^{tail}");
        }
    }

    #[test]
    fn the_exact_overflow_bound_is_not_absurdly_loose() {
        let mean = (1_u64 << 20).div_ceil(24);
        let capacity = shard_capacity_for(1 << 20, 24);
        assert!(capacity * 100 < mean * 104, "{capacity} for a mean of {mean}");
    }
}
