//! What is counted of private queries: how many wait, share a pass, are refused, and how long they take.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::durations::short_durations;

/// Label of queries that were refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    /// The setting of section `retrieval` that allows no more.
    limit: &'static str,
}

/// Counts of private queries. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RetrievalMetrics {
    queries: Histogram,
    passes: Histogram,
    batches: Histogram,
    waiting: Gauge,
    refused: Family<Refused, Counter>,
}

impl RetrievalMetrics {
    /// Registers all of them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            queries: short_durations(),
            passes: short_durations(),
            // 1 to 64, doubling: the most that may be configured.
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            waiting: Gauge::default(),
            refused: Family::default(),
        };
        let queries = metrics.queries.clone();
        registry.register_with_unit(
            "silhouette_pir_query",
            "From a private query's arrival to its answer, waiting included",
            Unit::Seconds,
            queries,
        );
        let passes = metrics.passes.clone();
        registry.register_with_unit("silhouette_pir_pass", "Passes over the matrix of a round", Unit::Seconds, passes);
        registry.register("silhouette_pir_pass_queries", "Queries answered by a pass", metrics.batches.clone());
        registry.register("silhouette_pir_queries_waiting", "Private queries that wait", metrics.waiting.clone());
        for limit in ["waiting_queries", "waiting_queries_per_connection", "waiting_bytes"] {
            drop(metrics.refused.get_or_create(&Refused { limit }));
        }
        let refused = metrics.refused.clone();
        registry.register(
            "silhouette_pir_queries_refused",
            "Queries refused, by the setting that allows no more",
            refused,
        );
        metrics
    }

    /// A query was answered so long after it arrived.
    pub(crate) fn observe_query(&self, duration: Duration) {
        self.queries.observe(duration.as_secs_f64());
    }

    /// A pass took so long.
    pub(crate) fn observe_pass(&self, duration: Duration) {
        self.passes.observe(duration.as_secs_f64());
    }

    /// A pass answers so many queries.
    pub(crate) fn observe_batch(&self, queries: usize) {
        self.batches.observe(queries as f64);
    }

    /// So many queries wait.
    pub(crate) fn set_waiting(&self, queries: usize) {
        self.waiting.set(queries as i64);
    }

    /// A query was refused, since this setting allows no more to wait.
    pub(crate) fn refuse(&self, setting: &'static str) {
        self.refused.get_or_create(&Refused { limit: setting }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let mut registry = Registry::default();
        let metrics = RetrievalMetrics::register(&mut registry);
        metrics.observe_query(Duration::from_millis(3));
        metrics.observe_pass(Duration::from_millis(2));
        metrics.observe_batch(5);
        metrics.set_waiting(7);
        metrics.refuse("waiting_bytes");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("text is written");
        for line in [
            "silhouette_pir_query_seconds_count 1",
            "silhouette_pir_pass_seconds_count 1",
            "silhouette_pir_pass_queries_sum 5.0",
            "silhouette_pir_pass_queries_bucket{le=\"8.0\"} 1",
            "silhouette_pir_queries_waiting 7",
            "silhouette_pir_queries_refused_total{limit=\"waiting_bytes\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
