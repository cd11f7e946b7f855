//! Members and the configuration that they form.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceId, LogIndex, MemberId};

/// A member's place in the cluster's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MemberState {
    /// Has an id, is not in the configuration yet.
    Joining,
    /// Replicates, does not vote.
    Learner,
    /// Votes.
    Voter,
    /// Has left for good.
    Removed,
}

/// What the cluster knows of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Its number.
    pub id: MemberId,
    /// The data directory that has the number.
    pub instance: InstanceId,
    /// Its name for people.
    pub name: String,
    /// Where clients reach it, as `host:port`.
    pub client_address: String,
    /// Where peers reach it, as `host:port`.
    pub peer_address: String,
    /// Where probes reach it, as `host:port`.
    pub http_address: String,
    /// Highest encoding version that it can make; 0 until it has registered.
    pub encoding_version: u32,
    /// Bytes of memory that it offers to rounds; 0 until it has registered.
    pub memory_budget_bytes: u64,
    /// The member whose place it takes.
    pub replaces: Option<MemberId>,
    /// Its place in the cluster's life. Follows from entries alone: commands that carry a record cannot set it.
    pub state: MemberState,
}

impl MemberRecord {
    /// Whether it has said what it can encode and how much memory it offers.
    pub fn is_registered(&self) -> bool {
        self.encoding_version > 0
    }
}

/// Raft's own view of who votes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RaftConfiguration {
    /// Voters; while joint, those of the new configuration.
    pub voters: BTreeSet<MemberId>,
    /// Voters of the old configuration while joint, else empty.
    pub outgoing_voters: BTreeSet<MemberId>,
    /// Members that replicate without a vote.
    pub learners: BTreeSet<MemberId>,
}

impl RaftConfiguration {
    /// Whether two configurations are in force at once.
    pub fn is_joint(&self) -> bool {
        !self.outgoing_voters.is_empty()
    }

    /// Whether `member` has a vote in either configuration.
    pub fn is_voter(&self, member: MemberId) -> bool {
        self.voters.contains(&member) || self.outgoing_voters.contains(&member)
    }

    /// Whether `member` is in it at all.
    pub fn contains(&self, member: MemberId) -> bool {
        self.is_voter(member) || self.learners.contains(&member)
    }
}

/// The configuration and the log index since which it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Configuration {
    /// Log index of the last membership change.
    pub index: LogIndex,
    /// Who votes.
    pub raft: RaftConfiguration,
}
