//! The cluster as its nodes tell it.

use crate::ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal};

/// The cluster as its leader sees it; without one, as the node sees it that knows the newest configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSeen {
    /// Its id.
    pub id: ClusterId,
    /// Which configuration this is.
    pub index: ConfigurationIndex,
    /// Whether two configurations are in force: a change is under way.
    pub joint: bool,
    /// Who leads.
    pub leader: Option<MemberId>,
    /// All members that were not removed.
    pub members: Vec<MemberSeen>,
    /// Rounds that a quorum of voters does not hold.
    pub rounds_at_risk: u32,
}

/// A member. What is said of its activity is the leader's word; without a leader nothing of it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSeen {
    /// Its number.
    pub id: MemberId,
    /// Its data directory.
    pub instance: InstanceId,
    /// The pod that it runs in, by its name.
    pub ordinal: Ordinal,
    /// Its place in the cluster's life.
    pub role: Role,
    /// The member whose place it takes.
    pub replaces: Option<MemberId>,
    /// Whether the leader has heard of it lately. Its opposite is "counted out".
    pub active: bool,
    /// Whether the leader has not heard of it for so long that it may be replaced (30 s).
    pub silent: bool,
    /// Whether it may be promoted: its log is near the leader's and it holds every served round.
    pub caught_up: bool,
}

/// A member's place in the cluster's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Has a number only.
    Joining,
    /// Replicates.
    Learner,
    /// Votes.
    Voter,
}

impl MemberSeen {
    /// Whether it is in the configuration.
    pub fn takes_part(&self) -> bool {
        self.role != Role::Joining
    }

    /// Whether it votes.
    pub fn votes(&self) -> bool {
        self.role == Role::Voter
    }
}

impl ClusterSeen {
    /// A member.
    pub fn member(&self, id: MemberId) -> Option<&MemberSeen> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The member at a place that counts there: its voter, else its learner, else whoever only has a number.
    pub fn at(&self, ordinal: Ordinal) -> Option<&MemberSeen> {
        self.members.iter().filter(|member| member.ordinal == ordinal).max_by_key(|member| (member.role, member.id))
    }

    /// The member of a data directory.
    pub fn of_instance(&self, instance: &InstanceId) -> Option<&MemberSeen> {
        self.members.iter().find(|member| member.instance == *instance)
    }

    /// Those in the configuration.
    pub fn taking_part(&self) -> impl Iterator<Item = &MemberSeen> {
        self.members.iter().filter(|member| member.takes_part())
    }

    /// Those that replicate without a vote.
    pub fn learners(&self) -> impl Iterator<Item = &MemberSeen> {
        self.members.iter().filter(|member| member.role == Role::Learner)
    }

    /// Those that vote.
    pub fn voters(&self) -> impl Iterator<Item = &MemberSeen> {
        self.members.iter().filter(|member| member.votes())
    }

    /// The member that leads.
    pub fn leader(&self) -> Option<&MemberSeen> {
        self.member(self.leader?)
    }
}
