//! Pauses after passes that failed: each cluster has its own, and they grow.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause: whatever was wrong, a minute after it is right again the cluster is kept.
const LONGEST: Duration = Duration::from_mins(1);

/// Failures in a row, by cluster: `namespace/name`.
#[derive(Debug, Default)]
pub(super) struct Backoffs(Mutex<BTreeMap<String, u32>>);

impl Backoffs {
    /// A pass failed: the pause before the next.
    pub(super) fn failed(&self, cluster: &str) -> Duration {
        let mut failures = self.0.lock();
        let failures = failures.entry(cluster.to_owned()).or_insert(0);
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(*failures).unwrap_or(u32::MAX));
        *failures = failures.saturating_add(1);
        doubled.min(LONGEST)
    }

    /// A pass did not fail, or the cluster is gone.
    pub(super) fn forget(&self, cluster: &str) {
        self.0.lock().remove(cluster);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_for_each_cluster_by_itself() {
        let backoffs = Backoffs::default();
        let pauses: Vec<u64> = (0..8).map(|_| backoffs.failed("n/a").as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoffs.failed("n/b"), FIRST);
        backoffs.forget("n/a");
        assert_eq!(backoffs.failed("n/a"), FIRST);
        for _ in 0..40 {
            assert!(backoffs.failed("n/a") <= LONGEST);
        }
    }
}
