//! What the raft thread does while it leads: proposes, changes members, hands over, looks after snapshots.

use std::time::{Duration, Instant};

use raft::{
    Progress, ProgressState, SnapshotStatus, StateRole,
    prelude::{ConfChangeV2, EntryType},
};

use super::{Leading, RaftThread, Transfer};
use crate::{
    consensus::{
        ProposeError,
        entry::encode_change,
        fencing,
        membership::{Standing, check_result, raft_change, replaced},
        messages::{Proposal, TransferCall},
        pending::Call,
    },
    ids::{LogIndex, MemberId, ProposalId, RoundUid},
    state::{MemberAction, MembershipChange, Rejection},
};

impl RaftThread {
    /// Proposes a command, or says why not.
    pub(super) fn propose(&mut self, proposal: Proposal) {
        let Proposal { id, data, seals, shreds, call } = proposal;
        let refused = self.check_leads().and_then(|()| seals.map_or(Ok(()), |uid| self.check_unshredded(uid)));
        if let Err(error) = refused {
            self.refuse(call, error);
            return;
        }
        if self.node.propose(id.0.to_vec(), data).is_err() {
            // Too much is uncommitted.
            self.refuse(call, ProposeError::Busy);
            return;
        }
        self.leading.shredding.extend(shreds);
        self.wait(id, call);
    }

    /// Has a call wait for the entry that was appended last.
    fn wait(&self, id: ProposalId, call: Call) {
        let (index, term) = (self.node.raft.raft_log.last_index(), self.node.raft.term);
        call.span.in_scope(|| tracing::debug!(index, term, "proposed"));
        self.shared.pending.insert(id, LogIndex(index), call);
    }

    fn refuse(&mut self, call: Call, error: ProposeError) {
        self.counters.proposals_failed += 1;
        call.span.in_scope(|| tracing::debug!(%error, "not proposed"));
        call.end(Err(error));
    }

    /// No entry that a round's key seals may follow the round's `Shred`, nor come before its start: the key would be
    /// made again, or missing.
    fn check_unshredded(&self, uid: RoundUid) -> Result<(), ProposeError> {
        let state = self.shared.state.read();
        let round = state.round(uid).ok_or(Rejection::RoundNotFound { uid })?;
        if round.is_ended() {
            return Err(Rejection::RoundNotFound { uid }.into());
        }
        if round.is_shredded() || self.leading.shredding.contains(&uid) {
            return Err(Rejection::RoundClosed { id: round.id().clone(), phase: round.phase().name() }.into());
        }
        Ok(())
    }

    /// Proposes a membership change, or says why not.
    pub(super) fn propose_change(
        &mut self,
        id: ProposalId,
        mut change: MembershipChange,
        replaced_silence: Duration,
        call: Call,
    ) {
        if let Err(error) = self.check_change(&mut change, replaced_silence) {
            self.refuse(call, error);
            return;
        }
        let removes_leader = change.parts.contains(&(self.shared.member, MemberAction::Remove));
        if removes_leader {
            // A removed leader would go on leading, and drop all proposals.
            let handed_over = |outcome: Result<MemberId, ProposeError>| {
                let error =
                    outcome.map_or_else(|error| error, |leader| ProposeError::NotLeader { leader: Some(leader) });
                call.end(Err(error));
            };
            self.transfer(None, Box::new(handed_over));
            return;
        }
        let proposed = self.node.propose_conf_change(encode_change(id, &change), raft_change(&change));
        if proposed.is_err() {
            self.refuse(call, ProposeError::Busy);
        } else if self.proposed_change() {
            self.wait(id, call);
        } else {
            let index = self.shared.state.read().configuration().index;
            self.refuse(call, ProposeError::ChangeInFlight { index });
        }
    }

    /// Whether the last entry is a change. Raft puts an empty entry in the place of one that it refuses.
    fn proposed_change(&self) -> bool {
        let last = self.node.raft.raft_log.unstable_entries().last();
        last.is_some_and(|entry| entry.entry_type() == EntryType::EntryConfChangeV2)
    }

