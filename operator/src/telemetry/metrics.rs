//! What is counted while the operator works, and the text that Prometheus scrapes.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use crate::{carry, look::Sight};

/// How a pass over one cluster ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was to be done.
    Rested,
    /// Something is left to do, and waited for.
    Waited,
    /// A step was carried out, or refused where it landed.
    Stepped,
    /// It failed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Rested, Self::Waited, Self::Stepped, Self::Failed];

    /// As logs and metrics show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rested => "rested",
            Self::Waited => "waited",
            Self::Stepped => "stepped",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pass {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Look {
    sight: &'static str,
}

/// A step by its verb: `evict`, `change-members`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Step {
    action: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Blocked {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Clusters {
    condition: &'static str,
}

/// A request to the API server: its resource with the subresource, such as `pods/eviction`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiCall {
    verb: &'static str,
    resource: String,
    code: String,
}

/// Counts for `/metrics`.
pub struct Metrics {
    registry: Registry,
    is_leader: Gauge,
    passes: Family<Pass, Counter>,
    pass_durations: Histogram,
    look_durations: Family<Look, Histogram>,
    steps: Family<Step, Counter>,
    blocked: Family<Blocked, Counter>,
    clusters: Family<Clusters, Gauge>,
    api_calls: Family<ApiCall, Counter>,
    api_durations: Histogram,
}

/// For durations of calls and passes: 1 ms to 33 s, doubling.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        registry.register(
            "silhouette_operator_build",
            "The program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let metrics = Self {
            is_leader: Gauge::default(),
            passes: Family::default(),
            pass_durations: durations(),
            look_durations: Family::new_with_constructor(durations),
            steps: Family::default(),
            blocked: Family::default(),
            clusters: Family::default(),
            api_calls: Family::default(),
            api_durations: durations(),
            registry,
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        // A series that appears with its first event hides that event from `rate`.
        for outcome in Outcome::ALL {
            drop(self.passes.get_or_create(&Pass { outcome: outcome.as_str() }));
        }
        for sight in ["cached", "fresh"] {
            drop(self.look_durations.get_or_create(&Look { sight }));
        }
        let registry = &mut self.registry;
        registry.register(
            "silhouette_operator_is_leader",
            "Whether this process holds the lease and works",
            self.is_leader.clone(),
        );
        registry.register(
            "silhouette_operator_reconciles",
            "Passes over a cluster, by how they ended",
            self.passes.clone(),
        );
        registry.register_with_unit(
            "silhouette_operator_reconcile_duration",
            "A pass over a cluster: look, plan, one step at most, and the report",
            Unit::Seconds,
            self.pass_durations.clone(),
        );
        registry.register_with_unit(
            "silhouette_operator_look_duration",
            "A look at a cluster's objects and nodes; fresh ones read the API server, past every cache",
            Unit::Seconds,
            self.look_durations.clone(),
        );
        registry.register(
            "silhouette_operator_steps",
            "Steps that were tried, by verb and outcome",
            self.steps.clone(),
        );
        registry.register(
            "silhouette_operator_steps_blocked",
            "Passes in which a step was planned and no step could be carried out, by the code of the first blocker",
            self.blocked.clone(),
        );
        registry.register(
            "silhouette_operator_clusters",
            "Clusters by the conditions that hold; condition All counts each",
            self.clusters.clone(),
        );
        registry.register(
            "silhouette_operator_api_requests",
            "Requests to the API server, by verb, resource and status; error: no answer",
            self.api_calls.clone(),
        );
        registry.register_with_unit(
            "silhouette_operator_api_request_duration",
            "From a request to the API server to the head of its answer",
            Unit::Seconds,
            self.api_durations.clone(),
        );
        self
    }

    /// Whether this process works.
    pub fn leads(&self, leads: bool) {
        self.is_leader.set(i64::from(leads));
    }

    /// A pass ended.
    pub fn passed(&self, outcome: Outcome, took: Duration) {
        self.passes.get_or_create(&Pass { outcome: outcome.as_str() }).inc();
        self.pass_durations.observe(took.as_secs_f64());
    }

    /// A look ended.
    pub fn looked(&self, sight: Sight, took: Duration) {
        let sight = match sight {
            Sight::Cached => "cached",
            Sight::Fresh => "fresh",
        };
        self.look_durations.get_or_create(&Look { sight }).observe(took.as_secs_f64());
    }

    /// A step was tried.
    pub fn stepped(&self, action: &'static str, outcome: carry::Outcome) {
        self.steps.get_or_create(&Step { action, outcome: outcome.as_str() }).inc();
    }

    /// No step could be carried out.
    pub fn blocked(&self, code: &'static str) {
        self.blocked.get_or_create(&Blocked { code }).inc();
    }

    /// So many clusters have this condition.
    pub fn clusters(&self, condition: &'static str, count: usize) {
        self.clusters.get_or_create(&Clusters { condition }).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The API server answered a request with this status, or not at all.
    pub fn called(&self, verb: &'static str, resource: &str, status: Option<u16>, took: Duration) {
        let code = status.map_or_else(|| "error".to_owned(), |status| status.to_string());
        self.api_calls.get_or_create(&ApiCall { verb, resource: resource.to_owned(), code }).inc();
        self.api_durations.observe(took.as_secs_f64());
    }

    /// What was counted, as `OpenMetrics` text.
    pub fn to_text(&self) -> Result<String, fmt::Error> {
        let mut written = String::new();
        text::encode(&mut written, &self.registry)?;
        Ok(written)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
