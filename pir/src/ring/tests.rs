//! The transform against multiplication as it is taught.

use proptest::prelude::*;

use super::Spectrum;
use crate::lwe::DIMENSION;
use crate::reference::negacyclic_product;

fn product(left: &[i32], right: &[i32]) -> Vec<u32> {
    let mut product = Spectrum::zero();
    product.add_product(&Spectrum::of(left.iter().copied()), &Spectrum::of(right.iter().copied()));
    product.transform_back().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_agree_with_the_schoolbook(
        words in prop::collection::vec(any::<i32>(), DIMENSION),
        small in prop::collection::vec(-400_i32..400, DIMENSION),
    ) {
        prop_assert_eq!(product(&words, &small), negacyclic_product(&words, &small));
    }
}

#[test]
fn products_of_the_greatest_magnitudes_are_exact() {
    let words = vec![i32::MIN; DIMENSION];
    for digit in [-128, 127, -512] {
        let digits = vec![digit; DIMENSION];
        assert_eq!(product(&words, &digits), negacyclic_product(&words, &digits));
    }
}

#[test]
fn the_highest_power_times_x_is_minus_one() {
    let mut left = vec![0; DIMENSION];
    let mut right = left.clone();
    left[DIMENSION - 1] = 1;
    right[1] = 1;
    let mut expected = vec![0_u32; DIMENSION];
    expected[0] = u32::MAX;
    assert_eq!(product(&left, &right), expected);
}

#[test]
fn a_product_overwrites_where_a_sum_adds() {
    let (left, right) = (Spectrum::of([3, 1]), Spectrum::of([2]));
    let mut sum = Spectrum::of([5]);
    sum.add_product(&left, &right);
    assert_eq!(sum.transform_back().take(3).collect::<Vec<_>>(), [11, 2, 0]);
    let mut product = Spectrum::of([5]);
    product.set_product(&left, &right);
    assert_eq!(product.transform_back().take(3).collect::<Vec<_>>(), [6, 2, 0]);
}
