//! What is counted while the node works, and the text that Prometheus scrapes.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::text,
    metrics::{
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use super::{calls::CallCounts, figures::Figures, limits::LimitMetrics};

/// Upper bounds of short durations: 0.5 ms to 8 s, doubling.
pub(super) fn short_durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 15))
}

/// Upper bounds of durations that grow with a round: 10 ms to 160 s, doubling.
fn long_durations() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 2.0, 15))
}

/// Counts for `/metrics`.
pub struct Metrics {
    registry: Registry,
    syncs: Histogram,
    seal_to_ready: Histogram,
    encodes: Histogram,
    queries: Histogram,
    calls: CallCounts,
    limits: LimitMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("silhouette_build", "The program", version);
        let mut durations = |name: &str, help: &str, histogram: Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
            histogram
        };
        let syncs = durations("silhouette_disk_wal_fsync_duration", "Synced writes of the database", short_durations());
        let seal_to_ready =
            durations("silhouette_round_seal_to_ready", "From a round's sealing to Ready", long_durations());
        let encodes = durations("silhouette_okvs_encode", "Encodes, hint included", long_durations());
        let queries = durations("silhouette_pir_query", "Answers to private queries", short_durations());
        let calls = CallCounts::new(&mut registry);
        let limits = LimitMetrics::register(&mut registry);
        Self { registry, syncs, seal_to_ready, encodes, queries, calls, limits }
    }
}

impl Metrics {
    /// A synced write of the database took so long.
    pub fn observe_sync(&self, duration: Duration) {
        self.syncs.observe(duration.as_secs_f64());
    }

    /// A round that was sealed became Ready after so long.
    pub fn observe_seal_to_ready(&self, duration: Duration) {
        self.seal_to_ready.observe(duration.as_secs_f64());
    }

    /// An encode took so long, its hint included.
    pub fn observe_encode(&self, duration: Duration) {
        self.encodes.observe(duration.as_secs_f64());
    }

    /// A private query was answered in so long.
    pub fn observe_query(&self, duration: Duration) {
        self.queries.observe(duration.as_secs_f64());
    }

    /// Counts of gRPC calls.
    pub(super) fn calls(&self) -> &CallCounts {
        &self.calls
    }

    /// What the node's limits hold, and what they kept out.
    pub(crate) fn limits(&self) -> &LimitMetrics {
        &self.limits
    }

    /// The text that Prometheus scrapes, in its current format: what was counted, and `figures` of this moment.
    pub(crate) fn to_text(&self, figures: Figures) -> Result<String, fmt::Error> {
        let mut momentary = Registry::default();
        momentary.register_collector(Box::new(figures));
        let mut written = String::new();
        text::encode_registry(&mut written, &self.registry)?;
        text::encode_registry(&mut written, &momentary)?;
        text::encode_eof(&mut written)?;
        Ok(written)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::telemetry::figures::RoundCounts;

    fn text() -> String {
        let metrics = Metrics::default();
        metrics.observe_encode(Duration::from_millis(30));
        metrics.to_text(Figures { member: None, rounds: RoundCounts::default(), held: 3 }).expect("text is written")
    }

    #[test]
    fn the_text_is_well_formed() {
        let text = text();
        let (body, end) = text.split_at(text.len() - "# EOF\n".len());
        assert_eq!(end, "# EOF\n");
        let mut typed = BTreeSet::new();
        for line in body.lines() {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, _) = declared.split_once(' ').expect("a type follows the name");
                assert!(typed.insert(name.to_owned()), "{name} is declared twice");
            } else if !line.starts_with('#') {
                let (name, value) = line.rsplit_once(' ').expect("a value follows the name");
                let name = name.split('{').next().unwrap_or(name);
                assert!(typed.iter().any(|family| name.starts_with(family.as_str())), "{line}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn what_is_counted_is_told() {
        let text = text();
        for line in [
            concat!("silhouette_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "silhouette_okvs_encode_seconds_count 1",
            "silhouette_okvs_encode_seconds_bucket{le=\"0.04\"} 1",
            "silhouette_pir_query_seconds_count 0",
            "silhouette_disk_wal_fsync_duration_seconds_count 0",
            "silhouette_round_seal_to_ready_seconds_count 0",
            "silhouette_rounds_held 3",
            "silhouette_raft_has_leader 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
