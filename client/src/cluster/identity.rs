//! Who a node is.

use std::fmt;

use silhouette_proto::v1;

use crate::{ClusterId, Error, MemberId};

/// A node's place in a cluster's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberState {
    /// Belongs to no cluster.
    Uninitialised,
    /// Has a member id; is not yet in the configuration.
    Joining,
    /// Replicates, does not vote.
    Learner,
    /// Votes.
    Voter,
    /// Was removed from the cluster.
    Removed,
}

impl MemberState {
    pub(super) fn from_wire(state: v1::MemberState) -> Result<Self, Error> {
        match state {
            v1::MemberState::Uninitialised => Ok(Self::Uninitialised),
            v1::MemberState::Joining => Ok(Self::Joining),
            v1::MemberState::Learner => Ok(Self::Learner),
            v1::MemberState::Voter => Ok(Self::Voter),
            v1::MemberState::Removed => Ok(Self::Removed),
            v1::MemberState::Unspecified => Err(Error::inconsistent("the node's identity", "it is in no state")),
        }
    }
}

impl fmt::Display for MemberState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Uninitialised => "uninitialised",
            Self::Joining => "joining",
            Self::Learner => "learner",
            Self::Voter => "voter",
            Self::Removed => "removed",
        })
    }
}

/// Where others reach a node, each as `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Addresses {
    /// Workers, clients and administrators.
    pub client: String,
    /// Other members.
    pub peer: String,
    /// Probes and metrics.
    pub http: String,
}

impl Addresses {
    pub(super) fn from_wire(addresses: Option<v1::Addresses>) -> Self {
        let v1::Addresses { client, peer, http } = addresses.unwrap_or_default();
        Self { client, peer, http }
    }

    pub(super) fn to_wire(&self) -> v1::Addresses {
        v1::Addresses { client: self.client.clone(), peer: self.peer.clone(), http: self.http.clone() }
    }
}

/// Who a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// 32 hexadecimal digits, made at random when the data directory was first used.
    pub instance: String,
    /// Its place in its cluster's life.
    pub state: MemberState,
    /// Its cluster; `None` while it is uninitialised.
    pub cluster: Option<ClusterId>,
    /// Its number in its cluster; `None` while it is uninitialised.
    pub member: Option<MemberId>,
    /// Its name for people.
    pub name: String,
    /// Where it says it is reached.
    pub addresses: Addresses,
    /// Version of the program.
    pub version: String,
}

impl Identity {
    pub(super) fn from_response(identity: Option<v1::Identity>) -> Result<Self, Error> {
        let identity = identity.ok_or_else(|| Error::inconsistent("the answer", "it holds no identity"))?;
        let state = MemberState::from_wire(identity.state())?;
        Ok(Self {
            state,
            instance: identity.instance_id,
            cluster: match identity.cluster_id.as_str() {
                "" => None,
                id => Some(ClusterId::read(id)?),
            },
            member: MemberId::new(identity.member_id),
            name: identity.name,
            addresses: Addresses::from_wire(identity.addresses),
            version: identity.version,
        })
    }
}