    fn check_change(&self, change: &mut MembershipChange, replaced_silence: Duration) -> Result<(), ProposeError> {
        self.check_leads()?;
        change.time = self.shared.clock.now().ok_or(ProposeError::NoLeader)?;
        let state = self.shared.state.read();
        let configuration = state.configuration();
        if self.node.raft.has_pending_conf() || !self.conf_state.voters_outgoing.is_empty() {
            return Err(ProposeError::ChangeInFlight { index: configuration.index });
        }
        if change.expected_conf_index != configuration.index {
            return Err(ProposeError::ConfigurationChanged { index: configuration.index });
        }
        state.check_membership(change)?;
        let mut replaced = replaced(change, |member| state.member(member)?.replaces);
        if let Some(member) = replaced.find(|member| self.silence(member.0) < replaced_silence) {
            return Err(ProposeError::MemberActive { member, silence: self.silence(member.0) });
        }
        let commit = LogIndex(self.node.raft.raft_log.committed);
        let now = Instant::now();
        let standing = |member: MemberId| Some(self.standing(member.0, self.node.raft.prs().get(member.0)?, now));
        check_result(&configuration.raft, change, standing, commit, self.settings.promote_lag)
    }

    /// What this leader knows of a member whose progress raft tracks.
    pub(super) fn standing(&self, member: u64, progress: &Progress, now: Instant) -> Standing {
        Standing { matched: LogIndex(progress.matched), active: self.is_active(member, now) }
    }

    /// How long this leader has not heard of a member.
    pub(super) fn silence(&self, member: u64) -> Duration {
        let ticks = self.leading.hearing.silent_ticks(member);
        self.settings.tick.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
    }

    /// A tick has passed in which this member, if it leads, has listened to the others.
    pub(super) fn listen(&mut self) {
        if self.node.raft.state == StateRole::Leader {
            let me = self.shared.member.0;
            self.leading.hearing.tick(self.node.raft.prs().iter().map(|(id, _)| *id).filter(|id| *id != me));
        }
    }

    /// Proposes the end of a joint configuration, whoever began it.
    pub(super) fn leave_joint(&mut self) {
        let joint = !self.conf_state.voters_outgoing.is_empty();
        if joint && self.check_leads().is_ok() && !self.node.raft.has_pending_conf() {
            // If it is dropped, the next tick tries again.
            self.node.propose_conf_change(Vec::new(), ConfChangeV2::default()).ok();
        }
    }

    /// Hands leadership to `to`, or to the most advanced voter that answers.
    pub(super) fn transfer(&mut self, to: Option<MemberId>, call: TransferCall) {
        if self.node.raft.state != StateRole::Leader {
            call(Err(ProposeError::NotLeader { leader: self.other_leader() }));
            return;
        }
        if to == Some(self.shared.member) {
            call(Ok(self.shared.member));
            return;
        }
        let Some(target) = to.or_else(|| self.most_advanced()) else {
            call(Err(ProposeError::MemberNotFound { member: self.shared.member }));
            return;
        };
        if !self.conf_state.voters.contains(&target.0) {
            call(Err(ProposeError::MemberNotFound { member: target }));
            return;
        }
        if let Some(before) = self.leading.transfer.take() {
            (before.call)(Err(ProposeError::NoLeader));
        }
        self.node.transfer_leader(target.0);
        // Raft gives up after an election timeout; the one elected then needs a moment to be heard.
        let deadline = Instant::now() + 2 * self.election_timeout();
        self.leading.transfer = Some(Transfer { to: target, deadline, call });
    }

    fn most_advanced(&self) -> Option<MemberId> {
        let now = Instant::now();
        let others = self.conf_state.voters.iter().copied().filter(|voter| *voter != self.shared.member.0);
        let active = others.filter(|voter| self.is_active(*voter, now));
        let state = self.shared.state.read();
        let rank = |voter: &u64| {
            let matched = self.node.raft.prs().get(*voter).map(|progress| progress.matched);
            (!fencing::seems_fenced(&state, MemberId(*voter)), matched)
        };
        active.max_by_key(rank).map(MemberId)
    }

