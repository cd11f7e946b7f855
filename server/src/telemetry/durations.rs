//! How long the parts of a node take: histograms.

use std::time::Duration;

use prometheus_client::{
    metrics::histogram::{Histogram, exponential_buckets},
    registry::{Registry, Unit},
};

/// For durations of a call or a write: 0.5 ms to 8 s, doubling.
pub(super) fn short_durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 15))
}

/// For durations that grow with a round: 10 ms to 160 s, doubling.
pub(super) fn long_durations() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 2.0, 15))
}

/// Durations of what a node does.
#[derive(Debug)]
pub(super) struct Durations {
    syncs: Histogram,
    seal_to_ready: Histogram,
    encodes: Histogram,
}

impl Durations {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut durations = |name: &str, help: &str, histogram: Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
            histogram
        };
        Self {
            syncs: durations("silhouette_disk_wal_fsync_duration", "Synced writes of the database", short_durations()),
            seal_to_ready: durations(
                "silhouette_round_seal_to_ready",
                "From a round's sealing to Ready",
                long_durations(),
            ),
            encodes: durations("silhouette_okvs_encode", "Encodes, hint included", long_durations()),
        }
    }
}

impl super::Metrics {
    /// A synced write of the database took so long.
    pub fn observe_sync(&self, duration: Duration) {
        self.durations().syncs.observe(duration.as_secs_f64());
    }

    /// A round that was sealed became Ready after so long.
    pub fn observe_seal_to_ready(&self, duration: Duration) {
        self.durations().seal_to_ready.observe(duration.as_secs_f64());
    }

    /// An encode took so long, its hint included.
    pub fn observe_encode(&self, duration: Duration) {
        self.durations().encodes.observe(duration.as_secs_f64());
    }
}
