//! What a leader shall propose now: seals, deadlines, shreds, the end of retention.

use std::collections::BTreeSet;

use super::{Command, State};
use crate::ids::{ClusterTime, MemberId, RoundUid};

/// What a leader knows beyond the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeaderView {
    /// Voters that it has heard from lately, itself included.
    pub active_voters: BTreeSet<MemberId>,
}

/// Something to propose. Proposing it twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// This very command.
    Command(Command),
    /// A sealing with fresh seeds: [`State::seal_plan`] makes its plan.
    Seal {
        /// The round.
        uid: RoundUid,
        /// Which sealing.
        reseal: u32,
    },
}

impl State {
    /// What a leader shall propose at `now`, most urgent first.
    pub fn due(&self, now: ClusterTime, view: &LeaderView) -> Vec<Due> {
        todo!("{now} {view:?}")
    }

    /// When the next timer fires; `None` if none is armed and an idle leader need not log ticks.
    pub fn next_deadline(&self) -> Option<ClusterTime> {
        todo!()
    }
}
