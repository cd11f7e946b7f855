//! How much noise an answer may carry, so that a row is read wrongly with probability at most `2^-40`.
//!
//! The phase of a column is `2^24 digit + noise`, and the digit is right while `|noise| < 2^23`. The noise is a sum of
//! many small independent terms, close to normal, with variance
//!
//! ```text
//! Var = (sigma^2 + 1/12 + rho_q) S + 1024 (sigma^2 + 1/12) rho_h + rho_a
//! ```
//!
//! where `S` is the column's sum of squares, `sigma^2 + 1/12` the variance of a rounded Gaussian, and `rho` that of the
//! rounding of words (of query, hint, answer) to fewer bits: `4^(32 - bits) / 12`, or 0 for 32 bits. A row of `L` bytes
//! is right if all its columns are: the bound is `L erfc(2^23 / sqrt(2 Var)) <= 2^-40`.
//!
//! `erfc(x) < exp(-x^2) / (x sqrt(pi))` for all `x > 0` (integrate `exp(-t^2) <= (t / x) exp(-t^2)` from `x` on); at
//! these `x`, about 5, it is 2 % too much, 0.03 bits. In logarithms to base 2 the bound then reads
//!
//! ```text
//! x^2 log2(e) + log2(pi x^2) / 2 >= 40 + log2(L),    x^2 = 2^45 / Var
//! ```
//!
//! Everything is integer arithmetic, rounded to the safe side: the bound decides replicated parameters, and every node
//! must decide alike.

use crate::lwe::{DIGIT_SHIFT, DIMENSION, LweParameters, MODULUS_BITS};

/// Bits of the bound on reading a row wrongly.
pub const CORRECTNESS_BITS: u32 = 40;

/// Greatest sum of squares that a column of one row is planned for: masked bytes are uniform, so their squares as `i8`
/// average 5,461.5, of which this is 1.2 times.
const PLANNED_SQUARES_PER_ROW: u128 = 6_554;

/// Binary digits after the point of the logarithms below.
const FRACTION_BITS: u32 = 24;

/// `floor(2^24 log2(e))`.
const LOG2_E: u128 = 24_204_406;

/// `floor(2^24 pi)`.
const PI: u128 = 52_707_178;

/// The sum of squares to plan a shard of `rows` rows with.
pub(crate) const fn planned_squares(rows: u32) -> u128 {
    PLANNED_SQUARES_PER_ROW * rows as u128
}

/// Whether rows of `row_bytes` columns are read right but for the bound, if no column's sum of squares is greater than
/// `squares`.
pub(crate) fn within_bound(lwe: &LweParameters, row_bytes: u32, squares: u128) -> bool {
    let variance = twelve_variances(lwe, squares);
    // x^2 with FRACTION_BITS: 2^45 / Var.
    let square = (12_u128 << (45 + FRACTION_BITS)) / variance;
    if square >> FRACTION_BITS == 0 {
        return false;
    }
    let exponential = (square * LOG2_E) >> FRACTION_BITS;
    let root = log2((square * PI) >> FRACTION_BITS) / 2;
    // The digits that rounding down loses are worth less than two units.
    let bytes = log2(u128::from(row_bytes) << FRACTION_BITS) + 2;
    exponential + root >= (u128::from(CORRECTNESS_BITS) << FRACTION_BITS) + bytes
}

/// `12 Var`, rounded up.
fn twelve_variances(lwe: &LweParameters, squares: u128) -> u128 {
    let sigma = u128::from(lwe.sigma().value());
    let gaussian = 12 * sigma * sigma + 1;
    let query = (gaussian + rounding(lwe.query_bits())).saturating_mul(squares);
    let hint = (DIMENSION as u128 * gaussian * rounding(lwe.hint_bits())).div_ceil(12);
    query.saturating_add(hint).saturating_add(rounding(lwe.answer_bits()))
}

/// Twelve times the variance of rounding a word to its `bits` most significant bits.
const fn rounding(bits: u32) -> u128 {
    if bits == MODULUS_BITS { 0 } else { 1 << (2 * (MODULUS_BITS - bits)) }
}

