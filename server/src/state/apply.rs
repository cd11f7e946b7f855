//! One entry at a time.

use super::{Applied, Entry, MembershipChange, RaftConfiguration, Rejection, State};
use crate::ids::LogIndex;

impl State {
    /// Applies a committed entry.
    pub fn apply(&mut self, index: LogIndex, entry: Entry) -> Applied {
        todo!("{index} {entry:?}")
    }

    /// Applies a committed configuration entry; `raft` is the configuration that raft made of it.
    pub fn apply_membership(
        &mut self,
        index: LogIndex,
        change: Option<&MembershipChange>,
        raft: RaftConfiguration,
    ) -> Applied {
        todo!("{index} {change:?} {raft:?}")
    }

    /// Whether a membership change may be proposed, as far as the state knows.
    pub fn check_membership(&self, change: &MembershipChange) -> Result<(), Rejection> {
        todo!("{change:?}")
    }
}
