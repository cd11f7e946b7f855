//! What a member has applied since it started, for metrics. How many bytes were published is not counted: with pairs of
//! one size it would tell how many there are, which a round's shape hides.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// What a member has applied since it started. Clones share it.
#[derive(Debug, Clone)]
pub struct AppliedCounts {
    entries: Arc<Mutex<BTreeMap<&'static str, (u64, u64)>>>,
    batches: Histogram,
}

impl Default for AppliedCounts {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
            // 0.5 ms to 8 s, doubling.
            batches: Histogram::new(exponential_buckets(0.000_5, 2.0, 15)),
        }
    }
}

impl AppliedCounts {
    /// How many commands of each kind were accepted, and how many rejected.
    pub fn entries(&self) -> BTreeMap<&'static str, (u64, u64)> {
        self.entries.lock().clone()
    }

    /// How long batches of entries took, their write included.
    pub fn batches(&self) -> &Histogram {
        &self.batches
    }

    /// A command of a kind was accepted, or rejected.
    pub(super) fn count(&self, kind: &'static str, accepted: bool) {
        let mut entries = self.entries.lock();
        let (done, rejected) = entries.entry(kind).or_default();
        *if accepted { done } else { rejected } += 1;
    }

    /// A batch of entries took so long.
    pub(super) fn observe_batch(&self, duration: Duration) {
        self.batches.observe(duration.as_secs_f64());
    }
}
