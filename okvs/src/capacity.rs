//! The public size of a round: what is encoded is a capacity, never the true number of pairs.

use crate::shape::ShapeError;

/// The smallest capacity: a round of three pairs is as oblivious as one of a thousand.
pub const MIN_CAPACITY: u64 = 1 << 10;

/// The largest capacity, a bound against nonsense rather than a promise of memory.
pub const MAX_CAPACITY: u64 = 1 << 28;

/// `floor(2^(63 + k/8))` for `k` in `0..8`: the steps of a geometric grid with eight points an octave.
const EIGHTH_STEPS: [u64; 8] = [
    0x8000_0000_0000_0000,
    0x8b95_c1e3_ea8b_d6e6,
    0x9837_f051_8db8_a96f,
    0xa5fe_d6a9_b151_38ea,
    0xb504_f333_f9de_6484,
    0xc567_2a11_5506_dadd,
    0xd744_fcca_d69d_6af4,
    0xeac0_c6e7_dd24_392e,
];

/// The capacity to encode for a round of `pairs` pairs: `max_pairs` if the round was given one, else `pairs` rounded
/// up to the next `2^(k/8)` (at most 9.1 % more); in either case at least 1,024.
///
/// # Errors
/// [`ShapeError::TooManyPairs`] if `pairs` exceeds `max_pairs`, [`ShapeError::Capacity`] beyond [`MAX_CAPACITY`].
pub fn public_capacity(pairs: u64, max_pairs: Option<u64>) -> Result<u64, ShapeError> {
    let capacity = match max_pairs {
        Some(max_pairs) if pairs > max_pairs => {
            return Err(ShapeError::TooManyPairs { pairs, max_pairs });
        }
        Some(max_pairs) => max_pairs.max(MIN_CAPACITY),
        None if pairs <= MIN_CAPACITY => MIN_CAPACITY,
        // The check comes first so that the grid below cannot overflow.
        None if pairs > MAX_CAPACITY => pairs,
        None => next_on_grid(pairs),
    };
    if capacity > MAX_CAPACITY {
        return Err(ShapeError::Capacity { capacity });
    }
    Ok(capacity)
}

/// The least `ceil(2^(k/8))` that is at least `pairs`, for `pairs` in `1..=2^62`.
fn next_on_grid(pairs: u64) -> u64 {
    let octave = pairs.ilog2();
    let shift = 63 - octave;
    let within_octave = EIGHTH_STEPS.iter().enumerate().map(|(eighth, step)| {
        // All steps but the first are irrational, so that their ceiling is their floor plus one.
        (step >> shift) + u64::from(eighth > 0)
    });
    within_octave.chain([1 << (octave + 1)]).find(|step| *step >= pairs).unwrap_or(1 << (octave + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rounds_all_look_like_a_thousand_pairs() {
        for pairs in [0, 1, 3, 1_023, 1_024] {
            assert_eq!(public_capacity(pairs, None), Ok(1_024));
        }
        assert_eq!(public_capacity(3, Some(10)), Ok(1_024));
    }

    #[test]
    fn a_given_maximum_is_the_capacity_whatever_the_count() {
        assert_eq!(public_capacity(0, Some(5_000)), Ok(5_000));
        assert_eq!(public_capacity(5_000, Some(5_000)), Ok(5_000));
        assert_eq!(
            public_capacity(5_001, Some(5_000)),
            Err(ShapeError::TooManyPairs { pairs: 5_001, max_pairs: 5_000 })
        );
    }

    #[test]
    fn capacities_lie_on_the_grid_of_eighth_powers() {
        assert_eq!(public_capacity(1_025, None), Ok(1_117));
        assert_eq!(public_capacity(100_000, None), Ok(101_071));
        assert_eq!(public_capacity(1 << 20, None), Ok(1 << 20));
        assert_eq!(public_capacity((1 << 20) + 1, None), Ok(1_143_481));
    }

    #[test]
    fn rounding_up_adds_at_most_nine_point_one_percent() {
        for pairs in (1_025..3_000_000).step_by(97) {
            let capacity = public_capacity(pairs, None).expect("within the maximum");
            assert!(capacity >= pairs && capacity * 1_000 <= pairs * 1_091, "{pairs} became {capacity}");
        }
    }

    #[test]
    fn capacities_beyond_the_maximum_are_refused() {
        for max_pairs in [None, Some(u64::MAX)] {
            assert!(matches!(public_capacity(u64::MAX, max_pairs), Err(ShapeError::Capacity { .. })));
        }
        assert_eq!(public_capacity(MAX_CAPACITY, None), Ok(MAX_CAPACITY));
    }
}
