//! How uninitialised nodes become voters: a number, learner, caught up, promoted together.

use std::sync::Arc;

use silhouette_proto::v1::{AllocateMemberRequest, JoinRequest, MemberAction};

use super::{
    ClusterStep, Configuration, Identity, MemberState,
    change::{self, Parts},
    identify,
    patience::Patience,
};
use crate::{
    Address, ClusterId, Error, MemberId,
    network::{Call, Network, Quest, cluster},
};

/// Called with each step.
pub(super) type Observe<'a> = Box<dyn FnMut(&ClusterStep) + Send + 'a>;

/// Nodes on their way into a cluster.
pub(super) struct Admission<'a> {
    pub(super) network: &'a Arc<Network>,
    pub(super) cluster: &'a ClusterId,
    pub(super) nodes: &'a [(Address, Identity)],
    /// The member that leaves in the change that lets them vote.
    pub(super) replaces: Option<MemberId>,
}

impl Admission<'_> {
    /// Carries out what is not done yet. Returns the configuration in which all nodes vote.
    pub(super) async fn run(
        &self,
        patience: &mut Patience,
        observe: &mut (dyn FnMut(&ClusterStep) + Send),
    ) -> Result<Configuration, Error> {
        let mut members = Vec::new();
        for (node, identity) in self.nodes {
            members.push(self.enrol(node, identity, patience, observe).await?);
        }
        let learning = |configuration: &Configuration| enlist(configuration, &members);
        change::carry_out(self.network, patience, "adding learners", learning, observe).await?;
        if self.nodes.iter().any(|(_, node)| !matches!(node.state, MemberState::Learner | MemberState::Voter)) {
            observe(&ClusterStep::Learning(members.clone()));
        }
        let replaces = self.replaces;
        let voting = |configuration: &Configuration| promote(configuration, &members, replaces);
        let configuration = change::carry_out(self.network, patience, "promoting learners", voting, observe).await?;
        self.await_votes(patience).await?;
        if self.nodes.iter().any(|(_, node)| node.state != MemberState::Voter) {
            observe(&ClusterStep::Voting(members));
        }
        Ok(configuration)
    }

    /// Gives a node a number and tells it; both may be repeated.
    async fn enrol(
        &self,
        node: &Address,
        identity: &Identity,
        patience: &Patience,
        observe: &mut (dyn FnMut(&ClusterStep) + Send),
    ) -> Result<MemberId, Error> {
        if let (MemberState::Learner | MemberState::Voter, Some(member)) = (identity.state, identity.member) {
            return Ok(member);
        }
        let allocation = AllocateMemberRequest {
            cluster_id: self.cluster.to_string(),
            instance_id: identity.instance.clone(),
            name: identity.name.clone(),
            addresses: Some(identity.addresses.to_wire()),
            replaces: self.replaces.map_or(0, MemberId::get),
        };
        let ask = |channel| {
            let request = allocation.clone();
            async move { cluster(channel).allocate_member(request).await }
        };
        let call = Call::changes("allocating a member id");
        let member_id = Quest::anywhere(self.network, call, patience.left()).answer(ask).await?.member_id;
        let member =
            MemberId::new(member_id).ok_or_else(|| Error::inconsistent("the answer", "it allocates the number 0"))?;
        let joining =
            JoinRequest { cluster_id: self.cluster.to_string(), instance_id: identity.instance.clone(), member_id };
        let ask = |channel| {
            let request = joining.clone();
            async move { cluster(channel).join(request).await }
        };
        let call = Call::changes("joining the node");
        Quest::at(self.network, node.clone(), call, patience.left()).answer(ask).await?;
        observe(&ClusterStep::Joined { node: node.clone(), member });
        Ok(member)
    }

    /// Waits until every node knows itself that it votes.
    async fn await_votes(&self, patience: &mut Patience) -> Result<(), Error> {
        for (node, _) in self.nodes {
            while identify(self.network, node, patience).await?.state != MemberState::Voter {
                if !patience.pause().await {
                    return Err(Error::timed_out("waiting for the new voter", patience.whole()));
                }
            }
        }
        Ok(())
    }
}

/// Those that have a number only become learners. The node that told the configuration may not have heard of the number
/// yet. Pure.
fn enlist(configuration: &Configuration, members: &[MemberId]) -> Parts {
    let replicates =
        |member: &MemberId| matches!(state(configuration, *member), Some(MemberState::Learner | MemberState::Voter));
    members.iter().filter(|member| !replicates(member)).map(|member| (*member, MemberAction::AddLearner)).collect()
}

/// Learners become voters, and in the same change the one whose place they take leaves. Pure.
fn promote(configuration: &Configuration, members: &[MemberId], replaces: Option<MemberId>) -> Parts {
    let votes = |member: &&MemberId| state(configuration, **member) == Some(MemberState::Voter);
    let promoted = members.iter().filter(|member| !votes(member)).map(|member| (*member, MemberAction::Promote));
    let replaced = replaces.filter(|replaced| configuration.member(*replaced).is_some());
    promoted.chain(replaced.map(|replaced| (replaced, MemberAction::Remove))).collect()
}

fn state(configuration: &Configuration, member: MemberId) -> Option<MemberState> {
    configuration.member(member).map(|member| member.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::configuration::tests::{configuration, id};

    #[test]
    fn those_with_a_number_only_become_learners() {
        let seen = configuration(&[MemberState::Voter, MemberState::Joining, MemberState::Learner]);
        let parts = enlist(&seen, &[id(1), id(2), id(3)]);
        assert_eq!(parts, [(id(2), MemberAction::AddLearner)]);
    }

    #[test]
    fn learners_are_promoted_together_with_the_removal_of_whom_they_replace() {
        use MemberState::{Learner, Voter};
        let seen = configuration(&[Voter, Voter, Voter, Learner]);
        let parts = promote(&seen, &[id(4)], Some(id(2)));
        assert_eq!(parts, [(id(4), MemberAction::Promote), (id(2), MemberAction::Remove)]);
        let growing = configuration(&[Voter, Learner, Learner]);
        let parts = promote(&growing, &[id(2), id(3)], None);
        assert_eq!(parts, [(id(2), MemberAction::Promote), (id(3), MemberAction::Promote)]);
    }

    #[test]
    fn what_is_done_is_not_asked_for_again() {
        let seen = configuration(&[MemberState::Voter, MemberState::Voter]);
        assert!(enlist(&seen, &[id(1), id(2)]).is_empty());
        assert!(promote(&seen, &[id(1), id(2)], Some(id(9))).is_empty());
    }

    #[test]
    fn a_number_that_a_node_has_not_heard_of_yet_is_no_obstacle() {
        let outdated = configuration(&[MemberState::Voter]);
        assert_eq!(enlist(&outdated, &[id(2)]), [(id(2), MemberAction::AddLearner)]);
        assert_eq!(promote(&outdated, &[id(2)], None), [(id(2), MemberAction::Promote)]);
    }
}
