//! Rounds of the cluster.

use std::fmt::Error;

use super::Sheet;
use crate::state::{Phase, State};

/// How many rounds are in each phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RoundFigures {
    open: u64,
    sealed: u64,
    ready: u64,
    failed: u64,
    ended: u64,
}

impl RoundFigures {
    /// Of the rounds of a state.
    pub(crate) fn of(state: &State) -> Self {
        let mut counts = Self::default();
        for round in state.rounds() {
            match round.phase() {
                Phase::Open => counts.open += 1,
                Phase::Sealed(_) => counts.sealed += 1,
                Phase::Ready(_) => counts.ready += 1,
                Phase::Failed { .. } => counts.failed += 1,
                Phase::Ended { .. } => counts.ended += 1,
            }
        }
        counts
    }

    pub(super) fn encode(self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.gauge("silhouette_rounds_open", "Rounds that take publications", self.open)?;
        sheet.gauge("silhouette_rounds_sealed", "Rounds that members encode", self.sealed)?;
        sheet.gauge("silhouette_rounds_ready", "Rounds that can be read", self.ready)?;
        sheet.gauge("silhouette_rounds_failed", "Rounds that ended without an encoding and are kept", self.failed)?;
        sheet.gauge("silhouette_rounds_retired", "Deleted and expired rounds whose names are not free yet", self.ended)
    }
}
