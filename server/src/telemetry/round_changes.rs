//! What is counted of rounds as they move through their lives, as this member sees it.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// A phase that a round enters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Entered {
    phase: &'static str,
}

/// The phase that a round failed in: `open` when its deadline passed, `sealed` when no encoding was agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailedIn {
    stage: &'static str,
}

const PHASES: [&str; 5] = ["open", "sealed", "ready", "failed", "ended"];

/// Counts of changes of rounds since the member started.
#[derive(Debug)]
pub(crate) struct RoundChanges {
    entered: Family<Entered, Counter>,
    failed: Family<FailedIn, Counter>,
    resealed: Counter,
}

impl RoundChanges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let changes = Self { entered: Family::default(), failed: Family::default(), resealed: Counter::default() };
        for phase in PHASES {
            drop(changes.entered.get_or_create(&Entered { phase }));
        }
        for phase in &PHASES[..2] {
            drop(changes.failed.get_or_create(&FailedIn { stage: phase }));
        }
        registry.register("silhouette_rounds_entered", "Rounds that entered a phase", changes.entered.clone());
        registry.register(
            "silhouette_rounds_failures",
            "Rounds that failed, by the phase that they failed in",
            changes.failed.clone(),
        );
        registry.register(
            "silhouette_rounds_resealed",
            "Sealings that were repeated because members did not agree",
            changes.resealed.clone(),
        );
        changes
    }

    /// A round entered a phase.
    pub(crate) fn entered(&self, phase: &'static str) {
        self.entered.get_or_create(&Entered { phase }).inc();
    }

    /// A round failed in a phase.
    pub(crate) fn failed(&self, phase: &'static str) {
        self.failed.get_or_create(&FailedIn { stage: phase }).inc();
    }

    /// A round was sealed so many times more.
    pub(crate) fn resealed(&self, times: u32) {
        self.resealed.inc_by(u64::from(times));
    }
}