/// Logarithm to base 2 of `value / 2^24`, which must be at least 1, in the same units, rounded down.
///
/// Squaring a mantissa in `[1, 2)` doubles its logarithm: each carry past 2 is the next binary digit.
fn log2(value: u128) -> u128 {
    const MANTISSA_BITS: u32 = 62;
    let exponent = value.ilog2();
    let mut mantissa = if exponent > MANTISSA_BITS {
        value >> (exponent - MANTISSA_BITS)
    } else {
        value << (MANTISSA_BITS - exponent)
    };
    let mut logarithm = u128::from(exponent - FRACTION_BITS);
    for _ in 0..FRACTION_BITS {
        mantissa = (mantissa * mantissa) >> MANTISSA_BITS;
        let carry = mantissa >> (MANTISSA_BITS + 1);
        mantissa >>= carry;
        logarithm = logarithm << 1 | carry;
    }
    logarithm
}

const _: () = assert!(DIGIT_SHIFT == 24, "the bound is written for digits scaled by 2^24");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lwe::Sigma;

    /// The greatest number of rows of `row_bytes` bytes, by the planned sum of squares.
    fn greatest_rows(lwe: &LweParameters, row_bytes: u32) -> u32 {
        let (mut below, mut above) = (1, 1 << 24);
        while below + 1 < above {
            let middle = u32::midpoint(below, above);
            if within_bound(lwe, row_bytes, planned_squares(middle)) {
                below = middle;
            } else {
                above = middle;
            }
        }
        below
    }

    #[test]
    fn the_logarithm_is_right_to_its_last_digits() {
        for value in [1.0_f64, 1.5, 2.0, 3.0, 5.25, 1_032.0, 1e6, 3.9e12] {
            let fixed = log2((value * f64::from(1 << FRACTION_BITS)) as u128) as f64 / f64::from(1 << FRACTION_BITS);
            let error = value.log2() - fixed;
            assert!((0.0..2.5e-7).contains(&error), "log2({value}) is off by {error}");
        }
    }

    #[test]
    fn the_constants_are_rounded_down() {
        let scale = f64::from(1 << FRACTION_BITS);
        assert_eq!(LOG2_E, (std::f64::consts::LOG2_E * scale) as u128);
        assert_eq!(PI, (std::f64::consts::PI * scale) as u128);
    }

    /// 80,575 and 254,362 follow from the exact `erfc`; its upper bound costs less than a thousandth.
    #[test]
    fn long_rows_allow_the_designed_numbers_of_rows() {
        for (sigma, exact) in [(Sigma::ThirtyTwo, 80_575), (Sigma::Sixteen, 254_362)] {
            let rows = greatest_rows(&LweParameters::planned(sigma), 1_032);
            assert!(rows <= exact && rows * 1_000 >= exact * 999, "{rows} for {exact}");
        }
    }

    #[test]
    fn longer_rows_and_shorter_words_allow_fewer_rows() {
        let rows = |sigma, query, hint, answer, row_bytes| {
            greatest_rows(&LweParameters::new(sigma, query, hint, answer).expect("valid"), row_bytes)
        };
        let planned = rows(Sigma::ThirtyTwo, 26, 21, 16, 16);
        assert!(rows(Sigma::ThirtyTwo, 26, 21, 16, 1_032) < planned);
        assert!(rows(Sigma::ThirtyTwo, 25, 21, 16, 16) < planned);
        assert!(rows(Sigma::ThirtyTwo, 26, 20, 16, 16) < planned);
        assert!(rows(Sigma::ThirtyTwo, 26, 21, 12, 16) < planned);
        assert!(rows(Sigma::Sixteen, 26, 21, 16, 16) > planned);
    }

    #[test]
    fn hopeless_noise_is_refused_and_does_not_overflow() {
        let coarse = LweParameters::new(Sigma::ThirtyTwo, 8, 8, 8).expect("valid");
        assert!(!within_bound(&coarse, 1, 1));
        assert!(!within_bound(&LweParameters::planned(Sigma::Sixteen), 1, u128::MAX));
    }
}
