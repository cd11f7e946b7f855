//! How long rounds take from their sealing to Ready, for metrics.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    consensus::Consensus,
    ids::RoundUid,
    state::{Phase, State},
    telemetry::Metrics,
};

/// Measures each round that becomes Ready while this member runs.
pub(crate) async fn observe_rounds(consensus: Consensus, metrics: Arc<Metrics>) {
    let mut applied = consensus.applied();
    let mut coming = Coming::default();
    loop {
        applied.borrow_and_update();
        for duration in coming.arrived(&consensus.state()) {
            metrics.observe_seal_to_ready(duration);
        }
        if applied.changed().await.is_err() {
            return;
        }
    }
}

/// Rounds that were seen before they were Ready: those that were Ready before are not measured again.
#[derive(Debug, Default)]
struct Coming {
    rounds: BTreeSet<RoundUid>,
}

impl Coming {
    /// How long each round took that is Ready and was not when this was last called, in cluster time.
    fn arrived(&mut self, state: &State) -> Vec<Duration> {
        let mut coming = BTreeSet::new();
        let mut arrived = Vec::new();
        for round in state.live_rounds() {
            match round.phase() {
                Phase::Open | Phase::Sealed(_) => {
                    coming.insert(round.uid());
                }
                Phase::Ready(held) if self.rounds.contains(&round.uid()) => {
                    arrived.push(Duration::from_millis(held.ready_at.0.saturating_sub(held.sealed_at.0)));
                }
                Phase::Ready(_) | Phase::Failed { .. } | Phase::Ended { .. } => {}
            }
        }
        self.rounds = coming;
        arrived
    }
}