    /// Answers whoever waits for a handover, once somebody else leads or it has taken too long.
    pub(super) fn finish_transfer(&mut self) {
        let other = self.other_leader();
        let now = Instant::now();
        let ended = self.leading.transfer.take_if(|transfer| other.is_some() || transfer.deadline <= now);
        if let Some(Transfer { to, call, .. }) = ended {
            call(match other {
                Some(leader) if leader == to => Ok(to),
                Some(leader) => Err(ProposeError::NotLeader { leader: Some(leader) }),
                None => Err(ProposeError::NotCaughtUp { member: to }),
            });
        }
    }

    /// Once an entry of its own term is applied, the state is as new as any: cluster time goes on, and proposals may be
    /// judged by it.
    pub(super) fn begin_to_serve(&mut self) {
        let leads = self.node.raft.state == StateRole::Leader && self.node.raft.apply_to_current_term();
        let serves = leads && !self.is_fenced();
        if serves && self.shared.clock.now().is_none() {
            self.shared.clock.start(self.shared.state.read().clock(), Instant::now());
        }
    }

    /// Leadership is lost. Calls still wait a while: another leader may decide their index.
    pub(super) fn stop_leading(&mut self) {
        self.shared.clock.stop();
        self.shared.snapshots.clear();
        let transfer = self.leading.transfer.take();
        self.leading = Leading { transfer, ..Leading::default() };
        self.following.lost = Some(Instant::now());
    }

    pub(super) fn tick_leading(&mut self, now: Instant) {
        self.finish_transfer();
        if self.node.raft.state != StateRole::Leader {
            return;
        }
        self.leave_joint();
        self.check_sending(now);
        let votes = |ids: &[u64]| ids.contains(&self.shared.member.0);
        if !votes(&self.conf_state.voters) && !votes(&self.conf_state.voters_outgoing) {
            // Removed by a change that an earlier leader proposed.
            if let Some(successor) = self.most_advanced() {
                self.node.transfer_leader(successor.0);
            }
        }
    }

    /// A member was told of a snapshot.
    pub(super) fn announced(&mut self, member: u64) {
        self.leading.sending.insert(member, Instant::now());
    }

    /// Reports snapshots that members did not come back from. While one is being sent nobody is late: a transfer takes
    /// as long as it takes, and ends if either side falls silent.
    fn check_sending(&mut self, now: Instant) {
        let idle = self.settings.snapshot_idle;
        let raft = &self.node.raft;
        let is_sending =
            |member: u64| raft.prs().get(member).is_some_and(|progress| progress.state == ProgressState::Snapshot);
        let before = self.leading.sending.len();
        self.leading.sending.retain(|member, _| is_sending(*member));
        if self.shared.snapshots.is_being_sent() {
            self.leading.sending.values_mut().for_each(|since| *since = now);
        }
        let late: Vec<u64> =
            self.leading.sending.iter().filter(|(_, since)| now >= **since + idle).map(|(member, _)| *member).collect();
        for member in &late {
            self.give_up_sending(*member);
        }
        if before > 0 && self.leading.sending.is_empty() {
            // Nobody needs the snapshots any more; those that failed are perhaps no longer whole.
            self.shared.snapshots.clear();
        }
    }

    fn give_up_sending(&mut self, member: u64) {
        tracing::warn!(member, "a snapshot did not arrive; it will be sent again");
        self.leading.sending.remove(&member);
        self.node.report_snapshot(member, SnapshotStatus::Failure);
    }

    /// Messages to a member were lost: perhaps the announcement of a snapshot.
    pub(super) fn unreachable(&mut self, member: MemberId) {
        self.node.report_unreachable(member.0);
        if self.leading.sending.contains_key(&member.0) {
            self.give_up_sending(member.0);
        }
    }
}
