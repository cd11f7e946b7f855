//! What was seen of a cluster, as findings ask for it.

use crate::cluster::{
    status::{
        Node,
        node::{Answer, Replication},
    },
    view::{ConfigurationDocument, MemberDocument},
};

/// What nodes and configuration tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Every node, whether it answered or not.
    pub(super) nodes: &'a [Node],
    /// Who is in the cluster, if any node could tell.
    pub(super) configuration: Option<&'a ConfigurationDocument>,
}

/// Voters that there are, that answer, and that agreement needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quorum {
    pub(super) voters: usize,
    pub(super) answering: usize,
    pub(super) needed: usize,
}

impl<'a> Seen<'a> {
    /// The nodes that answered.
    pub(super) fn answers(self) -> impl Iterator<Item = (&'a Node, &'a Answer)> {
        self.nodes.iter().filter_map(|node| Some((node, node.answer.as_ref()?)))
    }

    /// The members of the configuration.
    pub(super) fn members(self) -> impl Iterator<Item = &'a MemberDocument> {
        self.configuration.into_iter().flat_map(|configuration| &configuration.members)
    }

    /// What a member answered, if it did.
    pub(super) fn answer_of(self, member: u64) -> Option<&'a Answer> {
        self.answers().map(|(_, answer)| answer).find(|answer| answer.member_id == Some(member))
    }

    /// The member that is said to be reached at an address.
    pub(super) fn member_at(self, endpoint: &str) -> Option<&'a MemberDocument> {
        self.members().find(|member| member.addresses.client == endpoint)
    }

    /// How many voters there are and answer; `None` without a configuration.
    pub(super) fn quorum(self) -> Option<Quorum> {
        self.configuration?;
        let voters: Vec<_> = self.members().filter(|member| member.state == "voter").collect();
        let answering = voters.iter().filter(|voter| self.answer_of(voter.member_id).is_some()).count();
        Some(Quorum { voters: voters.len(), answering, needed: voters.len() / 2 + 1 })
    }

    /// Whether some node that answers knows a leader.
    pub(super) fn has_leader(self) -> bool {
        self.answers().any(|(_, answer)| answer.leader_id.is_some())
    }

    /// What the leader answered.
    pub(super) fn leader(self) -> Option<&'a Answer> {
        let leader = self.answers().map(|(_, answer)| answer).filter(|answer| answer.role == "leader");
        // Two may believe that they lead; the later term is right.
        leader.max_by_key(|answer| answer.term)
    }

    /// What the leader says of the other members.
    pub(super) fn replication(self) -> impl Iterator<Item = (&'a Answer, &'a Replication)> {
        self.leader().into_iter().flat_map(|leader| leader.replication.iter().map(move |of| (leader, of)))
    }
}

impl Quorum {
    /// Whether the voters that answer can agree.
    pub(super) fn holds(self) -> bool {
        self.answering >= self.needed
    }
}

/// Numbers as a list, such as `1, 2`.
pub(super) fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
