//! How many clusters are how, for metrics.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::{
    status::{ConditionKind, Conditions},
    telemetry::Metrics,
};

/// The conditions that hold, by cluster: `namespace/name`.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<String, [bool; ConditionKind::ALL.len()]>>);

impl Tally {
    /// A pass judged a cluster.
    pub(super) fn judged(&self, cluster: &str, conditions: &Conditions, metrics: &Metrics) {
        let mut clusters = self.0.lock();
        clusters.insert(cluster.to_owned(), ConditionKind::ALL.map(|kind| conditions.holds(kind)));
        show(&clusters, metrics);
    }

    /// A cluster is gone.
    pub(super) fn forget(&self, cluster: &str, metrics: &Metrics) {
        let mut clusters = self.0.lock();
        clusters.remove(cluster);
        show(&clusters, metrics);
    }
}

fn show(clusters: &BTreeMap<String, [bool; ConditionKind::ALL.len()]>, metrics: &Metrics) {
    metrics.clusters("All", clusters.len());
    for (index, kind) in ConditionKind::ALL.iter().enumerate() {
        metrics.clusters(kind.as_str(), clusters.values().filter(|holds| holds[index]).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Demo;

    #[test]
    fn clusters_are_counted_by_what_holds_until_they_are_gone() {
        let (tally, metrics) = (Tally::default(), Metrics::default());
        let mut rolling = Demo::settled(3);
        rolling.outdate([2]);
        for (cluster, demo) in [("n/a", Demo::settled(3)), ("n/b", rolling)] {
            tally.judged(cluster, &Conditions::judge(&demo.desired, &demo.observed, &demo.plan()), &metrics);
        }
        let shown = |line: &str| metrics.to_text().expect("text").lines().any(|found| found == line);
        assert!(shown("silhouette_operator_clusters{condition=\"All\"} 2"));
        assert!(shown("silhouette_operator_clusters{condition=\"Ready\"} 1"));
        assert!(shown("silhouette_operator_clusters{condition=\"Quorate\"} 2"));
        tally.forget("n/b", &metrics);
        assert!(shown("silhouette_operator_clusters{condition=\"Reconciling\"} 0"));
    }
}
