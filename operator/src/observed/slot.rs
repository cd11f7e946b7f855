//! One place: its pod, its claim, and what the node there answered.

use crate::ids::{ClusterId, InstanceId, MemberId, ResourceVersion, Revision, Uid};

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slot {
    /// Its pod.
    pub pod: Option<PodSeen>,
    /// Its volume claim.
    pub claim: Option<ClaimSeen>,
    /// What the node in the pod said.
    pub answer: Answer,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSeen {
    /// This very pod.
    pub uid: Uid,
    /// As it was seen.
    pub version: ResourceVersion,
    /// The version of the template that it was made from.
    pub revision: Revision,
    /// Whether the server's process runs.
    pub container: Container,
    /// Whether the API server shows it as Ready.
    pub ready: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Whether it has been not Ready, on a Ready node and since its container began, for so long that its node's word
    /// can be trusted (60 s).
    pub stuck: bool,
    /// The Kubernetes node that it is on.
    pub node: Option<NodeSeen>,
}

/// A Kubernetes node that a pod is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSeen {
    /// Its name.
    pub name: String,
    /// Whether it does not report any more.
    pub is_lost: bool,
}

/// Whether a pod's server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// It runs.
    Running,
    /// It does not, and its node says so.
    NotRunning {
        /// Such as `ImagePullBackOff` or `Pending`.
        reason: String,
    },
    /// Its node does not say.
    Unknown,
}

impl PodSeen {
    /// Whether it serves.
    pub fn is_ready(&self) -> bool {
        self.ready && !self.terminating
    }

    /// The Kubernetes node that it is on, if that node does not report any more.
    pub fn lost_node(&self) -> Option<&str> {
        self.node.as_ref().filter(|node| node.is_lost).map(|node| node.name.as_str())
    }

    /// Whether its server surely does not run.
    pub fn is_not_running(&self) -> bool {
        matches!(self.container, Container::NotRunning { .. })
    }
}

/// A volume claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSeen {
    /// This very claim.
    pub uid: Uid,
    /// As it was seen.
    pub version: ResourceVersion,
    /// `silhouette.dev/cluster-id`: whose data it holds. A cache.
    pub cluster: Option<ClusterId>,
    /// `silhouette.dev/member-id`: which member's. A cache.
    pub member: Option<MemberId>,
    /// `silhouette.dev/released`: it was found to be nobody's, and will be deleted if another look finds the same.
    pub released: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answer {
    /// Nothing, in time.
    #[default]
    Silent,
    /// Its disk is empty.
    Uninitialised {
        /// The data directory.
        instance: InstanceId,
    },
    /// It is a member, or waits to become one.
    Member {
        /// Of which cluster.
        cluster: ClusterId,
        /// Which member.
        member: MemberId,
        /// The data directory.
        instance: InstanceId,
        /// Whether it knows a leader.
        sees_leader: bool,
    },
    /// It was a member and was removed.
    Removed {
        /// Of which cluster.
        cluster: ClusterId,
        /// Which member it was.
        member: MemberId,
    },
}

impl Answer {
    /// The cluster that the disk belongs to. One that was removed belongs to none.
    pub fn cluster(&self) -> Option<&ClusterId> {
        match self {
            Self::Member { cluster, .. } => Some(cluster),
            Self::Silent | Self::Uninitialised { .. } | Self::Removed { .. } => None,
        }
    }

    /// The member that the disk belongs to, or belonged to.
    pub fn member(&self) -> Option<MemberId> {
        match self {
            Self::Member { member, .. } | Self::Removed { member, .. } => Some(*member),
            Self::Silent | Self::Uninitialised { .. } => None,
        }
    }

    /// The data directory of an empty disk.
    pub fn blank(&self) -> Option<&InstanceId> {
        match self {
            Self::Uninitialised { instance } => Some(instance),
            _ => None,
        }
    }
}
