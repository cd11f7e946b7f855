//! Arithmetic on runs of bytes modulo 256, in loops that compilers turn into vector instructions.

/// Bytes that are worked on at once: a vector register of the most modest 64-bit machines. Buffers are padded to
/// whole lanes.
pub(crate) const LANES: usize = 16;

/// The inverse of an odd byte modulo 256.
pub(crate) const fn inverse(odd: u8) -> u8 {
    // Newton's iteration doubles the number of right bits: an odd number is its own inverse modulo 8.
    let six_bits = odd.wrapping_mul(2_u8.wrapping_sub(odd.wrapping_mul(odd)));
    six_bits.wrapping_mul(2_u8.wrapping_sub(odd.wrapping_mul(six_bits)))
}

/// `target -= factor * source`, over the shorter of both.
pub(crate) fn subtract_multiple(target: &mut [u8], source: &[u8], factor: u8) {
    for (target, source) in target.iter_mut().zip(source) {
        *target = target.wrapping_sub(factor.wrapping_mul(*source));
    }
}

/// One lane of `sum of coefficients[j] * rows[j]`, where row `j` is the lane at `j * stride` of `rows`; stops at the
/// shorter of both. Products are summed in 16 bits, of which the lower 8 count.
pub(crate) fn weighted_sum(coefficients: &[u8], rows: &[u8], stride: usize) -> [u8; LANES] {
    let mut sums = [0_u16; LANES];
    for (coefficient, row) in coefficients.iter().zip(rows.chunks(stride)) {
        let Some(row) = row.first_chunk::<LANES>() else {
            break;
        };
        for (sum, cell) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(u16::from(*coefficient).wrapping_mul(u16::from(*cell)));
        }
    }
    sums.map(|sum| sum as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_odd_byte_times_its_inverse_is_one() {
        for odd in (1..=255_u8).step_by(2) {
            assert_eq!(odd.wrapping_mul(inverse(odd)), 1);
        }
    }

    #[test]
    fn subtracting_a_multiple_wraps() {
        let mut target = [3; 2 * LANES];
        subtract_multiple(&mut target, &[200; 2 * LANES], 77);
        assert_eq!(target, [(3 - 200 * 77_i32).rem_euclid(256) as u8; 2 * LANES]);
    }

    #[test]
    fn a_weighted_sum_is_right_modulo_256_for_the_largest_terms() {
        let rows: Vec<u8> = (0..300 * 2 * LANES).map(|i| if i % (2 * LANES) < LANES { 255 } else { 9 }).collect();
        let sum = weighted_sum(&[255; 300], &rows, 2 * LANES);
        assert_eq!(sum, [(300 * 255 * 255 % 256) as u8; LANES]);
    }

    #[test]
    fn a_weighted_sum_stops_with_the_rows() {
        assert_eq!(weighted_sum(&[1; 10], &[2; 3 * LANES], LANES), [6; LANES]);
    }
}
