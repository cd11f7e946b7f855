//! What a member says about itself, in health and after a failure.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Instant,
};

use raft::{ProgressState, StateRole};

use super::RaftThread;
use crate::{
    consensus::{MemberProgress, ProposeError, Role, messages::Input},
    ids::{LogIndex, MemberId, Term},
};

impl RaftThread {
    /// Publishes what this member says about itself.
    pub(super) fn publish(&self) {
        let raft = &self.node.raft;
        let role = match raft.state {
            StateRole::Follower => Role::Follower,
            StateRole::PreCandidate => Role::PreCandidate,
            StateRole::Candidate => Role::Candidate,
            StateRole::Leader => Role::Leader,
        };
        let progress = if role == Role::Leader { self.progress() } else { Vec::new() };
        self.shared.status.send_modify(|status| {
            status.role = role;
            status.term = Term(raft.term);
            status.leader = self.present_leader();
            status.commit = LogIndex(raft.raft_log.committed);
            status.applied = LogIndex(raft.raft_log.applied);
            status.last_index = self.log.last_index();
            status.first_index = self.log.first_index();
            status.own_term_applied = raft.apply_to_current_term();
            status.joint = !self.conf_state.voters_outgoing.is_empty();
            status.leader_heard = self.following.leader_heard;
            status.ticked = Instant::now();
            status.progress = progress;
            status.proposals_pending = self.shared.pending.len();
            status.unapplied_bytes = self.shared.backlog.bytes();
            status.counters = self.counters;
        });
    }

    /// After a failure: leads and follows nobody, and refuses what arrives until it is told to stop.
    pub(super) fn refuse_everything(&mut self, fault: String, inputs: &Receiver<Input>) {
        self.shared.clock.stop();
        self.shared.snapshots.clear();
        // A leader's appends go out before its own disk has them: others may carry out what failed here.
        let unknown = ProposeError::OutcomeUnknown { leader: None };
        self.counters.proposals_failed += self.shared.pending.fail_all(&unknown);
        self.reads.fail_all(&ProposeError::StorageFailed);
        self.shared.status.send_modify(|status| {
            status.role = Role::Follower;
            status.leader = None;
            status.storage_fault = Some(fault);
            status.progress = Vec::new();
            status.proposals_pending = 0;
        });
        if let Some(transfer) = self.leading.transfer.take() {
            (transfer.call)(Err(ProposeError::StorageFailed));
        }
        loop {
            match inputs.recv_timeout(self.settings.tick) {
                Ok(Input::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Input::Propose(proposal)) => proposal.call.end(Err(ProposeError::StorageFailed)),
                Ok(Input::Change { call, .. }) => call.end(Err(ProposeError::StorageFailed)),
                Ok(Input::Read(call)) => drop(call.send(Err(ProposeError::StorageFailed))),
                Ok(Input::Transfer(_, call)) => call(Err(ProposeError::StorageFailed)),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
            self.shared.status.send_modify(|status| status.ticked = Instant::now());
        }
    }

    /// Who leads, as far as this member knows. Raft has a voter forget a leader that fell silent by having it campaign;
    /// learners and fenced members do not, and would name it for good.
    fn present_leader(&self) -> Option<MemberId> {
        let raft = &self.node.raft;
        // A voter campaigns after one to two election timeouts.
        let patience = 2 * self.election_timeout();
        let is_heard = || self.following.leader_heard.is_some_and(|heard| heard.elapsed() < patience);
        let is_known = raft.leader_id != 0 && (raft.state == StateRole::Leader || is_heard());
        is_known.then_some(MemberId(raft.leader_id))
    }

    /// How far each other member has replicated.
    fn progress(&self) -> Vec<MemberProgress> {
        let now = Instant::now();
        let commit = LogIndex(self.node.raft.raft_log.committed);
        let others = self.node.raft.prs().iter().filter(|(member, _)| **member != self.shared.member.0);
        let progress = others.map(|(member, progress)| {
            let standing = self.standing(*member, progress, now);
            MemberProgress {
                member: MemberId(*member),
                matched: standing.matched,
                active: standing.active,
                keeps_up: standing.keeps_up(commit, self.settings.promote_lag),
                silence: self.silence(*member),
                snapshot: progress.state == ProgressState::Snapshot,
            }
        });
        let mut progress: Vec<_> = progress.collect();
        progress.sort_by_key(|progress| progress.member);
        progress
    }
}
