//! The cluster, of what its nodes say.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use silhouette_proto::v1::{Configuration, Member, MemberState, Progress};

use super::{LookError, answers::membership, places};
use crate::{
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal},
    nodes::Said,
    observed::{ClusterSeen, MemberSeen, Observed, Role},
};

/// For how long a leader must not have heard of a member before another may take its place.
pub const SILENT_AFTER: Duration = Duration::from_secs(30);

/// What a member says of its cluster.
struct Word<'a> {
    cluster: ClusterId,
    member: MemberId,
    said: &'a Said,
    configuration: &'a Configuration,
}

/// The cluster as its leader sees it; without one, as the node sees it that knows the newest configuration. Of several
/// clusters the one that is remembered, else the one that most nodes are of.
pub(super) fn cluster_seen(
    name: &str,
    observed: &Observed,
    said: &BTreeMap<Ordinal, Said>,
) -> Result<Option<ClusterSeen>, LookError> {
    let words: Vec<Word<'_>> = said.values().filter_map(Word::of).collect();
    let Some(cluster) = which(observed.recorded.as_ref(), &words) else { return Ok(None) };
    let words = || words.iter().filter(|word| word.cluster == cluster);
    let leader = words().filter(|word| word.leads()).max_by_key(|word| word.configuration.term);
    let Some(word) = leader.or_else(|| words().max_by_key(|word| word.configuration.conf_index)) else {
        return Ok(None);
    };
    match word.cluster_seen(name, leader.is_some()) {
        // Members of another cluster have other names: that two clusters answer is what is wrong.
        Err(_) if is_of_several(observed) => Ok(None),
        seen => seen.map(Some),
    }
}

/// Which cluster is looked at.
fn which(recorded: Option<&ClusterId>, words: &[Word<'_>]) -> Option<ClusterId> {
    let ids: BTreeSet<&ClusterId> = words.iter().map(|word| &word.cluster).collect();
    let count = |id: &ClusterId| words.iter().filter(|word| word.cluster == *id).count();
    ids.into_iter().max_by_key(|id| (Some(*id) == recorded, count(id))).cloned()
}

fn is_of_several(observed: &Observed) -> bool {
    observed.answered_ids().union(&observed.remembered_ids()).count() > 1
}

impl<'a> Word<'a> {
    /// Of a node that is in its cluster's configuration: who was removed, or waits to be taken in, knows nothing.
    fn of(said: &'a Said) -> Option<Self> {
        let (cluster, member) = membership(&said.identity)?;
        let configuration = said.configuration.as_ref()?;
        let itself = configuration.members.iter().find(|listed| listed.member_id == member.0)?;
        let takes_part = matches!(itself.state(), MemberState::Learner | MemberState::Voter);
        let is_told = said.identity.state() != MemberState::Removed && configuration.cluster_id == cluster.0;
        (takes_part && is_told).then_some(Self { cluster, member, said, configuration })
    }

    /// Whether it leads, by both of its answers: leadership may have moved between them.
    fn leads(&self) -> bool {
        let (status, configuration) = (&self.said.status, self.configuration);
        status.leader_id == self.member.0
            && configuration.leader_id == self.member.0
            && status.term == configuration.term
    }

    fn cluster_seen(&self, name: &str, is_led: bool) -> Result<ClusterSeen, LookError> {
        let members = self.configuration.members.iter().filter_map(|member| self.member_seen(name, member, is_led));
        Ok(ClusterSeen {
            id: self.cluster.clone(),
            index: ConfigurationIndex(self.configuration.conf_index),
            joint: self.configuration.joint,
            leader: is_led.then_some(self.member),
            members: members.collect::<Result<_, _>>()?,
            rounds_at_risk: if is_led { self.said.status.rounds_at_risk } else { 0 },
        })
    }

    /// A member, unless it was removed, or only has a number and no place where it could get more.
    fn member_seen(&self, name: &str, member: &Member, is_led: bool) -> Option<Result<MemberSeen, LookError>> {
        let role = match member.state() {
            MemberState::Joining => Role::Joining,
            MemberState::Learner => Role::Learner,
            MemberState::Voter => Role::Voter,
            MemberState::Removed | MemberState::Uninitialised | MemberState::Unspecified => return None,
        };
        let id = MemberId(member.member_id);
        let Some(ordinal) = places::of_pod(name, &member.name) else {
            let nowhere = || LookError::NoPlace { member: id, name: member.name.clone() };
            return (role != Role::Joining).then(|| Err(nowhere()));
        };
        let itself = is_led && id == self.member;
        let progress = self.said.status.progress.iter().find(|progress| is_led && progress.member_id == id.0);
        Some(Ok(MemberSeen {
            id,
            instance: InstanceId(member.instance_id.clone()),
            ordinal,
            role,
            replaces: (member.replaces != 0).then_some(MemberId(member.replaces)),
            active: itself || progress.is_some_and(|progress| progress.active),
            silent: progress.is_some_and(is_silent),
            caught_up: itself || progress.is_some_and(|progress| progress.caught_up),
        }))
    }
}

fn is_silent(progress: &Progress) -> bool {
    !progress.active && Duration::from_millis(progress.silent_ms) >= SILENT_AFTER
}
