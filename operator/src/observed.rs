//! What one look at the API server and the nodes has shown.
//!
//! An observation may be old or incomplete: a plan must do no harm then. So whatever a plan concludes from silence
//! names for how long it has lasted, and steps carry the uids and indices that were seen.

mod cluster;
mod objects;
mod slot;

use std::collections::{BTreeMap, BTreeSet};

pub use cluster::{ClusterSeen, MemberSeen, Role};
pub use objects::{BudgetSeen, Child, SetSeen};
pub use slot::{Answer, ClaimSeen, Container, NodeSeen, PodSeen, Slot};

use crate::ids::{ClusterId, Ordinal};

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// `status.clusterId`: which cluster was seen last. A cache.
    pub recorded: Option<ClusterId>,
    /// The StatefulSet.
    pub set: Option<SetSeen>,
    /// The PodDisruptionBudget.
    pub budget: Option<BudgetSeen>,
    /// Child objects that are missing or differ from what the spec asks for, in the order in which they are applied.
    /// The StatefulSet and the budget are steps of their own.
    pub outdated: Vec<Child>,
    /// Places: pods, claims and what the nodes there answered.
    pub slots: BTreeMap<Ordinal, Slot>,
    /// The cluster as its leader sees it; without one, as the node sees it that knows the newest configuration.
    pub cluster: Option<ClusterSeen>,
    /// The version of the nodes' program, as the node at the first place that answers tells it.
    pub version: Option<String>,
    /// Another cluster of which pods are being replaced because the operator itself was updated.
    pub rolling_elsewhere: Option<String>,
}

impl Observed {
    /// The place `ordinal`, if anything is there.
    pub fn slot(&self, ordinal: Ordinal) -> Option<&Slot> {
        self.slots.get(&ordinal)
    }

    /// The pod there.
    pub fn pod(&self, ordinal: Ordinal) -> Option<&PodSeen> {
        self.slot(ordinal)?.pod.as_ref()
    }

    /// The claim there.
    pub fn claim(&self, ordinal: Ordinal) -> Option<&ClaimSeen> {
        self.slot(ordinal)?.claim.as_ref()
    }

    /// What the node there answered.
    pub fn answer(&self, ordinal: Ordinal) -> &Answer {
        self.slot(ordinal).map_or(&Answer::Silent, |slot| &slot.answer)
    }

    /// The clusters that nodes say they belong to.
    pub fn answered_ids(&self) -> BTreeSet<&ClusterId> {
        self.slots.values().filter_map(|slot| slot.answer.cluster()).collect()
    }

    /// The clusters that status and claims remember.
    pub fn remembered_ids(&self) -> BTreeSet<&ClusterId> {
        let claims = self.slots.values().filter_map(|slot| slot.claim.as_ref()?.cluster.as_ref());
        claims.chain(&self.recorded).collect()
    }

    /// The cluster, if a leader answered: only then is what it says of members more than a memory.
    pub fn led(&self) -> Option<&ClusterSeen> {
        self.cluster.as_ref().filter(|cluster| cluster.leader.is_some())
    }

    /// The member that counts at a place.
    pub fn member(&self, ordinal: Ordinal) -> Option<&MemberSeen> {
        self.cluster.as_ref()?.at(ordinal)
    }

    /// Whether a voter's pod is Ready.
    pub fn is_ready(&self, voter: &MemberSeen) -> bool {
        self.pod(voter.ordinal).is_some_and(PodSeen::is_ready)
    }
}
