//! The prime field of `p = 2^64 - 2^32 + 1`.
//!
//! `2^64 = 2^32 - 1` and `2^96 = -1` modulo `p`, so a product of 128 bits is reduced with shifts and additions. `p - 1`
//! is a multiple of `2^32`, so there are roots of unity of every order that is needed here.
//!
//! An element is any `u64`, read modulo `p`. It is *canonical* if it is less than `p`: sums and differences need one
//! canonical operand, so that one correction suffices. Secrets pass through: no branch depends on an element.

/// The prime.
pub(super) const PRIME: u64 = 0xffff_ffff_0000_0001;

/// `2^64` modulo the prime.
const EPSILON: u64 = 0xffff_ffff;

/// A generator of the multiplicative group.
const GENERATOR: u64 = 7;

/// `EPSILON` if `carry`, else 0.
const fn correction(carry: bool) -> u64 {
    (carry as u64).wrapping_neg() & EPSILON
}

/// The canonical form of `element`.
pub(super) const fn canonical(element: u64) -> u64 {
    let (reduced, borrow) = element.overflowing_sub(PRIME);
    reduced.wrapping_add((borrow as u64).wrapping_neg() & PRIME)
}

/// `left + right`, where `right` is canonical.
///
/// With a carry the sum is at most `p - 2` beyond `2^64`, so adding `2^64 mod p` does not carry again.
pub(super) const fn add(left: u64, right: u64) -> u64 {
    let (sum, carry) = left.overflowing_add(right);
    sum.wrapping_add(correction(carry))
}

/// `left - right`, where `right` is canonical.
///
/// With a borrow the difference is at least `2^64 - p + 1`, so subtracting `2^64 mod p` does not borrow again.
pub(super) const fn subtract(left: u64, right: u64) -> u64 {
    let (difference, borrow) = left.overflowing_sub(right);
    difference.wrapping_sub(correction(borrow))
}

/// `left * right`, of any two elements.
pub(super) const fn multiply(left: u64, right: u64) -> u64 {
    let product = left as u128 * right as u128;
    let (low, high) = (product as u64, (product >> 64) as u64);
    // high 2^64 = (high >> 32) 2^96 + (high & EPSILON) 2^64.
    let (difference, borrow) = low.overflowing_sub(high >> 32);
    let difference = difference.wrapping_sub(correction(borrow));
    let (sum, carry) = difference.overflowing_add((high & EPSILON).wrapping_mul(EPSILON));
    sum.wrapping_add(correction(carry))
}

/// `base` to the power of `exponent`; takes longer for longer exponents.
pub(super) const fn vartime_power(base: u64, exponent: u64) -> u64 {
    let mut result = 1;
    let mut square = base;
    let mut remaining = exponent;
    while remaining > 0 {
        if remaining & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        remaining >>= 1;
    }
    canonical(result)
}

/// A root of unity whose order is exactly `order`, a power of two up to `2^32`.
pub(super) const fn root_of_unity(order: u64) -> u64 {
    vartime_power(GENERATOR, (PRIME - 1) / order)
}

/// The inverse of an element other than zero.
pub(super) const fn invert(element: u64) -> u64 {
    vartime_power(element, PRIME - 2)
}

/// The canonical element of an integer that is less than the prime in magnitude.
pub(super) const fn from_integer(integer: i64) -> u64 {
    ((integer >> 63) as u64 & PRIME).wrapping_add(integer as u64)
}

/// The integer of least magnitude that `element` stands for, modulo `2^32`.
///
/// Above half the prime it is `element - p`, and `p = 1` modulo `2^32`.
pub(super) const fn to_word(element: u64) -> u32 {
    let element = canonical(element);
    let (_, negative) = (PRIME / 2).overflowing_sub(element);
    (element as u32).wrapping_sub(negative as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any element, those at the edges of the range often.
    fn elements() -> impl Strategy<Value = u64> {
        let edges =
            prop::sample::select(vec![0, 1, EPSILON - 1, EPSILON, EPSILON + 1, PRIME - 1, PRIME, PRIME + 1, u64::MAX]);
        prop_oneof![edges, any::<u64>()]
    }

    fn remainder(number: u128) -> u64 {
        (number % u128::from(PRIME)) as u64
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_division(left in elements(), right in elements()) {
            let (wide, other) = (u128::from(left), u128::from(right));
            prop_assert_eq!(canonical(left), remainder(wide));
            prop_assert_eq!(canonical(multiply(left, right)), remainder(wide * other));
            prop_assert_eq!(canonical(add(left, canonical(right))), remainder(wide + other));
            let negated = u128::from(PRIME - canonical(right));
            prop_assert_eq!(canonical(subtract(left, canonical(right))), remainder(wide + negated));
        }

        #[test]
        fn integers_survive_modulo_words(integer in -(1_i64 << 62)..1 << 62) {
            let element = from_integer(integer);
            prop_assert!(element < PRIME);
            prop_assert_eq!(to_word(element), integer as u32);
        }
    }

    #[test]
    fn roots_of_unity_have_their_order() {
        for order in [2, 1_024, 2_048] {
            let root = root_of_unity(order);
            assert_eq!(vartime_power(root, order), 1);
            assert_eq!(vartime_power(root, order / 2), PRIME - 1);
        }
        assert_eq!(canonical(multiply(invert(12_345), 12_345)), 1);
    }
}
