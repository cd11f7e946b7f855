//! Pauses that grow.

use std::time::Duration;

/// Doubling pauses between a first and a longest one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after `pauses` others, shortened by up to a half: all of it at jitter 1, half at jitter 0.
    pub(crate) fn pause(&self, pauses: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(pauses).unwrap_or(u32::MAX));
        doubled.min(self.longest).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
        let pauses: Vec<_> = [0, 1, 4, 5, 31, 32, u32::MAX].map(|n| backoff.pause(n, 1.0).as_millis()).into();
        assert_eq!(pauses, [50, 100, 800, 1_000, 1_000, 1_000, 1_000]);
    }

    #[test]
    fn jitter_takes_up_to_a_half() {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
        assert_eq!(backoff.pause(1, 0.0), Duration::from_millis(50));
        assert_eq!(backoff.pause(1, 0.5), Duration::from_millis(75));
    }
}
