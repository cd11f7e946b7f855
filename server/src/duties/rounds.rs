//! What becomes of rounds while this member runs, and how long it takes, for metrics.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    consensus::Consensus,
    ids::RoundUid,
    state::{Phase, Round, State},
    telemetry::Metrics,
};

/// Counts what becomes of each round, and measures each that becomes Ready, while this member runs.
pub(crate) async fn observe_rounds(consensus: Consensus, metrics: Arc<Metrics>) {
    let mut applied = consensus.applied();
    let mut lives = Lives::of(&consensus.state());
    loop {
        applied.borrow_and_update();
        let changes = lives.follow(&consensus.state());
        for change in changes {
            tell(change, &metrics);
        }
        if applied.changed().await.is_err() {
            return;
        }
    }
}

fn tell(change: Change, metrics: &Metrics) {
    match change {
        Change::Entered { phase } => metrics.round_changes().entered(phase),
        Change::Failed { stage } => metrics.round_changes().failed(stage),
        Change::Resealed { times } => metrics.round_changes().resealed(times),
        Change::Arrived { after } => metrics.observe_seal_to_ready(after),
    }
}

/// What became of a round since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It is in another phase.
    Entered { phase: &'static str },
    /// It failed in this phase.
    Failed { stage: &'static str },
    /// It was sealed again.
    Resealed { times: u32 },
    /// It is Ready, so long after it was sealed in cluster time.
    Arrived { after: Duration },
}

/// Where each round was when it was last looked at.
#[derive(Debug, Default)]
struct Lives {
    rounds: BTreeMap<RoundUid, (&'static str, u32)>,
}

impl Lives {
    /// As they are now: what was before is not counted again.
    fn of(state: &State) -> Self {
        Self { rounds: state.rounds().map(|round| (round.uid(), standing(round))).collect() }
    }

    /// What became of rounds since.
    fn follow(&mut self, state: &State) -> Vec<Change> {
        let now = Self::of(state);
        let mut changes = Vec::new();
        for round in state.rounds() {
            let (phase, reseal) = standing(round);
            let before = self.rounds.get(&round.uid());
            if before.is_some_and(|(before, reseals)| *before == phase && *reseals == reseal) {
                continue;
            }
            let (was, reseals) = before.copied().unwrap_or(("open", 0));
            if before.is_none() || was != phase {
                changes.push(Change::Entered { phase });
            }
            if reseal > reseals {
                changes.push(Change::Resealed { times: reseal - reseals });
            }
            match round.phase() {
                Phase::Ready(held) => {
                    let after = Duration::from_millis(held.ready_at.0.saturating_sub(held.sealed_at.0));
                    changes.push(Change::Arrived { after });
                }
                Phase::Failed { .. } => changes.push(Change::Failed { stage: was }),
                Phase::Open | Phase::Sealed(_) | Phase::Ended { .. } => {}
            }
        }
        *self = now;
        changes
    }
}

/// Where a round is in its life, and how often it was sealed again.
fn standing(round: &Round) -> (&'static str, u32) {
    let phase = match round.phase() {
        Phase::Open => "open",
        Phase::Sealed(_) => "sealed",
        Phase::Ready(_) => "ready",
        Phase::Failed { .. } => "failed",
        Phase::Ended { .. } => "ended",
    };
    (phase, round.reseal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        service::scenario::Scenario,
        state::{Command, ExpectedPhase},
    };

    #[test]
    fn what_becomes_of_a_round_is_told_once() {
        let mut scenario = Scenario::new();
        let mut lives = Lives::of(&scenario.state);
        let uid = scenario.open_late(1);
        assert_eq!(lives.follow(&scenario.state), [Change::Entered { phase: "open" }]);
        assert_eq!(lives.follow(&scenario.state), []);
        let reason = "its deadline passed".to_owned();
        scenario.apply(Command::Fail { uid, expected: ExpectedPhase::Open, reason });
        let failed = [Change::Entered { phase: "failed" }, Change::Failed { stage: "open" }];
        assert_eq!(lives.follow(&scenario.state), failed);
        assert_eq!(lives.follow(&scenario.state), []);
    }
}
