//! Members: ids, what they offer, and the configuration that they form.

use std::collections::BTreeSet;

use super::Changes;
use crate::{
    ids::{InstanceId, LogIndex, MemberId},
    state::{
        Applied, Configuration, Held, MemberAction, MemberRecord, MemberState, MembershipChange, Phase,
        RaftConfiguration, Rejection, Reply, Round, State,
    },
};

/// Members at most that have a number and are not in the configuration yet. The cluster's record is written with every
/// entry, so it must not grow with each attempt to join.
const MAX_JOINING: usize = 64;

/// Removed members whose records are kept, those with the highest numbers, so that their disks are known again.
const MAX_REMOVED: usize = 64;

impl State {
    pub(super) fn allocate_member(
        &mut self,
        instance: InstanceId,
        record: MemberRecord,
        replaces: Option<MemberId>,
    ) -> Result<Reply, Rejection> {
        if let Some(member) = self.members().find(|member| member.instance == instance) {
            return match member.state {
                MemberState::Removed => Err(Rejection::MemberRemoved { member: member.id }),
                MemberState::Joining | MemberState::Learner | MemberState::Voter => Ok(Reply::Member { id: member.id }),
            };
        }
        if let Some(replaced) = replaces {
            self.present(replaced)?;
        }
        self.give_up_joining();
        let id = MemberId(self.cluster.last_member.0 + 1);
        self.cluster.last_member = id;
        let record = MemberRecord { id, instance, replaces, state: MemberState::Joining, ..record };
        self.cluster.members.insert(id, record);
        Ok(Reply::Member { id })
    }

    pub(super) fn register_member(&mut self, record: MemberRecord) -> Result<Reply, Rejection> {
        let known = self.present(record.id)?;
        if known.instance != record.instance {
            return Err(Rejection::MemberNotFound { member: record.id });
        }
        let record = MemberRecord { replaces: known.replaces, state: known.state, ..record };
        let id = record.id;
        self.cluster.members.insert(id, record);
        Ok(Reply::Member { id })
    }

    /// A member that was not removed.
    fn present(&self, member: MemberId) -> Result<&MemberRecord, Rejection> {
        match self.member_state(member) {
            None => Err(Rejection::MemberNotFound { member }),
            Some(MemberState::Removed) => Err(Rejection::MemberRemoved { member }),
            Some(_) => self.member(member).ok_or(Rejection::MemberNotFound { member }),
        }
    }

    /// Makes room for one more that joins: gives up whoever was allocated first and has not come.
    fn give_up_joining(&mut self) {
        let joining = |member: &&mut MemberRecord| member.state == MemberState::Joining;
        let waiting = self.cluster.members.values_mut().filter(joining).count();
        let surplus = (waiting + 1).saturating_sub(MAX_JOINING);
        for member in self.cluster.members.values_mut().filter(joining).take(surplus) {
            member.state = MemberState::Removed;
        }
        self.forget_members();
    }

    /// Forgets removed members but the youngest. That they were removed still shows in their numbers.
    fn forget_members(&mut self) {
        let removed = self.members().filter(|member| member.state == MemberState::Removed).count();
        let mut surplus = removed.saturating_sub(MAX_REMOVED);
        self.cluster.members.retain(|_, member| {
            let forgotten = surplus > 0 && member.state == MemberState::Removed;
            surplus -= usize::from(forgotten);
            !forgotten
        });
    }

    /// Applies a committed configuration entry. `raft` is the configuration that raft made of it; `change` is absent
    /// where raft left a joint configuration by itself.
    pub fn apply_membership(
        &mut self,
        index: LogIndex,
        change: Option<&MembershipChange>,
        raft: RaftConfiguration,
    ) -> Applied {
        let mut changes = Changes::new(index);
        self.last_applied = index;
        if let Some(change) = change {
            self.advance_clock(change.time, &mut changes);
        }
        let leaving: BTreeSet<MemberId> = change
            .iter()
            .flat_map(|change| &change.parts)
            .filter_map(|(member, action)| (*action == MemberAction::Remove).then_some(*member))
            .collect();
        for member in self.cluster.members.values_mut() {
            member.state = if raft.is_voter(member.id) {
                MemberState::Voter
            } else if raft.learners.contains(&member.id) {
                MemberState::Learner
            } else if member.state == MemberState::Joining && !leaving.contains(&member.id) {
                MemberState::Joining
            } else {
                MemberState::Removed
            };
        }
        self.cluster.formed |= !raft.is_joint() && raft.voters.len() as u64 >= u64::from(self.cluster.initial_members);
        self.cluster.configuration = Configuration { index, raft };
        self.forget_members();
        self.forget_removed(&mut changes);
        self.settle_all(&mut changes);
        changes.into_applied(Ok(Reply::Done))
    }

