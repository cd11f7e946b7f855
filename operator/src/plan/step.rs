//! A step: one mutation, named by what was observed.

use std::fmt;

use super::{Blocker, Situation};
use crate::{
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal, ResourceVersion, Uid},
    observed::Child,
};

/// One mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// What it changes, for people: `demo-1`, `configmap`, `members`.
    pub target: String,
    /// Why, as a sentence without its end.
    pub reason: String,
    /// Why not now.
    pub blocked_by: Option<Blocker>,
}

/// What to do. Each action carried out twice does what it does once, and one that was planned from an old observation
/// is refused where it is carried out: by uid, by version, by data directory, or by the configuration's index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Apply a child object.
    Apply {
        /// Which.
        child: Child,
    },
    /// Apply the StatefulSet, with this size.
    ApplySet {
        /// Pods.
        replicas: u32,
        /// The object as it was seen; `None`: there was none.
        seen: Option<ResourceVersion>,
    },
    /// Mark the StatefulSet as about to have fewer pods. As with a claim: whoever wants a voter there takes the mark
    /// away first, so that a step that was planned before finds another version.
    ReleasePlaces {
        /// Pods that it will have.
        replicas: u32,
        /// The object as it was seen.
        seen: ResourceVersion,
    },
    /// Mark the PodDisruptionBudget as about to ask for fewer pods, for the same reason.
    ReleaseBudget {
        /// Pods that it will ask for; `None`: it will go.
        min_available: Option<u32>,
        /// The object as it was seen.
        seen: ResourceVersion,
    },
    /// Apply or remove the PodDisruptionBudget.
    SetBudget {
        /// Pods that must stay ready; `None`: no budget.
        min_available: Option<u32>,
        /// The object as it was seen; `None`: there was none.
        seen: Option<ResourceVersion>,
    },
    /// Remember on a claim whose data it holds.
    AnnotateClaim {
        /// The place.
        ordinal: Ordinal,
        /// This very claim.
        claim: Uid,
        /// The claim as it was seen.
        seen: ResourceVersion,
        /// Whose data.
        cluster: ClusterId,
        /// Which member's.
        member: MemberId,
    },
    /// Found a cluster on a node whose disk is empty.
    Bootstrap {
        /// The place.
        ordinal: Ordinal,
        /// Its data directory: a disk that was wiped meanwhile must not found the cluster once more.
        instance: InstanceId,
        /// The new cluster.
        cluster: ClusterId,
        /// Voters it waits for before rounds may start.
        initial_members: u32,
    },
    /// Give a node with an empty disk a member's number.
    Allocate {
        /// Whose member: a leader of another cluster refuses.
        cluster: ClusterId,
        /// The place.
        ordinal: Ordinal,
        /// Its data directory.
        instance: InstanceId,
        /// The member whose place it takes.
        replaces: Option<MemberId>,
    },
    /// Tell a node its number.
    Join {
        /// Whose member.
        cluster: ClusterId,
        /// The place.
        ordinal: Ordinal,
        /// Its data directory.
        instance: InstanceId,
        /// Its number.
        member: MemberId,
    },
    /// Change who replicates and who votes.
    ChangeMembers {
        /// Whose members.
        cluster: ClusterId,
        /// The configuration that was seen.
        index: ConfigurationIndex,
        /// All parts, carried out together.
        changes: Vec<(MemberId, MemberChange)>,
    },
    /// Hand leadership to a voter.
    TransferLeadership {
        /// Of which cluster.
        cluster: ClusterId,
        /// To whom.
        to: MemberId,
    },
    /// Ask for a pod to leave, within the budget.
    Evict {
        /// The place.
        ordinal: Ordinal,
        /// This very pod.
        pod: Uid,
    },
    /// Delete a pod, whatever the budget.
    DeletePod {
        /// The place.
        ordinal: Ordinal,
        /// This very pod.
        pod: Uid,
        /// The pod as it was seen: one that has come back to life meanwhile stays.
        seen: ResourceVersion,
    },
    /// Mark a claim as nobody's. Whoever sees its member alive takes the mark away; so a deletion that was planned from
    /// an old observation finds another version, and does nothing.
    ReleaseClaim {
        /// The place.
        ordinal: Ordinal,
        /// This very claim.
        claim: Uid,
        /// The claim as it was seen.
        seen: ResourceVersion,
    },
    /// Delete a released claim and its data.
    DeleteClaim {
        /// The place.
        ordinal: Ordinal,
        /// This very claim.
        claim: Uid,
        /// The released claim as it was seen.
        seen: ResourceVersion,
    },
}

