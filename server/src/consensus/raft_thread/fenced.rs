//! What a fenced member still does in raft: it votes and replicates, but neither campaigns nor leads.

use raft::{INVALID_ID, StateRole};

use super::RaftThread;

impl RaftThread {
    pub(super) fn is_fenced(&self) -> bool {
        self.shared.store.fence().is_some()
    }

    /// One tick of raft's clock.
    pub(super) fn tick_raft(&mut self) {
        if !self.is_fenced() {
            self.node.tick();
            return;
        }
        match self.node.raft.state {
            StateRole::Leader => {
                self.node.tick();
                self.hand_over();
            }
            StateRole::Follower => self.tick_without_campaign(),
            StateRole::Candidate | StateRole::PreCandidate => self.step_down(),
        }
    }

    /// A follower's tick only counts towards its election timeout. Half of what the count is for must stay: once the
    /// leader was silent for the shortest timeout, this member gives its vote to others.
    fn tick_without_campaign(&mut self) {
        let raft = &mut self.node.raft;
        raft.election_elapsed = (raft.election_elapsed + 1).min(raft.election_timeout());
    }

    /// Stops acting as a leader at once, and hands leadership to another voter; one that does not take over in time has
    /// to be elected.
    fn hand_over(&mut self) {
        if !self.leading.handing_over {
            self.leading.handing_over = true;
            self.shared.clock.stop();
            self.shared.snapshots.clear();
            self.transfer(None, Box::new(drop));
        } else if self.leading.transfer.is_none() {
            self.step_down();
        }
    }

    fn step_down(&mut self) {
        let term = self.node.raft.term;
        self.node.raft.become_follower(term, INVALID_ID);
    }
}
