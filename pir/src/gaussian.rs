//! Rounded Gaussian samples in constant time.
//!
//! A sample takes 64 uniform bits: one is the sign, 63 choose the magnitude by comparison with *every* threshold of a
//! table of the cumulative distribution. So each value's probability is a multiple of `2^-64`, and neither a branch nor
//! an address depends on it.

mod table;
#[cfg(test)]
mod tests;

use crate::lwe::Sigma;

/// Samples of one standard deviation.
#[derive(Clone, Copy)]
pub(crate) struct RoundedGaussian {
    /// `2^63` times the probability of a magnitude up to `k`, for `k` from 0 to the last that leaves any rest.
    thresholds: &'static [u64],
}

impl RoundedGaussian {
    pub(crate) const fn new(sigma: Sigma) -> Self {
        match sigma {
            Sigma::Sixteen => Self { thresholds: &table::SIXTEEN },
            Sigma::ThirtyTwo => Self { thresholds: &table::THIRTY_TWO },
        }
    }

    /// The sample that 64 uniform bits select.
    pub(crate) fn sample(self, uniform: u64) -> i32 {
        let position = uniform >> 1;
        // Both numbers have 63 bits: the difference is negative exactly if the position is below the threshold.
        let below = self.thresholds.iter().fold(0_u64, |below, threshold| {
            // Wrapping, so that it is compiled to a loop without exits.
            below.wrapping_add(position.wrapping_sub(*threshold) >> 63)
        });
        let magnitude = (self.thresholds.len() as u64 - below) as i32;
        let sign = -((uniform & 1) as i32);
        (magnitude ^ sign) - sign
    }
}
