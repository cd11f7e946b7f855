//! What is counted while the node works, and the text that Prometheus scrapes.

use std::fmt;

use prometheus_client::{encoding::text, metrics::info::Info, registry::Registry};

use super::{
    calls::CallMetrics, divergence::DivergenceMetrics, durations::Durations, figures::Figures, limits::LimitMetrics,
    requests::RequestMetrics, retrieval::RetrievalMetrics, round_changes::RoundChanges,
};

/// Counts for `/metrics`: an area of the node a field.
///
/// A new area is a file beside this one with a struct and its `register(registry: &mut Registry) -> Self`, a field and
/// an accessor here, and what it tells an operator in `catalogue.rs`. A family makes its series when it is
/// registered, as far as their labels are known: a series that appears with its first event hides that event from
/// `rate`.
pub struct Metrics {
    registry: Registry,
    durations: Durations,
    divergence: DivergenceMetrics,
    calls: CallMetrics,
    limits: LimitMetrics,
    requests: RequestMetrics,
    retrieval: RetrievalMetrics,
    round_changes: RoundChanges,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("silhouette_build", "The program", version);
        let durations = Durations::register(&mut registry);
        let divergence = DivergenceMetrics::register(&mut registry);
        let calls = CallMetrics::register(&mut registry);
        let limits = LimitMetrics::register(&mut registry);
        let requests = RequestMetrics::register(&mut registry);
        let retrieval = RetrievalMetrics::register(&mut registry);
        let round_changes = RoundChanges::register(&mut registry);
        Self { registry, durations, divergence, calls, limits, requests, retrieval, round_changes }
    }
}

impl Metrics {
    pub(super) fn durations(&self) -> &Durations {
        &self.durations
    }

    /// Whether this member and its rounds are what the cluster agreed on.
    pub fn divergence(&self) -> &DivergenceMetrics {
        &self.divergence
    }

    /// Counts of gRPC calls.
    pub(super) fn calls(&self) -> &CallMetrics {
        &self.calls
    }

    /// What the node's limits hold, and what they kept out.
    pub(crate) fn limits(&self) -> &LimitMetrics {
        &self.limits
    }

    /// Counts of HTTP requests.
    pub(crate) fn requests(&self) -> &RequestMetrics {
        &self.requests
    }

    /// Counts of private queries.
    pub(crate) fn retrieval(&self) -> &RetrievalMetrics {
        &self.retrieval
    }

    /// Counts of changes of rounds.
    pub(crate) fn round_changes(&self) -> &RoundChanges {
        &self.round_changes
    }

    /// What was counted, and `figures` of this moment, as `OpenMetrics` text.
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
    use std::{collections::BTreeSet, time::Duration};

    use super::*;

    fn text() -> String {
        let metrics = Metrics::default();
        metrics.observe_encode(Duration::from_millis(30));
        metrics.to_text(Figures::default()).expect("text is written")
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
            "silhouette_rounds_held 0",
            "silhouette_raft_has_leader 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
