//! The negacyclic number-theoretic transform of 1,024 coefficients.
//!
//! The transform evaluates a polynomial at the odd powers of a 2,048th root of unity `psi`, which are the roots of
//! `x^1024 + 1`: there a product of polynomials is a product of values. Butterflies as in Longa and Naehrig, "Speeding up
//! the Number Theoretic Transform for Faster Ideal Lattice-Based Cryptography" (CANS 2016): the powers of `psi` are
//! merged into the twiddle factors, and values are in bit-reversed order, which a product does not mind.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::field::{add, canonical, from_integer, invert, multiply, root_of_unity, subtract, to_word};
use crate::lwe::DIMENSION;

/// `psi^(bit reversal of i)`, and the same for its inverse.
static ROOTS: [u64; DIMENSION] = powers_in_reversed_order(PSI);
static INVERSE_ROOTS: [u64; DIMENSION] = powers_in_reversed_order(invert(PSI));

const PSI: u64 = root_of_unity(2 * DIMENSION as u64);
const INVERSE_DIMENSION: u64 = invert(DIMENSION as u64);

const fn powers_in_reversed_order(root: u64) -> [u64; DIMENSION] {
    let mut powers = [0; DIMENSION];
    let mut power = 1;
    let mut exponent = 0;
    while exponent < DIMENSION {
        powers[exponent.reverse_bits() >> (usize::BITS - DIMENSION.ilog2())] = canonical(power);
        power = multiply(power, root);
        exponent += 1;
    }
    powers
}

/// A polynomial by its values. It may be a secret's: wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Spectrum {
    values: Box<[u64; DIMENSION]>,
}

impl Spectrum {
    /// The zero polynomial.
    pub(crate) fn zero() -> Self {
        Self { values: Box::new([0; DIMENSION]) }
    }

    /// The transform of a polynomial with these coefficients.
    pub(crate) fn of(coefficients: impl IntoIterator<Item = i32>) -> Self {
        let mut spectrum = Self::zero();
        spectrum.transform(coefficients);
        spectrum
    }

    /// Overwrites this with the transform of a polynomial; coefficients that are not given are zero.
    pub(crate) fn transform(&mut self, coefficients: impl IntoIterator<Item = i32>) {
        let mut coefficients = coefficients.into_iter();
        for value in self.values.iter_mut() {
            *value = from_integer(i64::from(coefficients.next().unwrap_or(0)));
        }
        self.forward();
    }

    fn forward(&mut self) {
        let mut half = DIMENSION / 2;
        while half > 0 {
            let blocks = DIMENSION / (2 * half);
            let roots = &ROOTS[blocks..2 * blocks];
            for (block, root) in self.values.chunks_exact_mut(2 * half).zip(roots) {
                let (lower, upper) = block.split_at_mut(half);
                for (left, right) in lower.iter_mut().zip(upper) {
                    let product = canonical(multiply(*right, *root));
                    (*left, *right) = (add(*left, product), subtract(*left, product));
                }
            }
            half /= 2;
        }
    }

    /// Adds the product of `left` and `right`.
    pub(crate) fn add_product(&mut self, left: &Self, right: &Self) {
        let factors = left.values.iter().zip(right.values.iter());
        for (value, (left, right)) in self.values.iter_mut().zip(factors) {
            *value = add(*value, canonical(multiply(*left, *right)));
        }
    }

    /// Overwrites this with the product of `left` and `right`.
    pub(crate) fn set_product(&mut self, left: &Self, right: &Self) {
        let factors = left.values.iter().zip(right.values.iter());
        for (value, (left, right)) in self.values.iter_mut().zip(factors) {
            *value = multiply(*left, *right);
        }
    }

    /// Overwrites this with the polynomial's coefficients as field elements, and gives them modulo `2^32`.
    pub(crate) fn transform_back(&mut self) -> impl Iterator<Item = u32> {
        self.backward();
        self.values.iter().map(|value| to_word(multiply(*value, INVERSE_DIMENSION)))
    }

    fn backward(&mut self) {
        let mut half = 1;
        while half < DIMENSION {
            let blocks = DIMENSION / (2 * half);
            let roots = &INVERSE_ROOTS[blocks..2 * blocks];
            for (block, root) in self.values.chunks_exact_mut(2 * half).zip(roots) {
                let (lower, upper) = block.split_at_mut(half);
                for (left, right) in lower.iter_mut().zip(upper) {
                    let other = canonical(*right);
                    (*left, *right) = (add(*left, other), multiply(subtract(*left, other), *root));
                }
            }
            half *= 2;
        }
    }
}
