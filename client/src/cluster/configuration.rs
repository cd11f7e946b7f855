//! Who is in a cluster.

use std::fmt;

use silhouette_proto::v1;

use super::{Addresses, MemberState};
use crate::{ClusterId, Error, MemberId};

/// A position in the cluster's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogIndex(pub(super) u64);

impl LogIndex {
    /// The position as a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A term of the cluster; each has at most one leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Term(pub(super) u64);

impl Term {
    /// The term as a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One member of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its number, never used again.
    pub id: MemberId,
    /// The instance that has the number, 32 hexadecimal digits.
    pub instance: String,
    /// Its name for people.
    pub name: String,
    /// Where it is reached.
    pub addresses: Addresses,
    /// Joining (a number was allocated), learner or voter.
    pub state: MemberState,
    /// The member whose place it takes or took.
    pub replaces: Option<MemberId>,
    /// Highest encoding version that it can make; 0 until it has registered.
    pub encoding_version: u32,
    /// Bytes of memory that it offers to rounds; 0 until it has registered.
    pub memory_budget_bytes: u64,
}

/// Who is in a cluster, as one of its nodes has applied it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Configuration {
    /// The cluster.
    pub cluster: ClusterId,
    /// Where in the log the last membership change is.
    pub index: LogIndex,
    /// All members that were not removed.
    pub members: Vec<Member>,
    /// Whether a change is in flight.
    pub joint: bool,
    /// The leader, if the node knows one.
    pub leader: Option<MemberId>,
    /// The present term.
    pub term: Term,
    /// Voters that the cluster waits for before rounds may start.
    pub initial_members: u32,
    /// Whether it has once had that many.
    pub formed: bool,
}

impl Configuration {
    /// A member by its number.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The members that vote.
    pub fn voters(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.state == MemberState::Voter)
    }

    pub(super) fn of_instance(&self, instance: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.instance == instance)
    }

    pub(super) fn from_response(configuration: Option<v1::Configuration>) -> Result<Self, Error> {
        let configuration =
            configuration.ok_or_else(|| Error::inconsistent("the answer", "it holds no configuration"))?;
        Ok(Self {
            cluster: ClusterId::read(&configuration.cluster_id)?,
            index: LogIndex(configuration.conf_index),
            members: configuration.members.into_iter().map(read_member).collect::<Result<_, _>>()?,
            joint: configuration.joint,
            leader: MemberId::new(configuration.leader_id),
            term: Term(configuration.term),
            initial_members: configuration.initial_members,
            formed: configuration.formed,
        })
    }
}

fn read_member(member: v1::Member) -> Result<Member, Error> {
    let state = MemberState::from_wire(member.state())?;
    Ok(Member {
        state,
        id: MemberId::new(member.member_id)
            .ok_or_else(|| Error::inconsistent("the configuration", "a member has the number 0"))?,
        instance: member.instance_id,
        name: member.name,
        addresses: Addresses::from_wire(member.addresses),
        replaces: MemberId::new(member.replaces),
        encoding_version: member.encoding_version,
        memory_budget_bytes: member.memory_budget_bytes,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::cluster) fn id(number: u64) -> MemberId {
        MemberId::new(number).expect("not 0")
    }

    /// Members 1, 2, .. in these states.
    pub(in crate::cluster) fn configuration(states: &[MemberState]) -> Configuration {
        let member = |(number, state): (u64, &MemberState)| Member {
            id: id(number),
            instance: format!("{number:032x}"),
            name: format!("node-{number}"),
            addresses: Addresses::default(),
            state: *state,
            replaces: None,
            encoding_version: 0,
            memory_budget_bytes: 0,
        };
        Configuration {
            cluster: "c1".parse().expect("an id"),
            index: LogIndex(7),
            members: (1..).zip(states).map(member).collect(),
            joint: false,
            leader: Some(id(1)),
            term: Term(2),
            initial_members: 3,
            formed: true,
        }
    }

    #[test]
    fn a_configuration_without_cluster_or_with_member_0_is_refused() {
        let wire = v1::Configuration { cluster_id: "c1".to_owned(), conf_index: 3, term: 2, ..Default::default() };
        let read = Configuration::from_response(Some(wire.clone())).expect("a configuration");
        assert_eq!((read.index, read.term, read.leader), (LogIndex(3), Term(2), None));
        let zero = v1::Member { state: v1::MemberState::Voter.into(), ..Default::default() };
        let broken = [v1::Configuration::default(), v1::Configuration { members: vec![zero], ..wire }];
        for configuration in broken {
            assert!(Configuration::from_response(Some(configuration)).is_err());
        }
        assert!(Configuration::from_response(None).is_err());
    }
}