    /// Forgets what removed members held of live rounds.
    fn forget_removed(&mut self, changes: &mut Changes) {
        let removed = |member: MemberId, state: &Self| {
            state.member(member).is_none_or(|record| record.state == MemberState::Removed)
        };
        let holders: Vec<_> = self
            .live_rounds()
            .filter_map(|round| Some((round.uid(), round.ready()?.held_by.clone())))
            .map(|(uid, holders)| {
                (uid, holders.into_iter().filter(|holder| removed(*holder, self)).collect::<Vec<_>>())
            })
            .filter(|(_, gone)| !gone.is_empty())
            .collect();
        for (uid, gone) in holders {
            if let Some(round) = self.rounds.get_mut(&uid)
                && let Phase::Ready(held) = &mut round.record.phase
            {
                held.held_by.retain(|holder| !gone.contains(holder));
            }
            self.save(uid, changes);
        }
    }

    /// Whether a membership change may be proposed, as far as the state knows: its members exist and are where the
    /// change expects them, promoted ones hold every Ready encoding, and no holder of a Ready encoding is taken from
    /// one that only a minority would hold then.
    pub fn check_membership(&self, change: &MembershipChange) -> Result<(), Rejection> {
        let before = &self.configuration().raft.voters;
        let mut voters = before.clone();
        for (id, action) in &change.parts {
            let member = self.present(*id)?;
            match (action, member.state) {
                (MemberAction::AddLearner, MemberState::Joining) => {}
                (MemberAction::AddLearner, _) => return Err(unsafe_change(format!("member {id} is already in it"))),
                (MemberAction::Promote, MemberState::Learner) => {
                    self.check_promotion(member)?;
                    voters.insert(*id);
                }
                (MemberAction::Promote, MemberState::Voter) => {
                    return Err(unsafe_change(format!("member {id} already votes")));
                }
                (MemberAction::Promote, _) => return Err(Rejection::NotCaughtUp { member: *id }),
                (MemberAction::Remove, _) => {
                    voters.remove(id);
                }
            }
        }
        // Of a round that a minority holds already, who has lost it may be replaced: that mends it.
        let is_endangered = |held: &Held| {
            let holders = |voters: &BTreeSet<MemberId>| held.held_by.intersection(voters).count();
            holders(&voters) * 2 <= voters.len() && holders(&voters) < holders(before)
        };
        match self.live_rounds().find(|round| round.ready().is_some_and(is_endangered)) {
            Some(round) => Err(unsafe_change(format!("only a minority of the voters would hold round {}", round.id()))),
            None => Ok(()),
        }
    }

    /// Ready rounds that `member` does not hold, by its reports, in the order in which they were started.
    pub fn missing_rounds(&self, member: MemberId) -> impl Iterator<Item = &Round> {
        self.live_rounds().filter(move |round| round.ready().is_some_and(|held| !held.held_by.contains(&member)))
    }

    /// Ready rounds that less than a majority of the voters holds.
    pub fn rounds_at_risk(&self) -> impl Iterator<Item = &Round> {
        let raft = &self.configuration().raft;
        let is_at_risk = |held: &Held| !raft.has_majority(|voter| held.held_by.contains(&voter));
        self.live_rounds().filter(move |round| round.ready().is_some_and(is_at_risk))
    }

    /// Whether the state lets a learner vote: see [`State::check_membership`]. Of a voter: whether it would.
    pub fn may_be_promoted(&self, member: MemberId) -> bool {
        self.present(member).is_ok_and(|member| self.check_promotion(member).is_ok())
    }

    fn check_promotion(&self, member: &MemberRecord) -> Result<(), Rejection> {
        if !member.is_registered() || self.missing_rounds(member.id).next().is_some() {
            return Err(Rejection::NotCaughtUp { member: member.id });
        }
        let (budget, needed) = (member.memory_budget_bytes, self.reserved_bytes());
        if budget < needed {
            return Err(Rejection::MemberBudgetTooSmall { member: member.id, budget, needed });
        }
        Ok(())
    }
}

fn unsafe_change(why: String) -> Rejection {
    Rejection::ChangeUnsafe { why }
}