/// A part of a change of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// A numbered member becomes a learner.
    AddLearner,
    /// A learner becomes a voter.
    Promote,
    /// A member leaves for good.
    Remove,
}

impl Step {
    /// A step whose target and guards are still to be looked up.
    pub(super) fn new(action: Action, reason: impl Into<String>) -> Self {
        Self { action, target: String::new(), reason: reason.into(), blocked_by: None }
    }

    /// As the column Next shows it: `evict/demo-1`.
    pub fn short(&self) -> String {
        format!("{}/{}", self.action.verb(), self.target)
    }
}

impl fmt::Display for Step {
    /// `evict demo-1: its pod is of an older template`, or `evict demo-1: blocked, 2 of 3 voters ready, 3 needed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, target) = (self.action.verb(), &self.target);
        match &self.blocked_by {
            None => write!(f, "{verb} {target}: {}", self.reason),
            Some(blocker) => write!(f, "{verb} {target}: blocked, {}", blocker.message),
        }
    }
}

impl Action {
    /// Its verb, for status and metrics.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Apply { .. } | Self::ApplySet { .. } | Self::SetBudget { .. } => "apply",
            Self::AnnotateClaim { .. } => "annotate",
            Self::ReleaseClaim { .. } => "release-claim",
            Self::ReleasePlaces { .. } => "release-places",
            Self::ReleaseBudget { .. } => "release-budget",
            Self::Bootstrap { .. } => "bootstrap",
            Self::Allocate { .. } => "allocate",
            Self::Join { .. } => "join",
            Self::ChangeMembers { .. } => "change-members",
            Self::TransferLeadership { .. } => "transfer-leadership",
            Self::Evict { .. } => "evict",
            Self::DeletePod { .. } => "delete-pod",
            Self::DeleteClaim { .. } => "delete-claim",
        }
    }

    /// Whether it takes something away that no later step gives back: it is carried out only if a look made just
    /// before, past every cache, proposes it too.
    pub fn needs_second_look(&self) -> bool {
        match self {
            Self::DeletePod { .. } | Self::DeleteClaim { .. } => true,
            Self::ChangeMembers { changes, .. } => changes.iter().any(|(_, change)| *change == MemberChange::Remove),
            _ => false,
        }
    }

    /// What it changes, for people.
    pub(super) fn target(&self, situation: &Situation<'_>) -> String {
        match self {
            Self::Apply { child } => child.as_str().to_owned(),
            Self::ApplySet { .. } | Self::ReleasePlaces { .. } => "statefulset".to_owned(),
            Self::SetBudget { .. } | Self::ReleaseBudget { .. } => "poddisruptionbudget".to_owned(),
            Self::ChangeMembers { .. } => "members".to_owned(),
            Self::TransferLeadership { to, .. } => {
                let place = situation.observed.cluster.as_ref().and_then(|cluster| cluster.member(*to));
                place.map_or_else(|| format!("member {to}"), |member| situation.desired.pod(member.ordinal))
            }
            Self::AnnotateClaim { ordinal, .. }
            | Self::ReleaseClaim { ordinal, .. }
            | Self::Bootstrap { ordinal, .. }
            | Self::Allocate { ordinal, .. }
            | Self::Join { ordinal, .. }
            | Self::Evict { ordinal, .. }
            | Self::DeletePod { ordinal, .. }
            | Self::DeleteClaim { ordinal, .. } => situation.desired.pod(*ordinal),
        }
    }
}
